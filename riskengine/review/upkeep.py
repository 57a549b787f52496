"""Looking after a workspace: stores brought forward, half-written things swept, what was begun finished."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from riskengine.engine import Engine
from riskengine.engine.in_hand import clear_left_behind
from riskengine.ledger import migrations as ledger_migrations
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.runs import sweep
from riskengine.register import audit
from riskengine.register import connection as register
from riskengine.review.outcome import finish_what_was_begun
from riskengine.review.promotion import finish_model_changes
from riskengine.review.rule_change import finish_changes
from riskengine.rules.standing import resolve_standings
from riskengine.rules.store import in_force

if TYPE_CHECKING:
    from riskengine.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """What looking after a workspace found and did.

    Attributes:
        ledger_migrations: Names of the changes that brought the ledger forward.
        register_migrations: How many changes brought the register forward.
        swept: How many half-written run folders were removed.
        left_behind: How many copies that a killed watch had in hand were removed.
        finished: How many outcomes, cut short by a crash, were counted.
        finished_changes: How many changes of rules and models, cut short by a crash, were carried out.
        unreadable_rules: Rules that should run today and cannot be read, each with why.
        audit_entries: How many entries the audit chain has; each was checked.
        audit_head: The hash of the last: hand it to somebody else, a chain cut short shows only beside it.
        model_id: The model in force, loaded and its golden rows reproduced; empty where there is none.
        challenger_id: The model that scores in the shadow; empty where there is none.
        challenger_fault: What is wrong with it; empty where nothing is.
    """

    ledger_migrations: tuple[str, ...]
    register_migrations: int
    swept: int
    left_behind: int
    finished: int
    finished_changes: int
    unreadable_rules: tuple[str, ...]
    audit_entries: int
    audit_head: str
    model_id: str
    challenger_id: str
    challenger_fault: str


def look_after(workspace: Workspace) -> Upkeep:
    """Bring a workspace's stores forward, finish and sweep what a crash left, check chain and model.

    Raises:
        WorkspaceError: There is no workspace, or its policy cannot be.
        AuditChainBroken: The audit chain does not add up; the sentence names the entry.
        BundleDamaged: The model in force is not what its card promises.
        LedgerBusy: Another process holds the ledger.
    """
    workspace.must_exist()
    brought = tuple(migration.name for migration in ledger_migrations.migrate(workspace))
    changes = register.migrate(workspace)
    with open_ledger(workspace) as connection:
        resolve_standings(connection)
    finished = finish_what_was_begun(workspace)
    finished_changes = finish_changes(workspace) + finish_model_changes(workspace)
    head = audit.verify(workspace)
    engine = Engine.open(workspace)
    return Upkeep(
        ledger_migrations=brought,
        register_migrations=changes,
        swept=len(sweep(workspace)),
        left_behind=clear_left_behind(workspace),
        finished=finished,
        finished_changes=finished_changes,
        unreadable_rules=tuple(
            f"{one.stored.rule_id} {one.stored.version}: {one.sentence}"
            for one in in_force(workspace, datetime.now(UTC).date()).unreadable
        ),
        audit_entries=head.seq,
        audit_head=head.hash,
        model_id=engine.bundle.card.id if engine.bundle else "",
        challenger_id=engine.challenger.card.id if engine.challenger else "",
        challenger_fault=engine.challenger_fault,
    )
