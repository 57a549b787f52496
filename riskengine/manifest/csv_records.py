"""The careful way through a delimited text: one record at a time, in which no line can vanish.

Readers that guess lose lines in silence: an unclosed quote swallows what follows, a short line is
filled up, a long one is cut. Here every line ends in a record, in a blank, or in a named fault.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskengine.manifest.csv_lines import Lines

LONGEST_RECORD_LINES = 200
"""A quoted field that runs over more lines than this was never closed."""

_FEWEST_COLUMNS_TO_TELL = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record as it was framed.

    Attributes:
        line: Its first line, from 0.
        next_line: The line behind it.
        fields: Its fields, or the whole line where it could not be framed.
        code: What is wrong, where it could not be framed.
    """

    line: int
    next_line: int
    fields: list[str]
    code: str | None = None


@dataclass(slots=True)
class _Feed:
    """Feeds the lines of one record to the csv module, and stops within one that never ends."""

    lines: Lines
    next_line: int
    record_line: int

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        at = self.next_line
        if at >= len(self.lines) or at - self.record_line >= LONGEST_RECORD_LINES:
            raise StopIteration
        self.next_line = at + 1
        return self.lines[at]


def record_at(lines: Lines, line: int, delimiter: str, width: int) -> Record:
    """Frame the record that begins on a line.

    A record over several lines that holds other records in its quotes is none: its quote was closed by
    chance. What cannot be framed takes one line, and the next record begins on the one below.

    Args:
        lines: The file.
        line: From 0.
        delimiter: Between fields.
        width: The fields of the header, or 0 where this is the header.
    """
    feed = _Feed(lines, line, line)
    code = "unterminated_quote"
    try:
        fields = next(csv.reader(feed, delimiter=delimiter, strict=True), [])
        if feed.next_line - line == 1 or not _has_swallowed(fields, width, delimiter):
            return Record(line=line, next_line=feed.next_line, fields=fields)
    except csv.Error as fault:
        code = _code_of(fault, feed.next_line - line)
    whole = lines[line].rstrip("\r\n")
    return Record(line=line, next_line=line + 1, fields=[whole], code=code)


def fields_of_line(text: str, delimiter: str) -> list[str]:
    """Return the fields of one line by itself; none where its quotes do not close."""
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def is_blank(fields: Sequence[str]) -> bool:
    """Tell whether nothing stands in a record."""
    return not any(text and not text.isspace() for text in fields)


def fault_of(fields: list[str], names: Sequence[str], *, is_cut: bool) -> str | None:
    """Return what is wrong with a record that was framed, or None; surplus blanks must be gone.

    Args:
        fields: As framed.
        names: The headers.
        is_cut: The record stands on the last line, which has no line end.
    """
    if any("\0" in text for text in fields):
        return "nul_bytes"
    if len(fields) > len(names):
        return "too_many_fields"
    if len(fields) < len(names):
        return "last_record_cut" if is_cut else "too_few_fields"
    if fields[0].strip() == names[0] and [text.strip() for text in fields] == list(names):
        return "header_repeated"
    return None


def params_of(code: str, found: int, expected: int) -> dict[str, str | int | float]:
    """Return what the sentence on a record that cannot be used needs."""
    if code in {"too_few_fields", "too_many_fields", "last_record_cut"}:
        return {"found": found, "expected": expected}
    if code == "field_too_long":
        return {"limit": csv.field_size_limit()}
    return {}


def _code_of(fault: csv.Error, line_count: int) -> str:
    if "field limit" in str(fault):
        return "field_too_long"
    ended = "end of data" in str(fault)
    return "unterminated_quote" if ended or line_count > 1 else "quote_misplaced"


def _has_swallowed(fields: list[str], width: int, delimiter: str) -> bool:
    if not width:
        return False
    if len(fields) != width:
        return True
    if width < _FEWEST_COLUMNS_TO_TELL:
        return False
    return any(
        line.count(delimiter) == width - 1
        for text in fields
        if "\n" in text or "\r" in text
        for line in text.splitlines()
    )
