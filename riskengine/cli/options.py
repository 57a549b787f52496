"""The options that several verbs share, spelled once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer


class Language(StrEnum):
    """The languages of the units."""

    EN = "en"
    FR = "fr"
    ES = "es"
    PT = "pt"


WorkspaceOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        "-w",
        help="The unit's folder; else $RISKENGINE_WORKSPACE, else ./riskengine-workspace.",
        show_default=False,
    ),
]
LanguageOption: TypeAlias = Annotated[
    Language, typer.Option("--lang", help="Language of the sentences.")
]
JsonOption: TypeAlias = Annotated[
    bool, typer.Option("--json", help="One JSON object a line on stdout.")
]
MappingOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--mapping",
        "-m",
        help="A mapping file: which column is which field.",
        show_default=False,
    ),
]
OfficerOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--officer",
        help="Who answers for this entry.",
        envvar="RISKENGINE_OFFICER",
        show_default=False,
    ),
]
RunOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--run", help="A run's id, where not the last one is meant.", show_default=False
    ),
]
StowPlanOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--stow-plan",
        help="What the ship says it loaded, a line a container; for one manifest.",
        show_default=False,
    ),
]
StowMappingOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--stow-mapping", help="A mapping file for the stow plan.", show_default=False
    ),
]
DayOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--at",
        metavar="DAY",
        help="Assess as of the morning of this day (2026-11-21), or `presented`: each consignment as of its own day.",
        show_default="today",
    ),
]
