"""How a model, the habits and the rules add up: weights that later outcomes fit, near what experts say.

``logit p = intercept + slope * margin + habits slope * habits margin + Σ weight * match``, fitted on containers that are
later than what each margin was learned from. Nothing but the intercept may fall below zero: a match never speaks for a
container, and a calibration never turns a ranking round.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from riskengine.model.booster import raw_margins
from riskengine.model.bundle import Bundle, assemble
from riskengine.model.card import SCHEMA, Calibration, Combination, RuleWeight
from riskengine.model.encode import encode, to_matrix
from riskengine.model.explain import margins
from riskengine.model.fit import Lesson, fit
from riskengine.model.metrics import probability
from riskengine.model.split import known_days, later_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt
    import polars as pl

    Floats = npt.NDArray[np.float64]
    Flags = npt.NDArray[np.bool_]

EXAMINED_MATCHES_NEEDED: Final = 30
"""Below this a rule keeps what its severity says: so few outcomes cannot judge it."""
FINDS_NEEDED: Final = 10
"""Below this nothing is fitted at all."""
# How far outcomes may take each part from where experts put it, as one standard deviation, in log-odds.
_RULE_SPREAD: Final = 1.0
_SLOPE_SPREAD: Final = 0.5
_INTERCEPT_SPREAD: Final = 3.0
_STEPS: Final = 200
_SMALL: Final = 1e-10
# Newton ends far below this; what lies behind it hangs on how a processor adds.
_DECIMALS: Final = 6
_FIRST_SHARE: Final = 0.4
_BLOCKS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePrior:
    """One rule as it stood, and what its severity says of a match before outcomes have."""

    rule_id: str
    version: int
    sha256: str
    prior: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """Rows of a history, and the margins of a model that had not seen them when it learned."""

    rows: npt.NDArray[np.intp]
    margins: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What is added up for each container, and where the fit begins.

    Attributes:
        margins: Of the model, from boosters that had not seen these containers.
        habits: Margins of the habits model; all zero without one.
        matches: One column a rule: whether it matched while it counted.
        priors: What experts say of each rule.
        start: The calibration of the model alone.
        habits_credit: What a log-odds of the habits model is worth before outcomes.
        has_habits: Whether there is a habits model.
    """

    margins: Floats
    habits: Floats
    matches: Flags
    priors: Floats
    start: Calibration
    habits_credit: float
    has_habits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stacked:
    """The line that was fitted."""

    calibration: Calibration
    habits_slope: float
    weights: Floats


def combined_bundle(  # noqa: PLR0913  # the model, what it is judged by, and what stands beside it
    bundle: Bundle,
    frame: pl.DataFrame,
    is_find: pl.Series,
    *,
    later: Later,
    rules: Sequence[RulePrior],
    matches: Flags,
    habits: Bundle | None = None,
    habits_credit: float = 0.0,
    weight: pl.Series | None = None,
) -> Bundle:
    """Return the bundle with the combination that later outcomes give; the same, where they are too few.

    The share of finds on its card becomes that of the containers these stand for: what a container is compared
    with when its lift is told.

    Args:
        bundle: The model.
        frame: One row per examined container.
        is_find: What was found; Boolean, no nulls.
        later: Which rows judge, and the margins that they had from a model which had not seen them.
        rules: The rules that may be judged.
        matches: One row a container, one column a rule: whether it matched while it was in force.
        habits: The habits model in force.
        habits_credit: What a log-odds of it is worth before outcomes.
        weight: How many containers each row stands for.
    """
    rows = later.rows
    found = is_find.to_numpy().astype(np.bool_)[rows]
    if found.sum() < FINDS_NEEDED or found.all():
        return _remarked(
            bundle,
            f"The later outcomes hold {int(found.sum())} finds, too few to judge rules or habits:"
            " both count what experts gave them.",
        )
    unusual = np.zeros(frame.height) if habits is None else habits_margins(habits, frame)
    weights = np.ones(rows.size) if weight is None else weight.to_numpy()[rows]
    parts = Parts(
        margins=later.margins,
        habits=unusual[rows],
        matches=matches[rows],
        priors=np.array([rule.prior for rule in rules], dtype=np.float64),
        start=bundle.card.calibration,
        habits_credit=habits_credit,
        has_habits=habits is not None,
    )
    stacked = stack(parts, found, weights)
    combination = Combination(
        habits_id=habits.card.id if habits else "",
        habits_slope=stacked.habits_slope,
        weights=_weights(rules, parts, stacked, found),
        containers=int(rows.size),
        finds=int(found.sum()),
    )
    card = replace(
        bundle.card,
        calibration=stacked.calibration,
        combination=combination,
        base_find_rate=round(float(weights @ found / weights.sum()), _DECIMALS),
    )
    return _remarked(
        replace(bundle, card=card),
        f"Calibrated together with the rules and the habits on {rows.size} later outcomes; what was"
        " measured above is the model alone.",
    )


