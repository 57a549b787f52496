"""``rules explain, why-not, answers``: what rules said, in words and for scripts."""

from __future__ import annotations

import json

import pytest

BOX = "XOCU7285184"


@pytest.fixture
def asked(scored_unit, command):
    def answer(*arguments):
        said = command("rules", *arguments, "-w", scored_unit.root)
        assert said.code == 0, said.err
        return said

    return answer


def test_a_rule_is_read_aloud(asked):
    out = asked("explain", "RIP-SEA-001").out
    assert out.startswith(
        "RIP-SEA-001  Full container from a source country without a seal number\n"
    )
    for said in (
        "version 1 · active · medium (1 log-odds) · adds points",
        "Innocent explanation",
        "every one of these:\n  - Seal missing: yes\n",
        "Unless one of these holds\n- Full: no\n",
        "A missing value never excuses.",
        "Tests inside the rule:",
    ):
        assert said in out


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Where to look"),
        ("fr", "toutes ces lignes :"),
        ("es", "Explicación inocente"),
        ("pt", "Campos que lê"),
    ],
)
def test_it_is_read_in_the_language_of_the_reader(asked, language, said):
    out = asked("explain", "RIP-SEA-001", "--lang", language).out
    assert said in out
    assert "answer." not in out


def test_settings_and_lists_are_read_with_their_bounds_and_dates(asked):
    told = json.loads(asked("explain", "CHM-PRE-001", "--json").out)
    assert told["id"] == "CHM-PRE-001"
    assert all(entry["values"] > 0 and entry["valid_until"] for entry in told["lists"])
    assert all(one["from"] <= one["value"] <= one["to"] for one in told["settings"])
    assert set(told["tests"]) == {"match", "no_match", "unknown", "excused"}
    out = asked("explain", "CHM-PRE-001").out
    assert told["lists"][0]["name"] in out


def test_a_rule_file_can_be_read_aloud_before_it_is_installed(command, tmp_path):
    made = command(
        "rules", "new", "ABC-ONE-001", "--typology", "cold_route", "--folder", tmp_path
    )
    said = command("rules", "explain", made.out.strip())
    assert said.code == 0
    assert "ABC-ONE-001" in said.out


def test_a_rule_is_asked_of_a_container_line_by_line(asked, is_as_kept):
    said = asked("explain", "CLO-DIG-002", "--container", BOX)
    is_as_kept("rule_of_container", said.out)
    assert "As it stood in run" in said.err


def test_what_keeps_a_rule_from_matching_is_said_in_sentences(asked):
    said = asked("why-not", "CLO-DIG-002", "--container", BOX)
    assert "2 lines would have to come out like this" in said.out
    assert "Wrong check digit: yes (found: no)" in said.out


def test_for_scripts_the_answer_has_every_line(asked):
    for verb in ("explain", "why-not"):
        told = json.loads(asked(verb, "CLO-DIG-002", "--container", BOX, "--json").out)
        assert told["verdict"] == told["recorded"] == "no_match"
        assert told["lines_short"] == len(told["turns"]) == 2
        assert {line["holds"] for line in told["lines"]} <= {"holds", "fails", "unknown"}
        assert told["was_in_run"] is True


def test_without_a_rule_the_near_misses_worth_showing_are_listed(asked):
    said = asked("why-not", "--container", BOX)
    told = [json.loads(line) for line in asked("why-not", "-c", BOX, "--json").out.splitlines()]
    worth = [line for line in told if line["unremarkable"] is None]
    shown = min(12, len(worth))
    assert f"one line short of matching {BOX}: {len(told)}, shown: {shown}" in said.out
    assert 0 < said.out.count("✗ ") == said.out.count("As near: ") == shown < len(told)
    common = [line for line in told if line["unremarkable"] == "common"]
    assert f"Not shown: {len(common)}, to which more than one in ten" in said.err
    assert all(line["share_equally_near"] > 0.1 for line in common)
    assert "--all shows them." in said.err


def test_all_near_misses_are_shown_when_asked_for(asked):
    told = [json.loads(line) for line in asked("why-not", "-c", BOX, "--json").out.splitlines()]
    everything = asked("why-not", "-c", BOX, "--all")
    assert everything.out.count("✗ ") == len(told)
    assert all(line["rule"] in everything.out for line in told)
    assert "Not shown" not in everything.err


def test_the_answers_of_a_run_are_counted(asked, run):
    said = asked("answers")
    assert run.card.run_id in said.out
    assert "Answers: match" in said.out
    told = [json.loads(line) for line in asked("answers", "--json").out.splitlines()]
    assert len(told) == run.rules.height
    for line in (line for line in told if not line["failure"]):
        total = sum(line[verdict] for verdict in ("match", "no_match", "unknown", "excused"))
        assert total == run.assessments.height
    blind = [line["rule"] for line in told if line["is_blind"]]
    assert all(rule in said.out.split("Blind in this run")[-1] for rule in blind)


def test_what_makes_no_sense_is_refused(scored_unit, command):
    root = scored_unit.root
    assert command("rules", "explain", "RIP-SEA-001", "--run", "x", "-w", root).code == 2
    assert command("rules", "why-not", "RIP-SEA-001", "-w", root).code == 2
    said = command("rules", "explain", "RIP-SEE-001", "-w", root)
    assert said.code == 3
    assert "RIP-SEA-001" in said.err
    assert command("rules", "answers", "--run", "none", "-w", root).code == 3
