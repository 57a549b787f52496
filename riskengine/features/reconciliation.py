"""Indicators of what others say of the box: the stow plan, the gates, the quay.

Each compares a declared fact with one from beside the manifest (`beside.RECONCILIATION`). What was not received is
not known, and nothing that is not known differs.
"""

from __future__ import annotations

import polars as pl

from riskengine.codes import size_types, stow_positions
from riskengine.domain import Typology
from riskengine.features.asked import any_asked
from riskengine.features.field import Register
from riskengine.features.methods import ADDED_LATER, ADDED_ON_THE_WAY

register = Register("reconciliation")
indicator = register.indicator

MASS_SHARE = 0.05
"""By how much two masses of one box may differ: the tolerance that several flags publish for the verified gross mass."""
MASS_KG = 500.0
"""What scales, dunnage and fuel of a reefer's generator make of it whatever the mass; the same publications name it."""
OVER_TARE = 1.10
"""By how much an empty box may exceed its tare: rust, ice, old floors; as for a mass on the manifest itself."""

_BOX_SWAPPED = (Typology.CLONED_CONTAINER, Typology.CONTAINER_STRUCTURE)
_OPENED = (Typology.RIP_ON_RIP_OFF, Typology.TRANSHIPMENT_CONTAMINATION)


def declared_mass() -> pl.Expr:
    """Return the declared mass of box and goods: of the whole, or of both parts, or as verified."""
    return pl.coalesce(
        "container_gross_mass_kg",
        pl.col("gross_mass_kg") + pl.col("tare_mass_kg"),
        "verified_gross_mass_kg",
    )


def highest_tare() -> pl.Expr:
    """Return the declared tare, or the highest usual one of such a box."""
    return pl.coalesce("tare_mass_kg", size_types.highest_tare_kg(pl.col("size_type")))


def is_mass_unlike(declared: pl.Expr, found: pl.Expr) -> pl.Expr:
    """Tell whether two masses differ by more than 5 % and by more than 500 kg; null where one is unknown.

    >>> masses = pl.DataFrame({"declared": [26000.0, 26000.0, 2000.0, None], "found": [27200.0, 27400.0, 2400.0, 1.0]})
    >>> masses.select(is_mass_unlike(pl.col("declared"), pl.col("found"))).to_series().to_list()
    [False, True, False, None]
    """
    apart = (found - declared).abs()
    return (apart > MASS_KG) & (apart > declared * MASS_SHARE)


def is_size_type_unlike(declared: pl.Expr, found: pl.Expr) -> pl.Expr:
    """Tell whether two codes name boxes of another length or family; null where one cannot be read.

    Codes of one length and family differ in height and fittings, which clerks confuse daily.

    >>> codes = pl.DataFrame({"declared": ["45R1", "45R1", "22G1", None], "found": ["45G1", "42R1", "45G1", "22G1"]})
    >>> codes.select(is_size_type_unlike(pl.col("declared"), pl.col("found"))).to_series().to_list()
    [True, False, True, None]
    """
    families = size_types.size_type_family(declared) != size_types.size_type_family(found)
    return families | (size_types.length_feet(declared) != size_types.length_feet(found))


def is_port_unlike(declared: str, found: pl.Expr) -> pl.Expr:
    """Tell whether a port is neither the declared one nor one where the goods change ships."""
    between = pl.col("transhipment_ports").list.contains(found).fill_null(value=False)
    return (pl.col(declared) != found) & ~between


def are_seals_unlike(declared: pl.Expr, found: pl.Expr) -> pl.Expr:
    """Tell whether none of some seals is among others; null where either list is unknown.

    >>> seals = pl.DataFrame({"a": [["X1"], ["X1", "X2"], None], "b": [["X2"], ["X2"], ["X2"]]})
    >>> seals.select(are_seals_unlike(pl.col("a"), pl.col("b"))).to_series().to_list()
    [True, False, None]
    """
    known = declared.is_not_null() & found.is_not_null()
    return pl.when(known).then(declared.list.set_intersection(found).list.len() == 0)


@indicator(monotone=1, typologies=(Typology.VESSEL_SIDE_LOADING, Typology.CLONED_CONTAINER))
def is_absent_from_stow_plan() -> pl.Expr:
    """The container is manifested, and the ship's stow plan has no place for it.

    Null without a stow plan, without a container number, and where the plan names no box that was loaded
    where this one was: then it may be older than the loading.
    Source: WCO SAFE Framework (stow plan beside the manifest).
    """
    return ~pl.col("is_on_stow_plan")


@indicator(
    monotone=1,
    typologies=(Typology.SWITCHED_BILL, Typology.VESSEL_SIDE_LOADING, Typology.COLD_ROUTE),
    companions=(("declared", "port_of_discharge"), ("found", "planned_port_of_discharge")),
)
def is_port_of_discharge_unlike_stow_plan() -> pl.Expr:
    """The stow plan discharges the container in another port than the bill.

    A port where the bill has the goods change ships counts as declared. Null when the box is not on a plan or
    either names no port. Source: WCO SAFE Framework (stow plan beside the manifest).
    """
    return is_port_unlike("port_of_discharge", pl.col("planned_port_of_discharge"))


