"""A history as training uses it: encoded, cut into earlier and later, its past finds told fairly."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from riskengine.model.booster import raw_margins
from riskengine.model.encode import encode_features, to_matrix
from riskengine.model.fit import Lesson, containers_in_leaf, fit
from riskengine.model.members import blocks_of_days
from riskengine.model.metrics import average_precision
from riskengine.model.split import (
    Slice,
    Split,
    fold_by_trader,
    known_days,
    later_slice,
    split_history,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from typing import Protocol

    import numpy.typing as npt

    from riskengine.model.choose import Choice
    from riskengine.model.settings import TrainingSettings

    Days = npt.NDArray[np.datetime64]
    Ints = npt.NDArray[np.int64]

    class OutOfFold(Protocol):
        """Gives the containers learned from, their past finds by the outcomes of other folds."""

        def __call__(
            self,
            known_before: date | None,
            folds: pl.Series | None = None,
            held_back: int | None = None,
            /,
        ) -> pl.DataFrame:
            """Return them by what was known before a day, in folds of one's own; one fold may teach nobody."""
            ...


NOBODY: Final = -1
"""The trader of a container whose trader is not known."""
_TWINS_ARE_MANY: Final = 0.5
_CLEARLY_BETTER: Final = 1.02
_TRIAL_TREES: Final = 60
_TRIAL_RATE: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What is learned from: the encoded containers, their days and traders, and how they are measured.

    Attributes:
        lesson: The containers as boosters see them that are measured: nothing later is told of earlier ones.
        whole: The containers as the final booster sees them.
        days: When each was assessed.
        known: Since when its outcome is known.
        traders: Whose each is; None where no trader is known.
        split: How the history is measured.
        settings: How to train.
        remarks: What a reader of the card should know of all this.
        told: Gives the containers as boosters see them that are measured on a slice, where each slice has
            its own; None: all see `lesson`.
    """

    lesson: Lesson
    whole: Lesson
    days: Days
    known: Days
    traders: Ints | None
    split: Split
    settings: TrainingSettings
    remarks: tuple[str, ...] = ()
    told: Callable[[Slice], pl.DataFrame] | None = None

    @property
    def is_refitted(self) -> bool:
        """Whether the final booster is another than those that were measured."""
        return self.settings.refit or self.split.validation != "later slice"

    def waiting(self) -> int:
        """Return how many containers of earlier days a measured booster did not learn from: nobody knew them yet."""
        is_waiting = np.zeros(self.days.size, dtype=np.bool_)
        for part in self.split.slices:
            if part.later_from is not None:
                first = np.datetime64(part.later_from)
                is_waiting |= (self.days < first) & (self.known >= first)
        return int(is_waiting.sum())

    def lesson_of(self, part: Slice) -> Lesson:
        """Return the containers as a booster sees them that is measured on a slice."""
        if self.told is None:
            return self.lesson
        encoded = encode_features(self.told(part), self.lesson.features)
        return replace(self.lesson, matrix=to_matrix(encoded))

    def inner(self) -> Slice | None:
        """Return a cut of the earlier side to choose by; None unless both its sides hold finds enough."""
        if self.split.validation != "later slice":
            return None
        earlier = self.split.slices[0].earlier
        cut = later_slice(self.days, earlier, self.settings.later_share, known=self.known)
        if cut is None:
            return None
        found = [int(self.lesson.is_find[side].sum()) for side in (cut.earlier, cut.later)]
        return cut if min(found) >= self.settings.finds_needed else None

    def narrowed(self, choice: Choice) -> History:
        """Return the history with the features of a narrower choice alone."""
        wanted = {spec.name for spec in choice.features}
        places = [at for at, spec in enumerate(self.lesson.features) if spec.name in wanted]
        lesson, whole = (
            replace(one, features=choice.features, matrix=one.matrix[:, places])
            for one in (self.lesson, self.whole)
        )
        return replace(self, lesson=lesson, whole=whole)


def make_history(  # noqa: PLR0913, PLR0917  # the parts of a history
    choice: Choice,
    is_find: pl.Series,
    assessed_on: pl.Series,
    weight: pl.Series | None,
    group: pl.Series | None,
    settings: TrainingSettings,
    *,
    known_on: pl.Series | None = None,
) -> History:
    """Return the history that a choice of features makes of the examined containers."""
    days = assessed_on.cast(pl.Date).to_numpy().astype("datetime64[D]")
    known = known_days(known_on, days)
    weights = np.ones(is_find.len()) if weight is None else weight.cast(pl.Float64).to_numpy()
    twins = _twin_counts(choice, settings)
    shared = settings.twins_share_weight
    if shared is None:
        shared = bool((twins > 1).mean() > _TWINS_ARE_MANY)
    traders = _traders(group)
    lesson = Lesson(
        features=choice.features,
        matrix=to_matrix(choice.encoded),
        is_find=is_find.cast(pl.Boolean).to_numpy().astype(np.bool_),
        weight=np.asarray(weights / twins if shared else weights, dtype=np.float64),
        group=_groups(traders, days, choice),
    )
    return History(
        lesson=lesson,
        whole=lesson,
        days=days,
        known=known,
        traders=traders,
        split=split_history(days, lesson.is_find, settings, lesson.group, known=known),
        settings=replace(
            settings,
            containers_in_leaf=containers_in_leaf(days.size, settings),
            twins_share_weight=shared,
        ),
        remarks=_TWINS_REMARK if shared and settings.twins_share_weight is None else (),
    )


def with_fair_past(
    history: History, choice: Choice, out_of_fold: OutOfFold | None
) -> tuple[History, Choice]:
    """Return the history with its past finds told so that training sees what scoring will see.

    As of each day, the first containers of a history know of few outcomes and the last of many; a
    container that is scored tomorrow knows of all. Out of fold, each container knows of the outcomes
    of all other groups. On a single day only the latter says anything; there the folds are those that
    are measured, and the one that is measured next tells its outcomes to nobody. Otherwise both are
    tried inside the earlier side, on its own later days, and out of fold is taken where it ranks them
    clearly better, by 2 % of the average precision. With too few finds to try, nothing is changed.

    Args:
        history: The history as of each day.
        choice: The features.
        out_of_fold: Gives the frame with rates out of fold, by the outcomes known before a day (None:
            by all), in its own folds or in those given, without the outcomes of a fold that is held
            back. None: there is no such frame.
    """
    if out_of_fold is None or history.split.validation not in {
        "later slice",
        "folds by trader",
    }:
        return history, choice
    if history.split.validation == "folds by trader":
        return _told_by_fold(history, choice, out_of_fold)
    inner = history.inner()
    if inner is None:
        remark = "Past finds enter training as they were known on each day: too few finds to try anything else."
        return replace(history, remarks=(*history.remarks, remark)), choice
    as_of_day, fair = (
        _later_precision(lesson, inner, history.settings)
        for lesson in (history.lesson, _told_before(inner, history, choice, out_of_fold))
    )
    said = f"average precision {fair:.3f} out of fold, {as_of_day:.3f} as of each day"
    if fair <= _CLEARLY_BETTER * as_of_day:
        remark = (
            f"Past finds enter training as they were known on each day ({said} on later days)."
        )
        return replace(history, remarks=(*history.remarks, remark)), choice
    remark = (
        "Past finds enter training out of fold: each container is told the outcomes of other groups,"
        f" whenever they became known ({said} on later days)."
    )
    other = _told_before(history.split.slices[0], history, choice, out_of_fold)
    encoded = _encoded(out_of_fold(None), choice)
    whole = replace(history.whole, matrix=to_matrix(encoded))
    remarks = (*history.remarks, remark)
    return replace(history, lesson=other, whole=whole, remarks=remarks), replace(
        choice, encoded=encoded
    )


_TWINS_REMARK: Final = (
    "More than half of the containers have an exact twin; twins share the weight of one.",
)
_ONE_DAY: Final = (
    "All containers are of one day: past finds enter training out of fold, each container being told"
    " the outcomes of other groups."
)


def _told_before(
    cut: Slice, history: History, choice: Choice, out_of_fold: OutOfFold
) -> Lesson:
    """Return the containers, those before a cut with past finds out of fold, by what was known before it."""
    told = _encoded(out_of_fold(cut.later_from), choice)
    matrix = history.lesson.matrix.copy()
    matrix[cut.earlier] = to_matrix(told)[cut.earlier]
    return replace(history.lesson, matrix=matrix)


def _told_by_fold(
    history: History, choice: Choice, out_of_fold: OutOfFold
) -> tuple[History, Choice]:
    """Return a history of one day: nobody is told the outcomes of their own fold, nor of the one measured."""
    group = history.lesson.group
    if group is None:  # containers without a group are never measured by folds
        return history, choice
    fold = fold_by_trader(group, history.settings)
    folds = pl.Series("fold", fold, dtype=pl.Int64)
    encoded = _encoded(out_of_fold(None, folds), choice)
    whole = replace(history.whole, matrix=to_matrix(encoded))

    def told(part: Slice) -> pl.DataFrame:
        return out_of_fold(None, folds, int(fold[part.later[0]]))

    remarks = (*history.remarks, _ONE_DAY)
    return replace(history, lesson=whole, whole=whole, told=told, remarks=remarks), replace(
        choice, encoded=encoded
    )


def _encoded(frame: pl.DataFrame, choice: Choice) -> pl.DataFrame:
    return encode_features(frame, choice.features)


def _later_precision(lesson: Lesson, cut: Slice, settings: TrainingSettings) -> float:
    trial = replace(settings, members=1, learning_rate=_TRIAL_RATE)
    booster = fit(lesson.take(cut.earlier), trial, _TRIAL_TREES, _quiet)
    margins = raw_margins(booster, lesson.matrix[cut.later])
    return average_precision(lesson.is_find[cut.later], margins) or 0.0


def _traders(group: pl.Series | None) -> Ints | None:
    if group is None or group.null_count() == group.len():
        return None
    codes = group.cast(pl.String).rank("dense").cast(pl.Int64)
    return codes.fill_null(NOBODY).to_numpy().astype(np.int64)


def _groups(traders: Ints | None, days: npt.NDArray[np.datetime64], choice: Choice) -> Ints:
    """Return what is drawn whole: traders, else blocks of days, else containers that are twins."""
    if traders is not None:
        alone = traders.max() + 1 + np.arange(traders.size)
        return np.where(traders == NOBODY, alone, traders)
    if np.unique(days).size > 1:
        return blocks_of_days(days)
    return _twins(choice)


def _twin_counts(choice: Choice, settings: TrainingSettings) -> npt.NDArray[np.float64]:
    if settings.twins_share_weight is False:
        return np.ones(choice.encoded.height)
    _, place, counts = np.unique(_twins(choice), return_inverse=True, return_counts=True)
    return counts[place].astype(np.float64)


def _twins(choice: Choice) -> Ints:
    """Return for each container the first row with the same features: no hash that a next version changes."""
    numbered = choice.encoded.with_row_index("_row")
    first = pl.col("_row").min().over(choice.encoded.columns)
    return numbered.select(first)["_row"].to_numpy().astype(np.int64)


def _quiet(_: float) -> None:
    """Report nothing: a trial is no step of the training."""
