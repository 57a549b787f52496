"""The search of the miner: combinations of conditions, judged by what is sure of their lift.

Deterministic to the last bit: everything that is compared follows from whole counts of containers and finds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Masks = npt.NDArray[np.bool_]
    Numbers = npt.NDArray[np.float64]

_Z: Final = 1.959963984540054
_CHUNK = 256
_BEAM = 40
_KEPT = 200
_A_FIELD_SET = 2  # of one set of fields, so many combinations stay in the beam
MOST_TERMS = 3
LEAST_GAIN: Final = 1.1  # each further condition must be worth a tenth
LEAST_EXAMINED = 20
LEAST_FOUND = 5


@dataclass(frozen=True, slots=True)
class Labels:
    """What examinations found in the rows of one slice, and how much each row speaks for.

    Attributes:
        is_find: Whether something was found.
        is_random: Whether the container was drawn at random; all False where that is not known.
        weight_of_random: How many containers one that was drawn at random speaks for; 1 where that is not known.
    """

    is_find: Masks
    is_random: Masks
    weight_of_random: float

    def columns(self) -> npt.NDArray[np.float32]:
        """Return what is counted of a row: examined and found, drawn at random and not."""
        drawn, chosen = self.is_random, ~self.is_random
        return np.stack(
            [drawn, drawn & self.is_find, chosen, chosen & self.is_find], axis=1
        ).astype(np.float32)

    def shuffled(self, dice: np.random.Generator) -> Labels:
        """Return the same labels dealt anew among the rows, those drawn at random among themselves."""
        dealt = self.is_find.copy()
        for part in (self.is_random, ~self.is_random):
            places = np.flatnonzero(part)
            dealt[places] = self.is_find[dice.permutation(places)]
        return Labels(dealt, self.is_random, self.weight_of_random)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a set of containers held, against all examined ones.

    Attributes:
        examined: How many of them were examined.
        found: In how many of those something was found.
        rate: The find rate, each container weighted by how many it speaks for.
        base_rate: That of all examined containers of the same days.
        low: The lower end of the 95 % interval of the rate.
    """

    examined: int
    found: int
    rate: float
    base_rate: float
    low: float

    @property
    def lift_low(self) -> float:
        """How many times the base rate is sure."""
        return self.low / self.base_rate if self.base_rate else 0.0


