"""The tests inside a rule, run through both evaluators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from riskengine.rules.evaluate import evaluate
from riskengine.rules.reference import verdict_of

if TYPE_CHECKING:
    from riskengine.domain import Verdict
    from riskengine.errors import Place
    from riskengine.rules.rule import Rule

_TYPES = {
    "number": pl.Float64,
    "text": pl.String,
    "texts": pl.List(pl.String),
    "boolean": pl.Boolean,
    "date": pl.Date,
}


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
    frame = pl.DataFrame(
        {
            "container_id": pl.Series(range(len(rule.tests)), dtype=pl.Int32),
            **{
                ref.name: pl.Series(
                    [test.values.get(ref.name) for test in rule.tests],
                    dtype=_TYPES[ref.kind or "text"],
                )
                for ref in rule.fields_read
            },
        }
    )
    verdicts = evaluate([rule], frame)
    said = dict(verdicts.frame.select("container_id", "verdict").rows())
    other = "failed" if verdicts.failed else "no_match"
    results: list[TestResult] = []
    for number, test in enumerate(rule.tests):
        by_reference, missing = verdict_of(rule, test.values)
        results.append(
            TestResult(
                name=test.name,
                expected=test.expect,
                found=said.get(number, other),
                found_by_reference=by_reference,
                missing=missing,
                place=test.place,
            )
        )
    return tuple(results)
