"""Same in, same out: the same five things give the same bytes, alone or in a batch, today or read back."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from riskengine.engine import Engine
from riskengine.engine.explanation import explain
from riskengine.engine.recorded import run_of
from riskengine.engine.report import as_json_lines
from riskengine.errors import LedgerError
from riskengine.ledger import history, run_register
from riskengine.ledger.runs import read_card
from riskengine.manifest import read_manifest
from riskengine.workspace import Workspace

ROOT = Path(__file__).parents[2]


def same(one, other):
    """Tell whether two runs are the same to the last bit."""
    mine, others = one.frames(), other.frames()
    return (
        one.card == other.card
        and mine.keys() == others.keys()
        and all(mine[name].equals(others[name]) for name in mine)
        and all(mine[name].schema == others[name].schema for name in mine)
    )


def test_assessing_twice_gives_the_same_run(session_unit, reading, run, day):
    assert same(Engine.open(session_unit).assess(reading, assessed_on=day), run)


def test_a_run_names_the_digest_of_each_thing_it_follows_from(run, reading):
    digests = run.card.digests
    named = [digests.manifest, digests.history, digests.rules, digests.model, digests.policy]
    assert all(len(digest) == 64 for digest in named)
    assert len(set(named)) == 5
    assert run.card.run_id.startswith("2026-03-04-")


def test_two_manifests_in_one_command_are_as_two_commands(unit, tmp_path, samples, command):
    """What the first manifest of a batch records moves nothing in the second."""
    other = Workspace(tmp_path / "other")
    shutil.copytree(unit.root, other.root)
    first, second = samples / "voyage.csv", samples / "broken" / "ragged.csv"
    options = ("--json", "--all-reasons", "--at", "2026-03-04")
    batch = command("score", first, second, *options, "-w", unit.root)
    # The other way round, and alone.
    alone = [command("score", file, *options, "-w", other.root) for file in (second, first)]
    assert batch.code == 0
    assert batch.out == alone[1].out + alone[0].out


@pytest.mark.parametrize(
    "environment",
    [
        {"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "7", "POLARS_MAX_THREADS": "1"},
        {
            "TZ": "America/Guayaquil",
            "LC_ALL": "C",
            "PYTHONCOERCECLOCALE": "0",
            "PYTHONUTF8": "0",
        },
    ],
    ids=["another clock, one thread", "a locale without letters"],
)
def test_another_process_in_another_place_gives_the_same_bytes(unit, voyage, run, environment):
    """Neither clock, locale, hash seed nor threads reach the lines that scripts read."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), "score", str(voyage), "--json", "--all-reasons",
         "--at", "2026-03-04", "--lang", "pt", "-w", str(unit.root)],
        env={k: v for k, v in os.environ.items() if not k.startswith("LC_")} | environment,
        capture_output=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    here = "".join(f"{line}\n" for line in as_json_lines(run, language="pt", all_reasons=True))
    assert done.stdout == here.encode()


def test_recording_twice_adds_nothing(unit, reading, run, voyage):
    engine = Engine.open(unit)
    assert engine.record(run, reading, voyage, by="tester")
    before = history.digest(unit)
    assert not engine.record(run, reading, voyage, by="tester")
    assert history.digest(unit) == before
    ids = [entry.run_id for entry in run_register.recorded_runs(unit)]
    assert ids.count(run.card.run_id) == 1


def test_assessing_again_after_recording_is_the_same_run(unit, reading, run, voyage, day):
    """A run is not its own past."""
    engine = Engine.open(unit)
    engine.record(run, reading, voyage, by="tester")
    assert same(engine.assess(reading, assessed_on=day), run)


def test_containers_assessed_again_on_a_later_day_count_once(unit, reading, run, voyage, day):
    """A manifest sent again next week is another run of the same containers."""
    engine = Engine.open(unit)
    engine.record(run, reading, voyage, by="tester")
    before = history.digest(unit)
    later = engine.assess(reading, assessed_on=day + timedelta(days=7))
    assert engine.record(later, reading, voyage, by="tester")
    assert later.card.run_id != run.card.run_id
    assert history.digest(unit) == before


