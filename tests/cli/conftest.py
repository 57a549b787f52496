"""A unit that has scored the sample voyage, and texts to compare with."""

from __future__ import annotations

import difflib
import os
import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from riskengine.engine import Engine, Run
from riskengine.manifest import Reading
from riskengine.workspace import Workspace

SNAPSHOTS = Path(__file__).parent / "snapshots"


@pytest.fixture(scope="session")
def scored_unit(
    session_unit: Workspace,
    run: Run,
    reading: Reading,
    voyage: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Workspace:
    """The unit after the sample voyage was recorded: nobody may change it."""
    root = tmp_path_factory.mktemp("scored") / "unit"
    shutil.copytree(session_unit.root, root)
    Engine.open(Workspace(root)).record(run, reading, voyage, by="tester")
    return Workspace(root)


@pytest.fixture
def scored(scored_unit: Workspace, tmp_path: Path) -> Workspace:
    """A copy of it that a test may change."""
    shutil.copytree(scored_unit.root, tmp_path / "scored")
    return Workspace(tmp_path / "scored")


@pytest.fixture(scope="session")
def is_as_kept() -> Callable[[str, str], None]:
    """Compare a text with the one kept under a name; UPDATE_SNAPSHOTS=1 keeps the new one instead.

    Run ids and digests are masked: they change with every model and rule, the texts should not.
    """

    def compare(name: str, text: str) -> None:
        shown = re.sub(r"\b\d{4}-\d\d-\d\d-[0-9a-f]{12}\b", "<run>", text)
        shown = re.sub(
            r"\b(manifest|history|rules|model|policy) [0-9a-f]{12}\b", r"\1 <sha256>", shown
        )
        shown = "".join(f"{line.rstrip()}\n" for line in shown.splitlines())
        kept = SNAPSHOTS / f"{name}.txt"
        if os.environ.get("UPDATE_SNAPSHOTS") == "1":
            kept.write_text(shown, "utf-8", newline="\n")
        expected = kept.read_text("utf-8") if kept.is_file() else ""
        changed = "\n".join(
            difflib.unified_diff(
                expected.splitlines(), shown.splitlines(), "kept", "now", lineterm="", n=1
            )
        )
        assert not changed, f"{changed}\nIf this is meant: UPDATE_SNAPSHOTS=1 pytest tests/cli"

    return compare


@pytest.fixture(scope="session")
def at() -> tuple[str, str]:
    """The option that assesses as of the sample voyage's day."""
    return ("--at", date(2026, 3, 4).isoformat())
