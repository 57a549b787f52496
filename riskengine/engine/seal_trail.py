"""The seals of a box from paper to gate: what was declared, what was read each time, and what became of them."""

from __future__ import annotations

from typing import Final

import polars as pl

from riskengine.engine.differences import as_differences

_READ_AT: Final = ("gate_in", "loaded", "discharged", "gate_out")


def seal_trail(own: pl.DataFrame) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Follow the seals of each box from reading to reading.

    Each reading is compared with the one before it, the first one with the manifest: so the place is named where
    something happened. A report without seals says nothing of them.

    Args:
        own: The movements of each journey, in order of time.

    Returns:
        ``container_id``, ``_is_seal_changed`` (null with fewer than two readings), ``_seals_before``,
        ``_seals_after``; and the differences.
    """
    readings = own.filter(
        pl.col("seal_numbers").is_not_null()
        & pl.col("movement").is_in(_READ_AT)
        & pl.col("_when").is_not_null()
    ).with_columns(
        pl.col("seal_numbers", "movement", "moved_on")
        .shift(1)
        .over("container_id")
        .name.suffix("_before")
    )
    later = readings.filter(pl.col("movement_before").is_not_null())
    first = readings.filter(
        pl.col("movement_before").is_null() & pl.col("_declared_seal_list").is_not_null()
    ).with_columns(
        pl.col("_declared_seal_list").alias("seal_numbers_before"),
        pl.lit("manifest").alias("movement_before"),
    )
    compared = pl.concat([first, later])
    before, now = pl.col("seal_numbers_before"), pl.col("seal_numbers")
    is_lost = before.list.set_difference(now).list.len() > 0
    is_kept = before.list.set_intersection(now).list.len() > 0
    is_new = now.list.set_difference(before).list.len() > 0
    kinds = (
        ("seal_changed", ~is_kept),
        ("seal_missing", is_kept & is_lost),
        ("seal_added", is_kept & ~is_lost & is_new),
    )
    found = [
        as_differences(
            compared.filter(condition),
            kind,
            pl.col("movement"),
            against=pl.col("movement_before"),
            declared=_told(before),
            declared_on=pl.col("moved_on_before"),
            found=_told(now),
            found_on=pl.col("moved_on"),
            found_at=pl.col("moved_at"),
            place=pl.col("place"),
            file=pl.col("file"),
        )
        for kind, condition in kinds
    ]
    lost = later.filter(is_lost)
    facts = later.group_by("container_id").agg(is_lost.any().alias("_is_seal_changed"))
    values = lost.unique("container_id", keep="first", maintain_order=True).select(
        "container_id", _told(before).alias("_seals_before"), _told(now).alias("_seals_after")
    )
    return facts.join(values, on="container_id", how="left"), found


def _told(seals: pl.Expr) -> pl.Expr:
    return seals.list.join(", ")
