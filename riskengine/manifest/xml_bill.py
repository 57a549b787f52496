"""One bill of an XML manifest as rows: its goods joined to its containers, as far as it says which is in which."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from riskengine.manifest.assemble import container_numbers_in
from riskengine.manifest.xml_sheet import LONGEST_TEXT
from riskengine.manifest.xml_units import plain_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from riskengine.manifest.xml_sheet import Sheet
    from riskengine.manifest.xml_units import Element

DIVISIBLE = (
    "package_count",
    "gross_mass_kg",
    "net_mass_kg",
    "volume_m3",
    "quantity",
    "declared_value",
)
"""What a bill gives for all its goods together may not be given to each of its containers."""

_KNOWN_ATTRIBUTES = ("unitcode", "currencyid", "formatcode")
_TEXTS = ("goods_description", "marks")
_ADDED = ("package_count", "gross_mass_kg", "net_mass_kg", "volume_m3")
_LEAST, _ROUNDED = Decimal(1), Decimal("0.001")  # a sum of parts that were rounded


class BillUnread(Exception):
    """A bill cannot be read; the document around it can.

    Attributes:
        code: What is wrong.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Stated:
    """What one part of a bill says: the bill itself, one of its containers, one of its goods.

    Attributes:
        line: Where it begins.
        facts: By canonical field, the first of each.
        containers: The container numbers it names, in their order.
        is_contradictory: Whether it says one thing in two ways.
        is_container_unclear: Whether a container number stands among other text.
    """

    line: int
    facts: dict[str, str] = field(default_factory=dict[str, str])
    containers: list[str] = field(default_factory=list[str])
    is_contradictory: bool = False
    is_container_unclear: bool = False

    def state(self, name: str, text: str) -> None:
        """Take a fact; of two that differ the first stays, and the bill is said to contradict itself."""
        if self.facts.setdefault(name, text) != text:
            self.is_contradictory = True

    def append(self, name: str, text: str, sign: str) -> None:
        """Take one of several texts that together are one fact."""
        before = self.facts.get(name)
        self.facts[name] = text if before is None else f"{before}{sign}{text}"

    def name_container(self, text: str) -> None:
        """Take a container number; of a text with more in it, each number that stands there."""
        found = container_numbers_in(text)
        bare = "".join(char for char in text if char.isalnum()).upper()
        if not found or (len(found) == 1 and found[0] == bare):
            self.containers.append(text)
        else:
            self.containers += found
            self.is_container_unclear = True


@dataclass(slots=True, kw_only=True)
class Bill:
    """A bill, its containers and its goods."""

    own: Stated
    boxes: list[Stated] = field(default_factory=list[Stated])
    goods: list[Stated] = field(default_factory=list[Stated])


def leaves(
    element: Element, groups: Collection[str], sheet: Sheet, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], str, Element]]:
    """Yield the path of names, the text and the element of everything below that holds text.

    An element of *groups* is yielded as it is, with an empty text, and not entered. Text that stands between
    elements is counted as unused.

    Raises:
        BillUnread: A text is longer than anything in a manifest.
    """
    is_leaf = path and not len(element)
    if not is_leaf and element.text and not element.text.isspace():
        sheet.note_unused(f"{element.tag} (text)")
    for child in element:
        name = plain_name(child.tag)
        if name in groups:
            yield (*path, name), "", child
        elif len(child):
            yield from leaves(child, groups, sheet, (*path, name))
        elif text := (child.text or "").strip():
            if len(text) > LONGEST_TEXT:
                raise BillUnread("xml_text_too_long")
            yield (*path, name), text, child
        for key in child.keys():  # noqa: SIM118 - an element of lxml is no mapping
            if plain_name(key) not in _KNOWN_ATTRIBUTES and not key.startswith("{"):
                sheet.note_unused(f"{child.tag}@{key}")
        if child.tail and not child.tail.isspace():
            sheet.note_unused(f"{element.tag} (text)")


