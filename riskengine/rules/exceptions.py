"""The exceptions of this unit in the ledger: editions that are appended, never overwritten, and ended.

An exception that stands works like one more line under ``unless`` of the rules it is made for. It excuses from
its first day to its last; after that it is still shown, and excuses nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from riskengine.errors import RuleError, RulesRefused
from riskengine.features.catalog import catalog
from riskengine.ledger.connection import open_ledger
from riskengine.rules.exception_file import read_exceptions
from riskengine.rules.faults import Source, did_you_mean
from riskengine.rules.pack import kinds_of
from riskengine.rules.rule import RuleEffect

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    import duckdb

    from riskengine.rules.rule import Rule, RuleException
    from riskengine.rules.stored import Signed
    from riskengine.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingException:
    """An exception that was not ended, and who entered it.

    Attributes:
        exception: What it excuses, and until when.
        entered_at: When its present edition was entered, UTC.
        entered_by: By whom.
    """

    exception: RuleException
    entered_at: datetime
    entered_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What entering exceptions did.

    Attributes:
        new: The ids that were not there.
        changed: The ids that have another text now.
        unchanged: The ids that stood there already, word for word.
        waits_for: Who approves the new and changed ones before they excuse; empty where they do at once.
    """

    new: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    waits_for: str = ""


def applies_to(exception: RuleException, rule: Rule) -> bool:
    """Tell whether an exception is made for a rule, by its id or by a typology of it."""
    return rule.id in exception.rules or bool({*exception.typologies} & {*rule.typologies})


def with_exceptions(rule: Rule, exceptions: Iterable[RuleException], on: date) -> Rule:
    """Return the rule with the exceptions that are made for it and excuse on this day."""
    made = tuple(
        exception
        for exception in exceptions
        if exception.starts <= on <= exception.expires and applies_to(exception, rule)
    )
    return replace(rule, exceptions=made) if made else rule


def remarks(exception: RuleException, rules: Sequence[Rule]) -> tuple[tuple[str, str], ...]:
    """Return what somebody should know before an exception is entered, as keys of ``standing.remark`` with a rule.

    ``wide`` where it is made for whole typologies, ``must_inspect`` for each rule that claims an examination,
    ``no_rule`` for each id that no rule of this unit has.
    """
    told = [("wide", typology.value) for typology in exception.typologies]
    known = {rule.id for rule in rules}
    told += [("no_rule", rule_id) for rule_id in exception.rules if rule_id not in known]
    demanding = {
        rule.id
        for rule in rules
        if rule.effect is RuleEffect.MUST_INSPECT and applies_to(exception, rule)
    }
    return (*told, *(("must_inspect", rule_id) for rule_id in sorted(demanding)))


def standing_exceptions(workspace: Workspace) -> tuple[StandingException, ...]:
    """Return every exception that was not ended, by id: also those that begin later or have expired.

    Raises:
        RuleError: What the ledger holds is not what was entered.
    """
    with open_ledger(workspace, read_only=True) as connection:
        return stored_exceptions(connection)


def put_exceptions(
    connection: duckdb.DuckDBPyConnection, exceptions: Sequence[RuleException], signed: Signed
) -> Entered:
    """Enter exceptions inside the caller's transaction.

    Raises:
        RuleError: An id was ended; an id is never used again.
    """
    must_be_usable(connection, exceptions)
    before = {row[0]: row[1] for row in connection.execute(_LATEST).fetchall()}
    told: dict[str, list[str]] = {"new": [], "changed": [], "unchanged": []}
    for exception in exceptions:
        stood = before.get(exception.id)
        if stood == exception.sha256:
            told["unchanged"].append(exception.id)
            continue
        told["new" if stood is None else "changed"].append(exception.id)
        _append(
            connection,
            (exception.id, exception.sha256, exception.source_yaml),
            signed,
            is_ended=False,
        )
    return Entered(
        new=tuple(told["new"]),
        changed=tuple(told["changed"]),
        unchanged=tuple(told["unchanged"]),
    )


def must_be_usable(
    connection: duckdb.DuckDBPyConnection, exceptions: Sequence[RuleException]
) -> None:
    """Let only exceptions through whose ids were not ended here.

    Raises:
        RuleError: Some were; an id is never used again.
    """
    ended = {row[0] for row in connection.execute(_LATEST).fetchall() if row[3]}
    again = [exception.id for exception in exceptions if exception.id in ended]
    if again:
        raise RuleError(
            f"An id is never used again, and was ended here: {', '.join(again)}.",
            remedy="Give the exception another id.",
        )


def put_end(connection: duckdb.DuckDBPyConnection, exception_id: str, signed: Signed) -> None:
    """End an exception inside the caller's transaction.

    Raises:
        RuleError: No exception of this id stands.
    """
    before = {row[0]: row for row in connection.execute(_LATEST).fetchall()}
    if exception_id not in before or before[exception_id][3]:
        standing = [name for name, row in before.items() if not row[3]]
        raise RuleError(
            f"No exception {exception_id} stands.",
            remedy=did_you_mean(exception_id, standing)
            or "List them with `riskengine rules except list`.",
        )
    _append(connection, before[exception_id][:3], signed, is_ended=True)


def stored_exceptions(
    connection: duckdb.DuckDBPyConnection,
) -> tuple[StandingException, ...]:
    """Return every exception that was not ended, by id.

    Raises:
        RuleError: What the ledger holds is not what was entered.
    """
    found: list[StandingException] = []
    for exception_id, sha256, source_yaml, is_ended, at, who in connection.execute(
        _LATEST
    ).fetchall():
        if is_ended:
            continue
        exception = exception_from_source(source_yaml)
        if (exception.id, exception.sha256) != (exception_id, sha256):
            raise RuleError(
                f"The ledger's text of the exception {exception_id} is not the one that was entered.",
                remedy="Verify the workspace; restore the ledger from a copy.",
            )
        found.append(
            StandingException(
                exception=exception, entered_at=at.replace(tzinfo=UTC), entered_by=who
            )
        )
    return tuple(found)


@lru_cache(maxsize=2048)
def exception_from_source(source_yaml: str) -> RuleException:
    """Return the one exception of a file as written.

    Raises:
        RulesRefused: The text is no exception for the fields of this engine.
    """
    source = Source("ledger", source_yaml)
    found = read_exceptions(source, kinds_of(catalog()))
    if len(found) != 1:
        raise RulesRefused(tuple(source.faults))
    return found[0]


def _append(
    connection: duckdb.DuckDBPyConnection,
    edition: tuple[str, str, str],
    signed: Signed,
    *,
    is_ended: bool,
) -> None:
    connection.execute(
        "INSERT INTO rule_exception SELECT coalesce(max(seq), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ?"
        " FROM rule_exception",
        [*edition, is_ended, signed.at_utc, signed.who, signed.reason, signed.change_id],
    )


_LATEST: Final = """
SELECT exception_id, sha256, source_yaml, is_ended, happened_at, who FROM rule_exception
QUALIFY row_number() OVER (PARTITION BY exception_id ORDER BY seq DESC) = 1
ORDER BY exception_id
"""
