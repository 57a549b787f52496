"""Which files of a folder are manifests, told by what is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine.errors import ManifestError
from riskengine.manifest.csv_shape import DELIMITERS, is_header
from riskengine.manifest.formats import SUFFIXES, recognise
from riskengine.manifest.packed import is_packed

if TYPE_CHECKING:
    from pathlib import Path

_BEGINNING = 65_536
_LINES_TO_LOOK_AT = 30


def manifests_in(folder: Path) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Return the files of a folder that may be manifests, and those that are left out, each in order of name.

    A standard format, a workbook, Parquet and an archive are told by their bytes, whatever their names. A text is
    taken where one of its first lines is a header that is known, or its name says that it is a list. Files in
    folders below are not looked at, and hidden files are no one's manifests.
    """
    taken: list[Path] = []
    left: list[Path] = []
    for file in sorted(folder.iterdir()):
        if file.is_file() and not file.name.startswith("."):
            (taken if _may_be_manifest(file) else left).append(file)
    return tuple(taken), tuple(left)


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
