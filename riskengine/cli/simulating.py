"""``simulate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskengine.cli.output import progress, say


def add_to(app: typer.Typer) -> None:
    """Add the verbs of this file to the command line."""
    app.command()(simulate)


def simulate(
    folder: Annotated[
        Path, typer.Argument(help="A new folder for manifests, history and the truth apart.")
    ],
    *,
    months: Annotated[int, typer.Option(help="How many months.", min=1, max=120)] = 3,
    containers: Annotated[
        int, typer.Option("--containers", help="Containers a month.", min=10, max=200_000)
    ] = 3000,
    prevalence: Annotated[
        float, typer.Option(help="Share of abused containers.", min=0.0, max=0.5)
    ] = 0.008,
    suffix: Annotated[
        str,
        typer.Option(
            "--as",
            help="What the manifests are written as: .csv, .xlsx, .parquet, .edi (CUSCAR), .xml (Awmds).",
        ),
    ] = ".csv",
    seed: Annotated[int, typer.Option(help="The same seed makes the same bytes.", min=0)] = 1,
) -> None:
    """Make a synthetic port world: manifests, a labelled history, and the truth in a folder apart."""
    from riskengine.simulate import Settings, write_world
    from riskengine.simulate import simulate as make

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise typer.BadParameter(f"{folder} is not empty.", param_hint="FOLDER")
    settings = Settings(
        months=months, containers_per_month=containers, prevalence=prevalence, seed=seed
    )
    with progress("simulate") as told:
        world = make(settings)
        told(0.5)
        written = write_world(world, folder, suffix=suffix)
        told(1.0)
    say(f"{len(written)} files in {folder}. Train on them with:")
    say(
        f"riskengine train --history {folder}/history/history.parquet --mapping {folder}/history/mapping.toml"
    )
