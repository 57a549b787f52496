"""What is settled of a file in a watched folder: assessed, received, or found to be none."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

from riskengine import __version__
from riskengine.errors import LedgerError
from riskengine.ledger.connection import open_ledger

if TYPE_CHECKING:
    from datetime import datetime

    from riskengine.workspace import Workspace


def is_settled(workspace: Workspace, sha256: str, mapping_sha256: str = "") -> bool:
    """Say whether nothing is left to do for these bytes, read in this way.

    A manifest is settled when a run that assessed it is recorded, on whichever day; a stow plan or a report of
    movements when it was received. A manifest that was received and not assessed is not: somebody was
    stopped in between.
    """
    with open_ledger(workspace, read_only=True) as connection:
        rows = connection.execute(_SETTLED, [sha256, mapping_sha256] * 2).fetchall()
    return bool(rows)


def is_known_broken(
    workspace: Workspace, sha256: str, mapping_sha256: str, *, file: str
) -> bool:
    """Say whether this engine found these bytes, under this name, to be no manifest."""
    with open_ledger(workspace, read_only=True) as connection:
        rows = connection.execute(
            "SELECT 1 FROM broken_file"
            " WHERE sha256 = ? AND mapping_sha256 = ? AND engine_version = ? AND file = ?",
            [sha256, mapping_sha256, __version__, file],
        ).fetchall()
    return bool(rows)


def note_broken(  # noqa: PLR0913 - which bytes, how read, under which name, what and when
    workspace: Workspace, sha256: str, mapping_sha256: str, *, file: str, sentence: str, at: datetime
) -> None:  # fmt: skip
    """Remember that these bytes are no manifest for this engine; noting it again changes nothing.

    Raises:
        LedgerError: The moment does not say its time zone.
    """
    if at.tzinfo is None:
        raise LedgerError(f"The moment {at.isoformat()} does not say its time zone.")
    moment = at.astimezone(UTC).replace(tzinfo=None)
    with open_ledger(workspace) as connection:
        connection.execute(
            "INSERT OR IGNORE INTO broken_file VALUES (?, ?, ?, ?, ?, ?)",
            [sha256, mapping_sha256, __version__, file, sentence, moment],
        )


_SETTLED: Final = """
SELECT 1 FROM run WHERE manifest_sha256 = ? AND mapping_sha256 = ?
UNION ALL
SELECT 1 FROM received_file WHERE sha256 = ? AND mapping_sha256 = ? AND kind <> 'manifest'
LIMIT 1
"""
