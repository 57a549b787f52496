"""What the ledger holds of rules: every version ever installed, with how far it has come, and the lists.

Rules are read again from their files as written, and only a text that still means what was installed is taken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from riskengine.errors import RuleError, RulesRefused
from riskengine.features.catalog import catalog
from riskengine.rules.faults import Source
from riskengine.rules.pack import kinds_of
from riskengine.rules.rule import RuleStatus
from riskengine.rules.rule_file import read_list, read_rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from riskengine.rules.rule import Rule, RuleList

AS_WRITTEN: Final = "as_written"
"""The standing of what was installed before standings were kept: what its file says."""

_MOST_PARSED: Final = 8192
"""More than the rules of the largest pack: a cache that is too small for one round is no cache."""
LIST_THEM: Final = "List them with `riskengine rules list --all`."
_RESTORE: Final = "Verify the workspace; restore the ledger from a copy."


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Who changes something in the ledger, when and why.

    Attributes:
        at: When, with its time zone.
        who: Who answers for it.
        reason: Why.
        change_id: The change in the register that is carried out; None for what an installation brings.
    """

    at: datetime
    who: str
    reason: str
    change_id: str | None = None

    @property
    def at_utc(self) -> datetime:
        """The moment as DuckDB keeps it: UTC, without a zone."""
        return self.at.astimezone(UTC).replace(tzinfo=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion:
    """One version of a rule as the ledger holds it, with the last thing that was said of its standing.

    Attributes:
        rule_id: The rule.
        version: Its version.
        sha256: Of what it means and says.
        pack: The name of the pack it came with.
        pack_version: The version of that pack.
        issuer: Who issued it.
        source_yaml: The file as written.
        standing: A status, or ``as_written``.
        since: When it was given that standing.
        who: By whom.
        reason: Why.
    """

    rule_id: str
    version: int
    sha256: str
    pack: str
    pack_version: str
    issuer: str
    source_yaml: str
    standing: str
    since: datetime
    who: str
    reason: str

    @property
    def status(self) -> RuleStatus:
        """How far it has come here; as its file said, of one whose file nobody can read any more: active.

        So it is named among the rules that should run, and another version can take its place.
        """
        return status_said(self.standing, self.source_yaml)


def stored_versions(
    connection: duckdb.DuckDBPyConnection, rule_id: str | None = None
) -> tuple[StoredVersion, ...]:
    """Return every version of every rule, or of one, by id and version.

    Raises:
        RuleError: A version has no standing: the ledger is damaged.
    """
    rows = connection.execute(_VERSIONS, [rule_id]).fetchall()
    found: list[StoredVersion] = []
    for row in rows:
        if row[7] is None:
            raise RuleError(
                f"The ledger does not say how far {row[0]} version {row[1]} has come.",
                remedy=_RESTORE,
            )
        found.append(
            StoredVersion(
                rule_id=row[0],
                version=row[1],
                sha256=row[2],
                pack=row[3],
                pack_version=row[4],
                issuer=row[5],
                source_yaml=row[6],
                standing=row[7],
                since=row[8].replace(tzinfo=UTC),
                who=row[9],
                reason=row[10],
            )
        )
    return tuple(found)


def stored_lists(
    connection: duckdb.DuckDBPyConnection,
) -> Mapping[str, Mapping[str, RuleList]]:
    """Return the newest edition of every list, by pack and name.

    Raises:
        RuleError: A text is not the one that was installed.
    """
    lists: dict[str, dict[str, RuleList]] = {}
    for pack, name, sha256, source_yaml in connection.execute(_LISTS).fetchall():
        entry = list_from_source(source_yaml)
        if (entry.name, entry.sha256) != (name, sha256):
            raise _another_text(f"the list {name!r}")
        lists.setdefault(pack, {})[name] = entry
    return lists


def rule_of(stored: StoredVersion, lists: Mapping[str, Mapping[str, RuleList]]) -> Rule:
    """Return the rule of a stored version, with its lists and its standing as its status.

    Raises:
        RuleError: The text is not the one that was installed, or a list is not there.
    """
    rule = rule_from_source(stored.source_yaml)
    if (rule.id, rule.version, rule.sha256) != (stored.rule_id, stored.version, stored.sha256):
        raise _another_text(f"the rule {stored.rule_id}")
    return replace(with_lists(rule, lists.get(stored.pack, {})), status=stored.status)


def with_lists(rule: Rule, lists: Mapping[str, RuleList]) -> Rule:
    """Return the rule with the lists that it asks.

    Raises:
        RuleError: One of them is not among *lists*.
    """
    lost = [name for name in rule.lists_read if name not in lists]
    if lost:
        raise RuleError(
            f"The rule {rule.id} asks the list {lost[0]!r}, which the ledger has not."
        )
    return replace(rule, lists=tuple(lists[name] for name in rule.lists_read))


def rule_from_source(source_yaml: str) -> Rule:
    """Return the rule of a file as written; its lists are not filled in.

    Raises:
        RulesRefused: The text is no rule for the fields of this engine.
    """
    return _parsed(source_yaml)


@lru_cache(maxsize=_MOST_PARSED)
def list_from_source(source_yaml: str) -> RuleList:
    """Return the list of a file as written.

    Raises:
        RulesRefused: The text is no list.
    """
    source = Source("ledger", source_yaml)
    entry = read_list(source)
    if entry is None:
        raise RulesRefused(tuple(source.faults))
    return entry


@lru_cache(maxsize=_MOST_PARSED)
def _parsed(source_yaml: str) -> Rule:
    source = Source("ledger", source_yaml)
    rule = read_rule(source, kinds_of(catalog()), None)
    if rule is None:
        raise RulesRefused(tuple(source.faults))
    return rule


def status_said(standing: str, source_yaml: str) -> RuleStatus:
    """Return the status that a standing is; where it is that of a file that nobody can read any more, active."""
    if standing != AS_WRITTEN:
        return RuleStatus(standing)
    try:
        return rule_from_source(source_yaml).status
    except RuleError:
        return RuleStatus.ACTIVE


def _another_text(what: str) -> RuleError:
    return RuleError(
        f"The ledger's text of {what} is not the one that was installed.", remedy=_RESTORE
    )


_VERSIONS: Final = """
SELECT v.rule_id, v.version, v.sha256, v.pack_name, v.pack_version, v.issuer, v.source_yaml,
    s.status, s.happened_at, s.who, s.reason
FROM rule_version v LEFT JOIN (
    SELECT * FROM rule_standing
    QUALIFY row_number() OVER (PARTITION BY rule_id, sha256 ORDER BY seq DESC) = 1
) s ON s.rule_id = v.rule_id AND s.sha256 = v.sha256
WHERE v.rule_id = coalesce(?, v.rule_id)
ORDER BY v.rule_id, v.version
"""
_LISTS: Final = """
SELECT pack_name, name, sha256, source_yaml FROM rule_list
QUALIFY row_number() OVER (PARTITION BY pack_name, name ORDER BY edition DESC) = 1
ORDER BY pack_name, name
"""
