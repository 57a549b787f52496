"""``train`` and ``models``: a new bundle on the shelf, never in force by itself."""

from __future__ import annotations

import json
import re

import pytest

from riskengine.model import shelf
from riskengine.register import audit
from riskengine.simulate import Settings, simulate, write_world

REASON = "two months are a beginning"  # a small world's model may look no better than chance


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Two months of a small simulated port, often examined."""
    folder = tmp_path_factory.mktemp("world")
    settings = Settings(
        months=2,
        containers_per_month=400,
        trader_count=200,
        prevalence=0.1,
        examined_share=0.6,
        seed=5,
    )
    write_world(simulate(settings), folder)
    return folder


@pytest.fixture
def trained(unit, world, command):
    """The answer of a training with a note."""
    history = world / "history"
    return command(
        "train", "--history", history / "history.parquet", "--mapping", history / "mapping.toml",
        "--note", "two months at the north quay", "-w", unit.root,
    )  # fmt: skip


def listed(command, unit):
    said = command("models", "list", "--json", "-w", unit.root)
    assert said.code == 0
    return [json.loads(line) for line in said.out.splitlines()]


def test_training_shelves_a_model_that_is_not_in_force_until_promoted(unit, trained, command):
    before = shelf.read_pointer(unit)
    assert trained.code == 0, trained.err
    assert "two months at the north quay" in trained.out
    new, old = sorted(listed(command, unit), key=lambda model: model["is_in_force"])
    assert (old["id"], old["is_in_force"]) == (before.id, True)
    assert not new["is_in_force"]
    assert new["finds"] > 10
    assert f"riskengine models promote {new['id']}" in trained.err

    shown = command("models", "show", new["id"], "-w", unit.root)
    assert shown.out == trained.out
    in_force = command("models", "show", "--json", "-w", unit.root)
    assert json.loads(in_force.out)["id"] == before.id

    asked = command(
        "models", "promote", new["id"], "--officer", "Ama", "--reason", REASON, "-w", unit.root
    )
    assert asked.code == 0, asked.err
    assert shelf.read_pointer(unit) == before
    promoted = command("models", "approve", new["id"], "--officer", "Ben", "-w", unit.root)
    assert promoted.code == 0, promoted.err
    assert f"{new['id']} is in force, asked for by Ama, approved by Ben." in promoted.err
    assert shelf.read_pointer(unit).id == new["id"]
    assert audit.entries(unit, about=new["id"])[0].actor == "Ama"
    assert [m["id"] for m in listed(command, unit) if m["is_in_force"]] == [new["id"]]


def test_the_promoted_model_scores(unit, trained, command, samples, at):
    file = samples / "broken" / "latin1.csv"
    score = ("score", file, "--json", "--all-reasons", "--dry-run", *at, "-w", unit.root)
    before = command(*score)
    new = next(model["id"] for model in listed(command, unit) if not model["is_in_force"])
    assert command(*score).out == before.out
    command("models", "promote", new, "--officer", "Ama", "--reason", REASON, "-w", unit.root)
    command("models", "approve", new, "--officer", "Ben", "-w", unit.root)
    after = command(*score)
    assert after.code == 0
    assert after.out != before.out


def test_the_page_marks_the_model_in_force(unit, command):
    said = command("models", "list", "-w", unit.root)
    assert shelf.read_pointer(unit).id in said.out
    assert "in force" in said.out


@pytest.mark.parametrize("verb", ["show", "promote"])
@pytest.mark.parametrize("name", ["nothing-here", "../../etc"])
def test_a_model_that_is_not_there_is_refused(unit, command, verb, name):
    said = command("models", verb, name, "-w", unit.root)
    assert said.code == 3
    assert "riskengine models list" in said.err


def test_a_history_without_outcomes_cannot_teach(unit, voyage, command):
    said = command("train", "--history", voyage, "-w", unit.root)
    assert said.code == 3
    assert "outcome" in said.err
    assert len(listed(command, unit)) == 1


def test_a_remembered_history_counts_once(unit, world, command):
    history = world / "history"
    options = (
        "train", "--history", history / "history.parquet", "--mapping", history / "mapping.toml",
        "--remember", "-w", unit.root,
    )  # fmt: skip
    first, second = (
        re.search(r"^(\d+) containers of the history were new", said.err, re.MULTILINE)
        for said in (command(*options), command(*options))
    )
    assert int(first[1]) > 400
    assert int(second[1]) == 0
