"""``init`` and ``doctor``."""

from __future__ import annotations

from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from riskengine.cli.options import JsonOption, WorkspaceOption
from riskengine.cli.output import say
from riskengine.workspace import locate


def add_to(app: typer.Typer) -> None:
    """Add the verbs of this file to the command line."""
    app.command()(init)
    app.command()(doctor)


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


def doctor(*, as_json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """Look after a workspace: bring its stores forward, mend what a crash left, check chain and model."""
    import json
    import sys
    from dataclasses import asdict

    from riskengine.review import look_after

    upkeep = look_after(locate(workspace))
    if as_json:
        sys.stdout.write(f"{json.dumps(asdict(upkeep))}\n")
        return
    changes = len(upkeep.ledger_migrations) + upkeep.register_migrations
    say(f"Changes that brought the stores forward: {changes}.")
    say(
        f"Half-written runs removed: {upkeep.swept}. Outcomes finished after a crash: {upkeep.finished}."
        f" Changes of rules and models: {upkeep.finished_changes}."
    )
    if upkeep.left_behind:
        say(
            f"Copies of arriving files that a killed watch left, removed: {upkeep.left_behind}."
        )
    for rule in upkeep.unreadable_rules:
        say(f"A rule that should run cannot be read: {rule}")
    say(f"Audit chain: {upkeep.audit_entries} entries, all sound. Head {upkeep.audit_head}")
    say(f"Model in force: {upkeep.model_id or 'none'}; its digests and golden rows hold.")
    if upkeep.challenger_id:
        say(f"Challenger in the shadow: {upkeep.challenger_id}.")
    if upkeep.challenger_fault:
        say(f"The challenger is left out: {upkeep.challenger_fault}")
