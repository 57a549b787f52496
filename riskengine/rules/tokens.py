"""A condition cut into words, numbers, texts, dates and signs, each knowing where it stands."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

from riskengine.rules.faults import LineRefused

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
      | (?P<number>\d+(?:\.\d+)?(?P<percent>[ ]?%)?)
      | (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<sign><=|>=|!=|[=<>+\-*/()\[\],])""",
    re.VERBOSE | re.ASCII,
)
_HINTS = {
    "&": "Write 'and'.",
    "|": "Write 'or'.",
    "!": "Write 'not', or '!=' for 'is not equal to'.",
    "“": "Put texts between straight quotes: 'like this'.",
    "”": "Put texts between straight quotes: 'like this'.",
    "\u2018": "Put texts between straight quotes: 'like this'.",
    "\u2019": "Put texts between straight quotes: 'like this'.",
    "≥": "Write '>='.",
    "≤": "Write '<='.",
    "≠": "Write '!='.",
    ";": "One condition a line; there is nothing to end it with.",
    ".": "A number needs a digit before its point: 0.5.",
}


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
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _unreadable(text, at)
        if match.lastgroup != "blank":
            found.append(_token(match))
        if len(found) > MOST_TOKENS:
            raise LineRefused(
                at, f"this condition has more than {MOST_TOKENS} words", "Split it into lines."
            )
        at = match.end()
    return (*found, Token("end", "", len(text)))


def _token(match: re.Match[str]) -> Token:
    at, written = match.start(), match.group()
    if match.group("date"):
        try:
            return Token("date", written, at, date.fromisoformat(written))
        except ValueError:
            raise LineRefused(at, f"{written} is no day of the calendar") from None
    if match.group("number"):
        return _number(match)
    if match.group("text"):
        quote = written[0]
        body = written[1:-1].replace(quote * 2, quote)
        hidden = next((c for c in body if unicodedata.category(c) in {"Cc", "Cf", "Cs"}), None)
        if hidden is not None:
            raise LineRefused(at, f"the text holds an invisible character, U+{ord(hidden):04X}")
        return Token("text", comparable(body), at)
    return Token("word" if match.group("word") else "sign", written, at)


def _number(match: re.Match[str]) -> Token:
    at, written, following = match.start(), match.group(), match.string[match.end() :]
    if following[:1].isalnum() or following[:1] in {"_", "."}:
        raise LineRefused(
            at,
            f"{written}{following[:1]} is neither a number nor a name",
            "Numbers are written 12 or 12.5 or 97%, without units; texts stand in quotes.",
        )
    digits = written.rstrip("% ")
    if len(digits) > LONGEST_NUMBER:
        raise LineRefused(at, f"a number has at most {LONGEST_NUMBER} digits")
    value = Decimal(digits) / 100 if match.group("percent") else Decimal(digits)
    return Token("number", written, at, float(value))


def _unreadable(text: str, at: int) -> LineRefused:
    char = text[at]
    if char in "'\"":
        return LineRefused(at, "this text has no closing quote", f"End it with {char}")
    shown = char if char.isprintable() else f"U+{ord(char):04X}"
    return LineRefused(at, f"{shown!r} is no part of a condition", _HINTS.get(char, ""))


def word_hint(word: str) -> str:
    """Return what an author of *word* probably meant; empty where nothing is known."""
    lower = word.lower()
    if lower in KEYWORDS and word != lower:
        return f"Write {lower!r} in small letters."
    return {
        "like": "Write \"contains 'X'\", \"starts with 'X'\" or \"ends with 'X'\".",
        "null": "Write 'is missing'.",
        "none": "Write 'is missing'.",
        "matches": "There are no patterns; write \"contains 'X'\" or use a list.",
    }.get(lower, "")
