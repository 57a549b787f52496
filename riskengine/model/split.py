"""Earlier and later, or one trader and another: what a model may learn from, and what it is measured on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from datetime import date

    import numpy.typing as npt

    from riskengine.model.card import TrainingSettings, Validation

    Rows = npt.NDArray[np.intp]
    Days = npt.NDArray[np.datetime64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Row numbers on both sides of a day: all of `earlier` are before all of `later`, and so are their outcomes.

    A container of an earlier day whose outcome became known on the first later day or after it stands on
    neither side: on that morning it could not have taught. Where a history has one day only, the sides part traders instead, and `later_from` is None.
    """

    earlier: Rows
    later: Rows
    later_from: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """How a history is measured.

    Attributes:
        validation: By one later slice, by folds, or not at all.
        slices: The slices; their later sides do not overlap.
    """

    validation: Validation
    slices: tuple[Slice, ...]


def known_days(known_on: pl.Series | None, days: Days) -> Days:
    """Return the day since when each outcome is known; where nobody says, the container's own day.

    >>> days = np.array(["2026-01-01", "2026-01-02"], dtype="datetime64[D]")
    >>> [str(day) for day in known_days(pl.Series([None, "2026-03-01"]).str.to_date(), days)]
    ['2026-01-01', '2026-03-01']
    """
    if known_on is None:
        return days
    known = known_on.cast(pl.Date).to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(known), days, known)


def split_history(
    days: Days,
    is_find: npt.NDArray[np.bool_],
    settings: TrainingSettings,
    group: npt.NDArray[np.int64] | None = None,
    *,
    known: Days | None = None,
) -> Split:
    """Return how to measure a history: its latest days if they hold enough finds, else folds.

    The folds cut the days into equal blocks; each block is scored by what was learned from all
    the blocks before it. A history whose finds all lie in its first block cannot be measured.
    Where all days are one, the folds part the groups (traders): none stands on both sides.

    Args:
        days: When each container was assessed.
        is_find: What its examination found.
        settings: How to train.
        group: Its trader.
        known: Since when its outcome is known (``known_days``); None: since its own day.
    """
    rows = np.arange(days.size)
    if group is not None and np.unique(days).size == 1:
        return _split_by_group(is_find, settings, group)
    one = later_slice(days, rows, settings.later_share, known=known)
    if (
        one is not None
        and _can_teach(one, is_find)
        and is_find[one.later].sum() >= settings.finds_needed
    ):
        return Split(validation="later slice", slices=(one,))
    folds = tuple(
        fold for fold in _folds(days, rows, settings.folds, known) if _can_teach(fold, is_find)
    )
    if any(is_find[fold.later].any() for fold in folds):
        return Split(validation="out-of-time folds", slices=folds)
    return Split(validation="none", slices=())


def fold_of_group(group: npt.NDArray[np.int64], folds: int, seed: int) -> npt.NDArray[np.int64]:
    """Return the fold of each row; the rows of a group share theirs.

    >>> fold_of_group(np.array([5, 5, 9, 9]), 2, seed=7).tolist()
    [0, 0, 1, 1]
    """
    distinct, place = np.unique(group, return_inverse=True)
    return (np.random.default_rng(seed).permutation(distinct.size) % folds)[place]


def fold_by_trader(
    group: npt.NDArray[np.int64], settings: TrainingSettings
) -> npt.NDArray[np.int64]:
    """Return the fold of each row of a history of one day; each fold is measured once."""
    return fold_of_group(group, settings.folds + 1, settings.seed)


def _split_by_group(
    is_find: npt.NDArray[np.bool_], settings: TrainingSettings, group: npt.NDArray[np.int64]
) -> Split:
    fold = fold_by_trader(group, settings)
    slices = (
        Slice(
            earlier=np.flatnonzero(fold != number),
            later=np.flatnonzero(fold == number),
            later_from=None,
        )
        for number in range(settings.folds + 1)
    )
    sound = tuple(one for one in slices if one.later.size and _can_teach(one, is_find))
    if any(is_find[one.later].any() for one in sound):
        return Split(validation="folds by trader", slices=sound)
    return Split(validation="none", slices=())


def later_slice(
    days: Days, rows: Rows, share: float, *, known: Days | None = None
) -> Slice | None:
    """Cut some rows at the day that leaves the latest share of their distinct days.

    Returns None when all lie on one day.

    Args:
        days: When each container was assessed.
        rows: Which are cut.
        share: The part of their days that is later.
        known: Since when each outcome is known; None: since its own day.
    """
    distinct = np.unique(days[rows])
    later_days = min(max(1, round(share * distinct.size)), distinct.size - 1)
    if later_days < 1:
        return None
    return _cut(days, rows, distinct[-later_days], distinct[-1], known)


def later_blocks(
    days: Days,
    is_find: npt.NDArray[np.bool_],
    *,
    first_share: float,
    blocks: int,
    known: Days | None = None,
) -> tuple[Slice, ...]:
    """Cut the days after the first share of them into blocks; each is later than all that it is shown.

    Blocks before which no finds, or no nils, were known are left out.

    Args:
        days: When each container was assessed.
        is_find: What its examination found.
        first_share: The part of the days that is in no block.
        blocks: How many.
        known: Since when each outcome is known; None: since its own day.
    """
    distinct = np.unique(days)
    later = distinct[round(first_share * distinct.size) :]
    rows = np.arange(days.size)
    slices = (
        _cut(days, rows, block[0], block[-1], known)
        for block in np.array_split(later, blocks)
        if block.size
    )
    return tuple(one for one in slices if one.earlier.size and _can_teach(one, is_find))


def _folds(days: Days, rows: Rows, folds: int, known: Days | None) -> list[Slice]:
    blocks = [block for block in np.array_split(np.unique(days[rows]), folds + 1) if block.size]
    return [_cut(days, rows, block[0], block[-1], known) for block in blocks[1:]]


def _cut(
    days: Days, rows: Rows, first: np.datetime64, last: np.datetime64, known: Days | None
) -> Slice:
    held = days[rows]
    can_teach = held < first
    if known is not None:
        can_teach &= known[rows] < first
    return Slice(
        earlier=rows[can_teach],
        later=rows[(held >= first) & (held <= last)],
        later_from=first.astype("datetime64[D]").item(),
    )


def _can_teach(one: Slice, is_find: npt.NDArray[np.bool_]) -> bool:
    outcomes = is_find[one.earlier]
    return bool(outcomes.any()) and not bool(outcomes.all())
