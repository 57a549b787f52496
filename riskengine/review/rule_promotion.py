"""Steps in the life of a rule: asked for by one person, decided by another where it matters, kept in the chain.

A draft runs nowhere. In shadow a rule is watched, on trial and active it counts, retired it is gone. Every gate is
machine-checked when a step is asked for, and again when it is approved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from riskengine import messages
from riskengine.errors import PromotionRefused, RuleError, RuleNotFound
from riskengine.register.persons import is_same_person
from riskengine.register.rule_changes import (
    ChangeKind,
    ChangeState,
    Decision,
    Wish,
    changes,
    decide_change,
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

__all__ = [
    "Step",
    "approve_step",
    "pending_changes",
    "refuse_step",
    "request_step",
    "waiting_step",
]

_LEAST_OF_AN_ID: Final = 8

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


def waiting_step(workspace: Workspace, about: str, *, version: int | None = None) -> RuleChange:
    """Return the one step that waits for a decision about a rule, so that whoever decides sees it first.

    Args:
        workspace: The unit's folder.
        about: The rule, or the change itself by its id or the beginning of it.
        version: The version that is meant; None where whoever asks does not say.

    Raises:
        RuleError: Nothing of it waits, several steps do, or the one that waits is of another version.
    """
    finish_changes(workspace)
    waiting = [change for change in pending_changes(workspace) if _is_meant(change, about)]
    if not waiting:
        raise RuleError(f"Nothing waits for a decision about {about}.", remedy=_ASK_FIRST)
    if len(waiting) > 1:
        names = ", ".join(change.change_id for change in waiting)
        raise RuleError(
            f"Several steps wait for a decision about {about}: {names}.",
            remedy="Name the change instead of the rule.",
        )
    change = waiting[0]
    asked = change.particulars["version"]
    if version is not None and version != asked:
        raise RuleError(
            f"The step that waits is asked for {change.about} version {asked}, not {version}.",
            remedy="List what waits with `riskengine rules pending`.",
        )
    return change


def approve_step(
    workspace: Workspace, about: str, *, by: str, at: datetime, reason: str = ""
) -> RuleChange:
    """Approve the step that was asked for, as another person, and take it.

    Args:
        workspace: The unit's folder.
        about: The change by its id, or the rule.
        by: Who approves.
        at: When, with its time zone.
        reason: Why; may be empty.

    Raises:
        RuleError: Nothing or several steps wait, or the content that it was asked for is here no more.
        PromotionRefused: Gates stand against it by now, or the person who asked would approve.
    """
    change = waiting_step(workspace, about)
    said = change.particulars
    step = Step(
        rule_id=change.about,
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
    if candidate.rule.sha256 != said["sha256"]:
        raise RuleError(
            f"{step.rule_id} version {step.version} is not what the step was asked for.",
            remedy="Refuse it with --refuse REASON, and ask again.",
        )
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
    workspace: Workspace, about: str, *, by: str, at: datetime, reason: str
) -> RuleChange:
    """Refuse the step that was asked for, or take it back.

    Raises:
        RuleError: Nothing or several steps wait, or no reason is given.
    """
    if not reason.strip():
        raise RuleError(
            "Refusing a step needs a reason.", remedy="Give it with --refuse REASON."
        )
    change = waiting_step(workspace, about)
    decision = Decision(by=by, at=at, is_approved=False, reason=reason)
    return decide_change(workspace, change.change_id, decision)


def pending_changes(workspace: Workspace, rule_id: str | None = None) -> tuple[RuleChange, ...]:
    """Return the steps that wait for a second person, in the order of asking."""
    waiting = changes(workspace, about=rule_id, state=ChangeState.PENDING)
    return tuple(change for change in waiting if change.kind is ChangeKind.STANDING)


def _is_meant(change: RuleChange, about: str) -> bool:
    begins = len(about) >= _LEAST_OF_AN_ID and change.change_id.startswith(about.lower())
    return change.about == about or begins


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
