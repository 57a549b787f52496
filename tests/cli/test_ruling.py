"""``rules``: those in force, the faults of files, the tests inside them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

CORE = Path(__file__).parents[2] / "rules" / "core"
RULE = Path("cloned_container") / "clo-dig-002.yaml"


@pytest.fixture
def pack(tmp_path):
    """A pack of one rule, as its author has it on disk."""
    (tmp_path / "pack" / RULE.parent).mkdir(parents=True)
    shutil.copy(CORE / "pack.yaml", tmp_path / "pack")
    shutil.copy(CORE / RULE, tmp_path / "pack" / RULE)
    return tmp_path / "pack"


def changed(pack, old, new):
    text = (pack / RULE).read_text("utf-8")
    assert old in text
    (pack / RULE).write_text(text.replace(old, new, 1), "utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_the_rules_in_force_are_listed(session_unit, command):
    said = command("rules", "list", "--json", "-w", session_unit.root)
    rules = [json.loads(line) for line in said.out.splitlines()]
    files = [path for path in CORE.glob("*/*.yaml") if path.parent.name != "lists"]
    assert said.code == 0
    assert len(rules) == len({rule["id"] for rule in rules}) == len(files)
    page = command("rules", "list", "--lang", "fr", "-w", session_unit.root)
    assert "CLO-DIG-002" in page.out
    assert f"{len(rules)} règles en vigueur." in page.err


def test_a_sound_pack_has_no_fault(pack, command):
    said = command("rules", "check", pack)
    assert said.code == 0
    assert said.out == ""
    assert "no fault" in said.err


def test_a_typo_in_a_rule_is_told_with_its_place_and_what_was_meant(pack, command):
    line = changed(pack, "    - is_seal_missing", "    - is_seal_mising")
    said = command("rules", "check", pack)
    assert said.code == 1
    assert f"{RULE.name}:{line}:7" in said.out
    assert "is_seal_missing" in said.out
    as_json = command("rules", "check", pack, "--json")
    fault = json.loads(as_json.out.splitlines()[0])
    assert fault["place"].endswith(f"{RULE.name}:{line}:7")
    assert "is_seal_missing" in fault["sentence"] + fault["hint"]


def test_a_file_that_is_no_yaml_is_a_fault_and_no_traceback(pack, command):
    (pack / RULE).write_text("id: [unclosed\n", "utf-8")
    said = command("rules", "check", pack)
    assert said.code == 1
    assert RULE.name in said.out


def test_the_tests_inside_a_pack_pass(pack, command):
    said = command("rules", "test", pack)
    assert said.code == 0, said.out
    assert "Rules: 1. Tests: 7, passed 7, failed 0." in said.err


def test_a_test_that_fails_is_named(pack, command):
    changed(pack, "    expect: excused", "    expect: match")
    said = command("rules", "test", pack)
    assert said.code == 1
    assert "CLO-DIG-002: the test \"shipper's own box" in said.out
    assert "expected match and found excused" in said.out
    as_json = json.loads(command("rules", "test", pack, "--json").out)
    assert as_json["rule"] == "CLO-DIG-002"
    assert (as_json["expected"], as_json["found"]) == ("match", "excused")


def test_a_pack_with_faults_is_not_tested(pack, command):
    changed(pack, "    - is_seal_missing", "    - is_seal_mising")
    said = command("rules", "test", pack)
    assert said.code == 3
    assert "1 fault" in said.err


def test_a_folder_that_is_not_there_is_refused(tmp_path, command):
    for verb in ("check", "test"):
        said = command("rules", verb, tmp_path / "nowhere")
        assert said.code in {1, 3}
        assert "nowhere" in said.out + said.err
        assert "Traceback" not in said.err
