"""Texts that a workbook keeps once and shows in many cells: how much they come to, before anybody writes them out.

Half a megabyte of one text in three thousand cells is a file of a few kilobytes, and more than any machine holds.
"""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING

from riskengine.errors import ManifestError

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Iterator

MOST_TEXT = 256 << 20
"""Bytes of all cells of a sheet together."""

_PART = "xl/sharedStrings.xml"
_LONGEST = 1 << 20  # Excel holds 32,767 characters in a cell; the rest may be how they look
_CHUNK = 1 << 20
_ITEM = re.compile(
    rb"<(?:\w+:)?si\s*/>|<(?:\w+:)?si(?:\s[^<>]*)?>(.*?)</(?:\w+:)?si>", re.DOTALL
)
_REFERENCE = re.compile(
    rb"""\bt=["']s["'][^<>]*>(?:<(?:\w+:)?f[^<>]*>[^<>]*</(?:\w+:)?f>)?<(?:\w+:)?v[^<>]*>(\d{1,9})<"""
)


def must_be_short(archive: zipfile.ZipFile, part: str, count: int, file: str) -> None:
    """Refuse a sheet whose cells, each with its shared text, hold more than `MOST_TEXT`.

    Args:
        archive: The workbook.
        part: The sheet.
        count: How many of its cells hold a shared text.
        file: The name of the workbook.

    Raises:
        ManifestError: They do, or one text is longer than a cell can hold.
    """
    if not count or _PART not in archive.namelist():
        return
    with archive.open(_PART) as stream:
        lengths = [length for piece in _pieces(stream, file) for length in _lengths(piece)]
    if max(lengths, default=0) * count <= MOST_TEXT:
        return
    total = 0
    with archive.open(part) as stream:
        for piece in _pieces(stream, file):
            for reference in _REFERENCE.findall(piece):
                place = int(reference)
                total += lengths[place] if place < len(lengths) else 0
            if total > MOST_TEXT:
                raise _too_much(file)


def _lengths(piece: bytes) -> list[int]:
    return [len(text) for text in _ITEM.findall(piece)]


def _pieces(stream: IO[bytes], file: str) -> Iterator[bytes]:
    """Yield a part in pieces that end with a text or a cell."""
    rest = b""
    while read := stream.read(_CHUNK):
        text = rest + read
        end = max(text.rfind(sign) + len(sign) for sign in (b"</si>", b":si>", b"</c>", b":c>"))
        if len(text) - end > _LONGEST + _CHUNK:
            raise _too_much(file)
        yield text[:end]
        rest = text[end:]
    yield rest


def _too_much(file: str) -> ManifestError:
    return ManifestError(
        f"{file} repeats its texts to far more than a list holds.",
        remedy="Save the list as CSV, and mistrust the file.",
    )
