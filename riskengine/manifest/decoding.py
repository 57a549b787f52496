"""Bytes to text without losing a character in silence: every guess at an encoding is said."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from riskengine.errors import ManifestError
from riskengine.manifest.table import FileRemark

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is the beginning of it
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 4096
_MANY = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """The text of a file, and what is to be said of how it was decoded."""

    text: str
    remarks: tuple[FileRemark, ...] = ()


def decode(data: bytes, *, file: str, declared: str | None = None) -> Decoded:
    """Decode a text file: as declared, by its mark, as UTF-16 without one, as UTF-8, else guessed.

    Raises:
        ManifestError: The declared encoding is unknown, or does not fit the bytes.
    """
    if declared is not None:
        return Decoded(text=_strictly(data, declared, file))
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            rest = data[len(mark) :] if encoding == "utf-8" else data
            if encoding == "utf-8":
                return _utf8_or_guess(rest)
            return Decoded(text=_strictly(data, encoding, file))
    wide = _wide_encoding(data[:_SAMPLE])
    if wide is not None:
        return Decoded(text=_strictly(data, wide, file))
    return _utf8_or_guess(data)


def _strictly(data: bytes, encoding: str, file: str) -> str:
    try:
        return data.decode("utf-8-sig" if encoding.lower() in {"utf-8", "utf8"} else encoding)
    except LookupError as fault:
        raise ManifestError(
            f"There is no encoding {encoding!r}.",
            remedy="Use utf-8, utf-16, cp1252 or latin-1.",
        ) from fault
    except UnicodeDecodeError as fault:
        raise ManifestError(
            f"{file} is not {encoding}: byte {fault.start} cannot be read.",
            remedy="Declare the right encoding in the mapping file, or leave it out.",
        ) from fault


def _wide_encoding(sample: bytes) -> str | None:
    # Latin letters in UTF-16 have a NUL at every second byte; stray NULs do not stand like that
    even, odd = sample[::2], sample[1::2]
    if odd and odd.count(0) > _MANY * len(odd) and even.count(0) == 0:
        return "utf-16-le"
    if even and even.count(0) > _MANY * len(even) and odd.count(0) == 0:
        return "utf-16-be"
    return None


def _utf8_or_guess(data: bytes) -> Decoded:
    try:
        return Decoded(text=data.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    texts, wrong, right = [], [], 0
    for number, line in enumerate(data.splitlines(keepends=True), start=1):
        try:
            text = line.decode("utf-8")
            right += not text.isascii()
        except UnicodeDecodeError:
            text = _western(line)[0]
            wrong.append(number)
        texts.append(text)
    if right:
        params = {"count": len(wrong), "line": wrong[0]}
        remark = FileRemark(code="encoding_mixed", params=params, line=wrong[0])
        return Decoded(text="".join(texts), remarks=(remark,))
    text, encoding = _western(data)
    remark = FileRemark(code="encoding_guessed", params={"encoding": encoding}, line=wrong[0])
    return Decoded(text=text, remarks=(remark,))


def _western(data: bytes) -> tuple[str, str]:
    try:
        return data.decode("cp1252"), "cp1252"
    except UnicodeDecodeError:
        return data.decode("latin-1"), "latin-1"  # has a character for every byte
