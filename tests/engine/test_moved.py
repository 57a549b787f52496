"""Whom another model moves is told with what moved it, and the parts add up."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace

import numpy as np
import pytest

from riskengine.cli.compared_page import as_html
from riskengine.engine import Engine, moved
from riskengine.engine.moved import BESIDE_THE_MODEL
from riskengine.engine.side_by_side import compare
from riskengine.features.groups import GROUPS
from riskengine.model import shelf
from riskengine.model.bundle import assemble, load
from riskengine.model.card import Calibration


@pytest.fixture(scope="module")
def two(session_unit, run, reading, voyage, tmp_path_factory):
    """A unit with a recorded run and a model on the shelf that hardly follows its own trees: nobody may change it."""
    root = tmp_path_factory.mktemp("moved") / "unit"
    shutil.copytree(session_unit.root, root)
    unit = type(session_unit)(root)
    Engine.open(unit).record(run, reading, voyage, by="tester")
    champion = load(shelf.in_force(unit))
    card = replace(
        champion.card, calibration=Calibration(intercept=-3.0, slope=0.05), note="flat"
    )
    flat = assemble(
        card, model_text=champion.model_text, golden=champion.golden, booster=champion.booster
    )
    shelf.put(unit, flat)
    return unit, champion.card.id, flat.card.id


@pytest.fixture(scope="module")
def beside(two):
    return compare(*two, is_explained=True)


def test_those_moved_up_and_down_are_told_with_their_places(beside):
    who = beside.who
    assert who.up
    assert who.down
    assert all(one.other < one.one <= one.containers for one in who.up)
    assert all(one.other > one.one for one in who.down)
    shares = [(one.one - one.other) / one.containers for one in who.up]
    assert shares == sorted(shares, reverse=True)
    assert len(who.up) <= 10


def test_the_reasons_of_a_move_add_up_to_it_beyond_what_moved_the_average(two, monkeypatch):
    monkeypatch.setattr(moved, "_SHIFTS", 1_000)
    who = compare(*two, is_explained=True).who
    movers = (*who.up, *who.down)
    change = {one: one.log_odds_other - one.log_odds_one for one in movers}
    beyond = [change[one] - sum(shift.log_odds for shift in one.shifts) for one in movers]
    assert np.ptp(beyond) < 1e-6  # what is left is the same for all: the mean
    assert {shift.group for one in movers for shift in one.shifts} <= {
        *GROUPS,
        BESIDE_THE_MODEL,
    }


def test_the_first_reason_speaks_for_the_way_it_went(beside):
    assert any(one.shifts[0].log_odds > 0 for one in beside.who.up)
    for one in beside.who.down:
        signs = [shift.log_odds < 0 for shift in one.shifts]
        assert signs == sorted(signs, reverse=True)


def test_a_model_that_follows_its_trees_less_weighs_every_group_less_in_the_same_order(beside):
    who = beside.who
    assert who.importance
    assert all(one.other < one.one for one in who.importance)
    assert who.agreement == pytest.approx(1.0)


def test_lanes_are_counted_as_the_runs_had_them(beside):
    lanes = {one.lane: one for one in beside.who.lanes}
    assert set(lanes) <= {"red", "yellow"}
    assert all(0 <= one.both <= 1 for one in beside.who.lanes)
    if {"red", "yellow"} <= set(lanes):
        assert lanes["yellow"].containers >= lanes["red"].containers


def test_asked_without_reasons_none_are_worked_out(two):
    assert compare(*two).who is None


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "Moved up most"),
        ("fr", "Montés le plus"),
        ("es", "Los que más suben"),
        ("pt", "Os que mais sobem"),
    ],
)
def test_the_page_tells_who_moved_in_each_language(beside, language, told):
    page = as_html(beside, language)
    assert told in page
    assert "<svg" in page
    assert "model.moved" not in page
    assert "evidence.group" not in page


def test_a_name_of_a_container_cannot_become_markup(beside):
    hostile = replace(beside.who.up[0], container_number="<script>\u202e")
    page = as_html(replace(beside, who=replace(beside.who, up=(hostile,))), "en")
    assert "<script" not in page
    assert "\u202e" not in page


def test_the_terminal_the_page_and_the_json_say_the_same_every_time(
    two, beside, command, tmp_path
):
    unit, one, other = two
    page = tmp_path / "beside.html"
    words = ("models", "compare", one, other, "-w", unit.root)
    said = command(*words, "--page", page, "--json")
    assert said.code == 0, said.err
    assert page.read_text("utf-8") == as_html(beside, "en")
    assert json.loads(said.out)["who"] == json.loads(json.dumps(asdict(beside.who)))
    assert "Los que más suben" in command(*words, "--lang", "es").out


def test_the_card_is_drawn_from_the_recorded_runs(two, command, tmp_path):
    unit, _, _ = two
    page = tmp_path / "card.html"
    said = command("models", "card", "--page", page, "-w", unit.root)
    assert said.code == 0, said.err
    text = page.read_text("utf-8")
    assert "latest recorded runs" in text
    assert "The strongest indicators, a point for each container" in text
