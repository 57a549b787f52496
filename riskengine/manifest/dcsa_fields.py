"""What DCSA documents have in common: parties, places, seals, quantities, each to canonical text.

The members of versions 2 and 3, betas included, go by different names for one thing; all of them are read.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from riskengine.manifest.assemble import container_numbers_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from riskengine.manifest.dcsa_unmapped import Left
    from riskengine.manifest.json_text import Json

_MASSES = {
    "KGM": Decimal(1),
    "KG": Decimal(1),
    "LBR": Decimal("0.45359237"),
    "LB": Decimal("0.45359237"),
    "TNE": Decimal(1000),
    "GRM": Decimal("0.001"),
}
_VOLUMES = {
    "MTQ": Decimal(1),
    "FTQ": Decimal("0.028316846592"),
    "LTR": Decimal("0.001"),
}
_SEALING_PARTIES = {
    "CAR": "carrier",
    "SHI": "shipper",
    "CUS": "customs",
    "TER": "terminal",
    "CNS": "consolidator",
    "CST": "customer",
    "VET": "veterinary",
    "PHY": "phytosanitary",
}
_ROLES = {
    "OS": "shipper",
    "CZ": "shipper",
    "CN": "consignee",
    "N1": "notify_party",
    "N2": "notify_party",
    "NI": "notify_party",
    "DDR": "forwarder",
    "DDS": "forwarder",
    "FW": "forwarder",
    "CB": "declarant",
    "DT": "declarant",
    "BY": "buyer",
    "SE": "seller",
}
_MEMBERS = {
    "shipper": "shipper",
    "consignee": "consignee",
    "notifyParty": "notify_party",
    "notifyParties": "notify_party",
    "buyer": "buyer",
    "seller": "seller",
}
_ADDRESS = (("street", "streetNumber"), ("floor",), ("POBox",), ("postCode", "city"))
_REGION = (("stateRegion",),)
_LONGEST_EXPONENT = 30


def text_of(value: Json) -> str | None:
    """Return a plain value as text; what is not plain as it stands, for typing to name."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return _number(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def first_text(node: dict[str, Json], *names: str) -> str | None:
    """Return the first of some members that says something."""
    return next((text for name in names if (text := text_of(node.get(name)))), None)


def member(node: Json, *names: str) -> dict[str, Json]:
    """Return the object at a path of members, or an empty one."""
    for name in names:
        node = node.get(name) if isinstance(node, dict) else None
    return node if isinstance(node, dict) else {}


def members(node: Json, name: str) -> list[dict[str, Json]]:
    """Return the objects in an array; an object that stands alone counts as an array of one."""
    value = node.get(name) if isinstance(node, dict) else None
    if isinstance(value, dict):
        return [value]
    return (
        [element for element in value if isinstance(element, dict)]
        if isinstance(value, list)
        else []
    )


def texts(node: dict[str, Json], name: str) -> list[str]:
    """Return the texts in an array, or the one that stands alone."""
    value = node.get(name)
    found = value if isinstance(value, list) else [value]
    return [text for element in found if (text := text_of(element))]


