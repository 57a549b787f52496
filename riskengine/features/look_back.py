"""Looking back: what was known of a key on the morning of an assessment day.

Only days strictly before the assessment day count, so that neither the container itself, nor its peers,
nor anything learned later can be seen. The counts are cumulated by day, and the last cumulated day before
the assessment day is looked up; thousands of different days (training on years) cost the same as one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from riskengine.features.history import EVERYTHING

if TYPE_CHECKING:
    from riskengine.ledger.history import Past

SHRINKAGE = 10.0
"""How many examinations of its own a key needs to weigh as much as the rate of its parent.

A shipper examined once, with one find, has not a find rate of 100 %. With ``k`` = 10 and a parent's rate
of 2 % it has (1 + 10 x 0.02) / (1 + 10) = 11 %; after a hundred examinations its own rate prevails.
"""
WINDOWS_DAYS = {"7d": 7, "30d": 30, "91d": 91}
"""The days before the assessment day that are also counted on their own."""

_COUNTS = ("containers", "examined", "found")
# A key and a day in one integer: the day in the low bits, so that one sorted column serves the search.
_DAY_BITS = 1 << 21
_EPOCH_SHIFT = 1 << 20


def look_back(past: Past, asked: pl.DataFrame) -> pl.DataFrame:
    """Return what was known of each key strictly before each day.

    Args:
        past: The counts by key and day.
        asked: ``kind, key, on``; further columns are ignored.

    Returns:
        One row for each distinct ``kind, key, on``: ``containers, examined, found`` before the day;
        ``containers_7d, containers_30d, containers_91d`` in the windows ``[on - n, on - 1]``;
        ``first_seen_on, last_seen_on`` (null for a key never seen); and ``find_rate``, null as long
        as nothing at all has been examined.
    """
    points = asked.select("kind", "key", "on").unique().sort("kind", "key", "on")
    identified, counts = _identified(points, past.counts)
    running = _running_counts(counts)
    known = _before(identified, running, "on").rename(
        {f"running_{name}": name for name in _COUNTS}
    )
    for window, days in WINDOWS_DAYS.items():
        earlier = _before(
            identified.with_columns((pl.col("on") - pl.duration(days=days)).alias("from")),
            running.select("id", "on", "running_containers"),
            "from",
        )
        known = known.with_columns(
            (pl.col("containers") - earlier["running_containers"].fill_null(0)).alias(
                f"containers_{window}"
            )
        )
    window_names = [f"containers_{window}" for window in WINDOWS_DAYS]
    return _with_find_rates(
        known.with_columns(pl.col(*_COUNTS, *window_names).fill_null(0)).drop("id")
    )


def habits(past: Past, asked: pl.DataFrame) -> pl.DataFrame:
    """Return the habit of each measure of each key strictly before each day.

    Args:
        past: The sums of logarithms by key, measure and day.
        asked: ``kind, key, measure, on``; further columns are ignored.

    Returns:
        One row for each distinct ``kind, key, measure, on``: ``count`` of earlier containers, and
        ``mean`` and ``deviation`` of the natural logarithm of the measure (null without any).
    """
    points = asked.select("kind", "key", "measure", "on").unique()
    points = points.sort("kind", "key", "measure", "on")
    identified, sums = _identified(points, past.habits)
    running = (
        sums.group_by("id", "on")
        .agg(pl.col("count", "total_milli", "squares_micro").sum())
        .sort("id", "on")
        .with_columns(pl.col("count", "total_milli", "squares_micro").cum_sum().over("id"))
    )
    known = _before(identified, running, "on")
    # Multiplied by a constant, never divided by it: polars divides long and short columns differently.
    mean = pl.col("total_milli") / pl.col("count") * 1e-3
    mean_square = pl.col("squares_micro") / pl.col("count") * 1e-6
    counted = pl.col("count") > 0
    return known.select(
        "kind",
        "key",
        "measure",
        "on",
        pl.col("count").fill_null(0),
        pl.when(counted).then(mean).alias("mean"),
        # Rounding may leave a hair below zero where all measures are equal.
        pl.when(counted).then((mean_square - mean * mean).clip(0.0).sqrt()).alias("deviation"),
    )


def _identified(
    points: pl.DataFrame, counts: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give each key a number, in the points asked for and in the counts of those keys."""
    names = [name for name in ("kind", "key", "measure") if name in points.columns]
    keys = points.select(names).unique(maintain_order=True).with_row_index("id")
    keys = keys.with_columns(pl.col("id").cast(pl.Int64))
    return (
        points.join(keys, on=names, how="left", maintain_order="left"),
        counts.join(keys, on=names, how="inner").drop(names),
    )


