"""The one form of zip archive that a pack has: written here, and read only where it is exactly this.

Files stand one after the other, as they are, from the first byte on; their directory follows and ends
the archive. Nothing is compressed, so that the same files give the same bytes on every machine and
nothing can unfold into more than was sent. Any zip program opens such an archive; what other programs
write is not read here, because every freedom of the format is a place where two readers see two packs.

Archives are read in memory. No name in them ever reaches the file system.
"""

from __future__ import annotations

import re
import stat
import struct
import unicodedata
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from riskengine.errors import PackMalformed
from riskengine.messages import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LARGEST_ARCHIVE: Final = 20 * 1024 * 1024
MOST_FILES: Final = 3000
LONGEST_NAME: Final = 120
AS_EXPORTED: Final = "Ask its issuer for the file again, as `riskengine rules export` wrote it, with its signature."

_LOCAL: Final = struct.Struct("<4s5H3I2H")
_CENTRAL: Final = struct.Struct("<4s6H3I5H2I")
_END: Final = struct.Struct("<4s4H2IH")
_LOCAL_MARK: Final = b"PK\x03\x04"
_CENTRAL_MARK: Final = b"PK\x01\x02"
_END_MARK: Final = b"PK\x05\x06"
_VERSION: Final = 20
_UNIX: Final = 3 << 8
_MIDNIGHT: Final = 0
_FIRST_DAY: Final = 0x21  # 1980-01-01, where the calendar of the format begins
_ATTRIBUTES: Final = (stat.S_IFREG | 0o644) << 16
_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000
_SIZES_BEHIND: Final = 0x8
_ELSEWHERE: Final = 0xFFFFFFFF  # what an archive of the large form says instead of a number
_ELSEWHERE_SHORT: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class _Entry:
    """What the directory says of one file."""

    name: str
    raw_name: bytes
    version: int
    flags: int
    method: int
    time: int
    day: int
    crc: int
    packed: int
    size: int
    attributes: int
    offset: int

    def local_header(self) -> bytes:
        """Return the header that has to stand before the file, if both are to say the same."""
        return _LOCAL.pack(
            _LOCAL_MARK, self.version, self.flags, self.method, self.time, self.day,
            self.crc, self.packed, self.size, len(self.raw_name), 0,
        ) + self.raw_name  # fmt: skip


def packed(files: Mapping[str, bytes]) -> bytes:
    """Return the archive of these files: sorted by name, as they are, without a date.

    >>> packed({"b": b"2", "a": b"1"}) == packed({"a": b"1", "b": b"2"})
    True

    Args:
        files: The bytes of each file by its name, in ASCII.
    """
    bodies: list[bytes] = []
    directory: list[bytes] = []
    offset = 0
    for name in sorted(files):
        content, raw_name = files[name], name.encode("ascii")
        entry = _Entry(
            name=name,
            raw_name=raw_name,
            version=_VERSION,
            flags=0,
            method=0,
            time=_MIDNIGHT,
            day=_FIRST_DAY,
            crc=zlib.crc32(content),
            packed=len(content),
            size=len(content),
            attributes=_ATTRIBUTES,
            offset=offset,
        )
        body = entry.local_header() + content
        directory.append(
            _CENTRAL.pack(
                _CENTRAL_MARK, _UNIX | _VERSION, _VERSION, 0, 0, _MIDNIGHT, _FIRST_DAY, entry.crc,
                entry.size, entry.size, len(raw_name), 0, 0, 0, 0, _ATTRIBUTES, offset,
            ) + raw_name
        )  # fmt: skip
        bodies.append(body)
        offset += len(body)
    listed = b"".join(directory)
    end = _END.pack(_END_MARK, 0, 0, len(files), len(files), len(listed), offset, 0)
    return b"".join((*bodies, listed, end))


def unpacked(archive: bytes) -> dict[str, bytes]:
    """Return the files of an archive by name, in its order.

    Raises:
        PackMalformed: It is not exactly what ``packed`` would have made of them.
    """
    count, start, size = _end_of(archive)
    files: dict[str, bytes] = {}
    seen: dict[str, str] = {}
    position = 0
    for entry in _entries(archive, count, start, size):
        _must_be_plain(entry)
        _must_be_safe(entry, seen)
        if entry.offset != position:
            raise _refused(
                f"The file {visible(entry.name)} does not begin where the one before it ends: files"
                " overlap, or something is hidden between them."
            )
        header = entry.local_header()
        begin, end = position + len(header), position + len(header) + entry.size
        if archive[position:begin] != header:
            raise _refused(
                f"The directory and the header of {visible(entry.name)} contradict each other."
            )
        if end > start:
            raise _refused(f"The file {visible(entry.name)} reaches into the directory.")
        content = archive[begin:end]
        if zlib.crc32(content) != entry.crc:
            raise _refused(f"The check sum of {visible(entry.name)} is wrong.")
        files[entry.name] = content
        position = end
    if position != start:
        raise _refused("Something is hidden between the last file and the directory.")
    if packed(files) != archive:
        raise _refused("The archive was written by another program.")
    return files


