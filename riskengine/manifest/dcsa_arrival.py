"""DCSA arrival notices 1.0: what the carrier tells the consignee of a bill that is about to arrive."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from riskengine.manifest import dcsa_bill, dcsa_fields
from riskengine.manifest.dcsa_fields import first_text, member, members
from riskengine.manifest.dcsa_unmapped import Left
from riskengine.manifest.schema import Document

if TYPE_CHECKING:
    from datetime import datetime

    from riskengine.manifest.flat import FlatRows
    from riskengine.manifest.json_text import Json
    from riskengine.manifest.table import FileRemark

NAME, TITLE = "dcsa_arrival", "a DCSA arrival notice"

CURRENCIES = {"freight_amount_usd": ("freight_amount", "freight_currency")}

_NOT_IN_A_NOTICE = (
    "master_bill_of_lading bill_type issued_on is_full declaration_function filer"
)
_ONLY_IN_A_NOTICE = "vessel_imo manifest_number transhipment_ports"
CARRIES = (dcsa_bill.CARRIES - set(_NOT_IN_A_NOTICE.split())) | set(_ONLY_IN_A_NOTICE.split())
"""The canonical fields that such a notice can fill."""

_PLACES = {
    "place_of_receipt": "placeOfReceipt",
    "port_of_loading": "portOfLoading",
    "port_of_discharge": "portOfDischarge",
    "place_of_delivery": "placeOfDelivery",
}


def is_notice(value: Json) -> bool:
    """Tell an arrival notice from a bill: it says how the goods come, and by which notice."""
    if not isinstance(value, dict) or "transportDocumentReference" not in value:
        return False
    return "transport" in value or "issueDateTime" in value


@dataclass(slots=True)
class Notices:
    """The arrival notices of one file on their way into rows."""

    rows: FlatRows
    left: Left = field(default_factory=Left)
    _carriers: Counter[str] = field(default_factory=Counter[str])
    _last: datetime | None = None

    def take(self, line: int, notice: dict[str, Json]) -> None:
        """Give the rows of one notice."""
        self.left.note_members(notice)
        issued_at = dcsa_fields.instant(first_text(notice, "issueDateTime"))
        if issued_at is not None and (self._last is None or issued_at > self._last):
            self._last = issued_at
        before = len(self.rows.rows)
        own = self._facts(notice)
        boxes = dcsa_bill.boxes_of(notice)
        lines = list(dcsa_bill.goods_lines(notice, boxes, self.left))
        named = {row.get("container_number") for row in lines}
        lines += [facts for number, facts in boxes.items() if number not in named]
        for row in lines or [{}]:
            self.rows.add(line, own | row)
        taken = [row.get("container_number", "") for row in self.rows.rows[before:]]
        for number in dcsa_fields.containers_elsewhere(notice, taken):
            self.rows.refuse(line, "container_elsewhere", number, {"container": number})

    def document(self) -> Document:
        """Return what the file says of itself."""
        sender = next(iter(self._carriers)) if len(self._carriers) == 1 else None
        return Document(kind="manifest", sender=sender, prepared_at=self._last)

    def remarks(self) -> list[FileRemark]:
        """Return what is to be said of the notices together."""
        return self.left.remarks()

    def _facts(self, notice: dict[str, Json]) -> dict[str, str | None]:
        transport = member(notice, "transport")
        carrier = first_text(notice, "carrierCode")
        self._carriers.update([carrier] if carrier else [])
        legs = members(transport, "legs")
        return {
            **_voyage(legs, dcsa_fields.place(transport, "portOfDischarge")),
            "carrier_code": carrier,
            "manifest_number": first_text(
                member(notice, "customsClearance"), "manifestReferenceNumber"
            ),
            "arrival_expected_on": first_text(
                member(transport, "portOfDischargeArrivalDate"), "value"
            ),
            "bill_of_lading": first_text(notice, "transportDocumentReference"),
            **{name: dcsa_fields.place(transport, own) for name, own in _PLACES.items()},
            "transhipment_ports": _transhipments(legs),
            "freight_payment": dcsa_bill.freight_terms(notice),
            **dcsa_bill.freight(notice, self.left),
            **dcsa_fields.parties(notice, self.left),
        }


def _voyage(legs: list[dict[str, Json]], port: str | None) -> dict[str, str | None]:
    """Return the ship that brings the goods to the port of discharge, else that of the last leg at sea."""
    at_sea = _at_sea(legs)
    arriving = [leg for leg in at_sea if dcsa_fields.place(leg, "dischargeLocation") == port]
    last = (arriving or at_sea or [{}])[-1]
    ship = member(last, "vesselVoyage")
    return {
        "vessel_name": first_text(ship, "vesselName"),
        "vessel_imo": first_text(ship, "vesselIMONumber"),
        "voyage_number": first_text(
            ship,
            "carrierImportVoyageNumber",
            "carrierExportVoyageNumber",
            "universalImportVoyageReference",
            "universalExportVoyageReference",
        ),
    }


def _at_sea(legs: list[dict[str, Json]]) -> list[dict[str, Json]]:
    return [
        leg
        for leg in legs
        if (first_text(leg, "modeOfTransport") or "VESSEL").upper() == "VESSEL"
    ]


def _transhipments(legs: list[dict[str, Json]]) -> str | None:
    """Return where the goods change ships: the end of every leg at sea but the last."""
    ports = [dcsa_fields.place(leg, "dischargeLocation") for leg in _at_sea(legs)[:-1]]
    return ";".join(port for port in ports if port) or None
