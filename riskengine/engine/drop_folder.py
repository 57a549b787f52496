"""What lies in a watched folder, look by look: which files have arrived whole, in the order of their arrival."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias

from riskengine.errors import LedgerError, ManifestError, UsageError

_UNFINISHED: Final = (
    ".part", ".partial", ".filepart", ".crdownload", ".download", ".tmp", ".temp", ".swp", ".lock", "~",
)  # fmt: skip
_NOT_YET: Final = ("~$", ".")

Refusal: TypeAlias = Literal["is_link", "is_no_file"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """By what a file is known again without reading it: another file, length or time is another arrival."""

    device: int
    inode: int
    size: int
    modified_ns: int


@dataclass(slots=True)
class DropFolder:
    """One watched folder, with what is remembered of it between two looks.

    Files only, and only its own: a folder in it is a place to prepare things. Names that begin with a dot, and those
    that senders use while they send, are not looked at. A link is refused: what it names may lie anywhere.

    Attributes:
        path: The folder.
    """

    path: Path
    _seen: dict[str, Stamp] = field(default_factory=dict)
    _arrival: dict[str, int] = field(default_factory=dict)
    _settled: dict[str, Stamp] = field(default_factory=dict)
    _refused: dict[str, Refusal] = field(default_factory=dict)
    _looks: int = 0

    def look(self) -> tuple[list[Path], list[tuple[Path, Refusal]]]:
        """Look once.

        Returns:
            The files that have not changed since the look before and are not settled, in the order in which they
            arrived; and what is refused since this look.

        Raises:
            UsageError: There is no such folder, or it cannot be read.
        """
        self._looks += 1
        stamps, refused = self._stamps()
        whole = [
            name
            for name, stamp in stamps.items()
            if self._seen.get(name) == stamp and self._settled.get(name) != stamp
        ]
        for name, stamp in stamps.items():
            if self._seen.get(name) != stamp:
                self._arrival[name] = self._looks
        gone = set(self._arrival) - set(stamps)
        for name in gone:
            del self._arrival[name]
            self._settled.pop(name, None)
        fresh: list[tuple[Path, Refusal]] = [
            (self.path / name, why)
            for name, why in sorted(refused.items())
            if self._refused.get(name) != why
        ]
        self._seen, self._refused = stamps, refused
        whole.sort(key=lambda name: (self._arrival[name], stamps[name].modified_ns, name))
        return [self.path / name for name in whole], fresh

    def settle(self, file: Path) -> None:
        """Leave a file alone from now on, until it changes."""
        if stamp := self._seen.get(file.name):
            self._settled[file.name] = stamp

    def snapshot(self, file: Path, folder: Path) -> Path | None:
        """Copy a file into a folder of our own, and return the copy; None where it is not as it was seen.

        What is read, kept and assessed is then one and the same, whatever happens to the file meanwhile. No link is
        followed, not even one that was put in its place this moment.

        Raises:
            ManifestError: This user may not read it.
            LedgerError: It cannot be copied.
        """
        try:
            handle = os.open(file, os.O_RDONLY | _NO_LINK)
        except OSError as error:
            if isinstance(error, FileNotFoundError) or error.errno == errno.ELOOP:
                return None
            raise ManifestError(
                f"{file} cannot be read: {error.strerror or error}.",
                remedy="Check who may read it.",
            ) from error
        copy = folder / file.name
        try:
            with os.fdopen(handle, "rb") as source, copy.open("xb") as kept:
                if _stamp(os.fstat(source.fileno())) != self._seen.get(file.name):
                    return None
                shutil.copyfileobj(source, kept)
                if _stamp(os.fstat(source.fileno())) != self._seen.get(file.name):
                    return None
        except OSError as error:
            raise LedgerError(
                f"{file} cannot be copied to {folder}: {error.strerror or error}.",
                remedy="See that the disk has room.",
            ) from error
        return copy

    def _stamps(self) -> tuple[dict[str, Stamp], dict[str, Refusal]]:
        stamps: dict[str, Stamp] = {}
        refused: dict[str, Refusal] = {}
        try:
            with os.scandir(self.path) as entries:
                for entry in entries:
                    if is_unfinished(entry.name):
                        continue
                    try:
                        status = Path(entry.path).lstat()
                    except OSError:  # gone between two breaths
                        continue
                    if stat.S_ISLNK(status.st_mode):
                        refused[entry.name] = "is_link"
                    elif stat.S_ISREG(status.st_mode):
                        stamps[entry.name] = _stamp(status)
                    elif not stat.S_ISDIR(status.st_mode):
                        refused[entry.name] = "is_no_file"
        except OSError as error:
            raise UsageError(
                f"The folder {self.path} cannot be watched: {error.strerror or error}.",
                remedy="Name a folder that this user may read.",
            ) from error
        return stamps, refused


def is_unfinished(name: str) -> bool:
    """Tell whether a name is one that senders and programs use for what is not meant to be read yet.

    >>> [is_unfinished(name) for name in (".voyage.csv", "voyage.csv.part", "~$voyage.xlsx", "voyage.csv")]
    [True, True, True, False]
    """
    return name.startswith(_NOT_YET) or name.lower().endswith(_UNFINISHED)


# Windows knows neither links that anybody may make, nor pipes among files; its files are opened as they are.
_NO_LINK: Final[int] = (
    getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
)


def _stamp(status: os.stat_result) -> Stamp:
    return Stamp(
        device=status.st_dev,
        inode=status.st_ino,
        size=status.st_size,
        modified_ns=status.st_mtime_ns,
    )
