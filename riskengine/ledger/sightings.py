"""Which containers the history has counted already: once on each bill of each voyage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.errors import LedgerError

if TYPE_CHECKING:
    import duckdb

_KEY: Final = ("container_key", "bill_of_lading", "voyage_key")


def new_sightings(connection: duckdb.DuckDBPyConnection, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that the history has not counted yet, in their order.

    Args:
        connection: An open ledger.
        frame: ``container_key``, ``bill_of_lading``, ``voyage_key`` (text) and ``on``; other
            columns come along. Of rows that name the same three keys the first is kept. A bill
            or voyage that was not declared is null, and null equals null here.

    Raises:
        LedgerError: A row names no container.
    """
    distinct = _checked(frame).unique(subset=_KEY, keep="first", maintain_order=True)
    connection.register("seen_now", _stored(distinct).select(_KEY).to_arrow())
    known = connection.sql(
        "SELECT container_key, bill_of_lading, voyage_key FROM sighting"
        " SEMI JOIN seen_now USING (container_key, bill_of_lading, voyage_key)"
    ).pl()
    connection.unregister("seen_now")
    place = "__place__"
    fresh = _stored(distinct).with_row_index(place).join(known, on=_KEY, how="anti")[place]
    return distinct[fresh.sort().to_list()]


def note_sightings(connection: duckdb.DuckDBPyConnection, frame: pl.DataFrame) -> int:
    """Remember the new rows of ``frame`` as counted and return how many they are.

    Raises:
        LedgerError: A row names no container, or no day.
    """
    fresh = _stored(new_sightings(connection, frame)).select(*_KEY, "on")
    if fresh["on"].null_count():
        raise LedgerError("A sighting names no day.")
    connection.register("seen_new", fresh.to_arrow())
    connection.execute("INSERT INTO sighting BY NAME SELECT * FROM seen_new")
    connection.unregister("seen_new")
    return fresh.height


def _checked(frame: pl.DataFrame) -> pl.DataFrame:
    missing = [name for name in (*_KEY, "on") if name not in frame.columns]
    if missing:
        raise LedgerError(f"Sightings lack the columns {', '.join(missing)}.")
    if frame["container_key"].null_count():
        raise LedgerError("A sighting names no container.")
    return frame


def _stored(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the keys as the ledger keeps them: the table's key cannot hold a null."""
    return frame.with_columns(pl.col("bill_of_lading", "voyage_key").fill_null(""))
