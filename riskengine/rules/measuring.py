"""The measures of rules, computed for every container at once in a locked-down, in-memory DuckDB.

A measure that cannot be computed takes its rule along and no other. Two measures that ask the same, as two
versions of a rule do, are computed once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
import polars as pl

from riskengine.errors import RuleError
from riskengine.rules.across_sql import (
    DAY,
    MANIFEST,
    PAST,
    PLAN,
    PRESENT,
    RECEIVED,
    ROW,
    VOYAGE,
    WORLD,
    MeasureSql,
    measure_sql,
)
from riskengine.rules.columns import TYPES, misfit, typed
from riskengine.rules.tree import FieldRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from riskengine.rules.across import Surroundings
    from riskengine.rules.rule import Measure, Rule

CONFIG: dict[str, str | bool | int | float | list[str]] = {"threads": 2, "memory_limit": "2GB"}
# Set once the containers are inside; the last makes the others final.
LOCKS = (
    "SET enable_external_access = false",
    "SET python_enable_replacements = false",
    "SET allow_community_extensions = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET lock_configuration = true",
)
_ASSESSED_ON, _ON = "assessed_on", "on"
_VOYAGE_KEY, _MANIFEST_KEY = "voyage_key", "manifest_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The measures of some rules.

    Attributes:
        columns: One column a measure, row by row beside the containers; those of failed rules are absent.
        failed: The rules whose measures cannot be computed, by id and version, with a sentence saying why.
    """

    columns: pl.DataFrame
    failed: Mapping[tuple[str, int], str]


def measure(rules: Sequence[Rule], frame: pl.DataFrame, around: Surroundings) -> Measured:
    """Compute every measure of *rules* for every container of *frame*.

    Args:
        rules: The rules, with their lists.
        frame: One row per container: the fields, ``assessed_on``, and where they are known ``voyage_key``
            and ``manifest_key``.
        around: The past and the stow plan.

    Raises:
        RuleError: The containers of the past do not say their day.
    """
    if around.past is not None and around.past.schema.get(_ON) != pl.Date:
        raise RuleError("The containers of the past have no day, named 'on'.")
    measuring = [rule for rule in rules if rule.measures]
    failed = {
        (rule.id, rule.version): said
        for rule in measuring
        if (said := _misfit(rule, frame, around))
    }
    able = [rule for rule in measuring if (rule.id, rule.version) not in failed]
    columns: dict[str, pl.Series] = {}
    if able:
        with duckdb.connect(":memory:", config=CONFIG) as connection:
            _fill(connection, able, frame, around)
            asking = _Asking(connection, has_earlier=_has_earlier(frame, around))
            for rule, one in _in_turn(able):
                if (rule.id, rule.version) in failed:
                    continue
                if one.is_of_stow_plan and around.stow_plan is None:
                    columns[one.column] = _missing(one, frame.height)
                    continue
                try:
                    answer = asking.answer(rule, one)
                    columns[one.column] = _column(answer, one, frame.height)
                except RuleError as error:
                    failed[rule.id, rule.version] = error.sentence
    kept = {
        one.column: columns[one.column]
        for rule in able
        if (rule.id, rule.version) not in failed
        for one in rule.measures
    }
    return Measured(columns=pl.DataFrame(kept), failed=failed)


def _refs(measures: Iterable[Measure]) -> list[FieldRef]:
    return [ref for one in measures for ref in one.refs]


def _misfit(rule: Rule, frame: pl.DataFrame, around: Surroundings) -> str:
    """Return which column a measure cannot read, or nothing."""
    sources = [(frame, [FieldRef(_ASSESSED_ON, "date"), *_refs(rule.measures)])]
    if around.past is not None:
        sources.append((around.past, _refs(m for m in rule.measures if m.within_days)))
    if around.stow_plan is not None:
        sources.append((around.stow_plan, _refs(m for m in rule.measures if m.is_of_stow_plan)))
    said = (misfit(refs, dict(source.schema)) for source, refs in sources)
    return next((sentence for sentence in said if sentence), "")


def _fill(
    connection: duckdb.DuckDBPyConnection,
    rules: Sequence[Rule],
    frame: pl.DataFrame,
    around: Surroundings,
) -> None:
    measures = [one for rule in rules for one in rule.measures]
    nothing = pl.DataFrame()
    past = nothing if around.past is None else around.past
    plan = nothing if around.stow_plan is None else around.stow_plan
    received = nothing if around.stow_plan is None else _worlds(around.stow_plan)
    tables = {
        PRESENT: _witnesses(frame, measures, _ASSESSED_ON),
        PAST: _witnesses(past, [one for one in measures if one.within_days], _ON),
        PLAN: _witnesses(plan, [one for one in measures if one.is_of_stow_plan], _ON),
        RECEIVED: received if received.width else pl.DataFrame(schema={"world": pl.Int32}),
    }
    for name, table in tables.items():
        connection.register("arriving", table)
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM arriving")
        connection.unregister("arriving")
    for lock in LOCKS:
        connection.execute(lock)


