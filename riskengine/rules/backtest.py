"""What a rule would have done to a history: its hits, what they cost, and what was found in them.

Pure: a frame of containers goes in, numbers with their intervals come out. A finding is known only of what
was opened, and what is opened is chosen; the base rate comes from the random draws, and where there are none
it is said. Nothing here reads a file, a ledger or a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from riskengine.domain import Verdict
from riskengine.errors import RuleError
from riskengine.rules.matching import (
    Example,
    Matching,
    answers,
    base_of,
    examples,
    identity,
    matching,
    rate_of,
    span,
    with_silent_columns,
)
from riskengine.rules.rates import BaseKind, Lift, Rate, base_kind, lift

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from riskengine.rules.across import Surroundings
    from riskengine.rules.evaluate import Verdicts
    from riskengine.rules.rule import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """How much of a rule another rule says too.

    Attributes:
        rule_id: The other rule.
        version: Its version.
        both: Containers that both match.
        jaccard: Their share of the containers that either matches.
        of_this: Their share of what this rule matches.
        of_other: Their share of what the other matches.
    """

    rule_id: str
    version: int
    both: int
    jaccard: float
    of_this: float
    of_other: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """The same rule's hits from the day on which it came into force.

    Attributes:
        on: That day.
        containers: How many containers came from then on.
        match: How many of them it matched.
        find_rate: What was found in those that were examined.
        base_rate: What was found at random from then on; in all that was examined where no draw was.
        is_base_random: Which of the two it is.
    """

    on: date
    containers: int
    match: int
    find_rate: Rate
    base_rate: Rate
    is_base_random: bool

    @property
    def base_kind(self) -> BaseKind:
        """Where the base rate comes from."""
        return base_kind(self.base_rate, self.containers, is_random=self.is_base_random)

    @property
    def lift(self) -> Lift:
        """How many times the base rate the find rate is."""
        return lift(self.find_rate, self.base_rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """What a rule would have done to a history.

    Attributes:
        rule_id: The rule.
        version: Its version.
        sha256: Of what it means.
        first_day: The first day with containers; None where no container has a day.
        last_day: The last one.
        days: Calendar days from the first to the last, both counted, quiet days too.
        days_with_containers: Those of them on which there was a container.
        containers: How many containers were asked about.
        match: How many it matches.
        no_match: How many it passes over.
        unknown: How many it cannot judge, for want of a field.
        excused: How many it would match and lets pass.
        slots_per_day: How many examinations a day there is room for; None where nobody knows.
        examined: Containers of the whole history that were examined.
        find_rate: What was found in those that it matches, of those that were examined.
        random_drawn: Containers that were drawn at random, examined or not.
        random_rate: What was found in those of them that were examined.
        random_hits: What was found in those of them that the rule matches too: the one rate of the rule
            that no officer's choice has touched.
        base_rate: ``random_rate``, or where no draw was examined, that of all examined containers.
        is_base_random: Which of the two it is.
        since: The part of all this since the rule came into force, where that is known.
        overlaps: The rules in force that match some of the same, the most alike first.
        missing: The fields for want of which it cannot judge, and for how many containers each.
        examples: Some of its matches, spread over the days, finds and nils among them where there are any.
        as_run: ``rules.applied.as_run`` of the rule: its content with settings, exceptions and lists. This
            and what follows is empty where whoever asked does not say it, and in old back-tests.
        source: ``runs`` or ``history``: recorded runs with their outcomes, or labelled files.
        source_sha256: Of those runs and outcomes, or files.
        made_by: Who kept it as evidence; empty where nobody did.
    """

    rule_id: str
    version: int
    sha256: str
    first_day: date | None
    last_day: date | None
    days: int
    days_with_containers: int
    containers: int
    match: int
    no_match: int
    unknown: int
    excused: int
    slots_per_day: float | None
    examined: int
    find_rate: Rate
    random_drawn: int
    random_rate: Rate
    random_hits: Rate
    base_rate: Rate
    is_base_random: bool
    since: Since | None
    overlaps: tuple[Overlap, ...]
    missing: tuple[tuple[str, int], ...]
    examples: tuple[Example, ...]
    as_run: str = ""
    source: str = ""
    source_sha256: str = ""
    made_by: str = ""

    @property
    def base_kind(self) -> BaseKind:
        """Where the base rate comes from."""
        return base_kind(self.base_rate, self.containers, is_random=self.is_base_random)

    @property
    def inspected(self) -> int:
        """How many of its matches were examined."""
        return self.find_rate.examined

    @property
    def found(self) -> int:
        """In how many of those something was found."""
        return self.find_rate.found

    @property
    def random_inspected(self) -> int:
        """How many containers drawn at random were examined."""
        return self.random_rate.examined

    @property
    def random_found(self) -> int:
        """In how many of those something was found."""
        return self.random_rate.found

    @property
    def hits_per_day(self) -> float | None:
        """Matches a calendar day; None where no container has a day."""
        return self.match / self.days if self.days else None

    @property
    def capacity_share(self) -> float | None:
        """The share of the examinations that opening every match would take; may be over 1."""
        if self.hits_per_day is None or not self.slots_per_day:
            return None
        return self.hits_per_day / self.slots_per_day

    @property
    def unknown_share(self) -> float | None:
        """The share of containers that it cannot judge."""
        return self.unknown / self.containers if self.containers else None

    @property
    def lift(self) -> Lift:
        """How many times the base rate the find rate is."""
        return lift(self.find_rate, self.base_rate)

    @property
    def lift_low(self) -> float | None:
        """The lower end of the lift: what the rule is worth at the least."""
        return self.lift.low


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a back-test is to be told beside the containers.

    Attributes:
        slots_per_day: How many examinations a day there is room for; None where nobody knows.
        surroundings: Earlier containers and the stow plan, for rules that look at more than one row.
        language: Of the sentences in the examples.
        since: The day on which each rule came into force, by id and version, where that is known.
    """

    slots_per_day: float | None = None
    surroundings: Surroundings | None = None
    language: str = "en"
    since: Mapping[tuple[str, int], date] | None = None


