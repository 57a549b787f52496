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
from array import array
from dataclasses import dataclass
from functools import cache
from typing import IO, TYPE_CHECKING
from xml.etree import ElementTree as ET

from riskengine.errors import ManifestError

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_ENTRIES = 500
MOST_BYTES = 512 << 20
MOST_RATIO = 200
MOST_CELLS = 16_000_000
"""Of the rectangle that holds every cell."""

CELLS_A_ROW = 20_000
"""More than the columns of any sheet."""

_SMALL = 1 << 20
_CHUNK = 1 << 20
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_RELATION = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
_CELL = re.compile(rb"<(?:\w+:)?c\s([^<>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_REFERENCE = re.compile(rb"""\br=["']([A-Z]{1,3})(\d{1,7})["']""")
_TYPE = re.compile(rb"""\bt=["'](\w+)["']""")
_VALUE = re.compile(rb"<(?:\w+:)?[vt](?:\s[^<>]*)?>[^<]")
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
        number_cells: Of every cell that holds a number rather than a text, `CELLS_A_ROW` times its row,
            plus its column.
        error_cells: (row, column) of cells such as ``#DIV/0!``.
    """

    name: str
    first_row: int
    last_row: int
    first_column: int
    last_column: int
    merged_count: int
    number_cells: array[int]
    error_cells: tuple[tuple[int, int], ...]


def survey(data: bytes, file: str) -> tuple[Sheet, ...]:
    """Return the worksheets of a workbook.

    Raises:
        ManifestError: It is no workbook, or promises more than is read.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _must_be_modest(archive, file)
            return tuple(
                _scan(archive, name, part, file) for name, part in _worksheets(archive, file)
            )
    except (
        zipfile.BadZipFile, KeyError, EOFError, zlib.error, NotImplementedError, RuntimeError,
        ET.ParseError, OSError, ValueError,
    ) as fault:  # fmt: skip
        raise ManifestError(
            f"{file} is a damaged workbook, or an archive of another kind: {fault}.",
            remedy="Open it, save it as .xlsx or CSV, and try again.",
        ) from fault


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


def _scan(archive: zipfile.ZipFile, name: str, part: str, file: str) -> Sheet:
    rows, columns, reach = _Range(), _Range(), _Range()
    errors: list[tuple[int, int]] = []
    numbers, merged = array("q"), 0
    with archive.open(part) as stream:
        for chunk in _chunks(stream):
            merged += len(_MERGED.findall(chunk))
            for row, column, kind, is_filled in _cells(chunk):
                reach.widen(row * column)
                if not is_filled:
                    continue
                rows.widen(row)
                columns.widen(column)
                if kind == b"e":
                    errors.append((row, column))
                elif kind in {b"", b"n"}:
                    numbers.append(row * CELLS_A_ROW + column)
    if max(reach.last, rows.last * columns.last) > MOST_CELLS:
        raise ManifestError(
            f"The sheet {name!r} of {file} has cells far outside any list.",
            remedy="Delete what stands outside the list, or save the list as CSV.",
        )
    return Sheet(
        name=name,
        first_row=rows.first,
        last_row=rows.last,
        first_column=columns.first,
        last_column=columns.last,
        merged_count=merged,
        number_cells=numbers,
        error_cells=tuple(errors),
    )


@dataclass(slots=True)
class _Range:
    first: int = 0
    last: int = 0

    def widen(self, place: int) -> None:
        self.first = min(self.first or place, place)
        self.last = max(self.last, place)


def _cells(chunk: bytes) -> Iterator[tuple[int, int, bytes, bool]]:
    """Yield row, column, type and whether it holds a value, of every cell that says where it is."""
    for match in _CELL.finditer(chunk):
        place = _REFERENCE.search(match.group(1))
        if place is not None:
            kind = _TYPE.search(match.group(1))
            is_filled = bool(_VALUE.search(match.group(2) or b""))
            column = _column_number(place.group(1))
            yield int(place.group(2)), column, kind.group(1) if kind else b"", is_filled


@cache
def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the part in pieces that end with a cell, and never more than a workbook may unpack to."""
    rest, total = b"", 0
    while piece := stream.read(_CHUNK):
        total += len(piece)
        text = rest + piece
        end = max(text.rfind(b"</c>") + 4, text.rfind(b":c>") + 3, text.rfind(b"/>") + 2)
        if total > MOST_BYTES or len(text) - end > MOST_BYTES // 8:
            raise ValueError("a part is larger than the archive says")
        yield text[:end]
        rest = text[end:]
    yield rest
