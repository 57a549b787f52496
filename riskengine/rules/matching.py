"""One rule asked about a history: what it matches, what was found there, and some of it to look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.domain import Verdict
from riskengine.errors import RuleError
from riskengine.messages import placeholders
from riskengine.rules.evaluate import evaluate
from riskengine.rules.rates import Rate
from riskengine.rules.sentences import sentence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from riskengine.rules.across import Surroundings
    from riskengine.rules.evaluate import Verdicts
    from riskengine.rules.rule import Rule

MOST_EXAMPLES: Final = 10
_OF_EACH: Final = 3  # so many finds, and so many nils, before the examples are filled up


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One container that the rule matches.

    Attributes:
        container_number: Its number; None for loose cargo and what could not be read.
        assessed_on: The day of its assessment.
        bills: Its bills of lading.
        outcome: What was found, ``find`` where the history says no more; None where nobody looked.
        sentence: What the rule says of it.
    """

    container_number: str | None
    assessed_on: date | None
    bills: tuple[str, ...]
    outcome: str | None
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """What one rule says of a history, beside what was found there.

    Attributes:
        rule: The rule.
        history: The history it was asked about.
        said: One row a container: keys, ``is_find``, ``is_random``, ``outcome``, and the rule's ``verdict``
            (null where it passes over) and ``missing`` fields.
        counts: Its ``match``, ``no_match``, ``unknown`` and ``excused``.
        measures: What it counted across containers, row by row beside them.
        base_rate: What was found at random, or where no draw was examined, in all examined containers.
        is_base_random: Which of the two it is.
    """

    rule: Rule
    history: pl.DataFrame
    said: pl.DataFrame
    counts: Mapping[str, int]
    measures: pl.DataFrame
    base_rate: Rate
    is_base_random: bool

    @property
    def hits(self) -> pl.DataFrame:
        """The rows that the rule matches."""
        return self.said.filter(pl.col("verdict") == Verdict.MATCH.value)


def identity(rule: Rule) -> tuple[object, ...]:
    """Return what tells a rule from every other: what it means, what this unit tuned, what it excuses."""
    return (
        rule.sha256,
        *((setting.name, setting.value) for setting in rule.settings),
        *(exception.sha256 for exception in rule.exceptions),
    )


def answers(
    rules: Sequence[Rule], history: pl.DataFrame, surroundings: Surroundings | None
) -> dict[tuple[object, ...], Verdicts]:
    """Return what each rule says, by its identity; drafts may share an id and a version.

    Rules that do not collide are asked together: one pass over the history serves them all.
    """
    left = {identity(rule): rule for rule in rules}
    said: dict[tuple[object, ...], Verdicts] = {}
    while left:
        apart = {(rule.id, rule.version): rule for rule in left.values()}
        verdicts = evaluate(list(apart.values()), history, surroundings)
        for rule in apart.values():
            said[identity(rule)] = verdicts
            del left[identity(rule)]
    return said


def matching(rule: Rule, history: pl.DataFrame, verdicts: Verdicts) -> Matching:
    """Return what *rule* says of a history that has no silent columns any more.

    Raises:
        RuleError: The rule could not run on this frame.
    """
    for failure in verdicts.failed:
        if (failure.rule_id, failure.version) == (rule.id, rule.version):
            raise RuleError(f"The rule {rule.id} cannot run: {failure.sentence}")
    is_own = (pl.col("rule_id") == rule.id) & (pl.col("version") == rule.version)
    said = history.select(
        "container_id", "container_number", "bills_of_lading", "assessed_on",
        "is_find", "is_random", "outcome",
    ).join(
        verdicts.frame.filter(is_own).select("container_id", "verdict", "missing"),
        on="container_id", how="left", maintain_order="left",
    )  # fmt: skip
    base, is_random = base_of(said)
    own = [m.column for m in rule.measures if m.column in verdicts.measures.columns]
    return Matching(
        rule=rule,
        history=history,
        said=said,
        counts=verdicts.counts.filter(is_own).row(0, named=True),
        measures=verdicts.measures.select("container_id", *own),
        base_rate=base,
        is_base_random=is_random,
    )


