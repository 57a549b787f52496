"""A world on disk: what is written can be read, and the truth lies apart."""

from __future__ import annotations

import polars as pl
import pytest

from riskengine.errors import UsageError
from riskengine.manifest import read_manifest
from riskengine.manifest.mapping import load_mapping
from riskengine.simulate import Settings, simulate, write_world

SEEN = simulate(
    Settings(seed=2, months=1, containers_per_month=200, trader_count=200, prevalence=0.1)
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    write_world(SEEN, folder)
    return folder


def test_every_call_is_one_file(folder):
    named = {manifest.source.file for manifest in SEEN.manifests}
    assert {path.name for path in (folder / "manifests").iterdir()} == named


def test_the_same_world_is_written_in_the_same_bytes(folder, tmp_path):
    write_world(SEEN, tmp_path)
    for path in (folder / "manifests").iterdir():
        assert (tmp_path / "manifests" / path.name).read_bytes() == path.read_bytes()


def test_a_suffix_that_nothing_is_written_as_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"\.pdf"):
        write_world(SEEN, tmp_path, suffix=".pdf")


def test_every_file_named_was_written(tmp_path):
    written = write_world(SEEN, tmp_path)
    assert sorted(written) == sorted(path for path in tmp_path.rglob("*") if path.is_file())


def test_a_written_manifest_is_read_as_it_was_simulated(folder):
    """The reader gives the frames that the simulator gave, box by box and line by line."""
    for manifest in SEEN.manifests[:6]:
        read = read_manifest(folder / "manifests" / manifest.source.file).manifest
        for name in ("voyages", "consignments", "goods_items", "containers", "legs", "loads"):
            ours, theirs = getattr(manifest, name), getattr(read, name)
            dropped = [c for c in ours.columns if c.endswith("_id") or c == "defect_count"]
            assert ours.drop(dropped).equals(theirs.drop(dropped)), name


def test_the_truth_lies_apart_from_what_an_engine_reads(folder):
    history = pl.read_parquet(folder / "history" / "history.parquet")
    assert {"typology", "is_illicit", "chosen_by"}.isdisjoint(history.columns)
    truth = pl.read_parquet(folder / "truth" / "truth.parquet")
    assert truth.equals(SEEN.truth)


def test_the_history_is_read_by_its_mapping_with_its_labels(folder):
    mapping = load_mapping(folder / "history" / "mapping.toml")
    read = read_manifest(folder / "history" / "history.parquet", mapping).manifest
    boxes = SEEN.lines.drop_nulls("outcome").unique(["voyage_number", "container_number"])
    assert read.examinations.height == boxes.height
    assert read.examinations["is_find"].sum() == (boxes["outcome"] != "nil").sum()


def test_a_folder_that_holds_something_is_refused_and_left_as_it_is(tmp_path):
    (tmp_path / "manifests").mkdir()
    with pytest.raises(UsageError, match="not empty") as refusal:
        write_world(SEEN, tmp_path)
    assert refusal.value.remedy
    assert [path.name for path in tmp_path.rglob("*")] == ["manifests"]


def test_a_file_is_no_folder_for_a_world(tmp_path):
    (tmp_path / "world").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="is a file"):
        write_world(SEEN, tmp_path / "world")
