"""An outcome is written down first and settled once; it is never edited."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from riskengine.domain import ExaminationResult, Outcome
from riskengine.errors import RegisterError
from riskengine.register.audit import entries, verify
from riskengine.register.connection import open_register
from riskengine.register.outcomes import (
    IntentState,
    abandon_outcome,
    complete_outcome,
    completed_outcomes,
    enter_outcome,
    open_intents,
    outcomes_of,
)

MOMENT = datetime(2026, 3, 1, 8, tzinfo=UTC)


def result(number="MSKU9070323", outcome=Outcome.NIL, **other):
    return ExaminationResult(
        container_number=number,
        outcome=outcome,
        examined_at=MOMENT,
        officer="A. Officer",
        **other,
    )


def test_an_entered_outcome_is_open_until_it_is_completed(workspace):
    intent_id = enter_outcome(workspace, result(note="behind the panel", run_id="r1"))
    (entry,) = open_intents(workspace)
    assert (entry.intent_id, entry.state) == (intent_id, IntentState.INTENDED)
    assert entry.result == result(note="behind the panel", run_id="r1")
    assert completed_outcomes(workspace) == ()
    complete_outcome(workspace, intent_id)
    assert open_intents(workspace) == ()
    (done,) = completed_outcomes(workspace)
    assert done.state is IntentState.COMPLETED


def test_an_abandoned_outcome_is_neither_open_nor_completed(workspace):
    intent_id = enter_outcome(workspace, result())
    abandon_outcome(workspace, intent_id)
    assert open_intents(workspace) == completed_outcomes(workspace) == ()
    (entry,) = outcomes_of(workspace, "MSKU9070323")
    assert entry.state is IntentState.ABANDONED


def test_settling_again_the_same_way_does_no_harm_and_is_noted_once(workspace):
    intent_id = enter_outcome(workspace, result())
    complete_outcome(workspace, intent_id)
    complete_outcome(workspace, intent_id)
    assert len(entries(workspace, action="outcome_completed")) == 1


def test_an_outcome_is_settled_one_way_only(workspace):
    done, dropped = enter_outcome(workspace, result()), enter_outcome(workspace, result())
    complete_outcome(workspace, done)
    abandon_outcome(workspace, dropped)
    with pytest.raises(RegisterError, match="is completed already"):
        abandon_outcome(workspace, done)
    with pytest.raises(RegisterError, match="is abandoned already"):
        complete_outcome(workspace, dropped)


def test_what_was_never_entered_cannot_be_settled(workspace):
    with pytest.raises(RegisterError, match="No outcome i1"):
        complete_outcome(workspace, "i1")


def test_a_repeated_request_enters_one_outcome(workspace):
    first = enter_outcome(workspace, result(), intent_id="i1")
    assert enter_outcome(workspace, result(), intent_id="i1") == first
    assert len(outcomes_of(workspace, "MSKU9070323")) == 1
    with pytest.raises(RegisterError, match="another content"):
        enter_outcome(workspace, result(outcome=Outcome.SEIZURE), intent_id="i1")


def test_outcomes_of_a_container_come_as_they_were_entered_and_are_its_own(workspace):
    """The register's order, not the clock's: a clock that was set back must not undo a correction."""
    enter_outcome(workspace, result(note="first"), entered_at=MOMENT + timedelta(hours=1))
    enter_outcome(workspace, result(note="second"), entered_at=MOMENT)
    enter_outcome(workspace, result("CSQU3054383"))
    notes = [entry.result.note for entry in outcomes_of(workspace, "MSKU9070323")]
    assert notes == ["first", "second"]


def test_each_step_stands_in_the_audit_chain(workspace):
    complete_outcome(workspace, enter_outcome(workspace, result()))
    steps = [(entry.action, entry.object, entry.actor) for entry in entries(workspace)]
    assert steps == [
        ("outcome_entered", "MSKU9070323", "A. Officer"),
        ("outcome_completed", "MSKU9070323", "A. Officer"),
    ]
    assert verify(workspace).seq == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE outcome_entry SET outcome = 'nil'",
        "DELETE FROM outcome_entry",
        "UPDATE outcome_settlement SET state = 'abandoned'",
        "DELETE FROM outcome_settlement",
    ],
)
def test_the_tables_refuse_to_forget(workspace, statement):
    complete_outcome(workspace, enter_outcome(workspace, result(outcome=Outcome.SEIZURE)))
    with pytest.raises(RegisterError), open_register(workspace) as connection:
        connection.execute(statement)
    (entry,) = completed_outcomes(workspace)
    assert entry.result.outcome is Outcome.SEIZURE


def test_a_moment_without_a_time_zone_is_refused(workspace):
    with pytest.raises(RegisterError, match="time zone"):
        enter_outcome(workspace, result(), entered_at=MOMENT.replace(tzinfo=None))
