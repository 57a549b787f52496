"""Indicators of the box and its seals: is it what it says, and does it suit what it carries."""

from __future__ import annotations

import polars as pl

from riskengine.codes import containers, size_types, stow_positions
from riskengine.domain import Typology
from riskengine.features.field import Register
from riskengine.features.goods_lists import holds_goods_of
from riskengine.features.methods import ADDED_LATER

register = Register("equipment")
indicator = register.indicator

_SET_POINTS = {
    "0201": (-2, 4), "0202": (-30, -12), "0203": (-30, 4), "0204": (-30, 4), "0206": (-30, 4),
    "0207": (-30, 4), "0302": (-2, 4), "0303": (-30, -15), "0304": (-30, 2), "0306": (-30, 4),
    "0307": (-30, 4), "0405": (-30, 8), "0406": (-25, 10), "0603": (0, 13), "0701": (2, 15),
    "0702": (6, 15), "0703": (-2, 20), "0709": (-1, 14), "0803": (12, 15), "0804": (4, 14),
    "0805": (0, 15), "0806": (-2, 4), "0807": (2, 15), "0808": (-2, 4), "0809": (-2, 5),
    "0810": (-2, 12), "2105": (-30, -15),
}  # fmt: skip
"""Set-points in degrees Celsius between which a reefer with goods of a heading is usually run.

Wide on purpose and from general knowledge of the trade; no carrier's guide was copied.
"""

_SUITED = {
    "tank": ("04", "15", "17", "20", "22", "25", "27", "28", "29", "31", "32", "33", "34", "35",
             "38", "39", "40"),
    "open_top": ("25", "26", "27", "40", "44", "47", "68", "69", "70", "72", "73", "74", "75",
                 "76", "78", "79", "80", "81", "84", "85", "86", "87", "88", "89", "93", "94"),
    "flat": ("25", "40", "44", "68", "72", "73", "74", "75", "76", "78", "79", "80", "81", "84",
             "85", "86", "87", "88", "89", "93"),
    "bulk": ("07", "09", "10", "11", "12", "17", "18", "23", "25", "26", "27", "28", "29", "31",
             "38", "39", "72"),
}  # fmt: skip
"""Chapters that travel in each special type of container; what is not listed is unusual there."""

_MARGIN_OVER_TARE = 1.10


@indicator(monotone=1, typologies=(Typology.CLONED_CONTAINER,))
def is_container_number_malformed() -> pl.Expr:
    """The number is not that of a container: three letters, U, J or Z, and seven digits.

    Null for loose cargo and where no number is declared. Source: ISO 6346.
    """
    number = pl.when(~pl.col("is_loose_cargo").fill_null(value=False)).then("container_number")
    return ~containers.has_number_shape(number)


@indicator(monotone=1, typologies=(Typology.CLONED_CONTAINER,))
def is_check_digit_wrong() -> pl.Expr:
    """The last digit of the container number is not the one that ISO 6346 computes.

    A slip of the pen, or an invented box. Null where the number has not the shape of one.
    Source: ISO 6346.
    """
    number = pl.when(~pl.col("is_loose_cargo").fill_null(value=False)).then("container_number")
    return ~containers.has_valid_check_digit(number)


@indicator(typologies=(Typology.REEFER_MACHINERY,))
def is_reefer() -> pl.Expr:
    """The container is a refrigerated one, whose machinery and walls have room to hide in.

    Null when the size and type is undeclared. Source: UNODC-WCO container programme practice.
    """
    return pl.col("container_family") == "reefer"


@indicator(monotone=1, typologies=(Typology.REEFER_MACHINERY,))
def is_reefer_with_dry_cargo() -> pl.Expr:
    """A refrigerated container carries goods that need no cold.

    Usual for repositioning, and a way to get an unused machinery compartment. False for
    any other container; null when the type, or the goods of a reefer, are undeclared.
    Source: UNODC-WCO container programme practice.
    """
    return (pl.col("container_family") == "reefer") & ~holds_goods_of("needs_cold")


@indicator(monotone=1, typologies=(Typology.REEFER_MACHINERY,))
def is_reefer_setpoint_odd() -> pl.Expr:
    """The temperature is set where such goods spoil: bananas are not frozen.

    Null when the temperature or the heading is undeclared, for mixed loads, and for headings
    without a usual set-point. Source: carriers' reefer guides; UNODC-WCO practice.
    """
    only = pl.when(pl.col("hs_headings").list.len() == 1).then(
        pl.col("hs_headings").list.first()
    )
    low = only.replace_strict(
        {code: float(low) for code, (low, _) in _SET_POINTS.items()},
        default=None,
        return_dtype=pl.Float64,
    )
    high = only.replace_strict(
        {code: float(high) for code, (_, high) in _SET_POINTS.items()},
        default=None,
        return_dtype=pl.Float64,
    )
    temperature = pl.col("temperature_set_c")
    return (temperature < low) | (temperature > high)


