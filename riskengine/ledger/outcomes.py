"""The outcomes that the history has counted, each by the id of its intent in the register."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine.ledger.connection import open_ledger

if TYPE_CHECKING:
    from datetime import date

    import duckdb

    from riskengine.domain import ExaminationResult
    from riskengine.workspace import Workspace


def note_outcome(
    connection: duckdb.DuckDBPyConnection,
    intent_id: str,
    result: ExaminationResult,
    *,
    known_on: date,
) -> bool:
    """Remember that this outcome is counted, in the transaction that counts it.

    Returns:
        False where it had been counted before; then nothing else may be counted for it.
    """
    if _is_there(connection, intent_id):
        return False
    connection.execute(
        "INSERT INTO outcome_entry VALUES (?, ?, ?, ?, ?, current_timestamp AT TIME ZONE 'UTC')",
        [intent_id, result.container_number, result.outcome.value, known_on, result.run_id],
    )
    return True


def is_counted(workspace: Workspace, intent_id: str) -> bool:
    """Say whether the outcome of this intent reached the ledger; recovery asks."""
    with open_ledger(workspace, read_only=True) as connection:
        return _is_there(connection, intent_id)


def _is_there(connection: duckdb.DuckDBPyConnection, intent_id: str) -> bool:
    found = connection.execute(
        "SELECT 1 FROM outcome_entry WHERE intent_id = ?", [intent_id]
    ).fetchall()
    return bool(found)
