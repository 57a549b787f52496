"""Text to typed values, one column at a time: what cannot be read is null and named, never guessed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from riskengine.codes import commodities, containers, countries, ports
from riskengine.manifest import box_numbers, dates, numbers
from riskengine.manifest.fields import Field, Kind
from riskengine.manifest.headers import unit_in
from riskengine.manifest.plan import MISSING
from riskengine.manifest.vocabulary import coded_values, flag_words, folded, loose_cargo_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from riskengine.manifest.plan import ColumnRule, FileSettings

CONTENT_CODES = frozenset(
    {
        "check_digit_wrong",
        "container_number_malformed",
        "country_unknown",
        "hs_zero_restored",
        "port_unknown",
    }
)
"""Faults of what a field says: it was read, and is kept as it stands."""

_PER_UNIT = {"t": 1000.0, "lb": 0.45359237, "ft3": 0.028316846592}
_LARGEST_MASS_KG = 1e9
_LONGEST_MISSING = max(map(len, MISSING))
_LARGEST_EXACT_FLOAT = 9_007_199_254_740_992
_MAY_BE_NEGATIVE = {"temperature_set_c"}
_AS_RECEIVED = {Kind.TEXT, Kind.LIST}
_FROM_NUMBERS = {Kind.NUMBER, Kind.INTEGER, Kind.DATE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """How the numbers and dates of one file are written, declared or told from the file itself."""

    decimal: str | None = None
    is_decimal_declared: bool = False
    day_first: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of the file on its way into a canonical field.

    Attributes:
        field: Where it goes.
        rule: How its text is read.
        texts: Without blanks around them; null where nothing stands.
        numbers: What the file itself holds as a number, or None.
        currencies: The currency of each amount, where a column names it.
    """

    field: Field
    rule: ColumnRule
    texts: pl.Series
    numbers: pl.Series | None = None
    currencies: pl.Series | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A column as it was read.

    Attributes:
        values: Typed.
        texts: What was read, without blanks around it.
        faults: For each cell the code of its defect or null; None where there is not one.
    """

    values: pl.Series
    texts: pl.Series
    faults: pl.Series | None = None


def stripped(texts: pl.Series, settings: FileSettings, kind: Kind) -> pl.Series:
    """Return the texts without blanks around them, null where nothing stands.

    What a mapping file calls missing is missing everywhere; the usual signs for nothing (N/A, a dash)
    are missing everywhere but in names and descriptions, where they are what was declared.
    """
    usual = () if kind in _AS_RECEIVED else MISSING
    if kind is Kind.COUNTRY:
        usual = tuple(word for word in MISSING if word != "na")  # Namibia
    if kind is Kind.CATEGORY:
        usual = tuple(word for word in MISSING if word != "nil")  # an outcome
    bare = texts.cast(pl.String).str.strip_chars()
    length = bare.str.len_bytes()
    nothing = length == 0
    if settings.missing:
        nothing |= bare.is_in(list(settings.missing))
    is_short = length <= _LONGEST_MISSING
    short = bare.filter(is_short).unique() if usual else bare.clear()
    if short.str.to_lowercase().is_in(usual).any():
        nothing |= bare.str.to_lowercase().is_in(usual)
    if not nothing.any():
        # What had no blanks around it is not kept twice.
        is_same = texts.dtype == pl.String and texts.str.len_bytes().sum() == length.sum()
        return (texts if is_same else bare).alias("text")
    return pl.select(text=pl.when(~nothing).then(bare)).to_series()


def read_column(column: Column, conventions: Conventions, settings: FileSettings) -> Read:
    """Return the typed values of a column, and for each the code of its defect."""
    column = _with_values_replaced(column)
    lost = None
    if column.numbers is not None and column.field.kind not in _FROM_NUMBERS:
        lost = _lost_digits(column.numbers)
    if column.field.kind in {Kind.NUMBER, Kind.INTEGER}:
        values, faults = _read_number(column, conventions, settings)
    elif column.field.kind is Kind.DATE:
        formats = column.rule.formats or settings.date_formats
        parsed = dates.parse(column.texts, formats=formats, day_first=conventions.day_first)
        values, faults = parsed["value"], parsed["fault"]
    elif column.field.kind is Kind.INSTANT:
        parsed = dates.parse_instants(column.texts)
        values, faults = parsed["value"], parsed["fault"]
    else:
        values, faults = _TEXT_READERS.get(column.field.kind, _read_text)(column)
    if lost is not None and lost.null_count() < len(lost):
        if faults is None:
            faults = _no_faults(values)
        faults = pl.select(pl.coalesce(lost, faults)).to_series()
        values = pl.select(pl.when(lost.is_null()).then(values)).to_series()
    if faults is not None and faults.null_count() == len(faults):
        faults = None
    return Read(values=values, texts=column.texts, faults=faults)


def _with_values_replaced(column: Column) -> Column:
    """Replace the texts that the mapping translates; a translated cell is no longer the file's number."""
    if not column.rule.values:
        return column
    replaced = column.texts.replace(
        list(column.rule.values.keys()), list(column.rule.values.values())
    )
    frame = pl.DataFrame({"text": column.texts, "replaced": replaced})
    is_same = pl.col("text") == pl.col("replaced")
    own = column.numbers
    if own is not None:
        own = frame.with_columns(own=own).select(pl.when(is_same).then("own")).to_series()
    return Column(
        field=column.field,
        rule=column.rule,
        texts=frame.select(pl.when(pl.col("replaced") != "").then("replaced")).to_series(),
        numbers=own,
        currencies=column.currencies,
    )


