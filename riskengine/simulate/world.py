"""The standing world: who trades what with whom, on which lane, by which habits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from riskengine.simulate.columns import Indices, weighted
from riskengine.simulate.dice import dice
from riskengine.simulate.fleet import make_lanes, make_vessels
from riskengine.simulate.tables import commodities, deliveries, hinterlands, origins
from riskengine.simulate.traders import invent_traders

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskengine.simulate.settings import Settings

_TRADERS_OF_A_RELATION = 0.83  # many relations share a shipper or a consignee
_EMPTY_SHARE = 0.03
_GROUPAGE_SHARE = 0.25  # of the relations whose goods can go in groupage
_BORN_LATER_SHARE = 0.25
_GONE_SHARE = 0.12


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A port world before anything sails.

    Attributes:
        settings: What it was made from.
        vessels: Vessels by service and slot in the rota, with IMO numbers.
        lanes: Port of loading and discharge pairs of each service, with their share and days.
        shippers: Invented exporters: the facts that a manifest shows of a party.
        consignees: Invented importers.
        agents: Declarants, forwarders and notify parties, by country.
        relations: Who ships what to whom: the lane, weight, box count, masses, price, habits, and
            the months in which the relation is alive. The first relations, one a lane, are
            the carriers' own empty boxes.
    """

    settings: Settings
    vessels: pl.DataFrame
    lanes: pl.DataFrame
    shippers: pl.DataFrame
    consignees: pl.DataFrame
    agents: pl.DataFrame
    relations: pl.DataFrame


def make_world(settings: Settings) -> World:
    """Invent the standing world of a seed.

    >>> from riskengine.simulate import Settings
    >>> world = make_world(Settings(trader_count=200))
    >>> world.relations["shipper_id"].max() < world.shippers.height
    True
    """
    lanes = make_lanes(settings.seed)
    relations = _habits(settings, _partners(settings, lanes), lanes)
    shippers, relations = _people(settings.seed, relations, "shipper", "country")
    consignees, relations = _people(settings.seed, relations, "consignee", "delivery_country")
    agents = _agents(settings.seed, relations)
    return World(
        settings=settings,
        vessels=make_vessels(settings.seed),
        lanes=lanes,
        shippers=shippers,
        consignees=consignees,
        agents=agents,
        relations=_with_agents(settings.seed, relations, agents),
    )


def _partners(settings: Settings, lanes: pl.DataFrame) -> pl.DataFrame:
    """Give every relation its lane, country, goods and place of delivery."""
    rng = dice(settings.seed, "relations")
    size = max(lanes.height, round(settings.trader_count / _TRADERS_OF_A_RELATION))
    drawn = weighted(rng, lanes["share"].to_numpy(), size)
    lane = np.concatenate([np.arange(lanes.height), np.arange(lanes.height), drawn])
    goods = commodities()["commodity"]
    empty = int(goods.index_of("empty") or 0)
    frame = (
        pl.DataFrame({"lane_id": lane.astype(np.uint32)})
        .join(lanes, on="lane_id", how="left", maintain_order="left")
        .with_columns(
            pl.Series("is_empty", np.arange(len(lane)) < lanes.height),
        )
    )
    country = _draw_by_key(rng, frame["port_of_loading"], hinterlands())
    listed = {
        str(key[0]): dict(zip(group["commodity"], group["share"], strict=True))
        for key, group in origins().partition_by("country", as_dict=True).items()
    }
    commodity = _draw_by_key(rng, country, listed)
    second = _draw_by_key(rng, country, listed)
    delivery = _draw_by_key(rng, frame["port_of_discharge"], deliveries())
    numbers = {name: number for number, name in enumerate(goods)}
    return frame.with_columns(
        country.alias("country"),
        delivery.alias("place_of_delivery"),
        delivery.str.head(2).alias("delivery_country"),
        pl.when("is_empty")
        .then(empty)
        .otherwise(commodity.replace_strict(numbers, return_dtype=pl.Int64))
        .alias("commodity"),
        second.replace_strict(numbers, return_dtype=pl.Int64).alias("second_commodity"),
    )


def _draw_by_key(
    rng: np.random.Generator, keys: pl.Series, shares: Mapping[str, Mapping[str, float]]
) -> pl.Series:
    """Draw for each key one of its names, as often as its share says."""
    drawn = np.full(len(keys), "", dtype=object)
    values = keys.to_numpy()
    for key in sorted(set(keys)):
        rows = np.flatnonzero(values == key)
        options = shares[key]
        names = np.array(list(options), dtype=object)
        drawn[rows] = names[weighted(rng, np.array(list(options.values())), len(rows))]
    return pl.Series(drawn.tolist(), dtype=pl.String)


