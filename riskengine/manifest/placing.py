"""Where each column of a mapping stands in a file, also where two columns have one header."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from riskengine.errors import MappingError
from riskengine.manifest.table import FileRemark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskengine.manifest.plan import FieldMapping
    from riskengine.manifest.table import TextTable

_COUNTED = re.compile(r"(.+) \((\d{1,4})\)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The columns of a file found.

    Attributes:
        table: The file, its twin columns made one.
        places: Where each column of the mapping stands.
        remarks: On the columns.
    """

    table: TextTable
    places: Mapping[str, int]
    remarks: tuple[FileRemark, ...]


def place_columns(table: TextTable, mapping: FieldMapping, file: str) -> Placed:
    """Say where each mapped column stands; a header may differ in case and blanks, not in more.

    Two columns with one header are one column where they agree: where on each line they say the same, or one
    says nothing. Where they contradict each other, a mapping names the one meant as ``header (2)``.

    Raises:
        MappingError: A column is missing, or its header stands over columns that contradict each other.
    """
    exact: dict[str, list[int]] = {}
    loose: dict[str, list[int]] = {}
    for place, name in enumerate(table.columns):
        exact.setdefault(name, []).append(place)
        loose.setdefault(_plain(name), []).append(place)
    places: dict[str, int] = {}
    faults: list[str] = []
    remarks: list[FileRemark] = []
    for column in sorted(mapping.used_columns()):
        found = loose.get(_plain(column)) or _counted(column, exact)
        if not found:
            if column in mapping.required_columns():
                near = difflib.get_close_matches(column, table.columns, n=1, cutoff=0.6)
                meant = f" (did you mean {near[0]!r}?)" if near else ""
                faults.append(f"there is no column {column!r}{meant}.")
            continue
        places[column] = found[0]
        if len(found) == 1:
            continue
        line = _contradiction(table, found)
        if line is not None:
            faults.append(
                f"{column!r} heads {len(found)} columns, which contradict each other in line {line}."
            )
            continue
        table = _made_one(table, found)
        params: dict[str, str | int | float] = {"header": column, "count": len(found)}
        remarks.append(FileRemark(code="twin_columns", params=params, line=table.header_line))
    if faults:
        raise MappingError(
            f"The columns of {file} do not fit {mapping.name}: {' '.join(faults)}",
            remedy="Each header that is used must stand once in the file, or be meant by its number, as"
            " in 'header (2)'.",
        )
    if table.are_columns_placed:
        remarks += _left(table, frozenset(places.values()), mapping)
    return Placed(table=table, places=places, remarks=tuple(remarks))


def _plain(header: str) -> str:
    return " ".join(header.split()).casefold()


def _counted(column: str, exact: Mapping[str, Sequence[int]]) -> list[int]:
    """Return the place of a column that is meant by its number among those with its header."""
    match = _COUNTED.fullmatch(column)
    if match is None:
        return []
    among = exact.get(match.group(1), [])
    number = int(match.group(2))
    return [among[number - 1]] if 1 <= number <= len(among) else []


def _contradiction(table: TextTable, places: Sequence[int]) -> int | None:
    """Return the first line on which twin columns say two things, or None."""
    told = [_told(place) for place in places]
    first = pl.coalesce(told)
    lines = table.frame.filter(pl.any_horizontal((text != first) for text in told))
    return None if lines.is_empty() else int(lines["line"][0])


def _made_one(table: TextTable, places: Sequence[int]) -> TextTable:
    first = str(places[0])
    told = pl.coalesce([*(_told(place) for place in places), pl.col(first)]).alias(first)
    own = dict(table.numbers)
    held = [own[place] for place in places if place in own]
    if held:
        own[places[0]] = pl.select(pl.coalesce(held)).to_series()
    return replace(table, frame=table.frame.with_columns(told), numbers=own)


def _told(place: int) -> pl.Expr:
    text = pl.col(str(place)).str.strip_chars()
    return pl.when(text != "").then(text)


def _left(table: TextTable, used: frozenset[int], mapping: FieldMapping) -> list[FileRemark]:
    """Name the columns that are kept as received and not used."""
    headers = {_plain(column) for column in mapping.used_columns()}
    left = [
        name
        for place, name in enumerate(table.columns)
        if name and place not in used and _plain(name) not in headers
    ]
    counts = Counter(left)
    remarks = [
        FileRemark(
            code="duplicate_header",
            params={"header": name, "count": count},
            line=table.header_line,
        )
        for name, count in counts.items()
        if count > 1
    ]
    if left:
        params: dict[str, str | int | float] = {
            "count": len(counts),
            "columns": ", ".join(counts),
        }
        remarks.append(
            FileRemark(code="unmapped_columns", params=params, line=table.header_line)
        )
    return remarks
