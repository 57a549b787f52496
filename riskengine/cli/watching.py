"""``score --watch``: a folder whose files are assessed as they arrive."""

from __future__ import annotations

import json
import signal
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from getpass import getuser
from typing import TYPE_CHECKING

from riskengine import messages
from riskengine.cli.output import say

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path
    from types import FrameType

    from riskengine.engine.watch import Taken
    from riskengine.manifest import FieldMapping
    from riskengine.workspace import Workspace

SECONDS_BETWEEN_LOOKS = 5.0
FEWEST_SECONDS = 0.1
MOST_SECONDS = 3600.0


def watch(
    workspace: Workspace,
    folder: Path,
    *,
    mapping: FieldMapping | None,
    every: float = SECONDS_BETWEEN_LOOKS,
    is_once: bool = False,
    as_json: bool = False,
    language: str = "en",
    clock: Callable[[], datetime] | None = None,
    sleep: Callable[[float], None] | None = None,
) -> None:
    """Assess what arrives in a folder until somebody ends it; one line a file on stdout.

    Args:
        workspace: The unit's folder.
        folder: The folder to be watched.
        mapping: The mapping that lists are read with.
        every: Seconds between two looks.
        is_once: Take what lies there now, and end.
        as_json: Print one JSON object a file.
        language: Of the sentences.
        clock: Tells the moment; the machine's clock by default.
        sleep: Waits; by default until the seconds are over or a signal asks to end.

    Raises:
        UsageError: There is no such folder.
        LedgerError: The workspace cannot be written.
    """
    from riskengine.engine.watch import watcher_of

    counts = {"scored": 0, "received": 0, "failed": 0}
    with _ended_by_signals() as stop:
        watcher = watcher_of(
            workspace.must_exist(),
            folder,
            mapping=mapping,
            by=getuser(),
            clock=clock or (lambda: datetime.now(UTC)),
            sleep=sleep or (lambda seconds: _wait(stop, seconds)),
            is_stopped=stop.is_set,
        )
        if not is_once:
            say(messages.render("watch.watching", {"folder": str(folder)}, language))
        for taken in watcher.watch(every=every, is_once=is_once):
            if taken.what in counts:
                counts[taken.what] += 1
            _tell(taken, language, as_json=as_json)
    say(messages.render("watch.ended", counts, language))


def must_suit_watching(every: float, others: Mapping[str, object]) -> None:
    """Refuse what makes no sense beside ``--watch``.

    Args:
        every: Seconds between two looks.
        others: What was given of the options that speak of one run, by name.

    Raises:
        typer.BadParameter: One of them was given, or the looks would leave the machine no time.
    """
    import typer

    given = [name for name, value in others.items() if value]
    if given:
        raise typer.BadParameter(
            f"{', '.join(given)} cannot stand beside it: each file is assessed as of the day it arrives, and recorded.",
            param_hint="--watch",
        )
    if not FEWEST_SECONDS <= every <= MOST_SECONDS:
        raise typer.BadParameter(
            f"{every:g} is not between {FEWEST_SECONDS:g} and {MOST_SECONDS:g} seconds.",
            param_hint="--every",
        )


@contextmanager
def _ended_by_signals() -> Generator[threading.Event]:
    """Give an event that SIGINT and SIGTERM set, so that the file in hand is finished first."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait(stop: threading.Event, seconds: float) -> None:
    stop.wait(seconds)


def _tell(taken: Taken, language: str, *, as_json: bool) -> None:
    from riskengine.engine.watch import shown_name

    said = _said(taken, shown_name(taken.path))
    if taken.what in {"failed", "refused"}:
        shown = said
        if taken.refusal:
            shown = said | {"why": messages.render(f"watch.{taken.refusal}", {}, language)}
        say(messages.render(f"watch.{taken.what}", shown, language))
    if as_json:
        sys.stdout.write(f"{json.dumps(said | {'what': taken.what}, ensure_ascii=False)}\n")
    elif taken.what not in {"failed", "refused"}:
        kind = messages.render(f"watch.kind_{said['kind']}", {}, language)
        line = messages.render(f"watch.{taken.what}", said | {"kind": kind}, language)
        sys.stdout.write(f"{line}\n")
    # Whoever reads along sees each file when it is done, also through a pipe.
    sys.stdout.flush()


def _said(taken: Taken, file: str) -> dict[str, object]:
    """Return what is said of a file, as the JSON line has it."""
    said: dict[str, object] = {"file": file}
    if taken.sentence:
        said["sentence"] = taken.sentence
    if taken.refusal:
        said["why"] = taken.refusal
    if taken.reading:
        source = taken.reading.manifest.source
        said |= {
            "file": source.file if not source.packed_in else f"{file}: {source.file}",
            "sha256": source.sha256,
            "format": source.format,
            "kind": source.document.kind,
            "containers": taken.reading.manifest.containers.height,
            "defects": len(taken.reading.defects),
        }
    if taken.run:
        lanes = taken.run.assessments["lane"].to_list()
        said |= {
            "run": taken.run.card.run_id,
            "red": lanes.count("red"),
            "yellow": lanes.count("yellow"),
            "defects": taken.run.defects.height,
        }
    return said
