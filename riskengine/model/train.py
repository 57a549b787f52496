"""From a history with known outcomes to a model bundle: learned earlier, calibrated and measured later."""

from __future__ import annotations

import math
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
    LeftOut,
    Metrics,
    ModelCard,
    Strength,
    TrainingSettings,
    TrainingWindow,
)
from riskengine.model.choose import Choice, choose_features
from riskengine.model.encode import to_matrix
from riskengine.model.findings import directions_of, lift_of, slices_of
from riskengine.model.fit import best_tree_count, fit
from riskengine.model.golden import make_golden
from riskengine.model.history import make_history, with_fair_past
from riskengine.model.leaks import find_leaks
from riskengine.model.libraries import libraries
from riskengine.model.metrics import measure
from riskengine.model.noise import FINDS_NEEDED
from riskengine.model.reference import reference_of, references_of
from riskengine.model.sift import sift, without_refused
from riskengine.model.split import later_blocks
from riskengine.model.tune import tune
from riskengine.model.unseen import measure_unseen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    import numpy.typing as npt

    from riskengine.model.card import FeatureSpec
    from riskengine.model.history import History, OutOfFold

    Floats = npt.NDArray[np.float64]
    Rows = npt.NDArray[np.intp]

_TREES_UNCHOSEN: Final = 30
_STRENGTH_ROWS: Final = 2000
_FIRST_SHARE: Final = 0.4
_BLOCKS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """What the later containers taught, and the last of the boosters that were shown them."""

    calibration: Calibration
    metrics: Metrics
    booster: Any
    rows: Rows
    margins: Floats
    remarks: tuple[str, ...]


def train(  # noqa: PLR0913  # what is learned from, how, and what is written on the card
    frame: pl.DataFrame,
    is_find: pl.Series,
    assessed_on: pl.Series,
    features: Sequence[FeatureSpec],
    settings: TrainingSettings | None = None,
    *,
    weight: pl.Series | None = None,
    group: pl.Series | None = None,
    known_on: pl.Series | None = None,
    out_of_fold: OutOfFold | None = None,
    left_out: Sequence[LeftOut] = (),
    created_at: datetime | None = None,
    note: str = "",
    progress: Callable[[float], None] | None = None,
) -> Bundle:
    """Train a model and return its bundle; the same history gives the same bytes.

    What is read, the number of trees, the calibration and the metrics come from days later than
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
        group: The trader of each row, for members, folds and metrics that part traders; null
            where none is known, None when none are.
        known_on: The day on which each outcome became known, null where nobody says: no booster that
            is measured learns from outcomes that later days brought. For the leak detector as well.
        out_of_fold: Gives the same frame with the rates of past finds taken from other groups;
            see :func:`history.with_fair_past`.
        left_out: Containers that could not be learned from, for the card.
        created_at: When, UTC, for the card; None keeps clocks out of the bytes.
        note: The analyst's words for the card.
        progress: Told the share that is done, 0 to 1.

    Raises:
        TrainingImpossible: There are no finds or no nils, an outcome or a day is unknown, or no
            feature tells one container from another.
        FeatureMismatch: The frame lacks a feature, or has it in another kind.
    """
    settings = settings or TrainingSettings()
    _check_history(frame, is_find, assessed_on, weight, known_on)
    offered, refused = without_refused(features, settings.without)
    choice = choose_features(frame, offered, settings.category_containers)
    choice = replace(choice, dropped=(*refused, *choice.dropped))
    history = make_history(
        choice, is_find, assessed_on, weight, group, settings, known_on=known_on
    )
    leaks = find_leaks(choice, history.lesson.is_find, history.days, known_on)
    history, choice = with_fair_past(history, choice, out_of_fold)
    steps = _Steps(progress, fits=3 + len(history.split.slices) + history.is_refitted)
    history, choice = _sifted(history, choice, steps.next())
    history = _tuned(history)
    trees, tree_remarks = _tree_count(history, steps.next())
    measured = _measure(history, trees, steps)
    later = (measured.rows, measured.margins)
    unseen = measure_unseen(history, trees, measured.calibration, later, steps.next())
    booster = measured.booster
    if history.is_refitted:
        booster = fit(history.whole, history.settings, trees, steps.next())
    remarks = (*history.remarks, *tree_remarks, *measured.remarks)
    card = _card(history, choice, measured, booster, frame)
    card = replace(
        card,
        created_at=created_at,
        left_out=tuple(left_out),
        leaks=leaks,
        unseen_traders=unseen,
        remarks=remarks,
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
    frame: pl.DataFrame,
    is_find: pl.Series,
    assessed_on: pl.Series,
    weight: pl.Series | None,
    known_on: pl.Series | None,
) -> None:
    lengths = {frame.height, is_find.len(), assessed_on.len()}
    lengths |= {beside.len() for beside in (weight, known_on) if beside is not None}
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


def _sifted(
    history: History, choice: Choice, report: Callable[[float], None]
) -> tuple[History, Choice]:
    """Leave out what teaches nothing that lasts, judged inside the earlier side."""
    if history.inner() is None or not history.settings.noise_is_dropped:
        report(1.0)
        return history, choice
    earlier = history.split.slices[0].earlier
    lesson = history.lesson.take(earlier)
    if lesson.is_find.sum() < FINDS_NEEDED:
        report(1.0)
        return history, choice
    slices = later_blocks(
        history.days[earlier],
        lesson.is_find,
        first_share=_FIRST_SHARE,
        blocks=_BLOCKS,
        known=history.known[earlier],
    )
    kept = sift(choice, lesson, slices, history.settings, report)
    return history.narrowed(kept), kept


