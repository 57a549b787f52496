"""The same voyage in another format changes nothing: what a format does not carry, nobody took back."""

from datetime import UTC, date, datetime
from itertools import permutations
from pathlib import Path

import polars as pl
import pytest

from riskengine import messages
from riskengine.engine.amendments import CHANGES, told_changes
from riskengine.engine.declarations import declared_rows
from riskengine.engine.differing import ALTERING
from riskengine.engine.versions import compared
from riskengine.features import facts
from riskengine.ledger.declared import DECLARED
from riskengine.manifest import read_manifest

SAMPLES = Path(__file__).parents[2] / "sample_manifests"
NAMES = (
    "voyage.csv",
    "voyage.parquet",
    "voyage.cuscar.edi",
    "voyage.x12",
    "voyage.awmds.xml",
    "voyage.wco.xml",
    "voyage.dcsa_bill.json",
    "voyage.dcsa_arrival.json",
    "voyage_es.csv",
)
BOX = {
    "voyage_key": "EXAMPLE ANDES|609E",
    "bill_of_lading": "B1",
    "container_key": "CSQU3054383",
    "is_box": True,
    "is_unreadable": False,
}
OTHER = BOX | {"bill_of_lading": "B2", "container_key": "TGHU1234568", "bill_type": "STRAIGHT"}


@pytest.fixture(scope="module")
def declared():
    """Each sample as it would lie in the ledger, on one voyage, and its format."""

    def one(name):
        manifest = read_manifest(SAMPLES / name).manifest
        rows = declared_rows(manifest, facts.gather(manifest, date(2026, 3, 1)))
        voyage = pl.lit("EXAMPLE ANDES|609E").alias("voyage_key")
        return rows.drop("container_id").with_columns(voyage), manifest.source.format

    return {name: one(name) for name in NAMES}


def altering(*versions):
    """Return what versions, each the rows and the format, changed that counts."""
    rows = pl.concat(
        frame.with_columns(pl.lit(seq, pl.Int64).alias("seq"))
        for seq, (frame, _) in enumerate(versions)
    )
    documents = pl.DataFrame(
        {
            "seq": range(len(versions)),
            "format": [format_ for _, format_ in versions],
            "mapping_sha256": [""] * len(versions),
        },
        schema_overrides={"seq": pl.Int64},
    )
    found = compared(rows, documents).changes.filter(pl.col("kind").is_in(ALTERING))
    return found.select("seq", "field", "before", "after").rows()


def told(format_, **fields):
    """Return a version that says something of one box, and of another that never changes."""
    return pl.DataFrame([BOX | fields, OTHER], schema=dict(DECLARED)), format_


def test_no_sample_amends_the_same_voyage_in_another_format(declared):
    found = {
        pair: changes
        for pair in permutations(NAMES, 2)
        if (changes := altering(*(declared[name] for name in pair)))
    }
    assert found == {}


def test_another_format_takes_nothing_back_and_hides_nothing():
    listed, silent = told("csv", bill_type="MASTER"), told("cuscar")
    assert altering(listed, silent) == []
    assert altering(listed, silent, silent, listed) == []
    changed = told("csv", bill_type="ORDER")
    assert altering(listed, silent, changed) == [(2, "bill_type", "MASTER", "ORDER")]


def test_the_same_feed_takes_back_what_it_gave_once():
    listed, silent = told("csv", bill_type="MASTER"), told("csv")
    assert altering(listed, silent) == [(1, "bill_type", "MASTER", None)]
    assert altering(listed, told("cuscar"), silent) == [(2, "bill_type", "MASTER", None)]
    assert altering(listed, silent, told("cuscar"), silent) == [
        (1, "bill_type", "MASTER", None)
    ]


def test_a_shorter_list_is_taken_back_by_the_same_feed_alone():
    both = told("csv", seal_numbers=["A", "B"])
    assert altering(both, told("cuscar", seal_numbers=["A"])) == []
    assert altering(both, told("csv", seal_numbers=["A"])) == [(1, "seal_numbers", "A; B", "A")]


def test_what_is_no_longer_stated_is_told_as_that_and_dated_as_elsewhere():
    row = {
        "container_id": 1,
        "field": "bill_type",
        "before": "STRAIGHT",
        "kind": "removed",
        "version": 2,
        "received_at": datetime(2026, 3, 7, tzinfo=UTC),
        "hours_before_arrival": -4.0,
    }
    (said,) = told_changes(pl.DataFrame([row], schema=CHANGES), 1)
    assert "STRAIGHT and is no longer stated (4 hours after arrival)" in said
    assert "Version 2, Mar 7, 2026:" in said
    (said,) = told_changes(pl.DataFrame([row], schema=CHANGES), 1, "fr")
    assert "7 mars 2026" in said
    assert "00:00" not in said


@pytest.mark.parametrize("language", messages.LANGUAGES)
@pytest.mark.parametrize(
    "name", ["days_amended_before_arrival", "hours_amended_before_arrival"]
)
def test_a_change_after_arrival_is_not_told_as_one_before_it(name, language):
    said = messages.render(f"indicator.{name}.value", {"value": -4}, language)
    assert said.endswith(": -4.")
