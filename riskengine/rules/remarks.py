"""What is no fault of a rule file and still worth a look: what is unused, expired, unwritten, certain or a dash."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from riskengine.messages import LANGUAGES, placeholders, render
from riskengine.rules.certain import certainties
from riskengine.rules.faults import Source, TooManyFaults
from riskengine.rules.rule import RuleStatus
from riskengine.rules.tree import (
    Both,
    Condition,
    Either,
    FieldRef,
    Group,
    IsMissing,
    Mode,
    Node,
    Not,
    SettingRef,
    fields_needed,
    nodes,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from riskengine.errors import RuleFault
    from riskengine.rules.rule import Pack, Rule, RuleList, Wording

    Tree = Node | Group | Condition

_PLACEHOLDERS: Final = {
    "title": ("draft.text.title",),
    "why": ("draft.text.why",),
    "innocent": ("draft.text.innocent", "mining.rule.innocent"),
    "blind_spot": ("draft.text.blind_spot",),
    "guide": ("draft.text.guide",),
}
"""The texts that a draft is made with, until its author writes others, by the keys of a rule file."""


def remarks(pack: Pack, on: date, always_known: Iterable[str] = ()) -> tuple[RuleFault, ...]:
    """Return what is worth a look in the rules and lists of a pack that was read without a fault.

    Args:
        pack: The pack; one rule or one list of it will do.
        on: The day by which expiry is told.
        always_known: Fields that no container lacks.
    """
    sources: list[Source] = []
    for rule in pack.rules:
        sources.append(Source(rule.place.file, rule.source_yaml))
        with suppress(TooManyFaults):
            _of_rule(rule, on, frozenset(always_known), sources[-1])
    asked = {name for rule in pack.rules for name in rule.lists_read}
    for entry in pack.lists:
        sources.append(Source(entry.place.file, entry.source_yaml))
        _of_list(entry, on, is_asked=entry.name in asked or not pack.rules, source=sources[-1])
    return tuple(remark for source in sources for remark in source.faults)


def unwritten(rule: Rule) -> tuple[str, ...]:
    """Return the keys of texts that are still, in one language or another, those that the draft was made with."""
    written: dict[str, Wording | None] = {
        "title": rule.title,
        "why": rule.why,
        "innocent": rule.innocent,
        "blind_spot": rule.blind_spot,
        "guide": rule.guide,
    }
    return tuple(
        key
        for key, texts in _PLACEHOLDERS.items()
        if (wording := written[key]) is not None
        and {_bare(wording.in_language(language)) for language in LANGUAGES}
        & {_bare(render(text, {}, language)) for text in texts for language in LANGUAGES}
    )


def _bare(text: str) -> str:
    """Return a text without what folding and capitals make of it."""
    return " ".join(text.split()).casefold()


def _of_rule(rule: Rule, on: date, always_known: frozenset[str], source: Source) -> None:
    _of_texts(rule, source)
    for one in certainties(rule):
        source.fault(one.place.line or 1, one.place.column or 1, one.sentence, one.hint)
    used = {
        node.name
        for tree in _trees(rule)
        for node in nodes(tree)
        if isinstance(node, SettingRef)
    }
    for setting in rule.settings:
        if setting.name not in used:
            hint = "Name it in a condition, or delete it: who tunes it changes nothing."
            sentence = f"no condition reads the setting {setting.name!r}"
            _note(source, setting.name, sentence, hint, after="settings")
    if rule.valid_until is not None and rule.valid_until < on:
        sentence = f"the last day of the rule was {rule.valid_until}: it is not asked any more"
        _note(
            source, "valid_until", sentence, "Look at it again, and raise version and last day."
        )
    if rule.because is None:
        return
    told = rule.because.in_language("en")
    known = _known_where_true(rule.when) | always_known
    short = {rule.short_name(name) for name in known}
    # A name or a port is told beside the reason; a number or a day is the reason.
    reasons = {name for name, form in placeholders(told) if form}
    for name in sorted(reasons - short):
        hint = (
            "Ask for it in a condition, or say it otherwise; a missing one is shown as a dash."
        )
        sentence = f"the sentence names {name!r}, which may be missing where the rule matches"
        _note(source, f"{{{name}", sentence, hint, after="because")


def _of_texts(rule: Rule, source: Source) -> None:
    lacking = [name for name in LANGUAGES if name not in rule.title.languages()]
    if lacking:
        hint = "Readers of these languages get the English one."
        _note(source, "title", f"the title is missing in {', '.join(lacking)}", hint)
    for key in unwritten(rule):
        hint = "Write your own, in every language that is there: as it is, the rule does not go to trial."
        _note(source, key, f"the text under {key!r} is still the one of the draft", hint)
    if rule.guide is None and rule.status is not RuleStatus.RETIRED:
        hint = "Write 'guide: {en: …}': what to open first, and with which means."
        _note(source, "id", "the rule does not say where to look", hint)


def _of_list(entry: RuleList, on: date, *, is_asked: bool, source: Source) -> None:
    if entry.valid_until < on:
        sentence = f"the last day of the list was {entry.valid_until}; it is still asked"
        _note(
            source, "valid_until", sentence, "Look at its values again, and give it a new day."
        )
    if not is_asked:
        sentence = f"no rule of the pack asks the list {entry.name!r}"
        _note(source, "name", sentence, "Ask it in a rule, or delete it.")


def _trees(rule: Rule) -> Iterator[Tree]:
    yield rule.when
    yield from rule.unless
    for measure in rule.measures:
        yield from measure.where


def _note(source: Source, words: str, sentence: str, hint: str, after: str = "") -> None:
    """Note a remark where some words stand, beginning with the key *after*."""
    rows = source.text.split("\n")
    first = next((n for n, row in enumerate(rows) if after and row.startswith(f"{after}:")), 0)
    pattern = re.compile(re.escape(words) if after else f"^{re.escape(words)}:")
    for number, row in enumerate(rows[first:], start=first + 1):
        match = pattern.search(row)
        if match is not None:
            source.fault(number, match.start() + 1, sentence, hint)
            return
    source.fault(1, 1, sentence, hint)


def _known_where_true(tree: Tree) -> frozenset[str]:
    """Return the fields that are there wherever *tree* holds."""
    if isinstance(tree, Condition):
        return _known_where_true(tree.tree)
    if isinstance(tree, Group):
        sides = [
            _known_where_false(member) if tree.mode is Mode.NONE else _known_where_true(member)
            for member in tree.members
        ]
        return (
            frozenset.intersection(*sides)
            if tree.mode is Mode.ANY
            else frozenset[str]().union(*sides)
        )
    if isinstance(tree, Both):
        return _known_where_true(tree.left) | _known_where_true(tree.right)
    if isinstance(tree, Either):
        return _known_where_true(tree.left) & _known_where_true(tree.right)
    if isinstance(tree, Not):
        return _known_where_false(tree.operand)
    return frozenset(ref.name for ref in fields_needed(tree))


def _known_where_false(tree: Tree) -> frozenset[str]:  # noqa: PLR0911 - one for each kind of part
    """Return the fields that are there wherever *tree* does not hold, for a reason other than a missing one."""
    if isinstance(tree, Condition):
        return _known_where_false(tree.tree)
    if isinstance(tree, Group):
        if tree.mode is Mode.NONE:
            sides = [_known_where_true(member) for member in tree.members]
            return frozenset.intersection(*sides)
        sides = [_known_where_false(member) for member in tree.members]
        return (
            frozenset.intersection(*sides)
            if tree.mode is Mode.ALL
            else frozenset[str]().union(*sides)
        )
    if isinstance(tree, Both):
        return _known_where_false(tree.left) & _known_where_false(tree.right)
    if isinstance(tree, Either):
        return _known_where_false(tree.left) | _known_where_false(tree.right)
    if isinstance(tree, Not):
        return _known_where_true(tree.operand)
    if isinstance(tree, IsMissing) and isinstance(tree.operand, FieldRef):
        return frozenset({tree.operand.name})
    return frozenset(ref.name for ref in fields_needed(tree))
