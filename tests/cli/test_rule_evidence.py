"""``rules backtest, compare, overlap, score``: what an analyst reads to a supervisor."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from riskengine.cli.judgement_page import show_scores
from riskengine.domain import ExaminationResult, Outcome
from riskengine.features.catalog import catalog
from riskengine.ledger.backtests import latest
from riskengine.ledger.connection import open_ledger
from riskengine.register.audit import entries
from riskengine.review.outcome import enter
from riskengine.rules.applied import as_run
from riskengine.rules.backtest import runnable_backtests
from riskengine.rules.backtest_json import from_json
from riskengine.rules.pack import load_pack
from riskengine.rules.scorecard import scorecard
from riskengine.rules.store import in_force
from riskengine.rules.stored import Signed
from riskengine.rules.tuning import put_setting
from riskengine.simulate import Settings, simulate, write_world
from riskengine.workspace import Workspace

CORE = Path(__file__).parents[2] / "rules" / "core"
SEAL = "RIP-SEA-001"


@pytest.fixture(scope="session")
def opened_unit(scored_unit, run, tmp_path_factory):
    """The unit after some containers of the sample voyage were opened: nobody may change it."""
    root = tmp_path_factory.mktemp("opened") / "unit"
    shutil.copytree(scored_unit.root, root)
    numbers = run.assessments["container_number"].drop_nulls().to_list()
    for place, number in enumerate(numbers[:4]):
        result = ExaminationResult(
            container_number=number,
            outcome=Outcome.SEIZURE if place == 1 else Outcome.NIL,
            examined_at=datetime(2026, 3, 4, 15, tzinfo=UTC),
            officer="ana",
        )
        enter(Workspace(root), result, run_id=run.card.run_id, entered_at=result.examined_at)
    return Workspace(root)


@pytest.fixture(scope="session")
def labelled(tmp_path_factory):
    """The options that name a labelled history of a small port."""
    folder = tmp_path_factory.mktemp("world")
    write_world(simulate(Settings(months=1, containers_per_month=120, seed=3)), folder)
    history = folder / "history"
    return ("--history", history / "history.parquet", "--mapping", history / "mapping.toml")


def test_a_back_test_of_recorded_runs_is_read_line_by_line(opened_unit, command):
    said = command("rules", "backtest", SEAL, "--slots", "2", "-w", opened_unit.root)
    assert said.code == 0, said.err
    for words in (f"{SEAL} version", "Recorded runs", "Hits:", "not choice"):
        assert words in said.out


def test_a_back_test_is_attached_as_evidence_and_told_to_the_chain(
    opened_unit, command, tmp_path
):
    shutil.copytree(opened_unit.root, tmp_path / "own")
    unit = Workspace(tmp_path / "own")
    said = command(
        "rules", "backtest", SEAL, "--attach", "--officer", "ana", "--json", "-w", unit.root
    )
    told = json.loads(said.out)
    answers = ("match", "no_match", "unknown", "excused")
    assert sum(told[answer] for answer in answers) == told["containers"]
    assert (told["examined"], told["source"]) == (4, "runs")
    kept = latest(unit, SEAL, told["sha256"])
    assert kept.made_by == "ana"
    report = from_json(kept.report_json)
    assert (report.made_by, report.source, report.source_sha256) == (
        "ana",
        "runs",
        told["source_sha256"],
    )
    (rule,) = (
        rule for rule in in_force(unit, datetime.now(UTC).date()).rules if rule.id == SEAL
    )
    assert report.as_run == told["as_run"] == as_run(rule)
    assert from_json(kept.report_json).match == told["match"]
    assert kept.first_day.isoformat() == told["first_day"]
    assert "Attached" in said.err
    assert [entry.object for entry in entries(unit) if entry.action == "attach backtest"] == [
        SEAL
    ]


def test_a_back_test_of_a_file_says_where_the_unit_runs_the_rule_otherwise(
    opened_unit, command, tmp_path
):
    shutil.copytree(opened_unit.root, tmp_path / "own")
    unit = Workspace(tmp_path / "own")
    file = CORE / "cloned_container" / "clo-tar-001.yaml"
    arguments = ("--attach", "--officer", "ana", "--json", "-w", unit.root)
    signed = Signed(at=datetime.now(UTC), who="ana", reason="")
    with open_ledger(unit) as connection:
        put_setting(connection, "CLO-TAR-001", "difference_kg", 400, signed)
    said = command("rules", "backtest", file, *arguments)
    assert "rules backtest CLO-TAR-001@1 --attach" in said.err
    own = command("rules", "backtest", "CLO-TAR-001@1", *arguments)
    assert "Here it runs" not in own.err
    assert json.loads(own.out)["sha256"] == json.loads(said.out)["sha256"]
    assert json.loads(own.out)["as_run"] != json.loads(said.out)["as_run"]


def test_a_rule_file_and_a_labelled_file_need_no_workspace(labelled, command, tmp_path):
    file = CORE / "rip_on_rip_off" / "rip-sea-001.yaml"
    said = command(
        "rules", "backtest", file, *labelled, "--lang", "fr", "-w", tmp_path / "nowhere"
    )
    assert said.code == 0, said.err
    assert "Historique avec résultats" in said.out
    assert "Aucun conteneur tiré au sort n'a été ouvert" in said.out


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Labelled history"),
        ("es", "con resultados, del"),
        ("pt", "Histórico com resultados"),
    ],
)
def test_a_back_test_is_read_in_every_language(labelled, command, tmp_path, language, words):
    file = CORE / "rip_on_rip_off" / "rip-sea-001.yaml"
    said = command(
        "rules", "backtest", file, *labelled, "--lang", language, "-w", tmp_path / "nowhere"
    )
    assert words in said.out


def test_attaching_needs_a_workspace(labelled, command, tmp_path):
    file = CORE / "rip_on_rip_off" / "rip-sea-001.yaml"
    said = command("rules", "backtest", file, *labelled, "--attach", "-w", tmp_path / "nowhere")
    assert said.code == 3
    assert "no workspace" in said.err.lower()


def test_two_rules_are_compared(opened_unit, labelled, command):
    said = command(
        "rules", "compare", "RIP-SEA-001", "RIP-SEA-002", *labelled, "-w", opened_unit.root
    )
    assert said.code == 0, said.err
    assert "only RIP-SEA-001" in said.out
    told = json.loads(
        command(
            "rules",
            "compare",
            "RIP-SEA-001",
            "RIP-SEA-002",
            *labelled,
            "--json",
            "-w",
            opened_unit.root,
        ).out
    )
    parts = [told[name]["match"] for name in ("only_first", "only_second", "both")]
    assert sum(parts) + told["neither"] == told["containers"]


def test_rules_that_match_nothing_are_not_said_to_match_the_same(labelled, command, tmp_path):
    rule = (CORE / "rip_on_rip_off" / "rip-sea-001.yaml").read_text("utf-8")
    before, _, after = rule.partition("  all:\n")
    never = f"{before}  all:\n    - container_number = 'NONE'\n{after}"
    files = [tmp_path / name / "rip-sea-001.yaml" for name in ("one", "two")]
    for file, version in zip(files, ("version: 8", "version: 9"), strict=True):
        file.parent.mkdir()
        file.write_text(never.replace("version: 1", version, 1), "utf-8")
    said = command("rules", "compare", *files, *labelled, "-w", tmp_path / "nowhere")
    assert "Neither matched a container." in said.out
    assert "the same containers" not in said.out


def test_only_single_rules_are_compared(labelled, command, tmp_path):
    folder = CORE / "rip_on_rip_off"
    said = command("rules", "compare", folder, folder, *labelled, "-w", tmp_path / "nowhere")
    assert said.code == 2


def test_overlaps_of_a_pack_name_lists_that_no_rule_asks(labelled, command, tmp_path):
    pack = tmp_path / "pack"
    pack.mkdir()
    shutil.copy(CORE / "pack.yaml", pack)
    shutil.copytree(CORE / "lists", pack / "lists")
    shutil.copy(CORE / "rip_on_rip_off" / "rip-sea-001.yaml", pack)
    said = command("rules", "overlap", pack, *labelled, "--json", "-w", tmp_path / "nowhere")
    assert said.code == 0, said.err
    findings = [json.loads(line) for line in said.out.splitlines()]
    assert {"unused_list"} <= {finding["kind"] for finding in findings}
    assert all(finding["sentence"] for finding in findings)
    page = command("rules", "overlap", pack, *labelled, "-w", tmp_path / "nowhere")
    assert "Lists that no rule asks" in page.out


def test_every_rule_in_force_is_scored(opened_unit, command):
    said = command("rules", "score", "--json", "-w", opened_unit.root)
    scores = [json.loads(line) for line in said.out.splitlines()]
    rules = in_force(opened_unit, datetime.now(UTC).date()).rules
    assert sorted(score["rule_id"] for score in scores) == [rule.id for rule in rules]
    assert {score["advice"] for score in scores} <= {"keep", "tune", "retire"}
    assert all(score["reasons"] for score in scores)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "a person decides"),
        ("fr", "une personne décide"),
        ("es", "decide una persona"),
        ("pt", "decide uma pessoa"),
    ],
)
def test_advice_says_that_a_person_decides(capsys, language, words):
    rules = load_pack(CORE / "rip_on_rip_off" / "rip-sea-001.yaml", catalog()).rules
    frame = pl.DataFrame({"container_id": [1], "is_find": [False], "is_random": [True]})
    tests, failed = runnable_backtests(rules, frame, others=rules)
    assert failed == ()
    show_scores(scorecard(rules, tests, on=date(2026, 6, 1)), language, show_all=True)
    page = " ".join(capsys.readouterr().out.split())
    assert words in page
    assert SEAL in page


def test_nothing_assessed_is_said_and_no_table_is_shown(opened_unit, command):
    said = command("rules", "score", "--to", "2019-01-01", "-w", opened_unit.root)
    assert said.code == 3
    assert "Nothing was assessed" in said.err


@pytest.mark.parametrize(
    "wrong",
    [
        ("--from", "yesterday"),
        ("--from", "2026-03-04", "--to", "2026-03-01"),
        ("--mapping", "x.toml"),
        ("--slots", "0"),
    ],
)
def test_a_command_that_makes_no_sense_is_refused(opened_unit, command, wrong):
    said = command("rules", "backtest", SEAL, *wrong, "-w", opened_unit.root)
    assert said.code == 2
    assert "Traceback" not in said.err
