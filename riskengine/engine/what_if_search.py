"""The smallest sets of changes that take a container out of its lane, among those that were judged."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

from riskengine.domain import Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from riskengine.engine.what_if_bench import Standing
    from riskengine.engine.what_if_rows import Edit

SETS_SHOWN: Final = 3
IN_PAIRS: Final = 12
"""Pairs are made of so many changes: those that alone take most off."""
IN_TRIPLES: Final = 8
MOST_EDITS: Final = 200
"""Of one container more changes of one fact than this are never judged."""
FLAGS_SHOWN: Final = 5
_NOTHING: Final = 1e-9


def severity(standing: Standing) -> int:
    """Return how severe the lane is."""
    return Lane(standing.lane).severity


def is_cleared(standing: Standing) -> bool:
    """Tell whether nothing holds the container: in the green lane, and in the blue one, checked after release."""
    return severity(standing) <= Lane.BLUE.severity


def smallest_sets(
    now: Standing,
    singles: Sequence[Standing],
    judge: Callable[[Sequence[tuple[Edit, ...]]], Sequence[Standing]],
) -> tuple[Standing, ...]:
    """Return the smallest sets that leave the lane, at most three: one change, then two, then three.

    Of equally small ones, those that clear go before those that only lower the lane. Where all of them only lower
    it, one place is kept for the smallest set that clears.

    No set that is returned holds another that does as much: what one change does alone is in no pair, and what a
    pair does is in no triple.

    Args:
        now: Where the container stands.
        singles: Where it would stand with each innocent change of one fact.
        judge: Tells where it would stand with each of several sets.
    """
    effective = best_of_each([one for one in singles if _helps(now, one)])
    found = [one for one in effective if _leaves(now, one)]
    if len(found) < SETS_SHOWN:
        rest = [one for one in effective if not _leaves(now, one)]
        found += _joint(rest, judge, lambda one: _leaves(now, one))
    found = found[:SETS_SHOWN]
    if found and not any(map(is_cleared, found)):
        clearing = _joint(effective, judge, is_cleared)[:1]
        found = sorted([*found[: SETS_SHOWN - len(clearing)], *clearing], key=_size)
    return tuple(found)


def flagging(now: Standing, singles: Iterable[Standing]) -> tuple[Standing, ...]:
    """Return the single changes that would send a container to a severer lane, the worst first, one a fact."""
    worse = [one for one in singles if severity(one) > severity(now)]
    worst: dict[str, Standing] = {}
    for one in sorted(worse, key=_weight, reverse=True):
        worst.setdefault(one.edits[0].fact, one)
    return tuple(worst.values())[:FLAGS_SHOWN]


def best_of_each(singles: Iterable[Standing]) -> list[Standing]:
    """Return of each fact the change that does most: what clears first, then what takes most off."""
    best: dict[str, Standing] = {}
    for one in _sorted(singles):
        best.setdefault(one.edits[0].fact, one)
    return list(best.values())


def _joint(
    singles: Sequence[Standing],
    judge: Callable[[Sequence[tuple[Edit, ...]]], Sequence[Standing]],
    does: Callable[[Standing], bool],
) -> list[Standing]:
    """Return the pairs that do what is asked, then the triples of which no pair does."""
    pairs = [_joined(two) for two in combinations(singles[:IN_PAIRS], 2)]
    triples = [_joined(three) for three in combinations(singles[:IN_TRIPLES], 3)]
    if not pairs:
        return []
    judged = judge([*pairs, *triples])
    by_two = _sorted([one for one in judged[: len(pairs)] if does(one)])
    held = [_facts(one) for one in by_two]
    by_three = [
        one
        for one in judged[len(pairs) :]
        if does(one) and not any(pair < _facts(one) for pair in held)
    ]
    return [*by_two, *_sorted(by_three)]


def _size(one: Standing) -> int:
    return len(one.edits)


def _helps(now: Standing, one: Standing) -> bool:
    return _weight(one)[:2] < _weight(now)[:2] and (
        one.log_odds < now.log_odds - _NOTHING or one.is_demanded < now.is_demanded
    )


def _leaves(now: Standing, one: Standing) -> bool:
    return severity(one) < severity(now)


def _weight(one: Standing) -> tuple[bool, float, str]:
    # What lifts the demand of a rule goes first: no log-odds lift it.
    return (
        one.is_demanded,
        one.log_odds,
        "+".join(edit.fact + edit.clause for edit in one.edits),
    )


def _sorted(many: Iterable[Standing]) -> list[Standing]:
    return sorted(many, key=lambda one: (not is_cleared(one), *_weight(one)))


def _joined(many: Iterable[Standing]) -> tuple[Edit, ...]:
    return tuple(edit for one in many for edit in one.edits)


def _facts(one: Standing) -> frozenset[str]:
    return frozenset(edit.fact for edit in one.edits)
