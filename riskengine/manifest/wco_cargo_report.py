"""Cargo reports in the XML of the WCO Data Model: one declaration, and a consignment for each bill.

The names of the model are generic (``ID``, ``Name``): what they mean is told by the path to them. Namespaces
and versions differ and are let pass; what has no place in the canonical frames is counted and named.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from riskengine.errors import ManifestError
from riskengine.manifest import wco_elements as named
from riskengine.manifest.schema import Document
from riskengine.manifest.xml_bill import Bill, BillUnread, Stated, leaves, number_of, rows_of
from riskengine.manifest.xml_sheet import as_day
from riskengine.manifest.xml_units import plain_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskengine.manifest.schema import DocumentFunction
    from riskengine.manifest.xml_sheet import Sheet
    from riskengine.manifest.xml_units import Element, Rest, Unit

ROOTS = {
    "declaration",
    "documentmetadata",
    "metadata",
    "cargoreport",
    "inwardcargoreport",
    "outwardcargoreport",
    "cargodeclaration",
}
"""The root elements that are read: the declaration itself, or an envelope around it."""

UNIT = "consignment"
"""The element that is one bill."""

_CARRIED = """
    vessel_name vessel_imo voyage_number carrier_code carrier_name manifest_number customs_office
    departed_on arrival_expected_on presented_on issued_on bill_of_lading master_bill_of_lading bill_type
    place_of_receipt port_of_loading port_of_discharge place_of_delivery country_of_dispatch
    country_of_destination freight_payment freight_amount_usd transhipment_ports shipper_name
    shipper_address shipper_country shipper_email consignee_name consignee_address consignee_country
    consignee_email notify_party_name notify_party_address notify_party_country forwarder_name
    container_number size_type is_full is_shipper_owned tare_mass_kg
    container_gross_mass_kg verified_gross_mass_kg temperature_set_c stow_position seal_numbers
    sealing_party goods_description marks hs_code package_count package_type gross_mass_kg net_mass_kg
    volume_m3 declared_value_usd country_of_origin un_number
