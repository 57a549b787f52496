"""``rules add, promote, retire, set, except, history, pending, list``: the life of a rule from the desk."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from riskengine.rules.rule import RuleStatus
from riskengine.rules.standing import installed, set_standing
from riskengine.rules.stored import Signed

TODAY = datetime.now(UTC).date()
ID = "OUR-POR-001"
BOX = "XOCU6435280"
RULE = f"""\
schema: 1
id: {ID}
version: 1
status: draft
title: {{en: Loaded where it began, fr: Chargé là où tout a commencé}}
why: Colleagues found it this morning.
innocent: Most who load there.
blind_spot: Other ports.
source: [a call this morning]
typology: [cold_route]
owner: desk
handling: TLP:AMBER
severity: critical
effect: score
valid_from: 2026-01-01
valid_until: {TODAY + timedelta(days=60)}
settings:
  least: {{value: 1, from: 0, to: 900000}}
when: {{all: [port_of_loading = 'ECGYE', gross_mass_kg > least]}}
tests:
  - {{name: there, expect: match, record: {{port_of_loading: ECGYE, gross_mass_kg: 2}}}}
  - {{name: elsewhere, expect: no_match, record: {{port_of_loading: NLRTM, gross_mass_kg: 2}}}}
  - {{name: nowhere, expect: unknown, record: {{gross_mass_kg: 2}}}}
