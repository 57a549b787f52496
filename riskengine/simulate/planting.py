"""Which containers are illicit, and by which modus operandi; the manifests never say so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from riskengine.domain import Typology
from riskengine.simulate.dice import dice
from riskengine.simulate.draft import Draft, first_typology
from riskengine.simulate.tables import commodities

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskengine.simulate.columns import Indices, Mask
    from riskengine.simulate.settings import Settings

_T = Typology
_COMMON_TYPOLOGY = 2.0
_MIX: Mapping[Typology, float] = {
    _T.RIP_ON_RIP_OFF: 6.0,
    _T.CONCEALED_IN_LOAD: 4.5,
    _T.COLD_ROUTE: _COMMON_TYPOLOGY,
    _T.MISDECLARED_WASTE: _COMMON_TYPOLOGY,
}
"""How often each typology is planted, 1.5 for the others; invented, with rip-on leading."""
_OTHERS = 1.5

_SEIZED: Mapping[str, float] = {
    # Antwerp, cocaine by country of departure, first half of 2020; the rest is split by guess.
    "EC": 37.1,
    "BR": 18.1,
    "PY": 15.5,
    "CR": 4.5,
    "CO": 8.0,
    "PE": 4.0,
    "DO": 3.0,
    "PA": 3.0,
    "GT": 2.0,
}
_SEIZED_ELSEWHERE = 0.6
_BY_SOURCE = frozenset({_T.RIP_ON_RIP_OFF, _T.CONCEALED_IN_LOAD, _T.CARRIER_MATERIAL})

_SOURCE = ["EC", "CO", "PE", "BR", "PY", "CR", "PA", "GT", "DO"]
_SOURCE_AND_TRANSIT = [*_SOURCE, "JM", "AR", "UY", "MA", "TR", "PK", "LB", "AE"]
_AFRICA_AND_CARIBBEAN = ["GHTEM", "SNDKR", "KEMBA", "JMKIN"]


def plant(settings: Settings, draft: Draft) -> Draft:
    """Choose the illicit containers: a binomial number of the full ones at the set prevalence.

    Where too few containers fit a typology, the rest fall to rip-on/rip-off, which fits any
    full container of a full load; the number as a whole stays what was drawn.
    """
    rng = dice(settings.seed, "planting")
    full = draft.boxes["is_full"].to_numpy()
    wanted = int(rng.binomial(int(full.sum()), settings.prevalence))
    if not settings.typologies:
        wanted = 0
    counts = _counts(rng, settings, wanted)
    typology = np.full(draft.boxes.height, None, dtype=object)
    for kind, fitting in _fitting(draft).items():
        chosen = _choose(settings.seed, kind, fitting & (typology == None), counts[kind], draft)  # noqa: E711 -- elementwise
        typology[chosen] = kind.value
    missing = wanted - int((typology != None).sum())  # noqa: E711 -- elementwise
    if missing:
        rest = np.flatnonzero(full & (typology == None))  # noqa: E711 -- elementwise
        typology[rng.choice(rest, missing, replace=False)] = Typology.RIP_ON_RIP_OFF.value
    boxes = draft.boxes.with_columns(pl.Series("typology", typology.tolist(), dtype=pl.String))
    planted = replace(draft, boxes=boxes)
    return replace(planted, bills=first_typology(planted))


def _counts(rng: np.random.Generator, settings: Settings, wanted: int) -> dict[Typology, int]:
    """Split the number wanted among the typologies asked for."""
    if not settings.typologies:
        return dict.fromkeys(Typology, 0)
    weights = np.array([_MIX.get(kind, _OTHERS) for kind in settings.typologies])
    counted = rng.multinomial(wanted, weights / weights.sum())
    return dict.fromkeys(Typology, 0) | dict(
        zip(settings.typologies, (int(count) for count in counted), strict=True)
    )


def _fitting(draft: Draft) -> dict[Typology, Mask]:
    """Tell which boxes each typology can use; the rarest fits come first."""
    own = draft.bills[draft.boxes["bill_id"].to_list()]
    goods = commodities()[own["commodity"].to_list()]
    frame = draft.boxes.select("is_full", "country", "port_of_discharge", "group").with_columns(
        own["box_count"].alias("on_bill"),
        own["transhipment_ports"].is_not_null().alias("is_relayed"),
        own["mean_boxes"],
        goods["uses"],
        goods["size_type"].str.contains("R").alias("is_reefer"),
    )
    load = pl.col("is_full") & pl.col("group").is_null()
    alone = load & (pl.col("on_bill") == 1)
    source = pl.col("country").is_in(_SOURCE)
    to_south = pl.col("port_of_discharge").is_in(_AFRICA_AND_CARIBBEAN)
    carrier = pl.col("uses").list.contains("carrier")
    fits: dict[Typology, pl.Expr] = {
        _T.MISDECLARED_WASTE: alone
        & to_south
        & pl.col("country").is_in(["BE", "NL", "ES", "US"]),
        _T.CONCEALED_ARMS: load
        & to_south
        & pl.col("country").is_in(["US", "TR", "AE", "BE", "NL", "CN"]),
        _T.CARRIER_MATERIAL: load & carrier & pl.col("country").is_in(_SOURCE_AND_TRANSIT),
        _T.MISDECLARED_CHEMICALS: alone & pl.col("country").is_in(["CN", "IN", "AE", "US"]),
        _T.TRANSHIPMENT_CONTAMINATION: load & pl.col("is_relayed"),
        _T.REEFER_MACHINERY: load & pl.col("is_reefer"),
        _T.COLD_ROUTE: alone & ~source,
        _T.SPLIT_CONSIGNMENTS: alone,
        _T.SWITCHED_BILL: alone,
        _T.STOLEN_IDENTITY: load & source,
        _T.CONTAINER_STRUCTURE: load,
        _T.CLONED_CONTAINER: load,
        _T.CONCEALED_IN_LOAD: alone & pl.col("country").is_in(_SOURCE_AND_TRANSIT),
        _T.RIP_ON_RIP_OFF: load & source & pl.col("uses").list.contains("cover"),
    }
    fitting = frame.select(fit.alias(kind.value) for kind, fit in fits.items())
    return {kind: fitting[kind.value].to_numpy() for kind in fits}


def _choose(seed: int, kind: Typology, fitting: Mask, count: int, draft: Draft) -> Indices:
    rng = dice(seed, f"planting/{kind.value}")
    candidates = np.flatnonzero(fitting)
    shuffled = rng.permutation(candidates)
    if kind in _BY_SOURCE:
        return _by_source(rng, shuffled, draft)[:count]
    if kind is not Typology.SPLIT_CONSIGNMENTS:
        return shuffled[:count]
    # What is split sails together: calls that offer several such boxes are used up one by one.
    call = draft.boxes["call_id"].to_numpy()[shuffled].astype(np.int64)
    order = rng.permutation(int(call.max()) + 1 if len(call) else 0)
    return shuffled[np.argsort(order[call], kind="stable")][:count]


def _by_source(rng: np.random.Generator, boxes: Indices, draft: Draft) -> Indices:
    """Order boxes so that the first come from each country in its part of what was seized.

    Drawing without replacement by weight: the largest of log weight plus Gumbel noise come first.
    """
    home = draft.boxes["country"].gather(boxes)
    part = home.replace_strict(_SEIZED, default=_SEIZED_ELSEWHERE, return_dtype=pl.Float64)
    on_offer = pl.DataFrame({"home": home}).select(pl.len().over("home")).to_series()
    weight = (part / on_offer).to_numpy()
    return boxes[np.argsort(-(np.log(weight) + rng.gumbel(size=len(boxes))), kind="stable")]
