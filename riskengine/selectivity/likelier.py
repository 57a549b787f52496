"""From odds to what people mean by "times as likely": one chance divided by the other."""

from __future__ import annotations

import math

_NEARLY_SURE = 1 - 2**-53


def blind_chance(score: float, lift_log_odds: float) -> float:
    """Return the chance of a find that the score of a container gives one taken at random.

    >>> round(blind_chance(0.5, math.log(99)), 6)
    0.01
    """
    chance = min(score, _NEARLY_SURE)
    odds = chance / (1 - chance) * math.exp(-lift_log_odds)
    return odds / (1 + odds)


def times_as_likely(score: float, lift_log_odds: float, away: float = 0.0) -> float:
    """Return how many times as likely to hold a find as a container taken at random.

    A lift multiplies odds; where finds are not rare that is more than it multiplies chances.

    Args:
        score: The chance of a find.
        lift_log_odds: How far its log-odds lie above those of a container taken at random.
        away: Log-odds added first, for the range that the members of a model give.

    >>> round(times_as_likely(0.5, math.log(99)), 6)
    50.0
    >>> round(times_as_likely(0.002, 0.0), 6)
    1.0
    """
    blind = blind_chance(score, lift_log_odds)
    odds = blind / (1 - blind) * math.exp(lift_log_odds + away)
    return odds / (1 + odds) / blind
