"""Invented traders: names put together from words, addresses, numbers, and when they trade."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from riskengine.simulate.columns import choices, weighted
from riskengine.simulate.tables import countries, words

if TYPE_CHECKING:
    from collections.abc import Mapping

FACTS = ("name", "address", "country", "tax_id", "phone", "email")
"""What a manifest may say of a party, in the order of the canonical fields."""

_FREE_EMAIL_SHARE = 0.06
_NO_EMAIL_SHARE = 0.35


def invent_traders(rng: np.random.Generator, country: pl.Series) -> pl.DataFrame:
    """Invent one trader for each country named: the facts that a manifest shows of a party.

    Names are words of the country's language; two traders may by chance share a name, as in life.
    """
    rows = pl.DataFrame({"country": country}).with_row_index("row")
    parts = [
        _of_one_country(rng, str(key[0]), group)
        for key, group in rows.partition_by(
            "country", as_dict=True, maintain_order=True
        ).items()
    ]
    if not parts:
        return pl.DataFrame(schema=dict.fromkeys(FACTS, pl.String))
    return pl.concat(parts).sort("row").select(FACTS)


def _of_one_country(rng: np.random.Generator, country: str, rows: pl.DataFrame) -> pl.DataFrame:
    habits = countries()[country]
    language = words()[str(habits["words"])]
    size = rows.height
    name = _names(rng, language, habits, size)
    address = (
        choices(rng, language["street"], size)
        + " "
        + pl.Series(rng.integers(1, 980, size)).cast(pl.String)
        + ", "
        + choices(rng, habits["cities"], size)
    )
    return rows.select(
        "row",
        name.alias("name"),
        address.alias("address"),
        pl.lit(country).alias("country"),
        _digits(rng, 10, size).alias("tax_id"),
        ("+" + str(habits["dial"]) + _digits(rng, 8, size)).alias("phone"),
        _emails(rng, name, str(habits["domain"])).alias("email"),
    )


def _names(
    rng: np.random.Generator, language: Mapping[str, Any], habits: Mapping[str, Any], size: int
) -> pl.Series:
    root = choices(rng, language["head"], size) + choices(rng, language["tail"], size)
    parts = pl.DataFrame(
        {
            "pattern": choices(rng, language["pattern"], size),
            "root": root,
            "trade": choices(rng, language["trade"], size),
            "form": choices(rng, habits["forms"], size),
            "city": choices(rng, habits["cities"], size),
        }
    )
    name = pl.col("pattern")
    for part in ("root", "trade", "form", "city"):
        name = name.str.replace("{" + part + "}", pl.col(part), literal=True)
    return parts.select(
        name.str.replace_all("  ", " ", literal=True).str.strip_chars()
    ).to_series()


def _emails(rng: np.random.Generator, name: pl.Series, domain: str) -> pl.Series:
    own = "info@" + _slug(name) + "." + domain
    free = free_emails(rng, name)
    draw = pl.Series(rng.random(len(name)))
    return (
        pl.DataFrame({"own": own, "free": free, "draw": draw})
        .select(
            pl.when(pl.col("draw") < _FREE_EMAIL_SHARE)
            .then("free")
            .when(pl.col("draw") > _NO_EMAIL_SHARE)
            .then("own")
        )
        .to_series()
    )


def free_emails(rng: np.random.Generator, name: pl.Series) -> pl.Series:
    """Return for each name an address at a provider that gives them to anyone."""
    providers = words()["free_email"]
    domain = pl.Series(providers["domain"]).gather(
        weighted(rng, np.array(providers["share"], dtype=np.float64), len(name))
    )
    number = pl.Series(rng.integers(1, 999, len(name))).cast(pl.String)
    return _slug(name).str.head(14) + number + "@" + domain


def _slug(name: pl.Series) -> pl.Series:
    return name.str.to_lowercase().str.replace_all("[^a-z]", "").str.head(20)


def _digits(rng: np.random.Generator, count: int, size: int) -> pl.Series:
    number = pl.Series(rng.integers(10 ** (count - 1), 10**count, size))
    return number.cast(pl.String)


def resemble(rng: np.random.Generator, name: pl.Series) -> pl.Series:
    """Return names that a hurried reader takes for the given ones: a letter more, less or changed.

    The place of the change is drawn in the first twelve letters; a blank is never removed.
    """
    place = rng.integers(2, 10, len(name))
    kind = rng.integers(3, size=len(name))
    frame = pl.DataFrame({"name": name, "place": place, "kind": kind})
    head = pl.col("name").str.slice(0, pl.col("place"))
    sign = pl.col("name").str.slice(pl.col("place"), 1)
    tail = pl.col("name").str.slice(pl.col("place") + 1)
    changed = (
        pl.when(pl.col("kind") == 0)
        .then(head + sign + sign + tail)
        .when((pl.col("kind") == 1) & (sign != " "))
        .then(head + tail)
        .otherwise(pl.col("name") + " INTL")
    )
    return frame.select(changed).to_series()