@indicator(unit="kg", monotone=1, typologies=(Typology.CONTAINER_STRUCTURE,))
def tare_over_highest_usual_kg() -> pl.Expr:
    """By how much the declared tare lies above the highest usual one of boxes of this family and length.

    Below zero is usual; what was built into walls or floor weighs too, and so does a generator set. Null when the
    tare is undeclared, or no usual one of such boxes is known. Source: carriers' container specifications.
    """
    return pl.col("tare_mass_kg") - size_types.highest_tare_kg(pl.col("size_type"))


@indicator(monotone=1, typologies=(Typology.RIP_ON_RIP_OFF, Typology.VESSEL_SIDE_LOADING))
def is_stow_position_reachable() -> pl.Expr:
    """The declared place on board is on deck, in one of the lowest two tiers, where a person can reach the doors.

    The hold and the tiers above are out of reach without tackle. Null when no place is declared, or not as bay, row
    and tier. Source: ISO 9711; UNODC-WCO container programme practice.
    """
    return stow_positions.is_reachable(pl.col("stow_position"))


@indicator(typologies=(Typology.CONTAINER_STRUCTURE,))
def is_unusual_type_for_goods() -> pl.Expr:
    """A tank, open top, flat or bulk container carries goods that do not travel in one.

    Null when the type or the goods are undeclared.
    Source: common profiling practice.
    """
    chapters, family = pl.col("hs_chapters"), pl.col("container_family")
    unsuited = pl.lit(value=False)
    for special, suited in _SUITED.items():
        is_none_suited = chapters.list.set_intersection(list(suited)).list.len() == 0
        unsuited = unsuited | ((family == special) & is_none_suited)
    known = chapters.is_not_null() & family.is_not_null()
    return pl.when(known).then(unsuited)


@indicator(monotone=1, typologies=(Typology.CONTAINER_STRUCTURE,))
def is_empty_too_heavy() -> pl.Expr:
    """The container is declared empty and weighs more than its tare by a tenth, or holds goods mass.

    False for a full container. Null when it is not declared full or empty, or an empty one's mass
    or tare is unknown. Source: UNODC-WCO container programme practice.
    """
    weighed = pl.coalesce("verified_gross_mass_kg", "container_gross_mass_kg")
    is_heavy = weighed > pl.col("tare_mass_kg") * _MARGIN_OVER_TARE
    has_goods = pl.col("gross_mass_kg") > 0
    return (
        pl.when(pl.col("is_full"))
        .then(statement=False)
        .when(~pl.col("is_full"))
        .then(pl.when(has_goods).then(statement=True).otherwise(is_heavy))
    )


@indicator(scope="manifest", monotone=1, typologies=(Typology.RIP_ON_RIP_OFF,))
def is_seal_missing() -> pl.Expr:
    """No seal is declared for a full container, on a manifest that does declare seals.

    False for an empty container. Null when it is not declared full or empty, and on manifests
    without any seal: then the feed is silent, not the container.
    Source: UNODC-WCO container programme practice.
    """
    is_bare = pl.col("is_full") & pl.col("seal_numbers").is_null()
    asked = pl.col("_are_seals_declared") & ~pl.col("is_loose_cargo").fill_null(value=False)
    return pl.when(asked).then(is_bare)


@indicator()
def seal_count() -> pl.Expr:
    """Seals declared for the container.

    Null when none is declared. Source: common profiling practice.
    """
    return pl.col("seal_numbers").list.len().cast(pl.Int64)


@indicator(
    scope="manifest",
    monotone=1,
    typologies=(Typology.RIP_ON_RIP_OFF, Typology.TRANSHIPMENT_CONTAMINATION),
)
def is_seal_repeated() -> pl.Expr:
    """One of the seals stands on another container of the same manifest too.

    A seal number is unique; a second one is a copy or a careless clerk. Other containers of the
    manifest are looked at. Null when no seal is declared. Source: common profiling practice.
    """
    return pl.col("_boxes_with_its_seal") > 1


@indicator(typologies=(Typology.SWITCHED_BILL, Typology.SPLIT_CONSIGNMENTS))
def is_container_on_several_bills() -> pl.Expr:
    """The container stands on more than one bill of lading.

    Usual for groupage; otherwise two owners share a box. Null when no bill names it.
    Source: common profiling practice.
    """
    return pl.col("_bill_count") > 1


@indicator(unit="share", typologies=ADDED_LATER)
def verified_mass_difference_share() -> pl.Expr:
    """By how much the verified mass lies above what was declared, as a share of the declared mass.

    What was declared is the mass of the box as a whole or else that of its goods and its tare.
    Null when either is unknown. Source: SOLAS verified gross mass.
    """
    declared = pl.coalesce(
        "container_gross_mass_kg", pl.col("gross_mass_kg") + pl.col("tare_mass_kg")
    )
    verified = pl.col("verified_gross_mass_kg")
    return pl.when(declared > 0).then((verified - declared) / declared)
