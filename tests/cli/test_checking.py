"""``check``: what is wrong, and where; exit 1 if there is anything."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

BROKEN = Path(__file__).parents[2] / "sample_manifests" / "broken"
# duplicate_headers.csv and empty.csv are refused as a whole.
WITH_DEFECTS = sorted(
    path.name
    for path in BROKEN.iterdir()
    if path.name not in {"duplicate_headers.csv", "empty.csv"}
)


@pytest.mark.parametrize("name", WITH_DEFECTS)
def test_a_broken_file_is_answered_with_places(samples, command, name):
    said = command("check", BROKEN / name)
    assert said.code == 1
    assert re.search(rf"^{re.escape(name)}(:\d+)?(:\d+)?\s", said.out, re.MULTILINE)
    assert f"{name}: lines" in said.err


def test_a_cell_has_a_line_and_a_column(samples, command):
    said = command("check", BROKEN / "decimal_comma.csv")
    assert "decimal_comma.csv:5:12" in said.out


@pytest.mark.parametrize("name", ["duplicate_headers.csv", "empty.csv", "nowhere.csv"])
def test_a_file_that_is_no_manifest_is_refused(samples, command, name):
    said = command("check", BROKEN / name)
    assert said.code == 3
    assert name in said.err


def test_a_sound_file_is_answered_with_silence_and_zero(samples, command):
    said = command("check", samples / "earlier" / "2026-02-18.csv")
    assert said.code == 0
    assert said.out == ""
    assert "no defect" in said.err


def test_one_broken_file_among_many_is_enough_for_exit_one(samples, command):
    sound = samples / "earlier" / "2026-02-18.csv"
    assert command("check", sound, BROKEN / "eaten_zero.csv", sound).code == 1


def test_defects_come_as_json_lines(samples, command):
    said = command("check", BROKEN / "wrong_dates.csv", "--json")
    assert said.code == 1
    defects = [json.loads(line) for line in said.out.splitlines()]
    assert [defect["place"] for defect in defects] == [
        f"wrong_dates.csv:{line}:6" for line in (2, 3, 4, 5)
    ]
    assert all(defect["sentence"] and defect["raw"] for defect in defects)


def test_many_defects_of_one_kind_are_counted_and_not_all_shown(samples, command):
    said = command("check", BROKEN / "eaten_zero.csv")
    assert said.out.count("eaten_zero.csv:") == 5
    assert "5 more of this kind" in said.out


def test_a_rule_pack_is_checked_by_the_same_verb(command):
    said = command("check", Path(__file__).parents[2] / "rules" / "core")
    assert said.code == 0
    assert "no fault" in said.err


def test_defects_are_told_in_the_language_asked_for(samples, command):
    said = {
        language: command("check", BROKEN / "ragged.csv", "--lang", language).out
        for language in ("en", "fr", "es", "pt")
    }
    assert len(set(said.values())) == 4
