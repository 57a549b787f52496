"""``rules test --strength``: what the tests inside rules would not notice, for people and for scripts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from riskengine.cli.rule_strength import _shown_share

CORE = Path(__file__).parents[2] / "rules" / "core"
RULE = Path("cloned_container") / "clo-dig-002.yaml"


@pytest.fixture
def pack(tmp_path):
    """A pack of one rule, as its author has it on disk."""
    (tmp_path / "pack" / RULE.parent).mkdir(parents=True)
    shutil.copy(CORE / "pack.yaml", tmp_path / "pack")
    shutil.copy(CORE / RULE, tmp_path / "pack" / RULE)
    return tmp_path / "pack"


@pytest.fixture
def weak_pack(pack):
    """The same pack; nobody tests any more that the number must be wrong."""
    text = (pack / RULE).read_text("utf-8")
    start = text.index("  - name: number adds up\n")
    end = text.index("  - name:", start + 5)
    (pack / RULE).write_text(text[:start] + text[end:], "utf-8")
    return pack


def test_strong_tests_are_said_to_notice_every_change(pack, command):
    said = command("rules", "test", "--strength", "--least", "100%", pack)
    assert said.code == 0
    assert said.out.startswith("CLO-DIG-002: ")
    assert "100 %" in said.out
    assert "Small changes tried" in said.err


def test_a_missed_change_is_told_with_its_place_and_its_remedy(weak_pack, command):
    said = command("rules", "test", "--strength", weak_pack)
    text = (weak_pack / RULE).read_text("utf-8")
    row = text[: text.index("- is_check_digit_wrong")].count("\n") + 1
    assert said.code == 0
    line = next(line for line in said.out.splitlines() if "could be left out" in line)
    assert f"{RULE.name}:{row}:7: `is_check_digit_wrong` could be left out" in line
    assert "Add a test in which only `is_check_digit_wrong` does not hold." in line


def test_a_rule_below_the_least_share_is_named_and_leaves_with_one(weak_pack, command):
    said = command("rules", "test", "--strength", "--least", "100%", weak_pack)
    assert said.code == 1
    assert "Below 100 %: CLO-DIG-002." in said.err
    assert command("rules", "test", "--strength", "--least", "0.5", weak_pack).code == 0


def test_a_script_reads_one_object_a_rule_in_the_language_asked_for(weak_pack, command):
    said = command("rules", "test", "--strength", "--json", "--lang", "fr", weak_pack)
    (found,) = (json.loads(line) for line in said.out.splitlines())
    assert found["rule"] == "CLO-DIG-002"
    assert found["total"] == found["noticed"] + len(found["missed"])
    assert found["share"] == round(found["noticed"] / found["total"], 4)
    missed = next(each for each in found["missed"] if each["written"] == "is_check_digit_wrong")
    assert missed["changed"] is None or isinstance(missed["changed"], str)
    assert "aucun test" in missed["sentence"]


def test_a_rule_whose_tests_fail_is_not_measured(pack, command):
    text = (pack / RULE).read_text("utf-8")
    (pack / RULE).write_text(text.replace("expect: no_match", "expect: match", 1), "utf-8")
    said = command("rules", "test", "--strength", pack)
    assert said.code == 1
    assert "the test 'sealed' expected match" in said.out
    assert "changes noticed" not in said.out


@pytest.mark.parametrize("share", ["95.5.5", "half", "120%", "-1", "2"])
def test_what_is_no_share_is_refused(pack, command, share):
    said = command("rules", "test", "--strength", f"--least={share}", pack)
    assert said.code != 0
    assert "is no share" in said.err
    assert "95%" in said.err


def test_a_least_share_without_strength_is_refused(pack, command):
    said = command("rules", "test", "--least", "95%", pack)
    assert said.code != 0
    assert "--strength" in said.err


def test_what_is_missed_is_never_told_as_all():
    assert [_shown_share(n, 4674) for n in (4674, 4673, 4666)] == [1.0, 0.99, 0.99]
    assert _shown_share(0, 0) == 1.0
