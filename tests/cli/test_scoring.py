"""``score``: data on stdout, talk on stderr, four exit codes, and nothing that a manifest can trick."""

from __future__ import annotations

import csv
import json
import re
import zipfile

import polars as pl
import pytest

from riskengine.ledger import history, run_register
from riskengine.model import shelf

BROKEN = ("ragged", "unterminated_quote", "nul_bytes")


@pytest.fixture
def small(tmp_path, voyage_lines, written_lines):
    """Write the first lines of the voyage, some fields changed."""

    def written(*, count=3, name="small.csv", **changed):
        return written_lines(
            tmp_path / name, [line | changed for line in voyage_lines()[:count]]
        )

    return written


def recorded_ids(unit):
    return [entry.run_id for entry in run_register.recorded_runs(unit)]


def test_json_is_all_there_is_on_stdout(unit, voyage, command, at, run):
    said = command("score", voyage, "--json", *at, "-w", unit.root)
    assert said.code == 0
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert [line["rank"] for line in lines] == list(range(1, 51))
    assert {line["run_id"] for line in lines} == {run.card.run_id}
    assert recorded_ids(unit)[-1] == run.card.run_id


def test_the_page_is_on_stdout_and_the_talk_on_stderr(unit, voyage, command, at, run):
    said = command("score", voyage, *at, "-w", unit.root)
    assert said.code == 0
    assert "voyage.csv: containers 50" in said.out
    assert "finds expected" in said.out or "No container merits red" in said.out
    assert run.card.run_id not in said.out
    assert f"Recorded as run {run.card.run_id}." in said.err
    assert "Defects in the file: 1" in said.err


def test_red_and_yellow_are_shown_and_all_on_request(unit, voyage, command, at, run):
    options = (*at, "-w", unit.root)
    few = command("score", voyage, *options)
    all_of_them = command("score", voyage, *options, "--all")
    for number, lane in run.assessments.select("container_number", "lane").rows():
        if number is not None:
            assert (number in few.out) == (lane in {"red", "yellow"})
            assert number in all_of_them.out
    hidden = run.assessments.filter(pl.col("lane").is_in(["blue", "green"])).height
    assert f"Not shown, blue or green: {hidden}" in few.err
    assert "Not shown" not in all_of_them.err


def test_whoever_scores_by_the_baseline_is_told_what_it_has_learned_from(
    unit, small, command, at
):
    said = command("score", small(), *at, "-w", unit.root)
    assert "The model in force is the baseline" in said.err


def test_a_container_of_two_ships_is_explained_by_the_run_that_is_named(
    unit, voyage, command, at, tmp_path
):
    """Two ships may carry the same number; an officer must not read the papers of the other one."""
    other = tmp_path / "other.csv"
    other.write_text(
        voyage.read_text("utf-8").replace(
            "EXAMPLE ANDES,1234567,609E", "OTHER SHIP,7654321,1W"
        ),
        "utf-8",
    )
    runs = [
        re.search(r"run (\S+?)\.", command("score", file, *at, "-w", unit.root).err).group(1)
        for file in (voyage, other)
    ]
    last = command("explain", "XOCU6435280", "-w", unit.root)
    assert "OTHER SHIP" in last.out
    assert runs[0] in last.err
    first = command("explain", "XOCU6435280", "--run", runs[0], "-w", unit.root)
    assert "EXAMPLE ANDES" in first.out


def test_a_dry_run_draws_nothing(unit, voyage, command, at):
    """Who could ask which boxes would be drawn, and leave no trace, could choose others."""
    said = command("score", voyage, *at, "--dry-run", "--all", "--json", "-w", unit.root)
    assert '"basis": "random"' not in said.out


def test_settings_that_are_no_table_are_refused_in_a_sentence(unit, small, command):
    unit.settings_file.write_text("policy = 3\n", encoding="utf-8")
    said = command("score", small(), "-w", unit.root)
    assert said.code == 3
    assert "policy must be a table" in said.err
    assert "Traceback" not in said.err


def test_a_file_that_is_no_manifest_stops_the_day_before_it_has_begun(unit, small, command, at):
    said = command("score", small(), unit.root / "missing.csv", *at, "-w", unit.root)
    assert (said.code, said.out) == (3, "")


def test_the_second_time_says_that_it_was_recorded_before(unit, small, command, at):
    file = small()
    first, second = (command("score", file, *at, "-w", unit.root) for _ in range(2))
    assert "Recorded as run" in first.err
    assert "recorded before" in second.err
    assert second.code == 0
    assert second.out == first.out


def test_a_dry_run_records_nothing(unit, small, command, at):
    before, ids = history.digest(unit), recorded_ids(unit)
    said = command("score", small(), *at, "--dry-run", "-w", unit.root)
    assert "Nothing was recorded." in said.err
    assert (history.digest(unit), recorded_ids(unit)) == (before, ids)
    assert not any(unit.root.glob("runs/2026-03-04/*"))


