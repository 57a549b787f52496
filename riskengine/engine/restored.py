"""Everything a recorded run followed from, as it was: manifest, history, rules, models and policy.

What a run keeps with it, and what is kept under its sha256, is read again and held against the five digests that the
run names. What can no longer be restored is named, and never replaced silently.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import TYPE_CHECKING, Final

from riskengine.engine.assess import Known
from riskengine.engine.beside import beside_of, reports
from riskengine.engine.engine import before
from riskengine.engine.kept_history import (
    around_kept,
    beside_kept,
    history_digest,
    is_kept,
    past_kept,
)
from riskengine.engine.memory import past_of_others
from riskengine.engine.model_says import Models
from riskengine.engine.received_again import (
    defects_kept,
    manifest_again,
    manifest_digest,
    stow_plan_again,
)
from riskengine.engine.surroundings import surroundings_of
from riskengine.errors import ModelError, RulesRefused, WorkspaceError
from riskengine.features import facts
from riskengine.ledger import received_files, run_register
from riskengine.model import shelf
from riskengine.model.bundle import load
from riskengine.register.seeds import commitment, stratum_seed
from riskengine.rules.applied import rule_as_applied
from riskengine.rules.store import Unreadable, gathered
from riskengine.rules.stored import StoredVersion
from riskengine.selectivity import Policy, read_policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskengine.engine.beside import Beside
    from riskengine.engine.run import Run
    from riskengine.engine.stow_plan import StowPlan
    from riskengine.ledger.history import Past
    from riskengine.ledger.run_register import RunEntry
    from riskengine.manifest import Reading
    from riskengine.model.bundle import Bundle
    from riskengine.rules.across import Surroundings
    from riskengine.rules.rule import Rule
    from riskengine.rules.store import RulesInForce
    from riskengine.workspace import Workspace

PRESENTED: Final = "presented"
MANIFEST_LOST: Final = "verify.lost.manifest"
HISTORY_LOST: Final = "verify.lost.history"
RULES_LOST: Final = "verify.lost.rules"
MODEL_LOST: Final = "verify.lost.model"
POLICY_LOST: Final = "verify.lost.policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a recorded run followed from.

    Attributes:
        reading: The manifest, read again from the bytes received; else as the run keeps it.
        known: History, rules, models and policy as they were.
        differences: The texts (``verify.lost.…``) that name what cannot be restored; there, what comes nearest stands
            in its place. Empty where all five are what they were.
        assessed_on: The day; None where each consignment was assessed as of its own.
    """

    reading: Reading
    known: Known
    differences: tuple[str, ...]
    assessed_on: date | None


def restored(workspace: Workspace, run: Run) -> Restored:
    """Return all that a recorded run followed from.

    Args:
        workspace: The unit's folder.
        run: The run, read from its folder.

    Raises:
        RunNotFound: The run is not recorded here.
        LedgerError: The ledger refused.
        AuditChainBroken: The secret of the random stratum is not the one that was committed to.
    """
    entry = run_register.find_run(workspace, run.card.run_id)
    day = assessed_on(run)
    digests = run.card.digests
    reading = manifest_again(workspace, run, entry)
    plan = stow_plan_again(workspace, run, len(reading.defects))
    rules = _rules(run, entry, day)
    past, around, beside = _history(
        workspace, run, entry, rules=rules, reading=reading, plan=plan
    )
    models = _models(workspace, run)
    policy, policy_digest = _policy(workspace, run)
    history = history_digest(past, around, beside)
    known = Known(
        past=past,
        past_digest=history,
        rules=rules,
        around=around,
        stow_plan=plan,
        bundle=models.finds,
        habits=models.habits,
        policy=policy,
        seed=stratum_seed(workspace),
        seed_commitment=commitment(workspace),
        beside=beside,
    )
    is_same = {
        MANIFEST_LOST: manifest_digest(reading, plan) == digests.manifest,
        HISTORY_LOST: history == digests.history,
        RULES_LOST: rules.digest == digests.rules,
        MODEL_LOST: models.digest == digests.model,
        POLICY_LOST: policy_digest == digests.policy,
    }
    return Restored(
        reading=reading,
        known=known,
        differences=tuple(key for key, same in is_same.items() if not same),
        assessed_on=day,
    )


