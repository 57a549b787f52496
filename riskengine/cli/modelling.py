"""``models``."""

from __future__ import annotations

import json
import sys
from getpass import getuser
from typing import Annotated

import typer

from riskengine.cli.options import JsonOption, OfficerOption, WorkspaceOption
from riskengine.cli.output import page, say, table, text
from riskengine.errors import ModelError
from riskengine.workspace import locate

models = typer.Typer(
    help="The models of this unit: list them, read their cards, put one in force.",
    no_args_is_help=True,
)


@models.command("list")
def list_models(*, as_json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """List the bundles on the shelf, the one in force marked."""
    from riskengine.model import shelf

    shelved = shelf.list_bundles(locate(workspace).must_exist())
    listing = table("Model", "In force", "Learned from", "Finds", "Average precision")
    for entry in shelved:
        card = entry.card
        if as_json:
            line = {
                "id": entry.id,
                "is_in_force": entry.is_in_force,
                "fault": entry.fault,
                "containers": card.window.containers if card else None,
                "finds": card.window.finds if card else None,
                "average_precision": card.metrics.average_precision if card else None,
            }
            sys.stdout.write(f"{json.dumps(line, ensure_ascii=False)}\n")
            continue
        precision = card.metrics.average_precision if card else None
        listing.add_row(
            text(entry.id),
            text("yes" if entry.is_in_force else ""),
            text(
                f"{card.window.containers} containers, {card.window.first_on} to {card.window.last_on}"
                if card
                else entry.fault
            ),
            text(card.window.finds if card else ""),
            text(f"{precision:.3f}" if precision is not None else "-"),
        )
    if not as_json:
        page().print(listing)


@models.command("show")
def show_model(
    model: Annotated[
        str, typer.Argument(help="A model's id.", show_default="the one in force")
    ] = "",
    *,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Print a model's card: what it learned from, how well it does, what it reads, what was left out."""
    from riskengine.model import shelf
    from riskengine.model.bundle import read_card
    from riskengine.model.card_json import to_json
    from riskengine.model.describe import describe

    unit = locate(workspace).must_exist()
    folders = {entry.id: entry.folder for entry in shelf.list_bundles(unit)}
    if model and model not in folders:
        raise ModelError(
            f"There is no model {model!r} on the shelf.",
            remedy="List them with `riskengine models list`.",
        )
    card = read_card(folders[model] if model else shelf.in_force(unit))
    sys.stdout.write(f"{to_json(card)}\n" if as_json else describe(card))


@models.command("promote")
def promote_model(
    model: Annotated[str, typer.Argument(help="A model's id.")],
    *,
    reason: Annotated[
        str,
        typer.Option("--reason", help="Why, where the model's own figures speak against it."),
    ] = "",
    officer: OfficerOption = "",
    workspace: WorkspaceOption = None,
) -> None:
    """Put a shelved model in force; one whose figures say little needs a reason."""
    from riskengine.review import promote_model as promote

    entry = promote(locate(workspace).must_exist(), model, officer or getuser(), reason=reason)
    say(f"{entry.id} is in force, by {entry.by}.")