@dataclass(frozen=True, slots=True)
class Combination:
    """Conditions, by their places among the terms, and the lift that is sure of them where it was searched."""

    terms: tuple[int, ...]
    lift_low: float

    @property
    def merit(self) -> float:
        """What it is ranked by: fewer conditions are preferred."""
        return self.lift_low / LEAST_GAIN ** (len(self.terms) - 1)


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search found.

    Attributes:
        combinations: The best of each length, by merit.
        tried: How many combinations were judged.
    """

    combinations: tuple[Combination, ...]
    tried: int


def evidence(mask: Masks, labels: Labels) -> Evidence:
    """Return what the containers of *mask* held."""
    counts = mask.astype(np.float32) @ labels.columns()
    whole = labels.columns().sum(axis=0, dtype=np.float64)
    _, low, rate = _judged(counts[None, :].astype(np.float64), labels)
    base = _judged(whole[None, :], labels)[2]
    return Evidence(
        examined=int(counts[0] + counts[2]),
        found=int(counts[1] + counts[3]),
        rate=float(rate[0]),
        base_rate=float(base[0]),
        low=float(low[0]),
    )


def search(
    masks: Masks, fields: Sequence[str], is_place: npt.NDArray[np.bool_], labels: Labels
) -> Searched:
    """Return the best combinations of up to three conditions.

    Args:
        masks: One row a condition, one column an examined container: whether it holds.
        fields: The field that each condition reads; a combination reads each field once.
        is_place: Which conditions are no reason by themselves.
        labels: What was found.
    """
    columns = labels.columns()
    base = float(_judged(columns.sum(axis=0, dtype=np.float64)[None, :], labels)[2][0])
    beam = [Combination((), 1.0)]
    kept: list[Combination] = []
    tried = 0
    for _ in range(MOST_TERMS):
        found: dict[tuple[int, ...], float] = {}
        worth = {combination.terms: combination.lift_low for combination in beam}
        for combination in beam:
            lifts, enough = _extended(masks, combination, columns, labels, base)
            own = {fields[term] for term in combination.terms}
            tried += sum(field not in own for field in fields)
            better = enough & (lifts >= worth[combination.terms] * LEAST_GAIN)
            for term in np.flatnonzero(better).tolist():
                if fields[term] not in own:
                    # The same conditions in another order are the same combination.
                    found[tuple(sorted((*combination.terms, term)))] = float(lifts[term])
        ranked = sorted(
            (Combination(terms, lift) for terms, lift in found.items()),
            key=lambda one: (-one.merit, one.terms),
        )
        kept += [one for one in ranked if not is_place[list(one.terms)].all()][:_KEPT]
        beam = _thinned(ranked, fields)
        if not beam:
            break
    kept.sort(key=lambda one: (-one.merit, len(one.terms), one.terms))
    return Searched(tuple(kept), tried)


def matched(masks: Masks, terms: Sequence[int]) -> Masks:
    """Return for which rows all these conditions hold."""
    return np.logical_and.reduce(masks[list(terms)], axis=0)


def _extended(
    masks: Masks,
    combination: Combination,
    columns: npt.NDArray[np.float32],
    labels: Labels,
    base: float,
) -> tuple[Numbers, Masks]:
    """Return the sure lift of the combination with each further condition, and where there is enough to say so."""
    rows = np.arange(masks.shape[1])
    if combination.terms:
        rows = np.flatnonzero(matched(masks, combination.terms))
    within = columns[rows]
    counts = np.empty((masks.shape[0], columns.shape[1]), dtype=np.float64)
    for start in range(0, masks.shape[0], _CHUNK):
        part = masks[start : start + _CHUNK][:, rows]
        # Sums of whole numbers below 2 ** 24 are exact in single precision, in any order.
        counts[start : start + _CHUNK] = part.astype(np.float32) @ within
    _, low, _ = _judged(counts, labels)
    enough = (counts[:, 0] + counts[:, 2] >= LEAST_EXAMINED) & (
        counts[:, 1] + counts[:, 3] >= LEAST_FOUND
    )
    return low / base, enough


def _judged(counts: Numbers, labels: Labels) -> tuple[Numbers, Numbers, Numbers]:
    """Return the effective number, the lower end of Wilson's interval and the rate of each row of counts."""
    weight = labels.weight_of_random
    total = counts[:, 0] * weight + counts[:, 2]
    squares = counts[:, 0] * weight**2 + counts[:, 2]
    finds = counts[:, 1] * weight + counts[:, 3]
    with np.errstate(divide="ignore", invalid="ignore"):
        number = np.where(squares > 0, total**2 / squares, 0.0)
        rate = np.where(total > 0, finds / total, 0.0)
        middle = rate + _Z**2 / (2 * number)
        spread = _Z * np.sqrt(rate * (1 - rate) / number + _Z**2 / (4 * number**2))
        low = np.where(number > 0, (middle - spread) / (1 + _Z**2 / number), 0.0)
    return number, np.clip(low, 0.0, 1.0), rate


def _thinned(ranked: Sequence[Combination], fields: Sequence[str]) -> list[Combination]:
    """Return the best, of one set of fields only a few: bounds a hair apart would fill the beam."""
    seen: dict[frozenset[str], int] = {}
    beam: list[Combination] = []
    for combination in ranked:
        own = frozenset(fields[term] for term in combination.terms)
        seen[own] = seen.get(own, 0) + 1
        if seen[own] <= _A_FIELD_SET:
            beam.append(combination)
        if len(beam) == _BEAM:
            break
    return beam
