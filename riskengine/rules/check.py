"""The tests inside a rule, run through both evaluators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

import polars as pl

from riskengine.rules.across import Surroundings
from riskengine.rules.across_reference import Scene, measures_of
from riskengine.rules.across_sql import DAY, WORLD
from riskengine.rules.columns import TYPES
from riskengine.rules.evaluate import evaluate
from riskengine.rules.measuring import measure
from riskengine.rules.reference import verdict_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from riskengine.domain import Verdict
    from riskengine.errors import Place
    from riskengine.rules.rule import Rule, RuleTest
    from riskengine.rules.tree import FieldRef, Value


_Placed: TypeAlias = "tuple[int, date | None, Mapping[str, Value]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    """What one test of a rule found.

    Attributes:
        name: The test's name.
        expected: What the rule must say.
        found: What DuckDB, the engine of record, says; ``failed`` where the rule cannot run.
        found_by_reference: What the plain evaluator says.
        missing: The fields that were missing, where the answer is unknown.
        place: Where the test stands.
    """

    __test__ = False

    name: str
    expected: Verdict
    found: str
    found_by_reference: Verdict
    missing: tuple[str, ...]
    place: Place

    @property
    def passed(self) -> bool:
        """Tell whether both evaluators say what was expected."""
        return self.found == self.expected == self.found_by_reference


def run_tests(rule: Rule) -> tuple[TestResult, ...]:
    """Run the tests of a rule in DuckDB and in the plain evaluator.

    Args:
        rule: The rule, with the lists it asks.
    """
    rows = [test.values for test in rule.tests]
    columns = {
        ref.name: pl.Series(
            [row.get(ref.name) for row in rows], dtype=TYPES[ref.kind or "text"]
        )
        for ref in rule.fields_read
    }
    ids = pl.Series(range(len(rows)), dtype=pl.Int32)
    measured, broken = _measured(rule)
    verdicts = evaluate(
        [rule], pl.DataFrame({"container_id": ids, **columns}), measured=measured
    )
    said = dict(verdicts.frame.select("container_id", "verdict").rows())
    other = "failed" if verdicts.failed or broken else "no_match"
    results: list[TestResult] = []
    for number, test in enumerate(rule.tests):
        by_reference, missing = verdict_of(rule, row_of(rule, test))
        results.append(
            TestResult(
                name=test.name,
                expected=test.expect,
                found="failed" if broken else said.get(number, other),
                found_by_reference=by_reference,
                missing=tuple(rule.short_name(name) for name in missing),
                place=test.place,
            )
        )
    return tuple(results)


def row_of(rule: Rule, test: RuleTest) -> Mapping[str, Value]:
    """Return the container of a test as the plain evaluator asks it: measures stand by their columns."""
    if test.others is None:
        return test.values
    today = _day_of(rule, test)
    asked = _placed(test.values, today)
    peers = [o for o in test.others if not o.is_of_stow_plan and o.days_before == 0]
    earlier = [o for o in test.others if not o.is_of_stow_plan and o.days_before > 0]
    planned = [o.values for o in test.others if o.is_of_stow_plan]
    scene = Scene(
        present=[asked, *(_placed(peer.values, today) for peer in peers)],
        past=[_placed(o.values, _before(today, o.days_before)) for o in earlier],
        stow_plan=planned or None,
    )
    return {**test.values, **measures_of(rule, asked, scene)}


def _day_of(rule: Rule, test: RuleTest) -> date | None:
    """Return the day of a test: any will do where it gives none, and none where it gives it as missing."""
    given = test.values.get("assessed_on", rule.valid_from)
    return given if isinstance(given, type(rule.valid_from)) else None


def _placed(values: Mapping[str, Value], day: date | None) -> Mapping[str, Value]:
    return {**values, "assessed_on": day, "on": day}


def _before(today: date | None, days: int) -> date | None:
    return None if today is None else today - timedelta(days=days)


def _measured(rule: Rule) -> tuple[pl.DataFrame, bool]:
    """Return the measures of each test, given or computed, and whether one of them cannot be.

    Each test is a world of its own: what stands beside one container is not beside another.
    """
    given = {
        one.column: pl.Series(
            [test.values.get(one.column) for test in rule.tests], dtype=TYPES[one.kind]
        )
        for one in rule.measures
    }
    worlds = [
        (n, test, test.others) for n, test in enumerate(rule.tests) if test.others is not None
    ]
    if not rule.measures or not worlds:
        return pl.DataFrame(given), False
    present = [(n, day := _day_of(rule, t), _placed(t.values, day)) for n, t, _ in worlds]
    past: list[_Placed] = []
    planned: list[_Placed] = []
    for number, test, others in worlds:
        today = _day_of(rule, test)
        for o in others:
            day = _before(today, o.days_before)
            placed = (number, day, _placed(o.values, day))
            beside = present if o.days_before == 0 else past
            (planned if o.is_of_stow_plan else beside).append(placed)
    around = Surroundings(
        past=_frame(rule, past).with_columns(on=pl.col(DAY)),
        stow_plan=_frame(rule, planned) if planned else None,
    )
    taken = measure([rule], _frame(rule, present), around)
    asked = [number for number, _, _ in worlds]
    for column in taken.columns.get_columns():
        given[column.name] = given[column.name].scatter(asked, column.head(len(asked)))
    return pl.DataFrame(given), bool(taken.failed)


def _frame(rule: Rule, placed: Sequence[_Placed]) -> pl.DataFrame:
    refs: dict[str, FieldRef] = {ref.name: ref for one in rule.measures for ref in one.refs}
    return pl.DataFrame(
        {
            WORLD: pl.Series([world for world, _, _ in placed], dtype=pl.Int32),
            DAY: pl.Series([day for _, day, _ in placed], dtype=pl.Date),
            **{
                name: pl.Series(
                    [values.get(name) for _, _, values in placed],
                    dtype=TYPES[ref.kind or "text"],
                )
                for name, ref in refs.items()
            },
        }
    )
