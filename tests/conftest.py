"""A unit with six earlier voyages behind it, founded once a session and copied for each test."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import settings

from riskengine.cli import main
from riskengine.engine import Engine, Run, founding
from riskengine.manifest import Reading, read_manifest
from riskengine.register.seeds import make_stratum_seed
from riskengine.workspace import ENVIRONMENT_VARIABLE, Workspace

# A submission is judged by the same examples every time; a person's own runs look for new ones.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

ROOT = Path(__file__).parents[1]
SEED = b"what a test may know of the draw"


@dataclass(frozen=True, slots=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def samples() -> Path:
    """The sample manifests."""
    return ROOT / "sample_manifests"


@pytest.fixture(scope="session")
def day() -> date:
    """The morning on which the sample voyage is assessed."""
    return date(2026, 3, 4)


@pytest.fixture(scope="session")
def found_with_seed() -> Callable[[Path, bytes], Workspace]:
    """Found a workspace whose random draws are pinned."""

    found = founding.found

    def founded(root: Path, seed: bytes) -> Workspace:
        pinned = partial(make_stratum_seed, entropy=lambda _: seed)
        with mock.patch.object(founding, "make_stratum_seed", pinned):
            found(Workspace(root), at=datetime(2025, 12, 1, tzinfo=UTC), by="chief")
        return Workspace(root)

    return founded


@pytest.fixture(scope="session")
def session_unit(
    tmp_path_factory: pytest.TempPathFactory,
    samples: Path,
    found_with_seed: Callable[[Path, bytes], Workspace],
) -> Workspace:
    """The unit that all tests share: nobody may change it."""
    unit = found_with_seed(tmp_path_factory.mktemp("session") / "unit", SEED)
    engine = Engine.open(unit)
    for earlier in sorted((samples / "earlier").glob("*.csv")):
        reading = read_manifest(earlier)
        run = engine.assess(reading, assessed_on=date.fromisoformat(earlier.stem))
        engine.record(run, reading, earlier, by="tester")
    return unit


@pytest.fixture
def unit(session_unit: Workspace, tmp_path: Path) -> Workspace:
    """A copy of the unit that a test may change."""
    shutil.copytree(session_unit.root, tmp_path / "unit")
    return Workspace(tmp_path / "unit")


@pytest.fixture(scope="session")
def voyage(samples: Path) -> Path:
    """The sample voyage."""
    return samples / "voyage.csv"


@pytest.fixture(scope="session")
def reading(voyage: Path) -> Reading:
    """The sample voyage, read."""
    return read_manifest(voyage)


@pytest.fixture(scope="session")
def run(session_unit: Workspace, reading: Reading, day: date) -> Run:
    """The sample voyage, assessed and not recorded."""
    return Engine.open(session_unit).assess(reading, assessed_on=day)


@pytest.fixture(scope="session")
def written_lines() -> Callable[..., Path]:
    """Write lines of canonical fields as CSV; a field that a line lacks is left empty."""

    def written(path: Path, lines: Sequence[Mapping[str, str]]) -> Path:
        headers = list(dict.fromkeys(name for line in lines for name in line))
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, headers, restval="")
            writer.writeheader()
            writer.writerows(lines)
        return path

    return written


@pytest.fixture(scope="session")
def voyage_lines(voyage: Path) -> Callable[[], list[dict[str, str]]]:
    """Return the lines of the sample voyage as texts, to be changed and written again."""

    def lines() -> list[dict[str, str]]:
        with voyage.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    return lines


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Said]]:
    """Run a command line as a user would, in this process, and return what it answered."""
    for name in (
        ENVIRONMENT_VARIABLE,
        "RISKENGINE_OFFICER",
        "FORCE_COLOR",
        "COLUMNS",
        "TTY_COMPATIBLE",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LOGNAME", "officer-of-the-day")

    def answered(*arguments: object) -> Said:
        out, err = io.StringIO(), io.StringIO()
        monkeypatch.setattr(sys, "argv", ["riskengine", *map(str, arguments)])
        code = 0
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main()
            except SystemExit as left:
                code = 0 if left.code is None else int(left.code)
        return Said(code, out.getvalue(), err.getvalue())

    return answered
