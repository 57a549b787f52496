"""From verdicts and a model's log-odds to one score, a lane, a basis, and a day's examinations. Pure: no file, no clock."""

from riskengine.selectivity.choose import Door, choose
from riskengine.selectivity.combine import Combined, combine
from riskengine.selectivity.lanes import assign_lanes
from riskengine.selectivity.policy import Policy, read_policy
from riskengine.selectivity.stratum import drawn_at_random

__all__ = [
    "Combined",
    "Door",
    "Policy",
    "assign_lanes",
    "choose",
    "combine",
    "drawn_at_random",
    "read_policy",
]
