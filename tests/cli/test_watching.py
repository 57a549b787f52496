"""A watched folder from outside: one line a file, signals, kill -9, and what cannot stand beside it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from riskengine.cli.watching import watch
from riskengine.ledger import received_files, run_register
from riskengine.ledger.migrations import create_ledger
from riskengine.register.connection import create_register
from riskengine.register.seeds import make_stratum_seed
from riskengine.selectivity.policy import settings_text
from riskengine.workspace import Workspace

ROOT = Path(__file__).parents[2]
MANIFEST = (
    "bill_of_lading,container_number,vessel_name,voyage_number,port_of_loading,port_of_discharge\n"
    "B1,CSQU3054383,EXAMPLE ANDES,{voyage},ECGYE,ESBCN\n"
)
MOVEMENTS = "container_number,movement,moved_on\nCSQU3054383,gate_in,2026-03-01\n"


@pytest.fixture(scope="module")
def founded(tmp_path_factory):
    """A unit without rules and model, whose assessments take no time: nobody may change it."""
    made = Workspace(tmp_path_factory.mktemp("founded") / "unit")
    create_ledger(made)
    create_register(made)
    make_stratum_seed(made, "chief", entropy=lambda count: b"s" * count)
    made.settings_file.write_text(settings_text(), "utf-8")
    return made


@pytest.fixture
def unit(tmp_path, founded):
    shutil.copytree(founded.root, tmp_path / "unit")
    return Workspace(tmp_path / "unit")


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "arrivals"
    made.mkdir()
    return made


@pytest.fixture
def looked(unit, folder, capsys):
    """Look once without sleeping, and return what was said on stdout and on stderr."""

    def once(**options):
        watch(
            unit, folder, mapping=None, is_once=True, sleep=lambda _: None,
            clock=lambda: datetime(2026, 3, 4, tzinfo=UTC), **options,
        )  # fmt: skip
        return capsys.readouterr()

    return once


def test_one_short_line_a_file(folder, looked):
    (folder / "a.csv").write_text(MANIFEST.format(voyage="601E"))
    (folder / "b.csv").write_text(MOVEMENTS)
    (folder / "c.csv").write_text("%PDF-1.7")
    said = looked()
    first, second = said.out.splitlines()
    assert first.startswith("a.csv: csv · containers 1 · red 0 · yellow 0 · defects 0 · run ")
    assert second == "b.csv: csv, movements · containers 1 · defects 0 · received"
    assert "c.csv" in said.err
    assert "It is tried again when it changes." in said.err
    assert "files scored 1, received 1, broken 1" in said.err


def test_one_json_object_a_file(folder, looked):
    (folder / "a.csv").write_text(MANIFEST.format(voyage="601E"))
    (folder / "b.csv").symlink_to(folder / "a.csv")
    (folder / "c.csv").write_text("%PDF-1.7")
    told = {one["file"]: one for one in map(json.loads, looked(as_json=True).out.splitlines())}
    assert told["a.csv"]["what"] == "scored"
    assert (told["a.csv"]["containers"], told["a.csv"]["kind"]) == (1, "manifest")
    assert told["a.csv"]["run"].startswith("2026-03-04-")
    assert (told["b.csv"]["what"], told["b.csv"]["why"]) == ("refused", "is_link")
    assert told["c.csv"]["what"] == "failed"


def test_what_is_said_in_another_language(folder, looked):
    (folder / "b.csv").write_text(MOVEMENTS)
    assert (
        looked(language="fr").out
        == "b.csv : csv, mouvements · conteneurs 1 · défauts 0 · reçu\n"
    )


@pytest.mark.parametrize(
    "options",
    [
        ["--at", "2026-03-04"],
        ["--dry-run"],
        ["--out", "x.csv"],
        ["voyage.csv"],
        ["--every", "0"],
        ["--every", "1e9"],
    ],
)
def test_what_speaks_of_one_run_cannot_stand_beside_it(command, folder, unit, options):
    said = command("score", "--watch", folder, "-w", unit.root, *options)
    assert (said.code, said.out) == (2, "")


def test_nothing_to_score_is_said(command, unit):
    assert command("score", "-w", unit.root).code == 2


@pytest.fixture
def started(folder, unit):
    """Start watching in a process of its own; it is ended with the test."""
    begun: list[subprocess.Popen[str]] = []

    def start(*options):
        command = [sys.executable, str(ROOT / "cli.py"), "score", "--watch", str(folder)]
        process = subprocess.Popen(
            [*command, "--json", "--every", "0.1", "-w", str(unit.root), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        begun.append(process)
        return process

    yield start
    for process in begun:
        process.kill()
        process.communicate()


def test_killed_and_started_again_it_scores_each_file_once(folder, unit, started):
    for number in range(4):
        (folder / f"{number}.csv").write_text(MANIFEST.format(voyage=f"60{number}E"))
    process = started()
    assert process.stdout
    assert json.loads(process.stdout.readline())["file"] == "0.csv"
    process.kill()  # in the midst of the second
    process.communicate()
    out, err = started("--once").communicate()
    assert "broken 0" in err
    files = [entry.manifest_file for entry in run_register.recorded_runs(unit)]
    assert sorted(files) == ["0.csv", "1.csv", "2.csv", "3.csv"]
    assert len(received_files.list_received(unit)) == 4
    assert len(out.splitlines()) <= 3
    assert list(unit.received_folder.glob("in-hand-*")) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_after_the_file_in_hand(folder, unit, started, number):
    (folder / "a.csv").write_text(MANIFEST.format(voyage="601E"))
    process = started()
    assert process.stdout
    process.stdout.readline()
    process.send_signal(number)
    _, err = process.communicate()
    assert (process.returncode, "Traceback" in err) == (0, False)
    assert "files scored 1" in err
    assert len(run_register.recorded_runs(unit)) == 1
