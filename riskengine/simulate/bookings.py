"""What is booked on each call: bills of lading with their parties, places and dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from riskengine.simulate.columns import weighted
from riskengine.simulate.dice import dice
from riskengine.simulate.tables import commodities, services
from riskengine.simulate.traders import FACTS

if TYPE_CHECKING:
    from riskengine.simulate.columns import Indices, Numbers
    from riskengine.simulate.settings import Settings
    from riskengine.simulate.world import World

_OUT_OF_SEASON = 0.06
_MONTHS = 12
_FAR_EAST = ["CN", "VN"]
_BEFORE_HOLIDAYS = [9, 10, 11]
_HOLIDAY_PEAK = 1.3
_MOST_BOXES = 8
_AMENDED = 0.03  # invented, honest rates
_PAID_OTHERWISE = 0.04


def make_bookings(world: World, calls: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each bill of lading, with the call it sails on.

    ``group`` joins the house bills of one groupage box and is null elsewhere; ``box_count`` is the
    number of containers of the bill.
    """
    rng = dice(world.settings.seed, "bookings")
    parts = [_month(world, calls, month, rng) for month in range(world.settings.months)]
    drawn = pl.concat(parts).sort("call_id", "relation_id", maintain_order=True)
    drawn = drawn.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("group"))
    expanded = _with_house_bills(world, drawn)
    bills = (
        expanded.with_row_index("bill_id")
        .join(world.relations, on="relation_id", how="left", maintain_order="left")
        .join(
            calls.select(
                "call_id",
                "carrier",
                "carrier_code",
                "carrier_name",
                "departed_on",
                "arrival_expected_on",
            ),
            on="call_id",
            how="left",
            maintain_order="left",
        )
    )
    bills = _numbered(world, _dated(world, _relayed(world, bills)))
    return _with_parties(world, bills)


def _month(
    world: World, calls: pl.DataFrame, month: int, rng: np.random.Generator
) -> pl.DataFrame:
    """Draw a month's bookings: a relation as often as it trades, on any call of its lane."""
    relations = world.relations
    of_month = calls.filter(pl.col("month") == month)
    weights = _active_weights(world.settings, relations, of_month, month)
    mean = float((weights * relations["mean_boxes"].to_numpy()).sum() / weights.sum())
    size = int(rng.poisson(world.settings.containers_per_month / mean))
    relation = weighted(rng, weights, size)
    chosen = relations[relation].select("service", "port_of_discharge", "mean_boxes")
    slots = of_month.group_by("service", "port", maintain_order=True).agg("call_id")
    call_lists = chosen.join(
        slots,
        left_on=["service", "port_of_discharge"],
        right_on=["service", "port"],
        how="left",
        maintain_order="left",
    )["call_id"]
    place = (rng.random(size) * call_lists.list.len().fill_null(1).to_numpy()).astype(np.int64)
    boxes = np.minimum(1 + rng.poisson(chosen["mean_boxes"].to_numpy() - 1), _MOST_BOXES)
    return pl.DataFrame(
        {
            "call_id": call_lists.list.get(pl.Series(place), null_on_oob=True),
            "relation_id": relation.astype(np.uint32),
            "box_count": boxes.astype(np.int64),
        }
    ).drop_nulls("call_id")


