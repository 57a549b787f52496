"""The same tree evaluated in plain Python, one container at a time: the oracle, and the explainer."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, TypeAlias

from riskengine.domain import Verdict
from riskengine.rules.tree import (
    Affix,
    Arithmetic,
    Between,
    Both,
    Call,
    Compare,
    Condition,
    Contains,
    ContainsAny,
    Day,
    Either,
    FieldRef,
    Group,
    InList,
    IsMissing,
    Minus,
    Mode,
    Node,
    Not,
    Number,
    OneOf,
    SettingRef,
    Text,
    Truth,
    Value,
    fields_needed,
    fields_read,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from riskengine.rules.rule import Rule, RuleException

Row: TypeAlias = "Mapping[str, object]"

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_HALF = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafReading:
    """One line of a rule as it was read for one container.

    Attributes:
        condition: The line.
        holds: Whether it holds; None where what it needs is missing.
        values: Each field it reads, with the value found.
        is_excuse: Whether it stands under ``unless``, or is an exception of this unit.
        exception: That exception; None for what the author wrote.
    """

    condition: Condition
    holds: bool | None
    values: tuple[tuple[str, Value], ...]
    is_excuse: bool
    exception: RuleException | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleReading:
    """What a rule says of one container, line by line.

    Attributes:
        verdict: match, no_match, unknown or excused.
        leaves: Every line, none skipped.
        missing: The fields that are missing, where the verdict is unknown.
        lines_short: How many lines would have to turn for the rule to match; 0 where it holds.
    """

    verdict: Verdict
    leaves: tuple[LeafReading, ...]
    missing: tuple[str, ...]
    lines_short: int

    @property
    def is_near_miss(self) -> bool:
        """Tell whether one single line keeps the rule from matching."""
        return self.verdict is Verdict.NO_MATCH and self.lines_short == 1


def verdict_of(rule: Rule, row: Row) -> tuple[Verdict, tuple[str, ...]]:
    """Return what *rule* says of one container, and the fields that it misses where it cannot say."""
    evaluator = _Evaluator(rule, row)
    verdict = evaluator.verdict(rule)
    if verdict is not Verdict.UNKNOWN:
        return verdict, ()
    needed = fields_needed(rule.when)
    return verdict, tuple(ref.name for ref in needed if evaluator.read(ref) is None)


def answers_about(rule: Rule, row: Row) -> Callable[[Rule], Verdict]:
    """Return a function that says what *rule*, or a changed form of it, says of one container.

    The changed forms ask the lists of *rule*; these are made ready once only.
    """
    return _Evaluator(rule, row).verdict


def truth_alone(tree: Node, row: Row) -> bool | None:
    """Return whether a condition that asks no list holds; None where what it needs is missing."""
    return _Evaluator(None, row).truth(tree)


def explain_rule(rule: Rule, row: Row) -> RuleReading:
    """Return every line of *rule* with the values of one container and whether it holds."""
    evaluator = _Evaluator(rule, row)
    verdict, missing = verdict_of(rule, row)
    parts: list[tuple[Group | Condition, bool, RuleException | None]] = [
        (rule.when, False, None),
        *((tree, True, None) for tree in rule.unless),
        *((exception.condition, True, exception) for exception in rule.exceptions),
    ]
    readings = [
        LeafReading(
            condition=leaf,
            holds=evaluator.truth(leaf),
            values=tuple((ref.name, evaluator.read(ref)) for ref in fields_read(leaf)),
            is_excuse=is_excuse,
            exception=exception,
        )
        for tree, is_excuse, exception in parts
        for leaf in _leaves(tree)
    ]
    return RuleReading(
        verdict=verdict,
        leaves=tuple(readings),
        missing=missing,
        lines_short=evaluator.short_of(rule.when, wanted=True),
    )


def excused_by(rule: Rule, row: Row) -> tuple[RuleException, ...]:
    """Return the exceptions that hold for a container; none where the author's ``unless`` excuses it already."""
    evaluator = _Evaluator(rule, row)
    if any(evaluator.truth(tree) is True for tree in rule.unless):
        return ()
    return tuple(e for e in rule.exceptions if evaluator.truth(e.condition) is True)


def value_in(rule: Rule, row: Row, tree: Node) -> Value:
    """Return the value of one part of a condition; for a condition, True, False or None."""
    return _Evaluator(rule, row).value(tree)


def truth_in(rule: Rule, row: Row, tree: Node | Group | Condition) -> bool | None:
    """Return whether one line or group of a rule holds for a container; None where that is unknown."""
    return _Evaluator(rule, row).truth(tree)


def _leaves(tree: Group | Condition) -> Iterable[Condition]:
    if isinstance(tree, Condition):
        return (tree,)
    return (leaf for member in tree.members for leaf in _leaves(member))


