"""From a measure to the SQL steps that compute it for every container at once; every token is written here.

Containers that ask the same question (same key, day, voyage and manifest) ask it once. What lies in the
window is never paired with them row by row where values are counted: the last sighting of a value before a
day covers the days up to its next one, so that a running sum over those spans tells how many values a day
sees. The voyage of the container asked about is then taken out value by value, and its peers put in.

The steps read three tables: ``present`` (the containers asked about), ``past`` and ``plan``; days are whole
numbers. They leave a table ``answer`` of ``asker`` and ``value``; who is not in it is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine.rules.compile import quoted, tree_sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskengine.rules.rule import Measure

PRESENT, PAST, PLAN, RECEIVED = "present", "past", "plan", "received"
ROW, DAY, VOYAGE, MANIFEST, WORLD = "@row", "@on", "@voyage", "@manifest", "@world"
# A double holds whole numbers up to here; what is larger cannot be added exactly and is missing.
LARGEST_TERM = 2**53
PER_UNIT = 1_000_000


def measure_sql(measure: Measure, lists: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the statements that compute a measure, to be run one after the other.

    Raises:
        RuleError: A list is not known; a checked rule never does this.
    """
    return tuple(
        f"CREATE OR REPLACE TEMP TABLE {name} AS {select}"
        for name, select in _Steps(measure, lists).all()
    )


def keyed_sql(measure: Measure, table: str, taken: str, condition: str) -> str:
    """Return rows of a table with their keys ``k0``, ``k1`` …; none where a key or the day is missing."""
    named = {f"k{number}": ref for number, ref in enumerate(measure.same)}
    keys = ", ".join(
        f"unnest(list_distinct({quoted(ref.name)})) AS {key}"
        if ref.kind == "texts"
        else f"{quoted(ref.name)} AS {key}"
        for key, ref in named.items()
    )
    known = " AND ".join(f"{key} IS NOT NULL" for key in named)
    day, voyage, manifest = quoted(DAY), quoted(VOYAGE), quoted(MANIFEST)
    if measure.is_of_stow_plan:
        day, voyage, manifest = "0", "''", "''"
    inner = (
        f"SELECT {day} AS day, {voyage} AS voyage, {manifest} AS manifest, "
        f"{quoted(WORLD)} AS world, {keys}, {taken} FROM {table} WHERE {condition}"
    )
    return f"SELECT * FROM ({inner}) WHERE day IS NOT NULL AND {known}"


def value_sql(measure: Measure) -> str:
    """Return what is taken of another container; loose cargo is counted by its set of bills."""
    if measure.of == "containers":
        bills = 'list_sort(list_distinct("bills_of_lading"))'
        listed = (
            f"CASE WHEN len({bills}) > 0 THEN chr(31) || array_to_string({bills}, chr(31)) END"
        )
        return f'coalesce("container_number", {listed})'
    return quoted(measure.taken_of[0].name)


