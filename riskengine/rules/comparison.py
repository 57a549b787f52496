"""Two rules, or two versions of one, over the same containers: what only the one says, and what was found there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.domain import Verdict
from riskengine.rules.backtest_json import example_as_mapping, rate_as_mapping
from riskengine.rules.matching import (
    Example,
    answers,
    examples,
    identity,
    matching,
    rate_of,
    with_silent_columns,
)
from riskengine.rules.rates import BaseKind, Lift, Rate, base_kind, lift

if TYPE_CHECKING:
    from riskengine.rules.across import Surroundings
    from riskengine.rules.matching import Matching
    from riskengine.rules.rule import Rule

_SHOWN: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The containers that one rule matches and the other does not, or that both match.

    Attributes:
        match: How many they are.
        other_unknown: In how many of them the other rule cannot judge: it does not contradict there.
        find_rate: What was found in those that were examined.
        examples: Some of them.
    """

    match: int
    other_unknown: int
    find_rate: Rate
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two rules over the same containers.

    Attributes:
        first: Id, version and sha256 of the one.
        second: Id, version and sha256 of the other.
        containers: How many containers were asked about.
        only_first: What the first matches and the second does not.
        only_second: What the second matches and the first does not.
        both: What both match.
        neither: How many containers neither matches.
        base_rate: What was found at random; in all that was examined where no draw was.
        is_base_random: Which of the two it is.
    """

    first: tuple[str, int, str]
    second: tuple[str, int, str]
    containers: int
    only_first: Side
    only_second: Side
    both: Side
    neither: int
    base_rate: Rate
    is_base_random: bool

    @property
    def base_kind(self) -> BaseKind:
        """Where the base rate comes from."""
        return base_kind(self.base_rate, self.containers, is_random=self.is_base_random)

    @property
    def lift_of_only_second(self) -> Lift:
        """How many times as often the second finds where it is alone, as the first where that is alone."""
        return lift(self.only_second.find_rate, self.only_first.find_rate)


def compare(
    first: Rule,
    second: Rule,
    frame: pl.DataFrame,
    *,
    surroundings: Surroundings | None = None,
    language: str = "en",
) -> Comparison:
    """Return what two rules say of the same containers.

    Args:
        first: The one.
        second: The other; it may be a version of the first.
        frame: One row a container, as for a back-test.
        surroundings: Earlier containers and the stow plan, for rules over several rows.
        language: Of the sentences in the examples.

    Raises:
        RuleError: One of them cannot run on this frame.
    """
    history = with_silent_columns(frame)
    said_by = answers([first, second], history, surroundings)
    one = matching(first, history, said_by[identity(first)])
    two = matching(second, history, said_by[identity(second)])
    said = one.said.join(
        two.said.select("container_id", pl.col("verdict").alias("other")),
        on="container_id",
        maintain_order="left",
    )
    is_first = (pl.col("verdict") == Verdict.MATCH.value).fill_null(value=False)
    is_second = (pl.col("other") == Verdict.MATCH.value).fill_null(value=False)
    only_first, only_second = (
        said.filter(is_first & ~is_second),
        said.filter(~is_first & is_second),
    )
    both = said.filter(is_first & is_second)
    unknown = Verdict.UNKNOWN.value

    def side(rows: pl.DataFrame, found: Matching, other: str) -> Side:
        return Side(
            match=rows.height,
            other_unknown=rows.filter(pl.col(other) == unknown).height,
            find_rate=rate_of(rows),
            examples=examples(found, rows, language=language, at_most=_SHOWN),
        )

    return Comparison(
        first=(first.id, first.version, first.sha256),
        second=(second.id, second.version, second.sha256),
        containers=history.height,
        only_first=side(only_first, one, "other"),
        only_second=side(only_second, two, "verdict"),
        both=side(both, one, "other"),
        neither=history.height - only_first.height - only_second.height - both.height,
        base_rate=one.base_rate,
        is_base_random=one.is_base_random,
    )


def as_mapping(made: Comparison) -> dict[str, object]:
    """Return a comparison as JSON can hold it."""

    def named(rule: tuple[str, int, str]) -> dict[str, object]:
        return {"rule_id": rule[0], "version": rule[1], "sha256": rule[2]}

    def side(told: Side) -> dict[str, object]:
        return {
            "match": told.match,
            "other_unknown": told.other_unknown,
            "find_rate": rate_as_mapping(told.find_rate),
            "examples": [example_as_mapping(example) for example in told.examples],
        }

    return {
        "first": named(made.first),
        "second": named(made.second),
        "containers": made.containers,
        "only_first": side(made.only_first),
        "only_second": side(made.only_second),
        "both": side(made.both),
        "neither": made.neither,
        "base_rate": rate_as_mapping(made.base_rate),
        "base_kind": made.base_kind,
    }
