"""What earlier containers declared, one row each, so that a rule can look across several of them.

The columns follow the catalogue: one that is new is added, and rows noted before it say nothing there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.errors import LedgerError
from riskengine.ledger.connection import open_ledger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import duckdb

    from riskengine.workspace import Workspace

KEYS: Final = ("container_key", "bill_of_lading", "voyage_key", "on")
NEAR: Final = ("port_of_loading", "port_of_discharge", "heading")
"""Where an earlier container went, and with what: null where it is not declared, or the load is mixed."""
MOST_NEAR_ROWS: Final = 150_000
"""Of a large unit only the latest days are looked at, so many that no more rows than this are read."""
_TYPES: Final[tuple[tuple[pl.DataType, str], ...]] = (
    (pl.Float64(), "DOUBLE"),
    (pl.String(), "VARCHAR"),
    (pl.List(pl.String), "VARCHAR[]"),
    (pl.Boolean(), "BOOLEAN"),
    (pl.Date(), "DATE"),
)


def note(connection: duckdb.DuckDBPyConnection, rows: pl.DataFrame) -> int:
    """Keep what these containers declared and return how many they are.

    Args:
        connection: An open ledger, inside the transaction that counts the sightings.
        rows: ``container_key, bill_of_lading, voyage_key, on`` and any fields of the catalogue.

    Raises:
        LedgerError: A field is of a kind that no rule can compare.
    """
    known = columns_of(connection)
    for name, found in rows.schema.items():
        if name not in known:
            connection.execute(
                f"ALTER TABLE container_seen ADD COLUMN {quoted(name)} {_stored_as(name, found)}"
            )
    connection.register("seen_rows", rows.to_arrow())
    connection.execute("INSERT INTO container_seen BY NAME SELECT * FROM seen_rows")
    connection.unregister("seen_rows")
    return rows.height


def fetch(
    workspace: Workspace,
    fields: Sequence[str],
    shared: Mapping[str, pl.Series],
    first: date,
    last: date,
) -> pl.DataFrame:
    """Return the earlier containers that share something with those of today.

    Args:
        workspace: The unit's folder.
        fields: What to return of them; a field that no container has declared yet is left out.
        shared: Fields with the values that today's containers have in them: a container that
            has one of these values in one of these fields is returned.
        first: The first day looked at.
        last: The day before which they were seen: that day itself is not looked at.

    Returns:
        ``KEYS`` and the fields, in a fixed order.
    """
    with open_ledger(workspace, read_only=True) as connection:
        known = columns_of(connection)
        asked = [name for name in (*KEYS, *dict.fromkeys(fields)) if name in known]
        chosen = ", ".join(quoted(name) for name in asked)
        meets = [
            _meets(connection, number, name, values, is_list=known[name].endswith("[]"))
            for number, (name, values) in enumerate(shared.items())
            if name in known
        ]
        found = connection.sql(
            f'SELECT {chosen} FROM container_seen WHERE "on" >= $first AND "on" < $last'
            f" AND ({' OR '.join(meets) or 'FALSE'})",
            params={"first": first, "last": last},
        ).pl()
    return found.sort(KEYS)


def fetch_near(
    workspace: Workspace,
    fields: Sequence[str],
    near: pl.DataFrame,
    own: pl.DataFrame,
    days: tuple[date, date],
) -> pl.DataFrame:
    """Return what earlier containers on some lanes or of some headings declared, each once a voyage.

    Empty boxes and loose cargo are left out, and so are whole voyages: those that are asked about. A container that
    was noted on several bills of one voyage is returned as it was noted last.

    Args:
        workspace: The unit's folder.
        fields: What to return of them; a field that no container has declared yet is left out.
        near: Rows of ``NEAR``: a container that has both ports of a row, or its heading, is returned.
        own: ``KEYS[:3]`` of the containers asked about, and ``is_voyage_named``: where it is, the whole voyage is
            left out; else only the same container on it.
        days: The first day looked at, and the day before which they were seen.

    Returns:
        ``NEAR`` and the fields.
    """
    first, last = days
    with open_ledger(workspace, read_only=True) as connection:
        known = columns_of(connection)
        asked = [name for name in dict.fromkeys(fields) if name in known]
        kinds = {name: pl.Float64() for name in asked}
        if not _SITUATED.issubset(known):
            return pl.DataFrame(schema=dict.fromkeys(NEAR, pl.String()) | kinds)
        latest = connection.execute(_FIRST_DAY, [first, last, MOST_NEAR_ROWS]).fetchall()[0][0]
        connection.register("near", near.select(NEAR).unique().to_arrow())
        connection.register("own", own.to_arrow())
        chosen = "".join(f", {quoted(name)}" for name in asked)
        return connection.sql(
            _NEAR_ROWS.format(chosen=chosen), params={"first": latest, "last": last}
        ).pl()


def _meets(
    connection: duckdb.DuckDBPyConnection,
    number: int,
    name: str,
    values: pl.Series,
    *,
    is_list: bool,
) -> str:
    wanted = f"shared_{number}"
    connection.register(
        wanted, values.drop_nulls().unique().alias("value").to_frame().to_arrow()
    )
    if not is_list:
        return f"{quoted(name)} IN (SELECT value FROM {wanted})"
    # Taken apart once and met by hash: asking each list for each value would take the product.
    return (
        "container_seen.rowid IN (SELECT place FROM (SELECT rowid AS place,"
        f" unnest({quoted(name)}) AS entry FROM container_seen)"
        f" WHERE entry IN (SELECT value FROM {wanted}))"
    )


def columns_of(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the fields that are kept of earlier containers, with their types in the ledger."""
    rows = connection.execute(
        "SELECT column_name, data_type FROM information_schema.columns"
        " WHERE table_name = 'container_seen'"
    ).fetchall()
    return dict(rows)


