"""One score from the model and the rules: log-odds that add up.

``log_odds = intercept + slope * margin + habits slope * habits margin + Σ points``, where the margin is the model's
raw log-odds, intercept and slope are its calibration, the habits margin says how unusual the container is, and the
points are those of the rules that match.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from riskengine.selectivity.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Combined:
    """The scores of a manifest's containers.

    Attributes:
        scores: container_id, model_log_odds, habits_log_odds, rule_log_odds, log_odds, lift_log_odds, score; one
            row a container.
        typical_log_odds: The log-odds at which a container is as likely as one taken at random.
    """

    scores: pl.DataFrame
    typical_log_odds: float


def combine(
    model_log_odds: pl.DataFrame,
    rule_points: pl.DataFrame,
    *,
    typical_find_rate: float,
    policy: Policy,
) -> Combined:
    """Add the points of the matching rules to the model's calibrated log-odds.

    Args:
        model_log_odds: container_id, model_log_odds, habits_log_odds; the last is null without a habits model.
        rule_points: container_id, rule_id, points; one row for each match.
        typical_find_rate: The share of finds where the model was calibrated; the unit's own when no
            model is in force.
        policy: The unit's policy, for the find rate of its random examinations.

    Returns:
        The scores. ``score`` is the expected number of finds from opening this container: a monotone
        function of ``log_odds``, moved from the model's world to the unit's own find rate.
    """
    typical = logit(typical_find_rate)
    shift = logit(policy.random_find_rate) - typical
    added = rule_points.group_by("container_id", maintain_order=True).agg(
        pl.col("points").alias("_points")
    )
    # fsum knows no order: no thread can move the last bit.
    sums = [math.fsum(points) for points in added["_points"].to_list()]
    added = added.select("container_id").with_columns(
        pl.Series("rule_log_odds", sums, dtype=pl.Float64)
    )
    scores = (
        model_log_odds.join(added, on="container_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("rule_log_odds").fill_null(0.0)
        )  # no match adds nothing: a true zero
        .with_columns(
            (
                pl.col("model_log_odds")
                + pl.col("habits_log_odds").fill_null(0.0)  # no habits model adds nothing
                + pl.col("rule_log_odds")
            ).alias("log_odds")
        )
        .with_columns((pl.col("log_odds") - typical).alias("lift_log_odds"))
        .with_columns((1 / (1 + (-(pl.col("log_odds") + shift)).exp())).alias("score"))
    )
    return Combined(scores=scores, typical_log_odds=typical)


def logit(rate: float) -> float:
    """Return the log-odds of a rate between 0 and 1.

    >>> logit(0.5)
    0.0
    """
    return math.log(rate / (1 - rate))
