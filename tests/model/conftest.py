from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from port_world import FEATURES, history

from riskengine.model.card import TrainingSettings
from riskengine.model.train import train


@pytest.fixture(scope="session")
def past():
    return history()


@pytest.fixture(scope="session")
def bundle(past):
    settings = TrainingSettings(trees_at_most=24, noise_is_dropped=False)
    return train(past, past["is_find"], past["assessed_on"], FEATURES, settings)
