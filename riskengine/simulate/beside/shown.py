"""Which containers show a sign beside the manifest, and the ports' own habits of reporting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskengine.simulate.dice import dice
from riskengine.simulate.signs import cares, chances
from riskengine.simulate.tables import beside_rates

if TYPE_CHECKING:
    from riskengine.simulate.columns import Indices, Mask, Numbers
    from riskengine.simulate.draft import Draft
    from riskengine.simulate.settings import Settings


def shown(settings: Settings, draft: Draft, sign: str) -> Mask:
    """Tell which full boxes show a sign of the table."""
    chance = chances(
        settings, draft.boxes, beside_rates()[sign], cares(settings, draft.boxes.height), sign
    )
    draw = dice(settings.seed, f"beside/{sign}").random(draft.boxes.height)
    full: Mask = draft.boxes["is_full"].to_numpy()
    return full & (draw < chance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """How each container's port reports: arrays with one value for each box.

    Attributes:
        missing: How often an event goes unreported.
        reads_seals: How often a seal is read at a gate.
        weighs: Whether the port weighs at its gate.
        lifts: Whether its cranes tell what they lift.
        zone_minutes: By how much its clock is wrong where it is wrong.
    """

    missing: Numbers
    reads_seals: Numbers
    weighs: Mask
    lifts: Mask
    zone_minutes: Indices


def habits(settings: Settings, ports: Indices) -> Port:
    """Return the reporting habits of the port of each box: the same port always has the same.

    Args:
        settings: The seed, and how much is left out.
        ports: The port of each box, by name.
    """
    names, number = np.unique(ports.astype(str), return_inverse=True)
    drawn = np.array(
        [dice(settings.seed, f"port habits/{name}").random(5) for name in names]
    ).reshape(-1, 5)
    of = drawn[number]
    return Port(
        missing=(0.02 + 0.16 * of[:, 0] ** 2) * settings.missing_strength,
        reads_seals=0.35 + 0.6 * of[:, 1],
        weighs=of[:, 2] < 0.6,  # noqa: PLR2004 -- an invented share
        lifts=of[:, 3] < 0.4,  # noqa: PLR2004
        zone_minutes=(np.floor(of[:, 4] * 9) - 4).astype(np.int64) * 60,
    )
