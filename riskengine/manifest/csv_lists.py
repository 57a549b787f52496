"""Several lists in one file, each with its own header, made one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from riskengine.manifest.csv_fast import Framed
from riskengine.manifest.fields import FIELDS
from riskengine.manifest.headers import recognise
from riskengine.manifest.table import UnreadRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskengine.manifest.csv_records import Record


def with_header(framed: Framed, header: Record) -> Framed:
    """Return the records of a list with the header that ends it, as a record of its own."""
    record = UnreadRecord(
        record_number=framed.record_count + 1,
        line=header.line + 1,
        code="header_changed",
        fields=tuple(header.fields),
    )
    return replace(
        framed, unread=(*framed.unread, record), record_count=framed.record_count + 1
    )


def joined(lists: Sequence[tuple[tuple[str, ...], Framed]]) -> tuple[Framed, tuple[str, ...]]:
    """Put lists below each other; a column is where the first list has its name, or else its field.

    A column that no earlier list has comes behind the others. What a list has no column for is null.
    """
    if len(lists) == 1:
        [(names, framed)] = lists
        return framed, names
    columns: list[str] = []
    frames: list[pl.DataFrame] = []
    unread: list[UnreadRecord] = []
    before = blank = 0
    for names, framed in lists:
        places = _places(columns, names)
        renamed = {str(place): str(at) for place, at in enumerate(places)}
        frames.append(
            framed.frame.rename(renamed).with_columns(pl.col("record_number") + before)
        )
        unread += [
            replace(record, record_number=record.record_number + before)
            for record in framed.unread
        ]
        before += framed.record_count
        blank += framed.blank_count
    frame = pl.concat(frames, how="diagonal").select(
        "record_number", "line", *(str(place) for place in range(len(columns)))
    )
    whole = Framed(frame=frame, unread=tuple(unread), blank_count=blank, record_count=before)
    return whole, tuple(columns)


def _places(columns: list[str], names: Sequence[str]) -> list[int]:
    """Say where each column of a list goes, and add those that are new."""
    taken: set[int] = set()
    places: list[int] = []
    for name in names:
        place = _place(columns, name, taken)
        if place is None:
            place = len(columns)
            columns.append(name)
        taken.add(place)
        places.append(place)
    return places


def _place(columns: Sequence[str], name: str, taken: set[int]) -> int | None:
    free = [place for place in range(len(columns)) if place not in taken]
    for place in free:
        if columns[place].casefold() == name.casefold():
            return place
    known = _meaning(name)
    for place in free:
        if known is not None and _meaning(columns[place]) == known:
            return place
    return None


def _meaning(name: str) -> tuple[str, str | None] | None:
    """Return the field and the unit of a column; masses in tonnes and in kilograms are two columns."""
    known = recognise(name)
    if known is None:
        return None
    own = FIELDS[known.field].unit if name in FIELDS else None
    return known.field, known.unit or own