def test_another_ship_under_the_same_file_name_is_a_separate_run(
    unit, small, command, at, tmp_path
):
    (tmp_path / "again").mkdir()
    options = ("--json", *at, "-w", unit.root)
    first = command("score", small(), *options)
    second = command("score", small(vessel_name="EXAMPLE SIERRA", vessel_imo=""), *options)
    ids = {json.loads(said.out.splitlines()[0])["run_id"] for said in (first, second)}
    assert len(ids) == 2
    assert ids <= set(recorded_ids(unit))


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_with_unreadable_lines_is_scored_and_recorded(unit, samples, command, at, name):
    """A line that names neither box nor bill for sure must not stop the other nine."""
    file = samples / "broken" / f"{name}.csv"
    said = command("score", file, *at, "-w", unit.root)
    assert said.code == 0, said.err
    assert "Recorded as run" in said.err
    assert "could not be read" in said.out


def test_each_consignment_can_be_assessed_as_of_its_own_day(unit, small, command):
    said = command("score", small(), "--json", "--at", "presented", "-w", unit.root)
    assert said.code == 0
    assert all(
        json.loads(line)["run_id"].startswith("presented-") for line in said.out.splitlines()
    )


def test_the_sentences_come_in_the_language_asked_for(unit, small, command, at):
    said = {
        language: command(
            "score", small(), "--all", "--dry-run", *at, "--lang", language, "-w", unit.root
        ).out
        for language in ("en", "fr", "es", "pt")
    }
    assert len(set(said.values())) == 4


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("nowhere.csv", "There is no file"),
        (".", "is a folder"),
        ("broken/empty.csv", "is empty"),
        ("broken/duplicate_headers.csv", "'gross_mass_kg' heads 2 columns"),
    ],
)
def test_what_is_no_manifest_is_refused_in_one_sentence(
    unit, samples, command, file, sentence, at
):
    said = command("score", samples / file, *at, "-w", unit.root)
    assert said.code == 3
    assert said.out == ""
    assert said.err.startswith("riskengine: ")
    assert said.err.count("\n") == 1
    assert sentence in said.err


def test_a_manifest_without_a_line_is_scored_and_says_so(unit, samples, command, at):
    file = samples / "broken" / "header_only.csv"
    said = command("score", file, *at, "-w", unit.root)
    assert said.code == 0
    assert "containers 0" in said.out
    assert "Defects in the file: 1" in said.err
    assert command("score", file, "--json", *at, "-w", unit.root).out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--at", "tomorrow"],
        ["--at", "2026-02-30"],
        ["--at", "31.12.2026"],
        ["--lang", "xx"],
        ["--nonsense"],
        ["--out", "list.pdf"],
        ["--out", "list"],
    ],
    ids=" ".join,
)
def test_a_misspelt_command_is_answered_with_usage_before_any_work(
    unit, small, command, arguments
):
    ids = recorded_ids(unit)
    said = command("score", small(), *arguments, "-w", unit.root)
    assert said.code == 2
    assert said.out == ""
    assert "Usage" in said.err
    assert arguments[-1] in said.err
    assert recorded_ids(unit) == ids


def test_a_folder_that_is_no_workspace_says_how_to_make_one(tmp_path, small, command):
    said = command("score", small(), "-w", tmp_path / "none")
    assert said.code == 3
    assert f"riskengine init {tmp_path / 'none'}" in said.err


def test_the_workspace_may_be_named_by_the_environment(unit, small, command, at, monkeypatch):
    monkeypatch.setenv("RISKENGINE_WORKSPACE", str(unit.root))
    assert command("score", small(), "--dry-run", *at).code == 0


def test_an_unknown_setting_is_refused_with_what_was_meant(unit, small, command):
    with unit.settings_file.open("a", encoding="utf-8") as file:
        file.write("red_lfit = 3\n")
    said = command("score", small(), "-w", unit.root)
    assert said.code == 3
    assert "no setting 'red_lfit' (did you mean 'red_lift'?)" in said.err


@pytest.mark.parametrize("file", ["model.txt", "card.json", "golden.json"])
def test_a_truncated_model_is_refused_and_scores_nothing(unit, small, command, file):
    """A damaged model text can crash the process or change scores in silence."""
    path = unit.models_folder / shelf.read_pointer(unit).id / file
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    said = command("score", small(), "-w", unit.root)
    assert said.code == 3
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "Traceback" not in said.err


def test_a_day_without_a_model_is_scored_by_rules(unit, voyage, command, at):
    (unit.models_folder / shelf.POINTER_FILE).unlink()
    said = command("score", voyage, "--json", "--all-reasons", *at, "-w", unit.root)
    assert said.code == 0, said.err
    for line in map(json.loads, said.out.splitlines()):
        assert {reason["kind"] for reason in line["reasons"]} <= {"rule"}
        total = line["base_log_odds"] + sum(reason["log_odds"] for reason in line["reasons"])
        assert total == pytest.approx(line["log_odds"], abs=1e-9)


