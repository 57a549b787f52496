"""How far each rule has come here: what counts is its standing in the ledger, not what its file says.

Of one id at most one version counts, on trial or active. The newest version in shadow runs beside it, as its
challenger: its matches are kept and give no points.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol

from riskengine.errors import RuleError, RuleNotFound
from riskengine.ledger.connection import open_ledger
from riskengine.rules.rule import RuleStatus
from riskengine.rules.stored import (
    AS_WRITTEN,
    LIST_THEM,
    Signed,
    rule_from_source,
    rule_of,
    status_said,
    stored_lists,
    stored_versions,
)
from riskengine.rules.tuning import tuned_values, unfit_settings, with_settings

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    import duckdb

    from riskengine.rules.rule import Rule
    from riskengine.rules.stored import StoredVersion
    from riskengine.workspace import Workspace

COUNTING: Final = frozenset({RuleStatus.TRIAL, RuleStatus.ACTIVE})
"""The statuses in which a match gives its points."""


class Named(Protocol):
    """A version of a rule, as far as its standing needs to know it."""

    @property
    def rule_id(self) -> str:
        """The rule."""
        ...

    @property
    def version(self) -> int:
        """Its version."""
        ...

    @property
    def sha256(self) -> str:
        """Of what it means and says."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """One version of a rule that this unit has.

    Attributes:
        rule: The rule, with its lists, its standing as its status, and the settings of this unit.
        since: When it was given its standing, UTC.
        who: By whom.
        reason: Why.
        pack: The name of the pack it came with.
        pack_version: The version of that pack.
        issuer: Who issued it.
        unfit_settings: Settings this unit tuned that this version has not, or bounds otherwise; the
            author's number counts for them.
    """

    rule: Rule
    since: datetime
    who: str
    reason: str
    pack: str
    pack_version: str
    issuer: str
    unfit_settings: tuple[str, ...]

    @property
    def status(self) -> RuleStatus:
        """How far it has come here."""
        return self.rule.status


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingEvent:
    """One step in the life of a version.

    Attributes:
        version: The version.
        sha256: Of what it means and says.
        status: How far it came.
        at: When, UTC.
        who: By whom.
        reason: Why.
        change_id: The change in the register that it carries out; None for what an installation brought.
    """

    version: int
    sha256: str
    status: RuleStatus
    at: datetime
    who: str
    reason: str
    change_id: str | None


def installed(workspace: Workspace, rule_id: str | None = None) -> tuple[Installed, ...]:
    """Return every version that was ever installed, by id and version, or those of one rule.

    One that cannot be read any more is left out; where it should run, ``in_force`` names it.

    Raises:
        RuleError: A list is not what was installed.
        LedgerError: The ledger refused.
    """
    with open_ledger(workspace, read_only=True) as connection:
        versions = stored_versions(connection, rule_id)
        lists = stored_lists(connection)
        values = tuned_values(connection)
    found: list[Installed] = []
    for stored in versions:
        try:
            rule = rule_of(stored, lists)
        except RuleError:
            continue
        tuned = values.get(stored.rule_id, {})
        found.append(
            Installed(
                rule=with_settings(rule, tuned),
                since=stored.since,
                who=stored.who,
                reason=stored.reason,
                pack=stored.pack,
                pack_version=stored.pack_version,
                issuer=stored.issuer,
                unfit_settings=unfit_settings(rule, tuned),
            )
        )
    return tuple(found)


def set_standing(
    workspace: Workspace, rule_id: str, sha256: str, status: RuleStatus, signed: Signed
) -> None:
    """Give a version a standing; where it begins to count, the version that counted before is retired.

    This asks nobody and checks no gate: ``riskengine.review`` does.

    Raises:
        RuleNotFound: No such version is installed.
        LedgerError: The ledger refused.
    """
    with open_ledger(workspace) as connection:
        put_standing(connection, version_of(connection, rule_id, sha256), status, signed)


def version_of(
    connection: duckdb.DuckDBPyConnection, rule_id: str, sha256: str
) -> StoredVersion:
    """Return the version of a rule that means and says exactly this.

    Raises:
        RuleNotFound: No such version is installed.
    """
    for stored in stored_versions(connection, rule_id):
        if stored.sha256 == sha256:
            return stored
    raise RuleNotFound(
        f"No version {sha256[:12]} of a rule {rule_id} is installed.", remedy=LIST_THEM
    )


def put_standing(
    connection: duckdb.DuckDBPyConnection, named: Named, status: RuleStatus, signed: Signed
) -> None:
    """Give a version a standing inside the caller's transaction; retire the one it takes the place of."""
    others = stored_versions(connection, named.rule_id) if status in COUNTING else ()
    put_standing_beside(connection, named, others, status, signed)


