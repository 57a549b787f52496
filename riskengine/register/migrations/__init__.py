"""The register's versions: numbered SQL files, each applied once, forward only, in one transaction."""

from __future__ import annotations

import re
import sqlite3
from contextlib import suppress
from functools import cache
from importlib import resources
from typing import Final

from riskengine.errors import RegisterError

_NAME: Final = re.compile(r"(\d{4})_[a-z][a-z0-9_]*\.sql")


@cache
def migrations() -> tuple[str, ...]:
    """Return the text of every migration this engine knows, in order.

    Raises:
        RegisterError: The numbers have a gap or stand twice; the installation is damaged.
    """
    found: list[tuple[int, str]] = []
    for entry in resources.files(__name__).iterdir():
        named = _NAME.fullmatch(entry.name)
        if named:
            found.append((int(named[1]), entry.read_text(encoding="utf-8")))
    found.sort()
    if [number for number, _ in found] != list(range(1, len(found) + 1)):
        raise RegisterError(
            "The register's migrations are not numbered 1, 2, 3 without a gap.",
            remedy="Install the engine again.",
        )
    return tuple(text for _, text in found)


def bring_forward(connection: sqlite3.Connection) -> int:
    """Apply what is missing, each migration in a transaction, and return how many were applied.

    Raises:
        RegisterError: The register is newer than this engine knows.
    """
    first = version(connection)
    _must_be_known(first)
    for number, text in enumerate(migrations()[first:], start=first + 1):
        try:
            connection.executescript(
                f"BEGIN IMMEDIATE;\n{text}\nPRAGMA user_version = {number};\nCOMMIT;"
            )
        except sqlite3.Error:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
    return len(migrations()) - first


def must_be_current(connection: sqlite3.Connection) -> None:
    """Let only a register of exactly this engine's version through.

    Raises:
        RegisterError: It is newer or older.
    """
    found = version(connection)
    _must_be_known(found)
    if found < len(migrations()):
        raise RegisterError(
            f"The register is at version {found}, and this engine works with version"
            f" {len(migrations())}.",
            remedy="Make a backup, then bring it forward with `riskengine doctor`.",
        )


def version(connection: sqlite3.Connection) -> int:
    """Return the number of the last migration applied; 0 for an empty file."""
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    return int(found)


def _must_be_known(found: int) -> None:
    if found > len(migrations()):
        raise RegisterError(
            f"The register is at version {found}, newer than this engine knows"
            f" ({len(migrations())}).",
            remedy="Use the engine that made it, or a newer one.",
        )
