"""Which earlier containers are alike in what a key of the history is made of, and what was found in them.

The history counts by key and day, and names no container. What each counted container declared is kept beside it:
here the containers behind a count are found again.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as attribute
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.ledger.connection import open_ledger
from riskengine.ledger.seen import columns_of, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    import duckdb

    from riskengine.workspace import Workspace

MET: Final[Mapping[str, pl.DataType]] = {
    "on": pl.Date(),
    "container_key": pl.String(),
    "bill_of_lading": pl.String(),
    "voyage_key": pl.String(),
    "run_id": pl.String(),  # the run that counted it; empty where none did
    "outcome": pl.String(),  # nil, discrepancy, seizure; find where only that is kept; null where nothing is known
    "known_on": pl.Date(),
}
"""One earlier container on its voyage, as the history counted it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """What earlier containers must have declared.

    Attributes:
        same: Fields with the one value they must have, a list being the whole list; None is not declared.
        any_of: Fields with values of which they must have one; of a list, hold one.
        seal_series: Series of which they must bear a seal; empty asks for none.
        since: The first day: of the sighting, or where only examined ones are asked for, of the outcome.
        is_examined: Only those of which an outcome is known.
    """

    same: Mapping[str, object] = attribute(default_factory=dict[str, "object"])
    any_of: Mapping[str, tuple[str, ...]] = attribute(
        default_factory=dict[str, "tuple[str, ...]"]
    )
    seal_series: tuple[str, ...] = ()
    since: date | None = None
    is_examined: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """Up to when is looked, and whose own voyage is left out.

    Attributes:
        day: Nothing of this day or later is told: neither a sighting nor an outcome.
        moment: Nothing that a later run noted, and no outcome entered later, is told; None tells all.
        container_key: The container asked about.
        voyage_key: Its voyage; all of it is left out where it is named.
        is_voyage_named: Whether it is.
    """

    day: date
    moment: datetime | None
    container_key: str
    voyage_key: str
    is_voyage_named: bool


def earlier_alike(
    workspace: Workspace, asked: Sequence[Alike], before: Before, *, at_most: int
) -> list[tuple[pl.DataFrame, int]]:
    """Return, of each question, the latest containers (``MET``, newest first) and how many there are in all.

    Args:
        workspace: The unit's folder.
        asked: The questions.
        before: Up to when.
        at_most: So many containers of each.
    """
    with open_ledger(workspace, read_only=True) as connection:
        known = columns_of(connection)
        return [_answered(connection, known, alike, before, at_most) for alike in asked]


def texts_holding(
    workspace: Workspace, asked: Sequence[tuple[str, str]], before: date
) -> list[list[str]]:
    """Return, of each field and word, the texts declared there that may hold the word, in any spelling.

    Args:
        workspace: The unit's folder.
        asked: A text field, and a word in lower case without accents. A text in another script is always returned.
        before: The day before which it was declared.
    """
    with open_ledger(workspace, read_only=True) as connection:
        known = columns_of(connection)
        return [
            [
                str(text)
                for (text,) in connection.execute(
                    _TEXTS.format(column=quoted(column)), [before, word]
                ).fetchall()
            ]
            if column in known
            else []
            for column, word in asked
        ]


def _answered(
    connection: duckdb.DuckDBPyConnection,
    known: Mapping[str, str],
    alike: Alike,
    before: Before,
    at_most: int,
) -> tuple[pl.DataFrame, int]:
    nothing = pl.DataFrame(schema=dict(MET)), 0
    if not known.keys() >= {*alike.same, *alike.any_of}:
        return nothing
    params: dict[str, object] = {
        "day": before.day,
        "moment": before.moment,
        "own": before.container_key,
        "voyage": before.voyage_key,
        "is_named": before.is_voyage_named,
    }
    meets = _conditions(known, alike, params)
    if not meets:
        return nothing
    if alike.since is not None and not alike.is_examined:
        params["since"] = alike.since
        meets.append('s."on" >= $since')
    connection.execute(_MET.format(conditions=" AND ".join(meets)), params)
    connection.execute(_OUTCOMES, {"day": before.day, "moment": before.moment})
    met = connection.sql(_TOLD).pl()
    if alike.is_examined:
        met = met.filter(pl.col("outcome").is_not_null())
        if alike.since is not None:
            met = met.filter(pl.col("known_on") >= alike.since)
    newest = met.sort(
        *("known_on", "on") if alike.is_examined else ("on", "known_on"),
        *("container_key", "voyage_key", "bill_of_lading"),
        descending=[True, True, False, False, False],
        nulls_last=True,
    )
    return newest.head(at_most).select(MET.keys()).cast(pl.Schema(MET)), met.height


