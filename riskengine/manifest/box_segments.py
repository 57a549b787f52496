"""What carriers and terminals say of ships and boxes in EDIFACT: the segments that stow plans and lists share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from riskengine.manifest import edifact_values as values

if TYPE_CHECKING:
    from riskengine.manifest.segments import Segment

GROSS, VERIFIED, TARE = "container_gross_mass_kg", "verified_gross_mass_kg", "tare_mass_kg"

_IMO = re.compile(r"(?:IMO)?(\d{7})")
_CONTAINER = re.compile(r"[A-Z]{3}[UJZ][\s-]?\d{6}[\s/-]?\d", re.IGNORECASE)
_HIDDEN = re.compile(r"(?<![A-Z0-9])EQD(?![A-Z0-9])", re.IGNORECASE)
_HIDDEN_BOX = re.compile(r"(?:EQD.{1,6}|SGP.)[A-Z]{3}[UJZ][\s-]?\d{6}", re.IGNORECASE)
_MASSES = {
    "WT": GROSS,
    "G": GROSS,
    "AET": GROSS,
    "AAD": GROSS,
    "VGM": VERIFIED,
    "T": TARE,
}
_CALL_SIGN, _SHIP_ID = "103", "146"


def ship(tdt: Segment) -> dict[str, str]:
    """Return the ship, the voyage and the carrier of a TDT; a call sign is no IMO number."""
    found = _IMO.fullmatch(tdt.at(7).replace(" ", ""))
    is_number = found is not None and tdt.at(7, 1) != _CALL_SIGN
    name = tdt.at(7, 3)
    return {
        "vessel_name": name,
        "vessel_imo": found.group(1) if is_number and found else "",
        "voyage_number": tdt.at(1),
        "carrier_code": tdt.at(4),
    }


def transport(tdt: Segment) -> str:
    """Return what a TDT says carries a box: a plate, a name, or a number of a train or barge.

    The carrier's own code comes last: that he carried it says more than nothing.
    """
    return tdt.at(7) or tdt.at(7, 3) or tdt.at(1) or tdt.at(4, 3) or tdt.at(4)


def box(eqd: Segment) -> dict[str, str]:
    """Return number, type and state of a box as its EQD has them.

    Some put the state one element further on, where the directory has marks.
    """
    state = eqd.at(5) or (eqd.at(6) if eqd.at(6) in values.FULL_OR_EMPTY else "")
    supplied = eqd.at(3)
    return {
        "container_number": eqd.at(1),
        "size_type": eqd.at(2),
        "is_full": values.FULL_OR_EMPTY.get(state, state),
        "is_shipper_owned": values.SUPPLIED_BY.get(supplied, ""),
    }


def is_box(eqd: Segment) -> bool:
    """Tell a container from chassis, generators and break bulk: by its kind, or by its number."""
    return eqd.at(0) == "CN" or _CONTAINER.fullmatch(eqd.at(1)) is not None


def fault_of(segment: Segment) -> str | None:
    """Return what is wrong with a segment as such, or None.

    A released or lost terminator makes one segment of two: what hides behind it is text, and a box in it would be
    lost.
    """
    if not segment.tag:
        return "segment_malformed"
    is_hiding = _HIDDEN.search(segment.raw, 3) or hides_box(segment)
    return "segment_swallowed" if is_hiding else None


def hides_box(segment: Segment) -> bool:
    """Tell whether the segment of a box, with its number, stands in the text of this one."""
    piece = segment.piece
    if "\0" not in piece and piece.find("EQD", 3) < 0 and piece.find("SGP", 3) < 0:
        return False
    return _HIDDEN_BOX.search(segment.raw, 3) is not None


def mass(mea: Segment) -> tuple[str, str]:
    """Return which mass of a box a MEA gives and the mass, or two empty texts.

    The kind is named by the measured attribute (``MEA+AAE+VGM+KGM:26064``), or where that stands alone, by
    the purpose (``MEA+VGM++KGM:26064``).
    """
    kind = _MASSES.get(mea.at(1)) or _MASSES.get(mea.at(0)) or ""
    if not kind or not mea.at(2, 1):
        return "", ""
    return kind, values.mass(mea.at(2, 1), mea.at(2))


def temperature(tmp: Segment) -> str:
    """Return the set point of a TMP in degrees Celsius; leading zeros are only how some write it.

    ``TMP+2+13.3:CEL``.
    """
    return values.temperature(tmp.at(1), tmp.at(1, 1) or "CEL")


def free_text(ftx: Segment) -> str:
    """Return the literal text of an FTX, its lines joined."""
    return " ".join(ftx.lines(3))


def facility(loc: Segment) -> str:
    """Return the terminal that a LOC names beside its place."""
    return loc.at(2) or loc.at(2, 3) or loc.at(3) or loc.at(1, 3)


def seal(sel: Segment) -> tuple[str, str]:
    """Return the number of a seal and who put it on; a word for none is no number."""
    number = sel.at(0)
    if number.upper() in {"NA", "N/A", "NIL", "NONE"}:
        return "", ""
    party = sel.at(1)
    return number, values.SEALING_PARTIES.get(party, party)


_PORTS = {
    "9": "loaded_at",
    "6": "loaded_at",
    "76": "port_of_loading",
    "11": "port_of_discharge",
    "12": "port_of_discharge",
    "7": "place_of_delivery",
    "8": "place_of_delivery",
    "83": "place_of_delivery",
    "13": "transhipment",
    "152": "transhipment",
}


def takes_port(loc: Segment, facts: dict[str, str]) -> bool:
    """Take a port that a LOC gives for a box; return whether it is used. `routed` makes the fields of it."""
    name = _PORTS.get(loc.at(0))
    if name is None:
        return False
    if name == "transhipment":
        return adds(facts, name, values.place(loc), ";")
    return takes_once(facts, name, values.place(loc))


def routed(facts: dict[str, str]) -> dict[str, str]:
    """Return the facts of a box with its ports as a bill has them.

    These messages know where a box was put on this ship, and for one that was transhipped where it was first
    loaded: this is its port of loading, and the other one where it was transhipped.

    >>> routed({"loaded_at": "ESALG", "port_of_loading": "BRSSZ"})
    {'port_of_loading': 'BRSSZ', 'transhipment_ports': 'ESALG'}
    """
    row = dict(facts)
    loaded_at, by_way_of = row.pop("loaded_at", ""), row.pop("transhipment", "")
    original = row.setdefault("port_of_loading", loaded_at)
    if loaded_at not in {"", original}:
        by_way_of = ";".join(port for port in (loaded_at, by_way_of) if port)
    return {**row, "transhipment_ports": by_way_of}


def takes_once(facts: dict[str, str], name: str, text: str) -> bool:
    """Take a fact unless another one was taken before; the same again is no other."""
    return facts.setdefault(name, text) == text


def adds(facts: dict[str, str], name: str, text: str, between: str) -> bool:
    """Add a text to a fact; return whether there was one."""
    if text:
        facts[name] = f"{facts[name]}{between}{text}" if facts.get(name) else text
    return bool(text)
