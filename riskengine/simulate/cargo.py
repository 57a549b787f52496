"""Goods in boxes: what they are called, how they are packed, what they weigh, fill and cost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from riskengine.simulate.dice import dice
from riskengine.simulate.tables import BOXES, commodities, countries

if TYPE_CHECKING:
    from riskengine.simulate.draft import Draft
    from riskengine.simulate.settings import Settings

_TARE_OF_PACKING = 0.94  # net to gross, about, for boxed goods
_LANGUAGE_COLUMN = {"es": "es", "pt": "pt", "fr": "fr"}
_SECOND_LINE_SHARE = 0.3
_CARELESS_SHARE = 0.06


def load_goods(seed: int, draft: Draft) -> Draft:
    """Weigh, pack, price and describe every line of goods; and weigh the boxes as a whole.

    A box of one relation weighs much the same each time; what goes in never exceeds the payload.
    """
    rng = dice(seed, "goods")
    lines = _described(draft)
    size = lines.height
    share = np.where(
        lines["group"].is_not_null().to_numpy(),
        rng.uniform(0.05, 0.13, size),
        np.where(
            lines["line"].to_numpy() == 1,
            _SECOND_LINE_SHARE,
            np.where(lines["has_second"].to_numpy(), 1 - _SECOND_LINE_SHARE, 1.0),
        ),
    )
    usual = lines["box_kg"].to_numpy() * lines["mass_factor"].to_numpy() * share
    bearable = (
        np.array([BOXES[name][1] for name in lines["size_type"]]) * 0.97 * np.minimum(share, 1)
    )
    drawn = np.minimum(usual * rng.normal(1.0, 0.012, size), bearable)
    per_package = (
        lines["package_kg"].fill_null(1.0).to_numpy() * lines["package_factor"].to_numpy()
    )
    packages = np.maximum(1, np.floor(drawn / per_package)).astype(np.int64)
    gross = np.round(
        np.minimum(packages * per_package * rng.normal(1.0, 0.015, size), bearable)
    )
    room = np.array([BOXES[name][2] for name in lines["size_type"]])
    volume = np.minimum(room * share * rng.normal(0.86, 0.05, size), room * share)
    price = lines["usd_per_kg"].to_numpy() * lines["value_factor"].to_numpy()
    is_full = pl.Series(~lines["is_empty"].to_numpy())
    goods = draft.goods.with_columns(
        lines["description"].alias("goods_description"),
        lines["hs_code"],
        lines["package_type"],
        pl.when(is_full).then(pl.Series(packages)).alias("package_count"),
        pl.when(is_full).then(pl.Series(gross)).alias("gross_mass_kg"),
        pl.when(is_full)
        .then(pl.Series(np.round(gross * rng.normal(_TARE_OF_PACKING, 0.006, size))))
        .alias("net_mass_kg"),
        pl.when(is_full).then(pl.Series(np.round(volume, 1))).alias("volume_m3"),
        pl.when(is_full)
        .then(pl.Series(np.round(gross * price * rng.lognormal(0, 0.06, size))))
        .alias("declared_value_usd"),
        pl.when(is_full).then(lines["country_of_origin"]).alias("country_of_origin"),
        pl.when(is_full).then(lines["marks"]).alias("marks"),
    )
    return replace(draft, goods=goods)


def weigh_boxes(settings: Settings, draft: Draft) -> Draft:
    """Add the declared mass of the whole box and the mass found on the weighbridge."""
    rng = dice(settings.seed, "weighbridge")
    loaded = draft.goods.group_by("box_id").agg(pl.col("gross_mass_kg").sum())
    goods = draft.boxes.join(loaded, on="box_id", how="left", maintain_order="left")[
        "gross_mass_kg"
    ]
    tare = draft.boxes["tare_mass_kg"]
    declared = (tare + goods.fill_null(0.0)).round(0)
    size = draft.boxes.height
    careless = _CARELESS_SHARE * settings.mistake_strength
    # Most shippers weigh well; a few declare a round figure and are percents away.
    spread = np.where(rng.random(size) < careless, 0.03, 0.006)
    noise = pl.Series(rng.normal(1.0, spread))
    return replace(
        draft,
        boxes=draft.boxes.with_columns(
            declared.alias("container_gross_mass_kg"),
            (declared * noise / 10).round(0).alias("verified_gross_mass_kg") * 10,
        ),
    )


def _described(draft: Draft) -> pl.DataFrame:
    """Return every line with what is known of its goods, its box and its trader's habits."""
    own = draft.bills[draft.goods["bill_id"].to_list()]
    has_second = draft.goods.select(pl.col("line").max().over("box_id") == 1).to_series()
    is_second = draft.goods["line"] == 1
    number = own.select(
        pl.when(is_second).then("second_commodity").otherwise("commodity")
    ).to_series()
    goods = commodities()[number.to_list()]
    column = pl.Series(
        [
            _LANGUAGE_COLUMN.get(str(countries()[country]["words"]), "en")
            for country in own["country"]
        ]
    )
    texts = goods.select("en", "es", "fr", "pt").with_columns(
        pl.when(own["in_english"]).then(pl.lit("en")).otherwise(column).alias("column")
    )
    description = pl.col("en")
    for language in ("es", "fr", "pt"):
        description = (
            pl.when(pl.col("column") == language).then(language).otherwise(description)
        )
    marks = own["shipper_name"].fill_null("").str.split(" ").list.head(2).list.join(" ")
    return own.select(
        "group",
        "mass_factor",
        "value_factor",
        "package_factor",
        "is_empty",
        "country_of_origin",
    ).with_columns(
        draft.goods["line"],
        has_second.alias("has_second"),
        draft.boxes["size_type"].gather(draft.goods["box_id"]),
        texts.select(description).to_series().alias("description"),
        goods["hs_code"],
        goods["package_type"],
        goods["package_kg"],
        goods["box_kg"].cast(pl.Float64),
        goods["usd_per_kg"].fill_null(0.0),
        marks.alias("marks"),
    )
