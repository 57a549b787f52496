"""ASYCUDA World manifests: the cargo manifest (Awmds) and the house bills of a groupage (Awbolds, Awmcds).

Each country writes the elements a little differently. They are known here by name, whatever their case and
their underscores; what has no place in the canonical frames is counted and named.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from riskengine.errors import ManifestError
from riskengine.manifest import awmds_elements as named
from riskengine.manifest.schema import Document
from riskengine.manifest.xml_bill import Bill, BillUnread, Stated, leaves, number_of, rows_of
from riskengine.manifest.xml_sheet import as_day, as_instant
from riskengine.manifest.xml_units import plain_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskengine.manifest.xml_sheet import Sheet
    from riskengine.manifest.xml_units import Element, Rest, Unit

ROOTS = {"awmds": "awmds", "awbolds": "awmds_houses", "awmcds": "awmds_houses"}
"""The root elements that are read, each with the name of its format."""

UNIT = "bol[_-]?segment"
"""The element that is one bill."""

_CARRIED = """
    vessel_name vessel_imo voyage_number carrier_code carrier_name customs_office departed_on
    arrival_expected_on bill_of_lading master_bill_of_lading bill_type cargo_nature place_of_receipt
    port_of_loading port_of_discharge place_of_delivery freight_payment freight_amount_usd shipper_name
    shipper_address shipper_tax_id consignee_name consignee_address consignee_tax_id notify_party_name
    notify_party_address notify_party_tax_id forwarder_name forwarder_tax_id container_number size_type
    is_full tare_mass_kg seal_numbers sealing_party goods_description marks hs_code package_count
    package_type gross_mass_kg volume_m3 declared_value_usd