def test_a_killed_recording_can_be_repeated(unit, reading, run, voyage, monkeypatch):
    """The folder was written and the ledger was not: nobody sees the run until it is recorded again."""
    engine = Engine.open(unit)

    def power_cut(*_):
        raise LedgerError("The power went.")

    with monkeypatch.context() as patched:
        patched.setattr(run_register, "register_run", power_cut)
        with pytest.raises(LedgerError, match="power"):
            engine.record(run, reading, voyage, by="tester")
    seen = {entry.run_id for entry in run_register.recorded_runs(unit)}
    assert run.card.run_id not in seen
    assert engine.record(run, reading, voyage, by="tester")
    assert same(run_of(unit, "XOCU6435280"), run)


def test_a_run_read_back_says_the_same(unit, reading, run, voyage):
    Engine.open(unit).record(run, reading, voyage, by="tester")
    kept = run_of(unit, "XOCU6435280")
    assert same(kept, run)
    for language in ("en", "fr", "es", "pt"):
        now, then = (
            list(as_json_lines(each, language=language, all_reasons=True))
            for each in (run, kept)
        )
        assert then == now
    assert explain(kept, "XOCU6435280") == explain(run, "XOCU6435280")


def test_a_run_folder_whose_bytes_were_changed_is_refused(unit, reading, run, voyage):
    """An assessment that somebody has edited explains nothing."""
    Engine.open(unit).record(run, reading, voyage, by="tester")
    folder = run_register.find_run(unit, run.card.run_id).folder_in(unit)
    frame = folder / "assessments.parquet"
    frame.chmod(0o600)
    content = bytearray(frame.read_bytes())
    content[len(content) // 2] ^= 1
    frame.write_bytes(content)
    with pytest.raises(LedgerError, match="assessments"):
        run_of(unit, "XOCU6435280")


def test_the_card_in_the_folder_is_the_card_of_the_run(unit, reading, run, voyage):
    Engine.open(unit).record(run, reading, voyage, by="tester")
    card = read_card(run_register.find_run(unit, run.card.run_id).folder_in(unit))
    assert card["base_log_odds"] == run.card.base_log_odds
    assert card["record_count"] == 55
    assert set(card["files"]) == set(run.frames())


def test_another_manifest_under_the_same_file_name_is_another_run(
    unit, run, day, tmp_path, voyage_lines, written_lines
):
    lines = [line | {"vessel_name": "EXAMPLE SIERRA"} for line in voyage_lines()]
    other = written_lines(tmp_path / "voyage.csv", lines)
    engine = Engine.open(unit)
    run_of_other = engine.assess(read_manifest(other), assessed_on=day)
    assert run_of_other.card.manifest_file == run.card.manifest_file
    assert run_of_other.card.run_id != run.card.run_id
    assert run_of_other.card.digests.manifest != run.card.digests.manifest


def test_the_same_bytes_under_another_name_are_the_same_run(
    session_unit, run, day, tmp_path, voyage
):
    copied = Path(shutil.copy(voyage, tmp_path / "sent again.csv"))
    again = Engine.open(session_unit).assess(read_manifest(copied), assessed_on=day)
    assert again.card.run_id == run.card.run_id


def test_another_policy_is_another_run(unit, reading, run, day):
    text = unit.settings_file.read_text("utf-8")
    assert "red_lift = 20.0" in text
    changed = text.replace("red_lift = 20.0", "red_lift = 25")
    unit.settings_file.write_text(changed, "utf-8")
    other = Engine.open(unit).assess(reading, assessed_on=day)
    assert other.card.run_id != run.card.run_id
    assert replace(other.card.digests, policy="") == replace(run.card.digests, policy="")


def test_a_container_has_the_same_score_in_whatever_company(
    session_unit, run, day, tmp_path, voyage_lines, written_lines
):
    """Lane and log-odds follow from the container, save for what is declared to look at the manifest."""
    lines = [line for line in voyage_lines() if line["container_number"] == "XOCU7285184"]
    alone = Engine.open(session_unit).assess(
        read_manifest(written_lines(tmp_path / "one.csv", lines)), assessed_on=day
    )
    columns = ["container_number", "lane", "score", "log_odds", "is_random"]
    among = run.assessments.filter(run.assessments["container_number"] == "XOCU7285184")
    assert alone.assessments.select(columns).rows() == among.select(columns).rows()
