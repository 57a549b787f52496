"""How much each container of a history counts: by the chance that it was opened, and by whether it was opened at all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import polars as pl

MOST_WEIGHT: Final = 50.0
"""One container stands for at most so many, where rates are told and rules are judged: the chance of a blind share of
two in a hundred."""
MOST_WEIGHT_IN_TREES: Final = 3.0
"""The same where trees are grown: there one container that stands for fifty would drown what the others found."""
PRESUMED_NILS_SHARE: Final = 1.0
"""What all presumed nils count together, beside all opened ones."""
MOST_OF_ONE: Final = 0.25
"""What a presumed nil counts at most, beside an opened container."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighted:
    """Weights with a mean of 1, and what a reader of the card should know of them.

    Attributes:
        in_trees: Where trees are grown.
        in_rates: Where rates are told and rules are judged.
        remarks: How far they were capped, and what they leave.
    """

    in_trees: pl.Series
    in_rates: pl.Series
    remarks: tuple[str, ...]


def inverse_chances(probability: pl.Series) -> Weighted | None:
    """Return how many containers each opened one stands for: the inverse of the chance that it was opened, capped.

    What was opened because it looked bad says little about what did not. A container that was opened by a chance
    of one in twenty stands for twenty; above the cap it stands for fewer than it should, which leans towards what
    was looked at and lets one container not drown the others. Where no chance is known a container counts as
    the average one.

    Source: Horvitz and Thompson 1952; the number they are worth by Kish 1965.

    Args:
        probability: The chance of each, above 0 and at most 1; null where nobody knows.

    Returns:
        The weights; None where no chance is known at all, so that all count alike.
    """
    known = probability.drop_nulls()
    if known.is_empty():
        return None
    in_rates = _capped(probability, MOST_WEIGHT)
    total = math.fsum(in_rates.to_list())
    worth = total * total / math.fsum((in_rates * in_rates).to_list())
    beyond = int((known < 1 / MOST_WEIGHT).sum())
    remarks = [
        (
            f"Each opened container stands for the inverse of the chance that it was opened, at most"
            f" {MOST_WEIGHT:g} ({beyond} of {probability.len()} would stand for more), and in the trees at most"
            f" {MOST_WEIGHT_IN_TREES:g}. Together they are worth {worth:.0f} containers opened by lot."
        )
    ]
    if probability.null_count():
        remarks.append(
            f"For {probability.null_count()} of them nobody noted that chance: each counts as the average one."
        )
    return Weighted(
        in_trees=_capped(probability, MOST_WEIGHT_IN_TREES),
        in_rates=in_rates,
        remarks=tuple(remarks),
    )


def _capped(probability: pl.Series, most: float) -> pl.Series:
    inverse = (1 / probability).clip(upper_bound=most)
    # What nobody knows counts as the average one: leaving it out would throw its outcome away.
    known = inverse.drop_nulls()
    mean = math.fsum(known.to_list()) / known.len()
    return (inverse / mean).fill_null(1.0).alias("weight")


def presumed_nils(opened: pl.Series, unopened: int) -> float:
    """Return the weight of one container that nobody opened, where it is presumed nil.

    Hardly one in thousands hides anything, so most presumptions are right, but none is a finding: all of them
    together count no more than all that were opened, and none more than a quarter of the opened one that counts
    least.

    Source: Elkan and Noto 2008, learning from positive and unlabelled examples: the unlabelled are nils of a
    weight that falls with the share of finds among them; here that share is next to nothing and the weight is
    set by how many of them there are.

    Args:
        opened: The weights of the opened containers.
        unopened: How many were not.
    """
    if not unopened:
        return 0.0
    share = PRESUMED_NILS_SHARE * math.fsum(opened.to_list()) / unopened
    return min(share, MOST_OF_ONE * float(opened.to_numpy().min()))
