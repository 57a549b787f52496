"""Features that may tell what only the examination could know: too good, known late, or the outcome itself."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

import numpy as np

from riskengine.model.encode import to_matrix
from riskengine.model.figures import Leak
from riskengine.model.metrics import auc

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl

    from riskengine.model.choose import Choice

    Floats = npt.NDArray[np.float64]
    Flags = npt.NDArray[np.bool_]

_TOO_GOOD: Final = 0.98
_PAIR_TOO_GOOD: Final = 0.95
_NEARLY_ALL: Final = 0.95
_FEWEST: Final = 20
"""Containers below which a share of finds says nothing."""
_BASE_AT_MOST: Final = 0.5
_ROWS_OF_EACH: Final = 10_000
"""Finds, and nils, by which an area under the ROC curve is taken."""
_PAIR_ROWS: Final = 3_000
_FEW_VALUES: Final = 12
_ALIKE: Final = 0.9
_SAME: Final = 0.001
_LAG: Final = 0.9
_FEWEST_LAGS: Final = 5
_ENDS: Final = (-np.inf, np.inf)  # being unknown may itself be the tell, at either end


def find_leaks(
    choice: Choice,
    is_find: Flags,
    days: npt.NDArray[np.datetime64],
    known_on: pl.Series | None = None,
) -> tuple[Leak, ...]:
    """Return the features that seem to be written after the examination, in the model's order.

    They are named and not removed, for a very good indicator is possible: a person knows what a
    column is. Each feature is named once, by the strongest sign.

    Args:
        choice: The features and the history encoded by them.
        is_find: What each examination found.
        days: The day on which each container was assessed.
        known_on: The day on which each outcome became known, where that is known.
    """
    matrix = to_matrix(choice.encoded)
    rows = _some_of_each(is_find, _ROWS_OF_EACH)
    outcomes = is_find[rows]
    lag = None if known_on is None else _lags(known_on, days)
    alone = np.full(len(choice.features), 0.5)
    leaks: list[Leak] = []
    for place, spec in enumerate(choice.features):
        values = matrix[:, place]
        alone[place] = _alone(values[rows], outcomes, is_category=spec.kind == "category")
        named = (
            _known_late(spec.name, values, is_find)
            or _twin(spec.name, values, is_find, spec.vocabulary)
            or _too_good(spec.name, float(alone[place]))
            or (None if lag is None else _follows_lag(spec.name, values, lag))
        )
        if named is not None:
            leaks.append(named)
    return tuple(leaks) + _pairs(choice, matrix, is_find, alone, {one.name for one in leaks})


def _some_of_each(is_find: Flags, most: int) -> npt.NDArray[np.intp]:
    """Return rows spread evenly over the finds and over the nils."""
    chosen = [
        held[:: -(-held.size // most)]
        for held in (np.flatnonzero(is_find), np.flatnonzero(~is_find))
        if held.size
    ]
    return np.sort(np.concatenate(chosen))


def _too_good(name: str, area: float) -> Leak | None:
    if area < _TOO_GOOD:
        return None
    return Leak(
        name=name,
        kind="too good",
        measure=area,
        why=f"tells finds from nils almost perfectly alone: area under the ROC curve {area:.3f}",
    )


def _known_late(name: str, values: Floats, is_find: Flags) -> Leak | None:
    """Name a feature that is known, or unknown, nearly only where something was found."""
    is_known = ~np.isnan(values)
    for held, said in ((is_known, "known"), (~is_known, "unknown")):
        share = _share_of_finds(held, is_find)
        if share is not None:
            return Leak(
                name=name,
                kind="known late",
                measure=share,
                why=(
                    f"is {said} for {int(held.sum())} containers, and"
                    f" {100 * share:.0f} % of those are finds"
                ),
            )
    area = _either_way(is_known.astype(np.float64), is_find)
    if area < _NEARLY_ALL:
        return None
    return Leak(
        name=name,
        kind="known late",
        measure=area,
        why=(
            f"tells finds from nils by being known or not: area under the ROC curve {area:.3f}"
        ),
    )


def _twin(
    name: str, values: Floats, is_find: Flags, vocabulary: tuple[str, ...]
) -> Leak | None:
    """Name a feature of which one value stands nearly only at finds."""
    known = values[~np.isnan(values)]
    distinct, counts = np.unique(known, return_counts=True)
    if not vocabulary and distinct.size > _FEW_VALUES:
        return _beside_the_usual(name, values, is_find, float(distinct[counts.argmax()]))
    for value in distinct[counts >= _FEWEST]:
        share = _share_of_finds(values == value, is_find)
        if share is not None:
            said = repr(vocabulary[int(value)]) if vocabulary else f"{value:g}"
            return Leak(
                name=name,
                kind="twin of the label",
                measure=share,
                why=(
                    f"is {said} for {int((values == value).sum())} containers, and"
                    f" {100 * share:.0f} % of those are finds"
                ),
            )
    return None


def _beside_the_usual(name: str, values: Floats, is_find: Flags, usual: float) -> Leak | None:
    """Name a number that is other than its usual value nearly only at finds: a duty recovered, a fine."""
    held = ~np.isnan(values) & (values != usual)
    share = _share_of_finds(held, is_find)
    if share is None:
        return None
    return Leak(
        name=name,
        kind="twin of the label",
        measure=share,
        why=(
            f"is other than {usual:g} for {int(held.sum())} containers, and"
            f" {100 * share:.0f} % of those are finds"
        ),
    )


def _share_of_finds(held: Flags, is_find: Flags) -> float | None:
    """Return the share of finds among some containers, if it is nearly all and they are many."""
    count = int(held.sum())
    if count < _FEWEST or count == held.size or is_find.mean() > _BASE_AT_MOST:
        return None
    share = float(is_find[held].mean())
    return share if share >= _NEARLY_ALL else None


def _follows_lag(name: str, values: Floats, lag: Floats) -> Leak | None:
    """Name a feature that counts the days until the outcome became known."""
    both = ~np.isnan(values) & ~np.isnan(lag)
    if (
        both.sum() < _FEWEST
        or min(_distinct(values[both]), _distinct(lag[both])) < _FEWEST_LAGS
    ):
        return None
    follows = abs(_rank_correlation(values[both], lag[both]))
    if follows < _LAG:
        return None
    return Leak(
        name=name,
        kind="known late",
        measure=follows,
        why=(
            f"goes with the days until the outcome became known: rank correlation {follows:.3f}"
        ),
    )


def _pairs(
    choice: Choice, matrix: Floats, is_find: Flags, alone: Floats, named: set[str]
) -> tuple[Leak, ...]:
    """Name pairs of numbers that measure one thing and differ where something was found."""
    rows = _some_of_each(is_find, _PAIR_ROWS)
    outcomes = is_find[rows]
    places = [
        place
        for place, spec in enumerate(choice.features)
        if spec.kind == "number"
        and spec.name not in named
        and _distinct(matrix[rows, place]) > _FEW_VALUES
    ]
    leaks: list[Leak] = []
    for one, other in itertools.combinations(places, 2):
        first, second = matrix[rows, one], matrix[rows, other]
        if not _measure_one_thing(first, second):
            continue
        area = _either_way(_apart(first, second), outcomes)
        # Where only some finds were weighed again the area is small, and yet whoever differs is a find.
        whole = _apart(matrix[:, one], matrix[:, other])
        share = _share_of_finds(whole > _SAME, is_find)
        if area >= _PAIR_TOO_GOOD and area > max(alone[one], alone[other]):
            measure, sign = area, f"area under the ROC curve of the difference {area:.3f}"
        elif share is not None:
            differ = int((whole > _SAME).sum())
            measure, sign = share, f"{100 * share:.0f} % of the {differ} that differ are finds"
        else:
            continue
        names = (choice.features[one].name, choice.features[other].name)
        leaks += [
            Leak(
                name=name,
                kind="twin of the label",
                measure=measure,
                why=(
                    f"differs from {counterpart} where something was found: {sign}; was one of"
                    " them measured at the examination?"
                ),
            )
            for name, counterpart in (names, names[::-1])
        ]
    once: dict[str, Leak] = {}
    for leak in leaks:
        once.setdefault(leak.name, leak)
    return tuple(once.values())


def _apart(first: Floats, second: Floats) -> Floats:
    """Return by what part of the larger two numbers differ; 0 where one of them is unknown."""
    larger = np.maximum(np.abs(first), np.abs(second))
    return np.nan_to_num(np.abs(first - second) / np.where(larger > 0, larger, 1.0), nan=0.0)


def _measure_one_thing(first: Floats, second: Floats) -> bool:
    """Tell whether two numbers are of the same size and mostly move together."""
    both = np.isfinite(first) & np.isfinite(second) & (first > 0) & (second > 0)
    if both.sum() < max(_FEWEST, first.size // 5):
        return False
    one, other = np.log(first[both]), np.log(second[both])
    if abs(float(np.median(one - other))) > 1 or not one.std() or not other.std():
        return False
    return bool(np.corrcoef(one, other)[0, 1] >= _ALIKE)


def _alone(values: Floats, is_find: Flags, *, is_category: bool) -> float:
    if is_category:
        values = _find_rates(values, is_find)
    return max(_either_way(np.nan_to_num(values, nan=end), is_find) for end in _ENDS)


def _find_rates(codes: Floats, is_find: Flags) -> Floats:
    _, place = np.unique(codes, return_inverse=True)  # all NaN are one value here
    return (np.bincount(place, weights=is_find) / np.bincount(place))[place]


def _either_way(values: Floats, is_find: Flags) -> float:
    area = auc(is_find, values)
    return 0.5 if area is None else max(area, 1 - area)


def _lags(known_on: pl.Series, days: npt.NDArray[np.datetime64]) -> Floats:
    known = known_on.to_numpy().astype("datetime64[D]")
    lag = (known - days).astype(np.float64)
    return np.where(np.isnat(known), np.nan, lag)


def _rank_correlation(first: Floats, second: Floats) -> float:
    ranks = [np.unique(held, return_inverse=True)[1] for held in (first, second)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _distinct(values: Floats) -> int:
    return int(np.unique(values[~np.isnan(values)]).size)
