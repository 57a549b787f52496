"""A rule, a list and a pack as their authors wrote them, frozen."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from riskengine.rules.tree import FieldRef, fields_read, lists_read

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from riskengine.domain import Severity, Typology, Verdict
    from riskengine.errors import Place
    from riskengine.rules.tree import Condition, FieldKind, Group, Value


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
class Neighbour:
    """Another container in a test: a peer on the same manifest, one of the past, or a box on the stow plan.

    Attributes:
        days_before: How many days before the container asked about; 0 is a peer.
        is_of_stow_plan: Whether it stands on the stow plan instead.
        values: Its fields.
    """

    days_before: int
    is_of_stow_plan: bool
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTest:
    """One container, told field by field, and what the rule must say of it.

    Attributes:
        name: What it shows.
        expect: What the rule must say.
        values: Fields by name, and measures that are given by their columns.
        others: The containers beside it, from which the measures are computed; None where they are given.
        place: Where it stands.
    """

    name: str
    expect: Verdict
    values: Mapping[str, Value]
    others: tuple[Neighbour, ...] | None = None
    place: Place = field(compare=False)


def spaced(name: str) -> str:
    """Return a name of a file or field as people read it, where nothing better is known.

    >>> spaced("source_ports")
    'source ports'
    """
    return name.replace("_", " ")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleList:
    """A list of texts that conditions ask.

    Attributes:
        name: The name that conditions ask.
        title: Its name for people; None where its author gave it none.
        values: What it holds, in the form in which texts are compared.
        source: Where the knowledge comes from.
        valid_until: The last day until which somebody has looked at it.
        sha256: Of its name, values and last day, and of its title where it has one.
        source_yaml: As written.
        place: Where it stands.
    """

    name: str
    title: Wording | None = None
    values: tuple[str, ...]
    source: str
    valid_until: date
    sha256: str
    source_yaml: str = field(repr=False)
    place: Place = field(compare=False)

    def title_in(self, language: str) -> str:
        """Return the title in *language*; where the list has none, its name with blanks."""
        return self.title.in_language(language) if self.title else spaced(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A value taken over several containers: those that share something with the one that is asked about.

    Attributes:
        name: The name that conditions, sentences and tests use.
        column: The name of its column, unlike that of any other rule or version: ``<id>.<version>.<name>``.
        kind: What it holds; a count and a sum are numbers.
        label: Its name for people.
        taken: ``count``, ``sum``, ``smallest``, ``largest`` or ``value_of``.
        of: The field it is taken of; ``containers`` or ``bills`` where those are counted.
        of_kind: What that field holds.
        same: The fields in which the others are equal to the container asked about.
        within_days: How far back it looks, in days; 0 looks at this manifest alone.
        counts_peers: Whether containers of the same manifest count, the one asked about among them.
        is_of_stow_plan: Whether it looks at the stow plan instead of at containers.
        where: What must hold of another container for it to count.
    """

    name: str
    column: str
    kind: FieldKind
    label: Wording
    taken: Literal["count", "sum", "smallest", "largest", "value_of"]
    of: str
    of_kind: FieldKind
    same: tuple[FieldRef, ...]
    within_days: int
    counts_peers: bool
    is_of_stow_plan: bool
    where: tuple[Condition, ...]

    @property
    def taken_of(self) -> tuple[FieldRef, ...]:
        """The fields that tell what is counted or measured."""
        bills = FieldRef("bills_of_lading", "texts")
        if self.of == "containers":
            return (FieldRef("container_number", "text"), bills)
        return (bills,) if self.of == "bills" else (FieldRef(self.of, self.of_kind),)

    @property
    def refs(self) -> tuple[FieldRef, ...]:
        """Every field that it reads of a container."""
        of_lines = (ref for line in self.where for ref in fields_read(line))
        return (*self.taken_of, *self.same, *of_lines)

    @property
    def fields(self) -> frozenset[str]:
        """The names of the fields that it reads of a container."""
        return frozenset(ref.name for ref in self.refs)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleException:
    """What one unit excuses for a time: a known trader, a known box, a known address.

    Attributes:
        id: Never reused.
        rules: The rules it is made for; empty where it is made for typologies.
        typologies: The modus operandi whose rules it is made for.
        reason: Why.
        approved_by: Who answers for it.
        starts: The first day.
        expires: The last day; there is always one.
        condition: What must hold of the container: one field has one of the values.
        sha256: Of all this.
        source_yaml: As written.
        place: Where it stands.
    """

    id: str
    rules: tuple[str, ...]
    typologies: tuple[Typology, ...]
    reason: str
    approved_by: str
    starts: date
    expires: date
    condition: Condition
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
        measures: The numbers it takes over several containers, by the name its conditions use.
        exceptions: What this unit excuses for a time; given by the ledger, never written in the rule.
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
    measures: tuple[Measure, ...] = ()
    exceptions: tuple[RuleException, ...] = ()
    sha256: str
    source_yaml: str = field(repr=False)
    place: Place = field(compare=False)

    @property
    def fields_read(self) -> tuple[FieldRef, ...]:
        """Every field that its conditions read, each once."""
        found = {
            ref.name: ref for tree in (self.when, *self.excuses) for ref in fields_read(tree)
        }
        return tuple(found.values())

    @property
    def excuses(self) -> tuple[Condition | Group, ...]:
        """All that excuses a match: the author's ``unless``, then the exceptions of this unit."""
        return (*self.unless, *(exception.condition for exception in self.exceptions))

    @property
    def lists_read(self) -> tuple[str, ...]:
        """The names of the lists that it asks, of its measures too, sorted."""
        trees = [self.when, *self.unless, *(line for m in self.measures for line in m.where)]
        return tuple(sorted({name for tree in trees for name in lists_read(tree)}))

    @property
    def catalogue_fields(self) -> tuple[str, ...]:
        """Every field of a container that it needs, of its measures too, sorted."""
        columns = {measure.column for measure in self.measures}
        names = {ref.name for ref in self.fields_read if ref.name not in columns}
        return tuple(sorted(names.union(*(measure.fields for measure in self.measures))))

    def title_in(self, language: str) -> str:
        """Return the title in *language*."""
        return self.title.in_language(language)

    def list_title(self, name: str, language: str) -> str:
        """Return the title of a list that it asks, in *language*; without the list, its name with blanks."""
        asked = (entry.title_in(language) for entry in self.lists if entry.name == name)
        return next(asked, spaced(name))

    def short_name(self, column: str) -> str:
        """Return the name that its author uses for a column: of a measure the short one."""
        return next((m.name for m in self.measures if m.column == column), column)

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
    exceptions: tuple[RuleException, ...] = ()
