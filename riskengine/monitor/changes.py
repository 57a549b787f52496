"""Telling a change from chance, where containers come by the shipload and are not independent of each other.

Fifty containers of one call are not fifty witnesses. Every test here takes the call (one run) or the day as its witness,
so that the false-alarm rate that is stated is the one that a port sees.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from riskengine.monitor.tails import at_least, f_above

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Counts: TypeAlias = "NDArray[np.float64]"

FEWEST_CALLS: Final = 8
"""Fewer calls on one side do not show how much calls differ."""
_FEWEST_EXPECTED: Final = 5.0
_SPARSE: Final = 0.3
_HALF: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """How far shares have moved, and how likely that is by chance.

    Attributes:
        chance: The chance of such a difference where nothing has changed; None where too few calls were seen.
        stability: The population stability index: below 0.1 is little, above 0.25 is much.
        calls: How many calls of one size the side with fewer weighs.
    """

    chance: float | None
    stability: float
    calls: float


def shift_between(now: Counts, before: Counts) -> Shift:
    """Return how far the shares of the classes have moved between two times.

    A chi-square test for clustered counts (Rao and Scott, 1984, second order, referred to F as Thomas and Rao advise):
    the spread between the calls of each side says how much one call counts for. Never less strict than the test for
    independent containers.

    Args:
        now: A row a call, a column a class.
        before: The same of the time before.
    """
    calls = min(_weight(now), _weight(before))
    total_now, total_before = now.sum(0), before.sum(0)
    stability = stability_index(total_now, total_before)
    if calls < FEWEST_CALLS:
        return Shift(chance=None, stability=stability, calls=calls)
    now, before = _merged(now, before)
    many_now, many_before = float(now.sum()), float(before.sum())
    pooled = (now.sum(0) + before.sum(0)) / (many_now + many_before)
    if len(pooled) <= 1:
        return Shift(chance=1.0, stability=stability, calls=calls)
    scale = 1 / many_now + 1 / many_before
    apart = now.sum(0) / many_now - before.sum(0) / many_before
    sides = (_spread(now), _spread(before))
    return Shift(
        chance=_chance(
            apart, pooled, sides[0] + sides[1], scale, _freedom(now, before, *sides)
        ),
        stability=stability,
        calls=calls,
    )


def shift_from(now: Counts, shares: Sequence[float], learned_from: int) -> Shift:
    """Return how far the classes are from fixed shares, such as those that a model learned from.

    Args:
        now: A row a call, a column a class.
        shares: What is compared with, one a class.
        learned_from: How many containers those shares were counted on.
    """
    expected = np.asarray(shares, dtype=np.float64)
    stability = stability_index(now.sum(0), expected * learned_from)
    calls = _weight(now)
    if calls < FEWEST_CALLS:
        return Shift(chance=None, stability=stability, calls=calls)
    other = (expected * learned_from)[None, :]
    merged, there = _merged(now, other)
    many = float(merged.sum())
    pooled = (merged.sum(0) + there.sum(0)) / (many + float(there.sum()))
    if len(pooled) <= 1:
        return Shift(chance=1.0, stability=stability, calls=calls)
    apart = merged.sum(0) / many - there[0] / float(there.sum())
    drawn = (np.diag(pooled) - np.outer(pooled, pooled)) / learned_from
    scale = 1 / many + 1 / learned_from
    return Shift(
        chance=_chance(apart, pooled, _spread(merged) + drawn, scale, calls - 1),
        stability=stability,
        calls=calls,
    )


def rise_of(now: Counts, before: Counts) -> float:
    """Return how likely so many are now, by chance, when they come as often for each container as before.

    The binomial test of two Poisson rates, its counts divided by how much days differ from each other: what comes in
    lots of ten is counted in lots.

    Args:
        now: A row a day: what is counted, and all containers of that day.
        before: The same of the time before.
    """
    here, there = float(now[:, 0].sum()), float(before[:, 0].sum())
    exposed, exposed_before = float(now[:, 1].sum()), float(before[:, 1].sum())
    if not here or not exposed or not exposed_before:
        return 1.0
    lots = _lot(now, before)
    chance = exposed / (exposed + exposed_before)
    return at_least(here / lots, (here + there) / lots, chance)


def ramp_of(sizes: Sequence[int], is_late: Sequence[bool]) -> float:
    """Return how likely so much would come late, when each load was as likely to come early.

    Exact: every load falls into either half of the time with the same chance, whole.

    >>> ramp_of([1, 1, 1, 1], [True, True, True, True])
    0.0625
    """
    chances = np.zeros(sum(sizes) + 1)
    chances[0] = 1.0
    for size in sizes:
        moved = np.zeros_like(chances)
        moved[size:] = chances[: len(chances) - size]
        chances = _HALF * chances + _HALF * moved
    late = sum(size for size, is_so in zip(sizes, is_late, strict=True) if is_so)
    return min(1.0, float(chances[late:].sum()))


def stability_index(now: Counts, before: Counts) -> float:
    """Return the population stability index of two sets of counts, each class half a container fuller.

    >>> import numpy as np
    >>> stability_index(np.array([10.0, 30.0]), np.array([10.0, 30.0]))
    0.0
    """
    here = (now + _HALF) / (float(now.sum()) + _HALF * len(now))
    there = (before + _HALF) / (float(before.sum()) + _HALF * len(before))
    return sum(
        (float(a) - float(b)) * log(float(a) / float(b))
        for a, b in zip(here, there, strict=True)
    )


def _weight(counts: Counts) -> float:
    """Return how many calls of one size would weigh as much as these of unequal sizes (Kish, 1965)."""
    sizes = counts.sum(1)
    squares = float((sizes * sizes).sum())
    return float(sizes.sum()) ** 2 / squares if squares else 0.0


def _freedom(now: Counts, before: Counts, spread: Counts, spread_before: Counts) -> float:
    """Return how many calls the spread rests on; where one side has few and differs much, on that side's (Welch)."""
    here, there = float(np.trace(spread)), float(np.trace(spread_before))
    weighed = here * here / (_weight(now) - 1) + there * there / (_weight(before) - 1)
    return (here + there) ** 2 / weighed if weighed > 0 else _weight(now) - 1


