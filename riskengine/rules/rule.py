"""A rule, a list and a pack as their authors wrote them, frozen."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from riskengine.rules.tree import FieldRef, fields_read

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from riskengine.domain import Severity, Typology, Verdict
    from riskengine.errors import Place
    from riskengine.rules.tree import Condition, Group, Value


class RuleStatus(StrEnum):
    """How far a rule has come; draft and retired rules do not run."""

    DRAFT = "draft"
    SHADOW = "shadow"
    TRIAL = "trial"
    ACTIVE = "active"
    RETIRED = "retired"


class RuleEffect(StrEnum):
    """What a match does: adds points, claims an examination, or only names the container."""

    SCORE = "score"
    MUST_INSPECT = "must_inspect"
    TAG = "tag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """One text in the languages of the units; English is always there."""

    en: str
    fr: str | None = None
    es: str | None = None
    pt: str | None = None

    def in_language(self, language: str) -> str:
        """Return the text in *language*, in English where the author gave no other.

        >>> Wording(en="Seal missing", fr="Scellé absent").in_language("es")
        'Seal missing'
        """
        return {"fr": self.fr, "es": self.es, "pt": self.pt}.get(language) or self.en

    def languages(self) -> tuple[str, ...]:
        """Return the languages that the author wrote."""
        given = (("en", self.en), ("fr", self.fr), ("es", self.es), ("pt", self.pt))
        return tuple(language for language, text in given if text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A named number of a rule that a port may tune within bounds."""

    name: str
    value: float
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTest:
    """One container, told field by field, and what the rule must say of it."""

    name: str
    expect: Verdict
    values: Mapping[str, Value]
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleList:
    """A list of texts that conditions ask; its values are in the form in which texts are compared."""

    name: str
    values: tuple[str, ...]
    source: str
    valid_until: date
    sha256: str
    source_yaml: str = field(repr=False)
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule as written.

    Attributes:
        id: Never reused, never renamed.
        version: Raised with every change of what the rule means or says.
        status: How far it has come.
        title: Its name for people.
        why: Why a match is worth an officer's time.
        innocent: What an honest trader would have to be doing to match.
        blind_spot: What it cannot see.
        source: Where the knowledge comes from.
        typologies: The modus operandi it speaks for.
        threats: What may be hidden, or in what way the goods are wrong.
        owner: Who answers for the rule.
        handling: Who may be given it (the Traffic Light Protocol).
        severity: How much its author trusts it.
        effect: What a match does.
        valid_from: The first day it is in force.
        valid_until: The last day; None without end.
        when: What must hold.
        unless: What excuses a match; any one of them does, a missing value never.
        because: The author's sentence about one container; None lets it be made from the condition.
        guide: Where to look when the container is opened.
        tests: What it must say of which containers.
        settings: Its named numbers.
        related: Ids of rules that it stands beside.
        known_false_alarms: What it is known to match wrongly.
        retirement: Why it was retired; None while it is not.
        lists: The lists it asks, with their values.
        sha256: Of everything that it means and says, whatever the layout, status or tests.
        source_yaml: The file as written.
        place: Where it stands.
    """

    id: str
    version: int
    status: RuleStatus
    title: Wording
    why: Wording
    innocent: Wording
    blind_spot: Wording
    source: tuple[str, ...]
    typologies: tuple[Typology, ...]
    threats: tuple[str, ...]
    owner: str
    handling: str
    severity: Severity
    effect: RuleEffect
    valid_from: date
    valid_until: date | None
    when: Group
    unless: tuple[Condition | Group, ...]
    because: Wording | None
    guide: Wording | None
    tests: tuple[RuleTest, ...]
    settings: tuple[Setting, ...]
    related: tuple[str, ...]
    known_false_alarms: tuple[str, ...]
    retirement: str | None
    lists: tuple[RuleList, ...]
    sha256: str
    source_yaml: str = field(repr=False)
    place: Place = field(compare=False)

    @property
    def fields_read(self) -> tuple[FieldRef, ...]:
        """Every field that its conditions read, each once."""
        found = {
            ref.name: ref for tree in (self.when, *self.unless) for ref in fields_read(tree)
        }
        return tuple(found.values())

    def title_in(self, language: str) -> str:
        """Return the title in *language*."""
        return self.title.in_language(language)

    def is_in_force(self, on: date) -> bool:
        """Tell whether the rule runs on a day: shadow, trial or active, and within its dates."""
        runs = self.status in {RuleStatus.SHADOW, RuleStatus.TRIAL, RuleStatus.ACTIVE}
        return (
            runs
            and self.valid_from <= on
            and (self.valid_until is None or on <= self.valid_until)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Rules and lists that are shipped, shared and installed together."""

    name: str
    version: str
    issuer: str
    licence: str
    rules: tuple[Rule, ...]
    lists: tuple[RuleList, ...]
