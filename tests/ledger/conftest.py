from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from riskengine.ledger.migrations import create_ledger
from riskengine.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace with an empty ledger."""
    made = Workspace(tmp_path / "unit")
    create_ledger(made)
    return made
