"""What the unit has seen before, as integers per key and day: counts, and habits of measures.

Only whole numbers are kept, so that no order of adding them can change a bit of the sums.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

import polars as pl

from riskengine.errors import LedgerError
from riskengine.ledger.connection import open_ledger

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from riskengine.workspace import Workspace

FrameSchema: TypeAlias = Mapping[str, pl.DataType]

COUNT_DAYS: Final[FrameSchema] = {
    "kind": pl.String(),
    "key": pl.String(),
    "on": pl.Date(),
    "containers": pl.Int64(),  # counted on the day of the assessment
    "examined": pl.Int64(),  # counted on the day the outcome became known
    "found": pl.Int64(),
}
"""How many containers of a key were seen, examined and found something in, day by day."""

HABIT_DAYS: Final[FrameSchema] = {
    "kind": pl.String(),
    "key": pl.String(),
    "measure": pl.String(),
    "on": pl.Date(),
    "count": pl.Int64(),
    "total_milli": pl.Int64(),  # sum of x, where x = round(1000 ln(measure))
    "squares_micro": pl.Int64(),  # sum of x squared
}
"""What a measure of a key usually is, day by day, on the scale of its natural logarithm."""

KIND_DAYS: Final[FrameSchema] = {
    "kind": pl.String(),
    "on": pl.Date(),
    "containers": pl.Int64(),  # over all keys of the kind: a box with two headings counts twice
}
"""On which days keys of a kind were counted at all, whichever they were."""

SIGHTINGS: Final[FrameSchema] = {
    "container_id": pl.Int32(),
    "kind": pl.String(),
    "key": pl.String(),
    "on": pl.Date(),
}
MEASURES: Final[FrameSchema] = {
    "container_id": pl.Int32(),
    "kind": pl.String(),
    "key": pl.String(),
    "measure": pl.String(),
    "value": pl.Float64(),
    "on": pl.Date(),
}
OUTCOMES: Final[FrameSchema] = {
    "container_id": pl.Int32(),
    "is_find": pl.Boolean(),
    "known_on": pl.Date(),
}

_COUNT_KEY: Final = ("kind", "key", "on")
_HABIT_KEY: Final = ("kind", "key", "measure", "on")
_NOTHING_YET: Final = hashlib.sha256(b"riskengine history 1").hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A piece of the history: what it counted, and which habits it saw.

    Attributes:
        counts: Rows of ``COUNT_DAYS``.
        habits: Rows of ``HABIT_DAYS``.
        kinds: Rows of ``KIND_DAYS``. Given where the counts are those of some keys only; else
            they are added up from the counts.

    Raises:
        LedgerError: A frame has other columns, other types, or a null in it.
    """

    counts: pl.DataFrame
    habits: pl.DataFrame
    kinds: pl.DataFrame = field(default_factory=pl.DataFrame)

    def __post_init__(self) -> None:
        _must_be(self.counts, COUNT_DAYS, "counts")
        _must_be(self.habits, HABIT_DAYS, "habits")
        if self.kinds.width == 0:
            object.__setattr__(self, "kinds", _kinds_of(self.counts))
        _must_be(self.kinds, KIND_DAYS, "kinds")

    @property
    def began(self) -> pl.DataFrame:
        """Return ``kind, on``: the first day on which keys of each kind were counted."""
        counted = self.kinds.filter(pl.col("containers") > 0)
        return counted.group_by("kind").agg(pl.col("on").min()).sort("kind")

    @classmethod
    def empty(cls) -> Past:
        """Return a past in which nothing was seen.

        >>> Past.empty().counts.height
        0
        """
        return cls(
            counts=pl.DataFrame(schema=dict(COUNT_DAYS)),
            habits=pl.DataFrame(schema=dict(HABIT_DAYS)),
        )


def tally(sightings: pl.DataFrame, measures: pl.DataFrame, outcomes: pl.DataFrame) -> Past:
    """Count what a set of containers adds to the history.

    Args:
        sightings: Rows of ``SIGHTINGS``, distinct per container, kind and key.
        measures: Rows of ``MEASURES``. A measure that is null, not finite, zero or negative has
            no logarithm: it says nothing of a habit and is left out (the sighting still counts).
        outcomes: Rows of ``OUTCOMES``, at most one a container.

    Raises:
        LedgerError: A frame has other columns or types, a null key, or a container twice.
    """
    _must_be(sightings, SIGHTINGS, "sightings")
    _must_be(measures, MEASURES, "measures", may_be_null=("value",))
    _must_be_distinct(sightings, ("container_id", "kind", "key"), "sightings")
    _must_be_distinct(measures, ("container_id", "kind", "key", "measure"), "measures")
    seen = sightings.group_by(_COUNT_KEY).agg(
        pl.len().cast(pl.Int64).alias("containers"),
        pl.lit(0, pl.Int64).alias("examined"),
        pl.lit(0, pl.Int64).alias("found"),
    )
    examined = tally_outcomes(sightings, outcomes).counts
    return Past(
        counts=_summed(pl.concat([seen, examined]), COUNT_DAYS), habits=_habits(measures)
    )


