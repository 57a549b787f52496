"""BAPLIE: the stow plan of a ship, versions 1.5 to 2.2 (directories 91.1 to D.95B) and 3.1 (D.13B).

The older ones give a cell, then what stands in it, then its number; 3.1 gives the cell, the number, and what
is true of the box. Both are read alike: what stands before the number is true of every box of the cell, what
stands behind it is true of that box.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from riskengine.manifest import box_segments as said
from riskengine.manifest import edifact_values as values
from riskengine.manifest.assemble import container_numbers_in
from riskengine.manifest.schema import Document

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Sequence

    from riskengine.manifest.flat import FlatRows
    from riskengine.manifest.schema import DocumentFunction
    from riskengine.manifest.segments import Message, Segment

_CARRIED = """
    vessel_name vessel_imo voyage_number carrier_code departed_on arrival_expected_on arrival_expected_at
    bill_of_lading port_of_loading port_of_discharge place_of_delivery transhipment_ports container_number
    size_type is_full is_shipper_owned container_gross_mass_kg verified_gross_mass_kg temperature_set_c
    stow_position goods_description un_number
"""
CARRIES = frozenset(_CARRIED.split())
"""The canonical fields that a stow plan can fill."""

_CELL = "147"
_DUMMY_BILLS = {"1", "0", "X", "NA"}
_GOODS_TEXTS = {"AAA", "SIN"}
_READ_ANYWHERE = frozenset(["BGM", "CNT", "UNS"])


def read_baplie(
    messages: Sequence[Message], rows: FlatRows, unmapped: Counter[str]
) -> Document:
    """Give a row for each box of each stow plan.

    A stow plan has a port of loading of this voyage and, for a box that was transhipped, an original one: this
    is its port of loading, and the other one where it was transhipped. The dummy bill number that the guidelines
    ask for is none.
    """
    function: str | None = None
    number: str | None = None
    for message in messages:
        plan = _Plan(message=message, rows=rows, unmapped=unmapped)
        for segment in message.segments:
            if segment.tag == "BGM":
                number = number or segment.at(1) or None
                function = function or values.FUNCTIONS.get(segment.at(2))
            plan.take(segment)
        plan.close_cell()
    first = messages[0].interchange
    return Document(
        kind="stow_plan",
        function=cast("DocumentFunction | None", function),
        number=number,
        sender=first.sender or None,
        prepared_at=first.prepared_at,
    )


@dataclass(slots=True, kw_only=True)
class _Plan:
    """One message on its way into rows.

    Attributes:
        message: The message.
        rows: Where its boxes go.
        unmapped: The tags of what is not used.
        voyage: What is true of every box.
        cell: What is true of every box of the cell, or None before the first one.
        box: What is true of one box; None until its number is met, and empty for one that is no container.
        line: Where the cell begins.
        boxes_in_cell: How many numbers the cell had so far.
        is_doubtful: Whether something in the cell could not be read.
    """

    message: Message
    rows: FlatRows
    unmapped: Counter[str]
    voyage: dict[str, str] = field(default_factory=dict[str, str])
    cell: dict[str, str] | None = None
    box: dict[str, str] | None = None
    line: int = 0
    boxes_in_cell: int = 0
    is_doubtful: bool = False

    def take(self, segment: Segment) -> None:
        """Take the next segment of the message."""
        fault = said.fault_of(segment)
        if fault is not None:
            self._take_broken(segment, fault)
        elif segment.tag == "LOC" and segment.at(0) == _CELL:
            self.close_cell()
            self.cell, self.line = {"stow_position": segment.at(1)}, segment.number
        elif segment.tag == "EQD":
            self._take_number(segment)
        elif self.cell is None:
            if not self._takes_of_the_voyage(segment):
                self._leave(segment)
        elif not self._takes_of_a_box(segment, self.cell if self.box is None else self.box):
            self._leave(segment)

    def _take_broken(self, segment: Segment, fault: str) -> None:
        """Keep what is no segment; what it may have begun, a cell or a box, is not mixed up with the last one."""
        params = {"line": segment.number}
        self.rows.refuse(segment.number, fault, segment.raw, params)
        self.is_doubtful = True
        if f"+{_CELL}" in segment.raw:
            self.close_cell()
            self.cell, self.line, self.is_doubtful = {}, segment.number, True
        elif container_numbers_in(segment.raw):
            self._close_box()
            self.box, self.boxes_in_cell = {}, self.boxes_in_cell + 1

    def close_cell(self) -> None:
        """Give the row of the last box of the cell; a cell in which no box stands is counted."""
        self._close_box()
        if self.cell is not None and not self.boxes_in_cell:
            self.unmapped["LOC+147 without EQD"] += 1
        self.cell, self.boxes_in_cell, self.is_doubtful = None, 0, False

    def _take_number(self, eqd: Segment) -> None:
        self._close_box()
        if not said.is_box(eqd):
            self.unmapped[f"EQD+{eqd.at(0)}"] += 1
            self.boxes_in_cell += 1  # something does stand there
            self.box = {}
            return
        if self.cell is None:  # a box without a cell is on the ship all the same
            self.cell, self.line = {}, eqd.number
        self.box = {name: text for name, text in said.box(eqd).items() if text}
        self.boxes_in_cell += 1

    def _close_box(self) -> None:
        if not self.box:
            self.box = None
            return
        row = said.routed({**self.voyage, **(self.cell or {}), **self.box})
        own = ("segment_malformed",) if self.is_doubtful else ()
        self.rows.add(self.line, row, *self.message.faults, *own)
        self.box = None

    def _takes_of_the_voyage(self, segment: Segment) -> bool:
        """Take what is true of the whole plan; return whether it is used."""
        if segment.tag == "TDT" and segment.at(0) == "20":
            self.voyage |= {name: text for name, text in said.ship(segment).items() if text}
        elif segment.tag == "DTM":
            return self._takes_a_date(segment)
        elif segment.tag == "RFF" and segment.at(0, 0) == "VON":
            self.voyage.setdefault("voyage_number", segment.at(0, 1))
        else:
            return segment.tag in _READ_ANYWHERE or segment.tag == "LOC"
        return True

    def _takes_a_date(self, dtm: Segment) -> bool:
        kind, text, form = dtm.at(0, 0), dtm.at(0, 1), dtm.at(0, 2)
        if kind == "132":
            self.voyage["arrival_expected_on"] = values.day(text, form)
            self.voyage["arrival_expected_at"] = values.instant(text, form)
        elif kind == "136" or (kind == "133" and "departed_on" not in self.voyage):
            self.voyage["departed_on"] = values.day(text, form)
        else:
            return kind == "137"  # when it was made; the interchange says so too
        return True

    def _takes_of_a_box(self, segment: Segment, facts: dict[str, str]) -> bool:
        """Take what is true of a cell or of a box; return whether it is used."""
        taker = _TAKERS.get(segment.tag)
        return segment.tag in _READ_ANYWHERE if taker is None else taker(segment, facts)

    def _leave(self, segment: Segment) -> None:
        self.unmapped[
            f"{segment.tag}+{segment.at(0)[:10]}" if segment.at(0) else segment.tag
        ] += 1


def _takes_mass(mea: Segment, facts: dict[str, str]) -> bool:
    name, text = said.mass(mea)
    return bool(name) and said.takes_once(facts, name, text)


def _takes_temperature(tmp: Segment, facts: dict[str, str]) -> bool:
    return said.takes_once(facts, "temperature_set_c", said.temperature(tmp))


def _takes_text(ftx: Segment, facts: dict[str, str]) -> bool:
    is_of_goods = ftx.at(0) in _GOODS_TEXTS
    return is_of_goods and said.adds(facts, "goods_description", said.free_text(ftx), " ")


def _takes_danger(dgs: Segment, facts: dict[str, str]) -> bool:
    return said.adds(facts, "un_number", dgs.at(2), ";")


def _takes_bill(rff: Segment, facts: dict[str, str]) -> bool:
    if rff.at(0) != "BM":
        return False
    bill = rff.at(0, 1)
    return bill.upper() in _DUMMY_BILLS or said.takes_once(facts, "bill_of_lading", bill)


_TAKERS: dict[str, Callable[[Segment, dict[str, str]], bool]] = {
    "LOC": said.takes_port,
    "MEA": _takes_mass,
    "TMP": _takes_temperature,
    "FTX": _takes_text,
    "DGS": _takes_danger,
    "RFF": _takes_bill,
}
