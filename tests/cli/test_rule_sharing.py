"""``rules export, import, diff, keys``: from one unit to another, and back with an upgrade."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from riskengine.features.catalog import catalog
from riskengine.ledger.migrations import create_ledger
from riskengine.register.connection import create_register
from riskengine.rules.pack import load_pack
from riskengine.rules.standing import installed
from riskengine.rules.store import install
from riskengine.workspace import Workspace

CORE = Path(__file__).parents[2] / "rules" / "core"
RULE = Path("cloned_container") / "clo-dig-002.yaml"


@pytest.fixture
def two(tmp_path, monkeypatch):
    """Two units, each without a history."""
    monkeypatch.delenv("RISKENGINE_KEY_PASSPHRASE", raising=False)
    units = []
    for name in ("giver", "taker"):
        unit = Workspace(tmp_path / name)
        unit.root.mkdir()
        create_ledger(unit)
        create_register(unit)
        unit.settings_file.write_text("", "utf-8")
        units.append(unit)
    return units


@pytest.fixture
def pack(tmp_path):
    """A pack of one rule, as its author has it on disk."""
    (tmp_path / "pack" / RULE.parent).mkdir(parents=True)
    shutil.copy(CORE / "pack.yaml", tmp_path / "pack")
    shutil.copy(CORE / RULE, tmp_path / "pack" / RULE)
    return tmp_path / "pack"


@pytest.fixture
def shared(two, pack, tmp_path, command):
    """A function: change the pack, export it, and return the file."""
    giver, taker = two
    key = command("rules", "keys", "new", tmp_path / "ours.key")
    assert key.code == 0, key.err
    said = command(
        "rules", "keys", "trust", key.out.strip(), "--name", "riskengine", "-w", taker.root
    )
    assert said.code == 0, said.err

    def shared(*changes: tuple[str, str], version="1.0.0", out="pack.zip") -> Path:
        text = (pack / RULE).read_text("utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        (pack / RULE).write_text(text, "utf-8")
        lines = (pack / "pack.yaml").read_text("utf-8").splitlines(keepends=True)
        head = "".join(f"version: {version}\n" if x.startswith("version") else x for x in lines)
        (pack / "pack.yaml").write_text(head, "utf-8")
        said = command(
            "rules", "export", pack, "--out", tmp_path / out, "--key", tmp_path / "ours.key", "-w", giver.root
        )  # fmt: skip
        assert said.code == 0, said.err
        return tmp_path / out

    return shared


def version_in(pack: Path) -> int:
    text = (pack / RULE).read_text("utf-8")
    return int(next(line for line in text.splitlines() if line.startswith("version:"))[8:])


def test_a_pack_goes_from_one_unit_to_another_and_lands_in_shadow(two, shared, command):
    taker = two[1]
    file = shared()
    look = command("rules", "import", file, "--dry-run", "-w", taker.root)
    assert look.code == 0, look.err
    assert "Nothing was written" in look.err
    assert installed(taker) == ()
    said = command("rules", "import", file, "-w", taker.root)
    assert said.code == 0, said.err
    assert "CLO-DIG-002" in said.out
    assert "Signed by riskengine" in said.err
    assert [version.status for version in installed(taker)] == ["shadow"]


def test_an_upgrade_is_shown_field_by_field_in_the_readers_language(two, shared, pack, command):
    taker = two[1]
    number = version_in(pack)
    command("rules", "import", shared(), "-w", taker.root)
    newer = shared(
        (f"version: {number}", f"version: {number + 1}"),
        ("severity: high", "severity: low"),
        version="1.1.0",
    )
    said = command("rules", "diff", newer, "-w", taker.root)
    assert said.code == 0, said.err
    assert "severity: changed by the issuer\n    - high\n    + low\n" in said.out
    assert "in shadow, version" in said.out
    french = command("rules", "diff", newer, "--lang", "fr", "-w", taker.root)
    assert "severity: modifié par l'émetteur" in french.out
    lines = command("rules", "diff", newer, "--json", "-w", taker.root).out.splitlines()
    (rule,) = map(json.loads, lines)
    assert (rule["change"], rule["here"]["status"]) == ("changed", "shadow")
    assert rule["fields"] == [
        {"field": "severity", "change": "theirs", "base": ["high"], "theirs": ["low"], "ours": ["high"]}
    ]  # fmt: skip
    folder = command("rules", "diff", pack, "-w", taker.root)
    assert folder.out == said.out
    command("rules", "import", newer, "-w", taker.root)
    between = command("rules", "diff", "CLO-DIG-002", number, number + 1, "-w", taker.root)
    assert between.out == "severity\n    - high\n    + low\n"


def test_a_conflict_shows_all_three(two, shared, pack, command):
    taker = two[1]
    number = version_in(pack)
    command("rules", "import", shared(), "-w", taker.root)
    setting = next(
        line for line in (pack / RULE).read_text("utf-8").splitlines() if "owner:" in line
    )
    newer = shared(
        (f"version: {number}", f"version: {number}0"), (setting, "owner: theirs"), version="2"
    )
    fork = pack.with_name("fork")
    shutil.copytree(pack, fork)
    text = (fork / RULE).read_text("utf-8").replace("owner: theirs", "owner: ours")
    (fork / RULE).write_text(
        text.replace(f"version: {number}0", f"version: {number}1"), "utf-8"
    )
    install_fork(taker, fork)
    said = command("rules", "diff", newer, "-w", taker.root)
    assert "owner: CONFLICT" in said.out
    assert "started from:\n      core\n" in said.out
    assert "here:\n      ours\n" in said.out
    assert "the issuer:\n      theirs\n" in said.out
    assert "in conflict with what stands here: 1." in said.err


def install_fork(unit: Workspace, fork: Path) -> None:
    pack = replace(load_pack(fork, catalog()), name="ours", issuer="us")
    install(unit, pack, at=datetime(2026, 1, 1, tzinfo=UTC), who="chief")


def test_a_tampered_pack_is_refused_in_one_sentence_and_nothing_changes(two, shared, command):
    taker = two[1]
    file = shared()
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    said = command("rules", "import", file, "-w", taker.root)
    assert said.code == 3
    assert said.err.startswith("riskengine: The pack is not the one that was signed")
    assert "Traceback" not in said.err
    assert installed(taker) == ()


def test_a_rule_labelled_red_does_not_leave(two, pack, tmp_path, command):
    text = (pack / RULE).read_text("utf-8").replace("TLP:CLEAR", "TLP:RED")
    (pack / RULE).write_text(text, "utf-8")
    command("rules", "keys", "new", tmp_path / "ours.key")
    out = tmp_path / "pack.zip"
    said = command(
        "rules", "export", pack, "--out", out, "--key", tmp_path / "ours.key", "-w", two[0].root
    )
    assert said.code == 3
    assert "TLP:RED never leave" in said.err
    assert "CLO-DIG-002" in said.err
    assert not out.exists()


def test_keys_are_listed_and_revoked(two, shared, command):
    taker = two[1]
    file = shared()
    listed = command("rules", "keys", "list", "-w", taker.root)
    assert "riskengine" in listed.out
    (key,) = map(
        json.loads,
        command("rules", "keys", "list", "--json", "-w", taker.root).out.splitlines(),
    )
    assert key["standing"] == "trusted"
    said = command(
        "rules", "keys", "revoke", key["fingerprint"], "--reason", "lost", "-w", taker.root
    )
    assert said.code == 0
    refused = command("rules", "import", file, "-w", taker.root)
    assert refused.code == 3
    assert "revoked" in refused.err
    none = command("rules", "keys", "list", "-w", two[0].root)
    assert none.out == ""
    assert "No key is trusted here" in none.err


def test_a_passphrase_comes_from_the_environment(two, pack, tmp_path, command, monkeypatch):
    monkeypatch.setenv("RISKENGINE_KEY_PASSPHRASE", "north pier")
    made = command("rules", "keys", "new", tmp_path / "ours.key")
    assert "no passphrase" not in made.err
    arguments = (
        "rules", "export", pack, "--out", tmp_path / "pack.zip", "--key", tmp_path / "ours.key", "--json",
        "-w", two[0].root,
    )  # fmt: skip
    said = command(*arguments)
    assert said.code == 0, said.err
    assert json.loads(said.out)["rules"] == ["CLO-DIG-002"]
    monkeypatch.delenv("RISKENGINE_KEY_PASSPHRASE")
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    refused = command(*arguments)
    assert refused.code == 3
    assert "asks for its passphrase" in refused.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("export", "--out", "x.zip", "--key", "k"), "Name the folder of a pack"),
        (("export", "p", "--installed", "core", "--out", "x.zip", "--key", "k"), "Name the folder"),
        (("export", "p", "--licence", "none", "--out", "x.zip", "--key", "k"), "go with --installed"),
        (("export", "--installed", "core", "--out", "x.zip", "--key", "k"), "--licence"),
        (("diff", "CLO-DIG-002", "1"), "two versions"),
        (("diff", "CLO-DIG-002", "1", "2"), "not installed here"),
        (("diff", "nowhere.zip"), "no file"),
        (("import", "nowhere.zip"), "no file"),
        (("keys", "trust", "nowhere", "--name", "x"), "no file"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_words(arguments, said, two, command):
    answer = command("rules", *arguments, "-w", two[0].root)
    assert answer.code == 3
    assert said in answer.err
