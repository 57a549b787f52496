"""Features that teach nothing that lasts: no better on later days than shuffled copies, or clocks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from riskengine.model.booster import raw_contributions
from riskengine.model.fit import Lesson, fit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from riskengine.model.settings import TrainingSettings
    from riskengine.model.split import Rows, Slice

    Floats = npt.NDArray[np.float64]

_TREES: Final = 60
_LEARNING_RATE: Final = 0.1
_ROWS_LEARNED: Final = 40_000
_ROWS_JUDGED: Final = 4_000
_BEYOND: Final = 0.25
_CHANCE_REACHES: Final = 0.8
"""The share of the shuffled copies that a feature must go beyond."""
FINDS_NEEDED: Final = 400
"""With fewer finds chance reaches so far that good features would go with the noise."""
_SEPARATE: Final = 1_000_003
"""Keeps the draws of this module apart from those of training."""

CLOCK: Final = "runs with the calendar: later days have values that no earlier day had"
NOISE: Final = "does no better on later days than shuffled copies of the features"


def find_clocks(lesson: Lesson, slices: Sequence[Slice]) -> tuple[str, ...]:
    """Return the numbers that later lie beyond everything seen earlier, in a quarter of the containers.

    A count that grows as the unit works is such a clock: what a model learns of it holds for days
    that do not come again.
    """
    names: list[str] = []
    for place, spec in enumerate(lesson.features):
        if spec.kind == "number" and all(
            _is_beyond(lesson.matrix[one.earlier, place], lesson.matrix[one.later, place])
            for one in slices
        ):
            names.append(spec.name)
    return tuple(names)


def find_noise(
    lesson: Lesson,
    slices: Sequence[Slice],
    settings: TrainingSettings,
    progress: Callable[[float], None],
) -> tuple[str, ...]:
    """Return the features that help no more on later days than shuffled copies do.

    Each feature is given to a booster beside a copy of itself with the values shuffled among the
    containers. On later days the log loss with a feature's contribution is set against the one
    without. A shuffled copy helps by chance only, and so marks how far chance reaches: a feature must
    go beyond four in five of the copies.

    Source: Kursa and Rudnicki 2010 (Boruta), with later days as the judge in place of the forest's own
    importance, which rewards what was learned by heart.

    Args:
        lesson: What is learned from.
        slices: Earlier and later rows of it.
        settings: How to train.
        progress: Told the share that is done.
    """
    gains = np.zeros(2 * len(lesson.features))
    for number, one in enumerate(slices):
        learned = lesson.take(_spread(one.earlier, _ROWS_LEARNED))
        judged = lesson.take(_spread(one.later, _ROWS_JUDGED))
        seed = _SEPARATE + settings.seed + number
        tried = replace(
            settings, members=1, unknown_weight=0.0, learning_rate=_LEARNING_RATE, seed=seed
        )
        draw = np.random.default_rng(seed)
        booster = fit(_beside_copies(learned, draw), tried, _TREES, _quiet)
        matrix = _beside_copies(judged, draw).matrix
        gains += _gains(raw_contributions(booster, matrix), judged)
        progress((number + 1) / len(slices))
    own, copies = np.split(gains, 2)
    reach = max(0.0, float(np.quantile(copies, _CHANCE_REACHES)))
    return tuple(
        spec.name for spec, gain in zip(lesson.features, own, strict=True) if gain <= reach
    )


def _gains(parts: Floats, judged: Lesson) -> Floats:
    """Return by how much the log loss falls when each feature's contribution is added."""
    margins = parts.sum(axis=1)
    with_all = _loss(margins, judged)
    return (
        np.array(
            [_loss(margins - parts[:, place], judged) for place in range(parts.shape[1] - 1)]
        )
        - with_all
    )


def _loss(margins: Floats, judged: Lesson) -> float:
    surprise = np.logaddexp(0.0, np.where(judged.is_find, -margins, margins))
    return float(judged.weight @ surprise)


def _beside_copies(lesson: Lesson, draw: np.random.Generator) -> Lesson:
    copies = np.column_stack([draw.permutation(column) for column in lesson.matrix.T])
    named = tuple(
        replace(spec, name=f"shuffled.{place}") for place, spec in enumerate(lesson.features)
    )
    return replace(
        lesson,
        features=lesson.features + named,
        matrix=np.concatenate([lesson.matrix, copies], axis=1),
    )


def _spread(rows: Rows, most: int) -> Rows:
    return rows[:: -(-rows.size // most)]


def _is_beyond(earlier: Floats, later: Floats) -> bool:
    before, after = earlier[~np.isnan(earlier)], later[~np.isnan(later)]
    if not before.size or not after.size:
        return False
    return bool(((after < before.min()) | (after > before.max())).mean() > _BEYOND)


def _quiet(_: float) -> None:
    """Report nothing: the rounds report, not their trees."""