def put_standing_beside(
    connection: duckdb.DuckDBPyConnection,
    named: Named,
    others: Iterable[StoredVersion],
    status: RuleStatus,
    signed: Signed,
) -> None:
    """Do the same where the versions of the rule are known already."""
    for other in others:
        is_replaced = status in COUNTING and other.status in COUNTING
        if is_replaced and other.sha256 != named.sha256:
            reason = f"superseded by version {named.version}"
            _append(connection, other, RuleStatus.RETIRED, replace(signed, reason=reason))
    _append(connection, named, status, signed)


def resolve_standings(connection: duckdb.DuckDBPyConnection) -> int:
    """Write down what `as_written` says, from the files as they were, and return how many standings it was.

    What was installed before standings were kept stands as its file says; once that is written down, another
    text of the rule cannot change it, nor what is told of the past.
    """
    rows = connection.execute(
        "SELECT s.seq, v.source_yaml FROM rule_standing s JOIN rule_version v USING (rule_id, sha256)"
        " WHERE s.status = ?",
        [AS_WRITTEN],
    ).fetchall()
    for seq, source_yaml in rows:
        try:
            said = rule_from_source(source_yaml).status
        except RuleError:
            continue  # a text that nobody can read stays as it is, and is named where it should run
        connection.execute(
            "UPDATE rule_standing SET status = ? WHERE seq = ?", [said.value, seq]
        )
    return len(rows)


def standing_events(workspace: Workspace, rule_id: str) -> tuple[StandingEvent, ...]:
    """Return every step in the life of a rule, oldest first.

    Raises:
        RuleNotFound: No rule of this id is installed.
    """
    with open_ledger(workspace, read_only=True) as connection:
        sources = {v.sha256: v.source_yaml for v in stored_versions(connection, rule_id)}
        rows = connection.execute(
            "SELECT version, sha256, status, happened_at, who, reason, change_id FROM rule_standing"
            " WHERE rule_id = ? ORDER BY seq",
            [rule_id],
        ).fetchall()
    if not rows:
        raise RuleNotFound(f"No rule {rule_id} is installed.", remedy=LIST_THEM)
    return tuple(
        StandingEvent(
            version=version,
            sha256=sha256,
            status=status_said(status, sources[sha256]),
            at=at.replace(tzinfo=UTC),
            who=who,
            reason=reason,
            change_id=change_id,
        )
        for version, sha256, status, at, who, reason, change_id in rows
    )


def rewordings(
    workspace: Workspace, rule_id: str
) -> tuple[tuple[int, datetime, str, str], ...]:
    """Return when the file of a rule was given another layout, tests or remarks: version, moment, who, why."""
    with open_ledger(workspace, read_only=True) as connection:
        rows = connection.execute(
            "SELECT version, happened_at, who, reason FROM rule_event"
            " WHERE rule_id = ? AND what <> 'installed' ORDER BY happened_at",
            [rule_id],
        ).fetchall()
    return tuple((version, at.replace(tzinfo=UTC), who, why) for version, at, who, why in rows)


def ran_from(workspace: Workspace) -> dict[tuple[str, str], date]:
    """Return the day from which each version has run here, by id and sha256; one that never ran has none.

    A version runs in shadow, on trial or active; what happened to it since does not change when it began.
    """
    with open_ledger(workspace, read_only=True) as connection:
        written = {v.sha256: v.source_yaml for v in stored_versions(connection)}
        rows = connection.execute(
            "SELECT rule_id, sha256, status, happened_at FROM rule_standing ORDER BY seq"
        ).fetchall()
    days: dict[tuple[str, str], date] = {}
    for rule_id, sha256, status, at in rows:
        if status_said(status, written[sha256]) in {RuleStatus.SHADOW, *COUNTING}:
            days.setdefault((rule_id, sha256), at.date())
    return days


def is_carried_out(connection: duckdb.DuckDBPyConnection, change_id: str) -> bool:
    """Say whether a change of the register has reached the ledger; recovery asks."""
    found = connection.execute(
        "SELECT 1 FROM (SELECT change_id FROM rule_standing UNION ALL SELECT change_id FROM"
        " rule_setting UNION ALL SELECT change_id FROM rule_exception) WHERE change_id = ? LIMIT 1",
        [change_id],
    ).fetchall()
    return bool(found)


def _append(
    connection: duckdb.DuckDBPyConnection, named: Named, status: RuleStatus, signed: Signed
) -> None:
    connection.execute(
        "INSERT INTO rule_standing SELECT coalesce(max(seq), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ?"
        " FROM rule_standing",
        [named.rule_id, named.version, named.sha256, status.value, signed.at_utc, signed.who,
         signed.reason, signed.change_id],
    )  # fmt: skip
