"""DCSA Track & Trace events 2.2 and 3.0: what happened to boxes, as carriers and terminals report it.

Only what has happened is a movement: what is planned or expected is counted, and so is what concerns
papers. A retracted event, and one that a later version of itself replaces, is no movement either.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from riskengine.manifest import dcsa_fields
from riskengine.manifest.assemble import container_numbers_in
from riskengine.manifest.dcsa_fields import first_text, member, members
from riskengine.manifest.schema import Document
from riskengine.manifest.table import FileRemark

if TYPE_CHECKING:
    from datetime import datetime

    from riskengine.manifest.flat import FlatRows
    from riskengine.manifest.json_text import Json

NAME, TITLE = "dcsa_events", "a list of DCSA events"

CURRENCIES: dict[str, tuple[str, str]] = {}

_CARRIED = """
    bill_of_lading container_number size_type vessel_name vessel_imo voyage_number movement moved_at moved_on
    movement_place movement_facility movement_is_full movement_seal_numbers movement_transport
    movement_reference
"""
CARRIES = frozenset(_CARRIED.split())
"""The canonical fields that such events can fill."""

_MOVEMENTS = {
    "gate_in": "GTIN GATEDIN GATEIN",
    "gate_out": "GTOT GATEDOUT GATEOUT",
    "loaded": "LOAD LOADED",
    "discharged": "DISC DISCHARGED",
    "stuffed": "STUF STUFFED",
    "stripped": "STRP STRIPPED",
    "inspected": "INSP INSPECTED",
    "released": "CUSR CUSTOMSRELEASED",
    "moved": "DROP DROPOFF DROPPEDOFF PICK PICKUP PICKEDUP CROS CROSSED RMVD REMOVED RSEA RESEALED",
    "departed": "DEPA DEPARTED",
    "arrived": "ARRI ARRIVED",
}
_BY_CODE = {code: movement for movement, codes in _MOVEMENTS.items() for code in codes.split()}
_HAPPENED = {"ACT", "ACTUAL"}
_BILL_TYPES = {"TRD", "TRANSPORT_DOCUMENT"}
_RELEASE_TYPES = {
    "CRO",
    "DEO",
    "TRO",
    "ECR",
    "CONTAINER_RELEASE_ORDER",
    "DELIVERY_ORDER",
    "TRANSPORT_ORDER",
}
_BOX_TYPES = {"EQ", "EQUIPMENT"}
_DETAILS = ("eventClassification", "equipmentDetails", "transportDetails", "shipmentDetails")
_MOST_TAGS = 20


def is_event(value: Json) -> bool:
    """Tell an event of either version."""
    if not isinstance(value, dict):
        return False
    return "eventClassification" in value or (
        "eventType" in value and ("eventDateTime" in value or "eventID" in value)
    )


class _Held(NamedTuple):
    line: int
    event: dict[str, Json]
    boxes: list[str]


@dataclass(slots=True)
class Events:
    """The events of one file on their way into rows."""

    rows: FlatRows
    _held: list[_Held] = field(default_factory=list["_Held"])

    def take(self, line: int, event: dict[str, Json]) -> None:
        """Keep one event: whether it counts is known when all are there."""
        self._held.append(_Held(line, event, _boxes_of(event)))

    def document(self) -> Document:
        """Give the rows of all events, and return what the file says of itself."""
        latest = self._latest()
        voyages = self._voyages()
        skipped: Counter[str] = Counter()
        waiting: list[tuple[int, str, str | None]] = []
        senders: Counter[str] = Counter()
        last: datetime | None = None
        for place, (line, event, boxes) in enumerate(self._held):
            sender = _sender(event)
            senders.update([sender] if sender else [])
            at = dcsa_fields.instant(_changed(event))
            last = at if at and (last is None or at > last) else last
            reason = self._reason_against(event, boxes, is_latest=place in latest)
            if reason is None:
                for number in boxes:
                    self.rows.add(line, voyages.get(number, {}) | _row(event, number))
            else:
                skipped[reason] += 1
                waiting += [(line, number, _size(event)) for number in boxes]
        self._add_the_others(waiting)
        if skipped:
            shown = ", ".join(name for name, _ in skipped.most_common(_MOST_TAGS))
            params: dict[str, str | int | float] = {"count": skipped.total(), "tags": shown}
            self.rows.remarks.append(FileRemark(code="events_without_movement", params=params))
        sender = next(iter(senders)) if len(senders) == 1 else None
        return Document(kind="movements", sender=sender, prepared_at=last)

    def remarks(self) -> list[FileRemark]:
        """Return nothing more: what is to be said of events is said with their rows."""
        return []

    def _latest(self) -> set[int]:
        """Return the places of the events that no later version replaces and nobody retracted."""
        by_id: dict[tuple[str, str], int] = {}
        free: set[int] = set()
        for place, (_, event, _) in enumerate(self._held):
            identity = first_text(event, "eventID")
            if identity is None:
                free.add(place)
                continue
            key = (_sender(event) or "", identity)
            other = by_id.get(key)
            if other is None or _is_not_before(event, self._held[other].event):
                by_id[key] = place
        return free | set(by_id.values())

    def _reason_against(
        self, event: dict[str, Json], boxes: list[str], *, is_latest: bool
    ) -> str | None:
        """Return why an event is no movement of a box, or None: it is one."""
        classification = _classification(event)
        kind = first_text(classification, "eventTypeCode", "eventType") or "?"
        happened = first_text(classification, "eventClassifierCode", "eventClassifier") or "?"
        if not is_latest:
            return "replaced"
        if event.get("isRetracted") is True:
            return "retracted"
        if happened.upper() not in _HAPPENED:
            return happened.upper()[:20]
        code = _code(classification)
        if kind.upper() not in {"EQUIPMENT", "TRANSPORT"} or _movement(code) is None:
            return f"{kind.upper()[:20]} {code[:20]}".strip()
        return None if boxes else f"{kind.upper()} {code[:20]} without container"

    def _voyages(self) -> dict[str, dict[str, str | None]]:
        """Return the ship of each box, where all events that name one for it name the same."""
        ships: dict[str, set[tuple[str | None, ...]]] = {}
        for _, event, boxes in self._held:
            call = _call(event)
            vessel = _vessel(call)
            if vessel:
                ship = (
                    first_text(vessel, "vesselName"),
                    first_text(vessel, "vesselIMONumber"),
                    _voyage_number(call),
                )
                for number in boxes:
                    ships.setdefault(number, set()).add(ship)
        names = ("vessel_name", "vessel_imo", "voyage_number")
        return {
            number: dict(zip(names, found.pop(), strict=True))
            for number, found in ships.items()
            if len(found) == 1
        }

    def _add_the_others(self, waiting: list[tuple[int, str, str | None]]) -> None:
        """Give a row without a movement to each box that only planned or other events name."""
        known = {row.get("container_number") for row in self.rows.rows}
        for line, number, size in waiting:
            if number not in known:
                known.add(number)
                self.rows.add(line, {"container_number": number, "size_type": size})


def _row(event: dict[str, Json], number: str) -> dict[str, str | None]:
    details = {**event, **member(event, "equipmentDetails")}
    call = _call(event)
    movement = _movement(_code(_classification(event)))
    of_event = member(event, "eventLocation")
    location = of_event if any(of_event.values()) else _location_of(call)
    of_papers = dict(reversed(_references(event)))
    return {
        "container_number": number,
        "size_type": _size(event),
        "bill_of_lading": _first_of(of_papers, _BILL_TYPES),
        "movement": movement,
        "moved_at": first_text(event, "eventDateTime"),
        "movement_place": first_text(location, "UNLocationCode"),
        "movement_facility": _facility(location) or _facility(_location_of(call)),
        "movement_is_full": dcsa_fields.is_full(details),
        "movement_seal_numbers": dcsa_fields.seals(details)["seal_numbers"],
        "movement_transport": _transport(call),
        "movement_reference": _first_of(of_papers, _RELEASE_TYPES),
    }


def _classification(event: dict[str, Json]) -> dict[str, Json]:
    return member(event, "eventClassification") or event


def _code(classification: dict[str, Json]) -> str:
    names = (
        "equipmentEventType",
        "transportEventType",
        "shipmentEventType",
        "iotEventType",
        "reeferEventType",
    )
    codes = (first_text(classification, f"{name}Code", name) for name in names)
    return next((code for code in codes if code), "")


def _movement(code: str) -> str | None:
    return _BY_CODE.get("".join(sign for sign in code.upper() if sign.isalnum()))


def _size(event: dict[str, Json]) -> str | None:
    return first_text({**event, **member(event, "equipmentDetails")}, "ISOEquipmentCode")


def _boxes_of(event: dict[str, Json]) -> list[str]:
    """Return the boxes of an event: its own, else those it refers to."""
    own = first_text({**event, **member(event, "equipmentDetails")}, "equipmentReference")
    found = [own] if own else [text for kind, text in _references(event) if kind in _BOX_TYPES]
    known = {number for text in found for number in (text, *container_numbers_in(text))}
    return [*dict.fromkeys(found)] + [
        number
        for number in dcsa_fields.containers_elsewhere(event, found)
        if number not in known
    ]


def _references(event: dict[str, Json]) -> list[tuple[str, str]]:
    """Return what an event refers to: (kind, reference)."""
    shipment = member(event, "shipmentDetails")
    entries = [
        *members(event, "documentReferences"),
        *members(event, "references"),
        *members(shipment, "documentReference"),
        *members(shipment, "additionalDocumentReferences"),
        *members(shipment, "shipmentReferences"),
    ]
    found: list[tuple[str, str]] = []
    for entry in entries:
        kind = first_text(entry, "documentReferenceType", "referenceType", "typeCode", "type")
        text = first_text(
            entry, "documentReferenceValue", "referenceValue", "reference", "value"
        )
        if kind and text:
            found.append((kind.upper(), text))
    return found


def _first_of(papers: dict[str, str], kinds: set[str]) -> str | None:
    return next((text for kind, text in papers.items() if kind in kinds), None)


def _call(event: dict[str, Json]) -> dict[str, Json]:
    return member(event, "transportCall") or member(event, "transportDetails", "transportCall")


def _vessel(call: dict[str, Json]) -> dict[str, Json]:
    return member(call, "vessel") or member(call, "vesselTransport")


def _voyage_number(call: dict[str, Json]) -> str | None:
    for name in ("importVoyageNumber", "exportVoyageNumber"):
        nested = member(call, f"{name}OrReference")
        text = first_text(call, name) or first_text(
            nested, "carrierVoyageNumber", "universalVoyageReference"
        )
        if text:
            return text
    return first_text(call, "carrierVoyageNumber")


def _location_of(call: dict[str, Json]) -> dict[str, Json]:
    return {**call, **member(call, "location")}


def _facility(location: dict[str, Json]) -> str | None:
    facility = {**location, **member(location, "facility")}
    return first_text(facility, "facilityCode", "facilityName", "locationName", "otherFacility")


def _transport(call: dict[str, Json]) -> str | None:
    """Return what carried the box: the plate of a truck, a rail car, else the ship."""
    truck = member(call, "truckTransport")
    plates = [
        text
        for name in ("tractorDetails", "trailerDetails")
        if (text := first_text(member(truck, name), "licensePlate"))
    ]
    rail = first_text(member(call, "railTransport"), "railCarReference", "railServiceReference")
    return " ".join(plates) or rail or first_text(_vessel(call), "vesselName")


def _sender(event: dict[str, Json]) -> str | None:
    routing = member(event, "eventRouting")
    parties = [*members(routing, "originatingParty"), *members(routing, "originatingParties")]
    return next((code for one in parties if (code := first_text(one, "partyCode"))), None)


def _changed(event: dict[str, Json]) -> str | None:
    return first_text(event, "eventUpdatedDateTime", "eventCreatedDateTime")


def _is_not_before(event: dict[str, Json], other: dict[str, Json]) -> bool:
    one, two = dcsa_fields.instant(_changed(event)), dcsa_fields.instant(_changed(other))
    return one is None or two is None or one >= two
