"""Which runs are recorded, where their folders are, and which was a container's last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import duckdb
import polars as pl

from riskengine.domain import Digests
from riskengine.errors import LedgerError, RunNotFound
from riskengine.ledger.connection import open_ledger
from riskengine.messages import visible

if TYPE_CHECKING:
    from pathlib import Path

    from riskengine.workspace import Workspace

_NEAR_ENOUGH: Final = 3
_LONGEST_ASKED: Final = 80
_RUN_CONTAINERS: Final = {
    "container_id": pl.Int32(),
    "container_number": pl.String(),
    "bills": pl.List(pl.String()),
    "rank": pl.Int64(),
    "lane": pl.String(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEntry:
    """One recorded run.

    Attributes:
        run_id: Its name.
        manifest_file: The name of the manifest's file.
        manifest_sha256: The digest of the bytes received.
        mapping_sha256: The digest of the mapping file, or the empty string.
        assessed_at: The moment that the assessment speaks of, UTC.
        recorded_at: When it was recorded, UTC.
        folder: Where its results are, below the workspace.
        container_count: How many containers it assessed.
        defect_count: How many defects the manifest had.
        digests: The five things it follows from.
        parent_run_id: The run that it repeats or corrects.
    """

    run_id: str
    manifest_file: str
    manifest_sha256: str
    mapping_sha256: str
    assessed_at: datetime
    recorded_at: datetime
    folder: PurePosixPath
    container_count: int
    defect_count: int
    digests: Digests
    parent_run_id: str | None = None

    def folder_in(self, workspace: Workspace) -> Path:
        """Return where its results are."""
        return workspace.root / self.folder


def folder_below(workspace: Workspace, folder: Path) -> PurePosixPath:
    """Return a run's folder as the register keeps it, so that a workspace can be moved."""
    return PurePosixPath(folder.relative_to(workspace.root).as_posix())


def register_run(
    connection: duckdb.DuckDBPyConnection, entry: RunEntry, containers: pl.DataFrame
) -> None:
    """Record a run whose folder is written, inside the caller's transaction.

    Args:
        connection: An open ledger.
        entry: The run.
        containers: ``container_id`` (Int32), ``container_number`` (text; null for loose cargo
            and what could not be read), ``bills`` (list of text), ``rank`` (Int64) and ``lane``
            (text), one row a container.

    Raises:
        LedgerError: The run is recorded already, or the containers are not as agreed.
    """
    if dict(containers.schema) != _RUN_CONTAINERS:
        wrong = sorted(set(containers.schema.items()) ^ set(_RUN_CONTAINERS.items()), key=str)
        raise LedgerError(f"The containers of a run have other columns than agreed: {wrong}.")
    if containers.height != entry.container_count:
        raise LedgerError(
            f"The run {entry.run_id} says {entry.container_count} containers"
            f" and brings {containers.height}."
        )
    try:
        connection.execute(_INSERT_RUN, _as_row(entry))
    except duckdb.ConstraintException as error:
        raise LedgerError(f"The run {entry.run_id} is recorded already.") from error
    connection.register("run_container_now", containers.to_arrow())
    connection.execute(
        "INSERT INTO run_container SELECT ?, container_number, container_id, bills, rank, lane, ?"
        " FROM run_container_now",
        [entry.run_id, _stored(entry.assessed_at)],
    )
    connection.unregister("run_container_now")


def find_run(workspace: Workspace, run_id: str) -> RunEntry:
    """Return the run of this id.

    Raises:
        RunNotFound: None is recorded.
    """
    with open_ledger(workspace, read_only=True) as connection:
        rows = connection.execute(f"{_SELECT_RUN} WHERE run_id = ?", [run_id]).fetchall()
        near = [] if rows else _nearest(connection, _NEAR_RUNS, run_id)
    if not rows:
        remedy = (
            f"Did you mean {' or '.join(near)}?"
            if near
            else "`riskengine explain CONTAINER` names the runs that hold a container."
        )
        raise RunNotFound(
            f"No run {visible(run_id, _LONGEST_ASKED)} is recorded.", remedy=remedy
        )
    return _as_entry(rows[0])


def is_recorded(workspace: Workspace, run_id: str) -> bool:
    """Tell whether a run of this id is recorded."""
    with open_ledger(workspace, read_only=True) as connection:
        rows = connection.execute("SELECT 1 FROM run WHERE run_id = ?", [run_id]).fetchall()
    return bool(rows)


def latest_run(workspace: Workspace) -> RunEntry:
    """Return the run that was recorded last.

    Raises:
        RunNotFound: None is recorded yet.
    """
    with open_ledger(workspace, read_only=True) as connection:
        rows = connection.execute(
            f"{_SELECT_RUN} ORDER BY recorded_at DESC, run_id DESC LIMIT 1"
        ).fetchall()
    if not rows:
        raise RunNotFound(
            "No run is recorded yet.", remedy="Assess a manifest with `riskengine score`."
        )
    return _as_entry(rows[0])