def _conditions(known: Mapping[str, str], alike: Alike, params: dict[str, object]) -> list[str]:
    """Return the conditions, and put what they ask for into the parameters."""
    meets: list[str] = []
    for number, (name, value) in enumerate(alike.same.items()):
        params[f"same_{number}"] = value
        kind = known[name]
        meets.append(f"s.{quoted(name)} IS NOT DISTINCT FROM $same_{number}::{kind}")
    for number, (name, values) in enumerate(alike.any_of.items()):
        params[f"any_{number}"] = list(values)
        if known[name].endswith("[]"):
            meets.append(f"list_has_any(s.{quoted(name)}, $any_{number}::VARCHAR[])")
        else:
            meets.append(f"list_contains($any_{number}::VARCHAR[], s.{quoted(name)})")
    if alike.seal_series and "seal_numbers" in known:
        params["series"] = list(alike.seal_series)
        meets.append(_SERIES)
    return meets


_SERIES: Final = r"""s.rowid IN (
    SELECT place FROM (SELECT rowid AS place, unnest(seal_numbers) AS seal FROM container_seen)
    WHERE length(seal) >= 6 AND regexp_matches(seal, '\d')
        AND list_contains($series::VARCHAR[], left(seal, length(seal) - 3))
)"""
# What is in no Latin letter cannot be searched by a word: it is returned, and the caller compares the keys.
_TEXTS: Final = r"""
SELECT DISTINCT {column} AS text FROM container_seen
WHERE "on" < $1 AND {column} IS NOT NULL AND (
    contains(regexp_replace(lower(strip_accents({column})), '[^a-z0-9]', '', 'g'), $2)
    OR regexp_matches(strip_accents({column}), '[^ -~]')
) ORDER BY text
"""
# Each container once a voyage, on the day on which it was counted first.
_MET: Final = """
CREATE OR REPLACE TEMP TABLE alike_met AS
SELECT s."on", s.container_key, s.bill_of_lading, s.voyage_key, coalesce(g.run_id, '') AS run_id
FROM container_seen s
LEFT JOIN sighting g USING (container_key, bill_of_lading, voyage_key)
LEFT JOIN run r ON r.run_id = g.run_id
WHERE s."on" < $day
    AND ($moment::TIMESTAMP IS NULL OR r.recorded_at IS NULL OR r.recorded_at < $moment::TIMESTAMP)
    AND NOT (s.voyage_key = $voyage AND ($is_named OR s.container_key = $own))
    AND {conditions}
QUALIFY row_number() OVER (
    PARTITION BY s.container_key, s.voyage_key,
        CASE WHEN s.voyage_key IN ('', '|') THEN s.bill_of_lading END
    ORDER BY s."on", s.bill_of_lading
) = 1
"""
# An outcome is of the voyage on which the container was seen last before it became known.
_OUTCOMES: Final = """
CREATE OR REPLACE TEMP TABLE alike_examined AS
WITH asked AS (SELECT DISTINCT container_key FROM alike_met),
entered AS (
    SELECT o.container_number AS container_key, o.known_on, o.outcome
    FROM outcome_entry o JOIN asked a ON a.container_key = o.container_number
    WHERE o.known_on < $day
        AND ($moment::TIMESTAMP IS NULL OR o.recorded_at < $moment::TIMESTAMP)
    QUALIFY row_number() OVER (
        PARTITION BY o.container_number, o.run_id ORDER BY o.recorded_at DESC, o.intent_id DESC
    ) = 1
), counted AS (
    SELECT c.key AS container_key, c."on" AS known_on, sum(c.examined) AS examined,
        sum(c.found) AS found
    FROM count_day c JOIN asked a ON a.container_key = c.key
    WHERE c.kind = 'container' AND c."on" < $day
    GROUP BY ALL HAVING sum(c.examined) > 0
), examined AS (
    SELECT container_key, known_on, outcome FROM entered
    UNION ALL
    SELECT container_key, known_on, CASE WHEN found > 0 THEN 'find' ELSE 'nil' END
    FROM counted ANTI JOIN (SELECT container_number AS container_key, known_on FROM outcome_entry)
        USING (container_key, known_on)
), days AS (
    SELECT container_key, "on", max(voyage_key) AS voyage_key
    FROM container_seen SEMI JOIN asked USING (container_key) GROUP BY ALL
)
SELECT e.container_key, d.voyage_key, e.known_on, e.outcome
FROM examined e ASOF JOIN days d ON d.container_key = e.container_key AND d."on" <= e.known_on
QUALIFY row_number() OVER (
    PARTITION BY e.container_key, d.voyage_key ORDER BY e.known_on DESC, e.outcome DESC
) = 1
"""
_TOLD: Final = """
SELECT m."on", m.container_key, m.bill_of_lading, m.voyage_key, m.run_id, e.outcome, e.known_on
FROM alike_met m LEFT JOIN alike_examined e USING (container_key, voyage_key)
"""
