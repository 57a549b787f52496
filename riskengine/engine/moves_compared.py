"""What gates and quays reported of each manifested box, and where they say otherwise than the manifest.

Of several reports the one that differs speaks: a box that was light at one gate and heavy at the next was heavy.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.engine.differences import as_differences, masked
from riskengine.engine.journeys import happened, is_before
from riskengine.engine.plan_compared import in_words, mass_differences
from riskengine.features import reconciliation as ask

if TYPE_CHECKING:
    from riskengine.engine.journeys import Journeys

AFTER_THE_LAST: Final = timedelta(days=2)
"""How long after the last reported discharge of a voyage a box that was not reported is missed."""
MOST_REPORTED: Final = 0.5
"""The share of a voyage's boxes that has to be reported before one that is not is missed."""

_HANDLED: Final = (
    "gate_in", "load_ordered", "loaded", "discharge_ordered", "discharged", "gate_out",
)  # fmt: skip
_SECONDS_A_DAY: Final = 86_400.0


def moved_facts(boxes: pl.DataFrame, journeys: Journeys) -> pl.DataFrame:
    """Return what was reported of each box, in the words of the catalogue; null where nothing was."""
    own, ends = journeys.own, journeys.ends
    handled = _handled(own)
    done = happened(handled)
    parts = [
        _seals_at(done, pl.col("end") == "loading", "loading_seal_numbers"),
        _seals_at(done, _is_at("discharged"), "discharge_seal_numbers"),
        _seals_at(done, _is_at("gate_out"), "gate_out_seal_numbers"),
        _masses(done),
        _size_types(done),
        _full_states(done),
        own.group_by("container_id").agg(pl.len().cast(pl.Float64).alias("movement_count")),
        _rehandled(own),
        _not_discharged(boxes, ends),
    ]
    facts = ends.select(
        "container_id",
        *(f"{name}_on" for name in ("gate_in", "loaded", "discharged", "released", "gate_out")),
        "release_reference",
        "gate_out_reference",
        is_before("loaded", "gate_in").alias("_is_loaded_before_gate_in"),
        is_before("gate_out", "discharged").alias("_is_gate_out_before_discharge"),
        is_before("gate_out", "released").alias("_is_gate_out_before_release"),
        _days("gate_in", "loaded").alias("_days_in_yard"),
        _days("discharged", "gate_out").alias("_days_on_quay"),
    )
    for part in parts:
        facts = facts.join(part, on="container_id", how="left", maintain_order="left")
    return facts


def moved_differences(
    boxes: pl.DataFrame, journeys: Journeys, facts: pl.DataFrame
) -> list[pl.DataFrame]:
    """Return where a report differs from the manifest, or from an earlier report.

    Args:
        boxes: The manifested boxes.
        journeys: Their movements.
        facts: What ``moved_facts`` returned.
    """
    handled = _handled(journeys.own)
    told = {**_moment(), "file": pl.col("file")}
    mass = pl.col("gross_mass_kg")
    sizes = ask.is_size_type_unlike(pl.col("size_type"), pl.col("size_type_moved"))
    elsewhere = (
        (pl.col("movement") == "discharged")
        & pl.col("end").is_null()
        & pl.col("_is_same_voyage")
        & ask.is_port_unlike("port_of_discharge", pl.col("place"))
        & (pl.col("place") != pl.col("port_of_loading"))
    )
    source = pl.col("movement")
    return [
        mass_differences(handled, "gate_mass", source, mass, pl.col("file"), **_moment()),
        as_differences(
            handled.filter(sizes),
            "size_type",
            source,
            declared=pl.col("size_type"),
            found=pl.col("size_type_moved"),
            **told,
        ),
        as_differences(
            handled.filter(_speaks_of_fullness() & (pl.col("is_full") != pl.col("is_full_moved"))),
            "full_empty",
            source,
            declared=in_words(pl.col("is_full")),
            found=in_words(pl.col("is_full_moved")),
            **told,
        ),
        as_differences(
            journeys.seen.filter(elsewhere),
            "port_of_discharge",
            source,
            declared=pl.col("port_of_discharge"),
            found=pl.col("place"),
            **told,
        ),
        *_out_of_order(boxes, journeys.ends),
        as_differences(
            facts.filter("_is_not_discharged").join(
                boxes.select("container_id", "container_number", "port_of_discharge"),
                on="container_id",
            ),
            "not_discharged",
            "discharged",
            declared=pl.col("port_of_discharge"),
            found_on=pl.col("_last_discharged_on"),
            place=pl.col("port_of_discharge"),
        ),
    ]  # fmt: skip


