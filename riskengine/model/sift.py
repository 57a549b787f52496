"""Narrowing what a model reads to what lasts: without what an analyst refuses, clocks and noise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from riskengine.errors import TrainingImpossible
from riskengine.model.card import Dropped
from riskengine.model.noise import CLOCK, NOISE, find_clocks, find_noise

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from riskengine.model.card import FeatureSpec
    from riskengine.model.choose import Choice
    from riskengine.model.fit import Lesson
    from riskengine.model.settings import TrainingSettings
    from riskengine.model.split import Slice

REFUSED: Final = "was left out by the analyst"


def without_refused(
    offered: Sequence[FeatureSpec], refused: Sequence[str]
) -> tuple[tuple[FeatureSpec, ...], tuple[Dropped, ...]]:
    """Return the features offered without those an analyst refuses, and the latter as left out.

    Raises:
        TrainingImpossible: A refused feature was not offered: a slip of the pen must not train on it.
    """
    unknown = sorted(set(refused) - {spec.name for spec in offered})
    if unknown:
        raise TrainingImpossible(
            f"No feature is named {', '.join(unknown)}.",
            remedy="Name a feature as the card of a model does.",
        )
    return (
        tuple(spec for spec in offered if spec.name not in refused),
        tuple(Dropped(name=name, why=REFUSED) for name in sorted(set(refused))),
    )


def sift(
    choice: Choice,
    lesson: Lesson,
    slices: Sequence[Slice],
    settings: TrainingSettings,
    progress: Callable[[float], None],
) -> Choice:
    """Return the choice without clocks and noise, judged by later days; each is named with why.

    Where nothing would be left, the choice stays as it is.
    """
    clocks = find_clocks(lesson, slices)
    lasting = [place for place, spec in enumerate(choice.features) if spec.name not in clocks]
    if not lasting:
        progress(1.0)
        return choice
    noise = find_noise(_narrow(lesson, lasting), slices, settings, progress)
    kept = tuple(spec for spec in choice.features if spec.name not in {*clocks, *noise})
    if not kept:
        return choice
    dropped = [Dropped(name=name, why=CLOCK) for name in clocks]
    dropped += [Dropped(name=name, why=NOISE) for name in noise]
    return replace(
        choice,
        features=kept,
        dropped=(*choice.dropped, *dropped),
        encoded=choice.encoded.select(spec.name for spec in kept),
    )


def _narrow(lesson: Lesson, places: Sequence[int]) -> Lesson:
    return replace(
        lesson,
        features=tuple(lesson.features[place] for place in places),
        matrix=lesson.matrix[:, list(places)],
    )
