"""Histories for rules: each container once, as it was known before it was opened, and nothing lost."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from riskengine.domain import ExaminationResult, Outcome
from riskengine.engine import Engine
from riskengine.engine.evidence import HistoryAsked, came_into_force, history, named_rules
from riskengine.engine.replay import replay_history, replay_runs
from riskengine.errors import RuleNotFound, RunNotFound, TrainingImpossible
from riskengine.features.catalog import catalog
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.run_register import recorded_runs
from riskengine.ledger.runs import read_frame
from riskengine.manifest import read_manifest
from riskengine.manifest.mapping import load_mapping
from riskengine.review.outcome import enter
from riskengine.rules.applied import as_run
from riskengine.rules.evaluate import evaluate
from riskengine.rules.exceptions import put_exceptions
from riskengine.rules.pack import read_exception_file
from riskengine.rules.rule import RuleStatus
from riskengine.rules.standing import installed, put_standing, version_of
from riskengine.rules.store import in_force
from riskengine.rules.stored import Signed
from riskengine.simulate import Settings, simulate, write_world
from riskengine.workspace import Workspace


def opened(unit, container, outcome, on, **more):
    result = ExaminationResult(
        container_number=container,
        outcome=outcome,
        examined_at=datetime(on.year, on.month, on.day, 15, tzinfo=UTC),
        officer="ana",
    )
    enter(unit, result, entered_at=result.examined_at, **more)


@pytest.fixture(scope="session")
def recorded_twice(session_unit, reading, voyage, day, tmp_path_factory):
    """The unit after the sample voyage was assessed on two mornings: nobody may change it."""
    root = tmp_path_factory.mktemp("twice") / "unit"
    shutil.copytree(session_unit.root, root)
    engine = Engine.open(Workspace(root))
    for on in (day, day + timedelta(days=1)):
        engine.record(engine.assess(reading, assessed_on=on), reading, voyage, by="ana")
    return Workspace(root)


@pytest.fixture
def recorded(recorded_twice, tmp_path):
    """A copy of it that a test may change."""
    shutil.copytree(recorded_twice.root, tmp_path / "twice")
    return Workspace(tmp_path / "twice")


def test_every_assessed_container_is_there_once(session_unit, samples):
    replay = replay_runs(session_unit)
    files = sorted((samples / "earlier").glob("*.csv"))
    expected = sum(read_manifest(file).manifest.containers.height for file in files)
    assert replay.frame.height == expected
    assert replay.frame["container_id"].n_unique() == expected
    assert replay.frame["is_find"].null_count() == expected
    assert (replay.source, replay.reassessed, replay.undated) == ("runs", 0, 0)
    assert replay.examined_per_day is None


def test_a_container_that_was_assessed_twice_counts_as_it_was_last_known(
    recorded, reading, day
):
    replay = replay_runs(recorded, day, day + timedelta(days=1))
    assert replay.frame.height == reading.manifest.containers.height
    assert replay.frame["assessed_on"].unique().to_list() == [day + timedelta(days=1)]
    assert replay.reassessed == replay.frame.height


def test_a_container_counts_as_it_was_known_before_it_was_opened(recorded, reading, day):
    """The run of the day after already knows what was found."""
    number = reading.manifest.containers["container_number"].drop_nulls()[0]
    first_run = next(iter(_runs_of(recorded, day)))
    opened(recorded, number, Outcome.SEIZURE, day, run_id=first_run)
    frame = replay_runs(recorded, day).frame
    (row,) = frame.filter(pl.col("container_number") == number).iter_rows(named=True)
    assert (row["assessed_on"], row["is_find"], row["outcome"]) == (day, True, "seizure")
    assert frame["is_find"].count() == 1


def test_a_corrected_outcome_counts_as_corrected(recorded, reading, day):
    number = reading.manifest.containers["container_number"].drop_nulls()[0]
    opened(recorded, number, Outcome.SEIZURE, day)
    opened(recorded, number, Outcome.NIL, day, correcting="mixed up")
    frame = replay_runs(recorded).frame
    assert frame["is_find"].drop_nulls().to_list() == [False]


def test_an_outcome_before_every_assessment_counts_on_the_run_it_names(recorded, reading, day):
    number = reading.manifest.containers["container_number"].drop_nulls()[0]
    opened(
        recorded,
        number,
        Outcome.NIL,
        day - timedelta(days=30),
        run_id=_runs_of(recorded, day)[0],
    )
    (row,) = (
        replay_runs(recorded)
        .frame.filter(pl.col("container_number") == number)
        .iter_rows(named=True)
    )
    assert (row["assessed_on"], row["is_find"]) == (day, False)


def test_the_days_that_were_asked_for_are_the_days_that_come(session_unit):
    first, last = date(2026, 1, 10), date(2026, 2, 10)
    days = replay_runs(session_unit, first, last).frame["assessed_on"]
    assert days.min() >= first
    assert days.max() <= last


def test_what_was_assessed_after_the_last_day_takes_nothing_out_of_the_window(
    recorded, reading, day
):
    """The later run is read, because an outcome names it; its morning is not the window's."""
    number = reading.manifest.containers["container_number"].drop_nulls()[0]
    opened(recorded, number, Outcome.SEIZURE, day + timedelta(days=1))
    frame = replay_runs(recorded, day, day).frame
    assert frame.height == reading.manifest.containers.height
    assert frame["assessed_on"].unique().to_list() == [day]
    assert frame.filter(pl.col("container_number") == number)["is_find"].to_list() == [True]


