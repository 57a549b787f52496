"""Changes of the rules that count here: asked for by one person, decided by another, settled by the ledger."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeAlias

from riskengine.register.asked import Asked, Book, Change, ChangeState, Decision

__all__ = [
    "ChangeKind",
    "ChangeState",
    "Decision",
    "RuleChange",
    "Wish",
    "changes",
    "decide_change",
    "request_change",
    "settle_change",
]


class ChangeKind(StrEnum):
    """What a change of the rules does."""

    STANDING = "standing"
    SETTING = "setting"
    EXCEPTION = "exception"
    EXCEPTION_END = "exception_end"


RuleChange: TypeAlias = Change[ChangeKind]


class Wish(Asked[ChangeKind]):
    """A change of the rules that somebody asks for."""

    __slots__ = ()


_BOOK: Final = Book(table="rule_change", kinds=ChangeKind, approving="--approve --officer NAME")
request_change = _BOOK.request
decide_change = _BOOK.decide
settle_change = _BOOK.settle
changes = _BOOK.changes
