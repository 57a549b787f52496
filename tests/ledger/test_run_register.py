"""A run is found by its id, by being the latest, or by a container that it assessed last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import PurePosixPath

import polars as pl
import pytest

from riskengine.domain import Digests
from riskengine.errors import LedgerError, RunNotFound
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.run_register import (
    RunEntry,
    find_last_run,
    find_run,
    folder_below,
    latest_run,
    recorded_runs,
    register_run,
)
from riskengine.ledger.runs import read_frame, write_run

MOMENT = datetime(2026, 3, 1, 8, 30, 0, 5, tzinfo=UTC)


def entry(run_id="run-1", *, hours=0, containers=1, parent=None):
    return RunEntry(
        run_id=run_id,
        manifest_file="voyage.csv",
        manifest_sha256="m" * 64,
        mapping_sha256="",
        assessed_at=MOMENT + timedelta(hours=hours),
        recorded_at=MOMENT + timedelta(hours=hours, minutes=1),
        folder=PurePosixPath("runs/2026-03-01") / run_id,
        container_count=containers,
        defect_count=2,
        digests=Digests(manifest="1", history="2", rules="3", model="4", policy="5"),
        parent_run_id=parent,
    )


def containers(*numbers):
    return pl.DataFrame(
        {
            "container_id": range(len(numbers)),
            "container_number": numbers,
            "bills": [["B1", "B2"]] * len(numbers),
            "rank": range(1, len(numbers) + 1),
            "lane": ["red"] * len(numbers),
        },
        schema={
            "container_id": pl.Int32(),
            "container_number": pl.String(),
            "bills": pl.List(pl.String()),
            "rank": pl.Int64(),
            "lane": pl.String(),
        },
    )


def register(workspace, run, *numbers):
    with open_ledger(workspace) as connection:
        register_run(connection, run, containers(*numbers))


def test_a_registered_run_is_found_as_it_was(workspace):
    run = entry(parent="run-0")
    register(workspace, run, "MSKU9070323")
    assert find_run(workspace, "run-1") == run
    assert run.folder_in(workspace) == workspace.root / "runs" / "2026-03-01" / "run-1"
    assert folder_below(workspace, run.folder_in(workspace)) == run.folder


def test_moments_of_any_time_zone_are_kept_as_the_same_instant(workspace):
    lima = timezone(timedelta(hours=-5))
    run = entry()
    register(workspace, run, "A")
    local = entry("run-2")
    register(
        workspace,
        RunEntry(
            **{name: getattr(local, name) for name in RunEntry.__slots__}
            | {"assessed_at": MOMENT.astimezone(lima)}
        ),
        "A",
    )
    assert find_run(workspace, "run-2").assessed_at == MOMENT


def test_the_last_run_of_a_container_is_the_one_assessed_last(workspace):
    register(workspace, entry("early"), "MSKU9070323")
    register(workspace, entry("late", hours=5), "MSKU9070323")
    register(workspace, entry("other", hours=9), "CSQU3054383")
    assert find_last_run(workspace, "MSKU9070323").run_id == "late"
    assert latest_run(workspace).run_id == "other"
    assert [run.run_id for run in recorded_runs(workspace)] == ["early", "late", "other"]


def test_a_number_is_found_as_an_officer_types_it(workspace):
    register(workspace, entry(), "MSKU9070323")
    assert find_last_run(workspace, "msku 907032-3").run_id == "run-1"


def test_a_mistyped_number_is_answered_with_the_nearest_ones(workspace):
    numbers = ("MSKU9070323", "MSKU9070344", "CSQU3054383")
    register(workspace, entry(containers=3), *numbers)
    with pytest.raises(RunNotFound, match="MSKU9070332") as missed:
        find_last_run(workspace, "MSKU9070332")
    assert missed.value.remedy == "Did you mean MSKU9070323 or MSKU9070344?"


def test_a_number_like_no_other_is_simply_not_found(workspace):
    with pytest.raises(RunNotFound) as missed:
        find_last_run(workspace, "MSKU9070323")
    assert "Did you mean" not in missed.value.remedy


def test_loose_cargo_has_no_number_and_is_kept(workspace):
    register(workspace, entry(containers=2), None, "MSKU9070323")
    with open_ledger(workspace, read_only=True) as connection:
        rows = connection.execute(
            "SELECT container_number, bills, rank FROM run_container ORDER BY container_id"
        ).fetchall()
    assert rows == [(None, ["B1", "B2"], 1), ("MSKU9070323", ["B1", "B2"], 2)]


def test_a_run_is_recorded_once(workspace):
    register(workspace, entry(), "A")
    with pytest.raises(LedgerError, match="recorded already"):
        register(workspace, entry(), "A")
    with open_ledger(workspace, read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM run_container").fetchall() == [(1,)]


def test_a_run_that_miscounts_its_containers_is_refused(workspace):
    with pytest.raises(LedgerError, match="says 2 containers and brings 1"):
        register(workspace, entry(containers=2), "A")


def test_containers_with_other_columns_are_refused(workspace):
    with (
        pytest.raises(LedgerError, match="other columns"),
        open_ledger(workspace) as connection,
    ):
        register_run(connection, entry(), containers("A").drop("lane"))


def test_a_moment_without_a_time_zone_is_refused(workspace):
    naive = MOMENT.replace(tzinfo=None)
    run = RunEntry(
        **{name: getattr(entry(), name) for name in RunEntry.__slots__} | {"recorded_at": naive}
    )
    with pytest.raises(LedgerError, match="time zone"):
        register(workspace, run, "A")


def test_a_fresh_workspace_has_no_latest_run(workspace):
    with pytest.raises(RunNotFound, match="riskengine score"):
        latest_run(workspace)
    with pytest.raises(RunNotFound, match="run-7"):
        find_run(workspace, "run-7")


def test_a_run_that_was_written_and_never_registered_is_found_by_nobody(workspace):
    """What a kill between the two steps leaves behind."""
    write_run(workspace, "run-1", MOMENT.date(), {"assessments": containers("MSKU9070323")}, {})
    with pytest.raises(RunNotFound):
        find_last_run(workspace, "MSKU9070323")
    with pytest.raises(RunNotFound):
        latest_run(workspace)
    register(workspace, entry(), "MSKU9070323")
    folder = find_last_run(workspace, "MSKU9070323").folder_in(workspace)
    assert read_frame(folder, "assessments").height == 1
