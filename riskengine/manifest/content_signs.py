"""What a column holds, told by its content alone: shares of cells that can be read in each of the trade's ways."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import polars as pl
from babel.core import get_global

from riskengine.codes import commodities, containers, countries, ports, size_types, vessels
from riskengine.codes.spelling import fold
from riskengine.manifest import dates, numbers
from riskengine.manifest.date_shape import NO_DAY_FORMATS, DayFormats, day_formats
from riskengine.manifest.plan import MISSING
from riskengine.manifest.stop_words import groups
from riskengine.manifest.vocabulary import coded_values, flag_words, folded
from riskengine.manifest.words import goods_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MOST_CELLS = 4_000
"""Cells of a column that are looked at, spread over the whole file."""

MOST_VALUES = 12

_COMPACT_FORMATS = ("%d%m%Y", "%m%d%Y", "%d%m%y", "%y%m%d")
_NEARLY_ALL, _ALMOST_ALL = 0.97, 0.95
_FEWEST_NUMBERED = 20
_SERIAL = r"^[2-7]\d{4}(?:[.,]\d+)?$"
_COMPACT = r"^\d{8}(?:\d{4}(?:\d{2})?)?$"
_EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]{2,}$"
_PHONE = r"^\+?[\d][\d\s()./-]{6,}$"
_NUMERIC = r"^[+-]?\d[\d\s]*(?:[.,]\d+)*(?:\s?(?i:kgs?|t|lbs?))?$"
_BARE_CODE = r"^[A-Za-z0-9][A-Za-z0-9/.-]*$"
_LEGAL = (
    r"(?i)\b(?:S\.?A\.?(?:S|C|U)?|S\.?R\.?L|S\.?L|LTDA?|LIMITED|LLC|INC|CORP|GMBH|B\.?V|N\.?V|PLC|PTE|PVT|CO|CIA|SARL|SPA"
    r"|S\.?P\.?A|AG|SUARL|EIRELI|COMPANY|IMPORT|EXPORT|IMPORTS|EXPORTS|TRADING|COMERCIAL|DISTRIBU\w+|ETS|ETABLISSEMENTS"
    r"|INDUSTR\w+|LOGISTICS?|AGRO\w+|GROUP\w*|ENTERPRISES?|INTERNATIONAL|EXPORTADORA|IMPORTADORA|FRUITS?|FOODS?)\b\.?"
)
_STREET = (
    r"(?i)\b(?:STREET|ST|ROAD|RD|AVENUE|AVE|AV|AVDA|AVENIDA|RUE|CALLE|CARRERA|CRA|RUA|KM|BLOCK|FLOOR|PISO|SUITE|OFICINA|BUILDING"
    r"|EDIFICIO|PARQUE|PLOT|LOTE|ZONA|ZONE|PO BOX|BP|BOULEVARD|BD|PLAZA|STRASSE|STR|KAAI|LAAN|WEG|HARBOU?R|PORT|INDUSTRIAL|QUAI|VIA)\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What one column holds. Every share is of the cells that hold something, 0 to 1.

    Attributes:
        header: As it stands in the file.
        place: From 0.
        filled: Share of the lines that hold something.
        cells: How many cells were looked at.
        distinct: Different texts among them.
        examples: A few different texts.
        shares: By sign.
        lengths: 5th, 50th and 95th percentile of the characters.
        quantiles: 5th, 50th and 95th percentile of the numbers, where most cells are one; else None.
        date_format: A format that must be declared for the days to be read, or None.
        is_day_first: What the days themselves tell, or None.
        values: Its commonest texts.
        day_formats: The formats of its days with the day first, and with the month first.
    """

    header: str
    place: int
    filled: float
    cells: int
    distinct: int
    examples: tuple[str, ...]
    shares: dict[str, float]
    lengths: tuple[float, float, float]
    quantiles: tuple[float, float, float] | None
    date_format: str | None
    is_day_first: bool | None
    values: tuple[str, ...] = ()
    day_formats: DayFormats = NO_DAY_FORMATS

    @property
    def is_numbering(self) -> bool:
        """Tell whether nearly every line has a number or code of its own, as consignments are numbered."""
        is_code = self.share("bare") >= _NEARLY_ALL and self.share("many_words") == 0
        has_digits = self.share("digits") + self.share("mixed") >= _NEARLY_ALL
        is_own = self.cells >= _FEWEST_NUMBERED and self.distinct >= _ALMOST_ALL * self.cells
        return is_code and has_digits and is_own

    def share(self, sign: str) -> float:
        """Return the share of a sign."""
        return self.shares.get(sign, 0.0)


