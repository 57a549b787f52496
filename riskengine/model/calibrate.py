"""The line from margins to calibrated log-odds, fitted on later outcomes and shy of extremes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from riskengine.model.card import Calibration
from riskengine.model.metrics import probability

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

# Without labels the model is believed as it stands: slope 1, intercept 0. A dozen finds move the
# line away from there, a handful hardly. In log-odds.
_SLOPE_SPREAD: Final = 0.5
_INTERCEPT_SPREAD: Final = 1.0
_STEPS: Final = 100
_SMALL: Final = 1e-10


def calibrate(
    is_find: npt.NDArray[np.bool_], margins: Floats, weight: Floats | None = None
) -> Calibration:
    """Return the calibration that explains later outcomes best (Platt scaling).

    Maximises the likelihood of ``intercept + slope * margin`` under a normal prior around the
    model as it stands, by Newton's method; the slope is never below zero, for a calibration must
    not turn the ranking round.

    Source: Platt 1999; the prior stands in for his smoothed targets.

    Args:
        is_find: The outcomes.
        margins: The uncalibrated log-odds of the same containers.
        weight: How many containers each stands for; all 1 when None.
    """
    weights = np.ones_like(margins) if weight is None else weight
    free = _newton(is_find, margins, weights, np.array([0.0, 1.0]), slope_is_free=True)
    if free[1] < 0:
        free = _newton(is_find, margins, weights, np.array([0.0, 0.0]), slope_is_free=False)
    return Calibration(intercept=float(free[0]), slope=float(free[1]))


def _newton(
    is_find: npt.NDArray[np.bool_],
    margins: Floats,
    weights: Floats,
    start: Floats,
    *,
    slope_is_free: bool,
) -> Floats:
    inputs = np.column_stack([np.ones_like(margins), margins])
    prior = np.array([0.0, 1.0 if slope_is_free else start[1]])
    precision = np.array([_INTERCEPT_SPREAD, _SLOPE_SPREAD]) ** -2.0
    free = np.array([True, slope_is_free])

    def cost(line: Floats) -> float:
        log_odds = inputs @ line
        surprise = np.logaddexp(0.0, np.where(is_find, -log_odds, log_odds))
        return float(weights @ surprise + 0.5 * precision @ (line - prior) ** 2)

    line = start
    for _ in range(_STEPS):
        expected = probability(inputs @ line)
        slope = inputs.T @ (weights * (expected - is_find)) + precision * (line - prior)
        bend = (inputs.T * (weights * expected * (1 - expected))) @ inputs + np.diag(precision)
        step = np.zeros(2)
        step[free] = np.linalg.solve(bend[np.ix_(free, free)], slope[free])
        scale = 1.0
        while cost(line - scale * step) > cost(line) and scale > _SMALL:
            scale /= 2
        if scale <= _SMALL:
            break  # no step lowers the cost any more: floats end here
        line = line - scale * step
        if np.abs(step).max() < _SMALL:
            break
    return line
