"""Many processes share the register; each change is whole or did not happen."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from contextlib import closing

import pytest

from riskengine.errors import RegisterError
from riskengine.register import migrations as register_migrations
from riskengine.register.audit import append, verify
from riskengine.register.connection import create_register, migrate, open_register
from riskengine.workspace import Workspace

HOLD = """
import sys, sqlite3
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
connection.execute("COMMIT")
connection.close()
"""


def know(monkeypatch, *known):
    monkeypatch.setattr(register_migrations, "migrations", lambda: known)


def append_one(workspace, **options):
    with open_register(workspace, **options) as connection:
        append(connection, "a", "b", "c", {})


def test_a_writer_that_waits_in_vain_says_so_and_readers_need_not_wait(workspace):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(workspace.register_file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(RegisterError, match="Another process is writing"):
            append_one(workspace, wait_seconds=0.0)
        assert verify(workspace).seq == 0
        process.communicate("\n", timeout=60)
    append_one(workspace)
    assert verify(workspace).seq == 1


def test_an_error_in_the_block_rolls_everything_back(workspace):
    def fail():
        with open_register(workspace) as connection:
            append(connection, "a", "b", "c", {})
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert verify(workspace).seq == 0


def test_reading_only_does_not_write(workspace):
    with pytest.raises(RegisterError, match="readonly"):
        append_one(workspace, read_only=True)


def test_the_register_is_durable_and_keeps_its_references(workspace):
    with open_register(workspace) as connection:
        for pragma, value in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
            assert connection.execute(f"PRAGMA {pragma}").fetchone() == (value,)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_only_the_owner_may_read_the_register_and_its_log(workspace):
    with open_register(workspace) as connection:
        append(connection, "a", "b", "c", {})
        names = {path.name: path for path in workspace.root.iterdir()}
        assert "register.sqlite-wal" in names
        for path in names.values():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_register_is_not_made_twice(workspace):
    with pytest.raises(RegisterError, match="already"):
        create_register(workspace)


def test_a_workspace_without_a_register_says_how_to_make_one(tmp_path):
    with pytest.raises(RegisterError, match="riskengine init"):
        append_one(Workspace(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_register_is_refused(tmp_path):
    workspace = Workspace(tmp_path)
    workspace.register_file.write_text("not a database\n" * 100)
    with pytest.raises(RegisterError, match="not a database"):
        append_one(workspace)


def test_a_register_newer_than_the_engine_is_refused_with_a_remedy(workspace, monkeypatch):
    know(monkeypatch)
    with pytest.raises(RegisterError, match="newer than this engine") as refused:
        append_one(workspace)
    assert "or a newer one" in refused.value.remedy
    with pytest.raises(RegisterError, match="newer than this engine"):
        migrate(workspace)


def test_an_older_register_is_brought_forward_by_what_is_missing(workspace, monkeypatch):
    first = register_migrations.migrations()
    know(monkeypatch, *first, "CREATE TABLE b (x INTEGER) STRICT;")
    with pytest.raises(RegisterError, match="bring it forward"):
        append_one(workspace)
    assert migrate(workspace) == 1
    assert migrate(workspace) == 0
    append_one(workspace)


def test_a_failing_migration_leaves_the_register_as_it_was(workspace, monkeypatch):
    first = register_migrations.migrations()
    know(monkeypatch, *first, "CREATE TABLE b (x INTEGER) STRICT; SELECT nonsense;")
    with pytest.raises(RegisterError, match="nonsense"):
        migrate(workspace)
    know(monkeypatch, *first)
    append_one(workspace)
    with closing(sqlite3.connect(workspace.register_file)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        assert ("b",) not in tables.fetchall()
