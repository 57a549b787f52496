"""Indicators of what is usual: who and what was seen how often, how fast it grows, and what lies beside habit."""

from __future__ import annotations

import polars as pl

from riskengine.domain import Typology
from riskengine.features.field import Register
from riskengine.features.methods import NEW_TO_THE_TRADE, ODD_PACKAGES, ODD_PRICE, OTHER_SEAL

register = Register("history")
indicator = register.indicator


@indicator(typologies=NEW_TO_THE_TRADE)
def declarant_containers_before() -> pl.Expr:
    """Containers seen before of this declarant.

    Zero is a declarant nobody knows. Null when no declarant is named, or such keys have no history
    yet. Source: common profiling practice.
    """
    return pl.col("_declarant_containers")


@indicator(typologies=(Typology.STOLEN_IDENTITY,))
def forwarder_containers_before() -> pl.Expr:
    """Containers seen before of this forwarder.

    Zero is a forwarder nobody knows. Null when no forwarder is named, or such keys have no history
    yet. Source: common profiling practice.
    """
    return pl.col("_forwarder_containers")


@indicator()
def vessel_containers_before() -> pl.Expr:
    """Containers seen before of this ship.

    Zero is a ship that calls for the first time. Null when the ship is unknown, or such keys have
    no history yet. Source: common profiling practice.
    """
    return pl.col("_vessel_containers")


@indicator(typologies=(Typology.COLD_ROUTE,))
def place_of_delivery_containers_before() -> pl.Expr:
    """Containers seen before for this place of delivery.

    Zero is a place nobody had goods sent to. Null when the place is undeclared, or such keys have
    no history yet. Source: common profiling practice.
    """
    return pl.col("_place_of_delivery_containers")


@indicator(typologies=NEW_TO_THE_TRADE)
def shipper_heading_containers_before() -> pl.Expr:
    """Containers seen before of this shipper with such goods.

    Zero is a shipper with goods it never sent. Null when the shipper or the heading is unknown, or
    such keys have no history yet. Source: common profiling practice.
    """
    return pl.col("_shipper_heading_containers")


@indicator(typologies=NEW_TO_THE_TRADE)
def consignee_heading_containers_before() -> pl.Expr:
    """Containers seen before of this consignee with such goods.

    Zero is a trader that changes its trade. Null when the consignee or the heading is unknown, or
    such keys have no history yet. Source: common profiling practice.
    """
    return pl.col("_consignee_heading_containers")


@indicator(typologies=(Typology.COLD_ROUTE,))
def shipper_lane_containers_before() -> pl.Expr:
    """Containers seen before of this shipper on this lane.

    Zero is a shipper that takes another way. Null when the shipper or a port is unknown, or such
    keys have no history yet. Source: common profiling practice.
    """
    return pl.col("_shipper_lane_containers")


@indicator(typologies=(Typology.COLD_ROUTE,))
def consignee_lane_containers_before() -> pl.Expr:
    """Containers seen before of this consignee on this lane.

    Zero is a consignee whose goods take another way. Null when the consignee or a port is unknown,
    or such keys have no history yet. Source: common profiling practice.
    """
    return pl.col("_consignee_lane_containers")


@indicator(typologies=(Typology.STOLEN_IDENTITY,))
def declarant_consignee_containers_before() -> pl.Expr:
    """Containers seen before of this declarant for this consignee.

    Zero is a consignee with another declarant than before. Null when either is not named, or such
    keys have no history yet. Source: common profiling practice.
    """
    return pl.col("_declarant_consignee_containers")


@indicator()
def commodity_containers_before() -> pl.Expr:
    """Containers seen before with the rarest HS code of the goods.

    The rarest of its codes counts. Null when no six-digit code is declared, or such keys have no
    history yet. Source: common profiling practice.
    """
    return pl.col("_hs6_containers_least")


@indicator(typologies=(Typology.COLD_ROUTE,))
def origin_heading_containers_before() -> pl.Expr:
    """Containers seen before with the rarest pair of heading and origin.

    Zero is goods that never came from there; the rarest counts. Null when heading or origin is
    undeclared, or such keys have no history yet. Source: common profiling practice.
    """
    return pl.col("_origin_heading_containers_least")


@indicator(typologies=OTHER_SEAL)
def seal_series_containers_before() -> pl.Expr:
    """Containers seen before with seals of the rarest series.

    Zero is a lot of seals never used on this trade; the rarest counts. Null when no seal with a
    number is declared, or such keys have no history yet. Source: common profiling practice.
    """
    return pl.col("_seal_series_containers_least")


