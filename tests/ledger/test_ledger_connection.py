"""One process at a time holds the ledger; the others wait a bounded while and say for whom."""

from __future__ import annotations

import stat
import subprocess
import sys
from contextlib import contextmanager

import pytest

from riskengine.errors import LedgerBusy, LedgerError
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.locking import Patience
from riskengine.workspace import Workspace

HOLD = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.readline()
connection.close()
"""


@contextmanager
def another_process_holding(workspace):
    """Another process has the ledger open, until its standard input gets a line."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(workspace.ledger_file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            if process.poll() is None:
                let_go(process)


def let_go(process):
    process.communicate("\n", timeout=60)


def recorded(waits, limit=20.0):
    return Patience(limit_seconds=limit, sleep=waits.append, fraction=lambda: 0.5)


@pytest.mark.parametrize("read_only", [False, True])
def test_a_held_ledger_is_busy_and_names_the_process(workspace, read_only):
    waits: list[float] = []
    with (
        another_process_holding(workspace) as process,
        pytest.raises(LedgerBusy, match=rf"held by process {process.pid}\b"),
        open_ledger(workspace, read_only=read_only, patience=recorded(waits)),
    ):
        pass
    assert sum(waits) == pytest.approx(20.0)


def test_waits_grow_up_to_the_longest_and_never_pass_the_limit(workspace):
    waits: list[float] = []
    with (
        another_process_holding(workspace),
        pytest.raises(LedgerBusy),
        open_ledger(workspace, patience=recorded(waits, limit=5.0)),
    ):
        pass
    assert waits[:4] == pytest.approx([0.015, 0.03, 0.06, 0.12])
    assert max(waits) == pytest.approx(0.75)
    assert sum(waits) == pytest.approx(5.0)


def test_the_ledger_opens_as_soon_as_the_other_process_lets_go(workspace):
    with another_process_holding(workspace) as process:
        patience = Patience(sleep=lambda _: let_go(process))
        with open_ledger(workspace, patience=patience) as connection:
            assert connection.execute("SELECT count(*) FROM run").fetchall() == [(0,)]


def test_reading_while_this_process_writes_is_busy_too(workspace):
    with (
        open_ledger(workspace),
        pytest.raises(LedgerBusy, match="another thread of this process"),
        open_ledger(workspace, read_only=True, patience=recorded([])),
    ):
        pass


def test_leaving_the_block_commits(workspace):
    with open_ledger(workspace) as connection:
        connection.execute("INSERT INTO history_state VALUES (1, 'x')")
    with open_ledger(workspace, read_only=True) as connection:
        assert connection.execute("SELECT * FROM history_state").fetchall() == [(1, "x")]


def test_an_error_in_the_block_rolls_everything_back(workspace):
    def fail():
        with open_ledger(workspace) as connection:
            connection.execute("INSERT INTO history_state VALUES (1, 'x')")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with open_ledger(workspace, read_only=True) as connection:
        assert connection.execute("SELECT * FROM history_state").fetchall() == []


def test_what_duckdb_refuses_is_a_ledger_error(workspace):
    with (
        pytest.raises(LedgerError, match=r"The ledger refused: .*no_such_table"),
        open_ledger(workspace) as connection,
    ):
        connection.execute("SELECT * FROM no_such_table")


def test_two_threads_that_add_at_the_same_moment_do_not_both_win(workspace):
    """Connections of one process share the file: the second to commit is told to try again."""

    def add_at_once():
        with open_ledger(workspace) as first, open_ledger(workspace) as second:
            first.execute("INSERT INTO history_state VALUES (1, 'first')")
            second.execute("INSERT INTO history_state VALUES (1, 'second')")

    with pytest.raises(LedgerBusy, match="at the same moment"):
        add_at_once()
    with open_ledger(workspace, read_only=True) as connection:
        assert connection.execute("SELECT * FROM history_state").fetchall() == [(1, "second")]


def test_a_workspace_without_a_ledger_says_how_to_make_one(tmp_path):
    with pytest.raises(LedgerError, match="riskengine init"), open_ledger(Workspace(tmp_path)):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_ledger_is_refused(tmp_path):
    workspace = Workspace(tmp_path)
    workspace.ledger_file.write_text("not a database\n" * 100)
    with pytest.raises(LedgerError, match="cannot be opened"), open_ledger(workspace):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_only_the_owner_may_read_the_ledger_and_its_log(workspace):
    with open_ledger(workspace) as connection:
        connection.execute("INSERT INTO history_state VALUES (1, 'x')")
    for path in workspace.root.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "setting", ["autoinstall_known_extensions", "autoload_known_extensions"]
)
def test_no_extension_is_fetched_or_loaded(workspace, setting):
    with open_ledger(workspace) as connection:
        assert connection.execute("SELECT current_setting(?)", [setting]).fetchall() == [
            (False,)
        ]
