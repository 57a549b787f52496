"""Units written by hand, each once a session."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from monitor_worlds import Hand, write_world

from riskengine.workspace import Workspace


@pytest.fixture(scope="session")
def written_world(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Hand], Workspace]:
    """Write a unit by hand; the same hand writes one unit a session."""
    made: dict[Hand, Workspace] = {}

    def world(hand: Hand) -> Workspace:
        if hand not in made:
            root: Path = tmp_path_factory.mktemp("world") / "unit"
            made[hand] = write_world(hand, root)
        return made[hand]

    return world
