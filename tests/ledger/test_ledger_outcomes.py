"""An outcome is counted in the ledger once, whatever is repeated after a crash."""

from __future__ import annotations

from datetime import UTC, date, datetime

from riskengine.domain import ExaminationResult, Outcome
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.outcomes import is_counted, note_outcome
from riskengine.register.connection import create_register
from riskengine.register.outcomes import (
    abandon_outcome,
    complete_outcome,
    completed_outcomes,
    enter_outcome,
    open_intents,
)

RESULT = ExaminationResult(
    container_number="MSKU9070323",
    outcome=Outcome.SEIZURE,
    examined_at=datetime(2026, 3, 1, 8, tzinfo=UTC),
    officer="A. Officer",
)


def note(workspace, intent_id):
    with open_ledger(workspace) as connection:
        return note_outcome(connection, intent_id, RESULT, known_on=date(2026, 3, 2))


def test_an_outcome_is_counted_the_first_time_only(workspace):
    assert not is_counted(workspace, "i1")
    assert note(workspace, "i1")
    assert is_counted(workspace, "i1")
    assert not note(workspace, "i1")
    assert note(workspace, "i2")


def test_a_crash_between_the_two_stores_is_settled_by_looking_the_intent_up(workspace):
    """Two outcomes were entered and only one reached the ledger before the process ended."""
    create_register(workspace)
    counted, lost = (enter_outcome(workspace, RESULT) for _ in range(2))
    note(workspace, counted)
    for entry in open_intents(workspace):
        settle = complete_outcome if is_counted(workspace, entry.intent_id) else abandon_outcome
        settle(workspace, entry.intent_id)
    assert open_intents(workspace) == ()
    assert [entry.intent_id for entry in completed_outcomes(workspace)] == [counted]
    assert not is_counted(workspace, lost)
