"""Whether an address says in which town a party sits, as far as a text alone can tell."""

from __future__ import annotations

from functools import cache

import polars as pl

from riskengine.codes import countries, ports
from riskengine.codes.spelling import fold

_PARTS = r"[,;\n\r/|]+|\s-\s|\s{3,}"
_STREET_WORD = (
    r"\b(?:STREET|ST|ROAD|RD|AVENUE|AVE|AV|AVDA|AVENIDA|RUE|CALLE|CL|CARRERA|CRA|RUA|KM|KILOMETRE|BLOCK|BLK|FLOOR"
    r"|PISO|ETAGE|ANDAR|SUITE|OFFICE|OFICINA|BUILDING|EDIFICIO|TOWER|TORRE|PLOT|LOT|LOTE|ZONE|ZONA|BOX|UNIT|UNIDAD"
    r"|WAREHOUSE|BODEGA|GALPON|STRASSE|KAAI|BP|PO|ADDRESS|ADRESSE|DIRECCION|ENDERECO|CITY|TOWN|CIUDAD|VILLE|CIDADE)\b"
)
_TOWN = r"\p{L}{3,}|[^\x00-\x7F]{2,}"
_LINK = r"(?i)://|\bwww\.|@"
_FEWEST_WORDS = 3


def has_town(addresses: pl.Series, countries_beside: pl.Series) -> pl.Series:
    """Tell of each address whether it names a town; null where there is no address.

    A town is the name of a port or place known here, or words without a number and without a word for a street
    in a part after the first (``Kaai 188, Antwerpen``), or, in an address without parts, words after the last
    number. The name of a country alone is no town.

    Args:
        addresses: As received.
        countries_beside: The country of the party where another field declares it; it is no town either.

    >>> told = has_town(pl.Series(["Kaai 188, Antwerpen", "Kaai 188", "Km 12, Ecuador"]), pl.Series([None] * 3, dtype=pl.String))
    >>> told.to_list()
    [True, False, False]
    """
    texts = pl.DataFrame(
        {"text": addresses, "country": countries_beside},
        schema={"text": pl.String, "country": pl.String},
    )
    # A manifest has a few hundred addresses over many lines.
    told = texts.unique().drop_nulls("text").with_row_index("place")
    parts = (
        told.select(
            "place", part=pl.col("text").str.replace_all(_PARTS, "\x1f").str.split("\x1f")
        )
        .explode("part")
        .with_columns(part=fold(pl.col("part")))
        .filter(pl.col("part") != "")
        .with_columns(order=pl.int_range(pl.len()).over("place"))
    )
    bare = pl.col("part").str.replace_all(r"\b[\w]*\d[\w]*\b", " ").str.strip_chars()
    parts = parts.with_columns(
        words=bare.str.replace_all(r"\s+", " "),
        is_country=pl.col("part").is_in(list(countries.spellings())),
    )
    after_number = pl.col("part").str.extract(r"\d\S*\s+([^\d]+)$", 1)
    is_street = pl.col("words").str.contains(_STREET_WORD)
    is_place = pl.col("words").is_in(list(_places())) & ~pl.col("is_country")
    is_later = (
        (pl.col("order") > 0)
        & ~is_street
        & ~pl.col("is_country")
        & pl.col("words").str.contains(_TOWN)
    )
    is_alone = (
        (pl.col("order") == 0)
        & (pl.col("part").str.count_matches(r"\S+") >= _FEWEST_WORDS)
        & after_number.str.contains(_TOWN)
        & ~after_number.str.contains(_STREET_WORD)
    ).fill_null(value=False)
    ends_known = pl.col("words").str.split(" ").list.tail(2).list.join(" ").is_in(
        list(_places())
    ) | pl.col("words").str.split(" ").list.last().is_in(list(_places()))
    by_place = (
        parts.with_columns(
            is_town=is_place | is_later | is_alone | (ends_known & ~pl.col("is_country"))
        )
        .group_by("place")
        .agg(is_town=pl.col("is_town").any())
    )
    told = told.join(by_place, on="place", how="left").select(
        "text", "country", is_town=pl.col("is_town").fill_null(value=False)
    )
    told = told.with_columns(pl.col("is_town") & ~pl.col("text").str.contains(_LINK))
    return texts.join(
        told, on=["text", "country"], how="left", maintain_order="left", nulls_equal=True
    )["is_town"]


@cache
def _places() -> frozenset[str]:
    """Names of ports, without codes and without the names of countries."""
    known = set(ports.spellings()) - set(countries.spellings())
    return frozenset(
        name
        for name in known
        if not (len(name) == 5 and name in ports.spellings().values())  # noqa: PLR2004
    )
