"""A unit that examines what it chooses, learns from that alone, and chooses again: one strategy, period by period.

Everything is the product's: intake, features with a history of the strategy's own examinations, training, scores,
combination, choice. Only the clock is ours.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl

from riskengine.engine.assess import points_of
from riskengine.engine.learning import combine_with, habits_of_rows, learn
from riskengine.engine.lessons import lessons_of
from riskengine.engine.model_says import Models
from riskengine.errors import TrainingImpossible
from riskengine.ledger.history import merge
from riskengine.model.encode import encode
from riskengine.model.explain import margins, spread
from riskengine.model.settings import TrainingSettings
from riskengine.selectivity import Policy, choose
from riskengine.selectivity.combine import logit
from riskengine.selectivity.novelty import novelty_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from world import World

    from riskengine.model.bundle import Bundle

PLAIN = Policy(blind_share=0.05, trial_share=0.0)
HABITS_FROM = 12_000
"""The latest so many containers tell what is usual."""
ENOUGH_FINDS = 30
"""With fewer finds of its own a unit keeps the model that ships, where it has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """How a unit chooses.

    Attributes:
        name: For the table.
        has_model: Whether it learns.
        has_rules: Whether rules count.
        policy: How examinations are shared out; its blind share is not drawn where ``is_pure``.
        is_pure: Whether the score alone chooses, without a blind share: no product would, a benchmark must.
        members: Boosters of the model.
        has_habits: Whether a model of habits, learned without outcomes, counts too.
        shipped: The model it begins with, and keeps until it has finds enough of its own.
    """

    name: str
    has_model: bool = True
    has_rules: bool = True
    policy: Policy = field(default_factory=lambda: PLAIN)
    is_pure: bool = False
    members: int = 1
    has_habits: bool = False
    shipped: Bundle | None = None

    @property
    def assembles(self) -> bool:
        """Whether it looks at any feature."""
        return (
            self.has_model
            or self.has_habits
            or self.shipped is not None
            or self.policy.new_share > 0
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What a strategy did in one period: the day it began, what arrived, was opened and was found, what was there."""

    first: date
    arrived: int
    opened: int
    found: int
    there: int
    by_door: dict[str, tuple[int, int]]
    chosen: pl.DataFrame


@dataclass(slots=True)
class Memory:
    """What a unit keeps: the rows it opened as they were assessed, and the model it has."""

    rows: list[pl.DataFrame] = field(default_factory=list)
    examined: list[pl.DataFrame] = field(default_factory=list)
    arrived: list[pl.DataFrame] = field(default_factory=list)
    bundle: Bundle | None = None
    habits: Bundle | None = None
    examined_by_rule: dict[str, int] = field(default_factory=dict)

    def forked(self) -> Memory:
        """Return a memory that goes on from here without changing this one."""
        return replace(
            self,
            rows=[*self.rows],
            examined=[*self.examined],
            arrived=[*self.arrived],
            examined_by_rule={**self.examined_by_rule},
        )

    def opened(self) -> pl.DataFrame:
        empty = pl.DataFrame(schema={"container_id": pl.Int32})
        return pl.concat([empty, *self.examined])


def replay(  # noqa: PLR0913  # a world, a way to choose, and how it is lived through
    world: World,
    strategy: Strategy,
    periods: Sequence[tuple[date, date, float]],
    *,
    seed: bytes,
    retrain_every: int,
    memory: Memory | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> list[Period]:
    """Live through the periods.

    Args:
        world: What arrives.
        strategy: How the unit chooses.
        periods: First day, day after the last, and the share of arrivals that can be examined.
        seed: Of every draw.
        retrain_every: So many periods after the last training a new model is learned.
        memory: What the unit knows when it begins, changed by what it lives through; None for a unit that
            knows nothing.
        told: Told what is going on.
    """
    memory = Memory() if memory is None else memory
    lived: list[Period] = []
    trained = -retrain_every
    for number, (first, before, share) in enumerate(periods):
        arriving = world.arriving(first, before)
        if arriving.is_empty():
            continue
        if strategy.assembles and share < 1 and number - trained >= retrain_every:
            teach(world, strategy, memory, first)
            trained = number
            told(f"{strategy.name}: {first} learned from {memory.opened().height}")
        # Where all is opened, each outcome counts from its own day: the past of a day is known before the period ends.
        also = arriving.select("container_id") if share >= 1 else arriving.clear()
        known = pl.concat([memory.opened(), also.select("container_id")])
        rows = world.assembled(arriving, known) if strategy.assembles else arriving
        if strategy.has_habits:
            memory.arrived.append(rows)
        chosen = _chosen(world, strategy, rows, memory, share, seed, first)
        lived.append(_remembered(world, rows, chosen, memory, first))
    return lived


def teach(world: World, strategy: Strategy, memory: Memory, on: date) -> None:
    """Learn what is usual from all that arrived, and what is worth opening from what was opened and is known by a day.

    What cannot be learned yet stays as it was.
    """
    if strategy.has_habits and memory.arrived:
        memory.arrived = [pl.concat(memory.arrived, how="diagonal_relaxed").tail(HABITS_FROM)]
        with suppress(TrainingImpossible):
            memory.habits = habits_of_rows(memory.arrived[0])
    if strategy.has_model and memory.rows:
        with suppress(TrainingImpossible):
            memory.bundle = _learned(world, strategy, memory, on)


def _learned(world: World, strategy: Strategy, memory: Memory, on: date) -> Bundle:
    rows = pl.concat(memory.rows, how="diagonal_relaxed").filter(pl.col("known_on") < on)
    matches = (
        rows.select("container_id")
        .with_row_index("row")
        .join(world.matches, on="container_id")
        .select(pl.col("row").cast(pl.Int64), "rule_id", "version", "sha256")
    )
    lessons = lessons_of(rows, world.features, merge(()), matches=matches, remedy="")
    is_kept = strategy.shipped is not None and lessons.is_find.sum() < ENOUGH_FINDS
    bundle = (
        strategy.shipped
        if is_kept and strategy.shipped is not None
        else learn(lessons, TrainingSettings(members=strategy.members))
    )
    if not strategy.has_rules or (matches.is_empty() and memory.habits is None):
        return bundle  # there is nothing to combine it with
    return combine_with(
        bundle,
        lessons,
        world.rules,
        strategy.policy,
        habits=memory.habits,
        was_taught=not is_kept,
    )


def scores(
    world: World,
    strategy: Strategy,
    rows: pl.DataFrame,
    bundle: Bundle | None,
    habits: Bundle | None = None,
) -> pl.DataFrame:
    """Return container_id, log_odds, spread and rules of each row, as the combination adds them up."""
    bundle = bundle or strategy.shipped
    if bundle is None:
        said = rows.select(
            "container_id",
            pl.lit(logit(strategy.policy.random_find_rate)).alias("log_odds"),
            pl.lit(None, pl.Float64).alias("spread"),
        )
    else:
        encoded = encode(rows, bundle.card)
        line = bundle.card.calibration
        said = rows.select("container_id").with_columns(
            (line.intercept + line.slope * margins(bundle, encoded)).alias("log_odds"),
            (line.slope * spread(bundle, encoded)).alias("spread"),
        )
    if habits is not None:
        line = habits.card.calibration
        unusual = line.intercept + line.slope * margins(habits, encode(rows, habits.card))
        slope = Models(finds=bundle, habits=habits).habits_slope(strategy.policy)
        said = said.with_columns((pl.col("log_odds") + slope * unusual).alias("log_odds"))
    if not strategy.has_rules:
        return said.with_columns(pl.lit([], pl.List(pl.String)).alias("rules"))
    judged = judged_weights(bundle)
    points = pl.DataFrame(
        [(r.id, r.version, points_of(r, strategy.policy, judged)) for r in world.rules],
        schema={"rule_id": pl.String, "version": pl.Int64, "points": pl.Float64},
        orient="row",
    )
    matched = (
        world.matches.join(said.select("container_id"), on="container_id", how="semi")
        .join(points.filter(pl.col("points") > 0), on=["rule_id", "version"])
        .sort("container_id", "rule_id")
        .group_by("container_id", maintain_order=True)
        .agg(
            pl.col("points").sum(),
            pl.concat_str("rule_id", pl.lit("@"), "version").alias("rules"),
        )
    )
    return (
        said.join(matched, on="container_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("log_odds") + pl.col("points").fill_null(0.0), pl.col("rules").fill_null([])
        )
        .drop("points")
    )


def judged_weights(bundle: Bundle | None) -> dict[tuple[str, int, str], float]:
    """Return the weights that outcomes gave to rules."""
    combination = bundle.card.combination if bundle else None
    return {
        (one.rule_id, one.version, one.sha256): one.weight
        for one in (combination.weights if combination else ())
    }


def _chosen(  # noqa: PLR0913, PLR0917
    world: World,
    strategy: Strategy,
    rows: pl.DataFrame,
    memory: Memory,
    share: float,
    seed: bytes,
    first: date,
) -> pl.DataFrame:
    if share >= 1:
        return rows.select(
            "container_id", pl.lit("all").alias("door"), pl.lit(1.0).alias("probability")
        )
    if share <= 0:
        return pl.DataFrame(
            schema={"container_id": pl.Int32, "door": pl.String, "probability": pl.Float64}
        )
    said = scores(world, strategy, rows, memory.bundle, memory.habits)
    capacity = max(1, round(share * rows.height))
    if strategy.is_pure:
        lot = pl.col("container_id").hash(seed[0])
        best = said.sort("log_odds", lot, descending=[True, False]).head(capacity)
        return best.select(
            "container_id", pl.lit("score").alias("door"), pl.lit(1.0).alias("probability")
        )
    said = said.with_columns(
        pl.col("container_id").cast(pl.String).alias("identity"), novelty_of(rows)
    )
    return choose(
        said,
        capacity,
        strategy.policy,
        seed=seed,
        day=first.isoformat(),
        examined_by_rule=memory.examined_by_rule,
    )


def _remembered(
    world: World, rows: pl.DataFrame, chosen: pl.DataFrame, memory: Memory, first: date
) -> Period:
    opened = chosen.join(world.outcomes, on="container_id", how="inner")
    there = world.outcomes.join(rows.select("container_id"), on="container_id", how="semi")
    memory.examined.append(opened.select("container_id"))
    memory.rows.append(
        rows.join(
            opened.select(
                "container_id",
                "is_find",
                "outcome",
                "known_on",
                pl.col("probability").alias("selection_probability"),
            ),
            on="container_id",
            how="inner",
            maintain_order="left",
        )
    )
    for rule, version in (
        world.matches.join(opened, on="container_id", how="semi")
        .select("rule_id", "version")
        .rows()
    ):
        name = f"{rule}@{version}"
        memory.examined_by_rule[name] = memory.examined_by_rule.get(name, 0) + 1
    hits = pl.col("is_find") & pl.col("is_there")
    doors = opened.group_by("door").agg(pl.len(), hits.sum()).rows()
    return Period(
        first=first,
        arrived=rows.height,
        opened=opened.height,
        found=int((opened["is_find"] & opened["is_there"]).sum()),
        there=int(there["is_there"].sum()),
        by_door={door: (count, finds) for door, count, finds in doors},
        chosen=chosen,
    )