def mapping(tmp_path, text):
    path = tmp_path / "mapping.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_mapping_that_names_another_column_says_which_was_meant(
    unit, small, command, tmp_path
):
    wrong = mapping(tmp_path, 'schema = 1\n[columns]\ncontainer_number = "container_numbr"\n')
    said = command("score", small(), "--mapping", wrong, "-w", unit.root)
    assert said.code == 3
    assert "there is no column 'container_numbr' (did you mean 'container_number'?)" in said.err


def test_a_mapping_file_reads_what_no_header_tells(unit, command, tmp_path, at):
    file = tmp_path / "feed.csv"
    file.write_text("Kiste,Ware\nXOCU6435280,BANANAS\n", "utf-8")
    told = mapping(
        tmp_path,
        'schema = 1\n[columns]\ncontainer_number = "Kiste"\ngoods_description = "Ware"\n',
    )
    assert command("score", file, *at, "-w", unit.root).code == 3
    said = command("score", file, "-m", told, "--json", *at, "-w", unit.root)
    assert said.code == 0
    assert json.loads(said.out)["container_number"] == "XOCU6435280"


HOSTILE = {
    "goods_description": '=HYPERLINK("http://x.example","OPEN")',
    "shipper_name": "http://evil.example/a",
    "consignee_name": "@SUM(A1)\x1b[2J\x1b]0;owned\x07",
    "consignee_email": "+1-800@x.example",
    "marks": "[bold red]not markup[/] [link=http://x]",
}


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet", ".jsonl"])
def test_hostile_texts_of_a_manifest_are_only_texts_in_a_file(
    unit, small, command, tmp_path, suffix, at
):
    out = tmp_path / f"list{suffix}"
    file = small(count=4, **HOSTILE)
    said = command("score", file, "--out", out, "--dry-run", *at, "-w", unit.root)
    assert said.code == 0, said.err
    assert f"Written to {out}." in said.err
    if suffix == ".csv":
        with out.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.reader(lines))
        assert len(rows) == 5
        starts = {cell[:1] for row in rows for cell in row if not _is_number(cell)}
        assert not starts & set("=+-@\t\r")
        assert "\x1b" not in out.read_text("utf-8")
    elif suffix == ".xlsx":
        with zipfile.ZipFile(out) as book:
            sheet = book.read("xl/worksheets/sheet1.xml").decode()
            assert "<f>" not in sheet
            assert "hyperlink" not in sheet.lower()
            assert not any("hyperlink" in name for name in book.namelist())
        assert pl.read_excel(out).height == 4
    else:
        frame = pl.read_parquet(out) if suffix == ".parquet" else pl.read_ndjson(out)
        assert frame.height == 4
        assert frame["rank"].to_list() == [1, 2, 3, 4]


def _is_number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True


def test_hostile_texts_of_a_manifest_cannot_move_the_cursor(unit, small, command, at):
    file = small(**HOSTILE)
    page = command("score", file, "--all", *at, "-w", unit.root)
    lines = command("score", file, "--json", *at, "-w", unit.root)
    number = json.loads(lines.out.splitlines()[0])["container_number"]
    explained = command("explain", number, "-w", unit.root)
    for said in (page, explained):
        assert said.code == 0
        for text in (said.out, said.err):
            assert "\x1b" not in text
            assert "\x07" not in text
    # JSON has its own way of writing what cannot be seen.
    assert "\x1b" not in lines.out
    assert "HTTP://EVIL.EXAMPLE/A" in explained.out


def test_several_manifests_are_one_file(unit, small, command, tmp_path, at):
    out = tmp_path / "both.jsonl"
    files = (small(), small(count=2, name="second.csv", voyage_number="610E"))
    said = command("score", *files, "--out", out, *at, "-w", unit.root)
    assert said.code == 0
    frame = pl.read_ndjson(out)
    assert frame.height == 5
    assert frame["run_id"].n_unique() == 2


def test_a_folder_that_is_missing_for_the_file_is_refused(unit, small, command, tmp_path, at):
    out = tmp_path / "missing" / "list.csv"
    said = command("score", small(), "--out", out, "--dry-run", *at, "-w", unit.root)
    assert said.code == 2
    assert "there is no folder" in said.err


def test_the_six_planted_boxes_are_the_first_six(run, samples):
    """The sample voyage shows what the engine is for."""
    page = (samples / "README.md").read_text("utf-8")
    page = page.partition("Six containers are meant")[2].partition("\n## ")[0]
    planted = set(re.findall(r"^\| ([A-Z]{4}\d{7}) \|", page, re.MULTILINE))
    assert len(planted) == 6
    assert set(run.assessments["container_number"].head(6)) == planted
