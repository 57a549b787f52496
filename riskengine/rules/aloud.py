"""A whole rule read aloud: what it looks for, why, what it asks, what a port may tune and when it cannot say."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskengine import messages
from riskengine.domain import Verdict
from riskengine.rules.measure_words import measure_said
from riskengine.rules.sentences import label_of
from riskengine.rules.spoken import SpokenLine, spoken
from riskengine.rules.store import rule_from_source
from riskengine.rules.tree import fields_needed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from riskengine.rules.rule import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingAloud:
    """A setting of a rule.

    Attributes:
        name: Its name.
        value: The value in force.
        written: The author's value; another one where this unit has tuned it.
        lowest: The lowest value a port may give it.
        highest: The highest.
    """

    name: str
    value: float
    written: float
    lowest: float
    highest: float

    @property
    def is_tuned(self) -> bool:
        """Tell whether this unit has given it a value of its own."""
        return self.value != self.written


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAloud:
    """A list that a rule asks.

    Attributes:
        name: Its name.
        title: Its name for people.
        values: How many values it holds.
        valid_until: The last day until which somebody has looked at it.
        is_expired: Whether that day is past.
    """

    name: str
    title: str
    values: int
    valid_until: date
    is_expired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleAloud:
    """A rule in words, in one language.

    Attributes:
        rule: The rule itself.
        title: Its name for people.
        why: Why a match is worth an officer's time.
        innocent: What an honest trader would have to be doing to match.
        blind_spot: What it cannot see.
        guide: Where to look; empty where the author did not say.
        typologies: The modus operandi it speaks for, in words.
        lines: Its conditions, excuses and exceptions.
        measures: What it takes over several containers, in sentences.
        exceptions: What this unit excuses for a time, in sentences.
        settings: Its settings.
        lists: The lists that it asks.
        fields: The fields that it reads, by name and label.
        needed: The labels of those whose absence can leave it unknown.
        tests: How many tests it carries, by the answer they expect; all four are there.
    """

    rule: Rule
    title: str
    why: str
    innocent: str
    blind_spot: str
    guide: str
    typologies: tuple[str, ...]
    lines: tuple[SpokenLine, ...]
    measures: tuple[str, ...]
    exceptions: tuple[str, ...]
    settings: tuple[SettingAloud, ...]
    lists: tuple[ListAloud, ...]
    fields: tuple[tuple[str, str], ...]
    needed: tuple[str, ...]
    tests: Mapping[Verdict, int]


def read_aloud(rule: Rule, *, on: date, language: str = "en") -> RuleAloud:
    """Return a rule in words.

    Args:
        rule: The rule, with its lists and exceptions where they are known.
        on: The day on which lists may have expired.
        language: Of the reader.
    """
    short = {measure.column: measure.name for measure in rule.measures}
    named = {
        ref.name: (short.get(ref.name, ref.name), label_of(rule, ref.name, language))
        for ref in rule.fields_read
    }
    written = {one.name: one.value for one in rule_from_source(rule.source_yaml).settings}
    expected = Counter(test.expect for test in rule.tests)
    return RuleAloud(
        rule=rule,
        title=rule.title_in(language),
        why=rule.why.in_language(language),
        innocent=rule.innocent.in_language(language),
        blind_spot=rule.blind_spot.in_language(language),
        guide=rule.guide.in_language(language) if rule.guide else "",
        typologies=tuple(
            messages.render(f"desk.typology.{one.value}", {}, language)
            for one in rule.typologies
        ),
        lines=spoken(rule, language),
        measures=tuple(measure_said(rule, measure, language) for measure in rule.measures),
        exceptions=tuple(
            messages.render(
                "answer.aloud.exception",
                {
                    "id": one.id,
                    "reason": one.reason,
                    "by": one.approved_by,
                    "last": one.expires,
                },
                language,
            )
            for one in rule.exceptions
        ),
        settings=tuple(
            SettingAloud(
                name=one.name,
                value=one.value,
                written=written.get(one.name, one.value),
                lowest=one.lowest,
                highest=one.highest,
            )
            for one in rule.settings
        ),
        lists=tuple(
            ListAloud(
                name=one.name,
                title=one.title_in(language),
                values=len(one.values),
                valid_until=one.valid_until,
                is_expired=one.valid_until < on,
            )
            for one in rule.lists
        ),
        fields=tuple(named.values()),
        needed=tuple(named[ref.name][1] for ref in fields_needed(rule.when)),
        tests={verdict: expected[verdict] for verdict in Verdict},
    )
