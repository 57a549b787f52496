"""``train``."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from riskengine.cli.options import MappingOption, OfficerOption, WorkspaceOption
from riskengine.cli.output import progress, say
from riskengine.cli.training_options import (
    GrowOption,
    HabitsOption,
    HistoryOption,
    LabelOption,
    MembersOption,
    NoteOption,
    OwnOption,
    PromoteOption,
    RememberOption,
    TuneMinutesOption,
    TuneOption,
    UnopenedOption,
    WithoutOption,
)
from riskengine.workspace import locate

if TYPE_CHECKING:
    from riskengine.engine.training import Asked, Trained
    from riskengine.manifest import Reading
    from riskengine.model.bundle import Bundle
    from riskengine.workspace import Workspace


def add_to(app: typer.Typer) -> None:
    """Add the verbs of this file to the command line."""
    app.command()(train)


def train(
    *,
    history: HistoryOption = None,
    own: OwnOption = False,
    habits: HabitsOption = False,
    promote: PromoteOption = False,
    mapping: MappingOption = None,
    label: LabelOption = None,
    without: WithoutOption = None,
    grow: GrowOption = None,
    unopened_as_nils: UnopenedOption = False,
    members: MembersOption = 5,
    trials: TuneOption = 0,
    minutes: TuneMinutesOption = None,
    note: NoteOption = "",
    remember: RememberOption = False,
    officer: OfficerOption = "",
    workspace: WorkspaceOption = None,
) -> None:
    """Train a model and shelve it; the one in force stays in force."""
    from riskengine.engine.training import Asked
    from riskengine.model.settings import TrainingSettings

    if promote and not habits:
        raise typer.BadParameter(
            "a model that learned from finds is put in force with `riskengine models promote`.",
            param_hint="--promote",
        )
    if remember and not history:
        raise typer.BadParameter("there is no --history to remember.", param_hint="--remember")
    unit = locate(workspace).must_exist()
    readings = _read(history or [], mapping, label)
    now = datetime.now(UTC)
    asked = Asked(
        manifests=[reading.manifest for reading in readings],
        is_own=own,
        grow=grow,
        presume_nils=unopened_as_nils,
        settings=TrainingSettings(
            members=members,
            without=tuple(without or ()),
            tuning_trials=trials,
            tuning_minutes=minutes,
        ),
        on=now.date(),
        created_at=now,
        note=note,
    )
    if habits:
        _train_habits(unit, asked, by=officer or getuser(), promote=promote)
    else:
        _train(unit, asked)
    if remember:
        from riskengine.engine.learning import remember_history

        new = remember_history(unit, asked.manifests)
        say(f"{new} containers of the history were new to this unit and are remembered.")


def _read(history: list[Path], mapping: Path | None, label: str | None) -> list[Reading]:
    from riskengine.manifest import read_manifest
    from riskengine.manifest.mapping import load_mapping
    from riskengine.manifest.plan import with_label

    fields = load_mapping(mapping) if mapping else None
    if label:
        fields = with_label(fields, label)
    readings = [read_manifest(path, fields) for path in history]
    for path, reading in zip(history, readings, strict=True):
        if reading.defects:
            say(
                f"{path}: {len(reading.defects)} defects; nothing was dropped. See them with: riskengine check {path}"
            )
    return readings


def _train(unit: Workspace, asked: Asked) -> None:
    from riskengine.engine.training import lessons_for, train_for
    from riskengine.model import shelf

    with progress("features") as told:
        lessons = lessons_for(unit, asked, progress=told)
    with progress("training") as told:
        trained = train_for(unit, lessons, asked, progress=told)
    folder = shelf.put(unit, trained.bundle)
    _show(trained.bundle)
    _tell(trained)
    say(
        f"Shelved in {folder}. It scores nothing until: riskengine models promote {trained.bundle.card.id}"
    )


def _train_habits(unit: Workspace, asked: Asked, *, by: str, promote: bool) -> None:
    from riskengine.engine.training import habits_for
    from riskengine.model import shelf

    with progress("habits") as told:
        bundle = habits_for(unit, asked, progress=told)
    folder = shelf.put(unit, bundle)
    _show(bundle)
    if promote:
        _ask_for(unit, bundle.card.id, asked, by=by)
    else:
        say(
            f"Shelved in {folder}. It says nothing until it is in force:"
            f" riskengine models promote {bundle.card.id} --reason '...'"
        )


def _ask_for(unit: Workspace, model_id: str, asked: Asked, *, by: str) -> None:
    """Ask for a habits model as `models promote` does: it moves ranks too, so a second person decides where there is one."""
    from riskengine.register.model_changes import ModelChangeState
    from riskengine.review import ModelStep, request_model

    step = ModelStep(
        model_id=model_id,
        by=by,
        at=datetime.now(UTC),
        reason=asked.note
        or "It has learned what is usual; habits_credit says what that counts.",
    )
    if request_model(unit, step).state is ModelChangeState.PENDING:
        say(
            f"The habits model {model_id} is asked for by {by}. Another person approves it with:"
            f" riskengine models approve {model_id} --officer NAME"
        )
        return
    say(f"The habits model {model_id} is in force, by {by}.")


def _show(bundle: Bundle) -> None:
    from riskengine.model.describe import describe

    sys.stdout.write(describe(bundle.card))


def _tell(trained: Trained) -> None:
    """Say on stderr what the model was made from, and what was dropped and why."""
    from riskengine.model.stack import EXAMINED_MATCHES_NEEDED

    lessons = trained.lessons
    say(
        f"{lessons.frame.height} opened containers, {int(lessons.is_find.sum())} of them with a find."
    )
    for one in lessons.left_out:
        say(f"Left out: {one.containers} containers, for {one.why}.")
    if not trained.has_grown:
        say(
            "The trees are those of the model in force: the finds are too few to grow others"
            " (--grow-trees does so all the same)."
        )
    for leak in trained.bundle.card.leaks:
        say(
            f"Look at {leak.name}, which {leak.why}. If only the examination could know it: --without {leak.name}"
        )
    judged = trained.bundle.card.combination
    if judged is not None:
        least = sum(one.examined >= EXAMINED_MATCHES_NEEDED for one in judged.weights)
        say(
            f"{len(judged.weights)} rules matched opened containers; outcomes have judged {least} of them."
        )
