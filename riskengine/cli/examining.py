"""``outcome``."""

from __future__ import annotations

from datetime import UTC, datetime
from getpass import getuser
from typing import Annotated

import typer

from riskengine.cli.options import OfficerOption, RunOption, WorkspaceOption
from riskengine.cli.output import say
from riskengine.domain import ExaminationResult, Outcome
from riskengine.workspace import locate


def add_to(app: typer.Typer) -> None:
    """Add the verbs of this file to the command line."""
    app.command()(outcome)


def outcome(
    container: Annotated[
        str, typer.Argument(help="A container number, or the bill of loose cargo.")
    ],
    found: Annotated[Outcome, typer.Argument(help="What the examination found.")],
    *,
    note: Annotated[
        str, typer.Option("--note", help="What was found, and where in the box.")
    ] = "",
    correct: Annotated[
        str,
        typer.Option("--correct", help="Why the outcome that was entered before was wrong."),
    ] = "",
    run: RunOption = None,
    officer: OfficerOption = "",
    workspace: WorkspaceOption = None,
) -> None:
    """Enter what an examination found; the next day's runs know it."""
    from riskengine.review import enter, finish_what_was_begun

    unit = locate(workspace).must_exist()
    finish_what_was_begun(unit)
    result = enter(
        unit,
        ExaminationResult(
            container_number=container,
            outcome=found,
            examined_at=datetime.now(UTC),
            officer=officer or getuser(),
            note=note,
        ),
        correcting=correct,
        run_id=run,
    )
    say(
        f"{result.container_number}: {result.outcome} entered by {result.officer}, assessed by run {result.run_id}."
    )
