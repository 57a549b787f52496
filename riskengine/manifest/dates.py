"""Dates as exports write them; day and month are never guessed from one date alone."""

from __future__ import annotations

from datetime import date

import polars as pl

EARLIEST, LATEST = date(1980, 1, 1), date(2100, 1, 1)
"""No manifest that we can be asked about names a day outside."""

_TIME = r"(?:[T\s]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s*[AaPp]\.?[Mm]\.?)?\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?)?"
_YEAR_FIRST = rf"^(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_TIME}$"
_COMPACT = r"^(\d{4})(\d{2})(\d{2})(?:\d{4}(?:\d{2})?)?$"
_YEAR_LAST = rf"^(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{4}}|\d{{2}}){_TIME}$"
_NAMED = rf"^(\d{{1,2}})(?:st|nd|rd|th|er)?[\s./-]*(?:de\s+)?([a-z]{{3,10}})\.?[\s,./-]*(?:de\s+)?(\d{{4}}|\d{{2}}){_TIME}$"
_SERIAL = r"^[2-7]\d{4}(?:[.,]\d+)?$"
_INSTANT = r"^(\d{4}-\d{2}-\d{2})[T\s]+(\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)\s*(Z|UTC|[+-]\d{2}:?\d{2})?$"
_MONTHS = (
    "jan ene janv",
    "feb fev fevr",
    "mar mars",
    "apr abr avr",
    "may mai mayo maio",
    "jun juin",
    "jul juil",
    "aug ago aout",
    "sep set sept",
    "oct out",
    "nov",
    "dec dic dez",
)
_MONTH_COUNT = 12
_SERIAL_DAYS_BEFORE_1970 = 25_569
_ACCENTS = {"é": "e", "è": "e", "û": "u", "ç": "c", "ã": "a", "á": "a", "ê": "e"}


def day_comes_first(columns: list[pl.Series]) -> bool | None:
    """Tell from all dates of these columns whether the day stands before the month, or None.

    >>> day_comes_first([pl.Series(["03/04/2026", "25/04/2026"])])
    True
    """
    first = second = 0
    for column in columns:
        parts = _last_year_parts(_frame(column))
        counts = parts.select(
            first=(pl.col("a") > _MONTH_COUNT).sum(), second=(pl.col("b") > _MONTH_COUNT).sum()
        )
        first += counts["first"].item() or 0
        second += counts["second"].item() or 0
    if bool(first) == bool(second):
        return None
    return bool(first)


def parse(
    texts: pl.Series, *, formats: tuple[str, ...] = (), day_first: bool | None = None
) -> pl.DataFrame:
    """Read dates; columns ``value`` (Date) and ``fault`` (the code of a defect, or null).

    With *formats* a date is read by them in turn; beyond them only what cannot be misread is understood
    (year first, and Excel's day numbers). Without, these are understood: year first, eight digits, month by its name in four languages, Excel's day numbers, and day and month in
    digits where *day_first* or the date itself tells which is which. A time of day is left out. A year of
    two digits is one of this century.
    """
    frame = _frame(texts)
    values = _by_formats(frame, formats) if formats else _by_form(frame, day_first)
    unclear = _is_unclear(frame, day_first or bool(formats) or None)
    frame = frame.with_columns(value=values, unclear=unclear)
    fault = (
        pl.when(pl.col("text").is_null())
        .then(None)
        .when(pl.col("unclear") & pl.col("value").is_null())
        .then(pl.lit("ambiguous_date"))
        .when(pl.col("value").is_null())
        .then(pl.lit("not_a_date"))
        .when(~pl.col("value").is_between(pl.lit(EARLIEST), pl.lit(LATEST)))
        .then(pl.lit("date_out_of_range"))
    )
    return frame.with_columns(fault=fault).select(
        value=pl.when(pl.col("fault").is_null()).then(pl.col("value")), fault="fault"
    )


def parse_instants(texts: pl.Series) -> pl.DataFrame:
    """Read instants; columns ``value`` (UTC) and ``fault``.

    Year first, then the time of day to the minute or finer, then ``Z`` or an offset. A time without an offset is
    taken as UTC: a port's local time is at most half a day off, and no file says which zone it means. A day without a time is no
    instant.

    >>> parse_instants(pl.Series(["2026-03-08 04:30", "2026-03-08T04:30:00-05:00"]))["value"].dt.hour().to_list()
    [4, 9]
    """
    text = pl.col("text")
    offset = text.str.extract(_INSTANT, 3)
    sign = pl.when(offset.str.starts_with("-")).then(-1).otherwise(1)
    minutes = sign * (
        offset.str.extract(r"(\d{2}):?\d{2}$", 1).cast(pl.Int64) * 60
        + offset.str.extract(r"(\d{2})$", 1).cast(pl.Int64)
    )
    written = pl.concat_str(
        text.str.extract(_INSTANT, 1),
        text.str.extract(_INSTANT, 2).str.replace(",", ".", literal=True),
        separator="T",
    )
    short = written.str.len_chars() == len("2026-03-08T04:30")
    local = (
        pl.when(short)
        .then(written + ":00")
        .otherwise(written)
        .str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
    )
    frame = _frame(texts).with_columns(
        value=(local - pl.duration(minutes=minutes.fill_null(0))).dt.replace_time_zone("UTC")
    )
    fault = (
        pl.when(text.is_not_null() & pl.col("value").is_null())
        .then(pl.lit("not_an_instant"))
        .when(~pl.col("value").dt.date().is_between(pl.lit(EARLIEST), pl.lit(LATEST)))
        .then(pl.lit("date_out_of_range"))
    )
    return frame.with_columns(fault=fault).select(
        value=pl.when(pl.col("fault").is_null()).then(pl.col("value")), fault="fault"
    )


