"""What every format becomes first: a table of text with the place of each record in the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from riskengine.manifest.plan import FieldMapping
    from riskengine.manifest.schema import Document


def numbered_columns(count: int) -> tuple[str, ...]:
    """Return what the columns of a file without headers are called.

    >>> numbered_columns(2)
    ('column 1', 'column 2')
    """
    return tuple(f"column {number}" for number in range(1, count + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadRecord:
    """A record that could not be framed.

    Attributes:
        record_number: Its place among the records of the file, from 1.
        line: Its first line in the file.
        code: What is wrong (``defect.<code>``).
        fields: Its fields as far as they could be told, else the line as one field.
        params: What the sentence needs.
    """

    record_number: int
    line: int
    code: str
    fields: tuple[str, ...]
    params: Mapping[str, str | int | float] = field(
        default_factory=dict[str, "str | int | float"]
    )

    @property
    def raw(self) -> str:
        """The record as one text."""
        return " ".join(self.fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRemark:
    """Something to be said of the file as a whole; becomes a Defect that changes nothing."""

    code: str
    params: Mapping[str, str | int | float] = field(
        default_factory=dict[str, "str | int | float"]
    )
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTable:
    """One file, framed into records of text.

    Attributes:
        format: csv, parquet, xlsx, cuscar, awmds, ...
        columns: The headers as received; of a standard format, the canonical fields that it fills.
        frame: The records that could be framed and hold something: ``record_number``, ``line``
            and one String column for each header, named by its place ("0", "1", ...).
        numbers: Columns of the same height, by place, that hold a number where the file itself
            says that the cell is one (Excel, Parquet), so that no convention need be guessed.
        unread: The records that could not be framed.
        blank_count: Records with nothing in them.
        record_count: All records of the file.
        header_line: The line of the header.
        cell_faults: (record_number, column place, code) of cells that the file itself calls bad.
        remarks: What is to be said of the file as a whole.
        line_faults: (record_number, code) of records that were read and are not to be trusted.
        mapping: How the columns of a standard format are read; None where headers are to be recognised.
        document: What the file says of itself; None where its columns tell.
        are_columns_placed: Whether a column has a place that a person can find in the file.
    """

    format: str
    columns: tuple[str, ...]
    frame: pl.DataFrame
    unread: tuple[UnreadRecord, ...] = ()
    blank_count: int = 0
    record_count: int = 0
    header_line: int = 1
    numbers: Mapping[int, pl.Series] = field(default_factory=dict[int, "pl.Series"])
    cell_faults: tuple[tuple[int, int, str], ...] = ()
    remarks: tuple[FileRemark, ...] = ()
    line_faults: tuple[tuple[int, str], ...] = ()
    mapping: FieldMapping | None = None
    document: Document | None = None
    are_columns_placed: bool = True
