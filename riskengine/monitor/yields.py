"""What examinations found: per door, lane and rule, never without an interval, never without the blind draws beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.domain import Lane, Outcome, Verdict
from riskengine.ledger.runs import read_frame
from riskengine.monitor.doors import DOORS, RANDOM
from riskengine.monitor.period import weekly
from riskengine.monitor.tails import at_least
from riskengine.rules.rates import Lift, Rate, lift

if TYPE_CHECKING:
    from riskengine.monitor.period import Period

ENOUGH_EXAMINED: Final = 30
"""Fewer examinations say nothing that a report should repeat."""
_ANSWERED: Final = ("container_id", "rule_id", "version", "verdict")


@dataclass(frozen=True, slots=True, kw_only=True)
class Yield:
    """What the examinations of one group found.

    Attributes:
        name: The door, the lane or the rule with its version.
        chosen: How many of its containers were chosen for examination.
        rate: Finds among those that were examined; its interval is Wilson's.
        seizures: Those of the finds that were seizures.
        lift: How many times the finds of the blind draws, with the uncertainty of both.
    """

    name: str
    chosen: int
    rate: Rate
    seizures: int
    lift: Lift

    @property
    def is_enough(self) -> bool:
        """Whether enough was examined to say anything."""
        return self.rate.examined >= ENOUGH_EXAMINED


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleYield:
    """What the examinations of one rule's matches found, and what it took.

    Attributes:
        found: Its yield; ``chosen`` are its matches.
        share_of_examinations: The part of all examinations that opened its matches.
        points_first: The log-odds of a match in the first run of the report.
        points_last: The same in the last run.
    """

    found: Yield
    share_of_examinations: float
    points_first: float | None
    points_last: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """One week of examinations.

    Attributes:
        begins_on: Its first day.
        rate: Finds among all examinations.
        drawn: Finds among the blind draws.
        expected: Finds that the scores of the examined promised.
    """

    begins_on: date
    rate: Rate
    drawn: Rate
    expected: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """How many of those chosen have an outcome.

    Attributes:
        door: By which door they were chosen.
        due: Chosen long enough ago to have one.
        entered: Those of them that have.
        is_promised: Whether choosing it was a promise to open it: by a plan, or by the blind draw. A red lane
            holds what is worth opening, be there room for it or not.
    """

    door: str
    due: int
    entered: int
    is_promised: bool

    @property
    def share(self) -> float | None:
        """The share that was entered; None where nothing was due."""
        return self.entered / self.due if self.due else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """Whether as many were drawn as the policy says: the draw itself is watched too.

    Attributes:
        drawn: How many containers were drawn blindly.
        containers: Of how many.
        share: What the policy says.
        chance: How likely a number as far off as this is; exact, twice the smaller tail.
    """

    drawn: int
    containers: int
    share: float
    chance: float


def base_rate(period: Period) -> Rate:
    """Return what the blind draws of the report and of the time before it found: what a door is compared with.

    All blind draws, those too that were red on their own account: they stand for everything that came.
    """
    return _rate(period.containers.filter("is_blind"))


def by_door(period: Period, base: Rate) -> tuple[Yield, ...]:
    """Return what each door found, the blind draw first."""
    held = period.now.filter(pl.col("door").is_not_null())
    names = [name for name in DOORS if name in set(held["door"])]
    names += sorted(set(held["door"]) - set(DOORS))
    return tuple(_yield(name, held.filter(pl.col("door") == name), base) for name in names)


def by_lane(period: Period, base: Rate) -> tuple[Yield, ...]:
    """Return what was found among the examined containers of each lane."""
    now = period.now
    return tuple(
        _yield(lane.value, now.filter(pl.col("lane") == lane.value), base)
        for lane in reversed(Lane)
    )


def by_rule(period: Period, base: Rate) -> tuple[RuleYield, ...]:
    """Return what the matches of each rule found, those with most examined matches first.

    A container counts for every rule that matches it: the shares of examinations add up to more than one.
    """
    opened = period.now.filter(pl.col("outcome").is_not_null())
    matches = [
        read_frame(entry.folder_in(period.workspace), "verdicts", columns=_ANSWERED)
        .filter(pl.col("verdict") == Verdict.MATCH.value)
        .join(held, on="container_id", how="semi")
        .select("container_id", "rule_id", "version", pl.lit(entry.run_id).alias("run_id"))
        for entry, held in period.folders(opened)
    ]
    if not matches:
        return ()
    first, last = _points(period)
    told = pl.concat(matches).join(opened, on=["run_id", "container_id"])
    made: list[RuleYield] = []
    for (rule_id, version), group in told.group_by("rule_id", "version"):
        rule = (str(rule_id), int(str(version)))
        made.append(
            RuleYield(
                found=_yield(f"{rule_id} v{version}", group, base),
                share_of_examinations=group.height / opened.height,
                points_first=first.get(rule),
                points_last=last.get(rule),
            )
        )
    made.sort(key=lambda one: (-one.found.rate.examined, one.found.name))
    return tuple(made)


def by_week(period: Period) -> tuple[Week, ...]:
    """Return the examinations of each week, from the time before on; a week without any is among them."""
    if period.containers.is_empty():
        return ()
    weeks: list[Week] = []
    for begins, held in weekly(period.containers, period.span):
        opened = held.filter(pl.col("is_find").is_not_null())
        weeks.append(
            Week(
                begins_on=begins,
                rate=_rate(opened),
                drawn=_rate(opened.filter("is_blind")),
                expected=float(opened["score"].sum()),
            )
        )
    first = next((place for place, week in enumerate(weeks) if week.rate.examined), len(weeks))
    return tuple(weeks[first:])


def completion(period: Period, *, days_to_enter: float) -> tuple[Completion, ...]:
    """Return for each door how many of those chosen have an outcome, where there was time to enter one."""
    due_by = period.span.last - timedelta(days=days_to_enter)
    due = period.now.filter(pl.col("door").is_not_null() & (pl.col("on") <= due_by))
    return tuple(
        Completion(
            door=door,
            due=held.height,
            entered=held.filter(pl.col("outcome").is_not_null()).height,
            is_promised=door == RANDOM or bool(held["is_planned"].all()),
        )
        for door in DOORS
        if (held := due.filter(pl.col("door") == door)).height
    )


def draws(period: Period, share: float, policy_digest: str) -> Draws:
    """Return how many containers were drawn blindly beside how many should have been.

    Args:
        period: The containers.
        share: What the policy in force says.
        policy_digest: Its digest: runs under another policy drew by another share, and are left out.
    """
    same = [
        run_id
        for run_id, entry in period.entries.items()
        if entry.digests.policy == policy_digest
    ]
    now = period.now.filter(pl.col("run_id").is_in(same))
    drawn, whole = int(now["is_random"].sum()), now.height
    above = at_least(drawn, whole, share) if drawn else 1.0
    below = 1 - at_least(drawn + 1, whole, share) if drawn < whole else 1.0
    return Draws(
        drawn=drawn, containers=whole, share=share, chance=min(1.0, 2 * min(above, below))
    )


def _points(
    period: Period,
) -> tuple[dict[tuple[str, int], float], dict[tuple[str, int], float]]:
    runs = period.folders(period.now)
    told = [
        read_frame(
            entry.folder_in(period.workspace), "rules", columns=("rule_id", "version", "points")
        )
        for entry, _ in ((runs[0], runs[-1]) if runs else ())
    ]
    ends = [{(row[0], row[1]): row[2] for row in frame.rows()} for frame in told]
    return (ends[0], ends[1]) if ends else ({}, {})


def _yield(name: str, held: pl.DataFrame, base: Rate) -> Yield:
    rate = _rate(held)
    return Yield(
        name=name,
        chosen=held.height,
        rate=rate,
        seizures=held.filter(pl.col("outcome") == Outcome.SEIZURE.value).height,
        lift=lift(rate, base),
    )


def _rate(held: pl.DataFrame) -> Rate:
    opened = held.filter(pl.col("is_find").is_not_null())
    return Rate(found=int(opened["is_find"].sum()), examined=opened.height)
