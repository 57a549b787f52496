"""Delimited text to a table of text: our own framing, in which no line can vanish."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from riskengine.errors import ManifestError
from riskengine.manifest.csv_fast import Layout, frame_records
from riskengine.manifest.csv_lines import lines_of
from riskengine.manifest.csv_lists import joined, with_header
from riskengine.manifest.csv_margins import other_header, without_totals
from riskengine.manifest.csv_records import record_at
from riskengine.manifest.csv_shape import delimiter_at, shape_of
from riskengine.manifest.decoding import decode
from riskengine.manifest.table import FileRemark, TextTable, numbered_columns

if TYPE_CHECKING:
    from riskengine.manifest.csv_fast import Framed
    from riskengine.manifest.csv_lines import Lines
    from riskengine.manifest.csv_records import Record
    from riskengine.manifest.plan import FileSettings

MOST_COLUMNS = 10_000
MOST_LINES = 5_000_000
"""The list of the largest ship has about a hundredth of it."""

LONGEST_LINE = 16 << 20
"""Bytes; a line of a list has a few hundred."""

_MOST_LISTS = 20
"""Lists joined end to end in one file; each costs a reading of all that follows it."""


def read_csv(
    data: bytes, *, file: str, settings: FileSettings, is_careful: bool = False
) -> TextTable:
    """Frame a delimited text file.

    Records are counted from 1 after the header; lines from 1. A record that cannot be framed (too few or
    too many fields, a quote that is never closed, a NUL, a field beyond the limit of the csv module, a
    repeated header) is named, and reading goes on with the next line. Surplus fields with nothing in
    them are let pass. Lines above the header and lines of totals below are named and are no cargo; another
    header in the middle begins another list, whose columns are found by their own names.

    Args:
        data: The file.
        file: Its name.
        settings: What is known of it.
        is_careful: Frame every record by itself; slower, and the outcome is the same.

    Raises:
        ManifestError: There is no header, the encoding declared does not fit, or so many lines stand in it or
            cannot be read that it is no list.
    """
    if data.count(b"\n") + data.count(b"\r") > 2 * MOST_LINES:  # a line may end in both
        raise ManifestError(
            f"{file} has more than {MOST_LINES} lines.", remedy="Split it by voyage."
        )
    decoded = decode(data, file=file, declared=settings.encoding)
    lines = lines_of(decoded.data, decoded.begin)
    if len(lines) and int((lines.stops - lines.starts).max()) > LONGEST_LINE:
        raise ManifestError(
            f"{file} has a line of more than {LONGEST_LINE >> 20} MB.",
            remedy="Ask the sender for the file again.",
        )
    shape = shape_of(lines, settings, file)
    count = lines[shape.header_line].count(shape.delimiter) + 1
    if count > MOST_COLUMNS:
        raise ManifestError(
            f"Line {shape.header_line + 1} of {file} has {count} headers; no list of cargo has more than"
            f" {MOST_COLUMNS}.",
            remedy="Ask the sender for the file again, or say its delimiter in a mapping file.",
        )
    header = record_at(lines, shape.header_line, shape.delimiter, 0)
    if header.code is not None:
        raise ManifestError(
            f"The header in line {shape.header_line + 1} of {file} cannot be read.",
            remedy="Close its quotes, or say in a mapping file which line holds the header.",
        )
    if not settings.has_header:  # what stands where headers stand is the first record
        header = replace(
            header, fields=list(numbered_columns(len(header.fields))), next_line=header.line
        )
    framed, names = _framed(lines, header, shape.delimiter, is_careful=is_careful)
    remarks = (*decoded.remarks, *shape.remarks)
    if framed.record_count == framed.blank_count:
        remarks = (*remarks, FileRemark(code="no_records", line=shape.header_line + 1))
    return TextTable(
        format="csv",
        columns=names,
        frame=framed.frame,
        unread=framed.unread,
        blank_count=framed.blank_count,
        record_count=framed.record_count,
        header_line=shape.header_line + 1,
        remarks=remarks,
    )


def _framed(
    lines: Lines, header: Record, delimiter: str, *, is_careful: bool
) -> tuple[Framed, tuple[str, ...]]:
    """Frame what stands below a header, and below each other header that follows: files are joined end to end."""
    lists: list[tuple[tuple[str, ...], Framed]] = []
    while True:
        names = tuple(name.strip().lstrip("\ufeff") for name in header.fields)
        layout = Layout(names=names, delimiter=delimiter)
        framed = frame_records(lines, header.next_line, layout, is_careful=is_careful)
        line = other_header(framed, names) if len(lists) < _MOST_LISTS else None
        if line is None:
            lists.append((names, without_totals(framed)))
            return joined(lists)
        framed = frame_records(
            lines, header.next_line, layout, stop=line, is_careful=is_careful
        )
        delimiter = delimiter_at(lines, line)
        header = record_at(lines, line, delimiter, 0)
        lists.append((names, with_header(without_totals(framed), header)))
