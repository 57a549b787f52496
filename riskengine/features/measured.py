"""What of a container is measured, and under which keys each measure becomes a habit.

The ledger adds up logarithms. A price or a mass varies by shares, so its own logarithm is kept. A set point goes below
zero and a way of payment is one of two: such a measure is raised first, so that its logarithm is the thing itself.
"""

from __future__ import annotations

import math
from typing import Final

import polars as pl

from riskengine.codes import size_types

SET_POINT_STEP: Final = 0.01
"""By what degrees Celsius are multiplied before they are raised: kept are then whole tenths, as they are declared."""
COLDEST_C: Final = -70.0
WARMEST_C: Final = 60.0
"""Nothing is carried colder or warmer; what lies beyond is another unit, or a slip, and makes no habit."""

_PAID: Final = {"PREPAID": math.e, "COLLECT": 1.0}


def _set_point() -> pl.Expr:
    degrees = pl.col("temperature_set_c")
    is_set = (pl.col("container_family") == "reefer") & degrees.is_between(COLDEST_C, WARMEST_C)
    return pl.when(is_set).then((degrees * SET_POINT_STEP).exp())


def freight_per_container() -> pl.Expr:
    """Return the freight of the bill for each of its containers; null where the box stands on several bills."""
    is_alone = (pl.col("bills_of_lading").list.len() == 1) & (
        pl.col("_bill_container_count") > 0
    )
    return pl.when(is_alone).then(
        pl.col("freight_amount_usd") / pl.col("_bill_container_count")
    )


VALUES: Final = {
    "gross_mass_kg": pl.col("gross_mass_kg"),
    "value_per_kg_usd": pl.col("declared_value_usd") / pl.col("gross_mass_kg"),
    "mass_per_package_kg": pl.col("gross_mass_kg") / pl.col("package_count"),
    "declared_quantity": pl.col("declared_quantity"),
    "tare_mass_kg": pl.col("tare_mass_kg"),
    "freight_per_container_usd": freight_per_container(),
    "set_point": _set_point(),
    "prepaid": pl.col("freight_payment").replace_strict(
        _PAID, default=None, return_dtype=pl.Float64
    ),
}
"""The measures that have habits, each drawn from what a container declares."""

_GOODS: Final = ("gross_mass_kg", "value_per_kg_usd", "mass_per_package_kg")
_RELATION: Final = ("value_per_kg_usd", "mass_per_package_kg")
HABITS: Final[dict[str, tuple[str, ...]]] = {
    "heading": (*_GOODS, "declared_quantity", "set_point"),
    "lane_heading": _GOODS,
    "shipper": (*_GOODS, "prepaid"),
    "shipper_heading": _RELATION,
    "consignee_heading": _RELATION,
    "pair": ("prepaid",),
    "lane": ("freight_per_container_usd",),
    "size_type": ("tare_mass_kg",),
}
"""Which measures are the habit of which kind of key."""
OF_ONE_HEADING: Final = ("heading", "lane_heading", "shipper_heading", "consignee_heading")
"""Kinds that say nothing of a mixed load: it has no usual price."""


def size_type_key() -> pl.Expr:
    """Return the key under which boxes of one size and type are measured."""
    return size_types.normalise_size_type(pl.col("size_type"))
