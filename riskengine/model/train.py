"""From a history with known outcomes to a model bundle: learned earlier, calibrated and measured later."""

from __future__ import annotations

import importlib.metadata
import platform
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from riskengine.errors import TrainingImpossible
from riskengine.model.booster import raw_contributions, raw_margins
from riskengine.model.bundle import Bundle, assemble
from riskengine.model.calibrate import calibrate
from riskengine.model.card import (
    SCHEMA,
    Calibration,
    Library,
    Metrics,
    ModelCard,
    Strength,
    TrainingSettings,
    TrainingWindow,
)
from riskengine.model.choose import Choice, choose_features, find_suspects
from riskengine.model.encode import to_matrix
from riskengine.model.fit import Lesson, best_tree_count, containers_in_leaf, fit
from riskengine.model.golden import make_golden
from riskengine.model.metrics import measure
from riskengine.model.split import Split, later_slice, split_history

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    import numpy.typing as npt

    from riskengine.model.card import FeatureSpec

    Days = npt.NDArray[np.datetime64]

_TREES_UNCHOSEN: Final = 60
_STRENGTH_ROWS: Final = 2000
_LIBRARIES: Final = ("lightgbm", "numpy", "polars")


@dataclass(frozen=True, slots=True, kw_only=True)
class _History:
    """What is learned from: the encoded containers, their days, and how they are measured."""

    lesson: Lesson
    days: Days
    split: Split
    settings: TrainingSettings

    @property
    def is_refitted(self) -> bool:
        return self.settings.refit or self.split.validation != "later slice"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """What the later containers taught, and the last of the boosters that were shown them."""

    calibration: Calibration
    metrics: Metrics
    booster: Any
    remarks: tuple[str, ...]


def train(  # noqa: PLR0913  # what is learned from, how, and what is written on the card
    frame: pl.DataFrame,
    is_find: pl.Series,
    assessed_on: pl.Series,
    features: Sequence[FeatureSpec],
    settings: TrainingSettings | None = None,
    *,
    weight: pl.Series | None = None,
    created_at: datetime | None = None,
    note: str = "",
    progress: Callable[[float], None] | None = None,
) -> Bundle:
    """Train a model and return its bundle; the same history gives the same bytes.

    The number of trees is chosen, the calibration fitted and the metrics taken on days later than
    those learned from. Then, unless the settings say otherwise, the final model is trained on the
    whole window with that number of trees, and keeps that calibration.

    Args:
        frame: One row per examined container, with at least the features offered.
        is_find: Whether the examination found something; Boolean, no nulls.
        assessed_on: The assessment day of each row; Date, no nulls.
        features: The features offered, without vocabularies: those are learned here.
        settings: How to train.
        weight: How many containers each row stands for (the inverse of the chance that it was
            examined); all 1 when None. Used in training and calibration, not in the metrics.
        created_at: When, UTC, for the card; None keeps clocks out of the bytes.
        note: The analyst's words for the card.
        progress: Told the share that is done, 0 to 1.

    Raises:
        TrainingImpossible: There are no finds or no nils, an outcome or a day is unknown, or no
            feature tells one container from another.
        FeatureMismatch: The frame lacks a feature, or has it in another kind.
    """
    settings = settings or TrainingSettings()
    _check_history(frame, is_find, assessed_on, weight)
    choice = choose_features(frame, features, settings.category_containers)
    history = _history(choice, is_find, assessed_on, weight, settings)
    steps = _Steps(progress, fits=1 + len(history.split.slices) + history.is_refitted)
    trees, tree_remarks = _tree_count(history, steps.next())
    measured = _measure(history, trees, steps)
    booster = measured.booster
    if history.is_refitted:
        booster = fit(history.lesson, history.settings, trees, steps.next())
    card = ModelCard(
        schema=SCHEMA,
        id="",
        created_at=created_at,
        features=choice.features,
        dropped=choice.dropped,
        suspects=find_suspects(choice, history.lesson.is_find),
        strengths=_strengths(booster, choice),
        window=_window(history),
        base_find_rate=float(history.lesson.is_find.mean()),
        parameters=history.settings,
        trees=booster.num_trees(),
        calibration=measured.calibration,
        metrics=measured.metrics,
        libraries=_libraries(),
        model_sha256="",
        golden_sha256="",
        remarks=tree_remarks + measured.remarks,
        note=note,
    )
    golden = make_golden(booster, choice.encoded, choice.features, settings.seed)
    return assemble(card, model_text=booster.model_to_string(), golden=golden, booster=booster)


class _Steps:
    """Turns the progress of several fits into one share."""

    def __init__(self, progress: Callable[[float], None] | None, fits: int) -> None:
        self._progress = progress
        self._fits = fits
        self._begun = 0

    def next(self) -> Callable[[float], None]:
        """Begin the next fit and return what it reports to."""
        begun = self._begun
        self._begun += 1

        def report(share: float) -> None:
            if self._progress is not None:
                self._progress(min((begun + share) / self._fits, 1.0))

        return report