def find_last_run(workspace: Workspace, container: str) -> RunEntry:
    """Return the run that assessed a container last, or the loose cargo of a bill.

    Args:
        workspace: The unit's folder.
        container: Its number as an officer types it (blanks, dashes and small letters do no harm), or
            a bill of lading exactly as it stands on the manifest.

    Raises:
        RunNotFound: No recorded run holds it; the remedy names numbers that are almost the same.
    """
    number = "".join(letter for letter in container.upper() if letter.isalnum())
    with open_ledger(workspace, read_only=True) as connection:
        rows = connection.execute(_LAST_RUN, [number, container]).fetchall()
        if rows:
            return _as_entry(rows[0])
        near = _nearest(connection, _NEAR, number)
    remedy = f"Did you mean {' or '.join(near)}?" if near else "Assess its manifest first."
    raise RunNotFound(
        f"No recorded run holds the container {visible(container, _LONGEST_ASKED)}.",
        remedy=remedy,
    )


def runs_holding(workspace: Workspace, container: str) -> tuple[RunEntry, ...]:
    """Return every run that assessed a container or the loose cargo of a bill, the latest first."""
    number = "".join(letter for letter in container.upper() if letter.isalnum())
    with open_ledger(workspace, read_only=True) as connection:
        rows = connection.execute(_RUNS_HOLDING, [number, container]).fetchall()
    return tuple(_as_entry(row) for row in rows)


def recorded_runs(workspace: Workspace) -> tuple[RunEntry, ...]:
    """Return every recorded run, oldest first."""
    with open_ledger(workspace, read_only=True) as connection:
        rows = connection.execute(f"{_SELECT_RUN} ORDER BY recorded_at, run_id").fetchall()
    return tuple(_as_entry(row) for row in rows)


def _nearest(connection: duckdb.DuckDBPyConnection, query: str, name: str) -> list[str]:
    """Return what is almost this name; nothing for one longer than any that is meant, which would take long."""
    if len(name) > _LONGEST_ASKED:
        return []
    return [str(row[0]) for row in connection.execute(query, [name, name]).fetchall()]


def _stored(moment: datetime) -> datetime:
    """Return the instant as the ledger keeps it: UTC, unmarked."""
    if moment.tzinfo is None:
        raise LedgerError(f"The moment {moment.isoformat()} does not say its time zone.")
    return moment.astimezone(UTC).replace(tzinfo=None)


def _as_row(entry: RunEntry) -> list[object]:
    return [
        entry.run_id,
        entry.parent_run_id,
        entry.manifest_file,
        entry.manifest_sha256,
        entry.mapping_sha256,
        _stored(entry.assessed_at),
        _stored(entry.recorded_at),
        str(entry.folder),
        entry.container_count,
        entry.defect_count,
        entry.digests.manifest,
        entry.digests.history,
        entry.digests.rules,
        entry.digests.model,
        entry.digests.policy,
    ]


def _as_entry(row: tuple[Any, ...]) -> RunEntry:
    return RunEntry(
        run_id=row[0],
        parent_run_id=row[1],
        manifest_file=row[2],
        manifest_sha256=row[3],
        mapping_sha256=row[4],
        assessed_at=row[5].replace(tzinfo=UTC),
        recorded_at=row[6].replace(tzinfo=UTC),
        folder=PurePosixPath(row[7]),
        container_count=row[8],
        defect_count=row[9],
        digests=Digests(
            manifest=row[10], history=row[11], rules=row[12], model=row[13], policy=row[14]
        ),
    )


_COLUMNS: Final = """run_id, parent_run_id, manifest_file, manifest_sha256, mapping_sha256,
    assessed_at, recorded_at, folder, container_count, defect_count,
    digest_manifest, digest_history, digest_rules, digest_model, digest_policy"""
_SELECT_RUN: Final = f"SELECT {_COLUMNS} FROM run"
_INSERT_RUN: Final = f"INSERT INTO run ({_COLUMNS}) VALUES ({', '.join(['?'] * 15)})"
_RUNS_HOLDING: Final = f"""
{_SELECT_RUN} WHERE run_id IN (
    SELECT run_id FROM run_container WHERE container_number = ? OR list_contains(bills, ?)
)
ORDER BY assessed_at DESC, recorded_at DESC, run_id DESC
"""
_LAST_RUN: Final = f"{_RUNS_HOLDING} LIMIT 1"
_NEAR: Final = f"""
SELECT container_number FROM run_container
WHERE damerau_levenshtein(container_number, ?) <= {_NEAR_ENOUGH}
GROUP BY container_number
ORDER BY damerau_levenshtein(container_number, ?), container_number LIMIT 3
"""
_NEAR_RUNS: Final = f"""
SELECT run_id FROM run WHERE damerau_levenshtein(run_id, ?) <= {_NEAR_ENOUGH}
ORDER BY damerau_levenshtein(run_id, ?), run_id LIMIT 3
"""
