"""Receiving a file: its bytes are kept, then it takes its place among the versions, all at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskengine.engine import reported
from riskengine.engine.declarations import declared_rows
from riskengine.errors import LedgerError
from riskengine.features import facts
from riskengine.ledger import declared, filer_quality, movements, received, received_files
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.declared import DECLARED
from riskengine.ledger.received_files import ReceivedFile
from riskengine.manifest.quality import quality_of
from riskengine.register import audit
from riskengine.register.connection import open_register

if TYPE_CHECKING:
    from datetime import date, datetime
    from pathlib import Path

    import polars as pl

    from riskengine.manifest import Reading
    from riskengine.manifest.schema import DocumentKind
    from riskengine.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A file that was received.

    Attributes:
        seq: Its place in the order of reception.
        is_new: False where these bytes were received, and read in this way, before.
        kind: manifest, stow_plan or movements.
    """

    seq: int
    is_new: bool
    kind: DocumentKind


def receive(  # noqa: PLR0913 - what was read, whence, when, and by whom
    workspace: Workspace,
    reading: Reading,
    path: Path,
    *,
    at: datetime,
    known_on: date,
    by: str,
    stated: pl.DataFrame | None = None,
) -> Received:
    """Receive a file that was read: keep its bytes and note what it declares.

    The bytes are on the disk before anything speaks of them, the audit chain is told next, and one transaction of
    the ledger makes the file and all that follows from it known. Whoever is stopped between two steps may receive
    the file again: what was kept is kept once, and what was noted is noted once.

    Args:
        workspace: The unit's folder.
        reading: What was read of the file.
        path: The file as received; an archive where it came out of one.
        at: When it is received.
        known_on: The day from which an assessment may use it: that of the assessment it is received for, or today.
        by: Who receives it.
        stated: The facts of the manifest, where they were gathered already.

    Returns:
        Its place. Where it had been received before, that of the first time.

    Raises:
        LedgerError: The file has changed since it was read, or the workspace cannot be written.
    """
    source = reading.manifest.source
    kind = source.document.kind
    known = received_files.find(workspace, source.sha256, source.mapping_sha256)
    keep_all(workspace, reading, path)
    if known is not None:
        return Received(seq=known.seq, is_new=False, kind=kind)
    entry = _entry(reading, at=at, known_on=known_on, by=by)
    rows = None
    if kind == "manifest":
        gathered = facts.gather(reading.manifest, known_on) if stated is None else stated
        rows = declared_rows(reading.manifest, gathered)
    # All that takes time is done before the ledger is opened: while it is, nobody else can read it.
    quality = quality_of(reading)
    planned = reported.planned_of(reading).select(*movements.PLANNED)
    moved = reported.moved_of(reading).select(*movements.MOVED)
    with open_register(workspace) as register:
        payload = {
            "kind": kind,
            "file": source.file,
            "mapping": source.mapping_sha256,
            "known_on": known_on.isoformat(),
        }
        audit.append(register, by, "receive file", source.sha256, payload)
    with open_ledger(workspace) as connection:
        seq, is_new = received_files.note(connection, entry)
        # Somebody else may have received the same file between the look and the transaction.
        if is_new:
            if rows is not None:
                declared.note(connection, seq, rows.select(DECLARED.keys()))
            movements.note(connection, seq, planned, moved)
            filer_quality.note(connection, seq, quality)
    return Received(seq=seq, is_new=is_new, kind=kind)


def keep_all(workspace: Workspace, reading: Reading, path: Path) -> None:
    """Keep the file as received, the mapping it was read with, and of an archive also what was read out of it.

    Raises:
        LedgerError: The file has changed since it was read, or the workspace cannot be written.
    """
    source = reading.manifest.source
    if reading.mapping_content:
        received.keep(workspace, reading.mapping_content)
    kept = received.keep(workspace, path)
    if reading.content is not None:
        is_same = kept == source.packed_in
        kept = received.keep(workspace, reading.content)
    else:
        is_same = True
    if not is_same or kept != source.sha256:
        raise LedgerError(
            f"{path} has changed since it was read.",
            remedy="Wait until it is complete, then try again.",
        )


def _entry(reading: Reading, *, at: datetime, known_on: date, by: str) -> ReceivedFile:
    source = reading.manifest.source
    return ReceivedFile(
        sha256=source.sha256,
        mapping_sha256=source.mapping_sha256,
        file=source.file,
        packed_in=source.packed_in,
        format=source.format,
        kind=source.document.kind,
        function=source.document.function,
        document_number=source.document.number,
        sender=source.document.sender,
        received_at=at,
        known_on=known_on,
        received_by=by,
        record_count=source.record_count,
        container_count=reading.manifest.containers.height,
        defect_count=len(reading.defects),
    )