"""


@pytest.fixture
def pack(tmp_path):
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "our-por-001.yaml").write_text(RULE, "utf-8")
    return folder


@pytest.fixture
def desk(unit, command):
    """A function: run ``rules …`` in the unit, as an officer."""

    def desk(*arguments, officer="Ana"):
        named = ("--officer", officer) if officer else ()
        return command("rules", *arguments, *named, "-w", unit.root)

    return desk


@pytest.fixture
def boxes(unit, command, voyage_lines, written_lines, tmp_path, at):
    """A function: score a few lines of the sample voyage and return what is said of each container."""
    some = [line for line in voyage_lines() if line["container_number"] == BOX]
    file = written_lines(tmp_path / "few.csv", some)

    def boxes():
        said = command("score", file, "--json", "--all-reasons", *at, "-w", unit.root)
        assert said.code == 0, said.err
        return {
            line["container_number"]: line for line in map(json.loads, said.out.splitlines())
        }

    return boxes


@pytest.fixture
def counting(unit, pack, desk):
    """The rule, on trial already."""
    assert desk("add", pack).code == 0
    (one,) = installed(unit, ID)
    signed = Signed(at=datetime.now(UTC), who="chief", reason="tests")
    set_standing(unit, ID, one.rule.sha256, RuleStatus.TRIAL, signed)
    return one.rule


def test_a_method_of_this_morning_counts_before_noon_and_explains_itself(
    unit, pack, desk, boxes, command
):
    said = desk("add", pack)
    assert said.code == 0
    assert f"{ID} version 1: new, a draft." in said.out
    before = boxes()[BOX]
    assert ID not in before["rules"]["match"]
    said = desk("promote", ID, "--urgent", "found in two boxes this morning")
    assert said.code == 0
    assert "asked for the step to trial" in said.err
    assert ID in desk("pending", officer="").out
    assert desk("promote", ID, "--approve").code == 3
    said = desk("promote", ID, "--approve", officer="Ben")
    assert said.code == 0
    assert "asked for by Ana, approved by Ben" in said.err
    after = boxes()[BOX]
    assert ID in after["rules"]["match"]
    points = next(r["log_odds"] for r in after["reasons"] if r["source"] == ID)
    assert after["log_odds"] == pytest.approx(before["log_odds"] + points, abs=1e-9)
    assert ID in command("explain", BOX, "-w", unit.root).out
    history = [
        json.loads(line) for line in desk("history", ID, "--json", officer="").out.splitlines()
    ]
    assert [(event["what"], event["by"]) for event in history] == [
        ("installed", "Ana"), ("asked", "Ana"), ("approved", "Ben"), ("standing", "Ana")]  # fmt: skip
    assert desk("history", ID, "--lang", "fr", officer="").code == 0


def test_every_gate_that_refuses_is_told_in_the_readers_language(pack, desk):
    desk("add", pack)
    said = desk("promote", ID, "--to", "trial", "--lang", "fr")
    assert said.code == 3
    assert "La version 1 est au stade" in said.err
    assert "Aucune épreuve sur le passé" in said.err
    assert "Traceback" not in said.err


def test_adding_says_what_is_new_reworded_and_unchanged_and_refuses_another_meaning(pack, desk):
    file = pack / "our-por-001.yaml"
    assert json.loads(desk("add", pack, "--json").out)["what"] == "new"
    assert json.loads(desk("add", pack, "--json").out)["what"] == "unchanged"
    file.write_text(f"{RULE}known_false_alarms: [bananas]\n", "utf-8")
    assert json.loads(desk("add", pack, "--json").out)["what"] == "reworded"
    file.write_text(RULE.replace("critical", "low"), "utf-8")
    said = desk("add", pack)
    assert said.code == 3
    assert "our-por-001.yaml:1:1" in said.err
    assert "Raise the version of the changed rule to 2." in said.err
    file.write_text(RULE.replace("gross_mass_kg >", "gros_mass_kg >"), "utf-8")
    said = desk("add", pack)
    assert said.code == 3
    assert "Did you mean 'gross_mass_kg'?" in said.err
    assert "Nothing was added" in said.err


def test_a_challenger_runs_beside_without_points_and_apart_from_the_matches(
    unit, counting, pack, desk, boxes
):
    alone = boxes()[BOX]
    file = pack / "our-por-001.yaml"
    file.write_text(RULE.replace("version: 1", "version: 2"), "utf-8")
    desk("add", pack)
    challenger = installed(unit, ID)[-1].rule
    signed = Signed(at=datetime.now(UTC), who="chief", reason="tests")
    set_standing(unit, ID, challenger.sha256, RuleStatus.SHADOW, signed)
    beside = boxes()[BOX]
    assert beside["log_odds"] == alone["log_odds"]
    assert beside["rules"]["match"].count(ID) == 1
    assert beside["rules"]["shadow"] == [ID]
    assert alone["rules"]["shadow"] == []
    assert [r["source"] for r in beside["reasons"]].count(ID) == 1


def test_a_tuned_setting_changes_the_verdict_and_shows(unit, counting, desk, boxes):
    assert ID in boxes()[BOX]["rules"]["match"]
    assert desk("set", ID, "least", "1000000", "--reason", "noise").code == 3
    said = desk("set", ID, "least", "900000", "--reason", "noise")
    assert "least is 900,000 here; its author wrote 1." in said.err
    assert ID not in boxes()[BOX]["rules"]["match"]
    listed = desk("list", officer="")
    assert "tuned: least 900,000" in " ".join(listed.out.split())
    (line,) = [
        json.loads(line)
        for line in desk("list", "--status", "trial", "--json", officer="").out.splitlines()
    ]
    assert line["tuned"] == {"least": {"value": 900000.0, "authors": 1.0}}
    assert (line["status"], line["is_in_force"], line["points"] > 0) == ("trial", True, True)
    assert desk("set", ID, "least", "--back", "--reason", "as before").code == 0
    assert ID in boxes()[BOX]["rules"]["match"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("promote", ID),
        ("promote", ID, "--to", "retired"),
        ("promote", ID, "--to", "trial", "--approve"),
        ("set", ID, "least"),
        ("set", ID, "least", "many", "--reason", "x"),
        ("set", ID, "least", "3", "--back"),
        ("list", "--status", "asleep"),
    ],
)
def test_what_makes_no_sense_is_a_misspelling(desk, arguments):
    assert desk(*arguments, officer="" if arguments[0] == "list" else "Ana").code == 2


def test_an_exception_excuses_and_tells_why_and_until_when(
    unit, counting, desk, boxes, command, tmp_path, voyage_lines
):
    shipper = next(x["shipper_name"] for x in voyage_lines() if x["container_number"] == BOX)
    file = tmp_path / "known.yaml"
    file.write_text(
        f"schema: 1\nid: EXC-7\nrules: [{ID}]\nfield: shipper_name\nvalues: [{json.dumps(shipper)}]\n"
        "reason: audited last week\napproved_by: Ben\nfrom: 2026-01-01\nexpires: 2026-12-31\n",
        "utf-8",
    )
    assert desk("except", "add", file, officer="Ben").code == 3
    said = desk("except", "add", file)
    assert said.code == 0
    assert "EXC-7: excuses from" in said.err
    box = boxes()[BOX]
    assert ID in box["rules"]["excused"]
    told = command("explain", BOX, "-w", unit.root).out
    assert "exception EXC-7 until Dec 31, 2026: audited last week" in " ".join(told.split())
    listed = json.loads(desk("except", "list", "--json", officer="").out)
    assert (listed["id"], listed["approved_by"], listed["entered_by"]) == (
        "EXC-7",
        "Ben",
        "Ana",
    )
    assert "EXC-7" in desk("except", "list", officer="").out
    assert desk("except", "end", "EXC-7").code == 3
    assert desk("except", "end", "EXC-7", "--reason", "licence withdrawn").code == 0
    assert ID in boxes()[BOX]["rules"]["match"]
    assert "No exception stands" in desk("except", "list", officer="").err


def test_a_faulty_exception_is_refused_with_its_place(desk, tmp_path):
    file = tmp_path / "bad.yaml"
    file.write_text("schema: 1\nid: EXC-7\n", "utf-8")
    said = desk("except", "add", file)
    assert said.code == 3
    assert "bad.yaml:1:1: the key 'rules' is needed here" in said.err
    assert "the key 'expires' is needed here" in said.err


def test_a_rule_is_retired_by_two_and_stays_in_the_list_of_all(unit, counting, desk):
    said = desk("retire", ID, "--reason", "the method is over")
    assert said.code == 0
    assert desk("promote", ID, "--refuse", "not yet", officer="Ben").code == 0
    assert desk("retire", ID, "--reason", "the method is over").code == 0
    assert desk("promote", ID, "--approve", officer="Ben").code == 0
    assert ID not in desk("list", officer="").out
    every = [
        json.loads(x) for x in desk("list", "--all", "--json", officer="").out.splitlines()
    ]
    assert [x["status"] for x in every if x["id"] == ID] == ["retired"]
    assert "Nothing waits" in desk("pending", officer="").err
