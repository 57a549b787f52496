"""By which door each container was chosen for examination, and how likely that was.

A door is what led to an examination: the blind draw, a rule that demands it, the score, a share kept for learning. The
plan says it where one was made for the day; else the lane does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.domain import Basis, Lane
from riskengine.ledger.selections import planned_between
from riskengine.selectivity.choose import Door

if TYPE_CHECKING:
    from riskengine.selectivity import Policy
    from riskengine.workspace import Workspace

RANDOM: Final = Door.RANDOM.value
SCORE: Final = Door.SCORE.value
BY_RULES: Final = "rule"
"""A red lane that the points of rules made, where no plan was made."""
OFFICER: Final = Basis.OFFICER.value
"""Examined, and no door of the engine led there."""
DOORS: Final = (
    RANDOM,
    Door.DEMAND.value,
    SCORE,
    BY_RULES,
    Door.TRIAL.value,
    Door.UNCERTAIN.value,
    Door.NEW.value,
    OFFICER,
)
"""In the order in which they are shown."""


def with_doors(workspace: Workspace, containers: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Add door and probability (null where it was not chosen), is_planned, and is_blind.

    What a day's plan did not choose was not chosen, whatever its lane: there was no room. ``is_blind`` marks the draws
    that stand for everything that came: without a plan they are drawn whatever their lane; with one, after the demands.

    Args:
        workspace: The unit's folder.
        containers: identity, on, lane, basis and is_random.
        policy: Whose random share is the chance of a blind draw where no plan says another.
    """
    if containers.is_empty():
        return containers
    first, last = containers.select(
        pl.col("on").min().alias("first"), pl.col("on").max().alias("last")
    ).row(0)
    plan = planned_between(workspace, first, last)
    known = plan.select(
        "identity",
        pl.col("door").alias("_door"),
        pl.col("probability").alias("_probability"),
    ).unique("identity", keep="last", maintain_order=True)
    has_plan = pl.col("on").is_in(plan["planned_for"].unique().to_list())
    joined = containers.join(known, on="identity", how="left", maintain_order="left")
    by_lane, chance = _by_lane(policy)
    return (
        joined.with_columns((has_plan | pl.col("_door").is_not_null()).alias("is_planned"))
        .with_columns(
            pl.when("is_planned").then("_door").otherwise(by_lane).alias("door"),
            pl.when("is_planned").then("_probability").otherwise(chance).alias("probability"),
            pl.when("is_planned")
            .then((pl.col("_door") == RANDOM).fill_null(value=False))
            .otherwise("is_random")
            .alias("is_blind"),
        )
        .drop("_door", "_probability")
    )


def _by_lane(policy: Policy) -> tuple[pl.Expr, pl.Expr]:
    """Return the door and its chance where no plan was made: what is red is to be examined."""
    is_red = pl.col("lane") == Lane.RED.value
    is_drawn = pl.col("basis") == Basis.RANDOM.value
    by_rules = pl.col("basis") == Basis.RULE.value
    door = (
        pl.when(is_drawn)
        .then(pl.lit(RANDOM))
        .when(is_red & by_rules)
        .then(pl.lit(BY_RULES))
        .when(is_red)
        .then(pl.lit(SCORE))
    )
    return door, pl.when(is_drawn).then(policy.random_share).when(is_red).then(1.0)