def _stored_as(name: str, found: pl.DataType) -> str:
    for known, stored in _TYPES:
        if found == known:
            return stored
    raise LedgerError(f"The field {name!r} holds {found}, which the ledger does not keep.")


def quoted(name: str) -> str:
    """Return the name of a column as SQL writes it, whatever stands in it.

    >>> quoted('a"b')
    '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


_SITUATED: Final = frozenset(
    ["port_of_loading", "port_of_discharge", "hs_headings", "is_full", "is_loose_cargo"]
)
# Null where nothing was seen: then nothing is on or after it. A day that alone has too many is looked at whole.
_FIRST_DAY: Final = """
SELECT coalesce(min("on") FILTER (sum_rows <= $3), max("on")) FROM (
    SELECT "on", sum(count(*)) OVER (ORDER BY "on" DESC) AS sum_rows
    FROM container_seen WHERE "on" >= $1 AND "on" < $2 GROUP BY "on"
)
"""
_NEAR_ROWS: Final = """
WITH placed AS (
    SELECT rowid AS place, container_key, bill_of_lading, voyage_key, port_of_loading, port_of_discharge,
        CASE WHEN len(hs_headings) = 1 THEN hs_headings[1] END AS heading{chosen}
    FROM container_seen
    WHERE "on" >= $first AND "on" < $last
        AND is_full IS DISTINCT FROM FALSE AND is_loose_cargo IS DISTINCT FROM TRUE
), repeated AS (
    SELECT container_seen.rowid AS place FROM container_seen SEMI JOIN (
        SELECT container_key, voyage_key FROM container_seen
        WHERE "on" >= $first AND "on" < $last AND voyage_key NOT IN ('', '|')
        GROUP BY ALL HAVING count(*) > 1
    ) USING (container_key, voyage_key)
    WHERE "on" >= $first AND "on" < $last
    QUALIFY row_number() OVER (
        PARTITION BY container_key, voyage_key ORDER BY "on" DESC, bill_of_lading DESC
    ) > 1
)
SELECT port_of_loading, port_of_discharge, heading{chosen} FROM placed
ANTI JOIN (SELECT DISTINCT voyage_key FROM own WHERE is_voyage_named) USING (voyage_key)
ANTI JOIN (SELECT DISTINCT container_key, bill_of_lading, voyage_key FROM own)
    USING (container_key, bill_of_lading, voyage_key)
ANTI JOIN repeated USING (place)
WHERE heading IN (SELECT heading FROM near WHERE heading IS NOT NULL)
    OR port_of_loading || '>' || port_of_discharge IN (
        SELECT port_of_loading || '>' || port_of_discharge FROM near
        WHERE port_of_loading IS NOT NULL AND port_of_discharge IS NOT NULL
    )
"""
