"""Conditions whose answer is known before any container is seen, as far as that is proved in a few steps.

What is not simple is passed over: nothing here claims that the other conditions can answer either way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final, TypeAlias

from riskengine.rules.spelling import spelled
from riskengine.rules.tree import (
    Between,
    Both,
    Compare,
    Condition,
    Contains,
    Day,
    FieldRef,
    Group,
    Minus,
    Mode,
    Number,
    SettingRef,
    nodes,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from riskengine.errors import Place
    from riskengine.rules.rule import Rule
    from riskengine.rules.tree import Node

_DIGITS: Final = {"hs_codes": 6, "hs_headings": 4, "hs_chapters": 2}
"""How many digits every code of these fields has."""
_COUNTS: Final = ("_count", "_before")
"""How the names of fields end that count something."""
_FLIPPED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}

_Bound: TypeAlias = "tuple[float | date, bool]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certainty:
    """A condition that can only say one thing.

    Attributes:
        place: The line.
        sentence: What is certain.
        hint: What may have been meant.
    """

    place: Place
    sentence: str
    hint: str


def certainties(rule: Rule) -> Iterator[Certainty]:
    """Yield the conditions of a rule that can never hold, or hold wherever their field is known."""
    counts = {one.column for one in rule.measures if one.taken == "count"}
    trees = [rule.when, *rule.unless]
    trees += [Group(mode=Mode.ALL, members=one.where) for one in rule.measures if one.where]
    for tree in trees:
        for together in _together(tree):
            yield from _contradictions(rule, together)
            for line in together:
                yield from _alone(rule, line, counts)


def _together(tree: Group | Condition) -> Iterator[list[Condition]]:
    """Yield the lines that must hold together; one that stands for itself comes alone."""
    if isinstance(tree, Condition):
        yield [tree]
        return
    if tree.mode is not Mode.ALL:
        for member in tree.members:
            yield from _together(member)
        return
    joined: list[Condition] = []
    for member in tree.members:
        if isinstance(member, Condition):
            joined.append(member)
        elif member.mode is Mode.ALL:
            first, *others = _together(member)
            joined += first
            yield from others
        else:
            yield from _together(member)
    yield joined


def _contradictions(rule: Rule, lines: Iterable[Condition]) -> Iterator[Certainty]:
    """Yield the lines whose bound leaves nothing beside the bounds of the lines before."""
    lowest: dict[str, tuple[_Bound, Condition]] = {}
    highest: dict[str, tuple[_Bound, Condition]] = {}
    told: set[str] = set()
    for line in lines:
        for name, low, high in _bounds(line.tree):
            if low and (name not in lowest or _is_tighter(low, lowest[name][0], is_low=True)):
                lowest[name] = low, line
            if high and (
                name not in highest or _is_tighter(high, highest[name][0], is_low=False)
            ):
                highest[name] = high, line
            if name in told or name not in lowest or name not in highest:
                continue
            (least, is_from), one = lowest[name]
            (most, is_to), other = highest[name]
            if not _fits(least, most, is_closed=is_from and is_to):
                told.add(name)
                beside = one if other is line else other
                short = rule.short_name(name)
                yield Certainty(
                    place=line.place,
                    sentence=f"this can never hold: no {short!r} is so low and so high at once"
                    if beside is line
                    else f"this can never hold together with '{beside.text}'",
                    hint="Is one of the bounds the wrong way round, or does it belong under 'any'?",
                )


def _fits(least: float | date, most: float | date, *, is_closed: bool) -> bool:
    if isinstance(least, date) and isinstance(most, date):
        return least < most or (least == most and is_closed)
    if isinstance(least, date) or isinstance(most, date):
        return True
    return least < most or (least == most and is_closed)


def _is_tighter(new: _Bound, old: _Bound, *, is_low: bool) -> bool:
    first, second = new[0], old[0]
    if isinstance(first, date) or isinstance(second, date):
        if not (isinstance(first, date) and isinstance(second, date)):
            return False
        nearer = first > second if is_low else first < second
    else:
        nearer = first > second if is_low else first < second
    return nearer or (first == second and old[1] and not new[1])


def _bounds(tree: Node) -> Iterator[tuple[str, _Bound | None, _Bound | None]]:
    """Yield what a line asks of single fields: the field, and its bounds with whether they are included."""
    if isinstance(tree, Both):
        yield from _bounds(tree.left)
        yield from _bounds(tree.right)
    elif isinstance(tree, Between) and isinstance(tree.operand, FieldRef):
        low, high = _constant(tree.low), _constant(tree.high)
        yield (
            tree.operand.name,
            None if low is None else (low, True),
            None if high is None else (high, True),
        )
    elif (found := _compared(tree)) is not None:
        ref, operator, value = found
        low = (value, operator != ">") if operator in {">", ">=", "="} else None
        high = (value, operator != "<") if operator in {"<", "<=", "="} else None
        yield ref.name, low, high


def _alone(rule: Rule, line: Condition, counts: set[str]) -> Iterator[Certainty]:
    for node in nodes(line.tree):
        if isinstance(node, Contains):
            yield from _code(line, node)
        found = _compared(node)
        if found is None:
            continue
        ref, operator, value = found
        is_count = ref.name in counts or ref.name.endswith(_COUNTS)
        said = _said_of_count(operator, value) if is_count else None
        if said is not None:
            short = rule.short_name(ref.name)
            hint = f"{short!r} counts, and is never below 0."
            if said:
                hint += f" If it must only be known, write '{short} is not missing'."
            told = "always holds where the field is known" if said else "can never hold"
            yield Certainty(place=line.place, sentence=f"'{spelled(node)}' {told}", hint=hint)


def _said_of_count(operator: str, value: float | date) -> bool | None:
    """Return what a comparison of a count always says; None where it depends on the count."""
    if isinstance(value, date):
        return None
    if (operator == ">=" and value <= 0) or (operator in {">", "!="} and value < 0):
        return True
    if (operator == "<" and value <= 0) or (operator in {"<=", "="} and value < 0):
        return False
    return None


def _code(line: Condition, node: Contains) -> Iterator[Certainty]:
    digits = (
        _DIGITS.get(node.operand.name)
        if isinstance(node.operand, FieldRef) and node.operand.kind == "texts"
        else None
    )
    if digits is None or (len(node.text) == digits and node.text.isdecimal()):
        return
    fitting = next((n for n, d in _DIGITS.items() if d == len(node.text)), None)
    hint = f"Its codes have {digits} digits each, and one of them must be the whole text."
    if fitting and node.text.isdecimal():
        hint += f" Codes of {len(node.text)} digits stand in {fitting}."
    yield Certainty(place=line.place, sentence=f"'{spelled(node)}' can never hold", hint=hint)


def _compared(tree: Node) -> tuple[FieldRef, str, float | date] | None:
    """Return a comparison of a field with something constant, the field on the left."""
    if not isinstance(tree, Compare):
        return None
    for one, other, operator in (
        (tree.left, tree.right, tree.operator),
        (tree.right, tree.left, _FLIPPED[tree.operator]),
    ):
        value = _constant(other)
        if isinstance(one, FieldRef) and value is not None:
            return one, operator, value
    return None


def _constant(node: Node) -> float | date | None:
    if isinstance(node, (Number, SettingRef)):
        return node.value if math.isfinite(node.value) else None
    if isinstance(node, Minus):
        value = _constant(node.operand)
        return None if value is None or isinstance(value, date) else -value
    return node.value if isinstance(node, Day) else None
