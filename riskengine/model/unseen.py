"""How a model does on traders it has never learned from: the ones a new scheme comes with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from riskengine.model.booster import raw_margins
from riskengine.model.fit import fit
from riskengine.model.history import NOBODY
from riskengine.model.metrics import measure
from riskengine.model.split import fold_of_group

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from riskengine.model.card import Calibration, Metrics
    from riskengine.model.history import History

_HELD_BACK: Final = 4


def measure_unseen(
    history: History,
    trees: int,
    calibration: Calibration,
    later: tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]],
    progress: Callable[[float], None],
) -> Metrics | None:
    """Return how a model does on later containers of traders it has not learned from.

    Those that appear later for the first time, if they bring finds enough; else a quarter of all
    traders is held back from a booster of its own. None where that says nothing either.

    Args:
        history: What is learned from.
        trees: Trees a member.
        calibration: What makes log-odds of margins.
        later: The rows that were measured, and their margins.
        progress: Told the share that is done.
    """
    traders = history.traders
    if traders is None or not history.split.slices:
        return None
    rows, margins = later
    if history.split.validation == "folds by trader":
        return _measured(history, rows, margins, calibration)
    is_new = np.zeros(traders.size, dtype=np.bool_)
    for part in history.split.slices:
        is_new[part.later] = ~np.isin(traders[part.later], traders[part.earlier])
    is_new &= traders != NOBODY
    new = is_new[rows]
    if _says_something(history, rows[new]):
        return _measured(history, rows[new], margins[new], calibration)
    if history.split.validation != "later slice":
        return None
    (part,) = history.split.slices
    is_held = fold_of_group(traders, _HELD_BACK, history.settings.seed) == 0
    is_held &= traders != NOBODY
    learned = part.earlier[~is_held[part.earlier]]
    asked = part.later[(is_held | is_new)[part.later]]
    outcomes = history.lesson.is_find[learned]
    if not _says_something(history, asked) or not outcomes.any() or outcomes.all():
        return None
    alone = replace(history.settings, members=1)
    booster = fit(history.lesson.take(learned), alone, trees, progress)
    return _measured(
        history, asked, raw_margins(booster, history.lesson.matrix[asked]), calibration
    )


def _says_something(history: History, rows: npt.NDArray[np.intp]) -> bool:
    found = int(history.lesson.is_find[rows].sum())
    return found >= history.settings.finds_needed and found < rows.size


def _measured(
    history: History,
    rows: npt.NDArray[np.intp],
    margins: npt.NDArray[np.float64],
    calibration: Calibration,
) -> Metrics:
    outcomes = history.lesson.is_find[rows]
    return measure(outcomes, margins, calibration, history.split.validation)
