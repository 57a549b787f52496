"""Leaving a lane after a find: the next consignments come by a colder port, some weeks later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from riskengine.simulate.dice import dice
from riskengine.simulate.mix import SOURCE
from riskengine.simulate.tables import hinterlands

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskengine.simulate.columns import Indices, Mask
    from riskengine.simulate.draft import Draft
    from riskengine.simulate.settings import Settings

_REMEMBERED_DAYS = 120
_SEASON_DAYS = 90
_NEAR_DAYS = 10
_FIRST_DAY = date(1970, 1, 1)


def displaced(
    settings: Settings, draft: Draft, chosen: Indices, wave: Indices, finds: pl.DataFrame | None
) -> Mask:
    """Move illicit loads to colder lanes, in *chosen* and *wave*, and tell which boxes took them up.

    A load that would be loaded in a port where something was found, known at least the lag and at most four months
    before it was booked, moves with the set chance: to a box booked no sooner, that comes at about the same time from
    a port where nothing was found. All who leave one port in one quarter go to the same one, as networks do. The
    modus operandi stays.

    Args:
        settings: How often, and after how long.
        draft: What sails.
        chosen: The typology of each box by number, negative for the innocent; changed in place.
        wave: The wave of each box; changed in place.
        finds: ``port_of_loading`` and ``known_on`` of finds, or None.
    """
    moved = np.zeros(len(chosen), dtype=np.bool_)
    heat = _heat(settings, finds)
    if not settings.displacement or not (heat.known or heat.source):
        return moved
    rng = dice(settings.seed, "displacement")
    own = draft.bills.select("booked_on", "arrival_expected_on")[
        draft.boxes["bill_id"].to_list()
    ].with_columns(pl.all().to_physical())
    booked, arrives = (own[name].to_numpy() for name in ("booked_on", "arrival_expected_on"))
    names, port = np.unique(draft.boxes["port_of_loading"].to_numpy(), return_inverse=True)
    free = draft.boxes["is_full"].to_numpy() & draft.boxes["group"].is_null().to_numpy()
    cold = free & ~draft.boxes["country"].is_in(SOURCE).to_numpy()
    guilty = np.flatnonzero(chosen >= 0)
    order = guilty[np.argsort(booked[guilty], kind="stable")]
    draws, ways = rng.random(len(order)), rng.random(len(order))
    for box, draw, way in zip(order, draws, ways, strict=True):
        day, home = int(booked[box]), str(names[port[box]])
        if draw >= settings.displacement or not heat.is_hot(home, day):
            continue
        is_cold = np.array([not heat.is_hot(str(name), day) for name in names])
        near = np.abs(arrives - arrives[box]) <= _NEAR_DAYS
        options = np.flatnonzero(
            cold & near & is_cold[port] & (chosen < 0) & (booked >= booked[box])
        )
        if len(options):
            options = _to_one_port(settings.seed, home, day, options, port)
            new = int(options[int(way * len(options))])
            chosen[new], wave[new] = chosen[box], wave[box]
            chosen[box], wave[box] = -1, 0
            moved[new] = True
    return moved


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heat:
    """What those who send know of finds.

    Attributes:
        known: The days on which finds of each port of loading were known.
        source: Ports of source countries, where they are all taken to be hot from a day.
        since: That day.
        lag: How many days pass before anybody acts.
    """

    known: Mapping[str, Indices]
    source: frozenset[str]
    since: int
    lag: int

    def is_hot(self, port: str, day: int) -> bool:
        """Tell whether a find in a port was known, long enough ago, when a load was booked there."""
        if port in self.source and self.since <= day - self.lag:
            return True
        days = self.known.get(port)
        if days is None:
            return False
        last = day - self.lag
        return bool(((days <= last) & (days > last - _REMEMBERED_DAYS)).any())


def _heat(settings: Settings, finds: pl.DataFrame | None) -> _Heat:
    days: dict[str, list[int]] = {}
    if finds is not None:
        told = finds.select("port_of_loading", pl.col("known_on").to_physical())
        for port, day in told.iter_rows():
            days.setdefault(port, []).append(day)
    since = settings.displaced_from
    ports = [
        port
        for port, homes in hinterlands().items()
        if since is not None and any(home in SOURCE for home in homes)
    ]
    return _Heat(
        known={port: np.array(each, dtype=np.int64) for port, each in days.items()},
        source=frozenset(ports),
        since=(since - _FIRST_DAY).days if since is not None else 0,
        lag=settings.displacement_lag_days,
    )


def _to_one_port(seed: int, home: str, day: int, options: Indices, port: Indices) -> Indices:
    """Keep the boxes of the one port to which those go who leave this one in this quarter."""
    offered = np.unique(port[options])
    drawn = dice(seed, f"displacement/{home}/{day // _SEASON_DAYS}").random(
        int(offered[-1]) + 1
    )
    here: Indices = options[port[options] == offered[np.argmax(drawn[offered])]]
    return here
