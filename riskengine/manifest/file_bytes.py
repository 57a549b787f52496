"""The bytes of one file, read whole or not at all."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from riskengine.errors import ManifestError

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_FILE = 1 << 30
"""Bytes; a manifest of a million lines has about a third of it."""


def shown_name(name: str) -> str:
    """Return the name of a file as it can be printed, whatever bytes it is made of."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def bytes_of(path: Path) -> bytes:
    """Return what is in a file; refuse what is no file, too large, empty, or still being written.

    Raises:
        ManifestError: It is one of these, or cannot be read.
    """
    shown = shown_name(str(path))
    try:
        if stat.S_ISDIR(path.stat().st_mode):
            raise ManifestError(
                f"{shown} is a folder.", remedy="Name the manifest files in it, one by one."
            )
        if not path.is_file():  # asked before it is opened: a pipe would keep us waiting
            raise ManifestError(
                f"{shown} is not a regular file.", remedy="Copy it to a file first."
            )
        with path.open("rb") as file:
            before = os.fstat(file.fileno())
            if before.st_size > LARGEST_FILE:
                raise ManifestError(
                    f"{shown} is larger than {LARGEST_FILE} bytes.",
                    remedy="Split it by voyage.",
                )
            data = file.read(before.st_size + 1)
            after = os.fstat(file.fileno())
    except FileNotFoundError as fault:
        raise ManifestError(
            f"There is no file {shown}.",
            remedy="Check the name; files are looked up from here.",
        ) from fault
    except (OSError, ValueError) as fault:
        raise ManifestError(
            f"{shown} cannot be read: {shown_name(str(fault))}.",
            remedy="Check who may read it.",
        ) from fault
    if len(data) != before.st_size or after.st_mtime_ns != before.st_mtime_ns:
        raise ManifestError(
            f"{shown} changed while it was read.",
            remedy="Wait until it is complete, then try again.",
        )
    if not data:
        raise ManifestError(f"{shown} is empty.", remedy="Ask the sender for the file again.")
    return data