def _weights(
    rules: Sequence[RulePrior], parts: Parts, stacked: Stacked, found: Flags
) -> tuple[RuleWeight, ...]:
    """Return what each rule adds that was examined at all."""
    examined = parts.matches.sum(axis=0)
    hits = (parts.matches & found[:, None]).sum(axis=0)
    return tuple(
        RuleWeight(
            rule_id=rule.rule_id,
            version=rule.version,
            sha256=rule.sha256,
            weight=float(stacked.weights[place]),
            prior=rule.prior,
            examined=int(examined[place]),
            found=int(hits[place]),
        )
        for place, rule in enumerate(rules)
        if examined[place]
    )


def habits_margins(habits: Bundle, frame: pl.DataFrame) -> Floats:
    """Return how unusual each container is, in log-odds; 0 is the usual one."""
    line = habits.card.calibration
    raw = margins(habits, encode(frame, habits.card)).to_numpy()
    return line.intercept + line.slope * raw


def stack(parts: Parts, is_find: Flags, weight: Floats) -> Stacked:
    """Fit how margins, habits and matches add up, by Newton's method within bounds.

    Weights are scaled to the number of containers that they are worth (Kish 1965), so that a container that stands
    for fifty does not shout fifty times against what experts say. Rules below ``EXAMINED_MATCHES_NEEDED`` keep their
    prior and are not fitted.

    Args:
        parts: What is added up.
        is_find: The outcomes.
        weight: How many containers each stands for.
    """
    worth = weight * (weight.sum() / (weight @ weight))
    is_judged = parts.matches.sum(axis=0) >= EXAMINED_MATCHES_NEEDED
    offset = parts.matches[:, ~is_judged] @ parts.priors[~is_judged]
    columns = [np.ones_like(parts.margins), parts.margins]
    prior = [parts.start.intercept, parts.start.slope]
    spread = [_INTERCEPT_SPREAD, _SLOPE_SPREAD]
    if parts.has_habits:
        columns.append(parts.habits)
        prior.append(parts.habits_credit)
        spread.append(_SLOPE_SPREAD)
    inputs = np.column_stack([*columns, parts.matches[:, is_judged].astype(np.float64)])
    judged = parts.priors[is_judged]
    line = _fitted(
        inputs,
        is_find,
        worth,
        offset,
        np.array([*prior, *judged]),
        np.array([*spread, *([_RULE_SPREAD] * judged.size)]) ** -2.0,
    )
    weights = parts.priors.copy()
    weights[is_judged] = line[len(columns) :]
    return Stacked(
        calibration=Calibration(intercept=float(line[0]), slope=float(line[1])),
        habits_slope=float(line[2]) if parts.has_habits else 0.0,
        weights=weights,
    )


