"""Reading a recorded run back, every byte checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from riskengine.engine.beside import BESIDE_FRAMES
from riskengine.engine.kept_history import HISTORY_FRAMES
from riskengine.engine.run import ASSESSMENTS, RULES_APPLIED, Run, card_from
from riskengine.ledger.run_register import find_last_run, find_run
from riskengine.ledger.runs import SHADOW_FRAME, read_card, read_frame
from riskengine.manifest.schema import SCHEMAS

if TYPE_CHECKING:
    from pathlib import Path

    from riskengine.manifest.schema import FrameSchema
    from riskengine.workspace import Workspace


def run_of(workspace: Workspace, container: str, run_id: str | None = None) -> Run:
    """Return the recorded run that is meant: the one named, else the latest that assessed the container.

    Args:
        workspace: The unit's folder.
        container: Its number in any form, or the bill of its loose cargo.
        run_id: A run's id; None takes the latest.

    Raises:
        RunNotFound: No run has assessed it; the sentence names near numbers.
        LedgerError: The run's files are not those that were written.
    """
    workspace.must_exist()
    entry = find_run(workspace, run_id) if run_id else find_last_run(workspace, container)
    return read_run(entry.folder_in(workspace))


def read_run(folder: Path) -> Run:
    """Return the run that lies in a folder.

    Raises:
        LedgerError: A file is missing, or its bytes are not those that were written.
    """
    written = read_card(folder)
    card = {name: value for name, value in written.items() if name not in {"schema", "files"}}
    kept = names if isinstance(names := written.get("files"), dict) else {}
    return Run(
        card=card_from(card),
        assessments=_whole(read_frame(folder, "assessments"), ASSESSMENTS),
        indicators=read_frame(folder, "indicators"),
        contributions=read_frame(folder, "contributions"),
        verdicts=read_frame(folder, "verdicts"),
        rules=_whole(read_frame(folder, "rules"), RULES_APPLIED),
        defects=read_frame(folder, "defects"),
        canonical={
            name: read_frame(folder, f"manifest_{name}")
            for name in SCHEMAS
            if f"manifest_{name}" in kept  # an older run knew fewer frames
        },
        beside={
            name: read_frame(folder, f"beside_{name}")
            for name in BESIDE_FRAMES
            if f"beside_{name}" in kept
        },
        challenger=read_frame(folder, SHADOW_FRAME) if SHADOW_FRAME in kept else None,
        history={
            name: read_frame(folder, f"history_{name}")
            for name in HISTORY_FRAMES
            if f"history_{name}" in kept
        },
    )


def _whole(kept: pl.DataFrame, schema: FrameSchema) -> pl.DataFrame:
    """Return a frame of a run with every column of today; what an older run did not keep is null."""
    lacking = [
        pl.lit(None, kind).alias(name)
        for name, kind in schema.items()
        if name not in kept.columns
    ]
    return kept.with_columns(lacking).select(schema.keys())
