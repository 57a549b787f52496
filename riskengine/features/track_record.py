"""Indicators of the past: who and what has been seen before, what was found, and what is usual."""

from __future__ import annotations

import polars as pl

from riskengine.domain import Typology
from riskengine.features.field import Register
from riskengine.features.methods import NEW_TO_THE_TRADE, ODD_PACKAGES, ODD_PRICE, OTHER_SEAL

register = Register("history")
indicator = register.indicator


@indicator(typologies=NEW_TO_THE_TRADE)
def shipper_containers_before() -> pl.Expr:
    """Containers of this shipper that the unit saw before the assessment day.

    Zero is a first-time shipper. Null when no shipper is named, or the unit has no history yet.
    Source: common profiling practice.
    """
    return pl.col("_shipper_containers")


@indicator(typologies=NEW_TO_THE_TRADE)
def consignee_containers_before() -> pl.Expr:
    """Containers for this consignee that the unit saw before the assessment day.

    Zero is a first-time consignee. Null when no consignee is named, or there is no history yet.
    Source: common profiling practice.
    """
    return pl.col("_consignee_containers")


@indicator(typologies=NEW_TO_THE_TRADE)
def pair_containers_before() -> pl.Expr:
    """Containers that this shipper sent to this consignee before the assessment day.

    A known trader with a new partner deserves a look. Null when either is not named, or there is
    no history yet. Source: common profiling practice.
    """
    return pl.col("_pair_containers")


@indicator(typologies=(Typology.COLD_ROUTE,))
def lane_containers_before() -> pl.Expr:
    """Containers seen before between this port of loading and this port of discharge.

    Null when either port is unknown, or there is no history yet. Source: common profiling practice.
    """
    return pl.col("_lane_containers")


@indicator(typologies=(Typology.COLD_ROUTE,))
def lane_heading_containers_before() -> pl.Expr:
    """Containers of the same main heading seen before between these two ports.

    Zero is goods never seen on this lane. Null when a port or the heading is unknown, or there is
    no history yet. Source: common profiling practice.
    """
    return pl.col("_lane_heading_containers")


@indicator()
def container_sightings_before() -> pl.Expr:
    """How often the unit saw this container number before the assessment day.

    Null without a container number, or without history. Source: common profiling practice.
    """
    return pl.col("_container_containers")


@indicator(monotone=1, typologies=OTHER_SEAL)
def seal_sightings_before() -> pl.Expr:
    """How often one of the container's seals was seen before the assessment day.

    A seal is used once: a number that comes back points to a copied seal. Null when no seal is
    declared, or there is no history yet. Source: UNODC-WCO container programme practice.
    """
    return pl.col("_seal_containers")


def _days_since(kind: str) -> pl.Expr:
    return (pl.col("assessed_on") - pl.col(f"_{kind}_last_seen_on")).dt.total_days()


@indicator(unit="days", typologies=NEW_TO_THE_TRADE)
def days_since_shipper_seen() -> pl.Expr:
    """Days since the shipper was last seen.

    A long gap is a dormant trader that wakes up. Null when it was never seen, or is not named.
    Source: common profiling practice.
    """
    return _days_since("shipper")


@indicator(unit="days", typologies=NEW_TO_THE_TRADE)
def days_since_consignee_seen() -> pl.Expr:
    """Days since the consignee was last seen.

    A long gap is a dormant trader that wakes up. Null when it was never seen, or is not named.
    Source: common profiling practice.
    """
    return _days_since("consignee")


@indicator(unit="days", typologies=(Typology.CLONED_CONTAINER,))
def days_since_container_seen() -> pl.Expr:
    """Days since this container number was last seen.

    Too few days for the voyage point to two boxes with one number. Null when it was never seen.
    Source: common profiling practice.
    """
    return _days_since("container")


@indicator()
def shipper_containers_7d() -> pl.Expr:
    """Containers of this shipper in the seven days before the assessment day.

    Null when no shipper is named, or there is no history yet. Source: common profiling practice.
    """
    return pl.col("_shipper_containers_7d")


@indicator()
def consignee_containers_30d() -> pl.Expr:
    """Containers for this consignee in the thirty days before the assessment day.

    Null when no consignee is named, or there is no history yet. Source: common profiling practice.
    """
    return pl.col("_consignee_containers_30d")


@indicator(unit="containers a week")
def shipper_weekly_usual() -> pl.Expr:
    """Containers a week of this shipper in the twelve weeks that ended seven days ago.

    A younger shipper is measured over the weeks since it was first seen. Null when it was first
    seen in the last seven days, so that nothing is usual yet. Source: common profiling practice.
    """
    return pl.col("_shipper_weekly_usual")


@indicator(
    monotone=1,
    typologies=NEW_TO_THE_TRADE,
    companions=(("recent", "shipper_containers_7d"), ("usual", "shipper_weekly_usual")),
)
def shipper_ramp_ratio() -> pl.Expr:
    """The shipper's containers of the last seven days against its usual week.

    Small clean loads and then a jump is a known way to test a control. Null when nothing is usual
    yet, or the usual week is empty. Source: common profiling practice.
    """
    usual = shipper_weekly_usual()
    return pl.when(usual > 0).then(pl.col("_shipper_containers_7d") / usual)


def _examined(kind: str) -> tuple[tuple[str, str], ...]:
    return (("examined", f"_{kind}_examined"), ("found", f"_{kind}_found"))


@indicator(monotone=1, companions=_examined("shipper"))
def shipper_find_rate() -> pl.Expr:
    """Share of finds among the shipper's examined containers, drawn towards its country's rate.

    With few examinations its country weighs more, and that leans on all containers. Null when no shipper is named, or
    nothing was ever examined. Source: WCO, risk management compendium (feedback of results).
    """
    return pl.col("_shipper_find_rate")


