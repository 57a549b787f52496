"""UN/EDIFACT and ANSI X12 to messages, each segment with its place; every count and reference is checked.

Both are the same thing in other signs: segments of elements, messages in an interchange, and for every
envelope a last segment that counts what is in it. Nothing is refused for a wrong count: what it belongs to
is marked, and so is what was cut off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine.errors import ManifestError
from riskengine.manifest import interchange_starts
from riskengine.manifest.envelopes import (
    EDIFACT,
    X12,
    Dialect,
    Framer,
    Interchange,
    Message,
    Stray,
    Transmission,
)
from riskengine.manifest.segment_text import (
    LONGEST_PIECE,
    MOST_SEGMENTS,
    Segment,
    Segments,
    Signs,
    as_received,
    decoded,
    is_open,
    pieces_of,
    segment,
)
from riskengine.manifest.table import FileRemark

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from riskengine.manifest.interchange_starts import Start

MOST_INTERCHANGES = 10_000
"""In one file; who joins a month of messages has a few thousand."""

__all__ = [
    "Interchange",
    "Message",
    "Segment",
    "Segments",
    "Signs",
    "Stray",
    "Transmission",
    "read_interchanges",
    "read_x12",
]


def read_interchanges(data: bytes, *, file: str, encoding: str | None = None) -> Transmission:
    """Frame a UN/EDIFACT file: one or more interchanges, with or without UNA, UNG and even UNB.

    Raises:
        ManifestError: It holds too many segments, one without end, or is not in the encoding that a mapping
            file says.
    """
    data, encoding = interchange_starts.as_bytes(data, file=file, encoding=encoding)
    return _framed(data, interchange_starts.edifact(data), EDIFACT, file, encoding)


def read_x12(data: bytes, *, file: str, encoding: str | None = None) -> Transmission:
    """Frame an ANSI X12 file: one or more interchanges, whose ISA segments say how they are divided.

    Raises:
        ManifestError: It holds too many segments, one without end, or is not in the encoding that a mapping
            file says.
    """
    data, encoding = interchange_starts.as_bytes(data, file=file, encoding=encoding)
    return _framed(data, interchange_starts.x12(data), X12, file, encoding)


def _framed(
    data: bytes,
    starts: Iterator[Start],
    dialect: Dialect,
    file: str,
    encoding: str | None,
) -> Transmission:
    framer = Framer(dialect)
    number = 1
    for count, start in enumerate(starts):
        if count > MOST_INTERCHANGES:
            raise ManifestError(
                f"{file} holds more than {MOST_INTERCHANGES} interchanges.",
                remedy="Split it by voyage.",
            )
        chunk = data[start.begin : start.end]
        text, remarks = decoded(chunk, syntax=start.syntax, declared=encoding, file=file)
        _must_be_divided(text, start.signs.terminator, file)
        for remark in remarks:
            if remark not in framer.remarks:
                framer.remarks.append(remark)
        for code in start.faults:
            framer.remark(code, number)
        has_nul = "\0" in text
        pieces = pieces_of(text, start.signs)
        if number + len(pieces) > MOST_SEGMENTS:
            raise ManifestError(
                f"{file} holds more than {MOST_SEGMENTS} segments.",
                remedy="Split it by voyage.",
            )
        first = len(framer.messages)
        _take(framer, pieces, number, start)
        if has_nul:
            framer.remark("nul_bytes", number)
            framer.mark(first, "nul_bytes")
        number += max(len(pieces) - 1, 1)
    if framer.unsaid:
        params = {"count": framer.unsaid, "code": "control_count_wrong", "field": ""}
        framer.remarks.append(FileRemark(code="more_defects", params=params))
    return Transmission(
        messages=tuple(framer.messages),
        strays=tuple(framer.strays),
        remarks=tuple(framer.remarks),
    )


def _must_be_divided(text: str, terminator: str, file: str) -> None:
    """Refuse a segment without end before it is copied over and over."""
    at = 0
    while len(text) - at > LONGEST_PIECE:
        found = text.rfind(terminator, at, at + LONGEST_PIECE)
        if found < 0:
            raise ManifestError(
                f"{file} holds {LONGEST_PIECE >> 20} MB without the end of a segment.",
                remedy="Ask the sender for the file again.",
            )
        at = found + 1


def _take(framer: Framer, pieces: list[str], number: int, start: Start) -> None:
    """Frame one interchange; its last piece has no terminator, and is sound only if it is the last envelope."""
    cut = pieces.pop().rstrip()
    if not start.is_opened:  # what stands in front of the first interchange
        raw = as_received(start.signs.terminator.join([*pieces, cut]), start.signs)
        if raw.strip(" \r\n'"):
            framer.strays.append(Stray(number=number, code="outside_message", raw=raw))
        return
    last = number + len(pieces)
    is_last = segment(cut, 0, start.signs).tag == framer.dialect.interchange[1]
    if is_last and not is_open(cut):
        pieces.append(cut)
        cut = ""
    numbers: Sequence[int] = range(number, number + len(pieces))
    if "" in pieces:
        kept = [place for place, piece in enumerate(pieces) if piece]
        pieces = [pieces[place] for place in kept]
        numbers = [number + place for place in kept]
    first = len(framer.messages)
    framer.take(Segments(pieces, numbers, start.signs))
    if cut:
        framer.strays.append(
            Stray(number=last, code="segment_cut", raw=as_received(cut, start.signs))
        )
        framer.mark(max(len(framer.messages) - 1, first), "message_cut")
