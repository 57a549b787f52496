"""The two halves of a mining: earlier days that are searched, later days that confirm or refuse."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from riskengine.errors import RuleError
from riskengine.rules.evaluate import evaluate
from riskengine.rules.mining_search import (
    LEAST_EXAMINED,
    LEAST_GAIN,
    Evidence,
    Labels,
    evidence,
    matched,
    search,
)
from riskengine.rules.mining_terms import terms

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import numpy.typing as npt

    from riskengine.features.field import Field
    from riskengine.rules.across import Surroundings
    from riskengine.rules.mining_search import Combination, Searched
    from riskengine.rules.mining_terms import Term
    from riskengine.rules.rule import Rule

    Masks = npt.NDArray[np.bool_]

ALIKE: Final = 0.5
_LATER: Final = 1 / 3
_LEAST_FINDS: Final = 10
_LEAST_LATER_FINDS: Final = 5
_LEAST_LATER: Final = 10


@dataclass(slots=True)
class Chosen:
    """The combinations that stand every test, and how many fell to which.

    Attributes:
        kept: Those worth a rule, with what they held on the earlier and on the later days.
        alike: How many mark the same containers as a better one.
        known: How many a rule in force marks already.
        unconfirmed: How many did not hold on later days.
        no_better: How many are no stronger than what chance usually finds.
    """

    kept: list[tuple[Combination, Evidence, Evidence]] = field(default_factory=list)  # pyright: ignore[reportUnknownVariableType]
    alike: int = 0
    known: int = 0
    unconfirmed: int = 0
    no_better: int = 0


class _Alike:
    """The containers that combinations marked, to tell one that marks mostly the same ones again."""

    def __init__(self, height: int) -> None:
        self._seen = np.zeros((0, height), dtype=np.float32)

    def is_new(self, mask: Masks) -> bool:
        """Tell whether no mask before was alike, and keep this one."""
        marked = mask.astype(np.float32)
        both = self._seen @ marked
        either = self._seen.sum(axis=1) + marked.sum() - both
        if (both >= ALIKE * either).any():
            return False
        self._seen = np.vstack([self._seen, marked])
        return True


@dataclass(frozen=True, slots=True)
class Halves:
    """The rows cut in two by day, the conditions asked of them, and what rules in force mark.

    Attributes:
        frame: All containers, examined or not.
        terms: The conditions that are tried.
        search_masks: For which examined containers of the earlier days each of them holds.
        later_masks: The same of the later days.
        search_labels: What was found on the earlier days.
        later_labels: The same of the later days.
        marked: Which containers each rule in force matches, one row a rule.
        rule_ids: The rules of those rows.
        first: The first day.
        before: The last of the earlier days.
        cut: The first of the later days.
        last: The last of them.
        whole: What each condition marks of all containers, filled in as it is asked for.
    """

    frame: pl.DataFrame
    terms: tuple[Term, ...]
    search_masks: Masks
    later_masks: Masks
    search_labels: Labels
    later_labels: Labels
    marked: Masks
    rule_ids: tuple[str, ...]
    first: date
    before: date
    cut: date
    last: date
    whole: dict[int, Masks] = field(default_factory=dict)  # pyright: ignore[reportUnknownVariableType]

    @classmethod
    def of(
        cls,
        frame: pl.DataFrame,
        catalogue: Sequence[Field],
        in_force: Sequence[Rule],
        surroundings: Surroundings | None,
    ) -> Halves:
        """Cut the examined containers at the day where their last third begins.

        Raises:
            RuleError: There are too few finds to learn from, or all of one day.
        """
        examined = frame.filter(
            pl.col("is_find").is_not_null() & pl.col("assessed_on").is_not_null()
        )
        cut = _cut(examined)
        day = pl.col("assessed_on")
        early, late = examined.filter(day < cut), examined.filter(day >= cut)
        tried = terms(early, catalogue, LEAST_EXAMINED)
        return cls(
            frame=frame,
            terms=tried,
            search_masks=_stacked(tried, early),
            later_masks=_stacked(tried, late),
            search_labels=_labels(early, frame.filter(day < cut)),
            later_labels=_labels(late, frame.filter(day >= cut)),
            marked=_marked(in_force, frame, surroundings),
            rule_ids=tuple(rule.id for rule in in_force),
            first=early["assessed_on"].min(),  # pyright: ignore[reportArgumentType]
            before=early["assessed_on"].max(),  # pyright: ignore[reportArgumentType]
            cut=cut,
            last=late["assessed_on"].max(),  # pyright: ignore[reportArgumentType]
        )

    def found(self, labels: Labels) -> Searched:
        """Search the earlier days with these labels."""
        names = [term.field.name for term in self.terms]
        places = np.array([term.is_place for term in self.terms], dtype=np.bool_)
        return search(self.search_masks, names, places, labels)

    def chosen(
        self, found: Searched, bar: float, labels: Labels, later: Labels, most: int
    ) -> Chosen:
        """Return the combinations that are worth a rule; each test is spent once on containers alike."""
        chosen = Chosen()
        taken = _Alike(self.search_masks.shape[1] + self.later_masks.shape[1])
        for place, combination in enumerate(found.combinations):
            if combination.merit < bar:
                chosen.no_better = len(found.combinations) - place
                break
            if len(chosen.kept) == most:
                break
            if not self._needs_every_term(combination, labels):
                continue
            here = matched(self.search_masks, combination.terms)
            there = matched(self.later_masks, combination.terms)
            # One that falls below is not tried again under another name: that would be fishing.
            if not taken.is_new(np.concatenate([here, there])):
                chosen.alike += 1
                continue
            if self.nearest_rule(combination.terms)[1] > ALIKE:
                chosen.known += 1
                continue
            later_on = evidence(there, later)
            if later_on.examined < _LEAST_LATER or later_on.lift_low <= 1:
                chosen.unconfirmed += 1
                continue
            chosen.kept.append((combination, evidence(here, labels), later_on))
        return chosen

    def mask(self, combination: Sequence[int]) -> Masks:
        """Return which of all containers, examined or not, a combination marks."""
        for term in combination:
            if term not in self.whole:
                self.whole[term] = self.terms[term].mask(self.frame)
        return np.logical_and.reduce([self.whole[term] for term in combination])

    def nearest_rule(self, combination: Sequence[int]) -> tuple[str | None, float]:
        """Return the rule in force that marks most of the same containers, and how alike the two are."""
        mask = self.mask(combination)
        both = self.marked[:, mask].sum(axis=1)
        if not both.size or not both.any():
            return None, 0.0
        shares = both / (self.marked.sum(axis=1) + mask.sum() - both)
        place = int(np.argmax(shares))
        return self.rule_ids[place], float(shares[place])

    def base_rate(self) -> float:
        """Return the find rate of all that were examined on the earlier days."""
        everything = np.ones(self.search_masks.shape[1], dtype=np.bool_)
        return evidence(everything, self.search_labels).rate

    def _needs_every_term(self, combination: Combination, labels: Labels) -> bool:
        """Tell whether leaving any condition out would cost a tenth of the sure lift."""
        for left_out in combination.terms if len(combination.terms) > 1 else ():
            rest = [term for term in combination.terms if term != left_out]
            simpler = evidence(matched(self.search_masks, rest), labels)
            if simpler.lift_low * LEAST_GAIN > combination.lift_low:
                return False
        return True


def _cut(examined: pl.DataFrame) -> date:
    """Return the first day of the last third of the examined containers."""
    finds = int(examined["is_find"].sum() or 0)
    if finds < _LEAST_FINDS + _LEAST_LATER_FINDS:
        raise RuleError(
            f"There are {finds} finds among {examined.height} examined containers: too few to mine.",
            remedy=f"At least {_LEAST_FINDS + _LEAST_LATER_FINDS} are needed; bring a longer history.",
        )
    days = examined["assessed_on"].sort()
    cut: date = days[int(days.len() * (1 - _LATER))]
    early = examined.filter(pl.col("assessed_on") < cut)
    before, after = int(early["is_find"].sum() or 0), finds - int(early["is_find"].sum() or 0)
    if before < _LEAST_FINDS or after < _LEAST_LATER_FINDS:
        raise RuleError(
            f"Of the finds {before} lie before {cut} and {after} on later days:"
            " a rule could not be found on the ones and confirmed on the others.",
            remedy=f"At least {_LEAST_FINDS} and {_LEAST_LATER_FINDS} are needed; bring a longer history.",
        )
    return cut


def _labels(examined: pl.DataFrame, rows: pl.DataFrame) -> Labels:
    """Return the labels of one slice; who was drawn at random speaks for those that were not examined."""
    is_find = examined["is_find"].to_numpy().astype(np.bool_)
    drawn = examined["is_random"] if "is_random" in examined.columns else None
    others = rows.height - examined.height
    if drawn is None or drawn.null_count() or not drawn.any() or not others:
        return Labels(is_find, np.zeros(is_find.shape, dtype=np.bool_), 1.0)
    is_random = drawn.to_numpy().astype(np.bool_)
    return Labels(is_find, is_random, 1.0 + others / int(is_random.sum()))


def _stacked(tried: Sequence[Term], rows: pl.DataFrame) -> Masks:
    if not tried:
        return np.zeros((0, rows.height), dtype=np.bool_)
    return np.stack([term.mask(rows) for term in tried])


def _marked(
    rules: Sequence[Rule], frame: pl.DataFrame, surroundings: Surroundings | None
) -> Masks:
    """Return which containers each rule matches; one that cannot be asked of these rows marks none."""
    marked = np.zeros((len(rules), frame.height), dtype=np.bool_)
    if not rules:
        return marked
    found = evaluate(rules, frame, surroundings).frame.filter(pl.col("verdict") == "match")
    places = pl.DataFrame({"container_id": frame["container_id"]}).with_row_index("place")
    for number, rule in enumerate(rules):
        own = (pl.col("rule_id") == rule.id) & (pl.col("version") == rule.version)
        hits = found.filter(own).join(places, on="container_id")
        marked[number, hits["place"].to_numpy()] = True
    return marked
