"""``rules add, promote, retire, set, except, history, pending, list``: the life of a rule from the desk."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from riskengine.ledger.connection import open_ledger
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
    change = json.loads(desk("pending", "--json", officer="").out)["change"]
    assert f"promote {change[:12]} --approve" in said.err
    assert change[:12] in desk("pending", officer="").out
    assert desk("promote", ID, "--approve").code == 3
    said = desk("promote", change[:12], "--approve", "--version", "2", officer="Ben")
    assert (said.code, "version 1, not 2" in said.err) == (3, True)
    said = desk("promote", change[:12], "--approve", officer="Ben")
    assert said.code == 0
    shown = f"{change[:12]}: {ID} version 1 (content "
    assert said.err.index(shown) < said.err.index("asked for by Ana, approved by Ben")
    assert "from draft to trial, asked for by Ana: found in two boxes this morning" in said.err
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
    assert (
        "La version 1 est au stade brouillon ; le passage à essai part de : observation."
        in said.err
    )
    assert "Aucun test sur le passé" in said.err
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
    assert "asked for least 900,000 instead of its author's 1" in said.err
    assert ID in boxes()[BOX]["rules"]["match"]
    assert "least 900,000" in " ".join(desk("pending", officer="").out.split())
    waiting = json.loads(desk("pending", "--json", officer="").out)
    assert (waiting["kind"], waiting["about"]) == ("setting", ID)
    assert desk("set", ID, "--approve").code == 3
    said = desk("set", ID, "--approve", officer="Ben")
    assert "asked for by Ana, approved by Ben" in said.err.replace("Asked", "asked")
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
    assert desk("set", ID, "--refuse", "it is still noise", officer="Ben").code == 0
    assert desk("set", ID, "least", "--back", "--reason", "as before").code == 0
    assert desk("set", ID, "--approve", officer="Ben").code == 0
    assert ID in boxes()[BOX]["rules"]["match"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("promote", ID),
        ("promote", ID, "--to", "retired"),
        ("promote", ID, "--to", "trial", "--approve"),
        ("promote", ID, "--approve", "--leave-uncovered"),
        ("promote", ID, "--refuse", "no", "--leave-uncovered"),
        ("promote", ID, "--refuse", "no", "--reason", "no"),
        ("promote", ID, "--urgent", "now", "--reason", "now"),
        ("promote", ID, "--to", "shadow", "--leave-uncovered"),
        ("set", ID, "least"),
        ("set", ID, "least", "many", "--reason", "x"),
        ("set", ID, "least", "3", "--back"),
        ("set", ID, "least", "3", "--approve"),
        ("set", ID, "--approve", "--refuse", "no"),
        ("set", ID),
        ("except", "refuse", "EXC-7"),
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


def test_an_exception_that_reaches_far_waits_for_whom_it_names(
    unit, counting, desk, boxes, tmp_path
):
    file = tmp_path / "wide.yaml"
    text = (
        f"schema: 1\nid: EXC-9\nrules: [{ID}]\nfield: port_of_loading\nvalues: [ECGYE]\n"
        "reason: all known\napproved_by: Ben\nfrom: 2026-01-01\nexpires: 2026-12-31\n"
    )
    file.write_text(text, "utf-8")
    said = desk("except", "add", file)
    assert "Ben approves them with: riskengine rules except approve EXC-9" in said.err
    assert ID in boxes()[BOX]["rules"]["match"]
    assert "EXC-9: port_of_loading = 'ECGYE'" in " ".join(
        desk("pending", officer="").out.split()
    )
    assert desk("except", "approve", "EXC-9", officer="Cleo").code == 3
    assert (
        desk("except", "refuse", "EXC-9", "--reason", "a whole port", officer="Ben").code == 0
    )
    assert desk("except", "add", file).code == 0
    assert desk("except", "approve", "EXC-9", officer="Ben").code == 0
    assert ID in boxes()[BOX]["rules"]["excused"]
    file.write_text(text.replace(f"rules: [{ID}]", "typologies: [cold_route]"), "utf-8")
    said = desk("except", "add", file)
    assert said.code == 3
    assert "wide.yaml" in said.err
    assert "names more than one party, box, bill or seal" in said.err


def test_a_rule_that_nobody_can_read_is_named_by_score_list_and_doctor(
    unit, counting, desk, boxes, command
):
    with open_ledger(unit) as ledger:
        ledger.execute("UPDATE rule_version SET source_yaml = 'x: 1' WHERE rule_id = ?", [ID])
    assert ID not in boxes()[BOX]["rules"]["match"]
    assert ID in desk("list", officer="").err
    assert f"cannot be read: {ID} 1:" in command("doctor", "-w", unit.root).err
    assert ID not in command("explain", BOX, "-w", unit.root).out


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


def test_adding_what_is_retired_says_how_it_comes_back(pack, desk):
    assert desk("add", pack).code == 0
    assert desk("retire", ID, "--reason", "a slip").code == 0

    again = desk("add", pack)

    assert "retired here" in again.out
    assert f"promote {ID} --version 1 --to shadow" in again.out
    assert "unchanged" not in again.out
    assert json.loads(desk("add", pack, "--json").out)["is_retired"]
    refused = desk("promote", ID, "--to", "shadow")
    assert refused.code == 3
    assert "--version 1 --to shadow" in refused.err
