"""Shares of a few examinations, and draws whose chances are known: half an examination a day is one every other day."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Numbers: TypeAlias = npt.NDArray[np.float64]

_MANY: Final = 200
_NOTHING: Final = 1e-15


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How many examinations a door has today.

    Attributes:
        expected: Its share on average, a fraction.
        count: What that came to today.
    """

    expected: float
    count: int

    @property
    def fewest(self) -> int:
        """What it comes to on a lean day."""
        return math.floor(self.expected)

    @property
    def most(self) -> int:
        """What it comes to on a full day."""
        return math.ceil(self.expected)

    def mean(self, on_lean_day: float, on_full_day: float) -> float:
        """Return the mean over days of what is so on lean days and so on full ones."""
        full = self.expected - self.fewest
        return (1 - full) * on_lean_day + full * on_full_day


def quotas(expected: Sequence[float], start: float, most: int) -> list[Quota]:
    """Round shares of examinations so that each is right on average, and their sum is never one off.

    Args:
        expected: The shares, in examinations.
        start: The draw of the day, 0 to 1.
        most: How many examinations there are for all of them.

    >>> [quota.count for quota in quotas([0.5, 0.5, 1.25], 0.6, 9)]
    [1, 0, 1]
    """
    made: list[Quota] = []
    reached = 0.0
    for share in expected:
        count = math.floor(reached + share + start) - math.floor(reached + start)
        count = min(count, most)
        most -= count
        reached += share
        made.append(Quota(expected=share, count=count))
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Who was drawn, by place, and the chance that each had."""

    rows: npt.NDArray[np.intp]
    chances: Numbers


def systematic(weights: Numbers, quota: Quota, start: float) -> Drawn:
    """Draw with chances in proportion to the weights, exactly as many as the quota says or there are.

    Along a line on which each has a stretch as long as its chance, every whole step from a random start takes the
    one it falls on. The chance of each is exactly the length of its stretch.
    """
    count = min(quota.count, weights.size)
    lengths = _chances(weights, count)
    ends = np.cumsum(lengths)
    ends[-1] = count  # rounding must not lose the last step
    begins = np.concatenate([[0.0], ends[:-1]])
    is_hit = np.floor(ends - start) > np.floor(begins - start)
    chances = quota.mean(1, 0) * _chances(weights, quota.fewest) + quota.mean(0, 1) * _chances(
        weights, quota.most
    )
    return Drawn(rows=np.flatnonzero(is_hit), chances=chances)


def at_most(most: int, draws: int, chance: float) -> float:
    """Return how likely at most so many of these draws succeed.

    >>> at_most(0, 2, 0.5), at_most(1, 2, 0.5), at_most(2, 2, 0.5)
    (0.25, 0.75, 1.0)
    """
    if most >= draws or chance <= 0:
        return 1.0
    if chance >= 1:
        return 0.0
    mean = draws * chance
    if mean > _MANY:
        deviation = math.sqrt(mean * (1 - chance))
        return NormalDist(mean, deviation).cdf(most + 0.5)
    just = math.exp(draws * math.log1p(-chance))
    total = just
    for number in range(most):
        just *= (draws - number) / (number + 1) * chance / (1 - chance)
        total += just
        if number > mean and just < _NOTHING:
            break
    return min(total, 1.0)


def _chances(weights: Numbers, count: int) -> Numbers:
    """Return chances in proportion to the weights that sum up to a count, none above 1."""
    if count >= weights.size:
        return np.ones(weights.size)
    chances = np.zeros(weights.size)
    is_sure = np.zeros(weights.size, dtype=np.bool_)
    while True:
        left = count - int(is_sure.sum())
        chances = np.where(is_sure, 1.0, weights * (left / weights[~is_sure].sum()))
        above = ~is_sure & (chances >= 1.0)
        if not above.any():
            return chances
        is_sure |= above
