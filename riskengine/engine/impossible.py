"""Itineraries that no box can have: two places at once, or ashore while its ship is at sea."""

from __future__ import annotations

from typing import Final

import polars as pl

from riskengine.codes import ports
from riskengine.engine.differences import as_differences
from riskengine.engine.journeys import ONE_DAY, happened

FASTEST_SHIP_KMH: Final = 40 * 1.852
"""No container ship was built for more than 33 knots; the rest is for clocks."""
FASTEST_TRUCK_KMH: Final = 120.0
"""Above the limit for heavy lorries everywhere; freight trains are slower."""
LONGEST_BY_LAND_KM: Final = 4_000.0
"""Beyond it nearly every way crosses a sea; the land bridges that do not take weeks, and pass the ship's limit."""
CLOCKS_APART_HOURS: Final = 14.0
"""A time without a zone is read as UTC, and may be that of any port on earth."""
COMPARED: Final = 8
"""Each report is compared with so many that follow it elsewhere, so that no file can make the work a square."""

_BY_SHIP: Final = ("loaded", "discharged", "departed", "arrived")
_ASHORE: Final = ("gate_in", "gate_out", "stuffed", "stripped")
_ON_PAPER: Final = ("released",)


def impossible_itineraries(
    boxes: pl.DataFrame, seen: pl.DataFrame, ends: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return what is known of each box's itinerary, and the worst of what cannot be.

    Args:
        boxes: The manifested boxes.
        seen: Every movement of each box, in order of time.
        ends: The events that frame each journey.

    Returns:
        ``container_id``, ``_is_itinerary_impossible`` (null where nothing can be compared), ``_seen_before`` and
        ``_seen_after``; and the differences, one a box.
    """
    placed = happened(seen).filter(
        pl.col("moved_on").is_not_null()
        & pl.col("place").is_not_null()
        & ~pl.col("movement").is_in(_ON_PAPER)
    )
    found = pl.concat([_too_fast(placed), _ashore_at_sea(placed, ends)])
    worst = (
        found.sort(
            ["container_id", "_excess", "declared_on", "found_on", "declared", "found", "against", "source"],
            descending=[False, True, *[False] * 6],
            nulls_last=True,
        )
        .unique("container_id", keep="first", maintain_order=True)
        .join(boxes.select("container_id", "container_number"), on="container_id")
    )  # fmt: skip
    counted = placed.group_by("container_id").agg(pl.len().alias("_placed_count"))
    said = worst.select(
        "container_id",
        pl.lit(value=True).alias("_is_impossible"),
        _told("declared", "declared_on").alias("_seen_before"),
        _told("found", "found_on").alias("_seen_after"),
    )
    facts = (
        boxes.select("container_id")
        .join(counted, on="container_id", how="left", maintain_order="left")
        .join(said, on="container_id", how="left", maintain_order="left")
        .select(
            "container_id",
            pl.when("_is_impossible")
            .then(statement=True)
            .when(pl.col("_placed_count") > 1)
            .then(statement=False)
            .alias("_is_itinerary_impossible"),
            "_seen_before",
            "_seen_after",
        )
    )
    told = {
        name: pl.col(name)
        for name in (
            "against", "declared", "declared_on", "found", "found_on", "found_at", "place", "file"
        )
    }  # fmt: skip
    return facts, as_differences(worst, "impossible_itinerary", pl.col("source"), **told)


def _too_fast(placed: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs of reports between which nothing moves fast enough."""
    # The rows of a box stand together and in order of time: a neighbour is the row above or below.
    same_as = {
        step: (pl.col("container_id") == pl.col("container_id").shift(step))
        & (pl.col("place") == pl.col("place").shift(step))
        for step in (1, -1)
    }
    is_inside = same_as[1].fill_null(value=False) & same_as[-1].fill_null(value=False)
    # Of several reports from one place in a row the first and the last are the nearest to any other place.
    runs = placed.filter(~is_inside).select(
        "container_id", "movement", "moved_on", "moved_at", "place", "file"
    )
    pairs = [
        runs.with_columns(pl.all().shift(-step).name.suffix("_later")).filter(
            (pl.col("container_id") == pl.col("container_id_later"))
            & (pl.col("place") != pl.col("place_later"))
        )
        for step in range(1, COMPARED + 1)
    ]
    apart = (pl.col("moved_at_later") - pl.col("moved_at")).dt.total_seconds() / 3600.0
    days = (pl.col("moved_on_later") - pl.col("moved_on")).dt.total_days()
    hours = pl.coalesce(apart.abs() + CLOCKS_APART_HOURS, (days.abs() + 1) * 24.0)
    both_by_ship = pl.col("movement").is_in(_BY_SHIP) & pl.col("movement_later").is_in(_BY_SHIP)
    is_by_ship = both_by_ship | (pl.col("_km") > LONGEST_BY_LAND_KM)
    fastest = pl.when(is_by_ship).then(FASTEST_SHIP_KMH).otherwise(FASTEST_TRUCK_KMH)
    return (
        _with_distance(pl.concat(pairs))
        .with_columns((pl.col("_km") / (fastest * hours)).alias("_excess"))
        .filter(pl.col("_excess") > 1.0)
        .select(
            "container_id",
            "_excess",
            pl.col("movement").alias("against"),
            pl.col("place").alias("declared"),
            pl.col("moved_on").alias("declared_on"),
            pl.col("movement_later").alias("source"),
            pl.col("place_later").alias("found"),
            pl.col("moved_on_later").alias("found_on"),
            pl.col("moved_at_later").alias("found_at"),
            pl.col("place_later").alias("place"),
            pl.col("file_later").alias("file"),
        )
    )


def _ashore_at_sea(placed: pl.DataFrame, ends: pl.DataFrame) -> pl.DataFrame:
    """Return reports from ashore while the box is declared at sea, or from a port that its ship had not reached."""
    on, place = pl.col("moved_on"), pl.col("place")
    declared = pl.concat_list(
        pl.col("port_of_loading", "port_of_discharge"),
        pl.col("transhipment_ports").fill_null([]),
    )
    is_at_sea = (on > pl.col("departed_on") + ONE_DAY) & (
        on < pl.col("arrival_expected_on") - ONE_DAY
    )
    is_elsewhere = ~declared.list.contains(place).fill_null(value=False)
    is_ashore = pl.col("movement").is_in(_ASHORE) & is_elsewhere & is_at_sea
    has_not_arrived = (
        (place == pl.col("port_of_discharge"))
        & (place != pl.col("port_of_loading"))
        & pl.col("movement").is_in([*_ASHORE, "discharged"])
        & (on > pl.col("loaded_on"))
        & (on < pl.col("departed_on"))
    )
    loaded = ends.select("container_id", "loaded_on")
    return (
        placed.join(loaded, on="container_id", how="left", maintain_order="left")
        .filter(is_ashore | has_not_arrived)
        .select(
            "container_id",
            pl.lit(None, pl.Float64).alias("_excess"),
            pl.lit("voyage").alias("against"),
            pl.col("port_of_loading").alias("declared"),
            pl.col("departed_on").alias("declared_on"),
            pl.col("movement").alias("source"),
            place.alias("found"),
            on.alias("found_on"),
            pl.col("moved_at").alias("found_at"),
            place.alias("place"),
            "file",
        )
    )


def _with_distance(pairs: pl.DataFrame) -> pl.DataFrame:
    ways = pairs.select("place", "place_later").unique()
    known = ways.with_columns(
        ports.distance_km(pl.col("place"), pl.col("place_later")).alias("_km")
    )
    return pairs.join(known, on=["place", "place_later"], how="left", maintain_order="left")


def _told(place: str, day: str) -> pl.Expr:
    return pl.concat_str(
        pl.col(place).fill_null("?"), pl.col(day).cast(pl.String), separator=" "
    )
