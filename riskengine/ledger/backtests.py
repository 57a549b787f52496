"""Back-tests attached to what a rule means: the evidence that a change of its standing asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from riskengine.errors import LedgerError
from riskengine.ledger.connection import open_ledger

if TYPE_CHECKING:
    from datetime import date

    from riskengine.workspace import Workspace

_LONGEST_REPORT: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedBacktest:
    """One back-test as it was attached.

    Attributes:
        rule_id: The rule.
        sha256: Of what it means: a changed rule has no evidence yet.
        made_at: When, UTC.
        made_by: Who answers for it.
        first_day: The first day of its history.
        last_day: The last one.
        report_json: The back-test itself, as ``rules.backtest_json`` writes and reads it.
    """

    rule_id: str
    sha256: str
    made_at: datetime
    made_by: str
    first_day: date
    last_day: date
    report_json: str

    @property
    def days(self) -> int:
        """How many calendar days its history spans, both ends counted."""
        return (self.last_day - self.first_day).days + 1


def attach(workspace: Workspace, report: AttachedBacktest) -> None:
    """Keep a back-test; those that were attached before stay.

    Raises:
        LedgerError: It ends before it begins, is unreasonably large, or the moment does not say its time
            zone.
    """
    if report.last_day < report.first_day:
        raise LedgerError(
            f"The back-test of {report.rule_id} ends on {report.last_day}, before it begins."
        )
    if len(report.report_json) > _LONGEST_REPORT:
        raise LedgerError(f"The back-test of {report.rule_id} is too large to be kept.")
    if report.made_at.tzinfo is None:
        raise LedgerError(
            f"The moment {report.made_at.isoformat()} does not say its time zone."
        )
    with open_ledger(workspace) as connection:
        connection.execute(
            "INSERT INTO rule_backtest VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                report.rule_id,
                report.sha256,
                report.made_at.astimezone(UTC).replace(tzinfo=None),
                report.made_by,
                report.first_day,
                report.last_day,
                report.report_json,
            ],
        )


def latest(workspace: Workspace, rule_id: str, sha256: str) -> AttachedBacktest | None:
    """Return the back-test that was attached last to this content of a rule; None where there is none."""
    with open_ledger(workspace, read_only=True) as connection:
        row = connection.execute(_LATEST, [rule_id, sha256]).fetchone()
    return None if row is None else _as_attached(row)


def attached(workspace: Workspace, rule_id: str) -> tuple[AttachedBacktest, ...]:
    """Return every back-test that was attached to any content of a rule, oldest first."""
    with open_ledger(workspace, read_only=True) as connection:
        rows = connection.execute(_ATTACHED, [rule_id]).fetchall()
    return tuple(_as_attached(row) for row in rows)


def _as_attached(row: tuple[Any, ...]) -> AttachedBacktest:
    return AttachedBacktest(
        rule_id=row[0],
        sha256=row[1],
        made_at=row[2].replace(tzinfo=UTC),
        made_by=row[3],
        first_day=row[4],
        last_day=row[5],
        report_json=row[6],
    )


_ATTACHED: Final = """
SELECT rule_id, sha256, made_at, made_by, first_day, last_day, report_json FROM rule_backtest
WHERE rule_id = ? ORDER BY made_at, rowid
"""
_LATEST: Final = """
SELECT rule_id, sha256, made_at, made_by, first_day, last_day, report_json FROM rule_backtest
WHERE rule_id = ? AND sha256 = ? ORDER BY made_at DESC, rowid DESC LIMIT 1
"""
