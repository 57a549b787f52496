"""The challenger speaks in the shadow: it is kept with the run and moves nothing."""

from __future__ import annotations

import shutil
from dataclasses import asdict, replace

import polars as pl
import pytest

from riskengine.engine import Engine, shadow
from riskengine.engine.recorded import read_run
from riskengine.engine.side_by_side import compare, named_pair
from riskengine.errors import FeatureMismatch, ModelError
from riskengine.ledger import runs
from riskengine.ledger.run_register import find_run, recorded_runs
from riskengine.model import shelf
from riskengine.model.bundle import assemble, load
from riskengine.model.card import Calibration
from riskengine.rules.store import in_force
from riskengine.selectivity import read_policy


@pytest.fixture(scope="module")
def challenged(session_unit, tmp_path_factory):
    """A unit whose challenger turns the model's margins nearly flat, so that rules decide: nobody may change it."""
    root = tmp_path_factory.mktemp("challenged") / "unit"
    shutil.copytree(session_unit.root, root)
    unit = type(session_unit)(root)
    champion = load(shelf.in_force(unit))
    card = replace(
        champion.card, calibration=Calibration(intercept=-3.0, slope=0.05), note="flat"
    )
    flat = assemble(
        card, model_text=champion.model_text, golden=champion.golden, booster=champion.booster
    )
    shelf.put(unit, flat)
    shelf.promote(unit, flat.card.id, "Ama", pointer_file=shelf.CHALLENGER_FILE)
    return unit


@pytest.fixture(scope="module")
def shadowed(challenged, reading, day):
    return Engine.open(challenged).assess(reading, assessed_on=day)


def test_the_challenger_moves_nothing(run, shadowed):
    """Not the id, not a digest, not a rank: a run with it is the run without it, and one frame more."""
    assert shadowed.card == replace(run.card, challenger_id=shadowed.card.challenger_id)
    assert shadowed.card.challenger_id
    mine, theirs = run.frames(), shadowed.frames()
    assert set(theirs) - set(mine) == {"challenger"}
    for name, frame in mine.items():
        assert frame.equals(theirs[name]), name


def test_the_challenger_ranks_every_container_in_its_own_way(shadowed):
    said = shadowed.challenger
    assert dict(said.schema) == dict(shadow.CHALLENGER)
    assert sorted(said["container_id"]) == sorted(shadowed.assessments["container_id"])
    assert said["rank"].to_list() == list(range(1, said.height + 1))
    assert said["log_odds"].is_sorted(descending=True)
    champion = shadowed.assessments["container_id"].to_list()
    assert said["container_id"].to_list() != champion
    # The draw is the unit's, whoever ranks.
    drawn = set(shadowed.assessments.filter("is_random")["container_id"])
    assert set(said.filter(pl.col("lane") == "red")["container_id"]) >= drawn


def test_the_model_in_force_in_the_shadow_says_what_it_says_in_force(challenged, run):
    champion = load(shelf.in_force(challenged))
    rules = in_force(challenged, pl.Series([run.card.assessed_on]).str.to_date()[0]).rules
    said = shadow.shadow_of(
        run, champion, habits=None, policy=read_policy(challenged.settings_file), rules=rules
    )
    kept = run.assessments.select(shadow.CHALLENGER.keys())
    assert said.equals(kept.cast(pl.Schema(shadow.CHALLENGER)))


def test_a_dry_run_has_no_shadow(challenged, reading, day):
    assert (
        Engine.open(challenged).assess(reading, assessed_on=day, is_dry=True).challenger is None
    )


def test_a_challenger_that_cannot_read_the_manifest_says_nothing_and_stops_nothing(
    challenged, reading, day, monkeypatch
):
    def refuse(*_args):
        raise FeatureMismatch("lacks a column")

    monkeypatch.setattr(shadow, "log_odds_of", refuse)
    run = Engine.open(challenged).assess(reading, assessed_on=day)
    assert run.challenger.height == run.assessments.height
    assert (
        run.challenger.drop("container_id").null_count().row(0) == (run.challenger.height,) * 4
    )


def test_a_damaged_challenger_stops_no_assessment(challenged, tmp_path):
    shutil.copytree(challenged.root, tmp_path / "unit")
    unit = type(challenged)(tmp_path / "unit")
    pointer = shelf.read_pointer(unit, shelf.CHALLENGER_FILE)
    (unit.models_folder / pointer.id / "model.txt").write_text("tree", "utf-8")
    engine = Engine.open(unit)
    assert engine.challenger is None
    assert "damaged" in engine.challenger_fault


def test_a_recorded_run_keeps_its_shadow_and_an_older_one_has_none(
    challenged, shadowed, reading, voyage, tmp_path
):
    shutil.copytree(challenged.root, tmp_path / "unit")
    unit = type(challenged)(tmp_path / "unit")
    Engine.open(unit).record(shadowed, reading, voyage, by="tester")
    kept = read_run(find_run(unit, shadowed.card.run_id).folder_in(unit))
    assert kept.challenger.equals(shadowed.challenger)
    assert asdict(kept.card) == asdict(shadowed.card)
    older = next(one for one in recorded_runs(unit) if one.run_id != shadowed.card.run_id)
    assert read_run(older.folder_in(unit)).challenger is None
    # The command that was killed before it registered the run may be repeated under another challenger.
    engine = replace(Engine.open(unit), challenger=None)
    again = replace(shadowed, card=replace(shadowed.card, challenger_id=""), challenger=None)
    card = {name: value for name, value in asdict(again.card).items() if name != "run_id"}
    folder = runs.write_run(
        unit,
        again.card.run_id,
        pl.Series([again.card.assessed_on]).str.to_date()[0],
        again.frames(),
        card,
    )
    assert folder == find_run(unit, again.card.run_id).folder_in(unit)
    assert engine.challenger is None


def test_two_models_are_compared_over_all_recorded_runs(challenged):
    one, other = named_pair(challenged)
    beside = compare(challenged, one, other)
    assert beside.runs == len(recorded_runs(challenged))
    assert beside.containers == sum(run.container_count for run in recorded_runs(challenged))
    assert beside.rescored == beside.containers  # no run has kept a shadow yet
    assert beside.unread == 0
    assert -1 <= beside.agreement < 1
    assert beside.moved
    first = beside.moved[0]
    assert 1 <= min(first.one, first.other) <= max(first.one, first.other) <= first.containers
    assert beside == compare(challenged, one, other)
    turned = compare(challenged, other, one)
    assert turned.agreement == beside.agreement
    assert {one.container_number for one in turned.moved} == {
        one.container_number for one in beside.moved
    }


def test_a_model_is_not_compared_with_itself_or_with_nobody(challenged, session_unit):
    one, _ = named_pair(challenged)
    with pytest.raises(ModelError, match="with itself"):
        named_pair(challenged, one, one)
    with pytest.raises(ModelError, match="no challenger"):
        named_pair(session_unit)
