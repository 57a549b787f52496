"""Segments of X12 309 that speak of the voyage, of bills and of parties."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine.manifest.cargo_rows import agree, as_float, total
from riskengine.manifest.edifact_values import day
from riskengine.manifest.table import FileRemark
from riskengine.manifest.x12_cargo import mass, volume

if TYPE_CHECKING:
    from riskengine.manifest.cargo_report import Bill, Report, Telling
    from riskengine.manifest.segments import Segment

ROLES = {
    "SH": "shipper",
    "SF": "shipper",
    "EX": "shipper",
    "CN": "consignee",
    "UC": "consignee",
    "N1": "notify_party",
    "NP": "notify_party",
    "N2": "notify_party",
    "FW": "forwarder",
    "CB": "declarant",
    "BY": "buyer",
    "SE": "seller",
}
"""What a party of a bill does (98); of several in one role the first is kept, and the others are counted."""

PLACES = {
    "L": "port_of_loading",
    "D": "port_of_discharge",
    "R": "place_of_receipt",
    "E": "place_of_delivery",
}
"""What a place is to a bill (115)."""

AMENDMENTS = {"A": "addition", "C": "amendment", "D": "cancellation", "R": "replacement"}
"""What an amendment does (580)."""

_TRANSHIPMENT = "T"
_IN_TRANSIT = {"61", "62", "63", "69", "70"}
_LLOYDS = "L"
_SEVERAL_LINES = ", "
_MOST_REMARKS = 1000


def take_m10(telling: Telling, item: Segment) -> None:
    """Take carrier, vessel, voyage and number of the manifest."""
    common, mark = telling.report.common, item.at(3)
    told = {
        "carrier_code": item.at(0),
        "vessel_name": item.at(4),
        "voyage_number": item.at(5),
        "manifest_number": item.at(6),
    }
    if mark and (item.at(9) == _LLOYDS or (not item.at(9) and mark[-7:].isdigit())):
        told["vessel_imo"] = mark
    elif mark:
        telling.unmapped["M10, vessel code"] += 1
    common.update({name: text for name, text in told.items() if text})


def take_p4(telling: Telling, item: Segment) -> None:
    """Begin a port of discharge: it holds for the bills that follow."""
    telling.bill, telling.box, telling.goods, telling.party = None, None, None, None
    common = telling.report.common
    common["port_of_discharge"] = item.at(0)
    common["arrival_expected_on"] = day(item.at(1), "102" if len(item.at(1)) > 6 else "101")  # noqa: PLR2004 - six digits


def take_lx(telling: Telling, item: Segment) -> None:
    """Begin a bill."""
    bill = telling.open_bill(item.number)
    common = telling.report.common
    kept = ("port_of_discharge", "arrival_expected_on")
    bill.facts |= {name: common[name] for name in kept if common.get(name)}


def take_m13(telling: Telling, item: Segment) -> None:
    """Take what is done to a bill that was reported before."""
    bill = telling.bill or telling.open_bill(item.number)
    code = item.at(2)
    bill.facts["declaration_function"] = AMENDMENTS.get(code, code or "amendment")
    if item.at(3):
        bill.facts.setdefault("bill_of_lading", _number(item.at(3), item.at(8)))


def take_m11(telling: Telling, item: Segment) -> None:
    """Take number, port of loading and totals of a bill, and its master."""
    bill = telling.bill
    if bill is None or bill.is_filled:
        take_lx(telling, item)
    bill = telling.bill or telling.open_bill(item.number)
    bill.is_filled = True
    facts = {
        "bill_of_lading": _number(item.at(0), item.at(11)),
        "port_of_loading": item.at(1),
        "place_of_receipt": item.at(9),
        "master_bill_of_lading": _number(item.at(10), item.at(12)),
    }
    bill.facts |= {name: text for name, text in facts.items() if text}
    if bill.facts.get("master_bill_of_lading"):
        bill.facts["bill_type"] = "house"
    totals = {
        "package_count": item.at(2),
        "package_type": item.at(3),
        "gross_mass_kg": mass(item.at(4), item.at(5)),
        "volume_m3": volume(item.at(6), item.at(7)),
    }
    bill.totals |= {name: text for name, text in totals.items() if text}


def _number(number: str, carrier: str) -> str:
    """Return a bill's number with the code of who issued it, by which it is known outside."""
    return number if not number or number.startswith(carrier) else f"{carrier}{number}"


