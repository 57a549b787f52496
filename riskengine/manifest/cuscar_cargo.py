"""Segments of CUSCAR that speak of boxes and of goods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine.manifest.box_segments import is_box
from riskengine.manifest.cargo_report import Box, Goods
from riskengine.manifest.cuscar_codes import BOX_MASSES, CONTAINERS, GOODS_MASSES, VOLUMES
from riskengine.manifest.edifact_values import (
    FULL_OR_EMPTY,
    SEALING_PARTIES,
    SUPPLIED_BY,
    box_key,
    mass,
    temperature,
    volume,
)

if TYPE_CHECKING:
    from riskengine.manifest.cargo_report import Telling
    from riskengine.manifest.segments import Segment

_TEXTS = 3  # where FTX has them
_MARKS = 1  # where PCI has them
_OTHER_PACKAGING = 2  # where GID has it


def take_eqd(telling: Telling, item: Segment) -> None:
    """Begin a box."""
    telling.party = None
    number, is_full = item.at(1), item.at(5)
    if not number or not (item.at(0) in CONTAINERS or is_box(item)):
        telling.leave(item)
        telling.box = Box(item.number, "")  # what is said of other equipment goes nowhere
        return
    box = telling.box = telling.report.box(number, item.number)
    box.say("size_type", item.at(2) or item.at(2, 3))
    box.say("is_shipper_owned", SUPPLIED_BY.get(item.at(3), ""))
    box.say("is_full", FULL_OR_EMPTY.get(is_full, is_full))
    if telling.bill is not None:
        telling.bill.is_filled = True
        telling.bill.boxes.append(box_key(number))


def take_sel(telling: Telling, item: Segment) -> None:
    """Take a seal of the box."""
    seal, code = item.at(0), item.at(1)
    if telling.box is None or not seal:
        telling.leave(item)
        return
    telling.box.seals.append((seal, SEALING_PARTIES.get(code.upper(), code)))


def take_mea(telling: Telling, item: Segment) -> None:
    """Take a mass or a volume, of the box or of the goods."""
    unit, text, _ = item.three(2)
    kind = item.at(1) or item.at(0)
    if telling.box is not None:
        if kind in BOX_MASSES:
            telling.box.say(BOX_MASSES[kind], mass(text, unit))
            return
    elif telling.goods is not None:
        if kind in GOODS_MASSES:
            telling.goods.say(GOODS_MASSES[kind], mass(text, unit))
            return
        if kind in VOLUMES or item.at(0) in VOLUMES:
            telling.goods.say("volume_m3", volume(text, unit))
            return
    telling.leave(item)


def take_tmp(telling: Telling, item: Segment) -> None:
    """Take the temperature that is set, of the box or of all boxes of the goods."""
    value, unit, _ = item.three(1)
    told = temperature(value, unit)
    if telling.box is not None:
        telling.box.say("temperature_set_c", told)
    elif telling.goods is not None:
        telling.goods.facts["temperature_set_c"] = told
    else:
        telling.leave(item)


def take_gid(telling: Telling, item: Segment) -> None:
    """Begin goods."""
    telling.box, telling.party = None, None
    bill = telling.bill or telling.open_bill(item.number)
    bill.is_filled = True
    goods = telling.goods = Goods(item.number)
    bill.goods.append(goods)
    count, kind = item.at(1), item.at(1, 1) or item.at(1, 4)
    if count:
        goods.facts["package_count"] = count
    if kind:
        goods.facts["package_type"] = kind
    if any(part.strip(" :") for part in item.parts[_OTHER_PACKAGING:]):
        telling.unmapped["GID, other packaging"] += 1


def take_pac(telling: Telling, item: Segment) -> None:
    """Take packages that GID did not name."""
    if telling.goods is None or "package_count" in telling.goods.facts:
        telling.leave(item)
        return
    kind = item.at(2) or item.at(2, 3)
    telling.goods.facts |= {"package_count": item.at(0), "package_type": kind}


def take_ftx(telling: Telling, item: Segment) -> None:
    """Take the description of the goods, in as many pieces as there are."""
    bill, parts = telling.bill, item.lines(_TEXTS)
    if item.at(0) != "AAA" or telling.box is not None or bill is None or not parts:
        telling.leave(item)
        return
    facts = bill.totals if telling.goods is None else telling.goods.facts
    _extend(facts, "goods_description", " ", parts)


def take_pci(telling: Telling, item: Segment) -> None:
    """Take the marks on the packages."""
    parts = item.lines(_MARKS)
    if telling.goods is None or not parts:
        telling.leave(item)
        return
    _extend(telling.goods.facts, "marks", " ", parts)


def take_sgp(telling: Telling, item: Segment) -> None:
    """Take a box that the goods are in, and how many packages are in it."""
    telling.box = None
    number = item.at(0)
    if not number:
        telling.leave(item)
        return
    key = box_key(number)
    telling.report.name_box(key, number, item.number)
    if telling.goods is not None:
        telling.goods.places.append((key, item.at(1), {}))
    else:
        bill = telling.bill or telling.open_bill(item.number)
        bill.boxes.append(key)


def take_dgs(telling: Telling, item: Segment) -> None:
    """Take a UN number of dangerous goods."""
    if telling.goods is None or not item.at(2):
        telling.leave(item)
        return
    _extend(telling.goods.facts, "un_number", ";", [item.at(2)])


def take_hs(telling: Telling, item: Segment) -> None:
    """Take the commodity code: CST and PIA have it in the same place, GDS in the first."""
    code = item.at(0) if item.tag == "GDS" else item.at(1)
    if telling.goods is None or not code or "hs_code" in telling.goods.facts:
        telling.leave(item)
    else:
        telling.goods.facts["hs_code"] = code


def _extend(facts: dict[str, str], name: str, between: str, parts: list[str]) -> None:
    told = facts.get(name)
    facts[name] = between.join([told, *parts] if told else parts)
