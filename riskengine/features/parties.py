"""Indicators of the parties: who sends, who receives, and whether they are who they seem."""

from __future__ import annotations

import polars as pl

from riskengine.codes.spelling import fold, mentions
from riskengine.domain import Typology
from riskengine.features.asked import any_asked
from riskengine.features.field import Register
from riskengine.features.methods import HARD_TO_FIND
from riskengine.features.words import phrases

register = Register("parties")
indicator = register.indicator

_FRONT = (Typology.CONCEALED_IN_LOAD, Typology.STOLEN_IDENTITY)


@indicator(typologies=(*_FRONT, Typology.SWITCHED_BILL))
def is_to_order_consignee() -> pl.Expr:
    """The consignee is "to order" or to the order of a bank, so the buyer is not named.

    Usual where goods are sold at sea, but nobody answers for the container until it is claimed.
    Null when no consignee is declared. Source: common profiling practice.
    """
    return mentions(pl.col("consignee_name"), phrases("to_order"))


@indicator(monotone=1, typologies=_FRONT)
def is_placeholder_party() -> pl.Expr:
    """Shipper, consignee or notify party is a placeholder such as "private", "unknown", "N/A".

    "Same as consignee" is none: it names somebody. A party that is not declared is not asked; null when none is.
    Source: European Commission, ICS2 guidance on unacceptable party names.
    """
    return any_asked(
        *(
            fold(pl.col(f"{role}_name")).is_in(list(phrases("placeholder_parties")))
            for role in ("shipper", "consignee", "notify_party")
        )
    )


@indicator(typologies=_FRONT)
def is_notify_party_abroad() -> pl.Expr:
    """The party to be notified sits in another country than the consignee.

    Somebody else, elsewhere, waits for the container. Null when either country is undeclared.
    Source: common profiling practice.
    """
    return pl.col("notify_party_country") != pl.col("consignee_country")


@indicator(typologies=(Typology.CONCEALED_IN_LOAD,))
def is_forwarder_as_shipper() -> pl.Expr:
    """The shipper is a freight forwarder by its name, so the owner of the goods is not seen.

    Null when no shipper is declared. Source: WCO, ICS2 and other advance cargo guidance (true parties).
    """
    is_named_so = mentions(pl.col("shipper_name"), phrases("forwarders"))
    return is_named_so | (pl.col("shipper_name") == pl.col("forwarder_name")).fill_null(
        value=False
    )


@indicator(monotone=1, typologies=_FRONT)
def is_post_office_box_address() -> pl.Expr:
    """The address of shipper or consignee is a post office box or a virtual office.

    Containers are not delivered to a post office box. An address that is not declared is not
    asked; null when neither is. Source: common profiling practice.
    """
    return any_asked(
        *(
            mentions(pl.col(f"{role}_address"), phrases("post_office_boxes"))
            for role in ("shipper", "consignee")
        )
    )


@indicator(monotone=1, typologies=HARD_TO_FIND)
def is_free_email_domain() -> pl.Expr:
    """The consignee writes from a free e-mail service, not from a domain of its own.

    Null when no e-mail address is declared. Source: common profiling practice.
    """
    domain = pl.col("consignee_email").str.extract(r"@([^@\s]+)$")
    return domain.is_in(list(phrases("free_email_domains")))


@indicator(typologies=_FRONT)
def is_same_party_both_sides() -> pl.Expr:
    """Shipper and consignee are the same party by their normalised names.

    Usual within a group of companies, odd for a small trader. Null when either is undeclared.
    Source: common profiling practice.
    """
    return pl.col("_shipper_key") == pl.col("_consignee_key")


@indicator(scope="manifest", monotone=1, typologies=_FRONT)
def is_consignee_address_shared() -> pl.Expr:
    """Another consignee of the same voyage has the same address.

    Many firms at one address may be one firm, or none. Names that are near each other are spellings of
    one party. Other containers of the manifest are looked at. Null when name or address is undeclared.
    Source: common profiling practice.
    """
    return pl.col("_are_consignees_at_address_several")
