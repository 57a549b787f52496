"""Axes: round ticks, a place for every value, and numbers as the reader's language writes them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from riskengine import messages

if TYPE_CHECKING:
    from collections.abc import Iterable

_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
_WIDE_DECADES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One axis of a picture.

    Attributes:
        low: The value at its beginning.
        high: The value at its end.
        begins: The place of its beginning in the picture.
        ends: The place of its end.
        is_logarithmic: Whether equal steps multiply.
    """

    low: float
    high: float
    begins: float
    ends: float
    is_logarithmic: bool = False

    def place(self, value: float) -> float:
        """Return where a value lies; what lies outside stays at the edge, as the tables beside say all.

        >>> Axis(low=0, high=10, begins=100, ends=200).place(5)
        150.0
        """
        low, high, here = self.low, self.high, min(max(value, self.low), self.high)
        if self.is_logarithmic:
            low, high, here = math.log10(low), math.log10(high), math.log10(here)
        return self.begins + (self.ends - self.begins) * (here - low) / (high - low)

    def ticks(self, most: int = 6) -> tuple[float, ...]:
        """Return round values along the axis."""
        if self.is_logarithmic:
            return decades(self.low, self.high)
        return tuple(
            tick
            for tick in nice_ticks(self.low, self.high, most)
            if self.low <= tick <= self.high
        )


def axis_over(
    values: Iterable[float],
    begins: float,
    ends: float,
    *,
    with_zero: bool = False,
    highest: float | None = None,
) -> Axis:
    """Return an axis that holds all values and begins and ends at round ones.

    Args:
        values: What it must hold; those that are no finite numbers are left out.
        begins: Where it begins in the picture.
        ends: Where it ends.
        with_zero: Whether it holds zero too, as bars and shares must.
        highest: What it may not go beyond, such as 1 for shares.
    """
    finite = [value for value in values if math.isfinite(value)]
    if with_zero or not finite:
        finite.append(0.0)
    low, high = min(finite), max(finite)
    if low == high:
        high = low + (abs(low) or 1.0)
    ticks = nice_ticks(low, high, 6)
    top = ticks[-1] if highest is None or high > highest else min(ticks[-1], highest)
    return Axis(low=ticks[0], high=top, begins=begins, ends=ends)


def logarithmic_axis(values: Iterable[float], begins: float, ends: float) -> Axis:
    """Return a logarithmic axis from a power of ten below the values to one above them, at most to 1 where they end there."""
    above = [value for value in values if math.isfinite(value) and value > 0]
    low = 10.0 ** math.floor(math.log10(min(above, default=0.1)))
    high = 10.0 ** math.ceil(math.log10(max(above, default=1.0)))
    return Axis(
        low=low,
        high=high if high > low else low * 10,
        begins=begins,
        ends=ends,
        is_logarithmic=True,
    )


def nice_ticks(low: float, high: float, most: int) -> tuple[float, ...]:
    """Return at most about *most* round values, the first not above *low* and the last not below *high*.

    >>> nice_ticks(0.0, 0.93, 6)
    (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    """
    rough = (high - low) / max(most - 1, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(one * power for one in _STEPS if one * power >= rough * (1 - 1e-9))
    first = math.floor(low / step + 1e-9)
    last = math.ceil(high / step - 1e-9)
    return tuple(float(f"{place * step:.12g}") for place in range(first, last + 1))


def decades(low: float, high: float) -> tuple[float, ...]:
    """Return the powers of ten between two values, with twos and fives where there are few.

    >>> decades(0.01, 1.0)
    (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    within = (1.0, 2.0, 5.0) if len(powers) <= _WIDE_DECADES + 1 else (1.0,)
    ticks = (float(f"{one * 10.0**power:.12g}") for power in powers for one in within)
    return tuple(tick for tick in ticks if low * (1 - 1e-9) <= tick <= high * (1 + 1e-9))


def written(value: float, language: str = "en", *, is_percent: bool = False) -> str:
    """Return a value as people read it: three figures that count, in the way of their language.

    >>> written(0.12345, "fr", is_percent=True), written(12345.0), written(0.001234)
    ('12,3 %', '12,345', '0.00123')
    """
    shown = value * 100 if is_percent else value
    size = abs(shown)
    decimals = 0 if size == 0 else max(0, 2 - math.floor(math.log10(size)))
    text = messages.number(shown, language, min(decimals, 8))
    return f"{text} %" if is_percent else text
