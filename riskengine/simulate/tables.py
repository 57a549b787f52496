"""The reference tables of the invented world, as they stand in ``simulate/tables``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from io import BytesIO
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

BOXES: Mapping[str, tuple[float, float, float]] = {
    # size type: tare in kg, payload in kg, room for goods in m3; usual plates of such boxes
    "22G1": (2_230, 28_200, 33.0),
    "42G1": (3_700, 26_700, 67.0),
    "45G1": (3_900, 26_580, 76.0),
    "22R1": (3_000, 27_400, 28.0),
    "45R1": (4_600, 29_400, 67.0),
    "45U1": (4_000, 26_400, 74.0),
}
"""What a box of each size type weighs, bears and holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A line's weekly loop from ports of loading, by way of relays, to ports of discharge.

    Attributes:
        code: The name of the loop.
        share: Its part of all containers.
        weekday: The day of the week at the first port of discharge, from 0 for Monday.
        vessels: How many vessels sail the loop in turn.
        loading: Part of the service and days to the first port of discharge, by port of loading.
        discharge: Part of the service and days after the first, by port of discharge.
        relays: The part of containers transhipped at each relay port.
    """

    code: str
    share: float
    weekday: int
    vessels: int
    loading: Mapping[str, tuple[float, int]]
    discharge: Mapping[str, tuple[float, int]]
    relays: Mapping[str, float]


@cache
def services() -> tuple[Service, ...]:
    """Return the loops of the world.

    >>> services()[0].code
    'WSE'
    """
    return tuple(
        Service(
            code=entry["code"],
            share=float(entry["share"]),
            weekday=entry["weekday"],
            vessels=entry["vessels"],
            loading={
                port: (float(part), days) for port, (part, days) in entry["loading"].items()
            },
            discharge={
                port: (float(part), days) for port, (part, days) in entry["discharge"].items()
            },
            relays=entry["relays"],
        )
        for entry in _toml("services.toml")["service"]
    )


@cache
def hinterlands() -> Mapping[str, Mapping[str, float]]:
    """Return the countries whose goods each port of loading ships, with their parts."""
    return _toml("ports.toml")["loading"]


@cache
def deliveries() -> Mapping[str, Mapping[str, float]]:
    """Return the places of delivery behind each port of discharge, with their parts."""
    return _toml("ports.toml")["discharge"]


@cache
def origins() -> pl.DataFrame:
    """Return what each country loads: ``country``, ``commodity`` and its ``share``."""
    listed = _toml("origins.toml")
    return pl.DataFrame(
        [
            (country, commodity, float(share))
            for country, shares in listed.items()
            for commodity, share in shares.items()
        ],
        schema={"country": pl.String, "commodity": pl.String, "share": pl.Float64},
        orient="row",
    )


@cache
def commodities() -> pl.DataFrame:
    """Return the goods of the world: heading, package, masses, price, box, season, uses, names."""
    return _csv("commodities.csv").with_columns(
        pl.col("package_kg", "box_kg", "usd_per_kg", "temperature_c").cast(pl.Float64),
        pl.col("uses").fill_null("").str.split(";"),
    )


@cache
def carriers() -> pl.DataFrame:
    """Return the carriers: codes, boxes, seal series and how much their feeds leave out."""
    return _csv("carriers.csv").with_columns(
        pl.col("owner_codes").str.split(";"),
        pl.col("not_sent").fill_null("").str.split(";"),
        pl.col("share").cast(pl.Float64),
    )


@cache
def countries() -> Mapping[str, Mapping[str, Any]]:
    """Return how parties of each country are called, where they live and how they are reached."""
    return {
        str(row["country"]): {
            "words": row["words"],
            "forms": row["forms"].split(";"),
            "cities": row["cities"].split(";"),
            "dial": row["dial"],
            "domain": row["domain"],
        }
        for row in _csv("countries.csv").iter_rows(named=True)
    }


@cache
def words() -> Mapping[str, Mapping[str, Any]]:
    """Return the words that names and streets are put together from, by language."""
    return _toml("names.toml")


@cache
def sign_rates() -> Mapping[str, Mapping[str, Any]]:
    """Return each sign with its level and how often the innocent and the guilty show it."""
    return _toml("signs.toml")


@cache
def beside_rates() -> Mapping[str, Mapping[str, Any]]:
    """Return what plans, gates and quays show, and how often, of the innocent and the guilty."""
    return _toml("beside.toml")


@cache
def difficulties() -> Mapping[str, Mapping[str, float]]:
    """Return how hard each modus operandi is to find, when a box is opened and when it is scanned."""
    return _toml("detection.toml")


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads(_bytes(name).decode("utf-8"))


def _csv(name: str) -> pl.DataFrame:
    text_columns = {"hs_code": pl.String, "dial": pl.String}
    with BytesIO(_bytes(name)) as table:
        head = table.readline().decode("utf-8").strip().split(",")
        table.seek(0)
        return pl.read_csv(
            table,
            schema_overrides={
                name: text_columns[name] for name in head if name in text_columns
            },
        )


def _bytes(name: str) -> bytes:
    return (resources.files("riskengine.simulate") / "tables" / name).read_bytes()
