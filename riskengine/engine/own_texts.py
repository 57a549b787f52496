"""The texts in which a run was first explained: kept when it is recorded, spoken when it is explained again."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from riskengine import messages
from riskengine.errors import LedgerError, UsageError
from riskengine.ledger.kept_texts import keep_texts, read_texts
from riskengine.messages.kept import catalogue_sha256, catalogue_source, texts_from

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from riskengine.engine.run import Run
    from riskengine.messages.kept import Texts
    from riskengine.workspace import Workspace


def texts_of_today() -> str:
    """Return the sha256 of the catalogue of this engine in all languages."""
    return catalogue_sha256(messages.LANGUAGES)


def keep_texts_of_today(workspace: Workspace) -> None:
    """Keep the catalogue of this engine in all languages, once.

    Raises:
        LedgerError: The workspace cannot be written.
    """
    keep_texts(workspace, catalogue_source(messages.LANGUAGES), texts_of_today())


def texts_of(workspace: Workspace, run: Run) -> Texts | None:
    """Return the texts that a run was recorded with; None where they are those of today, or were not kept then.

    Raises:
        LedgerError: They are not there any more, or are damaged.
    """
    sha256 = run.card.texts_sha256
    if not sha256 or sha256 == texts_of_today():
        return None
    try:
        return texts_from(read_texts(workspace, sha256))
    except UsageError as error:
        raise LedgerError(error.sentence) from error


@contextmanager
def in_its_own_texts(
    workspace: Workspace, run: Run, language: str, warn: Callable[[str], None]
) -> Generator[None]:
    """Explain a recorded run in its own texts; where they are damaged, say so and use those of today.

    Args:
        workspace: The unit's folder.
        run: The run that is explained.
        language: In which the warning is said.
        warn: Takes it.
    """
    try:
        texts = texts_of(workspace, run)
    except LedgerError:
        texts = None
        warn(messages.render("verify.texts.damaged", {}, language))
    with messages.speaking(texts):
        yield