def assessed_on(run: Run) -> date | None:
    """Return the day of a run; None where each consignment was assessed as of its own."""
    day = run.card.assessed_on
    return None if day == PRESENTED else date.fromisoformat(day)


def _history(  # noqa: PLR0913 - the run, and all that its history was asked with
    workspace: Workspace,
    run: Run,
    entry: RunEntry,
    *,
    rules: RulesInForce,
    reading: Reading,
    plan: StowPlan | None,
) -> tuple[Past, Surroundings, Beside]:
    """Return the history of a run: as the run keeps it, or of an older one what the ledger says of that morning."""
    if is_kept(run.history):
        told_first = len(reading.defects) + len(plan.defects if plan else ())
        return (
            past_kept(run.history),
            around_kept(run.history, plan.facts if plan else None),
            beside_kept(run.history, run.beside, defects_kept(run)[told_first:]),
        )
    day = assessed_on(run)
    stated = facts.gather(reading.manifest, day)
    past = past_of_others(workspace, stated, reading.manifest.attributes)
    around = surroundings_of(workspace, rules.rules, stated, plan)
    if day is None:
        return past, around, beside_kept({}, {}, ())
    received_as = received_files.find(workspace, entry.manifest_sha256, entry.mapping_sha256)
    beside = beside_of(
        workspace,
        reading.manifest,
        stated,
        reports(workspace, stated, assessed_on=day, plan=plan),
        seq=received_as.seq if received_as else None,
        assessed_on=day,
    )
    return before(past, day), around, beside


def _rules(run: Run, entry: RunEntry, day: date | None) -> RulesInForce:
    """Return the rules as the run keeps them; one that this engine cannot read stands among the unreadable."""
    rules: list[Rule] = []
    unreadable: list[Unreadable] = []
    for row in run.rules.iter_rows(named=True):
        try:
            rule = rule_as_applied(row["source_yaml"], row["status"], row["overlay_json"])
            rules.append(rule)
        except RulesRefused as refusal:
            sentence = row["failure"] or refusal.sentence
            unreadable.append(Unreadable(stored=_as_stored(row, entry), sentence=sentence))
    named = gathered(tuple(rules), unreadable, day or entry.recorded_at.date())
    return replace(named, unreadable=tuple(unreadable))


def _as_stored(row: Mapping[str, object], entry: RunEntry) -> StoredVersion:
    return StoredVersion(
        rule_id=str(row["rule_id"]),
        version=int(str(row["version"])),
        sha256=str(row["sha256"]),
        pack="",
        pack_version="",
        issuer="",
        source_yaml=str(row["source_yaml"]),
        standing=str(row["status"] or "as_written"),
        since=entry.recorded_at,
        who="",
        reason="",
    )


def _models(workspace: Workspace, run: Run) -> Models:
    """Return the models that a run names, where the shelf still has them unharmed."""
    finds = _bundle(workspace, run.card.model_id)
    models = Models(finds=finds, habits=_bundle(workspace, run.card.habits_id))
    if run.card.habits_id or models.digest == run.card.digests.model:
        return models
    # A run from before the habits model was named: the one that the digest tells is it.
    for shelved in shelf.list_bundles(workspace):
        beside = Models(finds=finds, habits=_bundle(workspace, shelved.id))
        if beside.habits is not None and beside.digest == run.card.digests.model:
            return beside
    return models


def _bundle(workspace: Workspace, model_id: str) -> Bundle | None:
    if not model_id:
        return None
    try:
        return load(shelf.folder_of(workspace, model_id))
    except ModelError:
        return None


def _policy(workspace: Workspace, run: Run) -> tuple[Policy, str]:
    """Return the policy of a run and the digest of what is kept of it, else the policy of today and its digest.

    The digest is of the values that were kept: a setting that a later engine knows beside them changes nothing.
    """
    promised = commitment(workspace)
    today = read_policy(workspace.settings_file)
    if not run.card.policy_json:
        return today, today.digest(promised)
    try:
        values = json.loads(run.card.policy_json)
        if not isinstance(values, dict):
            return today, ""
        text = json.dumps(values | {"seed_commitment": promised}, sort_keys=True)
        known = {field.name for field in fields(Policy)} & values.keys()
        policy = Policy(**{name: values[name] for name in known})
    except (ValueError, TypeError, WorkspaceError):
        return today, ""
    return policy, hashlib.sha256(text.encode()).hexdigest()
