"""What is usual: how far the measures of each container lie from the habits of its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.features.history import attribute_kind, measures
from riskengine.features.look_back import habits
from riskengine.features.measured import HABITS, SET_POINT_STEP

if TYPE_CHECKING:
    from collections.abc import Iterable

    from riskengine.ledger.history import Past

FEWEST_FOR_A_HABIT: Final = 20
"""Earlier containers below which nothing is called usual."""
FEWEST_OF_A_RELATION: Final = 5
"""Earlier containers below which a party with its goods has no habit: it sends few, and varies less than its trade."""
RELATION_SHRINKAGE: Final = 5
"""As many containers of the heading's spread are added to those of a relation: a few may agree by chance."""
FEWEST_PAYMENTS: Final = 3
"""Earlier containers below which nobody has a way of paying."""
_USUAL_SPREAD: Final = (
    1.2816  # standard deviations around the mean between which 80 % of a normal habit lies
)
_LEAST_SPREAD: Final = 0.05
"""Of a logarithm: a habit without spread would make a gram an outlier. Of a tare of 2.2 t it is 110 kg."""
_PREFIXES: Final = {
    "heading": "",
    "lane_heading": "lane_",
    "shipper": "shipper_",
    "shipper_heading": "shipper_heading_",
    "consignee_heading": "consignee_heading_",
    "lane": "lane_",
    "size_type": "",
}
"""How the columns of each kind of habit begin after the underscore."""
_RELATIONS: Final = ("shipper_heading", "consignee_heading")
_ON_THEIR_OWN: Final = ("set_point", "prepaid")
_DEGREES: Final = 1 / SET_POINT_STEP


def with_habits(
    frame: pl.DataFrame, attributes: pl.DataFrame, past: Past, categories: Iterable[str]
) -> pl.DataFrame:
    """Set beside each container how far its measures lie from what is usual.

    Args:
        frame: The facts of the containers.
        attributes: The attributes of the same manifest.
        past: The past, by key and day.
        categories: The attributes by whose values the declared quantity is a habit too.

    Returns:
        The frame and for each habit of ``measured.HABITS`` ``_<measure>_distance`` (in standard deviations of
        the logarithm), ``_declared``, ``_count``, ``_usual``, ``_usual_low`` and ``_usual_high``;
        ``_set_point_usual`` in degrees; ``_payment_other_share`` and ``_payment_count``;
        ``attribute.<name>.quantity_deviation``.
    """
    measured = measures(frame, attributes)
    known = measured.join(
        habits(past, measured), on=["kind", "key", "measure", "on"], how="left"
    )
    told = _told(known)
    parts = told.partition_by("kind", "measure", as_dict=True)
    nothing = told.clear()
    for kind, before in _PREFIXES.items():
        for measure in HABITS[kind]:
            if measure in _ON_THEIR_OWN:
                continue
            name = f"_{before}{measure}"
            part = parts.get((kind, measure), nothing).select(
                "container_id",
                pl.col("distance").alias(f"{name}_distance"),
                pl.col("value").alias(f"{name}_declared"),
                pl.col("count").alias(f"{name}_count"),
                pl.col("mean").exp().alias(f"{name}_usual"),
                pl.col("usual_low").alias(f"{name}_usual_low"),
                pl.col("usual_high").alias(f"{name}_usual_high"),
            )
            frame = frame.join(part, on="container_id", how="left")
    for name in categories:
        part = parts.get((attribute_kind(name), "declared_quantity"), nothing).select(
            "container_id", pl.col("distance").alias(f"attribute.{name}.quantity_deviation")
        )
        frame = frame.join(part, on="container_id", how="left")
    set_points = parts.get(("heading", "set_point"), nothing).select(
        "container_id",
        (pl.col("mean") * _DEGREES).alias("_set_point_usual"),
        pl.col("count").alias("_set_point_count"),
    )
    return frame.join(set_points, on="container_id", how="left").join(
        _payments(known), on="container_id", how="left"
    )


def _told(known: pl.DataFrame) -> pl.DataFrame:
    """Return the habits that enough containers have made, with how far each measure lies from its own.

    The spread of a relation is drawn towards that of its heading. Without one nobody could say how far is far.
    """
    is_relation = pl.col("kind").is_in(_RELATIONS)
    of_headings = known.filter(
        (pl.col("kind") == "heading") & (pl.col("count") >= FEWEST_FOR_A_HABIT)
    ).select("container_id", "measure", pl.col("deviation").alias("wider"))
    own = known.filter(
        pl.col("count")
        >= pl.when(is_relation).then(FEWEST_OF_A_RELATION).otherwise(FEWEST_FOR_A_HABIT)
    ).join(of_headings, on=["container_id", "measure"], how="left")
    count, spread, wider = pl.col("count"), pl.col("deviation"), pl.col("wider")
    drawn = (
        (count * spread * spread + RELATION_SHRINKAGE * wider * wider)
        / (count + RELATION_SHRINKAGE)
    ).sqrt()
    mean = pl.col("mean")
    return (
        own.with_columns(pl.when(is_relation).then(drawn).otherwise(spread).alias("deviation"))
        .filter(pl.col("deviation").is_not_null())
        .with_columns(
            ((pl.col("value").log() - mean) / spread.clip(_LEAST_SPREAD)).alias("distance"),
            (mean - _USUAL_SPREAD * spread).exp().alias("usual_low"),
            (mean + _USUAL_SPREAD * spread).exp().alias("usual_high"),
        )
    )


def _payments(known: pl.DataFrame) -> pl.DataFrame:
    """Return what share of the pair's earlier containers was paid the other way; of a new pair, of the shipper's."""
    prepaid = pl.col("mean")
    shares = known.filter(
        (pl.col("measure") == "prepaid") & (pl.col("count") >= FEWEST_PAYMENTS)
    ).select(
        "container_id",
        "kind",
        pl.when(pl.col("value") > 1).then(1 - prepaid).otherwise(prepaid).alias("share"),
        "count",
    )
    return (
        shares.sort("container_id", "kind")  # "pair" before "shipper"
        .unique("container_id", keep="first", maintain_order=True)
        .select(
            "container_id",
            pl.col("share").alias("_payment_other_share"),
            pl.col("count").alias("_payment_count"),
        )
    )
