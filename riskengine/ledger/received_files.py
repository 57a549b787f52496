"""The files that were received: in which order, from whom, and from which day on they are known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from riskengine.errors import LedgerError
from riskengine.ledger.connection import open_ledger

if TYPE_CHECKING:
    from datetime import date, datetime

    import duckdb

    from riskengine.manifest.schema import DocumentFunction, DocumentKind
    from riskengine.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedFile:
    """One file as it was received and read.

    Attributes:
        seq: Its place in the order of reception, from 1; 0 as long as it is not noted.
        sha256: The digest of the bytes that were read.
        mapping_sha256: The digest of the mapping file it was read with, or the empty string.
        file: Its name, without its folder.
        packed_in: The digest of the archive that held it, or the empty string.
        format: csv, cuscar, awmds, ...
        kind: manifest, stow_plan or movements.
        function: What it does to one received before; None where it does not say.
        document_number: Its own number.
        sender: Who sent it.
        received_at: When it was received first, UTC.
        known_on: The day from which an assessment may use it.
        received_by: Who received it.
        record_count: Records in the file.
        container_count: Boxes and lots of loose cargo in it.
        defect_count: What is wrong with it.
    """

    seq: int = 0
    sha256: str
    mapping_sha256: str
    file: str
    packed_in: str
    format: str
    kind: DocumentKind
    function: DocumentFunction | None
    document_number: str | None
    sender: str | None
    received_at: datetime
    known_on: date
    received_by: str
    record_count: int
    container_count: int
    defect_count: int


def note(connection: duckdb.DuckDBPyConnection, entry: ReceivedFile) -> tuple[int, bool]:
    """Note a file as received, inside the caller's transaction.

    The same bytes read in the same way are noted once: whoever notes them again is told their first place, and
    the day and hour of the first reception stand.

    Args:
        connection: An open ledger.
        entry: The file; its ``seq`` is not looked at.

    Returns:
        Its place in the order of reception, and whether it is new.

    Raises:
        LedgerError: The moment does not say its time zone.
    """
    known = connection.execute(_PLACE, [entry.sha256, entry.mapping_sha256]).fetchall()
    if known:
        return int(known[0][0]), False
    (newest,) = connection.execute("SELECT coalesce(max(seq), 0) FROM received_file").fetchall()
    seq = int(newest[0]) + 1
    connection.execute(_INSERT, _as_row(entry, seq))
    return seq, True


def find(workspace: Workspace, sha256: str, mapping_sha256: str = "") -> ReceivedFile | None:
    """Return the file of these bytes, read in this way; None where it was never received so."""
    with open_ledger(workspace, read_only=True) as connection:
        rows = connection.execute(
            f"{_SELECT} WHERE sha256 = ? AND mapping_sha256 = ?", [sha256, mapping_sha256]
        ).fetchall()
    return _as_entry(rows[0]) if rows else None


def of_seq(workspace: Workspace, seq: int) -> ReceivedFile | None:
    """Return the file at this place in the order of reception; None where there is none."""
    with open_ledger(workspace, read_only=True) as connection:
        rows = connection.execute(f"{_SELECT} WHERE seq = ?", [seq]).fetchall()
    return _as_entry(rows[0]) if rows else None


def first_reception(workspace: Workspace, sha256: str) -> ReceivedFile | None:
    """Return when these bytes came first, however they were read; None where they never did."""
    with open_ledger(workspace, read_only=True) as connection:
        rows = connection.execute(
            f"{_SELECT} WHERE sha256 = ? ORDER BY seq LIMIT 1", [sha256]
        ).fetchall()
    return _as_entry(rows[0]) if rows else None


def list_received(
    workspace: Workspace,
    *,
    kind: DocumentKind | None = None,
    voyage_key: str | None = None,
    first: date | None = None,
    last: date | None = None,
) -> tuple[ReceivedFile, ...]:
    """Return what was received, in the order of reception.

    Args:
        workspace: The unit's folder.
        kind: Only files of this kind.
        voyage_key: Only manifests that declare something of this voyage.
        first: Only files known on this day or later.
        last: Only files known on this day or earlier.
    """
    asked: dict[str, object] = {
        "kind": kind,
        "voyage": voyage_key,
        "first": first,
        "last": last,
    }
    with open_ledger(workspace, read_only=True) as connection:
        rows = connection.execute(f"{_SELECT} {_AS_ASKED} ORDER BY seq", asked).fetchall()
    return tuple(_as_entry(row) for row in rows)


def _as_row(entry: ReceivedFile, seq: int) -> list[object]:
    if entry.received_at.tzinfo is None:
        raise LedgerError(
            f"The moment {entry.received_at.isoformat()} does not say its time zone."
        )
    return [
        seq,
        entry.sha256,
        entry.mapping_sha256,
        entry.file,
        entry.packed_in,
        entry.format,
        entry.kind,
        entry.function,
        entry.document_number,
        entry.sender,
        entry.received_at.astimezone(UTC).replace(tzinfo=None),
        entry.known_on,
        entry.received_by,
        entry.record_count,
        entry.container_count,
        entry.defect_count,
    ]


def _as_entry(row: tuple[Any, ...]) -> ReceivedFile:
    values = dict(zip(_NAMES, row, strict=True))
    return ReceivedFile(**(values | {"received_at": values["received_at"].replace(tzinfo=UTC)}))


_NAMES: Final = (
    "seq", "sha256", "mapping_sha256", "file", "packed_in", "format", "kind", "function", "document_number",
    "sender", "received_at", "known_on", "received_by", "record_count", "container_count", "defect_count",
)  # fmt: skip
_COLUMNS: Final = ", ".join(_NAMES)
_PLACE: Final = "SELECT seq FROM received_file WHERE sha256 = ? AND mapping_sha256 = ?"
_INSERT: Final = (
    f"INSERT INTO received_file ({_COLUMNS}) VALUES ({', '.join(['?'] * len(_NAMES))})"
)
_SELECT: Final = f"SELECT {_COLUMNS} FROM received_file"
_AS_ASKED: Final = """
WHERE ($kind IS NULL OR kind = $kind)
    AND ($first IS NULL OR known_on >= $first) AND ($last IS NULL OR known_on <= $last)
    AND ($voyage IS NULL OR seq IN (SELECT declared.seq FROM declared WHERE voyage_key = $voyage))
"""