@indicator(
    monotone=1,
    typologies=(Typology.SWITCHED_BILL, Typology.COLD_ROUTE),
    companions=(("declared", "port_of_loading"), ("found", "planned_port_of_loading")),
)
def is_port_of_loading_unlike_stow_plan() -> pl.Expr:
    """The stow plan has the container loaded in another port than the bill.

    A port where the bill has the goods change ships counts as declared. Null when the box is not on a plan or
    either names no port. Source: WCO SAFE Framework (stow plan beside the manifest).
    """
    return is_port_unlike("port_of_loading", pl.col("planned_port_of_loading"))


@indicator(
    monotone=1,
    typologies=_BOX_SWAPPED,
    companions=(("declared", "size_type"), ("found", "planned_size_type")),
)
def is_size_type_unlike_stow_plan() -> pl.Expr:
    """The stow plan has a box of another length or family under this number.

    Null when either does not say. Source: common profiling practice.
    """
    return is_size_type_unlike(pl.col("size_type"), pl.col("planned_size_type"))


@indicator(
    monotone=1,
    typologies=_BOX_SWAPPED,
    companions=(("declared", "size_type"), ("found", "gate_size_type")),
)
def is_size_type_unlike_gate() -> pl.Expr:
    """A gate or the quay saw a box of another length or family under this number.

    Null when none said. Source: common profiling practice.
    """
    return is_size_type_unlike(pl.col("size_type"), pl.col("gate_size_type"))


@indicator(
    monotone=1,
    typologies=(Typology.RIP_ON_RIP_OFF, Typology.VESSEL_SIDE_LOADING),
    companions=(("place", "planned_stow_position"),),
)
def is_planned_stow_position_reachable() -> pl.Expr:
    """The stow plan has the box on deck, in one of the lowest two tiers, where a person can reach the doors.

    The hold and the tiers above are out of reach without tackle. Null when the box is not on a plan, or its place is
    not written as bay, row and tier. Source: ISO 9711; UNODC-WCO container programme practice.
    """
    return stow_positions.is_reachable(pl.col("planned_stow_position"))


@indicator(monotone=1, typologies=(Typology.CONTAINER_STRUCTURE, Typology.VESSEL_SIDE_LOADING))
def is_full_state_unlike_stow_plan() -> pl.Expr:
    """The container is declared full and planned empty, or the reverse.

    Null when either does not say. Source: WCO SAFE Framework (stow plan beside the manifest).
    """
    return pl.col("is_full") != pl.col("planned_is_full")


@indicator(monotone=1, typologies=(Typology.CONTAINER_STRUCTURE, Typology.RELEASE_CODE_FRAUD))
def is_full_state_unlike_gate() -> pl.Expr:
    """The container is declared full and was reported empty at a gate or the quay, or the reverse.

    A full box that leaves the port empty was unloaded there, and is no difference. Null when none said.
    Source: common profiling practice.
    """
    return pl.col("is_full") != pl.col("gate_is_full")


@indicator(
    unit="share",
    typologies=ADDED_LATER,
    companions=(("declared", "_declared_mass_kg"), ("found", "planned_gross_mass_kg")),
)
def stow_plan_mass_difference_share() -> pl.Expr:
    """By how much the mass on the stow plan lies above the declared one, as a share of it.

    Declared is the mass of the box as a whole, or that of goods and tare. Null when either is unknown.
    Source: SOLAS verified gross mass.
    """
    return _share_above(pl.col("planned_gross_mass_kg"))


@indicator(
    unit="share",
    typologies=ADDED_ON_THE_WAY,
    companions=(("declared", "_declared_mass_kg"), ("found", "gate_gross_mass_kg")),
)
def gate_mass_difference_share() -> pl.Expr:
    """By how much the mass last weighed at a gate or a crane lies above the declared one, as a share of it.

    Null when it was not weighed or no mass is declared. Source: SOLAS verified gross mass.
    """
    return _share_above(pl.col("gate_gross_mass_kg"))


@indicator(
    monotone=1,
    typologies=(Typology.CONTAINER_STRUCTURE,),
    companions=(("found", "_weighed_mass_kg"), ("declared", "_highest_tare_kg")),
)
def is_empty_weighed_too_heavy() -> pl.Expr:
    """The container is declared empty, and the ship, a gate or a crane has it a tenth heavier than its tare.

    Where no tare is declared the highest usual one of such boxes is taken. False for a full container.
    Null when it is not declared full or empty, or nobody weighed it.
    Source: UNODC-WCO container programme practice.
    """
    is_heavy = pl.col("_weighed_mass_kg") > pl.col("_highest_tare_kg") * OVER_TARE
    return (
        pl.when(pl.col("is_full")).then(statement=False).when(~pl.col("is_full")).then(is_heavy)
    )


