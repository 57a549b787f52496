"""Which containers are illicit, and by which modus operandi; the manifests never say so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from riskengine.domain import Typology
from riskengine.simulate.dice import dice
from riskengine.simulate.displacing import displaced
from riskengine.simulate.draft import Draft, named_on_bills
from riskengine.simulate.mix import (
    BY_INSIDERS,
    BY_SOURCE,
    FRUIT_CHAPTERS,
    FRUIT_TIMES,
    SEIZED,
    SEIZED_ELSEWHERE,
    SOURCE,
    SOURCE_AND_TRANSIT,
    usual_shares,
)
from riskengine.simulate.tables import commodities

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskengine.simulate.columns import Indices, Mask
    from riskengine.simulate.settings import Settings, Wave

_T = Typology
_AFRICA_AND_CARIBBEAN = ["GHTEM", "SNDKR", "KEMBA", "JMKIN"]
_STEADY = 0
_NOBODY = -1


def plant(settings: Settings, draft: Draft, finds: pl.DataFrame | None = None) -> Draft:
    """Choose the illicit containers: a binomial number of the full ones at the set prevalence.

    Where too few containers fit a typology, the rest fall to rip-on/rip-off, which fits any
    full container of a full load; the number as a whole stays what was drawn. A wave plants as many as
    it draws, or as fit in its days.

    Args:
        settings: What is planted.
        draft: What sails.
        finds: ``port_of_loading`` and ``known_on`` of the illicit containers that were found in the same world, for
            those who leave a lane after a find; None where nobody does.
    """
    fitting = _fitting(draft)
    kinds = list(Typology)
    chosen = np.full(draft.boxes.height, _NOBODY, dtype=np.int64)
    wave = np.full(draft.boxes.height, _STEADY, dtype=np.int64)
    _plant_steady(settings, draft, fitting, chosen)
    for number, each in enumerate(settings.waves, start=1):
        rows = _of_wave(settings, draft, each, number, fitting[each.typology] & (chosen < 0))
        chosen[rows] = kinds.index(each.typology)
        wave[rows] = number
    is_displaced = displaced(settings, draft, chosen, wave, finds)
    strengths = np.array([1.0, *(each.strength for each in settings.waves)])
    names = pl.Series([*(kind.value for kind in kinds), None], dtype=pl.String)
    guilty = pl.Series(chosen >= 0)
    # The last name is nobody's, and a negative place counts from the end.
    insiders = np.array([*(kind in BY_INSIDERS for kind in kinds), False])[chosen]
    boxes = draft.boxes.with_columns(
        names.gather(np.where(chosen < 0, len(kinds), chosen)).alias("typology"),
        pl.when(guilty & pl.Series(wave > _STEADY))
        .then(pl.Series(wave))
        .cast(pl.Int32)
        .alias("wave"),
        pl.Series("is_insider", insiders & (settings.insider_share is not None)),
        pl.Series("is_displaced", is_displaced),
        pl.Series("sign_strength", strengths[wave] * settings.strength),
    )
    return named_on_bills(replace(draft, boxes=boxes))


def _plant_steady(
    settings: Settings, draft: Draft, fitting: Mapping[Typology, Mask], chosen: Indices
) -> None:
    """Plant what is planted all the time, into *chosen*."""
    rng = dice(settings.seed, "planting")
    kinds = list(Typology)
    full = draft.boxes["is_full"].to_numpy()
    in_waves = {wave.typology for wave in settings.waves}
    shares = {
        kind: share
        for kind, share in usual_shares(settings).items()
        if kind not in in_waves and kind in settings.typologies
    }
    wanted = int(rng.binomial(int(full.sum()), min(1.0, sum(shares.values()))))
    if not shares or not wanted:
        return
    weights = np.array(list(shares.values()))
    drawn = rng.multinomial(wanted, weights / weights.sum())
    counts = dict(zip(shares, (int(count) for count in drawn), strict=True))
    for kind, fits in fitting.items():
        count = counts.get(kind, 0)
        if count:
            order = _ordered(
                settings, draft, kind, f"planting/{kind.value}", fits & (chosen < 0)
            )
            chosen[order[:count]] = kinds.index(kind)
    missing = wanted - int((chosen >= 0).sum())
    if missing:
        rest = np.flatnonzero(full & (chosen < 0))
        others = rng.choice(rest, min(missing, len(rest)), replace=False)
        chosen[others] = kinds.index(Typology.RIP_ON_RIP_OFF)


def _of_wave(settings: Settings, draft: Draft, wave: Wave, number: int, fits: Mask) -> Indices:
    """Choose the containers of one wave."""
    purpose = f"planting/wave {number}"
    arrives = draft.bills["arrival_expected_on"].gather(draft.boxes["bill_id"])
    inside = (
        pl.DataFrame({"day": arrives, "is_full": draft.boxes["is_full"]})
        .select(
            pl.col("is_full")
            & (pl.lit(wave.starts_on is None) | (pl.col("day") >= pl.lit(wave.starts_on)))
            & (pl.lit(wave.ends_on is None) | (pl.col("day") <= pl.lit(wave.ends_on)))
        )
        .to_series()
        .fill_null(value=True)
        .to_numpy()
        & draft.boxes["is_full"].to_numpy()
    )
    share = wave.share if wave.share is not None else usual_shares(settings)[wave.typology]
    count = int(dice(settings.seed, f"{purpose}/number").binomial(int(inside.sum()), share))
    return _ordered(settings, draft, wave.typology, purpose, fits & inside)[:count]


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
    source = pl.col("country").is_in(SOURCE)
    to_south = pl.col("port_of_discharge").is_in(_AFRICA_AND_CARIBBEAN)
    carrier = pl.col("uses").list.contains("carrier")
    cover = pl.col("uses").list.contains("cover")
    fits: dict[Typology, pl.Expr] = {
        _T.MISDECLARED_WASTE: alone
        & to_south
        & pl.col("country").is_in(["BE", "NL", "ES", "US"]),
        _T.CONCEALED_ARMS: load
        & to_south
        & pl.col("country").is_in(["US", "TR", "AE", "BE", "NL", "CN"]),
        _T.CARRIER_MATERIAL: load & carrier & pl.col("country").is_in(SOURCE_AND_TRANSIT),
        _T.MISDECLARED_CHEMICALS: alone & pl.col("country").is_in(["CN", "IN", "AE", "US"]),
        _T.TRANSHIPMENT_CONTAMINATION: load & pl.col("is_relayed"),
        _T.REEFER_MACHINERY: load & pl.col("is_reefer"),
        _T.INLAND_CONTAMINATION: load & source & cover,
        _T.VESSEL_SIDE_LOADING: load & source,
        _T.RELEASE_CODE_FRAUD: load & source,
        _T.HIJACK_AFTER_GATE_OUT: load & source,
        _T.COLD_ROUTE: alone & ~source,
        _T.SPLIT_CONSIGNMENTS: alone,
        _T.SWITCHED_BILL: alone,
        _T.STOLEN_IDENTITY: load & source,
        _T.CONTAINER_STRUCTURE: load,
        _T.CLONED_CONTAINER: load,
        _T.CONCEALED_IN_LOAD: alone & pl.col("country").is_in(SOURCE_AND_TRANSIT),
        _T.RIP_ON_RIP_OFF: load & source & cover,
    }
    fitting = frame.select(fit.alias(kind.value) for kind, fit in fits.items())
    return {kind: fitting[kind.value].to_numpy() for kind in fits}


def _ordered(
    settings: Settings, draft: Draft, kind: Typology, purpose: str, fits: Mask
) -> Indices:
    """Return the boxes that fit, in the order in which they are planted."""
    rng = dice(settings.seed, purpose)
    shuffled = rng.permutation(np.flatnonzero(fits))
    if kind in BY_SOURCE:
        shuffled = _by_source(rng, shuffled, draft)
    elif kind is Typology.SPLIT_CONSIGNMENTS:
        # What is split sails together: calls that offer several such boxes are used up one by one.
        call = draft.boxes["call_id"].to_numpy()[shuffled].astype(np.int64)
        order = rng.permutation(int(call.max()) + 1 if len(call) else 0)
        shuffled = shuffled[np.argsort(order[call], kind="stable")]
    if settings.insider_share is not None and kind in BY_INSIDERS:
        # An insider takes the box of somebody whom nobody looks at.
        is_new = ~_is_established(draft)[shuffled]
        shuffled = shuffled[np.argsort(is_new, kind="stable")]
    return shuffled


def _is_established(draft: Draft) -> Mask:
    """Tell which boxes are of relations that traded before the world began, and more than half of the others."""
    own = draft.bills.select("born_month", "weight")[draft.boxes["bill_id"].to_list()]
    usual = float(np.median(draft.bills["weight"].to_numpy()))
    return ((own["born_month"] < 0) & (own["weight"] >= usual)).to_numpy()


def _by_source(rng: np.random.Generator, boxes: Indices, draft: Draft) -> Indices:
    """Order boxes so that the first come from each country in its part of what was seized, and more often with fruit.

    Drawing without replacement by weight: the largest of log weight plus Gumbel noise come first.
    """
    bill = draft.boxes["bill_id"].gather(boxes)
    heading = commodities()["hs_code"].gather(draft.bills["commodity"].gather(bill))
    is_fruit = heading.str.head(2).is_in(FRUIT_CHAPTERS).fill_null(value=False)
    frame = pl.DataFrame({"home": draft.boxes["country"].gather(boxes), "is_fruit": is_fruit})
    part = pl.col("home").replace_strict(
        SEIZED, default=SEIZED_ELSEWHERE, return_dtype=pl.Float64
    )
    within = pl.when("is_fruit").then(FRUIT_TIMES).otherwise(1.0)
    weight = frame.select(part * within / within.sum().over("home")).to_series().to_numpy()
    return boxes[np.argsort(-(np.log(weight) + rng.gumbel(size=len(boxes))), kind="stable")]
