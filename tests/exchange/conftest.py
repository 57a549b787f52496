"""A unit without a history, a key it trusts, and packs written in a few lines."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from riskengine.exchange import pack_file
from riskengine.exchange.handling import most_guarded
from riskengine.exchange.signing import KeyFile, PublicKey, make_key, sign
from riskengine.exchange.trusted_keys import trust
from riskengine.features.catalog import catalog
from riskengine.ledger.migrations import create_ledger
from riskengine.register import audit
from riskengine.register.connection import create_register
from riskengine.rules.pack import read_pack_files
from riskengine.rules.store import install
from riskengine.workspace import Workspace

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
ISSUER = "Port of Elsewhere"
RULE = """\
schema: 1
id: {id}
version: {version}
status: {status}
title: {{en: A test, fr: Un essai, es: Una prueba, pt: Um teste}}
why: {why}
innocent: Everybody does.
blind_spot: All else.
source: [{{ref: none}}]
typology: [cloned_container]
owner: tests
handling: {handling}
severity: {severity}
effect: score
valid_from: 2026-01-01
settings:
  heavy: {{value: {heavy}, from: {lowest}, to: {highest}}}
when:
  all:
    - gross_mass_kg > heavy
{more}tests:
  - {{name: above, expect: match, record: {{gross_mass_kg: 99000, port_of_loading: ECGYE}}}}
  - {{name: below, expect: no_match, record: {{gross_mass_kg: 1, port_of_loading: NLRTM}}}}
"""
USUAL = {
    "id": "TST-ONE-001",
    "version": "1",
    "status": "active",
    "why": "To see.",
    "handling": "TLP:GREEN",
    "severity": "medium",
    "heavy": "20000",
    "lowest": "10000",
    "highest": "30000",
    "more": "",
}
LIST = """\
schema: 1
name: ports
source: [{{ref: none}}]
valid_until: {until}
values: [{values}]
"""


def rule_text(**changed: str) -> str:
    """The text of a rule file; the keys of ``USUAL`` may be changed."""
    return RULE.format(**{**USUAL, **changed})


def list_text(values: str = "ECGYE", until: str = "2030-12-31") -> str:
    return LIST.format(values=values, until=until)


def files_of(*rules: str, lists: dict[str, str] | None = None, **head: str) -> dict[str, bytes]:
    """The YAML files of a pack."""
    said = {"name": "theirs", "version": "1.0", "issuer": ISSUER, "licence": "CC0-1.0", **head}
    files = {"pack.yaml": "schema: 1\n" + "".join(f"{k}: '{v}'\n" for k, v in said.items())}
    for text in rules:
        rule_id = next(line for line in text.splitlines() if line.startswith("id: "))[4:]
        files[f"cloned_container/{rule_id.lower()}.yaml"] = text
    for name, text in (lists or {}).items():
        files[f"lists/{name}.yaml"] = text
    return {name: text.encode() for name, text in files.items()}


def head_of(files: dict[str, bytes], **changed: object) -> pack_file.PackHead:
    pack, faults = read_pack_files(files, catalog(), "pack")
    assert faults == (), faults
    head = pack_file.PackHead(
        name=pack.name,
        version=pack.version,
        issuer=pack.issuer,
        licence=pack.licence,
        engine_from="0.1",
        engine_below="9",
        handling=most_guarded(pack.rules),
        made_on=None,
    )
    return replace(head, **changed)


def archive_of(*rules: str, lists: dict[str, str] | None = None, **head: str) -> bytes:
    """The bytes of a whole pack."""
    files = files_of(*rules, lists=lists, **head)
    return pack_file.made(head_of(files), files)


@dataclass(frozen=True)
class Issuer:
    """Who gives packs: a private key and its public half."""

    file: KeyFile
    public: PublicKey

    def signed(self, archive: bytes, path: Path) -> Path:
        path.write_bytes(archive)
        path.with_name(f"{path.name}.sig").write_bytes(sign(archive, self.file).text)
        return path


@dataclass(frozen=True)
class State:
    """Everything of a unit that taking a pack could change."""

    ledger: str
    audit: audit.AuditHead
    files: tuple[str, ...]


def state_of(unit: Workspace) -> State:
    return State(
        ledger=hashlib.sha256(unit.ledger_file.read_bytes()).hexdigest(),
        audit=audit.verify(unit),
        files=tuple(
            sorted(
                path.relative_to(unit.root).as_posix()
                for path in unit.root.rglob("*")
                if not path.name.startswith("register.sqlite")
            )
        ),
    )


@pytest.fixture(scope="session")
def writing() -> SimpleNamespace:
    """The functions that write packs, and the one that tells the state of a unit."""
    return SimpleNamespace(
        rule_text=rule_text,
        list_text=list_text,
        files_of=files_of,
        head_of=head_of,
        archive_of=archive_of,
        state_of=state_of,
        at=AT,
        issuer=ISSUER,
    )


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    """A unit elsewhere that signs its packs."""
    path = tmp_path_factory.mktemp("issuer") / "ours.key"
    return Issuer(KeyFile(path), make_key(path))


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    """Somebody whose key nobody trusts."""
    path = tmp_path_factory.mktemp("stranger") / "ours.key"
    return Issuer(KeyFile(path), make_key(path))


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory, issuer: Issuer) -> Workspace:
    """A unit that trusts the issuer; nobody may change it."""
    unit = Workspace(tmp_path_factory.mktemp("founded") / "unit")
    unit.root.mkdir()
    create_ledger(unit)
    create_register(unit)
    unit.settings_file.write_text("", "utf-8")
    trust(unit, issuer.public, ISSUER, by="chief")
    return unit


@pytest.fixture
def here(founded: Workspace, tmp_path: Path) -> Workspace:
    """A copy of it that a test may change."""
    shutil.copytree(founded.root, tmp_path / "here")
    return Workspace(tmp_path / "here")


@pytest.fixture
def install_here(here: Workspace) -> Callable[..., None]:
    """A function: rules, as their files say, into the unit."""

    def install_here(*rules: str, lists: dict[str, str] | None = None, **head: str) -> None:
        pack, faults = read_pack_files(files_of(*rules, lists=lists, **head), catalog(), "pack")
        assert faults == (), faults
        install(here, pack, at=AT, who="chief")

    return install_here
