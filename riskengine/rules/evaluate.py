"""Every rule asked of every container, in one locked-down, in-memory DuckDB.

DuckDB is the engine of record: its IEEE arithmetic gives the same answer for one container alone as in
a batch of a million. A rule that fails is named and left out; it never stops the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
import polars as pl

from riskengine.errors import RuleError
from riskengine.rules.compile import EXCUSED, MATCH, TABLE, UNKNOWN, rule_sql
from riskengine.rules.tree import FieldKind, fields_needed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from riskengine.rules.rule import Rule

BATCH = 50
VERDICTS = {
    "container_id": pl.Int32,
    "rule_id": pl.String,
    "version": pl.Int64,
    "verdict": pl.String,
    "missing": pl.List(pl.String),
}
_TYPES: Mapping[FieldKind, pl.DataType] = {
    "number": pl.Float64(),
    "text": pl.String(),
    "texts": pl.List(pl.String),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
}
_FOUND = {
    "rule_index": pl.Int32,
    "container_id": pl.Int32,
    "verdict": pl.Int8,
    "absent": pl.Int64,
}
_WORDS = {UNKNOWN: "unknown", EXCUSED: "excused", MATCH: "match"}
# Set once the containers are inside; the last makes the others final.
_LOCKS = (
    "SET enable_external_access = false",
    "SET python_enable_replacements = false",
    "SET allow_community_extensions = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET lock_configuration = true",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What the rules say of the containers.

    Attributes:
        frame: ``container_id, rule_id, version, verdict, missing``, sorted; a container and a rule
            that are not in it are ``no_match``.
        counts: ``rule_id, version, match, no_match, unknown, excused`` of every rule that ran.
        failed: The rules that could not run, each with a sentence saying why.
    """

    frame: pl.DataFrame
    counts: pl.DataFrame
    failed: tuple[tuple[str, str], ...]


def evaluate(rules: Sequence[Rule], frame: pl.DataFrame) -> Verdicts:
    """Ask every rule of every container.

    Args:
        rules: The rules, with their lists; an id may stand among them once.
        frame: One row per container: ``container_id`` and facts and indicators by name. A field that
            is not among the columns is missing for every container.

    Raises:
        RuleError: Two rules have one id, or the frame has no ``container_id``.
    """
    if len({rule.id for rule in rules}) < len(rules):
        raise RuleError("Two of the rules have the same id.")
    if "container_id" not in frame.columns:
        raise RuleError("The containers have no container_id.")
    misfits = _misfits(rules, frame)
    failed = [(rule.id, misfits[rule.id]) for rule in rules if rule.id in misfits]
    able = [rule for rule in rules if rule.id not in misfits]
    statements: list[tuple[int, str]] = []
    for index, rule in enumerate(able):
        try:
            statements.append((index, rule_sql(rule, index)))
        except RuleError as error:
            failed.append((rule.id, error.sentence))
    with duckdb.connect(":memory:", config={"threads": 2, "memory_limit": "2GB"}) as connection:
        _fill(connection, _columns(able, frame))
        found, broken = _run(connection, statements)
    failed += [(able[index].id, sentence) for index, sentence in broken]
    gone = {rule_id for rule_id, _ in failed}
    return Verdicts(
        frame=_worded(found, able),
        counts=_counts(found, able, gone, frame.height),
        failed=tuple(sorted(failed)),
    )


def _misfits(rules: Iterable[Rule], frame: pl.DataFrame) -> dict[str, str]:
    """Return the rules that read a column of another type than their field's, and say which."""
    misfits: dict[str, str] = {}
    types = dict(frame.schema)
    for rule in rules:
        for ref in rule.fields_read:
            found = types.get(ref.name)
            if found is not None and not _fits(found, ref.kind):
                misfits[rule.id] = f"The field {ref.name!r} holds {found}, not a {ref.kind}."
    return misfits


def _fits(found: pl.DataType, kind: FieldKind | None) -> bool:
    if found == pl.Null:
        return True
    if kind == "number":
        return found.is_numeric()
    if kind == "text":
        return found == pl.String or isinstance(found, (pl.Categorical, pl.Enum))
    if kind == "texts":
        return found in (pl.List(pl.String), pl.List(pl.Null))
    return kind is not None and found == _TYPES[kind]


