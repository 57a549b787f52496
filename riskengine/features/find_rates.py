"""Indicators of what was found before: how often, how lately, and on how many examinations that rests."""

from __future__ import annotations

import polars as pl

from riskengine.features.field import Register

register = Register("history")
indicator = register.indicator


def _examined(kind: str) -> tuple[tuple[str, str], ...]:
    return (("examined", f"_{kind}_examined"), ("found", f"_{kind}_found"))


def _examined_lately(kind: str) -> tuple[tuple[str, str], ...]:
    return (("examined", f"_{kind}_examined_recent"), ("found", f"_{kind}_found_recent"))


@indicator(monotone=1, companions=_examined("forwarder"))
def forwarder_find_rate() -> pl.Expr:
    """Share of finds among examined containers of this forwarder.

    Drawn towards the rate of all. Null when no forwarder is named, or nothing was ever examined.
    Source: WCO, risk management compendium (feedback of results).
    """
    return pl.col("_forwarder_find_rate")


@indicator(monotone=1, companions=_examined("carrier"))
def carrier_find_rate() -> pl.Expr:
    """Share of finds among examined containers of this carrier.

    Drawn towards the rate of all. Null when the carrier is unknown, or nothing was ever examined.
    Source: WCO, risk management compendium (feedback of results).
    """
    return pl.col("_carrier_find_rate")


@indicator(monotone=1, companions=_examined("vessel"))
def vessel_find_rate() -> pl.Expr:
    """Share of finds among examined containers of this ship.

    Drawn towards the rate of all. Null when the ship is unknown, or nothing was ever examined.
    Source: WCO, risk management compendium (feedback of results).
    """
    return pl.col("_vessel_find_rate")


@indicator(monotone=1, companions=_examined("notify_party"))
def notify_party_find_rate() -> pl.Expr:
    """Share of finds among examined containers of this notify party.

    Drawn towards the rate of all. Null when no notify party is named, or nothing was ever examined.
    Source: WCO, risk management compendium (feedback of results).
    """
    return pl.col("_notify_party_find_rate")


@indicator(monotone=1, companions=_examined("shipper_country"))
def shipper_country_find_rate() -> pl.Expr:
    """Share of finds among examined containers of shippers of this country.

    Drawn towards the rate of all. Null when the country is undeclared, or nothing was ever
    examined. Source: WCO, risk management compendium (feedback of results).
    """
    return pl.col("_shipper_country_find_rate")


@indicator(monotone=1, companions=_examined("consignee_country"))
def consignee_country_find_rate() -> pl.Expr:
    """Share of finds among examined containers of consignees of this country.

    Drawn towards the rate of all. Null when the country is undeclared, or nothing was ever
    examined. Source: WCO, risk management compendium (feedback of results).
    """
    return pl.col("_consignee_country_find_rate")


@indicator(monotone=1, companions=_examined("dispatch"))
def dispatch_country_find_rate() -> pl.Expr:
    """Share of finds among examined containers of this country of dispatch.

    Drawn towards the rate of all. Null when the country is undeclared, or nothing was ever
    examined. Source: WCO, risk management compendium (feedback of results).
    """
    return pl.col("_dispatch_find_rate")


@indicator(monotone=1, companions=_examined("place_of_delivery"))
def place_of_delivery_find_rate() -> pl.Expr:
    """Share of finds among examined containers for this place of delivery.

    Drawn towards the rate of all. Null when the place is undeclared, or nothing was ever examined.
    Source: WCO, risk management compendium (feedback of results).
    """
    return pl.col("_place_of_delivery_find_rate")


@indicator(monotone=1, companions=_examined("hs_full"))
def full_code_find_rate() -> pl.Expr:
    """Highest share of finds among the full HS codes of the goods, beyond six digits.

    Drawn towards the rate of six digits, heading, chapter, all. Null when no code has more than six
    digits, or nothing was ever examined. Source: WCO, risk management compendium (feedback of
    results).
    """
    return pl.col("_hs_full_find_rate")


@indicator(monotone=1, companions=_examined("chapter"))
def chapter_find_rate() -> pl.Expr:
    """Highest share of finds among the HS chapters of the goods.

    Drawn towards the rate of all. Null when no code is declared, or nothing was ever examined.
    Source: WCO, risk management compendium (feedback of results).
    """
    return pl.col("_chapter_find_rate")


@indicator(monotone=1, companions=_examined("origin_heading"))
def origin_heading_find_rate() -> pl.Expr:
    """Highest share of finds among the headings from their origin.

    Drawn towards the rate of heading and origin. Null when heading or origin is undeclared, or
    nothing was ever examined. Source: WCO, risk management compendium (feedback of results).
    """
    return pl.col("_origin_heading_find_rate")


