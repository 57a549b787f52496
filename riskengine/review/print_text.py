"""Texts of a manifest as they can stand on paper: nothing hidden, nothing endless, no letter that no font has."""

from __future__ import annotations

import re
import sys
import unicodedata
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final

from anyascii import anyascii

from riskengine.messages import LONGEST_TEXT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TRANSCRIBED: Final = "≈"
"""Stands before a text whose letters are printed in Latin ones."""
CUT: Final = "…"
"""Stands where a text was cut."""

# What the fonts of the type setter have, tried sign by sign: Latin, Greek, Cyrillic, and the signs of typesetting.
_PRINTED: Final = (
    (0x20, 0x7E),
    (0xA0, 0x361),  # the marks that follow have no place on a letter there
    (0x370, 0x482),
    (0x48A, 0x4FF),
    (0x1E00, 0x1FFF),
    (0x2010, 0x2040),
    (0x2044, 0x2052),
    (0x20A0, 0x20BF),
    (0x2190, 0x22FF),
    (0x25A0, 0x25FF),
)
_HIDDEN: Final = frozenset(("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"))
_JOINERS: Final = frozenset("\u061c\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")
"""Marks that the writing of Arabic, Hebrew, Persian and the scripts of India needs; they turn no line of letters over."""
_READINGS: Final[Mapping[str, str]] = {"\u0627": "a"}
"""Of letters that the table of readings leaves out and words are full of: the alef. Others are an apostrophe."""
_SHOWN_NUMBER: Final = re.compile(r"<U\+([0-9A-F]{4,6})>")
_LONGEST_RUN: Final = 18
_MAY_BREAK: Final = "\u200b"


def printable(text: str, longest: int = LONGEST_TEXT) -> str:
    r"""Return a text as it is printed.

    What could turn the line or the reading direction, and a sign that no font has and that no letter reads, is shown
    as its code point, apart from the words beside it. A long text is cut with a mark. Letters that no font has are
    transcribed, with a mark before the text. The text stays as it is in the manifest.

    >>> printable("Exportação\u202e"), printable("中国 Ltd"), printable("a" * 400, 5)
    ('Exportação<U+202E>', '≈ZhongGuo Ltd', 'aaaaa…')
    """
    whole = unicodedata.normalize("NFC", _SHOWN_NUMBER.sub(_as_sign, text))
    shown = whole[:longest]
    kinds = [_kind(sign) for sign in shown]
    parts: list[str] = []
    before = _Kind.PRINTED
    for place, (sign, kind) in enumerate(zip(shown, kinds, strict=True)):
        if kind is _Kind.NUMBER and sign in _JOINERS and _Kind.READ in _beside(kinds, place):
            # Between the letters of such a script it only tells how they join: in Latin ones there is nothing to tell.
            continue
        if {before, kind} == {_Kind.READ, _Kind.NUMBER}:
            parts.append(" ")
        parts.append(_written(sign, kind))
        before = kind
    said = "".join(parts)
    is_cut = len(whole) > longest or len(said) > longest
    mark = TRANSCRIBED if _Kind.READ in kinds else ""
    return f"{mark}{_shortened(said, longest)}{CUT}" if is_cut else f"{mark}{said}"


def in_plain_letters(content: object) -> Any:  # what JSON holds
    """Return all texts of a content in plain ASCII letters, as the table of readings writes them.

    >>> in_plain_letters({"name": ["Šimek", 3]})
    {'name': ['Simek', 3]}
    """
    if isinstance(content, str):
        return anyascii(content)
    if isinstance(content, dict):
        return {name: in_plain_letters(part) for name, part in content.items()}
    if isinstance(content, list):
        return [in_plain_letters(part) for part in content]
    return content


def squeezed(text: str, longest: int) -> str:
    """Return a sentence in at most about so many signs: what is cut is its middle, where the name from a manifest stands.

    >>> squeezed("The shipper " + "A" * 90 + " is new here.", 40)
    'The shipper AAAAAAAA … AAAAAAA is new here.'
    """
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]} {CUT} {text[-half:]}"


def breakable(text: str) -> str:
    """Return a text with places where a run without a blank may go on in the next line.

    >>> breakable("short words"), breakable("x" * 20).count("x"), len(breakable("x" * 20))
    ('short words', 20, 21)
    """
    parts: list[str] = []
    run = 0
    for sign in text:
        if sign == " ":
            run = 0
        elif run == _LONGEST_RUN:
            parts.append(_MAY_BREAK)
            run = 0
        run += sign != " "
        parts.append(sign)
    return "".join(parts)


class _Kind(Enum):
    """How a sign is printed: as it is, as its reading in Latin letters, or as its number."""

    PRINTED = auto()
    READ = auto()
    NUMBER = auto()


def _kind(sign: str) -> _Kind:
    code = ord(sign)
    category = unicodedata.category(sign)
    if category in _HIDDEN:
        return _Kind.NUMBER
    if any(first <= code <= last for first, last in _PRINTED):
        return _Kind.PRINTED
    # A picture of a ship is no word: its reading would be ":ship:".
    is_named = anyascii(sign).startswith(":") and len(anyascii(sign)) > 1
    is_letter = category[0] in "LM"
    return _Kind.READ if is_letter or (anyascii(sign) and not is_named) else _Kind.NUMBER


def _written(sign: str, kind: _Kind) -> str:
    if kind is _Kind.PRINTED:
        return sign
    if kind is _Kind.NUMBER:
        return f"<U+{ord(sign):04X}>"
    if unicodedata.category(sign)[0] == "M":
        return anyascii(sign)
    return anyascii(sign) or _READINGS.get(sign, "'")


def _as_sign(number: re.Match[str]) -> str:
    """Return a sign that a sentence already shows as its number: it is shown so again, apart from the words beside it."""
    code = int(number[1], 16)
    is_hidden = code <= sys.maxunicode and unicodedata.category(chr(code)) in _HIDDEN
    return chr(code) if is_hidden else number[0]


def _beside(kinds: Sequence[_Kind], place: int) -> frozenset[_Kind]:
    return frozenset(kinds[max(place - 1, 0) : place + 2])


def _shortened(said: str, longest: int) -> str:
    """Return the first signs of a text, and no half of a number."""
    shown = said[:longest]
    begins = shown.rfind("<U+")
    return shown[:begins] if begins >= 0 and ">" not in shown[begins:] else shown
