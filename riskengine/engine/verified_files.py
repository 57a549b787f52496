"""What is kept for ever, held against what was promised: audit chain, runs, models, received bytes, texts."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from riskengine.engine.run import card_from, identify
from riskengine.errors import AuditChainBroken, LedgerError, ModelError, UsageError
from riskengine.ledger import received
from riskengine.ledger.kept_texts import kept_catalogues, read_texts
from riskengine.ledger.run_register import recorded_runs
from riskengine.ledger.runs import card_sha256, check_files, read_card
from riskengine.messages.kept import texts_from
from riskengine.model import shelf
from riskengine.model.bundle import load
from riskengine.register import audit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from riskengine.ledger.run_register import RunEntry
    from riskengine.register.audit import AuditHead
    from riskengine.workspace import Workspace

AUDIT: Final = "audit"
RUNS: Final = "runs"
MODELS: Final = "models"
RECEIVED: Final = "received"
TEXTS: Final = "texts"
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_POINTERS: Final = (shelf.POINTER_FILE, shelf.HABITS_FILE, shelf.CHALLENGER_FILE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is not what was promised.

    Attributes:
        name: The run, the model, the sha256; empty for the audit chain.
        sentence: What is wrong with it.
    """

    name: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One kind of thing that was checked, every one of it.

    Attributes:
        kind: ``audit``, ``runs``, ``models``, ``received`` or ``texts``.
        count: How many there are: entries, runs, models, files, catalogues.
        faults: Those that are not what was promised.
        head: Of the audit chain, its last entry and its hash as ``SEQ:HASH``; else empty.
    """

    kind: str
    count: int
    faults: tuple[Fault, ...]
    head: str = ""


def verify_workspace(
    workspace: Workspace,
    *,
    witnessed: AuditHead | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[Checked, ...]:
    """Check every byte that a unit keeps for ever.

    Args:
        workspace: The unit's folder.
        witnessed: A head of the audit chain that was handed out earlier.
        progress: Told the share that is done.

    Raises:
        WorkspaceError: There is no workspace.
        LedgerError: The ledger refused.
    """
    workspace.must_exist()
    chain = _chain(workspace, witnessed)
    runs = recorded_runs(workspace)
    faults: list[Fault] = []
    try:
        promised = _promised_cards(workspace)
    except (ValueError, AttributeError):
        promised = {}  # the chain is broken, and that is said above
    for place, entry in enumerate(runs):
        faults += _faults(entry.run_id, (lambda one=entry: _run(workspace, one, promised)))
        if progress is not None:
            progress((place + 1) / (len(runs) + 1))
    faults += _vanished(workspace, {entry.run_id for entry in runs})
    return (
        chain,
        Checked(kind=RUNS, count=len(runs), faults=tuple(faults)),
        _models(workspace),
        _received(workspace, runs),
        _texts(workspace),
    )


def head_from(text: str) -> AuditHead | None:
    """Return the head that ``SEQ:HASH`` names, or None where it names none.

    >>> head_from("3:" + "a" * 64).seq
    3
    """
    seq, _, digest = text.partition(":")
    if not seq.isdecimal() or not _SHA256.fullmatch(digest):
        return None
    return audit.AuditHead(seq=int(seq), hash=digest)


def _chain(workspace: Workspace, witnessed: AuditHead | None) -> Checked:
    try:
        head = audit.verify(workspace, witnessed=witnessed)
    except AuditChainBroken as broken:
        fault = Fault(name="", sentence=broken.sentence)
        return Checked(kind=AUDIT, count=len(audit.entries(workspace)), faults=(fault,))
    return Checked(kind=AUDIT, count=head.seq, faults=(), head=f"{head.seq}:{head.hash}")


def _promised_cards(workspace: Workspace) -> Mapping[str, frozenset[str]]:
    """Return, of each run, the sha256 of its card as the audit chain has it; none of runs from before it was noted."""
    cards: dict[str, set[str]] = {}
    for entry in audit.entries(workspace, action="record run"):
        card = json.loads(entry.payload).get("card")
        if card:
            cards.setdefault(entry.object, set()).add(str(card))
    return {run_id: frozenset(found) for run_id, found in cards.items()}


def _vanished(workspace: Workspace, known: set[str]) -> list[Fault]:
    """Return the runs that the audit chain names and nothing else does.

    A run that was stopped while it was recorded has its folder: that is written before the chain is told.
    """
    named = {entry.object for entry in audit.entries(workspace, action="record run")}
    return [
        Fault(
            name=run_id,
            sentence="The audit chain names this run; its place in the run register and its folder are gone.",
        )
        for run_id in sorted(named - known)
        if not any(folder.name == run_id for folder in workspace.runs_folder.glob("*/*"))
    ]


def _run(
    workspace: Workspace, entry: RunEntry, promised: Mapping[str, frozenset[str]]
) -> Iterable[str]:
    folder = entry.folder_in(workspace)
    written = read_card(folder)
    card = card_from({n: v for n, v in written.items() if n not in {"schema", "files"}})
    if entry.run_id in promised and card_sha256(folder) not in promised[entry.run_id]:
        yield "The card of the run is not the one that the audit chain names."
    if card.run_id != entry.run_id or card.digests != entry.digests:
        yield "The card of the run names other digests than the run register."
    elif identify(card.digests, card.assessed_on) != entry.run_id:
        yield "The name of the run does not follow from its digests."
    if card.texts_sha256 and card.texts_sha256 not in kept_catalogues(workspace):
        yield "The texts in which the run was first explained are not kept."
    yield from check_files(folder)


def _models(workspace: Workspace) -> Checked:
    shelved = shelf.list_bundles(workspace)
    faults: list[Fault] = []
    for one in shelved:
        faults += _faults(one.id, (lambda model=one: _model(workspace, model.id)))
    for pointer in _POINTERS:
        faults += _faults(pointer, (lambda name=pointer: _pointer(workspace, name)))
    return Checked(kind=MODELS, count=len(shelved), faults=tuple(faults))


def _model(workspace: Workspace, model_id: str) -> Iterable[str]:
    load(shelf.folder_of(workspace, model_id))
    return ()


def _pointer(workspace: Workspace, name: str) -> Iterable[str]:
    if shelf.read_pointer(workspace, name) is not None:
        shelf.in_force(workspace, name)
    return ()


def _received(workspace: Workspace, runs: Iterable[RunEntry]) -> Checked:
    """Check every file under its sha256, and that what was received, and what a run was read from, is there."""
    kept = sorted(
        path.name
        for path in workspace.received_folder.glob("*/*")
        if _SHA256.fullmatch(path.name)
    )
    faults: list[Fault] = []
    for sha256 in kept:
        faults += _faults(sha256, (lambda name=sha256: _bytes(workspace, name)))
    asked = {
        entry.object: "The audit chain names this file, and it is not kept."
        for entry in audit.entries(workspace, action="receive file")
    } | {
        entry.manifest_sha256: f"The manifest of the run {entry.run_id} is not kept."
        for entry in runs
    }
    faults += [
        Fault(name=sha256, sentence=asked[sha256])
        for sha256 in sorted(asked.keys() - set(kept))
    ]
    return Checked(kind=RECEIVED, count=len(kept), faults=tuple(faults))


def _bytes(workspace: Workspace, sha256: str) -> Iterable[str]:
    received.open_received(workspace, sha256).close()
    return ()


def _texts(workspace: Workspace) -> Checked:
    kept = kept_catalogues(workspace)
    faults: list[Fault] = []
    for sha256 in kept:
        faults += _faults(sha256, (lambda name=sha256: _catalogue(workspace, name)))
    return Checked(kind=TEXTS, count=len(kept), faults=tuple(faults))


def _catalogue(workspace: Workspace, sha256: str) -> Iterable[str]:
    try:
        texts_from(read_texts(workspace, sha256))
    except UsageError as error:
        yield error.sentence


def _faults(name: str, check: Callable[[], Iterable[str]]) -> list[Fault]:
    """Return what a check finds; its refusal is a fault like any other."""
    found: list[str] = []
    try:
        found += check()
    except (LedgerError, ModelError) as refusal:
        found.append(refusal.sentence)
    return [Fault(name=name, sentence=sentence) for sentence in found]
