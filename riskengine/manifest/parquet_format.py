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

MOST_BYTES = 512 << 20
MOST_RATIO = 200
"""Times the size of the file; honest texts unpack to ten to thirty times."""

MOST_CELLS_A_BYTE = 20
"""Of the file: columns with nothing in them take next to nothing."""

LONGEST_TEXT = 131_072
"""Bytes in one cell; as in delimited text."""

_CELLS_ALLOWED = 4_000_000
_BYTES_ALLOWED = 16 << 20
_BATCH = 65_536
_LONGEST_FAULT = 200
_LARGEST_EXACT_FLOAT = 9_007_199_254_740_992


def read_parquet(data: bytes, *, file: str, settings: FileSettings) -> TextTable:
    """Read a Parquet file; ``line`` counts its rows from 1.

    Raises:
        ManifestError: The file is damaged, too large, unpacks to far more than a list holds, or has nested,
            binary or twice-named columns.
    """
    _ = settings  # nothing in Parquet needs declaring
    try:
        footer = pq.ParquetFile(io.BytesIO(data), page_checksum_verification=True)
        _must_be_flat(footer, file)
        _must_be_modest(footer, len(data), file)
        _must_not_repeat(footer, data, file)
        arrow = cast("pa.Table", footer.read())
        frame = cast("pl.DataFrame", pl.from_arrow(arrow))
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError, ValueError) as fault:
        raise ManifestError(
            f"{file} is a damaged Parquet file: {_in_one_line(fault)}.",
            remedy="Ask for the file again.",
        ) from fault
    _must_be_short(frame, file)
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
        )
    )


def without_blanks(table: TextTable) -> TextTable:
    """Return the table without the records that hold nothing, counted."""
    texts = pl.col([str(place) for place in range(len(table.columns))])
    held = table.frame.select(
        held=pl.any_horizontal(texts.str.strip_chars().fill_null("") != "")
    ).to_series()
    said = () if held.any() else (FileRemark(code="no_records"),)
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
        remarks=(*table.remarks, *said),
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


def _must_be_modest(footer: pq.ParquetFile, size: int, file: str) -> None:
    """Hold what the footer promises against the size of the file."""
    metadata = footer.metadata
    groups = range(metadata.num_row_groups)
    promised = sum(metadata.row_group(group).total_byte_size for group in groups)
    cells = metadata.num_rows * metadata.num_columns
    if promised > _limit(size) or cells > max(_CELLS_ALLOWED, MOST_CELLS_A_BYTE * size):
        raise _too_much(file)


def _limit(size: int) -> int:
    return min(MOST_BYTES, max(_BYTES_ALLOWED, MOST_RATIO * size))


def _must_not_repeat(footer: pq.ParquetFile, data: bytes, file: str) -> None:
    """Measure the texts that are kept once and meant many times, without writing them out.

    Ten references to one text of 50 MB are half a gigabyte in two kilobytes.
    """
    metadata = footer.metadata
    groups = [metadata.row_group(group) for group in range(metadata.num_row_groups)]
    names = footer.schema_arrow.names
    repeated = [
        name
        for place, name in enumerate(names)
        if _is_text(footer.schema_arrow.field(name).type)
        and any("DICTIONARY" in " ".join(group.column(place).encodings) for group in groups)
    ]
    if not repeated:
        return
    limit = _limit(len(data))
    dictionaries = pq.ParquetFile(io.BytesIO(data), read_dictionary=repeated)
    total = 0
    for batch in dictionaries.iter_batches(_BATCH, columns=repeated):
        for column in batch.columns:
            lengths = pl.Series(column.dictionary).cast(pl.String).str.len_bytes().fill_null(0)
            if (lengths > LONGEST_TEXT).any():
                raise _too_much(file)
            used = pl.Series(column.indices).drop_nulls()
            total += int(lengths.gather(used).cast(pl.Int64).sum())
        if total > limit:
            raise _too_much(file)


def _must_be_short(frame: pl.DataFrame, file: str) -> None:
    """Refuse a text that no list holds: elsewhere it would be copied many times."""
    for text in frame.select(pl.col(pl.String)):
        if (text.str.len_bytes() > LONGEST_TEXT).any():
            raise ManifestError(
                f"The column {text.name[:40]!r} of {file} holds a text of more than {LONGEST_TEXT} bytes.",
                remedy="Ask the sender what it is.",
            )


def _too_much(file: str) -> ManifestError:
    return ManifestError(
        f"{file} is packed far too tightly to be a list.", remedy="Ask the sender for CSV."
    )


def _is_text(kind: pa.DataType) -> bool:  # pyright: ignore[reportUnknownParameterType]
    if pa.types.is_dictionary(kind):
        kind = cast("pa.DictionaryType", kind).value_type
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


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
