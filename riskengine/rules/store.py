"""Rules in the ledger: installed by pack, never overwritten, and those in force on a day."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from riskengine.errors import RuleError
from riskengine.ledger.connection import open_ledger
from riskengine.rules.admission import must_be_admissible
from riskengine.rules.applied import rule_as_applied
from riskengine.rules.exceptions import (
    put_exceptions,
    stored_exceptions,
    with_exceptions,
)
from riskengine.rules.rule import RuleStatus
from riskengine.rules.standing import (
    COUNTING,
    put_standing,
    put_standing_beside,
    resolve_standings,
)
from riskengine.rules.stored import (
    Signed,
    rule_from_source,
    rule_of,
    stored_lists,
    stored_versions,
)
from riskengine.rules.tuning import tuned_in, tuned_values, unfit_settings, with_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date, datetime

    import duckdb

    from riskengine.rules.rule import Pack, Rule, RuleException, RuleList
    from riskengine.rules.stored import StoredVersion
    from riskengine.workspace import Workspace

__all__ = [
    "Installation",
    "RulesInForce",
    "in_force",
    "install",
    "rule_as_applied",
    "rule_from_source",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A version that should run and cannot be read any more.

    Attributes:
        stored: What the ledger holds of it.
        sentence: Why it cannot be read.
    """

    stored: StoredVersion
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesInForce:
    """The rules of one day.

    Attributes:
        rules: In shadow, on trial or active, and within their dates, by id and version; each with its
            standing as its status, the settings of this unit and the exceptions of the day. An id stands
            there twice where a challenger in shadow runs beside the version that counts.
        lists: The lists that they ask.
        expired_lists: The names of those whose last day is past; they are still asked, and must be
            shown to a supervisor.
        exceptions: Those that excuse on this day.
        expired_exceptions: Those that excuse no longer and were not ended; they must be shown.
        unfit_settings: Rule, version and name of settings that this unit tuned and that the version has
            not, or bounds otherwise: there the author's number counts.
        unreadable: Versions that should run and cannot be read any more; they must be shown.
        digest: The sha256 of ids, versions, contents, standings, settings, exceptions and lists, and of what
            cannot be read.
    """

    rules: tuple[Rule, ...]
    lists: tuple[RuleList, ...]
    expired_lists: tuple[str, ...]
    exceptions: tuple[RuleException, ...] = ()
    expired_exceptions: tuple[RuleException, ...] = ()
    unfit_settings: tuple[tuple[str, int, str], ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What installing a pack did.

    Attributes:
        new: Rules and versions that were not there.
        reworded: Rules that mean what they meant and have another layout, status, tests or remarks.
        unchanged: Rules that were there, word for word.
        lists: The names of lists that are new or changed; rules that run ask them from now on.
        exceptions: The ids of exceptions that are new or changed.
    """

    new: tuple[Rule, ...]
    reworded: tuple[Rule, ...]
    unchanged: tuple[Rule, ...]
    lists: tuple[str, ...]
    exceptions: tuple[str, ...]

    @property
    def changes(self) -> int:
        """How many things are new or changed."""
        return sum(map(len, (self.new, self.reworded, self.lists, self.exceptions)))


def install(  # noqa: PLR0913 - who installs what, when, as what, and who is told before
    workspace: Workspace,
    pack: Pack,
    *,
    at: datetime,
    who: str,
    standing: RuleStatus | None = None,
    before_commit: Callable[[Installation], None] | None = None,
) -> Installation:
    """Put the rules, lists and exceptions of a pack into the ledger.

    Installing the same pack again changes nothing. A rule with the same meaning and other tests is taken
    over, and keeps its standing.

    Args:
        workspace: Whose ledger.
        pack: Rules and lists, checked.
        at: When, with its time zone.
        who: Who answers for it.
        standing: What versions that are new here become; None takes what their files say, for the pack
            that a workspace is founded with.
        before_commit: Told what changes, where anything does, before the ledger has it; where it raises,
            nothing is installed.

    Raises:
        RulesRefused: Rules say something else than the ledger's rules of these ids and versions, or shed
            tests of rules that run; another issuer has the pack's name here, or a later version of it
            stands. All of it is told, and nothing is installed.
        RuleError: An exception was ended here; its id is never used again.
        LedgerError: The ledger refused.
    """
    signed = Signed(at=at, who=who, reason=f"pack {pack.name} {pack.version}".strip())
    told: dict[str, list[Rule]] = {"new": [], "reworded": [], "unchanged": []}
    with open_ledger(workspace) as connection:
        resolve_standings(connection)
        before = stored_versions(connection)
        must_be_admissible(connection, pack, before)
        lists = [
            entry.name for entry in pack.lists if _put_list(connection, pack, entry, signed)
        ]
        by_sha = {(v.rule_id, v.sha256): v for v in before}
        for rule in pack.rules:
            stored = by_sha.get((rule.id, rule.sha256))
            if stored is None:
                _put_version(connection, pack, rule, signed)
                named = _Named(rule.id, rule.version, rule.sha256)
                others = [v for v in before if v.rule_id == rule.id]
                status = standing or rule.status
                put_standing_beside(connection, named, others, status, signed)
                told["new"].append(rule)
            elif stored.source_yaml == rule.source_yaml:
                told["unchanged"].append(rule)
            else:
                _put_text(connection, stored, rule, signed, takes_status=standing is None)
                told["reworded"].append(rule)
        entered = put_exceptions(connection, pack.exceptions, signed)
        done = Installation(
            new=tuple(told["new"]),
            reworded=tuple(told["reworded"]),
            unchanged=tuple(told["unchanged"]),
            lists=tuple(lists),
            exceptions=(*entered.new, *entered.changed),
        )
        if before_commit is not None and done.changes:
            before_commit(done)
    return done


def in_force(workspace: Workspace, on: date) -> RulesInForce:
    """Return the rules that run on a day.

    Of each id that is the one version on trial or active, and beside it the newest in shadow. One that cannot be
    read any more is named and stops no other.

    Raises:
        RuleError: A list or an exception is not what was installed.
        LedgerError: The ledger refused.
    """
    with open_ledger(workspace, read_only=True) as connection:
        versions = stored_versions(connection)
        lists = stored_lists(connection)
        values = tuned_values(connection)
        standing = [entry.exception for entry in stored_exceptions(connection)]
    rules: list[Rule] = []
    unfit: list[tuple[str, int, str]] = []
    unreadable: list[Unreadable] = []
    for stored in _running(versions):
        try:
            rule = rule_of(stored, lists)
        except RuleError as error:
            unreadable.append(Unreadable(stored=stored, sentence=error.sentence))
            continue
        if rule.is_in_force(on):
            tuned = values.get(rule.id, {})
            unfit += [(rule.id, rule.version, name) for name in unfit_settings(rule, tuned)]
            rules.append(with_exceptions(with_settings(rule, tuned), standing, on))
    return replace(
        gathered(tuple(rules), unreadable, on),
        exceptions=tuple(e for e in standing if e.starts <= on <= e.expires),
        expired_exceptions=tuple(e for e in standing if e.expires < on),
        unfit_settings=tuple(unfit),
        unreadable=tuple(unreadable),
    )


def _running(versions: Iterable[StoredVersion]) -> tuple[StoredVersion, ...]:
    """Return of each rule the version that counts and the newest in shadow, by id and version."""
    running: dict[tuple[str, bool], StoredVersion] = {}
    for stored in versions:
        if stored.status in COUNTING or stored.status is RuleStatus.SHADOW:
            running[stored.rule_id, stored.status is RuleStatus.SHADOW] = stored
    return tuple(sorted(running.values(), key=lambda stored: (stored.rule_id, stored.version)))


def gathered(
    rules: tuple[Rule, ...], unreadable: Iterable[Unreadable], on: date
) -> RulesInForce:
    """Return rules as they are in force on a day, with the digest that names them all.

    Args:
        rules: Each with its standing, settings, exceptions and lists, by id and version.
        unreadable: Versions that should run and cannot be read.
        on: The day.
    """
    asked = {entry.sha256: entry for rule in rules for entry in rule.lists}
    lists = tuple(sorted(asked.values(), key=lambda entry: (entry.name, entry.sha256)))
    lines = [f"{rule.id} {rule.version} {rule.sha256} {rule.status.value}" for rule in rules]
    lines += [
        f"{rule.id} {entry.name} {entry.sha256}" for rule in rules for entry in rule.lists
    ]
    for rule in rules:
        named = f"{rule.id} {rule.version}"
        lines += [f"{named} set {tuned.name} {tuned.value!r}" for tuned in tuned_in(rule)]
        lines += [f"{named} excuses {entry.id} {entry.sha256}" for entry in rule.exceptions]
    lines += [
        f"{one.stored.rule_id} {one.stored.version} {one.stored.sha256} unreadable"
        for one in unreadable
    ]
    return RulesInForce(
        rules=rules,
        lists=lists,
        expired_lists=tuple(entry.name for entry in lists if entry.valid_until < on),
        digest=hashlib.sha256("\n".join(lines).encode()).hexdigest(),
    )


def _put_version(
    connection: duckdb.DuckDBPyConnection, pack: Pack, rule: Rule, signed: Signed
) -> None:
    connection.execute(
        "INSERT INTO rule_version VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [rule.id, rule.version, rule.sha256, pack.name, pack.version, pack.issuer,
         rule.source_yaml, signed.at_utc, signed.who],
    )  # fmt: skip
    _note(connection, rule, signed, "installed", signed.reason)


def _put_text(
    connection: duckdb.DuckDBPyConnection,
    stored: StoredVersion,
    rule: Rule,
    signed: Signed,
    *,
    takes_status: bool,
) -> None:
    """Take over another layout, other tests; and where files decide, another status."""
    if takes_status and rule_from_source(stored.source_yaml).status is not rule.status:
        put_standing(
            connection, stored, rule.status, replace(signed, reason="as its file says")
        )
    connection.execute(
        "UPDATE rule_version SET source_yaml = ? WHERE rule_id = ? AND sha256 = ?",
        [rule.source_yaml, rule.id, rule.sha256],
    )
    _note(connection, rule, signed, "text", "layout, tests or remarks")


@dataclass(frozen=True, slots=True)
class _Named:
    rule_id: str
    version: int
    sha256: str


def _note(
    connection: duckdb.DuckDBPyConnection, rule: Rule, signed: Signed, what: str, why: str
) -> None:
    connection.execute(
        "INSERT INTO rule_event VALUES (?, ?, ?, ?, ?, ?, ?)",
        [rule.id, rule.version, rule.sha256, signed.at_utc, signed.who, what, why],
    )


def _put_list(
    connection: duckdb.DuckDBPyConnection, pack: Pack, entry: RuleList, signed: Signed
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
         entry.source_yaml, signed.at_utc, signed.who],
    )  # fmt: skip
    return True
