"""How the program leaves: exit codes as a shell sees them, one sentence, no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from riskengine.ledger.connection import open_ledger
from riskengine.ledger.locking import Patience
from riskengine.register.outcomes import outcomes_of

ROOT = Path(__file__).parents[2]
HOLD = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.readline()
connection.close()
"""


def shell(*arguments, **environment):
    return subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), *map(str, arguments)],
        capture_output=True,
        check=False,
        env=os.environ | environment,
    )


def test_zero_one_two_and_three_reach_the_shell(samples, tmp_path):
    done = shell("check", samples / "earlier" / "2026-02-18.csv")
    assert done.returncode == 0
    assert b"HS codes that exist and fit" in done.stdout
    assert shell("check", samples / "broken" / "ragged.csv").returncode == 1
    assert shell("score").returncode == 2
    refused = shell("score", samples / "voyage.csv", "-w", tmp_path / "none")
    assert (refused.returncode, refused.stdout) == (3, b"")
    assert b"Traceback" not in refused.stderr
    assert refused.stderr.count(b"\n") == 1


def test_a_name_that_is_no_text_is_refused_and_no_traceback(tmp_path, unit):
    """File names are bytes; a terminal's are too."""
    done = subprocess.run(
        [
            sys.executable.encode(),
            b"cli.py",
            b"score",
            b"caf\xe9.csv",
            b"-w",
            os.fsencode(unit.root),
        ],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 3
    assert b"Traceback" not in done.stderr
    assert b"There is no file" in done.stderr


def test_a_reader_that_closes_early_is_no_error_worth_a_traceback(samples):
    """``riskengine check … --json | head -1``."""
    with subprocess.Popen(
        [sys.executable, str(ROOT / "cli.py"), "check", "--json"]
        + [str(samples / "broken" / "eaten_zero.csv")] * 120,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
    assert b"Traceback" not in said


@pytest.fixture
def impatient(monkeypatch):
    """Ask for the ledger once and do not wait."""
    monkeypatch.setitem(
        open_ledger.__wrapped__.__kwdefaults__, "patience", Patience(limit_seconds=0.0)
    )


def test_a_ledger_that_another_process_holds_is_told_with_its_number(
    unit, samples, command, at, impatient
):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(unit.ledger_file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "held\n"
        said = command("score", samples / "broken" / "latin1.csv", *at, "-w", unit.root)
        process.communicate("\n", timeout=60)
    assert said.code == 3
    assert said.out == ""
    assert f"is held by process {process.pid}" in said.err
    assert "try again" in said.err
    again = command("score", samples / "broken" / "latin1.csv", *at, "-w", unit.root)
    assert again.code == 0


def test_an_outcome_is_entered_by_the_officer_named(scored, command, monkeypatch):
    said = command("outcome", "xocu 643528-0", "nil", "--officer", "Ruiz", "-w", scored.root)
    assert (said.code, said.out) == (0, "")
    assert "XOCU6435280: nil entered by Ruiz" in said.err
    monkeypatch.setenv("RISKENGINE_OFFICER", "Ama")
    seizure = ("outcome", "XOCU6435280", "seizure", "--note", "14 bags", "-w", scored.root)
    again = command(*seizure)
    assert again.code == 3
    assert "has an outcome already: nil, by Ruiz" in again.err
    assert command(*seizure, "--correct", "wrong line").code == 0
    first, second = outcomes_of(scored, "XOCU6435280")
    assert (first.result.officer, second.result.officer) == ("Ruiz", "Ama")
    assert second.result.note == "14 bags [corrects nil: wrong line]"


def test_an_outcome_of_an_unknown_container_names_near_numbers(scored, command):
    said = command("outcome", "XOCU6435281", "nil", "-w", scored.root)
    assert said.code == 3
    assert "Did you mean XOCU6435280" in said.err
    assert outcomes_of(scored, "XOCU6435281") == ()


def test_an_outcome_that_is_none_of_the_three_is_a_usage_error(scored, command):
    said = command("outcome", "XOCU6435280", "perhaps", "-w", scored.root)
    assert said.code == 2
    assert "'nil', 'discrepancy', 'seizure'" in said.err


def test_without_a_verb_there_is_help(command):
    said = command()
    assert said.code in {0, 2}
    assert "score" in said.out + said.err
