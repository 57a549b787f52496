"""Segments of CUSCAR that speak of the voyage, of bills and of parties."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine.manifest.cuscar_codes import (
    ARRIVALS,
    DEPARTURES,
    FIRST_PLACES,
    FREIGHT,
    MAIN_CARRIAGE,
    NATURES,
    OFFICES,
    PAYMENT,
    PLACES,
    REPORTING,
    ROLES,
    TAX_REFERENCES,
    VALUES,
)
from riskengine.manifest.edifact_values import (
    FUNCTIONS,
    day,
    instant,
    number,
    party_facts,
    place,
)

if TYPE_CHECKING:
    from riskengine.manifest.cargo_report import Bill, Telling
    from riskengine.manifest.segments import Segment


def take_bgm(telling: Telling, item: Segment) -> None:
    """Take the number of the report, and what it does to one sent before."""
    common = telling.report.common
    common["manifest_number"] = item.at(1)
    code = item.at(2)
    common["declaration_function"] = FUNCTIONS.get(code, code)


def take_dtm(telling: Telling, item: Segment) -> None:
    """Take a date, of the voyage, of the report or of a bill."""
    qualifier, text, form = item.three(0)
    bill, common = telling.bill, telling.report.common
    if telling.box is not None or telling.goods is not None:
        telling.leave(item)
    elif bill is not None:
        _take_date_of_bill(telling, bill, item)
    elif qualifier in ARRIVALS and _is_better(telling, "arrival", ARRIVALS[qualifier]):
        common["arrival_expected_on"] = day(text, form)
        common["arrival_expected_at"] = instant(text, form)
    elif qualifier in DEPARTURES and _is_better(telling, "departure", DEPARTURES[qualifier]):
        common["departed_on"] = day(text, form)
    elif qualifier == "137":
        common["presented_on"] = day(text, form)
    else:
        telling.leave(item)


def _take_date_of_bill(telling: Telling, bill: Bill, item: Segment) -> None:
    qualifier, text, form = item.three(0)
    told = day(text, form)
    if qualifier in {"182", "95"}:
        bill.facts.setdefault("issued_on", told)
    elif qualifier == "137":
        bill.facts["presented_on"] = told
    elif qualifier == "171" and telling.is_booking:
        bill.facts.setdefault("booked_on", told)
    else:
        telling.leave(item)


def _is_better(telling: Telling, what: str, rank: int) -> bool:
    if rank >= telling.ranks.get(what, len(ARRIVALS)):
        return False
    telling.ranks[what] = rank
    return True


def take_tdt(telling: Telling, item: Segment) -> None:
    """Take vessel, voyage and carrier of the main carriage."""
    if item.at(0) not in {MAIN_CARRIAGE, ""} or telling.bill is not None:
        telling.leave(item)
        return
    common, mark = telling.report.common, item.at(7)
    told = {
        "voyage_number": item.at(1),
        "carrier_code": item.at(4),
        "carrier_name": item.at(4, 3),
        "vessel_name": item.at(7, 3),
    }
    if item.at(7, 1) in {"146", "54"} or mark[-7:].isdigit():
        told["vessel_imo"] = mark
    elif mark:
        telling.unmapped["TDT+call sign"] += 1
    common.update({name: text for name, text in told.items() if text})


def take_loc(telling: Telling, item: Segment) -> None:
    """Take a place, of a bill or of all bills that say nothing else."""
    qualifier = item.at(0)
    if telling.box is not None and telling.bill is None:
        if qualifier == "147":
            telling.box.say("stow_position", item.at(1))
        else:
            telling.leave(item)
        return
    facts = telling.facts()
    if qualifier in PLACES:
        name = PLACES[qualifier]
        if qualifier in FIRST_PLACES:
            facts[name] = place(item)
        else:
            facts.setdefault(name, place(item))
    elif qualifier == "13":
        legs = facts.get("transhipment_ports")
        facts["transhipment_ports"] = f"{legs};{place(item)}" if legs else place(item)
    elif qualifier == "27" and telling.goods is not None:
        telling.goods.facts["country_of_origin"] = place(item)
    elif qualifier in OFFICES:
        facts.setdefault("customs_office", place(item))
    else:
        telling.leave(item)


def take_cni(telling: Telling, item: Segment) -> None:
    """Begin a consignment."""
    telling.close_consignment()
    telling.consignment = item.at(1)
    telling.open_bill(item.number)


def take_rff(telling: Telling, item: Segment) -> None:
    """Take a reference: it may name the bill, its master, or another bill of the same consignment."""
    (qualifier, text, _), bill = item.three(0), telling.bill
    telling.is_booking = qualifier == "BN"
    if bill is not None and qualifier in {"BM", "BH"}:
        _take_bill_number(telling, bill, item)
    elif bill is not None and qualifier == "MB":
        if bill.is_filled:
            telling.awaited_master = text
        else:
            bill.facts["master_bill_of_lading"] = text
    elif telling.party is not None and qualifier in TAX_REFERENCES:
        telling.party.setdefault(f"{telling.role}_tax_id", text)
    elif bill is None or not telling.is_booking:
        telling.leave(item)


def _take_bill_number(telling: Telling, bill: Bill, item: Segment) -> None:
    text = item.at(0, 1)
    if bill.facts.get("bill_of_lading") == text:
        return
    if bill.is_filled or "bill_of_lading" in bill.facts:
        bill = telling.open_bill(item.number)
    bill.facts["bill_of_lading"] = text
    if item.at(0) == "BH":
        bill.facts["bill_type"] = "house"
    if telling.awaited_master:
        bill.facts["master_bill_of_lading"] = telling.awaited_master
        telling.awaited_master = ""


def take_nad(telling: Telling, item: Segment) -> None:
    """Take a party: of the report, or of a bill."""
    bill, qualifier = telling.bill, item.at(0)
    telling.party, telling.role = {}, "other"  # facts of a party that is not used go nowhere
    if bill is None:
        _take_reporting_party(telling, item)
        return
    role = ROLES.get(qualifier)
    if role is None or f"{role}_name" in bill.facts:
        telling.leave(item)
        return
    bill.is_filled = True
    telling.box = None
    for fact, text in party_facts(item).items():
        bill.facts[f"{role}_{fact}"] = text
    telling.party, telling.role = bill.facts, role


def _take_reporting_party(telling: Telling, item: Segment) -> None:
    common, qualifier = telling.report.common, item.at(0)
    facts = party_facts(item)
    if telling.box is not None or qualifier not in REPORTING:
        telling.leave(item)
    elif qualifier == "CA":
        if "tax_id" in facts:
            common["carrier_code"] = facts["tax_id"]
        if "name" in facts:
            common["carrier_name"] = facts["name"]
    elif not common["filer"]:
        common["filer"] = facts.get("name", "") or facts.get("tax_id", "")


def take_com(telling: Telling, item: Segment) -> None:
    """Take how a party is reached."""
    fact = {"TE": "phone", "EM": "email", "AL": "phone"}.get(item.at(0, 1))
    if telling.party is None or fact is None:
        telling.leave(item)
    else:
        telling.party.setdefault(f"{telling.role}_{fact}", item.at(0))


def take_cta(telling: Telling, item: Segment) -> None:
    """Pass over the person at a party."""
    if item.at(1) or item.at(1, 1):
        telling.unmapped["CTA"] += 1


def take_gis(telling: Telling, item: Segment) -> None:
    """Take the nature of a consignment; GEI of later directories has it one element on."""
    code = item.at(1) if item.tag == "GEI" else item.at(0)
    if code in NATURES:
        telling.facts()["cargo_nature"] = NATURES[code]
    else:
        telling.leave(item)


def take_cpi(telling: Telling, item: Segment) -> None:
    """Take who pays the freight."""
    told = PAYMENT.get(item.at(2).upper()) or PAYMENT.get(item.at(1).upper())
    if told is None:
        telling.leave(item)
    else:
        telling.facts().setdefault("freight_payment", told)


def take_moa(telling: Telling, item: Segment) -> None:
    """Take the value of goods, or the freight of a bill."""
    qualifier, amount, currency = item.three(0)
    amount, bill = number(amount), telling.bill
    if bill is None or not amount:
        telling.leave(item)
    elif qualifier in FREIGHT:
        if "freight_amount" not in bill.facts:
            bill.facts |= {"freight_amount": amount, "freight_currency": currency}
    elif qualifier in VALUES:
        facts = bill.totals if telling.goods is None else telling.goods.facts
        if "declared_value" not in facts:
            facts |= {"declared_value": amount, "declared_value_currency": currency}
    else:
        telling.leave(item)


def take_cnt(telling: Telling, item: Segment) -> None:
    """Keep a control total, to be checked when all has been read."""
    telling.report.totals.append((telling.bill, item))
