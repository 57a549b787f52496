"""What an examination found is in the register, in the audit chain, and once in the history."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from riskengine.domain import ExaminationResult, Outcome
from riskengine.engine import Engine
from riskengine.errors import AlreadyEntered, RunNotFound, UsageError
from riskengine.features.history import EVERYTHING
from riskengine.ledger import history
from riskengine.manifest import read_manifest
from riskengine.register import audit
from riskengine.register.outcomes import open_intents, outcomes_of
from riskengine.review import enter, finish_what_was_begun, outcome

BOX = "XOCU6435280"
NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)


@pytest.fixture
def scored(unit, run, reading, voyage):
    """The unit after the sample voyage was recorded."""
    Engine.open(unit).record(run, reading, voyage, by="tester")
    return unit


def found(number=BOX, outcome_=Outcome.SEIZURE, **changed):
    values = {
        "container_number": number,
        "outcome": outcome_,
        "examined_at": NOW - timedelta(hours=2),
        "officer": "Ruiz",
        "note": "14 bags behind the doors",
    }
    return ExaminationResult(**(values | changed))


def tallied(unit, kind=EVERYTHING, key=EVERYTHING):
    """Return how many containers were examined, and in how many something was found, by day."""
    keys = pl.DataFrame({"kind": [kind], "key": [key]})
    counts = history.fetch(unit, keys).counts.filter(pl.col("examined") > 0)
    return counts.select("on", "examined", "found").rows()


def test_an_outcome_names_the_run_that_had_assessed_the_container(scored, run):
    told = enter(scored, found(), entered_at=NOW)
    assert told.run_id == run.card.run_id
    (entry,) = outcomes_of(scored, BOX)
    assert entry.result == told
    assert entry.state == "completed"
    assert entry.entered_at == NOW


def test_an_outcome_is_in_the_audit_chain_which_adds_up(scored, run):
    before = audit.verify(scored)
    enter(scored, found(), entered_at=NOW)
    head = audit.verify(scored, witnessed=before)
    assert head.seq == before.seq + 2
    entered, completed = audit.entries(scored, about=BOX)
    assert (entered.action, completed.action) == ("outcome_entered", "outcome_completed")
    assert entered.actor == "Ruiz"
    particulars = json.loads(entered.payload)
    assert particulars["outcome"] == "seizure"
    assert particulars["note"] == "14 bags behind the doors"
    assert particulars["run_id"] == run.card.run_id


@pytest.mark.parametrize(
    ("outcome_", "finds"), [(Outcome.NIL, 0), (Outcome.DISCREPANCY, 1), (Outcome.SEIZURE, 1)]
)
def test_an_outcome_counts_once_for_each_key_of_the_container(scored, outcome_, finds):
    enter(scored, found(outcome_=outcome_), entered_at=NOW)
    for kind, key in ((EVERYTHING, EVERYTHING), ("container", BOX), ("lane", "ECGYE|BEANR")):
        assert tallied(scored, kind, key) == [(date(2026, 3, 4), 1, finds)]


def test_an_outcome_counts_no_container_as_seen_again(scored):
    """Examined is not seen: the box was counted when its manifest was recorded."""
    keys = pl.DataFrame({"kind": [EVERYTHING], "key": [EVERYTHING]})
    seen = history.fetch(scored, keys).counts["containers"].sum()
    enter(scored, found(), entered_at=NOW)
    assert history.fetch(scored, keys).counts["containers"].sum() == seen


def test_find_rates_move_on_the_next_day_and_not_before(scored, reading, run, day):
    enter(scored, found(), entered_at=NOW)
    engine = Engine.open(scored)
    same, next_one = (
        engine.assess(reading, assessed_on=on).indicators.filter(
            pl.col("container_number") == BOX
        )["shipper_find_rate"][0]
        for on in (day, day + timedelta(days=1))
    )
    before = run.indicators.filter(pl.col("container_number") == BOX)["shipper_find_rate"][0]
    assert same == before
    assert next_one is not None
    assert before is None or next_one > before


def test_a_nil_lowers_what_a_seizure_raises(scored, reading, day):
    rates = {}
    enter(scored, found(outcome_=Outcome.SEIZURE), entered_at=NOW)
    for later, results in ((1, []), (2, [Outcome.NIL])):
        for result in results:
            enter(
                scored,
                found(outcome_=result),
                correcting="the laboratory found sugar",
                entered_at=NOW + timedelta(days=1),
            )
        run = Engine.open(scored).assess(reading, assessed_on=day + timedelta(days=later))
        rates[later] = run.indicators.filter(pl.col("container_number") == BOX)[
            "shipper_find_rate"
        ][0]
    assert rates[2] < rates[1]


def test_a_second_outcome_is_refused_unless_it_corrects_the_first(scored):
    """A typo, or a second officer, must not count twice for everybody the box has to do with."""
    enter(scored, found(outcome_=Outcome.SEIZURE), entered_at=NOW)
    with pytest.raises(AlreadyEntered, match="seizure"):
        enter(scored, found(outcome_=Outcome.NIL), entered_at=NOW)
    enter(scored, found(outcome_=Outcome.NIL), correcting="wrong line", entered_at=NOW)
    assert tallied(scored) == [(date(2026, 3, 4), 1, 0)]
    notes = [entry.result.note for entry in outcomes_of(scored, BOX)]
    assert "corrects seizure: wrong line" in notes[-1]


def test_a_crash_before_the_ledger_is_mended_and_counts_once(scored, monkeypatch):
    """The intent stands in the register; the next command finishes it."""
    with monkeypatch.context() as patched:
        patched.setattr(outcome, "open_ledger", power_cut)
        with pytest.raises(PowerCut):
            enter(scored, found(), entered_at=NOW)
    assert tallied(scored) == []
    assert len(open_intents(scored)) == 1
    assert finish_what_was_begun(scored) == 1
    assert tallied(scored) == [(date(2026, 3, 4), 1, 1)]
    assert open_intents(scored) == ()
    audit.verify(scored)


def test_a_crash_between_ledger_and_completion_counts_once(scored, monkeypatch):
    """The ledger holds the intent's id, so that finishing what was begun adds nothing to it."""
    with monkeypatch.context() as patched:
        patched.setattr(outcome, "complete_outcome", power_cut)
        with pytest.raises(PowerCut):
            enter(scored, found(), entered_at=NOW)
    assert tallied(scored) == [(date(2026, 3, 4), 1, 1)]
    counted = history.digest(scored)
    assert finish_what_was_begun(scored) == 1
    assert history.digest(scored) == counted
    assert tallied(scored) == [(date(2026, 3, 4), 1, 1)]
    (entry,) = outcomes_of(scored, BOX)
    assert entry.state == "completed"
    audit.verify(scored)


