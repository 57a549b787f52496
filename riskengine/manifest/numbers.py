"""Numbers as people write them in four languages, with one decimal convention for each file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable

_BLANKS = r"[\s\u00a0\u202f\u2009'\u2019]"
_GROUPED_BY_BLANKS = rf"^[+-]?\d{{1,3}}(?:{_BLANKS}\d{{3}})+(?:[.,]\d*)?$"
_PLAIN = r"^[+-]?\d+$"
_SCIENTIFIC = r"^[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d+$"
_UNIT_AT_END = (
    r"(?i)^(.*?\d)\s*(kgs?|kgm|kilos?|tonnes?|tons?|toneladas?|tne|mt|t|lbs?|lbr|pounds?)\.?$"
)
_NO_DIGIT_AT_END = r"[^0-9]\s*$"
_KG_OF = {"kg": 1.0, "t": 1000.0, "lb": 0.45359237}

# No number that means one or the other is without these signs.
_MAY_MEAN_POINT = r"\.|,.*,"
_MAY_MEAN_COMMA = r",|\..*\."
_TASTED = 1000

_ONE_READING = {True: r"^[+-]?\d+$", False: r"^[+-]?\d+(?:\.\d+)?$"}
"""Numbers that have one reading only where the decimal sign is a point, in counts and in amounts."""

LARGEST = 1e12
"""No mass, value or count in a manifest reaches this."""


def cleaned(texts: pl.Expr) -> pl.Expr:
    """Return the texts without blanks around them, blanks between thousands, and odd minus signs."""
    bare = texts.str.strip_chars().str.replace(r"^[\u2212\u2013]\s*", "-")
    return (
        pl.when(bare.str.contains(_GROUPED_BY_BLANKS))
        .then(bare.str.replace_all(_BLANKS, ""))
        .otherwise(bare)
    )


def means_point(number: pl.Expr) -> pl.Expr:
    """Tell whether a cleaned number can only be read with a decimal point (or comma thousands)."""
    return number.str.contains(_definite(r"\.", ","))


def means_comma(number: pl.Expr) -> pl.Expr:
    """Tell whether a cleaned number can only be read with a decimal comma (or point thousands)."""
    return number.str.contains(_definite(",", r"\."))


def convention(columns: list[pl.Series]) -> str | None:
    """Return the decimal sign that the numbers of these columns give away, or None.

    >>> convention([pl.Series(["1.234", "24.500,5"])])
    ','
    >>> convention([pl.Series(["1.234", "1,234"])]) is None
    True
    """
    points = any(_any(column, means_point, _MAY_MEAN_POINT) for column in columns)
    commas = any(_any(column, means_comma, _MAY_MEAN_COMMA) for column in columns)
    if points == commas:
        return None
    return "." if points else ","


def _any(texts: pl.Series, meaning: Callable[[pl.Expr], pl.Expr], may_mean: str) -> bool:
    """Tell whether any number has a meaning: the first ones say so as a rule, or none could."""
    for some in (texts.head(_TASTED), texts.slice(_TASTED)):
        able = some.filter(some.str.contains(may_mean)).alias("text").to_frame()
        if able.select(meaning(cleaned(pl.col("text"))).any()).item():
            return True
    return False


def parse(
    texts: pl.Series, *, decimal: str | None, is_declared: bool = False, is_whole: bool = False
) -> pl.DataFrame:
    """Read numbers; columns ``value`` (Float64) and ``fault`` (the code of a defect, or null).

    Args:
        texts: As received; null and nothing else stands for nothing.
        decimal: The decimal sign of the file, or None where it could not be told.
        is_declared: The sign was declared: a number that contradicts it is a fault.
        is_whole: The field counts things, so that a lone separator can only part thousands.

    A number such as ``1,234``, which is one thing in London and another in Madrid, is a fault where
    the decimal sign is not known. Nothing is rounded and nothing becomes zero.
    """
    if is_whole or decimal == ".":
        read = _at_once(texts, _ONE_READING[is_whole])
        if read is not None:
            return read
    number = cleaned(pl.col("text"))
    point, comma = means_point(pl.col("number")), means_comma(pl.col("number"))
    unclear = pl.col("number").str.contains(r"^[+-]?[1-9]\d{0,2}[.,]\d{3}$")
    frame = pl.DataFrame({"text": texts}, schema={"text": pl.String}).with_columns(
        number=number
    )
    frame = frame.with_columns(
        by_point=pl.when(point).then(True).when(comma).then(False),
        is_unclear=unclear,
    )
    frame = frame.with_columns(by_point=_sign(decimal, is_declared, is_whole))
    plain = pl.col("number").str.contains(_PLAIN)
    scientific = pl.col("number").str.contains(_SCIENTIFIC)
    as_point = pl.col("number").str.replace_all(",", "", literal=True)
    as_comma = (
        pl.col("number")
        .str.replace_all(".", "", literal=True)
        .str.replace(",", ".", literal=True)
    )
    as_whole = pl.col("number").str.replace_all("[.,]", "")
    thousands = as_whole if is_whole else pl.lit(None, dtype=pl.String)
    text = (
        pl.when(plain)
        .then(pl.col("number"))
        .when(scientific)
        .then(pl.col("number").str.replace(",", ".", literal=True))
        .when(pl.col("is_unclear") & is_whole)
        .then(thousands)
        .when(pl.col("by_point"))
        .then(as_point)
        .when(~pl.col("by_point"))
        .then(as_comma)
    )
    value = text.cast(pl.Float64, strict=False)
    frame = frame.with_columns(value=value)
    missing_sign = pl.col("is_unclear") & pl.col("by_point").is_null() & (not is_whole)
    fault = (
        pl.when(pl.col("text").is_null())
        .then(None)
        .when(missing_sign)
        .then(pl.lit("ambiguous_number"))
        .when(pl.col("value").is_null() | pl.col("value").is_nan())
        .then(pl.lit("not_a_number"))
        .when(pl.col("value").abs() >= LARGEST)
        .then(pl.lit("number_out_of_range"))
    )
    return frame.with_columns(fault=fault).select(
        value=pl.when(pl.col("fault").is_null()).then(pl.col("value")), fault="fault"
    )


def _at_once(texts: pl.Series, pattern: str) -> pl.DataFrame | None:
    """Read a column in which every number is written plainly; None where one is not."""
    values = texts.cast(pl.Float64, strict=False)
    if values.null_count() != texts.null_count() or not texts.str.contains(pattern).all():
        return None
    frame = pl.DataFrame({"value": values})
    fault = pl.lit(None, pl.String)
    if (values.abs() >= LARGEST).any():
        fault = pl.when(pl.col("value").abs() >= LARGEST).then(pl.lit("number_out_of_range"))
        value = pl.when(pl.col("value").abs() < LARGEST).then(pl.col("value"))
        return frame.select(value=value, fault=fault)
    return frame.with_columns(fault=fault)


def split_mass_unit(texts: pl.Series) -> pl.DataFrame:
    """Return ``text`` without a unit at its end, and ``factor`` to kilograms where one stood there."""
    if not texts.str.contains(_NO_DIGIT_AT_END).any():
        return (
            texts.cast(pl.String)
            .alias("text")
            .to_frame()
            .with_columns(factor=pl.lit(None, pl.Float64))
        )
    group = pl.col("text").str.strip_chars()
    unit = group.str.extract(_UNIT_AT_END, 2).str.to_lowercase().str.slice(0, 1)
    frame = pl.DataFrame({"text": texts}, schema={"text": pl.String}).with_columns(unit=unit)
    factor = (
        pl.when(pl.col("unit") == "k")
        .then(_KG_OF["kg"])
        .when(pl.col("unit").is_in(["t", "m"]))
        .then(_KG_OF["t"])
        .when(pl.col("unit").is_in(["l", "p"]))
        .then(_KG_OF["lb"])
    )
    return frame.select(
        text=pl.when(pl.col("unit").is_null())
        .then(pl.col("text"))
        .otherwise(group.str.extract(_UNIT_AT_END, 1)),
        factor=factor,
    )


def _sign(decimal: str | None, is_declared: bool, is_whole: bool) -> pl.Expr:
    """Say by which sign each number is read: its own, unless another was declared."""
    own = pl.col("by_point")
    if decimal is None:
        return own
    by_point = decimal == "."
    told = pl.when(pl.col("is_unclear")).then(pl.lit(by_point)).otherwise(own)
    if is_declared and not is_whole:
        return pl.when(told == by_point).then(told)
    return told


def _definite(decimal: str, thousands: str) -> str:
    grouped = rf"\d{{1,3}}(?:{thousands}\d{{3}})+{decimal}\d*"
    many_groups = rf"\d{{1,3}}(?:{thousands}\d{{3}}){{2,}}"
    long_whole = rf"\d{{4,}}{decimal}\d*"
    short_part = rf"\d{{0,3}}{decimal}\d{{1,2}}"
    long_part = rf"\d{{0,3}}{decimal}\d{{4,}}"
    below_one = rf"0\d*{decimal}\d*|{decimal}\d+"
    forms = (grouped, many_groups, long_whole, short_part, long_part, below_one)
    return rf"^[+-]?(?:{'|'.join(forms)})$"
