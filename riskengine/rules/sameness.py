"""When two conditions say the same of every container for certain: by the laws of logic, or by counting.

Three proofs are known, and what none of them proves counts as different.

* The laws that hold for three answers as for two: order, repetition and brackets under ``and`` and ``or`` do not
  matter, ``none`` is the contrary of ``any``, two contraries cancel out, the contrary of ``>`` is ``<=``, ``between`` is
  ``>=`` and ``<=``.
* A whole number has nothing between 0 and 1: where a line asks one counted field against fixed numbers only, its
  answer can change nowhere but beside these numbers, so trying those whole numbers tries them all.
* A code has a fixed form: no size and type has ``22G`` anywhere but at its start, for its third character is a letter.
"""

from __future__ import annotations

import math
from string import ascii_uppercase, digits
from typing import TYPE_CHECKING, TypeAlias

from riskengine.rules.reference import truth_alone
from riskengine.rules.tree import (
    Affix,
    Between,
    Both,
    Compare,
    Condition,
    Contains,
    Either,
    FieldRef,
    Group,
    Minus,
    Mode,
    Node,
    Not,
    Number,
    OneOf,
    SettingRef,
    canonical,
    nodes,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from riskengine.rules.rule import Measure, Rule

Form: TypeAlias = "tuple[str, object]"

# Both are integers in the assembled frame, where a test looks. Negative numbers are refused at reading.
COUNTS = frozenset(
    [
        "amendment_count",
        "changed_field_count",
        "consignee_containers_30d",
        "consignee_containers_before",
        "container_sightings_before",
        "distinct_commodity_count",
        "goods_description_length",
        "goods_item_count",
        "lane_containers_before",
        "lane_heading_containers_before",
        "package_count",
        "pair_containers_before",
        "rehandling_count",
        "seal_count",
        "seal_sightings_before",
        "shipper_containers_7d",
        "shipper_containers_before",
        "transhipment_count",
    ]
)
DAYS = frozenset(
    [
        "booking_lead_days",
        "days_amended_before_arrival",
        "days_since_consignee_seen",
        "days_since_container_seen",
        "days_since_last_seen",
        "days_since_shipper_seen",
        "days_to_arrival",
        "voyage_days",
    ]
)
_LETTERS = frozenset(ascii_uppercase)
_ANY = _LETTERS | frozenset(digits)
# The only form that reading lets through, where a test looks.
CODES = {"size_type": (_ANY, _ANY, _LETTERS, _ANY)}
_CONTRARY = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_TURNED = {"<": ">", "<=": ">="}


def meaning(rule: Rule) -> tuple[object, ...]:
    """Return what the conditions of *rule* mean, equal for two rules that differ in writing only."""
    excuses = _joined("or", [_form(tree, negated=False) for tree in rule.unless])
    measures = tuple(
        (
            *_around(measure),
            _joined("and", [_form(line, negated=False) for line in measure.where]),
        )
        for measure in rule.measures
    )
    return _form(rule.when, negated=False), excuses, measures


def say_the_same(rule: Rule, other: Rule) -> bool:
    """Tell whether two rules of one shape certainly give the same answer to every container."""
    if len(rule.unless) != len(other.unless):
        return False
    if [_around(measure) for measure in rule.measures] != [
        _around(measure) for measure in other.measures
    ]:
        return False
    lines, other_lines = (
        [line for measure in each.measures for line in measure.where] for each in (rule, other)
    )
    if len(lines) != len(other_lines):
        return False
    counted = counted_fields(rule)
    pairs = zip(
        (rule.when, *rule.unless, *lines),
        (other.when, *other.unless, *other_lines),
        strict=True,
    )
    return all(_agree(one, two, counted) for one, two in pairs)


def counted_fields(rule: Rule) -> dict[str, float]:
    """Return the fields that hold whole numbers only, each with the least it can hold."""
    counted = dict.fromkeys(COUNTS, 0.0) | dict.fromkeys(DAYS, -math.inf)
    for measure in rule.measures:
        if measure.taken == "count":
            counted[measure.column] = 0.0
        elif measure.of in counted:
            # The smallest of whole numbers is one of them, and so is their sum.
            counted[measure.column] = counted[measure.of]
    return counted


def _around(measure: Measure) -> tuple[object, ...]:
    """Return what a measure looks at, apart from the lines under ``where``."""
    return (
        measure.column,
        measure.taken,
        measure.of,
        measure.within_days,
        measure.counts_peers,
        measure.is_of_stow_plan,
        frozenset(ref.name for ref in measure.same),
        len(measure.where),
    )


def _form(  # noqa: PLR0911 - one for each kind of node
    tree: Node | Group | Condition, *, negated: bool
) -> Form:
    if isinstance(tree, Condition):
        return _form(tree.tree, negated=negated)
    if isinstance(tree, Group):
        turned = negated is not (tree.mode is Mode.NONE)
        word = "and" if (tree.mode is Mode.ALL) is not turned else "or"
        return _joined(word, [_form(member, negated=turned) for member in tree.members])
    if isinstance(tree, (Both, Either)):
        word = "and" if isinstance(tree, Both) is not negated else "or"
        sides = (tree.left, tree.right)
        return _joined(word, [_form(side, negated=negated) for side in sides])
    if isinstance(tree, Not):
        return _form(tree.operand, negated=not negated)
    if isinstance(tree, Between):
        low, high = (
            _comparison(sign, tree.operand, bound, negated=negated)
            for sign, bound in ((">=", tree.low), ("<=", tree.high))
        )
        return _joined("or" if negated else "and", [low, high])
    if isinstance(tree, Compare):
        return _comparison(tree.operator, tree.left, tree.right, negated=negated)
    if isinstance(tree, OneOf):
        values = frozenset(canonical(value) for value in tree.values)
        return "not in" if negated else "in", (canonical(tree.operand), values)
    return "not" if negated else "is", canonical(tree)


def _comparison(sign: str, left: Node, right: Node, *, negated: bool) -> Form:
    kept = _CONTRARY[sign] if negated else sign
    sides = [canonical(left), canonical(right)]
    if kept in _TURNED:
        return _TURNED[kept], (sides[1], sides[0])
    return kept, (frozenset(sides) if kept in {"=", "!="} else (sides[0], sides[1]))


def _joined(word: str, parts: Iterable[Form]) -> Form:
    """Return the parts under one word; a part that is joined by the same word is taken apart."""
    flat: set[Form] = set()
    for part in parts:
        inner = part[1]
        flat |= inner if part[0] == word and isinstance(inner, frozenset) else {part}  # pyright: ignore[reportUnknownVariableType]
    return next(iter(flat)) if len(flat) == 1 else (word, frozenset(flat))


def _agree(
    one: Node | Group | Condition, two: Node | Group | Condition, counted: dict[str, float]
) -> bool:
    if isinstance(one, Condition) and isinstance(two, Condition):
        return _agree(one.tree, two.tree, counted)
    if isinstance(one, Group) and isinstance(two, Group):
        same_shape = one.mode is two.mode and len(one.members) == len(two.members)
        return same_shape and all(
            _agree(left, right, counted)
            for left, right in zip(one.members, two.members, strict=True)
        )
    if isinstance(one, (Group, Condition)) or isinstance(two, (Group, Condition)):
        return False
    if _form(one, negated=False) == _form(two, negated=False):
        return True
    if (isinstance(one, Both) and isinstance(two, Both)) or (
        isinstance(one, Either) and isinstance(two, Either)
    ):
        return _agree(one.left, two.left, counted) and _agree(one.right, two.right, counted)
    return _agree_on_whole_numbers(one, two, counted) or _agree_on_codes(one, two)


def _agree_on_whole_numbers(one: Node, two: Node, counted: dict[str, float]) -> bool:
    parts = [*nodes(one), *nodes(two)]
    fields = {part.name for part in parts if isinstance(part, FieldRef)}
    name = next(iter(fields), "")
    if len(fields) != 1 or name not in counted:
        return False
    if not all(_is_fixed_question(part) for part in (one, two)):
        return False
    bounds = {
        sign * part.value
        for part in parts
        if isinstance(part, (Number, SettingRef))
        for sign in (1, -1)
    }
    least = counted[name]
    beside = {
        whole
        for bound in bounds
        for whole in (math.floor(bound) - 1, math.floor(bound), math.ceil(bound), math.ceil(bound) + 1)
        if whole >= least
    }  # fmt: skip
    tried = beside | ({least} if math.isfinite(least) else set())
    return all(
        truth_alone(one, {name: float(whole)}) is truth_alone(two, {name: float(whole)})
        for whole in tried
    )


def _is_fixed_question(node: Node) -> bool:
    """Tell whether *node* only compares a bare field with fixed numbers."""
    if isinstance(node, Not):
        return _is_fixed_question(node.operand)
    if isinstance(node, (Both, Either)):
        return _is_fixed_question(node.left) and _is_fixed_question(node.right)
    if isinstance(node, Compare):
        sides = (node.left, node.right)
        bare = sum(isinstance(side, FieldRef) for side in sides)
        return bare == 1 and sum(_is_fixed(side) for side in sides) == 1
    if isinstance(node, Between):
        return isinstance(node.operand, FieldRef) and all(map(_is_fixed, (node.low, node.high)))
    return (
        isinstance(node, OneOf)
        and isinstance(node.operand, FieldRef)
        and all(map(_is_fixed, node.values))
    )


def _is_fixed(node: Node) -> bool:
    if isinstance(node, Minus):
        return isinstance(node.operand, (Number, SettingRef))
    return isinstance(node, (Number, SettingRef))


def _agree_on_codes(one: Node, two: Node) -> bool:
    """Tell whether two searches in one code look for one text at the same places."""
    if isinstance(one, Not) and isinstance(two, Not):
        return _agree_on_codes(one.operand, two.operand)
    places = _places(one)
    return places is not None and places == _places(two)


def _places(node: Node) -> tuple[str, str, frozenset[int]] | None:
    """Return the field and the text that *node* looks for, and where in the code it can find it."""
    if not isinstance(node, (Contains, Affix)) or not isinstance(node.operand, FieldRef):
        return None
    form, text = CODES.get(node.operand.name), node.text
    if form is None:
        return None
    last = len(form) - len(text)
    wanted = range(last + 1)
    if isinstance(node, Affix):
        wanted = range(1) if node.end == "starts" else range(last, last + 1)
    fits = frozenset(
        start
        for start in wanted
        if 0 <= start <= last
        and all(letter in form[start + place] for place, letter in enumerate(text))
    )
    return node.operand.name, text, fits
