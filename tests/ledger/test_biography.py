"""Chapters of single boxes, of the days before, bounded and in the order of time."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from riskengine.ledger import biography, seen
from riskengine.ledger.connection import open_ledger

DAY = date(2026, 3, 4)


def sighted(workspace, *rows, **columns):
    frame = pl.DataFrame(
        rows, schema=["container_key", "bill_of_lading", "voyage_key", "on"], orient="row"
    ).with_columns(pl.col("on").cast(pl.Date), **columns)
    with open_ledger(workspace) as connection:
        seen.note(connection, frame)


def test_an_empty_ledger_knows_nothing(workspace):
    found = biography.chapters(workspace, ["CSQU3054383"], DAY)
    assert found.is_empty()
    assert dict(found.schema) == dict(biography.CHAPTERS)


def test_what_the_ledger_lacks_as_a_column_is_not_known(workspace):
    """A ledger whose first containers brought few fields answers with nulls."""
    sighted(workspace, ("A", "B1", "S|1", date(2026, 1, 1)))
    (row,) = biography.chapters(workspace, ["A", "Z"], DAY).to_dicts()
    assert (row["container_key"], row["kind"], row["size_type"]) == ("A", "voyage", None)


def test_only_days_before_and_only_the_boxes_that_were_asked_for(workspace):
    sighted(
        workspace,
        ("A", "B1", "S|1", DAY - timedelta(days=1)),
        ("A", "B2", "S|2", DAY),
        ("B", "B3", "S|3", date(2026, 1, 1)),
    )
    assert biography.chapters(workspace, ["A"], DAY)["voyage_key"].to_list() == ["S|1"]


def test_the_oldest_are_left_out_of_a_long_life(workspace):
    first = date(2025, 1, 1)
    rows = [("A", f"B{n}", f"S|{n}", first + timedelta(days=n)) for n in range(60)]
    sighted(workspace, *rows)
    told = biography.chapters(workspace, ["A"], DAY)
    assert told["voyage_key"].to_list() == [f"S|{n}" for n in range(10, 60)]


def test_voyages_without_a_name_are_not_one_voyage(workspace):
    sighted(
        workspace,
        ("A", "B1", "|", date(2026, 1, 1)),
        ("A", "B2", "|", date(2026, 2, 1)),
    )
    assert biography.chapters(workspace, ["A"], DAY).height == 2


def test_seals_are_looked_for_on_other_boxes_voyages_and_bills(workspace):
    sighted(
        workspace,
        ("A", "B1", "S|1", date(2026, 1, 1)),
        ("B", "B2", "S|2", date(2026, 1, 2)),
        ("C", "B3", "S|9", date(2026, 1, 3)),
        ("D", "B9", "S|4", date(2026, 1, 4)),
        ("E", "B5", "S|5", date(2024, 1, 1)),
        seal_numbers=pl.lit(["XO418207"]),
    )
    asked = pl.DataFrame(
        {
            "asked": [0], "container_key": ["A"], "voyage_key": ["S|9"], "bill_of_lading": ["B9"],
            "before": [DAY], "seal": ["XO418207"], "since": [date(2025, 3, 4)],
        }
    )  # fmt: skip
    (row,) = biography.seals_elsewhere(workspace, asked).to_dicts()
    assert (row["container_key"], row["on"], row["box_count"]) == ("B", date(2026, 1, 2), 1)