@indicator(monotone=1, companions=_examined("consignee"))
def consignee_find_rate() -> pl.Expr:
    """Share of finds among the consignee's examined containers, drawn towards its country's rate.

    Null when no consignee is named, or nothing was ever examined.
    Source: WCO, risk management compendium (feedback of results).
    """
    return pl.col("_consignee_find_rate")


@indicator(monotone=1, companions=_examined("pair"))
def pair_find_rate() -> pl.Expr:
    """Share of finds among examined containers of this pair, drawn towards both parties' rates.

    Null when either is not named, or nothing was ever examined.
    Source: WCO, risk management compendium (feedback of results).
    """
    return pl.col("_pair_find_rate")


@indicator(monotone=1, companions=_examined("declarant"))
def declarant_find_rate() -> pl.Expr:
    """Share of finds among the declarant's examined containers, drawn towards the unit's own rate.

    Null when no declarant is named, or nothing was ever examined.
    Source: WCO, risk management compendium (feedback of results).
    """
    return pl.col("_declarant_find_rate")


@indicator(monotone=1, companions=_examined("hs6"))
def commodity_find_rate() -> pl.Expr:
    """Highest share of finds among the six-digit codes of the container's goods.

    Each is drawn towards its heading, that towards its chapter, that towards the unit's own rate.
    Null when no six-digit code is declared, or nothing was ever examined.
    Source: WCO, risk management compendium (feedback of results).
    """
    return pl.col("_hs6_find_rate")


@indicator(monotone=1, companions=_examined("heading"))
def heading_find_rate() -> pl.Expr:
    """Highest share of finds among the headings of the container's goods.

    Each is drawn towards its chapter, that towards the unit's own rate. Null when no heading is
    declared, or nothing was ever examined.
    Source: WCO, risk management compendium (feedback of results).
    """
    return pl.col("_heading_find_rate")


@indicator(monotone=1, companions=_examined("origin"))
def origin_find_rate() -> pl.Expr:
    """Highest share of finds among the countries of origin, drawn towards the unit's own rate.

    Null when no origin is declared, or nothing was ever examined.
    Source: WCO, risk management compendium (feedback of results).
    """
    return pl.col("_origin_find_rate")


@indicator(monotone=1, companions=_examined("lane"))
def lane_find_rate() -> pl.Expr:
    """Share of finds among examined containers of this lane, drawn towards the rates of both ports.

    Null when a port is unknown, or nothing was ever examined.
    Source: WCO, risk management compendium (feedback of results).
    """
    return pl.col("_lane_find_rate")


@indicator(monotone=1, companions=_examined("port_of_loading"))
def port_of_loading_find_rate() -> pl.Expr:
    """Share of finds among examined containers loaded there, drawn towards the unit's own rate.

    Null when the port is unknown, or nothing was ever examined.
    Source: WCO, risk management compendium (feedback of results).
    """
    return pl.col("_port_of_loading_find_rate")


@indicator(monotone=1, companions=_examined("port_of_discharge"))
def port_of_discharge_find_rate() -> pl.Expr:
    """Share of finds among examined containers discharged there, drawn towards the unit's own rate.

    Null when the port is unknown, or nothing was ever examined.
    Source: WCO, risk management compendium (feedback of results).
    """
    return pl.col("_port_of_discharge_find_rate")


def _deviation(measure: str) -> pl.Expr:
    return pl.col(f"_{measure}_distance")


def _usual(measure: str) -> tuple[tuple[str, str], ...]:
    return (
        ("declared", f"_{measure}_declared"),
        ("usual_low", f"_{measure}_usual_low"),
        ("usual_high", f"_{measure}_usual_high"),
        ("count", f"_{measure}_count"),
    )


@indicator(
    unit="standard deviations",
    typologies=ODD_PRICE,
    companions=_usual("value_per_kg_usd"),
)
def value_per_kg_deviation() -> pl.Expr:
    """How far the declared value per kg lies from what is usual in its heading.

    Counted in standard deviations of the logarithm: -2 is far below the usual price, 2 far above.
    Null below twenty earlier containers, for mixed loads, or when value or mass is undeclared.
    Source: WCO, undervaluation and misdescription practice.
    """
    return _deviation("value_per_kg_usd")


@indicator(
    unit="standard deviations",
    typologies=(Typology.CONCEALED_IN_LOAD, Typology.CLONED_CONTAINER),
    companions=_usual("gross_mass_kg"),
)
def gross_mass_deviation() -> pl.Expr:
    """How far the gross mass of the container lies from what is usual in its heading.

    Counted in standard deviations of the logarithm. Null below twenty earlier containers, for
    mixed loads, or when the mass is undeclared. Source: common profiling practice.
    """
    return _deviation("gross_mass_kg")


@indicator(
    unit="standard deviations",
    typologies=ODD_PACKAGES,
    companions=_usual("mass_per_package_kg"),
)
def mass_per_package_deviation() -> pl.Expr:
    """How far the mass of one package lies from what is usual in its heading.

    Cartons of bananas weigh what they weigh. Counted in standard deviations of the logarithm. Null
    below twenty earlier containers, for mixed loads, or when mass or packages are undeclared.
    Source: common profiling practice.
    """
    return _deviation("mass_per_package_kg")


@indicator(unit="standard deviations", companions=_usual("declared_quantity"))
def declared_quantity_deviation() -> pl.Expr:
    """How far the declared quantity lies from what is usual in its heading.

    Counted in standard deviations of the logarithm. Null below twenty earlier containers, for
    mixed loads, or when the quantity is undeclared. Source: common profiling practice.
    """
    return _deviation("declared_quantity")
