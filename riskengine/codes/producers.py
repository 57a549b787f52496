"""Which countries grow or make goods that only grow in some: coconuts do not come from Norway."""

from __future__ import annotations

from functools import cache

import polars as pl

from riskengine.codes.commodities import hs6, normalise_hs
from riskengine.codes.tables import read_table


def producers(hs: str) -> frozenset[str]:
    """Return the countries (alpha-2) that grow or make what falls under an HS code.

    Empty where the table says nothing of the code; only goods bound to a climate or a coast are in it.
    Drawn up by hand from the crop and trade tables that FAO and ITC publish, generously, as of 2026-11.

    >>> "EC" in producers("080390"), "NO" in producers("080111")
    (True, False)
    """
    return _countries("growers").get(_prefix_of(hs) or "", frozenset())


def main_producers(hs: str) -> frozenset[str]:
    """Return the countries that are themselves large producers, and seldom import such goods.

    >>> "CI" in main_producers("180100")
    True
    """
    return _countries("main_producers").get(_prefix_of(hs) or "", frozenset())


def is_producer(hs: pl.Expr, country: pl.Expr) -> pl.Expr:
    """Tell whether a country grows or makes such goods; null where code or country is null or not in the table.

    >>> lots = pl.DataFrame({"hs": ["0801.11", "080390", "8703"], "origin": ["NO", "EC", "NO"]})
    >>> lots.select(is_producer(pl.col("hs"), pl.col("origin"))).to_series().to_list()
    [False, True, None]
    """
    return _is_among("growers", hs, country)


def is_main_producer(hs: pl.Expr, country: pl.Expr) -> pl.Expr:
    """Tell whether a country is a large producer of such goods; null as for ``is_producer``."""
    return _is_among("main_producers", hs, country)


def _is_among(column: str, hs: pl.Expr, country: pl.Expr) -> pl.Expr:
    known = sorted(_countries(column))
    digits = normalise_hs(hs)
    six, four = hs6(hs), digits.str.slice(0, 4)
    prefix = pl.when(six.is_in(known)).then(six).when(four.is_in(known)).then(four)
    pairs = [
        f"{code} {alpha2}" for code in known for alpha2 in sorted(_countries(column)[code])
    ]
    return pl.concat_str(prefix, country, separator=" ").is_in(pairs)


def _prefix_of(hs: str) -> str | None:
    return next((hs[:n] for n in (6, 4) if hs[:n] in _countries("growers")), None)


@cache
def _countries(column: str) -> dict[str, frozenset[str]]:
    table = read_table("producers")
    return {
        prefix: frozenset(codes.split())
        for prefix, codes in zip(table["prefix"], table[column], strict=True)
    }
