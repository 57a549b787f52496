"""Draft rules proposed from outcomes, each with what speaks for chance shown beside it.

The search sees the first two thirds of the examined containers by day. What it finds is asked of the last
third, which it never saw; what does not hold there is not proposed. The same search on shuffled outcomes says what
chance alone would have found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from riskengine.rules.mined_rule import Ground, written_rule
from riskengine.rules.mining_halves import Halves

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from riskengine.features.field import Field
    from riskengine.rules.across import Surroundings
    from riskengine.rules.mining_search import Combination, Evidence, Labels, Searched
    from riskengine.rules.rule import Rule
    from riskengine.rules.tree import FieldKind

SHUFFLES: Final = 20
_SEED: Final = 20260101


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A draft rule that the outcomes speak for.

    Attributes:
        rule: The draft, with its tests.
        text: Its file.
        search: What containers like it held where it was searched.
        later: What they held on later days, which the search had not seen.
        as_good: In how many searches on shuffled outcomes the best was as strong.
        nearest: The rule in force that marks most of the same containers; None where none marks any.
        nearest_share: The share of what either marks that both mark.
    """

    rule: Rule
    text: str
    search: Evidence
    later: Evidence
    as_good: int
    nearest: str | None
    nearest_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Mining:
    """What a search proposes, and how much of it chance could explain.

    Attributes:
        proposals: The drafts, the strongest first.
        containers: How many containers there were.
        examined: How many of them were examined.
        found: In how many of those something was found.
        base_rate: The find rate of all that were examined, weighted.
        first: The first day.
        before: The last day of the search.
        cut: The first of the later days.
        last: The last of them.
        terms: How many conditions were tried.
        tried: How many combinations of them.
        best: How many of the best were looked at one by one.
        alike: How many good ones were left out because a better one marks the same containers.
        known: How many because a rule in force marks them already.
        unconfirmed: How many because they did not hold on later days.
        no_better: How many because a search on shuffled outcomes usually finds one as strong.
        shuffled_best: The sure lift of the best combination of each search on shuffled outcomes.
        shuffled_proposals: How many rules each of those searches would have proposed.
        is_weighted: Whether it is known who was drawn at random, so that rates speak of what arrives.
    """

    proposals: tuple[Proposal, ...]
    containers: int
    examined: int
    found: int
    base_rate: float
    first: date
    before: date
    cut: date
    last: date
    terms: int
    tried: int
    best: int
    alike: int
    known: int
    unconfirmed: int
    no_better: int
    shuffled_best: tuple[float, ...]
    shuffled_proposals: tuple[int, ...]
    is_weighted: bool


def mine(  # noqa: PLR0913 - one keyword for each thing that a proposal depends on
    frame: pl.DataFrame,
    catalogue: Sequence[Field],
    in_force: Sequence[Rule],
    *,
    source: str,
    valid_from: date,
    surroundings: Surroundings | None = None,
    most: int = 10,
    shuffles: int = SHUFFLES,
    progress: Callable[[float], None] | None = None,
) -> Mining:
    """Propose draft rules from what examinations found.

    Args:
        frame: One row a container: ``container_id`` (unique), ``assessed_on``, ``is_find`` (null where it was
            not examined), ``is_random`` (null where that is not known), facts and indicators by name.
        catalogue: The fields that a rule may read.
        in_force: The rules of the unit; what one of them marks already is not proposed.
        source: Where the rows come from, for people.
        valid_from: The first day of the drafts.
        surroundings: What rules in force that look at several containers may see.
        most: How many rules to propose at most.
        shuffles: How many searches on shuffled outcomes to show beside them.
        progress: Told the share that is done.

    Raises:
        RuleError: There are too few finds to learn from, or all of one day.
    """
    halves = Halves.of(frame, catalogue, in_force, surroundings)
    found = halves.found(halves.search_labels)
    _tell(progress, 1 / (shuffles + 1))
    dealt = _dealt(halves, shuffles, progress)
    # What is no stronger than what chance usually finds is not asked of the later days at all.
    merits = [max((c.merit for c in other.combinations), default=0.0) for *_, other in dealt]
    bar = float(np.median(merits)) if merits else 0.0
    chosen = halves.chosen(found, bar, halves.search_labels, halves.later_labels, most)
    proposals: list[Proposal] = []
    for combination, here, later in chosen.kept:
        ground = Ground(
            search=here,
            later=later,
            first=halves.first,
            before=halves.before,
            last=halves.last,
            tried=found.tried,
            shuffles=shuffles,
            as_good=sum(merit >= combination.merit for merit in merits),
            weight=halves.search_labels.weight_of_random,
            source=source,
            valid_from=valid_from,
        )
        proposals.append(_proposal(halves, combination, ground, catalogue))
    examined = frame.filter(pl.col("is_find").is_not_null())
    return Mining(
        proposals=tuple(proposals),
        containers=frame.height,
        examined=examined.height,
        found=int(examined["is_find"].sum()),
        base_rate=halves.base_rate(),
        first=halves.first,
        before=halves.before,
        cut=halves.cut,
        last=halves.last,
        terms=len(halves.terms),
        tried=found.tried,
        best=len(found.combinations),
        alike=chosen.alike,
        known=chosen.known,
        unconfirmed=chosen.unconfirmed,
        no_better=chosen.no_better,
        shuffled_best=tuple(
            max((c.lift_low for c in other.combinations), default=0.0) for *_, other in dealt
        ),
        shuffled_proposals=tuple(
            len(halves.chosen(other, bar, labels, later, most).kept)
            for labels, later, other in dealt
        ),
        is_weighted=halves.search_labels.weight_of_random > 1,
    )


def _dealt(
    halves: Halves, shuffles: int, progress: Callable[[float], None] | None
) -> list[tuple[Labels, Labels, Searched]]:
    """Search again with the outcomes dealt anew among the containers of each half."""
    dice = np.random.default_rng(_SEED)
    dealt: list[tuple[Labels, Labels, Searched]] = []
    for number in range(shuffles):
        labels = halves.search_labels.shuffled(dice)
        dealt.append((labels, halves.later_labels.shuffled(dice), halves.found(labels)))
        _tell(progress, (number + 2) / (shuffles + 1))
    return dealt


def _proposal(
    halves: Halves, combination: Combination, ground: Ground, catalogue: Sequence[Field]
) -> Proposal:
    kinds: dict[str, FieldKind] = {field.name: field.kind for field in catalogue}
    conditions = [halves.terms[term] for term in combination.terms]
    rule, text = written_rule(conditions, ground, halves.frame, kinds)
    nearest, share = halves.nearest_rule(combination.terms)
    return Proposal(
        rule=rule,
        text=text,
        search=ground.search,
        later=ground.later,
        as_good=ground.as_good,
        nearest=nearest,
        nearest_share=share,
    )


def _tell(progress: Callable[[float], None] | None, share: float) -> None:
    if progress is not None:
        progress(share)
