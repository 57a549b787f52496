"""Ports by UN/LOCODE: how documents write them, where they lie, and how far apart."""

from __future__ import annotations

from functools import cache
from typing import Any, overload

import polars as pl

from riskengine.codes import countries
from riskengine.codes.spelling import fold
from riskengine.codes.stages import once
from riskengine.codes.tables import read_table

_COLUMNS = ("port", "name", "country", "latitude", "longitude")
_EARTH_RADIUS_KM = 6371.0088  # mean radius R1 of the WGS 84 ellipsoid
_LOCODE = r"^[A-Z]{2} ?[A-Z2-9]{3}$"
_LOCODE_AT_EITHER_END = r"^([A-Z]{2} ?[A-Z2-9]{3})(?: |$)|(?: )([A-Z]{2}[A-Z2-9]{3})$"
_OPENING_WORDS = r"^(?:PORT OF|THE PORT OF|PORT DE|PORT D|PUERTO DE|PORTO DE|PORTO DO|POL|POD) "

# Places and words of five letters that would pass for a code of a country (PARIS would be in Panama).
_WORDS_NOT_CODES = frozenset(
    (
        "ADANA", "AGANA", "AMMAN", "BASEL", "BERNA", "BERNE", "BLOCK", "BOGOR", "BOISE",
        "BREDA", "CAIRO", "CAJAS", "CALLE", "CHINO", "CRETE", "CUSCO", "CUZCO", "DELHI",
        "DEPOT", "ESSEN", "KYOTO", "LILLE", "LIMAS", "LUGAR", "LYONS", "MACON", "MAINZ",
        "MECCA", "MOSUL", "MOTUL", "NAMUR", "NANCY", "NEIVA", "NIMES", "NORTH", "OMAHA",
        "PADUA", "PARIS", "PASTO", "PATNA", "PAVIA", "PLACE", "PLANT", "REIMS", "SALEM",
        "SALTA", "SEOUL", "SHORE", "SIENA", "SITES", "SOFIA", "SOUTH", "STORE", "TOURS",
        "VERDE",
    )
)  # fmt: skip


def port_table() -> pl.DataFrame:
    """Return the ports of the trade: port (UN/LOCODE), name, country, latitude and longitude in degrees."""
    return read_table("ports").select(_COLUMNS)


def port_name(port: str) -> str | None:
    """Return the usual name of a port, or None if the code is not in the table.

    >>> port_name("ECGYE")
    'Guayaquil'
    """
    return _by_port("name").get(port)


def position(port: str) -> tuple[float, float] | None:
    """Return the latitude and longitude of a port in degrees, or None if the code is not in the table.

    >>> position("ECGYE")
    (-2.2405, -79.8816)
    """
    latitude, longitude = (_by_port(name).get(port) for name in ("latitude", "longitude"))
    return None if latitude is None or longitude is None else (latitude, longitude)


@overload
def resolve(place: str) -> str | None: ...
@overload
def resolve(place: pl.Series) -> pl.Series: ...
@overload
def resolve(place: pl.Expr) -> pl.Expr: ...
def resolve(place: str | pl.Series | pl.Expr) -> str | pl.Series | pl.Expr | None:
    """Return the UN/LOCODE of a port or place as documents write it.

    Codes in any spelling, names and their variants in en, fr, es and pt, a name followed by its country, and
    a code before or after a name are understood. A code of a real country that the table does not list is
    kept as declared. What cannot be told becomes null; null stays null.

    >>> resolve("ec-gye"), resolve("Port of Guayaquil, Ecuador"), resolve("AMBERES"), resolve("ECXXX")
    ('ECGYE', 'ECGYE', 'BEANR', 'ECXXX')
    >>> resolve("any safe port") is None
    True
    """
    if isinstance(place, pl.Expr):
        return once(place, _resolve, pl.String)
    column = place if isinstance(place, pl.Series) else pl.Series([place], dtype=pl.String)
    # Manifests repeat a few dozen ports over many lines, so each text is read once.
    texts = column.to_frame("place")
    known = texts.unique().with_columns(port=_resolve(pl.col("place")))
    resolved = texts.join(
        known, on="place", how="left", maintain_order="left", nulls_equal=True
    )
    return (
        resolved["port"].alias(column.name)
        if isinstance(place, pl.Series)
        else resolved["port"][0]
    )


