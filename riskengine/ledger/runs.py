"""The immutable results of runs: a folder of Parquet each, whose files are checked at reading."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from riskengine.errors import LedgerError
from riskengine.ledger.durable import UNFINISHED, sync_file, sync_folder, unfinished_name

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date
    from pathlib import Path

    from riskengine.workspace import Workspace

CARD: Final = "run.json"
SCHEMA: Final = 1
SHADOW_FRAME: Final = "challenger"
"""What the challenger said: kept with a run, and no part of what the run is."""
USUAL_FRAME: Final = "beside_usual"
"""What was usual around it: shown beside its reasons, and no part of what the run is either."""
_BESIDE_THE_RUN: Final = ("challenger_id", "engine_version", "libraries", "texts_sha256")
_RUN_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_FRAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_READ_ONLY: Final = 0o400


def write_run(
    workspace: Workspace,
    run_id: str,
    day: date,
    frames: Mapping[str, pl.DataFrame],
    card: Mapping[str, object],
) -> Path:
    """Write a run's folder so that it is whole or not there, and return it.

    Each frame becomes ``<name>.parquet``; ``run.json`` holds the card and, under ``files``, the
    sha256, size and row count of each. The same frames and card give the same bytes. Until it is
    registered (``run_register.register_run``), nobody finds the run.

    Writing a run again that is there with the same content is no error: a killed command may be
    repeated.

    Args:
        workspace: The unit's folder.
        run_id: The run's name, safe as the name of a folder.
        day: The day of the assessment, which names the folder above.
        frames: The results by name.
        card: What JSON can hold, without the key ``files``.

    Raises:
        LedgerError: A name is not safe, the card is no JSON, another run of this id is there, or
            the disk refused.
    """
    if not _RUN_ID.fullmatch(run_id):
        raise LedgerError(f"{run_id!r} cannot name a run's folder.")
    folder = workspace.runs_folder / day.isoformat() / run_id
    contents = {name: _parquet(name, frame) for name, frame in sorted(frames.items())}
    full_card = _card_bytes(run_id, card, contents, frames)
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.exists():
            return _same_run(folder, full_card)
        _write_aside(
            folder,
            {
                **{f"{name}.parquet": content for name, content in contents.items()},
                CARD: full_card,
            },
        )
        sync_folder(workspace.runs_folder)
    except OSError as error:
        raise LedgerError(
            f"The run {run_id} cannot be written to {folder}: {error.strerror or error}.",
            remedy="See that the disk has room and that the folder may be written to.",
        ) from error
    return folder


def read_card(folder: Path) -> Mapping[str, object]:
    """Return what ``run.json`` says.

    Raises:
        LedgerError: It is missing or damaged.
    """
    try:
        card = json.loads((folder / CARD).read_bytes())
    except (OSError, ValueError) as error:
        raise LedgerError(f"The card of the run in {folder} cannot be read.") from error
    if not isinstance(card, dict) or card.get("schema") != SCHEMA:
        raise LedgerError(
            f"The card of the run in {folder} is not of version {SCHEMA}.",
            remedy="Use the engine that wrote it.",
        )
    return card


def card_sha256(folder: Path) -> str:
    """Return the sha256 of ``run.json``, which holds those of all other files of the run.

    Raises:
        LedgerError: It is missing.
    """
    try:
        return hashlib.sha256((folder / CARD).read_bytes()).hexdigest()
    except OSError as error:
        raise LedgerError(f"The card of the run in {folder} cannot be read.") from error


def read_frame(
    folder: Path, name: str, *, columns: Collection[str] | None = None
) -> pl.DataFrame:
    """Return one frame of a run, after checking every byte of its file against the card.

    Args:
        folder: The run's folder.
        name: The frame.
        columns: Only these, of those that the frame has; None is all.

    Raises:
        LedgerError: The run has no such frame, or its bytes are not those that were written.
    """
    files = read_card(folder).get("files")
    promised = files.get(name) if isinstance(files, dict) else None
    if not isinstance(promised, dict):
        raise LedgerError(f"The run in {folder} has no frame {name!r}.")
    path = folder / f"{name}.parquet"
    try:
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != promised.get("sha256"):
            raise _damaged(path)
        wanted = None
        if columns is not None:
            held = pq.read_schema(io.BytesIO(content)).names
            wanted = [column for column in held if column in columns]
        table = pq.read_table(
            io.BytesIO(content), columns=wanted, page_checksum_verification=True
        )
    except (OSError, pa.ArrowException) as error:
        raise _damaged(path) from error
    frame = pl.from_arrow(table)
    if not isinstance(frame, pl.DataFrame):
        raise _damaged(path)
    return frame


def check_files(folder: Path) -> tuple[str, ...]:
    """Return what is wrong with the files of a run: those changed, missing, or of which its card says nothing.

    Raises:
        LedgerError: The card is missing or damaged.
    """
    files = read_card(folder).get("files")
    promised = files if isinstance(files, dict) else {}
    faults: list[str] = []
    for name, said in sorted(promised.items()):
        path = folder / f"{name}.parquet"
        try:
            found = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError:
            faults.append(f"{path.name} is missing, or cannot be read.")
            continue
        if not isinstance(said, dict) or found != said.get("sha256"):
            faults.append(_damaged(path).sentence)
    known = {CARD, *(f"{name}.parquet" for name in promised)}
    strange = sorted(path.name for path in folder.iterdir() if path.name not in known)
    return (*faults, *(f"{name!r} is no file of the run." for name in strange))


def sweep(
    workspace: Workspace,
    *,
    older_than: timedelta = timedelta(hours=1),
    now: float | None = None,
) -> tuple[Path, ...]:
    """Remove what killed runs left half-written, and return what was removed.

    Args:
        workspace: The unit's folder.
        older_than: What was touched later than this may still be in the making and stays.
        now: Seconds since 1970; None takes the clock.
    """
    moment = time.time() if now is None else now
    removed: list[Path] = []
    for folder in sorted(workspace.runs_folder.glob(f"*/.*{UNFINISHED}")):
        if moment - folder.stat().st_mtime >= older_than.total_seconds():
            shutil.rmtree(folder)
            removed.append(folder)
    return tuple(removed)


def _write_aside(folder: Path, contents: Mapping[str, bytes]) -> None:
    aside = unfinished_name(folder)
    aside.mkdir(mode=0o700)
    try:
        for file_name, content in contents.items():
            path = aside / file_name
            path.write_bytes(content)
            sync_file(path)
            path.chmod(_READ_ONLY)
        sync_folder(aside)
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    sync_folder(folder.parent)


def _same_run(folder: Path, full_card: bytes) -> Path:
    written = (folder / CARD).read_bytes()
    if written != full_card and not _is_same_but_for_shadow(written, full_card):
        raise LedgerError(
            f"Another run stands in {folder} already.",
            remedy="Results are never overwritten: give the new run an id of its own.",
        )
    return folder


def _is_same_but_for_shadow(written: bytes, full_card: bytes) -> bool:
    """Tell whether two cards differ in what no digest holds alone: a killed command was repeated after an update."""
    try:
        one, other = (json.loads(card) for card in (written, full_card))
    except ValueError:
        return False
    for card in (one, other):
        for name in _BESIDE_THE_RUN:
            card.pop(name, None)
        for frame in (SHADOW_FRAME, USUAL_FRAME):
            card["files"].pop(frame, None)
    return one == other


def _parquet(name: str, frame: pl.DataFrame) -> bytes:
    if not _FRAME.fullmatch(name):
        raise LedgerError(f"{name!r} cannot name a frame of a run.")
    content = io.BytesIO()
    pq.write_table(
        frame.to_arrow(),
        content,
        compression="zstd",
        version="2.6",
        write_page_checksum=True,
    )
    return content.getvalue()


def _card_bytes(
    run_id: str,
    card: Mapping[str, object],
    contents: Mapping[str, bytes],
    frames: Mapping[str, pl.DataFrame],
) -> bytes:
    if taken := sorted({"schema", "run_id", "files"} & set(card)):
        raise LedgerError(f"The card of a run may not say {', '.join(taken)} itself.")
    files = {
        name: {
            "sha256": hashlib.sha256(content).hexdigest(),
            "byte_count": len(content),
            "row_count": frames[name].height,
        }
        for name, content in contents.items()
    }
    full = {**card, "schema": SCHEMA, "run_id": run_id, "files": files}
    try:
        text = json.dumps(full, ensure_ascii=False, allow_nan=False, indent=2, sort_keys=True)
        return f"{text}\n".encode()
    except (TypeError, ValueError) as error:
        raise LedgerError(f"The card of the run {run_id} is no JSON: {error}.") from error


def _damaged(path: Path) -> LedgerError:
    return LedgerError(
        f"The bytes of {path} are not those that were written.",
        remedy="Restore the run's folder from a backup.",
    )
