"""Rules in the ledger: installed by pack, never overwritten, read again from the files as written."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC
from functools import lru_cache
from typing import TYPE_CHECKING

from riskengine.errors import RuleError, RulesRefused
from riskengine.features.catalog import catalog
from riskengine.ledger.connection import open_ledger
from riskengine.rules.faults import Source
from riskengine.rules.pack import kinds_of
from riskengine.rules.rule_file import read_list, read_rule
from riskengine.rules.tree import lists_read

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    import duckdb

    from riskengine.rules.rule import Pack, Rule, RuleList
    from riskengine.workspace import Workspace


@dataclass(frozen=True, slots=True)
class _Signature:
    """Who installs, and when (UTC, without a zone, as DuckDB keeps it)."""

    at: datetime
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesInForce:
    """The rules of one day.

    Attributes:
        rules: In shadow, on trial or active, and within their dates; sorted by id.
        lists: The lists that they ask.
        expired_lists: The names of those whose last day is past; they are still asked, and must be
            shown to a supervisor.
        digest: The sha256 of ids, versions, contents, statuses and lists.
    """

    rules: tuple[Rule, ...]
    lists: tuple[RuleList, ...]
    expired_lists: tuple[str, ...]
    digest: str


def install(workspace: Workspace, pack: Pack, *, at: datetime, who: str) -> int:
    """Put the rules and lists of a pack into the ledger; return how many were new or changed.

    Installing the same pack again changes nothing. A rule with the same meaning and another status or
    test is taken over, and the event is kept.

    Args:
        workspace: Whose ledger.
        pack: Rules and lists, checked.
        at: When, with its time zone.
        who: Who answers for it.

    Raises:
        RuleError: A rule says something else than the ledger's rule of that id and version.
        LedgerError: The ledger refused.
    """
    signed = _Signature(at.astimezone(UTC).replace(tzinfo=None), who)
    with open_ledger(workspace) as connection:
        changed = [_install_list(connection, pack, entry, signed) for entry in pack.lists]
        changed += [_install_rule(connection, pack, rule, signed) for rule in pack.rules]
    return sum(changed)


def in_force(workspace: Workspace, on: date) -> RulesInForce:
    """Return the rules that run on a day: of each id the highest version.

    Raises:
        RuleError: What the ledger holds is not what was installed.
        LedgerError: The ledger refused.
    """
    with open_ledger(workspace) as connection:
        versions = connection.execute(
            "SELECT pack_name, rule_id, version, sha256, source_yaml FROM rule_version "
            "QUALIFY row_number() OVER (PARTITION BY rule_id ORDER BY version DESC) = 1 ORDER BY rule_id"
        ).fetchall()
        editions = connection.execute(
            "SELECT pack_name, name, sha256, source_yaml FROM rule_list QUALIFY row_number() OVER "
            "(PARTITION BY pack_name, name ORDER BY edition DESC) = 1 ORDER BY pack_name, name"
        ).fetchall()
    lists: dict[str, dict[str, RuleList]] = {}
    for pack_name, name, sha256, source_yaml in editions:
        lists.setdefault(pack_name, {})[name] = _stored_list(name, sha256, source_yaml)
    rules: list[Rule] = []
    for pack_name, rule_id, version, sha256, source_yaml in versions:
        rule = _with_lists(rule_from_source(source_yaml), lists.get(pack_name, {}))
        if (rule.id, rule.version, rule.sha256) != (rule_id, version, sha256):
            raise RuleError(
                f"The ledger's text of the rule {rule_id} is not the one that was installed.",
                remedy="Verify the workspace; restore the ledger from a copy.",
            )
        if rule.is_in_force(on):
            rules.append(rule)
    return _gathered(tuple(rules), on)


def rule_from_source(source_yaml: str) -> Rule:
    """Return the rule of a file as written, for its texts and its conditions; its lists are not filled in.

    Raises:
        RulesRefused: The text is no rule for the fields of this engine.
    """
    return _parsed(source_yaml)


@lru_cache(maxsize=2048)
def _parsed(source_yaml: str) -> Rule:
    source = Source("ledger", source_yaml)
    rule = read_rule(source, kinds_of(catalog()), None)
    if rule is None:
        raise RulesRefused(tuple(source.faults))
    return rule


def _gathered(rules: tuple[Rule, ...], on: date) -> RulesInForce:
    asked = {entry.sha256: entry for rule in rules for entry in rule.lists}
    lists = tuple(sorted(asked.values(), key=lambda entry: (entry.name, entry.sha256)))
    lines = [f"{rule.id} {rule.version} {rule.sha256} {rule.status.value}" for rule in rules]
    lines += [
        f"{rule.id} {entry.name} {entry.sha256}" for rule in rules for entry in rule.lists
    ]
    return RulesInForce(
        rules=rules,
        lists=lists,
        expired_lists=tuple(entry.name for entry in lists if entry.valid_until < on),
        digest=hashlib.sha256("\n".join(lines).encode()).hexdigest(),
    )


def _with_lists(rule: Rule, lists: Mapping[str, RuleList]) -> Rule:
    named = sorted({name for tree in (rule.when, *rule.unless) for name in lists_read(tree)})
    lost = [name for name in named if name not in lists]
    if lost:
        raise RuleError(
            f"The rule {rule.id} asks the list {lost[0]!r}, which the ledger has not."
        )
    return replace(rule, lists=tuple(lists[name] for name in named))


def _stored_list(name: str, sha256: str, source_yaml: str) -> RuleList:
    found = read_list(Source("ledger", source_yaml))
    if found is None or (found.name, found.sha256) != (name, sha256):
        raise RuleError(
            f"The ledger's text of the list {name!r} is not the one that was installed.",
            remedy="Verify the workspace; restore the ledger from a copy.",
        )
    return found


def _install_rule(
    connection: duckdb.DuckDBPyConnection, pack: Pack, rule: Rule, signed: _Signature
) -> bool:
    stored = connection.execute(
        "SELECT sha256, source_yaml FROM rule_version WHERE rule_id = ? AND version = ?",
        [rule.id, rule.version],
    ).fetchone()
    if stored is None:
        connection.execute(
            "INSERT INTO rule_version VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [rule.id, rule.version, rule.sha256, pack.name, pack.version, pack.issuer,
             rule.source_yaml, signed.at, signed.who],
        )  # fmt: skip
        _note(connection, rule, signed, "installed", f"pack {pack.name} {pack.version}")
        return True
    sha256, source_yaml = stored
    if sha256 != rule.sha256:
        raise RuleError(
            f"{rule.id} version {rule.version} is installed already and says something else.",
            remedy="Raise the version of the changed rule.",
        )
    if source_yaml == rule.source_yaml:
        return False
    before = rule_from_source(source_yaml).status
    connection.execute(
        "UPDATE rule_version SET source_yaml = ? WHERE rule_id = ? AND version = ?",
        [rule.source_yaml, rule.id, rule.version],
    )
    if before is rule.status:
        _note(connection, rule, signed, "text", "layout, tests or remarks")
    else:
        _note(connection, rule, signed, "status", f"{before.value} to {rule.status.value}")
    return True


def _note(
    connection: duckdb.DuckDBPyConnection,
    rule: Rule,
    signed: _Signature,
    what: str,
    why: str,
) -> None:
    connection.execute(
        "INSERT INTO rule_event VALUES (?, ?, ?, ?, ?, ?, ?)",
        [rule.id, rule.version, rule.sha256, signed.at, signed.who, what, why],
    )


def _install_list(
    connection: duckdb.DuckDBPyConnection, pack: Pack, entry: RuleList, signed: _Signature
) -> bool:
    newest = connection.execute(
        "SELECT edition, sha256 FROM rule_list WHERE pack_name = ? AND name = ? ORDER BY edition DESC",
        [pack.name, entry.name],
    ).fetchone()
    if newest is not None and newest[1] == entry.sha256:
        return False
    connection.execute(
        "INSERT INTO rule_list VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [pack.name, entry.name, newest[0] + 1 if newest else 1, entry.sha256, entry.valid_until,
         entry.source_yaml, signed.at, signed.who],
    )  # fmt: skip
    return True
