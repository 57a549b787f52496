"""Tails of distributions, exact where they can be: how surprising a count or a share is when nothing has changed.

Written out here because what a unit's alarms mean depends on them: each is checked against published values.
"""

from __future__ import annotations

from math import exp, lgamma, log, log1p
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

_STEPS: Final = 500
_NEAR: Final = 1e-14
_TINY: Final = 1e-300
_HALVINGS: Final = 100


def beta_below(place: float, first: float, second: float) -> float:
    """Return the regularised incomplete beta function: how much of Beta(first, second) lies below *place*.

    >>> round(beta_below(0.5, 2, 3), 6)
    0.6875
    """
    if place <= 0:
        return 0.0
    if place >= 1:
        return 1.0
    front = exp(
        lgamma(first + second)
        - lgamma(first)
        - lgamma(second)
        + first * log(place)
        + second * log1p(-place)
    )
    # The fraction converges on the side of the mean; the other side is the rest.
    if place < (first + 1) / (first + second + 2):
        return min(1.0, front * _fraction(place, first, second) / first)
    return max(0.0, 1 - front * _fraction(1 - place, second, first) / second)


def at_least(count: float, tries: float, chance: float) -> float:
    """Return how likely *tries* give *count* or more, each with this chance; broken counts are allowed.

    >>> round(at_least(3, 10, 0.1), 4)
    0.0702
    """
    if count <= 0:
        return 1.0
    if count > tries:
        return 0.0
    return beta_below(chance, count, tries - count + 1)


def upper_bound(found: float, examined: float, confidence: float = 0.95) -> float:
    """Return the one-sided Clopper-Pearson bound of a share: above it, so few finds would be a rare chance.

    With no find it is 1 - (1 - confidence)^(1/n): at 95 % about 3/n, the rule of three.

    >>> round(upper_bound(0, 300), 5), round(upper_bound(2, 100), 4)
    (0.00994, 0.0616)
    """
    if examined <= 0 or found >= examined:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        # The chance of so few or fewer.
        if 1 - beta_below(middle, found + 1, examined - found) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def lower_bound(found: float, examined: float, confidence: float = 0.95) -> float:
    """Return the one-sided Clopper-Pearson bound from below.

    >>> round(lower_bound(2, 100), 5)
    0.00357
    """
    if found <= 0 or examined <= 0:
        return 0.0
    return 1 - upper_bound(examined - found, examined, confidence)


def f_above(value: float, first: float, second: float) -> float:
    """Return how likely an F variable with these degrees of freedom is above *value*.

    >>> round(f_above(4.0, 3, 20), 4)
    0.0221
    """
    if value <= 0:
        return 1.0
    return beta_below(second / (second + first * value), second / 2, first / 2)


def unlike_expected(chances: Sequence[float], found: int) -> float:
    """Return how likely finds as far from expected as these are, when each container has the chance it was given.

    The exact distribution of a sum of unequal chances (Poisson-binomial), twice its smaller tail. Where it says 1 %,
    a scale that is right is called wrong in 1 % of the reports or fewer.

    >>> round(unlike_expected([0.5] * 10, 10), 5)
    0.00195
    """
    at_most = np.zeros(found + 1)
    at_most[0] = 1.0
    for chance in chances:
        at_most[1:] = at_most[1:] * (1 - chance) + at_most[:-1] * chance
        at_most[0] *= 1 - chance
    below = float(at_most[:-1].sum())
    return min(1.0, 2 * min(below + float(at_most[-1]), 1 - below))


def told_apart(chances: Sequence[float], rate: float) -> tuple[bool, ...]:
    """Return which of several findings stand, so that of those told this share at most is chance.

    Benjamini and Hochberg (1995). When nothing has changed anywhere, the chance that anything at all is told is *rate*.

    >>> told_apart([0.001, 0.02, 0.6], 0.05)
    (True, True, False)
    """
    ranked = sorted(range(len(chances)), key=lambda place: chances[place])
    last = 0
    for rank, place in enumerate(ranked, start=1):
        if chances[place] <= rate * rank / len(chances):
            last = rank
    told = set(ranked[:last])
    return tuple(place in told for place in range(len(chances)))


def _fraction(place: float, first: float, second: float) -> float:
    """Return the continued fraction of the incomplete beta function, by Lentz's method."""
    both, more, less = first + second, first + 1, first - 1
    upper, lower = 1.0, 1 - both * place / more
    lower = 1 / (lower if abs(lower) > _TINY else _TINY)
    value = lower
    for step in range(1, _STEPS):
        twice = 2 * step
        even = step * (second - step) * place / ((less + twice) * (first + twice))
        odd = -(first + step) * (both + step) * place / ((first + twice) * (more + twice))
        change = 1.0
        for term in (even, odd):
            lower = 1 + term * lower
            lower = 1 / (lower if abs(lower) > _TINY else _TINY)
            upper = 1 + term / upper
            upper = upper if abs(upper) > _TINY else _TINY
            change = lower * upper
            value *= change
        if abs(change - 1) < _NEAR:
            break
    return value