@indicator(typologies=(Typology.CONCEALED_IN_LOAD,))
def profile_containers_before() -> pl.Expr:
    """Containers seen before whose cargo was declared word for word like this one.

    Loads of a trade vary by a few kilograms: the very same figures point to a copied declaration.
    Null when no code, or neither mass nor packages are declared, or such keys have no history yet.
    Source: common profiling practice.
    """
    return pl.col("_profile_containers")


def _days_since(kind: str) -> pl.Expr:
    return (pl.col("assessed_on") - pl.col(f"_{kind}_last_seen_on")).dt.total_days()


@indicator(
    unit="days",
    typologies=NEW_TO_THE_TRADE,
)
def days_since_pair_seen() -> pl.Expr:
    """Days since the last container of this pair of shipper and consignee was seen.

    Null when it was never seen, or either is not named. Source: common profiling practice.
    """
    return _days_since("pair")


@indicator(unit="days", typologies=(Typology.STOLEN_IDENTITY,))
def days_since_declarant_seen() -> pl.Expr:
    """Days since the last container of this declarant was seen.

    Null when it was never seen, or no declarant is named. Source: common profiling practice.
    """
    return _days_since("declarant")


@indicator(unit="days", typologies=(Typology.COLD_ROUTE,))
def days_since_lane_heading_seen() -> pl.Expr:
    """Days since the last container of this main heading on this lane was seen.

    Null when it was never seen, or a port or the heading is unknown. Source: common profiling practice.
    """
    return _days_since("lane_heading")


@indicator(unit="days", typologies=(Typology.CONCEALED_IN_LOAD,))
def days_since_profile_seen() -> pl.Expr:
    """Days since the last cargo declared word for word like this one was seen.

    Null when it was never seen, or no code, or neither mass nor packages are declared. Source: common profiling practice.
    """
    return _days_since("profile")


def _ramp(kind: str) -> pl.Expr:
    usual = pl.col(f"_{kind}_weekly_usual")
    return pl.when(usual > 0).then(pl.col(f"_{kind}_containers_7d") / usual)


def _week(kind: str) -> tuple[tuple[str, str], ...]:
    return (("recent", f"_{kind}_containers_7d"), ("usual", f"_{kind}_weekly_usual"))


@indicator(
    monotone=1,
    typologies=NEW_TO_THE_TRADE,
    companions=_week("consignee"),
)
def consignee_ramp_ratio() -> pl.Expr:
    """Containers of this consignee in the last seven days against its usual week.

    The usual week is that of the twelve that ended seven days ago. Null when nothing is usual yet,
    or no consignee is named. Source: common profiling practice.
    """
    return _ramp("consignee")


@indicator(monotone=1, typologies=(Typology.STOLEN_IDENTITY,), companions=_week("declarant"))
def declarant_ramp_ratio() -> pl.Expr:
    """Containers of this declarant in the last seven days against its usual week.

    The usual week is that of the twelve that ended seven days ago. Null when nothing is usual yet,
    or no declarant is named. Source: common profiling practice.
    """
    return _ramp("declarant")


@indicator(monotone=1, typologies=(Typology.COLD_ROUTE,), companions=_week("lane"))
def lane_ramp_ratio() -> pl.Expr:
    """Containers of this lane in the last seven days against its usual week.

    The usual week is that of the twelve that ended seven days ago. Null when nothing is usual yet,
    or a port is unknown. Source: common profiling practice.
    """
    return _ramp("lane")


@indicator(monotone=1, typologies=(Typology.COLD_ROUTE,), companions=_week("lane_heading"))
def lane_heading_ramp_ratio() -> pl.Expr:
    """Containers of this main heading on this lane in the last seven days against its usual week.

    The usual week is that of the twelve that ended seven days ago. Null when nothing is usual yet,
    or a port or the heading is unknown. Source: common profiling practice.
    """
    return _ramp("lane_heading")


def _share(part: str, whole: str) -> pl.Expr:
    of_all = pl.col(f"_{whole}_containers")
    return pl.when(of_all > 0).then(pl.col(f"_{part}_containers") / of_all)


@indicator(typologies=(Typology.STOLEN_IDENTITY,), companions=(("all", "_shipper_containers"),))
def shipper_share_to_consignee() -> pl.Expr:
    """Share of the shipper's earlier containers that went to this consignee.

    A shipper whose goods all go to one place, or that sends them elsewhere for once. Null when
    either is not named, or the shipper was never seen. Source: common profiling practice.
    """
    return _share("pair", "shipper")


