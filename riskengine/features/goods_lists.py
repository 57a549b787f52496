"""Which goods and which places are spoken of: the commodity lists, where goods grow, where risk departs."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

import polars as pl

from riskengine.codes.commodity_lists import prefixes
from riskengine.features.asked import shares_any

if TYPE_CHECKING:
    from collections.abc import Mapping


def holds_goods_of(list_name: str) -> pl.Expr:
    """Tell whether a container holds goods of a commodity list.

    Null where no code is declared, or where none of the codes is listed and one is too short to tell.

    Raises:
        UsageError: There is no such list.
    """
    listed = prefixes(list_name)
    openings = {prefix[:cut] for prefix in listed for cut in range(2, len(prefix))}
    is_open = shares_any("_hs_declared", openings)
    is_listed = shares_any("_hs_prefixes", listed)
    return pl.when(is_listed).then(statement=True).when(~is_open).then(statement=False)


def regions(name: Literal["cocaine_departure", "relay_ports", "africa"]) -> tuple[str, ...]:
    """Return the countries or ports of a region, in order.

    >>> "EC" in regions("cocaine_departure")
    True
    """
    return tuple(sorted(_table()["regions"][name]))


def growers() -> Mapping[str, tuple[str, ...]]:
    """Return the headings that grow in few climates, each with every country that grows them."""
    return {heading: tuple(countries) for heading, countries in _table()["growers"].items()}


def exporters() -> Mapping[str, tuple[str, ...]]:
    """Return the same headings, each with the countries that sell them to the world."""
    return {heading: tuple(countries) for heading, countries in _table()["exporters"].items()}


@cache
def _table() -> dict[str, dict[str, list[str]]]:
    source = files("riskengine.features").joinpath("geography.toml")
    return tomllib.loads(source.read_text("utf-8"))
