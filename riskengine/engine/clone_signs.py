"""Signs that two boxes bear one number: what one box could not have been, borne or done.

Each sign sets two things that are known of a number side by side. What could be one load on two ships, under two
bills or in two versions of a manifest is no sign; nor is what cannot be told because a day or a port is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.codes import ports
from riskengine.features.box_past import GRACE_DAYS, is_size_type_other, is_tare_other

if TYPE_CHECKING:
    from collections.abc import Mapping

FASTEST_KM_A_DAY: Final = 1200.0
"""27 knots day and night along a great circle, with no day in a terminal: no box has gone faster by sea."""

SIGNS: Final[Mapping[str, pl.DataType]] = {
    "asked": pl.Int64(),
    "code": pl.String(),
    "earlier_on": pl.Date(),
    "earlier_place": pl.String(),
    "later_on": pl.Date(),
    "later_place": pl.String(),
    "before": pl.String(),  # what it was, or which ship, seal or number
    "now": pl.String(),
    "days": pl.Int64(),
    "km": pl.Float64(),
}
"""One sign: what was known before, and what is said now."""

_ASHORE: Final = ("gate_in", "gate_out", "stuffed", "stripped", "inspected", "released")
_COMPARED: Final = (
    "on", "bill_of_lading", "vessel_name", "vessel_imo", "voyage_number", "port_of_loading",
    "transhipment_ports", "port_of_discharge", "departed_on", "arrival_expected_on", "shipper_name",
    "consignee_name", "size_type", "tare_mass_kg", "is_full", "seal_numbers",
)  # fmt: skip


def voyage_pairs(now: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Set each voyage beside every earlier one of the same box, and say what of the two cannot both be.

    Args:
        now: ``asked`` and what a chapter says of a voyage, one row a question.
        before: Chapters, with ``asked``; those that are no voyages are left aside.

    Returns:
        ``asked``; of both voyages what was compared, the later under its name and the earlier as ``<name>_before``;
        and ``overlap_days, is_overlapping, km_between, days_lacking, seals_again``, each null where it cannot be told.
    """
    earlier = before.filter(pl.col("kind") == "voyage").select(
        "asked", pl.col(_COMPARED).name.suffix("_before")
    )
    pairs = now.select("asked", *_COMPARED).join(
        earlier, on="asked", maintain_order="left_right"
    )
    is_other_load = ~_is_one_load()
    return (
        pairs.with_columns(_in_time_order())
        .with_columns(
            # A paper may come late: the voyage that ended first is the first, whichever was known first.
            ports.distance_km(pl.col("_first_place"), pl.col("_second_place")).alias("km_between"),
            (
                pl.min_horizontal("arrival_expected_on", "arrival_expected_on_before")
                - pl.max_horizontal("departed_on", "departed_on_before")
            )
            .dt.total_days()
            .alias("overlap_days"),
            (pl.col("_second_left_on") - pl.col("_first_came_on"))
            .dt.total_days()
            .alias("_days_between"),
        )
        .with_columns(
            _known(
                (pl.col("overlap_days") > GRACE_DAYS) & is_other_load & ~_is_one_ship(),
                "departed_on", "departed_on_before", "arrival_expected_on", "arrival_expected_on_before",
            ).alias("is_overlapping"),
            pl.when(is_other_load & ~_is_one_ship())
            .then(pl.col("km_between") / FASTEST_KM_A_DAY - pl.col("_days_between"))
            .alias("days_lacking"),
            pl.when(is_other_load & _are_parties_other())
            .then(pl.col("seal_numbers").list.set_intersection("seal_numbers_before"))
            .alias("seals_again"),
        )
        .drop("_first_place", "_second_place", "_first_came_on", "_second_left_on", "_days_between")
    )  # fmt: skip


