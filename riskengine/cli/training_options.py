"""The options of ``train``: from what is learned, and how."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

HistoryOption: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        "--history",
        help="A labelled history: CSV, XLSX or Parquet. May be given again.",
        show_default="the unit's own runs and outcomes",
    ),
]
OwnOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--own", help="Learn from the unit's own runs and outcomes beside a --history."
    ),
]
HabitsOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--habits",
        help="Learn what is usual instead, from all containers, opened or not; no outcome is looked at.",
    ),
]
PromoteOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--promote",
        help="Ask for the habits model to be put in force; where there is nobody else, it is.",
    ),
]
LabelOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--label",
        help="The column that holds the outcome, where the mapping does not say.",
        show_default=False,
    ),
]
WithoutOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--without",
        metavar="COLUMN",
        help="A feature to leave out. May be given again.",
        show_default=False,
    ),
]
GrowOption: TypeAlias = Annotated[
    bool | None,
    typer.Option(
        "--grow-trees/--keep-trees",
        help="Grow trees anew, or keep those in force and let outcomes judge what they, the habits and each rule count.",
        show_default="keep them below 100 finds of the unit's own",
    ),
]
UnopenedOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--unopened-as-nils",
        help="Learn from containers that nobody opened as from nils of little weight.",
    ),
]
MembersOption: TypeAlias = Annotated[
    int,
    typer.Option(
        "--members",
        min=1,
        max=25,
        help="Models trained on different parts, whose mean scores and whose spread says how sure it is.",
    ),
]
TuneOption: TypeAlias = Annotated[
    int,
    typer.Option(
        "--tune", min=0, metavar="TRIALS", help="Settings to try before; needs `tuning`."
    ),
]
TuneMinutesOption: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--tune-minutes", help="Begin no trial after so many minutes.", show_default=False
    ),
]
NoteOption: TypeAlias = Annotated[
    str, typer.Option("--note", help="A remark for the model's card.")
]
RememberOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--remember",
        help="Add the history to what the unit knows of its traders, lanes and goods.",
    ),
]