def port_country(port: pl.Expr) -> pl.Expr:
    """Return the alpha-2 country of a UN/LOCODE; null where its first letters are no country.

    >>> pl.select(port_country(pl.lit("ECGYE"))).item()
    'EC'
    """
    country = port.str.slice(0, 2)
    return pl.when(country.is_in(sorted(countries.alpha2_codes()))).then(country)


def is_listed(port: pl.Expr) -> pl.Expr:
    """Tell whether a UN/LOCODE is one of the table; null stays null."""
    return port.is_in(read_table("ports")["port"].to_list())


def distance_km(from_port: pl.Expr, to_port: pl.Expr) -> pl.Expr:
    """Return the great-circle distance between two ports in kilometres; null if either is not listed.

    The haversine formula on a sphere of mean radius; ships sail further, so it is a lower bound.

    >>> round(pl.select(distance_km(pl.lit("ECGYE"), pl.lit("NLRTM"))).item(), -2)
    9800.0
    """
    from_latitude, from_longitude = (
        _radians(from_port, "latitude"),
        _radians(from_port, "longitude"),
    )
    to_latitude, to_longitude = _radians(to_port, "latitude"), _radians(to_port, "longitude")
    half_chord = ((to_latitude - from_latitude) / 2).sin().pow(2) + (
        from_latitude.cos()
        * to_latitude.cos()
        * ((to_longitude - from_longitude) / 2).sin().pow(2)
    )
    # Rounding may carry antipodes a hair beyond 1, where the arc sine has no value.
    return 2 * _EARTH_RADIUS_KM * half_chord.sqrt().clip(0.0, 1.0).arcsin()


@cache
def spellings() -> dict[str, str]:
    """Return every folded spelling known of a port, alone and with its country, and its UN/LOCODE.

    A code means itself before any name; a name that two ports share means neither, unless the table gives it
    to one of them as an alias.
    """
    table = read_table("ports")
    aliases = table.select("port", "country", name=pl.col("aliases").str.split(";"))
    aliases = aliases.explode("name").drop_nulls("name").with_columns(fold(pl.col("name")))
    names = table.select("port", "country", fold(pl.col("name")))
    unshared = names.filter(pl.col("name").is_unique())
    named = pl.concat([names, aliases])
    countries_spelled = pl.DataFrame(
        list(countries.spellings().items()), schema=["spelling", "country"], orient="row"
    )
    with_country = named.join(countries_spelled, on="country").select(
        "port", name=pl.concat_str("name", "spelling", separator=" ")
    )
    # Later entries win: a code over an alias, an alias over a name, and all over a name with its country.
    known = dict(with_country.select("name", "port").iter_rows())
    known |= dict(unshared.select("name", "port").iter_rows())
    known |= dict(aliases.select("name", "port").iter_rows())
    return known | _by_port("port")


def _resolve(place: pl.Expr) -> pl.Expr:
    text = fold(place).str.replace(_OPENING_WORDS, "")
    known = text.replace_strict(spellings(), default=None, return_dtype=pl.String)
    bare = text.str.replace_all(" ", "")
    as_code = bare.replace_strict(_by_port("port"), default=None, return_dtype=pl.String)
    is_real_country = port_country(bare).is_not_null()
    is_word = bare.is_in(_WORDS_NOT_CODES) | bare.is_in(list(countries.spellings()))
    is_code = text.str.contains(_LOCODE) & is_real_country & ~is_word
    beside_name = pl.coalesce(
        text.str.extract(_LOCODE_AT_EITHER_END, 1), text.str.extract(_LOCODE_AT_EITHER_END, 2)
    ).str.replace_all(" ", "")
    beside_name = beside_name.replace_strict(
        _by_port("port"), default=None, return_dtype=pl.String
    )
    return pl.coalesce(known, as_code, pl.when(is_code).then(bare), beside_name)


def _radians(port: pl.Expr, column: str) -> pl.Expr:
    return port.replace_strict(
        _by_port(column), default=None, return_dtype=pl.Float64
    ).radians()


@cache
def _by_port(column: str) -> dict[str, Any]:
    table = read_table("ports")
    return dict(zip(table["port"], table[column], strict=True))
