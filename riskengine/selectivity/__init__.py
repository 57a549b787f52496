"""From verdicts and a model's log-odds to one score, a lane and a basis. Pure: no file, no clock."""

from riskengine.selectivity.combine import Combined, combine
from riskengine.selectivity.lanes import assign_lanes
from riskengine.selectivity.policy import Policy, read_policy
from riskengine.selectivity.stratum import drawn_at_random

__all__ = ["Combined", "Policy", "assign_lanes", "combine", "drawn_at_random", "read_policy"]
