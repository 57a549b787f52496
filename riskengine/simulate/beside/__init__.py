"""What is received beside the manifests: stow plans, reports of gates and quays, earlier versions."""

from riskengine.simulate.beside.earlier import make_earlier
from riskengine.simulate.beside.movements import make_movements
from riskengine.simulate.beside.plans import make_plans

__all__ = ["make_earlier", "make_movements", "make_plans"]
