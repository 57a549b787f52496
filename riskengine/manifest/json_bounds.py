"""What a JSON text may ask for, counted before anything of it is decoded: a value takes many times its text."""

from __future__ import annotations

import re

from riskengine.errors import ManifestError

DEEPEST = 64
"""Brackets within brackets; a bill of lading has ten."""

MOST_VALUES = 4_000_000
"""Commas, or brackets, in a file; a value takes a hundred times the room of the comma behind it."""

MOST_IN_ONE = 300_000
"""Values in one document; one with ten thousand containers has about as many."""

LONGEST_TEXT = 16 << 20
"""Characters of one text; the picture of a bill that some send along has up to fourteen millions."""

TOKENS = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[\]{}"]', re.DOTALL)
"""Brackets, and whole texts, so that what stands in them is not taken for brackets."""

_QUOTES_A_VALUE = 4


def heavy_values(text: str, file: str) -> dict[int, int]:
    """Return where values begin that hold more than `MOST_IN_ONE` values, and how many each holds.

    Such a value may still be what wraps the documents of a file; it must only not be decoded at one go.

    Raises:
        ManifestError: The text holds more values than any list of bills, nests without end, or holds a text
            without end.
    """
    for sign in ",[{":
        must_not_have_more(file, text.count(sign), "values", MOST_VALUES)
    must_not_have_more(file, text.count('"'), "quotes", _QUOTES_A_VALUE * MOST_VALUES)
    _must_not_run_on(text, file)
    return _weighed(text, file)


def must_not_have_more(file: str, count: int, of_what: str, most: int) -> None:
    """Refuse a file that holds more of something than is read.

    Raises:
        ManifestError: It does.
    """
    if count > most:
        raise ManifestError(
            f"{file} holds more than {most} {of_what}.",
            remedy="Ask the sender what it is, or split it by voyage.",
        )


def _must_not_run_on(text: str, file: str) -> None:
    """Refuse a text, or a number, that goes on for megabytes: it would be copied several times."""
    at = 0
    while len(text) - at > LONGEST_TEXT:
        found = max(text.rfind(sign, at, at + LONGEST_TEXT) for sign in '",]}')
        if found < 0:
            raise ManifestError(
                f"{file} holds a text of more than {LONGEST_TEXT >> 20} MB, in line"
                f" {text.count(chr(10), 0, at) + 1}.",
                remedy="Ask the sender for it without what is attached.",
            )
        at = found + 1


def _weighed(text: str, file: str) -> dict[int, int]:
    """Return the heavy values; refuse what is nested too deeply."""
    heavy: dict[int, int] = {}
    opened: list[tuple[int, int]] = []
    values = last = 0
    for token in TOKENS.finditer(text):
        sign = token.group()
        if sign in {"{", "["}:
            at = token.start()
            values += 1 + text.count(",", last, at)
            last = at
            opened.append((at, values))
            if len(opened) > DEEPEST:
                raise ManifestError(
                    f"{file} nests more than {DEEPEST} brackets, in line {text.count(chr(10), 0, at) + 1}.",
                    remedy="No bill of lading does; ask the sender what this is.",
                )
        elif sign in {"}", "]"} and opened:
            at = token.start()
            values += text.count(",", last, at)
            last = at
            begin, before = opened.pop()
            if values - before > MOST_IN_ONE:
                heavy[begin] = values - before
    values += text.count(",", last)
    for begin, before in opened:  # never closed, and decoded up to the end all the same
        if values - before > MOST_IN_ONE:
            heavy[begin] = values - before
    return heavy