def _out_of_order(boxes: pl.DataFrame, ends: pl.DataFrame) -> list[pl.DataFrame]:
    """Return events that happened before what has to come first, and a pick-up under another reference."""
    named = ends.join(boxes.select("container_id", "container_number"), on="container_id")
    pairs = (
        ("loaded_before_gate_in", "loaded", "gate_in"),
        ("gated_out_before_discharge", "gate_out", "discharged"),
        ("gated_out_unreleased", "gate_out", "released"),
    )
    found = [
        as_differences(
            named.filter(is_before(early, late)),
            kind,
            early,
            against=late,
            declared=_time(late, early),
            found=_time(early, late),
            declared_on=_day(late, early),
            **(_moment_of(early) | {"found_on": _day(early, late)}),
        )
        for kind, early, late in pairs
    ]
    other = pl.col("release_reference") != pl.col("gate_out_reference")
    reference = as_differences(
        named.filter(other),
        "release_reference",
        "gate_out",
        against="released",
        declared=masked("release_reference"),
        declared_on=pl.col("released_on"),
        found=masked("gate_out_reference"),
        **_moment_of("gate_out"),
    )
    return [*found, reference]


def _handled(own: pl.DataFrame) -> pl.DataFrame:
    """Return the reports of somebody who had the box in hand, or listed it; of a gate only on the way."""
    is_return = (pl.col("movement") == "gate_in") & (pl.col("end") == "discharge")
    is_fetched = (pl.col("movement") == "gate_out") & (pl.col("end") == "loading")
    return own.filter(pl.col("movement").is_in(_HANDLED) & ~is_return & ~is_fetched)


def _speaks_of_fullness() -> pl.Expr:
    # A full box that leaves empty was unloaded in the port, and one that leaves full was not.
    return (pl.col("movement") != "gate_out") | pl.col("is_full_moved")


def _is_at(kind: str) -> pl.Expr:
    return (pl.col("movement") == kind) & (pl.col("end") == "discharge")


def _seals_at(done: pl.DataFrame, where: pl.Expr, name: str) -> pl.DataFrame:
    """Return the seals read at one end of the journey: those that are not the declared ones, else the last."""
    unlike = ask.are_seals_unlike(pl.col("_declared_seal_list"), pl.col("seal_numbers"))
    return _speaking(done.filter(where & pl.col("seal_numbers").is_not_null()), unlike).select(
        "container_id", pl.col("seal_numbers").alias(name)
    )


def _masses(done: pl.DataFrame) -> pl.DataFrame:
    """Return the weighed mass that lies furthest from the declared one."""
    apart = (pl.col("gross_mass_kg") - pl.col("_declared_mass_kg")).abs().fill_null(0.0)
    return (
        done.filter(pl.col("gross_mass_kg").is_not_null())
        .with_columns(apart.alias("_apart"))
        .sort("container_id", "_apart", "gross_mass_kg")
        .unique("container_id", keep="last", maintain_order=True)
        .select("container_id", pl.col("gross_mass_kg").alias("gate_gross_mass_kg"))
    )


def _size_types(done: pl.DataFrame) -> pl.DataFrame:
    unlike = ask.is_size_type_unlike(pl.col("size_type"), pl.col("size_type_moved"))
    known = done.filter(pl.col("size_type_moved").is_not_null())
    return _speaking(known, unlike).select(
        "container_id", pl.col("size_type_moved").alias("gate_size_type")
    )


