"""Where the interchanges of a file begin, and by which signs each of them is divided."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskengine.manifest.decoding import decode
from riskengine.manifest.segment_text import Signs

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNA_OR_UNB = re.compile(
    rb"UNA(?P<signs>.{6})\s{0,8}(?=UN[BGH])|UNB(?=[^A-Za-z0-9\s])", re.DOTALL | re.IGNORECASE
)
_ISA = re.compile(rb"ISA(?=[^A-Za-z0-9\s])", re.IGNORECASE)
_HEAD = 400  # bytes that hold any header
_ISA_ELEMENTS = 16
_ISA_WIDTH = 106
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_WIDE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One stretch of a file.

    Attributes:
        begin: Its first byte.
        end: The byte behind it.
        signs: How it is divided.
        syntax: The syntax identifier of its header, such as UNOC; empty where there is none.
        is_opened: Whether an interchange begins there; else it is what stands in front of the first.
        faults: Codes of what is wrong with its header.
    """

    begin: int
    end: int
    signs: Signs
    syntax: str = ""
    is_opened: bool = True
    faults: tuple[str, ...] = ()


def as_bytes(data: bytes, *, file: str, encoding: str | None) -> tuple[bytes, str | None]:
    """Return the file in an encoding in which its signs are single bytes, and the encoding if that is known."""
    is_wide = data[1:_WIDE] == b"\0" or data[:1] == b"\0"
    if encoding is None and not is_wide and not data.startswith(_MARKS):
        return data, None
    if encoding is None and not is_wide and data.startswith(_MARKS[0]):
        return data[3:], None
    text = decode(data, file=file, declared=encoding).text
    return text.encode("utf-8", "replace"), "utf-8"


def edifact(data: bytes) -> Iterator[Start]:
    """Yield the stretches of a UN/EDIFACT file, which together are the whole file."""
    signs, begin, una = Signs(), 0, None
    is_opened = data[:_HEAD].lstrip()[:3].upper() in {b"UNH", b"UNG"}  # without any header
    faults: tuple[str, ...] = ()
    for found in _UNA_OR_UNB.finditer(data):
        if una is not None and found.start() == una.end():
            una = None  # the UNB that belongs to the UNA before it
            continue
        if is_opened and not _is_behind_terminator(data, found.start(), begin, signs):
            continue
        if found.start() > begin:
            yield _stretch(data, (begin, found.start()), signs, faults, is_opened=is_opened)
        header = found.end() if found["signs"] is not None else found.start()
        una = found if found["signs"] is not None else None
        begin, is_opened = header, True
        signs, faults = _edifact_signs(data[header : header + _HEAD], found["signs"], data)
    yield _stretch(data, (begin, len(data)), signs, faults, is_opened=is_opened)


def x12(data: bytes) -> Iterator[Start]:
    """Yield the stretches of an X12 file, which together are the whole file."""
    signs, begin, is_opened = Signs(release="", element="*", terminator="~"), 0, False
    faults: tuple[str, ...] = ()
    for found in _ISA.finditer(data):
        if is_opened and not _is_behind_terminator(data, found.start(), begin, signs):
            continue
        if found.start() > begin:
            yield _stretch(data, (begin, found.start()), signs, faults, is_opened=is_opened)
        begin, is_opened = found.start(), True
        signs, faults = _x12_signs(data[begin : begin + _HEAD])
    yield _stretch(data, (begin, len(data)), signs, faults, is_opened=is_opened)


def _stretch(
    data: bytes,
    span: tuple[int, int],
    signs: Signs,
    faults: tuple[str, ...],
    *,
    is_opened: bool,
) -> Start:
    begin, end = span
    head = data[begin : begin + _HEAD].decode("latin-1")
    syntax = head[4:8].upper() if head[:3].upper() == "UNB" else ""
    return Start(
        begin=begin, end=end, signs=signs, syntax=syntax, is_opened=is_opened, faults=faults
    )


def _is_behind_terminator(data: bytes, place: int, begin: int, signs: Signs) -> bool:
    before = data[max(begin, place - 16) : place]
    bare = before.rstrip(b" \t\r\n\0")
    terminator = signs.terminator.encode("latin-1")
    return bare.endswith(terminator) or (terminator.isspace() and before.endswith(terminator))


def _edifact_signs(
    header: bytes, advice: bytes | None, data: bytes
) -> tuple[Signs, tuple[str, ...]]:
    """Return the signs that a UNA says, if the header that follows bears it out; else those of the header."""
    seen = header[3:4].decode("latin-1")
    if advice is not None:
        component, element, _, release, _, terminator = advice.decode("latin-1")
        told = Signs(
            component=component,
            element=element,
            release=release.strip(),
            terminator=terminator,
        )
        signs = (component, element, terminator, *told.release)
        is_sound = (
            all(sign.isascii() and not sign.isalnum() for sign in signs)
            and len(set(signs)) == len(signs)
            and element == seen
            and not (terminator.isspace() and data.count(b"'") >= data.count(advice[5:6]))
        )
        if is_sound:
            return told, ()
    faults = () if advice is None else ("service_string_wrong",)
    if seen == "\x1d":  # the signs of level B, which nobody can print
        return Signs(component="\x1f", element="\x1d", release="", terminator="\x1c"), faults
    component = header[8:9].decode("latin-1")
    is_plain = header[:3].upper() != b"UNB" or component.isalnum() or component in {"", seen}
    if seen == "+" or not seen or is_plain:
        return Signs(), faults
    return Signs(component=component, element=seen), faults


def _x12_signs(header: bytes) -> tuple[Signs, tuple[str, ...]]:
    """Return the signs that an ISA shows: by its elements, for its width is often wrong."""
    text = header.decode("latin-1")
    element = text[3]
    parts = text.split(element, _ISA_ELEMENTS)
    if len(parts) > _ISA_ELEMENTS:
        component, terminator = parts[-1][:1], parts[-1][1:2]
        is_sound = (
            not (component + terminator).isalnum()
            and bool(terminator)
            and not terminator.isalnum()
            and len({component, element, terminator}) == 3  # noqa: PLR2004 - all of them
        )
        if is_sound:
            width = len(text) - len(parts[-1]) + 2
            signs = Signs(
                component=component, element=element, release="", terminator=terminator
            )
            return signs, () if width == _ISA_WIDTH else ("header_width_wrong",)
    terminator = max("~'\n", key=text.count)
    return Signs(component=":", element=element, release="", terminator=terminator), (
        "header_width_wrong",
    )
