"""Vessels, the lanes their services sail, and the calls they make in the months simulated."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from riskengine.simulate.columns import choices, weighted
from riskengine.simulate.dice import dice
from riskengine.simulate.tables import carriers, services, words

if TYPE_CHECKING:
    from riskengine.simulate.settings import Settings

_WEEK = 7
_IMO_WEIGHTS = np.array([7, 6, 5, 4, 3, 2])
_CARRIERS_OF_A_SERVICE = 3
_UNEVEN = 1.1  # with the table, a spread of the logarithm of about 1.45, as in LINERLIB


def month_start(settings: Settings, month: int) -> date:
    """Return the first day of a month of the simulation, counted from 0."""
    months = settings.starts_on.year * 12 + settings.starts_on.month - 1 + month
    day = min(settings.starts_on.day, 28)
    return date(months // 12, months % 12 + 1, day) if month else settings.starts_on


def make_vessels(seed: int) -> pl.DataFrame:
    """Return the vessels of each service: slot in the rota, name, IMO number, operating carrier."""
    rng = dice(seed, "vessels")
    listed = carriers()
    slots = [(service.code, slot) for service in services() for slot in range(service.vessels)]
    size = len(slots)
    serial = rng.choice(np.arange(910_000, 999_999), size=size, replace=False)
    digits = serial[:, None] // 10 ** np.arange(5, -1, -1) % 10
    imo = serial * 10 + (digits * _IMO_WEIGHTS).sum(axis=1) % 10
    language = words()["vessel"]
    carrier = np.concatenate(
        [
            rng.choice(
                weighted(rng, listed["share"].to_numpy(), _CARRIERS_OF_A_SERVICE),
                service.vessels,
            )
            for service in services()
        ]
    )
    return pl.DataFrame(
        {
            "service": [service for service, _ in slots],
            "slot": [slot for _, slot in slots],
            "vessel_name": choices(rng, language["first"], size)
            + " "
            + choices(rng, language["second"], size),
            "vessel_imo": pl.Series(imo).cast(pl.String),
            "carrier": carrier.astype(np.int64),
        }
    )


def make_lanes(seed: int) -> pl.DataFrame:
    """Return every port of loading and of discharge that a service joins.

    ``share`` is the lane's part of all containers, ``days`` how long the direct voyage takes. Services carry what the
    table says; how it falls to their port pairs differs from world to world, so that flows are about as
    uneven as those of the world's lines.
    """
    rows = [
        (
            service.code,
            loading,
            discharge,
            service.share
            * part
            / sum(other for other, _ in service.loading.values())
            * discharged
            / sum(other for other, _ in service.discharge.values()),
            days + after,
        )
        for service in services()
        for loading, (part, days) in service.loading.items()
        for discharge, (discharged, after) in service.discharge.items()
        if loading != discharge
    ]
    names = ["service", "port_of_loading", "port_of_discharge", "share", "days"]
    lanes = pl.DataFrame(rows, schema=names, orient="row").with_row_index("lane_id")
    part = lanes["share"].to_numpy() * dice(seed, "lanes").lognormal(0.0, _UNEVEN, lanes.height)
    service = np.unique(lanes["service"].to_numpy(), return_inverse=True)[1]
    whole, drawn = (
        np.bincount(service, weights) for weights in (lanes["share"].to_numpy(), part)
    )
    return lanes.with_columns(pl.Series("share", part * (whole / drawn)[service]))


def make_calls(settings: Settings, vessels: pl.DataFrame) -> pl.DataFrame:
    """Return every call at a port of discharge in the months simulated, by day of arrival.

    A call is one manifest. Each service sails every week; its vessels and carriers take turns.
    """
    ends_on = month_start(settings, settings.months)
    rows: list[tuple[str, int, str, str, date, date]] = []
    for service in services():
        first = settings.starts_on + timedelta(
            days=(service.weekday - settings.starts_on.weekday()) % _WEEK
        )
        for week in range(-2, (ends_on - first).days // _WEEK + 1):
            reaches_on = first + timedelta(days=_WEEK * week)
            left_on = reaches_on - timedelta(
                days=min(day for _, day in service.loading.values())
            )
            voyage = f"{service.code}{week + 103:03d}N"
            for port, (_, after) in service.discharge.items():
                arrives_on = reaches_on + timedelta(days=after)
                if settings.starts_on <= arrives_on < ends_on:
                    slot = week % service.vessels
                    rows.append((service.code, slot, voyage, port, left_on, arrives_on))
    names = ["service", "slot", "voyage_number", "port", "departed_on", "arrival_expected_on"]
    starts = [month_start(settings, month) for month in range(settings.months)]
    listed = carriers().with_row_index("carrier").cast({"carrier": pl.Int64})
    calls = (
        pl.DataFrame(rows, schema=names, orient="row")
        .join(vessels, on=["service", "slot"], how="left", maintain_order="left")
        .join(
            listed.select("carrier", "carrier_code", "carrier_name"),
            on="carrier",
            how="left",
            maintain_order="left",
        )
        .sort("arrival_expected_on", "service", "port")
        .with_row_index("call_id")
    )
    month = pl.Series(starts).search_sorted(calls["arrival_expected_on"], side="right") - 1
    serial = (pl.col("call_id") + 1).cast(pl.String).str.zfill(5)
    return calls.with_columns(
        month.cast(pl.Int64).alias("month"),
        (pl.col("port") + "001").alias("customs_office"),
        (pl.col("port") + pl.col("arrival_expected_on").dt.strftime("%Y") + serial).alias(
            "manifest_number"
        ),
    )
