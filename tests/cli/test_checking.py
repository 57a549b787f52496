"""``check``: what is wrong, and where; exit 1 if there is anything."""

from __future__ import annotations

import gzip
import json
import re
import zipfile
from pathlib import Path

import pytest

BROKEN = Path(__file__).parents[2] / "sample_manifests" / "broken"
REFUSED = {"awmds_external.xml", "awmds_laughs.xml", "duplicate_headers.csv", "empty.csv"}
WITH_DEFECTS = sorted(path.name for path in BROKEN.iterdir() if path.name not in REFUSED)


@pytest.mark.parametrize("name", WITH_DEFECTS)
def test_a_broken_file_is_answered_with_places(samples, command, name):
    said = command("check", BROKEN / name)
    assert said.code == 1
    assert re.search(rf"^{re.escape(name)}(:\d+)?(:\d+)?\s", said.out, re.MULTILINE)
    assert f"{name}: lines" in said.err


def test_a_cell_has_a_line_and_a_column(samples, command):
    said = command("check", BROKEN / "decimal_comma.csv")
    assert "decimal_comma.csv:5:12" in said.out


@pytest.mark.parametrize("name", [*sorted(REFUSED), "nowhere.csv"])
def test_a_file_that_is_no_manifest_is_refused(samples, command, name):
    said = command("check", BROKEN / name)
    assert said.code == 3
    assert name in said.err


def test_a_sound_file_is_answered_with_its_quality_and_zero(samples, command):
    said = command("check", samples / "earlier" / "2026-02-18.csv")
    assert said.code == 0
    assert "no defect" in said.err
    assert re.search(r"data quality \d+(\.\d)? of 100", said.err)
    assert "HS codes that exist and fit" in said.out
    assert ".csv:" not in said.out


def test_one_broken_file_among_many_is_enough_for_exit_one(samples, command):
    sound = samples / "earlier" / "2026-02-18.csv"
    assert command("check", sound, BROKEN / "eaten_zero.csv", sound).code == 1


def test_defects_come_as_json_lines(samples, command):
    said = command("check", BROKEN / "wrong_dates.csv", "--json")
    assert said.code == 1
    *defects, _ = [json.loads(line) for line in said.out.splitlines()]
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


def test_the_quality_comes_last_as_one_object_with_every_component(samples, command):
    said = command("check", samples / "voyage.csv", "--json")
    quality = json.loads(said.out.splitlines()[-1])["quality"]
    weights = [part["weight"] for part in quality["components"]]
    assert sum(weights) == 100
    lost = sum(part["lost"] for part in quality["components"])
    assert quality["score"] == pytest.approx(100 - lost)
    (filer,) = quality["filers"]
    assert (filer["filer"], filer["source"]) == ("XOCN", "carrier")
    assert {"code", "field", "line", "bill_of_lading"} <= set(filer["listed"][0])


def test_a_gate_passes_by_quality_and_not_by_defects(samples, command):
    broken = BROKEN / "check_digits.csv"
    assert command("check", broken).code == 1
    assert command("check", broken, "--min-quality", "40").code == 0
    said = command("check", broken, "--min-quality", "90")
    assert said.code == 1
    assert "below the 90 asked for" in said.err


@pytest.mark.parametrize("name", ["ragged.csv", "header_only.csv"])
def test_a_gate_is_shut_for_what_could_not_be_read_or_judged(command, name):
    assert command("check", BROKEN / name, "--min-quality", "0").code == 1


@pytest.mark.parametrize("least", ["-1", "101", "many"])
def test_a_gate_takes_0_to_100(command, samples, least):
    assert command("check", samples / "voyage.csv", "--min-quality", least).code == 2


def test_a_letter_is_plain_text_on_stdout_and_nothing_else_is(samples, command):
    said = command(
        "check", BROKEN / "check_digits.csv", "--request", "--answer-by", "2026-03-09"
    )
    assert said.out.startswith("To: ")
    assert "Mar 9, 2026" in said.out
    assert "Component" not in said.out
    assert "quality" not in said.out


def test_a_letter_comes_in_the_language_asked_for(command):
    said = {
        language: command("check", BROKEN / "ragged.csv", "--request", "--lang", language).out
        for language in ("en", "fr", "es", "pt")
    }
    assert len(set(said.values())) == 4


def test_a_letter_may_come_as_json(command):
    said = command("check", BROKEN / "ragged.csv", "--request", "--json")
    letter = json.loads(said.out.splitlines()[-1])["request"]
    assert letter["filer"] is None
    assert letter["text"].startswith("To: whoever lodged this file")