def tally_outcomes(sightings: pl.DataFrame, outcomes: pl.DataFrame) -> Past:
    """Count only what examinations add, for containers that were counted as seen before.

    Args:
        sightings: Rows of ``SIGHTINGS``: the keys that each examined container has.
        outcomes: Rows of ``OUTCOMES``, at most one a container.

    Raises:
        LedgerError: A frame has other columns or types, a null, or a container twice.
    """
    _must_be(sightings, SIGHTINGS, "sightings")
    _must_be(outcomes, OUTCOMES, "outcomes")
    _must_be_distinct(sightings, ("container_id", "kind", "key"), "sightings")
    _must_be_distinct(outcomes, ("container_id",), "outcomes")
    counts = (
        sightings.join(outcomes, on="container_id", how="inner")
        .group_by("kind", "key", pl.col("known_on").alias("on"))
        .agg(
            pl.lit(0, pl.Int64).alias("containers"),
            pl.len().cast(pl.Int64).alias("examined"),
            pl.col("is_find").sum().cast(pl.Int64).alias("found"),
        )
    )
    return Past(counts=_summed(counts, COUNT_DAYS), habits=Past.empty().habits)


def merge(pasts: Iterable[Past]) -> Past:
    """Add pieces of history up, in any order."""
    pieces = [Past.empty(), *pasts]
    return Past(
        counts=_summed(pl.concat([piece.counts for piece in pieces]), COUNT_DAYS),
        habits=_summed(pl.concat([piece.habits for piece in pieces]), HABIT_DAYS),
        kinds=_summed(pl.concat([piece.kinds for piece in pieces]), KIND_DAYS),
    )


def fetch(workspace: Workspace, keys: pl.DataFrame) -> Past:
    """Return everything the ledger has counted for these keys, on all days.

    Args:
        workspace: The unit's folder.
        keys: Columns ``kind`` and ``key``; doubles and nulls do no harm.
    """
    return snapshot(workspace, keys)[0]


def snapshot(workspace: Workspace, keys: pl.DataFrame) -> tuple[Past, str]:
    """Return what ``fetch`` and ``digest`` return, both of the same moment.

    An assessment names the digest of the history it looked at: asked one after the other, another
    process may have added something in between.
    """
    wanted = keys.select("kind", "key").drop_nulls().unique()
    with open_ledger(workspace, read_only=True) as connection:
        connection.register("wanted_key", wanted.to_arrow())
        counts = connection.sql(_FETCH_COUNTS).pl()
        habits = connection.sql(_FETCH_HABITS).pl()
        kinds = connection.sql(_FETCH_KINDS).pl()
        return Past(counts=counts, habits=habits, kinds=kinds), _head(connection)[1]


def add(connection: duckdb.DuckDBPyConnection, past: Past) -> None:
    """Add a piece of history to the ledger, inside the caller's transaction.

    A piece in which nothing was seen leaves the ledger, and its digest, as they are.
    """
    piece = merge([past])
    if piece.counts.is_empty() and piece.habits.is_empty():
        return
    for name, frame, statements in (
        ("new_count", piece.counts, (_RAISE_COUNTS, _INSERT_COUNTS)),
        ("new_habit", piece.habits, (_RAISE_HABITS, _INSERT_HABITS)),
        ("new_kind", _kinds_of(piece.counts), (_INSERT_KINDS,)),
    ):
        connection.register(name, frame.to_arrow())
        for statement in statements:
            connection.execute(statement)
        connection.unregister(name)
    seq, before = _head(connection)
    content = f"{before}:{_content_digest(piece)}".encode()
    connection.execute(
        "INSERT INTO history_state VALUES (?, ?)",
        [seq + 1, hashlib.sha256(content).hexdigest()],
    )


def digest(workspace: Workspace) -> str:
    """Return the sha256 that names the history as it stands.

    It is chained over the additions: the same additions in the same order give the same digest.
    """
    with open_ledger(workspace, read_only=True) as connection:
        return _head(connection)[1]


def _head(connection: duckdb.DuckDBPyConnection) -> tuple[int, str]:
    newest = connection.execute(
        "SELECT seq, digest FROM history_state ORDER BY seq DESC LIMIT 1"
    ).fetchall()
    return newest[0] if newest else (0, _NOTHING_YET)


