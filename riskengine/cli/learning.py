"""``train``."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from riskengine.cli.options import MappingOption, WorkspaceOption
from riskengine.cli.output import progress, say
from riskengine.workspace import locate


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
