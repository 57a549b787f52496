from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from riskengine.register.connection import create_register
from riskengine.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace with an empty register."""
    made = Workspace(tmp_path / "unit")
    create_register(made)
    return made
