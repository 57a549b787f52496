"""The bytes as they were received, kept for ever under their sha256."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from riskengine.errors import LedgerError
from riskengine.ledger.durable import appears_whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskengine.workspace import Workspace

_CHUNK: Final = 1 << 20
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_READ_ONLY: Final = 0o400


def keep(workspace: Workspace, path_or_bytes: Path | bytes) -> str:
    """Keep a file, or bytes, as received, and return the sha256 it is kept under.

    Keeping the same bytes twice keeps them once. The digest is of the bytes that were kept: a
    file that changes meanwhile is refused.

    Raises:
        LedgerError: The file cannot be read or changes meanwhile, or the workspace cannot be
            written.
    """
    inbox = workspace.received_folder
    try:
        inbox.mkdir(mode=0o700, parents=True, exist_ok=True)
        if isinstance(path_or_bytes, bytes):
            sha256 = hashlib.sha256(path_or_bytes).hexdigest()
        else:
            with path_or_bytes.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return _keep_as(_place(workspace, sha256), path_or_bytes, sha256)
    except OSError as error:
        raise LedgerError(
            f"What was received cannot be kept in {inbox}: {error.strerror or error}.",
            remedy="See that the file can be read and that the disk has room.",
        ) from error


def open_received(workspace: Workspace, sha256: str) -> BinaryIO:
    """Return the kept bytes as an open file, at its start, after checking every one of them.

    Raises:
        LedgerError: Nothing is kept under this digest, or the bytes have changed since.
    """
    if not _SHA256.fullmatch(sha256):
        raise LedgerError(f"{sha256!r} is no sha256: it takes 64 digits and letters a to f.")
    path = _place(workspace, sha256)
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise LedgerError(f"Nothing was received with the sha256 {sha256}.") from error
    if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
        file.close()
        raise LedgerError(
            f"The bytes kept in {path} are not those that were received.",
            remedy="Restore the file from a backup, or receive it again.",
        )
    file.seek(0)
    return file


def kept_at(workspace: Workspace, sha256: str) -> Path:
    """Return where the bytes lie, after checking every one of them.

    Raises:
        LedgerError: Nothing is kept under this digest, or the bytes have changed since.
    """
    open_received(workspace, sha256).close()
    return _place(workspace, sha256)


def _place(workspace: Workspace, sha256: str) -> Path:
    return workspace.received_folder / sha256[:2] / sha256


def _keep_as(path: Path, path_or_bytes: Path | bytes, sha256: str) -> str:
    if _holds(path, sha256):
        return sha256
    path.parent.mkdir(mode=0o700, exist_ok=True)
    content = hashlib.sha256()
    with appears_whole(path, mode=_READ_ONLY) as aside:
        with aside.open("xb") as kept:
            for chunk in _chunks(path_or_bytes):
                content.update(chunk)
                kept.write(chunk)
        if content.hexdigest() != sha256:
            raise LedgerError(
                f"{path_or_bytes if isinstance(path_or_bytes, Path) else 'The manifest'} changed"
                " while it was being kept.",
                remedy="Wait until it is complete, then try again.",
            )
    return sha256


def _holds(path: Path, sha256: str) -> bool:
    """Say whether the place holds these bytes; damaged ones are replaced by keeping them again."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except FileNotFoundError:
        return False


def _chunks(path_or_bytes: Path | bytes) -> Iterator[bytes]:
    if isinstance(path_or_bytes, bytes):
        yield path_or_bytes
        return
    with path_or_bytes.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
