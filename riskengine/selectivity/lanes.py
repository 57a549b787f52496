"""Which lane a container takes, and by which door it came there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import polars as pl

from riskengine.domain import Basis, Lane

if TYPE_CHECKING:
    from riskengine.selectivity.policy import Policy


def assign_lanes(scored: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Add ``lane``, ``basis`` and ``rank`` to scored containers.

    A lane follows from the container alone, never from its neighbours: alone or in a batch it is the
    same. Only the rank compares. What could not be read is at least yellow, and so is what cannot be: a box
    in two places at once. A rule that demands inspection and a random draw both send to red.

    Args:
        scored: container_id, log_odds, lift_log_odds, model_log_odds, rule_log_odds, is_random,
            is_defective, is_inspection_demanded; one row a container. Where there is is_impossible, it tells
            that a rule in force states what no box can do.
        policy: The lifts at which the lanes begin.

    Returns:
        The same rows, most suspicious first, with rank 1 for the highest log-odds. Containers with equal
        log-odds keep the order of ``container_id``.
    """
    by_score = (
        pl.when(pl.col("lift_log_odds") >= math.log(policy.red_lift))
        .then(pl.lit(Lane.RED.severity))
        .when(pl.col("lift_log_odds") >= math.log(policy.yellow_lift))
        .then(pl.lit(Lane.YELLOW.severity))
        .when(pl.col("lift_log_odds") >= math.log(policy.blue_lift))
        .then(pl.lit(Lane.BLUE.severity))
        .otherwise(pl.lit(Lane.GREEN.severity))
    )
    demanded = (
        pl.when("is_inspection_demanded").then(pl.lit(Lane.RED.severity)).otherwise(by_score)
    )
    if "is_impossible" not in scored.columns:
        scored = scored.with_columns(pl.lit(value=False).alias("is_impossible"))
    with_defect = pl.when(pl.col("is_defective") | pl.col("is_impossible")).then(
        pl.max_horizontal(demanded, pl.lit(Lane.YELLOW.severity))
    )
    merited = with_defect.otherwise(demanded)
    lane_names = {lane.severity: lane.value for lane in Lane}
    ranked = (
        scored.with_columns(
            merited.cast(pl.Int32).alias("_merited"), by_score.cast(pl.Int32).alias("_scored")
        )
        .with_columns(
            pl.when("is_random")
            .then(pl.lit(Lane.RED.severity))
            .otherwise(pl.col("_merited"))
            .alias("_lane")
        )
        .with_columns(_basis().alias("basis"))
        .with_columns(
            pl.col("_lane").replace_strict(lane_names, return_dtype=pl.String).alias("lane")
        )
        .sort(["log_odds", "container_id"], descending=[True, False])
        .with_row_index("rank", offset=1)
        .with_columns(pl.col("rank").cast(pl.Int64))
    )
    return ranked.drop("_merited", "_scored", "_lane", "is_impossible")


def _basis() -> pl.Expr:
    """Name the door: the strongest claim that explains the lane."""
    return (
        pl.when(pl.col("is_random") & (pl.col("_merited") < Lane.RED.severity))
        .then(pl.lit(Basis.RANDOM.value))
        .when(
            pl.col("is_inspection_demanded")
            | (pl.col("is_impossible") & (pl.col("_scored") < Lane.YELLOW.severity))
        )
        .then(pl.lit(Basis.RULE.value))
        .when(pl.col("is_defective") & (pl.col("_scored") < Lane.YELLOW.severity))
        .then(pl.lit(Basis.DEFECT.value))
        .when(
            (pl.col("_scored") > Lane.GREEN.severity)
            & (pl.col("rule_log_odds") * 2 >= pl.col("lift_log_odds"))
        )
        .then(pl.lit(Basis.RULE.value))
        .otherwise(pl.lit(Basis.MODEL.value))
    )
