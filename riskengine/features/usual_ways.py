"""Indicators of usual ways: the tare of such a box, the cold of such goods, a trader's own goods, and how freight is paid."""

from __future__ import annotations

import polars as pl

from riskengine.domain import Typology
from riskengine.features.field import Register
from riskengine.features.methods import ODD_FREIGHT, ODD_PACKAGES, ODD_PRICE

register = Register("history")
indicator = register.indicator

_BOX = (Typology.CONTAINER_STRUCTURE, Typology.CLONED_CONTAINER)


def _usual(measure: str) -> tuple[tuple[str, str], ...]:
    names = ("declared", "usual_low", "usual_high", "count")
    return tuple((name, f"_{measure}_{name}") for name in names)


@indicator(
    unit="kg",
    typologies=_BOX,
    companions=(
        ("declared", "tare_mass_kg"),
        ("usual", "_tare_mass_kg_usual"),
        ("count", "_tare_mass_kg_count"),
    ),
)
def tare_difference_kg() -> pl.Expr:
    """By how much the declared tare lies above what is usual for boxes of this size and type.

    Tares of one type differ by a hundred kilograms or two; what was built into walls or floor weighs more. Null
    below twenty earlier containers, or when tare or type is undeclared. Source: UNODC-WCO container programme practice.
    """
    return pl.col("tare_mass_kg") - pl.col("_tare_mass_kg_usual")


@indicator(unit="standard deviations", typologies=_BOX, companions=_usual("tare_mass_kg"))
def tare_deviation() -> pl.Expr:
    """How far the declared tare lies from what is usual for boxes of this size and type.

    Counted in standard deviations of the logarithm, of five percent of the tare at least. Null below twenty earlier
    containers, or when tare or type is undeclared. Source: UNODC-WCO container programme practice.
    """
    return pl.col("_tare_mass_kg_distance")


@indicator(
    unit="°C",
    monotone=1,
    typologies=(Typology.REEFER_MACHINERY,),
    companions=(
        ("declared", "temperature_set_c"),
        ("usual", "_set_point_usual"),
        ("count", "_set_point_count"),
    ),
)
def set_point_distance_c() -> pl.Expr:
    """How many degrees the set point of the reefer lies from what is usual for such goods, above or below.

    Nobody spoils a load for nothing: far off, the goods are not what they are said to be, or do not matter. Null
    below twenty earlier reefers of the heading, for mixed loads, for other boxes, and without a set point.
    Source: carriers' reefer guides; UNODC-WCO practice.
    """
    return (pl.col("temperature_set_c") - pl.col("_set_point_usual")).abs()


@indicator(
    unit="standard deviations",
    typologies=ODD_PRICE,
    companions=_usual("shipper_heading_value_per_kg_usd"),
)
def value_per_kg_shipper_heading_deviation() -> pl.Expr:
    """How far the declared value per kg lies from what this shipper declares for such goods.

    Counted in standard deviations of the logarithm; with few containers the spread is drawn towards that of the
    heading. Null below five earlier ones of the shipper or twenty of the heading, for mixed loads, without a shipper,
    or when it is undeclared. Source: WCO, undervaluation and misdescription practice.
    """
    return pl.col("_shipper_heading_value_per_kg_usd_distance")


@indicator(
    unit="standard deviations",
    typologies=ODD_PACKAGES,
    companions=_usual("shipper_heading_mass_per_package_kg"),
)
def mass_per_package_shipper_heading_deviation() -> pl.Expr:
    """How far the mass of one package lies from that of this shipper's packages of such goods.

    Counted in standard deviations of the logarithm; with few containers the spread is drawn towards that of the
    heading. Null below five earlier ones of the shipper or twenty of the heading, for mixed loads, without a shipper,
    or when it is undeclared. Source: common profiling practice.
    """
    return pl.col("_shipper_heading_mass_per_package_kg_distance")


@indicator(
    unit="standard deviations",
    typologies=ODD_PRICE,
    companions=_usual("consignee_heading_value_per_kg_usd"),
)
def value_per_kg_consignee_heading_deviation() -> pl.Expr:
    """How far the declared value per kg lies from what this consignee pays for such goods.

    Counted in standard deviations of the logarithm; with few containers the spread is drawn towards that of the
    heading. Null below five earlier ones of the consignee or twenty of the heading, for mixed loads, without a
    consignee, or when it is undeclared. Source: WCO, undervaluation and misdescription practice.
    """
    return pl.col("_consignee_heading_value_per_kg_usd_distance")


@indicator(
    unit="standard deviations",
    typologies=ODD_PACKAGES,
    companions=_usual("consignee_heading_mass_per_package_kg"),
)
def mass_per_package_consignee_heading_deviation() -> pl.Expr:
    """How far the mass of one package lies from that of the packages of such goods this consignee receives.

    Counted in standard deviations of the logarithm; with few containers the spread is drawn towards that of the
    heading. Null below five earlier ones of the consignee or twenty of the heading, for mixed loads, without a
    consignee, or when it is undeclared. Source: common profiling practice.
    """
    return pl.col("_consignee_heading_mass_per_package_kg_distance")


@indicator(
    unit="standard deviations",
    scope="manifest",
    typologies=ODD_FREIGHT,
    companions=_usual("lane_freight_per_container_usd"),
)
def freight_lane_deviation() -> pl.Expr:
    """How far the freight of one container lies from what is usual on this lane.

    The freight of the bill is shared among its containers. Counted in standard deviations of the logarithm. Null
    below twenty earlier containers, for a box on several bills, or when freight or a port is undeclared.
    Source: FATF, trade-based money laundering indicators.
    """
    return pl.col("_lane_freight_per_container_usd_distance")


@indicator(
    unit="share",
    monotone=1,
    typologies=(Typology.CONCEALED_IN_LOAD, Typology.STOLEN_IDENTITY),
    companions=(("payment", "freight_payment"), ("count", "_payment_count")),
)
def freight_payment_other_share() -> pl.Expr:
    """Share of the earlier containers of these parties whose freight was paid the other way.

    One is a freight that is prepaid where it was always collected, or the reverse. Of a shipper and consignee with
    fewer than three earlier containers together, those of the shipper count. Null below three of these too, or when
    the payment is undeclared. Source: FATF, trade-based money laundering indicators.
    """
    return pl.col("_payment_other_share")
