"""What a customs cargo report has told so far: the voyage, its boxes, its bills and their goods."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from riskengine.manifest.edifact_values import box_key

if TYPE_CHECKING:
    from collections import Counter

    from riskengine.manifest.flat import FlatRows
    from riskengine.manifest.segments import Segment


@dataclass(slots=True)
class Box:
    """A container as its own segments describe it.

    Attributes:
        line: Where it is described.
        text: Its number as received.
        facts: By canonical field.
        seals: Each with who put it on.
        is_contradicted: Whether a fact of it is said in two ways.
    """

    line: int
    text: str
    facts: dict[str, str] = field(default_factory=dict[str, str])
    seals: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    is_contradicted: bool = False

    def say(self, name: str, text: str) -> None:
        """Take a fact; the first one stands."""
        if text and self.facts.setdefault(name, text) != text:
            self.is_contradicted = True

    def call(self, text: str, key: str) -> None:
        """Take a plain number in place of one that stands among other signs, such as ``OLXU84470?15``."""
        if text == key != self.text:
            self.is_contradicted |= not self.text.replace(" ", "").replace("-", "").isalnum()
            self.text = text

    def row(self) -> dict[str, str]:
        """Return its part of a row."""
        seals = list(dict.fromkeys(self.seals))
        parties = [party for _, party in seals]
        return {
            "container_number": self.text,
            **self.facts,
            "seal_numbers": ";".join(number for number, _ in seals),
            "sealing_party": ";".join(parties) if any(parties) else "",
        }


@dataclass(slots=True)
class Goods:
    """A goods item of a bill.

    Attributes:
        line: Where it begins.
        facts: By canonical field.
        places: The boxes it is in: for each its key, the packages in it, and what is measured of them.
        is_loose: Whether it is said to be in no box.
    """

    line: int
    facts: dict[str, str] = field(default_factory=dict[str, str])
    is_loose: bool = False
    places: list[tuple[str, str, dict[str, str]]] = field(
        default_factory=list[tuple[str, str, dict[str, str]]]
    )

    def say(self, name: str, text: str) -> None:
        """Take a measure: of what is in the box just named, or of the whole item."""
        facts = self.places[-1][2] if self.places else self.facts
        facts.setdefault(name, text)


@dataclass(slots=True)
class Bill:
    """A bill of lading.

    Attributes:
        line: Where it begins.
        consignment: The number that its CNI gives.
        facts: By canonical field.
        totals: What is said of its goods together.
        goods: Its goods.
        boxes: Keys of the boxes that are named in it.
        faults: Codes of what is wrong with it as a whole.
        is_filled: Whether parties, boxes or goods of it have been told.
    """

    line: int
    consignment: str
    facts: dict[str, str] = field(default_factory=dict[str, str])
    totals: dict[str, str] = field(default_factory=dict[str, str])
    goods: list[Goods] = field(default_factory=list[Goods])
    boxes: list[str] = field(default_factory=list[str])
    faults: list[str] = field(default_factory=list[str])
    is_filled: bool = False

    def settle(self) -> None:
        """Tell the bill from its master, once all references are known.

        A consignment's own number is the bill, unless a reference names another one: then it is the master. A
        bill that names nothing but a master is that master.
        """
        facts = self.facts
        number, master = facts.get("bill_of_lading"), facts.get("master_bill_of_lading")
        if not number:
            facts["bill_of_lading"] = number = self.consignment or master or ""
            if master and number == master:
                facts["bill_type"] = "master"
        elif self.consignment and self.consignment != number and not master:
            facts["master_bill_of_lading"] = master = self.consignment
        if master and number == master:
            del facts["master_bill_of_lading"]
        elif master:
            facts["bill_type"] = "house"


@dataclass(slots=True)
class Report:
    """One message.

    Attributes:
        common: Facts of the voyage and of all bills.
        boxes: Every box by its key.
        named: Boxes that goods are in, named before they were described, or never described.
        bills: In the order of the message.
        totals: Control totals, each with the bill that was open when it was told.
        faults: Codes of what is wrong with the message as a whole.
    """

    common: dict[str, str] = field(default_factory=dict[str, str])
    boxes: dict[str, Box] = field(default_factory=dict[str, Box])
    named: dict[str, Box] = field(default_factory=dict[str, Box])
    bills: list[Bill] = field(default_factory=list[Bill])
    totals: list[tuple[Bill | None, Segment]] = field(
        default_factory=list[tuple["Bill | None", "Segment"]]
    )
    faults: list[str] = field(default_factory=list[str])

    def box(self, text: str, line: int) -> Box:
        """Return the box of that number, described here or before."""
        key = box_key(text)
        box = self.boxes.setdefault(key, Box(line, text))
        if key in self.named:
            box.call(self.named[key].text, key)
        box.call(text, key)
        return box

    def name_box(self, key: str, text: str, line: int) -> None:
        """Take note of a box that goods are in, whether it is described or not."""
        if key in self.boxes:
            self.boxes[key].call(text, key)
        else:
            self.named.setdefault(key, Box(line, text)).call(text, key)

    def mark(self, bill: Bill | None, code: str) -> None:
        """Mark a bill, or the whole message, as not to be trusted."""
        faults = self.faults if bill is None else bill.faults
        if code not in faults:
            faults.append(code)


@dataclass(slots=True)
class Telling:
    """A message as it is read: of what is being spoken, and where what is said of it goes.

    Attributes:
        report: What has been told.
        rows: Where what cannot be read goes.
        unmapped: Parts that are not used, counted by tag.
        box: The box being described.
        bill: The bill being described.
        goods: The goods being described.
        party: Where facts of the party being described go.
        role: What that party does.
        consignment: The number of the consignment being described.
        awaited_master: A master that was named behind the goods of a bill: of that bill, or of the next.
        is_booking: Whether the last reference was that of a booking.
        ranks: How good the source of a date is that may be told in several ways.
    """

    report: Report
    rows: FlatRows
    unmapped: Counter[str]
    box: Box | None = None
    bill: Bill | None = None
    goods: Goods | None = None
    party: dict[str, str] | None = None
    role: str = ""
    consignment: str = ""
    awaited_master: str = ""
    is_booking: bool = False
    ranks: dict[str, int] = field(default_factory=dict[str, int])

    def leave(self, item: Segment) -> None:
        """Count what is not used."""
        self.unmapped[f"{item.tag}+{item.at(0)}"[:12]] += 1

    def facts(self) -> dict[str, str]:
        """Return the facts of the bill, or those of all bills where none is begun."""
        return self.report.common if self.bill is None else self.bill.facts

    def open_bill(self, line: int) -> Bill:
        """Begin a bill of the consignment."""
        self.bill = Bill(line, self.consignment)
        self.report.bills.append(self.bill)
        self.box, self.goods, self.party = None, None, None
        return self.bill

    def close_consignment(self) -> None:
        """Give the last bill of a consignment the master that was named behind its goods."""
        if self.awaited_master and self.bill is not None:
            self.bill.facts.setdefault("master_bill_of_lading", self.awaited_master)
        self.awaited_master = ""