@pytest.mark.parametrize("is_named_as_amended", [True, False])
def test_a_container_whose_bill_was_amended_is_one_container(
    recorded, reading, voyage_lines, written_lines, day, tmp_path, is_named_as_amended
):
    lines = [
        line | {"bill_of_lading": f"{line['bill_of_lading']}A"}
        if line["container_number"]
        else line
        for line in voyage_lines()
    ]
    file = written_lines(tmp_path / "amended.csv", lines)
    amended, later = read_manifest(file), day + timedelta(days=2)
    engine = Engine.open(recorded)
    engine.record(engine.assess(amended, assessed_on=later), amended, file, by="ana")
    number = amended.manifest.containers["container_number"].drop_nulls()[0]
    run_id = _runs_of(recorded, later if is_named_as_amended else day)[0]
    opened(recorded, number, Outcome.SEIZURE, later, run_id=run_id)
    frame = replay_runs(recorded, day).frame
    assert frame.height == reading.manifest.containers.height
    (row,) = frame.filter(pl.col("container_number") == number).iter_rows(named=True)
    assert (row["assessed_on"], row["is_find"]) == (later, True)
    assert row["bills_of_lading"][0].endswith("A")
    before = replay_runs(recorded, day, day).frame.filter(pl.col("container_number") == number)
    assert before["is_find"].to_list() == [True]


def test_a_number_that_stands_twice_on_one_voyage_is_two_containers(
    session_unit, voyage_lines, written_lines, day, tmp_path
):
    """Two port calls under one voyage number: the bills tell the boxes apart."""
    shutil.copytree(session_unit.root, tmp_path / "own")
    unit = Workspace(tmp_path / "own")
    line = next(line for line in voyage_lines() if line["container_number"])
    again = {"bill_of_lading": "OTHER1", "arrival_expected_on": "2026-03-20"}
    file = written_lines(tmp_path / "twice.csv", [line, line | again])
    reading, engine = read_manifest(file), Engine.open(unit)
    engine.record(engine.assess(reading, assessed_on=day), reading, file, by="ana")
    assert replay_runs(unit, day).frame.height == reading.manifest.containers.height == 2


def test_a_replay_says_which_runs_and_outcomes_it_speaks_of(recorded, reading, day):
    before = replay_runs(recorded, day).source_sha256
    assert before == replay_runs(recorded, day).source_sha256
    number = reading.manifest.containers["container_number"].drop_nulls()[0]
    opened(recorded, number, Outcome.NIL, day)
    assert replay_runs(recorded, day).source_sha256 != before


def test_earlier_containers_stand_around_for_rules_that_look_back(session_unit):
    days = sorted(replay_runs(session_unit).frame["assessed_on"].unique().to_list())
    replay = replay_runs(session_unit, days[2], look_back_days=400)
    past = replay.surroundings.past
    assert past["on"].max() < days[2]
    assert sorted(past["on"].unique().to_list()) == days[:2]


def test_a_replay_says_what_the_run_said(recorded, day):
    """The same rules over a replayed run answer as they did on its morning."""
    rules = in_force(recorded, day).rules
    alone = [rule for rule in rules if not rule.measures]
    frame = replay_runs(
        recorded, day, columns=frozenset({f for r in alone for f in r.catalogue_fields})
    ).frame
    said = evaluate(alone, frame).frame.filter(pl.col("verdict") == "match")
    (entry,) = (e for e in recorded_runs(recorded) if e.assessed_at.date() > day)
    known = read_frame(entry.folder_in(recorded), "verdicts").filter(
        (pl.col("verdict") == "match") & pl.col("rule_id").is_in([rule.id for rule in alone])
    )
    assert (
        said["rule_id"]
        .value_counts(sort=False)
        .sort("rule_id")
        .equals(known["rule_id"].value_counts(sort=False).sort("rule_id"))
    )