def _frame(texts: pl.Series) -> pl.DataFrame:
    return pl.DataFrame({"text": texts}, schema={"text": pl.String}).with_columns(
        pl.col("text").str.strip_chars()
    )


def _by_formats(frame: pl.DataFrame, formats: tuple[str, ...]) -> pl.Series:
    days: list[pl.Expr] = []
    for form in formats:
        if any(part in form for part in ("%H", "%I", "%T", "%M")):
            read = pl.col("text").str.to_datetime(form, strict=False, time_zone=None)
            days.append(read.dt.date())
        else:
            days.append(pl.col("text").str.to_date(form, strict=False))
    if not any(form.startswith("%Y") for form in formats):
        days += [*_year_first(), _serial()]
    return frame.select(value=pl.coalesce(days)).to_series()


def _by_form(frame: pl.DataFrame, day_first: bool | None) -> pl.Series:
    text = pl.col("text")
    lower = text.str.to_lowercase().str.replace_many(_ACCENTS)
    month = lower.str.extract(_NAMED, 2).str.slice(0, 4)
    named = _day(
        _century(lower.str.extract(_NAMED, 3)),
        _month_number(month),
        lower.str.extract(_NAMED, 1),
    )
    a, b = text.str.extract(_YEAR_LAST, 1), text.str.extract(_YEAR_LAST, 2)
    year = _century(text.str.extract(_YEAR_LAST, 3))
    first, second = a.cast(pl.Int32), b.cast(pl.Int32)
    told = (
        pl.when(first > _MONTH_COUNT)
        .then(True)
        .when(second > _MONTH_COUNT)
        .then(False)
        .when(first == second)
        .then(True)
        .otherwise(pl.lit(day_first, dtype=pl.Boolean))
    )
    last = pl.when(told).then(_day(year, b, a)).when(~told).then(_day(year, a, b))
    return frame.select(value=pl.coalesce(*_year_first(), named, _serial(), last)).to_series()


def _year_first() -> list[pl.Expr]:
    text = pl.col("text")
    return [
        _day(text.str.extract(form, 1), text.str.extract(form, 2), text.str.extract(form, 3))
        for form in (_YEAR_FIRST, _COMPACT)
    ]


def _serial() -> pl.Expr:
    text = pl.col("text")
    days = text.str.extract(r"^(\d{5})", 1).cast(pl.Int32, strict=False)
    return pl.when(text.str.contains(_SERIAL)).then(
        (days - _SERIAL_DAYS_BEFORE_1970).cast(pl.Date)
    )


def _is_unclear(frame: pl.DataFrame, day_first: bool | None) -> pl.Series:
    parts = _last_year_parts(frame)
    both = (pl.col("a") <= _MONTH_COUNT) & (pl.col("b") <= _MONTH_COUNT) & (day_first is None)
    return parts.select(unclear=both.fill_null(value=False)).to_series()


def _last_year_parts(frame: pl.DataFrame) -> pl.DataFrame:
    text = pl.col("text").str.strip_chars()
    return frame.select(
        a=text.str.extract(_YEAR_LAST, 1).cast(pl.Int32, strict=False),
        b=text.str.extract(_YEAR_LAST, 2).cast(pl.Int32, strict=False),
    )


def _century(year: pl.Expr) -> pl.Expr:
    return pl.when(year.str.len_chars() == 2).then(pl.lit("20") + year).otherwise(year)  # noqa: PLR2004 - two digits


def _month_number(name: pl.Expr) -> pl.Expr:
    numbers = {
        spelling: f"{number:02d}"
        for number, spellings in enumerate(_MONTHS, start=1)
        for spelling in spellings.split()
    }
    whole = name.replace_strict(numbers, default=None, return_dtype=pl.String)
    return pl.coalesce(
        whole,
        name.str.slice(0, 3).replace_strict(numbers, default=None, return_dtype=pl.String),
    )


def _day(year: pl.Expr, month: pl.Expr, day: pl.Expr) -> pl.Expr:
    text = pl.concat_str([year, month.str.zfill(2), day.str.zfill(2)], separator="-")
    return text.str.to_date("%Y-%m-%d", strict=False)
