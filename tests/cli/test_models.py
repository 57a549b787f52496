"""``models``: asked for with evidence, approved by another; a challenger in the shadow; both side by side."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from riskengine.model import shelf
from riskengine.model.bundle import assemble, load
from riskengine.model.card import Calibration
from riskengine.model.figures import Leak
from riskengine.review import model_evidence

LEAK = Leak(name="gross_mass_kg", kind="too good", measure=0.99, why="tells all finds alone")


@pytest.fixture
def flat(unit) -> str:
    """A shelved model that hardly follows its own trees, with one indicator to answer for."""
    champion = load(shelf.in_force(unit))
    card = replace(
        champion.card,
        calibration=Calibration(intercept=-3.0, slope=0.05),
        leaks=(LEAK,),
        note="flat",
    )
    bundle = assemble(
        card, model_text=champion.model_text, golden=champion.golden, booster=champion.booster
    )
    shelf.put(unit, bundle)
    return bundle.card.id


@pytest.fixture
def desk(unit, command, monkeypatch):
    """Say a verb of ``models`` in the unit as somebody."""
    monkeypatch.setattr(model_evidence, "_shadow", lambda *_args: None)

    def say(*words, officer="Ama"):
        return command("models", *words, "--officer", officer, "-w", unit.root)

    return say


def test_a_model_is_asked_for_answered_for_and_approved_by_another(unit, flat, desk, command):
    refused = desk("promote", flat)
    assert refused.code == 3
    assert "gross_mass_kg may be known too late" in refused.err
    asked = desk("promote", flat, "--answer", "gross_mass_kg=weighed at the gate")
    assert asked.code == 0, asked.err
    assert "riskengine models approve" in asked.err
    assert "gross_mass_kg: weighed at the gate" in asked.err
    (waiting,) = command("models", "pending", "--json", "-w", unit.root).out.splitlines()
    told = json.loads(waiting)
    assert (told["model"], told["requested_by"]) == (flat, "Ama")
    assert "weighed at the gate" in command("models", "pending", "-w", unit.root).out
    french = command("models", "pending", "--lang", "fr", "-w", unit.root).out
    assert "précision moyenne" in french
    assert "average precision" not in french
    assert desk("approve", flat).code == 3
    assert shelf.read_pointer(unit).id != flat
    approved = desk("approve", told["change_id"][:10], officer="Ben")
    assert approved.code == 0, approved.err
    assert f"{flat} is in force, asked for by Ama, approved by Ben." in approved.err
    assert shelf.read_pointer(unit).id == flat
    assert "No model waits" in command("models", "pending", "-w", unit.root).err


def test_a_refusal_is_told_in_the_language_of_the_desk(flat, desk):
    said = desk("promote", flat, "--lang", "pt")
    assert said.code == 3
    assert "não pode entrar em vigor" in said.err
    assert "talvez se saiba tarde demais" in said.err


def test_a_request_is_refused_with_a_reason(unit, flat, desk, command):
    desk("promote", flat, "--answer", "gross_mass_kg=weighed at the gate")
    assert desk("refuse", flat, officer="Ben").code == 2
    said = desk("refuse", flat, "--reason", "not of our port", officer="Ben")
    assert said.code == 0
    assert "refused by Ben" in said.err
    assert desk("approve", flat, officer="Ben").code == 3
    assert shelf.read_pointer(unit).id != flat


@pytest.mark.parametrize("answer", ["gross_mass_kg", "=why", "gross_mass_kg= "])
def test_an_answer_names_what_it_answers(flat, desk, answer):
    said = desk("promote", flat, "--answer", answer)
    assert said.code == 3
    assert "no answer" in said.err


def test_a_challenger_scores_in_the_shadow_until_nobody_does(
    unit, flat, desk, command, voyage, at
):
    score = ("score", voyage, "--json", *at, "-w", unit.root)
    assert desk("challenge", flat).code == 0
    listed = [json.loads(line) for line in command("models", "list", "--json", "-w", unit.root).out.splitlines()]  # fmt: skip
    assert {one["place"] for one in listed} == {"in force", "in shadow"}
    assert command(*score).code == 0
    said = command("models", "compare", "--json", "-w", unit.root)
    assert said.code == 0, said.err
    beside = json.loads(said.out)
    assert beside["other"] == flat
    assert 0 < beside["rescored"] < beside["containers"]  # the last run kept its shadow
    assert "Los que más" in command("models", "compare", "--lang", "es", "-w", unit.root).out
    assert desk("challenge", "--none").code == 0
    assert command("models", "compare", "-w", unit.root).code == 3
    assert desk("challenge").code == 3
    assert desk("challenge", flat, "--none").code == 3


def test_the_card_is_written_with_its_pictures_or_as_one_page(unit, command, tmp_path):
    folder, page = tmp_path / "a" / "card", tmp_path / "b" / "card.html"
    said = command("models", "card", "--out", folder, "--lang", "fr", "-w", unit.root)
    assert said.code == 0, said.err
    told = (folder / "model-card.md").read_text("utf-8")
    assert "À quoi il sert" in told
    assert all((folder / name).is_file() for name in ("reliability.svg",) if name in told)
    assert command("models", "card", "--page", page, "-w", unit.root).code == 0
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert command("models", "card", "-w", unit.root).out.startswith("# Model ")


def test_a_card_that_cannot_be_written_is_an_error_with_a_remedy(unit, command, tmp_path):
    (tmp_path / "file").write_text("in the way")
    said = command("models", "card", "--out", tmp_path / "file", "-w", unit.root)
    assert said.code == 3
    assert "cannot be written" in said.err
