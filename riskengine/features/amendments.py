"""Indicators of what was seen to change: each version of a manifest beside those received before it.

A feed may say that a bill was amended; whoever keeps the versions sees it. All of this is unknown until a second
version was received.
"""

from __future__ import annotations

import polars as pl

from riskengine.domain import Typology
from riskengine.features.asked import shares_any
from riskengine.features.field import Register
from riskengine.features.methods import LATE_CHANGE

register = Register("amendments")
indicator = register.indicator

_OTHER_HANDS = (
    Typology.RELEASE_CODE_FRAUD,
    Typology.SWITCHED_BILL,
    Typology.CONCEALED_IN_LOAD,
)
_OTHER_PLACE = (Typology.COLD_ROUTE, Typology.RELEASE_CODE_FRAUD, Typology.SWITCHED_BILL)


def _is_seen(field: str) -> pl.Expr:
    """Tell whether a field was altered; null where no earlier version was received."""
    return shares_any("seen_amended_fields", [field])


@indicator(
    monotone=1,
    typologies=_OTHER_HANDS,
    companions=(("before", "earlier_consignee_name"), ("after", "consignee_name")),
)
def is_consignee_changed() -> pl.Expr:
    """The consignee is another one than in an earlier version of the bill, or is no longer named.

    Another spelling or legal form of the same name is no change. Null when no earlier version was received.
    Source: UNODC-WCO container programme practice (late amendments).
    """
    return _is_seen("CONSIGNEE_NAME")


@indicator(
    monotone=1,
    typologies=_OTHER_HANDS,
    companions=(("before", "earlier_notify_party_name"), ("after", "notify_party_name")),
)
def is_notify_party_changed() -> pl.Expr:
    """The party to be notified is another one than in an earlier version, or is no longer named.

    Who is notified is who comes for the container. Null when no earlier version was received.
    Source: UNODC-WCO container programme practice (late amendments).
    """
    return _is_seen("NOTIFY_PARTY_NAME")


@indicator(
    typologies=(Typology.SWITCHED_BILL,),
    companions=(("before", "earlier_shipper_name"), ("after", "shipper_name")),
)
def is_shipper_changed() -> pl.Expr:
    """The shipper is another one than in an earlier version, or is no longer named.

    A second set of bills hides who sent the goods; merchants do it to keep their supplier to themselves.
    Null when no earlier version was received. Source: common profiling practice (switch bills).
    """
    return _is_seen("SHIPPER_NAME")


@indicator(
    monotone=1,
    typologies=(
        Typology.CONCEALED_IN_LOAD,
        Typology.SWITCHED_BILL,
        Typology.MISDECLARED_WASTE,
    ),
    companions=(("before", "earlier_goods_description"), ("after", "goods_description")),
)
def is_goods_description_changed() -> pl.Expr:
    """The goods are described otherwise than in an earlier version of the bill.

    Punctuation and the order of lines are no change. Null when no earlier version was received.
    Source: UNODC-WCO container programme practice (late amendments).
    """
    return _is_seen("GOODS_DESCRIPTION")


@indicator(
    typologies=(Typology.CONCEALED_IN_LOAD, Typology.MISDECLARED_WASTE),
    companions=(("before", "earlier_hs_codes"), ("after", "hs_codes")),
)
def is_hs_code_changed() -> pl.Expr:
    """An HS code of an earlier version is no longer declared, or another one stands in its place.

    More digits of the same heading are no change. Null when no earlier version was received.
    Source: common profiling practice.
    """
    return _is_seen("HS_CODE")


@indicator(
    monotone=1,
    typologies=(Typology.SWITCHED_BILL, Typology.COLD_ROUTE),
    companions=(("before", "earlier_port_of_loading"), ("after", "port_of_loading")),
)
def is_port_of_loading_changed() -> pl.Expr:
    """The port of loading is another one than in an earlier version.

    A box is loaded once: papers that move its origin afterwards hide it. Null when no earlier version was
    received. Source: common profiling practice (switch bills).
    """
    return _is_seen("PORT_OF_LOADING")


@indicator(
    typologies=_OTHER_PLACE,
    companions=(("before", "earlier_port_of_discharge"), ("after", "port_of_discharge")),
)
def is_port_of_discharge_changed() -> pl.Expr:
    """The port of discharge is another one than in an earlier version.

    Carriers change destinations every day; after sailing it is also how a box leaves a watched route.
    Null when no earlier version was received. Source: common profiling practice (change of destination).
    """
    return _is_seen("PORT_OF_DISCHARGE")


