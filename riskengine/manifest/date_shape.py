"""In what shapes a column writes its days: the sign between day, month and year, and the time behind them."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from riskengine.manifest import dates

_MOST_SHAPES = 3
_YEAR_LAST = r"^\d{1,2}([-/.])\d{1,2}[-/.](\d{4}|\d{2})((?:[T\s]+\d{1,2}:\d{2}(?::\d{2})?)?)$"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFormats:
    """How the days of a column are written, for either order of day and month.

    Attributes:
        day_first: Formats that read all of them with the day first; none where they would not.
        month_first: Likewise with the month first.
        offered: The usual format in each order, to choose from.
    """

    day_first: tuple[str, ...] = ()
    month_first: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()


NO_DAY_FORMATS = DayFormats()


def formats_of(texts: pl.Series, *, day_first: bool) -> tuple[str, ...]:
    """Return the formats that read every day of a column as it is read without them; none where they would not.

    >>> formats_of(pl.Series(["08.03.2026", "9.3.2026"]), day_first=True)
    ('%d.%m.%Y',)
    """
    shapes = _shapes(texts, day_first=day_first)
    if not 0 < len(shapes) <= _MOST_SHAPES:
        return ()
    freely = dates.parse(texts, day_first=day_first)["value"]
    declared = dates.parse(texts, formats=shapes)["value"]
    return shapes if freely.equals(declared, null_equal=True) else ()


def day_formats(texts: pl.Series) -> DayFormats:
    """Return the formats of a column for either order of day and month; the caller says which order holds."""
    return DayFormats(
        day_first=formats_of(texts, day_first=True),
        month_first=formats_of(texts, day_first=False),
        offered=tuple(
            next(iter(_shapes(texts, day_first=order)), "") for order in (True, False)
        ),
    )


def _shapes(texts: pl.Series, *, day_first: bool) -> tuple[str, ...]:
    text = texts.str.strip_chars()
    parts = pl.DataFrame(
        {
            "sign": text.str.extract(_YEAR_LAST, 1),
            "year": text.str.extract(_YEAR_LAST, 2).str.len_chars(),
            "gap": text.str.extract(_YEAR_LAST, 3).str.extract(r"^([T\s]+)"),
            "colons": text.str.extract(_YEAR_LAST, 3).str.count_matches(":"),
        }
    ).filter(pl.col("sign").is_not_null())
    order = ("%d", "%m") if day_first else ("%m", "%d")
    found: list[str] = []
    for sign, year, gap, colons in parts.unique(maintain_order=True).iter_rows():
        time = "" if not colons else (gap or "") + ":".join(("%H", "%M", "%S")[: colons + 1])
        found.append(sign.join((*order, "%Y" if year == 4 else "%y")) + time)  # noqa: PLR2004 - digits
    return tuple(found)
