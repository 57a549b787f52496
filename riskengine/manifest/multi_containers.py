"""Cells that name several containers: each is a container, and the line's amounts are counted once."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from riskengine.manifest.assemble import CONTAINER_NUMBER
from riskengine.manifest.fields import FIELDS, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskengine.manifest.plan import FieldMapping
    from riskengine.manifest.table import TextTable

MOST_ROWS_MADE = 1_000_000
"""Rows beyond those of the file; a file that would need more keeps such cells as they are, and they are named."""

CODE = "containers_share_cell"

_SHORTEST = 22  # letters and digits of two numbers
_BETWEEN = re.compile(r"[;,/|&+\s]+")
_BETWEEN_SEALS = r"[;,|\n\r]+"
_FEWEST_SIGNS = 5
_AMOUNTS = {Kind.NUMBER, Kind.INTEGER}


def numbers_sharing(text: str) -> tuple[str, ...]:
    """Return what a cell names as containers, in order, once; nothing where it names fewer than two.

    A number that is damaged counts beside one that is whole; types of boxes and the like do not.

    >>> numbers_sharing("CSQU305438-3 / MSCU1234566 (40HC); TGHU12345")
    ('CSQU3054383', 'MSCU1234566', 'TGHU12345')
    """
    whole = CONTAINER_NUMBER.sub(lambda match: f";{''.join(match.groups()).upper()};", text)
    words = [word.strip("()[]'\".:") for word in _BETWEEN.split(whole)]
    named = [word for word in words if CONTAINER_NUMBER.fullmatch(word) or _is_damaged(word)]
    return tuple(dict.fromkeys(named)) if len(set(named)) > 1 else ()


def _is_damaged(word: str) -> bool:
    signs = [sign for sign in word if sign.isalnum()]
    is_long = len(signs) >= _FEWEST_SIGNS
    return is_long and any(map(str.isdigit, signs)) and any(map(str.isalpha, signs))


def spread_containers(
    table: TextTable, mapping: FieldMapping, places: Mapping[str, int]
) -> TextTable:
    """Return the file with a row for each container of a cell that names several.

    The line's packages, masses and values stand for all of its containers together, so they are left on the
    first row alone: no box is given what nobody declared for it. Seals are given to their boxes where there
    is one for each, else to the first. Every such line is marked.
    """
    own = {rule.field: rule.column for rule in mapping.columns if rule.column in places}
    if "container_number" not in own:
        return table
    column = str(places[own["container_number"]])
    cells = table.frame[column]
    long_ones = cells.filter(cells.str.len_bytes() >= _SHORTEST).unique(maintain_order=True)
    named = {text: numbers_sharing(text) for text in long_ones.drop_nulls().to_list()}
    shared = {text: list(numbers) for text, numbers in named.items() if numbers}
    if not shared:
        return table
    known = pl.DataFrame({"text": list(shared), "named": list(shared.values())})
    counts = cells.replace_strict(
        {text: len(numbers) for text, numbers in shared.items()},
        default=1,
        return_dtype=pl.Int64,
    )
    if int(counts.sum()) - len(counts) > MOST_ROWS_MADE:
        return table
    rows = (
        cells.alias("text")
        .to_frame()
        .with_row_index("row")
        .join(known, on="text", how="left", maintain_order="left")
        .with_columns(sequence=pl.int_ranges(pl.col("named").list.len().fill_null(1)))
        .explode("sequence")
    )
    is_first = (rows["sequence"] == 0).rename("is_first")
    frame = table.frame[rows["row"]]
    nth = rows.select(
        pl.col("named").list.get(pl.col("sequence"), null_on_oob=True).fill_null(pl.col("text"))
    ).to_series()
    amounts = _amounts(mapping, places)
    frame = frame.with_columns(
        nth.alias(column),
        *(
            pl.when(is_first).then(pl.col(str(place))).alias(str(place))
            for place in sorted(amounts)
        ),
    )
    if "seal_numbers" in own:
        frame = _with_seals(frame, str(places[own["seal_numbers"]]), rows)
    numbers = {
        place: _thinned(series.gather(rows["row"]), is_first if place in amounts else None)
        for place, series in table.numbers.items()
    }
    marked = table.frame.filter(counts > 1)["record_number"].to_list()
    return replace(
        table,
        frame=frame,
        numbers=numbers,
        line_faults=(*table.line_faults, *((number, CODE) for number in marked)),
    )


def _amounts(mapping: FieldMapping, places: Mapping[str, int]) -> frozenset[int]:
    """Return the places of what is counted: of the goods, of the box, and carried along."""
    columns = [
        rule.column
        for rule in mapping.columns
        if FIELDS[rule.field].kind in _AMOUNTS and FIELDS[rule.field].frame != "consignments"
    ]
    columns += [rule.columns[0] for rule in mapping.attributes if rule.kind == "number"]
    return frozenset(places[column] for column in columns if column in places)


def _with_seals(frame: pl.DataFrame, column: str, rows: pl.DataFrame) -> pl.DataFrame:
    seals = (
        pl.col(column).str.replace_all(_BETWEEN_SEALS, ";").str.strip_chars("; ").str.split(";")
    )
    beside = frame.select(
        text=pl.col(column),
        seals=seals,
        count=rows["named"].list.len(),
        sequence=rows["sequence"],
    )
    is_one_each = pl.col("seals").list.len() == pl.col("count")
    given = (
        pl.when(pl.col("count").is_null())
        .then("text")
        .when(is_one_each)
        .then(pl.col("seals").list.get(pl.col("sequence"), null_on_oob=True))
        .when(pl.col("sequence") == 0)
        .then("text")
    )
    return frame.with_columns(beside.select(given.alias(column)).to_series())


def _thinned(series: pl.Series, is_first: pl.Series | None) -> pl.Series:
    if is_first is None:
        return series
    return pl.select(pl.when(is_first).then(series)).to_series()
