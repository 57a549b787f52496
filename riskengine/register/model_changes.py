"""Changes of what scores here: asked for by one person, decided by another, settled by the shelf."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeAlias

from riskengine.register.asked import Asked, Book, Change, ChangeState, Decision

__all__ = [
    "Decision",
    "ModelChange",
    "ModelChangeKind",
    "ModelChangeState",
    "ModelWish",
    "decide_model_change",
    "model_changes",
    "request_model_change",
    "settle_model_change",
]


class ModelChangeKind(StrEnum):
    """What a change of the models does."""

    IN_FORCE = "in_force"
    CHALLENGER = "challenger"


ModelChangeState: TypeAlias = ChangeState
ModelChange: TypeAlias = Change[ModelChangeKind]


class ModelWish(Asked[ModelChangeKind]):
    """A change of the models that somebody asks for."""

    __slots__ = ()


_BOOK: Final = Book(
    table="model_change",
    kinds=ModelChangeKind,
    approving="`riskengine models approve MODEL --officer NAME`",
)
request_model_change = _BOOK.request
decide_model_change = _BOOK.decide
settle_model_change = _BOOK.settle
model_changes = _BOOK.changes
