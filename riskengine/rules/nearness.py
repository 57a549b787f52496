"""How many containers stand as near to a rule as one does: counted by the rules' own engine, from a condition made of the rule's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from riskengine.errors import RuleError
from riskengine.rules.evaluate import evaluate
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
    Minus,
    Mode,
    Not,
    Number,
    OneOf,
    SettingRef,
    Text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from riskengine.rules.rule import Rule
    from riskengine.rules.tree import Node

    Tree = Group | Condition

_FURTHEST = 1.0
_DAYS = 365.0
# A distance is divided and multiplied again: by the last digit, none may fall out of its own count.
_SLACK = 1e-9
_NUMERIC = (Number, SettingRef, Minus, Arithmetic, Call)


def count_as_near(near: Sequence[tuple[Rule, float]], frame: pl.DataFrame) -> tuple[int, ...]:
    """Return how many containers one line keeps from matching each rule, at most so far from turning.

    All rules are asked at once, of every container.

    Args:
        near: The rules, with their lists, and of each the distance (``Turn.distance``); no two are one
            version of a rule.
        frame: One row a container, with the measures of the rules as columns.

    Raises:
        RuleError: A rule cannot be asked of these containers.
    """
    asked = [
        replace(rule, when=_one_short(rule.when, distance, wanted=True), unless=(), exceptions=(), measures=())
        for rule, distance in near
    ]  # fmt: skip
    verdicts = evaluate(asked, frame)
    for failure in verdicts.failed:
        raise RuleError(
            f"{failure.rule_id} could not be asked of the containers of the run: {failure.sentence}"
        )
    counts = {
        (rule_id, version): match
        for rule_id, version, match in verdicts.counts.select(
            "rule_id", "version", "match"
        ).rows()
    }
    return tuple(counts[rule.id, rule.version] for rule in asked)


def asks_for_words(node: Node, *, wanted: bool) -> bool:
    """Tell whether a line could turn only by another code or word: of these nothing is nearer than the rest."""
    if isinstance(node, Not):
        return asks_for_words(node.operand, wanted=not wanted)
    if isinstance(node, (Both, Either)):
        return all(asks_for_words(side, wanted=wanted) for side in (node.left, node.right))
    if isinstance(node, Compare):
        is_text = isinstance(node.left, Text) or isinstance(node.right, Text)
        return is_text and node.operator == ("=" if wanted else "!=")
    return wanted and isinstance(node, (OneOf, InList, Contains, ContainsAny, Affix))


def has_distance(node: Node) -> bool:
    """Tell whether a line compares numbers or days, so that it can be more or less near to turning."""
    return _within(node, _FURTHEST) is not None


def _one_short(tree: Tree, distance: float, *, wanted: bool) -> Tree:
    """Return what holds where *tree* comes out otherwise than wanted, by one line, and that one near enough."""
    if isinstance(tree, Condition):
        return _near_turning(tree, distance, wanted=wanted)
    inner = wanted if tree.mode is not Mode.NONE else not wanted
    short = [_one_short(member, distance, wanted=inner) for member in tree.members]
    held = [_comes_out(member, wanted=inner) for member in tree.members]
    if (tree.mode is Mode.ALL) is not inner:
        return _all(Group(mode=Mode.NONE, members=tuple(held)), _any(*short))
    return _any(*(_all(one, *held[:n], *held[n + 1 :]) for n, one in enumerate(short)))


def _near_turning(line: Condition, distance: float, *, wanted: bool) -> Tree:
    fails = _comes_out(line, wanted=not wanted)
    if distance >= _FURTHEST:
        return fails
    near = _within(line.tree, distance)
    # A line without a distance is as far as can be: further than this.
    return _all(fails, _comes_out(line, wanted=wanted) if near is None else _line(line, near))


def _within(node: Node, distance: float) -> Node | None:
    """Return the condition that a comparison is within a distance of turning; None where it has none."""
    if isinstance(node, Between):
        sides = [
            _within(Compare("=", node.operand, bound), distance)
            for bound in (node.low, node.high)
        ]
        low, high = sides
        return low if high is None else high if low is None else Either(low, high)
    if not isinstance(node, Compare) or node.operator == "!=":
        return None
    kinds = {_kind(node.left), _kind(node.right)}
    reach = Number(distance + _SLACK)
    if kinds == {"number"}:
        sizes = (Call("abs", (node.left,)), Call("abs", (node.right,)))
        apart = Call("abs", (Arithmetic("-", node.left, node.right),))
        return Compare("<=", apart, Arithmetic("*", reach, Call("larger_of", sizes)))
    if kinds == {"date"}:
        apart = Call("abs", (Call("days_between", (node.left, node.right)),))
        return Compare("<=", apart, Arithmetic("*", reach, Number(_DAYS)))
    return None


def _kind(node: Node) -> str:
    if isinstance(node, FieldRef):
        return node.kind or ""
    if isinstance(node, Day):
        return "date"
    return "number" if isinstance(node, _NUMERIC) else ""


def _comes_out(tree: Tree, *, wanted: bool) -> Tree:
    return tree if wanted else Group(mode=Mode.NONE, members=(tree,))


def _line(line: Condition, tree: Node) -> Condition:
    return Condition(text=line.text, tree=tree, place=line.place)


def _all(*members: Tree) -> Group:
    return Group(mode=Mode.ALL, members=members)


def _any(*members: Tree) -> Group:
    return Group(mode=Mode.ANY, members=members)
