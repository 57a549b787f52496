"""Which reports of gates and quays are of the journey that is assessed, and no past of the box."""

from __future__ import annotations

from typing import Final

import polars as pl

from riskengine.engine.clone_signs import is_ashore_at_sea
from riskengine.engine.journeys import LONGEST_JOURNEY

_GATES: Final = ("gate_in", "gate_out")
_OWN: Final = (
    "vessel_name",
    "vessel_imo",
    "voyage_number",
    "port_of_loading",
    "departed_on",
    "arrival_expected_on",
    "is_full",
)


def without_own_journey(chapters: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Return what is known of boxes without what was reported of the journey itself.

    Of the journey is what names its ship and voyage; and from the gate-in on with which it began, or else from the
    day the ship left, whatever names no other ship. It began with the last gate before the ship left, where that was a
    gate-in at the port of loading, as full or empty as the box is declared. What was reported ashore while the ship was
    at sea stays: it cannot be of this journey.

    Args:
        chapters: Of the ledger, with ``asked``.
        now: What ``box_facts.questions_of`` returned.
    """
    own = now.select("asked", pl.col(_OWN).name.suffix("_own"))
    placed = (
        chapters.with_row_index("_row")
        .filter(pl.col("kind") == "movement")
        .join(own, on="asked", maintain_order="left")
    )
    framed = placed.join(_begun(placed), on="asked", how="left", maintain_order="left")
    is_on_the_way = pl.any_horizontal(
        (pl.col("moved_on") >= pl.col(day)).fill_null(value=False)
        for day in ("begun_on", "departed_on_own")
    )
    names_it, names_other = _names_this_voyage(), _names_other_ship()
    at_sea = is_ashore_at_sea("departed_on_own", "arrival_expected_on_own")
    is_own = (names_it | (is_on_the_way & ~names_other)) & ~at_sea.fill_null(value=False)
    return (
        chapters.with_row_index("_row")
        .join(framed.filter(is_own), on="_row", how="anti", maintain_order="left")
        .drop("_row")
    )


def _begun(placed: pl.DataFrame) -> pl.DataFrame:
    """Return the day of the gate-in with which each journey began, where it was reported (``asked, begun_on``)."""
    left = pl.coalesce("departed_on_own", "arrival_expected_on_own")
    gates = placed.filter(
        pl.col("movement").is_in(_GATES),
        pl.col("moved_on") <= left,
        pl.col("moved_on") >= left - LONGEST_JOURNEY,
    )
    is_there = (pl.col("place") == pl.col("port_of_loading_own")).fill_null(value=True)
    is_alike = (pl.col("is_full") == pl.col("is_full_own")).fill_null(value=True)
    return (
        gates.unique("asked", keep="last", maintain_order=True)
        .filter(pl.col("movement") == "gate_in", is_there, is_alike)
        .select("asked", pl.col("moved_on").alias("begun_on"))
    )


def _names_this_voyage() -> pl.Expr:
    is_voyage = _same("voyage_number").fill_null(value=False)
    return is_voyage & ~_names_other_ship()


def _names_other_ship() -> pl.Expr:
    """Tell whether a report names a ship, and not this one: by number or by name, for one may be lacking."""
    imo, name = _same("vessel_imo"), _same("vessel_name")
    is_this = imo.fill_null(value=False) | name.fill_null(value=False)
    return (imo.is_not_null() | name.is_not_null()) & ~is_this


def _same(name: str) -> pl.Expr:
    said, own = (
        pl.col(column).str.strip_chars().str.to_uppercase() for column in (name, f"{name}_own")
    )
    return said == own