def _check_history(
    frame: pl.DataFrame, is_find: pl.Series, assessed_on: pl.Series, weight: pl.Series | None
) -> None:
    lengths = {frame.height, is_find.len(), assessed_on.len()}
    lengths |= {weight.len()} if weight is not None else set()
    if len(lengths) > 1:
        raise TrainingImpossible(
            f"The features, outcomes and days do not belong together: {sorted(lengths)} rows."
        )
    unknown = is_find.null_count() + assessed_on.null_count()
    if unknown:
        raise TrainingImpossible(
            f"{unknown} outcomes or assessment days are unknown.",
            remedy="Train only on containers that were examined and whose day is known.",
        )
    if (
        weight is not None
        and not (weight.is_finite() & (weight > 0)).fill_null(value=False).all()
    ):
        raise TrainingImpossible("A weight is missing, not finite, or not above zero.")
    finds = int(is_find.sum())
    if finds == 0 or finds == is_find.len():
        raise TrainingImpossible(
            f"The history holds {finds} finds and {is_find.len() - finds} nils;"
            " a model needs some of both.",
            remedy="Record nil outcomes as well as finds, or give a longer history.",
        )


def _history(
    choice: Choice,
    is_find: pl.Series,
    assessed_on: pl.Series,
    weight: pl.Series | None,
    settings: TrainingSettings,
) -> _History:
    weights = np.ones(is_find.len()) if weight is None else weight.cast(pl.Float64).to_numpy()
    if settings.twins_share_weight:
        twins = choice.encoded.select(pl.len().over(choice.encoded.columns)).to_series()
        weights = weights / twins.to_numpy()
    lesson = Lesson(
        features=choice.features,
        matrix=to_matrix(choice.encoded),
        is_find=is_find.cast(pl.Boolean).to_numpy().astype(np.bool_),
        weight=np.asarray(weights, dtype=np.float64),
    )
    days = assessed_on.cast(pl.Date).to_numpy().astype("datetime64[D]")
    return _History(
        lesson=lesson,
        days=days,
        split=split_history(days, lesson.is_find, settings),
        settings=replace(settings, containers_in_leaf=containers_in_leaf(days.size, settings)),
    )


def _tree_count(
    history: _History, report: Callable[[float], None]
) -> tuple[int, tuple[str, ...]]:
    """Choose the number of trees inside the earlier side, so that the later side stays unseen."""
    settings, lesson = history.settings, history.lesson
    if history.split.validation == "later slice":
        earlier_rows = history.split.slices[0].earlier
        inner = later_slice(history.days, earlier_rows, settings.later_share)
        if inner is not None:
            earlier, later = lesson.take(inner.earlier), lesson.take(inner.later)
            if min(earlier.is_find.sum(), later.is_find.sum()) >= settings.finds_needed:
                return best_tree_count(earlier, later, settings, report), ()
    report(1.0)
    trees = min(_TREES_UNCHOSEN, settings.trees_at_most)
    return trees, (
        f"Too few finds to choose the number of trees by later days: {trees} were taken.",
    )


def _measure(history: _History, trees: int, steps: _Steps) -> _Measured:
    """Score each later side by what its earlier side taught; calibrate and measure on them all."""
    split, lesson = history.split, history.lesson
    booster = None
    margins = [np.empty(0)]
    rows = [np.empty(0, dtype=np.intp)]
    for part in split.slices:
        booster = fit(lesson.take(part.earlier), history.settings, trees, steps.next())
        margins.append(raw_margins(booster, lesson.matrix[part.later]))
        rows.append(part.later)
    pooled = np.concatenate(margins)
    later = lesson.take(np.concatenate(rows))
    calibration = calibrate(later.is_find, pooled, later.weight)
    return _Measured(
        calibration=calibration,
        metrics=measure(later.is_find, pooled, calibration, split.validation),
        booster=booster,
        remarks=_remarks(split, int(later.is_find.sum()), calibration, history.settings),
    )


def _remarks(
    split: Split, finds: int, calibration: Calibration, settings: TrainingSettings
) -> tuple[str, ...]:
    remarks: list[str] = []
    if split.validation == "out-of-time folds":
        remarks.append(
            f"The latest days hold fewer than {settings.finds_needed} finds: calibration and"
            f" metrics come from {len(split.slices)} out-of-time folds with {finds} finds in all."
        )
    if split.validation == "none":
        remarks.append(
            "The history cannot be cut into earlier and later days with finds on both sides:"
            " nothing was measured, and the margins are taken as they are."
        )
    if calibration.slope == 0:
        remarks.append(
            "Later outcomes do not follow the model's ranking at all: its slope is 0."
        )
    return tuple(remarks)


def _window(history: _History) -> TrainingWindow:
    slices = history.split.slices
    return TrainingWindow(
        first_on=history.days.min().item(),
        last_on=history.days.max().item(),
        later_from=slices[0].later_from if slices else None,
        containers=history.days.size,
        finds=int(history.lesson.is_find.sum()),
    )


def _strengths(booster: Any, choice: Choice) -> tuple[Strength, ...]:
    """Mean |contribution| over containers spread evenly through the history."""
    matrix = to_matrix(choice.encoded.gather_every(-(-choice.encoded.height // _STRENGTH_ROWS)))
    means = np.abs(raw_contributions(booster, matrix)[:, :-1]).mean(axis=0)
    pairs = zip(choice.features, means.tolist(), strict=True)
    strengths = [Strength(name=spec.name, mean_log_odds=mean) for spec, mean in pairs]
    return tuple(sorted(strengths, key=lambda one: (-one.mean_log_odds, one.name)))


def _libraries() -> tuple[Library, ...]:
    versions = [
        Library(name=name, version=importlib.metadata.version(name)) for name in _LIBRARIES
    ]
    return (*versions, Library(name="python", version=platform.python_version()))
