"""What a rule matched and what was found in it is counted from recorded runs; older runs can still be read."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from riskengine.domain import ExaminationResult, Outcome
from riskengine.engine import Engine
from riskengine.engine.explanation import explain
from riskengine.engine.recorded import read_run
from riskengine.engine.rule_hits import inspected_hits, live_hits
from riskengine.ledger.run_register import find_run
from riskengine.ledger.runs import read_card, read_frame, write_run
from riskengine.review import enter
from riskengine.rules.store import in_force

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


def test_live_hits_count_each_container_once_and_no_earlier_day(scored, run, rule):
    hits = matched(run, rule).select("container_number", "bills_of_lading").unique().height
    assert live_hits(scored, rule, MORNING) == hits > 1
    assert live_hits(scored, rule, datetime.now(UTC)) == 0


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