@indicator(
    monotone=1,
    typologies=(*_OPENED, Typology.CLONED_CONTAINER, Typology.INLAND_CONTAMINATION),
    companions=(("declared", "seal_numbers"), ("found", "loading_seal_numbers")),
)
def is_seal_unlike_at_loading() -> pl.Expr:
    """None of the declared seals was on the container when it came to the port of loading or aboard.

    Null when no seal is declared, or none was read there. Source: common profiling practice.
    """
    return are_seals_unlike(pl.col("_declared_seal_list"), pl.col("loading_seal_numbers"))


@indicator(
    monotone=1,
    typologies=(*_OPENED, Typology.CLONED_CONTAINER),
    companions=(("declared", "seal_numbers"), ("found", "_arrival_seals")),
)
def is_seal_unlike_at_discharge() -> pl.Expr:
    """None of the declared seals was on the container when it was discharged or left the port.

    Null when no seal is declared, or none was read there. Source: Europol, Criminal networks in EU ports.
    """
    return any_asked(
        are_seals_unlike(pl.col("_declared_seal_list"), pl.col("discharge_seal_numbers")),
        are_seals_unlike(pl.col("_declared_seal_list"), pl.col("gate_out_seal_numbers")),
    )


@indicator(
    monotone=1,
    typologies=_OPENED,
    companions=(("before", "_seals_before"), ("after", "_seals_after")),
)
def is_seal_changed_between_movements() -> pl.Expr:
    """A seal that was read at one movement was no longer there at a later one.

    A seal that was added is no change. Null when seals were read at fewer than two movements.
    Source: common profiling practice.
    """
    return pl.col("_is_seal_changed")


@indicator(
    monotone=1,
    typologies=(Typology.CLONED_CONTAINER,),
    companions=(("before", "_seen_before"), ("after", "_seen_after")),
)
def is_itinerary_impossible() -> pl.Expr:
    """The number was reported in two places between which no ship or truck is fast enough, or ashore while at sea.

    At sea 40 knots are allowed, on land 120 km/h, over great circles. Null when fewer than two dated movements
    in known ports can be compared. Source: common profiling practice.
    """
    return pl.col("_is_itinerary_impossible")


@indicator(monotone=1, typologies=(Typology.VESSEL_SIDE_LOADING, Typology.CLONED_CONTAINER))
def is_loaded_before_gate_in() -> pl.Expr:
    """The container was loaded before it came through the gate of the port of loading.

    Null when either was not reported. Source: common profiling practice.
    """
    return pl.col("_is_loaded_before_gate_in")


@indicator(monotone=1, typologies=(Typology.RELEASE_CODE_FRAUD, Typology.CLONED_CONTAINER))
def is_gate_out_before_discharge() -> pl.Expr:
    """A container of this number left the port of discharge before this one was discharged.

    Null when either was not reported. Source: common profiling practice.
    """
    return pl.col("_is_gate_out_before_discharge")


@indicator(
    monotone=1,
    typologies=(Typology.RELEASE_CODE_FRAUD,),
    companions=(("released", "released_on"), ("left", "gate_out_on")),
)
def is_gate_out_before_release() -> pl.Expr:
    """The container left the port before it was released.

    Null when either was not reported. Source: Europol, Criminal networks in EU ports.
    """
    return pl.col("_is_gate_out_before_release")


@indicator(monotone=1, typologies=(Typology.RELEASE_CODE_FRAUD,))
def is_pick_up_reference_unlike_release() -> pl.Expr:
    """The container left with another reference than the one it was released under.

    Null when either was not reported. Source: Europol, Criminal networks in EU ports.
    """
    return pl.col("release_reference") != pl.col("gate_out_reference")


@indicator(
    scope="manifest", monotone=1, typologies=(Typology.CLONED_CONTAINER, Typology.HIJACK_AFTER_GATE_OUT)
)  # fmt: skip
def is_not_reported_discharged() -> pl.Expr:
    """Most containers of the voyage were reported discharged days ago, and this one was not.

    Null as long as fewer than half of them were reported, or the last of them lately. Other containers of
    the manifest are looked at. Source: common profiling practice.
    """
    return pl.col("_is_not_discharged")


@indicator(unit="days", typologies=(Typology.RIP_ON_RIP_OFF, Typology.INLAND_CONTAMINATION))
def days_in_yard_before_loading() -> pl.Expr:
    """Days from the gate of the port of loading to the ship: very few and very many are both unusual.

    Null when either was not reported. Source: common profiling practice.
    """
    return pl.col("_days_in_yard")


@indicator(unit="days", typologies=(Typology.RELEASE_CODE_FRAUD, Typology.RIP_ON_RIP_OFF))
def days_between_discharge_and_gate_out() -> pl.Expr:
    """Days from discharge until the container left the port.

    Null when either was not reported. Source: common profiling practice.
    """
    return pl.col("_days_on_quay")


@indicator(scope="manifest", monotone=1, typologies=_OPENED)
def rehandling_count() -> pl.Expr:
    """How often the container was moved within a port, beside gate and ship.

    Null where no such move of any container was reported: then nobody reports them.
    Source: common profiling practice.
    """
    return pl.col("_rehandling_count").cast(pl.Int64)


def _share_above(found: pl.Expr) -> pl.Expr:
    declared = pl.col("_declared_mass_kg")
    return pl.when(declared > 0).then((found - declared) / declared)