class _Evaluator:
    """Kleene's three-valued logic over one container; None is unknown."""

    def __init__(self, rule: Rule | None, row: Row) -> None:
        lists = () if rule is None else rule.lists
        self._lists = {entry.name: frozenset(entry.values) for entry in lists}
        self._row = row

    def verdict(self, rule: Rule) -> Verdict:
        holds = self.truth(rule.when)
        if holds is None:
            return Verdict.UNKNOWN
        if not holds:
            return Verdict.NO_MATCH
        is_excused = any(self.truth(tree) is True for tree in rule.excuses)
        return Verdict.EXCUSED if is_excused else Verdict.MATCH

    def truth(self, tree: Node | Group | Condition) -> bool | None:
        if isinstance(tree, Condition):
            return self.truth(tree.tree)
        if isinstance(tree, Group):
            answers = [self.truth(member) for member in tree.members]
            if tree.mode is Mode.ALL:
                return _all(answers)
            return _any(answers) if tree.mode is Mode.ANY else _not(_any(answers))
        value = self.value(tree)
        return value if isinstance(value, bool) else None

    def short_of(self, tree: Group | Condition, *, wanted: bool) -> int:
        """Return how few lines would have to turn for *tree* to come out as wanted."""
        if isinstance(tree, Condition):
            return 0 if self.truth(tree) is wanted else 1
        inner = wanted if tree.mode is not Mode.NONE else not wanted
        costs = [self.short_of(member, wanted=inner) for member in tree.members]
        needs_every = (tree.mode is Mode.ALL) is inner
        return sum(costs) if needs_every else min(costs)

    def read(self, ref: FieldRef) -> Value:
        """Return the value of a field; what is not finite is missing."""
        value = self._row.get(ref.name)
        if value is None:
            return None
        if ref.kind == "number" and isinstance(value, (int, float)):
            return _finite(float(value))
        if ref.kind == "texts" and isinstance(value, (list, tuple)):
            return tuple(value)  # pyright: ignore[reportUnknownArgumentType]
        return value if isinstance(value, (str, bool, date)) else None

    def value(self, node: Node) -> Value:  # noqa: PLR0911 - one for each kind of node
        """Return the value of any part of a condition."""
        if isinstance(node, FieldRef):
            return self.read(node)
        if isinstance(node, (Number, Text, Day, Truth, SettingRef)):
            return node.value
        if isinstance(node, Minus):
            inner = self._number(node.operand)
            return None if inner is None else -inner
        if isinstance(node, Arithmetic):
            return self._arithmetic(node)
        if isinstance(node, Call):
            return self._call(node)
        if isinstance(node, Both):
            return _all([self.truth(node.left), self.truth(node.right)])
        if isinstance(node, Either):
            return _any([self.truth(node.left), self.truth(node.right)])
        if isinstance(node, Not):
            return _not(self.truth(node.operand))
        if isinstance(node, IsMissing):
            return self._comparable(node.operand) is None
        return self._comparison(node)

    def _comparison(self, node: Node) -> bool | None:
        if isinstance(node, Compare):
            return _compare(
                node.operator, self._comparable(node.left), self._comparable(node.right)
            )
        if isinstance(node, Between):
            value = self._comparable(node.operand)
            low = _compare(">=", value, self._comparable(node.low))
            return _all([low, _compare("<=", value, self._comparable(node.high))])
        if isinstance(node, OneOf):
            value = self._comparable(node.operand)
            return None if value is None else value in [self.value(v) for v in node.values]
        if isinstance(node, (InList, ContainsAny, Contains, Affix)):
            return self._search(node)
        return None

    def _search(self, node: InList | ContainsAny | Contains | Affix) -> bool | None:
        value = self.value(node.operand)
        if value is None:
            return None
        if isinstance(node, Affix):
            text = str(value)
            return (
                text.startswith(node.text) if node.end == "starts" else text.endswith(node.text)
            )
        wanted = {node.text} if isinstance(node, Contains) else self._lists[node.list_name]
        if isinstance(node, InList):
            return value in wanted
        if isinstance(value, tuple):
            if wanted.intersection(value):
                return True
            return None if None in value else False
        return any(entry in str(value) for entry in wanted)

    def _arithmetic(self, node: Arithmetic) -> float | None:
        left, right = self._number(node.left), self._number(node.right)
        if left is None or right is None:
            return None
        if node.operator == "/":
            return None if right == 0 else left / right
        if node.operator == "*":
            return left * right
        return left + right if node.operator == "+" else left - right

    def _call(self, node: Call) -> float | None:
        values = [self.value(argument) for argument in node.arguments]
        if any(value is None for value in values):
            return None
        if node.function == "length":
            return float(len(values[0])) if isinstance(values[0], (str, tuple)) else None
        if node.function == "days_between":
            earlier, later = values
            if isinstance(earlier, date) and isinstance(later, date):
                return float((later - earlier).days)
            return None
        return _of_numbers(node.function, [v for v in values if isinstance(v, float)])

    def _number(self, node: Node) -> float | None:
        value = self.value(node)
        return value if isinstance(value, float) else None

    def _comparable(self, node: Node) -> Value:
        value = self.value(node)
        return _finite(value) if isinstance(value, float) else value


def _compare(sign: str, left: Value, right: Value) -> bool | None:
    return None if left is None or right is None else _COMPARE[sign](left, right)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _of_numbers(function: str, numbers: list[float]) -> float | None:
    if function in {"smaller_of", "larger_of"}:
        if not all(math.isfinite(number) for number in numbers):
            return None
        return min(numbers) if function == "smaller_of" else max(numbers)
    return abs(numbers[0]) if function == "abs" else rounded(numbers[0])


def rounded(value: float) -> float:
    """Return the nearest whole number, halves away from zero, as DuckDB rounds."""
    if not math.isfinite(value):
        return value
    whole = float(math.trunc(value))
    return whole + math.copysign(1.0, value) if abs(value - whole) >= _HALF else whole


def _all(answers: list[bool | None]) -> bool | None:
    if False in answers:
        return False
    return None if None in answers else True


def _any(answers: list[bool | None]) -> bool | None:
    if True in answers:
        return True
    return None if None in answers else False


def _not(answer: bool | None) -> bool | None:
    return None if answer is None else not answer
