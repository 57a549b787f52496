"""Signs that the goods show: cover loads, odd prices and masses, vague words, wrong headings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from riskengine.simulate.columns import Mask, put, weighted
from riskengine.simulate.draft import Draft
from riskengine.simulate.tables import commodities, origins

_VAGUE = [
    "GENERAL CARGO",
    "FREIGHT OF ALL KINDS",
    "SAID TO CONTAIN MIXED GOODS",
    "CONSOLIDATED CARGO",
    "VARIOUS GOODS",
    "MERCHANDISE",
]
_TROPICAL = ["EC", "CO", "BR", "CR", "PY", "PE", "CI", "GT"]
_ROUND_KG = 500


def _recast(draft: Draft, mask: Mask, rng: np.random.Generator, use: str) -> Draft:
    """Ship other goods: what the country loads of this use, or any goods of this use."""
    goods = commodities().with_row_index("number")
    fitting = goods.filter(pl.col("uses").list.contains(use)).select("number", "commodity")
    loaded = origins().join(fitting, on="commodity", how="inner", maintain_order="left")
    bills = draft.bills
    number = bills["commodity"].to_numpy().copy()
    country = bills["country"].to_numpy()
    for home in sorted(set(country[mask])):
        rows = np.flatnonzero(mask & (country == home))
        own = loaded.filter(pl.col("country") == home)
        options = own if own.height else fitting.with_columns(share=1.0)
        drawn = weighted(rng, options["share"].to_numpy(), len(rows))
        number[rows] = options["number"].to_numpy()[drawn]
    return replace(draft, bills=bills.with_columns(pl.Series("commodity", number)))


def _cover_load(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    return _recast(draft, mask, rng, "cover")


def _waste_as_used_goods(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    return _recast(draft, mask, rng, "second_hand")


def _chemical_as_harmless(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    return _recast(draft, mask, rng, "chemical")


def _effects_as_cover(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    return _recast(draft, mask, rng, "arms")


def _of_bills(draft: Draft, mask: Mask, values: pl.Series) -> tuple[Mask, pl.Series]:
    """Spread a choice of bills, and a value for each, over their lines of goods."""
    return draft.goods_of(mask), values.gather(draft.goods["bill_id"])


def _sloppy(draft: Draft, mask: Mask) -> Draft:
    """Note that an examination of these bills may find a discrepancy, guilty or not."""
    return replace(draft, bills=put(draft.bills, mask, is_sloppy=True))


def _value_off(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    size = len(mask)
    factor = np.exp(rng.choice([-1.0, -1.0, 1.0], size) * rng.uniform(0.5, 1.6, size))
    lines, by = _of_bills(draft, mask, pl.Series(factor))
    priced = (draft.goods["declared_value_usd"] * by).round(0)
    return _sloppy(
        replace(draft, goods=put(draft.goods, lines, declared_value_usd=priced)), mask
    )


def _package_mass_off(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    size = len(mask)
    factor = np.exp(rng.choice([-1.0, 1.0], size) * rng.uniform(0.15, 0.55, size))
    lines, by = _of_bills(draft, mask, pl.Series(factor))
    count = (draft.goods["package_count"] * by).round(0).cast(pl.Int64).clip(lower_bound=1)
    return _sloppy(replace(draft, goods=put(draft.goods, lines, package_count=count)), mask)


def _round_mass(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    """Round the mass down, so that no payload is exceeded."""
    down = pl.Series(
        np.full(len(mask), float(_ROUND_KG)) * rng.choice([1.0, 1.0, 2.0], len(mask))
    )
    lines, step = _of_bills(draft, mask, down)
    gross = draft.goods["gross_mass_kg"]
    rounded = ((gross / step).floor() * step).clip(lower_bound=100.0)
    big_enough = lines & (gross.fill_null(0.0) >= 2 * step).to_numpy()
    net = pl.DataFrame({"net": draft.goods["net_mass_kg"], "gross": rounded}).min_horizontal()
    goods = put(draft.goods, big_enough, gross_mass_kg=rounded, net_mass_kg=net)
    return replace(draft, goods=goods)


def _vague_description(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    text = pl.Series(_VAGUE).gather(rng.integers(len(_VAGUE), size=len(mask)))
    lines, words = _of_bills(draft, mask, text)
    return replace(draft, goods=put(draft.goods, lines, goods_description=words))


def _hs_missing(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    del rng
    return replace(draft, goods=put(draft.goods, draft.goods_of(mask), hs_code=None))


def _hs_mismatch(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    codes = commodities()["hs_code"].drop_nulls()
    lines, code = _of_bills(draft, mask, codes.gather(rng.integers(len(codes), size=len(mask))))
    return _sloppy(replace(draft, goods=put(draft.goods, lines, hs_code=code)), mask)


def _odd_origin(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    grower = pl.Series(_TROPICAL).gather(rng.integers(len(_TROPICAL), size=len(mask)))
    lines, country = _of_bills(draft, mask, grower)
    return replace(draft, goods=put(draft.goods, lines, country_of_origin=country))


_Putter = Callable[[Draft, Mask, np.random.Generator], Draft]

CASTING: Mapping[str, _Putter] = {
    "cover_load": _cover_load,
    "waste_as_used_goods": _waste_as_used_goods,
    "chemical_as_harmless": _chemical_as_harmless,
    "effects_as_cover": _effects_as_cover,
}

SIGNS: Mapping[str, _Putter] = {
    "value_off": _value_off,
    "package_mass_off": _package_mass_off,
    "round_mass": _round_mass,
    "vague_description": _vague_description,
    "hs_missing": _hs_missing,
    "hs_mismatch": _hs_mismatch,
    "odd_origin": _odd_origin,
}
