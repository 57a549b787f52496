"""Indicators of the documents: what was declared late, changed late, or not at all."""

from __future__ import annotations

import polars as pl

from riskengine.domain import Typology
from riskengine.features.asked import shares_any
from riskengine.features.field import Register
from riskengine.features.methods import LATE_CHANGE

register = Register("documents")
indicator = register.indicator

_EXPECTED = (
    "bills_of_lading", "shipper_name", "shipper_address", "consignee_name", "consignee_address",
    "notify_party_name", "port_of_loading", "port_of_discharge", "place_of_receipt",
    "place_of_delivery", "goods_description", "hs_codes", "package_count", "gross_mass_kg",
    "declared_value_usd", "countries_of_origin", "freight_payment", "seal_numbers", "size_type",
    "is_full",
)  # fmt: skip
"""What a complete manifest line says; one feed may never say some of it."""

SENSITIVE = (
    "CONSIGNEE_NAME", "CONSIGNEE_ADDRESS", "NOTIFY_PARTY_NAME", "SHIPPER_NAME",
    "GOODS_DESCRIPTION", "HS_CODE", "GROSS_MASS_KG", "PACKAGE_COUNT", "PORT_OF_DISCHARGE",
    "PLACE_OF_DELIVERY", "CONTAINER_NUMBER", "SEAL_NUMBERS", "BILL_OF_LADING", "PORT_OF_LOADING",
)  # fmt: skip
"""Fields whose change moves a container to other hands, another place or another content."""

_LATE_DAYS = 3
# Multiplied, never divided: polars divides a long column by a constant in another way than a short
# one, and a container must say the same alone and among others.
_SHARE_OF_ONE = 1 / len(_EXPECTED)


def _days(later: str, earlier: str) -> pl.Expr:
    return (pl.col(later) - pl.col(earlier)).dt.total_days()


@indicator(unit="share", is_always_known=True)
def declared_field_share() -> pl.Expr:
    """Share of twenty usual fields that the manifest declares for this container.

    Thin papers hide more than they tell. Always known: what is missing is what it counts.
    Source: WCO, SAFE Framework data elements.
    """
    declared = [pl.col(name).is_not_null().cast(pl.Float64) for name in _EXPECTED]
    return pl.sum_horizontal(declared) * _SHARE_OF_ONE


@indicator(
    monotone=1,
    typologies=LATE_CHANGE,
)
def is_late_sensitive_amendment() -> pl.Expr:
    """A party, the goods, a seal or the destination was changed late.

    Late is after sailing, or within three days of arrival. False where no amendment was made.
    Null when it is not known whether, what or when was amended.
    Source: WCO and UNODC-WCO container programme practice.
    """
    is_sensitive = shares_any("amended_fields", SENSITIVE)
    is_after_sailing = pl.col("last_amended_on") > pl.col("departed_on")
    is_near_arrival = _days("arrival_expected_on", "last_amended_on") <= _LATE_DAYS
    return (
        pl.when(pl.col("amendment_count") == 0)
        .then(statement=False)
        .otherwise(is_sensitive & (is_after_sailing | is_near_arrival))
    )


@indicator(unit="days", typologies=LATE_CHANGE)
def days_amended_before_arrival() -> pl.Expr:
    """Days from the last amendment of the bill to the expected arrival.

    Few or negative days mean that somebody changed the papers at the last moment. Null when the
    bill was not amended, or either day is unknown. Source: common profiling practice.
    """
    return _days("arrival_expected_on", "last_amended_on")


@indicator(monotone=1, typologies=(Typology.SWITCHED_BILL,))
def is_bill_issued_after_departure() -> pl.Expr:
    """The bill of lading is dated after the ship sailed.

    A bill made again under way may hide the first port or the first owner. Null when either date
    is unknown. Source: common profiling practice.
    """
    return pl.col("issued_on") > pl.col("departed_on")


@indicator(unit="days", typologies=(Typology.RIP_ON_RIP_OFF, Typology.CONCEALED_IN_LOAD))
def booking_lead_days() -> pl.Expr:
    """Days from booking to sailing.

    A booking shortly before the ship sails leaves no time to look. Null when either date is
    unknown. Source: common profiling practice.
    """
    return _days("departed_on", "booked_on")


@indicator(typologies=(Typology.CONCEALED_IN_LOAD, Typology.SPLIT_CONSIGNMENTS))
def is_house_bill_missing() -> pl.Expr:
    """The container stands on a master bill only; the house bills with the true parties are missing.

    Null when the type of bill is undeclared. Source: WCO, advance cargo guidance (house level).
    """
    return pl.col("bill_type") == "MASTER"


@indicator()
def is_freight_prepaid() -> pl.Expr:
    """The freight was paid before sailing.

    Prepaid freight for cheap goods means that somebody wants the container to move. Null when the
    terms are undeclared. Source: common profiling practice.
    """
    return pl.col("freight_payment") == "PREPAID"
