"""The envelopes of EDIFACT and X12: what is in an interchange, a group and a message, and whether it adds up."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from riskengine.manifest.segment_text import Segment, Segments, Signs
from riskengine.manifest.table import FileRemark

MOST_REMARKS = 1000
"""Of one file that are kept as such; the rest is counted in one more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interchange:
    """What the envelope around messages says.

    Attributes:
        sender: Who sent it; empty where it does not say.
        recipient: To whom.
        prepared_at: When, taken as UTC; None where it does not say.
        reference: Its own number.
    """

    sender: str = ""
    recipient: str = ""
    prepared_at: datetime | None = None
    reference: str = ""


@dataclass(slots=True, kw_only=True)
class Message:
    """One message, without the segments that open and close it.

    Attributes:
        type: CUSCAR, BAPLIE, ...; in X12 the number of the transaction set. Upper case.
        release: D:95B; in X12 the version of the group.
        reference: Its own number.
        number: The place of its first segment, UNH or ST, in the file.
        interchange: The envelope it came in.
        segments: What stands between UNH and UNT, or ST and SE.
        faults: Codes of what is wrong with it as a whole, for the line faults of everything in it.
        opening: The elements of UNH or ST.
    """

    type: str
    release: str
    reference: str
    number: int
    interchange: Interchange
    segments: Segments
    faults: tuple[str, ...] = ()
    opening: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """Text that belongs to no message: in front of the first, between two, or cut off at the end."""

    number: int
    code: str
    raw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transmission:
    """Everything that one file holds.

    Attributes:
        messages: In the order of the file, of whatever type.
        strays: What stands outside of them.
        remarks: What is to be said of the file as a whole.
    """

    messages: tuple[Message, ...]
    strays: tuple[Stray, ...] = ()
    remarks: tuple[FileRemark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The names of the envelopes: what opens and closes an interchange, a group and a message."""

    interchange: tuple[str, str]
    group: tuple[str, str]
    message: tuple[str, str]
    reference_at: dict[str, int]

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """From the outermost to the innermost."""
        return (self.interchange, self.group, self.message)


EDIFACT = Dialect(
    interchange=("UNB", "UNZ"),
    group=("UNG", "UNE"),
    message=("UNH", "UNT"),
    reference_at={"UNB": 4, "UNG": 4, "UNH": 0},
)
X12 = Dialect(
    interchange=("ISA", "IEA"),
    group=("GS", "GE"),
    message=("ST", "SE"),
    reference_at={"ISA": 12, "GS": 5, "ST": 1},
)


@dataclass(slots=True)
class _Envelope:
    """An envelope that is open: its first segment, where it began, and what has been counted in it."""

    opened: Segment
    place: int
    first_message: int
    count: int = 0


@dataclass(slots=True)
class Framer:
    """The messages of a file as they are found.

    Attributes:
        dialect: The names of the envelopes.
        messages: Those that have been closed.
        strays: What stood outside of any.
        remarks: What is to be said of the file as a whole.
        unsaid: How much more there would be to say.
        open: The envelopes that are open, by the tag that opened them.
        segments: Those of the interchange at hand.
        interchange: The interchange at hand.
    """

    dialect: Dialect
    messages: list[Message] = field(default_factory=list[Message])
    strays: list[Stray] = field(default_factory=list[Stray])
    remarks: list[FileRemark] = field(default_factory=list[FileRemark])
    unsaid: int = 0
    open: dict[str, _Envelope] = field(default_factory=dict[str, _Envelope])
    segments: Segments = field(default_factory=lambda: Segments((), (), Signs()))
    interchange: Interchange = field(default_factory=Interchange)

    def remark(self, code: str, line: int | None, **params: str | int) -> None:
        """Say something of the file, but not without end."""
        if len(self.remarks) >= MOST_REMARKS:
            self.unsaid += 1
            return
        told = {"line": line, **params} if line is not None else params
        self.remarks.append(FileRemark(code=code, params=told, line=line))

    def take(self, segments: Segments) -> None:
        """Frame the segments of one interchange."""
        self.segments = segments
        self.interchange = Interchange()
        places = segments.places_of(tag for pair in self.dialect.pairs() for tag in pair)
        seen = 0  # up to here everything is in a message, or known to be a stray
        for place in places:
            found = segments[place]
            if found.tag == "UNA" or not self._is_envelope(found.tag):
                continue
            if self.dialect.message[0] not in self.open:
                self._stray(seen, place)
            seen = place + 1
            self._step(found, place)
        if self.dialect.message[0] not in self.open:
            self._stray(seen, len(segments))
        self._close_all(len(segments))

    def _is_envelope(self, tag: str) -> bool:
        return any(tag in pair for pair in self.dialect.pairs())

    def _stray(self, start: int, stop: int) -> None:
        if start < stop:
            number = self.segments[start].number
            raw = self.segments.raw(start, stop)
            self.strays.append(Stray(number=number, code="outside_message", raw=raw))

    def _step(self, found: Segment, place: int) -> None:
        for level, (opening, closing) in enumerate(self.dialect.pairs()):
            if found.tag == opening:
                for inner, _ in reversed(self.dialect.pairs()[level:]):
                    if inner in self.open:  # it was never closed
                        self._close(inner, None, place)
                self.open[opening] = _Envelope(found, place, len(self.messages))
                if level == 0:
                    self.interchange = _interchange(found)
            elif found.tag == closing:
                for inner, _ in reversed(self.dialect.pairs()[level + 1 :]):
                    if inner in self.open:
                        self._close(inner, None, place)
                if opening in self.open:
                    self._close(opening, found, place)
                else:
                    self.remark("envelope_not_opened", found.number, tag=found.tag)

    def _close_all(self, place: int) -> None:
        for opening, _ in reversed(self.dialect.pairs()):
            if opening in self.open:
                self._close(opening, None, place)

    def _close(self, opening: str, closing: Segment | None, place: int) -> None:
        envelope = self.open.pop(opening)
        if opening == self.dialect.message[0]:
            self._add_message(envelope, place)
            envelope.count = place - envelope.place + 1
        level = [pair[0] for pair in self.dialect.pairs()].index(opening)
        outer = next(
            (
                self.open[tag]
                for tag, _ in reversed(self.dialect.pairs()[:level])
                if tag in self.open
            ),
            None,
        )
        if outer is not None:
            outer.count += 1
        if closing is None:
            self.remark("envelope_not_closed", envelope.opened.number, tag=opening)
            self.mark(envelope.first_message, "message_cut")
        elif not self._adds_up(envelope, closing):
            self.mark(envelope.first_message, "control_count_wrong")

    def _adds_up(self, envelope: _Envelope, closing: Segment) -> bool:
        opened = envelope.opened
        given = opened.at(self.dialect.reference_at[opened.tag])
        is_right = True
        if not _same(closing.at(0), str(envelope.count)):
            is_right = False
            self.remark(
                "control_count_differs",
                closing.number,
                tag=closing.tag,
                stated=closing.at(0)[:40],
                found=envelope.count,
            )
        if not _same(closing.at(1), given):
            is_right = False
            self.remark(
                "control_reference_differs",
                closing.number,
                tag=closing.tag,
                stated=closing.at(1)[:40],
                opened=given[:40],
            )
        return is_right

    def mark(self, first: int, code: str) -> None:
        """Mark the messages from the *first* on as not to be trusted."""
        for message in self.messages[first:]:
            if code not in message.faults:
                message.faults = (*message.faults, code)

    def _add_message(self, envelope: _Envelope, place: int) -> None:
        opened = envelope.opened
        if opened.tag == "ST":
            group = self.open.get("GS")
            kind, reference = opened.at(0), opened.at(1)
            release = opened.at(2) or ("" if group is None else group.opened.at(7))
        else:
            kind, reference = opened.at(1, 0), opened.at(0)
            release = f"{opened.at(1, 1)}:{opened.at(1, 2)}"
        message = Message(
            type=kind.upper(),
            release=release.upper(),
            reference=reference,
            number=opened.number,
            interchange=self.interchange,
            segments=self.segments[envelope.place + 1 : place],
            opening=opened.elements,
        )
        self.messages.append(message)


def _interchange(opened: Segment) -> Interchange:
    if opened.tag == "ISA":
        sender, recipient = opened.at(5), opened.at(7)
        day, hour, reference = opened.at(8), opened.at(9), opened.at(12)
    else:
        sender, recipient = opened.at(1), opened.at(2)
        day, hour, reference = opened.at(3), opened.at(3, 1), opened.at(4)
    return Interchange(
        sender=sender,
        recipient=recipient,
        prepared_at=_instant(day, hour),
        reference=reference,
    )


def _instant(day: str, hour: str) -> datetime | None:
    form = {6: "%y%m%d", 8: "%Y%m%d"}.get(len(day))
    if form is None or not (day + hour).isascii() or not (day + hour).isdigit():
        return None
    try:
        return datetime.strptime(f"{day} {hour or '0000'}"[:13], f"{form} %H%M").replace(
            tzinfo=UTC
        )
    except ValueError:
        return None


def _same(stated: str, found: str) -> bool:
    """Compare two counts or references; leading zeros tell nothing."""
    return stated.strip().lstrip("0") == found.strip().lstrip("0")