def _habits(settings: Settings, partners: pl.DataFrame, lanes: pl.DataFrame) -> pl.DataFrame:
    """Give every relation its weight, its box count, its masses and prices, and its life."""
    rng = dice(settings.seed, "habits")
    size = partners.height
    is_empty = partners["is_empty"].to_numpy()
    lane = partners["lane_id"].to_numpy()
    weight = np.where(is_empty, 0.0, rng.lognormal(0.0, 1.3, size))
    lane_weight = np.bincount(lane, weights=weight, minlength=lanes.height)
    share = lanes["share"].to_numpy()[lane]
    uses = commodities()["uses"].gather(partners["commodity"])
    can_group = uses.list.contains("groupage").to_numpy()
    is_groupage = can_group & (rng.random(size) < _GROUPAGE_SHARE)
    mean_boxes = np.where(is_groupage, 1.0, np.clip(rng.lognormal(0.6, 0.6, size), 1, 8))
    containers = np.where(is_empty, _EMPTY_SHARE, weight / lane_weight[lane]) * share
    born = np.where(
        rng.random(size) < _BORN_LATER_SHARE, rng.integers(0, settings.months, size), -1
    )
    gone = np.where(
        rng.random(size) < _GONE_SHARE, rng.integers(1, settings.months + 1, size), 10_000
    )
    return partners.with_columns(
        pl.Series("weight", containers / mean_boxes),
        pl.Series("mean_boxes", mean_boxes),
        pl.Series("is_groupage", is_groupage & ~is_empty),
        pl.Series("mass_factor", np.clip(rng.normal(0.97, 0.07, size), 0.55, 1.12)),
        pl.Series("value_factor", rng.lognormal(0.0, 0.28, size)),
        pl.Series("package_factor", rng.choice([1.0, 1.0, 1.0, 0.5, 2.0], size)),
        pl.Series("is_prepaid", rng.random(size) < 0.62),  # noqa: PLR2004 -- an invented habit
        pl.Series("has_shipper_seal", rng.random(size) < 0.22),  # noqa: PLR2004
        pl.Series("has_second_line", can_group & (rng.random(size) < 0.2)),  # noqa: PLR2004
        pl.Series("in_english", rng.random(size) < 0.6),  # noqa: PLR2004
        pl.Series("born_month", np.where(is_empty, -1, born)),
        pl.Series("gone_month", np.where(is_empty, 10_000, gone)),
    )


def _people(
    seed: int, relations: pl.DataFrame, role: str, country: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Invent the shippers or consignees; those of one country and goods are shared, unevenly."""
    rng = dice(seed, f"traders/{role}")
    group = relations.select(pl.struct(country, "commodity").rank("dense") - 1).to_series()
    number = group.to_numpy().astype(np.int64)
    counts = np.bincount(number)
    traders = np.maximum(1, np.ceil(counts * 0.5)).astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(traders)[:-1]])
    skewed = (traders[number] * rng.random(len(number)) ** 1.6).astype(np.int64)
    trader: Indices = starts[number] + skewed
    home = np.full(int(traders.sum()), "", dtype=object)
    first = np.unique(number, return_index=True)[1]
    for position, kind in zip(first, number[first], strict=True):
        home[starts[kind] : starts[kind] + traders[kind]] = relations[country][int(position)]
    people = invent_traders(rng, pl.Series(home.tolist(), dtype=pl.String))
    return people, relations.with_columns(pl.Series(f"{role}_id", trader))


def _agents(seed: int, relations: pl.DataFrame) -> pl.DataFrame:
    """Invent declarants and forwarders: one for about twenty relations of each country."""
    homes = pl.concat([relations["country"], relations["delivery_country"]])
    counted = homes.value_counts().sort(homes.name)
    home = counted.select(
        pl.col(homes.name).repeat_by((pl.col("count") / 20).ceil().cast(pl.Int64) + 2)
    ).to_series()
    rng = dice(seed, "agents")
    return invent_traders(rng, home.explode()).with_row_index("agent_id")


def _with_agents(seed: int, relations: pl.DataFrame, agents: pl.DataFrame) -> pl.DataFrame:
    """Give every relation its usual declarant, forwarder and notify party."""
    rng = dice(seed, "usual agents")
    ranges = agents.group_by("country", maintain_order=True).agg(
        pl.col("agent_id").min().alias("first"), pl.len().alias("count")
    )
    first = dict(zip(ranges["country"], ranges["first"], strict=True))
    count = dict(zip(ranges["country"], ranges["count"], strict=True))

    def drawn(country: pl.Series) -> pl.Series:
        start = country.replace_strict(first, return_dtype=pl.Int64).to_numpy()
        many = country.replace_strict(count, return_dtype=pl.Int64).to_numpy()
        return pl.Series(start + (many * rng.random(len(country)) ** 1.5).astype(np.int64))

    size = relations.height
    has_forwarder = relations["is_groupage"].to_numpy() | (rng.random(size) < 0.35)  # noqa: PLR2004
    notify = rng.random(size)
    delivery = relations["delivery_country"]
    return relations.with_columns(
        drawn(delivery).alias("declarant_id"),
        pl.when(pl.Series(has_forwarder))
        .then(drawn(relations["country"]))
        .alias("forwarder_id"),
        pl.when(pl.Series(notify > 0.72)).then(drawn(delivery)).alias("notify_agent_id"),  # noqa: PLR2004
        pl.Series("is_to_order", notify < 0.04),  # noqa: PLR2004
    ).with_row_index("relation_id")
