"""A synthetic port world: months of manifests, with illicit consignments planted and some examined."""

from riskengine.simulate.presets import PRESETS
from riskengine.simulate.settings import PLANTED, Settings, Wave
from riskengine.simulate.settings_file import load_settings, wave_of
from riskengine.simulate.simulated import SimulatedWorld, simulate
from riskengine.simulate.world import World, make_world
from riskengine.simulate.writing import write_world

__all__ = [
    "PLANTED",
    "PRESETS",
    "Settings",
    "SimulatedWorld",
    "Wave",
    "World",
    "load_settings",
    "make_world",
    "simulate",
    "wave_of",
    "write_world",
]