@indicator(
    typologies=_OTHER_PLACE,
    companions=(("before", "earlier_place_of_delivery"), ("after", "place_of_delivery")),
)
def is_place_of_delivery_changed() -> pl.Expr:
    """The place of delivery is another one than in an earlier version, or is no longer named.

    Null when no earlier version was received. Source: common profiling practice (change of destination).
    """
    return _is_seen("PLACE_OF_DELIVERY")


@indicator(
    monotone=1,
    typologies=(Typology.RIP_ON_RIP_OFF, Typology.CLONED_CONTAINER),
    companions=(("before", "earlier_seal_numbers"), ("after", "seal_numbers")),
)
def is_seal_changed() -> pl.Expr:
    """A seal that an earlier version declared is no longer declared, or stands otherwise.

    A seal that is broken and replaced under way is declared anew. A seal that is only added is no change. Null
    when no earlier version was received. Source: UNODC-WCO container programme practice.
    """
    return _is_seen("SEAL_NUMBERS")


@indicator(
    monotone=1,
    typologies=(Typology.CLONED_CONTAINER, Typology.CONTAINER_STRUCTURE),
    companions=(
        ("before", "earlier_container_numbers"),
        ("after", "container_number"),
    ),
)
def is_container_replaced() -> pl.Expr:
    """The container stands on its bill in the place of another one that an earlier version named.

    Damaged boxes are repacked, and wrong numbers are corrected. Null when no earlier version was received.
    Source: common profiling practice.
    """
    return _is_seen("CONTAINER_NUMBER")


@indicator(
    monotone=1,
    typologies=(Typology.SWITCHED_BILL,),
    companions=(("before", "earlier_bills_of_lading"), ("after", "bills_of_lading")),
)
def is_bill_replaced() -> pl.Expr:
    """The container stands under another bill of lading than in an earlier version of the same voyage.

    The house bills of its own master bill are no other bills. Null when no earlier version was received.
    Source: common profiling practice (switch bills).
    """
    return _is_seen("BILL_OF_LADING")


@indicator(
    unit="share",
    typologies=(Typology.CONCEALED_IN_LOAD, Typology.CLONED_CONTAINER),
    companions=(("before", "earlier_gross_mass_kg"), ("after", "gross_mass_kg")),
)
def mass_change_share() -> pl.Expr:
    """By how much the declared gross mass differs from an earlier version, as a share of what that declared.

    Null when no earlier version was received, or either mass is undeclared. Source: common profiling practice.
    """
    before = pl.col("earlier_gross_mass_kg")
    return pl.when(before > 0).then((pl.col("gross_mass_kg") - before) / before)


@indicator(
    typologies=(Typology.RELEASE_CODE_FRAUD, Typology.SWITCHED_BILL),
    companions=(("versions", "received_version_count"),),
)
def changed_field_count() -> pl.Expr:
    """Fields that the versions received altered, each counted once.

    Many changes are a careless office, or somebody who feels his way. What is filled in later is no change.
    Null when no earlier version was received. Source: common profiling practice.
    """
    return pl.col("seen_amended_fields").list.len().cast(pl.Int64)


@indicator(unit="hours", typologies=LATE_CHANGE)
def hours_amended_before_arrival() -> pl.Expr:
    """Hours from the reception of the last change of a sensitive field to the expected arrival.

    Few or negative hours mean that hands, place or content changed at the last moment. Where only the day of
    arrival is known, its first hour counts. Null when no such change was seen, or the arrival is unknown.
    Source: UNODC-WCO container programme practice (late amendments).
    """
    return pl.col("last_seen_sensitive_amendment_hours_before_arrival")


@indicator(monotone=1, typologies=(Typology.RELEASE_CODE_FRAUD, Typology.SWITCHED_BILL))
def is_change_undeclared() -> pl.Expr:
    """More versions changed something than the manifest declares amendments.

    Somebody overwrote what was declared and does not say so. False where nothing was seen to change. Null when no
    earlier version was received, or the manifest does not say how often it was amended.
    Source: common profiling practice.
    """
    return pl.col("undeclared_amendment_count") > 0
