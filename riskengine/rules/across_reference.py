"""The same measures in plain Python, one container at a time: the oracle of the SQL."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from typing import TYPE_CHECKING, TypeAlias

from riskengine.rules.across_sql import LARGEST_TERM, PER_UNIT
from riskengine.rules.reference import rounded, truth_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from riskengine.rules.rule import Measure, Rule
    from riskengine.rules.tree import FieldRef, Value

    Row: TypeAlias = Mapping[str, Value]

_Key: TypeAlias = "tuple[Value, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All containers that a measure may look at.

    Attributes:
        present: The containers that are assessed, the one asked about among them: their fields,
            ``assessed_on``, and perhaps ``voyage_key`` and ``manifest_key``.
        past: Containers of the past: their fields, ``on``, and perhaps ``voyage_key``.
        stow_plan: The boxes on the stow plan; None where none was received.
    """

    present: Sequence[Row]
    past: Sequence[Row] = ()
    stow_plan: Sequence[Row] | None = None


def measures_of(rule: Rule, asked: Row, scene: Scene) -> dict[str, Value]:
    """Return every measure of *rule* for one container, by its column."""
    return {
        measure.column: taken_over(measure, those_counted(rule, measure, asked, scene))
        for measure in rule.measures
    }


def those_counted(
    rule: Rule, measure: Measure, asked: Row, scene: Scene
) -> dict[_Key, list[Row]] | None:
    """Return the rows that a measure is taken over, under each key that they share with the container.

    Args:
        rule: The rule, with the lists that the measure asks.
        measure: One of its measures.
        asked: The container asked about.
        scene: All that the measure may look at.

    Returns:
        None where there is nothing to look at: a shared field or the day is missing, or no stow plan was received.
    """
    keys = _keys(measure, asked)
    day = asked.get("assessed_on")
    if not keys:
        return None
    if measure.is_of_stow_plan:
        if scene.stow_plan is None:
            return None
        others: Iterable[Row] = scene.stow_plan
    elif isinstance(day, date):
        others = _in_sight(measure, asked, day, scene)
    else:
        return None
    found: dict[_Key, list[Row]] = {key: [] for key in keys}
    for other in others:
        shared = keys & _keys(measure, other)
        if shared and all(truth_in(rule, other, line) is True for line in measure.where):
            for key in shared:
                found[key].append(other)
    return found


def taken_over(measure: Measure, found: Mapping[_Key, Sequence[Row]] | None) -> Value:
    """Return a measure, taken over the rows of ``those_counted``."""
    if found is None:
        return None
    if measure.taken == "count":
        return max(float(len(_counted(measure, rows))) for rows in found.values())
    taken = [
        [_value(measure.taken_of[0], row) for row in rows] for rows in found.values() if rows
    ]
    return _aggregated(measure, taken) if taken else None


def _in_sight(measure: Measure, asked: Row, day: date, scene: Scene) -> Iterable[Row]:
    """Yield the peers and the past of one container."""
    voyage, manifest = (asked.get(key) or "" for key in ("voyage_key", "manifest_key"))
    first = day - timedelta(days=measure.within_days)
    for other in scene.present:
        on = other.get("assessed_on")
        if measure.counts_peers and on == day and (other.get("manifest_key") or "") == manifest:
            yield other
    earlier = [(row, row.get("assessed_on")) for row in scene.present]
    earlier += [(row, row.get("on")) for row in scene.past]
    for other, on in earlier:
        is_same_voyage = voyage != "" and other.get("voyage_key") == voyage
        if isinstance(on, date) and first <= on < day and not is_same_voyage:
            yield other


def _keys(measure: Measure, row: Row) -> set[_Key]:
    """Return the keys of a row: several where a field holds several texts, none where one is missing."""
    choices = [_entries(_value(ref, row)) for ref in measure.same]
    return set(product(*choices))


def _entries(value: Value) -> tuple[Value, ...]:
    if isinstance(value, tuple):
        return tuple(entry for entry in value if entry is not None)
    return () if value is None else (value,)


def _value(ref: FieldRef, row: Row) -> Value:
    """Return the value of a field; what is not finite is missing."""
    value = row.get(ref.name)
    if ref.kind == "number" and isinstance(value, (int, float)):
        return float(value) if math.isfinite(value) else None
    return tuple(value) if isinstance(value, list) else value


def _counted(measure: Measure, rows: Iterable[Row]) -> set[Value]:
    """Return the distinct values among *rows*; loose cargo is known by its bills."""
    if measure.of != "containers":
        return {entry for r in rows for entry in _entries(_value(measure.taken_of[0], r))}
    number, bills = measure.taken_of
    found: set[Value] = set()
    for row in rows:
        named, listed = _value(number, row), set(_entries(_value(bills, row)))
        if named is not None:
            found.add(named)
        elif listed:
            found.add(tuple(sorted(str(bill) for bill in listed)))
    return found


def _aggregated(measure: Measure, taken: Sequence[Sequence[Value]]) -> Value:
    known = [[value for value in values if value is not None] for values in taken]
    if measure.taken == "value_of":
        several = {value for values in known for value in values}
        return several.pop() if len(several) == 1 else None
    if [len(values) for values in known] != [len(values) for values in taken]:
        return None
    if measure.taken == "sum":
        sums = [_sum([float(v) for v in values if isinstance(v, float)]) for values in known]
        told = [total for total in sums if total is not None]
        return max(told) if len(told) == len(sums) else None
    smallest = measure.taken == "smallest"
    numbers = [value for values in known for value in values if isinstance(value, float)]
    days = [value for values in known for value in values if isinstance(value, date)]
    if numbers:
        return min(numbers) if smallest else max(numbers)
    return min(days) if smallest else max(days)


def _sum(values: Iterable[float]) -> float | None:
    """Return a sum to the millionth, in whole numbers, so that the order of adding cannot matter."""
    total = 0
    for value in values:
        if abs(value) > LARGEST_TERM:
            return None
        total += int(rounded(value * PER_UNIT))
    if abs(total) > LARGEST_TERM * PER_UNIT:
        return None
    whole, rest = divmod(abs(total), PER_UNIT)
    return math.copysign(1.0, total) * (float(whole) + float(rest) / PER_UNIT)
