"""How often examinations found something, and how sure that is.

A rate is never shown without its interval: three finds in four boxes and three hundred in four hundred are the
same share, and not the same knowledge.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final, Literal, TypeAlias

BaseKind: TypeAlias = Literal["random", "all", "chosen"]

_Z: Final = 1.959963984540054  # 95 % of a normal distribution lie within so many deviations


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Finds among examined containers.

    Attributes:
        found: How many examinations found something.
        examined: How many there were.
    """

    found: int
    examined: int

    @property
    def share(self) -> float | None:
        """The share that was found; None where nothing was examined."""
        return self.found / self.examined if self.examined else None

    @property
    def low(self) -> float:
        """The lower end of the 95 % interval; 0 where nothing was examined."""
        return _wilson(self.found, self.examined)[0]

    @property
    def high(self) -> float:
        """The upper end of the 95 % interval; 1 where nothing was examined."""
        return _wilson(self.found, self.examined)[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """How many times a rate is another one.

    Attributes:
        value: The quotient; None where it cannot be formed.
        low: The lower end of its 95 % interval; None where either side was never examined.
        high: The upper end; None where there is no upper end, or either side was never examined.
    """

    value: float | None
    low: float | None
    high: float | None


def lift(rate: Rate, base: Rate) -> Lift:
    """Return how many times *rate* is *base*, the uncertainty of both counted.

    The ends are those quotients at which the difference ``rate - quotient * base`` stops being told from zero,
    its interval put together from the Wilson intervals of both (Donner and Zou, 2012). Few draws of the base
    widen the interval, as they should: a rule is not better because nobody looked elsewhere.

    >>> told = lift(Rate(found=12, examined=60), Rate(found=4, examined=200))
    >>> told.value, round(told.low or 0, 1), round(told.high or 0, 1)
    (10.0, 3.4, 28.1)
    """
    here, there = rate.share, base.share
    if here is None or there is None:
        return Lift(value=None, low=None, high=None)
    both = here * there
    at_least = rate.low * (2 * here - rate.low)
    divided = base.high * (2 * there - base.high)
    low = (
        at_least / (both + sqrt(max(0.0, both * both - at_least * divided)))
        if rate.found
        else 0.0
    )
    at_most = rate.high * (2 * here - rate.high)
    divisor = base.low * (2 * there - base.low)
    high = (
        (both + sqrt(max(0.0, both * both - at_most * divisor))) / divisor
        if divisor > 0
        else None
    )
    return Lift(value=here / there if there else None, low=low, high=high)


def base_kind(base: Rate, containers: int, *, is_random: bool) -> BaseKind:
    """Return where a base rate comes from: ``random`` draws, ``all`` containers, or those ``chosen`` to be opened.

    The first two owe nothing to anybody's choice.
    """
    if is_random:
        return "random"
    return "all" if base.examined == containers else "chosen"


def in_digits(value: float | None, digits: int = 2) -> float | None:
    """Return a number with as many digits as its evidence bears, for people to read.

    >>> in_digits(0.12345), in_digits(28.145), in_digits(None)
    (0.12, 28.0, None)
    """
    return None if value is None else float(f"{value:.{digits}g}")


def in_percent(value: float | None, digits: int = 2) -> float | None:
    """Return a share as a percentage, for people to read.

    >>> in_percent(0.027972)
    2.8
    """
    return None if value is None else in_digits(value * 100, digits)


def _wilson(found: int, examined: int) -> tuple[float, float]:
    if not examined:
        return 0.0, 1.0
    share = found / examined
    squared = _Z * _Z
    middle = (share + squared / (2 * examined)) / (1 + squared / examined)
    half = (
        _Z
        * sqrt(share * (1 - share) / examined + squared / (4 * examined * examined))
        / (1 + squared / examined)
    )
    # At the ends the interval reaches 0 and 1 exactly, which rounding would miss by a hair.
    low = 0.0 if found == 0 else min(share, middle - half)
    high = 1.0 if found == examined else max(share, middle + half)
    return low, high
