"""A ledger goes forward, one numbered step at a time, and is never opened by an older engine."""

from __future__ import annotations

import duckdb
import pytest

from riskengine.errors import LedgerError
from riskengine.ledger import migrations as ledger_migrations
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.migrations import Migration, create_ledger, migrate, migrations
from riskengine.workspace import Workspace


def know(monkeypatch, *known):
    monkeypatch.setattr(ledger_migrations, "migrations", lambda: known)


def step(version, sql):
    return Migration(version=version, name=f"step_{version}", sql=sql)


def applied(workspace):
    with duckdb.connect(str(workspace.ledger_file), read_only=True) as connection:
        return connection.execute(
            "SELECT version, name, sha256 FROM schema_migration ORDER BY version"
        ).fetchall()


def test_a_new_ledger_stands_at_the_newest_version(workspace):
    expected = [(step.version, step.name, step.sha256) for step in migrations()]
    assert applied(workspace) == expected
    assert expected[0][1] == "ledger"


def test_bringing_a_current_ledger_forward_does_nothing(workspace):
    assert migrate(workspace) == ()


def test_a_ledger_is_not_made_twice(workspace):
    with pytest.raises(LedgerError, match="already"):
        create_ledger(workspace)


def test_an_older_ledger_is_brought_forward_by_what_is_missing(tmp_path, monkeypatch):
    workspace = Workspace(tmp_path)
    first, second = step(1, "CREATE TABLE a (x INTEGER)"), step(2, "CREATE TABLE b (x INTEGER)")
    know(monkeypatch, first)
    create_ledger(workspace)
    know(monkeypatch, first, second)
    with (
        pytest.raises(LedgerError, match=r"version 1.*works with version 2"),
        open_ledger(workspace),
    ):
        pass
    assert migrate(workspace) == (second,)
    with open_ledger(workspace) as connection:
        assert connection.execute("SELECT * FROM b").fetchall() == []


def test_a_failing_migration_leaves_the_ledger_as_it_was_before_it(tmp_path, monkeypatch):
    workspace = Workspace(tmp_path)
    first = step(1, "CREATE TABLE a (x INTEGER)")
    know(monkeypatch, first)
    create_ledger(workspace)
    know(monkeypatch, first, step(2, "CREATE TABLE b (x INTEGER); SELECT nonsense"))
    with pytest.raises(LedgerError, match="could not be brought forward"):
        migrate(workspace)
    know(monkeypatch, first)
    with open_ledger(workspace) as connection:
        tables = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    assert ("b",) not in tables
    assert len(applied(workspace)) == 1


def test_a_ledger_newer_than_the_engine_is_refused_with_a_remedy(workspace, monkeypatch):
    know(monkeypatch)
    with (
        pytest.raises(LedgerError, match=r"newer than this engine knows \(0\)") as refused,
        open_ledger(workspace),
    ):
        pass
    assert "or a newer one" in refused.value.remedy
    with pytest.raises(LedgerError, match="newer than this engine"):
        migrate(workspace)


def test_an_applied_migration_that_was_edited_is_noticed(tmp_path, monkeypatch):
    workspace = Workspace(tmp_path)
    know(monkeypatch, step(1, "CREATE TABLE a (x INTEGER)"))
    create_ledger(workspace)
    know(monkeypatch, step(1, "CREATE TABLE a (x BIGINT)"))
    with pytest.raises(LedgerError, match="another migration 1"), open_ledger(workspace):
        pass


def test_a_duckdb_file_without_migrations_is_no_ledger(tmp_path):
    workspace = Workspace(tmp_path)
    duckdb.connect(str(workspace.ledger_file)).close()
    with pytest.raises(LedgerError, match="not a ledger"), open_ledger(workspace):
        pass
