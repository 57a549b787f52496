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
    known = _columns(connection)
    for name, found in rows.schema.items():
        if name not in known:
            connection.execute(
                f"ALTER TABLE container_seen ADD COLUMN {_name(name)} {_stored_as(name, found)}"
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
        known = _columns(connection)
        asked = [name for name in (*KEYS, *dict.fromkeys(fields)) if name in known]
        chosen = ", ".join(_name(name) for name in asked)
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
        return f"{_name(name)} IN (SELECT value FROM {wanted})"
    # Taken apart once and met by hash: asking each list for each value would take the product.
    return (
        "container_seen.rowid IN (SELECT place FROM (SELECT rowid AS place,"
        f" unnest({_name(name)}) AS entry FROM container_seen)"
        f" WHERE entry IN (SELECT value FROM {wanted}))"
    )


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
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


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
