"""Places on board by ISO 9711: bay, row and tier, and who can reach them."""

from __future__ import annotations

import polars as pl

_FIRST_ON_DECK = 70
_HIGHEST_REACHED = 84


def tier(position: pl.Expr) -> pl.Expr:
    """Return the tier of a place ``BBBRRTT`` or ``BBRRTT``; null where it is not written so.

    Tiers are even, from 02 at the bottom of the hold and from 82 (some ships 72 or 80) on deck.

    >>> places = pl.DataFrame({"place": ["0120382", "12-03-04", "0120399", "YARD 7", None]})
    >>> places.select(tier(pl.col("place"))).to_series().to_list()
    [82, 4, None, None, None]
    """
    bare = position.str.replace_all(r"[^0-9A-Za-z]+", "")
    number = bare.str.extract(r"^\d{4,5}(\d{2})$").cast(pl.Int64)
    is_tier = (number >= 2) & (number % 2 == 0)  # noqa: PLR2004
    return pl.when(is_tier).then(number)


def is_reachable(position: pl.Expr) -> pl.Expr:
    """Tell whether a person on deck can reach the doors: the lowest two tiers above it.

    >>> places = pl.DataFrame({"place": ["0120382", "0120384", "0120386", "0120304", None]})
    >>> places.select(is_reachable(pl.col("place"))).to_series().to_list()
    [True, True, False, False, None]
    """
    return tier(position).is_between(_FIRST_ON_DECK, _HIGHEST_REACHED)
