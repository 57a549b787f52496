"""Files that are whole, or not there at all: written aside, synced, then given their name."""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

UNFINISHED: Final = ".unfinished"
"""How the name of everything ends that is not complete yet."""


@contextmanager
def appears_whole(path: Path, *, mode: int | None = None) -> Generator[Path, None, None]:
    """Give a path to write to; when the block ends well, it takes the name ``path`` at once.

    A file of that name is replaced in one step. When the block raises, nothing is left.
    """
    aside = unfinished_name(path)
    try:
        yield aside
        sync_file(aside)
        if mode is not None:
            aside.chmod(mode)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    sync_folder(path.parent)


def unfinished_name(path: Path) -> Path:
    """Return a name beside ``path`` that nobody else uses and that marks it as incomplete."""
    return path.with_name(f".{path.name}.{secrets.token_hex(6)}{UNFINISHED}")


def sync_file(path: Path) -> None:
    """Return once the bytes of the file are on the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Return once the names in the folder are on the disk.

    Windows has no such call for folders; there the file system's own journal has to do.
    """
    if os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
