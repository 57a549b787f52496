"""A file and the unit's own runs may hold the same containers: each is learned from once, as the unit itself assessed it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.engine.lessons import NOBODY_OPENED
from riskengine.engine.memory import container_key
from riskengine.model.card import LeftOut

if TYPE_CHECKING:
    from riskengine.engine.lessons import Lessons

SAME_VOYAGE_DAYS: Final = 14
"""A container is not seldom assessed some days before a file says it was presented; a box does not come back so soon."""
TWICE: Final = "the unit's own runs hold them too"


def without_twice(told: Lessons, own: Lessons) -> tuple[Lessons, Lessons]:
    """Return the lessons of a file without the containers that the unit's own runs hold too, and those of the runs.

    One container is told by its number, and by a bill where both name bills; loose cargo by its bills; both within
    ``SAME_VOYAGE_DAYS``. The unit's own assessment stays: it is what was known that morning. Where only the file says what
    was found, the file's stays and the run's is no longer one that nobody opened.

    Args:
        told: Of files.
        own: Of the unit's recorded runs.
    """
    opened_twice = _twice(told.frame, own.frame)
    unopened_twice = _twice(told.unopened, own.frame) | _twice(told.unopened, own.unopened)
    kept = _kept(told, ~opened_twice)
    opened_since = _twice(own.unopened, kept.frame)
    count = int(opened_twice.sum()) + int(unopened_twice.sum())
    unopened = told.unopened.filter(~unopened_twice)
    left_out = _recounted(told, unopened.height)
    if count:
        left_out = (*left_out, LeftOut(containers=count, why=TWICE))
    still_unopened = own.unopened.filter(~opened_since)
    return (
        replace(kept, unopened=unopened, left_out=left_out),
        replace(own, unopened=still_unopened, left_out=_recounted(own, still_unopened.height)),
    )


def _twice(rows: pl.DataFrame, others: pl.DataFrame) -> pl.Series:
    """Tell which rows stand among the others too."""
    if rows.is_empty() or others.is_empty():
        return pl.repeat(value=False, n=rows.height, dtype=pl.Boolean, eager=True)
    one, other = (
        side.select(
            pl.int_range(pl.len(), dtype=pl.Int64).alias("_row"),
            container_key().alias("_key"),
            pl.col("bills_of_lading").alias("_bills"),
            pl.col("assessed_on").alias("_on"),
        ).filter(pl.col("_key").is_not_null() & (pl.col("_key") != ""))
        for side in (rows, others)
    )
    apart = (pl.col("_on") - pl.col("_on_right")).dt.total_days().abs()
    bills, theirs = pl.col("_bills"), pl.col("_bills_right")
    is_named = (bills.list.len().fill_null(0) > 0) & (theirs.list.len().fill_null(0) > 0)
    is_shared = bills.list.set_intersection(theirs).list.len() > 0
    same = one.join(other, on="_key").filter(
        (apart <= SAME_VOYAGE_DAYS) & (~is_named | is_shared)
    )
    found = same["_row"].unique()
    return pl.int_range(rows.height, dtype=pl.Int64, eager=True).is_in(found.implode())


def _kept(lessons: Lessons, is_kept: pl.Series) -> Lessons:
    """Return the lessons of some rows; weights are 1 on average again."""
    if is_kept.all():
        return lessons
    places = (
        pl.DataFrame({"row": pl.int_range(is_kept.len(), dtype=pl.Int64, eager=True)})
        .filter(is_kept)
        .with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("_place"))
    )
    columns = lessons.matches.columns
    matches = (
        lessons.matches.join(places, on="row")
        .drop("row")
        .rename({"_place": "row"})
        .select(columns)
        .sort("row", "rule_id", "version")
    )
    return replace(
        lessons,
        frame=lessons.frame.filter(is_kept),
        is_find=lessons.is_find.filter(is_kept),
        weight=_weights(lessons.weight, is_kept),
        stands_for=_weights(lessons.stands_for, is_kept),
        group=None if lessons.group is None else lessons.group.filter(is_kept),
        known_on=None if lessons.known_on is None else lessons.known_on.filter(is_kept),
        matches=matches,
        out_of_fold=None,  # it would give the rows of all
    )


def _weights(weight: pl.Series | None, is_kept: pl.Series) -> pl.Series | None:
    if weight is None:
        return None
    left = weight.filter(is_kept)
    total = math.fsum(left.to_list())
    return left * (left.len() / total) if total else left


def _recounted(lessons: Lessons, unopened: int) -> tuple[LeftOut, ...]:
    """Return what was left out, with what is left of those that nobody opened."""
    return tuple(
        replace(one, containers=unopened) if one.why == NOBODY_OPENED else one
        for one in lessons.left_out
        if one.why != NOBODY_OPENED or unopened
    )
