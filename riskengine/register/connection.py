"""One short connection to the register: open, one transaction, close."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from riskengine.errors import RegisterError
from riskengine.register.migrations import bring_forward, must_be_current

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from riskengine.workspace import Workspace

OWNER_ONLY: Final = 0o600
_WAIT_SECONDS: Final = 20.0


def create_register(workspace: Workspace) -> None:
    """Make the workspace's register, at the newest version, readable by its owner alone.

    Raises:
        RegisterError: There is one already, or it cannot be made.
    """
    path = workspace.register_file
    try:
        workspace.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite gives its log and its shared index the permissions of the file beside them.
        path.touch(mode=OWNER_ONLY, exist_ok=False)
    except FileExistsError as error:
        raise RegisterError(f"There is a register in {workspace.root} already.") from error
    except OSError as error:
        raise RegisterError(f"{path} cannot be made: {error.strerror}.") from error
    _bring_forward(path)


def migrate(workspace: Workspace) -> int:
    """Bring the register to the newest version and return how many migrations were applied.

    Raises:
        RegisterError: There is none, it is newer than this engine, or a migration failed (the
            register is then as it was before that migration).
    """
    _must_exist(workspace)
    return _bring_forward(workspace.register_file)


@contextmanager
def open_register(
    workspace: Workspace, *, read_only: bool = False, wait_seconds: float = _WAIT_SECONDS
) -> Generator[sqlite3.Connection, None, None]:
    """Give a connection to the workspace's register inside one transaction.

    Leaving the block commits; an exception in it rolls everything back. Many processes may read
    while one writes; a second writer waits its turn.

    Raises:
        RegisterError: There is no register, it is of another version, another process wrote for
            longer than ``wait_seconds``, or SQLite refused.
    """
    _must_exist(workspace)
    path = workspace.register_file
    with _connected(path, wait_seconds) as connection:
        must_be_current(connection)
        if read_only:
            connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN" if read_only else "BEGIN IMMEDIATE")
        is_committed = False
        try:
            yield connection
            connection.execute("COMMIT")
            is_committed = True
        finally:
            if not is_committed:
                # Some errors have rolled back already; the first one is the one to show.
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")


def _must_exist(workspace: Workspace) -> None:
    if not workspace.register_file.is_file():
        raise RegisterError(
            f"There is no register in {workspace.root}.",
            remedy=f"Make one with `riskengine init {workspace.root}`.",
        )


def _bring_forward(path: Path) -> int:
    with _connected(path, _WAIT_SECONDS) as connection:
        return bring_forward(connection)


@contextmanager
def _connected(path: Path, wait_seconds: float) -> Generator[sqlite3.Connection, None, None]:
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(path, timeout=wait_seconds, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        yield connection
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise RegisterError(
                f"Another process is writing to the register {path}, and {wait_seconds:.0f} s"
                " of waiting ran out.",
                remedy="Wait until that process is done, then try again.",
            ) from error
        raise RegisterError(f"The register {path} refused: {error}.") from error
    except sqlite3.Error as error:
        raise RegisterError(f"The register {path} refused: {error}.") from error
    finally:
        if connection is not None:
            connection.close()
