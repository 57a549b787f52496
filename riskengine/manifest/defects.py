"""From faults to Defects: each with its place, its text and its container, and never too many to hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskengine.domain import Defect, DefectEffect
from riskengine.errors import Place
from riskengine.manifest.assemble import container_numbers_in
from riskengine.manifest.values import CONTENT_CODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import polars as pl

    from riskengine.manifest.table import FileRemark, TextTable, UnreadRecord

MOST_OF_A_KIND = 10_000
"""Defects of one code in one field that are kept as such; the rest is counted in one more Defect."""

LONGEST_RAW = 200

_CONTENT_OF_LINES = {"conflicting_value", "line_repeated", "outcome_day_missing"}


def of_file(remarks: Iterable[FileRemark], file: str) -> list[Defect]:
    """Return the Defects of the file as a whole."""
    return [
        Defect(
            code=remark.code,
            effect=DefectEffect.CONTENT,
            place=Place(file=file, line=remark.line),
            field=str(remark.params["field"]) if "field" in remark.params else None,
            params=remark.params,
        )
        for remark in remarks
    ]


def of_member(name: str, why: str) -> Defect:
    """Return the Defect that stands for a file of an archive that was refused."""
    return Defect(
        code="member_refused",
        effect=DefectEffect.CONTENT,
        place=Place(file=name),
        params={"member": name, "why": why},
    )


def of_records(table: TextTable, file: str) -> list[Defect]:
    """Return a Defect for each record that could not be read."""
    by_code: dict[str, list[UnreadRecord]] = {}
    for record in table.unread:
        by_code.setdefault(record.code, []).append(record)
    defects: list[Defect] = []
    for code, records in by_code.items():
        defects += [_of_record(record, file) for record in records[:MOST_OF_A_KIND]]
        rest = len(records) - MOST_OF_A_KIND
        if rest > 0:
            defects.append(_of_the_rest(code, None, rest, DefectEffect.RECORD, file))
    return defects


def of_cells(faults: pl.DataFrame, numbers: pl.DataFrame, file: str) -> list[Defect]:
    """Return a Defect for each fault of a cell or of a line, with the container of its record."""
    named = faults.join(numbers, on="record_number", how="left", maintain_order="left")
    defects: list[Defect] = []
    for (code, field), kind in named.group_by("code", "field", maintain_order=True):
        effect = effect_of(str(code))
        rows = kind.head(MOST_OF_A_KIND).iter_rows(named=True)
        defects += [
            Defect(
                code=row["code"],
                effect=effect,
                place=Place(file=file, line=row["line"], column=row["column"]),
                field=row["field"],
                raw=row["raw"],
                record_number=row["record_number"],
                container_number=row["container_number"],
                params=_params(row),
            )
            for row in rows
        ]
        rest = kind.height - MOST_OF_A_KIND
        if rest > 0:
            of_field = None if field is None else str(field)
            defects.append(_of_the_rest(str(code), of_field, rest, effect, file))
    return defects


def effect_of(code: str) -> DefectEffect:
    """Return what a fault of a cell, or of a line that was read, did to its line.

    >>> effect_of("not_a_date").value, effect_of("check_digit_wrong").value
    ('cell', 'content')
    """
    is_content = code in CONTENT_CODES or code in _CONTENT_OF_LINES
    return DefectEffect.CONTENT if is_content else DefectEffect.CELL


def _params(row: Mapping[str, Any]) -> dict[str, str | int | float]:
    if row["field"] is None:  # the line as a whole
        params: dict[str, str | int | float] = {"line": row["line"]}
        return params if row["kept"] is None else params | {"first": int(row["kept"])}
    params = {"field": row["field"], "raw": row["raw"] or ""}
    return params if row["kept"] is None else params | {"kept": row["kept"]}


def _of_record(record: UnreadRecord, file: str) -> Defect:
    named = container_numbers_in(record.raw)
    return Defect(
        code=record.code,
        effect=DefectEffect.RECORD,
        place=Place(file=file, line=record.line),
        raw=record.raw[:LONGEST_RAW],
        record_number=record.record_number,
        container_number=named[0] if named else None,
        params={"line": record.line, **record.params},
    )


def _of_the_rest(
    code: str, field: str | None, count: int, effect: DefectEffect, file: str
) -> Defect:
    params: dict[str, str | int | float] = {"count": count, "code": code, "field": field or ""}
    return Defect(
        code="more_defects", effect=effect, place=Place(file=file), field=field, params=params
    )
