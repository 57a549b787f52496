"""What was received and is not assessed by itself: stow plans, reports of movements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine import messages
from riskengine.cli.output import say

if TYPE_CHECKING:
    from riskengine.engine.intake import Received
    from riskengine.manifest import Reading


def show_received(reading: Reading, received: Received | None, language: str) -> None:
    """Say on stderr that a file was received, and what it is; None was looked at and not received."""
    source = reading.manifest.source
    boxes = reading.manifest.containers["container_number"].drop_nulls().n_unique()
    key = (
        "looked_at"
        if received is None
        else "received"
        if received.is_new
        else "received_before"
    )
    params = {
        "file": source.file,
        "kind": messages.render(f"intake.kind.{source.document.kind}", {}, language),
        "containers": boxes,
        "defects": len(reading.defects),
    }
    say(messages.render(f"intake.{key}", params, language))
