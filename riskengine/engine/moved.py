"""Whom another model moves and why: the places of containers in their runs, and what both make of their indicators.

What moves a container up or down in its run is what changed for it and not for all: of each group's change the mean
over the containers looked at is taken away. The changes of a container add up to how far its log-odds moved beyond
that mean.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from riskengine.engine.model_says import Models, with_silent_attributes
from riskengine.errors import UsageError
from riskengine.features.groups import group_of
from riskengine.ledger.runs import read_frame
from riskengine.model.encode import encode
from riskengine.model.explain import contributions
from riskengine.model.paired import rank_agreement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from riskengine.model.bundle import Bundle

    Floats = npt.NDArray[np.float64]

BESIDE_THE_MODEL: Final = "rules_and_habits"
"""Stands for what rules and habits add, where the two models weigh them otherwise."""
_MOST_MOVED: Final = 10
_SHIFTS: Final = 3
_SHIFTED: Final = 10
_SAMPLE: Final = 1_000
_LATEST_RUNS: Final = 30
_SEED: Final = 20_261
_SMALL: Final = 1e-9
_LANES: Final = (("red", ("red",)), ("yellow", ("red", "yellow")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """How far a group of indicators, or rules and habits together, moved a container against the others.

    Attributes:
        group: The group's id; the name of an indicator that is in no group.
        log_odds: What the second model makes of it more than the first, beyond what it does to the average container.
    """

    group: str
    log_odds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """A container that has another place in its run by the second model.

    Attributes:
        container_number: Its number; None for loose cargo.
        run_id: The run.
        containers: Containers of that run.
        one: Its place by the first model, 1 being the most suspicious.
        other: Its place by the second.
        log_odds_one: What the first says of it.
        log_odds_other: What the second says.
        shifts: What moved it most: of the strongest three first those that speak for the way that it went.
    """

    container_number: str | None
    run_id: str
    containers: int
    one: int
    other: int
    log_odds_one: float
    log_odds_other: float
    shifts: tuple[Shift, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneOverlap:
    """Of as many containers of each run as were in a lane or a more severe one, how many both name.

    Attributes:
        lane: The lane.
        containers: Containers of the runs that were there.
        both: The part of them that both models name.
    """

    lane: str
    containers: int
    both: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Importance:
    """How much a group of indicators moves the average container by either model.

    Attributes:
        group: The group's id.
        one: The mean size of what it contributes by the first, in log-odds.
        other: By the second.
    """

    group: str
    one: float
    other: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoMoved:
    """Whom the second model moves, and why.

    Attributes:
        up: The containers that it moves up most, the farthest first.
        down: Those that it moves down most.
        lanes: How far the lanes stay the same.
        containers: Containers whose contributions were worked out by both, for what follows.
        importance: The groups whose weight changed most, the farthest first.
        agreement: Rank correlation of the weights of single indicators, from -1 to 1; None where there are too few.
    """

    up: tuple[Mover, ...]
    down: tuple[Mover, ...]
    lanes: tuple[LaneOverlap, ...]
    containers: int
    importance: tuple[Importance, ...]
    agreement: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Explained:
    """Containers whose contributions both have told: a row for each, a column for each group."""

    row_of: Mapping[tuple[str, int], int]
    groups: tuple[str, ...]
    one: Floats
    other: Floats
    beside: Floats
    features_one: Mapping[str, float]
    features_other: Mapping[str, float]
    sampled: tuple[int, ...]


def who_moved(
    ranked: pl.DataFrame, folders: Mapping[str, Path], bundles: tuple[Bundle, Bundle]
) -> WhoMoved:
    """Return whom the second model moves and why.

    Args:
        ranked: What both say of the containers of the runs, and their places (``side_by_side``).
        folders: Where the runs lie, by their ids, the latest last.
        bundles: The two models.

    Raises:
        LedgerError: A run's files are not those that were written.
    """
    apart = pl.col("share_one") - pl.col("share_other")
    moved = ranked.with_columns(apart.alias("_apart"))
    order = ["_apart", "run_id", "container_id"]
    up = moved.filter(pl.col("_apart") > 0).sort(order, descending=[True, False, False])
    down = moved.filter(pl.col("_apart") < 0).sort(order)
    movers = [frame.head(_MOST_MOVED) for frame in (up, down)]
    sample = _sample(ranked, folders)
    explained = _explained(ranked, pl.concat(movers), sample, folders, bundles)
    rising, falling = (
        tuple(_mover(row, explained) for row in frame.iter_rows(named=True)) for frame in movers
    )
    return WhoMoved(
        up=rising,
        down=falling,
        lanes=_lanes(ranked),
        containers=len(explained.sampled),
        importance=_importance(explained),
        agreement=_agreement(explained),
    )


def _sample(ranked: pl.DataFrame, folders: Mapping[str, Path]) -> pl.DataFrame:
    """Return containers of the latest runs, drawn by a seed: what the average container is."""
    latest = list(folders)[-_LATEST_RUNS:]
    recent = ranked.filter(pl.col("run_id").is_in(latest)).sort("run_id", "container_id")
    drawn = np.random.default_rng(_SEED).permutation(recent.height)[:_SAMPLE]
    return recent[sorted(drawn.tolist())]


def _explained(
    ranked: pl.DataFrame,
    movers: pl.DataFrame,
    sample: pl.DataFrame,
    folders: Mapping[str, Path],
    bundles: tuple[Bundle, Bundle],
) -> _Explained:
    wanted: dict[str, set[int]] = defaultdict(set)
    for frame in (movers, sample):
        for run_id, container in frame.select("run_id", "container_id").iter_rows():
            wanted[run_id].add(container)
    keys: list[tuple[str, int]] = []
    parts: tuple[list[Floats], list[Floats]] = ([], [])
    bases = [0.0, 0.0]
    for run_id in sorted(wanted):
        told = read_frame(folders[run_id], "indicators")
        told = told.filter(pl.col("container_id").is_in(sorted(wanted[run_id])))
        told = told.sort("container_id")
        keys += [(run_id, container) for container in told["container_id"]]
        for side, bundle in enumerate(bundles):
            read = with_silent_attributes(told, Models(finds=bundle))
            base, said = contributions(bundle, encode(read, bundle.card))
            line = bundle.card.calibration
            bases[side] = line.log_odds(base)
            parts[side].append(said.to_numpy() * line.slope)
    names = [bundle.card.feature_names for bundle in bundles]
    whole = [
        np.concatenate(side) if side else np.empty((0, len(name)))
        for side, name in zip(parts, names, strict=True)
    ]
    groups = tuple(sorted({_group(name) for side in names for name in side}))
    grouped = [_summed(part, name, groups) for part, name in zip(whole, names, strict=True)]
    row_of = {key: row for row, key in enumerate(keys)}
    said_by = {
        (run_id, container): (one, other)
        for run_id, container, one, other in ranked.select(
            "run_id", "container_id", "one", "other"
        ).iter_rows()
        if (run_id, container) in row_of
    }
    # What rules and habits add is what the whole says beyond the model.
    beside = np.array([said_by[key][1] - said_by[key][0] for key in keys], dtype=np.float64)
    beside -= grouped[1].sum(axis=1) - grouped[0].sum(axis=1) + bases[1] - bases[0]
    sampled = tuple(
        row_of[key]
        for key in sample.select("run_id", "container_id").iter_rows()
        if key in row_of
    )
    importance = [
        dict(zip(name, np.abs(part[list(sampled)]).mean(axis=0).tolist(), strict=True))
        if sampled
        else {}
        for part, name in zip(whole, names, strict=True)
    ]
    return _Explained(
        row_of=row_of,
        groups=groups,
        one=grouped[0],
        other=grouped[1],
        beside=beside,
        features_one=importance[0],
        features_other=importance[1],
        sampled=sampled,
    )


def _group(name: str) -> str:
    try:
        return group_of(name)
    except UsageError:
        return name  # of another version: it stands for itself


def _summed(parts: Floats, names: Sequence[str], groups: Sequence[str]) -> Floats:
    summed = np.zeros((parts.shape[0], len(groups)))
    for column, name in enumerate(names):
        summed[:, groups.index(_group(name))] += parts[:, column]
    return summed


def _mover(row: Mapping[str, object], explained: _Explained) -> Mover:
    at = explained.row_of[str(row["run_id"]), int(str(row["container_id"]))]
    changes = np.column_stack([explained.other - explained.one, explained.beside])
    against = changes[at] - changes[list(explained.sampled)].mean(axis=0)
    named = zip((*explained.groups, BESIDE_THE_MODEL), against.tolist(), strict=True)
    strongest = sorted(
        ((name, change) for name, change in named if abs(change) > _SMALL),
        key=lambda shift: (-abs(shift[1]), shift[0]),
    )
    is_up = float(str(row["share_one"])) > float(str(row["share_other"]))
    # The strongest, and of these first what speaks for the way that it went.
    told = sorted(strongest[:_SHIFTS], key=lambda shift: (shift[1] > 0) is not is_up)
    return Mover(
        container_number=None
        if row["container_number"] is None
        else str(row["container_number"]),
        run_id=str(row["run_id"]),
        containers=int(str(row["size"])),
        one=int(str(row["place_one"])),
        other=int(str(row["place_other"])),
        log_odds_one=float(str(row["one"])),
        log_odds_other=float(str(row["other"])),
        shifts=tuple(Shift(group=name, log_odds=change) for name, change in told),
    )


def _lanes(ranked: pl.DataFrame) -> tuple[LaneOverlap, ...]:
    """Return of as many as were in a lane how many both name, run by run; lanes that nobody was in are left out."""
    found: list[LaneOverlap] = []
    for lane, lanes in _LANES:
        held = pl.col("lane").is_in(lanes).sum().over("run_id")
        named = ranked.with_columns(held.alias("_held")).filter(
            pl.col("place_one") <= pl.col("_held")
        )
        if named.is_empty():
            continue
        both = named.filter(pl.col("place_other") <= pl.col("_held")).height
        found.append(LaneOverlap(lane=lane, containers=named.height, both=both / named.height))
    return tuple(found)


def _importance(explained: _Explained) -> tuple[Importance, ...]:
    if not explained.sampled:
        return ()
    rows = list(explained.sampled)
    one, other = (np.abs(side[rows]).mean(axis=0) for side in (explained.one, explained.other))
    weights = [
        Importance(group=name, one=float(one[at]), other=float(other[at]))
        for at, name in enumerate(explained.groups)
        if abs(one[at] - other[at]) > _SMALL
    ]
    weights.sort(key=lambda weight: (-abs(weight.one - weight.other), weight.group))
    return tuple(weights[:_SHIFTED])


def _agreement(explained: _Explained) -> float | None:
    names = sorted({*explained.features_one, *explained.features_other})
    sides = (explained.features_one, explained.features_other)
    one, other = (np.array([side.get(name, 0.0) for name in names]) for side in sides)
    return rank_agreement(one, other)