def columns_needed(rules: Sequence[Rule]) -> frozenset[str]:
    """Return the columns of a history that these rules read, or speak of in their sentences."""
    read = {name for rule in rules for name in rule.catalogue_fields}
    spoken = {
        name
        for rule in rules
        if rule.because is not None
        for language in rule.because.languages()
        for name, _ in placeholders(rule.because.in_language(language))
    }
    return frozenset(read | spoken)


def with_silent_columns(frame: pl.DataFrame) -> pl.DataFrame:
    """Add, as unknown, what a history need not say."""
    kinds = {
        "container_number": pl.String(),
        "bills_of_lading": pl.List(pl.String()),
        "assessed_on": pl.Date(),
        "is_find": pl.Boolean(),
        "is_random": pl.Boolean(),
        "outcome": pl.String(),
    }
    silent = [
        pl.lit(None, kind).alias(name)
        for name, kind in kinds.items()
        if name not in frame.columns
    ]
    return frame.with_columns(silent) if silent else frame


def span(history: pl.DataFrame) -> tuple[date, date] | tuple[None, None]:
    """Return the first and the last day of a history; None where no container has a day."""
    days: list[date] = history["assessed_on"].drop_nulls().unique().to_list()
    return (min(days), max(days)) if days else (None, None)


def rate_of(rows: pl.DataFrame) -> Rate:
    """Return what was found in those of these rows that were examined."""
    examined = rows["is_find"].drop_nulls()
    return Rate(found=int(examined.sum()), examined=examined.len())


def base_of(said: pl.DataFrame) -> tuple[Rate, bool]:
    """Return the rate that a rule is measured against, and whether it comes from random draws."""
    drawn = rate_of(said.filter("is_random"))
    return (drawn, True) if drawn.examined else (rate_of(said), False)


def examples(
    found: Matching, hits: pl.DataFrame, *, language: str = "en", at_most: int = MOST_EXAMPLES
) -> tuple[Example, ...]:
    """Return some matches, taken at even steps through the days: no chance, and no best of."""
    of_each = min(_OF_EACH, at_most // 2)
    ordered = hits.sort(
        "assessed_on",
        "container_number",
        pl.col("bills_of_lading").list.join("+"),
        nulls_last=True,
    ).with_row_index("place")
    finds = ordered.filter(pl.col("is_find"))
    nils = ordered.filter(~pl.col("is_find"))
    taken = pl.concat([_spread(finds, of_each), _spread(nils, of_each)])
    rest = ordered.join(taken.select("place"), on="place", how="anti")
    shown = pl.concat([taken, _spread(rest, at_most - taken.height)]).sort("place")
    keys = shown.select("container_id")
    facts = found.history.join(keys, on="container_id", how="semi").join(
        found.measures, on="container_id", how="left"
    )
    by_id = {row["container_id"]: row for row in facts.iter_rows(named=True)}
    return tuple(
        Example(
            container_number=row["container_number"],
            assessed_on=row["assessed_on"],
            bills=tuple(row["bills_of_lading"] or ()),
            outcome=_outcome(row["outcome"], row["is_find"]),
            sentence=sentence(found.rule, by_id[row["container_id"]], language),
        )
        for row in shown.iter_rows(named=True)
    )


def _spread(rows: pl.DataFrame, at_most: int) -> pl.DataFrame:
    """Return so many rows at even steps, the first among them."""
    if rows.height <= at_most:
        return rows
    return rows[[rows.height * step // at_most for step in range(at_most)]]


def _outcome(outcome: str | None, is_find: bool | None) -> str | None:
    if is_find is None:
        return None
    return outcome or ("find" if is_find else "nil")