class _Steps:
    def __init__(self, measure: Measure, lists: Mapping[str, tuple[str, ...]]) -> None:
        self._measure = measure
        self._keys = [f"k{number}" for number in range(len(measure.same))]
        self._where = "".join(f" AND ({tree_sql(line, lists)})" for line in measure.where)

    def all(self) -> list[tuple[str, str]]:
        joined = ", ".join(["world", *self._keys])
        steps = [
            ("asked", self._asked()),
            (
                "keys",
                f"SELECT row_number() OVER () AS key, * FROM (SELECT DISTINCT {joined} FROM asked)",
            ),
            (
                "subjects",
                f"SELECT asker, key, day, voyage, manifest FROM asked JOIN keys USING ({joined})",
            ),
            ("questions", "SELECT DISTINCT key, day, voyage, manifest FROM subjects"),
            ("near", self._near()),
        ]
        if self._measure.within_days:
            steps.append(("far", self._far()))
        counts = self._measure.taken == "count"
        return steps + (self._counted() if counts else self._aggregated())

    # Who asks, and who is looked at.

    def _asked(self) -> str:
        received = ""
        if self._measure.is_of_stow_plan:
            received = f" AND {quoted(WORLD)} IN (SELECT world FROM {RECEIVED})"
        return keyed_sql(self._measure, PRESENT, f"{quoted(ROW)} AS asker", f"TRUE{received}")

    def _seen(self, table: str) -> str:
        """Return the containers of a table that can count, with the value taken of each."""
        several = self._measure.of_kind == "texts"
        joined = ", ".join(["world", *self._keys])
        value = "unnest(list_distinct(value))" if several else "value"
        keyed = keyed_sql(
            self._measure, table, f"{value_sql(self._measure)} AS value", f"TRUE{self._where}"
        )
        return (
            f"SELECT key, day, voyage, manifest, {value} AS value "
            f"FROM ({keyed}) JOIN keys USING ({joined})"
        )

    def _near(self) -> str:
        """Return the peers, each asked container among them, or the boxes of the stow plan."""
        seen = self._seen(PLAN if self._measure.is_of_stow_plan else PRESENT)
        counts = self._measure.counts_peers or self._measure.is_of_stow_plan
        return seen if counts else f"{seen} LIMIT 0"

    def _far(self) -> str:
        """Return the containers of the days that any question looks back on."""
        parts = " UNION ALL ".join(f"({self._seen(table)})" for table in (PRESENT, PAST))
        first = f"(SELECT min(day) - {self._measure.within_days} FROM questions)"
        last = "(SELECT max(day) FROM questions)"
        return f"SELECT * FROM ({parts}) WHERE day >= {first} AND day < {last}"

    # Counting distinct values.

    def _counted(self) -> list[tuple[str, str]]:
        if not self._measure.within_days:
            found = (
                "SELECT q.key, q.day, q.voyage, q.manifest, count(DISTINCT n.value) AS found "
                "FROM questions q LEFT JOIN near n "
                "ON n.key = q.key AND n.day = q.day AND n.manifest = q.manifest GROUP BY ALL"
            )
            return [("covered", found), ("answer", self._largest_count())]
        return [
            ("days", _DAYS),
            ("runs", _RUNS),
            ("changed", self._changed()),
            ("spans", self._spans()),
            ("covered", _COVERED),
            ("answer", self._largest_count()),
        ]

    def _changed(self) -> str:
        """Return the values that a question must judge one by one: of its peers and of its own voyage."""
        days = self._measure.within_days
        return f"""
            WITH candidates AS (
                SELECT q.key, q.day, q.voyage, q.manifest, n.value, TRUE AS is_peer
                FROM questions q JOIN near n
                ON n.key = q.key AND n.day = q.day AND n.manifest = q.manifest
                WHERE n.value IS NOT NULL
                UNION
                SELECT q.key, q.day, q.voyage, q.manifest, f.value, FALSE AS is_peer
                FROM questions q JOIN far f ON f.key = q.key AND f.voyage = q.voyage
                WHERE q.voyage <> '' AND f.value IS NOT NULL
                AND f.day < q.day AND f.day >= q.day - {days}
            ), judged AS (
                SELECT key, day, voyage, manifest, value, bool_or(is_peer) AS is_peer
                FROM candidates GROUP BY ALL
            )
            SELECT j.key, j.day, j.voyage, j.manifest, sum(CAST(
                j.is_peer OR coalesce(CASE WHEN r.voyage = j.voyage AND j.voyage <> ''
                    THEN r.other_day ELSE r.day END >= j.day - {days}, FALSE) AS INTEGER
            ) - CAST(coalesce(r.day >= j.day - {days}, FALSE) AS INTEGER)) AS more
            FROM judged j ASOF LEFT JOIN runs r
            ON r.key = j.key AND r.value = j.value AND j.day > r.day
            GROUP BY ALL"""

    def _spans(self) -> str:
        """Return how many values a key sees from a day on, whatever their voyage."""
        days = self._measure.within_days
        return f"""
            WITH turns AS (
                SELECT key, day + 1 AS day, 1 AS step FROM runs
                UNION ALL
                SELECT key, least(coalesce(next_day, day + {days}), day + {days}) + 1, -1 FROM runs
            ), steps AS (
                SELECT key, day, sum(step) AS step FROM turns GROUP BY ALL
            )
            SELECT key, day, sum(step) OVER (PARTITION BY key ORDER BY day) AS seen FROM steps"""

    def _largest_count(self) -> str:
        return (
            "SELECT asker, CAST(max(found) AS DOUBLE) AS value FROM subjects s JOIN covered c "
            "USING (key, day, voyage, manifest) GROUP BY asker"
        )

    # Adding up, smallest, largest, the one value.

    def _aggregated(self) -> list[tuple[str, str]]:
        peers = (
            f"SELECT q.*, {_CELL} FROM questions q JOIN ({self._cells('near', 'manifest')}) c "
            "ON c.key = q.key AND c.day = q.day AND c.manifest = q.manifest"
        )
        parts = [peers]
        if self._measure.within_days:
            parts.append(
                f"SELECT q.*, {_CELL} FROM questions q JOIN ({self._cells('far', 'voyage')}) c "
                f"ON c.key = q.key AND c.day < q.day AND c.day >= q.day - {self._measure.within_days} "
                "AND (q.voyage = '' OR c.voyage <> q.voyage)"
            )
        gathered = " UNION ALL ".join(parts)
        covered = (
            f"SELECT key, day, voyage, manifest, {_GATHERED} FROM ({gathered}) "
            "GROUP BY key, day, voyage, manifest"
        )
        return [("covered", covered), ("answer", self._answer())]

    def _cells(self, table: str, beside: str) -> str:
        is_sum = self._measure.taken == "sum"
        can_count = f"abs(value) <= {LARGEST_TERM}" if is_sum else "value IS NOT NULL"
        # The cast is made of every row, of those too that the filter then leaves out.
        millionths = f"CASE WHEN {can_count} THEN round(value * {PER_UNIT}e0) END"
        whole = f"CAST({millionths if is_sum else '0'} AS HUGEINT)"
        return (
            f"SELECT key, day, {beside}, count(*) - count(*) FILTER ({can_count}) AS lacking, "
            f"sum({whole}) FILTER ({can_count}) AS total, min(value) AS lowest, "
            f"max(value) AS highest FROM {table} GROUP BY key, day, {beside}"
        )

    def _answer(self) -> str:
        taken = self._measure.taken
        each = {
            "sum": f"sign(total) * (CAST(abs(total) // {PER_UNIT} AS DOUBLE) "
            f"+ CAST(abs(total) % {PER_UNIT} AS DOUBLE) / {PER_UNIT}e0)",
            "smallest": "lowest",
            "largest": "highest",
            "value_of": "CASE WHEN lowest = highest THEN lowest END",
        }[taken]
        whole = {"smallest": "min(one)", "value_of": "any_value(one)"}.get(taken, "max(one)")
        # What cannot be told of one value of the key cannot be told of the container.
        complete = "TRUE" if taken == "value_of" else "sum(lacking) = 0"
        if taken == "sum":
            complete += f" AND max(abs(total)) <= {LARGEST_TERM * PER_UNIT}"
        return (
            f"SELECT asker, CASE WHEN {complete} THEN {whole} END AS value FROM "
            f"(SELECT asker, lacking, total, {each} AS one FROM subjects s JOIN covered c "
            "USING (key, day, voyage, manifest)) GROUP BY asker"
        )


