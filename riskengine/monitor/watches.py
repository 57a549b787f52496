"""What moves: lanes, traders and goods that are new, that grow after finds elsewhere, or that were tried out first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import polars as pl

from riskengine.domain import Basis, Lane
from riskengine.monitor.changes import ramp_of, rise_of, shift_between
from riskengine.monitor.tails import told_apart

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from numpy.typing import NDArray

    from riskengine.monitor.changes import Counts
    from riskengine.monitor.limits import Limits
    from riskengine.monitor.period import Period

Novelty = Literal["trade_lane", "shipper", "consignee", "cover"]
Place = Literal["trade_lane", "goods", "cover"]

_NEW: Final[dict[Novelty, str]] = {
    "trade_lane": "lane_containers_before",
    "shipper": "shipper_containers_before",
    "consignee": "consignee_containers_before",
    "cover": "lane_heading_containers_before",
}
_NEIGHBOURS: Final[dict[Place, tuple[str, ...]]] = {
    "trade_lane": ("country", "port"),
    "goods": ("trade_lane",),
    "cover": ("goods", "trade_lane"),
}
"""What another place shares with this one so that a find there may move traffic here."""
_FEWEST: Final = 8
"""Fewer containers on a lane, now and before together, show no rise."""
_PROBES: Final = 3
_SMALL: Final = 2
_FEWEST_LOADS: Final = 5
_SUSPICIOUS: Final = (Lane.RED.value, Lane.YELLOW.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOnes:
    """How many of a kind were seen for the first time.

    Attributes:
        kind: Trade lanes, shippers, consignees, or goods on a lane (covers).
        now: How many in the report.
        usual: How many there would be at the rate of the time before.
        chance: How likely so many are by chance.
        is_told: Whether that is no chance.
        names: Some of them.
    """

    kind: Novelty
    now: int
    usual: float
    chance: float
    is_told: bool
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rise:
    """A lane, goods, or goods on a lane, of which there are more, or that look worse.

    Attributes:
        place: What kind.
        name: Which.
        what: Whether the containers rose, or the share of them that is yellow or red.
        now: Containers in the report, or that share of them.
        usual: What there would be at the rate of the time before.
        chance: How likely that is by chance.
        is_told: Whether that is no chance.
        finds_near: Finds elsewhere that may have moved it here: from the same country or to the same port, the same
            goods on another lane, other goods on this one.
        after: Where most of those finds were made; empty for none.
    """

    place: Place
    name: str
    what: Literal["volume", "suspicion"]
    now: float
    usual: float
    chance: float
    is_told: bool
    finds_near: int = 0
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A new pair of traders that sent a few small clean loads, and then many.

    Attributes:
        shipper: Who sends.
        consignee: Who receives.
        since: The day of their first load.
        loads: Days on which they had a load.
        containers: Containers in all.
        late: Containers in the later half of the time since the first load.
        chance: How likely so many would come late; exact.
    """

    shipper: str
    consignee: str
    since: date
    loads: int
    containers: int
    late: int
    chance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Watches:
    """What moves.

    Attributes:
        new: What was seen for the first time.
        rises: What rose by more than chance; displacement where finds were made near it.
        rises_tested: How many rises could be tested.
        probes: Pairs that look tried out.
        pairs_tested: How many new pairs could be tested.
    """

    new: tuple[NewOnes, ...]
    rises: tuple[Rise, ...]
    rises_tested: int
    probes: tuple[Probe, ...]
    pairs_tested: int

    @property
    def displaced(self) -> tuple[Rise, ...]:
        """What rose where finds were made near it."""
        return tuple(rise for rise in self.rises if rise.finds_near)


def watches_of(period: Period, limits: Limits) -> Watches:
    """Look for what moves. Each of the three watches is silent in all but ``false_alarm_rate`` of quiet reports."""
    if period.before.is_empty():
        # Without a time before everything is new, and nothing has risen.
        return Watches(new=(), rises=(), rises_tested=0, probes=(), pairs_tested=0)
    rises, tested = _rises(period, limits)
    probes, pairs = _probes(period, limits)
    return Watches(
        new=_new(period, limits),
        rises=rises,
        rises_tested=tested,
        probes=probes,
        pairs_tested=pairs,
    )


