"""What examinations found, entered here first and settled once the ledger has counted them.

Two stores change: the intent is written here, then the ledger commits with the intent's id in it,
then the intent is completed here. After a crash the open intents are looked up in the ledger.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from riskengine.domain import ExaminationResult, Outcome
from riskengine.errors import RegisterError
from riskengine.register.audit import append
from riskengine.register.connection import open_register

if TYPE_CHECKING:
    from riskengine.workspace import Workspace


class IntentState(StrEnum):
    """How far an outcome has come."""

    INTENDED = "intended"
    COMPLETED = "completed"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeEntry:
    """One outcome as it was entered.

    Attributes:
        intent_id: Its id, which the ledger's commit names too.
        result: What the examination found.
        entered_at: When the officer entered it, UTC; its day is when the outcome became known.
        state: Whether the ledger is known to have counted it.
    """

    intent_id: str
    result: ExaminationResult
    entered_at: datetime
    state: IntentState


def enter_outcome(
    workspace: Workspace,
    result: ExaminationResult,
    *,
    intent_id: str | None = None,
    entered_at: datetime | None = None,
) -> str:
    """Write down what an examination found and return the id of the intent.

    Args:
        workspace: The unit's folder.
        result: What was found.
        intent_id: The id of an entry that may have been made already (a repeated request): the
            same result under the same id is entered once. None makes a new id.
        entered_at: When; None takes the clock.

    Raises:
        RegisterError: The id stands for another result, or a moment does not say its time zone.
    """
    new_id = secrets.token_hex(16) if intent_id is None else intent_id
    moment = datetime.now(UTC) if entered_at is None else entered_at
    row = (
        new_id,
        result.container_number,
        result.outcome.value,
        _text(result.examined_at),
        result.officer,
        result.note,
        result.run_id,
    )
    with open_register(workspace) as connection:
        known = connection.execute(
            "SELECT intent_id, container_number, outcome, examined_at, officer, note, run_id"
            " FROM outcome_entry WHERE intent_id = ?",
            (new_id,),
        ).fetchone()
        if known == row:
            return new_id
        if known is not None:
            raise RegisterError(f"The outcome {new_id} was entered with another content.")
        connection.execute(
            "INSERT INTO outcome_entry VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*row, _text(moment))
        )
        particulars = {
            "intent_id": new_id,
            "outcome": result.outcome.value,
            "examined_at": _text(result.examined_at),
            "note": result.note,
            "run_id": result.run_id,
        }
        append(
            connection,
            result.officer,
            "outcome_entered",
            result.container_number,
            particulars,
        )
    return new_id


def complete_outcome(workspace: Workspace, intent_id: str) -> None:
    """Say that the ledger has counted this outcome; saying it twice does no harm.

    Raises:
        RegisterError: No such outcome was entered, or it was abandoned.
    """
    _settle(workspace, intent_id, IntentState.COMPLETED)


def abandon_outcome(workspace: Workspace, intent_id: str) -> None:
    """Say that the ledger never counted this outcome and never will; it must be entered again.

    Raises:
        RegisterError: No such outcome was entered, or it was completed.
    """
    _settle(workspace, intent_id, IntentState.ABANDONED)


def open_intents(workspace: Workspace) -> tuple[OutcomeEntry, ...]:
    """Return the outcomes that are neither completed nor abandoned, oldest first."""
    with open_register(workspace, read_only=True) as connection:
        rows = connection.execute(
            f"{_SELECT} WHERE state IS NULL ORDER BY outcome_entry.rowid"
        ).fetchall()
    return tuple(_as_entry(row) for row in rows)


def outcomes_of(workspace: Workspace, container_number: str) -> tuple[OutcomeEntry, ...]:
    """Return every outcome entered for a container, in any state, in the order of entering.

    The order is that of the register, not of the clock: a clock may be set back.
    """
    with open_register(workspace, read_only=True) as connection:
        rows = connection.execute(
            f"{_SELECT} WHERE container_number = ? ORDER BY outcome_entry.rowid",
            (container_number,),
        ).fetchall()
    return tuple(_as_entry(row) for row in rows)


def completed_outcomes(workspace: Workspace) -> tuple[OutcomeEntry, ...]:
    """Return every completed outcome, oldest first: what training and monitoring start from."""
    with open_register(workspace, read_only=True) as connection:
        rows = connection.execute(
            f"{_SELECT} WHERE state = 'completed' ORDER BY outcome_entry.rowid"
        ).fetchall()
    return tuple(_as_entry(row) for row in rows)


def _settle(workspace: Workspace, intent_id: str, state: IntentState) -> None:
    moment = datetime.now(UTC)
    with open_register(workspace) as connection:
        row = connection.execute(f"{_SELECT} WHERE intent_id = ?", (intent_id,)).fetchone()
        if row is None:
            raise RegisterError(f"No outcome {intent_id} was entered.")
        entry = _as_entry(row)
        if entry.state is state:
            return
        if entry.state is not IntentState.INTENDED:
            raise RegisterError(f"The outcome {intent_id} is {entry.state} already.")
        connection.execute(
            "INSERT INTO outcome_settlement VALUES (?, ?, ?)",
            (intent_id, state.value, _text(moment)),
        )
        append(
            connection,
            entry.result.officer,
            f"outcome_{state}",
            entry.result.container_number,
            {"intent_id": intent_id},
        )


def _as_entry(
    row: tuple[str, str, str, str, str, str, str | None, str, str | None],
) -> OutcomeEntry:
    intent_id, number, outcome, examined_at, officer, note, run_id, entered_at, state = row
    return OutcomeEntry(
        intent_id=intent_id,
        result=ExaminationResult(
            container_number=number,
            outcome=Outcome(outcome),
            examined_at=datetime.fromisoformat(examined_at),
            officer=officer,
            note=note,
            run_id=run_id,
        ),
        entered_at=datetime.fromisoformat(entered_at),
        state=IntentState.INTENDED if state is None else IntentState(state),
    )


def _text(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise RegisterError(f"The moment {moment.isoformat()} does not say its time zone.")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


_SELECT: Final = """
SELECT intent_id, container_number, outcome, examined_at, officer, note, run_id, entered_at, state
FROM outcome_entry LEFT JOIN outcome_settlement USING (intent_id)
"""
