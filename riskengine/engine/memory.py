"""What a manifest adds to the history: each container once on each bill of each voyage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from riskengine.features import history as kept
from riskengine.ledger import history, sightings

if TYPE_CHECKING:
    import duckdb


def remember(
    connection: duckdb.DuckDBPyConnection,
    facts: pl.DataFrame,
    attributes: pl.DataFrame,
    outcomes: pl.DataFrame | None = None,
) -> int:
    """Count the containers that the history has not counted before, and return how many they are.

    A line that names neither container nor bill, or that has no day, has no place in a history.

    Args:
        connection: An open ledger.
        facts: Facts of containers with ``assessed_on``.
        attributes: The attributes of the same manifest.
        outcomes: container_id, is_find, known_on; what examinations found, where the file says.
    """
    named = facts.select(
        "container_id",
        pl.coalesce("container_number", pl.col("bills_of_lading").list.join("+")).alias(
            "container_key"
        ),
        pl.col("bills_of_lading").list.join("+").alias("bill_of_lading"),
        pl.concat_str(
            pl.coalesce("vessel_imo", "vessel_name", pl.lit("")),
            pl.col("voyage_number").fill_null(""),
            separator="|",
        ).alias("voyage_key"),
        pl.col("assessed_on").alias("on"),
    ).filter((pl.col("container_key") != "") & pl.col("on").is_not_null())
    fresh = sightings.new_sightings(connection, named)
    counted = facts.join(fresh.select("container_id"), on="container_id", how="semi")
    known = pl.DataFrame(schema=dict(history.OUTCOMES)) if outcomes is None else outcomes
    past = history.tally(
        kept.sightings(counted, attributes),
        kept.measures(counted, attributes),
        known.join(fresh.select("container_id"), on="container_id", how="semi"),
    )
    history.add(connection, past)
    sightings.note_sightings(connection, fresh)
    return fresh.height
