"""A model of habits, learned without one outcome: how unlike the usual a container is, and in what.

Real containers are set against made-up ones: copies in which a few values were exchanged for those of other containers,
half of them of the same lane, so that what is usual there is no surprise. A booster learns to tell the two apart. Its
margin is high where a value does not go with the rest, or is rare; where the trade knows which way a feature points, only
that way counts. TreeSHAP explains it like any other model.

Source: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 14.2.4: unsupervised as supervised learning.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from riskengine.errors import TrainingImpossible
from riskengine.model.booster import raw_contributions, raw_margins
from riskengine.model.bundle import Bundle, assemble
from riskengine.model.card import (
    SCHEMA,
    Calibration,
    Metrics,
    ModelCard,
    Strength,
    TrainingSettings,
    TrainingWindow,
)
from riskengine.model.choose import Choice, choose_features
from riskengine.model.encode import to_matrix
from riskengine.model.fit import Lesson, containers_in_leaf, fit
from riskengine.model.golden import make_golden
from riskengine.model.libraries import libraries
from riskengine.model.metrics import auc

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, datetime

    import numpy.typing as npt

    from riskengine.model.card import FeatureSpec

    Floats = npt.NDArray[np.float64]
    Rows = npt.NDArray[np.intp]

CONTAINERS_NEEDED: Final = 500
"""Below this nothing is usual yet."""
CONTAINERS_AT_MOST: Final = 40_000
"""The latest so many are learned from: habits of years ago are no habits."""
_SETTINGS: Final = TrainingSettings(
    trees_at_most=200,
    leaves=31,
    learning_rate=0.1,
    unknown_weight=0.0,
    feature_share=0.8,
    members=1,
)
_EXCHANGED_AT_LEAST: Final = 3
_EXCHANGED_PART: Final = 10
"""At most so many values of a made-up container are exchanged: three, or one in ten of its features."""
_WITHIN_LANE: Final = 0.5
_LANE_NEEDS: Final = 30
_BINS: Final = 32
# Rare values are exchanged in more often than they occur, by this power of their share: else a rare value
# would be as rare in the made-up containers, and no surprise.
_RARITY_POWER: Final = 0.5
_CENTRED_SHARE: Final = 0.2
_STRENGTH_ROWS: Final = 2000


def learn_habits(  # noqa: PLR0913  # what is learned from, and what is written on the card
    frame: pl.DataFrame,
    assessed_on: pl.Series,
    lane: pl.Series,
    features: Sequence[FeatureSpec],
    *,
    created_at: datetime | None = None,
    note: str = "",
    progress: Callable[[float], None] | None = None,
) -> Bundle:
    """Learn what is usual and return the bundle; the same containers give the same bytes.

    The latest fifth of the containers is not learned from: it says where the usual container lies, whose margin
    becomes 0.

    Args:
        frame: One row a container, examined or not, with at least the features offered.
        assessed_on: The day of each row; Date, no nulls.
        lane: What names the lane of each row; null where it is not known.
        features: The features offered, without vocabularies. None may hold what examinations found.
        created_at: When, UTC, for the card; None keeps clocks out of the bytes.
        note: The analyst's words for the card.
        progress: Told the share that is done, 0 to 1.

    Raises:
        TrainingImpossible: There are too few containers, or no feature tells one from another.
        FeatureMismatch: The frame lacks a feature, or has it in another kind.
    """
    if frame.height < CONTAINERS_NEEDED:
        raise TrainingImpossible(
            f"{frame.height} containers are too few to tell what is usual.",
            remedy=f"Assess at least {CONTAINERS_NEEDED}, or give an older file with --history.",
        )
    rows = _latest(assessed_on)
    frame, days, lanes = frame[rows], assessed_on[rows], lane[rows]
    choice = choose_features(frame, features, _SETTINGS.category_containers)
    matrix = to_matrix(choice.encoded)
    kept = round((1 - _CENTRED_SHARE) * frame.height)
    draw = np.random.default_rng(_SETTINGS.seed)
    lesson = _lesson(choice, matrix[:kept], _codes(lanes[:kept]), draw)
    booster = fit(lesson, _SETTINGS, _SETTINGS.trees_at_most, progress or _silent)
    later = _lesson(choice, matrix[kept:], _codes(lanes[kept:]), draw)
    margins = raw_margins(booster, later.matrix)
    usual = float(np.median(margins[~later.is_find]))
    card = ModelCard(
        schema=SCHEMA,
        id="",
        purpose="habits",
        created_at=created_at,
        features=choice.features,
        dropped=choice.dropped,
        left_out=(),
        leaks=(),
        strengths=_strengths(booster, choice),
        window=_window(days, kept),
        base_find_rate=0.0,
        parameters=_set(frame.height),
        members=1,
        trees=booster.num_trees(),
        calibration=Calibration(intercept=-round(usual, 6), slope=1.0),
        metrics=_UNMEASURED,
        unseen_traders=None,
        slices=(),
        lift=(),
        directions=(),
        reference=(),
        score_reference=None,
        combination=None,
        libraries=libraries(),
        model_sha256="",
        golden_sha256="",
        remarks=(_remark(later, margins),),
        note=note,
    )
    golden = make_golden(booster, choice.encoded, choice.features, _SETTINGS.seed)
    return assemble(card, model_text=booster.model_to_string(), golden=golden, booster=booster)


_UNMEASURED: Final = Metrics(
    validation="none",
    containers=0,
    finds=0,
    base_rate=None,
    average_precision=None,
    auc=None,
    log_loss=None,
    log_loss_uncalibrated=None,
    top=(),
    reliability=(),
)


def _window(days: pl.Series, kept: int) -> TrainingWindow:
    dated: list[date] = days.to_list()
    return TrainingWindow(
        first_on=dated[0],
        last_on=dated[-1],
        later_from=dated[kept],
        containers=len(dated),
        finds=0,
    )


def _latest(assessed_on: pl.Series) -> pl.Series:
    """Return the latest rows, in the order of their days."""
    placed = pl.DataFrame(
        {"day": assessed_on, "row": pl.int_range(assessed_on.len(), eager=True)}
    )
    return placed.sort("day", "row")["row"].tail(CONTAINERS_AT_MOST)


def _set(containers: int) -> TrainingSettings:
    return replace(_SETTINGS, containers_in_leaf=containers_in_leaf(containers, _SETTINGS))


def _lesson(choice: Choice, real: Floats, lanes: Rows, draw: np.random.Generator) -> Lesson:
    """Return real containers beside made-up ones; what a lesson calls a find is here a made-up container."""
    made_up = _made_up(real, lanes, draw)
    return Lesson(
        features=choice.features,
        matrix=np.concatenate([real, made_up]),
        is_find=np.repeat([False, True], real.shape[0]),
        weight=np.ones(2 * real.shape[0]),
    )


def _made_up(real: Floats, lanes: Rows, draw: np.random.Generator) -> Floats:
    """Return a copy of every container in which a few values are those of other containers."""
    containers, features = real.shape
    made_up = real.copy()
    most = max(_EXCHANGED_AT_LEAST, features // _EXCHANGED_PART)
    how_many = draw.integers(1, most + 1, containers)
    order = (
        draw.random(real.shape).argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    )
    is_exchanged = order < how_many[:, None]
    by_lane = np.argsort(lanes, kind="stable")
    first = np.searchsorted(lanes[by_lane], lanes, side="left")
    size = np.searchsorted(lanes[by_lane], lanes, side="right") - first
    for place in range(features):
        rows = np.flatnonzero(is_exchanged[:, place])
        givers = _anywhere(real[:, place], rows.size, draw)
        is_near = (draw.random(rows.size) < _WITHIN_LANE) & (size[rows] >= _LANE_NEEDS)
        steps = (draw.random(rows.size) * size[rows]).astype(np.intp)
        givers = np.where(is_near, by_lane[first[rows] + steps], givers)
        made_up[rows, place] = real[givers, place]
    return made_up


def _anywhere(values: Floats, many: int, draw: np.random.Generator) -> Rows:
    """Draw rows whose values are taken from all containers, the rare values more often than they occur."""
    binned = _bins(values)
    counts = np.bincount(binned)
    chance = counts[binned] ** (_RARITY_POWER - 1.0)
    ladder = np.cumsum(chance)
    return np.searchsorted(ladder, draw.random(many) * ladder[-1], side="right").clip(
        max=values.size - 1
    )


def _bins(values: Floats) -> Rows:
    """Return for each value its bin, 0 being the unknown; a few different values have a bin each."""
    known = ~np.isnan(values)
    binned = np.zeros(values.size, dtype=np.intp)
    different = np.unique(values[known])
    if different.size > _BINS:
        inner = np.linspace(0, 1, _BINS + 1)[1:-1]
        different = np.unique(np.quantile(values[known], inner, method="lower"))
    binned[known] = 1 + np.searchsorted(different, values[known], side="right")
    return binned


def _codes(lanes: pl.Series) -> Rows:
    return lanes.rank("dense").fill_null(0).to_numpy().astype(np.intp)


def _strengths(booster: Any, choice: Choice) -> tuple[Strength, ...]:
    matrix = to_matrix(choice.encoded.gather_every(-(-choice.encoded.height // _STRENGTH_ROWS)))
    means = np.abs(raw_contributions(booster, matrix)[:, :-1]).mean(axis=0)
    pairs = zip(choice.features, means.tolist(), strict=True)
    strengths = [Strength(name=spec.name, mean_log_odds=mean) for spec, mean in pairs]
    return tuple(sorted(strengths, key=lambda one: (-one.mean_log_odds, one.name)))


def _remark(later: Lesson, margins: Floats) -> str:
    area = auc(later.is_find, margins)
    told = (
        ""
        if area is None
        else f" It tells them from made-up ones with an area under the ROC curve of {area:.3f}."
    )
    return (
        "Learned from no outcomes: from what containers declare, which way they come and who trades"
        f" them. The usual one of the latest fifth has the margin 0.{told}"
    )


def _silent(_share: float) -> None:
    """Report to nobody."""
