"""``train`` without a history: the unit's own runs and outcomes teach, and habits need no outcome."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta

import pytest

from riskengine.domain import ExaminationResult, Outcome
from riskengine.errors import ModelError
from riskengine.ledger.run_register import recorded_runs
from riskengine.ledger.runs import read_frame
from riskengine.model import habits, shelf
from riskengine.model.bundle import load
from riskengine.review import enter
from riskengine.simulate import Settings, simulate, write_world
from riskengine.workspace import Workspace


@pytest.fixture(scope="module")
def taught_once(session_unit, tmp_path_factory):
    """A unit that has opened two dozen containers, twelve of them with a find."""
    root = tmp_path_factory.mktemp("taught") / "unit"
    shutil.copytree(session_unit.root, root)
    unit = Workspace(root)
    left = 24
    for entry in recorded_runs(unit)[:2]:
        numbers = read_frame(entry.folder_in(unit), "assessments")["container_number"]
        for number in numbers.drop_nulls().head(12):
            left -= 1
            at = entry.assessed_at + timedelta(days=2)
            outcome = Outcome.SEIZURE if left % 2 == 0 else Outcome.NIL
            result = ExaminationResult(
                container_number=number, outcome=outcome, examined_at=at, officer="Ama"
            )
            enter(unit, result, run_id=entry.run_id, entered_at=at)
    return unit


@pytest.fixture
def taught(taught_once, tmp_path):
    """A copy of it that a test may change."""
    shutil.copytree(taught_once.root, tmp_path / "taught")
    return Workspace(tmp_path / "taught")


def test_own_outcomes_judge_the_model_in_force(taught, command):
    before = load(shelf.in_force(taught))
    said = command("train", "--note", "first spring", "-w", taught.root)
    assert said.code == 0, said.err
    assert "24 opened containers, 12 of them with a find." in said.err
    assert "nobody opened them" in said.err
    assert "The trees are those of the model in force" in said.err
    new = next(one for one in shelf.list_bundles(taught) if not one.is_in_force)
    bundle = load(new.folder)
    assert bundle.model_text == before.model_text
    assert bundle.card.calibration != before.card.calibration
    assert bundle.card.combination.containers == 24
    assert bundle.card.combination.finds == 12
    assert "first spring" in said.out
    assert shelf.read_pointer(taught).id == before.card.id


def test_trees_grow_anew_where_a_person_says_so(taught, command):
    said = command("train", "--grow-trees", "--unopened-as-nils", "-w", taught.root)
    assert said.code == 0, said.err
    new = next(one for one in shelf.list_bundles(taught) if not one.is_in_force)
    assert load(new.folder).model_text != load(shelf.in_force(taught)).model_text


def test_a_file_and_own_outcomes_teach_together_and_only_the_own_ones_judge_rules(
    taught, command, tmp_path
):
    settings = Settings(
        months=2, containers_per_month=150, trader_count=100, prevalence=0.1,
        examined_share=0.6, seed=5,
    )  # fmt: skip
    write_world(simulate(settings), tmp_path / "world")
    history = tmp_path / "world" / "history"
    options = (
        "train", "--history", history / "history.parquet", "--mapping", history / "mapping.toml",
        "--without", "gross_mass_kg", "-w", taught.root,
    )  # fmt: skip
    known = {one.id for one in shelf.list_bundles(taught)}
    alone, both = command(*options), command(*options, "--own")
    assert (alone.code, both.code) == (0, 0), both.err
    cards = [one.card for one in shelf.list_bundles(taught) if one.id not in known]
    cards.sort(key=lambda card: card.window.containers)
    assert cards[1].window.containers == cards[0].window.containers + 24
    assert cards[0].combination is None
    assert "gross_mass_kg" not in cards[1].feature_names


def test_without_an_outcome_there_is_nothing_to_learn(unit, command):
    said = command("train", "-w", unit.root)
    assert said.code == 3
    assert "riskengine outcome" in said.err


def test_habits_are_learned_from_what_was_assessed_and_score_once_promoted(
    unit, command, monkeypatch, samples, at
):
    file = samples / "broken" / "latin1.csv"
    score = ("score", file, "--json", "--dry-run", *at, "-w", unit.root)
    before = command(*score).out
    too_few = command("train", "--habits", "-w", unit.root)
    assert too_few.code == 3
    assert "too few" in too_few.err
    monkeypatch.setattr(habits, "CONTAINERS_NEEDED", 100)
    assert command("train", "--habits", "-w", unit.root).code == 0
    assert command(*score).out == before
    said = command("train", "--habits", "--promote", "--officer", "Ama", "-w", unit.root)
    assert said.code == 0, said.err
    asked = next(entry.id for entry in shelf.list_bundles(unit) if entry.id in said.err)
    assert f"riskengine models approve {asked}" in said.err
    assert shelf.read_pointer(unit, shelf.HABITS_FILE) is None
    approved = command("models", "approve", asked, "--officer", "Ben", "-w", unit.root)
    assert approved.code == 0, approved.err
    pointer = shelf.read_pointer(unit, shelf.HABITS_FILE)
    assert (pointer.id, pointer.by) == (asked, "Ama")
    assert command(*score).out != before
    listed = [
        json.loads(line)
        for line in command("models", "list", "--json", "-w", unit.root).out.splitlines()
    ]
    assert {one["id"] for one in listed if one["is_in_force"]} == {
        pointer.id,
        shelf.read_pointer(unit).id,
    }


def test_a_habits_model_never_takes_the_place_of_the_other_kind(unit, command, monkeypatch):
    monkeypatch.setattr(habits, "CONTAINERS_NEEDED", 100)
    before = shelf.read_pointer(unit)
    command("train", "--habits", "-w", unit.root)
    new = next(one.id for one in shelf.list_bundles(unit) if not one.is_in_force)
    with pytest.raises(ModelError, match="cannot stand in the place"):
        shelf.promote(unit, new, "Ama")
    assert shelf.read_pointer(unit) == before


@pytest.mark.parametrize(
    ("options", "named"),
    [(("--promote",), "--promote"), (("--remember",), "--remember")],
)
def test_what_makes_no_sense_is_refused(unit, command, options, named):
    said = command("train", *options, "-w", unit.root)
    assert said.code == 2
    assert named in said.err
