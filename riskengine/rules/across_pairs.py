"""From all measures that share the same fields to one query: each question met with each who may count.

A manifest asks few questions of a key: its day and its voyage are one or two. Then meeting every question
with every container of its key is little work, and one query answers many measures at once. A year of
days asks too many for that; ``across_sql`` answers those. Both say the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine.rules.across_sql import (
    LARGEST_TERM,
    PAST,
    PER_UNIT,
    PLAN,
    PRESENT,
    RECEIVED,
    ROW,
    WORLD,
    keyed_sql,
    value_sql,
)
from riskengine.rules.compile import quoted, tree_sql

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskengine.rules.rule import Measure

_PLACE = ("world", "day", "voyage", "manifest")


def pairs_sql(asked: Sequence[tuple[Measure, Mapping[str, tuple[str, ...]]]]) -> str:
    """Return the query that computes several measures that share the same fields.

    It reads the tables ``present``, ``past`` and ``plan`` and returns ``asker`` and ``m0``, ``m1`` and so on, in
    the order of the measures. Who is not in it is missing.

    Args:
        asked: Measures with the same ``same``, all or none of the stow plan, and the lists of each one's rule.

    Raises:
        RuleError: A list is not known; a checked rule never does this.
    """
    first = asked[0][0]
    keys = [f"k{number}" for number in range(len(first.same))]
    measures = [measure for measure, _ in asked]
    judged = ", ".join(
        f"{_value(measure)} AS v{number}, coalesce({_where(measure, lists)}, FALSE) AS w{number}"
        for number, (measure, lists) in enumerate(asked)
    )
    received = (
        f"{quoted(WORLD)} IN (SELECT world FROM {RECEIVED})"
        if first.is_of_stow_plan
        else "TRUE"
    )
    tables = [(PLAN, "TRUE")] if first.is_of_stow_plan else [(PRESENT, "TRUE")]
    if any(measure.within_days for measure in measures):
        tables.append((PAST, "FALSE"))
    others = " UNION ALL ".join(
        keyed_sql(first, table, f"{is_here} AS is_here, {judged}", "TRUE")
        for table, is_here in tables
    )
    named = ", ".join(keys)
    joined = f"world, {named}"
    chosen = ", ".join(
        f"w{number} AND ({_chosen(measure)}) AS s{number}"
        for number, measure in enumerate(measures)
    )
    values = ", ".join(f"v{number}" for number in range(len(measures)))
    gathered = ", ".join(_gathered(number, m) for number, m in enumerate(measures))
    answers = ", ".join(_answer(number, m) for number, m in enumerate(measures))
    taken = ", ".join(f"v{number}, w{number}" for number in range(len(measures)))
    place = ", ".join(_PLACE)
    asking = keyed_sql(first, PRESENT, f"{quoted(ROW)} AS asker", received)
    longest = max(measure.within_days for measure in measures)
    return f"""
        WITH asked AS MATERIALIZED ({asking}), others AS ({others}),
        questions AS (SELECT DISTINCT {place}, {named} FROM asked),
        met AS (
            SELECT q.day - n.day AS ago, n.is_here AND n.day = q.day AND n.manifest = q.manifest
                AS is_peer, q.voyage = '' OR n.voyage <> q.voyage AS is_apart,
                {joined}, q.day, q.voyage, q.manifest, {taken}
            FROM questions q JOIN others n USING ({joined})
        ), chosen AS (
            SELECT {place}, {named}, {values}, {chosen} FROM met
            WHERE is_peer OR (ago BETWEEN 1 AND {longest} AND is_apart)
        ), covered AS (
            SELECT {place}, {named}, {gathered} FROM chosen GROUP BY ALL
        )
        SELECT asker, {answers} FROM asked LEFT JOIN covered USING ({place}, {named})
        GROUP BY asker"""


def _value(measure: Measure) -> str:
    value = value_sql(measure)
    return f"coalesce({value}, [])" if measure.of_kind == "texts" else value


def _where(measure: Measure, lists: Mapping[str, tuple[str, ...]]) -> str:
    return " AND ".join(f"({tree_sql(line, lists)})" for line in measure.where) or "TRUE"


def _chosen(measure: Measure) -> str:
    if measure.is_of_stow_plan:
        return "TRUE"
    peers = ["is_peer"] if measure.counts_peers else []
    if measure.within_days:
        peers.append(f"(ago BETWEEN 1 AND {measure.within_days} AND is_apart)")
    return " OR ".join(peers)


def _gathered(number: int, measure: Measure) -> str:
    """Return what is gathered of the others, for one measure."""
    value, chosen = f"v{number}", f"s{number}"
    if measure.taken == "count":
        if measure.of_kind == "texts":
            listed = f"list_distinct(flatten(list({value}) FILTER ({chosen})))"
            return f"len({listed}) AS f{number}"
        return f"count(DISTINCT {value}) FILTER ({chosen}) AS f{number}"
    if measure.taken == "sum":
        can = f"coalesce(abs({value}) <= {LARGEST_TERM}, FALSE)"
        whole = f"CASE WHEN {can} THEN CAST(round({value} * {PER_UNIT}e0) AS HUGEINT) END"
        return (
            f"count(*) FILTER ({chosen} AND NOT {can}) AS l{number}, "
            f"sum({whole}) FILTER ({chosen}) AS t{number}"
        )
    return (
        f"count(*) FILTER ({chosen} AND {value} IS NULL) AS l{number}, "
        f"min({value}) FILTER ({chosen}) AS a{number}, max({value}) FILTER ({chosen}) AS z{number}"
    )


def _answer(number: int, measure: Measure) -> str:
    """Return one measure of one asker, over the values of its key."""
    lacking = f"sum(l{number}) = 0"
    if measure.taken == "count":
        said = f"CAST(max(coalesce(f{number}, 0)) AS DOUBLE)"
    elif measure.taken == "sum":
        total = f"t{number}"
        one = (
            f"sign({total}) * (CAST(abs({total}) // {PER_UNIT} AS DOUBLE) "
            f"+ CAST(abs({total}) % {PER_UNIT} AS DOUBLE) / {PER_UNIT}e0)"
        )
        largest = LARGEST_TERM * PER_UNIT
        said = f"CASE WHEN {lacking} AND max(abs({total})) <= {largest} THEN max({one}) END"
    elif measure.taken == "value_of":
        said = f"any_value(CASE WHEN a{number} = z{number} THEN a{number} END)"
    else:
        whole = f"min(a{number})" if measure.taken == "smallest" else f"max(z{number})"
        said = f"CASE WHEN {lacking} THEN {whole} END"
    return f"{said} AS m{number}"
