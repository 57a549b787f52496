"""How an unseen list is laid out: where its headers stand, whether it has any, and what parts its fields."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from riskengine.codes.containers import is_container_number
from riskengine.errors import ManifestError
from riskengine.manifest.csv_lines import lines_of
from riskengine.manifest.csv_records import record_at
from riskengine.manifest.csv_shape import DELIMITERS, known_headers, shape_of
from riskengine.manifest.dates import parse as parse_dates
from riskengine.manifest.decoding import decode
from riskengine.manifest.formats import reader_of, recognise
from riskengine.manifest.header_likeness import likeness
from riskengine.manifest.plan import FileSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskengine.manifest.csv_lines import Lines
    from riskengine.manifest.csv_records import Record
    from riskengine.manifest.table import TextTable

LISTS = ("csv", "xlsx", "xls", "ods", "parquet")
"""The formats whose columns have to be named; every other format names them itself."""

_RECORDS_TO_LOOK_AT = 60
_FEWEST_KNOWN = 2
_MOST_FILLED = 0.6
_VALUE = r"^[+-]?[\d\s.,/:-]*\d[\d\s.,/:-]*$"


def opened(data: bytes, file: str) -> tuple[TextTable, FileSettings]:
    """Return a list as a table of text, and the settings by which it was read.

    Raises:
        ManifestError: It is no list, or cannot be framed.
    """
    found = recognise(data, file)
    if found not in LISTS:
        raise ManifestError(
            f"{file} is in a standard format ({found}), which needs no mapping file.",
            remedy="Check it as it is.",
        )
    settings = _of_text(data, file) if found == "csv" else FileSettings()
    table = reader_of(found)(data, file=file, settings=settings)
    if found == "parquet":
        return table, settings
    if found != "csv":
        line = _header_row(table)
        if line is not None:
            settings = replace(settings, header_line=line)
            table = reader_of(found)(data, file=file, settings=settings)
    if _is_record(table.columns):
        settings = replace(settings, has_header=False)
        table = reader_of(found)(data, file=file, settings=settings)
    return table, settings


def _of_text(data: bytes, file: str) -> FileSettings:
    """Find delimiter and header line; declared are only those that a reading would not find by itself."""
    decoded = decode(data, file=file)
    lines = lines_of(decoded.data, decoded.begin)
    shape = shape_of(lines, FileSettings(), file)
    known = record_at(lines, shape.header_line, shape.delimiter, 0).fields
    if len(known_headers(known)) >= _FEWEST_KNOWN:
        return FileSettings()
    framed = {delimiter: _beginning(lines, delimiter) for delimiter in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda one: _fitness(framed[one]))
    line = _first_full(framed[delimiter], shape.header_line)
    is_found_anyway = line == shape.header_line and delimiter == shape.delimiter
    return (
        FileSettings()
        if is_found_anyway
        else FileSettings(delimiter=delimiter, header_line=line + 1)
    )


def _beginning(lines: Lines, delimiter: str) -> list[Record]:
    """Frame the first records of a text, whatever they are."""
    records: list[Record] = []
    line = 0
    while line < len(lines) and len(records) < _RECORDS_TO_LOOK_AT:
        record = record_at(lines, line, delimiter, 0)
        records.append(record)
        line = record.next_line
    return records


def _usual_width(records: Sequence[Record]) -> tuple[int, int]:
    widths = Counter(len(record.fields) for record in records if any(record.fields))
    return max(widths.items(), key=lambda one: (one[0] > 1, one[1], one[0]), default=(0, 0))


def _fitness(records: Sequence[Record]) -> tuple[int, int]:
    """A delimiter fits by how many records have as many fields as most, and by how many fields that is."""
    width, count = _usual_width(records)
    return (count, width) if width > 1 else (0, width)


def _first_full(records: Sequence[Record], otherwise: int) -> int:
    """Return the line of the first record with as many fields as others, most of them filled: a title fills few."""
    width, _ = _usual_width(records)
    filled = [
        sum(bool(text.strip()) for text in record.fields) if len(record.fields) == width else 0
        for record in records
    ]
    usual = sorted(filled)[len(filled) // 2]
    found = zip(records, filled, strict=True)
    return next(
        (record.line for record, count in found if 0 < count >= _MOST_FILLED * usual), otherwise
    )


def _header_row(table: TextTable) -> int | None:
    """Return the row of a sheet that holds the headers, where it is not the first; a title fills few columns."""
    if not table.columns:
        return None
    filled = sum(bool(name) for name in table.columns)
    rows = table.frame.head(_RECORDS_TO_LOOK_AT)
    counts = [
        (row[1], sum(bool(cell and cell.strip()) for cell in row[2:]))
        for row in rows.iter_rows()
    ]
    most = max((count for _, count in counts), default=0)
    if not counts or filled >= _MOST_FILLED * most:
        return None
    return next(line for line, count in counts if count >= _MOST_FILLED * most)


def _is_record(cells: Sequence[str]) -> bool:
    """Tell whether what stands where headers stand is a record: values, and no words that name a column."""
    told = [cell for cell in cells if cell.strip()]
    if not told:
        return False
    series = pl.Series("cell", told)
    days = parse_dates(series, day_first=True)["value"].is_not_null()
    values = series.str.strip_chars().str.contains(_VALUE) | days
    count = sum(values) + sum(is_container_number(cell) for cell in told)
    named = sum(likeness(cell).is_told for cell in told)
    return count >= max(1, 0.2 * len(told)) and named < 0.3 * len(told)
