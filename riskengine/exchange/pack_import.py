"""Taking rules from another unit: the signature first, then the file, then what it says, then the ledger.

Until the last step nothing is written. What is taken lands in shadow, whatever its author says of its status:
it runs beside the rules that count and gives no points until this unit's own gates let it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from riskengine import __version__
from riskengine.errors import PackConflict, PackError, PackMalformed, RuleNotFound, RulesRefused
from riskengine.exchange.archive import LARGEST_ARCHIVE
from riskengine.exchange.handling import Handling, most_guarded
from riskengine.exchange.pack_difference import RuleChange, difference_to
from riskengine.exchange.pack_export import must_pass_their_tests
from riskengine.exchange.pack_file import PackHead, opened, place_of, version_key
from riskengine.exchange.signing import SUFFIX, read_bounded, read_signature, verify
from riskengine.exchange.trusted_keys import vouching_key
from riskengine.features.catalog import catalog
from riskengine.messages import visible
from riskengine.register import audit
from riskengine.rules.exceptions import standing_exceptions
from riskengine.rules.installation_log import (
    PACK_IMPORTED,
    InstallationLog,
    finish_installations,
)
from riskengine.rules.pack import load_pack, read_pack_files
from riskengine.rules.rule import RuleStatus
from riskengine.rules.standing import installed
from riskengine.rules.store import install

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from riskengine.exchange.pack_difference import PackDifference, RuleDifference
    from riskengine.exchange.trusted_keys import TrustedKey
    from riskengine.rules.rule import Pack, Rule
    from riskengine.rules.standing import Installed
    from riskengine.rules.store import Installation
    from riskengine.workspace import Workspace

_LARGEST_SIGNATURE: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A pack whose signature and form are right, beside what stands here.

    Attributes:
        head: What it says of itself.
        sha256: Of its bytes.
        key: Who vouches for it.
        pack: Its rules and lists.
        difference: What it would change here.
    """

    head: PackHead
    sha256: str
    key: TrustedKey
    pack: Pack
    difference: PackDifference


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What taking a pack in would do.

    Attributes:
        pack: What is installed: the rules and lists that are taken.
        kept: The ids of rules that stay as they are here, because the pack says something else under their version.
        retired: The ids of rules that their author has retired; nothing is done about them here.
        lists_kept: The names of lists that stay as they are, because rules that count here ask them.
    """

    pack: Pack
    kept: tuple[str, ...]
    retired: tuple[str, ...]
    lists_kept: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Earlier:
    """A pack that was taken in before, as the audit chain tells it."""

    version: str
    issuer: str
    key: str
    sha256: str


def examine(workspace: Workspace, path: Path, signature_path: Path | None = None) -> Examined:
    """Return what a pack says and what it would change; nothing is written.

    Args:
        workspace: The unit that looks at it.
        path: The pack.
        signature_path: Its signature; None takes the file beside it that ends in ``.sig``.

    Raises:
        PackUntrusted: No trusted key has signed exactly these bytes.
        PackMalformed: The file is not a pack of the one form that is read, or contradicts itself.
        RulesRefused: Rules or lists in it have faults; all of them are carried along.
        PackError: A file cannot be read, or the pack is not for this engine or this unit.
        AuditChainBroken: The audit chain does not add up.
    """
    archive = _archive(path)
    signature_path = signature_path or path.with_name(f"{path.name}{SUFFIX}")
    if not signature_path.is_file():
        raise PackError(
            f"There is no signature {signature_path}, and no pack is taken without one.",
            remedy="Ask its issuer for the file that ends in .sig, or name it with --signature.",
        )
    signature = read_signature(read_bounded(signature_path, _LARGEST_SIGNATURE))
    key = vouching_key(workspace, signature.fingerprint)
    verify(archive, signature, key.key)
    found = opened(archive)
    _must_be_for_us(found.head, key)
    pack, faults = read_pack_files(found.files, catalog(), visible(path.name))
    if faults:
        raise RulesRefused(faults)
    _must_agree(found.head, pack, {*found.files})
    held = installed(workspace)
    _must_be_the_issuers_name(pack, held)
    exceptions = [entry.exception for entry in standing_exceptions(workspace)]
    return Examined(
        head=found.head,
        sha256=hashlib.sha256(archive).hexdigest(),
        key=key,
        pack=pack,
        difference=difference_to(pack, held, exceptions),
    )


def difference_of_folder(workspace: Workspace, folder: Path) -> PackDifference:
    """Return what the rules of a folder would change here.

    Raises:
        RulesRefused: Some file has faults; all of them are carried along.
    """
    exceptions = [entry.exception for entry in standing_exceptions(workspace)]
    return difference_to(load_pack(folder, catalog()), installed(workspace), exceptions)


def version_of(workspace: Workspace, rule_id: str, version: int) -> Rule:
    """Return one version of a rule that is installed here.

    Raises:
        RuleNotFound: There is none.
    """
    held = {found.rule.version: found.rule for found in installed(workspace, rule_id)}
    if version not in held:
        has = ", ".join(map(str, held)) or "none"
        raise RuleNotFound(
            f"Version {version} of the rule {visible(rule_id)} is not installed here; versions here: {has}.",
            remedy="List them with `riskengine rules list --all`.",
        )
    return held[version]


def plan(
    workspace: Workspace,
    examined: Examined,
    *,
    keep_ours: bool = False,
    take_lists: bool = False,
) -> Plan:
    """Return what taking a pack in would do; nothing is written.

    Args:
        workspace: The unit that takes it.
        examined: The pack.
        keep_ours: Leave out rules that stand here, from somebody else, under the same version in other words.
        take_lists: Let rules that count here ask the pack's lists from now on.

    Raises:
        PackConflict: The pack is older than one taken before, or contradicts it or what stands here.
        PackError: Tests of its rules fail in this engine.
    """
    _must_be_newer(workspace, examined)
    difference = examined.difference
    _must_not_go_back(examined, difference.having(RuleChange.OLDER))
    contradicting = difference.having(RuleChange.CONTRADICTS)
    _must_not_contradict(examined, contradicting, keep_ours=keep_ours)
    retired = {rule.rule_id for rule in difference.having(RuleChange.RETIRED)}
    kept = {rule.rule_id for rule in contradicting}
    strangers = {
        rule.rule_id
        for rule in difference.having(RuleChange.SAME)
        if rule.ours is not None and rule.ours.issuer != examined.pack.issuer
    }
    taken = tuple(
        rule for rule in examined.pack.rules if rule.id not in retired | kept | strangers
    )
    must_pass_their_tests(taken)
    asked = {entry.name for entry in difference.lists if entry.asked_by}
    lists_kept = set() if take_lists else asked
    needed = {entry.name for rule in taken for entry in rule.lists} - lists_kept
    lists = tuple(entry for entry in examined.pack.lists if entry.name in needed)
    return Plan(
        pack=replace(examined.pack, rules=taken, lists=lists),
        kept=tuple(sorted(kept)),
        retired=tuple(sorted(retired)),
        lists_kept=tuple(sorted(lists_kept)),
    )


def take_in(
    workspace: Workspace, examined: Examined, planned: Plan, *, at: datetime, who: str
) -> Installation:
    """Put what was planned into the ledger, in shadow, and write it into the audit chain; all of it or nothing.

    The chain says that it begins before the ledger commits, and that it is done afterwards. After a crash between
    the two the next change of rules, or ``doctor``, asks the ledger and writes down how it ended.

    Raises:
        RulesRefused: The ledger changed in the meantime and contradicts the pack.
        LedgerError: The ledger refused.
        RegisterError: The register refused.
    """
    payload = {
        "version": examined.head.version,
        "issuer": examined.head.issuer,
        "handling": examined.head.handling.value,
        "sha256": examined.sha256,
        "key": examined.key.key.fingerprint,
        "rules": [f"{rule.id} {rule.version}" for rule in planned.pack.rules],
        "kept": list(planned.kept),
        "lists": [entry.name for entry in planned.pack.lists],
        "lists_kept": list(planned.lists_kept),
    }
    finish_installations(workspace)
    is_known = any(
        earlier.sha256 == examined.sha256 for earlier in _earlier(workspace, examined.head.name)
    )
    log = InstallationLog(
        workspace=workspace, action=PACK_IMPORTED, by=who, pack=planned.pack, payload=payload
    )
    done = install(
        workspace,
        planned.pack,
        at=at,
        who=who,
        standing=RuleStatus.SHADOW,
        before_commit=log.begin,
    )
    if done.changes or not is_known:
        log.complete()
    return done


def _archive(path: Path) -> bytes:
    archive = read_bounded(path)
    if len(archive) > LARGEST_ARCHIVE:
        raise PackMalformed(
            f"{path} has more than {LARGEST_ARCHIVE:,} bytes, the most a pack may have.",
            remedy="Ask its issuer for several smaller packs.",
        )
    return archive


def _must_be_for_us(head: PackHead, key: TrustedKey) -> None:
    if head.issuer != key.issuer:
        raise PackError(
            f"The pack says that {visible(head.issuer)} issues it, but the key that signed it is trusted for"
            f" {key.issuer}.",
            remedy="A key speaks for one issuer. Ask whose pack this is.",
        )
    here = version_key(__version__)
    if not version_key(head.engine_from) <= here < version_key(head.engine_below):
        raise PackError(
            f"The pack is for engines from {head.engine_from} to below {head.engine_below}; this one is {__version__}.",
            remedy="Bring the engine up to date, or ask for a pack for this version.",
        )
    if head.handling is Handling.RED:
        raise PackError(
            "The pack is labelled TLP:RED, and such rules never leave the people they were told to.",
            remedy="Tell its issuer; delete the file.",
        )


def _must_agree(head: PackHead, pack: Pack, names: set[str]) -> None:
    """Refuse a pack whose parts say different things of it."""
    for what in ("name", "version", "issuer", "licence"):
        if getattr(head, what) != getattr(pack, what):
            raise PackMalformed(
                f"pack.json and pack.yaml give the pack another {what}.",
                remedy="Ask its issuer to export it again.",
            )
    label = most_guarded(pack.rules)
    if label is not head.handling:
        raise PackMalformed(
            f"The pack says {head.handling.value}, but its most guarded rule is {label.value}.",
            remedy="Ask its issuer to export it again.",
        )
    for rule in pack.rules:
        if place_of(rule) not in names:
            raise PackMalformed(
                f"The rule {rule.id} does not stand at {place_of(rule)}, where an export puts it.",
                remedy="Ask its issuer to export it again.",
            )


def _must_be_the_issuers_name(pack: Pack, held: Sequence[Installed]) -> None:
    """Refuse a name that another issuer's pack has here: lists are asked by the name of the pack."""
    others = sorted({v.issuer for v in held if v.pack == pack.name and v.issuer != pack.issuer})
    if others:
        raise PackConflict(
            f"A pack called {visible(pack.name)} stands here from {', '.join(map(visible, others))}.",
            remedy="Ask the issuer of this one to give it another name.",
        )


