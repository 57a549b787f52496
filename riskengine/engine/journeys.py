"""Which reported movements belong to the journey that a manifest speaks of, and to which end of it.

A box moves all its life under one number. Those movements count that were reported of it between the gate of the
port of loading and the gate of the port of discharge; what came before or after is another journey.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import polars as pl

from riskengine.ledger.movements import MOVED

LONGEST_JOURNEY: Final = timedelta(days=60)
"""From the first gate to the last port before this call; liner services take less than half of it."""
LONGEST_LEG: Final = timedelta(days=30)
"""From the last port to this one, where the manifest does not say when the ship left."""
ONE_DAY: Final = timedelta(days=1)
"""Days of two ports, and of a manifest that writes days only, may be one apart."""
ORDERED: Final = ("load_ordered", "discharge_ordered")
"""Lists of what shall be done: nothing has happened yet."""

_AT_LOADING: Final = ("loaded", "load_ordered")
_AT_DISCHARGE: Final = ("discharged", "discharge_ordered")
_AFTER_THE_LEG: Final = ("gate_out", "released", "stripped")


@dataclass(frozen=True, slots=True, kw_only=True)
class Journeys:
    """The movements of manifested boxes.

    Attributes:
        seen: Every movement of each box that was known on its day and lies within the longest journey, in order of time.
        own: Those of the journey itself.
        ends: One row a box: the gate, loading, discharge, release and gate-out that frame it.
    """

    seen: pl.DataFrame
    own: pl.DataFrame
    ends: pl.DataFrame


def journeys(boxes: pl.DataFrame, movements: pl.DataFrame) -> Journeys:
    """Sort what was reported of each box.

    An event that is dated after the day of the assessment has not happened yet. A list of orders is in hand when it
    is received, whatever day it orders for.

    Args:
        boxes: The manifested boxes with what is declared of them.
        movements: Rows of ``MOVED`` with ``file``.
    """
    seen = _seen(boxes, movements)
    ends = _ends(boxes, seen)
    framed = seen.join(
        ends.select(
            "container_id",
            pl.coalesce("gate_in_on", "loaded_on").alias("_begun_on"),
            pl.col("gate_out_on").alias("_left_on"),
        ),
        on="container_id",
        how="left",
        maintain_order="left",
    )
    on = pl.col("moved_on")
    is_later_pick_up = (pl.col("movement") == "gate_out") & (on > pl.col("_left_on"))
    is_of_journey = (on >= pl.col("_begun_on")).fill_null(value=True) & ~(
        is_later_pick_up.fill_null(value=False)
    )
    # A list comes before what it orders, and says which ship it is for.
    is_of_ship = pl.col("_is_same_voyage").fill_null(value=True)
    own = framed.filter(
        pl.col("end").is_not_null()
        & pl.when(pl.col("movement").is_in(ORDERED)).then(is_of_ship).otherwise(is_of_journey)
    )
    return Journeys(seen=seen, own=own.drop("_begun_on", "_left_on"), ends=ends)


def happened(movements: pl.DataFrame) -> pl.DataFrame:
    """Return the movements that are none that were only ordered."""
    return movements.filter(~pl.col("movement").is_in(ORDERED))


def is_before(first: str, second: str) -> pl.Expr:
    """Tell whether one moment lies before another: by the minute where both are told so, else by the day."""
    by_minute = pl.col(f"{first}_at") < pl.col(f"{second}_at")
    by_day = pl.col(f"{first}_on") < pl.col(f"{second}_on")
    return pl.coalesce(by_minute, by_day)


def is_same_voyage() -> pl.Expr:
    """Tell whether a report names the ship and voyage of the manifest; null where that cannot be compared."""
    imo = pl.col("vessel_imo") == pl.col("vessel_imo_moved")
    name = pl.col("vessel_name") == pl.col("vessel_name_moved")
    number = pl.col("voyage_number") == pl.col("voyage_number_moved")
    return pl.coalesce(imo, name) & number


def _seen(boxes: pl.DataFrame, movements: pl.DataFrame) -> pl.DataFrame:
    """Return the movements of each box in its window, each once, ordered by time and then by what they say."""
    told = movements.unique(list(MOVED), keep="first", maintain_order=True)
    joined = boxes.join(
        told, on="container_number", how="inner", suffix="_moved", maintain_order="left_right"
    )
    day, on = pl.col("assessed_on"), pl.col("moved_on")
    is_order = pl.col("movement").is_in(ORDERED)
    begun = pl.coalesce("departed_on", "arrival_expected_on", "assessed_on") - LONGEST_JOURNEY
    placed = joined.with_columns(
        is_same_voyage().alias("_is_same_voyage"),
        pl.coalesce("moved_at", pl.col("moved_on").cast(pl.Datetime("us", "UTC"))).alias("_when"),
        pl.coalesce(
            "departed_on", pl.coalesce("arrival_expected_on", "assessed_on") - LONGEST_LEG
        ).alias("_sailed_on"),
    )  # fmt: skip
    known = (on.is_null() | is_order | (on <= day)) & day.is_not_null()
    # What bears no day belongs to this journey only if it says so.
    in_window = pl.coalesce(on >= begun, pl.col("_is_same_voyage")).fill_null(value=False)
    order = ["container_id", "_when", "movement", "place", "facility", "transport", "reference"]
    return (
        placed.filter(known & in_window)
        .with_columns(_end().alias("end"))
        .with_columns(pl.col("seal_numbers").list.join(";").alias("_seals"))
        .sort([*order, "_seals", "gross_mass_kg", "size_type_moved", "is_full_moved"], nulls_last=True)
    )  # fmt: skip


def _end() -> pl.Expr:
    """Return to which end of the journey a movement belongs: loading, between, discharge, or null for none."""
    place, on = pl.col("place"), pl.col("moved_on")
    kind = pl.col("movement")
    is_this_leg = (on >= pl.col("_sailed_on")).fill_null(value=True)
    is_other_voyage = ~pl.col("_is_same_voyage").fill_null(value=True)
    last_day = pl.coalesce("departed_on", "arrival_expected_on", "assessed_on") + ONE_DAY
    was_to_load = (on <= last_day).fill_null(value=True) | kind.is_in(ORDERED)
    has_sailed = on > pl.col("departed_on")
    nowhere = place.is_null() & ~is_other_voyage
    is_one_port = pl.col("port_of_loading") == pl.col("port_of_discharge")
    return (
        pl.when(is_one_port)
        .then(pl.lit(None, pl.String))
        .when((place == pl.col("port_of_loading")) & was_to_load)
        .then(pl.lit("loading"))
        .when(
            (place == pl.col("port_of_discharge"))
            & (is_this_leg | kind.is_in([*ORDERED, "released"]))
        )
        .then(pl.lit("discharge"))
        .when(pl.col("transhipment_ports").list.contains(place))
        .then(pl.lit("between"))
        .when(nowhere & kind.is_in(_AT_LOADING) & was_to_load)
        .then(pl.lit("loading"))
        .when(nowhere & kind.is_in(_AT_DISCHARGE) & is_this_leg)
        .then(pl.lit("discharge"))
        .when(nowhere & (kind == "gate_in") & (on <= pl.col("departed_on")))
        .then(pl.lit("loading"))
        .when(nowhere & kind.is_in(_AFTER_THE_LEG) & has_sailed)
        .then(pl.lit("discharge"))
    )


def _ends(boxes: pl.DataFrame, seen: pl.DataFrame) -> pl.DataFrame:
    """Return the events that frame each journey, as ``<event>_on``, ``<event>_at``; null where not reported."""
    dated = seen.filter(pl.col("_when").is_not_null())

    def at(end: str, kind: str) -> pl.DataFrame:
        return dated.filter((pl.col("end") == end) & (pl.col("movement") == kind))

    loaded = _moment(at("loading", "loaded"), "loaded", keep="last")
    gate_out = _moment(
        at("discharge", "gate_out"), "gate_out", keep="first", with_reference=True
    )
    discharged = _moment(at("discharge", "discharged"), "discharged", keep="first")
    gate_in = _last_not_after(at("loading", "gate_in"), "gate_in", loaded, "loaded")
    released = _last_not_after(at("discharge", "released"), "released", gate_out, "gate_out")
    ends = boxes.select("container_id")
    for moments in (gate_in, loaded, discharged, released, gate_out):
        ends = ends.join(moments, on="container_id", how="left", maintain_order="left")
    return ends.rename({"released_reference": "release_reference"})  # as the trade says it


def _moment(
    events: pl.DataFrame, name: str, *, keep: str, with_reference: bool = False
) -> pl.DataFrame:
    chosen = events.unique(
        "container_id", keep="first" if keep == "first" else "last", maintain_order=True
    )
    reference = [pl.col("reference").alias(f"{name}_reference")] if with_reference else []
    return chosen.select(
        "container_id",
        pl.col("moved_on").alias(f"{name}_on"),
        pl.col("moved_at").alias(f"{name}_at"),
        pl.col("place").alias(f"{name}_place"),
        pl.col("file").alias(f"{name}_file"),
        *reference,
    )


def _last_not_after(
    events: pl.DataFrame, name: str, anchors: pl.DataFrame, anchor: str
) -> pl.DataFrame:
    """Return, of several events, the last one not after another event; where all come after it, the first."""
    moments = events.select(
        "container_id",
        "_when",
        "reference",
        "place",
        "file",
        pl.col("moved_on").alias(f"{name}_on"),
        pl.col("moved_at").alias(f"{name}_at"),
    ).join(anchors, on="container_id", how="left", maintain_order="left")
    late = is_before(anchor, name).fill_null(value=False)
    moment = pl.col("_when").dt.epoch("us")
    chosen = (
        moments.with_columns(late.alias("_is_late"))
        .with_columns(pl.when("_is_late").then(moment).otherwise(-moment).alias("_nearest"))
        .sort("container_id", "_is_late", "_nearest", maintain_order=True)
        .unique("container_id", keep="first", maintain_order=True)
    )
    return chosen.select(
        "container_id",
        f"{name}_on",
        f"{name}_at",
        pl.col("place").alias(f"{name}_place"),
        pl.col("file").alias(f"{name}_file"),
        pl.col("reference").alias(f"{name}_reference"),
    )
