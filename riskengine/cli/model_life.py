"""``models promote, approve, refuse, pending, challenge``: how a model comes into force, or into the shadow."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from getpass import getuser
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from riskengine.cli.options import (
    JsonOption,
    Language,
    LanguageOption,
    OfficerOption,
    WorkspaceOption,
)
from riskengine.cli.output import lines, page, say, table, text
from riskengine.errors import ModelRefused, UsageError
from riskengine.messages import render
from riskengine.workspace import locate

if TYPE_CHECKING:
    from riskengine.register.model_changes import ModelChange

_ModelArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="MODEL", help="A model's id.")
]
_ModelOrChange: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="MODEL", help="A model's id, or that of the change, or how it begins."
    ),
]


def add_to(models: typer.Typer) -> None:
    """Add these verbs to the chapter of the models."""
    models.command("promote")(promote_model)
    models.command("approve")(approve)
    models.command("refuse")(refuse)
    models.command("pending")(show_pending)
    models.command("challenge")(challenge_with)


def promote_model(
    model: _ModelArgument,
    *,
    reason: Annotated[
        str,
        typer.Option("--reason", help="Why, where the model's own figures speak against it."),
    ] = "",
    answer: Annotated[
        list[str] | None,
        typer.Option(
            "--answer",
            metavar="NAME=WHY",
            help="Why an indicator that the card doubts is known before the examination. May be given again.",
            show_default=False,
        ),
    ] = None,
    language: LanguageOption = Language.EN,
    officer: OfficerOption = "",
    workspace: WorkspaceOption = None,
) -> None:
    """Ask for a shelved model to be put in force, with its evidence; another person approves it."""
    from riskengine.register.model_changes import ModelChangeState
    from riskengine.review import ModelStep, request_model

    unit = locate(workspace).must_exist()
    by = officer or getuser()
    step = ModelStep(
        model_id=model,
        by=by,
        at=datetime.now(UTC),
        reason=reason,
        answers=dict(_answer(one) for one in answer or ()),
    )
    try:
        change = request_model(unit, step)
    except ModelRefused as refused:
        _say_refusals(model, refused, language)
        raise
    _say_evidence(change, language)
    if change.state is ModelChangeState.PENDING:
        _say("asked", change, language, change_id=change.change_id)
        return
    _say("alone", change, language)
    _say("in_force", change, language)


def approve(
    model: _ModelOrChange,
    *,
    reason: Annotated[
        str, typer.Option("--reason", help="Why, where doubts have come up since.")
    ] = "",
    language: LanguageOption = Language.EN,
    officer: OfficerOption = "",
    workspace: WorkspaceOption = None,
) -> None:
    """Approve a model that another person asked for, and put it in force."""
    from riskengine.review import approve_model, waiting_model

    unit = locate(workspace).must_exist()
    waiting = waiting_model(unit, model)
    _say_evidence(waiting, language)
    try:
        change = approve_model(
            unit,
            waiting.change_id,
            by=officer or getuser(),
            at=datetime.now(UTC),
            reason=reason,
        )
    except ModelRefused as refused:
        _say_refusals(waiting.about, refused, language)
        raise
    _say("approved", change, language, approver=change.decided_by)


def refuse(
    model: _ModelOrChange,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why not.")],
    language: LanguageOption = Language.EN,
    officer: OfficerOption = "",
    workspace: WorkspaceOption = None,
) -> None:
    """Refuse a model that was asked for, or take the request back."""
    from riskengine.review import refuse_model

    unit = locate(workspace).must_exist()
    change = refuse_model(
        unit, model, by=officer or getuser(), at=datetime.now(UTC), reason=reason
    )
    _say("refused", change, language, approver=change.decided_by)


def show_pending(
    *,
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
    workspace: WorkspaceOption = None,
) -> None:
    """List the models that wait for a second person, with the evidence they were asked for on."""
    from riskengine.review import pending_models

    waiting = pending_models(locate(workspace).must_exist())
    heads = ("model", "change", "asked_by", "on", "reason", "evidence")
    listing = table(*(render(f"model.pending.{head}", {}, language.value) for head in heads))
    for change in waiting:
        told = _evidence(change, language)
        if as_json:
            line = {
                "change_id": change.change_id,
                "model": change.about,
                "requested_by": change.requested_by,
                "requested_at": change.requested_at.isoformat(),
                "reason": change.reason,
                "evidence": change.particulars["evidence"],
            }
            sys.stdout.write(f"{json.dumps(line, ensure_ascii=False)}\n")
            continue
        listing.add_row(
            text(change.about),
            text(change.change_id[:12]),
            text(change.requested_by),
            text(change.requested_at.date()),
            text(change.reason),
            lines(told),
        )
    if waiting and not as_json:
        page().print(listing)
    if not waiting:
        say(render("model.promotion.none_pending", {}, language.value))


def challenge_with(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A model's id.", show_default=False)
    ] = "",
    *,
    nobody: Annotated[
        bool, typer.Option("--none", help="No model scores in the shadow any more.")
    ] = False,
    language: LanguageOption = Language.EN,
    officer: OfficerOption = "",
    workspace: WorkspaceOption = None,
) -> None:
    """Let a shelved model score in the shadow of the one in force: kept with each run, followed by nobody."""
    from riskengine.review import challenge

    if bool(model) == nobody:
        raise UsageError("Name one model, or say --none.")
    unit = locate(workspace).must_exist()
    change = challenge(unit, model, by=officer or getuser(), at=datetime.now(UTC))
    _say("unchallenged" if nobody else "challenging", change, language)


def _answer(given: str) -> tuple[str, str]:
    name, _, why = given.partition("=")
    if not name.strip() or not why.strip():
        raise UsageError(
            f"{given!r} is no answer.",
            remedy="Write it as --answer 'NAME=why it is known before'.",
        )
    return name.strip(), why.strip()


def _say(key: str, change: ModelChange, language: Language, **more: object) -> None:
    params = {"model": change.about, "by": change.requested_by, **more}
    say(render(f"model.promotion.{key}", params, language.value))


def _evidence(change: ModelChange, language: Language) -> list[str]:
    """Return what a model was asked for on, as it was kept."""
    from riskengine.review import kept_lines

    return kept_lines(change.particulars.get("evidence"), language.value)


def _say_evidence(change: ModelChange, language: Language) -> None:
    for line in _evidence(change, language):
        say(f"  {line}")


def _say_refusals(model: str, refused: ModelRefused, language: Language) -> None:
    """Tell what stands against a model in the language asked for; the error itself speaks English."""
    if language is Language.EN:
        return
    say(render("model.promotion.cannot", {"model": model}, language.value))
    for key, params in refused.refusals:
        say(f"  {render(f'model.refusal.{key}', params, language.value)}")
