"""Giving rules to another unit: collected, looked through, written as one file and signed.

What leaves are rules and the lists they ask, as their authors wrote them. What this unit made of them stays:
its settings, standings, exceptions, back-tests and outcomes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from riskengine.errors import PackError, RulesRefused
from riskengine.exchange.archive import LARGEST_ARCHIVE, MOST_FILES
from riskengine.exchange.handling import must_be_exportable
from riskengine.exchange.naming_values import NamingValue, naming_values
from riskengine.exchange.pack_difference import counting_here
from riskengine.exchange.pack_file import (
    READ_ME,
    PackHead,
    engine_range,
    made,
    opened,
    place_of,
    version_key,
)
from riskengine.exchange.signing import SUFFIX, read_bounded, sign
from riskengine.features.catalog import catalog
from riskengine.ledger.durable import appears_whole
from riskengine.register import audit
from riskengine.register.connection import open_register
from riskengine.rules.check import run_tests
from riskengine.rules.pack import PACK_FILE, read_pack
from riskengine.rules.rule import Pack, RuleStatus
from riskengine.rules.standing import installed
from riskengine.rules.stored import rule_from_source
from riskengine.rules.yaml_shape import LARGEST_FILE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from pathlib import Path

    from riskengine.exchange.signing import KeyFile, Signature
    from riskengine.rules.rule import Rule
    from riskengine.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What is to be given away.

    Attributes:
        pack: Rules and lists as their authors wrote them.
        pack_yaml: The file that names the pack.
        read_me: Its README; empty where it has none.
        is_ours: Whether it goes out in the name of the issuer who wrote it.
        left_out: The ids of rules that were retired here.
    """

    pack: Pack
    pack_yaml: bytes
    read_me: bytes = b""
    is_ours: bool = True
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A pack that may leave, before it is signed.

    Attributes:
        head: What it says of itself.
        archive: Its bytes.
        rules: The rules in it.
        lists: The names of the lists in it.
        lists_left_out: The names of lists that no rule of it asks.
        rules_left_out: The ids of rules that were retired here.
        naming: Values that name somebody, to be looked at by a person.
    """

    head: PackHead
    archive: bytes
    rules: tuple[Rule, ...]
    lists: tuple[str, ...]
    lists_left_out: tuple[str, ...]
    rules_left_out: tuple[str, ...]
    naming: tuple[NamingValue, ...]

    @property
    def sha256(self) -> str:
        """The sha256 of its bytes."""
        return hashlib.sha256(self.archive).hexdigest()


def collect_folder(folder: Path) -> Collected:
    """Return the pack of a folder.

    Raises:
        RulesRefused: Some file has faults; all of them are carried along.
        PackError: The folder has no pack.yaml, or its README is too long.
    """
    if not (folder / PACK_FILE).is_file():
        raise PackError(
            f"There is no {PACK_FILE} in {folder}, and a pack needs its name, version, issuer and licence.",
            remedy="Write one; docs/sharing-rules.md shows how.",
        )
    pack, faults = read_pack(folder, catalog())
    if faults:
        raise RulesRefused(faults)
    read_me = b""
    if (folder / READ_ME).is_file():
        read_me = read_bounded(folder / READ_ME, LARGEST_FILE)
    return Collected(
        pack=pack, pack_yaml=read_bounded(folder / PACK_FILE, LARGEST_FILE), read_me=read_me
    )


def collect_installed(
    workspace: Workspace, name: str, *, licence: str, version: str = "", issuer: str = ""
) -> Collected:
    """Return the rules that this unit has from a pack, as their authors wrote them.

    Of each rule that is the version that counts here, else the newest; what was retired here is left out and named.

    Args:
        workspace: Whose ledger.
        name: The name of the pack.
        licence: Under which terms they are given.
        version: The version of the pack; empty takes the highest that was installed.
        issuer: In whose name; empty takes the one who issued them.

    Raises:
        PackError: Nothing of this name is installed, or several issuers have one.
    """
    held = [version for version in installed(workspace) if version.pack == name]
    issuers = sorted({version.issuer for version in held})
    if not held or (len(issuers) > 1 and not issuer):
        said = f"come from several issuers: {', '.join(issuers)}" if held else "are not there"
        raise PackError(
            f"Rules of a pack {name!r} {said}.",
            remedy="Give --issuer."
            if held
            else "`riskengine rules list --all` shows what is installed.",
        )
    by_id = {
        rule_id: [v for v in held if v.rule.id == rule_id]
        for rule_id in {v.rule.id for v in held}
    }
    chosen = [found for versions in by_id.values() if (found := counting_here(versions))]
    kept = [found for found in chosen if found.status is not RuleStatus.RETIRED]
    rules = tuple(
        replace(rule_from_source(found.rule.source_yaml), lists=found.rule.lists)
        for found in sorted(kept, key=lambda found: found.rule.id)
    )
    lists = {entry.name: entry for rule in rules for entry in rule.lists}
    last = version or max((v.pack_version for v in held), key=version_key)
    pack = Pack(
        name=name,
        version=last,
        issuer=issuer or issuers[0],
        licence=licence,
        rules=rules,
        lists=tuple(lists[key] for key in sorted(lists)),
    )
    said = {key: getattr(pack, key) for key in ("name", "version", "issuer", "licence")}
    text = "".join(
        f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in said.items()
    )
    return Collected(
        pack=pack,
        pack_yaml=f"schema: 1\n{text}".encode(),
        is_ours=issuers == [pack.issuer],
        left_out=tuple(sorted(v.rule.id for v in chosen if v.status is RuleStatus.RETIRED)),
    )


def prepare(
    collected: Collected, *, within_our_organisation: bool = False, made_on: date | None = None
) -> Prepared:
    """Return the bytes of a pack; the same rules give the same bytes, whenever and wherever.

    Args:
        collected: What is to be given away.
        within_our_organisation: Whether somebody said that it stays in the author's organisation.
        made_on: The day to write on it; None writes none.

    Raises:
        PackError: A rule may not leave, a test of a rule fails, or what the pack says of itself is wrong.
        PackMalformed: What was collected makes no pack that could be read.
    """
    pack = collected.pack
    if not pack.rules:
        raise PackError(f"There is no rule to give away in the pack {pack.name!r}.")
    handling = must_be_exportable(
        pack.rules,
        within_our_organisation=within_our_organisation,
        is_ours=collected.is_ours,
    )
    must_pass_their_tests(pack.rules)
    version_key(pack.version)
    asked = {entry.name for rule in pack.rules for entry in rule.lists}
    engine_from, engine_below = engine_range()
    head = PackHead(
        name=pack.name,
        version=pack.version,
        issuer=pack.issuer,
        licence=pack.licence,
        engine_from=engine_from,
        engine_below=engine_below,
        handling=handling,
        made_on=made_on,
    )
    files = {PACK_FILE: collected.pack_yaml}
    files |= {place_of(rule): rule.source_yaml.encode() for rule in pack.rules}
    files |= {
        f"lists/{entry.name}.yaml": entry.source_yaml.encode()
        for entry in pack.lists
        if entry.name in asked
    }
    if collected.read_me:
        files[READ_ME] = collected.read_me
    if len(files) >= MOST_FILES or sum(map(len, files.values())) > LARGEST_ARCHIVE // 2:
        raise PackError(
            f"The pack is too large: {MOST_FILES:,} files and {LARGEST_ARCHIVE // 2:,} bytes are the most.",
            remedy="Give the rules in several packs.",
        )
    archive = made(head, files)
    opened(archive)  # what could not be read again is not given away
    return Prepared(
        head=head,
        archive=archive,
        rules=pack.rules,
        lists=tuple(sorted(asked)),
        lists_left_out=tuple(e.name for e in pack.lists if e.name not in asked),
        rules_left_out=collected.left_out,
        naming=naming_values(pack.rules),
    )


def give(
    workspace: Workspace,
    prepared: Prepared,
    path: Path,
    *,
    key: KeyFile,
    by: str,
) -> Signature:
    """Sign a pack and write it with its signature beside it; the audit chain knows of it before it is there.

    Args:
        workspace: The unit that gives it.
        prepared: The pack.
        path: Where it is written; the signature has the same name and ``.sig`` behind it.
        key: The private key.
        by: Who answers for it.

    Raises:
        PackError: The key cannot be used, or the files cannot be written.
    """
    signature = sign(prepared.archive, key)
    payload = {
        "version": prepared.head.version,
        "issuer": prepared.head.issuer,
        "handling": prepared.head.handling.value,
        "sha256": signature.sha256,
        "key": signature.fingerprint,
        "rules": [f"{rule.id} {rule.version}" for rule in prepared.rules],
        "lists": list(prepared.lists),
    }
    with open_register(workspace) as connection:
        audit.append(connection, by, "pack_exported", prepared.head.name, payload)
    try:
        with appears_whole(path) as aside:
            aside.write_bytes(prepared.archive)
        with appears_whole(path.with_name(f"{path.name}{SUFFIX}")) as aside:
            aside.write_bytes(signature.text)
    except OSError as error:
        raise PackError(
            f"{path} cannot be written: {error.strerror}.",
            remedy="See that its folder exists, that it may be written to, and that there is room.",
        ) from error
    return signature


def must_pass_their_tests(rules: Iterable[Rule]) -> None:
    """Return if every test of these rules passes in this engine.

    Raises:
        PackError: Some do not; the sentence names rules and tests.
    """
    failing = [
        f"{rule.id}: {result.name}"
        for rule in rules
        if rule.tests
        for result in run_tests(rule)
        if not result.passed
    ]
    if failing:
        raise PackError(
            f"Tests inside the rules fail in this engine ({len(failing)}): {'; '.join(failing)}.",
            remedy="`riskengine rules test` shows what they say; a rule whose tests fail is not shared.",
        )
