"""What the models in force say of each container: the model that learned from finds, and the one that knows habits."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from riskengine.model.card_json import to_json
from riskengine.model.encode import encode
from riskengine.model.explain import contributions, margins, spread
from riskengine.selectivity.combine import logit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from riskengine.model.bundle import Bundle
    from riskengine.selectivity import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """The models that score beside the rules.

    Attributes:
        finds: The model that learned from what examinations found, or None on a day without one.
        habits: The model that learned what is usual, or None.
    """

    finds: Bundle | None
    habits: Bundle | None = None

    @property
    def digest(self) -> str:
        """The sha256 of what both are; empty without any, and that of the first where it stands alone."""
        finds = _card_digest(self.finds)
        if self.habits is None:
            return finds
        return hashlib.sha256(f"{finds}\n{_card_digest(self.habits)}".encode()).hexdigest()

    def habits_slope(self, policy: Policy) -> float:
        """Return what a log-odds of the habits model counts: as outcomes have judged it, else by the policy."""
        if self.habits is None:
            return 0.0
        judged = self.finds.card.combination if self.finds else None
        if judged is not None and judged.habits_id == self.habits.card.id:
            return judged.habits_slope
        return policy.habits_credit


@dataclass(frozen=True, slots=True, kw_only=True)
class Says:
    """What the models say, calibrated.

    Attributes:
        base: The log-odds where nothing is known.
        typical_find_rate: The share of finds where the model was calibrated.
        log_odds: container_id, model_log_odds, habits_log_odds (null without a habits model) and spread (how far the
            members of the model disagree, in log-odds; null with one member or without a model).
        contributions: container_id and one column a feature of either model; a feature of both has their sum.
    """

    base: float
    typical_find_rate: float
    log_odds: pl.DataFrame
    contributions: pl.DataFrame


def models_say(
    indicators: pl.DataFrame,
    models: Models,
    policy: Policy,
    progress: Callable[[float], None] | None = None,
) -> Says:
    """Return what the models in force say of each container.

    Args:
        indicators: The assembled frame.
        models: The models in force.
        policy: The unit's policy.
        progress: Told the share of the explanations that is done.
    """
    indicators = with_silent_attributes(indicators, models)
    said = _finds_say(indicators, models.finds, policy, progress)
    return _with_habits(said, indicators, models, policy)


def _finds_say(
    indicators: pl.DataFrame,
    bundle: Bundle | None,
    policy: Policy,
    progress: Callable[[float], None] | None,
) -> Says:
    containers = indicators.select("container_id")
    nothing = pl.lit(None, pl.Float64)
    if bundle is None:
        # Without a model every container is as likely as one taken at random, until something else speaks.
        rate = policy.random_find_rate
        level = containers.with_columns(
            pl.lit(logit(rate)).alias("model_log_odds"),
            nothing.alias("habits_log_odds"),
            nothing.alias("spread"),
        )
        return Says(
            base=logit(rate), typical_find_rate=rate, log_odds=level, contributions=containers
        )
    card = bundle.card
    encoded = encode(indicators, card)
    base, raw = contributions(bundle, encoded, progress=progress)
    # The margin itself, not the sum of its parts: the parts add up to it within 1e-9.
    calibrated = card.calibration.intercept + card.calibration.slope * margins(bundle, encoded)
    return Says(
        base=card.calibration.log_odds(base),
        typical_find_rate=card.base_find_rate,
        log_odds=containers.with_columns(
            calibrated.alias("model_log_odds"),
            nothing.alias("habits_log_odds"),
            (card.calibration.slope * spread(bundle, encoded)).alias("spread"),
        ),
        contributions=pl.concat(
            [containers, raw.select(pl.all() * card.calibration.slope)], how="horizontal"
        ),
    )


def _with_habits(said: Says, indicators: pl.DataFrame, models: Models, policy: Policy) -> Says:
    if models.habits is None:
        return said
    line = models.habits.card.calibration
    slope = models.habits_slope(policy)
    encoded = encode(indicators, models.habits.card)
    base, raw = contributions(models.habits, encoded)
    unusual = slope * (line.intercept + line.slope * margins(models.habits, encoded))
    added = raw.select(pl.all() * (slope * line.slope))
    both = [name for name in added.columns if name in said.contributions.columns]
    summed = said.contributions.with_columns(pl.col(name) + added[name] for name in both)
    return replace(
        said,
        base=said.base + slope * line.log_odds(base),
        log_odds=said.log_odds.with_columns(unusual.alias("habits_log_odds")),
        contributions=pl.concat([summed, added.drop(both)], how="horizontal"),
    )


def with_silent_attributes(indicators: pl.DataFrame, models: Models) -> pl.DataFrame:
    """Add, as unknown, the attributes that a model reads and no line of this manifest fills.

    Only where the mapping brought attributes at all: a manifest read without them is refused by the model.
    """
    brought = [name for name in indicators.columns if name.startswith("attribute.")]
    read: Sequence[Bundle | None] = (models.finds, models.habits)
    if not brought:
        return indicators
    silent = {
        feature.name: pl.String() if feature.kind == "category" else pl.Float64()
        for bundle in read
        if bundle is not None
        for feature in bundle.card.features
        if feature.name.startswith("attribute.") and feature.name not in indicators.columns
    }
    return indicators.with_columns(
        pl.lit(None, kind).alias(name) for name, kind in silent.items()
    )


def _card_digest(bundle: Bundle | None) -> str:
    """The card without its clock: it holds the digest of the model's text, the calibration and the combination."""
    if bundle is None:
        return ""
    return hashlib.sha256(to_json(replace(bundle.card, created_at=None)).encode()).hexdigest()
