"""What each filer lodged is kept by file, and told over all files, the worst first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from riskengine.ledger import received_files
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.filer_quality import note, of_filers
from riskengine.manifest.quality import Component, FilerQuality, Quality

FIRST = datetime(2026, 3, 1, 8, tzinfo=UTC)


def quality(scores: dict[str | None, float], lines: int = 10) -> Quality:
    filers = tuple(
        FilerQuality(
            filer=filer,
            source="filer" if filer else "unknown",
            components=(
                Component(name="hs", weight=8, asked=100, sound=score),
                Component(name="seals", weight=4, asked=100, sound=100.0),
            ),
            bill_count=3,
            container_count=4,
            line_count=lines,
            fault_count=2,
            faults=pl.DataFrame(),
        )
        for filer, score in scores.items()
    )
    return Quality(
        file="x.csv",
        sha256="0" * 64,
        kind="manifest",
        format="csv",
        received_at=FIRST,
        components=filers[0].components if filers else (),
        filers=filers,
        unread_count=0,
        unread_lines=pl.DataFrame(),
        bill_count=3,
        container_count=4,
        fault_count=2,
        absent=frozenset(),
    )


def received(connection, number: int) -> int:
    at = FIRST + timedelta(days=number)
    entry = received_files.ReceivedFile(
        sha256=f"{number:064d}",
        mapping_sha256="",
        file="x.csv",
        packed_in="",
        format="csv",
        kind="manifest",
        function=None,
        document_number=None,
        sender=None,
        received_at=at,
        known_on=at.date(),
        received_by="tester",
        record_count=1,
        container_count=1,
        defect_count=0,
    )
    return received_files.note(connection, entry)[0]


@pytest.fixture
def noted(workspace):
    def note_all(*files: dict[str | None, float]):
        with open_ledger(workspace) as connection:
            for number, scores in enumerate(files):
                note(connection, received(connection, number), quality(scores))
        return workspace

    return note_all


def test_the_worst_filer_stands_first_with_what_cost_it_most(noted):
    filers = of_filers(noted({"GOOD LINE": 99.0, "POOR AGENT": 10.0, None: 50.0}))
    assert [filer.filer for filer in filers] == ["POOR AGENT", None, "GOOD LINE"]
    assert filers[0].worst == ("hs", pytest.approx(7.2))
    assert (filers[0].bill_count, filers[0].container_count, filers[0].fault_count) == (3, 4, 2)


def test_spellings_of_one_name_are_one_filer(noted):
    (filer,) = of_filers(noted({"Línea Azul": 50.0}, {"LINEA AZUL": 100.0}))
    assert filer.file_count == 2
    assert filer.filer == "LINEA AZUL"
    assert filer.last_received_at == FIRST + timedelta(days=1)


def test_a_trend_is_the_newer_half_less_the_older_and_needs_two_files(noted):
    workspace = noted({"A": 0.0, "B": 50.0}, {"A": 50.0}, {"A": 100.0})
    trends = {filer.filer: filer.trend for filer in of_filers(workspace)}
    assert trends["A"] == pytest.approx(100 * 8 / 12)
    assert trends["B"] is None


def test_only_files_since_a_day_are_told(noted):
    workspace = noted({"A": 10.0}, {"B": 20.0})
    assert [f.filer for f in of_filers(workspace, date(2026, 3, 2))] == ["B"]
    assert of_filers(workspace, date(2026, 4, 1)) == ()


def test_a_file_noted_again_counts_once(workspace):
    with open_ledger(workspace) as connection:
        seq = received(connection, 1)
        assert note(connection, seq, quality({"A": 10.0})) == 1
        assert note(connection, seq, quality({"A": 90.0})) == 0
    (filer,) = of_filers(workspace)
    assert filer.file_count == 1
    assert filer.worst == ("hs", pytest.approx(7.2))


def test_a_filer_of_whom_nothing_can_be_judged_stands_last(workspace):
    empty = Component(name="hs", weight=8, asked=0, sound=0.0)
    nothing = quality({"NOBODY": 0.0})
    nothing = replace(
        nothing, filers=tuple(replace(f, components=(empty,)) for f in nothing.filers)
    )
    with open_ledger(workspace) as connection:
        note(connection, received(connection, 1), nothing)
        note(connection, received(connection, 2), quality({"B": 99.0}))
    filers = of_filers(workspace)
    assert [f.filer for f in filers] == ["B", "NOBODY"]
    assert (filers[1].score, filers[1].worst) == (None, None)
