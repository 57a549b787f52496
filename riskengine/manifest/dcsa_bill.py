"""DCSA bills of lading: transport documents 3.x and the shipping instructions they are made from.

A house bill within shipping instructions is a bill of its own that names the document as its master.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from riskengine.manifest import dcsa_fields as said
from riskengine.manifest.dcsa_fields import first_text, member, members, text_of, texts
from riskengine.manifest.dcsa_unmapped import Left
from riskengine.manifest.schema import Document
from riskengine.manifest.table import FileRemark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskengine.manifest.flat import FlatRows
    from riskengine.manifest.json_text import Json

NAME, TITLE = "dcsa_bill", "a DCSA bill of lading"

CURRENCIES = {
    "freight_amount_usd": ("freight_amount", "freight_currency"),
    "declared_value_usd": ("declared_value", "declared_value_currency"),
}

_OF_GOODS_AND_BOXES = """
    container_number size_type is_shipper_owned tare_mass_kg temperature_set_c seal_numbers sealing_party
    goods_description marks hs_code package_count package_type gross_mass_kg net_mass_kg volume_m3 un_number
"""
_OF_PARTIES = frozenset(
    f"{role}_{fact}"
    for role in ("shipper", "consignee", "notify_party", "forwarder", "declarant")
    for fact in ("name", "address", "country", "tax_id", "phone", "email")
)
_OF_BILLS = """
    vessel_name voyage_number carrier_code arrival_expected_on bill_of_lading master_bill_of_lading
    bill_type issued_on place_of_receipt port_of_loading port_of_discharge place_of_delivery
    freight_payment freight_amount_usd is_full declaration_function filer
"""
CARRIES = _OF_PARTIES | frozenset((_OF_GOODS_AND_BOXES + _OF_BILLS).split())
"""The canonical fields that such a document can fill. The value of a bill counts only where the bill has one line."""

_FREIGHT_TERMS = {"PRE": "prepaid", "COL": "collect"}
_OCEAN_FREIGHT = {"ocean freight", "basic ocean freight", "base ocean freight", "sea freight"}
_DISPLAYED = {
    "place_of_receipt": ("placeOfReceipt", "displayedNameForPlaceOfReceipt"),
    "port_of_loading": ("portOfLoading", "displayedNameForPortOfLoad"),
    "port_of_discharge": ("portOfDischarge", "displayedNameForPortOfDischarge"),
    "place_of_delivery": ("placeOfDelivery", "displayedNameForPlaceOfDelivery"),
}


def is_bill(value: Json) -> bool:
    """Tell a transport document, or shipping instructions, from other JSON."""
    if not isinstance(value, dict) or "arrivalNotices" in value:
        return False
    has_goods = "consignmentItems" in value or "utilizedTransportEquipments" in value
    return has_goods and (
        "documentParties" in value
        or "transportDocumentReference" in value
        or "shippingInstructionsReference" in value
    )


@dataclass(slots=True)
class Bills:
    """The bills of one file on their way into rows.

    Attributes:
        rows: Where they go.
        left: What they say beyond the canonical fields.
        drafts: How many were not issued yet.
        double: How many boxes stand on a master bill and on house bills within it.
    """

    rows: FlatRows
    left: Left = field(default_factory=Left)
    drafts: int = 0
    double: int = 0
    _carriers: Counter[str] = field(default_factory=Counter[str])

    def take(self, line: int, bill: dict[str, Json]) -> None:
        """Give the rows of one bill, and of the house bills in it."""
        self.left.note_members(bill)
        before = len(self.rows.rows)
        status = first_text(bill, "transportDocumentStatus", "documentStatus")
        self.drafts += (status or "").upper() in {"DRAFT", "PENDING_APPROVAL"}
        houses = members(bill, "houseBillOfLadings")
        own = self._facts(bill, is_master=bool(houses))
        boxes = boxes_of(bill)
        lines = list(goods_lines(bill, boxes, self.left))
        in_houses = {
            number for house in houses for number in (*boxes_of(house), *_named_in(house))
        }
        named = {row.get("container_number") for row in lines} - {None}
        self.double += len(in_houses & named)
        free = [number for number in boxes if number not in named and number not in in_houses]
        lines += [boxes[number] for number in free]
        if not lines and not houses:
            lines = [{}]
        value = _declared_value(bill, lines, self.left)
        for row in lines:
            self.rows.add(line, own | row | value)
        for house in houses:
            self._take_house(line, house, own, boxes)
        taken = [row.get("container_number", "") for row in self.rows.rows[before:]]
        for number in said.containers_elsewhere(bill, taken):
            self.rows.refuse(line, "container_elsewhere", number, {"container": number})

    def document(self) -> Document:
        """Return what the file says of itself: who carries, where all bills name the same."""
        sender = next(iter(self._carriers)) if len(self._carriers) == 1 else None
        return Document(kind="manifest", sender=sender)

    def remarks(self) -> list[FileRemark]:
        """Return what is to be said of the bills together."""
        remarks = self.left.remarks()
        if self.drafts:
            remarks.append(FileRemark(code="bills_are_drafts", params={"count": self.drafts}))
        if self.double:
            params: dict[str, str | int | float] = {"count": self.double}
            remarks.append(FileRemark(code="master_and_house_goods", params=params))
        return remarks

    def _take_house(
        self,
        line: int,
        house: dict[str, Json],
        master: dict[str, str | None],
        boxes: dict[str, dict[str, str | None]],
    ) -> None:
        """Give the rows of a house bill: its own parties and goods, on the master's voyage and in its boxes."""
        facts = {
            name: text
            for name, text in master.items()
            if name in _OF_VOYAGE or name in _DISPLAYED
        }
        facts |= _given(
            {
                "bill_of_lading": first_text(house, "houseBillOfLadingReference"),
                "master_bill_of_lading": master["bill_of_lading"],
                "bill_type": "house",
                "place_of_receipt": said.place(house, "placeOfAcceptance"),
                "place_of_delivery": said.place(house, "placeOfFinalDelivery"),
                "issued_on": text_of(house.get("issueDate")),
                "freight_payment": freight_terms(house),
                **freight(house, self.left),
                **said.parties(house, self.left),
            }
        )
        own = {number: dict(facts_of) for number, facts_of in boxes.items()}
        for number, facts_of in boxes_of(house).items():
            own[number] = own.get(number, {}) | _given(facts_of)
        lines = list(goods_lines(house, own, self.left))
        named = {row.get("container_number") for row in lines}
        lines += [own[number] for number in boxes_of(house) if number not in named]
        value = _declared_value(house, lines, self.left)
        for row in lines or [{}]:
            self.rows.add(line, facts | row | value)

    def _facts(self, bill: dict[str, Json], *, is_master: bool) -> dict[str, str | None]:
        transports = member(bill, "transports")
        carrier = first_text(bill, "carrierCode")
        self._carriers.update([carrier] if carrier else [])
        issues_houses = bill.get("isHouseBillOfLadingsIssued")
        kinds = {True: "master", False: "straight"}
        status = first_text(bill, "transportDocumentStatus") or ""
        return {
            **_voyage(transports, self.left),
            "carrier_code": carrier,
            "bill_of_lading": _reference(bill),
            "bill_type": "master"
            if is_master
            else kinds.get(issues_houses)
            if isinstance(issues_houses, bool)
            else None,
            "declaration_function": "cancellation" if status.upper() == "VOIDED" else None,
            "issued_on": text_of(bill.get("issueDate")),
            "freight_payment": freight_terms(bill),
            **freight(bill, self.left),
            **{
                name: said.place(transports, own) or ", ".join(texts(bill, displayed)) or None
                for name, (own, displayed) in _DISPLAYED.items()
            },
            **said.parties(bill, self.left),
        }


