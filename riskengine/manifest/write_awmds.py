"""Writing a manifest as an ASYCUDA World document, so that what is read back is what was written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

import polars as pl

from riskengine.errors import ExportError
from riskengine.manifest.awmds_elements import PARTIES_OF_SEALS
from riskengine.manifest.write import flat_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from riskengine.manifest.schema import Manifest

Value: TypeAlias = "str | float | int | bool | date | Decimal | None"
Row: TypeAlias = "Mapping[str, Value]"

_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_CODES = {
    "cargo_nature": {"export": "22", "import": "23", "transit": "24", "transhipment": "28"},
    "bill_type": {"house": "HSB", "master": "MBL", "straight": "BOL"},
    "freight_payment": {"prepaid": "P", "collect": "C"},
    "is_full": {"True": "FCL", "False": "EMP"},
}
_SEALING = {party: code for code, party in PARTIES_OF_SEALS.items()}
_PARTIES = {"Exporter": "shipper", "Notify": "notify_party", "Consignee": "consignee"}
_GOODS = {
    "Number_of_packages": "package_count",
    "Package_type_code": "package_type",
    "Gross_mass": "gross_mass_kg",
    "Shipping_marks": "marks",
    "Goods_description": "goods_description",
    "Commodity_code": "hs_code",
    "Volume_in_cubic_meters": "volume_m3",
}
_MOST_MARKS = 3


def awmds_document(manifest: Manifest, *, houses_of: str | None = None) -> bytes:
    """Return a manifest in the XML of ASYCUDA World.

    Carried is what `riskengine.manifest.awmds.CARRIES` names; the format has no place for the rest, nor for
    facts of a box where there is none. A bill is one ``Bol_segment``; where it has several lines of goods,
    each names its container. The totals are those of what is written.

    Args:
        manifest: The manifest.
        houses_of: A master bill: only its house bills are written, as a degroupage (``Awbolds``).

    Raises:
        ExportError: The manifest has several voyages, there is no such master bill, or a text holds
            characters that no XML document can hold.
    """
    rows = _rows(manifest, houses_of)
    bills: dict[object, list[Row]] = {}
    for place, row in enumerate(rows):
        bills.setdefault(_key(row, place), []).append(row)
    xml = _Writer()
    with xml.element("Awmds" if houses_of is None else "Awbolds"):
        head: Row = rows[0] if rows else {}
        if houses_of is None:
            _head(xml, head, rows, len(bills))
        else:
            with xml.element("Master_bol"):
                _identify(xml, head)
                xml.leaf("Reference_number", houses_of, head)
        for number, bill in enumerate(bills.values(), start=1):
            with xml.element("Bol_segment"):
                _bill(xml, number, bill, is_house=houses_of is not None)
    return xml.document()


@dataclass(slots=True)
class _Writer:
    """An XML document while it is written; empty elements are left out."""

    parts: list[str] = field(default_factory=list[str])
    depth: int = 0

    def document(self) -> bytes:
        return ('<?xml version="1.0" encoding="UTF-8"?>\n' + "".join(self.parts)).encode()

    def element(self, tag: str) -> _Opened:
        return _Opened(self, tag)

    def leaf(self, tag: str, value: Value, row: Row) -> None:
        if value is None:
            return
        text = value if isinstance(value, str) else _number(value)
        if found := _NO_XML.search(text):
            where = row.get("container_number") or row.get("bill_of_lading") or "the manifest"
            raise ExportError(
                f"{tag} of {where} holds the character U+{ord(found[0]):04X}, which no XML document can hold.",
                remedy="Write the manifest as .csv or .parquet.",
            )
        blank = "\t" * self.depth
        self.parts.append(f"{blank}<{tag}>{text.translate(_ESCAPES)}</{tag}>\n")


@dataclass(slots=True)
class _Opened:
    """An element that is open for as long as the block lasts."""

    xml: _Writer
    tag: str
    start: int = 0

    def __enter__(self) -> None:
        self.xml.parts.append("\t" * self.xml.depth + f"<{self.tag}>\n")
        self.xml.depth += 1
        self.start = len(self.xml.parts)

    def __exit__(self, *_: object) -> None:
        self.xml.depth -= 1
        if len(self.xml.parts) == self.start and self.xml.depth > 1:
            self.xml.parts.pop()
        else:
            self.xml.parts.append("\t" * self.xml.depth + f"</{self.tag}>\n")


def _rows(manifest: Manifest, houses_of: str | None) -> list[Row]:
    if manifest.voyages.height > 1:
        raise ExportError(
            f"The manifest has {manifest.voyages.height} voyages; an ASYCUDA World document has one.",
            remedy="Write each voyage on its own, or all as .csv or .parquet.",
        )
    lines = flat_list(manifest)
    if houses_of is not None:
        has_masters = "master_bill_of_lading" in lines.columns
        is_house = pl.col("master_bill_of_lading") == houses_of if has_masters else False
        lines = lines.filter(is_house)
        if not lines.height:
            raise ExportError(
                f"No bill of the manifest is a house bill of {houses_of}.",
                remedy="Name a master bill of lading of this manifest.",
            )
    return list[Row](lines.rows(named=True))


def _key(row: Row, place: int) -> object:
    """Tell which lines are of one bill: as reading does, a box without a bill is one of its own."""
    bill, box = row.get("bill_of_lading"), row.get("container_number")
    return ("bill", bill) if bill is not None else ("box", box) if box is not None else place


def _identify(xml: _Writer, row: Row) -> None:
    xml.leaf("Customs_office_code", row.get("customs_office"), row)
    xml.leaf("Voyage_number", row.get("voyage_number"), row)
    xml.leaf("Date_of_departure", row.get("departed_on"), row)


def _head(xml: _Writer, row: Row, rows: list[Row], bill_count: int) -> None:
    boxes = {number for line in rows if (number := line.get("container_number")) is not None}
    with xml.element("General_segment"):
        with xml.element("General_segment_id"):
            _identify(xml, row)
            xml.leaf("Date_of_arrival", row.get("arrival_expected_on"), row)
        with xml.element("Totals_segment"):
            xml.leaf("Total_number_of_bols", bill_count, row)
            xml.leaf("Total_number_of_packages", _sum(rows, "package_count"), row)
            xml.leaf("Total_number_of_containers", len(boxes), row)
            xml.leaf("Total_gross_mass", _sum(rows, "gross_mass_kg"), row)
        with xml.element("Transport_information"):
            with xml.element("Carrier"):
                xml.leaf("Carrier_code", row.get("carrier_code"), row)
                xml.leaf("Carrier_name", row.get("carrier_name"), row)
            xml.leaf("Mode_of_transport_code", 1, row)
            xml.leaf("Identity_of_transporter", row.get("vessel_name"), row)
            xml.leaf("Registration_number_of_transport_code", row.get("vessel_imo"), row)


def _bill(xml: _Writer, number: int, lines: list[Row], *, is_house: bool) -> None:
    bill = lines[0]
    with xml.element("Bol_id"):
        xml.leaf("Bol_reference", bill.get("bill_of_lading"), bill)
        xml.leaf("Line_number", number, bill)
        xml.leaf("Bol_nature", _code(bill, "cargo_nature"), bill)
        xml.leaf("Bol_type_code", _code(bill, "bill_type"), bill)
        if not is_house:
            xml.leaf("Master_bol_ref_number", bill.get("master_bill_of_lading"), bill)
    _places(xml, bill)
    with xml.element("Traders_segment"):
        for tag, role in _PARTIES.items():
            with xml.element(tag):
                xml.leaf(f"{tag}_code", bill.get(f"{role}_tax_id"), bill)
                xml.leaf(f"{tag}_name", bill.get(f"{role}_name"), bill)
                xml.leaf(f"{tag}_address", bill.get(f"{role}_address"), bill)
        with xml.element("FreightForwarder"):
            xml.leaf("FFName", bill.get("forwarder_name"), bill)
            xml.leaf("FFId", bill.get("forwarder_tax_id"), bill)
    boxes: dict[object, list[Row]] = {}
    for line in lines:
        if line.get("container_number") is not None:
            boxes.setdefault(line["container_number"], []).append(line)
    for box in boxes.values():
        _box(xml, box)
    for line in lines:
        _goods(xml, line, len(boxes), is_alone=len(lines) == 1)
    with xml.element("Value_segment"):
        with xml.element("Freight_segment"):
            xml.leaf("PC_indicator", _code(bill, "freight_payment"), bill)
            _money(xml, "Freight", bill.get("freight_amount_usd"), bill)
        if len(lines) == 1:
            with xml.element("Customs_segment"):
                _money(xml, "Customs", bill.get("declared_value_usd"), bill)


def _places(xml: _Writer, bill: Row) -> None:
    loaded, by_way_of = bill.get("port_of_loading"), bill.get("transhipment_ports")
    with xml.element("Load_unload_place"):
        xml.leaf("Port_of_origin_code", bill.get("place_of_receipt"), bill)
        if loaded is not None and isinstance(by_way_of, str) and ";" not in by_way_of:
            xml.leaf("Original_port_of_loading_code", loaded, bill)
            loaded = by_way_of
        xml.leaf("Place_of_delivery_code", bill.get("place_of_delivery"), bill)
        xml.leaf("Place_of_loading_code", loaded, bill)
        xml.leaf("Place_of_unloading_code", bill.get("port_of_discharge"), bill)


def _box(xml: _Writer, lines: list[Row]) -> None:
    box = lines[0]
    seals = str(box.get("seal_numbers") or "").split(";")
    parties = str(box.get("sealing_party") or "").split(";")
    marks = [*seals[: _MOST_MARKS - 1], ";".join(seals[_MOST_MARKS - 1 :])]
    with xml.element("ctn_segment"):
        xml.leaf("Ctn_reference", box.get("container_number"), box)
        xml.leaf("Number_of_packages", _sum(lines, "package_count", of_all=True), box)
        xml.leaf("Type_of_container", box.get("size_type"), box)
        xml.leaf("Empty_Full", _code(box, "is_full"), box)
        for place, mark in enumerate(marks, start=1):
            xml.leaf(f"Marks{place}", mark or None, box)
        party = parties[0] if len(set(parties)) == 1 else ";".join(parties)
        codes = ";".join(_SEALING.get(one, one) for one in party.split(";"))
        xml.leaf("Sealing_Party", codes or None, box)
        xml.leaf("Empty_weight", box.get("tare_mass_kg"), box)
        xml.leaf("Goods_weight", _sum(lines, "gross_mass_kg", of_all=True), box)


def _goods(xml: _Writer, line: Row, box_count: int, *, is_alone: bool) -> None:
    if is_alone and all(line.get(name) is None for name in _GOODS.values()):
        return
    with xml.element("Goods_segment"):
        for tag, name in _GOODS.items():
            xml.leaf(tag, line.get(name), line)
        if not is_alone:
            with xml.element("Container_item_references"):
                xml.leaf("Ctn_item_reference", line.get("container_number"), line)
            _money(xml, "Customs", line.get("declared_value_usd"), line)
        xml.leaf("Num_of_ctn_for_this_bol", box_count, line)


def _money(xml: _Writer, tag: str, amount: Value, row: Row) -> None:
    if amount is not None:
        xml.leaf(f"{tag}_value", amount, row)
        xml.leaf(f"{tag}_currency", "USD", row)


def _code(row: Row, name: str) -> str | None:
    value = row.get(name)
    return None if value is None else _CODES[name].get(str(value), str(value))


def _sum(lines: Iterable[Row], name: str, *, of_all: bool = False) -> Decimal | None:
    """Return the sum of what is known; of all lines only where each of them says something."""
    amounts = [line.get(name) for line in lines]
    known = [Decimal(str(amount)) for amount in amounts if amount is not None]
    if not known or (of_all and len(known) < len(amounts)):
        return None
    return sum(known, Decimal(0))


def _number(value: float | bool | date | Decimal) -> str:
    """Return a number without exponent, and a day as XML has it."""
    if isinstance(value, float):
        value = Decimal(str(value))
    return f"{value:f}".removesuffix(".0") if isinstance(value, Decimal) else str(value)