def _must_be_newer(workspace: Workspace, examined: Examined) -> None:
    head = examined.head
    for earlier in _earlier(workspace, head.name):
        is_same_line = (earlier.issuer, earlier.key) == (
            head.issuer,
            examined.key.key.fingerprint,
        )
        if not is_same_line or earlier.sha256 == examined.sha256:
            continue
        if version_key(earlier.version) == version_key(head.version):
            raise PackConflict(
                f"Version {head.version} of the pack {visible(head.name)} was taken in before, with other bytes.",
                remedy="Ask its issuer which is right; a changed pack has a higher version.",
            )
        if version_key(earlier.version) > version_key(head.version):
            raise PackConflict(
                f"Version {earlier.version} of the pack {visible(head.name)} was taken in before; this is the older"
                f" version {head.version}.",
                remedy="Ask its issuer for the newest.",
            )


def _must_not_go_back(examined: Examined, older: Sequence[RuleDifference]) -> None:
    if older:
        named = ", ".join(_versions(rule) for rule in older)
        raise PackConflict(
            f"Later versions of rules of {visible(examined.head.issuer)} stand here: {named}.",
            remedy="Ask its issuer for the newest pack. What is in force stays as it is.",
        )


def _must_not_contradict(
    examined: Examined, contradicting: Sequence[RuleDifference], *, keep_ours: bool
) -> None:
    by_issuer = [
        rule
        for rule in contradicting
        if rule.against is not None and rule.against.issuer == examined.head.issuer
    ]
    if by_issuer:
        named = ", ".join(_versions(rule) for rule in by_issuer)
        raise PackConflict(
            f"The issuer gave other words under the same version before: {named}.",
            remedy="Ask him to raise the version of every changed rule. What is in force stays as it is.",
        )
    if contradicting and not keep_ours:
        named = ", ".join(_versions(rule) for rule in contradicting)
        raise PackConflict(
            f"Rules stand here under the same id and version in other words: {named}.",
            remedy="`riskengine rules diff` shows them field by field; --keep-ours leaves the pack's out.",
        )


def _versions(rule: RuleDifference) -> str:
    here = "none"
    if rule.against is not None:
        whose = visible(rule.against.issuer) or "this unit"
        here = f"version {rule.against.rule.version} of {whose}"
    there = f"version {rule.theirs.version}" if rule.theirs else ""
    return f"{rule.rule_id} ({there}; here {here})"


def _earlier(workspace: Workspace, name: str) -> list[_Earlier]:
    said = [
        json.loads(entry.payload)
        for entry in audit.entries(workspace, action=PACK_IMPORTED, about=name)
    ]
    return [
        _Earlier(**{key: entry[key] for key in ("version", "issuer", "key", "sha256")})
        for entry in said
    ]
