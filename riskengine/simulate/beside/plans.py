"""Stow plans: what the ship says that it carries for each port, made by others than the manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from riskengine.codes import containers
from riskengine.simulate.beside.shown import shown
from riskengine.simulate.columns import put
from riskengine.simulate.dice import dice

if TYPE_CHECKING:
    from riskengine.simulate.draft import Draft
    from riskengine.simulate.settings import Settings

COLUMNS = (
    "vessel_name",
    "vessel_imo",
    "voyage_number",
    "container_number",
    "size_type",
    "is_full",
    "verified_gross_mass_kg",
    "port_of_loading",
    "port_of_discharge",
    "stow_position",
)
_BEYOND = 0.003
_RELAY_NAMED = 0.6
_OTHER_PORTS = ["NLRTM", "BEANR", "ESALG", "ESVLC", "MAPTM", "PAMIT"]
_OTHER_SIZES = {
    "22G1": "42G1",
    "42G1": "22G1",
    "45G1": "22G1",
    "22R1": "45R1",
    "45R1": "45G1",
    "45U1": "45G1",
}


def make_plans(settings: Settings, draft: Draft, calls: pl.DataFrame) -> pl.DataFrame:
    """Return the boxes on the plan of each call: ``call_id``, ``received_on`` and the columns of a plan.

    A plan is made by the ship's planner from the booking lists: it agrees with the manifest but for what was restowed
    or typed wrongly, for boxes that a later manifest brings, and for what somebody wants it to hide.
    """
    rng = dice(settings.seed, "plans")
    own = draft.bills.select("transhipment_ports")[draft.boxes["bill_id"].to_list()]
    size = draft.boxes.height
    relay = own["transhipment_ports"].str.split(";").list.last()
    boxes = draft.boxes.with_columns(
        pl.coalesce(
            "verified_gross_mass_kg", (pl.col("container_gross_mass_kg") / 10).round(0) * 10
        ).alias("verified_gross_mass_kg"),
        pl.when(pl.Series(rng.random(size) < _RELAY_NAMED) & relay.is_not_null())
        .then(relay)
        .otherwise("port_of_loading")
        .alias("port_of_loading"),
        _positions(rng, draft),
    )
    other = pl.Series(_OTHER_PORTS).gather(rng.integers(len(_OTHER_PORTS), size=size))
    more = pl.Series(np.round(rng.uniform(60, 220, size)) * 10)
    sizes = boxes["size_type"].replace_strict(
        _OTHER_SIZES, default=None, return_dtype=pl.String
    )
    changes = {
        "plan_other_number": {"container_number": _numbers(rng, size)},
        "plan_other_port_of_discharge": {"port_of_discharge": other},
        "plan_other_port_of_loading": {"port_of_loading": other.reverse()},
        "plan_other_size": {"size_type": sizes},
        "plan_mass_up": {"verified_gross_mass_kg": boxes["verified_gross_mass_kg"] + more},
    }
    for sign, values in changes.items():
        boxes = put(boxes, shown(settings, draft, sign), **values)
    on_deck = pl.col("stow_position").str.head(5) + "82"
    boxes = put(boxes, shown(settings, draft, "plan_on_deck"), stow_position=on_deck)
    heads = calls.select(
        "call_id", "vessel_name", "vessel_imo", "voyage_number", _received_on(draft)
    )
    return (
        pl.concat(
            [boxes.filter(pl.Series(~shown(settings, draft, "plan_without_it"))), _beyond(settings, boxes)]
        )
        .join(heads, on="call_id", how="left", maintain_order="left")
        .sort("call_id", "box_id", maintain_order=True)
        .select("call_id", "received_on", *COLUMNS)
    )  # fmt: skip


def _positions(rng: np.random.Generator, draft: Draft) -> pl.Series:
    """Name a place for each box: the manifest's, where it says one."""
    size = draft.boxes.height
    places = (
        pl.Series(rng.integers(1, 24, size) * 2 * 10_000 + rng.integers(0, 14, size) * 100)
        + pl.Series(rng.integers(1, 9, size) * 2)
    )  # fmt: skip
    drawn = places.cast(pl.String).str.zfill(7)
    return pl.select(pl.coalesce(pl.lit(draft.boxes["stow_position"]), pl.lit(drawn))).to_series(
    ).alias("stow_position")  # fmt: skip


def _numbers(rng: np.random.Generator, size: int) -> pl.Series:
    """Invent numbers of boxes that sail on no manifest; the check digits are right."""
    owner = pl.Series(["QPLU", "VXRU", "WNTU"]).gather(rng.integers(3, size=size))
    bare = pl.DataFrame(
        {"number": owner + pl.Series(rng.integers(10**5, 10**6, size)).cast(pl.String)}
    )
    return bare.select(
        pl.col("number")
        + containers.expected_check_digit(pl.col("number") + "0").cast(pl.String)
    ).to_series()


def _beyond(settings: Settings, boxes: pl.DataFrame) -> pl.DataFrame:
    """Return boxes on the plan that another manifest of the ship will bring: no manifest of ours names them."""
    rng = dice(settings.seed, "plans/beyond")
    chance = min(1.0, _BEYOND * settings.mistake_strength)
    extra = boxes.filter(pl.Series(rng.random(boxes.height) < chance))
    return extra.with_columns(_numbers(rng, extra.height).alias("container_number"))


def _received_on(draft: Draft) -> pl.Expr:
    """Return the day after the ship left, and never a day after the manifest was presented."""
    presented = dict(
        draft.bills.group_by("call_id").agg(pl.col("presented_on").max()).iter_rows()
    )
    last = pl.col("call_id").replace_strict(presented, default=None, return_dtype=pl.Date)
    return pl.min_horizontal(pl.col("departed_on").dt.offset_by("1d"), last).alias(
        "received_on"
    )
