"""Segments of X12 309 that speak of boxes and of goods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine.manifest.cargo_report import Goods
from riskengine.manifest.edifact_values import SEALING_PARTIES, box_key

if TYPE_CHECKING:
    from riskengine.manifest.cargo_report import Telling
    from riskengine.manifest.segments import Segment

_NO_CONTAINER = {"NC"}
_STATES = {"E": "false", "L": "true"}
_MASS_UNITS = {"K": "", "L": " lb", "E": " t"}
_KG_OF = {"S": 907.18474, "T": 1016.0469088, "G": 0.001}
_VOLUME_UNITS = {"X": 1.0, "E": 0.028316846592, "V": 0.001}
_SEALS = 4


def take_vid(telling: Telling, item: Segment) -> None:
    """Begin a box, or goods that are in none."""
    bill = telling.bill or telling.open_bill(item.number)
    bill.is_filled = True
    telling.goods, telling.party, telling.box = None, None, None
    text = f"{item.at(1)}{item.at(2)}"
    if item.at(0) in _NO_CONTAINER or not text:
        return
    box = telling.box = telling.report.box(text, item.number)
    box.say("size_type", item.at(8))
    box.say("is_full", _STATES.get(item.at(9), item.at(9)))
    box.seals += [(seal, "") for seal in (item.at(3), item.at(4)) if seal]
    bill.boxes.append(box_key(text))


def take_m7(telling: Telling, item: Segment) -> None:
    """Take the seals of the box, and who put them on."""
    if telling.box is None:
        telling.leave(item)
        return
    party = SEALING_PARTIES.get(item.at(_SEALS), item.at(_SEALS))
    seals = [seal for place in range(_SEALS) if (seal := item.at(place))]
    known = telling.box.seals
    telling.box.seals = [told for told in known if told[0] not in seals]
    telling.box.seals += [(seal, party) for seal in seals]


def take_n10(telling: Telling, item: Segment) -> None:
    """Take goods in the box; lines without quantity, mass and commodity carry the description on."""
    bill = telling.bill or telling.open_bill(item.number)
    bill.is_filled = True
    description, marks = item.at(1), item.at(2)
    is_more = not (item.at(0) or item.at(4) or item.at(7))
    goods = telling.goods
    if goods is None or not is_more:
        goods = telling.goods = Goods(item.number)
        bill.goods.append(goods)
        goods.is_loose = telling.box is None
        if telling.box is not None:
            goods.places.append((box_key(telling.box.text), "", {}))
    for name, text in (("goods_description", description), ("marks", marks)):
        if text:
            told = goods.facts.get(name)
            goods.facts[name] = f"{told} {text}" if told else text
    told = {
        "package_count": item.at(0),
        "hs_code": item.at(4),
        "gross_mass_kg": mass(item.at(7), item.at(6)),
        "package_type": item.at(9),
        "country_of_origin": item.at(10),
    }
    goods.facts |= {name: text for name, text in told.items() if text}
    if item.at(5):
        currency = item.at(12) or "USD"
        goods.facts |= {"declared_value": item.at(5), "declared_value_currency": currency}


def take_h1(telling: Telling, item: Segment) -> None:
    """Take a UN number of dangerous goods."""
    code = item.at(0).upper().removeprefix("UN").strip()
    if telling.goods is None or not code:
        telling.leave(item)
        return
    told = telling.goods.facts.get("un_number")
    telling.goods.facts["un_number"] = f"{told};{code}" if told else code


def mass(text: str, unit: str) -> str:
    """Return a mass in kg, or with a unit that its reader knows, or with the code that nobody knows.

    >>> mass("1200", "K"), mass("1200", "L"), mass("2", "S"), mass("2", "Q")
    ('1200', '1200 lb', '1814.36948', '2 Q')
    """
    code = unit.upper()
    if not text or not code:
        return text
    if code in _KG_OF:
        return _scaled(text, _KG_OF[code]) or f"{text} {unit}"
    return f"{text}{_MASS_UNITS.get(code, f' {unit}')}"


def volume(text: str, unit: str) -> str:
    """Return a volume in cubic metres, or with the code of a unit that is not known here.

    >>> volume("49.9", "X"), volume("100", "E"), volume("3", "Q")
    ('49.9', '2.8316846592', '3 Q')
    """
    code = unit.upper()
    if not text or not code or code == "X":
        return text
    factor = _VOLUME_UNITS.get(code)
    return f"{text} {unit}" if factor is None else _scaled(text, factor) or f"{text} {unit}"


def _scaled(text: str, factor: float) -> str:
    try:
        return repr(float(text) * factor)
    except ValueError:
        return ""
