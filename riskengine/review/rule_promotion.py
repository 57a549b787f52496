"""Steps in the life of a rule: asked for by one person, decided by another where it matters, kept in the chain.

A draft runs nowhere. In shadow a rule is watched, on trial and active it counts, retired it is gone. Every gate is
machine-checked when a step is asked for, and again when it is approved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from riskengine import messages
from riskengine.errors import PromotionRefused, RuleError, RuleNotFound
from riskengine.register.rule_changes import (
    ChangeKind,
    ChangeState,
    Decision,
    Wish,
    changes,
    decide_change,
    is_same_person,
)
from riskengine.review.rule_change import carry_out, finish_changes, submit
from riskengine.review.rule_gates import Step, ask_gates, needs_second, starts_of
from riskengine.rules.faults import did_you_mean
from riskengine.rules.rule import RuleStatus
from riskengine.rules.standing import COUNTING, installed
from riskengine.rules.stored import LIST_THEM

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from riskengine.register.rule_changes import RuleChange
    from riskengine.review.rule_gates import Findings
    from riskengine.rules.standing import Installed
    from riskengine.workspace import Workspace

__all__ = ["Step", "approve_step", "pending_changes", "refuse_step", "request_step"]

_ASK_FIRST: Final = (
    "Ask for a step with `riskengine rules promote ID --to shadow|trial|active`."
)


def request_step(workspace: Workspace, step: Step) -> RuleChange:
    """Ask for a step of a rule; one that needs nobody else is taken at once.

    Returns:
        The change: completed, or pending until another person decides.

    Raises:
        RuleNotFound: No such rule, or no such version of it, is installed.
        PromotionRefused: Gates stand against it; all of them are told.
    """
    finish_changes(workspace)
    everything = installed(workspace)
    candidate = _candidate(everything, step)
    others = [one for one in everything if one is not candidate]
    found = ask_gates(workspace, step, candidate, others)
    for waiting in pending_changes(workspace, step.rule_id):
        found.refuse("pending", by=waiting.requested_by, to=waiting.particulars.get("to"))
    _must_pass(found, step, candidate)
    wish = Wish(
        kind=ChangeKind.STANDING,
        about=step.rule_id,
        particulars={
            "version": candidate.rule.version,
            "sha256": candidate.rule.sha256,
            "from": candidate.status.value,
            "to": step.to.value,
            "is_urgent": step.is_urgent,
            "may_leave_uncovered": step.leaves_uncovered,
            "evidence": found.evidence,
        },
        reason=step.reason,
        by=step.by,
        at=step.at,
        needs_second=needs_second(step, candidate.status),
    )
    change = submit(workspace, wish)
    return next(
        c for c in changes(workspace, about=step.rule_id) if c.change_id == change.change_id
    )


def approve_step(
    workspace: Workspace, rule_id: str, *, by: str, at: datetime, reason: str = ""
) -> RuleChange:
    """Approve the step that was asked for a rule, as another person, and take it.

    Raises:
        RuleError: Nothing is pending for this rule.
        PromotionRefused: Gates stand against it by now, or the person who asked would approve.
    """
    finish_changes(workspace)
    change = _pending(workspace, rule_id)
    said = change.particulars
    step = Step(
        rule_id=rule_id,
        to=RuleStatus(str(said["to"])),
        by=by,
        at=at,
        reason=change.reason,
        is_urgent=said["is_urgent"] is True,
        version=int(str(said["version"])),
        leaves_uncovered=said["may_leave_uncovered"] is True,
    )
    everything = installed(workspace)
    candidate = _candidate(everything, step)
    others = [one for one in everything if one is not candidate]
    found = ask_gates(workspace, step, candidate, others)
    if is_same_person(by, change.requested_by):
        found.refuse("same_person", by=change.requested_by)
    _must_pass(found, step, candidate)
    decision = Decision(
        by=by, at=at, is_approved=True, reason=reason, particulars={"evidence": found.evidence}
    )
    decided = decide_change(workspace, change.change_id, decision)
    carry_out(workspace, decided)
    return decided


def refuse_step(
    workspace: Workspace, rule_id: str, *, by: str, at: datetime, reason: str
) -> RuleChange:
    """Refuse the step that was asked for a rule, or take it back.

    Raises:
        RuleError: Nothing is pending for this rule, or no reason is given.
    """
    if not reason.strip():
        raise RuleError(
            "Refusing a step needs a reason.", remedy="Give it with --refuse REASON."
        )
    change = _pending(workspace, rule_id)
    decision = Decision(by=by, at=at, is_approved=False, reason=reason)
    return decide_change(workspace, change.change_id, decision)


def pending_changes(workspace: Workspace, rule_id: str | None = None) -> tuple[RuleChange, ...]:
    """Return the changes that wait for a second person, in the order of asking."""
    return changes(workspace, about=rule_id, state=ChangeState.PENDING)


def _pending(workspace: Workspace, rule_id: str) -> RuleChange:
    waiting = pending_changes(workspace, rule_id)
    if not waiting:
        raise RuleError(f"Nothing waits for a decision about {rule_id}.", remedy=_ASK_FIRST)
    return waiting[0]


def _candidate(everything: Sequence[Installed], step: Step) -> Installed:
    """Return the version that is meant: the one named, else the newest that the step can be taken with."""
    versions = [one for one in everything if one.rule.id == step.rule_id]
    if not versions:
        known = {one.rule.id for one in everything}
        raise RuleNotFound(
            f"No rule {step.rule_id} is installed.",
            remedy=did_you_mean(step.rule_id, known) or LIST_THEM,
        )
    if step.version is not None:
        named = [one for one in versions if one.rule.version == step.version]
        if not named:
            raise RuleNotFound(
                f"No version {step.version} of {step.rule_id} is installed.", remedy=LIST_THEM
            )
        return named[0]
    starts = set(starts_of(step))
    if step.to is RuleStatus.RETIRED and any(one.status in COUNTING for one in versions):
        starts = set(COUNTING)
    able = [one for one in versions if one.status in starts]
    alive = [one for one in versions if one.status is not RuleStatus.RETIRED]
    return (able or alive or versions)[-1]


def _must_pass(found: Findings, step: Step, candidate: Installed) -> None:
    if not found.refusals:
        return
    told = " ".join(
        messages.render(f"standing.refusal.{gate}", params) for gate, params in found.refusals
    )
    sentence = (
        f"{step.rule_id} version {candidate.rule.version} cannot become {step.to}: {told}"
    )
    raise PromotionRefused(sentence, tuple(found.refusals))
