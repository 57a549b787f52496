"""Countries by ISO 3166 alpha-2, however a document names them: code or name in four languages."""

from __future__ import annotations

from functools import cache
from typing import overload

import polars as pl
from babel import Locale
from babel.core import get_global

from riskengine.codes.spelling import fold, fold_texts
from riskengine.errors import UsageError

_LANGUAGES = ("en", "fr", "es", "pt")
_ALPHA2_LENGTH = 2
_ALPHA3_LENGTH = 3

# CLDR lists these for its own needs; they are no countries of ISO 3166.
_NOT_COUNTRIES = frozenset(
    {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
)

# How documents of the trade write countries that CLDR spells otherwise.
_USUAL_NAMES = {
    "ANTILLES NEERLANDAISES": "CW",
    "BOLIVIA PLURINATIONAL STATE OF": "BO",
    "BRASIL": "BR",
    "BURMA": "MM",
    "CABO VERDE": "CV",
    "CAPE VERDE": "CV",
    "CHINA PEOPLES REPUBLIC": "CN",
    "CONGO": "CG",
    "CONGO DEMOCRATIC REPUBLIC": "CD",
    "COTE D IVOIRE": "CI",
    "CZECH REPUBLIC": "CZ",
    "DEMOCRATIC REPUBLIC OF THE CONGO": "CD",
    "DOMINICAN REP": "DO",
    "DR CONGO": "CD",
    "EAST TIMOR": "TL",
    "ENGLAND": "GB",
    "GREAT BRITAIN": "GB",
    "HOLANDA": "NL",
    "HOLLAND": "NL",
    "HOLLANDE": "NL",
    "HONG KONG": "HK",
    "IRAN ISLAMIC REPUBLIC OF": "IR",
    "IVORY COAST": "CI",
    "KOREA": "KR",
    "KOREA REPUBLIC OF": "KR",
    "LIBYAN ARAB JAMAHIRIYA": "LY",
    "MACAO": "MO",
    "MACAU": "MO",
    "MACEDONIA": "MK",
    "MOLDOVA REPUBLIC OF": "MD",
    "NORTH KOREA": "KP",
    "P R CHINA": "CN",
    "PALESTINE STATE OF": "PS",
    "PEOPLES REPUBLIC OF CHINA": "CN",
    "PR CHINA": "CN",
    "PRC": "CN",
    "RD CONGO": "CD",
    "REPUBLICA DOMINICANA": "DO",
    "REPUBLIC OF KOREA": "KR",
    "ROC": "TW",
    "RUSSIAN FEDERATION": "RU",
    "SCOTLAND": "GB",
    "SOUTH KOREA": "KR",
    "SWAZILAND": "SZ",
    "SYRIAN ARAB REPUBLIC": "SY",
    "TAIWAN PROVINCE OF CHINA": "TW",
    "TANZANIA UNITED REPUBLIC OF": "TZ",
    "THE GAMBIA": "GM",
    "THE NETHERLANDS": "NL",
    "TURKEY": "TR",
    "TURQUIA": "TR",
    "U A E": "AE",
    "U K": "GB",
    "U S": "US",
    "U S A": "US",
    "UAE": "AE",
    "UK": "GB",
    "UNITED STATES OF AMERICA": "US",
    "VENEZUELA BOLIVARIAN REPUBLIC OF": "VE",
    "VIET NAM": "VN",
}


@cache
def alpha2_codes() -> frozenset[str]:
    """Return every alpha-2 code of ISO 3166, and XK, which customs use for Kosovo.

    >>> "GH" in alpha2_codes(), "UK" in alpha2_codes()
    (True, False)
    """
    return frozenset(
        code
        for code in _territories("en")
        if len(code) == _ALPHA2_LENGTH and code.isalpha() and code not in _NOT_COUNTRIES
    )


def country_name(code: str, language: str = "en") -> str | None:
    """Return the name of a country in en, fr, es or pt, or None if the code is no country.

    Raises:
        UsageError: There are no names in that language.

    >>> country_name("CI", "pt")
    'Costa do Marfim'
    """
    if language not in _LANGUAGES:
        raise UsageError(f"Country names are in en, fr, es and pt, not in {language!r}.")
    return _territories(language).get(code) if code in alpha2_codes() else None


@overload
def resolve(country: str) -> str | None: ...
@overload
def resolve(country: pl.Series) -> pl.Series: ...
@overload
def resolve(country: pl.Expr) -> pl.Expr: ...
def resolve(country: str | pl.Series | pl.Expr) -> str | pl.Series | pl.Expr | None:
    """Return the alpha-2 code of a country written as alpha-2, alpha-3 or a name in en, fr, es or pt.

    Case, accents and punctuation do not matter. What is not a country becomes null; null stays null.

    >>> resolve("Perú"), resolve("PER"), resolve("Ivory Coast"), resolve("Atlantis")
    ('PE', 'PE', 'CI', None)
    """
    if isinstance(country, pl.Expr):
        return fold(country).replace_strict(spellings(), default=None, return_dtype=pl.String)
    column = (
        country if isinstance(country, pl.Series) else pl.Series([country], dtype=pl.String)
    )
    resolved = column.to_frame("country").select(resolve(pl.col("country"))).to_series()
    return resolved.alias(column.name) if isinstance(country, pl.Series) else resolved.item()


@cache
def spellings() -> dict[str, str]:
    """Return every folded spelling known of a country, with its alpha-2 code."""
    names: dict[str, str] = {}
    for language in _LANGUAGES:
        territories = _territories(language)
        codes = sorted(alpha2_codes() & territories.keys())
        for code in codes:
            name = territories[code]
            # CLDR adds a second name in brackets, as in «Myanmar (Burma)».
            for part in (name, *name.rstrip(")").split(" (")):
                names.setdefault(part, code)
    alpha3 = {
        code: current[0]
        for code, current in get_global("territory_aliases").items()
        if len(code) == _ALPHA3_LENGTH and code.isalpha() and current[0] in alpha2_codes()
    }
    known = dict(zip(fold_texts(names), names.values(), strict=True))
    return known | alpha3 | _USUAL_NAMES | {code: code for code in alpha2_codes()}


@cache
def _territories(language: str) -> dict[str, str]:
    return {str(code): str(name) for code, name in Locale.parse(language).territories.items()}
