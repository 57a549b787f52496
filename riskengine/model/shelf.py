"""A workspace's models: put on the shelf, listed, and one of them in force by a person's word."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from riskengine.errors import BundleDamaged, ModelError
from riskengine.model.bundle import (
    CARD_FILE,
    load,
    read_card,
    save,
    sync_folder,
    write_synced,
)
from riskengine.model.card_json import canonical, strict_json

if TYPE_CHECKING:
    from riskengine.model.bundle import Bundle
    from riskengine.model.card import ModelCard
    from riskengine.workspace import Workspace

POINTER_FILE: Final = "in_force.json"
HABITS_FILE: Final = "habits_in_force.json"
"""The pointer to the habits model, which is in force beside the one that learned from finds."""
CHALLENGER_FILE: Final = "challenger.json"
"""The pointer to the model that scores in the shadow."""
_MODEL_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """Which model scores, since when, and by whose word.

    Attributes:
        id: The model's id, the name of its folder.
        sha256: Of its card, which holds the digests of the rest.
        promoted_at: When, UTC.
        by: Who.
        change_id: The change in the register that put it there; empty where none did.
    """

    id: str
    sha256: str
    promoted_at: datetime
    by: str
    change_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelved:
    """One bundle on the shelf.

    Attributes:
        id: The name of its folder.
        folder: Where it lies.
        card: Its card; None when the card is damaged.
        fault: What is wrong with the card; empty when nothing is.
        is_in_force: Whether this model scores.
    """

    id: str
    folder: Path
    card: ModelCard | None
    fault: str
    is_in_force: bool


def put(workspace: Workspace, bundle: Bundle) -> Path:
    """Lay a bundle on the shelf and return its folder; the model in force stays the one it was.

    A bundle that is there already, with the same content, is left as it is.

    Raises:
        ModelError: It cannot be written.
        BundleDamaged: A bundle of that id is there and is damaged.
    """
    folder = folder_of(workspace, bundle.card.id)
    if folder.exists():
        load(folder)  # the id is the digest of the content: the same id, unharmed, is the same
        return folder
    return save(bundle, folder)


def list_bundles(workspace: Workspace) -> tuple[Shelved, ...]:
    """Return every bundle on the shelf, the latest first; a damaged one says so."""
    if not workspace.models_folder.is_dir():
        return ()
    pointers = (read_pointer(workspace, name) for name in (POINTER_FILE, HABITS_FILE))
    scoring = {pointer.id for pointer in pointers if pointer is not None}
    names = sorted(
        (
            entry.name
            for entry in workspace.models_folder.iterdir()
            if entry.is_dir() and _MODEL_ID.fullmatch(entry.name)
        ),
        reverse=True,
    )
    return tuple(_shelved(workspace, name, is_in_force=name in scoring) for name in names)


def in_force(workspace: Workspace, pointer_file: str = POINTER_FILE) -> Path:
    """Return the folder of the model in force.

    Args:
        workspace: Whose shelf.
        pointer_file: Which pointer says so: that of the model, or of the habits model.

    Raises:
        ModelError: None is.
        BundleDamaged: The pointer is damaged, or its bundle is not the one that was promoted.
    """
    pointer = read_pointer(workspace, pointer_file)
    if pointer is None:
        raise ModelError(
            f"No model is in force in {workspace.root}.",
            remedy="Promote one with `riskengine models promote`.",
        )
    folder = folder_of(workspace, pointer.id)
    if not (folder / CARD_FILE).is_file():
        raise BundleDamaged(
            f"The model in force, {pointer.id}, is not on the shelf.",
            remedy="Put its bundle back, or promote another with `riskengine models promote`.",
        )
    if _card_sha256(folder) != pointer.sha256:
        raise BundleDamaged(
            f"The model in force, {pointer.id}, is not the one that {pointer.by} promoted.",
            remedy="Put its bundle back, or promote another with `riskengine models promote`.",
        )
    return folder


def promote(  # noqa: PLR0913  # which model, where to, by whom, when and why
    workspace: Workspace,
    model_id: str,
    by: str,
    *,
    at: datetime | None = None,
    pointer_file: str = POINTER_FILE,
    change_id: str = "",
) -> InForce:
    """Put a model from the shelf in force, and return the pointer that says so.

    The bundle is loaded first, golden rows and all. The pointer is swapped in one step: a process
    killed in between leaves the earlier model in force. Promote an earlier model to go back.

    Args:
        workspace: Whose shelf.
        model_id: Which model.
        by: Who decided.
        at: When, UTC; now, when None.
        pointer_file: Which pointer is moved: that of the model, of the habits model, or of the challenger.
        change_id: The change in the register that says so.

    Raises:
        ModelError: There is no such model, it is not one for this pointer, or the pointer cannot
            be written.
        BundleDamaged: It is damaged.
    """
    folder = folder_of(workspace, model_id)
    purpose = load(folder).card.purpose
    if (purpose == "habits") != (pointer_file == HABITS_FILE):
        raise ModelError(
            f"The model {model_id} learned {purpose} and cannot stand in the place of the other kind.",
            remedy="`riskengine train --habits --promote` puts a habits model in force beside the model.",
        )
    pointer = InForce(
        id=model_id,
        sha256=_card_sha256(folder),
        promoted_at=at or datetime.now(UTC),
        by=by,
        change_id=change_id,
    )
    try:
        _swap(workspace.models_folder / pointer_file, canonical(asdict(pointer)))
    except OSError as fault:
        raise ModelError(
            f"The model {model_id} cannot be put in force: {fault.strerror or fault}.",
            remedy="Check the space on the disk and the rights on the folder.",
        ) from fault
    return pointer


def withdraw(workspace: Workspace, pointer_file: str) -> None:
    """Take a pointer away: the model stays on the shelf and stands in no place any more.

    Raises:
        ModelError: The disk refused.
    """
    path = workspace.models_folder / pointer_file
    try:
        path.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as fault:
        raise ModelError(
            f"{path} cannot be removed: {fault.strerror or fault}.",
            remedy="Check the rights on the folder.",
        ) from fault


def read_pointer(workspace: Workspace, pointer_file: str = POINTER_FILE) -> InForce | None:
    """Return which model is in force and by whose word; None when none is.

    Args:
        workspace: Whose shelf.
        pointer_file: Which pointer is read.

    Raises:
        BundleDamaged: The pointer is damaged.
    """
    path = workspace.models_folder / pointer_file
    if not path.is_file():
        return None
    value = strict_json(path.read_text(encoding="utf-8", errors="replace"), pointer_file)
    try:
        return InForce(
            id=str(value["id"]),
            sha256=str(value["sha256"]),
            promoted_at=datetime.fromisoformat(value["promoted_at"]),
            by=str(value["by"]),
            change_id=str(value.get("change_id", "")),
        )
    except (AttributeError, TypeError, KeyError, ValueError) as fault:
        raise BundleDamaged(
            f"{path} is damaged: {fault!r}.",
            remedy="Promote the model again with `riskengine models promote`.",
        ) from fault


def folder_of(workspace: Workspace, model_id: str) -> Path:
    """Return where a model of this id lies on the shelf, or would.

    Raises:
        ModelError: It is no model's id.
    """
    if not _MODEL_ID.fullmatch(model_id):
        raise ModelError(
            f"{model_id!r} is no model id.",
            remedy="List those there are with `riskengine models list`.",
        )
    return workspace.models_folder / model_id


def _shelved(workspace: Workspace, name: str, *, is_in_force: bool) -> Shelved:
    folder = workspace.models_folder / name
    card, fault = None, ""
    try:
        card = read_card(folder)
    except ModelError as refusal:
        fault = refusal.sentence
    return Shelved(id=name, folder=folder, card=card, fault=fault, is_in_force=is_in_force)


def _card_sha256(folder: Path) -> str:
    return hashlib.sha256((folder / CARD_FILE).read_bytes()).hexdigest()


def _swap(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(prefix=".half-done-", dir=path.parent)
    os.close(handle)
    half_done = Path(name)
    try:
        half_done.chmod(0o644)
        write_synced(half_done, text)
        os.replace(half_done, path)  # noqa: PTH105  # the atomic one, by its name
    finally:
        half_done.unlink(missing_ok=True)
    sync_folder(path.parent)
