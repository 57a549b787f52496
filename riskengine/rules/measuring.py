"""The measures of rules, computed for every container at once in a locked-down, in-memory DuckDB.

Measures that share the same fields are computed together, where that is little work. A measure that cannot
be computed takes its rule along and no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
import polars as pl

from riskengine.errors import RuleError
from riskengine.rules.across_pairs import pairs_sql
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
    measure_sql,
)
from riskengine.rules.columns import TYPES, misfit, typed
from riskengine.rules.tree import FieldRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

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
MOST_PAIRS = 20_000_000
"""Up to so many pairs of a question and a container, meeting them all is less work than avoiding it."""

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
            few = _pairs_at_most(frame, around) <= MOST_PAIRS
            for group in _groups(able):
                if group[0][1].is_of_stow_plan and around.stow_plan is None:
                    columns |= {one.column: _missing(one, frame.height) for _, one in group}
                    continue
                for (rule, one), answer in _answers(connection, group, frame.height, few=few):
                    if isinstance(answer, RuleError):
                        failed[rule.id, rule.version] = answer.sentence
                    else:
                        columns[one.column] = answer.cast(TYPES[one.kind]).alias(one.column)
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


def _groups(rules: Sequence[Rule]) -> list[list[tuple[Rule, Measure]]]:
    """Return the measures with their rules, those together that share the same fields."""
    groups: dict[tuple[bool, tuple[str, ...]], list[tuple[Rule, Measure]]] = {}
    for rule in rules:
        for one in rule.measures:
            shared = one.is_of_stow_plan, tuple(ref.name for ref in one.same)
            groups.setdefault(shared, []).append((rule, one))
    return list(groups.values())


def _pairs_at_most(frame: pl.DataFrame, around: Surroundings) -> int:
    """Return how many pairs of a question and a container there can be, at the very most."""
    keys = [
        name
        for name in (_VOYAGE_KEY, _MANIFEST_KEY, _ASSESSED_ON, DAY)
        if name in frame.columns
    ]
    questions = frame.select(keys).n_unique() if keys and frame.height else 1
    past = 0 if around.past is None else around.past.height
    return questions * (frame.height + past)


def _answers(
    connection: duckdb.DuckDBPyConnection,
    group: Sequence[tuple[Rule, Measure]],
    height: int,
    *,
    few: bool,
) -> Iterator[tuple[tuple[Rule, Measure], pl.Series | RuleError]]:
    """Yield each measure, row by row beside the containers, or with what keeps it from being computed."""
    parts = [group] if few else [[pair] for pair in group]
    while parts:
        part = parts.pop(0)
        try:
            for statement in _statements(part, few=few):
                connection.execute(statement)
            found = _beside(connection, height)
        except (duckdb.Error, RuleError) as error:
            if len(part) > 1:
                # One of them fails: they are asked one by one, so that only the culprit is lost.
                parts += [[pair] for pair in part]
            else:
                yield part[0], _refused(part[0][1], error)
            continue
        for number, pair in enumerate(part):
            yield pair, found[:, number]


def _statements(part: Sequence[tuple[Rule, Measure]], *, few: bool) -> tuple[str, ...]:
    """Return the statements that leave a table ``answer``: who asks, and one column a measure."""
    lists = [{entry.name: entry.values for entry in rule.lists} for rule, _ in part]
    measures = [measure for _, measure in part]
    if few:
        sql = pairs_sql(list(zip(measures, lists, strict=True)))
        return (f"CREATE OR REPLACE TEMP TABLE answer AS {sql}",)
    return measure_sql(measures[0], lists[0])


def _beside(connection: duckdb.DuckDBPyConnection, height: int) -> pl.DataFrame:
    """Return the columns of ``answer``, a row a container; who is not in it is missing."""
    # A relation is planned twice; one that only reads a table costs little.
    answer = connection.sql("SELECT * FROM answer").pl().cast({"asker": pl.UInt32})
    rows = pl.DataFrame({"asker": pl.int_range(height, dtype=pl.UInt32, eager=True)})
    return rows.join(answer, on="asker", how="left", maintain_order="left").drop("asker")


def _refused(measure: Measure, error: duckdb.Error | RuleError) -> RuleError:
    if isinstance(error, RuleError):
        return error
    first = str(error).splitlines()[0]
    return RuleError(f"The measure {measure.name!r} cannot be computed: {first}")


def _missing(measure: Measure, height: int) -> pl.Series:
    return pl.Series(measure.column, [None] * height, dtype=TYPES[measure.kind])
