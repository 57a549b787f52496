"""A unit learns from its own runs: what was assessed, what was found, and how likely it was opened."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from riskengine.domain import ExaminationResult, Outcome
from riskengine.engine import Engine
from riskengine.engine.counted_once import SAME_VOYAGE_DAYS, TWICE, without_twice
from riskengine.engine.learning import own_lessons
from riskengine.engine.lessons import (
    habits_features,
    lessons_of,
    offered_features,
    together,
)
from riskengine.engine.own_outcomes import own_rows
from riskengine.engine.weighting import MOST_WEIGHT, inverse_chances, presumed_nils
from riskengine.errors import TrainingImpossible
from riskengine.ledger.history import merge
from riskengine.ledger.run_register import recorded_runs
from riskengine.ledger.runs import read_frame
from riskengine.manifest import read_manifest
from riskengine.model.card import LeftOut
from riskengine.review import enter
from riskengine.workspace import Workspace


def found(unit, number, outcome, *, days=3, correcting=""):
    """Enter an outcome of a container, some days after its last assessment."""
    entry = max(
        (
            run
            for run in recorded_runs(unit)
            if number
            in read_frame(run.folder_in(unit), "assessments")["container_number"].to_list()
        ),
        key=lambda run: run.assessed_at,
    )
    at = entry.assessed_at + timedelta(days=days)
    result = ExaminationResult(
        container_number=number, outcome=outcome, examined_at=at, officer="Ama"
    )
    return enter(unit, result, correcting=correcting, entered_at=at)


def numbers(unit, run=0):
    folder = recorded_runs(unit)[run].folder_in(unit)
    return read_frame(folder, "assessments")["container_number"].drop_nulls().to_list()


def matched_number(unit):
    """A container of the runs that a rule which counts has matched, with its run's folder."""
    for entry in recorded_runs(unit):
        folder = entry.folder_in(unit)
        counting = read_frame(folder, "rules").filter(
            pl.col("status").is_in(["trial", "active"])
        )
        matched = (
            read_frame(folder, "verdicts")
            .filter(pl.col("verdict") == "match")
            .join(counting.select("rule_id", "version"), on=["rule_id", "version"])
            .join(
                read_frame(folder, "assessments").select("container_id", "container_number"),
                on="container_id",
            )
        )
        if not matched.is_empty():
            return matched["container_number"][0], set(matched["rule_id"]), folder
    raise AssertionError("no rule matched anything")


def test_each_opened_container_is_learned_from_as_it_was_assessed(unit):
    first, second = numbers(unit)[:2]
    found(unit, first, Outcome.SEIZURE)
    found(unit, second, Outcome.NIL)
    lessons = own_lessons(unit)
    by_number = lessons.frame.with_columns(find=lessons.is_find).rows_by_key(
        "container_number", named=True, unique=True
    )
    assert {number: row["find"] for number, row in by_number.items()} == {
        first: True,
        second: False,
    }
    row = by_number[first]
    kept = read_frame(recorded_runs(unit)[0].folder_in(unit), "indicators").row(
        by_predicate=pl.col("container_number") == first, named=True
    )
    assert all(row[one.name] == kept[one.name] for one in lessons.features if one.name in kept)


def test_a_corrected_outcome_counts_as_corrected_from_the_day_it_was(unit):
    number = numbers(unit)[0]
    told = found(unit, number, Outcome.SEIZURE)
    found(unit, number, Outcome.NIL, days=9, correcting="the wrong box")
    lessons = own_lessons(unit)
    assert lessons.is_find.to_list() == [False]
    assert lessons.known_on.to_list() == [told.examined_at.date() + timedelta(days=6)]


def test_what_nobody_opened_is_kept_apart_and_named(unit):
    found(unit, numbers(unit)[0], Outcome.NIL)
    lessons = own_lessons(unit)
    everything = own_rows(unit, []).frame.height
    assert lessons.frame.height == 1
    assert lessons.unopened.height == everything - 1
    assert {one.why: one.containers for one in lessons.left_out}["nobody opened them"] == (
        everything - 1
    )


