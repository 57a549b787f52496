"""Delimited text to a table of text: our own framing, in which no line can vanish.

Readers that guess lose lines in silence: an unclosed quote swallows what follows, a short line is
filled up, a long one is cut. Here every line ends in a record, in a blank, or in a named fault.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from riskengine.errors import ManifestError
from riskengine.manifest.decoding import decode
from riskengine.manifest.table import FileRemark, TextTable, UnreadRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskengine.manifest.plan import FileSettings

DELIMITERS = (",", ";", "\t", "|")
LONGEST_RECORD_LINES = 200
"""A quoted field that runs over more lines than this was never closed."""

_FEWEST_COLUMNS_TO_TELL = 4


@dataclass(slots=True)
class _Lines:
    """Feeds lines to the csv module, and stops within a record that never ends."""

    lines: list[str]
    next_line: int
    record_line: int

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        at = self.next_line
        if at >= len(self.lines) or at - self.record_line >= LONGEST_RECORD_LINES:
            raise StopIteration
        self.next_line = at + 1
        return self.lines[at]


@dataclass(slots=True)
class _Sheet:
    """The records sorted by what became of them."""

    rows: list[list[str]] = field(default_factory=list[list[str]])
    numbers: list[int] = field(default_factory=list[int])
    lines: list[int] = field(default_factory=list[int])
    unread: list[UnreadRecord] = field(default_factory=list[UnreadRecord])
    blank: int = 0
    count: int = 0


def read_csv(data: bytes, *, file: str, settings: FileSettings) -> TextTable:
    """Frame a delimited text file.

    Records are counted from 1 after the header; lines from 1. A record that cannot be framed (too few or
    too many fields, a quote that is never closed, a NUL, a field beyond the limit of the csv module, a
    repeated header) is named, and reading goes on with the next line. Surplus fields with nothing in
    them are let pass.

    Raises:
        ManifestError: There is no header, or the encoding declared does not fit.
    """
    decoded = decode(data, file=file, declared=settings.encoding)
    lines = list(
        io.StringIO(decoded.text, newline="")
    )  # splits at \n, \r\n and \r, at nothing else
    start, delimiter = _start(lines, settings, file)
    records = _records(lines, start, delimiter)
    header_line, header, code = next(records)
    if code is not None:
        raise ManifestError(
            f"The header in line {header_line + 1} of {file} cannot be read.",
            remedy="Close its quotes, or say in a mapping file which line holds the header.",
        )
    names = [name.strip().lstrip("\ufeff") for name in header]
    sheet = _sorted(records, names, lines)
    width = len(names)
    columns = zip(*sheet.rows, strict=True) if sheet.rows else ([] for _ in range(width))
    frame = pl.DataFrame(
        [
            pl.Series("record_number", sheet.numbers, dtype=pl.Int64),
            pl.Series("line", sheet.lines, dtype=pl.Int64),
            *(
                pl.Series(str(place), list(values), dtype=pl.String)
                for place, values in enumerate(columns)
            ),
        ]
    )
    remarks = decoded.remarks
    if sheet.count == 0:
        remarks = (*remarks, FileRemark(code="no_records", line=header_line + 1))
    return TextTable(
        format="csv",
        columns=tuple(names),
        frame=frame,
        unread=tuple(sheet.unread),
        blank_count=sheet.blank,
        record_count=sheet.count,
        header_line=header_line + 1,
        remarks=remarks,
    )


def _start(lines: list[str], settings: FileSettings, file: str) -> tuple[int, str]:
    start = (settings.header_line or 1) - 1
    delimiter = settings.delimiter
    while start < len(lines) and not lines[start].strip(" \t\r\n\0\ufeff"):
        start += 1
    if start >= len(lines):
        raise ManifestError(
            f"{file} holds nothing but blank lines.",
            remedy="Ask the sender for the file again.",
        )
    hint = lines[start].strip().lower()
    if hint.startswith("sep=") and len(hint) == len("sep=") + 1:  # Excel's own hint
        return start + 1, delimiter or lines[start].strip()[-1]
    return start, delimiter or _delimiter(lines[start])


def _delimiter(header: str) -> str:
    def fields(delimiter: str) -> int:
        try:
            return len(next(csv.reader([header], delimiter=delimiter), []))
        except csv.Error:
            return 0

    return max(DELIMITERS, key=fields)  # the first of equals


def _records(
    lines: list[str], start: int, delimiter: str
) -> Iterator[tuple[int, list[str], str | None]]:
    """Yield line (from 0), fields and, for a record that cannot be framed, what is wrong."""
    width, at = 0, start
    while at < len(lines):
        feed = _Lines(lines, at, at)
        code = None
        try:
            for fields in csv.reader(feed, delimiter=delimiter, strict=True):
                at = feed.record_line
                if feed.next_line - at > 1 and _has_swallowed(fields, width, delimiter):
                    code = "unterminated_quote"
                    break
                width = width or len(fields)
                yield at, fields, None
                at = feed.record_line = feed.next_line
        except csv.Error as fault:
            at = feed.record_line
            code = _code_of(fault, feed.next_line - at)
        if code is not None:
            yield at, [lines[at].rstrip("\r\n")], code
            at += 1


def _code_of(fault: csv.Error, line_count: int) -> str:
    if "field limit" in str(fault):
        return "field_too_long"
    ended = "end of data" in str(fault)
    return "unterminated_quote" if ended or line_count > 1 else "quote_misplaced"


def _has_swallowed(fields: list[str], width: int, delimiter: str) -> bool:
    """Tell whether a record over several lines holds other records: its quote was closed by chance."""
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


def _sorted(
    records: Iterator[tuple[int, list[str], str | None]], names: list[str], lines: list[str]
) -> _Sheet:
    sheet, width = _Sheet(), len(names)
    may_hold_nul = any("\0" in line for line in lines)
    for line, fields, code in records:
        sheet.count += 1
        if code is None and not any(text and not text.isspace() for text in fields):
            sheet.blank += 1
            continue
        if len(fields) > width and not any(text.strip() for text in fields[width:]):
            del fields[width:]
        fault = code or _fault(
            fields, names, is_cut=_is_cut(lines, line), may_hold_nul=may_hold_nul
        )
        if fault is None:
            sheet.rows.append(fields)
            sheet.numbers.append(sheet.count)
            sheet.lines.append(line + 1)
        else:
            sheet.unread.append(
                UnreadRecord(
                    record_number=sheet.count,
                    line=line + 1,
                    code=fault,
                    fields=tuple(fields),
                    params=_params(fault, len(fields), width),
                )
            )
    return sheet


def _is_cut(lines: list[str], line: int) -> bool:
    return line == len(lines) - 1 and not lines[line].endswith(("\n", "\r"))


def _fault(
    fields: list[str], names: list[str], *, is_cut: bool, may_hold_nul: bool
) -> str | None:
    if may_hold_nul and any("\0" in text for text in fields):
        return "nul_bytes"
    if len(fields) > len(names):
        return "too_many_fields"
    if len(fields) < len(names):
        return "last_record_cut" if is_cut else "too_few_fields"
    if fields[0].strip() == names[0] and [text.strip() for text in fields] == names:
        return "header_repeated"
    return None


def _params(code: str, found: int, expected: int) -> dict[str, str | int | float]:
    if code in {"too_few_fields", "too_many_fields", "last_record_cut"}:
        return {"found": found, "expected": expected}
    if code == "field_too_long":
        return {"limit": csv.field_size_limit()}
    return {}