def _new(period: Period, limits: Limits) -> tuple[NewOnes, ...]:
    made: list[NewOnes] = []
    days = _days(period)
    for kind, before in _NEW.items():
        fresh = period.containers.filter(pl.col(before) == 0).drop_nulls(kind)
        # The first time is one time, however many containers came with it.
        first = fresh.unique(kind, keep="first", maintain_order=True)
        counts = first.group_by("on").agg(pl.len().alias("many"))
        now, earlier = days.split(counts["on"].to_list(), counts["many"].to_list())
        rate = earlier[:, 0].sum() / earlier[:, 1].sum() if earlier[:, 1].sum() else 0.0
        named = first.filter("is_now")[kind].to_list()
        made.append(
            NewOnes(
                kind=kind,
                now=int(now[:, 0].sum()),
                usual=float(rate * now[:, 1].sum()),
                chance=rise_of(now, earlier),
                is_told=False,
                names=tuple(named[:_FEWEST]),
            )
        )
    stands = told_apart([one.chance for one in made], limits.false_alarm_rate)
    return tuple(
        replace(one, is_told=is_told) for one, is_told in zip(made, stands, strict=True)
    )


def _rises(period: Period, limits: Limits) -> tuple[tuple[Rise, ...], int]:
    tested: list[Rise] = []
    days = _days(period)
    is_worse = pl.col("lane").is_in(_SUSPICIOUS) & (pl.col("basis") != Basis.RANDOM.value)
    for place in _NEIGHBOURS:
        held = period.containers.drop_nulls(place)
        common = held.group_by(place).agg(pl.len().alias("many"))
        calls = (
            held.join(common.filter(pl.col("many") >= _FEWEST), on=place, how="semi")
            .group_by(place, "run_id", "on", "is_now", maintain_order=True)
            .agg(pl.len().alias("many"), is_worse.sum().alias("worse"))
        )
        for (name,), group in calls.group_by(place, maintain_order=True):
            tested.append(_volume(days, place, str(name), group))
            worse = _suspicion(place, str(name), group)
            if worse:
                tested.append(worse)
    stands = told_apart([rise.chance for rise in tested], limits.false_alarm_rate)
    told = [
        _with_finds(period, rise)
        for rise, is_told in zip(tested, stands, strict=True)
        if is_told
    ]
    told.sort(key=lambda rise: (rise.chance, rise.place, rise.name, rise.what))
    return tuple(told), len(tested)


def _volume(days: _Days, place: Place, name: str, calls: pl.DataFrame) -> Rise:
    now, before = days.split(calls["on"].to_list(), calls["many"].to_list())
    rate = before[:, 0].sum() / before[:, 1].sum() if before[:, 1].sum() else 0.0
    return Rise(
        place=place,
        name=name,
        what="volume",
        now=float(now[:, 0].sum()),
        usual=float(rate * now[:, 1].sum()),
        chance=rise_of(now, before),
        is_told=True,
    )


def _suspicion(place: Place, name: str, calls: pl.DataFrame) -> Rise | None:
    """Return whether more of them are yellow or red on their own account; None where too few calls were seen."""
    parted = calls.select("is_now", "worse", rest=pl.col("many") - pl.col("worse"))
    now, before = (
        parted.filter(pl.col("is_now") == side)
        .select("worse", "rest")
        .to_numpy()
        .astype(np.float64)
        for side in (True, False)
    )
    if not len(now) or not len(before):
        return None
    shift = shift_between(now, before)
    if shift.chance is None:
        return None
    share, usual = (float(side[:, 0].sum() / side.sum()) for side in (now, before))
    return Rise(
        place=place,
        name=name,
        what="suspicion",
        now=share,
        usual=usual,
        chance=shift.chance / 2 if share > usual else 1 - shift.chance / 2,
        is_told=True,
    )