"""
CARRIES: frozenset[str] = frozenset(_CARRIED.split())
"""The canonical fields that this format carries: what was written is read as it was."""

_UNIT_NAME = "bolsegment"
_SEALS = ("seal_numbers", "sealing_party")
_JOINED = {"seal_numbers": ";", "hs_code": ";"}


@dataclass(slots=True)
class _Totals:
    """What the bills of a manifest come to; the houses and the masters also on their own."""

    bols: int = 0
    boxes: int = 0
    numbers: set[str] = field(default_factory=set[str])
    sums: dict[tuple[str, str], Decimal] = field(default_factory=dict[tuple[str, str], Decimal])
    unclear: set[str] = field(default_factory=set[str])

    def add(self, bill: Bill) -> None:
        kind = bill.own.facts.get("bill_type", "")
        self.bols += 1
        self.boxes += len(bill.boxes)
        for box in bill.boxes:
            self.numbers.update(box.containers)
        for name, of in (("packages", "package_count"), ("gross_mass", "gross_mass_kg")):
            parts = bill.goods if any(of in item.facts for item in bill.goods) else bill.boxes
            for part in parts:
                number = number_of(part.facts.get(of, "0"))
                if number is None:
                    self.unclear.add(name)
                else:
                    self.sums[name, kind] = self.sums.get((name, kind), Decimal(0)) + number

    def found(self, name: str) -> tuple[Decimal, ...]:
        """Return what a total may be: of all bills, or without the houses or the masters."""
        if name == "bols":
            return (Decimal(self.bols),)
        if name == "containers":
            return (Decimal(len(self.numbers)), Decimal(self.boxes))
        every = sum((of for (one, _), of in self.sums.items() if one == name), Decimal(0))
        zero = Decimal(0)
        return (
            every,
            every - self.sums.get((name, "house"), zero),
            every - self.sums.get((name, "master"), zero),
        )


@dataclass(slots=True)
class AwmdsReader:
    """Takes the bills of one manifest into a sheet."""

    sheet: Sheet
    totals: _Totals = field(default_factory=_Totals)

    def take(self, unit: Unit) -> None:
        """Take one bill.

        Raises:
            BillUnread: It says nothing, holds another bill, or a text that no manifest holds.
            ManifestError: The rows could not be held.
        """
        bill, seals = Bill(own=Stated(unit.line)), Stated(unit.line)
        box_counts: list[str] = []
        for path, text, element in leaves(
            unit.element, named.GROUPS | {_UNIT_NAME}, self.sheet
        ):
            line = unit.line + (element.sourceline - unit.element.sourceline)
            if path[-1] in named.BOXES:
                bill.boxes.append(self._stated(element, line, named.BOX))
            elif path[-1] in named.GOODS_GROUPS:
                item = self._stated(element, line, named.GOODS)
                if count := item.facts.pop("box_count", None):
                    box_counts.append(count)
                for name in _SEALS:
                    if name in item.facts:
                        seals.append(name, item.facts.pop(name), ";")
                bill.goods.append(item)
            elif path[-1] in named.ATTACHED:
                self.sheet.note_unused(element.tag)
            elif path[-1] == _UNIT_NAME:
                raise BillUnread("xml_bill_nested")
            else:
                self._state(bill.own, path, text, element, named.BILL)
        self._complete(bill, seals)
        if not (bill.own.facts or bill.boxes or bill.goods):
            raise BillUnread("xml_bill_empty")
        self.totals.add(bill)
        self.sheet.add_bill(bill, rows_of(bill, self.sheet), _miscount(box_counts, bill))

    def finish(self, rest: Rest) -> tuple[dict[str, str], Document]:
        """Return the facts of the voyage, and what the document says of itself; check its totals.

        Raises:
            ManifestError: The document holds several manifests.
        """
        header, totals = Stated(1), list[tuple[str, str, int]]()
        heads = 0
        for path, text, element in leaves(rest.parts, named.ATTACHED, self.sheet):
            if path[-1] in named.ATTACHED:
                self.sheet.note_unused(element.tag)
            elif path[-1] in named.TOTALS:
                totals.append((path[-1], text, element.sourceline))
            elif path[-1] in named.CONTAINER_PLACES:
                self.sheet.add_stray(element.sourceline, text)
            else:
                heads += path[-1] == "voyagenumber"
                self._state(header, path, text, element, named.HEADER)
        if heads > 1:
            raise ManifestError(
                f"{self.sheet.source.file} holds the heads of {heads} manifests.",
                remedy="Split it by voyage.",
            )
        if header.is_contradictory:
            self.sheet.fault_all("xml_element_repeated")
        if rest.is_whole and not self.sheet.unread:
            for name, text, line in totals:
                self._check(name, text, line)
        return _voyage(header.facts), _document(header.facts)

    def _stated(self, group: Element, line: int, names: Mapping[str, str]) -> Stated:
        stated = Stated(line)
        for path, text, element in leaves(group, (), self.sheet):
            self._state(stated, (plain_name(group.tag), *path), text, element, names)
        _one_code(stated, self.sheet)
        return stated

    def _state(
        self,
        stated: Stated,
        path: tuple[str, ...],
        text: str,
        element: Element,
        names: Mapping[str, str],
    ) -> None:
        name = names.get(path[-1]) or names.get(".".join(path[-2:]))
        if name == "container_number" or path[-1] in named.CONTAINER_PLACES:
            stated.name_container(text)
        elif name is None:
            if path[-1] not in named.UNDERSTOOD:
                self.sheet.note_unused(element.tag)
        elif name in _JOINED:
            stated.append(name, text, _JOINED[name])
        elif name.endswith("_address"):
            stated.append(name, text, ", ")
        elif name == "sealing_party":
            known = named.PARTIES_OF_SEALS
            parts = [known.get(part.strip().upper(), part) for part in text.split(";")]
            stated.state(name, ";".join(parts))
        else:
            stated.state(name, named.CODES.get(name, {}).get(text.upper(), text))

    def _complete(self, bill: Bill, seals: Stated) -> None:
        """Draw from what was stated what the canonical fields ask for."""
        own = bill.own.facts
        first = own.pop("original_port", None)
        if first is not None and own.get("port_of_loading") not in {None, first}:
            own["transhipment_ports"] = own["port_of_loading"]  # where this ship took it over
        if first is not None:
            own["port_of_loading"] = first
        last = own.pop("ultimate_destination", None)
        if last is not None and own.setdefault("place_of_delivery", last) != last:
            self.sheet.note_unused("Place_of_ultimate_destination_code")
        is_consolidated = own.pop("consolidated", "0").lower() in {"1", "true", "y", "yes"}
        if is_consolidated and own.get("bill_type") == "straight":
            own["bill_type"] = "master"
        for name, role in (("carrier_name", "name"), ("carrier_code", "tax_id")):
            carrier = own.pop(name, None)
            if carrier is None:
                continue
            if self.sheet.format == "awmds":  # beside the carrier of the whole manifest
                self.sheet.note_unused(name)
            else:
                own.setdefault(f"forwarder_{role}", carrier)
        _one_code(bill.own, self.sheet)
        for item in bill.goods:
            if kind := item.facts.pop("package_type_text", None):
                item.facts.setdefault("package_type", kind)
        _settle_boxes(bill)
        _settle_seals(bill, seals, self.sheet)

    def _check(self, name: str, stated: str, line: int) -> None:
        total, tag = named.TOTALS[name]
        found, number = self.totals.found(total), number_of(stated)
        slack = max(Decimal(1), found[0] / 10_000) if total == "gross_mass" else Decimal(0)
        if total in self.totals.unclear:
            return
        if number is None or all(abs(number - one) > slack for one in found):
            self.sheet.note_total(tag, stated, f"{found[0]:f}", line)
            self.sheet.fault_all("control_count_wrong")


def _one_code(stated: Stated, sheet: Sheet) -> None:
    """Of several commodity codes for the same goods none is that of all."""
    codes = dict.fromkeys(stated.facts.get("hs_code", "").split(";"))
    if len(codes) > 1:
        stated.facts["undivided_hs_code"] = stated.facts.pop("hs_code")
        sheet.undivided.append(stated.facts.get("bill_of_lading", ""))
    elif stated.facts.get("hs_code"):
        stated.facts["hs_code"] = next(iter(codes))


def _settle_boxes(bill: Bill) -> None:
    """Let each container be named once: some are named again where goods are split."""
    known = {number for box in bill.boxes if box.facts for number in box.containers}
    bill.boxes = [
        box
        for box in bill.boxes
        if box.facts or not box.containers or not known.issuperset(box.containers)
    ]
    for number in bill.own.containers:
        if number not in known:
            bill.boxes.append(Stated(bill.own.line, containers=[number]))
    bill.own.containers = []


def _settle_seals(bill: Bill, seals: Stated, sheet: Sheet) -> None:
    """Give the seals that are stated with the goods to the one container they can be on."""
    if not seals.facts.get("seal_numbers"):
        return
    if len(bill.boxes) > 1:
        if not all(box.facts.get("seal_numbers") for box in bill.boxes):
            bill.own.facts["undivided_seal_numbers"] = seals.facts["seal_numbers"]
            sheet.undivided.append(bill.own.facts.get("bill_of_lading", ""))
        return
    facts = bill.boxes[0].facts if bill.boxes else bill.own.facts
    if "seal_numbers" not in facts:
        facts |= seals.facts


def _miscount(box_counts: list[str], bill: Bill) -> tuple[str, str] | None:
    """Return the element and what it states where it is not the number of containers of the bill."""
    numbers = [number_of(text) for text in box_counts]
    known = [number for number in numbers if number]  # zero is what many write who do not count
    count = len({number for box in bill.boxes for number in box.containers or [""]})
    if not known or count in known or sum(known) == count:
        return None
    return "Num_of_ctn_for_this_bol", box_counts[0]


def _voyage(facts: dict[str, str]) -> dict[str, str]:
    """Return the facts that hold for every row."""
    voyage = dict(facts)
    for name in ("departed_on", "arrival_expected_on", "presented_on"):
        if name in voyage:
            voyage[name] = as_day(voyage[name])
    time = voyage.pop("arrival_time", None)
    if time is not None and "arrival_expected_on" in voyage:
        voyage["arrival_expected_at"] = as_instant(voyage["arrival_expected_on"], time)
    agent = [voyage.pop(name, None) for name in ("agent_name", "agent_code", "user_name")]
    filer = next((name for name in agent if name), None)
    voyage.pop("presented_time", None)
    return voyage if filer is None else voyage | {"filer": filer}


def _document(facts: dict[str, str]) -> Document:
    sender = [facts.get(name) for name in ("user_name", "agent_name", "agent_code")]
    prepared_at = None
    if "presented_on" in facts:
        time = facts.get("presented_time", "00:00")
        try:
            prepared_at = datetime.fromisoformat(
                as_instant(as_day(facts["presented_on"]), time)
            )
        except ValueError:
            prepared_at = None  # said by the field presented_on, whose text comes along
    if prepared_at is not None:
        prepared_at = (
            prepared_at.replace(tzinfo=UTC)
            if prepared_at.tzinfo is None
            else prepared_at.astimezone(UTC)
        )
    return Document(
        kind="manifest",
        sender=next((name for name in sender if name), None),
        prepared_at=prepared_at,
    )
