"""A condition cut into words, numbers, texts, dates and signs, each knowing where it stands."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

from riskengine.rules.faults import LineRefused
from riskengine.rules.hints import FOREIGN_SIGNS, character_hint, day_hint, number_hint

LONGEST_LINE = 600
MOST_TOKENS = 120
LONGEST_NUMBER = 30

KEYWORDS = frozenset(
    [
        "and",
        "or",
        "not",
        "in",
        "list",
        "between",
        "contains",
        "any",
        "of",
        "starts",
        "ends",
        "with",
        "is",
        "missing",
        "true",
        "false",
    ]
)

TokenKind: TypeAlias = Literal["number", "text", "date", "word", "sign", "end"]

_TOKEN = re.compile(
    r"""(?P<blank>[ \t\n]+)
      | (?P<date>\d{4}-\d{2}-\d{2}(?![\w.]))
      | (?P<day>(?:\d{1,2}[/.\-]\d{1,2}[/.\-]\d{4}|\d{4}[/.\-]\d{1,2}[/.\-]\d{1,2})
               (?:T[\w:.+\-]*)?(?![\w.]))
      | (?P<number>\d+(?:\.\d+)?(?P<percent>[ ]?%)?)
      | (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<foreign>--(?=[ \t\n]|$)|"""
    + "|".join(re.escape(s) for s in FOREIGN_SIGNS if s != "--")
    + r""")
      | (?P<sign><=|>=|!=|[=<>+\-*/()\[\],])""",
    re.VERBOSE | re.ASCII,
)
_AFTER_NUMBER = re.compile(r"[\w.]*")


@dataclass(frozen=True, slots=True)
class Token:
    """One word or sign of a condition.

    Attributes:
        kind: What it is.
        text: As written; for a text, in the form in which texts are compared.
        at: The character it starts at, from 0.
        value: The number or the day, where it is one.
    """

    kind: TokenKind
    text: str
    at: int
    value: float | date | None = None


def comparable(text: str) -> str:
    """Return *text* as the texts of containers are compared: upper case, NFC, blanks squeezed.

    >>> comparable("Café  do Brasil")
    'CAFÉ DO BRASIL'
    """
    upper = unicodedata.normalize("NFC", text).upper()
    return unicodedata.normalize("NFC", re.sub(r"\s+", " ", upper))


def tokens(text: str) -> tuple[Token, ...]:
    """Return the tokens of one condition, the last of kind ``end``.

    Raises:
        LineRefused: The condition is too long, or holds something that is no part of the language.
    """
    if len(text) > LONGEST_LINE:
        raise LineRefused(
            LONGEST_LINE,
            f"this condition has {len(text)} characters; {LONGEST_LINE} are allowed",
            "Split it into several lines under 'all' or 'any', or use a list.",
        )
    found: list[Token] = []
    at = count = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _unreadable(text, at)
        if match.lastgroup != "blank":
            found.append(_token(match))
            count += match.group() != ","
        if count > MOST_TOKENS:
            raise LineRefused(
                at,
                f"this condition has more than {MOST_TOKENS} words",
                "Split it into several lines under 'all' or 'any', or use a list.",
            )
        at = match.end()
    return (*found, Token("end", "", len(text)))


def _token(match: re.Match[str]) -> Token:
    at, written = match.start(), match.group()
    if match.group("date"):
        try:
            return Token("date", written, at, date.fromisoformat(written))
        except ValueError:
            hint = "A day is written year-month-day; is there such a day in that month?"
            raise LineRefused(at, f"{written} is no day of the calendar", hint) from None
    if match.group("day"):
        hint = day_hint(written) if "T" not in written else "A day has no hours: 2026-12-31."
        raise LineRefused(at, f"{written} is not written as a day is", hint)
    if match.group("foreign"):
        raise LineRefused(at, f"{written!r} is no part of a condition", FOREIGN_SIGNS[written])
    if match.group("number"):
        return _number(match)
    if match.group("text"):
        quote = written[0]
        body = written[1:-1].replace(quote * 2, quote)
        hidden = next((c for c in body if unicodedata.category(c) in {"Cc", "Cf", "Cs"}), None)
        if hidden is not None:
            sentence = f"the text holds an invisible character, U+{ord(hidden):04X}"
            raise LineRefused(at, sentence, "Delete it.")
        return Token("text", comparable(body), at)
    return Token("word" if match.group("word") else "sign", written, at)


def _number(match: re.Match[str]) -> Token:
    at, written, following = match.start(), match.group(), match.string[match.end() :]
    if following[:1].isalnum() or following[:1] in {"_", "."}:
        whole = (written + (_AFTER_NUMBER.match(following) or match).group())[:LONGEST_NUMBER]
        hint = (
            "A number needs a digit after its point: 5.0."
            if whole.endswith(".")
            else number_hint(whole)
        )
        raise LineRefused(at, f"{whole} is neither a number nor a name", hint)
    digits = written.rstrip("% ")
    if len(digits) > LONGEST_NUMBER:
        hint = "Nothing on a manifest is so large or so exact; round it."
        raise LineRefused(at, f"a number has at most {LONGEST_NUMBER} digits", hint)
    value = Decimal(digits) / 100 if match.group("percent") else Decimal(digits)
    return Token("number", written, at, float(value))


def _unreadable(text: str, at: int) -> LineRefused:
    char = text[at]
    if char in "'\"":
        if text[at - 1 : at].isdigit():
            return LineRefused(at, f"{char} stands inside a number", number_hint(f"1{char}0"))
        hint = f"End it with {char}"
        if text.count(char, 0, at) > 1:
            hint += (
                f"; one that stands inside a text is written twice: {char}O{char * 2}NEIL{char}"
            )
        return LineRefused(at, "this text has no closing quote", hint)
    shown = char if char.isprintable() else f"U+{ord(char):04X}"
    return LineRefused(at, f"{shown!r} is no part of a condition", _hint(text, at))


def _hint(text: str, at: int) -> str:
    char = text[at]
    if char != ".":
        return character_hint(char)
    if text[at + 1 : at + 2].isdigit():
        return "A number needs a digit before its point: 0.5."
    return "A field has one name, without points."
