"""How well a score tells finds from nils, when finds are rare: ranking and calibration in numpy."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Final

import numpy as np

from riskengine.model.card import Metrics, ReliabilityBand, TopShare

if TYPE_CHECKING:
    import numpy.typing as npt

    from riskengine.model.card import Calibration, Validation

    Floats = npt.NDArray[np.float64]
    Flags = npt.NDArray[np.bool_]

TOP_SHARES: Final = (0.01, 0.05, 0.10)
_BANDS: Final = (0.0, 0.01, 0.05, 0.10, 0.20, 0.50, 1.0)


def measure(
    is_find: Flags, margins: Floats, calibration: Calibration, validation: Validation
) -> Metrics:
    """Return how margins did on containers whose outcome is known.

    Args:
        is_find: What the examinations found.
        margins: Uncalibrated log-odds of the same containers.
        calibration: What makes log-odds of them.
        validation: How the containers were chosen.
    """
    containers, finds = is_find.size, int(is_find.sum())
    log_odds = calibration.intercept + calibration.slope * margins
    return Metrics(
        validation=validation,
        containers=containers,
        finds=finds,
        base_rate=finds / containers if containers else None,
        average_precision=average_precision(is_find, margins),
        auc=auc(is_find, margins),
        log_loss=log_loss(is_find, log_odds),
        log_loss_uncalibrated=log_loss(is_find, margins),
        top=tuple(top_share(is_find, margins, share) for share in TOP_SHARES if finds),
        reliability=reliability(is_find, log_odds),
    )


def average_precision(is_find: Flags, scores: Floats) -> float | None:
    """Return the mean over all finds of the precision down to their score; None without finds.

    Containers with equal scores count together, so their order plays no part.

    >>> average_precision(np.array([True, False, True]), np.array([3.0, 2.0, 1.0]))
    0.8333333333333333
    """
    if not is_find.any():
        return None
    taken, found = _cumulated(is_find, scores)
    gained = np.diff(found, prepend=0.0)
    return float(np.sum(gained * found / taken) / found[-1])


def auc(is_find: Flags, scores: Floats) -> float | None:
    """Return the chance that a find scores above a nil, ties counting half; None without both.

    >>> auc(np.array([True, False, True]), np.array([3.0, 2.0, 2.0]))
    0.75
    """
    finds = int(is_find.sum())
    nils = is_find.size - finds
    if finds == 0 or nils == 0:
        return None
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = (last - (counts - 1) / 2)[place]  # the mean rank of a run of equal scores
    return float((ranks[is_find].sum() - finds * (finds + 1) / 2) / (finds * nils))


def top_share(is_find: Flags, scores: Floats, share: float) -> TopShare:
    """Return what the riskiest share of the containers holds; ties share their finds evenly.

    >>> held = top_share(np.array([True, False, True, False]), np.array([4.0, 3.0, 2.0, 1.0]), 0.5)
    >>> held.precision, held.recall
    (0.5, 0.5)
    """
    wanted = math.ceil(round(share * is_find.size, 9))  # 5 % of 100 is 5, whatever floats say
    taken, found = _cumulated(is_find, scores)
    within = float(
        np.interp(wanted, np.concatenate(([0.0], taken)), np.concatenate(([0.0], found)))
    )
    return TopShare(
        share=share,
        containers=wanted,
        finds=within,
        precision=within / wanted,
        recall=within / float(found[-1]),
    )


def reliability(is_find: Flags, log_odds: Floats) -> tuple[ReliabilityBand, ...]:
    """Return expected and actual finds in bands of the ranking, the riskiest first."""
    order = np.argsort(-log_odds, kind="stable")
    expected = probability(log_odds)[order]
    found = is_find[order]
    cuts = [math.ceil(round(share * is_find.size, 9)) for share in _BANDS]
    return tuple(
        ReliabilityBand(
            from_share=_BANDS[band],
            to_share=_BANDS[band + 1],
            containers=stop - start,
            expected_finds=float(expected[start:stop].sum()),
            finds=int(found[start:stop].sum()),
        )
        for band, (start, stop) in enumerate(itertools.pairwise(cuts))
        if stop > start
    )


def log_loss(is_find: Flags, log_odds: Floats) -> float | None:
    """Return the mean surprise of the outcomes in nats; None without containers.

    >>> round(log_loss(np.array([True, False]), np.array([0.0, 0.0])), 4)
    0.6931
    """
    if is_find.size == 0:
        return None
    return float(np.logaddexp(0.0, np.where(is_find, -log_odds, log_odds)).mean())


def probability(log_odds: Floats) -> Floats:
    """Return the probabilities of log-odds, without overflow.

    >>> probability(np.array([0.0, -1000.0])).tolist()
    [0.5, 0.0]
    """
    shrunk = np.exp(-np.abs(log_odds))
    return np.where(log_odds >= 0, 1.0, shrunk) / (1.0 + shrunk)


def _cumulated(is_find: Flags, scores: Floats) -> tuple[Floats, Floats]:
    """Return containers and finds down to each distinct score, the highest first."""
    order = np.argsort(-scores, kind="stable")
    sorted_scores = scores[order]
    ends = np.append(np.flatnonzero(np.diff(sorted_scores)), scores.size - 1)
    found = np.cumsum(is_find[order].astype(np.float64))
    return (ends + 1).astype(np.float64), found[ends]
