"""The past of each container: what was known of all its keys, set beside its facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from riskengine.features.history import (
    KINDS,
    KINDS_OF_ONE_KEY,
    attribute_kind,
    sightings,
)
from riskengine.features.look_back import RECENT, WINDOWS_DAYS, look_back
from riskengine.features.rates import recent, with_container_rates
from riskengine.features.usual import with_habits

if TYPE_CHECKING:
    from riskengine.ledger.history import Past

RAMPED = ("shipper", "consignee", "declarant", "lane", "lane_heading")
"""Whose last week is held against a usual one."""
_WEEKS_OF_HABIT = 12
# Multiplied, never divided by: polars divides long and short columns by a constant differently.
_WEEKS_A_DAY = 1 / 7
_OF_ONE_KEY = (
    "containers",
    "examined",
    "found",
    "find_rate",
    "first_seen_on",
    "last_seen_on",
    *(f"containers_{window}" for window in WINDOWS_DAYS),
    *(f"{name}_recent" for name in RECENT),
)


def with_past(facts: pl.DataFrame, attributes: pl.DataFrame, past: Past) -> pl.DataFrame:
    """Set beside each container's facts what was known of its keys before its assessment day.

    Where a container has several keys of a kind (headings, origins, seals), the one with the
    highest find rate speaks for it, ``…_containers`` is that of the key seen most, and
    ``…_containers_least`` that of the key seen least. All of it is null as long as the past holds no
    container at all, and for a kind of key as long as that kind was not counted: then nobody is new.

    Args:
        facts: What ``facts.gather`` gives, with ``assessed_on`` filled.
        attributes: The attributes of the same manifest.
        past: The past, by key and day.

    Returns:
        The facts and the columns ``_<kind>_<what>``, ``_<measure>_<what>`` and
        ``attribute.<name>.<what>``.
    """
    seen = sightings(facts, attributes)
    known = look_back(past, seen)
    remembered = seen.join(known.filter("is_kind_known"), on=["kind", "key", "on"])
    by_kind = _of_each_container(remembered).partition_by("kind", as_dict=True)
    nothing = _of_each_container(remembered.clear())
    frame = facts.join(_main_headings(facts, remembered), on="container_id", how="left")
    for kind in KINDS:
        least = ("containers_least",) if kind not in KINDS_OF_ONE_KEY else ()
        part = by_kind.get((kind,), nothing).select(
            "container_id", pl.col(*_OF_ONE_KEY, *least).name.prefix(f"_{kind}_")
        )
        frame = frame.join(part, on="container_id", how="left")
    frame = with_container_rates(frame).with_columns(
        *(recent(kind).alias(f"_{kind}_recent_find_rate") for kind in KINDS),
        *(weekly_usual(kind).alias(f"_{kind}_weekly_usual") for kind in RAMPED),
    )
    for name in _remembered_attributes(attributes):
        part = by_kind.get((attribute_kind(name),), nothing).select(
            "container_id",
            pl.col("find_rate").alias(f"attribute.{name}.find_rate"),
            pl.col("find_rate_mean").alias(f"attribute.{name}.find_rate_mean"),
            recent().alias(f"attribute.{name}.recent_find_rate"),
            pl.col("containers_least").alias(f"attribute.{name}.containers_before"),
        )
        frame = frame.join(part, on="container_id", how="left")
    names = _remembered_attributes(attributes, "category")
    return with_habits(frame, attributes, past, names).sort("container_id")


def weekly_usual(kind: str) -> pl.Expr:
    """Return the containers of a usual week: of the twelve that ended seven days ago, or of those since the first."""
    earlier = pl.col(f"_{kind}_containers_91d") - pl.col(f"_{kind}_containers_7d")
    age = (pl.col("assessed_on") - pl.col(f"_{kind}_first_seen_on")).dt.total_days() - 7
    weeks = (age * _WEEKS_A_DAY).clip(1, _WEEKS_OF_HABIT)
    return pl.when(age > 0).then(earlier / weeks)


def _main_headings(facts: pl.DataFrame, remembered: pl.DataFrame) -> pl.DataFrame:
    """Return what the heading of most of the goods says, whichever heading speaks loudest."""
    return (
        remembered.filter(pl.col("kind") == "heading")
        .join(
            facts.select("container_id", "_main_heading"),
            left_on=["container_id", "key"],
            right_on=["container_id", "_main_heading"],
        )
        .select("container_id", pl.col("find_rate").alias("_main_heading_find_rate"))
    )


def _remembered_attributes(attributes: pl.DataFrame, *kinds: str) -> list[str]:
    wanted = kinds or ("category", "key")
    return attributes.filter(pl.col("kind").is_in(wanted))["name"].unique().sort().to_list()


def _of_each_container(remembered: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each container and kind: the key with the highest find rate speaks."""
    alone = remembered.filter(pl.col("kind").is_in(KINDS_OF_ONE_KEY)).with_columns(
        pl.col("find_rate").alias("find_rate_mean"),
        pl.col("containers").alias("containers_least"),
    )
    several = _strongest(remembered.filter(~pl.col("kind").is_in(KINDS_OF_ONE_KEY)))
    return pl.concat([alone, several.select(alone.columns)])


def _strongest(remembered: pl.DataFrame) -> pl.DataFrame:
    groups = ["container_id", "kind"]
    speaking = remembered.sort(
        *groups,
        "find_rate",
        "examined",
        "key",
        descending=[False, False, True, True, False],
        nulls_last=True,
    ).unique(groups, keep="first", maintain_order=True)
    spread = remembered.group_by(groups).agg(
        pl.col("find_rate").sort().mean().alias("find_rate_mean"),
        pl.col("containers").max().alias("containers"),
        pl.col("containers").min().alias("containers_least"),
        pl.col("last_seen_on").max().alias("last_seen_on"),
        pl.col("first_seen_on").min().alias("first_seen_on"),
    )
    return speaking.drop("containers", "last_seen_on", "first_seen_on").join(spread, on=groups)
