"""Assessing what arrives in a folder, once each, whenever the watching is killed and started again.

Nothing of what has been done is kept beside the ledger. A manifest is done when its run is recorded, any other file when
it was received, and a file that is none when its bytes are noted as broken: each is one transaction.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from riskengine.engine.drop_folder import DropFolder
from riskengine.engine.engine import Engine
from riskengine.engine.in_hand import clear_left_behind, taken_in_hand
from riskengine.errors import LedgerBusy, LedgerError, ManifestError, RiskEngineError
from riskengine.ledger import watched
from riskengine.manifest import read_manifests

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from datetime import datetime
    from pathlib import Path

    from riskengine.engine.drop_folder import Refusal
    from riskengine.engine.run import Run
    from riskengine.manifest import FieldMapping, Reading
    from riskengine.workspace import Workspace

What = Literal["scored", "received", "failed", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of one file, or of one file in an archive.

    Attributes:
        path: Where it lies.
        what: It was assessed and recorded, received, could not be read, or was left alone.
        reading: What was read of it; None where nothing was.
        run: The recorded run of a manifest.
        sentence: What was wrong with it.
        refusal: Why it was left alone.
    """

    path: Path
    what: What
    reading: Reading | None = None
    run: Run | None = None
    sentence: str = ""
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """What is done with a file, in this order; a test stops between them.

    Attributes:
        read: Reads a file, or every file in an archive.
        score: Receives, assesses and records one manifest.
        receive: Receives anything else.
        note_broken: Remembers that a file is none.
    """

    read: Callable[[Path], tuple[Reading, ...]]
    score: Callable[[Reading, Path], Run]
    receive: Callable[[Reading, Path], None]
    note_broken: Callable[[str, str, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """One folder, watched for one unit.

    Attributes:
        workspace: The unit's folder.
        folder: What is known of the watched one.
        steps: What is done with each file.
        mapping_sha256: Of the mapping that the files are read with; empty without one.
        sleep: Waits so many seconds, or less when somebody wants it to end.
        is_stopped: Says whether somebody wants it to end.
        troubles: Files that the workspace could not take yet, with what it said; they are tried again at each look.
    """

    workspace: Workspace
    folder: DropFolder
    steps: Steps
    mapping_sha256: str = ""
    sleep: Callable[[float], None]
    is_stopped: Callable[[], bool]
    troubles: dict[str, str] = field(default_factory=dict[str, str])

    def watch(self, *, every: float, is_once: bool) -> Generator[Taken]:
        """Look at the folder again and again, and do what is to be done for each file that has arrived whole.

        A file is whole when it has not changed between two looks. What is asked to stop ends after the file in hand.

        Args:
            every: Seconds between two looks.
            is_once: Take what lies there now, and end.

        Yields:
            What became of each file, as soon as it is settled.

        Raises:
            UsageError: There is no such folder.
            LedgerError: The workspace could not take a file, and there is no next look.
        """
        clear_left_behind(self.workspace)
        arrived, refused = self.folder.look()
        while not self.is_stopped():
            for path, why in refused:
                yield Taken(path=path, what="refused", refusal=why)
            self.sleep(every)
            arrived, refused = self.folder.look()
            for path in arrived:
                if self.is_stopped():
                    return
                yield from self._take(path)
            if is_once:
                break
        for path, why in refused:
            yield Taken(path=path, what="refused", refusal=why)
        if is_once and self.troubles:
            name, sentence = next(iter(self.troubles.items()))
            raise LedgerError(f"{name} could not be taken: {sentence}", remedy="Look again.")

    def _take(self, path: Path) -> Iterator[Taken]:
        """Do what is to be done for one file; what cannot be done now is tried at the next look."""
        with taken_in_hand(self.workspace) as in_hand:
            try:
                copy = self.folder.snapshot(path, in_hand)
                if copy is None:
                    return
                with copy.open("rb") as file:
                    sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                yield from self._settle(path, copy, sha256)
            except LedgerError as error:
                # The workspace's trouble, not the file's: the others have their turn, and this one at the next look.
                if not isinstance(error, LedgerBusy) and self.troubles.get(path.name) != str(
                    error
                ):
                    yield Taken(path=path, what="failed", sentence=str(error))
                self.troubles[path.name] = str(error)
                return
            except RiskEngineError as error:
                # Not the bytes' fault alone: who may read them, or a model that they do not suit. Tried again at the
                # next start.
                yield Taken(path=path, what="failed", sentence=_of_the_file(error, in_hand))
        self.troubles.pop(path.name, None)
        self.folder.settle(path)

    def _settle(self, path: Path, copy: Path, sha256: str) -> Iterator[Taken]:
        name = shown_name(path)
        if watched.is_settled(self.workspace, sha256, self.mapping_sha256):
            return
        if watched.is_known_broken(self.workspace, sha256, self.mapping_sha256, file=name):
            return
        try:
            readings = self.steps.read(copy)
        except ManifestError as error:
            sentence = _of_the_file(error, copy.parent)
            self.steps.note_broken(sha256, name, sentence)
            yield Taken(path=path, what="failed", sentence=sentence)
            return
        for reading in readings:
            source = reading.manifest.source
            if watched.is_settled(self.workspace, source.sha256, source.mapping_sha256):
                continue
            if source.document.kind == "manifest":
                run = self.steps.score(reading, copy)
                yield Taken(path=path, what="scored", reading=reading, run=run)
            else:
                self.steps.receive(reading, copy)
                yield Taken(path=path, what="received", reading=reading)


def watcher_of(  # noqa: PLR0913 - whose, what, how, by whom, and what stands for the clock
    workspace: Workspace,
    folder: Path,
    *,
    mapping: FieldMapping | None,
    by: str,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
    is_stopped: Callable[[], bool],
) -> Watcher:
    """Return a watcher that reads, receives, assesses and records as ``score`` does.

    Each manifest is assessed as of the day on which it is taken, with the model and the policy that are in force then.

    Args:
        workspace: The unit's folder.
        folder: The folder to be watched.
        mapping: The mapping that lists are read with.
        by: Who had it recorded.
        clock: Tells the moment, with its time zone.
        sleep: Waits.
        is_stopped: Says whether somebody wants it to end.
    """

    def score(reading: Reading, path: Path) -> Run:
        day = clock().date()
        engine = Engine.open(workspace)
        received = engine.receive(reading, path, known_on=day, by=by)
        run = engine.assess(reading, assessed_on=day, seq=received.seq)
        engine.record(run, reading, path, by=by)
        return run

    def take_in(reading: Reading, path: Path) -> None:
        day = clock().date()
        Engine.open(workspace).receive(reading, path, known_on=day, by=by)

    def note_broken(sha256: str, file: str, sentence: str) -> None:
        watched.note_broken(
            workspace, sha256, mapping_sha256, file=file, sentence=sentence, at=clock()
        )

    mapping_sha256 = mapping.sha256 if mapping else ""
    return Watcher(
        workspace=workspace,
        folder=DropFolder(folder),
        steps=Steps(
            read=lambda path: read_manifests(path, mapping),
            score=score,
            receive=take_in,
            note_broken=note_broken,
        ),
        mapping_sha256=mapping_sha256,
        sleep=sleep,
        is_stopped=is_stopped,
    )


def shown_name(path: Path) -> str:
    r"""Return a file's name as text, whatever bytes it has.

    >>> from pathlib import Path
    >>> shown_name(Path("caf\udce9.csv"))
    'caf\\udce9.csv'
    """
    return path.name.encode("utf-8", "backslashreplace").decode("utf-8")


def _of_the_file(error: RiskEngineError, in_hand: Path) -> str:
    """Return what was wrong with a file by its own name, not by that of the copy that was read."""
    return str(error).replace(f"{in_hand}{os.sep}", "")
