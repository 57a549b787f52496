"""Changes that are asked for by one person, decided by another where it matters, and settled by another store.

Two stores change: the request is written here, and where it matters the decision of a second person; then the
other store commits with the change's id in it, then the change is settled here. After a crash the changes that
are due are looked up in the other store.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

from riskengine.errors import RegisterError
from riskengine.register.audit import append, canonical_json
from riskengine.register.connection import open_register
from riskengine.register.persons import is_same_person, must_be_a_person

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from riskengine.workspace import Workspace

Kind = TypeVar("Kind", bound=StrEnum)


class ChangeState(StrEnum):
    """How far a change has come."""

    PENDING = "pending"
    DUE = "due"
    COMPLETED = "completed"
    REFUSED = "refused"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Generic[Kind]):
    """One change as it was asked for, and what became of it.

    Attributes:
        change_id: Its id, which the other store's commit names too.
        kind: What it does.
        about: What is changed, by its id.
        particulars: What is to be written, and the evidence it was asked for on.
        needs_second: Whether a second person decides.
        reason: Why it was asked for; may be empty.
        requested_by: Who asked.
        requested_at: When, UTC.
        state: How far it has come.
        decided_by: Who decided; empty where nobody has, or nobody had to.
        decided_because: The reason of whoever decided; may be empty.
        decided_on: The evidence that it was decided on.
        decided_at: When, UTC; None where nobody has.
    """

    change_id: str
    kind: Kind
    about: str
    particulars: Mapping[str, object]
    needs_second: bool
    reason: str
    requested_by: str
    requested_at: datetime
    state: ChangeState
    decided_by: str = ""
    decided_because: str = ""
    decided_on: Mapping[str, object] = field(default_factory=dict[str, object])
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(Generic[Kind]):
    """What somebody asks for.

    Attributes:
        kind: What it does.
        about: What is changed, by its id.
        particulars: What is to be written, and the evidence: text, whole numbers, truth values, lists and
            mappings of them.
        reason: Why; may be empty.
        by: Who asks.
        at: When, with its time zone.
        needs_second: Whether a second person decides.
    """

    kind: Kind
    about: str
    particulars: Mapping[str, object]
    reason: str
    by: str
    at: datetime
    needs_second: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a second person says of a change.

    Attributes:
        by: Who decides.
        at: When, with its time zone.
        is_approved: Whether it may be carried out.
        reason: Why; may be empty.
        particulars: The evidence it was decided on.
    """

    by: str
    at: datetime
    is_approved: bool
    reason: str = ""
    particulars: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True, kw_only=True)