def signs_of_voyages(pairs: pl.DataFrame) -> pl.DataFrame:
    """Return the signs that pairs of voyages show, of each kind the one nearest in time (``SIGNS``)."""
    second_on = pl.coalesce("arrival_expected_on", "departed_on", "on")
    first_on = pl.coalesce("arrival_expected_on_before", "departed_on_before", "on_before")
    places = {
        "earlier_on": first_on,
        "earlier_place": pl.coalesce("port_of_discharge_before", "port_of_loading_before"),
        "later_on": second_on,
        "later_place": pl.coalesce("port_of_discharge", "port_of_loading"),
    }
    ships = {"before": _ship("_before"), "now": _ship("")}
    found = [
        _signs(
            pairs.filter("is_overlapping"),
            "voyages_overlap",
            places | ships | {"days": pl.col("overlap_days")},
        ),
        _signs(
            pairs.filter(pl.col("days_lacking") > GRACE_DAYS),
            "too_fast",
            places
            | ships
            | {"days": pl.col("days_lacking").ceil(), "km": pl.col("km_between")}
            | {"later_on": pl.col("departed_on"), "later_place": pl.col("port_of_loading")},
        ),
        _signs(
            _latest(pairs, "size_type").filter(is_size_type_other("size_type", "size_type_before")),
            "size_type_changed",
            places | {"before": pl.col("size_type_before"), "now": pl.col("size_type")},
        ),
        _signs(
            _latest(pairs, "tare_mass_kg").filter(
                is_tare_other("tare_mass_kg", "tare_mass_kg_before")
            ),
            "tare_changed",
            places
            | {
                "before": _whole_kg("tare_mass_kg_before"),
                "now": _whole_kg("tare_mass_kg"),
            },
        ),
        _signs(
            pairs.filter(pl.col("seals_again").list.len() > 0),
            "seal_again",
            places | {"before": pl.col("seals_again").list.sort().list.join(", ")},
        ),
    ]  # fmt: skip
    return pl.concat(found)


