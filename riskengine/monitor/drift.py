"""Whether what comes in is still what came before, and what the model learned from: features, scores, lanes, feeds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from riskengine.domain import Lane
from riskengine.features.catalog import catalog
from riskengine.ledger.runs import read_card, read_frame
from riskengine.monitor.changes import shift_between, shift_from, stability_index
from riskengine.monitor.classes import Classes, classes_of, counted, cut
from riskengine.monitor.feeds import FIELDS, FeedGap, feeds_of, gaps_of
from riskengine.monitor.period import weekly
from riskengine.monitor.tails import told_apart

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from riskengine.model.card import ModelCard
    from riskengine.monitor.changes import Counts, Shift
    from riskengine.monitor.limits import Limits
    from riskengine.monitor.period import Period


_GROWING: Final = ("_before", "_find_rate", "_seen", "_usual")
"""How the features are named that a mapping file brings and the past says something of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureDrift:
    """How one feature, score or share has moved.

    Attributes:
        name: The feature.
        since: Against the time before the report.
        learned: Against what the model learned from; None where its card does not say.
        unknown: The share of the containers in which it is not known.
        unknown_before: The same before.
        unseen: The share of the containers with a category that the model never learned.
        is_told: Whether it moved by more than chance and by enough to matter.
        is_judged: Whether it is judged at all: what counts the unit's own past grows with it, and moves by itself.
    """

    name: str
    since: Shift
    learned: Shift | None
    unknown: float
    unknown_before: float
    unseen: float
    is_told: bool
    is_judged: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What moved.

    Attributes:
        features: Every feature of the model, the one that moved furthest first.
        scores: The scores.
        lanes: The shares of the lanes.
        feeds: Fields that went missing, told apart from chance.
        feeds_tested: How many pairs of feed and field could be tested.
        weeks: The stability index of the scores of each week, against the whole time before the report.
    """

    features: tuple[FeatureDrift, ...]
    scores: FeatureDrift
    lanes: FeatureDrift
    feeds: tuple[FeedGap, ...]
    feeds_tested: int
    weeks: tuple[tuple[date, float], ...]

    @property
    def enough(self) -> bool:
        """Whether there were calls enough on both sides to test anything."""
        return self.lanes.since.chance is not None


def drift_of(period: Period, card: ModelCard | None, limits: Limits) -> Drift:
    """Compare what came in the report with the time before it, and with what the model learned from.

    Each run is one witness. Of all features told, by chance, there is any in at most ``false_alarm_rate`` of the
    reports where nothing has changed (Benjamini and Hochberg).
    """
    classes = classes_of(period, card)
    names = {one.name for one in classes} | set(FIELDS) | {"filer", "carrier_code"}
    counts: dict[str, list[list[Counts]]] = {one.name: [[], []] for one in classes}
    unseen = dict.fromkeys(counts, 0)
    gaps: list[pl.DataFrame] = []
    for side, held in enumerate((period.before, period.now)):
        for entry, own in period.folders(held):
            folder = entry.folder_in(period.workspace)
            frame = read_frame(folder, "indicators", columns={*names, "container_id"}).join(
                own, on="container_id", how="semi"
            )
            for one in classes:
                row, strange = counted(frame, one)
                counts[one.name][side].append(row)
                unseen[one.name] += strange if side else 0
            gaps.append(gaps_of(frame, side, entry.run_id))
    moved = [_moved(one, counts[one.name], unseen[one.name]) for one in classes]
    feeds, tested = feeds_of(gaps, limits)
    return Drift(
        features=tuple(
            sorted(_told(moved, limits), key=lambda one: (-one.since.stability, one.name))
        ),
        scores=_told([_of_scores(period, card)], limits)[0],
        lanes=_told([_of_lanes(period)], limits)[0],
        feeds=feeds,
        feeds_tested=tested,
        weeks=_weeks(period),
    )


def _moved(one: Classes, counts: Sequence[Sequence[Counts]], unseen: int) -> FeatureDrift:
    before, now = (_stacked(side, one.size) for side in counts)
    many, many_before = float(now.sum()), float(before.sum())
    return FeatureDrift(
        name=one.name,
        since=shift_between(now, before),
        learned=shift_from(now, one.shares, one.learned_from) if one.shares else None,
        unknown=float(now[:, -1].sum()) / many if many else 0.0,
        unknown_before=float(before[:, -1].sum()) / many_before if many_before else 0.0,
        unseen=unseen / many if many else 0.0,
        is_told=False,
        is_judged=not _grows(one.name),
    )


def _grows(name: str) -> bool:
    """Tell whether a feature is drawn from the unit's own past, of which there is more every day."""
    return name in _of_the_past() or name.endswith(_GROWING)


