"""One short connection to the ledger: open, one transaction, close."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import duckdb

from riskengine.errors import LedgerBusy, LedgerError
from riskengine.ledger.locking import PATIENT, Patience, connect, first_line
from riskengine.ledger.migrations import must_be_current

if TYPE_CHECKING:
    from collections.abc import Generator

    from riskengine.workspace import Workspace

# Threads of one process share the file, so they meet at the rows instead of at the lock.
_SIGNS_OF_A_RACE: Final = ("Conflict on", "constraint violation")


@contextmanager
def open_ledger(
    workspace: Workspace, *, read_only: bool = False, patience: Patience = PATIENT
) -> Generator[duckdb.DuckDBPyConnection, None, None]:
    """Give a connection to the workspace's ledger inside one transaction.

    Leaving the block commits; an exception in it rolls everything back. Keep the block short:
    while it is open, no other process can so much as read the ledger.

    Raises:
        LedgerBusy: Another process held the ledger until patience ran out.
        LedgerError: There is no ledger, it is of another version, or DuckDB refused.
    """
    if not workspace.ledger_file.is_file():
        raise LedgerError(
            f"There is no ledger in {workspace.root}.",
            remedy=f"Make one with `riskengine init {workspace.root}`.",
        )
    connection = connect(workspace.ledger_file, read_only=read_only, patience=patience)
    try:
        must_be_current(connection, workspace.ledger_file)
        with transaction(connection):
            yield connection
    except duckdb.TransactionException as error:
        if any(sign in str(error) for sign in _SIGNS_OF_A_RACE):
            raise LedgerBusy(
                "Another thread of this process changed the ledger at the same moment.",
                remedy="Try again.",
            ) from error
        raise _refused(error) from error
    except duckdb.Error as error:
        raise _refused(error) from error
    finally:
        connection.close()


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Generator[None, None, None]:
    """Commit what the block did, or nothing of it."""
    connection.execute("BEGIN TRANSACTION")
    is_committed = False
    try:
        yield
        connection.execute("COMMIT")
        is_committed = True
    finally:
        if not is_committed:
            # After a fatal error there is nothing left to roll back; the first error is the one
            # to show.
            with suppress(duckdb.Error):
                connection.execute("ROLLBACK")


def _refused(error: duckdb.Error) -> LedgerError:
    return LedgerError(f"The ledger refused: {first_line(error)}.")
