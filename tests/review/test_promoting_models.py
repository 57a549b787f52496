"""A model comes into force by its evidence and two persons; who they were is in the audit chain."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from riskengine.errors import ModelError, ModelRefused
from riskengine.model import shelf
from riskengine.model.bundle import assemble, load
from riskengine.model.card import SCHEMA
from riskengine.model.figures import Leak
from riskengine.register import audit
from riskengine.register.model_changes import ModelChangeState, model_changes
from riskengine.review import (
    ModelStep,
    approve_model,
    challenge,
    look_after,
    model_evidence,
    pending_models,
    promotion,
    refuse_model,
    request_model,
)

AT = datetime(2026, 3, 5, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nothing_opened(monkeypatch):
    """No outcome can judge a model here; what the shadow shows has tests of its own."""
    monkeypatch.setattr(model_evidence, "_shadow", lambda *_args: None)


@pytest.fixture
def sibling(unit):
    """Shelve a model like the one in force but for what is changed on its card, and return its id."""

    def shelve(**changed) -> str:
        champion = load(shelf.in_force(unit))
        card = replace(champion.card, **({"note": "another"} | changed))
        bundle = assemble(
            card,
            model_text=champion.model_text,
            golden=champion.golden,
            booster=champion.booster,
        )
        shelf.put(unit, bundle)
        return bundle.card.id

    return shelve


def ask(unit, model_id: str, by: str = "Ama", **more):
    return request_model(unit, ModelStep(model_id=model_id, by=by, at=AT, **more))


def test_a_model_goes_in_force_when_another_person_approves(unit, sibling):
    before, new = shelf.read_pointer(unit), sibling()
    change = ask(unit, new)
    assert change.state is ModelChangeState.PENDING
    assert shelf.read_pointer(unit) == before
    approve_model(unit, new, by="Ben", at=AT, reason="seen in the shadow")
    pointer = shelf.read_pointer(unit)
    assert (pointer.id, pointer.by, pointer.change_id) == (new, "Ama", change.change_id)
    acts = [(one.actor, one.action) for one in audit.entries(unit, about=new)]
    assert acts == [
        ("Ama", "model_change_requested"),
        ("Ben", "model_change_approved"),
        ("Ben", "model_change_completed"),
    ]
    kept = json.loads(audit.entries(unit, about=new)[0].payload)
    assert kept["particulars"]["evidence"]["card_sha256"] == pointer.sha256
    assert any("average precision" in fact for fact in kept["particulars"]["evidence"]["facts"])
    assert not pending_models(unit)
    audit.verify(unit)


@pytest.mark.parametrize("name", ["Ama", " ama ", "AMA."])
def test_who_asked_cannot_approve_and_may_take_it_back(unit, sibling, name):
    new = sibling()
    ask(unit, new)
    with pytest.raises(ModelRefused, match="another person approves"):
        approve_model(unit, new, by=name, at=AT)
    refuse_model(unit, new, by=name, at=AT, reason="asked too early")
    assert not pending_models(unit)
    assert shelf.read_pointer(unit).id != new


def test_where_nobody_else_ever_acted_one_person_is_enough_and_that_is_kept(
    unit, sibling, monkeypatch
):
    new = sibling()
    monkeypatch.setattr(promotion, "_others", lambda _unit, _by: False)
    change = ask(unit, new)
    assert change.state is ModelChangeState.COMPLETED
    assert change.particulars["is_alone"] is True
    assert shelf.read_pointer(unit).id == new


def test_whoever_founded_the_workspace_is_somebody_else(tmp_path, found_with_seed):
    fresh = found_with_seed(tmp_path / "fresh", b"0" * 32)
    assert promotion._others(fresh, "Ama")
    assert not promotion._others(fresh, " CHIEF ")


def test_a_model_whose_figures_say_little_needs_a_reason(unit, sibling, monkeypatch):
    """Measured on three finds it may rank no better than a draw; whoever insists is kept in the chain."""
    new = sibling()
    monkeypatch.setattr(model_evidence, "FEWEST_FINDS", 10_000)
    with pytest.raises(ModelRefused, match="finds only"):
        ask(unit, new)
    change = ask(unit, new, reason="the only one of our own port")
    assert "finds only" in " ".join(change.particulars["evidence"]["doubts"])
    approve_model(
        unit, new, by="Ben", at=AT
    )  # what was known when it was asked for needs no second reason
    kept = json.loads(audit.entries(unit, about=new)[0].payload)
    assert kept["reason"] == "the only one of our own port"


def test_a_doubt_that_came_up_since_needs_a_reason_of_whoever_approves(
    unit, sibling, monkeypatch
):
    new = sibling()
    ask(unit, new)
    monkeypatch.setattr(model_evidence, "FEWEST_FINDS", 10_000)
    with pytest.raises(ModelRefused, match="finds only"):
        approve_model(unit, new, by="Ben", at=AT)
    approve_model(unit, new, by="Ben", at=AT, reason="a small port")
    assert shelf.read_pointer(unit).id == new


def test_each_doubted_indicator_must_be_answered_for(unit, sibling):
    leak = Leak(
        name="gross_mass_kg", kind="too good", measure=0.99, why="tells all finds alone"
    )
    new = sibling(leaks=(leak,))
    with pytest.raises(ModelRefused, match="gross_mass_kg may be known too late"):
        ask(unit, new)
    with pytest.raises(ModelRefused, match="no such indicator"):
        ask(unit, new, answers={"gross_mass_kg": "weighed at the gate", "seal": "no"})
    change = ask(unit, new, answers={"gross_mass_kg": "weighed at the gate"})
    assert "gross_mass_kg: weighed at the gate" in change.particulars["evidence"]["facts"]
    approve_model(unit, new, by="Ben", at=AT)
    assert shelf.read_pointer(unit).id == new


def test_a_worse_card_on_the_same_containers_is_a_doubt(unit, sibling):
    metrics = load(shelf.in_force(unit)).card.metrics
    worse = sibling(
        metrics=replace(metrics, average_precision=metrics.average_precision - 0.01)
    )
    with pytest.raises(ModelRefused, match="higher average precision"):
        ask(unit, worse)


def test_one_model_waits_at_a_time(unit, sibling):
    one, other = sibling(), sibling(note="a third")
    ask(unit, one)
    with pytest.raises(ModelRefused, match="waits for a second person"):
        ask(unit, other)


def test_a_model_that_waits_keeps_no_model_of_another_place_waiting(unit, sibling):
    finds, habits = sibling(), sibling(schema=SCHEMA, purpose="habits")
    ask(unit, finds)
    ask(unit, habits, reason="no outcomes yet")
    another = sibling(schema=SCHEMA, purpose="habits", note="a third")
    with pytest.raises(ModelRefused, match="waits for a second person"):
        ask(unit, another, reason="no outcomes yet")
    approve_model(unit, habits, by="Ben", at=AT)
    approve_model(unit, finds, by="Ben", at=AT)
    assert shelf.read_pointer(unit, shelf.HABITS_FILE).id == habits
    assert shelf.read_pointer(unit).id == finds


def test_a_waiting_model_whose_card_is_gone_may_be_for_any_place(unit, sibling):
    gone, other = sibling(), sibling(note="a third")
    ask(unit, gone)
    shutil.rmtree(unit.models_folder / gone)
    with pytest.raises(ModelRefused, match="waits for a second person"):
        ask(unit, other)
    refuse_model(unit, gone, by="Ben", at=AT, reason="it is gone")
    ask(unit, other)


@pytest.mark.parametrize(("auc", "is_doubted"), [(0.56, True), (0.62, False)])
def test_ranking_no_better_than_one_in_twenty_drawn_ones_is_a_doubt(
    unit, sibling, auc, is_doubted
):
    """Of 25 finds among 125 containers a model that knows nothing reaches 0.606 one time in twenty."""
    metrics = replace(
        load(shelf.in_force(unit)).card.metrics,
        containers=125, finds=25, auc=auc, average_precision=0.3, base_rate=0.2,
    )  # fmt: skip
    new = sibling(metrics=metrics)
    found = model_evidence.gather(unit, new, {})
    assert ("chance" in {key for key, _ in found.doubts}) is is_doubted
    if is_doubted:
        with pytest.raises(ModelRefused, match=r"0\.560"):
            ask(unit, new)
        ask(unit, new, reason="the only one of our own port")


def test_what_is_in_force_or_nowhere_is_not_asked_for_and_leaves_no_trace(unit):
    before, pointer = audit.verify(unit), shelf.read_pointer(unit)
    with pytest.raises(ModelRefused, match="in force already"):
        ask(unit, pointer.id)
    with pytest.raises(ModelError, match="no model"):
        ask(unit, "nothing-here")
    assert audit.verify(unit) == before
    assert shelf.read_pointer(unit) == pointer


@pytest.mark.parametrize("is_swapped", [False, True])
def test_a_crash_between_the_stores_is_mended(unit, sibling, monkeypatch, is_swapped):
    """Before the pointer was swapped or after: looking after the workspace finishes it once."""
    new = sibling()
    ask(unit, new)

    def crash(*_args, **_more):
        raise KeyboardInterrupt

    broken = "settle_model_change" if is_swapped else "_move"
    with monkeypatch.context() as patch:
        patch.setattr(promotion, broken, crash)
        with pytest.raises(KeyboardInterrupt):
            approve_model(unit, new, by="Ben", at=AT)
    assert (shelf.read_pointer(unit).id == new) is is_swapped
    assert look_after(unit).finished_changes == 1
    assert shelf.read_pointer(unit).id == new
    (change,) = model_changes(unit, about=new)
    assert change.state is ModelChangeState.COMPLETED
    assert look_after(unit).finished_changes == 0


def test_a_change_that_another_overtook_is_abandoned(unit, sibling, monkeypatch):
    one, other = sibling(), sibling(note="a third")
    ask(unit, one)
    with monkeypatch.context() as patch:
        patch.setattr(promotion, "_carry_out", lambda *_args: None)
        approve_model(unit, one, by="Ben", at=AT)
    shelf.promote(unit, other, "somebody", at=AT)
    look_after(unit)
    (change,) = model_changes(unit, about=one)
    assert change.state is ModelChangeState.ABANDONED
    assert shelf.read_pointer(unit).id == other


def test_a_habits_model_goes_to_its_own_place_and_challenges_nobody(unit, sibling):
    """It has learned from no outcome, so whoever asks says why."""
    before = shelf.read_pointer(unit)
    habits = sibling(schema=SCHEMA, purpose="habits")
    with pytest.raises(ModelRefused, match="no outcome"):
        ask(unit, habits)
    ask(unit, habits, reason="no outcomes yet")
    approve_model(unit, habits, by="Ben", at=AT)
    assert shelf.read_pointer(unit, shelf.HABITS_FILE).id == habits
    assert shelf.read_pointer(unit) == before
    with pytest.raises(ModelError, match="knows habits"):
        challenge(unit, habits, by="Ama", at=AT)


def test_a_damaged_pointer_can_be_replaced(unit, sibling):
    new = sibling()
    (unit.models_folder / shelf.POINTER_FILE).write_text("{", "utf-8")
    ask(unit, new)
    approve_model(unit, new, by="Ben", at=AT)
    assert shelf.read_pointer(unit).id == new


def test_a_challenger_is_named_by_one_person_and_leaves_when_it_wins(unit, sibling):
    champion, new = shelf.read_pointer(unit), sibling()
    assert challenge(unit, new, by="Ama", at=AT).state is ModelChangeState.COMPLETED
    assert shelf.read_pointer(unit, shelf.CHALLENGER_FILE).id == new
    assert shelf.read_pointer(unit) == champion
    challenge(unit, "", by="Ama", at=AT)
    assert shelf.read_pointer(unit, shelf.CHALLENGER_FILE) is None
    challenge(unit, new, by="Ama", at=AT)
    ask(unit, new)
    approve_model(unit, new, by="Ben", at=AT)
    assert shelf.read_pointer(unit, shelf.CHALLENGER_FILE) is None
    with pytest.raises(ModelError, match="cannot challenge itself"):
        challenge(unit, new, by="Ama", at=AT)
    with pytest.raises(ModelError):
        challenge(unit, "nothing-here", by="Ama", at=AT)