@cache
def _of_the_past() -> frozenset[str]:
    return frozenset(field.name for field in catalog() if field.area in {"history", "box"})


def _told(moved: Sequence[FeatureDrift], limits: Limits) -> list[FeatureDrift]:
    """Mark what moved by more than chance, all of them taken together, and by enough to matter."""
    tested = [one for one in moved if one.is_judged and one.since.chance is not None]
    stands = dict(
        zip(
            [one.name for one in tested],
            told_apart([one.since.chance or 0.0 for one in tested], limits.false_alarm_rate),
            strict=True,
        )
    )
    return [
        replace(
            one,
            is_told=stands.get(one.name, False)
            and one.since.stability >= limits.drift_stability,
        )
        for one in moved
    ]


def _of_scores(period: Period, card: ModelCard | None) -> FeatureDrift:
    """Compare the scores of the model that scored last; those of another before it say nothing of drift."""
    same = _by_the_same_model(period) if period.entries else period
    one = cut(same.before["log_odds"].drop_nulls(), "score", "number", frozenset())
    moved = _moved(one, _rows(same, "log_odds", one), 0)
    margins = card.score_reference if card else None
    if margins is None or card is None or card.id != _last_model(period):
        return moved
    # The card tells margins; calibrated, their order and so their classes stay.
    learned = Classes(
        name="score",
        edges=tuple(card.calibration.log_odds(edge) for edge in margins.edges),
        shares=(*margins.shares, 0.0),
        learned_from=max(1, card.metrics.containers),
    )
    return replace(
        moved, learned=_moved(learned, _rows(same, "model_log_odds", learned), 0).learned
    )


def _by_the_same_model(period: Period) -> Period:
    entries = list(period.entries.values())
    same = [one.run_id for one in entries if one.digests.model == entries[-1].digests.model]
    return replace(period, containers=period.containers.filter(pl.col("run_id").is_in(same)))


def _last_model(period: Period) -> str:
    """Return which model scored last."""
    *_, last = period.entries.values()
    return str(read_card(last.folder_in(period.workspace)).get("model_id", ""))


def _weeks(period: Period) -> tuple[tuple[date, float], ...]:
    if not period.entries:
        return ()
    period = _by_the_same_model(period)
    scores = period.before["log_odds"].drop_nulls()
    if scores.is_empty():
        return ()
    one = cut(scores, "score", "number", frozenset())
    usual = counted(period.before.select(pl.col("log_odds").alias(one.name)), one)[0]
    made: list[tuple[date, float]] = []
    for begins, held in weekly(period.containers, period.span):
        if held.height:
            week = counted(held.select(pl.col("log_odds").alias(one.name)), one)[0]
            made.append((begins, stability_index(week, usual)))
    return tuple(made)


def _of_lanes(period: Period) -> FeatureDrift:
    one = Classes(name="lanes", categories=tuple(lane.value for lane in Lane), is_category=True)
    return _moved(one, _rows(period, "lane", one), 0)


def _rows(period: Period, column: str, one: Classes) -> list[list[Counts]]:
    return [
        [
            counted(run.select(pl.col(column).alias(one.name)), one)[0]
            for run in held.select("run_id", column).partition_by("run_id", maintain_order=True)
        ]
        for held in (period.before, period.now)
    ]


def _stacked(rows: Sequence[Counts], size: int) -> Counts:
    return np.vstack(rows) if rows else np.zeros((0, size))