def _worlds(plan: pl.DataFrame) -> pl.DataFrame:
    """Return the worlds that have a stow plan: the tests of a rule, each a world of its own, or the one."""
    if WORLD in plan.columns:
        return plan.select(pl.col(WORLD).unique().alias("world"))
    return pl.DataFrame({"world": [0]}, schema={"world": pl.Int32})


def _witnesses(frame: pl.DataFrame, measures: Sequence[Measure], day: str) -> pl.DataFrame:
    """Return the columns that the steps read, of their types; minus nought is nought, as keys have it."""
    schema = dict(frame.schema)
    refs = _refs(measures)
    numbers = {ref.name for ref in refs if ref.kind == "number"}
    days = pl.col(DAY) if DAY in schema else pl.col(day) if day in schema else pl.lit(None)
    keys = {VOYAGE: _VOYAGE_KEY, MANIFEST: _MANIFEST_KEY}
    return frame.with_row_index(ROW).select(
        ROW,
        days.cast(pl.Date).cast(pl.Int32).alias(DAY),
        (pl.col(WORLD) if WORLD in schema else pl.lit(0)).cast(pl.Int32).alias(WORLD),
        *(
            (pl.col(key) if key in schema else pl.lit(""))
            .cast(pl.String)
            .fill_null("")
            .alias(name)
            for name, key in keys.items()
        ),
        *(
            column + 0.0 if column.meta.output_name() in numbers else column
            for column in typed(refs, schema)
        ),
    )


def _in_turn(rules: Sequence[Rule]) -> list[tuple[Rule, Measure]]:
    """Return the measures with their rules, those that share the same fields beside each other."""
    pairs = [(rule, one) for rule in rules for one in rule.measures]
    return sorted(
        pairs,
        key=lambda pair: (pair[1].is_of_stow_plan, [ref.name for ref in pair[1].same]),
    )


def _has_earlier(frame: pl.DataFrame, around: Surroundings) -> bool:
    """Tell whether any container can be earlier than another: one day alone has no past."""
    days = DAY if DAY in frame.columns else _ASSESSED_ON
    several = days in frame.columns and frame[days].n_unique() > 1
    return several or (around.past is not None and not around.past.is_empty())


class _Asking:
    """Runs the steps of measures, and none of them twice where two measures have it in common."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, *, has_earlier: bool) -> None:
        self._connection = connection
        self._has_earlier = has_earlier
        self._known: dict[MeasureSql, pl.DataFrame] = {}
        self._asked: tuple[str, ...] = ()

    def answer(self, rule: Rule, measure: Measure) -> pl.DataFrame:
        """Return ``asker`` and ``value``; who is not in it is missing.

        Raises:
            RuleError: DuckDB refused.
        """
        statements = measure_sql(measure, {entry.name: entry.values for entry in rule.lists})
        if statements not in self._known:
            try:
                self._known[statements] = self._run(statements)
            except duckdb.Error as error:
                self._asked = ()
                first = str(error).splitlines()[0]
                sentence = f"The measure {measure.name!r} cannot be computed: {first}"
                raise RuleError(sentence) from error
        return self._known[statements]

    def _run(self, statements: MeasureSql) -> pl.DataFrame:
        if statements.who_asks != self._asked:
            self._asked = ()
            for statement in statements.who_asks:
                self._connection.execute(statement)
            self._asked = statements.who_asks
        if not self._looks_back(statements):
            self._connection.execute(statements.at_once)
            return self._fetched()
        for statement in statements.looking_back:
            self._connection.execute(statement)
        return self._fetched()

    def _fetched(self) -> pl.DataFrame:
        # A relation is planned twice; one that only reads a table costs little.
        return self._connection.sql("SELECT asker, value FROM answer").pl()

    def _looks_back(self, statements: MeasureSql) -> bool:
        if not statements.far or not self._has_earlier:
            return False
        self._connection.execute(statements.far)
        return bool(self._connection.execute("SELECT 1 FROM far LIMIT 1").fetchall())


def _missing(measure: Measure, height: int) -> pl.Series:
    return pl.Series(measure.column, [None] * height, dtype=TYPES[measure.kind])


def _column(answer: pl.DataFrame, measure: Measure, height: int) -> pl.Series:
    rows = pl.DataFrame({"asker": pl.int_range(height, dtype=pl.UInt32, eager=True)})
    return (
        rows.join(
            answer.cast({"asker": pl.UInt32}), on="asker", how="left", maintain_order="left"
        )
        .get_column("value")
        .cast(TYPES[measure.kind])
        .alias(measure.column)
    )
