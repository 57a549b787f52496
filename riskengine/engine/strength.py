"""How strongly a reason speaks, in words: log-odds are exact, and nobody reads them aloud.

The words are the grades of Jeffreys (Theory of Probability, 3rd edition, Oxford 1961, appendix B; so also Kass and
Raftery, Bayes Factors, Journal of the American Statistical Association 90, 1995, section 3.2): he grades how many
times a piece of evidence multiplies the odds. What a reason adds to the log-odds is the logarithm of just that.

    below 10^(1/2), about 3 times   slight      "not worth more than a bare mention"
    from 10^(1/2)                   moderate    "substantial"
    from 10 times                   strong      "strong"
    from 100 times                  decisive    "decisive"

Evidence against is graded alike: odds divided by ten are as strong a reason as odds multiplied by ten.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from riskengine import messages

if TYPE_CHECKING:
    from collections.abc import Sequence

Strength: TypeAlias = Literal["decisive", "strong", "moderate", "slight"]

_LEAST: Final[tuple[tuple[float, Strength], ...]] = (
    (math.log(100), "decisive"),
    (math.log(10), "strong"),
    (math.log(10) / 2, "moderate"),
)


def strength_of(log_odds: float) -> Strength:
    """Return the word for what a reason adds to the log-odds, whichever way it moves them.

    >>> [strength_of(x) for x in (0.2, 1.2, -2.5, 5.0)]
    ['slight', 'moderate', 'strong', 'decisive']
    """
    for least, word in _LEAST:
        if abs(log_odds) >= least:
            return word
    return "slight"


def strength_in_words(log_odds: float, language: str = "en") -> str:
    """Return which way and how strongly a reason speaks.

    >>> strength_in_words(2.5), strength_in_words(-0.1), strength_in_words(0.0)
    ('speaks strongly for', 'speaks slightly against', 'speaks neither for nor against')
    """
    if log_odds == 0:
        return messages.render("evidence.strength.none", {}, language)
    way = "for" if log_odds > 0 else "against"
    return messages.render(f"evidence.strength.{way}.{strength_of(log_odds)}", {}, language)


def strength_word(strength: Strength, language: str = "en") -> str:
    """Return the word alone, for a table.

    >>> strength_word("strong", "fr")
    'fort'
    """
    return messages.render(f"evidence.strength.{strength}", {}, language)


def grades_in_words(language: str = "en") -> str:
    """Return what the words mean, in times the odds, for whoever reads them the first time."""
    return messages.render("evidence.strength.grades", {}, language)


def is_strong_together(log_odds: Sequence[float]) -> bool:
    """Tell whether reasons are strong together of which none is strong alone.

    >>> is_strong_together([0.5] * 5), is_strong_together([0.5] * 3), is_strong_together([2.5, 0.5])
    (True, False, False)
    """
    strong = math.log(10)
    return math.fsum(log_odds) >= strong and all(one < strong for one in log_odds)