def _running_counts(counts: pl.DataFrame) -> pl.DataFrame:
    seen_on = pl.when(pl.col("containers") > 0).then("on")
    return (
        counts.group_by("id", "on")
        .agg(pl.col(*_COUNTS).sum())
        .sort("id", "on")
        .with_columns(
            seen_on.forward_fill().over("id").alias("last_seen_on"),
            seen_on.cum_min().forward_fill().over("id").alias("first_seen_on"),
            *(pl.col(name).cum_sum().over("id").alias(f"running_{name}") for name in _COUNTS),
        )
        .drop(*_COUNTS)
    )


def _before(points: pl.DataFrame, running: pl.DataFrame, day: str) -> pl.DataFrame:
    """Join to each point the last row of its key whose day is strictly before *day*.

    The rows keep their order. A point whose key has no earlier day gets nulls.
    """
    searched = points.with_row_index("place").with_columns(_packed("id", day).alias("packed"))
    days = running.with_columns(_packed("id", "on").alias("packed"), pl.col("id").alias("of"))
    joined = searched.sort("packed").join_asof(
        days.drop("id", "on").sort("packed"),
        on="packed",
        strategy="backward",
        allow_exact_matches=False,
    )
    values = [name for name in running.columns if name not in {"id", "on"}]
    is_own = pl.col("of") == pl.col("id")
    return (
        joined.with_columns(pl.when(is_own).then(pl.col(name)).alias(name) for name in values)
        .sort("place")
        .drop("place", "packed", "of")
    )


def _packed(identity: str, day: str) -> pl.Expr:
    return (
        pl.col(identity) * _DAY_BITS + pl.col(day).cast(pl.Int32).cast(pl.Int64) + _EPOCH_SHIFT
    )


def _with_find_rates(known: pl.DataFrame) -> pl.DataFrame:
    """Add ``find_rate``: finds among examinations, drawn towards the rate of a parent key.

    The parents: hs6, heading, chapter, all; pair, shipper, all; any other key, all.
    """
    overall = known.filter(pl.col("kind") == EVERYTHING).select(
        "on",
        pl.when(pl.col("examined") > 0)
        .then(pl.col("found") / pl.col("examined"))
        .alias("overall_rate"),
    )
    rated = known.join(overall, on="on", how="left", maintain_order="left")
    rated = rated.with_columns(
        pl.when(pl.col("kind") == EVERYTHING)
        .then("overall_rate")
        .otherwise(_shrunk(pl.col("overall_rate")))
        .alias("find_rate")
    )
    for kind, parent, parent_key in (
        ("heading", "chapter", pl.col("key").str.slice(0, 2)),
        ("hs6", "heading", pl.col("key").str.slice(0, 4)),
        ("pair", "shipper", pl.col("key").str.split("|").list.first()),
    ):
        parents = rated.filter(pl.col("kind") == parent).select(
            pl.col("key").alias("parent_key"), "on", pl.col("find_rate").alias("parent_rate")
        )
        rated = (
            rated.with_columns(
                pl.when(pl.col("kind") == kind).then(parent_key).alias("parent_key")
            )
            .join(parents, on=["parent_key", "on"], how="left", maintain_order="left")
            .with_columns(
                pl.when(pl.col("parent_rate").is_not_null())
                .then(_shrunk(pl.col("parent_rate")))
                .otherwise("find_rate")
                .alias("find_rate")
            )
            .drop("parent_key", "parent_rate")
        )
    return rated.drop("overall_rate")


def _shrunk(parent_rate: pl.Expr) -> pl.Expr:
    return (pl.col("found") + SHRINKAGE * parent_rate) / (pl.col("examined") + SHRINKAGE)
