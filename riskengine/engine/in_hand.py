"""The copies of arriving files that are being worked on, and those that a killed process left behind."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

try:
    import fcntl
except ImportError:  # Windows locks no folders: there the age of a copy tells
    fcntl = None

if TYPE_CHECKING:
    from collections.abc import Generator

    from riskengine.workspace import Workspace

_IN_HAND: Final = "in-hand-"
_LEFT_BEHIND_SECONDS: Final = 86_400.0


@contextmanager
def taken_in_hand(workspace: Workspace) -> Generator[Path]:
    """Give a folder for the copy of one file, and remove it when the work on it is over.

    The folder is locked as long as its process lives, however that ends: so another process knows what is left behind.
    """
    received = workspace.received_folder
    received.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Whoever clears waits until the new folder is locked, and sees none that is not.
    with _locked(received):
        made = Path(tempfile.mkdtemp(prefix=_IN_HAND, dir=received))
        handle = _try_to_lock(made)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        if handle is not None:
            os.close(handle)


def clear_left_behind(workspace: Workspace) -> int:
    """Remove the copies that dead processes left, and return how many there were.

    What a living process has in hand is locked and stays. Where folders cannot be locked, what is a day older than the
    newest is left behind.
    """
    received = workspace.received_folder
    if not received.is_dir():
        return 0
    with _locked(received):
        folders = [
            path
            for path in sorted(received.glob(f"{_IN_HAND}*"))
            if path.is_dir() and not path.is_symlink()
        ]
        left = [folder for folder in folders if _is_left(folder, folders)]
        for folder in left:
            shutil.rmtree(folder, ignore_errors=True)
    return len(left)


@contextmanager
def _locked(folder: Path) -> Generator[None]:
    """Wait for a folder, and keep it from others meanwhile."""
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _try_to_lock(folder: Path) -> int | None:
    """Return the handle that locks a folder until it is closed; None where it is another's, gone, or cannot be locked."""
    if fcntl is None:
        return None
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def _is_left(folder: Path, folders: list[Path]) -> bool:
    if fcntl is None:
        newest = max(other.stat().st_mtime for other in folders)
        return newest - folder.stat().st_mtime > _LEFT_BEHIND_SECONDS
    handle = _try_to_lock(folder)
    if handle is None:
        return False
    os.close(handle)
    return True