class Book(Generic[Kind]):
    """The tables that hold the changes of one sort.

    Attributes:
        table: The table of what was asked; decisions and settlements stand in two beside it.
        kinds: What its changes may do.
        approving: How another person approves one, for whoever must be told.
    """

    table: str
    kinds: type[Kind]
    approving: str

    def request(self, workspace: Workspace, wish: Asked[Kind]) -> Change[Kind]:
        """Write down a change that is asked for, and return it.

        Raises:
            RegisterError: Nobody asks, or the particulars have no single text.
        """
        must_be_a_person(wish.by)
        change_id = secrets.token_hex(16)
        with open_register(workspace) as connection:
            connection.execute(
                f"INSERT INTO {self.table} VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    change_id,
                    wish.kind.value,
                    wish.about,
                    canonical_json(dict(wish.particulars)),
                    int(wish.needs_second),
                    wish.reason,
                    wish.by,
                    _text(wish.at),
                ),
            )
            told = {
                "change_id": change_id,
                "kind": wish.kind.value,
                "particulars": dict(wish.particulars),
                "needs_second": wish.needs_second,
                "reason": wish.reason,
            }
            append(connection, wish.by, f"{self.table}_requested", wish.about, told)
            return self._one(connection, change_id)

    def decide(self, workspace: Workspace, change_id: str, decision: Decision) -> Change[Kind]:
        """Write down what a second person decided, and return the change.

        Whoever asked may take the change back, and may not approve it.

        Raises:
            RegisterError: There is no such change, it is not pending, nobody decides, or the person who
                asked would approve.
        """
        must_be_a_person(decision.by)
        with open_register(workspace) as connection:
            change = self._one(connection, change_id)
            if change.state is not ChangeState.PENDING:
                raise RegisterError(f"The change of {change.about} is {change.state} already.")
            if decision.is_approved and is_same_person(decision.by, change.requested_by):
                raise RegisterError(
                    f"{change.requested_by} asked for this change of {change.about}, and cannot approve it.",
                    remedy=f"Another person approves it with {self.approving}.",
                )
            verdict = "approved" if decision.is_approved else "refused"
            evidence = dict(decision.particulars)
            connection.execute(
                f"INSERT INTO {self.table}_decision VALUES (?, ?, ?, ?, ?, ?)",
                (
                    change_id,
                    verdict,
                    decision.by,
                    decision.reason,
                    canonical_json(evidence),
                    _text(decision.at),
                ),
            )
            told = {"change_id": change_id, "reason": decision.reason, "particulars": evidence}
            append(connection, decision.by, f"{self.table}_{verdict}", change.about, told)
            return self._one(connection, change_id)

    def settle(
        self, workspace: Workspace, change_id: str, *, at: datetime, is_done: bool
    ) -> None:
        """Say that the other store has this change, or never will; saying it twice does no harm.

        Raises:
            RegisterError: There is no such change, or it was settled otherwise.
        """
        state = ChangeState.COMPLETED if is_done else ChangeState.ABANDONED
        with open_register(workspace) as connection:
            change = self._one(connection, change_id)
            if change.state is state:
                return
            if change.state is not ChangeState.DUE:
                raise RegisterError(f"The change of {change.about} is {change.state} already.")
            connection.execute(
                f"INSERT INTO {self.table}_settlement VALUES (?, ?, ?)",
                (change_id, state.value, _text(at)),
            )
            append(
                connection,
                change.decided_by or change.requested_by,
                f"{self.table}_{state}",
                change.about,
                {"change_id": change_id},
            )

    def changes(
        self,
        workspace: Workspace,
        *,
        about: str | None = None,
        state: ChangeState | None = None,
    ) -> tuple[Change[Kind], ...]:
        """Return the changes in the order of asking: all, those of one thing, or those in one state."""
        with open_register(workspace, read_only=True) as connection:
            rows = connection.execute(
                f"{self._select()} WHERE about = coalesce(?, about) ORDER BY {self.table}.rowid",
                (about,),
            ).fetchall()
        found = tuple(self._as_change(row) for row in rows)
        return tuple(change for change in found if state in {None, change.state})

    def _one(self, connection: sqlite3.Connection, change_id: str) -> Change[Kind]:
        row = connection.execute(
            f"{self._select()} WHERE change_id = ?", (change_id,)
        ).fetchone()
        if row is None:
            raise RegisterError(f"No change {change_id} was asked for.")
        return self._as_change(row)

    def _as_change(self, row: tuple[object, ...]) -> Change[Kind]:
        (change_id, kind, about, particulars, needs_second, reason, by, at,
         verdict, decided_by, decided_because, decided_on, decided_at, settled) = row  # fmt: skip
        return Change(
            change_id=str(change_id),
            kind=self.kinds(str(kind)),
            about=str(about),
            particulars=json.loads(str(particulars)),
            needs_second=bool(needs_second),
            reason=str(reason),
            requested_by=str(by),
            requested_at=datetime.fromisoformat(str(at)),
            state=_state(bool(needs_second), verdict, settled),
            decided_by=str(decided_by or ""),
            decided_because=str(decided_because or ""),
            decided_on=json.loads(str(decided_on)) if decided_on else {},
            decided_at=datetime.fromisoformat(str(decided_at)) if decided_at else None,
        )

    def _select(self) -> str:
        asked, decided, settled = (
            self.table,
            f"{self.table}_decision",
            f"{self.table}_settlement",
        )
        return (
            f"SELECT change_id, kind, about, {asked}.particulars, needs_second, {asked}.reason, requested_by,"
            f" requested_at, verdict, decided_by, {decided}.reason, {decided}.particulars, decided_at, state"
            f" FROM {asked} LEFT JOIN {decided} USING (change_id) LEFT JOIN {settled} USING (change_id)"
        )


def _state(needs_second: bool, verdict: object, settled: object) -> ChangeState:
    if settled is not None:
        return ChangeState(str(settled))
    if verdict == "refused":
        return ChangeState.REFUSED
    return ChangeState.PENDING if needs_second and verdict is None else ChangeState.DUE


def _text(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise RegisterError(f"The moment {moment.isoformat()} does not say its time zone.")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
