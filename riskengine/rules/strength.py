"""How strong the tests inside a rule are: which small slip of the hand they would not notice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskengine import messages
from riskengine.errors import Place, RuleError
from riskengine.rules.check import row_of
from riskengine.rules.faults import Source
from riskengine.rules.mutate import Change, mutants
from riskengine.rules.reference import answers_about, verdict_of
from riskengine.rules.tree import Condition, Group
from riskengine.rules.yaml_shape import Scalar, Sequence, Table, place_in, read_shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from riskengine.domain import Verdict
    from riskengine.rules.rule import Rule, RuleTest
    from riskengine.rules.yaml_shape import Shape

_QUOTES = frozenset("'\"|>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A change of a rule that none of its tests notices.

    Attributes:
        place: Where the change would be made.
        written: What stands there.
        changed: What could stand there; empty where it could be left out.
        change: The whole of it.
    """

    place: Place
    written: str
    changed: str
    change: Change

    def sentence(self, language: str = "en") -> str:
        """Return what could change unnoticed, and which test would notice."""
        key = "replaced" if self.changed else "left_out"
        params = {"written": self.written, "changed": self.changed}
        said = messages.render(f"strength.missed.{key}", params, language)
        return f"{said} {self.remedy(language)}"

    def remedy(self, language: str = "en") -> str:
        """Return which test would notice."""
        key = f"strength.remedy.{self.change.remedy}"
        return messages.render(key, self.change.remedy_params, language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """What the tests of one rule notice.

    Attributes:
        rule_id: The rule.
        noticed: How many changes make some test fail.
        missed: Those that make none fail, in the order of the file.
        set_aside: How many changes were not tried, because they certainly change nothing.
    """

    rule_id: str
    noticed: int
    missed: tuple[Missed, ...]
    set_aside: int

    @property
    def total(self) -> int:
        """How many changes were tried."""
        return self.noticed + len(self.missed)

    @property
    def share(self) -> float:
        """The share of changes that are noticed; 1 where nothing can be changed."""
        return self.noticed / self.total if self.total else 1.0


def strength_of(rule: Rule) -> Strength:
    """Return how many small changes of *rule* its tests notice, and which they do not.

    Raises:
        RuleError: A test of the rule fails as it stands, so that nothing can be told from the others.
    """
    asked = [(_answers(rule, test), test) for test in rule.tests]
    failing = [test.name for answer, test in asked if answer(rule) is not test.expect]
    if failing:
        raise RuleError(
            f"The test {failing[0]!r} of {rule.id} fails; its strength cannot be measured.",
            remedy="Make the tests of the rule pass first.",
        )
    tried = mutants(rule)
    unnoticed = [
        mutant.change
        for mutant in tried.kept
        if all(answer(mutant.rule) is test.expect for answer, test in asked)
    ]
    places = _Places(rule) if unnoticed else None
    missed = [
        Missed(
            place=places.of(change) if places else rule.place,
            written=change.written,
            changed=change.changed,
            change=change,
        )
        for change in unnoticed
    ]
    return Strength(
        rule_id=rule.id,
        noticed=len(tried.kept) - len(missed),
        missed=tuple(
            sorted(missed, key=lambda each: (each.place.line or 0, each.place.column or 0))
        ),
        set_aside=tried.set_aside,
    )


def _answers(rule: Rule, test: RuleTest) -> Callable[[Rule], Verdict]:
    """Return what says how *rule*, and changed forms of it, answer a test."""
    answer = answers_about(rule, row_of(rule, test))

    def answered(changed: Rule) -> Verdict:
        if changed.measures == rule.measures:
            return answer(changed)
        # Other measures make other values of the same neighbours.
        return verdict_of(changed, row_of(changed, test))[0]

    return answered


class _Places:
    """Where the parts of a rule stand in its file, found again in the text it was read from."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._source = Source(rule.place.file, rule.source_yaml)
        self._rows = rule.source_yaml.splitlines()
        self._table = read_shape(self._source)
        self._groups: dict[int, Shape] = {}
        if self._table is not None:
            self._walk(rule.when, self._table.get("when"))
            excuses = self._table.get("unless")
            if isinstance(excuses, Sequence):
                for tree, shape in zip(rule.unless, excuses.items, strict=True):
                    self._walk(tree, shape)

    def of(self, change: Change) -> Place:
        """Return where *change* would be made."""
        spot = change.spot
        if isinstance(spot, Condition):
            return self._in_line(spot, change.at)
        shape = self._groups.get(id(spot)) if isinstance(spot, Group) else self._under(spot)
        if shape is None:
            return self._rule.place
        return Place(file=self._rule.place.file, line=shape.line, column=shape.column)

    def _in_line(self, line: Condition, at: int) -> Place:
        row, column = line.place.line or 1, line.place.column or 1
        written = self._rows[row - 1] if row <= len(self._rows) else ""
        first = written[column - 1 : column]
        scalar = Scalar(line.text, row, column, first if first in _QUOTES else "")
        found = place_in(self._source, scalar, at)
        return Place(file=line.place.file, line=found[0], column=found[1])

    def _under(self, keys: tuple[str, ...]) -> Shape | None:
        """Return what stands under *keys*, each below the one before."""
        shape: Shape | None = self._table
        for key in keys:
            shape = shape.get(key) if isinstance(shape, Table) else None
        return shape

    def _walk(self, tree: Group | Condition, shape: Shape | None) -> None:
        if not isinstance(tree, Group) or not isinstance(shape, Table) or not shape.entries:
            return
        self._groups[id(tree)] = shape
        (key, items), *more = shape.entries
        if not more:
            self._groups[id(tree)] = key
            self._members(tree, items)
            return
        # Several keys beside each other hold together; each is a group of its own.
        for member, (word, inner) in zip(tree.members, shape.entries, strict=True):
            if isinstance(member, Group):
                self._groups[id(member)] = word
                self._members(member, inner)

    def _members(self, group: Group, items: Shape) -> None:
        if isinstance(items, Sequence):
            for member, shape in zip(group.members, items.items, strict=True):
                self._walk(member, shape)
