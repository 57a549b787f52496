"""Putting a model in force, so that the audit chain knows who did it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from riskengine.errors import ModelError
from riskengine.model import shelf
from riskengine.register import audit
from riskengine.register.connection import open_register

if TYPE_CHECKING:
    from riskengine.model.card import Metrics
    from riskengine.model.shelf import InForce
    from riskengine.workspace import Workspace


_FEWEST_FINDS: Final = 10


def promote_model(workspace: Workspace, model_id: str, by: str, *, reason: str = "") -> InForce:
    """Put a shelved model in force and write it into the audit chain.

    Args:
        workspace: Whose shelf.
        model_id: The model.
        by: Who answers for it.
        reason: Why, where the model's own figures speak against it; kept in the audit chain.

    Raises:
        ModelError: There is no such model on the shelf, it is damaged, or its figures are too poor to go in force
            without a reason.
    """
    shelved = {entry.id: entry for entry in shelf.list_bundles(workspace)}
    card = shelved[model_id].card if model_id in shelved else None
    doubt = _doubt(card.metrics) if card else ""
    if doubt and not reason:
        raise ModelError(
            f"The model {model_id} {doubt}.",
            remedy="Give a --reason to put it in force all the same.",
        )
    entry = shelf.promote(workspace, model_id, by)
    payload = {"card_sha256": entry.sha256, "reason": reason, "doubt": doubt}
    with open_register(workspace) as connection:
        audit.append(connection, by, "promote model", model_id, payload)
    return entry


def _doubt(metrics: Metrics) -> str:
    """Say what speaks against a model, or nothing."""
    if (
        metrics.finds < _FEWEST_FINDS
        or metrics.average_precision is None
        or metrics.base_rate is None
    ):
        return f"was measured on {metrics.finds} finds only, and {_FEWEST_FINDS} are the least that say anything"
    if metrics.average_precision <= metrics.base_rate:
        return (
            f"ranks no better than drawing at random: average precision {metrics.average_precision:.3f} "
            f"where {metrics.base_rate:.3f} of the containers had a find"
        )
    return ""