def _kinds_of(counts: pl.DataFrame) -> pl.DataFrame:
    return _summed(counts, KIND_DAYS).filter(pl.col("containers") != 0)


def _habits(measures: pl.DataFrame) -> pl.DataFrame:
    value = pl.col("value")
    logarithm = (value.log() * 1000.0).round().cast(pl.Int64)
    each = measures.filter(value.is_finite() & (value > 0.0)).with_columns(
        logarithm.alias("total_milli"), (logarithm * logarithm).alias("squares_micro")
    )
    return _summed(each.with_columns(pl.lit(1, pl.Int64).alias("count")), HABIT_DAYS)


def _summed(frame: pl.DataFrame, schema: FrameSchema) -> pl.DataFrame:
    """Return one row a key and day, in order of the key."""
    sums = [name for name, kind in schema.items() if kind == pl.Int64()]
    key = [name for name in schema if name not in sums]
    return frame.group_by(key).agg(pl.col(sums).sum()).sort(key).select(list(schema))


def _content_digest(past: Past) -> str:
    """Return the sha256 of a merged piece of history, free of any library's way of writing."""
    content = hashlib.sha256()
    for frame in (past.counts, past.habits):
        columns = [pl.col(name).cast(pl.String) for name in frame.columns]
        sized = [
            part for text in columns for part in (text.str.len_bytes().cast(pl.String), text)
        ]
        lines = frame.select(pl.concat_str(sized, separator=":").alias("line"))["line"]
        content.update(f"{frame.height}\n".encode())
        content.update("\n".join(lines.to_list()).encode())
        content.update(b"\n")
    return content.hexdigest()


def _must_be(
    frame: pl.DataFrame, schema: FrameSchema, name: str, *, may_be_null: tuple[str, ...] = ()
) -> None:
    if dict(frame.schema) != dict(schema):
        wrong = sorted(set(frame.schema.items()) ^ set(schema.items()), key=str)
        raise LedgerError(f"The history's {name} have other columns than agreed: {wrong}.")
    holed = [c for c in schema if c not in may_be_null and frame[c].null_count()]
    if holed:
        raise LedgerError(f"The history's {name} have nulls in {', '.join(holed)}.")


def _must_be_distinct(frame: pl.DataFrame, key: tuple[str, ...], name: str) -> None:
    if frame.select(key).is_duplicated().any():
        raise LedgerError(f"The history's {name} count one {', '.join(key)} twice.")


_FETCH_COUNTS: Final = """
SELECT kind, key, "on", sum(containers)::BIGINT AS containers,
    sum(examined)::BIGINT AS examined, sum(found)::BIGINT AS found
FROM count_day SEMI JOIN wanted_key USING (kind, key)
GROUP BY kind, key, "on" ORDER BY kind, key, "on"
"""
_FETCH_HABITS: Final = """
SELECT kind, key, measure, "on", sum(count)::BIGINT AS count,
    sum(total_milli)::BIGINT AS total_milli, sum(squares_micro)::BIGINT AS squares_micro
FROM habit_day SEMI JOIN wanted_key USING (kind, key)
GROUP BY kind, key, measure, "on" ORDER BY kind, key, measure, "on"
"""
_FETCH_KINDS: Final = """
SELECT kind, "on", sum(containers)::BIGINT AS containers
FROM kind_day GROUP BY kind, "on" ORDER BY kind, "on"
"""
_INSERT_KINDS: Final = "INSERT INTO kind_day BY NAME SELECT * FROM new_kind"
_RAISE_COUNTS: Final = """
UPDATE count_day AS kept SET containers = kept.containers + added.containers,
    examined = kept.examined + added.examined, found = kept.found + added.found
FROM new_count AS added
WHERE kept.kind = added.kind AND kept.key = added.key AND kept."on" = added."on"
"""
_INSERT_COUNTS: Final = """
INSERT INTO count_day BY NAME
SELECT * FROM new_count ANTI JOIN count_day USING (kind, key, "on")
"""
_RAISE_HABITS: Final = """
UPDATE habit_day AS kept SET count = kept.count + added.count,
    total_milli = kept.total_milli + added.total_milli,
    squares_micro = kept.squares_micro + added.squares_micro
FROM new_habit AS added
WHERE kept.kind = added.kind AND kept.key = added.key
    AND kept.measure = added.measure AND kept."on" = added."on"
"""
_INSERT_HABITS: Final = """
INSERT INTO habit_day BY NAME
SELECT * FROM new_habit ANTI JOIN habit_day USING (kind, key, measure, "on")
"""
