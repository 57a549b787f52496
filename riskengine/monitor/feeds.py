"""Feeds whose fields go missing: what a filer no longer declares, no rule and no model can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from riskengine.monitor.changes import shift_between
from riskengine.monitor.tails import told_apart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskengine.monitor.limits import Limits

FIELDS: Final = (
    "shipper_name",
    "consignee_name",
    "notify_party_name",
    "goods_description",
    "hs_codes",
    "package_count",
    "gross_mass_kg",
    "declared_value_usd",
    "freight_payment",
    "place_of_delivery",
    "seal_numbers",
    "size_type",
    "booked_on",
    "issued_on",
)
"""What a feed declares and a profiler lives on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedGap:
    """A field that a feed fills less often than before.

    Attributes:
        feed: Who files it; empty for all together.
        field: The field.
        missing: The share of its containers without it.
        missing_before: The same before.
        containers: How many containers it filed.
        chance: How likely such a difference is by chance.
    """

    feed: str
    field: str
    missing: float
    missing_before: float
    containers: int
    chance: float


def gaps_of(frame: pl.DataFrame, side: int, run_id: str) -> pl.DataFrame:
    """Return how many containers of each feed lack each field in one run."""
    feeds = [
        pl.col(name).cast(pl.String)
        for name in ("filer", "carrier_code")
        if name in frame.columns
    ]
    feed = pl.coalesce(*feeds, pl.lit("")) if feeds else pl.lit("")
    return (
        frame.group_by(feed.alias("feed"))
        .agg(
            pl.len().cast(pl.Int64).alias("containers"),
            *(
                pl.col(name).is_null().sum().cast(pl.Int64).alias(name)
                for name in FIELDS
                if name in frame.columns
            ),
        )
        .unpivot(index=["feed", "containers"], variable_name="field", value_name="missing")
        .with_columns(pl.lit(side).alias("side"), pl.lit(run_id).alias("run_id"))
    )


def feeds_of(gaps: Sequence[pl.DataFrame], limits: Limits) -> tuple[tuple[FeedGap, ...], int]:
    """Return the fields that went missing by more than chance, and how many pairs of feed and field were tested.

    Args:
        gaps: What ``gaps_of`` said of each run of the report (side 1) and of the time before (side 0).
        limits: How rare and how large a gap must be.
    """
    if not gaps:
        return (), 0
    each = pl.concat(gaps)
    whole = (
        each.group_by("run_id", "side", "field", maintain_order=True)
        .agg(pl.col("containers", "missing").sum())
        .with_columns(pl.lit("").alias("feed"))
    )
    named = each.filter(pl.col("feed") != "")
    tested: list[FeedGap] = []
    columns = ["feed", "field", "side", "containers", "missing"]
    for (feed, field), held in pl.concat(
        [whole.select(columns), named.select(columns)]
    ).group_by("feed", "field", maintain_order=True):
        now, before = (
            held.filter(pl.col("side") == side)
            .select((pl.col("containers") - pl.col("missing")), "missing")
            .to_numpy()
            .astype(np.float64)
            for side in (1, 0)
        )
        if not len(now) or not len(before):
            continue
        chance = shift_between(now, before).chance
        if chance is None:
            continue
        tested.append(
            FeedGap(
                feed=str(feed),
                field=str(field),
                missing=float(now[:, 1].sum() / now.sum()),
                missing_before=float(before[:, 1].sum() / before.sum()),
                containers=int(now.sum()),
                chance=chance,
            )
        )
    stands = told_apart([gap.chance for gap in tested], limits.false_alarm_rate)
    told = [
        gap
        for gap, is_told in zip(tested, stands, strict=True)
        if is_told and gap.missing - gap.missing_before >= limits.missing_share
    ]
    told.sort(key=lambda gap: (gap.missing_before - gap.missing, gap.feed, gap.field))
    return tuple(told), len(tested)
