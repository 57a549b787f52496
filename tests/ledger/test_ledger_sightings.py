"""A container on a bill of a voyage is counted once, however often its manifest comes."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from riskengine.errors import LedgerError
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.sightings import new_sightings, note_sightings

DAY = date(2026, 3, 1)


def seen(*rows):
    columns = ["container_key", "bill_of_lading", "voyage_key", "on", "container_id"]
    schema = dict.fromkeys(columns[:3], pl.String()) | {
        "on": pl.Date(),
        "container_id": pl.Int32(),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_what_was_never_seen_is_new_and_other_columns_come_along(workspace):
    rows = seen(("B", "bill", "voyage", DAY, 2), ("A", "bill", "voyage", DAY, 1))
    with open_ledger(workspace) as connection:
        assert new_sightings(connection, rows).equals(rows)


def test_what_was_noted_is_not_new_again_even_on_another_day(workspace):
    with open_ledger(workspace) as connection:
        assert note_sightings(connection, seen(("A", "bill", "voyage", DAY, 1))) == 1
    later = seen(
        ("A", "bill", "voyage", date(2026, 4, 1), 1),
        ("A", "other bill", "voyage", DAY, 1),
        ("A", "bill", "next voyage", DAY, 1),
    )
    with open_ledger(workspace) as connection:
        assert new_sightings(connection, later).equals(later[1:])
        assert note_sightings(connection, later) == 2
        assert note_sightings(connection, later) == 0


def test_the_same_sighting_twice_in_one_manifest_is_new_once(workspace):
    rows = seen(("A", "bill", "voyage", DAY, 1), ("A", "bill", "voyage", DAY, 2))
    with open_ledger(workspace) as connection:
        assert new_sightings(connection, rows)["container_id"].to_list() == [1]


def test_an_undeclared_bill_equals_an_undeclared_bill_and_stays_null(workspace):
    rows = seen(("A", None, None, DAY, 1))
    with open_ledger(workspace) as connection:
        assert new_sightings(connection, rows).row(0)[1:3] == (None, None)
        assert note_sightings(connection, rows) == 1
        assert note_sightings(connection, rows) == 0


def test_a_sighting_without_a_container_is_refused(workspace):
    with (
        pytest.raises(LedgerError, match="names no container"),
        open_ledger(workspace) as connection,
    ):
        new_sightings(connection, seen((None, "bill", "voyage", DAY, 1)))


def test_a_frame_without_the_keys_is_refused(workspace):
    with (
        pytest.raises(LedgerError, match="lack the columns"),
        open_ledger(workspace) as connection,
    ):
        new_sightings(connection, pl.DataFrame({"container_key": ["A"]}))
