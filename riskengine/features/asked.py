"""Conditions over what may not be declared: what could not be asked stays unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable


def any_asked(*conditions: pl.Expr) -> pl.Expr:
    """Tell whether one of the conditions that could be asked holds; null where none could be.

    >>> frame = pl.DataFrame({"a": [None, None, True], "b": [None, False, None]})
    >>> frame.select(any_asked(pl.col("a"), pl.col("b"))).to_series().to_list()
    [None, False, True]
    """
    asked = pl.any_horizontal(condition.is_not_null() for condition in conditions)
    holds = pl.any_horizontal(condition.fill_null(value=False) for condition in conditions)
    return pl.when(asked).then(holds)


def shares_any(texts: str, listed: Iterable[str]) -> pl.Expr:
    """Tell whether the list column *texts* holds one of the *listed* texts; null where it is null.

    >>> frame = pl.DataFrame({"hs": [["08", "09"], ["72"], None]})
    >>> frame.select(shares_any("hs", ["08"])).to_series().to_list()
    [True, False, None]
    """
    return pl.col(texts).list.set_intersection(sorted(set(listed))).list.len() > 0