def test_a_voyage_assessed_again_counts_once_as_it_was_when_opened(unit, samples):
    earlier = min((samples / "earlier").glob("*.csv"))
    number = numbers(unit)[0]
    found(unit, number, Outcome.SEIZURE, days=0)
    before = own_rows(unit, ["assessed_on"])
    reading = read_manifest(earlier)
    engine = Engine.open(unit)
    later = date.fromisoformat(earlier.stem) + timedelta(days=2)
    engine.record(engine.assess(reading, assessed_on=later), reading, earlier, by="tester")
    after = own_rows(unit, ["assessed_on"])
    assert after.frame.height == before.frame.height
    assert after.reassessed > before.reassessed
    opened = after.frame.filter(pl.col("container_number") == number)
    assert opened["assessed_on"].to_list() == [date.fromisoformat(earlier.stem)]
    others = after.frame.filter(pl.col("run_id") == recorded_runs(unit)[-1].run_id)
    assert number not in others["container_number"].to_list()


def test_a_match_judges_a_rule_by_the_content_that_matched(unit):
    number, matched, folder = matched_number(unit)
    found(unit, number, Outcome.NIL)
    lessons = own_lessons(unit)
    applied = read_frame(folder, "rules")
    shadow = applied.filter(~pl.col("status").is_in(["trial", "active"]))["rule_id"]
    assert lessons.matches["row"].unique().to_list() == [0]
    assert set(lessons.matches["rule_id"]) <= matched
    assert set(lessons.matches["sha256"]) <= set(applied["sha256"])
    assert not set(lessons.matches["rule_id"]) & set(shadow)


def test_a_unit_without_outcomes_is_told_to_enter_them(unit):
    with pytest.raises(TrainingImpossible) as refused:
        own_lessons(unit)
    assert "riskengine outcome" in refused.value.remedy


def test_the_same_runs_and_outcomes_give_the_same_lessons(unit, tmp_path):
    for number, outcome in zip(numbers(unit)[:6], [*Outcome] * 2, strict=True):
        found(unit, number, outcome)
    shutil.copytree(unit.root, tmp_path / "moved")
    one, other = own_lessons(unit), own_lessons(Workspace(tmp_path / "moved"))
    assert one.frame.equals(other.frame)
    assert one.matches.equals(other.matches)


def test_two_sources_are_learned_from_together(unit):
    number, _, folder = matched_number(unit)
    found(unit, number, Outcome.SEIZURE)
    red = read_frame(folder, "assessments").filter(pl.col("lane") == "red")
    found(unit, red["container_number"][0], Outcome.NIL)
    own = own_lessons(unit)
    both = together(own, own)
    assert both.frame.height == 2 * own.frame.height
    assert both.is_find.to_list() == own.is_find.to_list() * 2
    assert both.weight.len() == both.frame.height
    assert both.matches["row"].max() >= own.frame.height


def test_a_small_chance_stands_for_many_up_to_a_cap():
    weighted = inverse_chances(pl.Series([1.0, 0.1, 0.001]))
    inverse = [1, 10, MOST_WEIGHT]
    mean = sum(inverse) / 3
    assert weighted.in_rates.to_list() == pytest.approx([one / mean for one in inverse])
    assert weighted.in_trees.max() / weighted.in_trees.min() <= 3
    assert "1 of 3" in weighted.remarks[0]


def test_an_unknown_chance_counts_as_the_average_one_and_is_named():
    weighted = inverse_chances(pl.Series([1.0, None, 0.1]))
    assert weighted.in_rates.to_list()[1] == 1.0
    assert any("nobody noted" in remark for remark in weighted.remarks)
    assert inverse_chances(pl.Series([None, None], dtype=pl.Float64)) is None


def test_an_opened_nil_counts_more_than_any_unopened_one():
    opened = pl.Series([1.0] * 100)
    assert presumed_nils(opened, 10) < opened.min()
    assert presumed_nils(opened, 100_000) * 100_000 <= opened.sum()
    assert presumed_nils(opened, 0) == 0