def test_no_run_is_no_container(unit):
    assert replay_runs(unit, date(2020, 1, 1), date(2020, 2, 1)).frame.is_empty()
    with pytest.raises(RunNotFound, match="Nothing was assessed"):
        history(unit, [], HistoryAsked(last=date(2020, 1, 1)))


@pytest.fixture(scope="session")
def small_world(tmp_path_factory):
    """A month of a small port with outcomes."""
    folder = tmp_path_factory.mktemp("world")
    write_world(simulate(Settings(months=1, containers_per_month=150, seed=3)), folder)
    return folder / "history"


def test_a_labelled_history_brings_every_container_examined_or_not(small_world):
    mapping = load_mapping(small_world / "mapping.toml")
    manifest = read_manifest(small_world / "history.parquet", mapping).manifest
    replay = replay_history([manifest])
    assert replay.frame.height == manifest.containers.height
    assert replay.frame["is_find"].count() == manifest.examinations.height
    assert replay.frame["is_random"].null_count() == replay.frame.height
    first = replay.frame["assessed_on"].min() + timedelta(days=10)
    later = replay_history([manifest], first)
    assert later.frame.height + later.surroundings.past.height == replay.frame.height


def test_a_history_without_days_is_refused(written_lines, tmp_path):
    file = written_lines(tmp_path / "plain.csv", [{"container_number": "CSQU3054383"}])
    with pytest.raises(TrainingImpossible, match="day"):
        replay_history([read_manifest(file).manifest])


def test_a_rule_is_found_by_id_by_version_and_by_file(session_unit, day):
    (rule,) = (rule for rule in in_force(session_unit, day).rules if rule.id == "CLO-DIG-002")
    version = f"clo-dig-002@{rule.version}"
    found = named_rules(session_unit, ["CLO-DIG-002", version], day)
    assert [one.sha256 for _, one in found] == [rule.sha256, rule.sha256]
    days = came_into_force(session_unit, [rule])
    assert days == {(rule.id, rule.version): max(date(2025, 12, 1), rule.valid_from)}


def test_a_version_that_does_not_run_yet_is_judged_with_the_exceptions_it_would_have(
    recorded, day, tmp_path
):
    rule = next(one.rule for one in installed(recorded) if one.rule.id == "CLO-DIG-002")
    file = tmp_path / "exception.yaml"
    file.write_text(
        "schema: 1\nid: EXC-1\nrules: [CLO-DIG-002]\nfield: shipper_name\nvalues: [ACME]\n"
        "reason: audited\napproved_by: bob\nfrom: 2026-03-01\nexpires: 2026-04-01\n",
        "utf-8",
    )
    found, faults = read_exception_file(file, catalog())
    assert faults == ()
    signed = Signed(at=datetime(2026, 3, 1, tzinfo=UTC), who="ana", reason="")
    with open_ledger(recorded) as connection:
        put_exceptions(connection, found, signed)
        put_standing(
            connection,
            version_of(connection, rule.id, rule.sha256),
            RuleStatus.RETIRED,
            signed,
        )
    ((_, meant),) = named_rules(recorded, ["CLO-DIG-002"], day)
    assert [exception.id for exception in meant.exceptions] == ["EXC-1"]
    ((_, later),) = named_rules(recorded, ["CLO-DIG-002"], date(2026, 5, 1))
    assert as_run(later) != as_run(meant)


@pytest.mark.parametrize(
    ("name", "said"),
    [("CLO-DIG-009", "CLO-DIG-00"), ("CLO-DIG-002@77", "versions"), ("nowhere", "rules list")],
)
def test_a_rule_that_is_not_there_is_refused_with_what_was_meant(session_unit, day, name, said):
    with pytest.raises(RuleNotFound, match=said):
        named_rules(session_unit, [name], day)


def test_a_replay_holds_the_fields_that_rules_ask_for(session_unit, day):
    """A name that the replay leaves out would turn answers into unknowns."""
    names = {field.name for field in catalog()}
    frame = replay_runs(session_unit).frame
    assert names <= set(frame.columns)


def _runs_of(unit, day):
    return [e.run_id for e in recorded_runs(unit) if e.assessed_at.date() == day]