def test_a_folder_is_listed_by_what_its_files_hold(samples, command, tmp_path):
    sound = (samples / "earlier" / "2026-02-18.csv").read_bytes()
    (tmp_path / "manifest.bak").write_bytes(sound)
    (tmp_path / "packed.dat").write_bytes(gzip.compress(sound))
    (tmp_path / "notes.md").write_text("# The bills of today, and the rest")
    (tmp_path / "scan.pdf").write_bytes(b"%PDF-1.7 ...")
    (tmp_path / ".hidden.csv").write_bytes(sound)
    said = command("check", tmp_path)
    assert said.code == 0
    assert said.err.count("no defect") == 2
    assert "Left out, for they are no manifests: 2 (notes.md, scan.pdf)" in said.err


def test_folders_below_a_folder_are_looked_into_and_what_is_not_is_said(
    samples, command, tmp_path
):
    sound = (samples / "earlier" / "2026-02-18.csv").read_bytes()
    deep = tmp_path.joinpath(*"abcdefghi")
    deep.mkdir(parents=True)
    (deep / "too_deep.csv").write_bytes(sound)
    (tmp_path / "a" / "b" / "day.csv").write_bytes(sound)
    (tmp_path / ".hidden.csv").write_bytes(sound)
    (tmp_path / "loop").symlink_to(tmp_path)
    said = command("check", tmp_path)
    assert said.code == 0
    assert said.err.count("no defect") == 1
    assert "hidden or links: 2 (.hidden.csv, loop)" in said.err
    assert re.search(r"Folders not looked into, .*: 1 \(a/b/c/d/e/f/g/h/i\)", said.err)


@pytest.mark.parametrize("content", [{}, {"notes.md": "# Nothing", "scan.pdf": "%PDF-1.7"}])
def test_a_folder_without_a_manifest_is_answered_so(command, tmp_path, samples, content):
    folder = tmp_path / "none"
    folder.mkdir()
    for name, text in content.items():
        (folder / name).write_text(text)
    said = command("check", folder)
    assert said.code == 3
    assert f"There is no manifest in {folder}." in said.err
    assert "rule" not in said.err
    beside = command("check", folder, samples / "earlier" / "2026-02-18.csv")
    assert beside.code == 3
    assert "There is no manifest" in beside.err
    assert "no defect" in beside.err


def test_boxes_are_counted_once_and_loose_cargo_apart(samples, command):
    moved = command("check", samples / "movements.csv")
    assert moved.err.count("containers 50") == 1
    assert "Containers 50" in moved.err
    assert "boxes of which nothing need be asked" in moved.out
    assert "ills" not in moved.err + moved.out
    carried = command("check", samples / "voyage.csv")
    assert carried.err.count("containers 49") == 2
    assert "loose cargo, which are in no container: 1" in carried.err


def test_one_refused_file_does_not_keep_the_others_from_being_checked(samples, command):
    said = command("check", BROKEN / "empty.csv", samples / "earlier" / "2026-02-18.csv")
    assert said.code == 3
    assert "is empty" in said.err
    assert "no defect" in said.err


def test_each_file_of_an_archive_is_checked_by_its_name(samples, command, tmp_path):
    archive = tmp_path / "voyages.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for day in ("2026-02-04", "2026-02-18"):
            packed.write(samples / "earlier" / f"{day}.csv", f"{day}.csv")
    said = command("check", archive)
    assert said.code == 0
    assert "voyages.zip/2026-02-18.csv: lines" in said.err


def test_a_mapping_is_proposed_and_can_be_used_at_once(samples, command, tmp_path):
    export, mapping = samples / "voyage_es.csv", tmp_path / "ours.toml"
    said = command("check", "--suggest-mapping", export)
    assert said.code == 0
    assert said.out.startswith("# Proposed for voyage_es.csv")
    assert command("check", "--suggest-mapping", export, "--out", mapping).code == 0
    assert mapping.read_text("utf-8") == said.out
    assert command("check", export, "--mapping", mapping, "--min-quality", "90").code == 0
    again = command("check", "--suggest-mapping", export, "--out", mapping)
    assert again.code == 2
    assert "exists already" in again.err


def test_only_columns_in_force_are_counted_as_sure_or_likely(command, tmp_path):
    rows = [f"BILL{n:04},COTTON FABRICS,{1000 + n}.50" for n in range(30)]
    export = tmp_path / "export.csv"
    export.write_text("BL No,Goods,Invoice value\n" + "\n".join(rows), "utf-8")
    said = command("check", "--suggest-mapping", export).err
    assert "in force: sure 2, likely 0." in said
    assert "waiting for something to be added 1, guessed 0, left out 0." in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["--suggest-mapping", "{folder}"],
        ["--suggest-mapping", "--json", "{file}"],
        ["{file}", "--out", "x.toml"],
    ],
)
def test_options_of_the_assistant_are_not_used_for_anything_else(samples, command, arguments):
    places = {"folder": samples, "file": samples / "voyage.csv"}
    assert command("check", *(one.format(**places) for one in arguments)).code == 2
