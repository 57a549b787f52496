"""Two scores of the same containers: which of them finds more, and whether chance alone could say so."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from riskengine.model.metrics import average_precision, probability, top_share

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Flags = npt.NDArray[np.bool_]

CAPACITIES: Final = (0.01, 0.05, 0.10)
FEWEST_FINDS: Final = 10
"""Below this nothing is said of a difference."""
_RESAMPLES: Final = 400
_SEED: Final = 20261122


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One figure of two scores, and by how much the second exceeds the first.

    Attributes:
        one: The first.
        other: The second.
        low: Where the difference begins, 95 times in 100; None where there is too little to tell.
        high: Where it ends.
    """

    one: float
    other: float
    low: float | None
    high: float | None

    @property
    def is_told(self) -> bool:
        """Whether chance alone does not explain the difference."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderCapacity:
    """What both find when the same number of containers is opened.

    Attributes:
        share: The share that is opened.
        containers: How many that is.
        finds: Finds by the first, by the second, and the interval of the difference.
    """

    share: float
    containers: int
    finds: Difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """How two scores did on the same containers.

    Attributes:
        containers: How many.
        finds: Those of them with a find.
        precision: Average precision of both; None without finds.
        capacity: Finds of both under the same capacity; nothing without finds.
        expected_one: Finds that the first expected of all.
        expected_other: Finds that the second expected.
    """

    containers: int
    finds: int
    precision: Difference | None
    capacity: tuple[UnderCapacity, ...]
    expected_one: float
    expected_other: float

    @property
    def is_enough(self) -> bool:
        """Whether there are finds and nils enough to say anything of a difference."""
        return min(self.finds, self.containers - self.finds) >= FEWEST_FINDS


def paired(is_find: Flags, one: Floats, other: Floats) -> Paired:
    """Return how two scores did on the same containers, their differences by drawing the containers again and again.

    Args:
        is_find: What the examinations found.
        one: The log-odds by the first.
        other: The log-odds by the second.
    """
    finds = int(is_find.sum())
    expected = [math.fsum(probability(scores).tolist()) for scores in (one, other)]
    if finds == 0:
        return Paired(
            containers=is_find.size,
            finds=0,
            precision=None,
            capacity=(),
            expected_one=expected[0],
            expected_other=expected[1],
        )
    is_enough = min(finds, is_find.size - finds) >= FEWEST_FINDS
    drawn = _drawn(is_find, one, other) if is_enough else None
    figures = [
        (average_precision(is_find, scores) or 0.0, *_tops(is_find, scores))
        for scores in (one, other)
    ]
    differences = [
        Difference(one=a, other=b, low=low, high=high)
        for a, b, (low, high) in zip(*figures, _intervals(drawn), strict=True)
    ]
    return Paired(
        containers=is_find.size,
        finds=finds,
        precision=differences[0],
        capacity=tuple(
            UnderCapacity(
                share=share,
                containers=top_share(is_find, one, share).containers,
                finds=difference,
            )
            for share, difference in zip(CAPACITIES, differences[1:], strict=True)
        ),
        expected_one=expected[0],
        expected_other=expected[1],
    )


def rank_agreement(one: Floats, other: Floats) -> float | None:
    """Return Spearman's rank correlation; None where there are too few to speak of one.

    >>> rank_agreement(np.array([0.1, 0.2, 0.3]), np.array([3.0, 5.0, 9.0]))
    1.0
    """
    if one.size < 3 or np.ptp(one) == 0 or np.ptp(other) == 0:  # noqa: PLR2004  # two points lie on a line
        return None
    first, second = (_mean_ranks(scores) for scores in (one, other))
    first, second = first - first.mean(), second - second.mean()
    above = math.fsum((first * second).tolist())
    below = math.sqrt(math.fsum((first**2).tolist()) * math.fsum((second**2).tolist()))
    return min(max(above / below, -1.0), 1.0)


def _mean_ranks(scores: Floats) -> Floats:
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]


def _tops(is_find: Flags, scores: Floats) -> list[float]:
    return [top_share(is_find, scores, share).finds for share in CAPACITIES]


def _drawn(is_find: Flags, one: Floats, other: Floats) -> Floats:
    """Return the differences of precision and finds in drawings of the containers, with replacement."""
    draw = np.random.default_rng(_SEED)
    sides = [_Sorted(is_find, scores) for scores in (one, other)]
    rows = np.empty((_RESAMPLES, 1 + len(CAPACITIES)))
    for number in range(_RESAMPLES):
        taken = np.bincount(
            draw.integers(0, is_find.size, is_find.size), minlength=is_find.size
        ).astype(np.float64)
        first, second = (side.figures(taken) for side in sides)
        rows[number] = second - first
    return rows


def _intervals(drawn: Floats | None) -> list[tuple[float | None, float | None]]:
    if drawn is None:
        return [(None, None)] * (1 + len(CAPACITIES))
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return list(zip(low.tolist(), high.tolist(), strict=True))


class _Sorted:
    """Containers in the order of a score, ready to be counted with other weights."""

    def __init__(self, is_find: Flags, scores: Floats) -> None:
        self._order = np.argsort(-scores, kind="stable")
        self._found = is_find[self._order].astype(np.float64)
        ordered = scores[self._order]
        self._ends = np.append(np.flatnonzero(np.diff(ordered)), ordered.size - 1)

    def figures(self, taken: Floats) -> Floats:
        """Return average precision and the finds under each capacity; a drawing without finds gives zeros."""
        weights = taken[self._order]
        containers = np.cumsum(weights)[self._ends]
        found = np.cumsum(weights * self._found)[self._ends]
        if found[-1] == 0:
            return np.zeros(1 + len(CAPACITIES))
        gained = np.diff(found, prepend=0.0)
        precision = np.sum(gained * found / np.maximum(containers, 1.0)) / found[-1]
        wanted = [math.ceil(round(share * taken.size, 9)) for share in CAPACITIES]
        tops = np.interp(
            wanted, np.concatenate(([0.0], containers)), np.concatenate(([0.0], found))
        )
        return np.concatenate(([precision], tops))
