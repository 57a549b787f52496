"""Which containers are examined today, where there are fewer examinations than reasons; and by which door.

The doors, in this order: rules that demand inspection, newest first; a blind draw; a turn for rules that are short of
evidence; containers of which the model is not sure; what was not seen before; and the highest scores. Each chosen
container carries the chance with which it could have been chosen, by whatever door: without it nobody can tell later
what was not looked at. The containers that the score would take anyway are no candidates of the doors in between.

Every draw follows from the stratum's secret seed, the container and the day. Pure: no file, no clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import polars as pl

from riskengine.errors import UsageError
from riskengine.selectivity.quotas import Quota, at_most, quotas, systematic
from riskengine.selectivity.stratum import marks

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from riskengine.selectivity.policy import Policy

    Numbers: TypeAlias = npt.NDArray[np.float64]
    Truths: TypeAlias = npt.NDArray[np.bool_]

ENOUGH_EXAMINED: Final = 30
"""A rule with so many examined matches has had its trial."""
_NEAR: Final = (
    2.0  # spreads: from here on the members agree on which side of the cut a container is
)


_NOTHING: Final = 1e-9


class Door(StrEnum):
    """How a container came to be examined."""

    DEMAND = "demand"
    RANDOM = "random"
    TRIAL = "trial"
    UNCERTAIN = "uncertain"
    NEW = "new"
    SCORE = "score"


def demand_slots(capacity: int, policy: Policy) -> int:
    """Return how many of a day's examinations rules may claim at most.

    >>> from riskengine.selectivity.policy import Policy
    >>> demand_slots(5, Policy(demand_share=0.5))
    3
    """
    return math.ceil(capacity * policy.demand_share)


def choose(  # noqa: PLR0913 - the containers, the room, and what each draw follows from
    scored: pl.DataFrame,
    capacity: int,
    policy: Policy,
    *,
    seed: bytes,
    day: str = "",
    examined_by_rule: Mapping[str, int] | None = None,
) -> pl.DataFrame:
    """Choose which containers to examine.

    Args:
        scored: ``container_id`` and ``identity`` (text, what names a container on its voyage), each once, and
            ``log_odds``. Where they are there: ``demand_rank`` (1 for the newest demand, null for none), ``rules``
            (the counting rules that match), ``spread`` (how far the members of the model differ),
            ``novelty`` (0 for what is well known, null where it is not known) and ``planned`` (by which door it is
            in the day's plan already, null for what is not).
        capacity: How many examinations there are, those that are planned already among them.
        policy: How they are shared out.
        seed: The secret of the random stratum.
        day: What else the draw depends on, so that rules and fractions of an examination take turns.
        examined_by_rule: How many matches of each rule were examined so far; a rule that is not named has
            none.

    Returns:
        ``container_id``, ``door`` and ``probability``, the strongest claim first: exactly as many as there is
        room for, none twice, whatever the order of the rows. What is planned already is among them, by the door
        it came by, and with the chance that the whole plan gives it.

    Raises:
        UsageError: A column is missing, a container stands twice, or a log-odds is unknown.
    """
    day_of = _Day.of(scored, seed, day)
    room = min(max(capacity, 0), day_of.size)
    _demanded(day_of, room, policy)
    blind = _blind(day_of, room, policy)
    left = max(room - int(day_of.is_taken.sum()), 0)
    trial, uncertain, new = _quotas(day_of, room, left, policy)
    sure = day_of.highest(left - trial.count - uncertain.count - new.count)
    cut = float(day_of.log_odds[sure].min()) if sure.any() else math.inf
    chances = [
        blind,
        _trial(day_of, sure, trial, dict(examined_by_rule or {})),
        _uncertain(day_of, sure, uncertain, cut),
        _new(day_of, sure, new),
    ]
    by_score = day_of.highest(room - int(day_of.is_taken.sum()))
    day_of.take(by_score, Door.SCORE)
    chances.append(_chance_of_score(day_of, float(blind.max(initial=0.0))))
    return day_of.chosen(chances)


@dataclass(slots=True)
class _Day:
    """The day's containers in the order of their names, and who is taken by which door, now or in an earlier plan."""

    frame: pl.DataFrame
    log_odds: Numbers
    mark: Numbers
    lot: Numbers
    door: list[str | None]
    is_taken: Truths
    seed: bytes
    day: str

    @classmethod
    def of(cls, scored: pl.DataFrame, seed: bytes, day: str) -> _Day:
        lacking = [
            n for n in ("container_id", "identity", "log_odds") if n not in scored.columns
        ]
        if lacking:
            raise UsageError(f"Nothing can be chosen without {', '.join(lacking)}.")
        frame = scored.sort("identity", "container_id")
        if frame["container_id"].n_unique() < frame.height:
            raise UsageError("A container stands twice among those to choose from.")
        log_odds = frame["log_odds"].cast(pl.Float64)
        planned: list[str | None] = [None] * frame.height
        if "planned" in frame.columns:
            planned = frame["planned"].cast(pl.String).to_list()
        if log_odds.null_count() or log_odds.is_nan().any():
            raise UsageError("A container without a score cannot be weighed against others.")
        return cls(
            frame=frame,
            log_odds=log_odds.to_numpy(),
            mark=np.array(marks(frame["identity"], seed), dtype=np.float64),
            lot=_lots("score", frame, seed, day),
            door=planned,
            is_taken=np.array([door is not None for door in planned], dtype=np.bool_),
            seed=seed,
            day=day,
        )

    @property
    def size(self) -> int:
        return self.frame.height

    def by_door(self, *doors: Door | None) -> Truths:
        """Tell who is taken by one of these doors; None is by none."""
        return np.array([door in doors for door in self.door], dtype=np.bool_)

    def column(self, name: str) -> Numbers | None:
        """Return a column of numbers, NaN for what is not known; None where there is no such column."""
        if name not in self.frame.columns:
            return None
        return self.frame[name].cast(pl.Float64).fill_null(math.nan).to_numpy()

    def marks_for(self, purpose: str) -> Numbers:
        """Return a draw of its own for each container, which tells nothing of the blind one."""
        return _lots(purpose, self.frame, self.seed, self.day)

    def take(self, rows: Truths, door: Door) -> None:
        for row in np.flatnonzero(rows):
            self.door[row] = door.value
        self.is_taken |= rows

    def highest(self, count: int) -> Truths:
        """Return the rows not taken that have the highest scores; equals are drawn."""
        return self.rows(self.by_score(~self.is_taken)[: max(count, 0)])

    def by_score(self, among: Truths) -> npt.NDArray[np.intp]:
        """Return the places of some rows, the highest score first, equals in the order of a draw."""
        places = np.flatnonzero(among)
        return places[np.lexsort((self.lot[places], -self.log_odds[places]))]

    def rows(self, places: npt.NDArray[np.intp]) -> Truths:
        made = np.zeros(self.size, dtype=np.bool_)
        made[places] = True
        return made

    def chosen(self, chances: list[Numbers]) -> pl.DataFrame:
        """Return who is taken: the chance of being missed by every door is the product of all."""
        missed = np.ones(self.size)
        for chance in chances:
            missed = missed * (1.0 - chance)
        probability = np.where(self.by_door(Door.DEMAND), 1.0, 1.0 - missed)
        return (
            self.frame.select(
                "container_id", pl.Series("door", self.door, dtype=pl.String), "log_odds"
            )
            .with_columns(
                pl.Series("probability", probability, dtype=pl.Float64).clip(0.0, 1.0),
                pl.Series("_lot", self.lot),
            )
            .filter(pl.col("door").is_not_null())
            .sort(["log_odds", "_lot"], descending=[True, False], maintain_order=True)
            .select("container_id", "door", "probability")
        )


def _lots(purpose: str, frame: pl.DataFrame, seed: bytes, day: str) -> Numbers:
    return np.array(
        marks([f"{purpose}|{day}|{one}" for one in frame["identity"]], seed), dtype=np.float64
    )


def _demanded(day: _Day, room: int, policy: Policy) -> None:
    """Take what rules demand, the newest first, up to their share; the rest competes like any other."""
    rank = day.column("demand_rank")
    if rank is None:
        return
    asked = np.flatnonzero(~np.isnan(rank) & ~day.is_taken)
    order = np.lexsort((day.lot[asked], -day.log_odds[asked], rank[asked]))
    slots = min(demand_slots(room, policy), room) - int(day.by_door(Door.DEMAND).sum())
    slots = max(min(slots, room - int(day.is_taken.sum())), 0)
    day.take(day.rows(asked[order[:slots]]), Door.DEMAND)


def _blind(day: _Day, room: int, policy: Policy) -> Numbers:
    """Draw the blind share: each container on its own, by its mark alone, as the lanes are drawn.

    A mark is drawn once. A plan that is added to draws by the share of the whole plan: by that of the addition, whoever an
    earlier plan left over would be promised a chance that its mark has already lost.
    """
    others = ~day.by_door(Door.DEMAND)
    share = policy.blind_share * room / max(int(others.sum()), 1)
    drawn = np.flatnonzero(others & ~day.is_taken & (day.mark < share))
    left = max(room - int(day.is_taken.sum()), 0)
    first = drawn[np.argsort(day.mark[drawn], kind="stable")][:left]
    day.take(day.rows(first), Door.RANDOM)
    return np.full(day.size, min(share, 1.0))


def _quotas(day: _Day, room: int, left: int, policy: Policy) -> list[Quota]:
    """Return what the doors in between have of the whole plan, less what an earlier plan of the day gave them."""
    doors = (
        (Door.TRIAL, policy.trial_share),
        (Door.UNCERTAIN, policy.uncertain_share),
        (Door.NEW, policy.new_share),
    )
    given = [int(day.by_door(door).sum()) for door, _ in doors]
    rounding = marks([f"slots|{day.day}"], day.seed)[0]
    whole = quotas([share * room for _, share in doors], rounding, left + sum(given))
    made: list[Quota] = []
    for quota, before in zip(whole, given, strict=True):
        count = min(max(quota.count - before, 0), left)
        left -= count
        made.append(replace(quota, count=count))
    return made


def _trial(day: _Day, sure: Truths, quota: Quota, examined: dict[str, int]) -> Numbers:
    """Give each rule that is short of evidence its turn, those with the least first."""
    chance = np.zeros(day.size)
    if "rules" not in day.frame.columns or not quota.most:
        return chance
    matches = day.frame["rules"].fill_null([]).to_list()
    rounded = day.is_taken | sure
    blind = day.by_door(Door.RANDOM)
    served = {rule for row in np.flatnonzero(rounded & ~blind) for rule in matches[row]}
    turn = {
        rule: (examined.get(rule, 0), drawn)
        for rule, drawn in _drawn_rules({r for many in matches for r in many}, day).items()
        if examined.get(rule, 0) < ENOUGH_EXAMINED and rule not in served
    }
    of_rule: dict[str, list[int]] = {}
    before: dict[str, list[int]] = {}
    for row in range(day.size):
        short = [rule for rule in matches[row] if rule in turn]
        if short:
            kept = before if rounded[row] else of_rule
            kept.setdefault(min(short, key=lambda rule: turn[rule]), []).append(row)
    rules = sorted(of_rule, key=lambda rule: turn[rule])
    sizes = [len(of_rule[rule]) for rule in rules]
    draw = day.marks_for("trial")
    taken = _dealt(sizes, quota.count)
    fewest, most = _dealt(sizes, quota.fewest), _dealt(sizes, quota.most)
    for place, rule in enumerate(rules):
        rows = sorted(of_rule[rule], key=lambda row: draw[row])
        day.take(day.rows(np.array(rows[: taken[place]], dtype=np.intp)), Door.TRIAL)
        mean = quota.mean(fewest[place], most[place])
        chance[rows] = mean / sizes[place]
        chance[before.get(rule, [])] = mean / (sizes[place] + 1)
    return chance


def _drawn_rules(rules: set[str], day: _Day) -> dict[str, tuple[float, str]]:
    """Return a draw for each rule, so that rules with equal evidence take turns from day to day."""
    named = sorted(rules)
    drawn = marks([f"rule|{day.day}|{rule}" for rule in named], day.seed)
    return {rule: (mark, rule) for rule, mark in zip(named, drawn, strict=True)}


def _dealt(sizes: list[int], count: int) -> list[int]:
    """Deal examinations out one by one, in turns, as long as a rule has matches left.

    >>> _dealt([1, 5, 2], 5)
    [1, 2, 2]
    """
    dealt = [0] * len(sizes)
    while count > 0 and dealt != sizes:
        for place, size in enumerate(sizes):
            if count > 0 and dealt[place] < size:
                dealt[place] += 1
                count -= 1
    return dealt


def _uncertain(day: _Day, sure: Truths, quota: Quota, cut: float) -> Numbers:
    """Draw among the containers whose members may well stand on both sides of the cut."""
    spread = day.column("spread")
    if spread is None or not math.isfinite(cut):
        return np.zeros(day.size)
    known = np.nan_to_num(spread, nan=0.0)
    steps = np.abs(day.log_odds - cut) / np.maximum(known, 1e-12)
    weight = np.where((known > 0) & (steps <= _NEAR), np.exp(-0.5 * steps * steps), 0.0)
    return _weighted(day, sure, quota, weight, Door.UNCERTAIN)


def _new(day: _Day, sure: Truths, quota: Quota) -> Numbers:
    """Draw among what was not seen before, the newer the likelier."""
    novelty = day.column("novelty")
    if novelty is None:
        return np.zeros(day.size)
    weight = np.maximum(np.nan_to_num(novelty, nan=0.0), 0.0)
    return _weighted(day, sure, quota, weight, Door.NEW)


def _weighted(day: _Day, sure: Truths, quota: Quota, weight: Numbers, door: Door) -> Numbers:
    chance = np.zeros(day.size)
    most = weight.max(initial=0.0)
    weight = np.where(weight > _NOTHING * most, weight / most if most > 0 else 0.0, 0.0)
    rows = np.flatnonzero(~day.is_taken & ~sure & (weight > 0))
    if not quota.most or not rows.size:
        return chance
    order = rows[np.argsort(day.marks_for(door.value)[rows], kind="stable")]
    start = marks([f"start|{door}|{day.day}"], day.seed)[0]
    drawn = systematic(weight[order], quota, start)
    # Who was taken before would have had a chance here too: it counts in the chance by whatever door.
    total = math.fsum(weight[order].tolist())
    chance = np.minimum(quota.expected * weight / (total + weight), 1.0)
    chance[order] = drawn.chances
    day.take(day.rows(order[drawn.rows]), door)
    return chance


def _chance_of_score(day: _Day, chance_of_blind: float) -> Numbers:
    """Return how likely each container is taken for its score, where the blind draw does not take it.

    The blind draw is of no fixed size: the more it takes, the fewer are left for the score. A container is taken when the
    blind draws below it leave room for all above it and itself, wherever those above it go.
    """
    chance = np.zeros(day.size)
    order = day.by_score(day.by_door(None, Door.RANDOM, Door.SCORE))
    room = int(day.by_door(Door.RANDOM, Door.SCORE).sum())
    below = order.size - 1
    for place, row in enumerate(order[:room]):
        chance[row] = at_most(room - place - 1, below - place, chance_of_blind)
    # Equals take their places by lot: each has the mean of their chances.
    values, group = np.unique(day.log_odds[order], return_inverse=True)
    sums = np.bincount(group, weights=chance[order], minlength=values.size)
    chance[order] = (sums / np.bincount(group, minlength=values.size))[group]
    return chance
