"""Every small slip of the hand in one condition: a sign turned, a number moved, a word left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from riskengine.rules.spelling import number, spelled
from riskengine.rules.tree import (
    Affix,
    Arithmetic,
    Between,
    Both,
    Call,
    Compare,
    Contains,
    ContainsAny,
    Day,
    Either,
    FieldRef,
    InList,
    IsMissing,
    Minus,
    Not,
    Number,
    OneOf,
    SettingRef,
    Text,
    Truth,
)
from riskengine.rules.types import type_faults

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from riskengine.rules.tree import Node

_SIGNS = {
    ">": (">=", "<"),
    ">=": (">", "<="),
    "<": ("<=", ">"),
    "<=": ("<", ">="),
    "=": ("!=", "<=", ">="),
    "!=": ("=", "<", ">"),
}
_WITHOUT_ORDER = {"=": ("!=",), "!=": ("=",)}
_SUMS = {"+": "-", "-": "+", "*": "/", "/": "*"}
_TWINS = {"smaller_of": "larger_of", "larger_of": "smaller_of"}
_TAKEN_OFF = frozenset({"abs", "round"})
_WHOLE = frozenset({"days_between", "length", "round"})
_LARGE = 10.0
_TENTH, _HALF = 0.1, 0.5
_MONTH = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """One condition, or a part of one, as it could stand instead.

    Attributes:
        tree: What stands there then.
        at: The character of the line at which the slip is made.
        written: The part as it stands; for people.
        changed: The part as it could stand; empty where it is left out.
        remedy: The key of the sentence that says which test would notice.
        remedy_params: What that sentence names.
    """

    tree: Node
    at: int
    written: str
    changed: str
    remedy: str
    remedy_params: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """What a hand can confuse within one rule.

    Attributes:
        fields: Every field that the rule reads.
        lists: The names of the lists it asks.
        counted: The fields that hold whole numbers only.
    """

    fields: tuple[FieldRef, ...]
    lists: tuple[str, ...]
    counted: Collection[str]


def writable(tree: Node, surface: Surface) -> Iterator[Slip]:
    """Yield every slip in a condition that makes another condition; the reader of rules refuses the others."""
    return (slip for slip in slips(tree, surface) if not type_faults(slip.tree))


def slips(node: Node, surface: Surface) -> Iterator[Slip]:
    """Yield every slip in a condition, or in a part of one that holds or does not."""
    if isinstance(node, Not) and not isinstance(node.operand, IsMissing):
        yield _instead(node, node.operand, "differently")
        yield from _below(node, surface, holds=True)
    elif isinstance(node, (Both, Either)):
        yield _instead(node, Not(node, node.at), "differently")
        yield from _of_joined(node)
        yield from _below(node, surface, holds=True)
    else:
        contrary = node.operand if isinstance(node, Not) else Not(node, node.at)
        yield _instead(node, contrary, "differently")
        yield from _parts(node, surface)


def steps(value: float, *, is_whole: bool) -> tuple[float, ...]:
    """Return the values that a hand could write instead of *value*, the nearest first.

    What counts whole things, or is written as a whole number from 10, moves by one; anything else by a
    tenth. A larger step follows: the half of it, two at least where it is whole.

    >>> steps(3, is_whole=True), steps(0.05, is_whole=False)
    ((4.0, 2.0, 5.0, 1.0), (0.055, 0.045, 0.075, 0.025))
    """
    if is_whole or (abs(value) >= _LARGE and float(value).is_integer()):
        small, large = 1.0, float(max(2, round(abs(value) * _HALF)))
    else:
        small, large = abs(value) * _TENTH or _TENTH, abs(value) * _HALF or _HALF
    moved = (value + small, value - small, value + large, value - large)
    return tuple(round(each, 12) for each in moved)


def counts_whole_things(node: Node, counted: Collection[str]) -> bool:
    """Tell whether a comparison, or a part of one, can only meet whole numbers."""
    if isinstance(node, FieldRef):
        return node.name in counted
    if isinstance(node, (Number, SettingRef)):
        return node.value.is_integer()
    if isinstance(node, Call) and node.function in _WHOLE:
        return True
    if isinstance(node, Arithmetic) and node.operator == "/":
        return False
    parts = [part for _, _, part in _members(node)]
    return bool(parts) and all(counts_whole_things(part, counted) for part in parts)


def _of_joined(node: Both | Either) -> Iterator[Slip]:
    word, other = ("and", "or") if isinstance(node, Both) else ("or", "and")
    swapped = (Either if isinstance(node, Both) else Both)(node.left, node.right, node.at)
    yield Slip(
        tree=swapped,
        at=node.at,
        written=word,
        changed=other,
        remedy="one_side",
        remedy_params={"left": spelled(node.left), "right": spelled(node.right)},
    )
    for kept, dropped in ((node.right, node.left), (node.left, node.right)):
        yield _dropped(kept, dropped, f"{word}_part_dropped")


def _parts(node: Node, surface: Surface) -> Iterator[Slip]:
    """Yield the slips inside a condition that is not joined of others."""
    if isinstance(node, Not):
        yield from _below(node, surface, holds=False)
    elif isinstance(node, Compare):
        yield from _of_comparison(node)
        yield from _below(node, surface, holds=False)
    elif isinstance(node, Between):
        yield from _of_range(node)
        yield from _below(node, surface, holds=False)
    elif isinstance(node, OneOf):
        yield from _of_values(node)
        yield from _below(node, surface, holds=False)
    elif isinstance(node, (InList, ContainsAny)):
        for name in surface.lists:
            if name != node.list_name:
                yield _instead(node, replace(node, list_name=name), "differently")
        yield from _below(node, surface, holds=False)
    elif isinstance(node, (Contains, Affix)):
        yield from _of_search(node)
        yield from _below(node, surface, holds=False)
    elif isinstance(node, (FieldRef, IsMissing)):
        yield from _of_value(node, surface, is_whole=False)


def _of_comparison(node: Compare) -> Iterator[Slip]:
    # Only numbers and dates have an order, and a field of another kind is on one of the sides.
    is_ordered = not any(
        isinstance(side, (Text, Truth))
        or (isinstance(side, FieldRef) and side.kind not in {"number", "date"})
        for side in (node.left, node.right)
    )
    for sign in (_SIGNS if is_ordered else _WITHOUT_ORDER)[node.operator]:
        is_bound = {sign, node.operator} in ({">", ">="}, {"<", "<="})
        yield Slip(
            tree=replace(node, operator=sign),
            at=node.at,
            written=node.operator,
            changed=sign,
            remedy="exactly" if is_bound else "on_the_other_side",
            remedy_params={"left": spelled(node.left), "right": spelled(node.right)},
        )


def _of_range(node: Between) -> Iterator[Slip]:
    low = Compare(">=", node.operand, node.low, node.at)
    high = Compare("<=", node.operand, node.high, node.at)
    left = spelled(node.operand)
    changed: tuple[tuple[Node, str, Node], ...] = (
        (high, "below", node.low),
        (low, "above", node.high),
        (Both(replace(low, operator=">"), high, node.at), "exactly", node.low),
        (Both(low, replace(high, operator="<"), node.at), "exactly", node.high),
    )
    for tree, remedy, bound in changed:
        yield Slip(
            tree=tree,
            at=node.at,
            written=spelled(node),
            changed=spelled(tree),
            remedy=remedy,
            remedy_params={"left": left, "right": spelled(bound)},
        )


def _of_values(node: OneOf) -> Iterator[Slip]:
    for value in node.values:
        rest = tuple(other for other in node.values if other is not value)
        if rest:
            yield Slip(
                tree=replace(node, values=rest),
                at=value.at,
                written=spelled(value),
                changed="",
                remedy="exactly",
                remedy_params={"left": spelled(node.operand), "right": spelled(value)},
            )


def _of_search(node: Contains | Affix) -> Iterator[Slip]:
    texts = [node.text + "X", node.text[:-1], node.text[1:]]
    for text in dict.fromkeys(text for text in texts if text.strip()):
        # What is searched is compared in capitals with single blanks, as the text of the rule.
        yield _instead(node, replace(node, text=text), "differently")
    if isinstance(node, Affix):
        other = replace(node, end="ends" if node.end == "starts" else "starts")
        yield _instead(node, other, "differently")
        yield _instead(node, Contains(node.operand, node.text, node.at), "differently")


def _of_value(node: Node, surface: Surface, *, is_whole: bool) -> Iterator[Slip]:
    """Yield the slips in a part that has a value: a field, a number, a sum."""
    if isinstance(node, FieldRef):
        for ref in surface.fields:
            if ref.kind == node.kind and ref.name != node.name:
                yield _instead(node, replace(ref, at=node.at), "apart")
    elif isinstance(node, Number):
        for value in steps(node.value, is_whole=is_whole):
            params = {
                "low": number(min(value, node.value)),
                "high": number(max(value, node.value)),
            }
            changed = replace(node, value=value)
            yield _instead(node, changed, "between", params)
    elif isinstance(node, Text):
        yield _instead(node, replace(node, value=f"{node.value}X"), "differently")
    elif isinstance(node, Truth):
        yield _instead(node, replace(node, value=not node.value), "differently")
    elif isinstance(node, Day):
        for days in (1, -1, _MONTH, -_MONTH):
            moved = node.value + timedelta(days=days)
            low, high = sorted((moved, node.value))
            params = {"low": low.isoformat(), "high": high.isoformat()}
            yield _instead(node, replace(node, value=moved), "between", params)
    else:
        yield from _of_sum(node)
        yield from _below(node, surface, holds=False, is_whole=is_whole)


def _of_sum(node: Node) -> Iterator[Slip]:
    if isinstance(node, Arithmetic):
        other = replace(node, operator=_SUMS[node.operator])
        yield _instead(node, other, "differently")
    elif isinstance(node, Minus):
        yield _instead(node, node.operand, "differently")
    elif isinstance(node, Call):
        if node.function in _TWINS:
            yield _instead(node, replace(node, function=_TWINS[node.function]), "differently")
        elif node.function in _TAKEN_OFF:
            yield _instead(node, node.arguments[0], "differently")
        elif node.function == "days_between":
            turned = replace(node, arguments=node.arguments[::-1])
            yield _instead(node, turned, "differently")


def _below(
    node: Node, surface: Surface, *, holds: bool, is_whole: bool | None = None
) -> Iterator[Slip]:
    """Yield the slips of every part of *node*, put back into it."""
    counts = counts_whole_things(node, surface.counted) if is_whole is None else is_whole
    for name, place, part in _members(node):
        found = slips(part, surface) if holds else _of_value(part, surface, is_whole=counts)
        for slip in found:
            yield replace(slip, tree=_put_back(node, name, place, slip.tree))


def _members(node: Node) -> Iterator[tuple[str, int | None, Node]]:
    for name in ("left", "right", "operand", "low", "high"):
        part = getattr(node, name, None)
        if part is not None:
            yield name, None, part
    for name in ("arguments", "values"):
        for place, part in enumerate(getattr(node, name, ())):
            yield name, place, part


def _put_back(node: Any, name: str, place: int | None, part: Node) -> Node:
    if place is None:
        return replace(node, **{name: part})
    members = list(getattr(node, name))
    members[place] = part
    return replace(node, **{name: tuple(members)})


def _instead(
    node: Node, other: Node, remedy: str, params: Mapping[str, str] | None = None
) -> Slip:
    written, changed = spelled(node), spelled(other)
    return Slip(
        tree=other,
        at=start_of(node),
        written=written,
        changed=changed,
        remedy=remedy,
        remedy_params=params or {"left": written, "right": changed},
    )


def _dropped(kept: Node, dropped: Node, remedy: str) -> Slip:
    written = spelled(dropped)
    return Slip(
        tree=kept,
        at=start_of(dropped),
        written=written,
        changed="",
        remedy=remedy,
        remedy_params={"left": written, "right": spelled(kept)},
    )


def start_of(node: Node) -> int:
    """Return the character at which the words of *node* begin, not the sign that makes it what it is."""
    return min([node.at, *(start_of(part) for _, _, part in _members(node))])