_OF_VOYAGE = {
    "vessel_name",
    "vessel_imo",
    "voyage_number",
    "carrier_code",
    "arrival_expected_on",
}


def boxes_of(document: dict[str, Json]) -> dict[str, dict[str, str | None]]:
    """Return what a document says of each box, by its number as written."""
    boxes: dict[str, dict[str, str | None]] = {}
    for entry in members(document, "utilizedTransportEquipments"):
        equipment = {**entry, **member(entry, "equipment")}
        number = first_text(equipment, "equipmentReference")
        facts = {
            "container_number": number,
            "size_type": first_text(equipment, "ISOEquipmentCode"),
            "is_full": said.is_full(equipment),
            "is_shipper_owned": first_text(entry, "isShipperOwned"),
            "tare_mass_kg": said.amount(equipment, "tareWeight", "mass"),
            "temperature_set_c": said.temperature(member(entry, "activeReeferSettings")),
            "marks": "; ".join(texts(entry, "shippingMarks")) or None,
            **said.seals(entry),
        }
        if number:
            # The same box again: what was not said before counts, and a contradiction is found in joining.
            boxes[number] = facts | _given(boxes.get(number, {}))
    return boxes


def goods_lines(
    document: dict[str, Json], boxes: dict[str, dict[str, str | None]], left: Left
) -> Iterator[dict[str, str | None]]:
    """Yield each goods item in each box, with what the document says of the box."""
    for item in members(document, "consignmentItems"):
        codes = texts(item, "extendedHSCodes") or texts(item, "HSCodes")
        left.further["HSCodes"] += max(len(codes) - 1, 0)
        shared = {
            "goods_description": " ".join(texts(item, "descriptionOfGoods")) or None,
            "hs_code": codes[0] if codes else None,
        }
        marks = texts(item, "shippingMarks")
        for cargo in members(item, "cargoItems") or [{}]:
            number = first_text(cargo, "equipmentReference")
            box = boxes.get(number or "", {"container_number": number})
            own_marks = [*marks, *texts(cargo, "shippingMarks"), box.get("marks") or ""]
            yield {
                **box,
                **shared,
                "marks": "; ".join(mark for mark in own_marks if mark) or None,
                **_quantities(cargo, item),
            }


