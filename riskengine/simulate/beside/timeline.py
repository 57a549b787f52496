"""When each box is stuffed, comes in, is loaded, discharged, released and fetched, by the minute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskengine.simulate.beside.shown import shown
from riskengine.simulate.dice import dice

if TYPE_CHECKING:
    from riskengine.simulate.columns import Indices, Mask, Numbers
    from riskengine.simulate.draft import Draft
    from riskengine.simulate.settings import Settings

DAY = 1_440
"""Minutes."""

_RELAYED_AFTER = 0.45
_USUAL_INLAND_DAYS = 0.8
_USUAL_YARD_DAYS = 3.0
_USUAL_RELEASE_DAYS = 1.5
_USUAL_PICK_UP_DAYS = 1.2
_LONGEST_YARD_DAYS = (
    15.0  # a box has to be back, and to sail again, before its next voyage begins
)
_LONGEST_ON_QUAY_DAYS = 11
_LONGEST_AWAY_DAYS = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Minutes since 1970 in UTC, one for each box; what happens at a relay only where ``is_relayed``."""

    stuffed: Indices
    gate_in: Indices
    loaded: Indices
    relayed_off: Indices
    relayed_on: Indices
    discharged: Indices
    released: Indices
    gate_out: Indices
    returned: Indices
    is_relayed: Mask


def make_timeline(settings: Settings, draft: Draft) -> Timeline:
    """Let every box go its way; who waits, hurries or is early says so by how long it takes."""
    rng = dice(settings.seed, "timeline")
    size = draft.boxes.height
    own = draft.bills.select(
        "loaded_on", "arrival_expected_on", "days", "wait", "transhipment_ports"
    )[draft.boxes["bill_id"].to_list()]

    def lasting(usual: float, spread: float, least: float, most: float) -> Numbers:
        return np.clip(usual * rng.lognormal(0.0, spread, size), least, most)

    loaded = _minutes(own["loaded_on"].to_physical().to_numpy(), rng.uniform(0.05, 0.95, size))
    yard = lasting(_USUAL_YARD_DAYS, 0.45, 0.6, 9.0)
    yard += np.where(shown(settings, draft, "long_in_yard"), rng.uniform(6, 18, size), 0.0)
    late = shown(settings, draft, "gated_in_late")
    yard = np.minimum(np.where(late, rng.uniform(0.1, 0.4, size), yard), _LONGEST_YARD_DAYS)
    inland = lasting(_USUAL_INLAND_DAYS, 0.5, 0.1, 3.0)
    slow = shown(settings, draft, "stuffed_long_before")
    inland = np.where(slow, rng.uniform(3, 7, size), inland)
    gate_in = loaded - _days(yard)
    arrives = own["arrival_expected_on"].to_physical().to_numpy()
    discharged = _minutes(arrives, rng.uniform(0.1, 1.7, size))
    released, gate_out = _fetched(settings, draft, rng, discharged)
    sailing = own["days"].to_numpy().astype(np.float64)
    off = loaded + _days(sailing * _RELAYED_AFTER)
    return Timeline(
        stuffed=gate_in - _days(inland),
        gate_in=gate_in,
        loaded=loaded,
        relayed_off=off,
        relayed_on=off + _days(own["wait"].to_numpy().astype(np.float64)),
        discharged=discharged,
        released=released,
        gate_out=gate_out,
        returned=gate_out + _days(lasting(2.0, 0.6, 0.3, _LONGEST_AWAY_DAYS)),
        is_relayed=own["transhipment_ports"].is_not_null().to_numpy(),
    )


def _fetched(
    settings: Settings, draft: Draft, rng: np.random.Generator, discharged: Indices
) -> tuple[Indices, Indices]:
    """Return when each box is released and fetched; the release comes first, but for mistakes and thieves."""
    size = len(discharged)
    usual = np.clip(_USUAL_RELEASE_DAYS * rng.lognormal(0.0, 0.6, size), 0.1, 7.0)
    waiting = np.clip(_USUAL_PICK_UP_DAYS * rng.lognormal(0.0, 0.7, size), 0.05, 14.0)
    early = shown(settings, draft, "picked_up_early")
    usual = np.where(early, rng.uniform(0.05, 0.2, size), usual)
    waiting = np.where(early, rng.uniform(0.02, 0.15, size), waiting)
    released = discharged + _days(usual)
    gate_out = np.minimum(released + _days(waiting), discharged + _LONGEST_ON_QUAY_DAYS * DAY)
    before = shown(settings, draft, "picked_up_before_release")
    swapped = discharged + _days(usual * rng.uniform(0.3, 0.9, size))
    return released, np.where(before, swapped, gate_out)


def _days(days: Numbers) -> Indices:
    return np.round(days * DAY).astype(np.int64)


def _minutes(day: Indices, part: Numbers) -> Indices:
    return day.astype(np.int64) * DAY + _days(part)