def rows_of(bill: Bill, sheet: Sheet) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the line and the facts of each row of a bill.

    Goods that name their containers are in these. Goods of a bill with one container are in it. Of several
    containers each has what it says of itself: what the bill gives for all of them together is not divided,
    for nobody declared how.
    """
    boxes = [(number, box) for box in bill.boxes for number in box.containers or [None]]
    if not _adds_up(bill):
        sheet.unequal.append(bill.own.facts.get("bill_of_lading", ""))
    if any(item.containers for item in bill.goods):
        yield from _as_assigned(bill, boxes, sheet)
    elif len(boxes) > 1:
        yield from _as_boxes_say(bill, boxes, sheet)
    else:
        number, box = boxes[0] if boxes else (None, None)
        facts = bill.own.facts | (box.facts if box else {})
        if len(bill.goods) > 1:  # what is said of the bill or the box is the sum of its goods
            above = [bill.own, box] if box else [bill.own]
            facts = _without(facts, DIVISIBLE) | _undivided(bill, above, sheet, _lacking(bill))
        for item in bill.goods or [box or bill.own]:
            yield (box or item).line, _placed(facts | item.facts, number)


def _as_assigned(
    bill: Bill, boxes: list[tuple[str | None, Stated]], sheet: Sheet
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield a row for each of the goods in each container that it names."""
    known = {number: box for number, box in boxes if number is not None}
    filled = Counter(number for item in bill.goods for number in item.containers)
    base, lacking = bill.own.facts, _lacking(bill)
    if len(bill.goods) > 1 or len(filled.keys() | known.keys()) > 1:
        base = _without(base, DIVISIBLE) | _undivided(bill, [bill.own], sheet, lacking)
    for item in bill.goods:
        own = item.facts
        if len(item.containers) > 1:
            own = _without(own, DIVISIBLE) | _undivided(bill, [item], sheet)
        for number in item.containers or [None]:
            box = known.get(number) if number is not None else None
            facts = {} if box is None else box.facts
            if box is not None and filled[number or ""] > 1:  # it says the sum of its goods
                facts = _without(facts, DIVISIBLE) | _undivided(bill, [box], sheet, lacking)
            yield (box or item).line, _placed(base | facts | own, number)
    for number, box in boxes:
        if number not in filled:
            yield box.line, _placed(base | box.facts, number)


def _as_boxes_say(
    bill: Bill, boxes: list[tuple[str | None, Stated]], sheet: Sheet
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield a row for each container of a bill whose goods do not say in which they are."""
    base = _without(bill.own.facts, DIVISIBLE)
    left = [
        name
        for name in DIVISIBLE
        if any(name in part.facts for part in (bill.own, *bill.goods))
        and not all(name in box.facts for _, box in boxes)
    ]
    for name in dict.fromkeys(name for item in bill.goods for name in item.facts):
        said = dict.fromkeys(item.facts[name] for item in bill.goods if name in item.facts)
        if name in _TEXTS:
            base[name] = "\n".join(said)
        elif name not in DIVISIBLE and len(said) == 1:
            base[name] = next(iter(said))
        elif name not in DIVISIBLE:  # of goods of several kinds none is that of every container
            left.append(name)
    base |= _undivided(bill, [bill.own, *bill.goods], sheet, left)
    for number, box in boxes:
        yield box.line, _placed(base | box.facts, number)


def _adds_up(bill: Bill) -> bool:
    """Tell whether the bill, its containers and its goods state the same, as far as they state it."""
    for name in _ADDED:
        sums = [
            total
            for parts in ([bill.own], bill.boxes, bill.goods)
            if parts
            and all(name in part.facts for part in parts)
            and (total := _sum([part.facts[name] for part in parts])) is not None
        ]
        if sums and max(sums) - min(sums) > max(_LEAST, max(sums) * _ROUNDED):
            return False
    return True


def _lacking(bill: Bill) -> list[str]:
    """Return what some goods of a bill do not say of themselves."""
    return [name for name in DIVISIBLE if any(name not in item.facts for item in bill.goods)]


def _undivided(
    bill: Bill, parts: list[Stated], sheet: Sheet, names: Collection[str] = DIVISIBLE
) -> dict[str, str]:
    """Return, as received and under names of their own, what was stated for several rows together."""
    kept = {
        f"undivided_{name}": "; ".join(part.facts[name] for part in parts if name in part.facts)
        for name in names
        if any(name in part.facts for part in parts)
    }
    reference = bill.own.facts.get("bill_of_lading", "")
    if kept and sheet.undivided[-1:] != [reference]:
        sheet.undivided.append(reference)
    return kept


def _placed(row: dict[str, str], number: str | None) -> dict[str, str]:
    return row if number is None else row | {"container_number": number}


def _without(facts: dict[str, str], names: Collection[str]) -> dict[str, str]:
    return {name: text for name, text in facts.items() if name not in names}


def number_of(text: str | None) -> Decimal | None:
    """Return a number of XML, or None where the text is none.

    >>> number_of("21.50"), number_of("1e999999999"), number_of("many")
    (Decimal('21.50'), None, None)
    """
    if text is None or len(text) > 40:  # noqa: PLR2004 - no number has so many digits
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and number.adjusted() < 30 else None  # noqa: PLR2004


def _sum(texts: list[str]) -> Decimal | None:
    numbers = [number_of(text) for text in texts]
    known = [number for number in numbers if number is not None]
    return sum(known, Decimal(0)) if len(known) == len(numbers) else None