def backtest(
    rule: Rule,
    frame: pl.DataFrame,
    *,
    others: Sequence[Rule] = (),
    slots_per_day: float | None = None,
    surroundings: Surroundings | None = None,
) -> Backtest:
    """Return what one rule would have done; see ``backtests``."""
    terms = Terms(slots_per_day=slots_per_day, surroundings=surroundings)
    return backtests([rule], frame, others=others, terms=terms)[0]


def backtests(
    rules: Sequence[Rule],
    frame: pl.DataFrame,
    *,
    others: Sequence[Rule] = (),
    terms: Terms | None = None,
) -> tuple[Backtest, ...]:
    """Return what each rule would have done to a history, one after the other.

    Args:
        rules: The rules to be judged; two may be versions of one.
        frame: One row a container: ``container_id`` (unique), ``assessed_on``, the fields that the rules
            read, ``is_find`` (null where nobody looked), ``is_random`` (null or absent where nobody
            knows), and where known ``outcome``, ``manifest_key`` and ``voyage_key``.
        others: The rules in force, for the overlaps; a rule is not compared with itself.
        terms: Capacity, surroundings, language.

    Raises:
        RuleError: A rule cannot run on this frame, or a container stands there twice.
    """
    made, failed = runnable_backtests(rules, frame, others=others, terms=terms)
    if failed:
        raise RuleError(failed[0])
    return made


def runnable_backtests(
    rules: Sequence[Rule],
    frame: pl.DataFrame,
    *,
    others: Sequence[Rule] = (),
    terms: Terms | None = None,
) -> tuple[tuple[Backtest, ...], tuple[str, ...]]:
    """Return the back-tests of those rules that can run, and a sentence for each that cannot.

    Raises:
        RuleError: A container stands in the history twice.
    """
    told = terms or Terms()
    if frame["container_id"].n_unique() < frame.height:
        raise RuleError("A container stands twice in the history.")
    history = with_silent_columns(frame)
    said = answers([*rules, *others], history, told.surroundings)
    matches = _matches(others, said)
    made: list[Backtest] = []
    failed: list[str] = []
    for rule in rules:
        try:
            found = matching(rule, history, said[identity(rule)])
        except RuleError as error:
            failed.append(error.sentence)
            continue
        shared = _overlaps(rule, found.hits, others, matches)
        made.append(_one(found, shared, told))
    return tuple(made), tuple(failed)


