"""Workbooks before and beside .xlsx: Excel 97 (.xls) and OpenDocument (.ods), in the same child process.

Neither can be surveyed cell by cell before it is opened, so the memory of the process is the limit, and the
sheet is measured once it is read. What cannot be told there: merged ranges and hidden rows.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import fastexcel
import polars as pl

from riskengine.errors import ManifestError
from riskengine.manifest.workbook import MOST_BYTES, MOST_CELLS, MOST_RATIO

if TYPE_CHECKING:
    from typing import IO

MEMORY_BYTES: Final = 3 << 30
"""Of the process that opens one."""

_LARGEST: Final = 128 << 20
_SMALL: Final = 1 << 20
_CHUNK: Final = 1 << 20
_REPEATED: Final = re.compile(rb'number-(?:rows|columns)-repeated="(\d{1,12})"')
_TAG: Final = re.compile(rb"<table:table-(row|cell)\b([^<>]*)")
_FILLED: Final = b"value-type="
_LONGEST_TAG: Final = 1 << 20
_ENTITY: Final = (b"<!DOCTYPE", b"<!ENTITY")
_MOST_REPEATS: Final = (
    4_000_000  # LibreOffice repeats the empty rest of a sheet: a million rows
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherSheet:
    """One sheet as it was read; rows and columns are counted from 1.

    Attributes:
        name: Its name.
        frame: A String column for each column ("t0", ...), a Float64 one for those of numbers ("n0", ...).
        first_row: The row that its first row is in the sheet.
        first_column: The same of the columns.
        error_cells: (row, column) of cells that say nothing though something stands there.
    """

    name: str
    frame: pl.DataFrame
    first_row: int
    first_column: int
    error_cells: tuple[tuple[int, int], ...]

    @property
    def is_filled(self) -> bool:
        """Whether any cell holds something."""
        return self.frame.height > 0


def is_other(data: bytes) -> bool:
    """Tell whether the bytes are a workbook of Excel 97 or OpenDocument."""
    return data.startswith(b"\xd0\xcf\x11\xe0") or b"opendocument" in data[:120]


def sheets_of(data: bytes, file: str) -> list[OtherSheet]:
    """Return every sheet that holds something, read as text, its number cells as numbers too.

    Raises:
        ManifestError: The workbook asks for more than is read.
        fastexcel.FastExcelError: It is damaged.
    """
    if len(data) > _LARGEST:
        raise ManifestError(
            f"{file} is larger than {_LARGEST >> 20} MB.", remedy="Save it as .xlsx or CSV."
        )
    if not data.startswith(b"\xd0\xcf\x11\xe0"):
        _must_be_modest(data, file)
    workbook = fastexcel.read_excel(data)
    sheets: list[OtherSheet] = []
    for name in workbook.sheet_names:
        texts = workbook.load_sheet(name, header_row=None, dtypes="string").to_polars()
        if texts.height * texts.width > MOST_CELLS:
            raise ManifestError(
                f"The sheet {name!r} of {file} has cells far outside any list.",
                remedy="Delete what stands outside the list, or save the list as CSV.",
            )
        if not texts.height or not texts.width:
            continue
        first = _first_filled(texts)
        errors = _errors(texts)
        texts.columns = [f"t{place}" for place in range(texts.width)]
        numbers: list[pl.Series] = []
        if texts.height > first + 1:
            typed = workbook.load_sheet(name, header_row=None, skip_rows=first + 1).to_polars()
            numbers = _numbers(typed, texts, first + 1)
        sheets.append(
            OtherSheet(
                name=name,
                frame=texts.slice(first).with_columns(s.slice(first) for s in numbers),
                first_row=first + 1,
                first_column=1,
                error_cells=errors,
            )
        )
    return sheets


def _first_filled(texts: pl.DataFrame) -> int:
    is_filled = texts.select(
        pl.any_horizontal(pl.all().is_not_null() & (pl.all() != ""))
    ).to_series()
    return is_filled.arg_max() or 0


def _errors(texts: pl.DataFrame) -> tuple[tuple[int, int], ...]:
    """A cell that is there and says nothing is an error, or a formula whose value was not kept."""
    return tuple(
        (row + 1, place + 1)
        for place, name in enumerate(texts.columns)
        for row in (texts[name] == "").arg_true().to_list()
    )


def _numbers(typed: pl.DataFrame, texts: pl.DataFrame, first: int) -> list[pl.Series]:
    """Keep the columns that hold nothing but numbers below their header as numbers."""
    return [
        pl.Series(f"n{place}", [None] * first, dtype=pl.Float64).extend(
            typed[name].cast(pl.Float64)
        )
        for place, name in enumerate(typed.columns)
        if typed.schema[name].is_numeric()
        and typed.height == texts.height - first
        and place < texts.width
    ]


def _must_be_modest(data: bytes, file: str) -> None:
    """Count what an OpenDocument sheet repeats: one cell may stand for a billion."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > MOST_BYTES:
                raise _too_much(file)
            for entry in entries:
                if entry.file_size > max(_SMALL, MOST_RATIO * max(entry.compress_size, 1)):
                    raise _too_much(file)
            with archive.open("content.xml") as stream:
                _must_not_repeat(stream, file)
    except (
        zipfile.BadZipFile, KeyError, EOFError, zlib.error, NotImplementedError, RuntimeError,
        OSError, ValueError,
    ) as fault:  # fmt: skip
        raise ManifestError(
            f"{file} is a damaged workbook: {fault}.",
            remedy="Open it, save it as .xlsx or CSV, and try again.",
        ) from fault


def _must_not_repeat(stream: IO[bytes], file: str) -> None:
    """Count the cells that hold something, each as often as it and its row are repeated."""
    rest, total, rows, cells = b"", 0, 1, 0
    while piece := stream.read(_CHUNK):
        total += len(piece)
        text = rest + piece
        if total > MOST_BYTES or len(rest) > _LONGEST_TAG:
            raise _too_much(file)
        if any(sign in text for sign in _ENTITY):
            raise ManifestError(
                f"{file} defines entities of its own, which no list needs.",
                remedy="Mistrust the sender; ask for CSV.",
            )
        end = text.rfind(b">") + 1
        for kind, said in _TAG.findall(text, 0, end):
            repeated = _REPEATED.search(said)
            times = int(repeated[1]) if repeated else 1
            if times > _MOST_REPEATS:
                raise _too_much(file)
            if kind == b"row":
                rows = times
            elif _FILLED in said:
                cells += rows * times
        if cells > MOST_CELLS:
            raise _too_much(file)
        rest = text[end:]


def _too_much(file: str) -> ManifestError:
    return ManifestError(
        f"{file} unpacks to far more than a list holds.", remedy="Save the one sheet as CSV."
    )
