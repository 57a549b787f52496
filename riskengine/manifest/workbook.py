"""What a workbook promises, told from its archive before anything else is allowed to open it.

A few kilobytes can ask a spreadsheet reader for gigabytes (one cell in the far corner, a text repeated a
million times), and such a request cannot be caught. So sizes and cells are counted first, in bounded memory.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from dataclasses import dataclass
from difflib import get_close_matches
from typing import IO, TYPE_CHECKING, Protocol, TypeVar
from xml.etree import ElementTree as ET

import numpy as np

from riskengine.errors import ManifestError
from riskengine.manifest.shared_texts import must_be_short
from riskengine.manifest.sheet_cells import cells_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from riskengine.manifest.sheet_cells import Numbers


class _AnySheet(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def is_filled(self) -> bool: ...


AnySheet = TypeVar("AnySheet", bound=_AnySheet)
MOST_ENTRIES = 500
MOST_BYTES = 512 << 20
MOST_RATIO = 200
MOST_CELLS = 16_000_000
"""Of the rectangle that holds every cell."""

CELLS_A_ROW = 20_000
"""More than the columns of any sheet."""

_SMALL = 1 << 20
_CHUNK = 1 << 20
_LONGEST_CELL = 4 << 20
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_RELATION = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
_HIDDEN = re.compile(rb"""<(?:\w+:)?row\s[^<>]*\bhidden=["'](?:1|true)["']""")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One worksheet as its XML promises it; rows and columns are counted from 1.

    Attributes:
        name: Its name in the workbook.
        first_row: The first row with a value, or 0 where there is none.
        last_row: The last row with a value.
        first_column: The first column with a value.
        last_column: The last column with a value.
        merged_count: Ranges of merged cells.
        hidden_row_count: Rows that a reader of the sheet would not see.
        number_cells: Of every cell that holds a number rather than a text, `CELLS_A_ROW` times its row,
            plus its column.
        error_cells: (row, column) of cells such as ``#DIV/0!``, and of formulas whose value was not kept.
        unvalued_count: Formulas outside of these rows and columns whose value was not kept.
    """

    name: str
    first_row: int
    last_row: int
    first_column: int
    last_column: int
    merged_count: int
    hidden_row_count: int
    number_cells: Numbers
    error_cells: tuple[tuple[int, int], ...]
    unvalued_count: int

    @property
    def is_filled(self) -> bool:
        """Whether any cell holds something."""
        return self.last_row > 0


def survey(data: bytes, file: str) -> tuple[Sheet, ...]:
    """Return the worksheets of a workbook.

    Raises:
        ManifestError: It is no workbook, or promises more than is read.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _must_be_modest(archive, file)
            sheets: list[Sheet] = []
            for name, part in _worksheets(archive, file):
                sheet, shared_count = _scan(archive, name, part, file)
                must_be_short(archive, part, shared_count, file)
                sheets.append(sheet)
            return tuple(sheets)
    except (
        zipfile.BadZipFile, KeyError, EOFError, zlib.error, NotImplementedError, RuntimeError,
        ET.ParseError, OSError, ValueError,
    ) as fault:  # fmt: skip
        raise ManifestError(
            f"{file} is a damaged workbook, or an archive of another kind: {fault}.",
            remedy="Open it, save it as .xlsx or CSV, and try again.",
        ) from fault


def chosen(sheets: Sequence[AnySheet], wanted: str, file: str) -> AnySheet:
    """Return the sheet that is wanted, or where none is named, the only one that holds something.

    Raises:
        ManifestError: There is no such sheet, or several that hold something.
    """
    if wanted:
        for sheet in sheets:
            if sheet.name == wanted:
                return sheet
        names = [sheet.name for sheet in sheets]
        near = get_close_matches(wanted, names, n=1)
        meant = f" (did you mean {near[0]!r}?)" if near else ""
        raise ManifestError(
            f"{file} has no sheet {wanted!r}{meant}.",
            remedy=f"Its sheets are {', '.join(map(repr, names))}.",
        )
    full = [sheet for sheet in sheets if sheet.is_filled]
    if not full:
        raise ManifestError(
            f"{file} holds no values.", remedy="Ask the sender for the file again."
        )
    if len(full) > 1:
        names = ", ".join(repr(sheet.name) for sheet in full)
        raise ManifestError(
            f"{file} has more than one sheet with something in it: {names}.",
            remedy='Say which sheet in a mapping file: [file] sheet = "...".',
        )
    return full[0]


def _must_be_modest(archive: zipfile.ZipFile, file: str) -> None:
    entries = archive.infolist()
    names = {entry.filename for entry in entries}
    if "xl/workbook.xml" not in names:
        raise ManifestError(
            f"{file} is a ZIP archive, not an Excel workbook.",
            remedy="Unpack it, or save it as .xlsx or CSV.",
        )
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_BYTES:
        raise ManifestError(
            f"{file} unpacks to more than {MOST_BYTES >> 20} MB or {MOST_ENTRIES} parts.",
            remedy="Save the one sheet that matters as CSV.",
        )
    for entry in entries:
        if entry.flag_bits & 1:
            raise ManifestError(f"{file} is encrypted.", remedy="Save it without a password.")
        if entry.file_size > _SMALL and entry.file_size > MOST_RATIO * max(
            entry.compress_size, 1
        ):
            raise ManifestError(
                f"{file} is packed far too tightly to be a list ({entry.filename}).",
                remedy="Ask the sender for CSV.",
            )


def _worksheets(archive: zipfile.ZipFile, file: str) -> list[tuple[str, str]]:
    workbook = _tree(archive, "xl/workbook.xml", file)
    relations = _tree(archive, "xl/_rels/workbook.xml.rels", file)
    targets = {
        item.get("Id", ""): item.get("Target", "")
        for item in relations.iter()
        if item.get("Type", "").endswith("/worksheet")
    }
    sheets: list[tuple[str, str]] = []
    for item in workbook.iter():
        key = item.get(_RELATION) or item.get(_STRICT_RELATION) or ""
        if item.tag.endswith("}sheet") and key in targets:
            part = posixpath.normpath(posixpath.join("/xl", targets[key])).lstrip("/")
            sheets.append((item.get("name", ""), part))
    return sheets


def _tree(archive: zipfile.ZipFile, part: str, file: str) -> ET.Element:
    with archive.open(part) as stream:
        text = stream.read(_SMALL + 1)
    if len(text) > _SMALL or b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise ManifestError(
            f"{part} of {file} is not what a workbook holds.", remedy="Ask the sender for CSV."
        )
    return ET.fromstring(text)  # noqa: S314 - small, and without any entity


def _scan(archive: zipfile.ZipFile, name: str, part: str, file: str) -> tuple[Sheet, int]:
    """Return what a sheet promises, and how many of its cells hold a shared text."""
    rows, columns, reach, shared = _Range(), _Range(), 0, 0
    errors: list[tuple[int, int]] = []
    numbers: list[Numbers] = []
    merged = hidden = 0
    with archive.open(part) as stream:
        for chunk in _chunks(stream, file):
            shared += chunk.count(b't="s"') + chunk.count(b"t='s'")
            merged += len(_MERGED.findall(chunk)) if b"mergeCell" in chunk else 0
            hidden += len(_HIDDEN.findall(chunk)) if b"hidden=" in chunk else 0
            cells = cells_of(chunk)
            reach = max(reach, int((cells.rows * cells.columns).max(initial=0)))
            filled = cells.are_filled
            rows.widen(cells.rows[filled])
            columns.widen(cells.columns[filled])
            wrong = (filled & cells.are_errors) | cells.are_unvalued
            errors += zip(
                cells.rows[wrong].tolist(), cells.columns[wrong].tolist(), strict=True
            )
            is_number = filled & cells.are_numbers
            numbers.append(cells.rows[is_number] * CELLS_A_ROW + cells.columns[is_number])
    if max(reach, rows.last * columns.last) > MOST_CELLS:
        raise ManifestError(
            f"The sheet {name!r} of {file} has cells far outside any list.",
            remedy="Delete what stands outside the list, or save the list as CSV.",
        )
    inside = [
        (row, column)
        for row, column in errors
        if rows.first <= row <= rows.last and columns.first <= column <= columns.last
    ]
    sheet = Sheet(
        name=name,
        first_row=rows.first,
        last_row=rows.last,
        first_column=columns.first,
        last_column=columns.last,
        merged_count=merged,
        hidden_row_count=hidden,
        number_cells=np.concatenate(numbers) if numbers else np.zeros(0, np.int64),
        error_cells=tuple(inside),
        unvalued_count=len(errors) - len(inside),
    )
    return sheet, shared


@dataclass(slots=True)
class _Range:
    first: int = 0
    last: int = 0

    def widen(self, places: Numbers) -> None:
        if len(places):
            lowest = int(places.min())
            self.first = min(self.first or lowest, lowest)
            self.last = max(self.last, int(places.max()))


def _chunks(stream: IO[bytes], file: str) -> Iterator[bytes]:
    """Yield the part in pieces that end with a cell, and never more than a workbook may unpack to."""
    rest, total = b"", 0
    while piece := stream.read(_CHUNK):
        total += len(piece)
        text = rest + piece
        end = max(text.rfind(b"</c>") + 4, text.rfind(b":c>") + 3, text.rfind(b"/>") + 2)
        if total > MOST_BYTES:
            raise ValueError("a part is larger than the archive says")
        if len(text) - end > _LONGEST_CELL:
            raise ManifestError(
                f"{file} has more than {_LONGEST_CELL >> 20} MB in one cell or between two.",
                remedy="Save the list as CSV, and mistrust the file.",
            )
        yield text[:end]
        rest = text[end:]
    yield rest