def _one(found: Matching, shared: tuple[Overlap, ...], terms: Terms) -> Backtest:
    rule, history = found.rule, found.history
    said, hits, counts = found.said, found.hits, found.counts
    drawn = said.filter("is_random")
    first, last = span(history)
    came = (terms.since or {}).get((rule.id, rule.version))
    return Backtest(
        rule_id=rule.id,
        version=rule.version,
        sha256=rule.sha256,
        first_day=first,
        last_day=last,
        days=(last - first).days + 1 if first and last else 0,
        days_with_containers=history["assessed_on"].drop_nulls().n_unique(),
        containers=history.height,
        match=counts["match"],
        no_match=counts["no_match"],
        unknown=counts["unknown"],
        excused=counts["excused"],
        slots_per_day=terms.slots_per_day,
        examined=rate_of(said).examined,
        find_rate=rate_of(hits),
        random_drawn=drawn.height,
        random_rate=rate_of(drawn),
        random_hits=rate_of(hits.filter("is_random")),
        base_rate=found.base_rate,
        is_base_random=found.is_base_random,
        since=_since(said, came) if came is not None else None,
        overlaps=shared,
        missing=_missing(said),
        examples=examples(found, hits, language=terms.language),
    )


def _since(said: pl.DataFrame, on: date) -> Since:
    later = said.filter(pl.col("assessed_on") >= on)
    hits = later.filter(pl.col("verdict") == Verdict.MATCH.value)
    base, is_random = base_of(later)
    return Since(
        on=on,
        containers=later.height,
        match=hits.height,
        find_rate=rate_of(hits),
        base_rate=base,
        is_base_random=is_random,
    )


def _missing(said: pl.DataFrame) -> tuple[tuple[str, int], ...]:
    counted = (
        said.filter(pl.col("verdict") == Verdict.UNKNOWN.value)
        .select(pl.col("missing").explode())
        .drop_nulls()
        .group_by("missing")
        .len()
        .sort(["len", "missing"], descending=[True, False])
    )
    return tuple((name, count) for name, count in counted.rows())


def _matches(
    others: Sequence[Rule], said_by: Mapping[tuple[object, ...], Verdicts]
) -> pl.DataFrame:
    """Return ``container_id`` and ``other``, the place of each of the others that matches it."""
    found = [pl.DataFrame(schema={"container_id": pl.Int32, "other": pl.Int32})]
    asked = {id(said_by[identity(rule)]): said_by[identity(rule)] for rule in others}
    for verdicts in asked.values():
        places = pl.DataFrame(
            [
                (other.id, other.version, place)
                for place, other in enumerate(others)
                if said_by[identity(other)] is verdicts
            ],
            schema={"rule_id": pl.String, "version": pl.Int64, "other": pl.Int32},
            orient="row",
        )
        found.append(
            verdicts.frame.filter(pl.col("verdict") == Verdict.MATCH.value)
            .join(places, on=["rule_id", "version"])
            .select("container_id", "other")
        )
    return pl.concat(found)


def _overlaps(
    rule: Rule, hits: pl.DataFrame, others: Sequence[Rule], matches: pl.DataFrame
) -> tuple[Overlap, ...]:
    sizes = dict(matches["other"].value_counts().rows())
    shared = matches.join(hits.select("container_id"), on="container_id", how="semi")
    found = [
        Overlap(
            rule_id=others[place].id,
            version=others[place].version,
            both=both,
            jaccard=both / (hits.height + sizes[place] - both),
            of_this=both / hits.height,
            of_other=both / sizes[place],
        )
        for place, both in shared["other"].value_counts().rows()
        if identity(others[place]) != identity(rule)
    ]
    return tuple(sorted(found, key=lambda o: (-o.jaccard, o.rule_id, o.version)))
