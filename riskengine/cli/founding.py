"""``init``."""

from __future__ import annotations

from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from riskengine.cli.output import say
from riskengine.workspace import locate


def add_to(app: typer.Typer) -> None:
    """Add the verbs of this file to the command line."""
    app.command()(init)


def init(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="A new folder.", show_default="$RISKENGINE_WORKSPACE or ./riskengine-workspace"
        ),
    ] = None,
) -> None:
    """Found a workspace with the core pack and the baseline model in force."""
    from riskengine.engine.founding import found

    workspace = locate(folder)
    founded = found(workspace, at=datetime.now(UTC), by=getuser())
    say(
        f"Founded {workspace.root}: {founded.rule_count} rules and the model {founded.model_id} are in force."
    )
    say(f"Its policy is in {workspace.settings_file}.")
