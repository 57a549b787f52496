"""Plans and movements as they were received: every version kept, nothing twice, nothing from the future."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from riskengine.errors import LedgerError
from riskengine.ledger import movements, received_files
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.movements import MOVED, PLANNED, Window

MARCH = Window(first=date(2026, 3, 1), last=date(2026, 3, 31))
NOTHING = {
    "planned": pl.DataFrame(schema=dict(PLANNED)),
    "moved": pl.DataFrame(schema=dict(MOVED)),
}


def frame(schema, *rows):
    return pl.DataFrame(
        [dict.fromkeys(schema) | row for row in rows], schema=dict(schema), orient="row"
    )


def received(connection, name, known_on, kind="stow_plan"):
    entry = received_files.ReceivedFile(
        sha256=name, mapping_sha256="", file=f"{name}.csv", packed_in="", format="csv", kind=kind,
        function=None, document_number=None, sender=None,
        received_at=datetime(2026, 3, 1, tzinfo=UTC), known_on=known_on, received_by="desk",
        record_count=1, container_count=1, defect_count=0,
    )  # fmt: skip
    return received_files.note(connection, entry)[0]


@pytest.fixture
def noted(workspace):
    """Two versions of a plan, and movements of a box and of another box on its voyage."""
    plan = {"container_number": "AAAU1", "stow_position": "010182", "voyage_number": "609E"}
    with open_ledger(workspace) as connection:
        first = received(connection, "plan1", date(2026, 3, 2))
        second = received(connection, "plan2", date(2026, 3, 4))
        for seq, position in ((first, "010182"), (second, "020184")):
            rows = frame(
                PLANNED, plan | {"stow_position": position}, {"container_number": "BBBU2"}
            )
            movements.note(connection, seq, rows, NOTHING["moved"])
        third = received(connection, "gates", date(2026, 3, 5), "movements")
        told = frame(
            MOVED,
            {
                "container_number": "AAAU1",
                "movement": "gate_in",
                "moved_at": datetime(2026, 3, 1, 4, 30, tzinfo=UTC),
                "moved_on": date(2026, 3, 1),
                "seal_numbers": ["S1", "S2"],
            },
            {"container_number": "CCCU3", "movement": "discharged", "voyage_number": "609E"},
            {"container_number": "DDDU4", "movement": "discharged", "voyage_number": "700W"},
        )
        movements.note(connection, third, NOTHING["planned"], told)
    return workspace


def planned(workspace, window=MARCH):
    return movements.planned_for(workspace, pl.Series(["AAAU1"]), window)


def moved(workspace, window=MARCH):
    return movements.movements_of(workspace, pl.Series(["AAAU1"]), pl.Series(["609E"]), window)


def test_every_version_of_a_plan_is_kept_and_returned_whole(noted):
    found = planned(noted)
    assert found.select("seq", "container_number", "stow_position").rows() == [
        (1, "AAAU1", "010182"),
        (1, "BBBU2", None),
        (2, "AAAU1", "020184"),
        (2, "BBBU2", None),
    ]
    assert found["file"].unique(maintain_order=True).to_list() == ["plan1.csv", "plan2.csv"]
    assert found["known_on"].unique(maintain_order=True).to_list() == [
        date(2026, 3, 2),
        date(2026, 3, 4),
    ]


def test_a_file_noted_twice_adds_nothing(noted):
    with open_ledger(noted) as connection:
        rows = frame(PLANNED, {"container_number": "AAAU1"})
        assert movements.note(connection, 1, rows, NOTHING["moved"]) == 0
        gates = frame(MOVED, {"container_number": "AAAU1", "movement": "gate_in"})
        assert movements.note(connection, 3, NOTHING["planned"], gates) == 0
    assert planned(noted).height == 4
    assert moved(noted).height == 2


def test_what_comes_to_hand_later_is_not_returned(noted):
    window = Window(first=date(2026, 3, 1), last=date(2026, 3, 3))
    assert planned(noted, window)["seq"].unique().to_list() == [1]
    assert moved(noted, window).is_empty()
    assert planned(noted, Window(first=date(2026, 3, 3), last=date(2026, 3, 31)))[
        "seq"
    ].unique().to_list() == [2]


def test_only_files_received_before_another_are_returned(noted):
    window = Window(first=MARCH.first, last=MARCH.last, before_seq=2)
    assert planned(noted, window)["seq"].unique().to_list() == [1]


def test_movements_come_back_as_they_were_noted(noted):
    found = moved(noted)
    assert dict(found.drop("seq", "known_on", "file").schema) == dict(MOVED)
    box = found.filter(pl.col("container_number") == "AAAU1")
    assert box["moved_at"].item() == datetime(2026, 3, 1, 4, 30, tzinfo=UTC)
    assert box["seal_numbers"].item().to_list() == ["S1", "S2"]


def test_other_boxes_of_the_voyage_are_returned_and_no_others(noted):
    assert moved(noted)["container_number"].to_list() == ["AAAU1", "CCCU3"]


def test_a_frame_of_other_columns_is_refused(workspace):
    with open_ledger(workspace) as connection, pytest.raises(LedgerError, match="agreed"):
        movements.note(connection, 1, pl.DataFrame({"box": ["AAAU1"]}), NOTHING["moved"])


def test_an_empty_ledger_has_nothing_to_say(workspace):
    assert planned(workspace).is_empty()
    assert dict(moved(workspace).schema)["moved_at"] == MOVED["moved_at"]
    keys = pl.Series(["EXAMPLE ANDES|609E"])
    assert (
        movements.manifested_on(workspace, keys, pl.Series([], dtype=pl.String), MARCH)
        == frozenset()
    )
