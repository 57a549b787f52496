"""The engine of one workspace: open, assess, record. Three verbs; everything else is a function elsewhere."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

import polars as pl

from riskengine.engine.assess import Known, assess
from riskengine.engine.memory import remember
from riskengine.features import facts
from riskengine.features import history as kept
from riskengine.ledger import history, received, run_register, runs
from riskengine.ledger.connection import open_ledger
from riskengine.model import shelf
from riskengine.model.bundle import load
from riskengine.register.seeds import commitment, stratum_seed
from riskengine.rules.store import in_force
from riskengine.selectivity import read_policy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from riskengine.engine.run import Run
    from riskengine.ledger.history import Past
    from riskengine.manifest import Reading
    from riskengine.model.bundle import Bundle
    from riskengine.selectivity import Policy
    from riskengine.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What one unit has in force, ready to assess.

    Attributes:
        workspace: The unit's folder.
        policy: Its policy.
        bundle: Its model, or None on a day without one.
    """

    workspace: Workspace
    policy: Policy
    bundle: Bundle | None

    @classmethod
    def open(cls, workspace: Workspace) -> Engine:
        """Open a workspace with the policy and the model in force there.

        Raises:
            WorkspaceError: There is no workspace, or its policy cannot be.
            BundleDamaged: The model in force is not what its card promises.
        """
        workspace.must_exist()
        has_model = shelf.read_pointer(workspace) is not None
        return cls(
            workspace=workspace,
            policy=read_policy(workspace.settings_file),
            bundle=load(shelf.in_force(workspace)) if has_model else None,
        )

    def assess(
        self,
        reading: Reading,
        *,
        assessed_on: date | None,
        progress: Callable[[float], None] | None = None,
    ) -> Run:
        """Assess every container of a manifest as of a day, and record nothing.

        Args:
            reading: The manifest and its defects.
            assessed_on: The day whose morning the assessment speaks of: nothing known on that day
                or later is used. None assesses each consignment as of the day it was presented.
            progress: Told the share that is done.
        """
        stated = facts.gather(reading.manifest, assessed_on)
        keys = kept.asked_keys(stated, reading.manifest.attributes)
        past = history.fetch(self.workspace, keys)
        if assessed_on is not None:
            past = before(past, assessed_on)
        known = Known(
            past=past,
            past_digest=_digest(past),
            rules=in_force(self.workspace, assessed_on or datetime.now(UTC).date()),
            bundle=self.bundle,
            policy=self.policy,
            seed=stratum_seed(self.workspace),
            seed_commitment=commitment(self.workspace),
        )
        return assess(reading, known, assessed_on=assessed_on, progress=progress)

    def record(self, run: Run, reading: Reading, file: Path) -> bool:
        """Record a run: its folder, its place in the run register, and what it adds to the history.

        The received bytes are kept first, the folder is written next, and one transaction of the ledger makes
        both visible. Recording a run again changes nothing.

        Returns:
            False where this run had been recorded before.
        """
        if run.card.run_id in {
            entry.run_id for entry in run_register.recorded_runs(self.workspace)
        }:
            return False
        received.keep(self.workspace, file)
        day = (
            date.fromisoformat(run.card.assessed_on)
            if run.card.assessed_on != "presented"
            else None
        )
        now = datetime.now(UTC)
        card = {name: value for name, value in asdict(run.card).items() if name != "run_id"}
        folder = runs.write_run(
            self.workspace, run.card.run_id, day or now.date(), run.frames(), card
        )
        entry = run_register.RunEntry(
            run_id=run.card.run_id,
            manifest_file=run.card.manifest_file,
            manifest_sha256=reading.manifest.source.sha256,
            mapping_sha256=reading.manifest.source.mapping_sha256,
            assessed_at=datetime.combine(day, time(), UTC) if day else now,
            recorded_at=now,
            folder=run_register.folder_below(self.workspace, folder),
            container_count=run.assessments.height,
            defect_count=run.defects.height,
            digests=run.card.digests,
        )
        containers = run.assessments.select(
            "container_id",
            "container_number",
            pl.col("bills_of_lading").fill_null([]).alias("bills"),  # an unread line names none
            "rank",
            "lane",
        )
        with open_ledger(self.workspace) as connection:
            run_register.register_run(connection, entry, containers)
            remember(connection, run.indicators, run.canonical["attributes"])
        return True


def before(past: Past, day: date) -> Past:
    """Return what of the past lies strictly before a day."""
    return history.Past(
        counts=past.counts.filter(pl.col("on") < day),
        habits=past.habits.filter(pl.col("on") < day),
    )


def _digest(past: Past) -> str:
    """Return the sha256 of a past, whatever the order in which it was kept."""
    marks = (
        frame.sort(frame.columns).write_csv().encode() for frame in (past.counts, past.habits)
    )
    return hashlib.sha256(b"\n".join(marks)).hexdigest()
