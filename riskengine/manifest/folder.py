"""Which files of a folder are manifests, told by what is in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from riskengine.errors import ManifestError
from riskengine.manifest.csv_shape import DELIMITERS, is_header
from riskengine.manifest.formats import SUFFIXES, recognise
from riskengine.manifest.packed import is_packed

if TYPE_CHECKING:
    from pathlib import Path

MOST_FILES = 10_000
DEEPEST = 8
"""Folders below the one that is named; a tree of manifests by year, month and ship has three."""

_BEGINNING = 65_536
_LINES_TO_LOOK_AT = 30


@dataclass(slots=True, kw_only=True)
class Found:
    """What a folder holds, each in order of name, the files of a folder before its subfolders.

    Attributes:
        manifests: What may be a manifest.
        left: Other files.
        skipped: What is hidden, is a link, or is neither file nor folder.
        unlooked: Folders that were not looked into: too deep, unreadable, or after too many files.
    """

    manifests: list[Path] = field(default_factory=list["Path"])
    left: list[Path] = field(default_factory=list["Path"])
    skipped: list[Path] = field(default_factory=list["Path"])
    unlooked: list[Path] = field(default_factory=list["Path"])


def manifests_in(folder: Path) -> Found:
    """Return what there is in a folder and the folders below it.

    A standard format, a workbook, Parquet and an archive are told by their bytes, whatever their names. A text is
    taken where one of its first lines is a header that is known, or its name says that it is a list.

    Raises:
        ManifestError: A file cannot be read.
    """
    found = Found()
    waiting = [(folder, 0)]
    while waiting:
        here, depth = waiting.pop()
        seen = len(found.manifests) + len(found.left)
        if depth > DEEPEST or seen >= MOST_FILES:
            found.unlooked.append(here)
            continue
        try:
            inside = sorted(here.iterdir())
        except OSError:
            found.unlooked.append(here)
            continue
        below: list[tuple[Path, int]] = []
        for entry in inside:
            if entry.name.startswith(".") or entry.is_symlink():
                found.skipped.append(entry)
            elif entry.is_dir():
                below.append((entry, depth + 1))
            elif entry.is_file():
                (found.manifests if _may_be_manifest(entry) else found.left).append(entry)
            else:
                found.skipped.append(entry)
        waiting += reversed(below)
    return found


def _may_be_manifest(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            beginning = opened.read(_BEGINNING)
        found = recognise(beginning, file.name)
    except OSError as fault:
        raise ManifestError(
            f"{file} cannot be read: {fault.strerror}.", remedy="Check who may read it."
        ) from fault
    except ManifestError:  # of another trade: a PDF, a database
        return False
    # The beginning of an archive is enough to tell gzip, and of ZIP that it is one.
    if found != "csv" or is_packed(beginning):
        return True
    if SUFFIXES.get(file.suffix.lower()) is not None or not beginning:
        return SUFFIXES.get(file.suffix.lower()) is not None
    lines = beginning.decode("utf-8", "replace").splitlines()[:_LINES_TO_LOOK_AT]
    return any(is_header(line.split(delimiter)) for line in lines for delimiter in DELIMITERS)