def _active_weights(
    settings: Settings, relations: pl.DataFrame, of_month: pl.DataFrame, month: int
) -> Numbers:
    """Weigh each relation by its life, its season and whether its lane is called at all."""
    goods = commodities()[relations["commodity"].to_list()].select("first_month", "last_month")
    number: int = of_month["arrival_expected_on"].dt.month().to_list()[of_month.height // 2]
    first, last = goods["first_month"].to_numpy(), goods["last_month"].to_numpy()
    in_season = (number - first) % _MONTHS <= (last - first) % _MONTHS
    called = relations.select("service", pl.col("port_of_discharge").alias("port")).join(
        of_month.select("service", "port", pl.lit(value=True).alias("is_called")).unique(),
        on=["service", "port"],
        how="left",
        maintain_order="left",
    )["is_called"]
    alive = (relations["born_month"].to_numpy() <= month) & (
        relations["gone_month"].to_numpy() > month
    )
    strength = settings.season_strength
    out_of_season = _OUT_OF_SEASON**strength
    holiday = relations["country"].is_in(_FAR_EAST).to_numpy() & np.isin(
        number, _BEFORE_HOLIDAYS
    )
    weight = relations["weight"].to_numpy() * np.where(in_season, 1.0, out_of_season)
    weight *= np.where(holiday, _HOLIDAY_PEAK**strength, 1.0)
    return np.where(alive & called.fill_null(value=False).to_numpy(), weight, 0.0)


def _with_house_bills(world: World, drawn: pl.DataFrame) -> pl.DataFrame:
    """Turn each groupage booking into one box with three to seven house bills of its lane."""
    rng = dice(world.settings.seed, "groupage")
    is_groupage = world.relations["is_groupage"].gather(drawn["relation_id"])
    plain = drawn.filter(~is_groupage).with_columns(pl.lit(None, dtype=pl.Int64).alias("group"))
    boxes = drawn.filter(is_groupage)
    lane_of = world.relations["lane_id"].to_numpy()
    grouped = np.flatnonzero(world.relations["is_groupage"].to_numpy())
    grouped = grouped[np.argsort(lane_of[grouped], kind="stable")]
    lanes: Indices = lane_of[grouped]
    houses = rng.integers(3, 8, boxes.height)
    box = np.repeat(np.arange(boxes.height), houses)
    lane = lane_of[boxes["relation_id"].to_numpy()][box]
    low, high = np.searchsorted(lanes, lane, "left"), np.searchsorted(lanes, lane, "right")
    relation = grouped[low + (rng.random(len(box)) * (high - low)).astype(np.int64)]
    house_bills = boxes[box].with_columns(
        pl.Series("relation_id", relation.astype(np.uint32)), pl.lit(1).alias("box_count")
    )
    return pl.concat([plain, house_bills.cast(plain.schema)]).sort(
        "call_id", "relation_id", "group", nulls_last=True, maintain_order=True
    )


def _relayed(world: World, bills: pl.DataFrame) -> pl.DataFrame:
    """Send some bills by way of a relay port of their service, each at most through one."""
    rng = dice(world.settings.seed, "relays")
    draw = pl.Series(rng.random(bills.height))
    relay = pl.lit(None, dtype=pl.String)
    for service in services():
        edge = 0.0
        for port, share in service.relays.items():
            here = (pl.col("service") == service.code) & (pl.col("port_of_loading") != port)
            inside = (pl.lit(draw) >= edge) & (pl.lit(draw) < edge + share)
            relay = pl.when(here & inside).then(pl.lit(port)).otherwise(relay)
            edge += share
    wait = pl.Series(rng.integers(4, 12, bills.height))
    return bills.with_columns(relay.alias("transhipment_ports")).with_columns(
        pl.when(pl.col("transhipment_ports").is_not_null())
        .then(wait)
        .otherwise(0)
        .alias("wait")
    )


def _dated(world: World, bills: pl.DataFrame) -> pl.DataFrame:
    """Date the booking, the loading, the bill and the day on which the manifest was presented."""
    rng = dice(world.settings.seed, "dates")
    size = bills.height
    arrives = bills["arrival_expected_on"].to_physical().to_numpy().astype(np.int64)
    days = bills["days"].to_numpy().astype(np.int64)
    loaded = arrives - days - bills["wait"].to_numpy().astype(np.int64)
    booked = loaded - np.clip(rng.lognormal(2.7, 0.45, size).astype(np.int64), 4, 70)
    departed = bills["departed_on"].to_physical().to_numpy().astype(np.int64)
    issued = np.minimum(loaded + rng.choice([0, 0, 0, 0, 1, 1, 2], size), departed)
    presented = np.maximum(
        arrives - rng.choice([2, 3, 3, 3, 4], size), np.minimum(issued, arrives)
    )
    mistakes = world.settings.mistake_strength
    amended = rng.random(size) < _AMENDED * mistakes
    amended_on = np.minimum(issued + rng.integers(0, 6, size), presented)
    fields = pl.Series(
        ["gross_mass_kg", "package_count", "notify_party_name", "marks", "goods_description"]
    ).gather(rng.integers(5, size=size))
    prepaid = bills["is_prepaid"].to_numpy() ^ (rng.random(size) < _PAID_OTHERWISE * mistakes)
    return bills.with_columns(
        _days("loaded_on", loaded),
        _days("booked_on", booked),
        _days("issued_on", issued),
        _days("presented_on", presented),
        pl.Series("amendment_count", amended.astype(np.int64)),
        pl.when(pl.Series(amended)).then(_days("", amended_on)).alias("last_amended_on"),
        pl.when(pl.Series(amended)).then(fields).alias("amended_fields"),
        pl.when(pl.Series(prepaid))
        .then(pl.lit("prepaid"))
        .otherwise(pl.lit("collect"))
        .alias("freight_payment"),
        pl.Series(
            "freight_amount_usd", np.round((650 + 68 * days) * rng.lognormal(0, 0.18, size), -1)
        ),
    )


def _days(name: str, days: Indices) -> pl.Series:
    return pl.Series(name, days.astype(np.int32)).cast(pl.Date)


def _numbered(world: World, bills: pl.DataFrame) -> pl.DataFrame:
    """Number the bills and name the master bill of each groupage box."""
    rng = dice(world.settings.seed, "bill numbers")
    start = int(rng.integers(100_000_000, 400_000_000))
    serial = (pl.lit(start) + pl.col("bill_id").cast(pl.Int64) * 7).cast(pl.String)
    master = (pl.lit(start + 450_000_000) + pl.col("group") * 3).cast(pl.String)
    is_house = pl.col("group").is_not_null()
    through = pl.col("place_of_delivery").str.head(2) != pl.col("port_of_discharge").str.head(2)
    return bills.with_columns(
        pl.when(is_house)
        .then(pl.lit("H") + pl.col("port_of_loading").str.tail(3) + serial)
        .otherwise(pl.col("carrier_code") + serial)
        .alias("bill_of_lading"),
        pl.when(is_house).then(pl.col("carrier_code") + master).alias("master_bill_of_lading"),
        pl.when(is_house)
        .then(pl.lit("house"))
        .otherwise(pl.lit("straight"))
        .alias("bill_type"),
        pl.when(through)
        .then(pl.lit("transit"))
        .otherwise(pl.lit("import"))
        .alias("cargo_nature"),
        pl.col("port_of_loading").alias("place_of_receipt"),
        pl.col("country").alias("country_of_origin"),
        pl.col("port_of_loading").str.head(2).alias("country_of_dispatch"),
        pl.col("place_of_delivery").str.head(2).alias("country_of_destination"),
    )


def _with_parties(world: World, bills: pl.DataFrame) -> pl.DataFrame:
    """Write out the parties of each bill; the carrier stands on both sides of its empty boxes."""
    agents = world.agents.select(FACTS)
    sides = (
        ("shipper", world.shippers, "shipper_id"),
        ("consignee", world.consignees, "consignee_id"),
        ("declarant", agents, "declarant_id"),
        ("forwarder", agents, "forwarder_id"),
        ("notify_party", agents, "notify_agent_id"),
    )
    for role, people, key in sides:
        facts = people[bills[key].fill_null(0).to_list()]
        present = pl.col(key).is_not_null()
        bills = bills.with_columns(
            pl.when(present).then(facts[fact]).alias(f"{role}_{fact}") for fact in FACTS
        )
    is_own_notify = pl.col("notify_agent_id").is_null()
    bills = bills.with_columns(
        pl.when(is_own_notify)
        .then(pl.col(f"consignee_{fact}"))
        .otherwise(pl.col(f"notify_party_{fact}"))
        .alias(f"notify_party_{fact}")
        for fact in FACTS
    )
    bills = bills.with_columns(
        pl.when(pl.col("is_to_order") & (pl.lit(fact) != "name"))
        .then(None)
        .when("is_to_order")
        .then(pl.lit("TO ORDER"))
        .otherwise(pl.col(f"consignee_{fact}"))
        .alias(f"consignee_{fact}")
        for fact in FACTS
    )
    own = [f"{role}_{fact}" for role, _, _ in sides for fact in FACTS]
    carrier_stands = {"shipper_name", "consignee_name"}
    return bills.with_columns(
        pl.when("is_empty")
        .then(pl.col("carrier_name") if name in carrier_stands else None)
        .otherwise(pl.col(name))
        .alias(name)
        for name in own
    )
