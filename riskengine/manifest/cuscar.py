"""CUSCAR, the customs cargo report of UN/EDIFACT, from D.95B on: messages to rows of canonical fields.

The directories and the guides of each customs house nest the segments differently: boxes before or inside the
consignments, house bills as consignments of their own or as references of one. So the reader keeps no grammar:
it knows of what it is being told (the voyage, a box, a bill, goods, a party), and each segment
says something of that, or begins another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine.domain import PartyRole
from riskengine.manifest import cuscar_bills, cuscar_cargo
from riskengine.manifest.assemble import container_numbers_in
from riskengine.manifest.box_segments import hides_box
from riskengine.manifest.cargo_report import Box, Report, Telling
from riskengine.manifest.cargo_rows import add_rows
from riskengine.manifest.cuscar_totals import check_totals
from riskengine.manifest.fields import PARTY_FACTS
from riskengine.manifest.schema import Document, DocumentFunction

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Mapping, Sequence

    from riskengine.manifest.flat import FlatRows
    from riskengine.manifest.segments import Message, Segment

CARRIES: frozenset[str] = frozenset(
    """
    vessel_name vessel_imo voyage_number carrier_code carrier_name manifest_number customs_office departed_on
    arrival_expected_on arrival_expected_at bill_of_lading master_bill_of_lading cargo_nature
    declaration_function presented_on booked_on issued_on place_of_receipt port_of_loading port_of_discharge
    place_of_delivery country_of_dispatch country_of_destination freight_payment freight_amount_usd
    transhipment_ports container_number size_type is_full is_shipper_owned tare_mass_kg
    container_gross_mass_kg verified_gross_mass_kg temperature_set_c seal_numbers sealing_party
    goods_description marks hs_code package_count package_type gross_mass_kg net_mass_kg volume_m3
    declared_value_usd country_of_origin un_number
    """.split()  # noqa: SIM905 - a list of words is easier to read
) | {f"{role}_{fact}" for role in PartyRole for fact in PARTY_FACTS}
"""The canonical fields that a CUSCAR of ours holds, so that reading it gives them back."""

_FUNCTIONS: Mapping[str, DocumentFunction] = {
    "original": "original",
    "addition": "addition",
    "amendment": "amendment",
    "replacement": "replacement",
    "cancellation": "cancellation",
}
_TAKERS: Mapping[str, Callable[[Telling, Segment], None]] = {
    "BGM": cuscar_bills.take_bgm,
    "DTM": cuscar_bills.take_dtm,
    "TDT": cuscar_bills.take_tdt,
    "LOC": cuscar_bills.take_loc,
    "RFF": cuscar_bills.take_rff,
    "CNI": cuscar_bills.take_cni,
    "NAD": cuscar_bills.take_nad,
    "CTA": cuscar_bills.take_cta,
    "COM": cuscar_bills.take_com,
    "GIS": cuscar_bills.take_gis,
    "GEI": cuscar_bills.take_gis,
    "CPI": cuscar_bills.take_cpi,
    "MOA": cuscar_bills.take_moa,
    "CNT": cuscar_bills.take_cnt,
    "EQD": cuscar_cargo.take_eqd,
    "SEL": cuscar_cargo.take_sel,
    "MEA": cuscar_cargo.take_mea,
    "TMP": cuscar_cargo.take_tmp,
    "GID": cuscar_cargo.take_gid,
    "PAC": cuscar_cargo.take_pac,
    "FTX": cuscar_cargo.take_ftx,
    "PCI": cuscar_cargo.take_pci,
    "SGP": cuscar_cargo.take_sgp,
    "DGS": cuscar_cargo.take_dgs,
    "CST": cuscar_cargo.take_hs,
    "PIA": cuscar_cargo.take_hs,
    "GDS": cuscar_cargo.take_hs,
}


def read_cuscar(
    messages: Sequence[Message], rows: FlatRows, unmapped: Counter[str]
) -> Document:
    """Read customs cargo reports: a row for each lot of goods in each box, and one for each box without."""
    functions: set[str] = set()
    numbers: list[str] = []
    for message in messages:
        report = Report()
        telling = Telling(report, rows, unmapped)
        report.common["filer"] = ""
        _read(message, telling)
        common = report.common
        common["filer"] = common["filer"] or message.interchange.sender
        functions.add(common.get("declaration_function", ""))
        numbers.append(common.get("manifest_number", ""))
        for bill in report.bills:
            bill.settle()
        check_totals(report, telling)
        add_rows(report, message, rows)
    envelope = messages[0].interchange
    return Document(
        kind="manifest",
        function=_FUNCTIONS.get(functions.pop()) if len(functions) == 1 else None,
        number=numbers[0] or None,
        sender=envelope.sender or None,
        prepared_at=envelope.prepared_at,
    )


def _read(message: Message, telling: Telling) -> None:
    takers = _TAKERS
    for item in message.segments:
        taker = takers.get(item.tag)
        if not item.tag or hides_box(item):
            fault = "segment_swallowed" if item.tag else "segment_malformed"
            telling.rows.refuse(item.number, fault, item.raw, {"line": item.number})
            telling.report.mark(telling.bill, "beside_malformed")
            if container_numbers_in(item.raw):  # what follows is not said of the box before it
                telling.box = Box(item.number, "")
        elif taker is not None:
            taker(telling, item)
        else:
            telling.unmapped[item.tag] += 1
    telling.close_consignment()