"""
CARRIES: frozenset[str] = frozenset(_CARRIED.split())
"""The canonical fields that this format carries."""

_DATE_TIME = re.compile(
    r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?(Z|[+-]\d{2}:?(?:\d{2})?)?"
)
_ISO_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}.*)")
_MASTER, _HOUSE = {"704", "MB", "MBL", "MWB"}, {"714", "703", "HB", "HWB", "HBL"}
_SINGLE = {"705", "706", "710", "BM", "BL", "BOL"}
_GROUPS = {
    *("consignmentitem", "transportequipment", "transportcontractdocument"),
    *("associatedtransportdocument", "attacheddocument", "consignment"),
    *named.PARTIES,
}


@dataclass(slots=True, kw_only=True)
class _Document:
    """A transport document of a consignment, or of the one around it."""

    is_above: bool
    number: str = ""
    kind: str = ""
    issued_on: str | None = None


@dataclass(slots=True, kw_only=True)
class _Parts:
    """A consignment while it is taken: its transport documents, and its containers by their place."""

    bill: Bill
    documents: list[_Document] = field(default_factory=list["_Document"])
    containers: dict[str | None, str] = field(default_factory=dict["str | None", str])


@dataclass(slots=True)
class CargoReportReader:
    """Takes the consignments of one cargo report into a sheet."""

    sheet: Sheet

    def take(self, unit: Unit) -> None:
        """Take one consignment.

        Raises:
            BillUnread: It says nothing, holds another consignment, or a text that no manifest holds.
            ManifestError: It belongs to a goods declaration, or its rows could not be held.
        """
        self._must_be_of_cargo(unit.element)
        parts = _Parts(bill=Bill(own=Stated(unit.line)))
        for path, text, element in leaves(unit.element, _GROUPS, self.sheet):
            if text:
                self._state(parts.bill.own, path, text, element, named.CONSIGNMENT)
            else:
                line = unit.line + (element.sourceline - unit.element.sourceline)
                self._take_group(parts, path[-1], element, line)
        bill = parts.bill
        for (
            item
        ) in bill.goods:  # some name a container by its place among those of the consignment
            place = item.facts.pop("equipment_place", None)
            if place in parts.containers and not item.containers:
                item.containers.append(parts.containers[place])
        _name_bill(bill.own, parts.documents)
        if not (bill.own.facts or bill.boxes or bill.goods):
            raise BillUnread("xml_bill_empty")
        self.sheet.add_bill(bill, rows_of(bill, self.sheet))

    def _take_group(self, parts: _Parts, name: str, element: Element, line: int) -> None:
        bill = parts.bill
        if name == "consignmentitem":
            bill.goods.append(self._item(element, line))
        elif name == "transportequipment":
            box, place = self._equipment(element, line)
            bill.boxes.append(box)
            if place is not None and box.containers:
                parts.containers[place] = box.containers[0]
        elif name in named.PARTIES:
            self._party(bill.own, named.PARTIES[name], element)
        elif name == "consignment":
            raise BillUnread("xml_bill_nested")
        elif name == "attacheddocument":
            self.sheet.note_unused(element.tag)
        else:
            parts.documents.append(self._document(element))

    def finish(self, rest: Rest) -> tuple[dict[str, str], Document]:
        """Return the facts of the voyage, and what the document says of itself.

        Raises:
            ManifestError: The document holds several declarations, or one of another kind.
        """
        header = Stated(1)
        self._must_be_one(rest)
        for path, text, element in leaves(rest.parts, ("attacheddocument",), self.sheet):
            inner = path[path.index("declaration") + 1 :] if "declaration" in path else path
            if not text:
                self.sheet.note_unused(element.tag)
            elif inner[-2:] in {
                ("transportequipment", "id"),
                ("transportequipment", "identificationid"),
            }:
                self.sheet.add_stray(element.sourceline, text)
            else:
                self._state(header, inner, text, element, named.HEADER)
        if header.is_contradictory:
            self.sheet.fault_all("xml_element_repeated")
        return _voyage(header.facts), _document(header.facts)

    def _must_be_of_cargo(self, element: Element) -> None:
        around = {plain_name(above.tag) for above in element.iterancestors()}
        if around & {"goodsshipment", "governmentagencygoodsitem"}:
            raise ManifestError(
                f"{self.sheet.source.file} is a goods declaration of the WCO Data Model, not a cargo report.",
                remedy="Ask the carrier or the filer for the cargo report (manifest).",
            )

    def _must_be_one(self, rest: Rest) -> None:
        if rest.root is None:
            return
        tags = [
            element.tag
            for element in rest.root.iter()
            if isinstance(element.tag, str) and plain_name(element.tag) == "declaration"
        ]
        file = self.sheet.source.file
        if len(tags) > 1:
            raise ManifestError(
                f"{file} holds {len(tags)} declarations.", remedy="Split it by declaration."
            )
        for tag in tags:
            namespace = tag[1:].partition("}")[0] if tag.startswith("{") else ""
            if namespace and "wco" not in namespace.lower():
                raise ManifestError(
                    f"{file} is a declaration of another namespace, {namespace[:80]}.",
                    remedy="Read are cargo reports of the WCO Data Model.",
                )

    def _item(self, group: Element, line: int) -> Stated:
        item = Stated(line)
        counts: list[str] = []
        for path, text, element in leaves(group, (), self.sheet):
            if path[-1] == "quantityquantity":
                counts.append(text)
            elif path[-2:] == ("transportequipment", "sequencenumeric"):
                item.facts["equipment_place"] = text
            else:
                self._state(item, path, text, element, named.ITEM)
        numbers = [number_of(count) for count in counts]
        if len(counts) == 1 or (counts and None in numbers):
            item.facts["package_count"] = ", ".join(counts)
        elif counts:
            item.facts["package_count"] = f"{sum(filter(None, numbers)):f}"
        return item

    def _equipment(self, group: Element, line: int) -> tuple[Stated, str | None]:
        box, place = Stated(line), None
        for path, text, element in leaves(group, ("seal",), self.sheet):
            if path[-1] == "seal" and not text:
                self._seal(box, element)
            elif ".".join(path) == "sequencenumeric":
                place = text
            else:
                self._state(box, path, text, element, named.EQUIPMENT)
        return box, place

    def _seal(self, box: Stated, group: Element) -> None:
        seal = Stated(box.line)
        for path, text, element in leaves(group, (), self.sheet):
            self._state(seal, path, text, element, named.SEAL)
        if "seal_numbers" in seal.facts:
            is_first = "seal_numbers" not in box.facts
            box.append("seal_numbers", seal.facts["seal_numbers"], ";")
            party = seal.facts.get("sealing_party", "")
            if is_first:
                box.facts["sealing_party"] = party
            else:
                box.append("sealing_party", party, ";")

    def _party(self, own: Stated, role: str, group: Element) -> None:
        if f"{role}_name" in own.facts:
            self.sheet.note_unused(group.tag)
            return
        party, address = Stated(own.line), list[str]()
        contacts: list[Element] = []
        for path, text, element in leaves(group, ("communication",), self.sheet):
            if not text:
                contacts.append(element)
            elif path[-1] in named.ADDRESS:
                address.append(text)
            else:
                self._state(party, path, text, element, named.PARTY)
        for contact in contacts:
            said = {path[-1]: text for path, text, _ in leaves(contact, (), self.sheet)}
            number, kind = said.get("id", ""), said.get("typeid") or said.get("typecode")
            fact = "email" if "@" in number else named.CONTACTS.get(kind or "TE")
            if number and fact is not None:
                party.facts.setdefault(fact, number)
            else:
                self.sheet.note_unused(contact.tag)
        if address:
            party.facts["address"] = ", ".join(address)
        for name, text in party.facts.items():
            own.facts[f"{role}_{name}"] = text
        own.is_contradictory |= party.is_contradictory

    def _document(self, group: Element) -> _Document:
        above = plain_name(group.tag).startswith("associated")
        document = _Document(is_above=above)
        for path, text, element in leaves(group, (), self.sheet):
            if path[-1] == "id":
                document.number = text
            elif path[-1] == "typecode":
                document.kind = text.upper()
            elif path[0] == "issuedatetime":
                document.issued_on = as_day(text)
            else:
                self.sheet.note_unused(element.tag)
        return document

    def _state(
        self,
        stated: Stated,
        path: tuple[str, ...],
        text: str,
        element: Element,
        names: Mapping[str, str],
    ) -> None:
        name = _named(path, names)
        if name is None:
            if path[-1] not in named.UNDERSTOOD:
                self.sheet.note_unused(element.tag)
        elif name == "container_number":
            stated.name_container(text)
        elif name == "transhipment_ports":
            stated.append(name, text, ";")
        elif name in named.INSTANTS:
            _state_instant(stated, name, text)
        elif name in named.MONEY:
            stated.state(name, text)
            if currency := element.get("currencyID"):
                stated.state(named.MONEY[name], currency)
        else:
            unit = element.get("unitCode", "")
            known = named.CODES.get(name, {})
            text = known.get(text.upper(), text)
            own_unit = unit.upper() in named.OWN_UNITS or not unit
            stated.state(name, text if own_unit else f"{text} {unit}")


def _named(path: tuple[str, ...], names: Mapping[str, str]) -> str | None:
    """Return the field of a path; in some versions of the model a date stands in an element of its own."""
    inner = path[:-1] if path[-1] == "datetimestring" else path
    return names.get(".".join(inner[-2:]))


def _state_instant(stated: Stated, name: str, text: str) -> None:
    """State the day, and where there is a time of day, the instant too."""
    day, instant = text, None
    if compact := _DATE_TIME.fullmatch(text):
        day = f"{compact[1]}-{compact[2]}-{compact[3]}"
        if compact[4]:
            zone = compact[7] or ""
            zone = f"{zone}:00" if len(zone) == len("+01") else zone
            instant = f"{day}T{compact[4]}:{compact[5]}:{compact[6] or '00'}{zone}"
    elif iso := _ISO_TIME.fullmatch(text):
        day, instant = iso[1], text
    elif text[10:11] in {"Z", "+", "-"}:
        day = text[:10]
    stated.state(named.INSTANTS[name], day)
    if instant is not None and name in {"arrival", "issued"}:
        stated.state(f"{name}_at", instant)


def _name_bill(own: Stated, documents: list[_Document]) -> None:
    """Tell the bill, its master and its type from the transport documents of a consignment."""
    own_ones = [document for document in documents if document.number and not document.is_above]
    houses = [document for document in own_ones if document.kind in _HOUSE]
    masters = [document for document in own_ones if document.kind in _MASTER]
    others = [document for document in own_ones if document.kind not in _HOUSE | _MASTER]
    above = [document for document in documents if document.number and document.is_above]
    for bills, kind in ((houses, "house"), (others, "straight"), (masters, "master")):
        if bills:
            bill = bills[0]
            is_known = kind != "straight" or bill.kind in _SINGLE
            own.facts["bill_of_lading"] = bill.number
            if is_known or bill.kind:
                own.facts["bill_type"] = kind if is_known else bill.kind
            if bill.issued_on is not None:
                own.facts["issued_on"] = bill.issued_on
            own.is_contradictory |= len({one.number for one in bills}) > 1
            above += [] if kind == "master" else masters
            break
    if above:
        own.facts["master_bill_of_lading"] = above[0].number
        own.is_contradictory |= len({one.number for one in above}) > 1


def _voyage(facts: dict[str, str]) -> dict[str, str]:
    voyage = {name: text for name, text in facts.items() if name not in named.OF_THE_DOCUMENT}
    if "arrival_at" in facts:
        voyage["arrival_expected_at"] = facts["arrival_at"]
    filers = [
        facts.get(f"{who}_{what}")
        for who in ("submitter", "agent", "declarant")
        for what in ("name", "id")
    ]
    filer = next((name for name in filers if name), None)
    if filer is not None:
        voyage["filer"] = filer
    if "function" in facts:
        voyage["declaration_function"] = facts["function"]
    reference = facts.get("reference")
    if reference is not None:
        voyage.setdefault("manifest_number", reference)
    return voyage


def _document(facts: dict[str, str]) -> Document:
    prepared_at = None
    if "issued_at" in facts:
        try:
            prepared_at = datetime.fromisoformat(facts["issued_at"])
        except ValueError:
            prepared_at = None  # the day comes along as presented_on
    if prepared_at is not None:
        is_local = prepared_at.tzinfo is None
        prepared_at = (
            prepared_at.replace(tzinfo=UTC) if is_local else prepared_at.astimezone(UTC)
        )
    function: DocumentFunction | None = named.FUNCTIONS.get(facts.get("function", ""))
    return Document(
        kind="manifest",
        function=function,
        number=facts.get("manifest_number") or facts.get("reference"),
        sender=facts.get("submitter_name") or facts.get("submitter_id"),
        prepared_at=prepared_at,
    )
