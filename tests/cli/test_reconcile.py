"""``reconcile``: what differs, grouped and told in the reader's language; exit 1 where anything does."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from riskengine.engine.intake import receive
from riskengine.manifest import read_manifest

AT = ("--at", "2026-03-12")


@pytest.fixture
def three(samples, voyage):
    return voyage, samples / "stow_plan_differs.csv", samples / "movements.csv"


def test_differences_are_printed_by_kind_with_both_values_and_the_exit_is_one(
    tmp_path, monkeypatch, command, three
):
    monkeypatch.chdir(tmp_path)
    said = command("reconcile", *three, *AT)
    assert said.code == 1
    assert said.out.startswith("Seen in two places at once (1)")
    assert "OLXU8447015 is declared as 22G1; stow plan: 45G1." in said.out
    assert "stow_plan_differs.csv" in said.out
    assert "voyage.csv beside: stow plan (50 boxes), movements (" in said.err
    assert "Differences: 21. Containers: 18." in said.err


def test_the_order_and_the_option_under_which_files_are_given_change_nothing(
    tmp_path, monkeypatch, command, three
):
    monkeypatch.chdir(tmp_path)
    manifest, plan, moves = three
    answers = {
        command("reconcile", *given, *AT, "--json").out
        for given in (
            (manifest, plan, moves),
            (moves, manifest, plan),
            (manifest, "--stow-plan", plan, "--movements", moves),
        )
    }
    assert len(answers) == 1
    rows = [json.loads(line) for line in answers.pop().splitlines()]
    assert len(rows) == 21
    assert {"manifest", "container_number", "kind", "declared", "found", "sentence"} <= set(
        rows[0]
    )


@pytest.mark.parametrize("given", ["plan", "movements", "neither"])
def test_any_of_them_may_be_missing(tmp_path, monkeypatch, command, three, given):
    monkeypatch.chdir(tmp_path)
    manifest, plan, moves = three
    beside = {"plan": [plan], "movements": [moves], "neither": []}[given]
    said = command("reconcile", manifest, *beside, *AT, "--json")
    sources = {json.loads(line)["source"] for line in said.out.splitlines()}
    assert said.code == (0 if given == "neither" else 1)
    assert ("stow_plan" in sources) == (given == "plan")
    assert ("discharged" in sources) == (given == "movements")


def test_with_nothing_beside_it_the_manifest_is_said_to_stand_alone(
    tmp_path, monkeypatch, command, voyage
):
    monkeypatch.chdir(tmp_path)
    said = command("reconcile", voyage, *AT)
    assert said.code == 0
    assert said.out == ""
    assert "nothing to compare it with" in said.err


@pytest.mark.parametrize("language", ["fr", "es", "pt"])
def test_sentences_come_in_the_language_asked_for(
    tmp_path, monkeypatch, command, three, language
):
    monkeypatch.chdir(tmp_path)
    english = command("reconcile", *three, *AT).out
    other = command("reconcile", *three, *AT, "--lang", language).out
    assert other != english
    assert "declared" not in other


def test_what_the_workspace_has_received_is_compared_too(
    tmp_path, command, three, found_with_seed
):
    unit = found_with_seed(tmp_path / "unit", bytes(32))
    manifest, plan, moves = three
    for path, day in ((plan, date(2026, 3, 5)), (moves, date(2026, 3, 11))):
        moment = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
        receive(unit, read_manifest(path), path, at=moment, known_on=day, by="desk")
    given = command("reconcile", *three, *AT, "--json", "--workspace", tmp_path / "nowhere")
    assert given.code == 3
    given = command("reconcile", *three, *AT, "--json")
    kept = command("reconcile", manifest, *AT, "--json", "--workspace", unit.root)
    assert kept.out == given.out
    before = command("reconcile", manifest, "--at", "2026-03-05", "--json", "-w", unit.root)
    assert {json.loads(line)["source"] for line in before.out.splitlines()} == {"stow_plan"}


def test_the_plan_of_another_ship_is_refused(
    tmp_path, monkeypatch, command, voyage, written_lines
):
    monkeypatch.chdir(tmp_path)
    line = {"container_number": "LSXU6271586", "stow_position": "010182", "voyage_number": "9W"}
    said = command(
        "reconcile", voyage, "--stow-plan", written_lines(tmp_path / "p.csv", [line])
    )
    assert said.code == 3
    assert "another ship" in said.err


@pytest.mark.parametrize("file", ["movements.csv", "stow_plan_differs.csv"])
def test_one_file_alone_has_nothing_to_be_compared_with(
    tmp_path, monkeypatch, command, samples, file
):
    monkeypatch.chdir(tmp_path)
    said = command("reconcile", samples / file, *AT)
    assert (said.code, said.out) == (0, "")
    assert f"{file}: nothing to compare it with" in said.err


def test_without_a_manifest_the_stow_plan_is_compared_with_movements(
    tmp_path, monkeypatch, command, three
):
    monkeypatch.chdir(tmp_path)
    _, plan, moves = three
    page = command("reconcile", plan, moves, *AT)
    assert page.code == 1
    assert "OLXU8447015" in page.out
    assert "manifest" not in page.out
    assert "stow_plan_differs.csv beside: movements (" in page.err
    answers = {
        command("reconcile", *given, *AT, "--json").out
        for given in ((plan, moves), (moves, plan), (moves, "--stow-plan", plan))
    }
    assert len(answers) == 1
    rows = [json.loads(line) for line in answers.pop().splitlines()]
    assert {(row["manifest"], row["stow_plan"]) for row in rows} == {(None, plan.name)}
    kinds = {row["kind"] for row in rows}
    assert {"seal_changed", "not_discharged", "impossible_itinerary"} <= kinds
    assert "manifest" not in {row["against"] for row in rows}


def test_release_codes_are_masked_on_the_page_and_in_the_lines(
    tmp_path, monkeypatch, command, three
):
    monkeypatch.chdir(tmp_path)
    printed = command("reconcile", *three, *AT).out
    lines = command("reconcile", *three, *AT, "--json").out
    assert "R7…" in printed
    assert "R7…" in lines
    assert "R70" not in printed + lines


def test_where_hours_are_known_the_order_is_told_by_the_hour(
    tmp_path, monkeypatch, command, three
):
    monkeypatch.chdir(tmp_path)
    lines = command("reconcile", *three, *AT, "--json").out.splitlines()
    rows = {row["kind"]: row for row in map(json.loads, lines)}
    said = rows["loaded_before_gate_in"]["sentence"]
    assert "07:00 UTC" in said
    assert "21:40 UTC" in said
