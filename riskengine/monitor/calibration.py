"""Whether as much is found as the scores expect, along the scale and as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import fsum
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.monitor.doors import RANDOM
from riskengine.monitor.tails import unlike_expected

if TYPE_CHECKING:
    from riskengine.monitor.period import Period

BANDS: Final = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Scores are expected finds; the bands widen threefold, as chances do that differ by what they are made of."""
LARGEST_WEIGHT: Final = 200.0
"""A container that stands for more than so many others would decide alone: its weight is cut there, and so counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Expected and actual finds of the examined containers in one band of scores.

    Attributes:
        low: The lowest score.
        high: The score at which the next band begins.
        examined: How many were examined.
        expected: What their scores add up to.
        found: What was found.
        weighted_expected: The same, each container counted as often as it stands for others that could have been
            chosen in its place; what opening everything would find by the scores.
        weighted_found: What opening everything would find by what was found.
        cut: How many weights were cut.
    """

    low: float
    high: float
    examined: int
    expected: float
    found: int
    weighted_expected: float
    weighted_found: float
    cut: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """Expected and actual finds of one set of examined containers.

    Attributes:
        examined: How many were examined.
        expected: What their scores add up to.
        found: What was found.
        chance: How likely a number as far off as this is if every score is right; exact; None where nothing was
            examined.
    """

    examined: int
    expected: float
    found: int
    chance: float | None

    @property
    def ratio(self) -> float | None:
        """Actual finds for each that was expected; None where none was."""
        return self.found / self.expected if self.expected > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How far the scores can be taken at their word.

    Attributes:
        chosen: The containers examined for a reason.
        drawn: The blind draws, whatever their score, of the report and of the time before it.
        bands: Along the scale.
    """

    chosen: Sum
    drawn: Sum
    bands: tuple[Band, ...]


def calibration(period: Period) -> Calibration:
    """Compare expected with actual finds.

    What an officer opened on information of his own is left out: the score did not know it.
    """
    opened = period.containers.filter(
        pl.col("is_find").is_not_null() & pl.col("probability").is_not_null()
    )
    now = opened.filter("is_now")
    return Calibration(
        chosen=_sum(now.filter(pl.col("door") != RANDOM)),
        drawn=_sum(opened.filter("is_blind")),
        bands=_bands(now),
    )


def _sum(held: pl.DataFrame) -> Sum:
    scores = held["score"].to_list()
    found = int(held["is_find"].sum())
    return Sum(
        examined=held.height,
        expected=fsum(scores),
        found=found,
        chance=unlike_expected(scores, found) if scores else None,
    )


def _bands(opened: pl.DataFrame) -> tuple[Band, ...]:
    made: list[Band] = []
    for low, high in pairwise(BANDS):
        held = opened.filter((pl.col("score") >= low) & (pl.col("score") < high))
        if not held.height:
            continue
        full = (1 / held["probability"]).to_list()
        weights = [min(weight, LARGEST_WEIGHT) for weight in full]
        made.append(
            Band(
                low=low,
                high=high,
                examined=held.height,
                expected=fsum(held["score"]),
                found=int(held["is_find"].sum()),
                weighted_expected=fsum(
                    weight * score for weight, score in zip(weights, held["score"], strict=True)
                ),
                weighted_found=fsum(
                    weight
                    for weight, found in zip(weights, held["is_find"], strict=True)
                    if found
                ),
                cut=sum(weight > LARGEST_WEIGHT for weight in full),
            )
        )
    return tuple(made)