_CELL = "c.lacking, c.total, c.lowest, c.highest"
_GATHERED = "sum(lacking) AS lacking, sum(total) AS total, min(lowest) AS lowest, max(highest) AS highest"

# One row a key, value and day: one of its voyages, and whether it was the only one.
_DAYS = (
    "SELECT key, value, day, max(voyage) AS voyage, min(voyage) = max(voyage) AS is_alone "
    "FROM far WHERE value IS NOT NULL GROUP BY key, value, day"
)

# Beside each day the next one, and the latest day up to it on which another voyage was seen.
_RUNS = """
    WITH beside AS (
        SELECT key, value, day, voyage, is_alone,
            lead(day) OVER ordered AS next_day,
            lag(day) OVER ordered AS day_before,
            NOT (is_alone AND coalesce(lag(is_alone) OVER ordered, FALSE)
                AND lag(voyage) OVER ordered = voyage) AS is_turn
        FROM days WINDOW ordered AS (PARTITION BY key, value ORDER BY day)
    ), numbered AS (
        SELECT *, sum(CAST(is_turn AS INTEGER))
            OVER (PARTITION BY key, value ORDER BY day) AS run
        FROM beside
    )
    SELECT key, value, day, voyage, next_day, CASE WHEN is_alone
        THEN first_value(day_before) OVER (PARTITION BY key, value, run ORDER BY day)
        ELSE day END AS other_day
    FROM numbered"""

_COVERED = """
    SELECT q.key, q.day, q.voyage, q.manifest, coalesce(s.seen, 0) + coalesce(c.more, 0) AS found
    FROM questions q ASOF LEFT JOIN spans s ON s.key = q.key AND q.day >= s.day
    LEFT JOIN changed c ON c.key = q.key AND c.day = q.day AND c.voyage = q.voyage
        AND c.manifest = q.manifest"""