def test_what_is_mended_later_counts_on_the_day_it_was_entered(scored, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(outcome, "open_ledger", power_cut)
        with pytest.raises(PowerCut):
            enter(scored, found(examined_at=NOW - timedelta(days=5)), entered_at=NOW)
    finish_what_was_begun(scored)
    assert tallied(scored) == [(date(2026, 3, 4), 1, 1)]


def test_finishing_where_nothing_was_begun_does_nothing(scored):
    before = audit.verify(scored)
    assert finish_what_was_begun(scored) == 0
    assert audit.verify(scored) == before


def test_a_container_that_nobody_assessed_is_refused_with_near_numbers(scored):
    before = audit.verify(scored)
    with pytest.raises(RunNotFound) as refusal:
        enter(scored, found("XOCU6435281"), entered_at=NOW)
    assert BOX in refusal.value.remedy
    assert audit.verify(scored) == before
    assert tallied(scored) == []


def test_loose_cargo_is_named_by_its_bill(scored, run):
    bill = run.assessments.filter(pl.col("container_number").is_null())["bills_of_lading"][0][0]
    told = enter(scored, found(bill), entered_at=NOW)
    assert told.container_number == bill
    assert tallied(scored) == [(date(2026, 3, 4), 1, 1)]


def test_the_bill_of_a_container_is_not_taken_for_the_container(scored, run):
    """A bill may cover many boxes; nobody guesses which of them was opened."""
    boxed = run.assessments.filter(pl.col("container_number") == BOX)
    with pytest.raises(UsageError, match=BOX):
        enter(scored, found(boxed["bills_of_lading"][0][0]), entered_at=NOW)
    assert tallied(scored) == []


def test_a_number_counts_however_it_is_typed(scored):
    told = enter(scored, found("xocu 643528-0"), entered_at=NOW)
    assert told.container_number == BOX
    assert tallied(scored, "container", BOX) == [(date(2026, 3, 4), 1, 1)]


def test_a_number_that_is_none_counts_however_it_is_typed(unit, samples, day):
    """A malformed number stands in the manifest as it was sent, and in the history too."""
    file = samples / "broken" / "check_digits.csv"
    engine = Engine.open(unit)
    reading = read_manifest(file)
    engine.record(engine.assess(reading, assessed_on=day), reading, file, by="tester")
    told = enter(unit, found("lsxu67530"), entered_at=NOW)
    assert told.container_number == "LSXU67530"
    assert tallied(unit) == [(date(2026, 3, 4), 1, 1)]


def test_an_outcome_speaks_of_the_last_run(scored, reading, voyage, day):
    """Assessed again a week later, the container's outcome belongs to the later assessment."""
    engine = Engine.open(scored)
    later = engine.assess(reading, assessed_on=day + timedelta(days=7))
    engine.record(later, reading, voyage, by="tester")
    told = enter(scored, found(), entered_at=NOW + timedelta(days=7))
    assert told.run_id == later.card.run_id


class PowerCut(Exception):
    """What no handler expects."""


def power_cut(*_, **__):
    raise PowerCut