def signs_of_movements(now: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Return where a box was reported ashore while the voyage says that it was at sea (``SIGNS``).

    Between the last port and this one nobody can open a gate for it. A day of grace is left at either end.
    """
    moved = before.filter(pl.col("kind") == "movement").select(
        "asked", "moved_on", "place", "facility", "movement"
    )
    met = (
        now.select("asked", *_COMPARED)
        .join(moved, on="asked", maintain_order="left_right")
        .filter(is_ashore_at_sea("departed_on", "arrival_expected_on"))
    )
    return _signs(
        met,
        "ashore_while_at_sea",
        {
            "earlier_on": pl.col("moved_on"),
            "earlier_place": pl.coalesce("place", "facility"),
            "later_on": pl.col("arrival_expected_on"),
            "later_place": pl.coalesce("port_of_discharge", "port_of_loading"),
            "before": pl.col("movement"),
            "now": _ship(""),
        },
    )


def is_ashore_at_sea(departed_on: str, arrival_expected_on: str) -> pl.Expr:
    """Tell whether a movement is one ashore, at a time when the ship was at sea; null where days are missing."""
    grace = pl.duration(days=GRACE_DAYS)
    return (
        pl.col("movement").is_in(_ASHORE)
        & (pl.col("moved_on") >= pl.col(departed_on) + grace)
        & (pl.col("moved_on") <= pl.col(arrival_expected_on) - grace)
    )


def signs_between_movements(before: pl.DataFrame) -> pl.DataFrame:
    """Return where a box was reported at two places with too few days between them (``SIGNS``)."""
    moved = before.filter(
        (pl.col("kind") == "movement") & pl.col("moved_on").is_not_null() & ports.is_listed(pl.col("place"))
    ).sort("asked", "moved_on", "moved_at", "place")  # fmt: skip
    steps = moved.with_columns(
        pl.col("moved_on", "place", "movement").shift(1).over("asked").name.suffix("_before")
    ).with_columns(
        ports.distance_km(pl.col("place_before"), pl.col("place")).alias("km"),
        (pl.col("moved_on") - pl.col("moved_on_before")).dt.total_days().alias("taken"),
    )
    # A report names a day: two days that follow each other may be two hours or forty-eight apart.
    lacking = pl.col("km") / FASTEST_KM_A_DAY - (pl.col("taken") + 1)
    return _signs(
        steps.filter(lacking > 0),
        "moved_too_fast",
        {
            "earlier_on": pl.col("moved_on_before"),
            "earlier_place": pl.col("place_before"),
            "later_on": pl.col("moved_on"),
            "later_place": pl.col("place"),
            "before": pl.col("movement_before"),
            "now": pl.col("movement"),
            "days": pl.col("taken"),
            "km": pl.col("km"),
        },
    )


def _in_time_order() -> list[pl.Expr]:
    """Name where the voyage that ended first left the box, and where and when the second took it."""
    came, came_before = pl.col("arrival_expected_on"), pl.col("arrival_expected_on_before")
    is_now_first = pl.coalesce(came, "departed_on") < pl.coalesce(
        came_before, "departed_on_before"
    )
    return [
        pl.when(is_now_first).then("port_of_discharge").otherwise("port_of_discharge_before").alias("_first_place"),
        pl.when(is_now_first).then("port_of_loading_before").otherwise("port_of_loading").alias("_second_place"),
        pl.when(is_now_first).then(came).otherwise(came_before).alias("_first_came_on"),
        pl.when(is_now_first).then("departed_on_before").otherwise("departed_on").alias("_second_left_on"),
    ]  # fmt: skip


def _is_one_load() -> pl.Expr:
    """Tell whether the two may be one load that went on: on its bill, for its parties, or by this port.

    A load that is transhipped stands on two manifests, often under two bills. Where parties are not named, the
    same port of loading makes it one: it is not told apart.
    """
    bills = pl.col("bill_of_lading").str.split("+")
    shared = bills.list.set_intersection(pl.col("bill_of_lading_before").str.split("+"))
    has_bill = shared.list.eval(pl.element() != "").list.any()
    is_one_port = pl.col("port_of_loading") == pl.col("port_of_loading_before")
    are_unnamed = ~(
        pl.col("shipper_name").is_not_null() & pl.col("shipper_name_before").is_not_null()
    ) & ~(
        pl.col("consignee_name").is_not_null() & pl.col("consignee_name_before").is_not_null()
    )
    goes_on = pl.col("transhipment_ports").list.contains(pl.col("port_of_discharge_before"))
    went_on = pl.col("transhipment_ports_before").list.contains(pl.col("port_of_discharge"))
    return pl.any_horizontal(
        condition.fill_null(value=False)
        for condition in (
            has_bill,
            ~_are_parties_other() & ~are_unnamed,
            are_unnamed & is_one_port,
            goes_on,
            went_on,
        )
    )  # fmt: skip


def _are_parties_other() -> pl.Expr:
    """Tell whether shipper or consignee is another one, where both voyages name it."""
    return pl.any_horizontal(
        (pl.col(name) != pl.col(f"{name}_before")).fill_null(value=False)
        for name in ("shipper_name", "consignee_name")
    )


def _is_one_ship() -> pl.Expr:
    """Tell whether the two voyages name one ship, by number or by name: one may lack the number."""
    return pl.any_horizontal(
        (pl.col(name) == pl.col(f"{name}_before")).fill_null(value=False)
        for name in ("vessel_imo", "vessel_name")
    )


def _latest(pairs: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return of each question the pair with the last earlier voyage that says something of a field."""
    return (
        pairs.filter(pl.col(f"{name}_before").is_not_null())
        .sort("asked", "on_before", maintain_order=True)
        .unique("asked", keep="last", maintain_order=True)
    )


def _known(condition: pl.Expr, *needed: str) -> pl.Expr:
    return pl.when(pl.all_horizontal(pl.col(name).is_not_null() for name in needed)).then(
        condition
    )


def _ship(suffix: str) -> pl.Expr:
    return pl.concat_str(
        pl.coalesce(f"vessel_name{suffix}", f"vessel_imo{suffix}"),
        f"voyage_number{suffix}",
        separator=" ",
        ignore_nulls=True,
    )


def _whole_kg(name: str) -> pl.Expr:
    return pl.col(name).round(0).cast(pl.Int64).cast(pl.String)


def _signs(frame: pl.DataFrame, code: str, says: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """Return one sign a question, of each kind the one nearest in time."""
    drawn = frame.select(
        "asked", pl.lit(code).alias("code"), *(expr.alias(n) for n, expr in says.items())
    )
    whole = drawn.select(
        (pl.col(name) if name in drawn.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in SIGNS.items()
    )
    return whole.sort(whole.columns, nulls_last=False).unique(
        "asked", keep="last", maintain_order=True
    )  # fmt: skip
