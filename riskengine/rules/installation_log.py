"""What an installation says in the audit chain: that it begins, before the ledger commits, and that it is done.

The ledger never changes without an entry in the chain that says who brought what. Where a crash fell between the
two, the next command asks the ledger whether it has what was begun, and writes down how it ended.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from riskengine.ledger.connection import open_ledger
from riskengine.register import audit
from riskengine.register.connection import open_register

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from riskengine.register.audit import AuditEntry
    from riskengine.rules.rule import Pack
    from riskengine.rules.store import Installation
    from riskengine.workspace import Workspace

RULES_ADDED: Final = "rules_added"
PACK_IMPORTED: Final = "pack_imported"
_BEGINNINGS: Final = {RULES_ADDED: "rules_adding", PACK_IMPORTED: "pack_importing"}
_ABANDONED: Final = {RULES_ADDED: "rules_add_abandoned", PACK_IMPORTED: "pack_import_abandoned"}


@dataclass(slots=True, kw_only=True)
class InstallationLog:
    """The entries of one installation.

    Attributes:
        workspace: The unit's folder.
        action: ``rules_added`` or ``pack_imported``.
        by: Who answers for it.
        pack: What is installed.
        payload: What the entry tells beside what is installed.
        begun: The number of the entry that says it begins; 0 before.
    """

    workspace: Workspace
    action: str
    by: str
    pack: Pack
    payload: Mapping[str, object]
    begun: int = 0

    def begin(self, done: Installation) -> None:
        """Say what the ledger is about to commit."""
        payload = dict(self.payload) | {"begins": _marks(self.pack, done)}
        with open_register(self.workspace) as connection:
            head = audit.append(
                connection, self.by, _BEGINNINGS[self.action], self.pack.name, payload
            )
        self.begun = head.seq

    def complete(self) -> None:
        """Say that the ledger has it."""
        with open_register(self.workspace) as connection:
            payload = dict(self.payload) | {"begun": self.begun}
            audit.append(connection, self.by, self.action, self.pack.name, payload)


def finish_installations(workspace: Workspace) -> int:
    """Write down how installations ended that a crash cut short, and return how many they were."""
    waiting = [
        (action, entry)
        for action, beginning in _BEGINNINGS.items()
        for entry in audit.entries(workspace, action=beginning)
        if entry.seq not in _ended(workspace, action)
    ]
    for action, entry in waiting:
        said = cast("dict[str, object]", json.loads(entry.payload))
        with open_ledger(workspace, read_only=True) as ledger:
            is_done = _has(ledger, cast("Mapping[str, list[list[str]]]", said.pop("begins")))
        if entry.seq in _ended(workspace, action):
            continue  # whoever began it was only slow
        with open_register(workspace) as connection:
            what = action if is_done else _ABANDONED[action]
            audit.append(
                connection, entry.actor, what, entry.object, said | {"begun": entry.seq}
            )
    return len(waiting)


def _ended(workspace: Workspace, action: str) -> set[object]:
    return {
        _said(entry).get("begun")
        for what in (action, _ABANDONED[action])
        for entry in audit.entries(workspace, action=what)
    }


def _said(entry: AuditEntry) -> Mapping[str, object]:
    return cast("Mapping[str, object]", json.loads(entry.payload))


def _marks(pack: Pack, done: Installation) -> Mapping[str, list[list[str]]]:
    """Return what the ledger has once this is installed: versions, texts, lists."""
    lists = {entry.name: entry.sha256 for entry in pack.lists}
    return {
        "versions": [[rule.id, rule.sha256] for rule in done.new],
        "texts": [[rule.id, rule.sha256, _digest(rule.source_yaml)] for rule in done.reworded],
        "lists": [[pack.name, name, lists[name]] for name in done.lists],
    }


def _has(ledger: duckdb.DuckDBPyConnection, marks: Mapping[str, list[list[str]]]) -> bool:
    versions = ledger.execute(
        "SELECT rule_id, sha256, source_yaml FROM rule_version"
    ).fetchall()
    lists = ledger.execute("SELECT pack_name, name, sha256 FROM rule_list").fetchall()
    texts = {(rule_id, sha256): text for rule_id, sha256, text in versions}
    return (
        all((rule_id, sha256) in texts for rule_id, sha256 in marks["versions"])
        and all(
            _digest(texts.get((rule_id, sha256), "")) == text
            for rule_id, sha256, text in marks["texts"]
        )
        and all(tuple(mark) in lists for mark in marks["lists"])
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
