"""Founding a workspace: its stores, its policy, the core pack and the baseline model in force."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from riskengine.errors import WorkspaceError
from riskengine.features.catalog import catalog
from riskengine.ledger.migrations import create_ledger
from riskengine.model import shelf
from riskengine.model.bundle import load, read_card
from riskengine.register.connection import create_register
from riskengine.register.seeds import make_stratum_seed
from riskengine.rules.pack import load_pack
from riskengine.rules.store import install
from riskengine.selectivity.policy import settings_text

if TYPE_CHECKING:
    from datetime import date, datetime

    from riskengine.model.card import ModelCard
    from riskengine.workspace import Workspace

_BASELINE: Final = "models/baseline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Founded:
    """What a fresh workspace has in force."""

    rule_count: int
    model_id: str


def found(workspace: Workspace, *, at: datetime, by: str) -> Founded:
    """Make a workspace in an empty or missing folder.

    The settings are written last: a folder with settings is a whole workspace.

    Raises:
        WorkspaceError: There is something in the folder already.
    """
    root = workspace.root
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise WorkspaceError(
            f"{root} is not empty; a workspace is never founded over something.",
            remedy="Name a new folder, or remove this one if nothing in it is needed.",
        )
    for folder in (
        root,
        workspace.runs_folder,
        workspace.received_folder,
        workspace.models_folder,
        workspace.rules_folder,
    ):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    create_ledger(workspace)
    create_register(workspace)
    make_stratum_seed(workspace, by)
    pack = load_pack(shipped("rules/core"), catalog())
    install(workspace, pack, at=at, who=by)
    bundle = load(shipped(_BASELINE))
    shelf.put(workspace, bundle)
    shelf.promote(workspace, bundle.card.id, by, at=at)
    workspace.settings_file.write_text(settings_text(), "utf-8")
    return Founded(rule_count=len(pack.rules), model_id=bundle.card.id)


def is_baseline(model_id: str) -> bool:
    """Tell whether a model is the one that ships, which has learned from no real port."""
    return model_id == read_card(shipped(_BASELINE)).id


def has_shipped_trees(card: ModelCard) -> bool:
    """Tell whether a model's trees are those that ship: by their digest, as outcomes may have given it another id."""
    return card.model_sha256 == read_card(shipped(_BASELINE)).model_sha256


def learned_until(card: ModelCard) -> date | None:
    """Return the last day whose outcomes a unit's model can have learned from; None where it has learned from none.

    The baseline as it ships has learned from a simulated port alone: its calendar says nothing of this unit's. It is
    known by its digests, which cover all that it says. Judged by outcomes, its trees or others kept as they were
    have learned from what was entered until that was done, which may be long after the last day of the trees.
    """
    baseline = read_card(shipped(_BASELINE))
    if card.id == baseline.id:
        return None
    last = card.window.last_on
    if card.combination is None or card.created_at is None:
        return last
    made = card.created_at.date()
    return made if card.model_sha256 == baseline.model_sha256 else max(last, made)


def shipped(name: str) -> Path:
    """Return where a folder or file that ships with the engine lies: in the wheel, or in the source tree.

    Raises:
        WorkspaceError: The installation is incomplete.
    """
    package = Path(__file__).parents[1]
    for place in (package / "shipped" / name, package.parent / name):
        if place.exists():
            return place
    raise WorkspaceError(
        f"{name} did not come with this installation.", remedy="Install the engine again."
    )
