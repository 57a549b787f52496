"""How numbers and names of a report are written for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from riskengine import messages
from riskengine.rules.rates import in_percent
from riskengine.rules.sentences import field_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskengine.rules.rates import Rate

_NAMED: Final = 3
_LEAST_SHOWN: Final = 1e-4


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of the report in one language."""

    language: str

    def __call__(self, key: str, **params: object) -> str:
        """Return a text of the report."""
        return messages.render(f"monitor.{key}", params, self.language)

    def of(self, key: str, **params: object) -> str:
        """Return a text of another area."""
        return messages.render(key, params, self.language)


def cell(count: int | None, words: Words) -> str:
    """Return a count for a table; a dash where there is none."""
    return messages.fill("{count:integer}", {"count": count}, words.language)


def number(value: float | None, words: Words) -> str:
    """Return a number for a table; a dash where there is none."""
    return messages.fill("{value:number}", {"value": value}, words.language)


def percents(first: float, second: float, words: Words) -> str:
    """Return two shares, before and now."""
    return " · ".join(f"{number(in_percent(share), words)} %" for share in (first, second))


def rate_words(rate: Rate) -> dict[str, object]:
    """Return a rate as the texts ask for it: counts, and percentages with as many digits as they bear."""
    return {
        "examined": rate.examined,
        "found": rate.found,
        "rate": in_percent(rate.share),
        "low": in_percent(rate.low),
        "high": in_percent(rate.high),
    }


def shown_chance(chance: float) -> float:
    """Return a chance with two digits, and none smaller than a ten-thousandth.

    >>> shown_chance(0.012345), shown_chance(1e-9)
    (0.012, 0.0001)
    """
    return max(_LEAST_SHOWN, float(f"{chance:.2g}"))


def listed(names: Sequence[str]) -> str:
    """Return some names, each once, and that there are more.

    >>> listed(["a", "b", "a", "c", "d"])
    'a, b, c, …'
    """
    several = list(dict.fromkeys(names))
    return ", ".join([*several[:_NAMED], *(["…"] if len(several) > _NAMED else [])])


def label(name: str, words: Words) -> str:
    """Return what a feature or a field is called."""
    return field_label(name, words.language)
