"""What nobody chose and something was in: told from the blind draws, with its bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from riskengine.monitor.doors import RANDOM, SCORE
from riskengine.monitor.tails import lower_bound, upper_bound

if TYPE_CHECKING:
    from riskengine.monitor.period import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """What the containers that nobody chose may hold, told from the blind draws among them.

    Attributes:
        drawn: How many of them were drawn blindly.
        examined: How many of the draws were opened.
        found: In how many something was found.
        containers: How many containers of the report nobody chose otherwise.
        share: The share of them that holds something an examination finds; None where none was opened.
        upper: Its upper bound at 95 % (Clopper-Pearson, exact).
        lower: Its lower bound at 95 %.
    """

    drawn: int
    examined: int
    found: int
    containers: int
    share: float | None
    upper: float
    lower: float

    @property
    def at_most(self) -> int:
        """So many of the containers at most, at 95 %."""
        bound = self.upper * self.containers
        return min(self.containers, int(bound) + (bound > int(bound)))


def missed(period: Period) -> Missed:
    """Return what share of the containers that nobody chose otherwise holds something.

    Blind draws of the report and of the time before it are counted, and speak of the containers of the report. Where
    they were drawn with unequal chances, each counts for what it stands for, and together for as many equal ones (Kish).
    """
    drawn = period.containers.filter(_is_left_alone() & (pl.col("door") == RANDOM))
    opened = drawn.filter(pl.col("is_find").is_not_null())
    weights = 1 / opened["probability"]
    total = float(weights.sum())
    found = int(opened["is_find"].sum())
    unchosen = period.containers.filter(_is_left_alone() & pl.col("is_now"))
    if not opened.height:
        share, worth, hits = None, 0.0, 0.0
    else:
        share = float(weights.filter(opened["is_find"]).sum()) / total
        worth = total * total / float((weights * weights).sum())
        hits = share * worth
    return Missed(
        drawn=drawn.height,
        examined=opened.height,
        found=found,
        containers=unchosen.height,
        share=share,
        upper=upper_bound(hits, worth),
        lower=lower_bound(hits, worth),
    )


def _is_left_alone() -> pl.Expr:
    """Tell what nobody chose but the blind draw; of a plan's draws, those whose score would not have been chosen anyway."""
    by_score = pl.col("log_odds").filter((pl.col("door") == SCORE) & pl.col("is_planned"))
    is_below = (pl.col("log_odds") < by_score.min().over("on")).fill_null(value=True)
    is_drawn = (pl.col("door") == RANDOM) & (is_below | ~pl.col("is_planned"))
    return pl.col("door").is_null() | is_drawn
