"""A day's plan: made once, only added to, and the chances that it keeps."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from riskengine.domain import ExaminationResult, Outcome
from riskengine.engine import Engine
from riskengine.engine.selection import BY_LANE, chances, examined_by_rule, make_plan
from riskengine.errors import RunNotFound, UsageError
from riskengine.manifest import read_manifest
from riskengine.register import audit
from riskengine.review import enter
from riskengine.selectivity import Door
from riskengine.workspace import Workspace

SLOTS = (("", 8),)


@pytest.fixture
def recorded(unit: Workspace, run, reading, voyage) -> Workspace:
    """A unit that has recorded the sample voyage's run."""
    Engine.open(unit).record(run, reading, voyage, by="tester")
    return unit


def planned(plan) -> set[str]:
    return set(plan.containers["identity"])


def test_planning_again_gives_the_same_plan_and_records_it_once(recorded: Workspace, day: date):
    """The second time nothing is added, to the plan or to the audit chain."""
    first = make_plan(recorded, day, SLOTS, by="chief")
    again = make_plan(recorded, day, SLOTS, by="chief")
    assert first.containers.height == 8
    assert planned(first) == planned(again)
    assert first.containers["is_new"].all()
    assert not again.containers["is_new"].any()
    assert len(audit.entries(recorded, action="plan")) == 1


def test_more_room_adds_to_the_plan_and_takes_nothing_away(recorded: Workspace, day: date):
    """What was chosen stays chosen, and has the chance that the larger plan gives it."""
    first = make_plan(recorded, day, SLOTS, by="chief")
    more = make_plan(recorded, day, (("", 14),), by="chief")
    assert planned(first) < planned(more)
    assert more.containers.height == 14
    less = make_plan(recorded, day, (("", 3),), by="chief")
    assert planned(less) == planned(more)
    kept = {row["identity"]: row["probability"] for row in less.containers.to_dicts()}
    assert kept == {row["identity"]: row["probability"] for row in more.containers.to_dicts()}
    before = {row["identity"]: row["probability"] for row in first.containers.to_dicts()}
    assert all(kept[name] >= chance for name, chance in before.items())
    with pytest.raises(UsageError, match="how many"):
        make_plan(recorded, day, (), by="chief")


def test_a_run_made_again_that_day_keeps_its_plan(
    recorded: Workspace, run, voyage, day: date, tmp_path
):
    """An amended manifest is another run; its containers are those of the plan, and so are their chances."""
    first = make_plan(recorded, day, SLOTS, by="chief")
    amended = tmp_path / voyage.name
    amended.write_bytes(voyage.read_bytes() + b"\n")
    reading = read_manifest(amended)
    engine = Engine.open(recorded)
    second_run = engine.assess(reading, assessed_on=day)
    assert engine.record(second_run, reading, amended, by="tester")
    again = make_plan(recorded, day, SLOTS, by="chief")
    assert planned(first) == planned(again)
    assert set(again.containers["run_id"]) == {second_run.card.run_id}
    old, new = (chances(recorded, one.card.run_id) for one in (run, second_run))
    assert old.equals(new)


def test_a_dry_plan_names_no_draw_and_leaves_no_trace(recorded: Workspace, day: date):
    """Who could ask which boxes are drawn could choose others."""
    dry = make_plan(recorded, day, (("", 40),), by="insider", is_dry=True)
    assert set(dry.containers["door"]) <= {Door.DEMAND.value, Door.SCORE.value}
    assert dry.containers.height + dry.unnamed == min(40, dry.offered)
    assert audit.entries(recorded, action="plan") == ()


def test_chances_come_from_the_plan_and_else_from_the_lane(recorded: Workspace, run, day: date):
    """Without a plan red by merit is sure; with one, only what was chosen has a chance."""
    by_lane = chances(recorded, run.card.run_id)
    assert by_lane.height == run.assessments.height
    red = run.assessments.filter((pl.col("lane") == "red") & (pl.col("basis") != "random"))
    sure = by_lane.filter(pl.col("probability") == 1)
    assert set(sure["container_id"]) == set(red["container_id"])
    assert set(by_lane["door"]) <= {BY_LANE, "random"}
    by_officers = by_lane.filter((pl.col("door") == BY_LANE) & (pl.col("probability") != 1))
    assert by_officers.is_empty(), "what an officer chose would stand for fifty others"
    plan = make_plan(recorded, day, SLOTS, by="chief")
    by_plan = chances(recorded, run.card.run_id)
    assert by_plan.schema == {
        "container_id": pl.Int32,
        "probability": pl.Float64,
        "door": pl.String,
    }
    assert set(by_plan["container_id"]) == set(plan.containers["container_id"])


def test_the_scarcest_means_goes_to_the_first_on_the_list(recorded: Workspace, day: date):
    """Six by scanner, two by hand: the two that come first are opened by hand."""
    plan = make_plan(recorded, day, (("scanner", 6), ("physical", 2)), by="chief")
    assert plan.containers["means"].to_list() == ["physical"] * 2 + ["scanner"] * 6
    again = make_plan(recorded, day, (("scanner", 6), ("physical", 2)), by="chief")
    assert again.containers["means"].to_list() == plan.containers["means"].to_list()


def test_a_day_without_runs_has_nothing_to_plan(recorded: Workspace):
    """It is said so, with what to do."""
    with pytest.raises(RunNotFound, match="2031-01-01"):
        make_plan(recorded, date(2031, 1, 1), SLOTS, by="chief")
    with pytest.raises(UsageError, match="twice"):
        make_plan(recorded, date(2026, 3, 4), (("a", 1), ("a", 2)), by="chief")


def test_examined_matches_are_counted_by_rule(recorded: Workspace, run):
    """One examined container counts for each rule that matches it."""
    matched = run.verdicts.filter(pl.col("verdict") == "match")
    container_id = matched["container_id"][0]
    number = run.assessments.filter(pl.col("container_id") == container_id)["container_number"][
        0
    ]
    assert examined_by_rule(recorded) == {}
    enter(
        recorded,
        ExaminationResult(
            container_number=number,
            outcome=Outcome.NIL,
            examined_at=datetime(2026, 3, 4, 12, tzinfo=UTC),
            officer="tester",
        ),
    )
    expected = {
        f"{rule}@{version}": 1
        for rule, version in matched.filter(pl.col("container_id") == container_id)
        .select("rule_id", "version")
        .rows()
    }
    assert examined_by_rule(recorded) == expected