def take_m12(telling: Telling, item: Segment) -> None:
    """Take that goods move on in bond, and their value."""
    bill = telling.bill
    if bill is None:
        telling.leave(item)
        return
    if item.at(0) in _IN_TRANSIT:
        bill.facts["cargo_nature"] = "transit"
    if item.at(4):
        bill.totals |= {"declared_value": item.at(4), "declared_value_currency": "USD"}


def take_n9(telling: Telling, item: Segment) -> None:
    """Take the master, or the day of the booking."""
    bill, qualifier = telling.bill, item.at(0)
    if bill is not None and qualifier in {"MB", "OB"} and item.at(1):
        bill.facts.setdefault("master_bill_of_lading", item.at(1))
    elif bill is not None and qualifier == "BN":
        if item.at(3):
            bill.facts["booked_on"] = day(item.at(3), "102")
    else:
        telling.leave(item)


def take_r4(telling: Telling, item: Segment) -> None:
    """Take a place; it says more than the codes of P4 and M11."""
    bill, place = telling.bill, item.at(2) or item.at(3)
    if bill is None or not place:
        telling.leave(item)
    elif item.at(0) in PLACES:
        bill.facts[PLACES[item.at(0)]] = place
    elif item.at(0) == _TRANSHIPMENT:
        legs = bill.facts.get("transhipment_ports")
        bill.facts["transhipment_ports"] = f"{legs};{place}" if legs else place
    else:
        telling.leave(item)


def take_n1(telling: Telling, item: Segment) -> None:
    """Begin a party."""
    role, bill = ROLES.get(item.at(0)), telling.bill
    telling.party, telling.role = {}, "other"  # facts of a party that is not used go nowhere
    if role is None or bill is None or f"{role}_name" in bill.facts:
        telling.leave(item)
        return
    bill.facts[f"{role}_name"] = item.at(1)
    if item.at(3):
        bill.facts[f"{role}_tax_id"] = item.at(3)
    telling.party, telling.role = bill.facts, role


def take_n2(telling: Telling, item: Segment) -> None:
    """Take the rest of a party's name."""
    _extend(telling, item, "name", " ", [item.at(0), item.at(1)])


def take_n3(telling: Telling, item: Segment) -> None:
    """Take the street."""
    _extend(telling, item, "address", _SEVERAL_LINES, [item.at(0), item.at(1)])


def take_n4(telling: Telling, item: Segment) -> None:
    """Take town, region, postcode and country."""
    town = [item.at(0), item.at(1), item.at(2)]
    _extend(telling, item, "address", _SEVERAL_LINES, town)
    if telling.party is not None and item.at(3):
        telling.party.setdefault(f"{telling.role}_country", item.at(3))


def _extend(telling: Telling, item: Segment, fact: str, between: str, texts: list[str]) -> None:
    if telling.party is None:
        telling.leave(item)
        return
    name = f"{telling.role}_{fact}"
    parts = [text for text in (telling.party.get(name, ""), *texts) if text]
    if parts:
        telling.party[name] = between.join(parts)


def take_per(telling: Telling, item: Segment) -> None:
    """Take how a party is reached."""
    for at in (2, 4, 6):
        fact = {"TE": "phone", "EM": "email"}.get(item.at(at))
        if fact is not None and telling.party is not None and item.at(at + 1):
            telling.party.setdefault(f"{telling.role}_{fact}", item.at(at + 1))


def check_totals(report: Report, telling: Telling) -> None:
    """Mark each bill whose packages or mass are not those of its goods."""
    for bill in report.bills:
        for name in ("package_count", "gross_mass_kg"):
            stated, found = as_float(bill.totals.get(name, "")), total(name, [bill])
            is_mass = name == "gross_mass_kg"
            if stated is None or found is None or agree(stated, found, is_mass=is_mass):
                continue
            report.mark(bill, "control_count_wrong")
            _remark(telling, bill, name, found)


def _remark(telling: Telling, bill: Bill, name: str, found: float) -> None:
    if len(telling.rows.remarks) < _MOST_REMARKS:
        params = {
            "line": bill.line,
            "tag": f"M11 {name}",
            "stated": bill.totals[name][:40],
            "found": f"{found:g}",
        }
        telling.rows.remarks.append(
            FileRemark(code="control_total_differs", params=params, line=bill.line)
        )
