"""What is received is kept to the byte and noted once, whatever stops the machine in between."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime

import pytest

from riskengine.engine import intake
from riskengine.engine.intake import receive
from riskengine.errors import LedgerError
from riskengine.ledger import filer_quality
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.migrations import create_ledger
from riskengine.ledger.received import open_received
from riskengine.ledger.received_files import list_received
from riskengine.manifest import read_manifest
from riskengine.register.connection import create_register
from riskengine.workspace import Workspace

AT = datetime(2026, 3, 4, 9, tzinfo=UTC)
DAY = date(2026, 3, 4)


@pytest.fixture
def desk(tmp_path):
    """A workspace with empty stores."""
    made = Workspace(tmp_path / "desk")
    create_ledger(made)
    create_register(made)
    return made


def received(desk, path, *, at=AT, known_on=DAY):
    return receive(desk, read_manifest(path), path, at=at, known_on=known_on, by="officer")


def declared_count(desk):
    with open_ledger(desk, read_only=True) as connection:
        return connection.execute("SELECT count(*) FROM declared").fetchall()[0][0]


def kept(desk):
    return [path for path in desk.received_folder.rglob("*") if path.is_file()]


def test_a_file_that_comes_twice_is_noted_once(desk, voyage):
    first = received(desk, voyage)
    again = received(
        desk, voyage, at=datetime(2026, 3, 9, tzinfo=UTC), known_on=date(2026, 3, 9)
    )
    assert (first.seq, first.is_new, first.kind) == (1, True, "manifest")
    assert (again.seq, again.is_new) == (1, False)
    (entry,) = list_received(desk)
    assert (entry.known_on, entry.received_at, entry.received_by) == (DAY, AT, "officer")
    assert (entry.record_count, entry.container_count) == (55, 50)
    assert declared_count(desk) == 53  # one box is groupage under four bills
    with open_received(desk, entry.sha256) as file:
        assert file.read() == voyage.read_bytes()
    assert len(filer_quality.of_filers(desk)) > 0


def test_of_a_packed_file_the_archive_and_its_content_are_kept(desk, voyage, tmp_path):
    packed = tmp_path / "voyage.csv.gz"
    packed.write_bytes(gzip.compress(voyage.read_bytes(), mtime=0))
    received(desk, packed)
    (entry,) = list_received(desk)
    with open_received(desk, entry.packed_in) as file:
        assert file.read() == packed.read_bytes()
    with open_received(desk, entry.sha256) as file:
        assert file.read() == voyage.read_bytes()
    assert not received(desk, voyage).is_new


def test_a_stow_plan_declares_nothing(desk, tmp_path):
    plan = tmp_path / "plan.csv"
    plan.write_text("container_number,stow_position\nCSQU3054383,0410604\n")
    assert received(desk, plan).kind == "stow_plan"
    assert declared_count(desk) == 0


def test_a_file_that_changed_since_it_was_read_is_refused(desk, voyage, tmp_path):
    path = tmp_path / "voyage.csv"
    path.write_bytes(voyage.read_bytes())
    reading = read_manifest(path)
    path.write_bytes(voyage.read_bytes() + b"\n")
    with pytest.raises(LedgerError, match="changed since it was read"):
        receive(desk, reading, path, at=AT, known_on=DAY, by="officer")
    assert list_received(desk) == ()


@pytest.mark.parametrize(
    ("owner", "step"),
    [
        (intake.audit, "append"),
        (intake.received_files, "note"),
        (intake.declared, "note"),
        (intake.filer_quality, "note"),
    ],
)
def test_whoever_is_stopped_between_two_steps_receives_again(
    desk, voyage, monkeypatch, owner, step
):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(owner, step, stopped)
        with pytest.raises(KeyboardInterrupt):
            received(desk, voyage)
    assert list_received(desk) == ()
    assert declared_count(desk) == 0
    assert len(kept(desk)) == 1  # nothing speaks of bytes that are not there
    assert (received(desk, voyage).seq, len(kept(desk)), declared_count(desk)) == (1, 1, 53)


def test_a_file_that_somebody_else_received_meanwhile_is_noted_once(desk, voyage, monkeypatch):
    received(desk, voyage)
    monkeypatch.setattr(intake.received_files, "find", lambda *_: None)
    got = received(desk, voyage)
    assert (got.seq, got.is_new, declared_count(desk)) == (1, False, 53)


def test_a_box_whose_line_cannot_be_read_is_noted_on_the_voyage_of_the_file(
    desk, voyage, tmp_path
):
    path = tmp_path / "broken.csv"
    lines = voyage.read_text("utf-8").splitlines()
    path.write_text("\n".join([*lines[:3], f"{lines[3]},one,too,many"]), "utf-8")
    received(desk, path)
    with open_ledger(desk, read_only=True) as connection:
        unread = connection.sql("SELECT * FROM declared WHERE is_unreadable").pl()
    named = unread.select("voyage_key", "bill_of_lading", "container_key")
    assert named.rows() == [("1234567|609E", "", "OLXU9885021")]
