"""What is settled of a watched file is read from what the ledger holds anyway."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from riskengine.errors import LedgerError
from riskengine.ledger import received_files, watched
from riskengine.ledger.connection import open_ledger

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def note(workspace, kind):
    with open_ledger(workspace) as connection:
        entry = received_files.ReceivedFile(
            sha256=kind, mapping_sha256="m", file="f.csv", packed_in="", format="csv", kind=kind,
            function=None, document_number=None, sender=None, received_at=NOON,
            known_on=date(2026, 3, 4), received_by="t", record_count=1, container_count=1,
            defect_count=0,
        )  # fmt: skip
        received_files.note(connection, entry)


@pytest.mark.parametrize(
    ("kind", "is_settled"), [("manifest", False), ("stow_plan", True), ("movements", True)]
)
def test_a_manifest_is_settled_by_its_run_and_not_by_its_receipt(workspace, kind, is_settled):
    """Somebody may have been killed between the two."""
    assert not watched.is_settled(workspace, kind, "m")
    note(workspace, kind)
    assert watched.is_settled(workspace, kind, "m") is is_settled
    assert not watched.is_settled(workspace, kind, "another mapping")


def test_broken_bytes_are_known_by_name_mapping_and_engine(workspace, monkeypatch):
    told = {"file": "a.csv", "sentence": "It is empty.", "at": NOON}
    watched.note_broken(workspace, "s", "", **told)
    watched.note_broken(workspace, "s", "", **told)
    assert watched.is_known_broken(workspace, "s", "", file="a.csv")
    assert not watched.is_known_broken(workspace, "s", "", file="b.csv")
    assert not watched.is_known_broken(workspace, "s", "m", file="a.csv")
    monkeypatch.setattr(watched, "__version__", "99")
    assert not watched.is_known_broken(workspace, "s", "", file="a.csv")


def test_a_moment_without_its_zone_is_refused(workspace):
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(LedgerError, match="time zone"):
        watched.note_broken(workspace, "s", "", file="a.csv", sentence="x", at=naive)