@indicator(typologies=(Typology.COLD_ROUTE,), companions=(("all", "_lane_containers"),))
def lane_share_of_heading() -> pl.Expr:
    """Share of the lane's earlier containers that held goods of the main heading.

    Goods that hardly ever take this way are worth a look. Null when a port or the heading is
    unknown, or the lane was never seen. Source: common profiling practice.
    """
    return _share("lane_heading", "lane")


@indicator(
    typologies=NEW_TO_THE_TRADE,
    companions=(("all", "_consignee_containers"),),
)
def consignee_share_of_heading() -> pl.Expr:
    """Share of the consignee's earlier containers that held goods of the main heading.

    A trader in tiles that imports fruit for once. Null when the consignee or the heading is
    unknown, or the consignee was never seen. Source: common profiling practice.
    """
    return _share("consignee_heading", "consignee")


@indicator(typologies=(Typology.COLD_ROUTE,), companions=(("all", "_consignee_containers"),))
def consignee_share_by_lane() -> pl.Expr:
    """Share of the consignee's earlier containers that came by this lane.

    Goods that take another way than the consignee's usual one. Null when the consignee or a port is
    unknown, or the consignee was never seen. Source: common profiling practice.
    """
    return _share("consignee_lane", "consignee")


def _usual(measure: str) -> tuple[tuple[str, str], ...]:
    names = ("declared", "usual_low", "usual_high", "count")
    return tuple((name, f"_{measure}_{name}") for name in names)


@indicator(
    unit="standard deviations",
    typologies=ODD_PRICE,
    companions=_usual("lane_value_per_kg_usd"),
)
def value_per_kg_lane_deviation() -> pl.Expr:
    """How far the declared value per kg lies from what is usual for such goods on this lane.

    Counted in standard deviations of the logarithm. Null below twenty earlier containers, for mixed
    loads, or when it is undeclared. Source: common profiling practice.
    """
    return pl.col("_lane_value_per_kg_usd_distance")


@indicator(
    unit="standard deviations",
    typologies=(
        Typology.CONCEALED_IN_LOAD,
        Typology.CLONED_CONTAINER,
    ),
    companions=_usual("lane_gross_mass_kg"),
)
def gross_mass_lane_deviation() -> pl.Expr:
    """How far the gross mass of the container lies from what is usual for such goods on this lane.

    Counted in standard deviations of the logarithm. Null below twenty earlier containers, for mixed
    loads, or when it is undeclared. Source: common profiling practice.
    """
    return pl.col("_lane_gross_mass_kg_distance")


@indicator(
    unit="standard deviations",
    typologies=ODD_PACKAGES,
    companions=_usual("lane_mass_per_package_kg"),
)
def mass_per_package_lane_deviation() -> pl.Expr:
    """How far the mass of one package lies from what is usual for such goods on this lane.

    Counted in standard deviations of the logarithm. Null below twenty earlier containers, for mixed
    loads, or when it is undeclared. Source: common profiling practice.
    """
    return pl.col("_lane_mass_per_package_kg_distance")


@indicator(
    unit="standard deviations",
    typologies=ODD_PRICE,
    companions=_usual("shipper_value_per_kg_usd"),
)
def value_per_kg_shipper_deviation() -> pl.Expr:
    """How far the declared value per kg lies from what this shipper usually declares.

    Counted in standard deviations of the logarithm. Null below twenty earlier containers, without a
    shipper, or when it is undeclared. Source: common profiling practice.
    """
    return pl.col("_shipper_value_per_kg_usd_distance")


@indicator(
    unit="standard deviations",
    typologies=(
        Typology.CONCEALED_IN_LOAD,
        Typology.CLONED_CONTAINER,
    ),
    companions=_usual("shipper_gross_mass_kg"),
)
def gross_mass_shipper_deviation() -> pl.Expr:
    """How far the gross mass of the container lies from what this shipper usually declares.

    Counted in standard deviations of the logarithm. Null below twenty earlier containers, without a
    shipper, or when it is undeclared. Source: common profiling practice.
    """
    return pl.col("_shipper_gross_mass_kg_distance")


@indicator(
    unit="standard deviations",
    typologies=ODD_PACKAGES,
    companions=_usual("shipper_mass_per_package_kg"),
)
def mass_per_package_shipper_deviation() -> pl.Expr:
    """How far the mass of one package lies from what this shipper usually declares.

    Counted in standard deviations of the logarithm. Null below twenty earlier containers, without a
    shipper, or when it is undeclared. Source: common profiling practice.
    """
    return pl.col("_shipper_mass_per_package_kg_distance")
