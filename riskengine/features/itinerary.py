"""The way a bill declares: the length of its legs, and the length there would be without them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from riskengine.codes import ports

if TYPE_CHECKING:
    from riskengine.manifest.schema import Manifest


def route_lengths(manifest: Manifest) -> pl.DataFrame:
    """Return how long each bill's declared way is, and how far its two ports are apart.

    Lengths are along great circles, so they compare ways and do not measure a ship's log.

    Returns:
        ``consignment_id, _route_length_km`` (loading, transhipments in order, discharge; null where a
        port is unknown) and ``_direct_length_km`` (loading to discharge).
    """
    stops = _stops(manifest)
    is_same_bill = pl.col("consignment_id") == pl.col("consignment_id").shift(1)
    legs = stops.with_columns(
        pl.when(is_same_bill).then(pl.col("port").shift(1)).alias("from"),
        is_same_bill.alias("is_leg"),
    ).filter(pl.col("is_leg"))
    lengths = (
        _with_distance(legs, "from", "port")
        .group_by("consignment_id", maintain_order=True)
        .agg(
            pl.when(pl.col("km").is_not_null().all())
            .then(pl.col("km").sum())
            .alias("_route_length_km")
        )
    )
    ends = manifest.consignments.select(
        "consignment_id", "port_of_loading", "port_of_discharge"
    )
    direct = _with_distance(ends, "port_of_loading", "port_of_discharge").select(
        "consignment_id", pl.col("km").alias("_direct_length_km")
    )
    return direct.join(lengths, on="consignment_id", how="left")


def _stops(manifest: Manifest) -> pl.DataFrame:
    """Return every port of every bill in the order in which the goods pass it."""
    first = manifest.consignments.select(
        "consignment_id",
        pl.lit(-1, pl.Int64).alias("sequence"),
        pl.col("port_of_loading").alias("port"),
    )
    between = manifest.legs.select("consignment_id", "sequence", "port")
    last = manifest.consignments.select(
        "consignment_id",
        pl.lit(1 << 40, pl.Int64).alias("sequence"),
        pl.col("port_of_discharge").alias("port"),
    )
    return pl.concat([first, between, last]).sort("consignment_id", "sequence")


def _with_distance(frame: pl.DataFrame, start: str, end: str) -> pl.DataFrame:
    pairs = frame.select(start, end).unique()
    pairs = pairs.with_columns(ports.distance_km(pl.col(start), pl.col(end)).alias("km"))
    return frame.join(pairs, on=[start, end], how="left", maintain_order="left")
