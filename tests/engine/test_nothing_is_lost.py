"""Nothing is lost: what stands in a file is assessed or named, and what cannot be read is never green."""

from __future__ import annotations

import dataclasses
import math
import re
from pathlib import Path

import polars as pl
import pytest

from riskengine.engine import Engine, engine
from riskengine.errors import RiskEngineError
from riskengine.manifest import read_manifest
from riskengine.rules.store import in_force
from riskengine.selectivity import Policy

SAMPLES = Path(__file__).parents[2] / "sample_manifests"
REFUSED = {"empty.csv", "duplicate_headers.csv", "awmds_external.xml", "awmds_laughs.xml"}
# That the others read to the same manifest is shown in tests/manifest/test_every_format.py.
ONE_OF_A_KIND = (
    "voyage.csv",
    "voyage.ods",
    "voyage.cuscar.edi",
    "voyage.x12",
    "voyage.awmds.xml",
    "voyage.dcsa_bill.json",
    "voyage.baplie22.edi",
    "voyage.codeco.edi",
)
READABLE = sorted(
    path
    for path in [*(SAMPLES / name for name in ONE_OF_A_KIND), *(SAMPLES / "broken").iterdir()]
    if path.name not in REFUSED
)
# The shape of a container number in plain text, whatever its check digit.
NUMBER = re.compile(r"(?<![A-Z0-9])[A-Z]{3}[UJZ][0-9]{7}(?![A-Z0-9])")


def plain_text(path: Path) -> str:
    if path.suffix == ".parquet":
        return pl.read_parquet(path).write_csv()
    if path.name in {"voyage.xlsx", "voyage.xls", "voyage.ods"}:
        return pl.read_excel(path, infer_schema_length=0).write_csv()
    return path.read_bytes().decode("latin-1")


@pytest.fixture(scope="module")
def assessed(session_unit, day):
    """Every readable sample, read and assessed; by a dozen rules, as no rule can lose a container."""
    opened = Engine.open(session_unit)
    readings = {path.name: read_manifest(path) for path in READABLE}

    def few(workspace, on):
        held = in_force(workspace, on)
        return dataclasses.replace(held, rules=held.rules[::16])

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(engine, "in_force", few)
        return {
            name: (reading, opened.assess(reading, assessed_on=day))
            for name, reading in readings.items()
        }


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.name)
def test_every_number_in_the_file_is_assessed_or_named_in_a_defect(path, assessed):
    reading, run = assessed[path.name]
    in_the_file = set(NUMBER.findall(plain_text(path)))
    named = set(run.assessments["container_number"].drop_nulls()) | {
        defect.container_number for defect in reading.defects
    }
    assert in_the_file - named == set()
    # X12 writes the letters and the digits of a number apart.
    assert in_the_file or path.name == "header_only.csv" or path.suffix == ".x12"


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.name)
def test_every_record_is_a_line_or_a_defect_or_blank(path, assessed):
    reading, _ = assessed[path.name]
    source = reading.manifest.source
    unread = {
        defect.record_number for defect in reading.defects if defect.effect.value == "record"
    }
    # Containers that share a cell have a goods item each, of one line.
    lines = reading.manifest.goods_items["record_number"].n_unique()
    assert source.record_count == lines + len(unread) + source.blank_count


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.name)
def test_every_container_of_the_manifest_is_assessed_once(path, assessed):
    reading, run = assessed[path.name]
    ids = reading.manifest.containers["container_id"].to_list()
    assert sorted(run.assessments["container_id"].to_list()) == sorted(ids)
    assert sorted(run.assessments["rank"].to_list()) == list(range(1, len(ids) + 1))


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.name)
def test_what_could_not_be_read_is_at_least_yellow(path, assessed):
    reading, run = assessed[path.name]
    unread = {
        defect.container_number
        for defect in reading.defects
        if defect.effect.value in {"record", "cell"} and defect.container_number
    }
    lanes = {row["container_number"]: row for row in run.assessments.iter_rows(named=True)}
    for number in unread:
        assert lanes[number]["lane"] in {"yellow", "red"}
        by_score = lanes[number]["lift_log_odds"] >= math.log(Policy().yellow_lift)
        assert lanes[number]["basis"] == "defect" or lanes[number]["is_random"] or by_score
    assert all(
        row["lane"] in {"yellow", "red"} for row in lanes.values() if row["is_unreadable"]
    )


def test_a_line_that_could_not_be_read_leaves_by_the_door_of_defects(assessed):
    """The three files with whole lines damaged have such lines, so that the law above is not empty."""
    for name, unread in (
        ("ragged.csv", 2),
        ("unterminated_quote.csv", 1),
        ("nul_bytes.csv", 1),
    ):
        _, run = assessed[name]
        assert run.assessments["is_unreadable"].sum() == unread
        assert run.assessments.filter(pl.col("basis") == "defect").height >= unread


def test_a_defect_in_one_line_leaves_the_lanes_of_the_others(assessed, session_unit, day):
    """Containers of undamaged lines stand where they stand in a file without damage."""
    _, damaged = assessed["nul_bytes.csv"]
    _, whole = assessed["latin1.csv"]
    unread = damaged.assessments.filter("is_unreadable")["container_number"].to_list()
    both = damaged.assessments.join(whole.assessments, on="container_number").filter(
        ~pl.col("container_number").is_in(unread)
    )
    assert both.height >= 8
    assert both.filter(pl.col("basis") == "defect").is_empty()


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_file_that_cannot_be_a_manifest_is_refused_as_a_whole(name):
    with pytest.raises(RiskEngineError) as refusal:
        read_manifest(SAMPLES / "broken" / name)
    assert name in refusal.value.sentence
    assert refusal.value.remedy


def test_defects_of_a_run_are_those_of_the_reading(assessed):
    """The run folder keeps every defect with its place and the text as received."""
    for reading, run in assessed.values():
        kept = run.defects.select("code", "line", "column", "raw").rows()
        told = [(d.code, d.place.line, d.place.column, d.raw) for d in reading.defects]
        assert kept == told


def test_two_rows_for_one_container_are_one_container_on_two_bills(assessed):
    reading, run = assessed["same_container_twice.csv"]
    by_number = run.assessments.group_by("container_number").agg(pl.len())
    assert by_number["len"].max() == 1
    bills = run.assessments["bills_of_lading"].list.len()
    assert bills.max() == 2
    assert reading.manifest.goods_items.height == 12
