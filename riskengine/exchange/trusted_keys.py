"""Whose packs this unit takes: public keys that came by another way than the packs, and were compared by voice.

A key speaks for one issuer, the one it was trusted for. The audit chain knows who trusted and revoked what;
a file in ``keys/trusted`` holds each key to be seen and copied. Both have to agree: a file that was only put
there, or a chain entry whose file is gone, makes no key trusted, and a revoked key stays so.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from riskengine.errors import PackError, PackUntrusted
from riskengine.exchange.signing import PublicKey, public_key_of, read_bounded
from riskengine.ledger.durable import appears_whole
from riskengine.messages import visible
from riskengine.register import audit
from riskengine.register.connection import open_register

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from riskengine.workspace import Workspace

LONGEST_NAME: Final = 80
_TRUSTED: Final = "pack_key_trusted"
_REVOKED: Final = "pack_key_revoked"
_LARGEST_FILE: Final = 4096


class KeyStanding(StrEnum):
    """Whether packs signed with a key are taken."""

    TRUSTED = "trusted"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey:
    """A key that this unit trusts, or trusted once.

    Attributes:
        issuer: Whose packs it vouches for, as they name their issuer.
        key: The public key.
        standing: Trusted, revoked, or unknown where file and audit chain do not agree.
        since: When it came to this standing, as text in UTC; empty where nobody knows.
        by: Who answers for that.
        reason: Why it was revoked.
    """

    issuer: str
    key: PublicKey
    standing: KeyStanding
    since: str = ""
    by: str = ""
    reason: str = ""


def trust(
    workspace: Workspace, key: PublicKey, issuer: str, *, by: str, heard: str = ""
) -> TrustedKey:
    """Trust a public key for the packs of one issuer, and write that into the audit chain.

    Args:
        workspace: The unit's folder.
        key: The key.
        issuer: The name that the packs of its owner give as their issuer.
        by: Who answers for it.
        heard: The fingerprint as the issuer said it; empty where nobody was asked.

    Raises:
        PackError: The name or the fingerprint is wrong, or the key was revoked here.
    """
    if not issuer or len(issuer) > LONGEST_NAME or not _is_plain(issuer):
        raise PackError(
            f"The name of an issuer has 1 to {LONGEST_NAME} letters that can be seen.",
            remedy="Give it as its packs do.",
        )
    if heard and "".join(heard.split()) != key.fingerprint.replace(" ", ""):
        raise PackError(
            f"The key has another fingerprint than the one that was heard: {key.fingerprint}.",
            remedy="Somebody may have exchanged the key on its way. Ask the issuer again, by voice.",
        )
    before = _in_chain(workspace).get(key.fingerprint)
    if before is not None and before.standing is KeyStanding.REVOKED:
        raise PackError(
            f"The key {key.fingerprint} was revoked by {before.by} on {before.since[:10]}.",
            remedy="A revoked key is never trusted again; ask its owner for a new one.",
        )
    if before is not None and before.issuer != issuer:
        raise PackError(
            f"The key {key.fingerprint} is trusted for the issuer {before.issuer} already.",
            remedy="A key speaks for one issuer; ask for another key.",
        )
    held = trusted_keys(workspace).get(key.fingerprint)
    if held is not None and held.standing is KeyStanding.TRUSTED:
        return held
    _enter(workspace, TrustedKey(issuer=issuer, key=key, standing=KeyStanding.TRUSTED, by=by))
    return trusted_keys(workspace)[key.fingerprint]


def revoke(workspace: Workspace, which: str, *, by: str, reason: str) -> TrustedKey:
    """Revoke a trusted key for good, and write that into the audit chain.

    Packs that were taken before stay: they went through the gates of this unit.

    Args:
        workspace: The unit's folder.
        which: A fingerprint, or the issuer where he has only one trusted key.
        by: Who answers for it.
        reason: Why.

    Raises:
        PackError: There is no such trusted key, or there are several.
    """
    digits = "".join(which.split())
    known = _in_chain(workspace).values()
    found = [
        held
        for held in known
        if held.standing is KeyStanding.TRUSTED
        and (held.issuer == which or held.key.fingerprint.replace(" ", "") == digits)
    ]
    if len(found) != 1:
        how_many = "several trusted keys" if found else "no trusted key"
        raise PackError(
            f"There is {how_many} of {visible(which)}.",
            remedy="Give the fingerprint; `riskengine rules keys list` shows them.",
        )
    _enter(workspace, replace(found[0], standing=KeyStanding.REVOKED, by=by, reason=reason))
    return trusted_keys(workspace)[found[0].key.fingerprint]


def trusted_keys(workspace: Workspace) -> Mapping[str, TrustedKey]:
    """Return every key that was ever trusted, or whose file stands here, by its fingerprint."""
    in_chain, in_folder = _in_chain(workspace), _in_folder(workspace)
    keys: dict[str, TrustedKey] = {}
    for fingerprint in sorted({*in_chain, *in_folder}):
        held = in_chain.get(fingerprint)
        file = in_folder.get(fingerprint)
        if held is None:
            if file is not None:
                keys[fingerprint] = file
        elif held.standing is KeyStanding.TRUSTED and file is None:
            keys[fingerprint] = replace(held, standing=KeyStanding.UNKNOWN)
        else:
            keys[fingerprint] = held
    return keys


def vouching_key(workspace: Workspace, fingerprint: str) -> TrustedKey:
    """Return the trusted key of this fingerprint, with the audit chain checked entry by entry.

    Raises:
        PackUntrusted: There is none, or it was revoked.
        AuditChainBroken: The chain does not add up, so that nobody can say whom this unit trusts.
    """
    audit.verify(workspace)
    found = trusted_keys(workspace).get(fingerprint)
    if found is None or found.standing is KeyStanding.UNKNOWN:
        raise PackUntrusted(
            f"The pack is signed with the key {fingerprint}, which is not trusted here.",
            remedy="Get the public key from its issuer by another way, compare the fingerprint by voice, then"
            " `riskengine rules keys trust`. Nothing was taken over.",
        )
    if found.standing is KeyStanding.REVOKED:
        raise PackUntrusted(
            f"The pack is signed with the key {fingerprint}, which {found.by} revoked on {found.since[:10]}.",
            remedy="Ask its issuer for a pack signed with a key that is trusted. Nothing was taken over.",
        )
    return found


def _enter(workspace: Workspace, held: TrustedKey) -> None:
    key, issuer = held.key, held.issuer
    action = _TRUSTED if held.standing is KeyStanding.TRUSTED else _REVOKED
    payload = {"issuer": issuer, "key": key.text, "reason": held.reason}
    content = {"schema": 1, "issuer": issuer, "key": key.text, "fingerprint": key.fingerprint}
    path = workspace.trusted_keys_folder / f"{key.fingerprint.replace(' ', '-')}.json"
    with open_register(workspace) as connection:
        audit.append(connection, held.by, action, key.fingerprint, payload)
        # A file without its entry makes no key trusted, so the file may come first.
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with appears_whole(path, mode=0o600) as aside:
            aside.write_text(f"{json.dumps(content, indent=1, ensure_ascii=False)}\n", "utf-8")


def _in_chain(workspace: Workspace) -> dict[str, TrustedKey]:
    held: dict[str, TrustedKey] = {}
    about = [
        entry
        for action in (_TRUSTED, _REVOKED)
        for entry in audit.entries(workspace, action=action)
    ]
    for entry in sorted(about, key=lambda entry: entry.seq):
        said = json.loads(entry.payload)
        held[entry.object] = TrustedKey(
            issuer=said["issuer"],
            key=public_key_of(said["key"]),
            standing=KeyStanding.TRUSTED if entry.action == _TRUSTED else KeyStanding.REVOKED,
            since=entry.at,
            by=entry.actor,
            reason=said["reason"],
        )
    return {
        fingerprint: found
        for fingerprint, found in held.items()
        if found.key.fingerprint == fingerprint
    }


def _in_folder(workspace: Workspace) -> dict[str, TrustedKey]:
    folder = workspace.trusted_keys_folder
    found = (
        [_of_file(path) for path in sorted(folder.glob("*.json"))] if folder.is_dir() else []
    )
    return {held.key.fingerprint: held for held in found}


def _of_file(path: Path) -> TrustedKey:
    """Return the key of a file; only the audit chain can make it more than unknown.

    Raises:
        PackError: The file is not one that was written here.
    """
    text = read_bounded(path, _LARGEST_FILE)
    try:
        said = json.loads(text) if len(text) <= _LARGEST_FILE else None
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or not isinstance(said.get("key"), str):
        raise PackError(
            f"{path} is no trusted key.",
            remedy="Take the file away; `riskengine rules keys trust` writes such files.",
        )
    return TrustedKey(
        issuer=str(said.get("issuer", "")),
        key=public_key_of(said["key"]),
        standing=KeyStanding.UNKNOWN,
    )


def _is_plain(name: str) -> bool:
    return (
        name.isprintable()
        and name.strip() == name
        and unicodedata.normalize("NFC", name) == name
    )
