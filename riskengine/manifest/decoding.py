"""Bytes to text without losing a character in silence: every guess at an encoding is said."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskengine.errors import ManifestError
from riskengine.manifest.table import FileRemark

if TYPE_CHECKING:
    from collections.abc import Iterator

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is the beginning of it
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 4096
_MANY = 0.3
_PIECE = 1 << 16
_LINE_END = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """The text of a file in UTF-8, and what is to be said of how it was decoded.

    Attributes:
        data: UTF-8, proved to be; the bytes as received where they were that already.
        begin: Where the text begins in them: behind a byte order mark.
        remarks: What had to be guessed.
    """

    data: bytes
    begin: int = 0
    remarks: tuple[FileRemark, ...] = ()

    @property
    def text(self) -> str:
        """The text itself."""
        return self.data[self.begin :].decode("utf-8")


def decode(data: bytes, *, file: str, declared: str | None = None) -> Decoded:
    """Decode a text file: as declared, by its mark, as UTF-16 without one, as UTF-8, else guessed.

    Raises:
        ManifestError: The declared encoding is unknown, or does not fit the bytes.
    """
    if declared is not None:
        return _strictly(data, declared, file)
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            if encoding == "utf-8":
                return _utf8_or_guess(data, len(mark))
            return _strictly(data, encoding, file)
    wide = _wide_encoding(data[:_SAMPLE])
    if wide is not None:
        return _strictly(data, wide, file)
    return _utf8_or_guess(data, 0)


def _strictly(data: bytes, encoding: str, file: str) -> Decoded:
    begin = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    is_utf8 = encoding.lower() in {"utf-8", "utf8", "utf-8-sig", "utf_8"}
    try:
        if is_utf8 and _is_utf8(data):
            return Decoded(data=data, begin=begin)
        return Decoded(data=data.decode("utf-8" if is_utf8 else encoding).encode("utf-8"))
    except LookupError as fault:
        raise ManifestError(
            f"There is no encoding {encoding!r}.",
            remedy="Use utf-8, utf-16, cp1252, latin-1 or cp850.",
        ) from fault
    except UnicodeDecodeError as fault:
        raise ManifestError(
            f"{file} is not {encoding}: byte {fault.start} cannot be read.",
            remedy="Declare the right encoding in the mapping file, or leave it out.",
        ) from fault
    except UnicodeEncodeError as fault:  # halves of characters, which no text has
        raise ManifestError(
            f"{file} is no text in {encoding}: character {fault.start} stands for nothing.",
            remedy="Declare the right encoding in the mapping file, or leave it out.",
        ) from fault


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _wide_encoding(sample: bytes) -> str | None:
    # Latin letters in UTF-16 have a NUL at every second byte; stray NULs do not stand like that
    even, odd = sample[::2], sample[1::2]
    if odd and odd.count(0) > _MANY * len(odd) and even.count(0) == 0:
        return "utf-16-le"
    if even and even.count(0) > _MANY * len(even) and odd.count(0) == 0:
        return "utf-16-be"
    return None


def _utf8_or_guess(data: bytes, begin: int) -> Decoded:
    if _is_utf8(data):
        return Decoded(data=data, begin=begin)
    texts: list[bytes] = []
    first, wrong, right, number = 0, 0, False, 0
    for piece in _pieces(data, begin):
        if _is_utf8(piece):
            right = right or not piece.isascii()
            number += piece.count(b"\n") + piece.count(b"\r") - piece.count(b"\r\n")
            texts.append(piece)
            continue
        lines = piece.splitlines(keepends=True)
        for place, line in enumerate(lines):
            number += 1
            if _is_utf8(line):
                right = right or not line.isascii()
            else:
                wrong, first = wrong + 1, first or number
                lines[place] = _western(line)[0].encode("utf-8")
        texts.append(b"".join(lines))
    if right:
        params = {"count": wrong, "line": first}
        remark = FileRemark(code="encoding_mixed", params=params, line=first)
        return Decoded(data=b"".join(texts), remarks=(remark,))
    text, encoding = _western(data[begin:])
    remark = FileRemark(code="encoding_guessed", params={"encoding": encoding}, line=first)
    return Decoded(data=text.encode("utf-8"), remarks=(remark,))


def _pieces(data: bytes, begin: int) -> Iterator[bytes]:
    """Yield a text in pieces of whole lines: a large one is not to be held line by line."""
    while begin < len(data):
        cut = _LINE_END.search(data, begin + _PIECE)
        end = len(data) if cut is None else cut.end()
        yield data[begin:end]
        begin = end


def _western(data: bytes) -> tuple[str, str]:
    try:
        return data.decode("cp1252"), "cp1252"
    except UnicodeDecodeError:
        return data.decode("latin-1"), "latin-1"  # has a character for every byte
