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


def own_sightings(connection: duckdb.DuckDBPyConnection, frame: pl.DataFrame) -> pl.DataFrame:
    """Return when these containers were counted on these same voyages, and by which run.

    A container that is assessed again must not find itself in the past.

    Args:
        connection: An open ledger.
        frame: ``container_key`` and ``voyage_key``.

    Returns:
        ``container_key, voyage_key, on, run_id``; the run is null where a history was remembered.
    """
    asked = frame.select("container_key", pl.col("voyage_key").fill_null("")).unique()
    connection.register("seen_again", asked.to_arrow())
    found = connection.sql(
        'SELECT container_key, voyage_key, "on", run_id FROM sighting'
        " SEMI JOIN seen_again USING (container_key, voyage_key)"
        " WHERE run_id IS NULL OR run_id <> ''"
    ).pl()
    connection.unregister("seen_again")
    return found.sort("container_key", "voyage_key", "on", nulls_last=True)


def note_sightings(connection: duckdb.DuckDBPyConnection, frame: pl.DataFrame) -> int:
    """Remember the new rows of ``frame`` as counted and return how many they are.

    Args:
        connection: An open ledger.
        frame: As for ``new_sightings``; a column ``run_id`` says which run counted each.

    Raises:
        LedgerError: A row names no container, or no day.
    """
    told = (
        frame
        if "run_id" in frame.columns
        else frame.with_columns(pl.lit(None, pl.String).alias("run_id"))
    )
    fresh = _stored(new_sightings(connection, told)).select(*_KEY, "on", "run_id")
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
