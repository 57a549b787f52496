"""``simulate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from riskengine.cli.output import progress, say

if TYPE_CHECKING:
    from riskengine.simulate import Settings

_UNLESS_TOLD: dict[str, Any] = {
    "months": 3,
    "containers_per_month": 3000,
    "prevalence": 0.008,
    "seed": 1,
}


_File = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        help="A TOML file with any setting of the world; the options below go before it.",
        exists=True,
        dir_okay=False,
    ),
]
_Months = Annotated[
    int | None, typer.Option(help="How many months; 3 unless told.", min=1, max=120)
]
_Containers = Annotated[
    int | None,
    typer.Option(
        "--containers", help="Containers a month; 3000 unless told.", min=20, max=200_000
    ),
]
_Prevalence = Annotated[
    float | None,
    typer.Option(help="Share of abused containers; 0.008 unless told.", min=0.0, max=0.5),
]
_Waves = Annotated[
    list[str] | None,
    typer.Option(
        help="TYPOLOGY=FROM..TO:STRENGTH: planted in these days only; may be repeated."
    ),
]
_Displacement = Annotated[
    float | None,
    typer.Option(help="How often loads leave a lane after a find there.", min=0.0, max=1.0),
]
_Insiders = Annotated[
    float | None,
    typer.Option(help="Share of abused boxes of innocent traders.", min=0.0, max=1.0),
]
_Suffix = Annotated[
    str,
    typer.Option(
        "--as",
        help="What the manifests are written as: .csv, .xlsx, .parquet, .edi (CUSCAR), .xml (Awmds).",
    ),
]
_Seed = Annotated[
    int | None, typer.Option(help="The same seed makes the same bytes; 1 unless told.", min=0)
]


def add_to(app: typer.Typer) -> None:
    """Add the verbs of this file to the command line."""
    app.command()(simulate)


def simulate(
    folder: Annotated[
        Path, typer.Argument(help="A new folder for manifests, history and the truth apart.")
    ],
    *,
    settings: _File = None,
    months: _Months = None,
    containers: _Containers = None,
    prevalence: _Prevalence = None,
    wave: _Waves = None,
    displacement: _Displacement = None,
    insiders: _Insiders = None,
    plans: Annotated[bool, typer.Option("--plans", help="Write stow plans too.")] = False,
    movements: Annotated[
        bool, typer.Option("--movements", help="Write reports of gates and quays too.")
    ] = False,
    versions: Annotated[
        bool, typer.Option("--versions", help="Write the first versions of manifests too.")
    ] = False,
    suffix: _Suffix = ".csv",
    seed: _Seed = None,
) -> None:
    """Make a synthetic port world: manifests, a labelled history, and the truth in a folder apart."""
    from riskengine.errors import UsageError
    from riskengine.simulate import simulate as make
    from riskengine.simulate import wave_of, write_world

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise typer.BadParameter(f"{folder} is not empty.", param_hint="FOLDER")
    told: dict[str, object | None] = {
        "months": months,
        "containers_per_month": containers,
        "prevalence": prevalence,
        "seed": seed,
        "displacement": displacement,
        "insider_share": insiders,
        "plans": plans or None,
        "movements": movements or None,
        "versions": versions or None,
    }
    given: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
    try:
        given["waves"] = tuple(wave_of(text) for text in wave or ())
        chosen = _settings(settings, given)
    except UsageError as fault:
        raise typer.BadParameter(str(fault)) from fault
    with progress("simulate") as told_progress:
        world = make(chosen)
        told_progress(0.5)
        written = write_world(world, folder, suffix=suffix)
        told_progress(1.0)
    say(f"{len(written)} files in {folder}. Train on them with:")
    say(
        f"riskengine train --history {folder}/history/history.parquet --mapping {folder}/history/mapping.toml"
    )


def _settings(file: Path | None, given: dict[str, Any]) -> Settings:
    from riskengine.simulate import Settings, load_settings

    if file is not None:
        return load_settings(file, **given)
    return Settings(**{**_UNLESS_TOLD, **given})
