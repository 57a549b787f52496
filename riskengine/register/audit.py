"""The audit chain: what was done by whom, appended only, each entry sealed by the one after it.

An entry's hash covers the salted hash of its payload instead of the payload, so that a payload
can one day be erased, where the law asks for it, and the chain still adds up.

The chain shows that something was changed or taken out. That its *end* was cut off only shows to
somebody who kept an earlier head elsewhere and brings it to ``verify``: print it, hand it out.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from riskengine.errors import AuditChainBroken, RegisterError
from riskengine.register.connection import open_register

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from riskengine.workspace import Workspace

GENESIS: Final = "0" * 64
"""What the first entry names as the hash before it."""

_SALT_BYTES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditHead:
    """The end of the chain: whoever holds it can tell whether the chain still leads there.

    Attributes:
        seq: The number of the last entry; 0 for an empty chain.
        hash: Its hash.
    """

    seq: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One entry as it stands in the chain."""

    seq: int
    at: str
    actor: str
    action: str
    object: str
    payload: str
    salt: bytes
    payload_hash: str
    prev_hash: str
    hash: str

    def expected_payload_hash(self) -> str:
        """Return the hash that the payload and its salt have."""
        return hashlib.sha256(self.salt + self.payload.encode()).hexdigest()

    def expected_hash(self) -> str:
        """Return the hash that what the entry says has."""
        body = {
            "seq": self.seq,
            "at": self.at,
            "actor": self.actor,
            "action": self.action,
            "object": self.object,
            "payload_hash": self.payload_hash,
            "prev_hash": self.prev_hash,
        }
        return hashlib.sha256(canonical_json(body).encode()).hexdigest()


def append(
    connection: sqlite3.Connection,
    actor: str,
    action: str,
    about: str,
    payload: Mapping[str, object],
) -> AuditHead:
    """Append one entry in the caller's transaction, at the clock's time, and return the new head.

    Args:
        connection: An open register, in the transaction that does what the entry says.
        actor: Who did it.
        action: What was done, as a word like ``outcome_entered``.
        about: What it was done to, by its id or number (the column ``object``).
        payload: The particulars: text, whole numbers, truth values, null, lists and mappings of
            them. Personal particulars belong here, not in ``about``.

    Raises:
        RegisterError: The payload holds something else, such as a float.
    """
    before = _head(connection)
    text = canonical_json(dict(payload))
    salt = secrets.token_bytes(_SALT_BYTES)
    entry = AuditEntry(
        seq=before.seq + 1,
        at=datetime.now(UTC).isoformat(timespec="microseconds"),
        actor=actor,
        action=action,
        object=about,
        payload=text,
        salt=salt,
        payload_hash=hashlib.sha256(salt + text.encode()).hexdigest(),
        prev_hash=before.hash,
        hash="",
    )
    sealed = entry.expected_hash()
    connection.execute(
        f"INSERT INTO audit ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            entry.seq,
            entry.at,
            entry.actor,
            entry.action,
            entry.object,
            entry.payload,
            entry.salt,
            entry.payload_hash,
            entry.prev_hash,
            sealed,
        ),
    )
    return AuditHead(seq=entry.seq, hash=sealed)


def verify(workspace: Workspace, *, witnessed: AuditHead | None = None) -> AuditHead:
    """Check every entry of the chain and return its head.

    Args:
        workspace: The unit's folder.
        witnessed: A head that was handed out earlier. Without one, a chain whose last entries
            were cut off looks sound.

    Raises:
        AuditChainBroken: An entry was changed, taken out or put in; the sentence names the first
            one. Or the chain does not lead to the witnessed head.
    """
    head = AuditHead(seq=0, hash=GENESIS)
    is_witnessed = witnessed is None or witnessed == head
    with open_register(workspace, read_only=True) as connection:
        rows = connection.execute(f"SELECT {_COLUMNS} FROM audit ORDER BY seq")
        for row in rows:
            head = _checked(_as_entry(row), head)
            is_witnessed = is_witnessed or head == witnessed
    if witnessed is not None and not is_witnessed:
        if head.seq < witnessed.seq:
            raise AuditChainBroken(
                f"The audit chain ends at entry {head.seq}, but a head of entry {witnessed.seq}"
                " was handed out: its end was cut off, or an old copy was put in its place."
            )
        raise AuditChainBroken(
            f"Entry {witnessed.seq} of the audit chain is not the one whose head was handed out."
        )
    return head


def entries(
    workspace: Workspace, *, action: str | None = None, about: str | None = None
) -> tuple[AuditEntry, ...]:
    """Return the entries in their order, all or those of one action or one object.

    They are as they stand; whether the chain adds up is for ``verify`` to say.
    """
    with open_register(workspace, read_only=True) as connection:
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM audit WHERE action = coalesce(?, action)"
            " AND object = coalesce(?, object) ORDER BY seq",
            (action, about),
        ).fetchall()
    return tuple(_as_entry(row) for row in rows)


def canonical_json(content: object) -> str:
    """Return the one JSON text of this content.

    >>> canonical_json({"b": 1, "a": ["x", None]})
    '{"a":["x",null],"b":1}'

    Raises:
        RegisterError: It holds what has no single text: a float, a key that is no text, a lone
            surrogate, or something JSON does not know.
    """
    _must_be_canonical(content)
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise RegisterError("A text in the audit payload is not valid Unicode.") from error
    return text


def _must_be_canonical(content: object) -> None:
    match content:
        case None | bool() | int() | str():
            return
        case dict():
            for key, value in content.items():
                if not isinstance(key, str):
                    raise RegisterError(f"The audit payload has the key {key!r}, not a text.")
                _must_be_canonical(value)
        case list() | tuple():
            for value in content:
                _must_be_canonical(value)
        case _:
            raise RegisterError(
                f"The audit payload holds {content!r}, which has no single text.",
                remedy="Give numbers with decimals and instants as text.",
            )


def _checked(entry: AuditEntry, before: AuditHead) -> AuditHead:
    """Return the head that this entry makes, if it follows on the one before it."""
    if entry.seq != before.seq + 1:
        raise AuditChainBroken(
            f"The audit chain breaks at entry {before.seq + 1}: it is not there, and entry"
            f" {entry.seq} is next."
        )
    for what, said, expected in (
        ("does not follow the one before it", entry.prev_hash, before.hash),
        (
            "has another payload than was sealed",
            entry.payload_hash,
            entry.expected_payload_hash(),
        ),
        ("says something else than was sealed", entry.hash, entry.expected_hash()),
    ):
        if said != expected:
            raise AuditChainBroken(f"The audit chain breaks at entry {entry.seq}: it {what}.")
    return AuditHead(seq=entry.seq, hash=entry.hash)


def _head(connection: sqlite3.Connection) -> AuditHead:
    last = connection.execute(
        "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    return (
        AuditHead(seq=0, hash=GENESIS) if last is None else AuditHead(seq=last[0], hash=last[1])
    )


def _as_entry(row: tuple[int, str, str, str, str, str, bytes, str, str, str]) -> AuditEntry:
    seq, at, actor, action, about, payload, salt, payload_hash, prev_hash, sealed = row
    return AuditEntry(
        seq=seq,
        at=at,
        actor=actor,
        action=action,
        object=about,
        payload=payload,
        salt=salt,
        payload_hash=payload_hash,
        prev_hash=prev_hash,
        hash=sealed,
    )


_COLUMNS: Final = "seq, at, actor, action, object, payload, salt, payload_hash, prev_hash, hash"