def _fitted(  # noqa: PLR0913, PLR0917  # one problem of optimisation, part by part
    inputs: Floats,
    is_find: Flags,
    worth: Floats,
    offset: Floats,
    prior: Floats,
    precision: Floats,
) -> Floats:
    """Return the likeliest line under its prior; every part of it but the first is at least zero.

    Projected Newton (Bertsekas 1982): parts that lie at their bound and want to leave it downwards are held.
    """
    floor = np.full(prior.size, 0.0)
    floor[0] = -np.inf

    def cost(line: Floats) -> float:
        log_odds = inputs @ line + offset
        surprise = np.logaddexp(0.0, np.where(is_find, -log_odds, log_odds))
        return float(worth @ surprise + 0.5 * precision @ (line - prior) ** 2)

    line = np.maximum(prior, floor)
    for _ in range(_STEPS):
        expected = probability(inputs @ line + offset)
        slope = inputs.T @ (worth * (expected - is_find)) + precision * (line - prior)
        bend = (inputs.T * (worth * expected * (1 - expected))) @ inputs + np.diag(precision)
        free = (line > floor) | (slope < 0)
        step = np.zeros(prior.size)
        step[free] = np.linalg.solve(bend[np.ix_(free, free)], slope[free])
        scale, before = 1.0, cost(line)
        moved = np.maximum(line - step, floor)
        while cost(moved) > before and scale > _SMALL:
            scale /= 2
            moved = np.maximum(line - scale * step, floor)
        if scale <= _SMALL:
            break  # no step lowers the cost any more: floats end here
        done = np.abs(moved - line).max() < _SMALL
        line = moved
        if done:
            break
    # No minus zero: it would be other bytes for the same number.
    return np.asarray(np.round(line, _DECIMALS) + 0.0, dtype=np.float64)


def relearned(  # noqa: PLR0913  # the model, what taught it, and who is told
    bundle: Bundle,
    frame: pl.DataFrame,
    is_find: pl.Series,
    assessed_on: pl.Series,
    *,
    weight: pl.Series | None = None,
    known_on: pl.Series | None = None,
    progress: Callable[[float], None] | None = None,
) -> Later:
    """Return the margins that boosters like this one give which have learned from earlier days alone.

    They have not learned from outcomes of earlier days that the later days brought.

    Args:
        bundle: A model that learned from these very containers.
        frame: One row per examined container.
        is_find: What was found; Boolean, no nulls.
        assessed_on: Their days; Date, no nulls.
        weight: How many containers each row stood for in training.
        known_on: The day on which each outcome became known; null, or None: its own day.
        progress: Told the share that is done.
    """
    card = bundle.card
    found = is_find.to_numpy().astype(np.bool_)
    lesson = Lesson(
        features=card.features,
        matrix=to_matrix(encode(frame, card)),
        is_find=found,
        weight=np.ones(found.size) if weight is None else weight.to_numpy(),
    )
    rows = [np.empty(0, dtype=np.intp)]
    pooled = [np.empty(0)]
    days = assessed_on.to_numpy().astype("datetime64[D]")
    blocks = later_blocks(
        days,
        found,
        first_share=_FIRST_SHARE,
        blocks=_BLOCKS,
        known=known_days(known_on, days),
    )
    for number, block in enumerate(blocks, start=1):
        booster = fit(
            lesson.take(block.earlier), card.parameters, card.trees // card.members, _silent
        )
        pooled.append(raw_margins(booster, lesson.matrix[block.later]))
        rows.append(block.later)
        if progress is not None:
            progress(number / len(blocks))
    return Later(rows=np.concatenate(rows), margins=np.concatenate(pooled))


def as_it_stands(bundle: Bundle, frame: pl.DataFrame, is_unseen: pl.Series) -> Later:
    """Return the margins of a model that was not taught by these containers.

    Args:
        bundle: The model.
        frame: One row per examined container.
        is_unseen: Which of them it cannot have learned from.
    """
    rows = np.flatnonzero(is_unseen.to_numpy())
    raw = margins(bundle, encode(frame, bundle.card)).to_numpy()
    return Later(rows=rows, margins=raw[rows])


def _silent(_share: float) -> None:
    """Report to nobody."""


def _remarked(bundle: Bundle, remark: str) -> Bundle:
    # In today's layout: an older one has no place for a combination.
    card = replace(bundle.card, schema=SCHEMA, remarks=(*bundle.card.remarks, remark))
    return assemble(
        card, model_text=bundle.model_text, golden=bundle.golden, booster=bundle.booster
    )
