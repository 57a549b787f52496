"""Keys that must be drawn before they can be remembered: a cargo declared word for word, a series of seals."""

from __future__ import annotations

import hashlib
from typing import Final

import polars as pl

SERIES_DIGITS: Final = 3
"""Seals are sold by the thousand: what is left without the last three signs names the lot."""
SHORTEST_SEAL: Final = 6
"""Shorter numbers are what clerks write where there is no seal."""
_DIGEST_LENGTH: Final = 24  # sixteen would do for a century of a large port
_LISTS: Final = ("_hs_declared", "countries_of_origin", "package_types")
_VALUES: Final = (
    "country_of_dispatch",
    "gross_mass_kg",
    "net_mass_kg",
    "package_count",
    "declared_quantity",
)
_MEASURED: Final = ("gross_mass_kg", "net_mass_kg", "package_count", "declared_quantity")


def with_keys(facts: pl.DataFrame) -> pl.DataFrame:
    """Add the key of the declared profile and the series of the seals to the facts."""
    return facts.with_columns(
        seal_series(pl.col("seal_numbers")).alias("_seal_series"), _profiles(facts)
    )


def seal_series(seals: pl.Expr) -> pl.Expr:
    """Return the series that the seals of each list belong to; null where none has one.

    >>> frame = pl.DataFrame({"seals": [["ML1234567", "ML1234999", "SEAL"], ["NONE"], None]})
    >>> frame.select(seal_series(pl.col("seals"))).to_series().to_list()
    [['ML1234'], None, None]
    """
    seal = pl.element()
    is_number = (seal.str.len_chars() >= SHORTEST_SEAL) & seal.str.contains(r"\d")
    series = seals.list.eval(seal.filter(is_number).str.head(-SERIES_DIGITS)).list.unique()
    return pl.when(series.list.len() > 0).then(series.list.sort())


def _profiles(facts: pl.DataFrame) -> pl.Series:
    """Name the cargo exactly as it is declared: codes, origins, dispatch, masses and packages.

    Whoever copies a declaration copies these. Without a code, or without anything weighed or counted, there is
    nothing to copy. The text is long, and a ledger keeps it for ever: a digest of it will do.
    """
    is_declared = pl.col("_hs_declared").is_not_null() & pl.any_horizontal(
        pl.col(name).is_not_null() for name in _MEASURED
    )
    said = [pl.col(name).list.join(",").fill_null("") for name in _LISTS]
    said += [pl.col(name).cast(pl.String).fill_null("") for name in _VALUES]
    texts = facts.select(
        pl.when(is_declared).then(pl.concat_str(said, separator=";")).alias("_profile_key")
    ).to_series()
    return pl.Series(
        "_profile_key",
        [None if text is None else _digest(text) for text in texts],
        dtype=pl.String,
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]
