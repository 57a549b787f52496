"""The engine: open a workspace, assess a manifest, record the run."""

from riskengine.engine.engine import Engine
from riskengine.engine.run import Run

__all__ = ["Engine", "Run"]
