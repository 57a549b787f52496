"""The conditions that a miner may try: readable numbers, truths and frequent words of the catalogue's fields.

A trader's name, an address, a number of a box or a bill is never among them: a rule about one trader is a list,
not a rule. That a field is missing is never among them either: it would mark the feed, not the trader.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from riskengine.rules.tokens import comparable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from riskengine.features.field import Field

# A place or a carrier is somewhere to look, never a reason by itself: it must stand beside another sign.
PLACES: Final = frozenset(
    [
        "carrier_code",
        "place_of_receipt",
        "port_of_loading",
        "port_of_discharge",
        "place_of_delivery",
        "port_of_loading_country",
        "port_of_discharge_country",
        "place_of_delivery_country",
        "country_of_dispatch",
        "country_of_destination",
        "shipper_country",
        "consignee_country",
        "notify_party_country",
        "transhipment_ports",
        "countries_of_origin",
        "customs_office",
    ]
)
_WORDS: Final = PLACES | frozenset(
    [
        "bill_type",
        "cargo_nature",
        "freight_payment",
        "size_type",
        "container_family",
        "main_chapter",
        "hs_codes",
        "hs_headings",
        "hs_chapters",
        "package_types",
        "amended_fields",
    ]
)
_NEVER: Final = frozenset(["is_unreadable", "is_loose_cargo"])
_SHARES: Final = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
_MOST_WORDS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One condition that was tried.

    Attributes:
        field: The field of the catalogue that it reads.
        sign: ``>=``, ``<=``, ``=``, ``yes``, ``no`` or ``contains``.
        number: The bound, for a number.
        word: The word, for a text or several.
        is_whole: Whether the field counts, so that its bound is a whole number.
    """

    field: Field
    sign: str
    number: float = 0.0
    word: str = ""
    is_whole: bool = False

    @property
    def is_place(self) -> bool:
        """Tell whether it names a place or a carrier, which is no reason by itself."""
        return self.field.name in PLACES

    @property
    def setting(self) -> str:
        """The name of the setting that holds its bound; empty where it has none to tune."""
        if self.sign not in {">=", "<="}:
            return ""
        return f"{'least' if self.sign == '>=' else 'most'}_{self.field.name}"

    def written(self) -> str:
        """Return the condition as it stands in a rule file.

        >>> from riskengine.features.field import Field
        >>> mass = Field(name="gross_mass_kg", kind="number", role="fact")
        >>> Term(field=mass, sign=">=", number=1000.0).written()
        'gross_mass_kg >= least_gross_mass_kg'
        """
        name = self.field.name
        if self.sign in {"yes", "no"}:
            return name if self.sign == "yes" else f"not {name}"
        if self.setting:
            return f"{name} {self.sign} {self.setting}"
        if self.word:
            quoted = self.word.replace("'", "''")
            return f"{name} {self.sign} '{quoted}'"
        return f"{name} = {plain_number(self.number)}"

    def mask(self, frame: pl.DataFrame) -> npt.NDArray[np.bool_]:
        """Return for which rows it holds; where the field is missing it does not."""
        column = pl.col(self.field.name)
        if self.sign in {"yes", "no"}:
            holds = column if self.sign == "yes" else ~column
        elif self.sign == "contains":
            holds = column.list.contains(self.word)
        elif self.word:
            holds = column.cast(pl.String) == self.word
        else:
            number = column.cast(pl.Float64)
            # NaN is greater than every number here, and missing in a rule.
            number = pl.when(number.is_finite()).then(number)
            holds = {
                ">=": number >= self.number,
                "<=": number <= self.number,
                "=": number == self.number,
            }[self.sign]
        return frame.select(holds.fill_null(value=False)).to_series().to_numpy()


def terms(frame: pl.DataFrame, fields: Sequence[Field], least_support: int) -> tuple[Term, ...]:
    """Return every condition worth trying on these rows, in the order of the catalogue.

    Args:
        frame: The examined containers that the search may see.
        fields: The catalogue.
        least_support: A word that fewer containers have is not tried.
    """
    return tuple(
        term
        for field in fields
        if field.name in frame.columns and field.name not in _NEVER
        for term in _of_field(frame.get_column(field.name), field, least_support)
    )


def readable(number: float, *, is_whole: bool = False) -> float:
    """Return *number* as an officer would write it: two significant digits, or a whole number.

    >>> readable(0.12345), readable(18734.0), readable(17.4, is_whole=True)
    (0.12, 19000.0, 17.0)
    """
    short = float(f"{number:.2g}")
    return float(round(short)) if is_whole else short


def plain_number(number: float) -> str:
    """Return a number as rule files write it: no exponent, no needless decimals.

    >>> plain_number(19000.0), plain_number(0.00012), plain_number(-3.5)
    ('19000', '0.00012', '-3.5')
    """
    text = f"{number:.12f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def _of_field(column: pl.Series, field: Field, least_support: int) -> Iterator[Term]:
    if field.kind == "boolean":
        yield Term(field=field, sign="yes")
        if field.monotone <= 0:
            yield Term(field=field, sign="no")
    elif field.kind == "number":
        yield from _of_numbers(column, field)
    elif field.kind in {"text", "texts"} and field.name in _WORDS:
        sign = "contains" if field.kind == "texts" else "="
        for word in _frequent(column, least_support):
            yield Term(field=field, sign=sign, word=word)


def _of_numbers(column: pl.Series, field: Field) -> Iterator[Term]:
    numbers = column.cast(pl.Float64).drop_nulls()
    numbers = numbers.filter(numbers.is_finite())
    if numbers.n_unique() < 2:  # noqa: PLR2004 - one value tells nothing apart
        return
    is_whole = bool((numbers == numbers.round()).all())
    cuts = sorted(
        {
            readable(float(cut), is_whole=is_whole)
            for cut in np.quantile(numbers.to_numpy(), _SHARES, method="nearest")
        }
    )
    smallest, largest = float(numbers.min()), float(numbers.max())  # type: ignore[arg-type]
    for cut in cuts:
        if field.monotone >= 0 and smallest < cut <= largest:
            yield Term(field=field, sign=">=", number=cut, is_whole=is_whole)
        if field.monotone <= 0 and smallest <= cut < largest:
            # "At most none" is said as "none", and has nothing to tune.
            sign = "=" if cut == smallest == 0.0 else "<="
            yield Term(field=field, sign=sign, number=cut, is_whole=is_whole)


def _frequent(column: pl.Series, least_support: int) -> list[str]:
    words = column.explode() if isinstance(column.dtype, pl.List) else column
    counted = words.cast(pl.String).drop_nulls().value_counts()
    word, count = counted.columns
    often = counted.filter(pl.col(count) >= least_support).sort(
        [count, word], descending=[True, False]
    )
    # Names that no rule file could hold are left out with the rare ones.
    return [text for text in often[word].head(_MOST_WORDS) if _can_be_written(text)]


def _can_be_written(text: str) -> bool:
    return bool(text.strip()) and text.isprintable() and comparable(text) == text