def signs_of_columns(
    headers: Sequence[str],
    texts: Sequence[pl.Series],
    held_numbers: Mapping[int, pl.Series],
    decimal: str | None,
) -> list[Signs]:
    """Look at every column of a file.

    Args:
        headers: As they stand in the file.
        texts: The cells of each column as received.
        held_numbers: By place: what the file itself holds as numbers, written with a point.
        decimal: The decimal sign that the file as a whole gives away, or None.
    """
    counts = [_counted(column, place) for place, column in enumerate(texts)]
    held = dict.fromkeys(held_numbers, ".")
    told = _read(pl.concat([pl.DataFrame(schema=_COUNTED), *(one for _, one in counts)]))
    told = _with_numbers(told, {place: held.get(place, decimal) for place in range(len(texts))})
    parts = told.partition_by("place", as_dict=True, maintain_order=True)
    return [
        _signs(header, place, counts[place][0], parts.get((place,), told.clear()))
        for place, header in enumerate(headers)
    ]


_COUNTED = {"place": pl.Int64(), "text": pl.String(), "n": pl.Int64()}


def _counted(texts: pl.Series, place: int) -> tuple[float, pl.DataFrame]:
    """Return the share of cells that hold something, and how often each text stands in a sample of them."""
    bare = pl.DataFrame({"text": texts}, schema={"text": pl.String}).select(
        pl.col("text").str.strip_chars()
    )
    lower = bare["text"].str.to_lowercase()
    # In most columns NIL is nothing; in one of a few words that often says so it is what was found.
    is_nil_said = lower.n_unique() <= MOST_VALUES and (lower == "nil").sum() > 0.3 * len(lower)
    nothing = [word for word in MISSING if not (is_nil_said and word == "nil")]
    is_nothing = (pl.col("text") == "") | pl.col("text").str.to_lowercase().is_in(nothing)
    filled = bare.filter(~is_nothing)
    step = max(filled.height // MOST_CELLS, 1)
    sample = filled.gather_every(step).head(MOST_CELLS)["text"]
    counts = sample.value_counts(sort=True, name="n").select(
        place=pl.lit(place, pl.Int64), text="text", n=pl.col("n").cast(pl.Int64)
    )
    return filled.height / max(bare.height, 1), counts


def _signs(header: str, place: int, filled: float, told: pl.DataFrame) -> Signs:
    if not told.height:
        return Signs(
            header=header, place=place, filled=0.0, cells=0, distinct=0, examples=(), shares={},
            lengths=(0.0, 0.0, 0.0), quantiles=None, date_format=None, is_day_first=None,
        )  # fmt: skip
    shares = _shares(told)
    form = _compact_format(told["text"]) if shares["digits"] >= _NEARLY_ALL else None
    if form is not None:
        shares["date"] = 1.0
    examples = told["text"].to_list()
    is_number = shares["number"] > _HALF
    return Signs(
        header=header,
        place=place,
        filled=filled,
        cells=int(told["n"].sum()),
        distinct=told.height,
        examples=tuple(examples[:: max(len(examples) // 3, 1)][:3]),
        shares=shares,
        lengths=_quantiles(told["text"].str.len_chars().cast(pl.Float64)),
        quantiles=_quantiles(told["value"].drop_nulls()) if is_number else None,
        date_format=form,
        is_day_first=dates.day_comes_first([told["text"]]) if shares["date"] > _HALF else None,
        values=tuple(examples[:MOST_VALUES]),
        day_formats=day_formats(told["text"])
        if shares["day_or_month"] > 0 and form is None
        else NO_DAY_FORMATS,
    )


_HALF = 0.5


def _shares(told: pl.DataFrame) -> dict[str, float]:
    total = float(told["n"].sum())
    flags = [name for name, kind in told.schema.items() if kind == pl.Boolean()]
    sums = told.select(
        (pl.col(name).fill_null(value=False).cast(pl.Int64) * pl.col("n")).sum().alias(name)
        for name in flags
    ).row(0, named=True)
    return {name: float(count) / total for name, count in sums.items()}


def _read(counts: pl.DataFrame) -> pl.DataFrame:
    """Read every different text in every way but as a number."""
    text = pl.col("text")
    plain = fold(text)
    upper = text.str.to_uppercase()
    words = plain.str.split(" ").list.len()
    day = dates.parse(counts["text"], day_first=True)["value"]
    day_second = dates.parse(counts["text"], day_first=False)["value"]
    lower = [folded(one) for one in counts["text"].to_list()]
    is_digits = text.str.contains(r"^\d+$")
    hs = pl.when(text.str.contains(r"^[\d. ]{4,16}$")).then(commodities.normalise_hs(text))
    frame = counts.with_columns(
        _day=day,
        _day_second=day_second,
        _port=ports.resolve(counts["text"]),
        _country=countries.resolve(counts["text"]),
    )
    is_port, is_country = pl.col("_port").is_not_null(), pl.col("_country").is_not_null()
    has_letter, has_digit = text.str.contains(r"\p{L}"), text.str.contains(r"\d")
    return frame.with_columns(
        container=containers.has_valid_check_digit(text),
        container_shape=containers.has_number_shape(text),
        imo=vessels.has_valid_imo(text),
        size_type=size_types.is_size_type(text),
        iso_size_type=upper.str.contains(r"^[1-4LM][0-9CEFN][GRUPTBVSHK][0-9A-Z]$"),
        locode=upper.str.contains(r"^[A-Z]{2} ?[A-Z2-9]{3}$") & is_port,
        port=is_port & ~is_digits,
        country=is_country,
        country_code=upper.str.contains(r"^[A-Z]{2}$") & is_country,
        hs=commodities.is_listed(hs) & (hs.str.len_chars() >= 4),  # noqa: PLR2004 - a heading
        hs_shape=hs.is_not_null(),
        currency=upper.is_in(list(_currencies())),
        email=text.str.contains(_EMAIL),
        phone=text.str.contains(_PHONE) & (text.str.count_matches(r"\d") >= 7),  # noqa: PLR2004 - fewer call nobody
        date=(pl.col("_day").is_not_null() | pl.col("_day_second").is_not_null())
        & ~text.str.contains(_SERIAL)
        & (~text.str.contains(_COMPACT) | pl.col("_day").dt.year().is_between(1990, 2045)),
        day_or_month=text.str.contains(r"^\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})\b"),
        serial=text.str.contains(r"^(?:3[6-9]|4\d|5[01])\d{3}$"),
        package=upper.is_in(list(_words("packages"))),
        unit=upper.is_in(list(_words("units"))),
        legal=text.str.contains(_LEGAL),
        street=text.str.contains(_STREET) & has_digit | text.str.contains(r",.*\p{L}{3}"),
        words=words > 1,
        many_words=words > 3,  # noqa: PLR2004 - a sentence rather than a name
        letters=has_letter,
        mixed=has_letter & has_digit,
        bare=text.str.contains(_BARE_CODE),
        digits=is_digits,
        year=text.str.contains(r"^(?:19|20)\d\d$"),
        listed=text.str.contains(r"[A-Za-z0-9]{4,}\s*[;,/]\s*[A-Za-z0-9]{4,}"),
        loose_word=plain.is_in(list(groups())) | _says_goods(plain),
        four_letters=upper.str.contains(r"^[A-Z]{4}$"),
        stow=text.str.contains(r"^\d{6,7}$"),
        is_full=_coded(lower, flag_words("is_full")),
        flag=_coded(lower, flag_words("is_shipper_owned")),
        **{
            field: _coded(lower, coded_values(field))
            for field in ("freight_payment", "bill_type", "cargo_nature", "outcome", "movement")
        },
    )


def _says_goods(plain: pl.Expr) -> pl.Expr:
    padded = pl.concat_str(pl.lit(" "), plain, pl.lit(" "))
    words = [f" {word} " for group, _ in goods_words() for word in group]
    return padded.str.contains_any(words)


def _coded(texts: list[str], known: Iterable[str]) -> pl.Series:
    words = frozenset(known)
    return pl.Series([text in words for text in texts], dtype=pl.Boolean)


def decimal_of(columns: Iterable[pl.Series]) -> str | None:
    """Return the decimal sign that the columns of numbers of a file give away, or None.

    A column whose numbers have dots at more than one place, as codes of goods have, tells nothing.
    """
    told: list[pl.Series] = []
    for column in columns:
        bare = column.drop_nulls().str.strip_chars()
        held = bare.filter(bare != "").head(MOST_CELLS)
        if len(held) and held.str.contains(_NUMERIC).mean() == 1.0:
            told.append(held)
    return numbers.convention(told)


def _with_numbers(told: pl.DataFrame, decimals: Mapping[int, str | None]) -> pl.DataFrame:
    """Read numbers by the decimal sign that a column gives away, else by the file's, else by what reads most."""
    split = numbers.split_mass_unit(told["text"])["text"]
    by_point, by_comma = (numbers.parse(split, decimal=sign)["value"] for sign in (".", ","))
    frame = told.with_columns(
        _point=by_point,
        _comma=by_comma,
        _split=split,
    )
    frame = frame.with_columns(_number=numbers.cleaned(pl.col("_split")))
    means = [numbers.means_point(pl.col("_number")), numbers.means_comma(pl.col("_number"))]
    own = frame.group_by("place").agg(
        points=means[0].sum(),
        commas=means[1].sum(),
        read_by_point=pl.col("_point").count(),
        read_by_comma=pl.col("_comma").count(),
    )
    given = pl.DataFrame(
        {"place": list(decimals), "given": list(decimals.values())},
        schema={"place": pl.Int64, "given": pl.String},
    )
    is_told = (pl.col("points") == 0) != (pl.col("commas") == 0)
    by_comma_sign = (
        pl.when(is_told)
        .then(pl.col("commas") > 0)
        .when(pl.col("given").is_not_null())
        .then(pl.col("given") == ",")
        .otherwise(pl.col("read_by_comma") > pl.col("read_by_point"))
    )
    signs = own.join(given, on="place", how="left").select("place", by_comma=by_comma_sign)
    frame = frame.join(signs, on="place", how="left", maintain_order="left").with_columns(
        value=pl.when("by_comma").then("_comma").otherwise("_point")
    )
    return frame.with_columns(
        number=pl.col("value").is_not_null(), whole=pl.col("value") == pl.col("value").floor()
    ).drop("by_comma", "_point", "_comma", "_number", "_split")


def _compact_format(texts: pl.Series) -> str | None:
    """Return the format of days written as six or eight digits with the year last, where nearly all fit only that."""
    digits = texts.filter(texts.str.contains(r"^\d{5,8}$"))
    if len(digits) < _NEARLY_ALL * len(texts):
        return None
    if dates.parse(digits)["value"].count() >= _NEARLY_ALL * len(digits):
        return None
    padded = digits.str.zfill(8) if (digits.str.len_chars() > 6).all() else digits.str.zfill(6)  # noqa: PLR2004
    for form in _COMPACT_FORMATS:
        days = padded.str.to_date(form, strict=False)
        good = days.dt.year().is_between(2000, 2040).sum()
        if good >= _NEARLY_ALL * len(texts) and padded.n_unique() > 1 and padded.equals(digits):
            return form
    return None


def _quantiles(column: pl.Series) -> tuple[float, float, float]:
    values = [column.quantile(q) for q in (0.05, 0.5, 0.95)]
    low, middle, high = (float(value or 0.0) for value in values)
    return low, middle, high


@cache
def _currencies() -> frozenset[str]:
    """Currencies in use now, by their ISO 4217 code."""
    territories: dict[str, list[tuple[str, object, object, bool]]] = get_global(
        "territory_currencies"
    )  # pyright: ignore[reportAssignmentType]
    return frozenset(
        code
        for uses in territories.values()
        for code, _, end, tender in uses
        if not end and tender
    )


@cache
def _words(name: str) -> frozenset[str]:
    source = files("riskengine.manifest").joinpath("header_words.toml")
    return frozenset(tomllib.loads(source.read_text("utf-8"))["contents"][name])