def _quantities(cargo: dict[str, Json], item: dict[str, Json]) -> dict[str, str | None]:
    packaging = {**cargo, **member(cargo, "outerPackaging")}
    dangerous = [
        text
        for one in (*members(packaging, "dangerousGoods"), *members(cargo, "dangerousGoods"))
        if (text := first_text(one, "UNNumber", "unNumber"))
    ]
    held = cargo or item  # goods that are in no box have their quantities on the item itself
    return {
        "package_count": first_text(packaging, "numberOfPackages"),
        "package_type": first_text(packaging, "packageCode", "description"),
        "gross_mass_kg": said.amount(held, "cargoGrossWeight", "mass")
        or said.amount(held, "weight", "mass"),
        "net_mass_kg": said.amount(held, "cargoNetWeight", "mass"),
        "volume_m3": said.amount(held, "cargoGrossVolume", "volume")
        or said.amount(held, "volume", "volume"),
        "un_number": ";".join(dict.fromkeys(dangerous)) or None,
    }


def _voyage(transports: dict[str, Json], left: Left) -> dict[str, str | None]:
    """Return the ship that arrives at the port of discharge: the last one named."""
    ships = members(transports, "vesselVoyages") or members(transports, "vesselVoyage")
    left.further["vesselVoyages"] += max(len(ships) - 1, 0)
    ship = ships[-1] if ships else {}
    return {
        "vessel_name": first_text(ship, "vesselName"),
        "vessel_imo": first_text(ship, "vesselIMONumber"),
        "voyage_number": first_text(
            ship, "carrierExportVoyageNumber", "universalExportVoyageReference"
        ),
        "arrival_expected_on": first_text(transports, "plannedArrivalDate"),
    }


def _reference(bill: dict[str, Json]) -> str | None:
    """Return the number of a bill; of instructions their own, or that of their only booking."""
    own = first_text(
        bill,
        "transportDocumentReference",
        "shippingInstructionsReference",
        "shippingInstructionReference",
    )
    bookings = {
        text
        for item in members(bill, "consignmentItems")
        if (text := first_text(item, "carrierBookingReference"))
    }
    return own or (bookings.pop() if len(bookings) == 1 else None)


def freight_terms(bill: dict[str, Json]) -> str | None:
    """Return prepaid or collect; another code as received."""
    code = first_text(bill, "freightPaymentTermCode")
    return _FREIGHT_TERMS.get((code or "").upper(), code)


def freight(bill: dict[str, Json], left: Left) -> dict[str, str | None]:
    """Return the ocean freight among the charges, where it is in one currency."""
    freight: list[tuple[Decimal, str | None]] = []
    for charge in members(bill, "charges"):
        name, amount = first_text(charge, "chargeName") or "", charge.get("currencyAmount")
        if name.casefold() in _OCEAN_FREIGHT and isinstance(amount, Decimal):
            freight.append((amount, first_text(charge, "currencyCode")))
        else:
            left.unmapped["charges"] += 1
    currencies = {currency for _, currency in freight}
    if len(currencies) != 1 or any(abs(amount.adjusted()) > 30 for amount, _ in freight):  # noqa: PLR2004 - no sum to add
        left.unmapped["charges"] += len(freight)
        return {}
    total = sum((amount for amount, _ in freight), Decimal(0))
    return {"freight_amount": f"{total:f}", "freight_currency": currencies.pop()}


def _declared_value(
    bill: dict[str, Json], lines: list[dict[str, str | None]], left: Left
) -> dict[str, str | None]:
    """Return the value of a bill with one line; that of a bill with more is nobody's in particular."""
    value = first_text(bill, "declaredValue")
    if value is None:
        return {}
    if len(lines) != 1:
        left.unmapped["declaredValue"] += 1
        return {}
    return {
        "declared_value": value,
        "declared_value_currency": first_text(bill, "declaredValueCurrency"),
    }


def _named_in(document: dict[str, Json]) -> list[str]:
    return [
        number
        for item in members(document, "consignmentItems")
        for cargo in members(item, "cargoItems")
        if (number := first_text(cargo, "equipmentReference"))
    ]


def _given(facts: dict[str, str | None]) -> dict[str, str | None]:
    return {name: text for name, text in facts.items() if text}
