"""ANSI X12 309, the customs manifest of the United States, from 003030 on: transaction sets to rows of canonical fields."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from riskengine.domain import PartyRole
from riskengine.errors import ManifestError
from riskengine.manifest import segments, x12_bills, x12_cargo
from riskengine.manifest.cargo_report import Report, Telling
from riskengine.manifest.cargo_rows import add_rows
from riskengine.manifest.edifact_format import MONEY, note_unmapped
from riskengine.manifest.flat import FlatRows
from riskengine.manifest.schema import Document
from riskengine.manifest.table import FileRemark

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from riskengine.manifest.plan import FileSettings
    from riskengine.manifest.schema import DocumentFunction
    from riskengine.manifest.segments import Message, Segment
    from riskengine.manifest.table import TextTable

CARRIES: frozenset[str] = frozenset(
    """
    vessel_name vessel_imo voyage_number carrier_code manifest_number arrival_expected_on bill_of_lading
    master_bill_of_lading declaration_function booked_on place_of_receipt port_of_loading port_of_discharge
    place_of_delivery transhipment_ports container_number size_type is_full seal_numbers sealing_party
    goods_description marks hs_code package_count package_type gross_mass_kg declared_value_usd
    country_of_origin un_number
    """.split()  # noqa: SIM905 - a list of words is easier to read
) | {f"{role}_{fact}" for role in PartyRole for fact in ("name", "address", "country", "email")}
"""The canonical fields that a 309 holds."""

MANIFEST = "309"
_PARTED_NUMBER = re.compile(r"([A-Z]{3}[UJZ])[^A-Za-z0-9](\d{6})", re.IGNORECASE)
_HIDDEN_BOX = re.compile(r"VID.{1,4}[A-Z]{3}[UJZ][^A-Za-z0-9]?\d{6}", re.IGNORECASE)
_MOST_TYPES_SHOWN = 10
_FUNCTIONS: Mapping[str, DocumentFunction] = {
    "addition": "addition",
    "amendment": "amendment",
    "replacement": "replacement",
    "cancellation": "cancellation",
}
_TAKERS: Mapping[str, Callable[[Telling, Segment], None]] = {
    "M10": x12_bills.take_m10,
    "P4": x12_bills.take_p4,
    "LX": x12_bills.take_lx,
    "M13": x12_bills.take_m13,
    "M11": x12_bills.take_m11,
    "M12": x12_bills.take_m12,
    "N9": x12_bills.take_n9,
    "R4": x12_bills.take_r4,
    "N1": x12_bills.take_n1,
    "N2": x12_bills.take_n2,
    "N3": x12_bills.take_n3,
    "N4": x12_bills.take_n4,
    "PER": x12_bills.take_per,
    "VID": x12_cargo.take_vid,
    "M7": x12_cargo.take_m7,
    "N10": x12_cargo.take_n10,
    "H1": x12_cargo.take_h1,
}


def read_x12(data: bytes, *, file: str, settings: FileSettings) -> TextTable:
    """Frame an X12 file of customs manifests into rows of canonical fields.

    Transaction sets of other kinds are named, with every container number in them, as unread.

    Raises:
        ManifestError: None of its transaction sets is a customs manifest (309).
    """
    transmission = segments.read_x12(data, file=file, encoding=settings.encoding)
    manifests = [message for message in transmission.messages if message.type == MANIFEST]
    if not manifests:
        _refuse(transmission.messages, file)
    rows = FlatRows(file=file, size=len(data), remarks=list(transmission.remarks))
    unmapped: Counter[str] = Counter()
    document = _read_all(manifests, rows, unmapped)
    for message in transmission.messages:
        if message.type != MANIFEST:
            raw = _searchable(message.segments.raw(0, len(message.segments)))
            params = {"line": message.number, "type": message.type[:40]}
            rows.refuse(message.number, "message_of_other_kind", raw, params)
    for stray in transmission.strays:
        rows.refuse(stray.number, stray.code, _searchable(stray.raw), {"line": stray.number})
    note_unmapped(rows, unmapped)
    if not rows.rows:
        rows.remarks.append(FileRemark(code="no_containers"))
    return rows.table(name="x12_309", title="X12 309", document=document, currencies=MONEY)


def _read_all(manifests: Sequence[Message], rows: FlatRows, unmapped: Counter[str]) -> Document:
    functions: set[str] = set()
    numbers: list[str] = []
    for message in manifests:
        telling = Telling(Report(), rows, unmapped)
        report = telling.report
        report.common["filer"] = message.interchange.sender
        for item in message.segments:
            taker = _TAKERS.get(item.tag)
            if not item.tag or _HIDDEN_BOX.search(item.piece, 3):
                fault = "segment_swallowed" if item.tag else "segment_malformed"
                rows.refuse(item.number, fault, _searchable(item.raw), {"line": item.number})
                report.mark(telling.bill, "beside_malformed")
            elif taker is not None:
                taker(telling, item)
            else:
                unmapped[item.tag] += 1
        functions |= {bill.facts.get("declaration_function", "") for bill in report.bills}
        numbers.append(report.common.get("manifest_number", ""))
        x12_bills.check_totals(report, telling)
        add_rows(report, message, rows)
    envelope = manifests[0].interchange
    return Document(
        kind="manifest",
        function=_FUNCTIONS.get(functions.pop()) if len(functions) == 1 else None,
        number=numbers[0] or None,
        sender=envelope.sender or None,
        prepared_at=envelope.prepared_at,
    )


def _searchable(raw: str) -> str:
    """Return a raw text with a blank between the two elements of a container number, so that it is found."""
    return _PARTED_NUMBER.sub(r"\1 \2", raw)


def _refuse(messages: Sequence[Message], file: str) -> None:
    types = list(dict.fromkeys(message.type[:40] for message in messages))
    if not types:
        raise ManifestError(
            f"{file} is ANSI X12, but holds no transaction set.",
            remedy="Ask the sender for the whole interchange.",
        )
    shown = ", ".join(map(repr, types[:_MOST_TYPES_SHOWN]))
    raise ManifestError(
        f"{file} holds transaction sets that are not read here: {shown}.",
        remedy="Read here is 309, the customs manifest.",
    )
