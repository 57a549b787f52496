"""The catalogue of messages that runs were recorded with, kept once for each content, under its sha256."""

from __future__ import annotations

import hashlib
import re
import zlib
from typing import TYPE_CHECKING, Final

from riskengine.errors import LedgerError
from riskengine.ledger.durable import appears_whole

if TYPE_CHECKING:
    from pathlib import Path

    from riskengine.workspace import Workspace

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_LARGEST: Final = 1 << 25
_READ_ONLY: Final = 0o400


def keep_texts(workspace: Workspace, source: bytes, sha256: str) -> None:
    """Keep a catalogue; one that is there already is left as it is.

    Args:
        workspace: The unit's folder.
        source: The catalogue as one text.
        sha256: Its digest.

    Raises:
        LedgerError: The workspace cannot be written.
    """
    path = _place(workspace, sha256)
    if path.exists():
        return
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with appears_whole(path, mode=_READ_ONLY) as aside:
            aside.write_bytes(zlib.compress(source))
    except OSError as error:
        raise LedgerError(
            f"The texts cannot be kept in {path.parent}: {error.strerror or error}.",
            remedy="See that the folder may be written to and that the disk has room.",
        ) from error


def read_texts(workspace: Workspace, sha256: str) -> bytes:
    """Return a catalogue that was kept, after checking every byte of it.

    Raises:
        LedgerError: None is kept under this digest, or it has changed since.
    """
    if not _SHA256.fullmatch(sha256):
        raise LedgerError(f"{sha256!r} is no sha256: it takes 64 digits and letters a to f.")
    path = _place(workspace, sha256)
    try:
        unpacking = zlib.decompressobj()
        source = unpacking.decompress(path.read_bytes(), _LARGEST)
    except FileNotFoundError as error:
        raise LedgerError(f"No texts are kept under the sha256 {sha256}.") from error
    except (OSError, zlib.error) as error:
        raise _changed(path) from error
    if hashlib.sha256(source).hexdigest() != sha256:
        raise _changed(path)
    return source


def kept_catalogues(workspace: Workspace) -> tuple[str, ...]:
    """Return the sha256 of every catalogue that is kept, in order."""
    found = (path.name.partition(".")[0] for path in workspace.texts_folder.glob("*.json.z"))
    return tuple(sorted(name for name in found if _SHA256.fullmatch(name)))


def _place(workspace: Workspace, sha256: str) -> Path:
    return workspace.texts_folder / f"{sha256}.json.z"


def _changed(path: Path) -> LedgerError:
    return LedgerError(
        f"The texts kept in {path} are not those that were written.",
        remedy="Restore the file from a backup.",
    )
