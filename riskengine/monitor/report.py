"""The report of one unit over some days: everything that is watched, and the limits it stands to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from riskengine.model import shelf
from riskengine.model.bundle import read_card
from riskengine.monitor import limits as bounds
from riskengine.monitor import yields
from riskengine.monitor.calibration import calibration
from riskengine.monitor.challenger import beside
from riskengine.monitor.doors import SCORE
from riskengine.monitor.drift import drift_of
from riskengine.monitor.missed import missed
from riskengine.monitor.period import read_period, span_of
from riskengine.monitor.watches import watches_of
from riskengine.register.seeds import commitment
from riskengine.selectivity import read_policy

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from riskengine.monitor.calibration import Calibration
    from riskengine.monitor.challenger import SideBySide
    from riskengine.monitor.drift import Drift
    from riskengine.monitor.limits import Limit, Limits
    from riskengine.monitor.missed import Missed
    from riskengine.monitor.period import Span
    from riskengine.monitor.watches import Watches
    from riskengine.monitor.yields import Completion, Draws, RuleYield, Week, Yield
    from riskengine.rules.rates import Rate
    from riskengine.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a unit's own figures say.

    Attributes:
        span: The days it speaks of, and those before that they are compared with.
        runs: How many runs were read.
        containers: How many containers the report has.
        containers_before: How many the time before has.
        examined: How many containers of the report have an outcome.
        model_id: The model in force; empty without one.
        base: What the blind draws found, in the report and the time before it.
        doors: What each door found.
        lanes: What was found in each lane.
        rules: What the matches of each rule found.
        weeks: Week by week, the time before it too.
        completion: How many of those chosen have an outcome.
        draws: Whether as many were drawn as should have been.
        missed: What nobody chose and something may be in.
        calibration: Expected and actual finds.
        drift: What moved in what comes in.
        watches: New ones, displacement, probes.
        challenger: The model in the shadow beside the one in force; None without one.
        limits: What was judged, by these settings.
        crossings: Every limit, those that are crossed first.
    """

    span: Span
    runs: int
    containers: int
    containers_before: int
    examined: int
    model_id: str
    base: Rate
    doors: tuple[Yield, ...]
    lanes: tuple[Yield, ...]
    rules: tuple[RuleYield, ...]
    weeks: tuple[Week, ...]
    completion: tuple[Completion, ...]
    draws: Draws
    missed: Missed
    calibration: Calibration
    drift: Drift
    watches: Watches
    challenger: SideBySide | None
    limits: Limits
    crossings: tuple[Limit, ...]

    @property
    def is_crossed(self) -> bool:
        """Whether any limit is crossed."""
        return any(limit.is_crossed for limit in self.crossings)


def report_of(
    workspace: Workspace, first: date | None = None, last: date | None = None
) -> Report | None:
    """Return what the recorded runs and outcomes of a unit say; None where nothing is recorded.

    Args:
        workspace: The unit's folder.
        first: The first day; None is four weeks before the last.
        last: The last day; None is that of the latest assessment.

    Raises:
        WorkspaceError: There is no workspace, or its settings cannot be.
        LedgerError: A run's files are not those that were written.
    """
    workspace.must_exist()
    policy = read_policy(workspace.settings_file)
    limits = bounds.read_limits(workspace.settings_file)
    span = span_of(workspace, first, last, limits)
    if span is None:
        return None
    period = read_period(workspace, span, policy)
    has_model = shelf.read_pointer(workspace) is not None
    card = read_card(shelf.in_force(workspace)) if has_model else None
    base = yields.base_rate(period)
    doors = yields.by_door(period, base)
    completion = yields.completion(period, days_to_enter=limits.days_to_enter)
    draws = yields.draws(period, policy.random_share, policy.digest(commitment(workspace)))
    bound = missed(period)
    calibrated = calibration(period)
    drift = drift_of(period, card, limits)
    watches = watches_of(period, limits)
    crossings = [
        *_of_outcomes(completion, limits),
        *_of_finds(doors, draws, bound, calibrated, limits),
        *_of_changes(drift, watches, limits),
    ]
    return Report(
        span=span,
        runs=len(period.entries),
        containers=period.now.height,
        containers_before=period.before.height,
        examined=period.now.filter(pl.col("outcome").is_not_null()).height,
        model_id=card.id if card else "",
        base=base,
        doors=doors,
        lanes=yields.by_lane(period, base),
        rules=yields.by_rule(period, base),
        weeks=yields.by_week(period),
        completion=completion,
        draws=draws,
        missed=bound,
        calibration=calibrated,
        drift=drift,
        watches=watches,
        challenger=beside(period),
        limits=limits,
        crossings=tuple(sorted(crossings, key=lambda limit: not limit.is_crossed)),
    )


def _of_outcomes(completion: Sequence[Completion], limits: Limits) -> list[Limit]:
    """Judge the doors of a plan, and the blind draw: a red lane alone is no promise to open."""
    asked = [one for one in completion if one.is_promised]
    due = sum(one.due for one in asked)
    share = sum(one.entered for one in asked) / due if due else None
    return [bounds.at_least("outcomes_entered", share, limits.least_outcomes_entered)]


def _of_finds(
    doors: Sequence[Yield],
    draws: Draws,
    bound: Missed,
    calibrated: Calibration,
    limits: Limits,
) -> list[Limit]:
    rate = limits.false_alarm_rate
    by_score = [door.lift.high for door in doors if door.name == SCORE and door.is_enough]
    return [
        bounds.at_least("score_finds_times_random", by_score[0] if by_score else None, 1.0),
        bounds.at_most(
            "missed_share", bound.upper if bound.examined else None, limits.largest_missed_share
        ),
        bounds.chance("calibration_chosen", calibrated.chosen.chance, rate),
        bounds.chance("calibration_drawn", calibrated.drawn.chance, rate),
        bounds.chance("random_draw", draws.chance if draws.containers else None, rate),
    ]


def _of_changes(drift: Drift, watches: Watches, limits: Limits) -> list[Limit]:
    rate = limits.false_alarm_rate
    counts = {
        "features_drifting": sum(one.is_told for one in drift.features)
        if drift.enough
        else None,
        "scores_drifting": int(drift.scores.is_told) if drift.enough else None,
        "lanes_drifting": int(drift.lanes.is_told) if drift.enough else None,
        "fields_going_missing": len(drift.feeds) if drift.feeds_tested else None,
        "kinds_with_many_new": sum(one.is_told for one in watches.new) if watches.new else None,
        "places_displaced_to": len(watches.displaced) if watches.rises_tested else None,
        "pairs_tried_out": len(watches.probes) if watches.pairs_tested else None,
    }
    return [
        bounds.at_most(name, count, 0, false_alarm_rate=rate) for name, count in counts.items()
    ]
