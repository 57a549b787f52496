"""``explain``: why, why not, what could not be checked, what would clear it; in four languages."""

from __future__ import annotations

import json

import polars as pl
import pytest

BOX = "XOCU7285184"


@pytest.mark.parametrize("language", ["en", "fr", "es", "pt"])
def test_an_explanation_is_as_kept(scored_unit, command, is_as_kept, language):
    said = command("explain", BOX, "--lang", language, "-w", scored_unit.root)
    assert said.code == 0
    assert said.err == ""
    is_as_kept(f"explain_{language}", said.out)


def test_loose_cargo_is_explained_by_its_bill(scored_unit, run, command, is_as_kept):
    bill = run.assessments.filter(pl.col("container_number").is_null())["bills_of_lading"][0][0]
    said = command("explain", bill, "-w", scored_unit.root)
    assert said.code == 0
    assert said.out.startswith(bill)
    is_as_kept("explain_loose_cargo", said.out)


def test_all_reasons_are_shown_on_request(scored_unit, command):
    few, every = (
        command("explain", BOX, *more, "-w", scored_unit.root)
        for more in ((), ("--all-reasons",))
    )
    assert "weaker reasons" in few.out
    assert "weaker reasons" not in every.out
    assert len(every.out) > len(few.out)


def test_an_explanation_for_scripts_adds_up(scored_unit, command, run):
    said = command("explain", BOX, "--json", "-w", scored_unit.root)
    told = json.loads(said.out)
    parts = told["base"] + sum(reason["log_odds"] for reason in told["reasons"])
    assert parts == pytest.approx(told["total"], abs=1e-9)
    assert told["run_id"] == run.card.run_id
    assert told["biography"] == {"chapters": [], "signs": []}
    assert set(told["digests"]) == {"manifest", "history", "rules", "model", "policy"}


@pytest.mark.parametrize("typed", ["xocu 728518-4", "XOCU728518 4", "XOCU-7285184"])
def test_a_number_is_known_however_it_is_typed(scored_unit, command, typed):
    said = command("explain", typed, "-w", scored_unit.root)
    assert said.code == 0
    assert said.out.startswith(BOX)


def test_a_container_that_nobody_assessed_is_answered_with_near_numbers(scored_unit, command):
    said = command("explain", "XOCU7285148", "-w", scored_unit.root)
    assert said.code == 3
    assert said.out == ""
    assert f"Did you mean {BOX}" in said.err


def test_a_defect_is_explained_with_its_place(scored, samples, command, at):
    file = samples / "broken" / "ragged.csv"
    assert command("score", file, *at, "-w", scored.root).code == 0
    said = command("explain", "OLXU9885021", "-w", scored.root)
    assert said.code == 0
    assert "ragged.csv:4" in said.out
    assert "Get the line again from whoever filed it" in said.out


def test_what_was_drawn_blindly_says_that_only_its_examination_clears_it(
    scored, samples, command, at
):
    text = scored.settings_file.read_text("utf-8")
    scored.settings_file.write_text(text.replace("random_share = 0.02", "random_share = 0.5"))
    lines = command(
        "score", samples / "broken" / "latin1.csv", "--json", *at, "-w", scored.root
    ).out
    drawn = [line for line in map(json.loads, lines.splitlines()) if line["basis"] == "random"]
    assert drawn
    said = command("explain", drawn[0]["container_number"], "-w", scored.root)
    assert "Nothing but its examination clears it." in said.out
