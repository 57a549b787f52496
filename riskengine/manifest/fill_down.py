"""Lists that name a bill on its first line only, and leave it blank on the lines below."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from riskengine.manifest.fields import FIELDS
from riskengine.manifest.table import FileRemark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskengine.manifest.plan import FieldMapping
    from riskengine.manifest.table import TextTable

_OF_A_BILL = frozenset({"voyages", "consignments", "parties"})
_FEWEST_COLUMNS_TO_TELL = 2
_FEWEST_BILLS_TO_TELL = 2


def carried_down(
    table: TextTable, mapping: FieldMapping, places: Mapping[str, int]
) -> tuple[TextTable, tuple[FileRemark, ...]]:
    """Return the file with the facts of a bill on every line of it, and what is to be said of that.

    A line with a container and without a bill belongs to the bill above where the mapping says so, or where
    the pattern cannot be mistaken: the file begins with a bill, such lines stand below more than one bill (a list
    may end in empty boxes that are on none), and at least two more columns are filled on every line with a
    bill and blank on all lines without. Nothing is carried past a line that could
    not be read, for it may have named another bill. What such a line says itself is kept.
    """
    if table.mapping is not None:  # a standard format says itself what belongs to a bill
        return table, ()
    own = {
        rule.field: str(places[rule.column])
        for rule in mapping.columns
        if rule.column in places
    }
    bill, box = own.get("bill_of_lading"), own.get("container_number")
    if bill is None or box is None or mapping.file.fill_down is False or table.frame.is_empty():
        return table, ()
    columns = [name for field, name in own.items() if FIELDS[field].frame in _OF_A_BILL]
    has_bill = _stands(table, bill)
    if has_bill.all() or not has_bill.any():
        return table, ()
    below = _stands(table, box) & ~has_bill
    source = _line_above(table, has_bill)
    carried = below & (source >= 0)
    others = [name for name in columns if name != bill]
    if mapping.file.fill_down is None and not (
        has_bill[0] and _is_unmistakable(table, others, has_bill, carried)
    ):
        return table, ()
    lines = np.flatnonzero(carried)
    if not len(lines):
        return table, ()
    above = pl.Series(np.where(carried, source, np.arange(len(source))))
    filled = [
        pl.when(pl.Series(carried) & (table.frame[name].str.strip_chars() == ""))
        .then(table.frame[name].gather(above))
        .otherwise(table.frame[name])
        .alias(name)
        for name in columns
    ]
    numbers = dict(table.numbers)
    for name in columns:
        if int(name) in numbers:
            held = numbers[int(name)]
            numbers[int(name)] = pl.select(
                pl.when(pl.Series(carried) & held.is_null())
                .then(held.gather(above))
                .otherwise(held)
            ).to_series()
    remark = FileRemark(
        code="bills_carried_down",
        params={"count": len(lines)},
        line=int(table.frame["line"][int(lines[0])]),
    )
    frame = table.frame.with_columns(pl.select(filled).get_columns())
    return replace(table, frame=frame, numbers=numbers), (remark,)


def _stands(table: TextTable, column: str) -> np.ndarray:
    text = table.frame[column].str.strip_chars()
    return (text != "").fill_null(value=False).to_numpy()


def _line_above(table: TextTable, has_bill: np.ndarray) -> np.ndarray:
    """Return for each line the one that names its bill, or -1 where a record between could not be read."""
    height = table.frame.height
    source = np.maximum.accumulate(np.where(has_bill, np.arange(height), -1))
    unread = np.sort(np.array([record.record_number for record in table.unread], np.int64))
    numbers = table.frame["record_number"].to_numpy()
    before = np.searchsorted(unread, numbers)
    at_source = np.searchsorted(unread, numbers[np.maximum(source, 0)])
    return np.where(before == at_source, source, -1)


def _is_unmistakable(
    table: TextTable, others: list[str], has_bill: np.ndarray, carried: np.ndarray
) -> bool:
    runs = np.count_nonzero(np.diff(carried.astype(np.int8)) == 1)
    if runs < _FEWEST_BILLS_TO_TELL:
        return False
    told = [name for name in others if _stands(table, name)[has_bill].all()]
    blank = [name for name in told if not _stands(table, name)[carried].any()]
    return len(blank) >= _FEWEST_COLUMNS_TO_TELL
