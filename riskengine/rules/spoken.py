"""A rule read aloud, line by line: what it asks, and for one container what was found and what would have to turn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from riskengine import messages
from riskengine.rules.reference import truth_in, value_in
from riskengine.rules.sentences import label_of, shown_value, statement
from riskengine.rules.tree import (
    Between,
    Compare,
    Condition,
    Group,
    Mode,
    fields_read,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from riskengine.rules.rule import Rule
    from riskengine.rules.tree import Node

_ONE_LINE = 1.0
_NOT_KNOWN = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One field that a line reads.

    Attributes:
        name: The field.
        label: Its name for people.
        value: The value found, as people read it; None where it is missing.
    """

    name: str
    label: str
    value: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenLine:
    """One line of a rule, or the word that joins several.

    Attributes:
        depth: How many groups it stands in.
        part: ``when``, ``unless`` or ``exception``.
        mode: ``all``, ``any`` or ``none`` where it joins others; empty for a condition.
        words: What it asks, in words.
        written: The condition as its author wrote it; empty for what joins others.
        holds: Whether it holds for the container; None where that is unknown, or no container was asked.
        read: The fields that it reads, with the values found.
    """

    depth: int
    part: Literal["when", "unless", "exception"]
    mode: str
    words: str
    written: str
    holds: bool | None = None
    read: tuple[Read, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """Return the labels of the fields that it reads and that are missing."""
        return tuple(read.label for read in self.read if read.value is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A line that would have to come out otherwise for the rule to match.

    Attributes:
        condition: The line.
        wanted: Whether it would have to hold, or not to hold.
        holds: What it says now; None where that is unknown.
        distance: How far it is from turning: from 0 for a number near its bound to 1; 2 where a field is missing.
    """

    condition: Condition
    wanted: bool
    holds: bool | None
    distance: float

    @property
    def is_at_limit(self) -> bool:
        """Tell whether what was found is the limit itself, which the line leaves out."""
        node = self.condition.tree
        is_ordered = isinstance(node, Compare) and node.operator in {"<", "<=", ">", ">="}
        return self.distance == 0.0 and (is_ordered or isinstance(node, Between))


@dataclass(slots=True)
class _Voice:
    """The rule, the container and the language that all lines of one reading share."""

    rule: Rule
    row: Mapping[str, object] | None
    language: str

    def line(
        self,
        tree: Group | Condition,
        depth: int,
        part: Literal["when", "unless", "exception"],
    ) -> Iterator[SpokenLine]:
        holds = None if self.row is None else truth_in(self.rule, self.row, tree)
        if isinstance(tree, Condition):
            yield SpokenLine(
                depth=depth,
                part=part,
                mode="",
                words=statement(self.rule, tree, self.language),
                written=tree.text,
                holds=holds,
                read=self.read(tree),
            )
            return
        words = messages.render(f"answer.mode.{tree.mode.value}", {}, self.language)
        yield SpokenLine(
            depth=depth, part=part, mode=tree.mode.value, words=words, written="", holds=holds
        )
        for member in tree.members:
            yield from self.line(member, depth + 1, part)

    def read(self, tree: Node | Condition) -> tuple[Read, ...]:
        return tuple(
            Read(
                name=ref.name,
                label=label_of(self.rule, ref.name, self.language),
                value=None
                if self.row is None
                else shown_value(value_in(self.rule, self.row, ref), self.language),
            )
            for ref in fields_read(tree)
        )


def spoken(
    rule: Rule, language: str = "en", row: Mapping[str, object] | None = None
) -> tuple[SpokenLine, ...]:
    """Return every line of a rule in words, none skipped: conditions, excuses, then exceptions.

    Args:
        rule: The rule, with its lists where a container is asked about.
        language: Of the reader.
        row: The facts and indicators of one container; None reads the rule alone.
    """
    voice = _Voice(rule, row, language)
    lines = [*voice.line(rule.when, 0, "when")]
    for tree in rule.unless:
        lines += voice.line(tree, 0, "unless")
    for exception in rule.exceptions:
        lines += voice.line(exception.condition, 0, "exception")
    return tuple(lines)


def lines_to_turn(rule: Rule, row: Mapping[str, object]) -> tuple[Turn, ...]:
    """Return the smallest set of lines that would have to turn for the conditions to hold, nearest first.

    Where one of several lines would do, it is the one that is nearest to turning.
    """
    turns = _cheapest(rule, row, rule.when, wanted=True)
    return tuple(sorted(turns, key=lambda turn: turn.distance))


def turn_in_words(
    rule: Rule, row: Mapping[str, object], turn: Turn, language: str = "en"
) -> str:
    """Return one line that would have to turn as a sentence, with the value found."""
    read = _Voice(rule, row, language).read(turn.condition)
    missing = [one.label for one in read if one.value is None]
    key = "known" if turn.holds is None else "limit" if turn.is_at_limit else "hold"
    found = values_in_words(read, language)
    params = {
        "phrase": statement(rule, turn.condition, language),
        "found": found,
        "missing": ", ".join(missing),
    }
    suffix = "" if turn.wanted else "_not"
    return messages.render(f"answer.turn.{key}{suffix}", params, language)


def values_in_words(read: tuple[Read, ...], language: str = "en") -> str:
    """Return what a line found: a value alone, or each with its label where it reads several fields."""
    missing = messages.render("answer.table.missing", {}, language)
    if len(read) == 1:
        return read[0].value or missing
    return "; ".join(f"{one.label}: {one.value or missing}" for one in read)


def _cheapest(
    rule: Rule, row: Mapping[str, object], tree: Group | Condition, *, wanted: bool
) -> tuple[Turn, ...]:
    holds = truth_in(rule, row, tree)
    if holds is wanted:
        return ()
    if isinstance(tree, Condition):
        distance = _NOT_KNOWN if holds is None else _distance(rule, row, tree.tree)
        return (Turn(condition=tree, wanted=wanted, holds=holds, distance=distance),)
    inner = wanted if tree.mode is not Mode.NONE else not wanted
    costs = [_cheapest(rule, row, member, wanted=inner) for member in tree.members]
    if (tree.mode is Mode.ALL) is inner:
        return tuple(turn for cost in costs for turn in cost)
    return min(costs, key=lambda cost: (len(cost), sum(turn.distance for turn in cost)))


def _distance(rule: Rule, row: Mapping[str, object], node: Node) -> float:
    """Return how far a comparison is from turning, as a share of the larger side; 1 for all else."""
    if isinstance(node, Between):
        sides = [Compare("=", node.operand, bound, node.at) for bound in (node.low, node.high)]
        return min(_distance(rule, row, side) for side in sides)
    if not isinstance(node, Compare) or node.operator == "!=":
        return _ONE_LINE
    left, right = (value_in(rule, row, side) for side in (node.left, node.right))
    if isinstance(left, bool) or isinstance(right, bool):
        return _ONE_LINE
    if isinstance(left, float) and isinstance(right, float):
        largest = max(abs(left), abs(right))
        return min(_ONE_LINE, abs(left - right) / largest) if largest else 0.0
    if isinstance(left, date) and isinstance(right, date):
        return min(_ONE_LINE, abs((left - right).days) / 365)
    return _ONE_LINE