def _full_states(done: pl.DataFrame) -> pl.DataFrame:
    known = done.filter(_speaks_of_fullness() & pl.col("is_full_moved").is_not_null())
    return _speaking(known, pl.col("is_full") != pl.col("is_full_moved")).select(
        "container_id", pl.col("is_full_moved").alias("gate_is_full")
    )


def _speaking(known: pl.DataFrame, unlike: pl.Expr) -> pl.DataFrame:
    """Return one report a box: the last that differs from the manifest, or the last."""
    return (
        known.with_columns(unlike.fill_null(value=False).alias("_is_unlike"))
        .sort("container_id", "_is_unlike", maintain_order=True)
        .unique("container_id", keep="last", maintain_order=True)
    )


def _rehandled(own: pl.DataFrame) -> pl.DataFrame:
    """Return how often each box was moved in a yard; nothing where no feed tells such moves."""
    moved = pl.col("movement") == "moved"
    if own.filter(moved).is_empty():
        return pl.DataFrame(
            schema={"container_id": pl.Int32(), "_rehandling_count": pl.Float64()}
        )
    return own.group_by("container_id").agg(
        moved.sum().cast(pl.Float64).alias("_rehandling_count")
    )


def _not_discharged(boxes: pl.DataFrame, ends: pl.DataFrame) -> pl.DataFrame:
    """Tell of each box whether it is missed among the discharged ones of its voyage."""
    call = ["_voyage_id", "port_of_discharge"]
    each = boxes.select("container_id", "assessed_on", *call).join(
        ends.select("container_id", "discharged_on"), on="container_id"
    )
    reported = pl.col("discharged_on").is_not_null()
    last = pl.col("discharged_on").max().over(call)
    is_told = (reported.mean().over(call) >= MOST_REPORTED) & (
        last + AFTER_THE_LAST <= pl.col("assessed_on")
    )
    return each.select(
        "container_id",
        pl.when(reported)
        .then(statement=False)
        .when(is_told & pl.col("port_of_discharge").is_not_null())
        .then(statement=True)
        .alias("_is_not_discharged"),
        last.alias("_last_discharged_on"),
    )


def _days(first: str, second: str) -> pl.Expr:
    """Return the days from one event to another; null where either is unknown or they came the other way round."""
    by_minute = (
        pl.col(f"{second}_at") - pl.col(f"{first}_at")
    ).dt.total_seconds() / _SECONDS_A_DAY
    by_day = (pl.col(f"{second}_on") - pl.col(f"{first}_on")).dt.total_days()
    days = pl.coalesce(by_minute, by_day.cast(pl.Float64))
    return pl.when(days >= 0).then(days)


def _time(event: str, other: str) -> pl.Expr:
    """Return the time of day of an event, in UTC, where that of the other one is known too."""
    time = pl.col(f"{event}_at").dt.strftime("%H:%M UTC")
    return pl.when(pl.col(f"{other}_at").is_not_null()).then(time)


def _day(event: str, other: str) -> pl.Expr:
    """Return the day that goes with the time of day, in UTC; the local one where no time is told."""
    day = pl.col(f"{event}_on")
    in_utc = pl.coalesce(pl.col(f"{event}_at").dt.date(), day)
    return pl.when(pl.col(f"{other}_at").is_not_null()).then(in_utc).otherwise(day)


def _moment() -> dict[str, pl.Expr]:
    return {
        "found_on": pl.col("moved_on"),
        "found_at": pl.col("moved_at"),
        "place": pl.col("place"),
    }


def _moment_of(event: str) -> dict[str, pl.Expr]:
    return {
        "found_on": pl.col(f"{event}_on"),
        "found_at": pl.col(f"{event}_at"),
        "place": pl.col(f"{event}_place"),
        "file": pl.col(f"{event}_file"),
    }
