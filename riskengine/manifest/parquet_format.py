"""Parquet to a table of text; what the file holds as numbers and dates is not read back from text."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, cast

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from riskengine.errors import ManifestError
from riskengine.manifest.table import FileRemark, TextTable

if TYPE_CHECKING:
    from riskengine.manifest.plan import FileSettings

MOST_ROWS = 5_000_000
MOST_COLUMNS = 2_000
"""A file of a few hundred kilobytes can promise millions of rows: the footer is asked first."""

_LONGEST_FAULT = 200
_LARGEST_EXACT_FLOAT = 9_007_199_254_740_992


def read_parquet(data: bytes, *, file: str, settings: FileSettings) -> TextTable:
    """Read a Parquet file; ``line`` counts its rows from 1.

    Raises:
        ManifestError: The file is damaged, too large, or has nested, binary or twice-named columns.
    """
    _ = settings  # nothing in Parquet needs declaring
    try:
        footer = pq.ParquetFile(io.BytesIO(data), page_checksum_verification=True)
        _must_be_flat(footer, file)
        arrow = cast("pa.Table", footer.read())
        frame = cast("pl.DataFrame", pl.from_arrow(arrow))
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError, ValueError) as fault:
        raise ManifestError(
            f"{file} is a damaged Parquet file: {_in_one_line(fault)}.",
            remedy="Ask for the file again.",
        ) from fault
    columns = tuple(frame.columns)
    texts = [_as_text(frame[name], name, file).alias(str(i)) for i, name in enumerate(columns)]
    numbers = {
        place: frame[name].cast(pl.Float64)
        for place, name in enumerate(columns)
        if frame[name].dtype.is_numeric()
    }
    height = frame.height
    rows = pl.DataFrame(
        [
            pl.int_range(1, height + 1, eager=True, dtype=pl.Int64).alias("record_number"),
            pl.int_range(1, height + 1, eager=True, dtype=pl.Int64).alias("line"),
            *texts,
        ]
    )
    return without_blanks(
        TextTable(
            format="parquet",
            columns=columns,
            frame=rows,
            numbers=numbers,
            record_count=height,
            remarks=() if height else (FileRemark(code="no_records"),),
        )
    )


def without_blanks(table: TextTable) -> TextTable:
    """Return the table without the records that hold nothing, counted."""
    texts = pl.col([str(place) for place in range(len(table.columns))])
    held = table.frame.select(
        held=pl.any_horizontal(texts.str.strip_chars().fill_null("") != "")
    ).to_series()
    return TextTable(
        format=table.format,
        columns=table.columns,
        frame=table.frame.filter(held),
        unread=table.unread,
        numbers={place: column.filter(held) for place, column in table.numbers.items()},
        blank_count=table.frame.height - int(held.sum()),
        record_count=table.record_count,
        header_line=table.header_line,
        cell_faults=table.cell_faults,
        remarks=table.remarks,
    )


def _in_one_line(fault: Exception) -> str:
    """Return what the library says, without its line breaks and its full stop."""
    said = " ".join(str(fault).split())
    return said[:_LONGEST_FAULT].rstrip(" .")


def _must_be_flat(footer: pq.ParquetFile, file: str) -> None:
    metadata = footer.metadata
    if metadata.num_rows > MOST_ROWS or metadata.num_columns > MOST_COLUMNS:
        raise ManifestError(
            f"{file} promises {metadata.num_rows} rows of {metadata.num_columns} columns.",
            remedy=f"Split it: at most {MOST_ROWS} rows are read from one file.",
        )
    names = footer.schema_arrow.names
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ManifestError(
            f"{file} has more than one column named {', '.join(map(repr, twice))}.",
            remedy="Give every column a name of its own.",
        )
    nested = [field.name for field in footer.schema_arrow if _is_unreadable(field.type)]
    if nested:
        raise ManifestError(
            f"The columns {', '.join(map(repr, nested))} of {file} hold no plain values.",
            remedy="A manifest has texts, numbers, dates and flags only.",
        )


def _is_unreadable(kind: pa.DataType) -> bool:  # pyright: ignore[reportUnknownParameterType]
    if pa.types.is_dictionary(kind):
        kind = cast("pa.DictionaryType", kind).value_type
    return (
        pa.types.is_nested(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
        or pa.types.is_duration(kind)
    )


def _as_text(column: pl.Series, name: str, file: str) -> pl.Series:
    if column.dtype.is_float():
        whole = column.drop_nulls()
        is_whole = whole.is_finite().all() and (whole.floor() == whole).all()
        if is_whole and (whole.abs() < _LARGEST_EXACT_FLOAT).all():
            column = column.cast(
                pl.Int64
            )  # whole numbers with gaps, which others keep as floats
    try:
        return column.cast(pl.String)
    except pl.exceptions.PolarsError as fault:
        raise ManifestError(f"The column {name!r} of {file} cannot be read as text.") from fault
