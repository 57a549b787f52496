"""``train`` and ``models``."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from riskengine.cli.options import JsonOption, MappingOption, OfficerOption, WorkspaceOption
from riskengine.cli.output import page, progress, say, table, text
from riskengine.errors import ModelError
from riskengine.workspace import locate

models = typer.Typer(
    help="The models of this unit: list them, read their cards, put one in force.",
    no_args_is_help=True,
)


def add_to(app: typer.Typer) -> None:
    """Add the verbs of this file to the command line."""
    app.command()(train)


def train(
    *,
    history: Annotated[
        list[Path],
        typer.Option(
            "--history", help="A labelled history: CSV, XLSX or Parquet. May be given again."
        ),
    ],
    mapping: MappingOption = None,
    label: Annotated[
        str | None,
        typer.Option(
            "--label",
            help="The column that holds the outcome, where the mapping does not say.",
            show_default=False,
        ),
    ] = None,
    note: Annotated[str, typer.Option("--note", help="A remark for the model's card.")] = "",
    remember: Annotated[
        bool,
        typer.Option(
            "--remember",
            help="Add the history to what the unit knows of its traders, lanes and goods.",
        ),
    ] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Train a model on a labelled history and shelve it; the one in force stays in force."""
    from riskengine.engine.learning import learn, prepare, remember_history
    from riskengine.manifest import read_manifest
    from riskengine.manifest.mapping import load_mapping
    from riskengine.manifest.plan import with_label
    from riskengine.model import shelf
    from riskengine.model.describe import describe

    unit = locate(workspace).must_exist()
    fields = load_mapping(mapping) if mapping else None
    if label:
        fields = with_label(fields, label)
    readings = [read_manifest(path, fields) for path in history]
    for path, reading in zip(history, readings, strict=True):
        if reading.defects:
            say(
                f"{path}: {len(reading.defects)} defects; nothing was dropped. See them with: riskengine check {path}"
            )
    with progress("features") as told:
        lessons = prepare([reading.manifest for reading in readings], progress=told)
    with progress("training") as told:
        bundle = learn(lessons, created_at=datetime.now(UTC), note=note, progress=told)
    folder = shelf.put(unit, bundle)
    if remember:
        new = remember_history(unit, [reading.manifest for reading in readings])
        say(f"{new} containers of the history were new to this unit and are remembered.")
    sys.stdout.write(describe(bundle.card))
    say(
        f"Shelved in {folder}. It scores nothing until: riskengine models promote {bundle.card.id}"
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
