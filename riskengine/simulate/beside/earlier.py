"""Earlier versions of the manifests: what stood there before somebody amended it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from riskengine.simulate.beside.shown import shown
from riskengine.simulate.columns import put
from riskengine.simulate.dice import dice
from riskengine.simulate.equipment import distinct
from riskengine.simulate.tables import commodities
from riskengine.simulate.traders import FACTS, invent_traders

if TYPE_CHECKING:
    from riskengine.simulate.columns import Mask
    from riskengine.simulate.draft import Draft
    from riskengine.simulate.settings import Settings

_SENT_EARLY = 0.75
_WEIGHED_LATE = 0.25
_RESPELLED = 0.02
_ELSEWHERE = ["BEBRU", "NLVEN", "DEDUI", "FRLIL", "ESMAD", "MABER"]


def make_earlier(
    settings: Settings, draft: Draft, calls: pl.DataFrame, lines: pl.DataFrame
) -> pl.DataFrame:
    """Return the lines of the first version of each manifest that had one, with the day it was received.

    Three of four calls are manifested twice: when the ship has left its last port, and again before it arrives. Bills
    that were issued later, or came late, are not on the first version. What the last version says was amended
    stood otherwise there; so did some that it keeps silent about: masses that were verified late, names in another
    spelling, and what somebody changed on purpose.

    Args:
        settings: The seed, and how often mistakes are made.
        draft: What sails, with its truths.
        calls: The calls.
        lines: The lines of the last versions, with ``call_id``, ``bill_id`` and ``box_id``.

    Returns:
        The same columns, and ``received_on``.
    """
    rng = dice(settings.seed, "earlier versions")
    sent = calls.select("call_id", pl.Series("is_sent", rng.random(calls.height) < _SENT_EARLY))
    presented = lines.group_by("call_id").agg(pl.col("presented_on").max().alias("_last_on"))
    first = (
        lines.with_row_index("_line")
        .join(sent, on="call_id", how="left", maintain_order="left")
        .join(presented, on="call_id", how="left", maintain_order="left")
        .with_columns(pl.col("departed_on").dt.offset_by("1d").alias("received_on"))
    )
    late = _of_bills(settings, draft, "bill_came_late")
    was_there = (
        pl.col("is_sent")
        & (pl.col("received_on") < pl.col("_last_on"))
        & (pl.col("issued_on") <= pl.col("received_on"))
    )
    kept = first.filter(was_there & ~pl.Series(late[lines["bill_id"].to_numpy()]))
    changed = _with_other_bills(settings, draft, kept)
    changed = _with_other_boxes(settings, draft, changed)
    return changed.with_columns(
        pl.col("received_on").alias("presented_on"),
        pl.lit(0, dtype=pl.Int64).cast(lines.schema["amendment_count"]).alias("amendment_count"),
        pl.lit(None, dtype=lines.schema["last_amended_on"]).alias("last_amended_on"),
        pl.lit(None, dtype=lines.schema["amended_fields"]).alias("amended_fields"),
    ).select(*lines.columns, "received_on")  # fmt: skip


def _of_bills(settings: Settings, draft: Draft, sign: str) -> Mask:
    """Tell which bills show a sign: those whose first box draws it."""
    boxes = shown(settings, draft, sign)
    bills = np.zeros(draft.bills.height, dtype=np.bool_)
    first = draft.boxes["bill_id"].is_first_distinct().to_numpy()
    bills[draft.boxes["bill_id"].to_numpy()[first & boxes]] = True
    return bills


def _amended(kept: pl.DataFrame, field: str) -> Mask:
    """Tell which lines say of themselves that a field was amended."""
    said = kept["amended_fields"].str.split(";").list.contains(field)
    return said.fill_null(value=False).to_numpy()


def _with_other_bills(settings: Settings, draft: Draft, kept: pl.DataFrame) -> pl.DataFrame:
    """Put back what parties, goods and places were called before."""
    rng = dice(settings.seed, "earlier bills")
    bills = kept["bill_id"].to_numpy()
    heights = draft.bills.height
    people = invent_traders(rng, draft.bills["delivery_country"])
    consignee = _of_bills(settings, draft, "consignee_was_another")[bills]
    consignee |= _amended(kept, "consignee_name")
    notify = consignee | _amended(kept, "notify_party_name")
    for role, mask in (("consignee", consignee), ("notify_party", notify)):
        values = {f"{role}_{fact}": people[fact].gather(bills) for fact in FACTS}
        kept = put(kept, mask, **values)
    shipper = invent_traders(rng, draft.bills["country"])["name"].gather(bills)
    kept = put(kept, _amended(kept, "shipper_name"), shipper_name=shipper)
    place = pl.Series(_ELSEWHERE).gather(rng.integers(len(_ELSEWHERE), size=heights))
    elsewhere = _of_bills(settings, draft, "delivery_was_elsewhere")[bills]
    elsewhere |= _amended(kept, "place_of_delivery") | _amended(kept, "port_of_discharge")
    kept = put(kept, elsewhere, place_of_delivery=place.gather(bills))
    spelled = rng.random(heights) < _RESPELLED * settings.mistake_strength
    respelled = (
        pl.col("consignee_name").str.replace_all(".", "", literal=True).str.replace(" ", "  ")
    )
    return put(kept, spelled[bills] & ~consignee, consignee_name=respelled)


def _with_other_boxes(settings: Settings, draft: Draft, kept: pl.DataFrame) -> pl.DataFrame:
    """Put back what goods, masses and seals were before."""
    rng = dice(settings.seed, "earlier boxes")
    boxes = kept["box_id"].to_numpy()
    count = draft.boxes.height
    goods = commodities().filter(pl.col("hs_code").is_not_null())
    other = goods[rng.integers(goods.height, size=count)][boxes]
    were_others = shown(settings, draft, "goods_were_others")[boxes]
    described = were_others | _amended(kept, "goods_description")
    coded = were_others | _amended(kept, "hs_code")
    kept = put(kept, described, goods_description=other["en"])
    kept = put(kept, coded & kept["hs_code"].is_not_null().to_numpy(), hs_code=other["hs_code"])
    factor = pl.Series(np.exp(rng.choice([-1.0, 1.0], count) * rng.uniform(0.03, 0.25, count)))
    by = factor.gather(boxes)
    heavier = shown(settings, draft, "mass_was_another")[boxes] | _amended(
        kept, "gross_mass_kg"
    )
    net = (kept["net_mass_kg"] * by).round(0)
    kept = put(
        kept, heavier, gross_mass_kg=(kept["gross_mass_kg"] * by).round(0), net_mass_kg=net
    )
    packages = (kept["package_count"] * by).round(0).clip(lower_bound=1)
    kept = put(kept, _amended(kept, "package_count"), package_count=packages)
    kept = put(kept, _amended(kept, "marks"), marks=None)
    unweighed = rng.random(count) < _WEIGHED_LATE
    kept = put(kept, unweighed[boxes], verified_gross_mass_kg=None)
    letters = pl.Series(["D", "QM", "RV", "LS"]).gather(rng.integers(4, size=count))
    seals = (letters + pl.Series(distinct(rng, 7, count)).cast(pl.String)).gather(boxes)
    was_another = shown(settings, draft, "seal_was_another")[boxes]
    return put(kept, was_another, seal_numbers=seals, sealing_party="carrier")
