"""Putting a model in force: asked for with evidence by one person, approved by another, kept in the chain.

Two stores change. The register holds what was asked and decided; then the shelf's pointer is swapped in one step,
with the change's id in it; then the change is settled. After a crash the pointer tells whether it was carried out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from riskengine.errors import ModelError, ModelRefused
from riskengine.model import shelf
from riskengine.model.bundle import read_card
from riskengine.register import audit
from riskengine.register.model_changes import (
    Decision,
    ModelChangeKind,
    ModelChangeState,
    ModelWish,
    decide_model_change,
    model_changes,
    request_model_change,
    settle_model_change,
)
from riskengine.register.persons import is_same_person
from riskengine.review.model_evidence import gather, place_of, standing_in, told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskengine.register.model_changes import ModelChange
    from riskengine.review.model_evidence import Evidence
    from riskengine.workspace import Workspace

_LEAST_OF_AN_ID: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStep:
    """A model that is to go in force, as somebody asks for it.

    Attributes:
        model_id: The model.
        by: Who asks.
        at: When, with its time zone.
        reason: Why, where its own figures speak against it; may be empty.
        answers: Why the indicators that its card doubts are known before an examination, by name.
    """

    model_id: str
    by: str
    at: datetime
    reason: str = ""
    answers: Mapping[str, str] = field(default_factory=dict[str, str])


def request_model(workspace: Workspace, step: ModelStep) -> ModelChange:
    """Ask for a model to be put in force; where nobody else has ever acted here, that is done at once.

    Returns:
        The change: pending until another person decides, or completed where there is none.

    Raises:
        ModelError: There is no such model on the shelf, or it is damaged.
        ModelRefused: Something must be answered or mended first; all of it is told.
    """
    finish_model_changes(workspace)
    found = gather(workspace, step.model_id, step.answers)
    for waiting in pending_models(workspace):
        if _place(workspace, waiting.about) in {found.place, ""}:
            found.refuse("pending", by=waiting.requested_by, model=waiting.about)
    _must_pass(found, step.reason)
    is_alone = not _others(workspace, step.by)
    wish = ModelWish(
        kind=ModelChangeKind.IN_FORCE,
        about=step.model_id,
        particulars={
            "card_sha256": found.card_sha256,
            "from": found.champion_id,
            "answers": dict(step.answers),
            "is_alone": is_alone,
            "evidence": found.as_kept(),
        },
        reason=step.reason,
        by=step.by,
        at=step.at,
        needs_second=not is_alone,
    )
    return _submit(workspace, wish)


def approve_model(
    workspace: Workspace, about: str, *, by: str, at: datetime, reason: str = ""
) -> ModelChange:
    """Approve a model that was asked for, as another person, and put it in force.

    Args:
        workspace: The unit's folder.
        about: The model, or the change by its id or how it begins.
        by: Who approves.
        at: When, with its time zone.
        reason: Why; needed where doubts have come up since it was asked for.

    Raises:
        ModelError: Nothing waits for a decision about it.
        ModelRefused: The person who asked would approve, or the evidence speaks against it by now.
    """
    change = waiting_model(workspace, about)
    said = change.particulars
    found = gather(workspace, change.about, _answers(change))
    if is_same_person(by, change.requested_by):
        found.refuse("same_person", by=change.requested_by)
    if said["card_sha256"] != found.card_sha256:
        found.refuse("changed", by=change.requested_by)
    if said["from"] != found.champion_id:
        found.refuse("overtaken", by=change.requested_by)
    _must_pass(found, reason, known=_doubts_then(change))
    decision = Decision(
        by=by, at=at, is_approved=True, reason=reason, particulars={"evidence": found.as_kept()}
    )
    decided = decide_model_change(workspace, change.change_id, decision)
    _carry_out(workspace, decided)
    return decided


def refuse_model(
    workspace: Workspace, about: str, *, by: str, at: datetime, reason: str
) -> ModelChange:
    """Refuse a model that was asked for, or take the request back.

    Raises:
        ModelError: Nothing waits for a decision about it, or no reason is given.
    """
    if not reason.strip():
        raise ModelError("Refusing a model needs a reason.", remedy="Give it with --reason.")
    change = waiting_model(workspace, about)
    decision = Decision(by=by, at=at, is_approved=False, reason=reason)
    return decide_model_change(workspace, change.change_id, decision)


def challenge(workspace: Workspace, model_id: str, *, by: str, at: datetime) -> ModelChange:
    """Name the model that scores in the shadow; an empty id names none. It moves nothing, so one person is enough.

    Raises:
        ModelError: There is no such model on the shelf, it is in force, it is a habits model, or it is damaged.
    """
    finish_model_changes(workspace)
    before = standing_in(workspace, shelf.CHALLENGER_FILE)
    if model_id and standing_in(workspace, shelf.POINTER_FILE) == model_id:
        raise ModelError(
            f"The model {model_id} is in force and cannot challenge itself.",
            remedy="List the models with `riskengine models list`.",
        )
    if model_id and read_card(shelf.folder_of(workspace, model_id)).purpose == "habits":
        raise ModelError(
            f"The model {model_id} knows habits, and cannot challenge one that learned from finds."
        )
    wish = ModelWish(
        kind=ModelChangeKind.CHALLENGER,
        about=model_id,
        particulars={"from": before},
        reason="",
        by=by,
        at=at,
        needs_second=False,
    )
    return _submit(workspace, wish)


def pending_models(workspace: Workspace) -> tuple[ModelChange, ...]:
    """Return the models that wait for a second person, in the order of asking."""
    return model_changes(workspace, state=ModelChangeState.PENDING)


def waiting_model(workspace: Workspace, about: str) -> ModelChange:
    """Return the one change that waits for a decision about a model.

    Raises:
        ModelError: Nothing of it waits.
    """
    finish_model_changes(workspace)
    for change in pending_models(workspace):
        begins = len(about) >= _LEAST_OF_AN_ID and change.change_id.startswith(about.lower())
        if change.about == about or begins:
            return change
    raise ModelError(
        f"Nothing waits for a decision about {about}.",
        remedy="Ask for a model with `riskengine models promote MODEL`, or see `riskengine models pending`.",
    )


def finish_model_changes(workspace: Workspace) -> int:
    """Finish the changes that a crash cut short, and return how many they were.

    One that the shelf cannot have any more, as another model came first or the bundle is gone, is settled as abandoned.
    """
    due = model_changes(workspace, state=ModelChangeState.DUE)
    for change in due:
        try:
            _carry_out(workspace, change)
        except ModelError:
            continue
    return len(due)


def _submit(workspace: Workspace, wish: ModelWish) -> ModelChange:
    change = request_model_change(workspace, wish)
    if change.state is not ModelChangeState.DUE:
        return change
    _carry_out(workspace, change)
    of_it = model_changes(workspace, about=wish.about)
    return next(one for one in of_it if one.change_id == change.change_id)


def _carry_out(workspace: Workspace, change: ModelChange) -> None:
    """Bring a change that is due onto the shelf, once, and settle it."""
    now = datetime.now(UTC)
    try:
        _apply(workspace, change)
    except ModelError:
        settle_model_change(workspace, change.change_id, at=now, is_done=False)
        raise
    settle_model_change(workspace, change.change_id, at=now, is_done=True)


def _apply(workspace: Workspace, change: ModelChange) -> None:
    place = shelf.CHALLENGER_FILE
    if change.kind is ModelChangeKind.IN_FORCE:
        place = place_of(read_card(shelf.folder_of(workspace, change.about)))
    if not _is_carried_out(workspace, change, place):
        stands = standing_in(workspace, place)
        if stands != change.particulars["from"]:
            raise ModelError(
                f"Another model stands in its place by now: {stands or 'none'}.",
                remedy="Ask for it again.",
            )
        _move(workspace, change, place)
    is_won = change.kind is ModelChangeKind.IN_FORCE and place == shelf.POINTER_FILE
    if is_won and standing_in(workspace, shelf.CHALLENGER_FILE) == change.about:
        shelf.withdraw(workspace, shelf.CHALLENGER_FILE)


def _is_carried_out(workspace: Workspace, change: ModelChange, place: str) -> bool:
    stands = standing_in(workspace, place)
    if not change.about:  # nothing was to stand there
        return not stands
    if stands != change.about:
        return False
    pointer = shelf.read_pointer(workspace, place)
    return pointer is not None and pointer.change_id == change.change_id


def _move(workspace: Workspace, change: ModelChange, place: str) -> None:
    if not change.about:
        shelf.withdraw(workspace, place)
        return
    shelf.promote(
        workspace,
        change.about,
        change.requested_by,
        at=change.decided_at or change.requested_at,
        pointer_file=place,
        change_id=change.change_id,
    )


def _must_pass(found: Evidence, reason: str, known: frozenset[str] = frozenset()) -> None:
    """Let only a model through that nothing stands against; doubts that were not known before need a reason."""
    new = [doubt for doubt in told("doubt", found.doubts) if doubt not in known]
    if new and not reason.strip():
        found.refuse("reason", doubts=" ".join(new))
    if found.refusals:
        sentence = " ".join(told("refusal", found.refusals))
        raise ModelRefused(
            f"{found.model_id} cannot go in force: {sentence}", tuple(found.refusals)
        )


def _place(workspace: Workspace, model_id: str) -> str:
    """Return the pointer that a model goes to; empty where its card can no longer be read: it may be any."""
    try:
        return place_of(read_card(shelf.folder_of(workspace, model_id)))
    except ModelError:
        return ""


def _others(workspace: Workspace, by: str) -> bool:
    """Tell whether anybody else has ever acted in this workspace."""
    return any(not is_same_person(by, one.actor) for one in audit.entries(workspace))


def _answers(change: ModelChange) -> dict[str, str]:
    said = change.particulars.get("answers")
    return {str(name): str(why) for name, why in said.items()} if isinstance(said, dict) else {}


def _doubts_then(change: ModelChange) -> frozenset[str]:
    evidence = change.particulars.get("evidence")
    doubts = evidence.get("doubts") if isinstance(evidence, dict) else None
    return (
        frozenset(str(doubt) for doubt in doubts) if isinstance(doubts, list) else frozenset()
    )
