"""The examination sheet as a file: a PDF that is whole, or not there at all."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from riskengine import messages
from riskengine.errors import ExportError, UsageError
from riskengine.workspace import DEFAULT_FOLDER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from riskengine.engine import Run
    from riskengine.engine.biography import Chapter, CloneSign
    from riskengine.engine.explanation import Explanation
    from riskengine.workspace import Workspace

_SUFFIX: Final = ".pdf"


def can_be_sheet(path: Path) -> None:
    """Refuse a file that no sheet could be written to, before any work is done for it.

    Raises:
        UsageError: It is a folder, has another suffix, or lies in a folder that does not exist.
    """
    if path.is_dir():
        raise UsageError(
            f"{messages.visible(str(path))} is a folder.",
            remedy="Name the file that the sheet is written to, such as sheet.pdf.",
        )
    if path.suffix.lower() != _SUFFIX:
        raise UsageError(
            f"{messages.visible(str(path))} does not end in {_SUFFIX}.",
            remedy="The sheet is a PDF; name it so.",
        )
    if not path.parent.is_dir():
        raise UsageError(
            f"There is no folder {messages.visible(str(path.parent))}.",
            remedy="Make it first, or name another.",
        )


def write_sheet(
    workspace: Workspace,
    run: Run,
    explanation: Explanation,
    path: Path,
    language: str,
    chapters: Sequence[Chapter],
    signs: Sequence[CloneSign],
) -> None:
    """Write the sheet of one container as a PDF. A file of that name is replaced in one step.

    Args:
        workspace: The unit's folder; its name stands on the sheet, where the unit gave it one.
        run: The run that assessed the container; its day is the day of the sheet.
        explanation: Why the container stands where it stands.
        path: Where the sheet is written.
        language: Of its texts.
        chapters: What was known of the box before.
        signs: What of it one box could not have done.

    Raises:
        UsageError: The path is a folder, or of another suffix.
        ExportError: The type setter is not installed or failed, or the disk refused.
    """
    from riskengine.ledger.durable import appears_whole
    from riskengine.review.examination_sheet import examination_sheet

    can_be_sheet(path)
    made = examination_sheet(
        explanation,
        chapters=chapters,
        signs=signs,
        made_on=day_of(run, explanation),
        language=language,
        unit=_unit(workspace),
    )
    try:
        with appears_whole(path) as aside:
            aside.write_bytes(made)
    except OSError as error:
        raise ExportError(
            f"{messages.visible(str(path))} cannot be written: {error.strerror or error}.",
            remedy="Check the rights on the folder and the space on the disk.",
        ) from error


def _unit(workspace: Workspace) -> str:
    name = workspace.root.resolve().name
    return "" if name == DEFAULT_FOLDER else name


def day_of(run: Run, explanation: Explanation) -> date:
    """Return the day as of which a container was assessed: that of the run, or its own day of presentation."""
    try:
        return date.fromisoformat(run.card.assessed_on)
    except ValueError:
        # Each container as of its own day: the facts say which.
        is_it = run.indicators["container_id"] == explanation.container_id
        return run.indicators.filter(is_it)["assessed_on"].item()
