"""The ledger's versions: numbered SQL files, each applied once, forward only, in one transaction.

A migration that was applied is never edited; the ledger keeps its sha256 and says so.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

import duckdb

from riskengine.errors import LedgerError
from riskengine.ledger.locking import PATIENT, Patience, connect, first_line

if TYPE_CHECKING:
    from pathlib import Path

    from riskengine.workspace import Workspace

_NAME: Final = re.compile(r"(\d{4})_([a-z][a-z0-9_]*)\.sql")
_REGISTER: Final = """
CREATE TABLE IF NOT EXISTS schema_migration (
    version INTEGER PRIMARY KEY,
    name VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL,
    applied_at TIMESTAMP NOT NULL
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One step from one version of the ledger to the next."""

    version: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """The digest of its text, line ends counted as line feeds."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


@cache
def migrations() -> tuple[Migration, ...]:
    """Return every migration this engine knows, in order.

    Raises:
        LedgerError: The numbers have a gap or stand twice; the installation is damaged.
    """
    found: list[Migration] = []
    for entry in resources.files(__name__).iterdir():
        named = _NAME.fullmatch(entry.name)
        if named:
            text = entry.read_text(encoding="utf-8")
            found.append(Migration(version=int(named[1]), name=named[2], sql=text))
    found.sort(key=lambda migration: migration.version)
    if [migration.version for migration in found] != list(range(1, len(found) + 1)):
        raise LedgerError(
            "The ledger's migrations are not numbered 1, 2, 3 without a gap.",
            remedy="Install the engine again.",
        )
    return tuple(found)


def create_ledger(workspace: Workspace, *, patience: Patience = PATIENT) -> None:
    """Make the workspace's ledger, at the newest version, readable by its owner alone.

    Raises:
        LedgerError: There is one already, or it cannot be made.
    """
    if workspace.ledger_file.exists():
        raise LedgerError(f"There is a ledger in {workspace.root} already.")
    workspace.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    _bring_forward(workspace.ledger_file, migrations(), patience)


def migrate(workspace: Workspace, *, patience: Patience = PATIENT) -> tuple[Migration, ...]:
    """Bring the ledger to the newest version and return what was applied.

    Raises:
        LedgerBusy: Another process held the ledger until patience ran out.
        LedgerError: There is no ledger, it is newer than this engine, or a migration failed
            (the ledger is then as it was before that migration).
    """
    if not workspace.ledger_file.is_file():
        raise LedgerError(
            f"There is no ledger in {workspace.root}.",
            remedy=f"Make one with `riskengine init {workspace.root}`.",
        )
    return _bring_forward(workspace.ledger_file, migrations(), patience)


def must_be_current(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Let only a ledger of exactly this engine's version through.

    Raises:
        LedgerError: It is newer, older, or its migrations are not those of this engine.
    """
    missing = _still_to_apply(connection, path, migrations())
    if missing:
        raise LedgerError(
            f"The ledger {path} is at version {missing[0].version - 1}, and this engine works"
            f" with version {missing[-1].version}.",
            remedy="Make a backup, then bring it forward with `riskengine doctor`.",
        )


def _bring_forward(
    path: Path, known: tuple[Migration, ...], patience: Patience
) -> tuple[Migration, ...]:
    connection = connect(path, patience=patience)
    try:
        connection.execute(_REGISTER)
        missing = _still_to_apply(connection, path, known)
        for migration in missing:
            _apply(connection, migration)
        # Changes of tables replayed from the log are where DuckDB has had its bugs.
        connection.execute("CHECKPOINT")
    except duckdb.Error as error:
        raise LedgerError(
            f"The ledger {path} could not be brought forward: {first_line(error)}."
        ) from error
    finally:
        connection.close()
    return missing


def _apply(connection: duckdb.DuckDBPyConnection, migration: Migration) -> None:
    connection.execute("BEGIN TRANSACTION")
    try:
        connection.execute(migration.sql)
        connection.execute(
            "INSERT INTO schema_migration VALUES (?, ?, ?, current_timestamp AT TIME ZONE 'UTC')",
            [migration.version, migration.name, migration.sha256],
        )
        connection.execute("COMMIT")
    except duckdb.Error:
        with suppress(duckdb.Error):
            connection.execute("ROLLBACK")
        raise


def _still_to_apply(
    connection: duckdb.DuckDBPyConnection, path: Path, known: tuple[Migration, ...]
) -> tuple[Migration, ...]:
    try:
        applied: list[tuple[int, str]] = connection.execute(
            "SELECT version, sha256 FROM schema_migration ORDER BY version"
        ).fetchall()
    except duckdb.CatalogException as error:
        raise LedgerError(f"{path} is a DuckDB file, but not a ledger.") from error
    if len(applied) > len(known):
        raise LedgerError(
            f"The ledger {path} is at version {applied[-1][0]}, newer than this engine knows"
            f" ({len(known)}).",
            remedy="Use the engine that made it, or a newer one.",
        )
    for (version, sha256), migration in zip(applied, known, strict=False):
        if (version, sha256) != (migration.version, migration.sha256):
            raise LedgerError(
                f"The ledger {path} was made by another migration {version}"
                f" than this engine's {migration.name}.",
                remedy="Use the engine that made it.",
            )
    return known[len(applied) :]