def _with_finds(period: Period, rise: Rise) -> Rise:
    port = pl.col("trade_lane").str.split(" > ").list.last().alias("port")
    held = period.containers.with_columns(port).drop_nulls(rise.place)
    own = held.filter((pl.col(rise.place) == rise.name) & pl.col("is_now"))
    is_near = pl.any_horizontal(
        pl.col(shared).is_in(own[shared].drop_nulls().unique().to_list()).fill_null(value=False)
        for shared in _NEIGHBOURS[rise.place]
    )
    near = held.filter(
        pl.col("is_find").fill_null(value=False) & (pl.col(rise.place) != rise.name) & is_near
    )
    if near.is_empty():
        return rise
    most = near.group_by(rise.place).agg(pl.len().alias("many"))
    most = most.sort(["many", rise.place], descending=[True, False])
    return replace(rise, finds_near=near.height, after=str(most[rise.place][0]))


def _probes(period: Period, limits: Limits) -> tuple[tuple[Probe, ...], int]:
    """Test every new pair for coming more and more, and tell those of them that began with small clean loads.

    Where a pair comes as often as ever, each of its loads is as likely early as late. The shape of the beginning only
    takes away from what is told, and so cannot add a false alarm.
    """
    pair = ["shipper", "consignee"]
    loads = (
        period.containers.drop_nulls(pair)
        .group_by(*pair, "on")
        .agg(
            pl.len().alias("containers"),
            pl.col("is_find").fill_null(value=False).any().alias("has_find"),
            pl.col("pair_containers_before").min().alias("before"),
        )
        .sort(*pair, "on")
    )
    many = loads.group_by(pair).agg(pl.len().alias("many"))
    enough = many.filter(pl.col("many") > _FEWEST_LOADS)
    made: list[Probe] = []
    is_probed: list[bool] = []
    for (shipper, consignee), held in loads.join(enough, on=pair, how="semi").group_by(
        pair, maintain_order=True
    ):
        if held["before"][0] != 0:
            continue
        probe = _ramp(str(shipper), str(consignee), held, period.span.last)
        made.append(probe)
        first = held.head(_PROBES)
        is_probed.append(
            int(first["containers"].to_numpy().max()) <= _SMALL and not first["has_find"].any()
        )
    stands = told_apart([probe.chance for probe in made], limits.false_alarm_rate)
    told = [
        probe
        for probe, is_told, is_so in zip(made, stands, is_probed, strict=True)
        if is_told and is_so
    ]
    told.sort(key=lambda probe: (probe.chance, probe.shipper, probe.consignee))
    return tuple(told), len(made)


def _ramp(shipper: str, consignee: str, held: pl.DataFrame, last: date) -> Probe:
    days: Sequence[date] = held["on"].to_list()
    since = days[0]
    # The first load says when the time begins; the later half never is the longer one.
    middle = ((last - since).days + 1) / 2
    is_late = [(day - since).days > middle for day in days[1:]]
    sizes: list[int] = held["containers"].to_list()
    return Probe(
        shipper=shipper,
        consignee=consignee,
        since=since,
        loads=len(days),
        containers=sum(sizes),
        late=sum(size for size, is_so in zip(sizes[1:], is_late, strict=True) if is_so),
        chance=ramp_of(sizes[1:], is_late),
    )


@dataclass(frozen=True, slots=True)
class _Days:
    """The days with containers: how many there were on each, and which of them are of the report."""

    places: dict[date, int]
    containers: Counts
    is_now: NDArray[np.bool_]

    def split(self, on: Sequence[date], many: Sequence[int]) -> tuple[Counts, Counts]:
        """Return a row a day: what is counted of it, and all its containers; of the report, and of the time before."""
        rows = np.stack([np.zeros(len(self.places)), self.containers], axis=1)
        for day, count in zip(on, many, strict=True):
            rows[self.places[day], 0] += count
        return rows[self.is_now], rows[~self.is_now]


def _days(period: Period) -> _Days:
    days = period.containers.group_by("on").agg(pl.len().alias("all"), pl.col("is_now").first())
    days = days.sort("on")
    return _Days(
        {day: place for place, day in enumerate(days["on"])},
        days["all"].to_numpy().astype(np.float64),
        days["is_now"].to_numpy(),
    )