def test_a_habits_model_is_offered_nothing_that_outcomes_taught():
    features = offered_features()
    names = {one.name for one in habits_features(features, [one.name for one in features])}
    assert "consignee_containers_before" in names
    assert not [name for name in names if "find" in name or "examined" in name]


def test_the_moment_of_entry_is_told_in_utc(unit):
    found(unit, numbers(unit)[0], Outcome.NIL)
    known = own_lessons(unit).known_on[0]
    assert isinstance(known, date)
    assert known < datetime.now(UTC).date()


def test_two_spellings_of_one_trader_are_one_group_and_to_order_is_none():
    rows = pl.DataFrame(
        {
            "assessed_on": [date(2026, 1, 1)] * 4,
            "is_find": [True, False, False, False],
            "consignee_name": ["Ácme Frutas, S.A.", "ACME FRUTAS SA", "TO ORDER", "To order"],
            "shipper_name": ["Andes Export", "Andes Export", "Blue Sea Ltd", None],
        }
    )
    groups = lessons_of(rows, (), merge(()), remedy="").group
    assert groups is not None
    first, second, third, fourth = groups.to_list()
    assert first == second
    assert third not in {None, first}
    assert fourth is None


def test_what_a_file_and_the_own_runs_both_hold_counts_once_as_the_unit_assessed_it(unit):
    first, second, third = numbers(unit)[:3]
    for number in (first, second, third):
        found(unit, number, Outcome.SEIZURE)
    own = own_lessons(unit)
    later = own.frame["assessed_on"] + timedelta(days=SAME_VOYAGE_DAYS)
    bills = [[*own.frame["bills_of_lading"][0]], ["ANOTHER"], None]
    told = replace(
        own,
        frame=own.frame.with_columns(
            later.alias("assessed_on"), bills_of_lading=pl.Series(bills)
        ),
        weight=pl.Series([1.0, 0.5, 1.5]),
        unopened=own.unopened.head(5),
        left_out=(LeftOut(containers=5, why="nobody opened them"),),
    )
    assert own.frame["bills_of_lading"].list.len().min() > 0
    kept, same = without_twice(told, own)
    # Another bill is another voyage; where one side names no bill the number is enough.
    assert kept.frame["container_number"].to_list() == [own.frame["container_number"][1]]
    assert kept.is_find.len() == kept.known_on.len() == kept.group.len() == 1
    assert kept.weight.to_list() == [1.0]
    assert kept.matches["row"].is_in([0]).all()
    assert kept.unopened.is_empty()
    assert {one.why: one.containers for one in kept.left_out} == {TWICE: 2 + 5}
    assert same.frame.equals(own.frame)
    assert same.unopened.height == own.unopened.height
    assert together(kept, same).frame.height == 4


def test_the_same_box_on_a_later_voyage_is_another_container(unit):
    found(unit, numbers(unit)[0], Outcome.SEIZURE)
    own = own_lessons(unit)
    later = own.frame["assessed_on"] + timedelta(days=SAME_VOYAGE_DAYS + 1)
    told = replace(
        own,
        frame=own.frame.with_columns(later.alias("assessed_on")),
        unopened=own.unopened.clear(),
        left_out=(),
    )
    kept, same = without_twice(told, own)
    assert kept.frame.height == 1
    assert kept.left_out == ()
    assert same.left_out == own.left_out


def test_what_only_the_file_saw_opened_is_not_one_that_nobody_opened(unit):
    found(unit, numbers(unit)[0], Outcome.SEIZURE)
    own = own_lessons(unit)
    told = replace(
        own,
        frame=own.unopened.head(1).with_columns(is_find=True),
        unopened=own.unopened.clear(),
        matches=own.matches.clear(),
        left_out=(),
    )
    kept, same = without_twice(told, own)
    assert kept.frame.height == 1
    same_as_first = own.unopened.height - same.unopened.height
    assert same_as_first >= 1
    assert {one.why: one.containers for one in same.left_out}["nobody opened them"] == (
        same.unopened.height
    )