def _lost_digits(numbers_of: pl.Series) -> pl.Series:
    """A code that a spreadsheet kept as a number may have lost digits: then it is a fault."""
    is_inexact = numbers_of.abs() >= _LARGEST_EXACT_FLOAT
    return pl.select(pl.when(is_inexact).then(pl.lit("precision_lost"))).to_series()


def _read_number(
    column: Column, conventions: Conventions, settings: FileSettings
) -> tuple[pl.Series, pl.Series]:
    field, is_mass = column.field, column.field.unit == "kg"
    split = numbers.split_mass_unit(column.texts) if is_mass else None
    parsed = numbers.parse(
        column.texts if split is None else split["text"],
        decimal=conventions.decimal,
        is_declared=conventions.is_decimal_declared,
        is_whole=field.kind is Kind.INTEGER,
    )
    frame = parsed.with_columns(
        native=_native(column),
        factor=pl.lit(None, pl.Float64) if split is None else split["factor"],
        rate=_rates(column, settings),
        text=column.texts,
    )
    is_native = pl.col("native").is_not_null() & pl.col("native").is_finite()
    frame = frame.with_columns(
        value=pl.when(is_native).then("native").otherwise("value"),
        fault=pl.when(~is_native).then("fault"),
    )
    unit = _unit(column, settings)
    value = pl.col("value") * pl.coalesce("factor", pl.lit(_PER_UNIT.get(unit or "", 1.0)))
    value = (value - 32) * 5 / 9 if unit == "f" else value  # Fahrenheit
    value = value * pl.col("rate") if field.unit == "usd" else value
    frame = frame.with_columns(value=value, no_rate=pl.col("rate").is_null())
    fault = _number_fault(field)
    frame = frame.with_columns(fault=pl.coalesce("fault", fault))
    kept = pl.when(pl.col("fault").is_null()).then("value")
    kept = kept.cast(pl.Int64, strict=False) if field.kind is Kind.INTEGER else kept
    return frame.select(value=kept).to_series(), frame["fault"]


def _number_fault(field: Field) -> pl.Expr:
    value, is_there = pl.col("value"), pl.col("text").is_not_null()
    largest = _LARGEST_MASS_KG if field.unit == "kg" else numbers.LARGEST
    is_negative = value < 0 if field.name not in _MAY_BE_NEGATIVE else pl.lit(value=False)
    is_broken = (value != value.floor()) if field.kind is Kind.INTEGER else pl.lit(value=False)
    no_rate = pl.col("no_rate") if field.unit == "usd" else pl.lit(value=False)
    return (
        pl.when(is_there & no_rate)
        .then(pl.lit("currency_unknown"))
        .when(value.abs() >= largest)
        .then(pl.lit("number_out_of_range"))
        .when(is_negative)
        .then(pl.lit("negative_number"))
        .when(is_broken)
        .then(pl.lit("not_a_whole_number"))
    )


def _native(column: Column) -> pl.Series | pl.Expr:
    if column.numbers is None:
        return pl.lit(None, pl.Float64)
    return column.numbers.cast(pl.Float64, strict=False).alias("native")


def _unit(column: Column, settings: FileSettings) -> str | None:
    """The unit declared for the column, else the one its header names, else that of the file."""
    header, field = column.rule.column, column.field
    unit = column.rule.unit or unit_in(header, field.name)
    if unit is None and field.unit == "kg" and header != field.name:
        return settings.unit_mass
    return unit


def _rates(column: Column, settings: FileSettings) -> pl.Series | pl.Expr:
    rates = {"USD": 1.0, **settings.usd_per}
    if column.currencies is None:
        code = (column.rule.currency or "USD").upper()
        return pl.lit(rates.get(code), pl.Float64)
    codes = column.currencies.str.strip_chars().str.to_uppercase()
    return codes.replace_strict(rates, default=None, return_dtype=pl.Float64).alias("rate")


def _read_text(column: Column) -> tuple[pl.Series, None]:
    return column.texts, None


def _read_code(column: Column) -> tuple[pl.Series, None]:
    texts = column.texts
    if column.field.name == "vessel_imo":
        texts = texts.str.replace(r"(?i)^IMO[\s:.#-]*", "")
    return texts, None


