"""Putting a habits model in force, so that the audit chain knows who did it. It has learned from no outcome and judges nobody alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine.model import shelf
from riskengine.register import audit
from riskengine.register.connection import open_register

if TYPE_CHECKING:
    from riskengine.model.shelf import InForce
    from riskengine.workspace import Workspace


def promote_habits(workspace: Workspace, model_id: str, by: str) -> InForce:
    """Put a shelved habits model in force beside the model that learned from finds.

    One person is enough: it says what is unusual, which counts by ``habits_credit`` of the policy until outcomes have
    judged it.

    Args:
        workspace: Whose shelf.
        model_id: The habits model.
        by: Who answers for it.

    Raises:
        ModelError: There is no such model on the shelf, or it is no habits model.
        BundleDamaged: It is damaged.
    """
    entry = shelf.promote(workspace, model_id, by, pointer_file=shelf.HABITS_FILE)
    with open_register(workspace) as connection:
        audit.append(connection, by, "promote habits", model_id, {"card_sha256": entry.sha256})
    return entry
