"""Which format a file is, told by its bytes: a name or a suffix is what a sender says, not what was sent."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, TypeAlias, cast

from riskengine.errors import ManifestError

if TYPE_CHECKING:
    from riskengine.manifest.table import TextTable

Reader: TypeAlias = Callable[..., "TextTable"]

SUFFIXES = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xls": "xls",
    ".ods": "ods",
    ".xml": "xml",
    ".json": "json",
}
"""What a suffix promises; others promise nothing."""

# Each reader is imported when its format is met: nobody waits for XML who reads a list.
_READERS = {
    "csv": ("csv_format", "read_csv"),
    "parquet": ("parquet_format", "read_parquet"),
    "xlsx": ("xlsx_format", "read_xlsx"),
    "xls": ("xlsx_format", "read_xlsx"),
    "ods": ("xlsx_format", "read_xlsx"),
    "edifact": ("edifact_format", "read_edifact"),
    "x12": ("x12_309", "read_x12"),
    "xml": ("xml_format", "read_xml"),
    "json": ("json_format", "read_json"),
}
_SIGNATURES = (
    (b"PAR1", "parquet"),
    (b"\xd0\xcf\x11\xe0", "xls"),
)
_FOREIGN = (
    (b"%PDF", "a PDF document", "Ask the sender for the table behind it."),
    (b"PK\x05\x06", "a ZIP archive with nothing in it", "Ask the sender for the file again."),
    (b"7z\xbc\xaf", "a 7-Zip archive", "Unpack it first."),
    (b"Rar!", "a RAR archive", "Unpack it first."),
    (b"BZh", "a bzip2 archive", "Unpack it first."),
    (b"\xfd7zXZ", "an XZ archive", "Unpack it first."),
    (b"SQLite format 3", "a SQLite database", "Export the table as CSV."),
    (b"{\\rtf", "a word processor's document", "Ask the sender for the table behind it."),
)
_BEGINNING = 4096
_FORMS = (
    (re.compile(r"(?:UNA.{0,12}?)?UN[BGH][^A-Za-z0-9\s]", re.DOTALL), "edifact"),
    (re.compile(r"ISA[^A-Za-z0-9\s]"), "x12"),
    (re.compile(r"<"), "xml"),
    (re.compile(r"[{\[]"), "json"),
)
_ODS = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"


def recognise(data: bytes, file: str) -> str:
    """Return the name of the format: a key of the readers.

    Raises:
        ManifestError: It is a file of another trade; the sentence says which and what to ask for.
    """
    for mark, found in _SIGNATURES:
        if data.startswith(mark):
            return found
    if data.startswith(b"PK\x03\x04"):
        return "ods" if data[30:120].startswith(_ODS) else "xlsx"
    for mark, what, remedy in _FOREIGN:
        if data.startswith(mark):
            raise ManifestError(f"{file} is {what}, not a manifest.", remedy=remedy)
    beginning = _text(data[:_BEGINNING]).lstrip("\ufeff \t\r\n\0")
    return next((found for form, found in _FORMS if form.match(beginning)), "csv")


def reader_of(found: str) -> Reader:
    """Return the function that frames a format into a table of text."""
    module, name = _READERS[found]
    return cast("Reader", getattr(import_module(f"riskengine.manifest.{module}"), name))


def _text(beginning: bytes) -> str:
    """Return the beginning of a file as far as it is text, whatever its encoding."""
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return beginning[: len(beginning) // 2 * 2].decode("utf-16", "replace")
    if beginning[:2] in {b"<\0", b"{\0", b"[\0"}:
        return beginning.decode("utf-16-le", "replace")
    if beginning[:2] in {b"\0<", b"\0{", b"\0["}:
        return beginning.decode("utf-16-be", "replace")
    return beginning.removeprefix(codecs.BOM_UTF8).decode("latin-1")
