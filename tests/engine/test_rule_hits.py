"""What a rule matched and what was found in it is counted from recorded runs; older runs can still be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from riskengine.domain import ExaminationResult, Outcome
from riskengine.engine import Engine
from riskengine.engine.explanation import explain
from riskengine.engine.recorded import read_run
from riskengine.engine.rule_hits import Watched, inspected_hits, watched
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.run_register import find_run
from riskengine.ledger.runs import read_card, read_frame, write_run
from riskengine.review import enter
from riskengine.rules.rule import RuleStatus
from riskengine.rules.standing import put_standing, version_of
from riskengine.rules.store import in_force
from riskengine.rules.stored import Signed

MORNING = datetime(2026, 3, 4, tzinfo=UTC)


@pytest.fixture
def scored(unit, run, reading, voyage):
    """The unit after the sample voyage was recorded."""
    Engine.open(unit).record(run, reading, voyage, by="tester")
    return unit


@pytest.fixture
def rule(scored, run, day):
    """The rule that matched most often."""
    matches = run.verdicts.filter(pl.col("verdict") == "match")
    name = matches["rule_id"].value_counts(sort=True, name="n")["rule_id"][0]
    return next(rule for rule in in_force(scored, day).rules if rule.id == name)


def matched(run, rule):
    return run.verdicts.filter(
        (pl.col("rule_id") == rule.id) & (pl.col("verdict") == "match")
    ).join(run.assessments, on="container_id")


@pytest.fixture
def shadowed(unit):
    """A function: put a rule of the unit into shadow."""

    def shadowed(rule):
        signed = Signed(at=datetime.now(UTC), who="chief", reason="tests")
        with open_ledger(unit) as ledger:
            version = version_of(ledger, rule.id, rule.sha256)
            put_standing(ledger, version, RuleStatus.SHADOW, signed)

    return shadowed


def test_time_in_shadow_is_counted_in_days_and_containers_of_runs_that_asked_in_shadow(
    scored, run, rule, shadowed, reading, voyage, day
):
    asked_while_active = watched(scored, rule, MORNING)
    assert asked_while_active == Watched(days=0, containers=0, unknown=0, hits=0)
    shadowed(rule)
    engine = Engine.open(scored)
    again = engine.assess(reading, assessed_on=day)
    engine.record(again, reading, voyage, by="tester")
    hits = matched(again, rule)["container_number"].n_unique()
    seen = watched(scored, rule, MORNING)
    containers = again.indicators.select("container_number", "bills_of_lading").unique().height
    assert (seen.days, seen.containers, seen.hits) == (1, containers, hits)
    assert watched(scored, rule, datetime.now(UTC)).containers == 0
    later = engine.assess(reading, assessed_on=day + timedelta(days=1))
    engine.record(later, reading, voyage, by="tester")
    # Two mornings made up for on one day, the same containers of the same voyage.
    assert watched(scored, rule, MORNING) == seen
    assert watched(scored, replace(rule, sha256="0" * 64), MORNING).containers == 0


def test_containers_that_a_rule_could_not_judge_are_counted(
    scored, run, shadowed, reading, voyage, day
):
    unknown = run.verdicts.filter(pl.col("verdict") == "unknown")
    name = unknown["rule_id"].value_counts(sort=True, name="n")["rule_id"][0]
    rule = next(rule for rule in in_force(scored, day).rules if rule.id == name)
    shadowed(rule)
    engine = Engine.open(scored)
    again = engine.assess(reading, assessed_on=day)
    engine.record(again, reading, voyage, by="tester")
    seen = watched(scored, rule, MORNING)
    assert seen.containers >= seen.unknown > seen.containers / 2


def test_matches_that_were_examined_count_with_their_last_outcome(scored, run, rule):
    numbers = matched(run, rule)["container_number"].drop_nulls().to_list()[:2]
    for number in numbers:
        result = ExaminationResult(
            container_number=number,
            outcome=Outcome.SEIZURE,
            examined_at=MORNING,
            officer="Ruiz",
        )
        enter(scored, result, run_id=run.card.run_id)
    enter(
        scored,
        ExaminationResult(
            container_number=numbers[0],
            outcome=Outcome.NIL,
            examined_at=MORNING,
            officer="Ruiz",
        ),
        correcting="sugar",
        run_id=run.card.run_id,
    )
    hits = inspected_hits(scored, rule)
    assert (hits.inspected, hits.found) == (2, 1)


def test_a_container_that_was_assessed_and_examined_again_counts_once_with_its_last_outcome(
    scored, run, rule, reading, voyage, day
):
    number = matched(run, rule)["container_number"].drop_nulls()[0]
    engine = Engine.open(scored)
    later = engine.assess(reading, assessed_on=day + timedelta(days=1))
    engine.record(later, reading, voyage, by="tester")
    for told, outcome in ((later, Outcome.SEIZURE), (run, Outcome.NIL)):
        result = ExaminationResult(
            container_number=number, outcome=outcome, examined_at=MORNING, officer="Ruiz"
        )
        enter(scored, result, run_id=told.card.run_id)
    hits = inspected_hits(scored, rule)
    assert (hits.inspected, hits.found) == (1, 0)


def test_a_run_from_before_standings_were_kept_is_read_and_explained(scored, run):
    """Its rules had no status beside them: what their files say was what counted."""
    folder = find_run(scored, run.card.run_id).folder_in(scored)
    card = {
        name: value
        for name, value in read_card(folder).items()
        if name not in {"schema", "run_id", "files"}
    }
    frames = {path.stem: read_frame(folder, path.stem) for path in folder.glob("*.parquet")}
    frames["rules"] = frames["rules"].drop("status", "overlay_json")
    older = read_run(write_run(scored, "older", MORNING.date(), frames, card))
    assert older.rules["status"].null_count() == older.rules.height
    number = run.assessments["container_number"].drop_nulls()[0]
    then, now = (explain(one, number) for one in (older, run))
    assert [note.rule_id for note in then.matched] == [note.rule_id for note in now.matched]
    assert (then.total, then.shadow) == (now.total, ())
