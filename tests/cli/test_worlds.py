"""``init``, ``simulate`` and ``demo``: making workspaces and worlds."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from riskengine.cli import demonstrating
from riskengine.engine import Engine, founding
from riskengine.workspace import Workspace


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_makes_the_same_bytes(tmp_path, command):
    options = ("--months", "1", "--containers", "60")
    for name, seed in (("one", 4), ("two", 4), ("other", 5)):
        assert command("simulate", tmp_path / name, *options, "--seed", seed).code == 0
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert contents(tmp_path / "one") != contents(tmp_path / "other")


def test_a_world_out_of_range_is_a_usage_error(tmp_path, command):
    for option in (("--months", "0"), ("--prevalence", "0.9"), ("--seed", "-1")):
        assert command("simulate", tmp_path / "world", *option).code == 2
    assert not (tmp_path / "world").exists()


def test_init_founds_a_workspace_that_can_score(tmp_path, command):
    said = command("init", tmp_path / "new")
    assert said.code == 0
    assert said.out == ""
    assert "rules and the model" in said.err
    engine = Engine.open(Workspace(tmp_path / "new"))
    assert engine.bundle.card.id in said.err


def test_init_takes_the_folder_of_the_environment(tmp_path, command, monkeypatch):
    monkeypatch.setenv("RISKENGINE_WORKSPACE", str(tmp_path / "named"))
    assert command("init").code == 0
    assert (tmp_path / "named" / "riskengine.toml").is_file()


@pytest.mark.parametrize("what", ["a workspace", "a file", "a folder in use"])
def test_init_over_something_is_refused_and_changes_nothing(unit, tmp_path, command, what):
    target = unit.root if what == "a workspace" else tmp_path / "target"
    if what == "a file":
        target.write_text("mine", "utf-8")
    elif what == "a folder in use":
        target.mkdir()
        (target / "thesis.txt").write_text("mine", "utf-8")
    before = contents(target) if target.is_dir() else target.read_bytes()
    said = command("init", target)
    assert said.code == 3
    assert "never founded over something" in said.err
    assert (contents(target) if target.is_dir() else target.read_bytes()) == before


def test_only_the_owner_can_look_into_a_workspace(unit):
    """Parties, seizures and the secret of the draw are in there."""
    for path in (unit.register_file, unit.ledger_file):
        assert path.stat().st_mode & 0o077 == 0


def test_what_did_not_come_with_the_installation_is_named():
    with pytest.raises(founding.WorkspaceError, match="rules/nothing did not come"):
        founding.shipped("rules/nothing")


def test_the_demonstration_is_as_kept_and_its_next_commands_work(
    tmp_path, command, monkeypatch, found_with_seed, is_as_kept
):
    """One demonstration, its random draws pinned: what it prints, and that what it names can be done."""

    def pinned(workspace, **_):
        found_with_seed(workspace.root, b"what a test may know of the draw")
        return founding.Founded(rule_count=97, model_id="")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(founding, "found", pinned)
    shown = command("demo", "shown")
    assert shown.code == 0, shown.err
    assert shown.out.count("Follows from") == 2
    commands = re.findall(r"^riskengine (explain|outcome|score) (\S+)", shown.out, re.MULTILINE)
    assert [verb for verb, _ in commands] == ["explain", "outcome", "score"]
    flagged = commands[0][1]
    explained = command("explain", flagged, "-w", "shown", "--json")
    assert json.loads(explained.out)["name"] == flagged
    assert command("outcome", flagged, "nil", "-w", "shown").code == 0
    assert command("init", "shown").code == 3
    is_as_kept("demo", shown.out)


@pytest.mark.parametrize(("language", "spoken"), [("en", "es"), ("fr", "fr"), ("pt", "pt")])
def test_the_demonstration_does_not_send_its_reader_into_a_third_language(
    capsys, language, spoken
):
    demonstrating._show_next(Path("d"), [], language)
    assert re.findall("--lang (..)", capsys.readouterr().out) == [spoken]


def test_a_second_demonstration_clears_up_after_the_first(tmp_path, monkeypatch):
    """Only a folder with the demonstration's own mark is ever removed."""
    (tmp_path / "marked").mkdir()
    (tmp_path / "marked" / demonstrating._MARK).touch()
    demonstrating._make_room(tmp_path / "marked")
    assert not (tmp_path / "marked").exists()
    (tmp_path / "unmarked").mkdir()
    demonstrating._make_room(tmp_path / "unmarked")
    assert (tmp_path / "unmarked").exists()


def test_the_demonstration_removes_nothing_that_it_has_not_made(tmp_path, command):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine", "utf-8")
    said = command("demo", tmp_path / "mine")
    assert said.code == 3
    assert (tmp_path / "mine" / "thesis.txt").read_text("utf-8") == "mine"
