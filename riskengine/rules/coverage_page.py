"""The page of a pack, in Markdown: what ``coverage`` found, in tables."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, TypeVar

from riskengine import messages
from riskengine.domain import Severity, Verdict
from riskengine.rules.rule import RuleEffect

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from riskengine.rules.coverage import Coverage, RuleNeeds, Slice
    from riskengine.rules.rule import Measure, Rule

_Named = TypeVar("_Named", bound=str)

_OPENING = """\
# The {name} pack

Written from the rules by `python -m riskengine.rules.coverage rules/{name} > docs/{name}-pack.md`; do not edit.

**{rules} rules, {lists} lists, {tests} tests inside the rules** ({by_verdict}). Severities: {by_severity}. \
Effects: {by_effect}. {across} rules look at several containers, {planned} of them at the stow plan.

A rule *needs* a field where it can match no container without it. What a feed never carries leaves such a rule
`unknown`, and the engine counts how often. Which fact and which indicator a name stands for: see `docs/indicators.md`.
"""
_BLIND = """\
## What no rule of this pack can see

No manifest tells it: movements and dwell on the yard, who looked up a release code, the track of the ship, seal changes
under way, the value an entry had before it was amended, the season at the origin, an entry in a watchlist of your own.
"""


def page(found: Coverage) -> str:
    """Return the page in Markdown."""
    parts = [
        _opening(found),
        "## By modus operandi\n",
        "A rule may speak for several. *First* counts the rules that name it first.\n",
        _typologies(found.typologies),
        "## By threat\n",
        _threats(found.threats),
        "## What a feed must carry\n",
        "Where a feed or a unit lacks the first, the rules of the second column can match nothing there.\n",
        _wants(found),
        "## Every rule\n",
        *_rules(found.rules),
        "## Rules over several containers\n",
        _measures(found.pack.rules),
        "## Lists\n",
        "A list is asked until its last day; after that the engine says that it has expired.\n",
        _lists(found),
        _BLIND,
    ]
    return "\n".join(parts)


def _opening(found: Coverage) -> str:
    rules = found.pack.rules
    verdicts = Counter(test.expect for rule in rules for test in rule.tests)
    severities = Counter(rule.severity for rule in rules)
    effects = Counter(rule.effect for rule in rules)
    return _OPENING.format(
        name=found.pack.name,
        rules=len(rules),
        lists=len(found.pack.lists),
        tests=verdicts.total(),
        by_verdict=_tally(verdicts, Verdict),
        by_severity=_tally(severities, Severity),
        by_effect=_tally(effects, RuleEffect),
        across=sum(1 for rule in rules if rule.measures),
        planned=sum(1 for rule in rules if any(m.is_of_stow_plan for m in rule.measures)),
    )


def _typologies(slices: Iterable[Slice]) -> str:
    rows = [
        (
            f"`{part.name}`: {messages.render(f'desk.typology.{part.name}', {})}",
            len(part.rules),
            part.first,
            ", ".join(part.threats),
            _tally(part.severities, Severity),
            ", ".join(f"`{name}` {count}" for name, count in part.read_most),
            _names(part.nothing_without),
        )
        for part in slices
    ]
    head = (
        "modus operandi", "rules", "first", "threats", "severities", "read most",
        "nothing without",
    )  # fmt: skip
    return _table(head, rows)


def _threats(slices: Iterable[Slice]) -> str:
    rows = [
        (
            part.name,
            len(part.rules),
            _tally(part.severities, Severity),
            _names(part.typologies),
            ", ".join(part.rules),
        )
        for part in slices
    ]
    return _table(("threat", "rules", "severities", "modus operandi", "ids"), rows)


def _wants(found: Coverage) -> str:
    rows = [
        (
            want.name,
            len(want.cannot_match),
            _names(want.silent),
            ", ".join(want.cannot_match),
        )
        for want in sorted(found.wants, key=lambda want: (-len(want.cannot_match), want.name))
    ]
    return _table(("lacking", "rules silent", "modus operandi silent", "ids"), rows)


def _rules(needs: Sequence[RuleNeeds]) -> list[str]:
    parts: list[str] = []
    ordered = sorted(needs, key=lambda need: (_folder(need.rule), need.rule.id))
    for folder, members in groupby(ordered, key=lambda need: _folder(need.rule)):
        rows = [
            (
                f"[{need.rule.id}](../rules/{'/'.join(_file(need.rule))})",
                need.rule.title.en,
                str(need.rule.severity)
                + ("" if need.rule.effect is RuleEffect.SCORE else f", {need.rule.effect}"),
                ", ".join(need.rule.threats),
                _names(need.needed),
                _names(need.also_read),
                _tally(need.tests, Verdict),
            )
            for need in members
        ]
        head = ("rule", "title", "severity", "threats", "needs", "also reads", "tests")
        parts += [f"### {folder}\n", _table(head, rows)]
    return parts


def _measures(rules: Iterable[Rule]) -> str:
    rows = [
        (rule.id, f"`{measure.name}`", _said(measure))
        for rule in rules
        for measure in rule.measures
    ]
    return _table(("rule", "measure", "what it takes"), rows)


def _said(measure: Measure) -> str:
    taken = {
        "count": f"how many {measure.of}"
        if measure.of in {"containers", "bills"}
        else f"how many different `{measure.of}`",
        "sum": f"sum of `{measure.of}`",
        "smallest": f"smallest `{measure.of}`",
        "largest": f"largest `{measure.of}`",
        "value_of": f"`{measure.of}`",
    }[measure.taken]
    same = f"same {_names(ref.name for ref in measure.same)}"
    where = "".join(f", where {line.text}" for line in measure.where)
    if measure.is_of_stow_plan:
        return f"{taken} on the stow plan, {same}{where}"
    if measure.within_days == 0:
        return f"{taken} on this manifest, {same}{where}"
    peers = "with this manifest" if measure.counts_peers else "before this manifest"
    return f"{taken} in {measure.within_days} days {peers}, {same}{where}"


def _lists(found: Coverage) -> str:
    rows = [
        (
            f"[{entry.name}](../rules/{found.pack.name}/lists/{entry.name}.yaml)",
            entry.title_in("en"),
            len(entry.values),
            entry.valid_until.isoformat(),
            ", ".join(asked_by),
            entry.source,
        )
        for entry, asked_by in found.asked_by
    ]
    return _table(("list", "title", "values", "last day", "asked by", "source"), rows)


def _folder(rule: Rule) -> str:
    return rule.place.file.split("/")[-2]


def _file(rule: Rule) -> tuple[str, ...]:
    return tuple(rule.place.file.split("/")[-3:])


def _tally(counts: Mapping[_Named, int], order: Iterable[_Named]) -> str:
    return ", ".join(f"{counts[name]} {name}" for name in order if counts.get(name))


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        ["| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines] + [""]
    )


def _cell(cell: object) -> str:
    # A pipe would begin another column.
    return str(cell).replace("|", "\\|")