def _end_of(archive: bytes) -> tuple[int, int, int]:
    """Return how many files there are, where their directory begins, and how long it is."""
    place = _place_of_end(archive)
    _, disk, first_disk, here, count, size, start, comment = _END.unpack_from(archive, place)
    if _ELSEWHERE in {size, start} or _ELSEWHERE_SHORT in {count, here, disk, first_disk}:
        raise _refused("The archive is of the large form (zip64), which no pack needs.")
    if disk or first_disk or here != count:
        raise _refused("The archive is one part of several.")
    if comment:
        raise _refused("Something stands after the archive, or in its comment.")
    if count > MOST_FILES:
        raise _refused(f"The archive has {count:,} files; {MOST_FILES:,} are the most.")
    if start + size != place:
        raise _refused("The directory is not where the end of the archive says.")
    return count, start, size


def _place_of_end(archive: bytes) -> int:
    """Return where the end record stands: the last thing in the file, and nothing before the first file."""
    if len(archive) > LARGEST_ARCHIVE:
        raise _refused(
            f"The archive has more than {LARGEST_ARCHIVE:,} bytes, the most that are read."
        )
    if not archive.startswith((_LOCAL_MARK, _END_MARK)):
        if _LOCAL_MARK in archive and _END_MARK in archive:
            raise _refused("Something stands before the archive.")
        raise _refused("This is not a zip archive.")
    place = len(archive) - _END.size
    if place < 0 or not archive.startswith(_END_MARK, place):
        if _END_MARK in archive:
            raise _refused("Something stands after the archive, or in its comment.")
        raise _refused("The archive is cut short: its end is missing.")
    return place


def _entries(archive: bytes, count: int, start: int, size: int) -> Iterator[_Entry]:
    at, end = start, start + size
    for _ in range(count):
        if at + _CENTRAL.size > end or not archive.startswith(_CENTRAL_MARK, at):
            raise _refused("The directory is damaged: it names fewer files than it counts.")
        (
            _, _, version, flags, method, time, day, crc, small, large,
            name_size, extra, comment, disk, _, attributes, offset,
        ) = _CENTRAL.unpack_from(archive, at)  # fmt: skip
        raw_name = archive[at + _CENTRAL.size : at + _CENTRAL.size + name_size]
        shown = visible(raw_name.decode("utf-8", "replace"))
        if _ELSEWHERE in {small, large, offset}:
            raise _refused(f"The file {shown} is of the large form (zip64).")
        if extra or comment or disk:
            raise _refused(f"The directory says more of {shown} than a pack needs.")
        at += _CENTRAL.size + name_size
        if at > end:
            raise _refused("The directory is damaged: a name is longer than it.")
        try:
            name = raw_name.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _refused(f"The name {shown} is not UTF-8.") from error
        yield _Entry(
            name=name,
            raw_name=raw_name,
            version=version,
            flags=flags,
            method=method,
            time=time,
            day=day,
            crc=crc,
            packed=small,
            size=large,
            attributes=attributes,
            offset=offset,
        )
    if at != end:
        raise _refused("The directory is damaged: it is longer than the files that it counts.")


def _must_be_plain(entry: _Entry) -> None:
    shown = visible(entry.name)
    if entry.flags & _ENCRYPTED:
        raise _refused(f"The file {shown} is encrypted.")
    if entry.flags & _SIZES_BEHIND:
        raise _refused(f"The size of {shown} stands behind it, where it comes too late.")
    if entry.method:
        raise _refused(f"The file {shown} is compressed; a pack holds its files as they are.")
    if entry.packed != entry.size:
        raise _refused(f"The file {shown} has two sizes.")
    kind = stat.S_IFMT(entry.attributes >> 16)
    if kind not in {0, stat.S_IFREG}:
        raise _refused(f"{shown} is no file but a link, a folder or a device.")


def _must_be_safe(entry: _Entry, seen: dict[str, str]) -> None:
    """Refuse a name that means something to a file system, or the same as another."""
    name, shown = entry.name, visible(entry.name)
    doubt = _doubt_of(name)
    if doubt:
        raise _refused(f"The name {shown} {doubt}.")
    folded = name.casefold()
    if folded in seen:
        same = (
            "stands there twice"
            if seen[folded] == name
            else "differs from another only in capitals"
        )
        raise _refused(f"The name {shown} {same}.")
    seen[folded] = name


def _doubt_of(name: str) -> str:
    doubts = (
        (not name, "is empty"),
        (len(name) > LONGEST_NAME, f"has more than {LONGEST_NAME} characters"),
        ("\x00" in name, "holds a zero character"),
        ("\\" in name, "holds a backslash"),
        (name.startswith("/"), "begins at the root of a disk"),
        (re.match("[A-Za-z]:", name) is not None, "names a disk"),
        (name.endswith("/"), "is that of a folder"),
        (".." in name.split("/"), "climbs out of its folder"),
        (bool({"", "."} & set(name.split("/"))), "holds an empty step"),
        (unicodedata.normalize("NFC", name) != name, "can be written in two ways (not NFC)"),
        (
            not name.isascii() or not name.isprintable(),
            "holds more than plain letters and signs",
        ),
    )
    return next((said for is_so, said in doubts if is_so), "")


def _refused(sentence: str) -> PackMalformed:
    return PackMalformed(sentence, remedy=AS_EXPORTED)
