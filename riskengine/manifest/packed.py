"""Packed files: what is inside a gzip or ZIP archive, within limits that no bomb passes.

An archive states how large its content is, and may lie. What is unpacked is counted while it is unpacked,
and checked to its last byte: a wrong sum means that something was changed on the way.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from riskengine.errors import ManifestError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LARGEST_UNPACKED = 1 << 30
"""Bytes that all members of an archive may have together."""

MOST_RATIO = 200
"""Times the size of the archive; lists of text pack ten to thirty times."""

MOST_MEMBERS = 100

_ALWAYS_ALLOWED = 16 << 20  # a small archive may pack well without being a bomb
_CHUNK = 1 << 20
_SPREADSHEET_PARTS = ("xl/workbook.xml", "xl/workbook.bin", "mimetype", "content.xml")
_NOT_A_MANIFEST = re.compile(r"(^|/)(__MACOSX/|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One file of an archive.

    Attributes:
        name: Its name in the archive, without folders.
        content: Its bytes.
    """

    name: str
    content: bytes


def is_packed(data: bytes) -> bool:
    """Tell whether the bytes are an archive to be unpacked; a workbook is a ZIP archive too, and is none."""
    if data.startswith(b"\x1f\x8b"):
        return True
    if not data.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return not set(_SPREADSHEET_PARTS) & set(archive.namelist()[:1000])
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return False  # a damaged workbook says so itself


def members_of(data: bytes, file: str) -> tuple[Member, ...]:
    """Return the files in a gzip or ZIP archive, in their order.

    Folders, and what operating systems add of their own, are left out. An archive within an archive is not
    unpacked.

    Raises:
        ManifestError: It is damaged, encrypted, holds nothing, or unpacks to more than is allowed.
    """
    members = (
        (_gunzipped(data, file),) if data.startswith(b"\x1f\x8b") else _unzipped(data, file)
    )
    if not members:
        raise ManifestError(
            f"{file} is an archive with nothing in it.",
            remedy="Ask the sender for the file again.",
        )
    for member in members:
        if is_packed(member.content):
            raise ManifestError(
                f"{file} holds another archive, {member.name}.",
                remedy="Unpack the outer one and give the inner one alone.",
            )
    return members


def _gunzipped(data: bytes, file: str) -> Member:
    """Unpack twice: once to measure and to check the sum, holding nothing; once to keep."""
    try:
        _measured(_inflated(data, file), _limit(len(data)), file)
        content = b"".join(_inflated(data, file))
    except zlib.error as fault:
        raise _damaged(file, str(fault)) from fault
    name = file[:-3] if file.lower().endswith(".gz") else file
    return Member(name=name, content=content)


def _inflated(data: bytes, file: str) -> Iterator[bytes]:
    rest = data
    while rest:  # a file may hold several members one after the other
        unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        waiting = rest
        while waiting and not unpacker.eof:
            yield unpacker.decompress(waiting, _CHUNK)
            waiting = unpacker.unconsumed_tail
        yield unpacker.flush()
        if not unpacker.eof:
            raise _damaged(file, "it ends before its content does")
        rest = unpacker.unused_data
        if rest and not rest.startswith(b"\x1f\x8b"):
            raise _damaged(file, "something follows its end")


def _unzipped(data: bytes, file: str) -> tuple[Member, ...]:
    limit = _limit(len(data))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [
                entry
                for entry in archive.infolist()
                if not entry.is_dir() and not _NOT_A_MANIFEST.search(entry.filename)
            ]
            if len(entries) > MOST_MEMBERS:
                raise ManifestError(
                    f"{file} holds {len(entries)} files; at most {MOST_MEMBERS} are unpacked.",
                    remedy="Unpack it, and score the manifests in it.",
                )
            if any(entry.flag_bits & 1 for entry in entries):
                raise ManifestError(
                    f"{file} is encrypted.", remedy="Ask for it without a password."
                )
            everything = chain.from_iterable(_chunks(archive, entry) for entry in entries)
            _measured(everything, limit, file)
            return tuple(
                Member(
                    name=entry.filename.replace("\\", "/").rpartition("/")[2],
                    content=b"".join(_chunks(archive, entry)),
                )
                for entry in entries
            )
    except (
        zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, NotImplementedError,
        RuntimeError,
    ) as fault:  # fmt: skip
        raise _damaged(file, str(fault)) from fault


def _chunks(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(entry) as opened:
        while chunk := opened.read(_CHUNK):
            yield chunk


def _measured(chunks: Iterable[bytes], limit: int, file: str) -> None:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise ManifestError(
                f"{file} unpacks to more than {limit >> 20} MB, which no manifest needs.",
                remedy="Mistrust the sender, or unpack it elsewhere and look.",
            )


def _limit(packed_size: int) -> int:
    return min(LARGEST_UNPACKED, max(_ALWAYS_ALLOWED, MOST_RATIO * packed_size))


def _damaged(file: str, why: str) -> ManifestError:
    return ManifestError(
        f"{file} is a damaged archive: {why}.", remedy="Ask the sender for the file again."
    )