def _read_words(column: Column, known: Mapping[str, str | bool], code: str) -> pl.DataFrame:
    words = column.texts.unique().drop_nulls().to_list()
    told = {word: known.get(folded(word)) for word in words}
    is_flag = column.field.kind is Kind.FLAG
    values = column.texts.replace_strict(
        told, default=None, return_dtype=pl.Boolean if is_flag else pl.String
    )
    fault = pl.when(pl.col("text").is_not_null() & pl.col("value").is_null()).then(pl.lit(code))
    return pl.DataFrame({"text": column.texts, "value": values}).with_columns(fault=fault)


def _read_flag(column: Column) -> tuple[pl.Series, pl.Series]:
    read = _read_words(column, flag_words(column.field.name), "not_a_flag")
    return read["value"], read["fault"]


def _read_category(column: Column) -> tuple[pl.Series, pl.Series]:
    read = _read_words(column, coded_values(column.field.name), "value_unknown")
    if column.field.name == "size_type":  # the code of ISO 6346 itself, of today or of 1984
        bare = pl.col("text").str.replace_all(r"[\s-]", "").str.to_uppercase()
        form = "^(?:[0-9A-Z]{2}[A-Z][0-9A-Z]|[1-4][0-9]{3})$"
        shaped = pl.when(bare.str.contains(form)).then(bare)
        read = read.with_columns(value=pl.coalesce("value", shaped)).with_columns(
            fault=pl.when(pl.col("value").is_null()).then("fault")
        )
    return read["value"], read["fault"]


def _read_country(column: Column) -> tuple[pl.Series, pl.Series]:
    upper = pl.col("text").str.to_uppercase()
    frame = pl.DataFrame({"text": column.texts}).with_columns(
        known=countries.resolve(column.texts),
        code=pl.when(upper.str.contains("^[A-Z]{2}$")).then(upper),
    )
    is_unknown = pl.col("text").is_not_null() & pl.col("known").is_null()
    fault = (
        pl.when(is_unknown & pl.col("code").is_not_null())
        .then(pl.lit("country_unknown"))
        .when(is_unknown)
        .then(pl.lit("not_a_country"))
    )
    read = frame.select(value=pl.coalesce("known", "code"), fault=fault)
    return read["value"], read["fault"]


def _read_port(column: Column) -> tuple[pl.Series, pl.Series]:
    known = ports.resolve(column.texts)
    frame = pl.DataFrame({"text": column.texts, "known": known})
    is_unknown = pl.col("text").is_not_null() & pl.col("known").is_null()
    return known, frame.select(
        fault=pl.when(is_unknown).then(pl.lit("port_unknown"))
    ).to_series()


def _read_hs(column: Column) -> tuple[pl.Series, pl.Series]:
    bare = pl.col("text").str.replace(r"\.0$", "").str.replace_all(r"[^0-9]", "")
    frame = pl.DataFrame({"text": column.texts}).with_columns(
        value=commodities.normalise_hs(pl.col("text")), bare=bare
    )
    value = pl.col("value")
    fault = (
        pl.when(pl.col("text").is_not_null() & value.is_null())
        .then(pl.lit("hs_code_malformed"))
        .when(value.str.len_chars() > pl.col("bare").str.len_chars())
        .then(pl.lit("hs_zero_restored"))
    )
    return frame["value"], frame.select(fault=fault).to_series()


def _read_container(column: Column) -> tuple[pl.Series, pl.Series | None]:
    texts = column.texts
    # Most numbers of most files are written as ISO 6346 has them, with the digit that belongs to them.
    is_right = box_numbers.are_right(texts)
    odd = texts.filter(~is_right).unique().drop_nulls()
    if odd.is_empty():
        return texts, None
    loose = [word for word in odd.to_list() if folded(word) in loose_cargo_words()]
    text = pl.col("text")
    shaped = containers.has_number_shape(pl.col("value"))
    fault = (
        pl.when(~shaped)
        .then(pl.lit("container_number_malformed"))
        .when(~containers.has_valid_check_digit(pl.col("value")))
        .then(pl.lit("check_digit_wrong"))
    )
    known = (
        odd.alias("text")
        .to_frame()
        .with_columns(value=pl.when(~text.is_in(loose)).then(containers.normalise(text)))
        .with_columns(fault=fault, is_odd=pl.lit(value=True))
    )
    cells = (
        texts.alias("text")
        .to_frame()
        .join(known, on="text", how="left", maintain_order="left")
        .select("fault", value=pl.when("is_odd").then("value").otherwise("text"))
    )
    return cells["value"], cells["fault"]


def _no_faults(texts: pl.Series) -> pl.Series:
    return pl.Series("fault", [None], dtype=pl.String).new_from_index(0, len(texts))


_TEXT_READERS: dict[Kind, Callable[[Column], tuple[pl.Series, pl.Series | None]]] = {
    Kind.CODE: _read_code,
    Kind.FLAG: _read_flag,
    Kind.CATEGORY: _read_category,
    Kind.COUNTRY: _read_country,
    Kind.PORT: _read_port,
    Kind.HS: _read_hs,
    Kind.CONTAINER_NUMBER: _read_container,
}