@indicator(monotone=1, companions=_examined("origin_hs6"))
def origin_commodity_find_rate() -> pl.Expr:
    """Highest share of finds among the HS codes from their origin.

    Drawn towards the rate of six digits and origin. Null when code or origin is undeclared, or
    nothing was ever examined. Source: WCO, risk management compendium (feedback of results).
    """
    return pl.col("_origin_hs6_find_rate")


@indicator(monotone=1, companions=_examined("declarant_consignee"))
def declarant_consignee_find_rate() -> pl.Expr:
    """Share of finds among examined containers of this declarant for this consignee.

    Drawn towards the rate of declarant and consignee. Null when either is not named, or nothing was
    ever examined. Source: WCO, risk management compendium (feedback of results).
    """
    return pl.col("_declarant_consignee_find_rate")


@indicator(monotone=1, companions=_examined("lane_heading"))
def lane_heading_find_rate() -> pl.Expr:
    """Share of finds among examined containers of this main heading on this lane.

    Drawn towards the rate of lane and heading. Null when a port or the heading is unknown, or
    nothing was ever examined. Source: WCO, risk management compendium (feedback of results).
    """
    return pl.col("_lane_heading_find_rate")


@indicator(monotone=1, companions=_examined("shipper_heading"))
def shipper_heading_find_rate() -> pl.Expr:
    """Share of finds among examined containers of this shipper with such goods.

    Drawn towards the rate of shipper and heading. Null when the shipper or the heading is unknown,
    or nothing was ever examined. Source: WCO, risk management compendium (feedback of results).
    """
    return pl.col("_shipper_heading_find_rate")


@indicator(monotone=1, companions=_examined("consignee_heading"))
def consignee_heading_find_rate() -> pl.Expr:
    """Share of finds among examined containers of this consignee with such goods.

    Drawn towards the rate of consignee and heading. Null when the consignee or the heading is
    unknown, or nothing was ever examined. Source: WCO, risk management compendium (feedback of
    results).
    """
    return pl.col("_consignee_heading_find_rate")


@indicator(monotone=1, companions=_examined("shipper_lane"))
def shipper_lane_find_rate() -> pl.Expr:
    """Share of finds among examined containers of this shipper on this lane.

    Drawn towards the rate of shipper and lane. Null when the shipper or a port is unknown, or
    nothing was ever examined. Source: WCO, risk management compendium (feedback of results).
    """
    return pl.col("_shipper_lane_find_rate")


@indicator(monotone=1, companions=_examined("consignee_lane"))
def consignee_lane_find_rate() -> pl.Expr:
    """Share of finds among examined containers of this consignee on this lane.

    Drawn towards the rate of consignee and lane. Null when the consignee or a port is unknown, or
    nothing was ever examined. Source: WCO, risk management compendium (feedback of results).
    """
    return pl.col("_consignee_lane_find_rate")


@indicator(monotone=1, companions=_examined("profile"))
def profile_find_rate() -> pl.Expr:
    """Share of finds among examined cargo declared word for word like this one.

    A declaration copied word for word goes the way of its twin. Drawn towards the rate of code from
    its origin. Null when no code, or neither mass nor packages are declared, or nothing was ever
    examined. Source: WCO, risk management compendium (feedback of results).
    """
    return pl.col("_profile_find_rate")


@indicator(monotone=1, companions=_examined("seal_series"))
def seal_series_find_rate() -> pl.Expr:
    """Highest share of finds among examined containers with seals of one series.

    Drawn towards the rate of all. Null when no seal with a number is declared, or nothing was ever
    examined. Source: WCO, risk management compendium (feedback of results).
    """
    return pl.col("_seal_series_find_rate")


@indicator(monotone=1, companions=_examined_lately("shipper"))
def shipper_recent_find_rate() -> pl.Expr:
    """Share of finds among examinations of this shipper in the last year.

    Drawn towards the rate of all years, so that it tells how things have changed. Null when no
    shipper is named, or nothing was ever examined. Source: WCO, risk management compendium
    (feedback of results).
    """
    return pl.col("_shipper_recent_find_rate")


@indicator(monotone=1, companions=_examined_lately("consignee"))
def consignee_recent_find_rate() -> pl.Expr:
    """Share of finds among examinations of this consignee in the last year.

    Drawn towards the rate of all years, so that it tells how things have changed. Null when no
    consignee is named, or nothing was ever examined. Source: WCO, risk management compendium
    (feedback of results).
    """
    return pl.col("_consignee_recent_find_rate")


@indicator(monotone=1, companions=_examined_lately("declarant"))
def declarant_recent_find_rate() -> pl.Expr:
    """Share of finds among examinations of this declarant in the last year.

    Drawn towards the rate of all years, so that it tells how things have changed. Null when no
    declarant is named, or nothing was ever examined. Source: WCO, risk management compendium
    (feedback of results).
    """
    return pl.col("_declarant_recent_find_rate")


