"""How a connection to the ledger's file is come by while other processes want it too.

One process at a time may hold a DuckDB file, so whoever wants it waits, a little longer and a
little less predictably each time, and gives up by naming the process that holds it.
"""

from __future__ import annotations

import os
import random
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import duckdb

from riskengine.errors import LedgerBusy, LedgerError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OWNER_ONLY: Final = 0o600

_SETTINGS: Final[dict[str, str | bool | int | float | list[str]]] = {
    # Nothing may be fetched from a network that a port unit does not have.
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    # Older engines can still open the file; new files would be closed to them by default.
    "storage_compatibility_version": "v1.5.0",
}
_SIGNS_OF_A_LOCK: Final = (
    "Could not set lock",
    "being used by another process",
    "already open in",
    # Another thread of this process has the file open for the other purpose.
    "different configuration than existing connections",
)
_PID: Final = re.compile(r"PID (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for the ledger's lock, and how.

    Attributes:
        limit_seconds: The sum of all waits.
        first_seconds: The first wait; each next one is twice as long.
        longest_seconds: No single wait is longer than this.
        sleep: What waits.
        fraction: Draws from 0 to 1; a wait is shortened by up to half of it, so that two
            processes that met once do not meet again at every try.
    """

    limit_seconds: float = 20.0
    first_seconds: float = 0.02
    longest_seconds: float = 1.0
    sleep: Callable[[float], None] = time.sleep
    fraction: Callable[[], float] = random.SystemRandom().random


PATIENT: Final = Patience()


def connect(
    path: Path, *, read_only: bool = False, patience: Patience = PATIENT
) -> duckdb.DuckDBPyConnection:
    """Return a connection to the file, which is made where there is none and writing is asked.

    Raises:
        LedgerBusy: Another process held the file until patience ran out.
        LedgerError: The file cannot be opened: damaged, not a ledger, not permitted.
    """
    waited = 0.0
    pause = patience.first_seconds
    while True:
        try:
            connection = duckdb.connect(str(path), read_only=read_only, config=_SETTINGS)
        except (duckdb.IOException, duckdb.ConnectionException) as error:
            if not _is_a_lock(error):
                raise _unopenable(path, error) from error
            if waited >= patience.limit_seconds:
                raise _busy(path, error, waited) from error
            wait = min(
                pause * (1.0 - 0.5 * patience.fraction()), patience.limit_seconds - waited
            )
            patience.sleep(wait)
            waited += wait
            pause = min(2.0 * pause, patience.longest_seconds)
        except duckdb.Error as error:
            raise _unopenable(path, error) from error
        else:
            if not read_only:
                _keep_private(path)
            return connection


def first_line(error: duckdb.Error) -> str:
    """Return what DuckDB says, without its hints and links."""
    return str(error).partition("\n")[0].strip().rstrip(".")


def _is_a_lock(error: duckdb.Error) -> bool:
    return any(sign in str(error) for sign in _SIGNS_OF_A_LOCK)


def _busy(path: Path, error: duckdb.Error, waited: float) -> LedgerBusy:
    named = _PID.search(str(error))
    holder = f"process {named[1]}" if named else "another thread of this process"
    return LedgerBusy(
        f"The ledger {path} is held by {holder}, and {waited:.0f} s of waiting ran out.",
        remedy="Wait until that process is done, then try again.",
    )


def _unopenable(path: Path, error: duckdb.Error) -> LedgerError:
    return LedgerError(
        f"The ledger {path} cannot be opened: {first_line(error)}.",
        remedy="Restore the file from the last backup if it is damaged.",
    )


def _keep_private(path: Path) -> None:
    """Let only the owner read the file and its write-ahead log.

    DuckDB makes the log at the first commit, with the permissions of the moment; an empty one
    that is there already is used as it is. This process holds the lock, so nobody interferes.
    """
    path.chmod(OWNER_ONLY)
    log = path.with_name(f"{path.name}.wal")
    try:
        os.close(os.open(log, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))
    except FileExistsError:
        log.chmod(OWNER_ONLY)
