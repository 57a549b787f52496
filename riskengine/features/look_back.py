"""Looking back: what was known of a key on the morning of an assessment day.

Only days strictly before the assessment day count, so that neither the container itself, nor its peers,
nor anything learned later can be seen. The counts are cumulated by day, and the last cumulated day before
the assessment day is looked up; thousands of different days (training on years) cost the same as one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from riskengine.features.history import EVERYTHING
from riskengine.features.rates import RECENT_DAYS, with_key_rates

if TYPE_CHECKING:
    from riskengine.ledger.history import Past

WINDOWS_DAYS = {"7d": 7, "30d": 30, "91d": 91}
"""The days before the assessment day that are also counted on their own."""

RECENT = ("examined", "found")
"""What is also counted for the last ``rates.RECENT_DAYS`` alone, as ``<name>_recent``."""
NEW_KIND_DAYS = 91
"""How long a kind of key that the ledger began to count later says nothing: until then everybody would be new.

A new version counts kinds that the old one did not, a mapping file brings a new key, a feed begins to name its forwarders.
"""

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
        ``examined_recent, found_recent`` in the last year; ``first_seen_on, last_seen_on`` (null for a
        key never seen); ``is_kind_known``, whether keys of the kind were counted long enough for
        "never seen" to be said; ``overall_rate`` and ``find_rate`` (``rates.with_key_rates``).
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
    year_ago = _before(
        identified.with_columns((pl.col("on") - pl.duration(days=RECENT_DAYS)).alias("from")),
        running.select("id", "on", *(f"running_{name}" for name in RECENT)),
        "from",
    )
    known = known.with_columns(
        (pl.col(name) - year_ago[f"running_{name}"].fill_null(0)).alias(f"{name}_recent")
        for name in RECENT
    )
    counted = [name for name in known.columns if known.schema[name] == pl.Int64]
    known = known.with_columns(pl.col(counted).fill_null(0)).drop("id")
    return with_key_rates(_with_kinds(known, past))


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


def _with_kinds(known: pl.DataFrame, past: Past) -> pl.DataFrame:
    """Add ``is_kind_known``: whether the kind was counted before the day, from the beginning or for a while."""
    began = past.began.rename({"on": "kind_began_on"})
    of_all = began.filter(pl.col("kind") == EVERYTHING)["kind_began_on"]
    a_while = pl.duration(days=NEW_KIND_DAYS)
    kind_began = pl.col("kind_began_on")
    all_began = pl.lit(of_all.min(), pl.Date)
    # A beginning on the day or later is not known yet.
    is_old = kind_began <= pl.when(all_began < pl.col("on")).then(all_began) + a_while
    is_counted = kind_began < pl.col("on")
    is_long = kind_began + a_while < pl.col("on")
    return (
        known.join(began, on="kind", how="left", maintain_order="left")
        .with_columns(
            (is_counted & (is_old | is_long)).fill_null(value=False).alias("is_kind_known")
        )
        .drop("kind_began_on")
    )
