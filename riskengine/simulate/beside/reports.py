"""Events as the lines of reports: who sends them when, and by whose clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from riskengine.simulate.beside.shown import habits
from riskengine.simulate.beside.timeline import DAY
from riskengine.simulate.dice import dice

if TYPE_CHECKING:
    from riskengine.simulate.columns import Indices, Mask, Numbers
    from riskengine.simulate.draft import Draft
    from riskengine.simulate.settings import Settings

COLUMNS = (
    "container_number",
    "size_type",
    "movement",
    "moved_at",
    "moved_on",
    "movement_place",
    "movement_facility",
    "movement_is_full",
    "movement_seal_numbers",
    "movement_gross_mass_kg",
    "movement_transport",
    "movement_reference",
    "vessel_name",
    "vessel_imo",
    "voyage_number",
)
STAGES = ("loading", "discharge", "after")
_DISCHARGE_DAYS = 3
_AFTER_DAYS = 30
_WRONG_ZONE = 0.03
_WRONG_DAY = 0.002
_WRONG_SIZE = 0.001
_LENGTHS = {"22G1": "42G1", "42G1": "22G1", "45G1": "25G1", "22R1": "42R1", "45R1": "25R1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One kind of event of all boxes.

    Attributes:
        kind: What happened.
        at: When, in minutes.
        place: The port, by code.
        is_told: Of which boxes it is reported.
        seals: The seals that were read.
        mass: What was weighed; not a number where nothing was.
        transport: The truck.
        reference: The code of a release or a pick-up.
        facility: Where in the port.
        is_empty_now: Whether the box is empty by then.
        names_ship: Of which boxes the report names this ship and voyage.
    """

    kind: str
    at: Indices
    place: pl.Series
    is_told: Mask
    seals: pl.Series | None = None
    mass: Numbers | None = None
    transport: pl.Series | None = None
    reference: pl.Series | None = None
    facility: str | None = None
    is_empty_now: bool = False
    names_ship: Mask | None = None


def as_reports(
    settings: Settings, draft: Draft, calls: pl.DataFrame, events: list[Event]
) -> pl.DataFrame:
    """Return what is reported, by call, stage, time and box."""
    lines = pl.concat(
        [_lines(settings, draft, number, event) for number, event in enumerate(events)]
    )
    own = draft.bills.group_by("call_id").agg(
        pl.col("presented_on").max(), pl.col("arrival_expected_on").first()
    )
    heads = calls.select("call_id", "vessel_name", "vessel_imo", "voyage_number").join(
        own, on="call_id", how="inner", maintain_order="left"
    )
    arrives = pl.col("arrival_expected_on")
    discharge, after = (
        arrives.dt.offset_by(f"{days}d") for days in (_DISCHARGE_DAYS, _AFTER_DAYS)
    )
    happened = pl.col("_happened_on")
    first = happened < pl.col("presented_on")
    stage = pl.when(first).then(0).when(happened <= discharge).then(1).otherwise(2)
    received = pl.when(first).then("presented_on").when(happened <= discharge).then(discharge)
    ship = ("vessel_name", "vessel_imo", "voyage_number")
    return (
        lines.join(heads, on="call_id", how="left", maintain_order="left")
        .filter(happened <= after)
        .with_columns(
            stage.alias("_stage"),
            received.otherwise(after).alias("received_on"),
            *(pl.when("_names_ship").then(name).alias(name) for name in ship),
        )
        .sort("call_id", "_stage", "_at", "box_id", maintain_order=True)
        .with_columns(
            pl.col("_stage").replace_strict(dict(enumerate(STAGES)), return_dtype=pl.String).alias("stage")
        )
        .select("call_id", "stage", "received_on", *COLUMNS)
    )  # fmt: skip


def _lines(settings: Settings, draft: Draft, number: int, event: Event) -> pl.DataFrame:
    """Return the reports of one kind of event, with the errors of its clock and its clerks."""
    rng = dice(settings.seed, f"clocks/{number}")
    size = draft.boxes.height
    port = habits(settings, event.place.to_numpy())
    mistakes = settings.mistake_strength
    zone = np.where(rng.random(size) < _WRONG_ZONE * mistakes, port.zone_minutes, 0)
    day = np.where(rng.random(size) < _WRONG_DAY * mistakes, DAY, 0)
    told_at = event.at + zone + day
    wrong_size = pl.Series(rng.random(size) < _WRONG_SIZE * mistakes)
    sizes = draft.boxes["size_type"]
    full = draft.boxes["is_full"]
    nothing = pl.lit(None, dtype=pl.String)

    def given(values: pl.Series | None) -> pl.Expr:
        return nothing if values is None else pl.lit(values)

    mass = np.full(size, np.nan) if event.mass is None else event.mass
    names_ship = (
        np.zeros(size, dtype=np.bool_) if event.names_ship is None else event.names_ship
    )
    return draft.boxes.select(
        "box_id",
        "call_id",
        pl.lit(pl.Series(told_at)).alias("_at"),
        pl.lit(pl.Series((event.at // DAY).astype(np.int32)).cast(pl.Date)).alias("_happened_on"),
        pl.lit(pl.Series(names_ship)).alias("_names_ship"),
        "container_number",
        pl.when(wrong_size)
        .then(pl.lit(sizes.replace_strict(_LENGTHS, default=None, return_dtype=pl.String)))
        .otherwise("size_type")
        .alias("size_type"),
        pl.lit(event.kind).alias("movement"),
        pl.lit(pl.Series(told_at * 60_000_000).cast(pl.Datetime("us", "UTC"))).alias("moved_at"),
        pl.lit(pl.Series((told_at // DAY).astype(np.int32)).cast(pl.Date)).alias("moved_on"),
        pl.lit(event.place).alias("movement_place"),
        pl.lit(event.facility, dtype=pl.String).alias("movement_facility"),
        pl.lit(full & (not event.is_empty_now)).alias("movement_is_full"),
        pl.when(pl.lit(full) & (not event.is_empty_now)).then(given(event.seals)).alias("movement_seal_numbers"),
        pl.lit(pl.Series(mass, nan_to_null=True)).alias("movement_gross_mass_kg"),
        given(event.transport).alias("movement_transport"),
        given(event.reference).alias("movement_reference"),
    ).filter(pl.Series(event.is_told))  # fmt: skip
