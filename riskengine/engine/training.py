"""A training as a unit asks for it: which lessons, whether the trees grow anew or stay, and what judges the rules."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.engine.counted_once import without_twice
from riskengine.engine.engine import habits_of
from riskengine.engine.learning import (
    assemble_history,
    combine_with,
    habits_of_rows,
    learn,
    own_history,
    own_lessons,
    prepare,
    together,
)
from riskengine.errors import ModelError
from riskengine.model import shelf
from riskengine.model.bundle import load
from riskengine.model.settings import TrainingSettings
from riskengine.rules.store import in_force
from riskengine.selectivity import read_policy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, datetime

    from riskengine.engine.lessons import Lessons
    from riskengine.manifest.schema import Manifest
    from riskengine.model.bundle import Bundle
    from riskengine.workspace import Workspace

FINDS_TO_GROW_TREES: Final = 100
"""Fewer finds of a unit's own teach no trees that rank better than those in force (docs/decisions/0026)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a unit asks of a training.

    Attributes:
        manifests: Labelled histories; without any the unit's own runs teach.
        is_own: Whether the unit's own runs and outcomes teach as well.
        grow: True grows trees from these lessons, False keeps those of the model in force and lets outcomes judge
            it; None grows them where the unit's own finds are enough, and always from a file.
        presume_nils: Whether containers that nobody opened count as nils of little weight.
        settings: How trees are grown.
        on: The day whose rules are judged.
        created_at: For the card.
        note: For the card.
    """

    manifests: Sequence[Manifest] = ()
    is_own: bool = False
    grow: bool | None = None
    presume_nils: bool = False
    settings: TrainingSettings = field(default_factory=TrainingSettings)
    on: date
    created_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A model and what it was made from.

    Attributes:
        bundle: The model, not on the shelf yet.
        lessons: What taught or judged it.
        has_grown: Whether its trees are new; else they are those of the model in force.
    """

    bundle: Bundle
    lessons: Lessons
    has_grown: bool


def lessons_for(
    workspace: Workspace, asked: Asked, *, progress: Callable[[float], None] | None = None
) -> Lessons:
    """Return what is to be learned from.

    Raises:
        TrainingImpossible: No container has both an outcome and a day.
        LedgerError: A run's files are not those that were written.
    """
    if not asked.manifests:
        return own_lessons(workspace, progress=progress)
    told = prepare(asked.manifests, progress=progress)
    return together(*without_twice(told, own_lessons(workspace))) if asked.is_own else told


def train_for(
    workspace: Workspace,
    lessons: Lessons,
    asked: Asked,
    *,
    progress: Callable[[float], None] | None = None,
) -> Trained:
    """Train a model from lessons, or let them judge the one in force, and fit how rules and habits add to it.

    Raises:
        TrainingImpossible: The lessons cannot teach a model.
        ModelError: The trees are to stay, and no model is in force.
    """
    policy = read_policy(workspace.settings_file)
    rules = in_force(workspace, asked.on).rules
    habits = habits_of(workspace)
    has_grown = _must_grow(workspace, lessons, asked)
    if has_grown:
        bundle = learn(
            lessons,
            asked.settings,
            presume_nils=asked.presume_nils,
            created_at=asked.created_at,
            note=asked.note,
            progress=progress,
        )
    else:
        bundle = _kept(workspace, lessons, asked)
    if asked.manifests and not asked.is_own:
        # No run of this unit asked its rules about these containers: nothing in the file can judge them.
        return Trained(bundle=bundle, lessons=lessons, has_grown=has_grown)
    combined = combine_with(bundle, lessons, rules, policy, habits=habits, was_taught=has_grown)
    return Trained(bundle=combined, lessons=lessons, has_grown=has_grown)


def habits_for(
    workspace: Workspace, asked: Asked, *, progress: Callable[[float], None] | None = None
) -> Bundle:
    """Learn what is usual from all that was assessed here, and from the files that are given.

    Raises:
        TrainingImpossible: There are too few containers.
        LedgerError: A run's files are not those that were written.
    """
    frames: list[pl.DataFrame] = []
    if asked.manifests:
        frames.append(assemble_history(asked.manifests, progress=progress)[0])
    if asked.is_own or not asked.manifests:
        frames.append(own_history(workspace, progress=progress))
    return habits_of_rows(
        pl.concat(frames, how="diagonal_relaxed"),
        created_at=asked.created_at,
        note=asked.note,
        progress=progress,
    )


def _must_grow(workspace: Workspace, lessons: Lessons, asked: Asked) -> bool:
    if asked.grow is not None:
        return asked.grow
    if asked.manifests or shelf.read_pointer(workspace) is None:
        return True
    return int(lessons.is_find.sum()) >= FINDS_TO_GROW_TREES


def _kept(workspace: Workspace, lessons: Lessons, asked: Asked) -> Bundle:
    """Return the model in force, to be judged by outcomes that it has not seen."""
    if shelf.read_pointer(workspace) is None:
        raise ModelError(
            "No model is in force whose trees could be kept.",
            remedy="Train without --keep-trees.",
        )
    bundle = load(shelf.in_force(workspace))
    remarks = (
        (
            f"The trees are those of {bundle.card.id}, unchanged; {int(lessons.is_find.sum())} finds of"
            " the unit's own have judged how much they, the habits and each rule count."
        ),
        *lessons.remarks,
    )
    card = replace(
        bundle.card,
        created_at=asked.created_at,
        note=asked.note or bundle.card.note,
        remarks=(*bundle.card.remarks, *remarks),
    )
    return replace(bundle, card=card)
