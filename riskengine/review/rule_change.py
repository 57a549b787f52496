"""Carrying out changes of the rules, so that the register, the ledger and the audit chain agree after any crash."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from riskengine.errors import RuleError
from riskengine.ledger.connection import open_ledger
from riskengine.register.rule_changes import (
    ChangeKind,
    ChangeState,
    changes,
    request_change,
    settle_change,
)
from riskengine.rules.exceptions import (
    exception_from_source,
    put_end,
    put_exceptions,
    stored_exceptions,
)
from riskengine.rules.installation_log import finish_installations
from riskengine.rules.rule import RuleStatus
from riskengine.rules.standing import is_carried_out, put_standing, version_of
from riskengine.rules.stored import Signed
from riskengine.rules.tuning import checked_setting, put_setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from riskengine.register.rule_changes import RuleChange, Wish
    from riskengine.workspace import Workspace


def submit(workspace: Workspace, wish: Wish) -> RuleChange:
    """Write down what somebody asks for; where nobody else decides, carry it out.

    Raises:
        RuleError: The ledger cannot have it; then it is written down as abandoned.
    """
    change = request_change(workspace, wish)
    if change.state is ChangeState.DUE:
        carry_out(workspace, change)
    return change


def carry_out(workspace: Workspace, change: RuleChange) -> None:
    """Bring a change that is due into the ledger, once, and settle it.

    Raises:
        RuleError: The ledger cannot have it any more; then it is settled as abandoned.
    """
    now = datetime.now(UTC)
    try:
        with open_ledger(workspace) as connection:
            if not is_carried_out(connection, change.change_id):
                _apply(connection, change)
    except RuleError:
        settle_change(workspace, change.change_id, at=now, is_done=False)
        raise
    settle_change(workspace, change.change_id, at=now, is_done=True)


def finish_changes(workspace: Workspace) -> int:
    """Finish the changes of rules and installations that a crash cut short, and return how many they were.

    One that the ledger cannot have any more, as another change came first, is settled as abandoned.
    """
    installations = finish_installations(workspace)
    due = changes(workspace, state=ChangeState.DUE)
    for change in due:
        try:
            carry_out(workspace, change)
        except RuleError:
            continue
    return installations + len(due)


def _apply(connection: duckdb.DuckDBPyConnection, change: RuleChange) -> None:
    said = change.particulars
    signed = Signed(
        at=change.decided_at or change.requested_at,
        who=change.requested_by,
        reason=change.reason or change.decided_because,
        change_id=change.change_id,
    )
    if change.kind is ChangeKind.STANDING:
        _apply_standing(connection, change, signed)
    elif change.kind is ChangeKind.SETTING:
        name, written = str(said["name"]), said["value"]
        value = None if written is None else float(str(written))
        checked_setting(connection, change.about, name, value)
        put_setting(connection, change.about, name, value, signed)
    elif change.kind is ChangeKind.EXCEPTION:
        _apply_exceptions(connection, change, signed)
    else:
        put_end(connection, change.about, signed)


def _apply_exceptions(
    connection: duckdb.DuckDBPyConnection, change: RuleChange, signed: Signed
) -> None:
    said = change.particulars
    made = [exception_from_source(text) for text in cast("list[str]", said["sources"])]
    if "before" in said:
        stand = {e.exception.id: e.exception.sha256 for e in stored_exceptions(connection)}
        overtaken = [
            exception.id
            for exception, sha256 in zip(
                made, cast("list[str | None]", said["before"]), strict=True
            )
            if stand.get(exception.id) != sha256
        ]
        if overtaken:
            raise RuleError(
                f"Another edition stands by now: {', '.join(overtaken)}.",
                remedy="Enter the exceptions again.",
            )
    put_exceptions(connection, made, signed)


def _apply_standing(
    connection: duckdb.DuckDBPyConnection, change: RuleChange, signed: Signed
) -> None:
    said: Mapping[str, object] = change.particulars
    stored = version_of(connection, change.about, str(said["sha256"]))
    if stored.status.value != said["from"]:
        raise RuleError(
            f"{change.about} version {stored.version} is {stored.status} by now, not {said['from']}.",
            remedy="Ask for the step again.",
        )
    put_standing(connection, stored, RuleStatus(str(said["to"])), signed)
