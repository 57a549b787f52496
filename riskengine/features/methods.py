"""Which modus operandi a sign may come from, where several share their signs: the main one first.

Two kinds of people leave signs of two kinds. Who owns the trade (a front, a thief of names, a dealer in waste) is new, dear or
odd as a trader, whatever is hidden. Who uses another's box (a rip-on crew, a yard, a farm hand) leaves a regular trader with a box
that is too heavy, sealed otherwise, or where it should not be. Source: common profiling practice; UNODC-WCO Container Control
Programme; the reading that a regular trader with an odd box is a victim is that of port authorities in Europe.
"""

from __future__ import annotations

from typing import Final

from riskengine.domain import Typology

NEW_TO_THE_TRADE: Final = (
    Typology.CONCEALED_IN_LOAD,
    Typology.STOLEN_IDENTITY,
    Typology.MISDECLARED_WASTE,
    Typology.COLD_ROUTE,
    Typology.CARRIER_MATERIAL,
    Typology.MISDECLARED_CHEMICALS,
    Typology.SPLIT_CONSIGNMENTS,
    Typology.CONCEALED_ARMS,
    Typology.SWITCHED_BILL,
)
"""A party, a pair or goods that these parties had not traded: whoever needs a trader of his own."""

ODD_PRICE: Final = (
    Typology.CONCEALED_IN_LOAD,
    Typology.MISDECLARED_WASTE,
    Typology.MISDECLARED_CHEMICALS,
    Typology.STOLEN_IDENTITY,
    Typology.COLD_ROUTE,
    Typology.CARRIER_MATERIAL,
    Typology.SPLIT_CONSIGNMENTS,
    Typology.CONCEALED_ARMS,
)
"""A value that does not fit the goods: they are not what pays, or not what is there."""

ODD_PACKAGES: Final = (
    Typology.CONCEALED_IN_LOAD,
    Typology.MISDECLARED_WASTE,
    Typology.MISDECLARED_CHEMICALS,
    Typology.CARRIER_MATERIAL,
    Typology.SPLIT_CONSIGNMENTS,
)
"""A mass for each package that does not fit the goods."""

ODD_FREIGHT: Final = (
    Typology.CONCEALED_IN_LOAD,
    Typology.COLD_ROUTE,
    Typology.MISDECLARED_WASTE,
    Typology.STOLEN_IDENTITY,
    Typology.MISDECLARED_CHEMICALS,
    Typology.SPLIT_CONSIGNMENTS,
    Typology.CONCEALED_ARMS,
    Typology.CARRIER_MATERIAL,
    Typology.SWITCHED_BILL,
)
"""A freight that such goods do not earn, or that somebody else pays."""

HARD_TO_FIND: Final = (
    Typology.STOLEN_IDENTITY,
    Typology.CONCEALED_IN_LOAD,
    Typology.MISDECLARED_CHEMICALS,
    Typology.CONCEALED_ARMS,
    Typology.MISDECLARED_WASTE,
    Typology.COLD_ROUTE,
    Typology.SPLIT_CONSIGNMENTS,
    Typology.CARRIER_MATERIAL,
)
"""A party with an address that anybody can have."""

VAGUE: Final = (
    Typology.CONCEALED_IN_LOAD,
    Typology.MISDECLARED_CHEMICALS,
    Typology.MISDECLARED_WASTE,
    Typology.CONCEALED_ARMS,
    Typology.SPLIT_CONSIGNMENTS,
)
"""A description that could stand for anything."""

ADDED_LATER: Final = (
    Typology.RIP_ON_RIP_OFF,
    Typology.CONCEALED_IN_LOAD,
    Typology.CONTAINER_STRUCTURE,
    Typology.TRANSHIPMENT_CONTAMINATION,
    Typology.INLAND_CONTAMINATION,
    Typology.CLONED_CONTAINER,
)
"""A box that weighs more than what was declared: something came into it, or it is another box."""

ADDED_ON_THE_WAY: Final = (
    Typology.RIP_ON_RIP_OFF,
    Typology.INLAND_CONTAMINATION,
    Typology.CONTAINER_STRUCTURE,
    Typology.CONCEALED_IN_LOAD,
    Typology.CLONED_CONTAINER,
)
"""A gate that weighs more than what was declared."""

OTHER_SEAL: Final = (
    Typology.RIP_ON_RIP_OFF,
    Typology.CLONED_CONTAINER,
    Typology.TRANSHIPMENT_CONTAMINATION,
    Typology.INLAND_CONTAMINATION,
)
"""A seal that this carrier, or this box, does not have."""

LATE_CHANGE: Final = (
    Typology.SWITCHED_BILL,
    Typology.RELEASE_CODE_FRAUD,
    Typology.COLD_ROUTE,
    Typology.CONCEALED_IN_LOAD,
    Typology.STOLEN_IDENTITY,
    Typology.MISDECLARED_WASTE,
)
"""Papers changed when the ship is on its way."""