def _merged(now: Counts, before: Counts) -> tuple[Counts, Counts]:
    """Put classes that are too rare to be compared into one, and leave out those that are empty."""
    totals = now.sum(0) + before.sum(0)
    fewer = min(float(now.sum()), float(before.sum()))
    expected = totals / max(float(totals.sum()), 1.0) * fewer
    is_common = expected >= _FEWEST_EXPECTED
    rest = ~is_common & (totals > 0)
    parts = [
        (side[:, is_common], side[:, rest].sum(1, keepdims=True)) for side in (now, before)
    ]
    if not rest.any():
        return parts[0][0], parts[1][0]
    return np.hstack(parts[0]), np.hstack(parts[1])


def _spread(counts: Counts) -> Counts:
    """Return the covariance of the shares, from how the calls differ."""
    held = counts[counts.sum(1) > 0]
    many = float(held.sum())
    apart = held - held.sum(1, keepdims=True) * (held.sum(0) / many)
    calls = len(held)
    return apart.T @ apart * (calls / (calls - 1)) / (many * many)


def _chance(
    apart: Counts, pooled: Counts, spread: Counts, scale: float, freedom: float
) -> float:
    squares = float((apart * apart / pooled).sum()) / scale
    effects = spread / pooled[:, None] / scale
    first, second = float(np.trace(effects)), float((effects * effects.T).sum())
    classes = len(pooled) - 1
    if first < classes:
        # Calls that are more alike than chance allows lend no strength: the manifests of a rota are.
        first = second = float(classes)
    degrees = first * first / second
    return f_above(squares / first, degrees, degrees * freedom)


def _lot(now: Counts, before: Counts) -> float:
    """Return how many come together: 1 where they come one by one."""
    squares, days = 0.0, 0
    held = [side[side[:, 1] > 0] for side in (now, before)]
    for side in held:
        usual = side[:, 0].sum() / side[:, 1].sum() * side[:, 1]
        if usual.sum() > 0:
            squares += float(((side[:, 0] - usual) ** 2 / usual).sum())
            days += len(side) - 1
    lots = max(1.0, squares / days) if days > 0 else 1.0
    counts = np.concatenate([side[:, 0] for side in held])
    if float((counts > 0).mean()) < _SPARSE:
        # Rare days with many say it better than their variance does.
        lots = max(lots, float((counts * counts).sum() / counts.sum()))
    return lots
