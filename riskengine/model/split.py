"""Earlier and later, or one trader and another: what a model may learn from, and what it is measured on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from datetime import date

    import numpy.typing as npt

    from riskengine.model.card import TrainingSettings, Validation

    Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Row numbers on both sides of a day: all of `earlier` are before all of `later`.

    Where a history has one day only, the sides part traders instead, and `later_from` is None.
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


def split_history(
    days: npt.NDArray[np.datetime64],
    is_find: npt.NDArray[np.bool_],
    settings: TrainingSettings,
    group: npt.NDArray[np.int64] | None = None,
) -> Split:
    """Return how to measure a history: its latest days if they hold enough finds, else folds.

    The folds cut the days into equal blocks; each block is scored by what was learned from all
    the blocks before it. A history whose finds all lie in its first block cannot be measured.
    Where all days are one, the folds part the groups (traders): none stands on both sides.
    """
    rows = np.arange(days.size)
    if group is not None and np.unique(days).size == 1:
        return _split_by_group(is_find, settings, group)
    one = later_slice(days, rows, settings.later_share)
    if (
        one is not None
        and _can_teach(one, is_find)
        and is_find[one.later].sum() >= settings.finds_needed
    ):
        return Split(validation="later slice", slices=(one,))
    folds = tuple(
        fold for fold in _folds(days, rows, settings.folds) if _can_teach(fold, is_find)
    )
    if any(is_find[fold.later].any() for fold in folds):
        return Split(validation="out-of-time folds", slices=folds)
    return Split(validation="none", slices=())


def fold_of_group(group: npt.NDArray[np.int64], folds: int, seed: int) -> npt.NDArray[np.int64]:
    """Return the fold of each row; the rows of a group share theirs.

    >>> fold_of_group(np.array([5, 5, 9, 9]), 2, seed=7).tolist()
    [1, 1, 0, 0]
    """
    distinct, place = np.unique(group, return_inverse=True)
    return (np.random.default_rng(seed).permutation(distinct.size) % folds)[place]


def _split_by_group(
    is_find: npt.NDArray[np.bool_], settings: TrainingSettings, group: npt.NDArray[np.int64]
) -> Split:
    fold = fold_of_group(group, settings.folds + 1, settings.seed)
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


def later_slice(days: npt.NDArray[np.datetime64], rows: Rows, share: float) -> Slice | None:
    """Cut some rows at the day that leaves the latest share of their distinct days.

    Returns None when all lie on one day.
    """
    distinct = np.unique(days[rows])
    later_days = min(max(1, round(share * distinct.size)), distinct.size - 1)
    if later_days < 1:
        return None
    return _cut(days, rows, distinct[-later_days], distinct[-1])


def later_blocks(
    days: npt.NDArray[np.datetime64],
    is_find: npt.NDArray[np.bool_],
    *,
    first_share: float,
    blocks: int,
) -> tuple[Slice, ...]:
    """Cut the days after the first share of them into blocks; each is later than all that it is shown.

    Blocks before which there are no finds, or no nils, are left out.
    """
    distinct = np.unique(days)
    later = distinct[round(first_share * distinct.size) :]
    rows = np.arange(days.size)
    slices = (
        _cut(days, rows, block[0], block[-1])
        for block in np.array_split(later, blocks)
        if block.size
    )
    return tuple(one for one in slices if one.earlier.size and _can_teach(one, is_find))


def _folds(days: npt.NDArray[np.datetime64], rows: Rows, folds: int) -> list[Slice]:
    blocks = [block for block in np.array_split(np.unique(days[rows]), folds + 1) if block.size]
    return [_cut(days, rows, block[0], block[-1]) for block in blocks[1:]]


def _cut(
    days: npt.NDArray[np.datetime64], rows: Rows, first: np.datetime64, last: np.datetime64
) -> Slice:
    held = days[rows]
    return Slice(
        earlier=rows[held < first],
        later=rows[(held >= first) & (held <= last)],
        later_from=first.astype("datetime64[D]").item(),
    )


def _can_teach(one: Slice, is_find: npt.NDArray[np.bool_]) -> bool:
    outcomes = is_find[one.earlier]
    return bool(outcomes.any()) and not bool(outcomes.all())
