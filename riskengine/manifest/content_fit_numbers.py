"""How well a column of numbers fits a field: masses, volumes, temperatures, counts and money."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from riskengine.manifest.content_signs import Signs

NEVER = -1.0
_MOST, _ALMOST, _SOME = 0.9, 0.97, 0.6
MASSES = {
    "gross_mass_kg": (1.0, 45_000.0),
    "net_mass_kg": (0.5, 45_000.0),
    "container_gross_mass_kg": (1_500.0, 50_000.0),
    "verified_gross_mass_kg": (1_500.0, 50_000.0),
    "tare_mass_kg": (1_500.0, 6_000.0),
}


def number_fit(signs: Signs) -> float:
    """Judge a column of numbers of any kind."""
    if signs.share("number") < _MOST:
        return NEVER
    return -0.3 if signs.share("date") > _MOST else 0.2


def mass_fit(field: str) -> Callable[[Signs], float]:
    """Return what judges a column for one field of masses."""
    low, high = MASSES[field]

    def judged(signs: Signs) -> float:
        is_mass = number_fit(signs) >= 0 and signs.share("year") <= _ALMOST
        if not is_mass or signs.quantiles is None or signs.quantiles[0] < 0:
            return NEVER
        least, middle, most = signs.quantiles
        if field == "tare_mass_kg":
            if low <= least and most <= high:
                return 0.7
            in_tonnes = low / 1000 <= least and most <= high / 1000
            return 0.3 if in_tonnes and signs.share("whole") < _SOME else -0.6
        if low <= middle <= high:
            return 0.3
        return 0.1 if middle * 1000 <= high else -0.3

    return judged


def temperature_fit(signs: Signs) -> float:
    """Judge a column of temperatures of cold goods, in degrees Celsius or Fahrenheit."""
    if signs.quantiles is None or signs.share("number") < _MOST:
        return NEVER
    least, _, most = signs.quantiles
    return (0.5 if least < 0 else 0.2) if least >= -70 and most <= 60 else NEVER  # noqa: PLR2004


def volume_fit(signs: Signs) -> float:
    """Judge a column of cubic metres."""
    if signs.quantiles is None or signs.share("number") < _MOST:
        return NEVER
    least, _, most = signs.quantiles
    return 0.3 if least >= 0 and most <= 150 else -0.5  # noqa: PLR2004 - of one container


def count_fit(signs: Signs) -> float:
    """Judge a column of whole numbers that count things."""
    if signs.quantiles is None or signs.share("number") < _MOST:
        return NEVER
    if signs.share("whole") < _MOST or signs.quantiles[0] < 0:
        return NEVER
    return 0.3 if signs.quantiles[1] <= 20_000 else -0.3  # noqa: PLR2004


def money_fit(signs: Signs) -> float:
    """Judge a column of amounts."""
    if signs.quantiles is None or signs.share("number") < _MOST or signs.quantiles[0] < 0:
        return NEVER
    return 0.2


def un_number_fit(signs: Signs) -> float:
    """Judge a column of the four digits of dangerous goods."""
    is_four = signs.lengths[0] == signs.lengths[2] == 4 and signs.share("digits") >= _MOST  # noqa: PLR2004
    return 0.3 if is_four else NEVER