def _tuned(history: History) -> History:
    """Try other settings inside the earlier side, if that was asked for."""
    cut = history.inner()
    if history.settings.tuning_trials == 0:
        return history
    if cut is None:
        remark = "Too few finds to try settings by later days: they were taken as given."
        return replace(history, remarks=(*history.remarks, remark))
    lesson = history.lesson
    settings, remark = tune(lesson.take(cut.earlier), lesson.take(cut.later), history.settings)
    return replace(history, settings=settings, remarks=(*history.remarks, remark))


def _tree_count(
    history: History, report: Callable[[float], None]
) -> tuple[int, tuple[str, ...]]:
    """Choose the number of trees inside the earlier side, so that the later side stays unseen."""
    settings, lesson = history.settings, history.lesson
    cut = history.inner()
    if cut is not None:
        earlier, later = lesson.take(cut.earlier), lesson.take(cut.later)
        return best_tree_count(earlier, later, settings, report), ()
    report(1.0)
    trees = min(_TREES_UNCHOSEN, settings.trees_at_most)
    return trees, (
        f"Too few finds to choose the number of trees by later days: {trees} were taken.",
    )


def _measure(history: History, trees: int, steps: _Steps) -> _Measured:
    """Score each later side by what its earlier side taught; calibrate and measure on them all."""
    split = history.split
    booster = None
    margins = [np.empty(0)]
    rows = [np.empty(0, dtype=np.intp)]
    for part in split.slices:
        lesson = history.lesson_of(part)
        booster = fit(lesson.take(part.earlier), history.settings, trees, steps.next())
        margins.append(raw_margins(booster, lesson.matrix[part.later]))
        rows.append(part.later)
    pooled, measured_rows = np.concatenate(margins), np.concatenate(rows)
    later = history.lesson.take(measured_rows)
    calibration = calibrate(later.is_find, pooled, later.weight)
    return _Measured(
        calibration=calibration,
        metrics=measure(later.is_find, pooled, calibration, split.validation),
        booster=booster,
        rows=measured_rows,
        margins=pooled,
        remarks=_remarks(history, int(later.is_find.sum()), calibration),
    )


def _remarks(history: History, finds: int, calibration: Calibration) -> tuple[str, ...]:
    split, settings = history.split, history.settings
    remarks: list[str] = []
    waiting = history.waiting()
    if waiting:
        remarks.append(
            f"The outcomes of {waiting} earlier containers became known only on the later days:"
            " what was measured there had not learned from them."
        )
    if split.validation == "out-of-time folds":
        remarks.append(
            f"The latest days hold fewer than {settings.finds_needed} finds: calibration and"
            f" metrics come from {len(split.slices)} out-of-time folds with {finds} finds in all."
        )
    if split.validation == "folds by trader":
        remarks.append(
            "All containers are of one day: calibration and metrics come from"
            f" {len(split.slices)} folds of traders, or of containers where no trader is known,"
            " that were not learned from."
        )
    if split.validation == "none":
        remarks.append(
            "The history cannot be cut into earlier and later days with finds on both sides, the"
            " earlier ones known by then: nothing was measured, and the margins are taken as they are."
        )
    if calibration.slope == 0:
        remarks.append(
            "Later outcomes do not follow the model's ranking at all: its slope is 0."
        )
    return tuple(remarks)


def _card(
    history: History,
    choice: Choice,
    measured: _Measured,
    booster: Any,
    frame: pl.DataFrame,
) -> ModelCard:
    """Return what the card says of the model itself; who made it and why is added after."""
    later_finds = history.lesson.is_find[measured.rows]
    log_odds = measured.calibration.intercept + measured.calibration.slope * measured.margins
    shown = choice.encoded.gather_every(-(-choice.encoded.height // _STRENGTH_ROWS))
    parts = raw_contributions(booster, to_matrix(shown))[:, :-1]
    names = [spec.name for spec in choice.features]
    margins = measured.margins
    if not margins.size:
        margins = raw_margins(booster, to_matrix(shown))
    weight, finds = history.whole.weight, history.whole.is_find
    return ModelCard(
        schema=SCHEMA,
        id="",
        purpose="finds",
        created_at=None,
        features=choice.features,
        dropped=choice.dropped,
        left_out=(),
        leaks=(),
        strengths=_strengths(parts, names),
        window=_window(history),
        base_find_rate=math.fsum(weight[finds].tolist()) / math.fsum(weight.tolist()),
        parameters=history.settings,
        members=history.settings.members,
        trees=booster.num_trees(),
        calibration=measured.calibration,
        metrics=measured.metrics,
        unseen_traders=None,
        slices=slices_of(frame[measured.rows], later_finds, log_odds),
        lift=lift_of(later_finds, measured.margins),
        directions=directions_of(
            shown, pl.DataFrame(parts, schema=names, orient="row"), choice.features
        ),
        reference=references_of(frame, choice.encoded, choice.features),
        score_reference=reference_of("margin", margins),
        combination=None,
        libraries=libraries(),
        model_sha256="",
        golden_sha256="",
        remarks=(),
        note="",
    )


def _window(history: History) -> TrainingWindow:
    slices = history.split.slices
    return TrainingWindow(
        first_on=history.days.min().item(),
        last_on=history.days.max().item(),
        later_from=slices[0].later_from if slices else None,
        containers=history.days.size,
        finds=int(history.lesson.is_find.sum()),
    )


def _strengths(parts: Floats, names: Sequence[str]) -> tuple[Strength, ...]:
    """Mean |contribution| over containers spread evenly through the history."""
    means = np.abs(parts).mean(axis=0).tolist()
    strengths = [
        Strength(name=name, mean_log_odds=mean) for name, mean in zip(names, means, strict=True)
    ]
    return tuple(sorted(strengths, key=lambda one: (-one.mean_log_odds, one.name)))
