"""``filers``: who lodges well, who does not, and whether it gets better."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from riskengine.ledger import filer_quality, received_files
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.migrations import create_ledger
from riskengine.manifest import read_manifest
from riskengine.manifest.quality import quality_of
from riskengine.workspace import Workspace


@pytest.fixture
def filed(tmp_path, written_lines, voyage_lines):
    """A ledger that has received files of two filers, one of which gets better."""
    workspace = Workspace(tmp_path / "unit")
    create_ledger(workspace)
    workspace.settings_file.touch()
    for day in (1, 2):
        lines = voyage_lines()[:6]
        for place, line in enumerate(lines):
            line["carrier_code"] = "GOOD" if place < 3 else "P\x1b[2JR"
            if place >= 3 and day == 1:
                line["hs_code"] = ""
        reading = read_manifest(written_lines(tmp_path / f"day{day}.csv", lines))
        source = reading.manifest.source
        entry = received_files.ReceivedFile(
            sha256=source.sha256,
            mapping_sha256="",
            file=source.file,
            packed_in="",
            format="csv",
            kind="manifest",
            function=None,
            document_number=None,
            sender=None,
            received_at=datetime(2026, 3, day, tzinfo=UTC),
            known_on=datetime(2026, 3, day, tzinfo=UTC).date(),
            received_by="tester",
            record_count=6,
            container_count=6,
            defect_count=0,
        )
        with open_ledger(workspace) as connection:
            seq, _ = received_files.note(connection, entry)
            filer_quality.note(connection, seq, quality_of(reading))
    return workspace


def test_the_worst_filer_stands_first_and_its_name_cannot_trick(command, filed):
    said = command("filers", "--workspace", filed.root)
    assert said.code == 0
    rows = said.out.splitlines()
    assert rows[1].startswith("P<U+001B>[2JR")
    assert rows[2].startswith("GOOD")
    assert "bills of which nothing need be asked" in rows[1]
    assert "+" in rows[1]


def test_each_filer_is_one_json_object(command, filed):
    said = command("filers", "-w", filed.root, "--json")
    worst, best = (json.loads(line) for line in said.out.splitlines())
    assert worst["score"] < best["score"] == pytest.approx(100)
    assert worst["trend"] > 0
    assert (worst["file_count"], worst["bill_count"]) == (2, 6)
    assert worst["last_received_at"].startswith("2026-03-02")


def test_only_files_since_a_day_count(command, filed):
    said = command("filers", "-w", filed.root, "--json", "--since", "2026-03-02")
    assert [json.loads(line)["file_count"] for line in said.out.splitlines()] == [1, 1]
    assert command("filers", "-w", filed.root, "--since", "soon").code == 2


def test_before_any_file_was_received_this_is_said(command, tmp_path):
    workspace = Workspace(tmp_path / "unit")
    create_ledger(workspace)
    workspace.settings_file.touch()
    said = command("filers", "-w", workspace.root, "--lang", "es")
    assert (said.code, said.out) == (0, "")
    assert "ningún archivo" in said.err