def strings_under(node: Json, names: frozenset[str], is_within: bool = False) -> Iterator[str]:
    """Yield every text at or below the members of these names."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from strings_under(value, names, is_within or name in names)
    elif isinstance(node, list):
        for element in node:
            yield from strings_under(element, names, is_within)
    elif is_within and isinstance(node, str):
        yield node


_CONTAINER_PLACES = frozenset(["equipmentReference", "equipmentReferences"])


def containers_elsewhere(document: Json, taken: Iterable[str]) -> list[str]:
    """Return the container numbers in a document that stand in the place for one and are in no row yet."""
    known = {number for text in taken for number in (text, *container_numbers_in(text))}
    found: dict[str, None] = {}
    for text in strings_under(document, _CONTAINER_PLACES):
        for number in container_numbers_in(text):
            if number not in known and text not in known:
                found[number] = None
    return list(found)


def amount(node: dict[str, Json], name: str, kind: str) -> str | None:
    """Return a mass in kg or a volume in m3; with a unit that is not known, as received.

    Args:
        node: What has the member.
        name: The member: an object of value and unit, or a number beside ``<name>Unit``.
        kind: ``mass`` or ``volume``.
    """
    held = node.get(name)
    if isinstance(held, dict):
        value, unit = held.get("value"), text_of(held.get("unit"))
    else:
        value, unit = held, text_of(node.get(f"{name}Unit"))
    if value is None:
        return None
    known = _MASSES if kind == "mass" else _VOLUMES
    factor = known.get((unit or "").upper())
    if unit is None or factor is None:
        return f"{text_of(value)} {unit}" if unit else text_of(value)
    number = value if isinstance(value, Decimal) else None
    if number is None or factor == 1 or abs(number.adjusted()) > _LONGEST_EXPONENT:
        return text_of(value) if factor == 1 else f"{text_of(value)} {unit}"
    return _number(number * factor)


def temperature(settings: dict[str, Json]) -> str | None:
    """Return a set point in degrees Celsius."""
    value, unit = settings.get("temperatureSetpoint"), text_of(settings.get("temperatureUnit"))
    if not isinstance(value, Decimal) or (unit or "CEL").upper() == "CEL":
        return text_of(value)
    if str(unit).upper() != "FAH" or abs(value.adjusted()) > _LONGEST_EXPONENT:
        return f"{text_of(value)} {unit}"
    return _number(round((value - 32) * 5 / 9, 4))


def seals(node: dict[str, Json]) -> dict[str, str | None]:
    """Return the seals of a box and who put each on."""
    numbers: list[str] = []
    parties: list[str] = []
    for seal in members(node, "seals"):
        number = first_text(seal, "number", "sealNumber")
        if number:
            source = first_text(seal, "source", "sealSource") or ""
            numbers.append(number)
            parties.append(_SEALING_PARTIES.get(source.upper(), source))
    return {
        "seal_numbers": ";".join(numbers) or None,
        "sealing_party": ";".join(parties) if any(parties) else None,
    }


def place(node: dict[str, Json], name: str) -> str | None:
    """Return the code of a place, or its name, or its city."""
    location = member(node, name)
    known = first_text(location, "UNLocationCode", "locationName")
    if known:
        return known
    held = node.get(name)
    if isinstance(held, str):
        return held
    inner = member(location, "location")
    return first_text(inner, "UNLocationCode", "locationName") or first_text(
        member(location, "address"), "city"
    )


def is_full(node: dict[str, Json]) -> str | None:
    """Return whether a box is full, as its empty indicator says."""
    said = first_text(node, "emptyIndicatorCode")
    return {"EMPTY": "false", "LADEN": "true"}.get((said or "").upper(), said)


def parties(document: dict[str, Json], left: Left) -> dict[str, str | None]:
    """Return the parties of a bill in their roles; of two in one role the first, and the other is counted."""
    facts: dict[str, str | None] = {}
    taken: set[str] = set()
    for role, party in _parties_in(document.get("documentParties"), left):
        if role in taken:
            left.further[f"{role}_name"] += 1
            continue
        taken.add(role)
        facts |= {f"{role}_{fact}": text for fact, text in _party(party, left).items()}
    endorsee = member(document, "documentParties", "endorsee")
    if document.get("isToOrder") is True and "consignee" not in taken:
        name = first_text(endorsee, "partyName")
        facts["consignee_name"] = f"TO ORDER OF {name}" if name else "TO ORDER"
        if name:
            known = _party(endorsee, left)
            facts |= {f"consignee_{fact}": known[fact] for fact in known if fact != "name"}
    elif endorsee:
        left.unmapped["endorsee"] += 1
    facts["filer"] = first_text(
        member(document, "documentParties", "issuingParty"), "partyName"
    )
    return facts


def _parties_in(held: Json, left: Left) -> Iterator[tuple[str, dict[str, Json]]]:
    if isinstance(held, dict):
        for name, role in _MEMBERS.items():
            for party in members(held, name):
                yield role, party
        yield from _by_function(members(held, "other"), left)
    elif isinstance(held, list):
        yield from _by_function([one for one in held if isinstance(one, dict)], left)


def _by_function(
    entries: list[dict[str, Json]], left: Left
) -> Iterator[tuple[str, dict[str, Json]]]:
    # The first notify party is written first, whatever order the parties came in.
    def function_of(entry: dict[str, Json]) -> str:
        return (text_of(entry.get("partyFunction")) or "").upper()

    for entry in sorted(entries, key=lambda entry: function_of(entry)[:2] in {"N2", "NI"}):
        role = _ROLES.get(function_of(entry))
        if role is None:
            left.unmapped[f"partyFunction {function_of(entry)[:10]}"] += 1
            continue
        inner = entry.get("party")
        party = (
            {**inner, **{k: v for k, v in entry.items() if k != "party"}}
            if isinstance(inner, dict)
            else entry
        )
        yield role, party


def _party(party: dict[str, Json], left: Left) -> dict[str, str | None]:
    contacts = members(party, "partyContactDetails")
    taxes = members(party, "taxLegalReferences")
    if len(taxes) > 1:
        left.further["taxLegalReferences"] += len(taxes) - 1
    return {
        "name": first_text(party, "partyName"),
        "address": _address(party),
        "country": first_text(member(party, "address"), "countryCode", "country"),
        "tax_id": first_text(taxes[0], "value", "taxReferenceValue") if taxes else None,
        "phone": _first_contact(contacts, "phone"),
        "email": _first_contact(contacts, "email"),
    }


def _first_contact(contacts: list[dict[str, Json]], name: str) -> str | None:
    return next((text for one in contacts if (text := first_text(one, name))), None)


def _address(party: dict[str, Json]) -> str | None:
    held = party.get("address")
    if isinstance(held, str):
        return held
    address = member(party, "address")
    lines = [
        " ".join(
            text for name in names if (text := first_text(address, name)) and text != "N/A"
        )
        for names in (*_ADDRESS, *_REGION)
    ]
    written = ", ".join(line for line in lines if line)
    return written or ", ".join(texts(party, "displayedAddress")) or None


def instant(text: str | None) -> datetime | None:
    """Return an instant in UTC, or None where the text is none.

    >>> instant("2026-03-08T04:30:00+01:00")
    datetime.datetime(2026, 3, 8, 3, 30, tzinfo=datetime.timezone.utc)
    """
    try:
        read = datetime.fromisoformat(text or "")
        return read.replace(tzinfo=read.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _number(value: Decimal) -> str:
    """Return a number as it is written, without an exponent where it is short without."""
    if value.is_finite() and abs(value.adjusted()) < _LONGEST_EXPONENT:
        return f"{value:f}"
    return str(value)