@indicator(monotone=1, companions=_examined_lately("hs6"))
def commodity_recent_find_rate() -> pl.Expr:
    """Share of finds among examinations of the HS codes of the goods in the last year.

    Drawn towards the rate of all years, so that it tells how things have changed. Null when no six-
    digit code is declared, or nothing was ever examined. Source: WCO, risk management compendium
    (feedback of results).
    """
    return pl.col("_hs6_recent_find_rate")


@indicator(monotone=1, companions=_examined_lately("origin"))
def origin_recent_find_rate() -> pl.Expr:
    """Share of finds among examinations of the countries of origin in the last year.

    Drawn towards the rate of all years, so that it tells how things have changed. Null when no
    origin is declared, or nothing was ever examined. Source: WCO, risk management compendium
    (feedback of results).
    """
    return pl.col("_origin_recent_find_rate")


@indicator(monotone=1, companions=_examined_lately("lane"))
def lane_recent_find_rate() -> pl.Expr:
    """Share of finds among examinations of this lane in the last year.

    Drawn towards the rate of all years, so that it tells how things have changed. Null when a port
    is unknown, or nothing was ever examined. Source: WCO, risk management compendium (feedback of
    results).
    """
    return pl.col("_lane_recent_find_rate")


@indicator(monotone=1, companions=_examined_lately("lane_heading"))
def lane_heading_recent_find_rate() -> pl.Expr:
    """Share of finds among examinations of this main heading on this lane in the last year.

    Drawn towards the rate of all years, so that it tells how things have changed. Null when a port
    or the heading is unknown, or nothing was ever examined. Source: WCO, risk management compendium
    (feedback of results).
    """
    return pl.col("_lane_heading_recent_find_rate")


@indicator()
def shipper_examined_before() -> pl.Expr:
    """Examinations of this shipper whose outcome was known before the assessment day.

    It tells how sure the find rate is; zero is what nobody has ever looked at. Null when no shipper
    is named, or there is no history yet. Source: WCO, risk management compendium (feedback of
    results).
    """
    return pl.col("_shipper_examined")


@indicator()
def consignee_examined_before() -> pl.Expr:
    """Examinations of this consignee whose outcome was known before the assessment day.

    It tells how sure the find rate is; zero is what nobody has ever looked at. Null when no
    consignee is named, or there is no history yet. Source: WCO, risk management compendium
    (feedback of results).
    """
    return pl.col("_consignee_examined")


@indicator()
def pair_examined_before() -> pl.Expr:
    """Examinations of this pair of shipper and consignee whose outcome was known before the assessment day.

    It tells how sure the find rate is; zero is what nobody has ever looked at. Null when either is
    not named, or there is no history yet. Source: WCO, risk management compendium (feedback of
    results).
    """
    return pl.col("_pair_examined")


@indicator()
def declarant_examined_before() -> pl.Expr:
    """Examinations of this declarant whose outcome was known before the assessment day.

    It tells how sure the find rate is; zero is what nobody has ever looked at. Null when no
    declarant is named, or there is no history yet. Source: WCO, risk management compendium
    (feedback of results).
    """
    return pl.col("_declarant_examined")


@indicator()
def commodity_examined_before() -> pl.Expr:
    """Examinations of the HS codes of the goods whose outcome was known before the assessment day.

    It tells how sure the find rate is; zero is what nobody has ever looked at. Null when no six-
    digit code is declared, or there is no history yet. Source: WCO, risk management compendium
    (feedback of results).
    """
    return pl.col("_hs6_examined")


@indicator()
def origin_examined_before() -> pl.Expr:
    """Examinations of the countries of origin whose outcome was known before the assessment day.

    It tells how sure the find rate is; zero is what nobody has ever looked at. Null when no origin
    is declared, or there is no history yet. Source: WCO, risk management compendium (feedback of
    results).
    """
    return pl.col("_origin_examined")


@indicator()
def lane_examined_before() -> pl.Expr:
    """Examinations of this lane whose outcome was known before the assessment day.

    It tells how sure the find rate is; zero is what nobody has ever looked at. Null when a port is
    unknown, or there is no history yet. Source: WCO, risk management compendium (feedback of
    results).
    """
    return pl.col("_lane_examined")


@indicator()
def profile_examined_before() -> pl.Expr:
    """Examinations of cargo declared word for word like this one whose outcome was known before the assessment day.

    It tells how sure the find rate is; zero is what nobody has ever looked at. Null when no code,
    or neither mass nor packages are declared, or there is no history yet. Source: WCO, risk
    management compendium (feedback of results).
    """
    return pl.col("_profile_examined")