def _columns(rules: Iterable[Rule], frame: pl.DataFrame) -> pl.DataFrame:
    """Return the columns that the rules read, each of its field's type; not finite is missing."""
    kinds: dict[str, FieldKind] = {
        ref.name: ref.kind for rule in rules for ref in rule.fields_read if ref.kind is not None
    }
    columns = [pl.col("container_id").cast(pl.Int32)]
    for name, kind in sorted(kinds.items()):
        if name == "container_id":
            continue
        if name not in frame.columns:
            columns.append(pl.lit(None, dtype=_TYPES[kind]).alias(name))
            continue
        column = pl.col(name).cast(_TYPES[kind])
        if kind == "number":
            column = pl.when(column.is_finite()).then(column).alias(name)
        columns.append(column)
    return frame.select(columns)


def _fill(connection: duckdb.DuckDBPyConnection, columns: pl.DataFrame) -> None:
    connection.register("arriving", columns)
    connection.execute(f"CREATE TABLE {TABLE} AS SELECT * FROM arriving")
    connection.unregister("arriving")
    for lock in _LOCKS:
        connection.execute(lock)


def _run(
    connection: duckdb.DuckDBPyConnection, statements: Sequence[tuple[int, str]]
) -> tuple[pl.DataFrame, list[tuple[int, str]]]:
    found: list[pl.DataFrame] = [pl.DataFrame(schema=_FOUND)]
    broken: list[tuple[int, str]] = []
    for start in range(0, len(statements), BATCH):
        batch = statements[start : start + BATCH]
        try:
            found.append(_ask(connection, [sql for _, sql in batch]))
        except duckdb.Error:
            # One of them fails: ask them one by one, so that only the culprit is lost.
            for index, sql in batch:
                try:
                    found.append(_ask(connection, [sql]))
                except duckdb.Error as error:
                    broken.append((index, f"DuckDB refused: {str(error).splitlines()[0]}"))
    return pl.concat(found), broken


def _ask(connection: duckdb.DuckDBPyConnection, statements: Sequence[str]) -> pl.DataFrame:
    return connection.sql(" UNION ALL ".join(statements)).pl().cast(_FOUND)  # type: ignore[arg-type]


def _worded(found: pl.DataFrame, rules: Sequence[Rule]) -> pl.DataFrame:
    """Return indexes as ids and bits as the names of the missing fields."""
    names = pl.DataFrame(
        {
            "rule_index": pl.Series(range(len(rules)), dtype=pl.Int32),
            "rule_id": pl.Series([rule.id for rule in rules], dtype=pl.String),
            "version": pl.Series([rule.version for rule in rules], dtype=pl.Int64),
        }
    )
    masks = found.select("rule_index", "absent").unique()
    needed = [[ref.name for ref in fields_needed(rule.when)] for rule in rules]
    missing = pl.Series(
        "missing",
        [
            [name for bit, name in enumerate(needed[index]) if mask >> bit & 1]
            for index, mask in masks.rows()
        ],
        dtype=pl.List(pl.String),
    )
    return (
        found.join(masks.with_columns(missing), on=["rule_index", "absent"])
        .join(names, on="rule_index")
        .with_columns(pl.col("verdict").replace_strict(_WORDS, return_dtype=pl.String))
        .select(list(VERDICTS))
        .sort("container_id", "rule_id")
    )


def _counts(
    found: pl.DataFrame, rules: Sequence[Rule], gone: set[str], containers: int
) -> pl.DataFrame:
    tally = {
        (index, verdict): count
        for index, verdict, count in found.group_by("rule_index", "verdict").len().rows()
    }
    rows = [
        (
            rule.id,
            rule.version,
            *(tally.get((index, code), 0) for code in (MATCH, UNKNOWN, EXCUSED)),
        )
        for index, rule in enumerate(rules)
        if rule.id not in gone
    ]
    schema = ["rule_id", "version", "match", "unknown", "excused"]
    types = {name: pl.String if name == "rule_id" else pl.Int64 for name in schema}
    no_match = containers - pl.sum_horizontal("match", "unknown", "excused")
    return (
        pl.DataFrame(rows, schema=types, orient="row")
        .with_columns(no_match.cast(pl.Int64).alias("no_match"))
        .select("rule_id", "version", "match", "no_match", "unknown", "excused")
        .sort("rule_id")
    )
