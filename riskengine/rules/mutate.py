"""A rule as it could stand after one small slip of the hand that wrote it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from riskengine.rules.measure_slips import measure_slips
from riskengine.rules.sameness import counted_fields, meaning, say_the_same
from riskengine.rules.slips import Slip, Surface, counts_whole_things, steps, writable
from riskengine.rules.spelling import number, spelled
from riskengine.rules.tree import (
    Between,
    Compare,
    Condition,
    Group,
    Mode,
    SettingRef,
    fields_read,
    leaves,
    nodes,
)
from riskengine.rules.tuning import with_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from riskengine.rules.rule import Measure, Rule, Setting
    from riskengine.rules.tree import Node

Spot: TypeAlias = "Condition | Group | tuple[str, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is different in a changed rule.

    Attributes:
        spot: The line it is made in, the group, or the keys of the file that lead there.
        at: The character of the line, from 0.
        written: The part as it stands.
        changed: The part as it could stand; empty where it is left out.
        remedy: The key of the sentence that says which test would notice.
        remedy_params: What that sentence names.
    """

    spot: Spot
    at: int = 0
    written: str
    changed: str
    remedy: str
    remedy_params: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A rule with one change."""

    rule: Rule
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutants:
    """The rules that a hand could have written instead of one.

    Attributes:
        kept: Those that may answer differently, each once.
        set_aside: How many certainly answer the same, or were there already.
    """

    kept: tuple[Mutant, ...]
    set_aside: int


def mutants(rule: Rule) -> Mutants:
    """Return *rule* with every small change that a hand could make in its conditions, one at a time.

    A change is set aside where it proves to change nothing (see :mod:`riskengine.rules.sameness`), and where
    another change has made the same rule already. What the reader of rules would refuse is not made: a
    setting outside the bounds of its author, a range in which nothing lies.
    """
    seen = {meaning(rule)}
    kept: list[Mutant] = []
    made = 0
    for mutant in _all(rule):
        made += 1
        means = meaning(mutant.rule)
        if means in seen or say_the_same(rule, mutant.rule):
            continue
        seen.add(means)
        kept.append(mutant)
    return Mutants(kept=tuple(kept), set_aside=made - len(kept))


def _all(rule: Rule) -> Iterator[Mutant]:
    surface = Surface(
        fields=rule.fields_read, lists=rule.lists_read, counted=counted_fields(rule)
    )
    for tree, change in _of_tree(rule.when, surface):
        if isinstance(tree, Group):
            yield Mutant(rule=replace(rule, when=tree), change=change)
    for place, excuse in enumerate(rule.unless):
        rest = (rule.unless[:place], rule.unless[place + 1 :])
        without = (*rest[0], *rest[1])
        dropped = _left_out(excuse, "excuse_dropped")
        yield Mutant(rule=replace(rule, unless=without), change=dropped)
        for tree, change in _of_tree(excuse, surface):
            yield Mutant(rule=replace(rule, unless=(*rest[0], tree, *rest[1])), change=change)
    for setting in rule.settings:
        yield from _of_setting(rule, setting, surface)
    for place, measure in enumerate(rule.measures):
        yield from _of_measure(rule, place, measure, surface)


def _of_tree(
    tree: Group | Condition, surface: Surface
) -> Iterator[tuple[Group | Condition, Change]]:
    if isinstance(tree, Condition):
        for slip in writable(tree.tree, surface):
            yield replace(tree, tree=slip.tree, text=spelled(slip.tree)), _change(tree, slip)
        return
    for mode in Mode:
        if mode is not tree.mode:
            params = {"left": tree.mode.value, "right": mode.value}
            yield (
                replace(tree, mode=mode),
                Change(
                    spot=tree,
                    written=tree.mode.value,
                    changed=mode.value,
                    remedy="some_lines",
                    remedy_params=params,
                ),
            )
    for place, member in enumerate(tree.members):
        before, after = tree.members[:place], tree.members[place + 1 :]
        # A group without a line cannot be written.
        if before or after:
            change = _left_out(member, f"{tree.mode.value}_line_dropped")
            yield replace(tree, members=(*before, *after)), change
        for inner, change in _of_tree(member, surface):
            yield replace(tree, members=(*before, inner, *after)), change


def _left_out(part: Group | Condition, remedy: str) -> Change:
    written = spelled(part)
    return Change(
        spot=part, written=written, changed="", remedy=remedy, remedy_params={"left": written}
    )


def _change(spot: Condition, slip: Slip) -> Change:
    return Change(
        spot=spot,
        at=slip.at,
        written=slip.written,
        changed=slip.changed,
        remedy=slip.remedy,
        remedy_params=slip.remedy_params,
    )


def _of_setting(rule: Rule, setting: Setting, surface: Surface) -> Iterator[Mutant]:
    asked = [
        node
        for line in _lines(rule)
        for node in nodes(line)
        if isinstance(node, (Compare, Between)) and _names(node, setting)
    ]
    is_whole = bool(asked) and all(counts_whole_things(node, surface.counted) for node in asked)
    for value in steps(setting.value, is_whole=is_whole):
        if not setting.lowest <= value <= setting.highest:
            continue
        low, high = sorted((setting.value, value))
        yield Mutant(
            rule=with_settings(rule, {setting.name: value}),
            change=Change(
                spot=("settings", setting.name, "value"),
                written=f"{setting.name}: {number(setting.value)}",
                changed=number(value),
                remedy="between",
                remedy_params={"low": number(low), "high": number(high)},
            ),
        )


def _of_measure(rule: Rule, place: int, measure: Measure, surface: Surface) -> Iterator[Mutant]:
    of_lines = replace(
        surface, fields=tuple(ref for line in measure.where for ref in fields_read(line))
    )
    for slip in measure_slips(measure, of_lines):
        taken = (*rule.measures[:place], slip.measure, *rule.measures[place + 1 :])
        keys = ("across", measure.name)
        yield Mutant(
            rule=replace(rule, measures=taken),
            change=Change(
                spot=(*keys, slip.spot) if isinstance(slip.spot, str) else slip.spot,
                at=slip.at,
                written=slip.written,
                changed=slip.changed,
                remedy=slip.remedy,
                remedy_params=slip.remedy_params,
            ),
        )


def _lines(rule: Rule) -> Iterator[Condition]:
    for tree in (rule.when, *rule.unless):
        yield from leaves(tree)
    for measure in rule.measures:
        yield from measure.where


def _names(node: Node, setting: Setting) -> bool:
    return any(
        isinstance(part, SettingRef) and part.name == setting.name for part in nodes(node)
    )
