"""Fronts that try the way first: a new pair sends clean, small loads for some weeks, then the other one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from riskengine.domain import Typology
from riskengine.simulate.columns import put
from riskengine.simulate.dice import dice
from riskengine.simulate.traders import FACTS, invent_traders

if TYPE_CHECKING:
    from riskengine.simulate.columns import Indices
    from riskengine.simulate.draft import Draft
    from riskengine.simulate.settings import Settings

_FRONTS = [
    kind.value
    for kind in (
        Typology.CONCEALED_IN_LOAD,
        Typology.CARRIER_MATERIAL,
        Typology.COLD_ROUTE,
        Typology.SWITCHED_BILL,
        Typology.MISDECLARED_CHEMICALS,
        Typology.MISDECLARED_WASTE,
        Typology.CONCEALED_ARMS,
    )
]
_PROBES = (2, 6)
_FIRST_DAYS, _LAST_DAYS = 70, 7


def send_probes(settings: Settings, draft: Draft) -> Draft:
    """Let some fronts send two to five clean boxes on their lane, ten weeks to one before the illicit one.

    The pair is new in the world: no trader bore its names before. The clean loads are other people's
    bookings of one box, taken over with their day and lane, so that no more sails than was booked;
    they carry the same goods as what follows, in small boxes of it.
    """
    if not settings.probe_share:
        return draft
    rng = dice(settings.seed, "probes")
    bills = draft.bills
    kinds = bills["typology"].is_in(_FRONTS).fill_null(value=False).to_numpy()
    able = np.flatnonzero(kinds & ~bills["is_insider"].to_numpy())
    leaders = able[rng.random(len(able)) < settings.probe_share]
    rows, of = _probes(rng, bills, leaders)
    fronts = {
        role: invent_traders(rng, bills[home].gather(leaders))
        for role, home in (("shipper", "country"), ("consignee", "delivery_country"))
    }
    front = np.full(bills.height, len(leaders), dtype=np.int64)
    front[leaders] = np.arange(len(leaders))
    front[rows] = of
    written = front < len(leaders)
    place = np.where(written, front, 0)
    if not len(leaders):
        return draft
    for role, people in (*fronts.items(), ("notify_party", fronts["consignee"])):
        values = {f"{role}_{fact}": people[fact].gather(place) for fact in FACTS}
        bills = put(bills, written, **values)
    is_probe = np.zeros(bills.height, dtype=np.bool_)
    is_probe[rows] = True
    same_goods = bills["commodity"].gather(leaders).gather(place)
    small = bills["mass_factor"] * pl.Series(rng.uniform(0.45, 0.8, bills.height))
    bills = put(bills, is_probe, commodity=same_goods, mass_factor=small, is_probe=True)
    return replace(draft, bills=put(bills, written, is_probed=True, is_to_order=False))


def _probes(
    rng: np.random.Generator, bills: pl.DataFrame, leaders: Indices
) -> tuple[Indices, Indices]:
    """Return the bills taken over for probes, and which of the fronts each is for; none twice."""
    lane = bills["lane_id"].to_numpy()
    home = bills["delivery_country"].to_numpy()
    arrives = bills["arrival_expected_on"].to_physical().to_numpy().astype(np.int64)
    free = bills.select(
        pl.col("typology").is_null()
        & ~pl.col("is_empty")
        & pl.col("group").is_null()
        & (pl.col("box_count") == 1)
    ).to_series()
    taken = ~free.to_numpy()
    order = np.lexsort((arrives, lane))
    starts = np.searchsorted(lane[order], np.arange(int(lane.max()) + 2))
    rows: list[int] = []
    of: list[int] = []
    wanted = rng.integers(*_PROBES, len(leaders))
    for number, (leader, count) in enumerate(zip(leaders, wanted, strict=True)):
        own = order[starts[lane[leader]] : starts[lane[leader] + 1]]
        low, high = np.searchsorted(
            arrives[own], (arrives[leader] - _FIRST_DAYS, arrives[leader] - _LAST_DAYS)
        )
        before = own[low:high]
        options = before[~taken[before] & (home[before] == home[leader])]
        chosen = rng.permutation(options)[: int(count)]
        taken[chosen] = True
        rows.extend(int(row) for row in chosen)
        of.extend([number] * len(chosen))
    return np.array(rows, dtype=np.int64), np.array(of, dtype=np.int64)
