"""The folder that a port control unit works in: its stores, its models, its rules, its policy."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from riskengine.errors import WorkspaceError

ENVIRONMENT_VARIABLE = "RISKENGINE_WORKSPACE"
DEFAULT_FOLDER = "riskengine-workspace"


@dataclass(frozen=True, slots=True)
class Workspace:
    """One unit's folder. Its paths are here so that no other module spells them.

    >>> Workspace(Path("unit")).ledger_file.as_posix()
    'unit/engine.duckdb'
    """

    root: Path

    @property
    def settings_file(self) -> Path:
        """The policy and the settings."""
        return self.root / "riskengine.toml"

    @property
    def ledger_file(self) -> Path:
        """The DuckDB file: rules in force, history aggregates, run register."""
        return self.root / "engine.duckdb"

    @property
    def register_file(self) -> Path:
        """The SQLite file: what people do, and the audit chain."""
        return self.root / "register.sqlite"

    @property
    def runs_folder(self) -> Path:
        """The immutable results, one folder a run."""
        return self.root / "runs"

    @property
    def received_folder(self) -> Path:
        """The received bytes, by their sha256."""
        return self.root / "received"

    @property
    def texts_folder(self) -> Path:
        """The catalogues of messages that runs were recorded with, by their sha256."""
        return self.root / "texts"

    @property
    def models_folder(self) -> Path:
        """The model bundles, one folder each."""
        return self.root / "models"

    @property
    def rules_folder(self) -> Path:
        """The unit's own rule files, before they are installed into the ledger."""
        return self.root / "rules"

    @property
    def trusted_keys_folder(self) -> Path:
        """The public keys of the units whose packs are taken, one file each."""
        return self.root / "keys" / "trusted"

    def must_exist(self) -> Workspace:
        """Return this workspace.

        Raises:
            WorkspaceError: There is none in this folder.
        """
        if not self.settings_file.is_file():
            raise WorkspaceError(
                f"There is no workspace in {self.root}.",
                remedy=f"Make one with `riskengine init {self.root}`.",
            )
        return self


def locate(folder: Path | None = None) -> Workspace:
    """Return the workspace that is meant: the one named, else the environment's, else the default."""
    if folder is not None:
        return Workspace(folder)
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    return Workspace(Path(named) if named else Path(DEFAULT_FOLDER))
