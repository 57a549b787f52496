"""The unfinished manifests of all calls together, while boxes, goods and signs are being put on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from riskengine.simulate.columns import Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Everything that sails, in three frames.

    Attributes:
        bills: One row a bill, `bill_id` being its position; canonical columns and working ones.
            ``typology`` (null for the innocent), ``is_insider``, ``sign_strength``, ``is_probed``, ``is_probe`` and
            ``is_sloppy`` are truths about it.
        boxes: One row a container on a call, `box_id` being its position; ``typology`` likewise, ``wave``
            and ``is_displaced``.
        goods: One row for each line of goods of a bill in a box.
    """

    bills: pl.DataFrame
    boxes: pl.DataFrame
    goods: pl.DataFrame

    def boxes_of(self, bills: Mask) -> Mask:
        """Tell which boxes stand on one of the chosen bills (the box's first, for groupage)."""
        return bills[self.boxes["bill_id"].to_numpy()]

    def goods_of(self, bills: Mask) -> Mask:
        """Tell which lines of goods belong to the chosen bills."""
        return bills[self.goods["bill_id"].to_numpy()]


def make_draft(bills: pl.DataFrame) -> Draft:
    """Give each bill its boxes, a groupage box to all of its house bills, and a line for each.

    The goods are only named here: who lies about them is decided before they are weighed.
    """
    bills = bills.with_columns(
        pl.lit(None, dtype=pl.String).alias("typology"),
        pl.lit(value=False).alias("is_sloppy"),
        pl.lit(value=False).alias("is_probed"),
        pl.lit(value=False).alias("is_probe"),
    )
    is_first = pl.col("group").is_null() | pl.col("group").is_first_distinct()
    boxes = (
        bills.filter(is_first)
        .select(
            "bill_id",
            "call_id",
            "relation_id",
            "group",
            "box_count",
            "is_empty",
            "country",
            "port_of_loading",
            "port_of_discharge",
            "has_shipper_seal",
        )
        .with_columns(pl.col("bill_id").repeat_by("box_count").alias("bill_id"))
        .explode("bill_id")
        .with_row_index("box_id")
        .with_columns(
            (~pl.col("is_empty")).alias("is_full"),
            pl.lit(None, dtype=pl.String).alias("typology"),
        )
    )
    plain = boxes.filter(pl.col("group").is_null()).select("bill_id", "box_id")
    grouped = (
        bills.filter(pl.col("group").is_not_null())
        .select("bill_id", "group")
        .join(boxes.select("box_id", "group").drop_nulls(), on="group", how="left")
        .select("bill_id", "box_id")
    )
    goods = pl.concat([plain, grouped]).sort("box_id", "bill_id").with_columns(line=0)
    return Draft(bills=bills, boxes=boxes, goods=goods)


def with_second_lines(draft: Draft) -> Draft:
    """Give a second line of other goods to the full boxes of traders who mix their loads."""
    mixes = draft.bills.select(
        pl.col("has_second_line") & pl.col("group").is_null() & pl.col("typology").is_null()
    ).to_series()
    has_second = mixes.to_numpy()[draft.goods["bill_id"].to_numpy()]
    second = draft.goods.filter(pl.Series(has_second)).with_columns(line=1)
    goods = pl.concat([draft.goods.with_columns(), second]).sort("box_id", "bill_id", "line")
    return Draft(bills=draft.bills, boxes=draft.boxes, goods=goods)


def named_on_bills(draft: Draft) -> Draft:
    """Write on each bill what is true of the first illicit box that stands on it."""
    truths = ("typology", "is_insider", "sign_strength")
    guilty = (
        draft.goods.select("bill_id", "box_id")
        .with_columns(
            draft.boxes["typology"].gather(draft.goods["box_id"]),
            draft.boxes["is_insider"].gather(draft.goods["box_id"]),
            draft.boxes["sign_strength"].gather(draft.goods["box_id"]),
        )
        .drop_nulls("typology")
        .unique("bill_id", keep="first", maintain_order=True)
        .select("bill_id", *truths)
    )
    bills = (
        draft.bills.drop("typology")
        .join(guilty, on="bill_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("is_insider").fill_null(value=False),
            pl.col("sign_strength").fill_null(0.0),
        )
    )
    return Draft(bills=bills, boxes=draft.boxes, goods=draft.goods)
