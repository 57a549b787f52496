"""``monitor`` says what needs attention first, and its exit code says whether a limit is crossed."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from riskengine.domain import ExaminationResult, Outcome
from riskengine.review import enter


@pytest.fixture
def examined(scored):
    """A unit that has opened one box of the sample voyage."""
    result = ExaminationResult(
        container_number="XOCU6435280",
        outcome=Outcome.SEIZURE,
        examined_at=datetime(2026, 3, 5, 9, tzinfo=UTC),
        officer="Ruiz",
    )
    enter(scored, result, entered_at=datetime(2026, 3, 5, 10, tzinfo=UTC))
    return scored


def test_a_unit_that_has_recorded_nothing_is_told_so_kindly(command, found_with_seed, tmp_path):
    fresh = found_with_seed(tmp_path / "fresh", bytes(32))
    said = command("monitor", "-w", fresh.root)
    assert said.code == 0
    assert said.out == ""
    assert "nothing to watch yet" in said.err


def test_the_report_begins_with_what_needs_attention(command, examined):
    said = command("monitor", "-w", examined.root)
    assert said.code == 0
    parts = [
        line
        for line in said.out.splitlines()
        if line
        in {
            "What needs attention",
            "What examinations found",
            "What nobody chose",
            "Expected and actual finds",
        }
    ]
    assert parts == [
        "What needs attention",
        "What examinations found",
        "What nobody chose",
        "Expected and actual finds",
    ]
    assert "No limit is crossed." in said.out
    assert "too few" in said.out


def test_a_crossed_limit_is_exit_code_one_and_named(command, examined):
    settings = examined.settings_file.read_text("utf-8")
    examined.settings_file.write_text(
        f"{settings}\n[monitor]\nfalse_alarm_rate = 0.2\nlargest_missed_share = 0.001\n"
        "days_to_enter = 0\nleast_outcomes_entered = 1.0\n",
        "utf-8",
    )
    said = command("monitor", "-w", examined.root, "--limits", "--json")
    told = [json.loads(line) for line in said.out.splitlines()]
    assert {line["section"] for line in told} == {"limit"}
    crossed = {line["name"]: line for line in told if line["is_crossed"]}
    assert said.code == (1 if crossed else 0)
    assert all(
        (line["value"] < line["threshold"]) == line["is_lower"] for line in crossed.values()
    )


def test_json_is_one_object_a_line_and_says_every_section(command, examined):
    said = command("monitor", "-w", examined.root, "--json")
    told = [json.loads(line) for line in said.out.splitlines()]
    sections = {line["section"] for line in told}
    assert {
        "report",
        "limit",
        "base",
        "door",
        "lane",
        "missed",
        "feature",
        "shares",
    } <= sections
    (doors,) = [line for line in told if line["section"] == "door" and line["examined"]]
    assert (doors["found"], doors["seizures"], doors["is_enough"]) == (1, 1, False)
    assert doors["low"] < doors["share"] <= doors["high"]


@pytest.mark.parametrize("language", ["en", "fr", "es", "pt"])
def test_the_page_is_written_in_the_readers_language(command, examined, tmp_path, language):
    page = tmp_path / "page.html"
    said = command("monitor", "-w", examined.root, "--page", page, "--lang", language)
    assert said.code == 0
    html = page.read_text("utf-8")
    assert f'lang="{language}"' in html
    assert "<svg" in html
    assert "<script" not in html


def test_the_limits_stand_alone_when_asked_for(command, examined):
    said = command("monitor", "-w", examined.root, "--limits")
    assert said.code == 0
    assert said.out.splitlines()[1] == "Limits"
    assert "outcomes entered" in said.out
    assert "What examinations found" not in said.out


def test_days_without_runs_are_no_report(command, examined):
    said = command("monitor", "-w", examined.root, "--to", "2020-01-01")
    assert (said.code, said.out) == (0, "")


@pytest.mark.parametrize("option", ["--from", "--to"])
def test_a_day_that_is_none_is_a_misspelt_command(command, examined, option):
    said = command("monitor", "-w", examined.root, option, "yesterday")
    assert said.code == 2
    assert "2026-11-21" in said.err


def test_days_in_the_wrong_order_are_a_misspelt_command(command, examined):
    said = command("monitor", "-w", examined.root, "--from", "2026-03-05", "--to", "2026-03-01")
    assert said.code == 2


def test_a_page_that_cannot_be_written_is_refused(command, examined, tmp_path):
    said = command("monitor", "-w", examined.root, "--page", tmp_path / "no" / "page.html")
    assert said.code == 3
    assert "cannot be written" in said.err
