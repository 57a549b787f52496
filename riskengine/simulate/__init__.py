"""A synthetic port world: months of manifests, with illicit consignments planted and some examined."""

from riskengine.simulate.settings import PLANTED, Settings
from riskengine.simulate.simulated import SimulatedWorld, simulate
from riskengine.simulate.world import World, make_world
from riskengine.simulate.writing import write_world

__all__ = [
    "PLANTED",
    "Settings",
    "SimulatedWorld",
    "World",
    "make_world",
    "simulate",
    "write_world",
]
