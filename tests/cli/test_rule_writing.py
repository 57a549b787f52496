"""``rules new, mine, schema``: what an author is given to begin with."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from riskengine.cli.mining_page import show_mining
from riskengine.rules.mine import Mining

DAY = date(2026, 3, 4)
NOTHING_FOUND = {
    "proposals": (), "containers": 900, "examined": 90, "found": 5, "base_rate": 0.05,
    "first": DAY, "before": DAY, "cut": DAY, "last": DAY, "terms": 12, "tried": 70, "best": 0,
    "alike": 0, "known": 0, "unconfirmed": 0, "no_better": 0, "shuffled_best": (),
    "shuffled_proposals": (), "is_weighted": True,
}  # fmt: skip


def test_a_new_rule_passes_check_and_test_as_it_stands(command, tmp_path):
    said = command(
        "rules", "new", "ABC-SEA-001", "--typology", "rip_on_rip_off", "--typology", "cold_route",
        "--title", "Sceau absent", "--lang", "fr", "--folder", tmp_path / "pack",
    )  # fmt: skip
    assert said.code == 0, said.err
    file = tmp_path / "pack" / "abc-sea-001.yaml"
    assert said.out == f"{file.as_posix()}\n"
    text = file.read_text("utf-8")
    assert text.startswith("# yaml-language-server: $schema=schema/rule.schema.json\n")
    assert (file.parent / "schema" / "rule.schema.json").is_file()
    assert "typology: [rip_on_rip_off, cold_route]" in text
    assert command("rules", "check", file.parent).code == 0
    assert command("rules", "test", file.parent).code == 0
    again = command(
        "rules", "new", "ABC-SEA-001", "--typology", "cold_route", "--folder", file.parent
    )
    assert again.code == 3
    assert "there already" in again.err
    assert file.read_text("utf-8") == text


def test_a_second_rule_uses_the_schema_that_is_there(command, tmp_path):
    for number in ("001", "002"):
        command(
            "rules",
            "new",
            f"ABC-ONE-{number}",
            "--typology",
            "cold_route",
            "--folder",
            tmp_path,
        )
    assert len(list(tmp_path.glob("*.yaml"))) == 2
    said = command("rules", "new", "abc", "--typology", "cold_route", "--folder", tmp_path)
    assert said.code == 3
    assert "CRG-VEL-001" in said.err
    assert command("rules", "new", "ABC-ONE-003", "--folder", tmp_path).code == 2


def test_the_schemas_are_written(command, tmp_path):
    said = command("rules", "schema", "--out", tmp_path / "schema")
    assert said.code == 0
    files = said.out.splitlines()
    assert len(files) == 4
    assert all("$schema" in json.loads(Path(file).read_text("utf-8")) for file in files)
    (tmp_path / "taken").write_text("", "utf-8")
    assert command("rules", "schema", "--out", tmp_path / "taken" / "x").code == 3


@pytest.fixture(scope="module")
def history(tmp_path_factory, written_lines):
    """A labelled history in which heavy boxes paid in advance hold something."""
    dice = np.random.default_rng(3)
    lines = []
    for number in range(400):
        heavy, prepaid = dice.random() < 0.4, dice.random() < 0.5
        found = dice.random() < (0.7 if heavy and prepaid else 0.04)
        lines.append(
            {
                "container_number": f"TSTU{number:07d}",
                "bill_of_lading": f"B{number}",
                "presented_on": f"2026-{1 + number // 40:02d}-{1 + number % 28:02d}",
                "goods_description": "MACHINE PARTS",
                "gross_mass_kg": str(int(dice.integers(24_000, 27_000) if heavy else dice.integers(8_000, 20_000))),
                "freight_payment": "PREPAID" if prepaid else "COLLECT",
                "shipper_name": f"SECRET SHIPPER {number % 7}",
                "verdict": "1" if found else "0",
            }
        )  # fmt: skip
    folder = tmp_path_factory.mktemp("history")
    mapping = folder / "mapping.toml"
    names = [name for name in lines[0] if name != "verdict"]
    columns = "\n".join(f'{name} = "{name}"' for name in names)
    mapping.write_text(
        f'schema = 1\nname = "test"\n\n[columns]\n{columns}\n\n[label]\ncolumn = "verdict"\nfind = ["1"]\n',
        "utf-8",
    )
    return written_lines(folder / "history.csv", lines), mapping


def test_rules_are_mined_from_a_history_and_stand_every_check(
    history, session_unit, command, tmp_path
):
    file, mapping = history
    asked = ("rules", "mine", "--history", file, "--mapping", mapping, "-w", session_unit.root)
    said = command(*asked, "--out", tmp_path / "drafts", "--most", "3")
    assert said.code == 0, said.err
    assert "Gross mass: at least" in said.out
    assert "By chance: the same search on shuffled outcomes (searches: 20)" in said.err
    assert "Who was drawn at random is not known" in said.err
    texts = [path.read_text("utf-8") for path in (tmp_path / "drafts").glob("mine-*.yaml")]
    assert 1 <= len(texts) <= 3
    assert not any("SECRET" in text or "TSTU" in text for text in texts)
    assert command("rules", "check", tmp_path / "drafts").code == 0
    assert command("rules", "test", tmp_path / "drafts").code == 0


def test_proposals_for_scripts_have_their_figures(history, unit, command, monkeypatch):
    nothing = SimpleNamespace(rules=())
    monkeypatch.setattr("riskengine.rules.store.in_force", lambda *_: nothing)
    file, mapping = history
    said = command(
        "rules", "mine", "--history", file, "--mapping", mapping, "--json", "-w", unit.root
    )
    told = [json.loads(line) for line in said.out.splitlines()]
    assert told[0]["file"] is None
    assert told[0]["nearest"] is None
    assert told[0]["later"]["lift_low"] > 1
    assert "--out FOLDER writes them" in said.err


def test_where_nothing_was_examined_there_is_nothing_to_mine(session_unit, command):
    said = command("rules", "mine", "-w", session_unit.root)
    assert said.code == 3
    assert "too few to mine" in said.err
    assert command("rules", "mine", "--label", "x", "-w", session_unit.root).code == 2


@pytest.mark.parametrize("best", [0, 3])
def test_where_nothing_was_as_strong_as_chance_no_best_are_counted(capsys, best):
    nothing = Mining(**(NOTHING_FOUND | {"best": best}))
    show_mining(nothing, None, "en", is_shown=True)
    said = capsys.readouterr()
    assert "No combination held on later days." in said.out
    assert "combinations tried 70." in said.err
    assert ("best, left out" in said.err) is (best > 0)
