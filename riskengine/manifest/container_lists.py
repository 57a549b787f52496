"""Terminal messages: what is to be loaded and discharged (COPRAR), what was (COARRI), what passed the gate (CODECO).

Each EQD with what follows it is one movement of one box. Which movement it is, the name of the document says;
where that is a code of nobody's list, its text, the common reference or the state of the box.
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
    from collections.abc import Sequence

    from riskengine.manifest.flat import FlatRows
    from riskengine.manifest.schema import DocumentFunction
    from riskengine.manifest.segments import Message, Segment

_CARRIED = """
    vessel_name vessel_imo voyage_number carrier_code arrival_expected_on arrival_expected_at bill_of_lading
    port_of_loading port_of_discharge place_of_delivery transhipment_ports container_number size_type is_shipper_owned
    tare_mass_kg verified_gross_mass_kg temperature_set_c stow_position goods_description un_number movement
    moved_at moved_on movement_place movement_facility movement_is_full movement_seal_numbers
    movement_gross_mass_kg movement_transport movement_reference
"""
CARRIES = frozenset(_CARRIED.split())
"""The canonical fields that such a message can fill."""

_BY_DOCUMENT = {
    "COPRAR": {"43": "discharge_ordered", "45": "load_ordered"},
    "COARRI": {"44": "discharged", "98": "discharged", "46": "loaded", "270": "loaded"},
    "CODECO": {"34": "gate_in", "36": "gate_out"},
}
_BY_WORD = {
    "COPRAR": (("DISCHARG", "discharge_ordered"), ("LOADING", "load_ordered")),
    "COARRI": (("DISCHARG", "discharged"), ("LOADING", "loaded")),
    "CODECO": (("GATEOUT", "gate_out"), ("GATEIN", "gate_in")),
}
_BY_STATE = {
    "COPRAR": {"2": "load_ordered", "3": "discharge_ordered"},
    "COARRI": {"2": "loaded", "3": "discharged"},
    "CODECO": {},
}
"""Where the document does not tell: an export box is loaded, an import box discharged (8249)."""

_INCOMING = {"gate_in", "loaded", "load_ordered"}
_TIMES = ("203", "7", "181", "334", "218")
_SITES = ("165", "99", "89", "88")
_REFERENCES = ("RE", "REO", "AAJ", "ATI", "BN")
_GOODS_TEXTS = {"AAA"}
_OF_ENVELOPE = frozenset(["BGM", "CNT", "UNS", "TMD"])


def read_container_lists(
    messages: Sequence[Message], rows: FlatRows, unmapped: Counter[str]
) -> Document:
    """Give a row for each movement of each box.

    A seal, a mass and a state are those that were read at the movement, not those declared: they stand in the
    fields of the movement.
    """
    functions: set[str | None] = set()
    number: str | None = None
    for message in messages:
        reader = _List(message=message, rows=rows, unmapped=unmapped)
        for segment in message.segments:
            if segment.tag == "BGM":
                number = number or segment.at(1) or None
                functions.add(values.FUNCTIONS.get(segment.at(2)))
            reader.take(segment)
        reader.close_box()
    function = functions.pop() if len(functions) == 1 else None
    first = messages[0].interchange
    return Document(
        kind="movements",
        function=cast("DocumentFunction | None", function),
        number=number if len(messages) == 1 else None,
        sender=first.sender or None,
        prepared_at=first.prepared_at,
    )


@dataclass(slots=True, kw_only=True)
class _List:
    """One message on its way into rows.

    Attributes:
        message: The message.
        rows: Where its boxes go.
        unmapped: The tags of what is not used.
        movement: What the document as a whole says happened, or None.
        shared: What is true of every box.
        box: What is true of the box at hand; None before the first.
        sites: Where it may have happened, by the code of the LOC; ``own_sites`` for the box at hand.
        times: When it may have happened, by the code of the DTM.
        references: What the box refers to, by the code of the RFF.
        seals: The seals that were read.
        state: The state of the box (8249).
        line: Where its EQD stands.
        is_other: Whether the equipment at hand is no container.
        is_doubtful: Whether something said of the box could not be read.
    """

    message: Message
    rows: FlatRows
    unmapped: Counter[str]
    movement: str | None = None
    shared: dict[str, str] = field(default_factory=dict[str, str])
    sites: dict[str, Segment] = field(default_factory=dict[str, "Segment"])
    box: dict[str, str] | None = None
    own_sites: dict[str, Segment] = field(default_factory=dict[str, "Segment"])
    times: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    references: dict[str, str] = field(default_factory=dict[str, str])
    seals: list[str] = field(default_factory=list[str])
    state: str = ""
    line: int = 0
    is_other: bool = False
    is_doubtful: bool = False

    def take(self, segment: Segment) -> None:
        """Take the next segment of the message."""
        fault = said.fault_of(segment)
        if fault is not None:
            self._take_broken(segment, fault)
        elif segment.tag == "EQD":
            self._open_box(segment)
        elif segment.tag in _OF_ENVELOPE:
            if segment.tag == "BGM":
                self.movement = self._movement_of(segment)
        elif self.is_other or not (
            self._takes_of_all(segment)
            if self.box is None
            else self._takes_of_box(segment, self.box)
        ):
            self._leave(segment)

    def _take_broken(self, segment: Segment, fault: str) -> None:
        """Keep what is no segment; a box that it may have begun is not mixed up with the last one."""
        params = {"line": segment.number}
        self.rows.refuse(segment.number, fault, segment.raw, params)
        self.is_doubtful = self.box is not None
        if container_numbers_in(segment.raw):
            self.close_box()
            self.is_other = True

    def close_box(self) -> None:
        """Give the row of the box at hand."""
        if self.box is not None:
            row = {**self.shared, **said.routed(self.box), **self._of_movement(self.box)}
            own = ("segment_malformed",) if self.is_doubtful else ()
            self.rows.add(self.line, row, *self.message.faults, *own)
        self.box, self.is_doubtful = None, False

    def _open_box(self, eqd: Segment) -> None:
        self.close_box()
        self.own_sites, self.times, self.references = {}, {}, {}
        self.seals, self.state, self.line = [], eqd.at(4), eqd.number
        self.is_other = not said.is_box(eqd)
        if self.is_other:
            self.unmapped[f"EQD+{eqd.at(0)}"] += 1
            return
        facts = {name: text for name, text in said.box(eqd).items() if text}
        if "is_full" in facts:
            facts["movement_is_full"] = facts.pop("is_full")
        self.box = facts

    def _movement_of(self, bgm: Segment) -> str | None:
        """Return what the document says happened: by its code, else by a word in its name."""
        kind = self.message.type
        coded = _BY_DOCUMENT[kind].get(bgm.at(0))
        if coded is not None:
            return coded
        opening = self.message.opening
        common = " ".join(opening[2]) if len(opening) > 2 else ""  # noqa: PLR2004 - common access reference
        text = "".join(char for char in f"{bgm.at(0, 3)}{common}".upper() if char.isalnum())
        found = {movement for word, movement in _BY_WORD[kind] if word in text}
        return found.pop() if len(found) == 1 else None

    def _takes_of_all(self, segment: Segment) -> bool:
        """Take what is true of every box; return whether it is used."""
        if segment.tag == "TDT" and segment.at(0) == "20":
            self.shared |= {name: text for name, text in said.ship(segment).items() if text}
        elif segment.tag == "TDT":
            self.shared["movement_transport"] = said.transport(segment)
        elif segment.tag == "RFF" and segment.at(0, 0) == "VON":
            self.shared.setdefault("voyage_number", segment.at(0, 1))
        elif segment.tag == "DTM" and segment.at(0, 0) == "132":
            text, form = segment.at(0, 1), segment.at(0, 2)
            self.shared["arrival_expected_on"] = values.day(text, form)
            self.shared["arrival_expected_at"] = values.instant(text, form)
        elif segment.tag == "LOC":
            self.sites.setdefault(segment.at(0), segment)
        else:
            return segment.tag == "DTM" and segment.at(0, 0) == "137"
        return True

    def _takes_of_box(self, segment: Segment, box: dict[str, str]) -> bool:
        """Take what is true of one box; return whether it is used."""
        code, text = segment.at(0), segment.at(0, 1)
        match segment.tag:
            case "LOC":
                is_used = self._takes_place(segment, box)
            case "DTM":
                self.times.setdefault(code, (text, segment.at(0, 2)))
                is_used = code in _TIMES
            case "RFF":
                self.references.setdefault(code, text)
                is_used = code in {*_REFERENCES, "BM"}
            case "SEL":
                number, _ = said.seal(segment)
                self.seals += [number] if number else []
                is_used = True
            case _:
                is_used = _takes_fact(segment, box)
        return is_used

    def _takes_place(self, loc: Segment, box: dict[str, str]) -> bool:
        kind = loc.at(0)
        self.own_sites.setdefault(kind, loc)
        if kind == "147":
            box.setdefault("stow_position", loc.at(1))
            return True
        if said.takes_port(loc, box):
            return True
        return kind in _SITES

    def _of_movement(self, box: dict[str, str]) -> dict[str, str]:
        """Return what, when and where it was."""
        kind = self.message.type
        movement = self.movement or _BY_STATE[kind].get(self.state) or "moved"
        text, form = next((self.times[code] for code in _TIMES if code in self.times), ("", ""))
        site = self._site(movement)
        bill = self.references.get("BM", "")
        facts = {
            "movement": movement,
            "moved_at": values.instant(text, form),
            "moved_on": values.day(text, form) if text else "",
            "movement_place": values.place(site) if site else "",
            "movement_facility": said.facility(site) if site else "",
            "movement_seal_numbers": ";".join(self.seals),
            "movement_reference": next(
                (self.references[code] for code in _REFERENCES if self.references.get(code)), ""
            ),
            "bill_of_lading": bill,
        }
        if "movement_transport" not in box and kind != "CODECO":
            facts["movement_transport"] = self.shared.get("vessel_name", "")
        return {name: value for name, value in facts.items() if value}

    def _site(self, movement: str) -> Segment | None:
        """Return where it happened: the site that is named, else the port of the ship on that side."""
        port = "9" if movement in _INCOMING else "11"
        for places in (self.own_sites, self.sites):
            found = next((places[code] for code in _SITES if code in places), None)
            if found is not None:
                return found
        return self.own_sites.get(port) or self.sites.get(port) or self.sites.get("9")

    def _leave(self, segment: Segment) -> None:
        self.unmapped[
            f"{segment.tag}+{segment.at(0)[:10]}" if segment.at(0) else segment.tag
        ] += 1


def _takes_fact(segment: Segment, box: dict[str, str]) -> bool:
    """Take what is simply true of a box; return whether it is used."""
    match segment.tag:
        case "MEA":
            name, text = said.mass(segment)
            name = "movement_gross_mass_kg" if name == said.GROSS else name
        case "TMP":
            name, text = "temperature_set_c", said.temperature(segment)
        case "TDT":
            name, text = "movement_transport", said.transport(segment)
        case "DGS":
            return said.adds(box, "un_number", segment.at(2), ";")
        case "FTX" if segment.at(0) in _GOODS_TEXTS:
            name, text = "goods_description", said.free_text(segment)
        case _:
            return False
    return bool(name and text) and said.takes_once(box, name, text)
