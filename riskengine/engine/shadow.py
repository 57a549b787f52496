"""The challenger's word on each container: scored beside the model in force, kept with the run, followed by nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.engine.assess import (
    counts,
    judged_weights,
    matched_by,
    points_of,
    states_impossibility,
)
from riskengine.engine.model_says import Models, with_silent_attributes
from riskengine.errors import FeatureMismatch
from riskengine.model.encode import encode
from riskengine.model.explain import margins
from riskengine.rules.rule import RuleEffect
from riskengine.selectivity import assign_lanes, combine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskengine.engine.run import Run
    from riskengine.manifest.schema import FrameSchema
    from riskengine.model.bundle import Bundle
    from riskengine.rules.rule import Rule
    from riskengine.selectivity import Policy

CHALLENGER: Final[FrameSchema] = {
    "container_id": pl.Int32(),
    "rank": pl.Int64(),
    "lane": pl.String(),
    "log_odds": pl.Float64(),
    "lift_log_odds": pl.Float64(),
}
"""One row a container, the challenger's most suspicious first; null but for the container where it cannot read the manifest."""


def shadow_of(
    run: Run,
    challenger: Bundle,
    *,
    habits: Bundle | None,
    policy: Policy,
    rules: Sequence[Rule],
) -> pl.DataFrame:
    """Return what the challenger would have said of a run's containers (``CHALLENGER``).

    It reads the same indicators and the same answers of the rules, weighs the rules as its own card says, and
    takes the same draw. It never stops a run: of a manifest that it cannot read it says nothing.

    Args:
        run: The run as the model in force assessed it.
        challenger: The model in the shadow.
        habits: The habits model in force, or None.
        policy: The unit's policy.
        rules: The rules that the run asked.
    """
    containers = run.indicators.select("container_id")
    try:
        said = log_odds_of(run.indicators, Models(finds=challenger, habits=habits), policy)
    except FeatureMismatch:
        silent = [pl.lit(None, kind).alias(name) for name, kind in CHALLENGER.items()][1:]
        return containers.with_columns(silent).cast(pl.Schema(CHALLENGER))
    scores = combine(
        said,
        _points(run, challenger, policy, rules),
        typical_find_rate=challenger.card.base_find_rate,
        policy=policy,
    ).scores
    counting = [rule for rule in rules if counts(rule)]
    demanding = [rule for rule in counting if rule.effect is RuleEffect.MUST_INSPECT]
    impossible = [rule for rule in counting if states_impossibility(rule)]
    demanded = matched_by(demanding, run.verdicts, "is_inspection_demanded")
    floored = matched_by(impossible, run.verdicts, "is_impossible")
    scored = scores.join(
        run.assessments.select(
            "container_id",
            "is_random",
            (pl.col("is_unreadable") | (pl.col("defect_count") > 0)).alias("is_defective"),
            *(
                pl.col("container_id").is_in(found["container_id"].to_list()).alias(flag)
                for found, flag in (
                    (demanded, "is_inspection_demanded"),
                    (floored, "is_impossible"),
                )
            ),
        ),
        on="container_id",
        how="left",
        maintain_order="left",
    )
    return assign_lanes(scored, policy).select(CHALLENGER.keys()).cast(pl.Schema(CHALLENGER))


def log_odds_of(indicators: pl.DataFrame, models: Models, policy: Policy) -> pl.DataFrame:
    """Return container_id, model_log_odds and habits_log_odds, without the explanations: those take long.

    Raises:
        FeatureMismatch: A model cannot read these indicators.
    """
    read = with_silent_attributes(indicators, models)
    said = read.select("container_id").with_columns(
        pl.lit(None, pl.Float64).alias("model_log_odds"),
        pl.lit(None, pl.Float64).alias("habits_log_odds"),
    )
    if models.finds is not None:
        line = models.finds.card.calibration
        margin = margins(models.finds, encode(read, models.finds.card))
        said = said.with_columns((line.intercept + line.slope * margin).alias("model_log_odds"))
    if models.habits is not None:
        line, slope = models.habits.card.calibration, models.habits_slope(policy)
        margin = margins(models.habits, encode(read, models.habits.card))
        unusual = slope * (line.intercept + line.slope * margin)
        said = said.with_columns(unusual.alias("habits_log_odds"))
    return said


def _points(
    run: Run, challenger: Bundle, policy: Policy, rules: Sequence[Rule]
) -> pl.DataFrame:
    """Return what each match adds by the challenger's own judgement of the rules; a rule that failed did not match."""
    judged = judged_weights(challenger)
    worth = pl.DataFrame(
        [(rule.id, rule.version, points_of(rule, policy, judged)) for rule in rules],
        schema={"rule_id": pl.String, "version": pl.Int64, "points": pl.Float64},
        orient="row",
    )
    return run.verdicts.filter(pl.col("verdict") == "match").join(
        worth, on=["rule_id", "version"]
    )
