"""The cells of a worksheet's XML, found without parsing it: where each stands, what kind it is, if it is filled."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np

Numbers: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.int64]]"
Flags: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.bool_]]"

_CELL = re.compile(rb"<(?:\w+:)?c\s([^<>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_REFERENCE = re.compile(rb"""\br=["']([A-Z]{1,3})(\d{1,7})["']""")
_TYPE = re.compile(rb"""\bt=["'](\w+)["']""")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_VALUE = re.compile(rb"<(?:\w+:)?[vt](?:\s[^<>]*)?>[^<]")
_UNUSUAL = (b":c>", b" t='", b"<!")
_PLAIN_START = np.frombuffer(b'<c r="', np.uint8)
_LONGEST_REFERENCE = 11  # three letters, seven digits, the quote
_MOST_LETTERS = 3
_SPACE, _QUOTE, _LESS, _GREATER, _SLASH = (ord(sign) for sign in ' "<>/')


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a piece of a sheet that say where they are; rows and columns are counted from 1."""

    rows: Numbers
    columns: Numbers
    are_filled: Flags
    are_numbers: Flags
    are_errors: Flags
    are_unvalued: Flags
    """Formulas whose value was not kept: whoever reads the file would take them for empty."""


def cells_of(piece: bytes) -> Cells:
    """Return the cells of a piece of a worksheet that ends with a cell.

    Nearly every program writes a cell as ``<c r="B7" s="3" t="s"><v>12</v></c>``, and this form is read by
    columns of bytes; any other is read cell by cell.
    """
    found = None if any(sign in piece for sign in _UNUSUAL) else _by_bytes(piece)
    return _one_by_one(piece) if found is None else found


def _by_bytes(piece: bytes) -> Cells | None:
    """Return the cells, or None where one is written in another way than all others."""
    text = np.frombuffer(piece + b"\0" * 32, np.uint8)
    less = np.flatnonzero(text == _LESS)
    first, second = text[less + 1], text[less + 2]
    may_begin = (first == ord("c")) & (second <= _SPACE)
    starts = less[may_begin]
    if any((text[starts + i] != sign).any() for i, sign in enumerate(_PLAIN_START)):
        return None
    greater = np.flatnonzero(text == _GREATER)
    if not len(starts) or not len(greater):
        return _none()
    at = np.searchsorted(greater, starts)
    ends = greater[np.minimum(at, len(greater) - 1)]
    columns, rows = _references(text, starts + len('<c r="'))
    kinds = _kinds(text, starts, ends)
    is_placed = (columns > 0) & (rows > 0)
    filled = _filled(text, less, first, second, greater)
    nexts = np.append(starts[1:], len(piece))
    following = np.searchsorted(filled, ends)
    has_one = following < len(filled)
    at_value = filled[np.minimum(following, max(len(filled) - 1, 0))] if len(filled) else ends
    is_filled = has_one & (at_value < nexts) & (text[ends - 1] != _SLASH)
    is_number = (kinds == 0) | (kinds == ord("n"))
    formulas = less[
        (first == ord("f")) & ((second == _GREATER) | (second <= _SPACE) | (second == _SLASH))
    ]
    own = np.searchsorted(formulas, starts)
    at_formula = (
        formulas[np.minimum(own, max(len(formulas) - 1, 0))] if len(formulas) else nexts
    )
    has_formula = (own < len(formulas)) & (at_formula < nexts)
    return Cells(
        rows[is_placed],
        columns[is_placed],
        is_filled[is_placed],
        is_number[is_placed],
        (kinds == ord("e"))[is_placed],
        (has_formula & is_number & ~is_filled)[is_placed],
    )


def _references(
    text: np.ndarray[tuple[int], np.dtype[np.uint8]], at: Numbers
) -> tuple[Numbers, Numbers]:
    """Return column and row of each reference; 0 where it is none."""
    columns, rows = np.zeros(len(at), np.int64), np.zeros(len(at), np.int64)
    is_done, is_wrong = np.zeros(len(at), np.bool_), np.zeros(len(at), np.bool_)
    for place in range(_LONGEST_REFERENCE):
        sign = text[at + place].astype(np.int64)
        is_letter = (sign >= ord("A")) & (sign <= ord("Z")) & ~is_done
        is_digit = (sign >= ord("0")) & (sign <= ord("9")) & ~is_done
        is_end = (sign == _QUOTE) & ~is_done
        is_wrong |= is_letter & ((rows > 0) | (place >= _MOST_LETTERS))
        is_wrong |= ~(is_letter | is_digit | is_end | is_done)
        columns = np.where(is_letter, columns * 26 + sign - 64, columns)
        rows = np.where(is_digit, rows * 10 + sign - 48, rows)
        is_done |= is_end
    is_right = is_done & ~is_wrong
    return np.where(is_right, columns, 0), np.where(is_right, rows, 0)


def _kinds(
    text: np.ndarray[tuple[int], np.dtype[np.uint8]], starts: Numbers, ends: Numbers
) -> Numbers:
    """Return the letter of a cell's type where it is one letter (n, e, s, b, d), 0 without a type, else 1."""
    quotes = np.flatnonzero(text == ord("t"))
    types = quotes[
        (text[quotes - 1] == _SPACE)
        & (text[quotes + 1] == ord("="))
        & (text[quotes + 2] == _QUOTE)
    ]
    if not len(types):
        return np.zeros(len(starts), np.int64)
    after = np.searchsorted(types, starts)
    at = types[np.minimum(after, len(types) - 1)]
    is_own = (after < len(types)) & (at < ends)
    is_letter = text[at + 4] == _QUOTE
    return np.where(is_own, np.where(is_letter, text[at + 3], 1), 0).astype(np.int64)


def _filled(
    text: np.ndarray[tuple[int], np.dtype[np.uint8]],
    less: Numbers,
    first: np.ndarray[tuple[int], np.dtype[np.uint8]],
    second: np.ndarray[tuple[int], np.dtype[np.uint8]],
    greater: Numbers,
) -> Numbers:
    """Return where each value or text that is not empty begins."""
    is_value = ((first == ord("v")) | (first == ord("t"))) & (
        (second == _GREATER) | (second == _SPACE)
    )
    opened = less[is_value]
    closed = greater[np.minimum(np.searchsorted(greater, opened), len(greater) - 1)]
    has_content = (text[closed + 1] != _LESS) & (text[closed - 1] != _SLASH) & (closed > opened)
    return opened[has_content]


def _one_by_one(piece: bytes) -> Cells:
    found: list[tuple[int, int, bool, bool, bool, bool]] = []
    for match in _CELL.finditer(piece):
        place = _REFERENCE.search(match.group(1))
        if place is None:
            continue
        kind = _TYPE.search(match.group(1))
        letter = kind.group(1) if kind else b""
        is_filled = bool(_VALUE.search(match.group(2) or b""))
        found.append(
            (
                int(place.group(2)),
                _column_number(place.group(1)),
                is_filled,
                letter in {b"", b"n"},
                letter == b"e",
                letter in {b"", b"n"}
                and not is_filled
                and bool(_FORMULA.search(match.group(2) or b"")),
            )
        )
    if not found:
        return _none()
    rows, columns, filled, numbers, errors, unvalued = (
        list(part) for part in zip(*found, strict=True)
    )
    return Cells(
        np.array(rows, np.int64),
        np.array(columns, np.int64),
        np.array(filled, np.bool_),
        np.array(numbers, np.bool_),
        np.array(errors, np.bool_),
        np.array(unvalued, np.bool_),
    )


def _none() -> Cells:
    return Cells(
        np.zeros(0, np.int64),
        np.zeros(0, np.int64),
        np.zeros(0, np.bool_),
        np.zeros(0, np.bool_),
        np.zeros(0, np.bool_),
        np.zeros(0, np.bool_),
    )


@cache
def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
