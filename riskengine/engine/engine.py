"""The engine of one workspace: open, assess, record. Three verbs; everything else is a function elsewhere."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

import polars as pl

from riskengine.engine.assess import Known, assess
from riskengine.engine.beside import Beside, beside_of, reports
from riskengine.engine.intake import Received, keep_all, receive
from riskengine.engine.kept_history import history_digest
from riskengine.engine.memory import past_of_others, remember
from riskengine.engine.own_texts import keep_texts_of_today, texts_of_today
from riskengine.engine.shadow import shadow_of
from riskengine.engine.stow_plan import must_fit, received_stow_plan
from riskengine.engine.surroundings import surroundings_of
from riskengine.engine.usual_here import usual_here
from riskengine.errors import ModelError
from riskengine.features import facts
from riskengine.ledger import history, received, run_register, runs
from riskengine.ledger.connection import open_ledger
from riskengine.model import shelf
from riskengine.model.bundle import load
from riskengine.register import audit
from riskengine.register.connection import open_register
from riskengine.register.seeds import commitment, stratum_seed
from riskengine.rules.store import in_force
from riskengine.selectivity import read_policy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from riskengine.engine.run import Run
    from riskengine.engine.stow_plan import StowPlan
    from riskengine.ledger.history import Past
    from riskengine.manifest import Reading
    from riskengine.model.bundle import Bundle
    from riskengine.rules.rule import Rule
    from riskengine.selectivity import Policy
    from riskengine.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What one unit has in force, ready to assess.

    Attributes:
        workspace: The unit's folder.
        policy: Its policy.
        bundle: Its model, or None on a day without one.
        habits: Its habits model, or None without one.
        challenger: The model that scores in the shadow, or None without one.
        challenger_fault: What is wrong with the challenger; empty where nothing is.
    """

    workspace: Workspace
    policy: Policy
    bundle: Bundle | None
    habits: Bundle | None = None
    challenger: Bundle | None = None
    challenger_fault: str = ""

    @classmethod
    def open(cls, workspace: Workspace) -> Engine:
        """Open a workspace with the policy and the model in force there.

        Raises:
            WorkspaceError: There is no workspace, or its policy cannot be.
            BundleDamaged: The model in force is not what its card promises.
        """
        workspace.must_exist()
        has_model = shelf.read_pointer(workspace) is not None
        challenger, challenger_fault = challenger_of(workspace)
        return cls(
            workspace=workspace,
            policy=read_policy(workspace.settings_file),
            bundle=load(shelf.in_force(workspace)) if has_model else None,
            habits=habits_of(workspace),
            challenger=challenger,
            challenger_fault=challenger_fault,
        )

    def receive(
        self, reading: Reading, file: Path, *, known_on: date | None, by: str
    ) -> Received:
        """Receive a file: keep its bytes, and note what it declares, plans or reports; once.

        Args:
            reading: What was read of it.
            file: The file as received.
            known_on: The day from which an assessment may use it; None is today.
            by: Who receives it.
        """
        now = datetime.now(UTC)
        return receive(
            self.workspace, reading, file, at=now, known_on=known_on or now.date(), by=by
        )

    def assess(  # noqa: PLR0913 - the manifest, its day, and what lies beside it
        self,
        reading: Reading,
        *,
        assessed_on: date | None,
        is_dry: bool = False,
        seq: int | None = None,
        stow_plan: StowPlan | None = None,
        others: Sequence[Reading] = (),
        progress: Callable[[float], None] | None = None,
    ) -> Run:
        """Assess every container of a manifest as of a day, and record nothing.

        Args:
            reading: The manifest and its defects.
            assessed_on: The day whose morning the assessment speaks of: nothing known on that day
                or later is used. None assesses each consignment as of the day it was presented.
            is_dry: Whether the run will not be recorded. Then nothing is drawn at random: who could ask
                which boxes would be drawn, and leave no trace, could choose others.
            seq: The manifest's place among the files received; None where it was not received, for a run that
                will not be recorded.
            stow_plan: What the ship says it loaded, where it was given by name. Else the newest plan of the same
                call that was received.
            others: Stow plans and reports of movements that were read with it and not received.
            progress: Told the share that is done.
        """
        stated = facts.gather(reading.manifest, assessed_on)
        if stow_plan is not None:
            must_fit(stow_plan, stated)
        past = past_of_others(self.workspace, stated, reading.manifest.attributes)
        beside = Beside()
        if assessed_on is not None:
            past = before(past, assessed_on)
            reported = reports(
                self.workspace,
                stated,
                assessed_on=assessed_on,
                plan=stow_plan,
                others=others,
            )
            stow_plan = stow_plan or received_stow_plan(self.workspace, reported.plan_seq)
            beside = beside_of(
                self.workspace,
                reading.manifest,
                stated,
                reported,
                seq=seq,
                assessed_on=assessed_on,
            )
        rules = in_force(self.workspace, assessed_on or datetime.now(UTC).date())
        around = surroundings_of(self.workspace, rules.rules, stated, stow_plan)
        known = Known(
            past=past,
            past_digest=history_digest(past, around, beside),
            rules=rules,
            around=around,
            stow_plan=stow_plan,
            bundle=self.bundle,
            habits=self.habits,
            policy=self.policy,
            seed=None if is_dry else stratum_seed(self.workspace),
            seed_commitment=commitment(self.workspace),
            beside=beside,
        )
        run = assess(reading, known, assessed_on=assessed_on, progress=progress)
        if assessed_on is not None:
            run = self._with_usual(run, stated, assessed_on)
        if is_dry:
            return run
        told = replace(run, card=replace(run.card, texts_sha256=texts_of_today()))
        return self._with_shadow(told, rules.rules)

    def _with_usual(self, run: Run, stated: pl.DataFrame, assessed_on: date) -> Run:
        """Add what is usual on its lanes and for its headings; no score follows from it, and no digest holds it."""
        usual = usual_here(self.workspace, stated, assessed_on)
        return replace(run, beside={**run.beside, "usual": usual})

    def _with_shadow(self, run: Run, rules: Sequence[Rule]) -> Run:
        """Add what the challenger would have said; nothing else of the run changes, its id and digests included."""
        if self.challenger is None:
            return run
        said = shadow_of(
            run, self.challenger, habits=self.habits, policy=self.policy, rules=rules
        )
        card = replace(run.card, challenger_id=self.challenger.card.id)
        return replace(run, card=card, challenger=said)

    def record(
        self,
        run: Run,
        reading: Reading,
        file: Path,
        *,
        by: str,
        stow_plan: StowPlan | None = None,
    ) -> bool:
        """Record a run: its folder, its place in the run register, and what it adds to the history.

        The received bytes are kept first, the folder is written next, the audit chain is told, and one
        transaction of the ledger makes all of it visible. Recording a run again changes nothing.

        Args:
            run: The run.
            reading: The manifest it assessed.
            file: The file as received.
            by: Who had it recorded, and so saw what was drawn at random.
            stow_plan: The stow plan it was assessed with; its bytes are kept too.

        Returns:
            False where this run had been recorded before.
        """
        if run_register.is_recorded(self.workspace, run.card.run_id):
            return False
        keep_all(self.workspace, reading, file)
        keep_texts_of_today(self.workspace)
        if stow_plan is not None:
            received.keep(self.workspace, stow_plan.path)
            if stow_plan.mapping_content:
                received.keep(self.workspace, stow_plan.mapping_content)
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
        with open_register(self.workspace) as register:
            payload = {
                "manifest": reading.manifest.source.sha256,
                "containers": run.assessments.height,
                "drawn_at_random": int(run.assessments["is_random"].sum()),
                "card": runs.card_sha256(folder),
            }
            audit.append(register, by, "record run", run.card.run_id, payload)
        with open_ledger(self.workspace) as connection:
            run_register.register_run(connection, entry, containers)
            remember(
                connection, run.indicators, run.canonical["attributes"], run_id=run.card.run_id
            )
        return True


def habits_of(workspace: Workspace) -> Bundle | None:
    """Return the habits model in force, or None without one.

    Raises:
        BundleDamaged: It is not what its card promises.
    """
    if shelf.read_pointer(workspace, shelf.HABITS_FILE) is None:
        return None
    return load(shelf.in_force(workspace, shelf.HABITS_FILE))


def challenger_of(workspace: Workspace) -> tuple[Bundle | None, str]:
    """Return the challenger and what is wrong with it; None where there is none, it is in force by now, or is damaged.

    A damaged challenger stops no assessment: it moves nothing.
    """
    try:
        pointer = shelf.read_pointer(workspace, shelf.CHALLENGER_FILE)
        champion = shelf.read_pointer(workspace)
        if pointer is None or (champion is not None and pointer.id == champion.id):
            return None, ""
        return load(shelf.in_force(workspace, shelf.CHALLENGER_FILE)), ""
    except ModelError as fault:
        return None, fault.sentence


def before(past: Past, day: date) -> Past:
    """Return what of the past lies strictly before a day."""
    return history.Past(
        counts=past.counts.filter(pl.col("on") < day),
        habits=past.habits.filter(pl.col("on") < day),
        kinds=past.kinds.filter(pl.col("on") < day),
    )
