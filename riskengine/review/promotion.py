"""Putting a model in force, so that the audit chain knows who did it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine.model import shelf
from riskengine.register import audit
from riskengine.register.connection import open_register

if TYPE_CHECKING:
    from riskengine.model.shelf import InForce
    from riskengine.workspace import Workspace


def promote_model(workspace: Workspace, model_id: str, by: str) -> InForce:
    """Put a shelved model in force and write it into the audit chain.

    Raises:
        ModelError: There is no such model on the shelf, or it is damaged.
    """
    entry = shelf.promote(workspace, model_id, by)
    with open_register(workspace) as connection:
        audit.append(connection, by, "promote model", model_id, {"card_sha256": entry.sha256})
    return entry
