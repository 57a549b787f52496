"""``biography``: the life of one box."""

from __future__ import annotations

import sys
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from riskengine.cli.options import JsonOption, Language, LanguageOption, WorkspaceOption
from riskengine.workspace import locate

if TYPE_CHECKING:
    from riskengine.engine.biography import Biography


def add_to(app: typer.Typer) -> None:
    """Add the verbs of this file to the command line."""
    app.command()(biography)


def biography(
    container: Annotated[
        str, typer.Argument(help="A container number, or the bill of loose cargo.")
    ],
    *,
    before: Annotated[
        str,
        typer.Option(
            "--before",
            metavar="DAY",
            help="Only what was known before this day (2026-11-21).",
            show_default="everything",
        ),
    ] = "",
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
    workspace: WorkspaceOption = None,
) -> None:
    """Tell all that is known of one box: its voyages, what was reported and found, and signs of a clone."""
    from riskengine.cli.biography_page import show_biography
    from riskengine.engine.biography import biography_of

    told = biography_of(locate(workspace), container, before=_day(before))
    if as_json:
        sys.stdout.write(f"{_as_json(told, language.value)}\n")
    else:
        show_biography(told, language.value)


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no day such as 2026-11-21.", param_hint="--before"
        ) from None


def _as_json(told: Biography, language: str) -> str:
    """Return a life as one JSON object; each sign with its sentence."""
    import json
    from dataclasses import asdict

    from riskengine.cli.biography_page import sign_sentence

    whole = asdict(told)
    for sign, shown in zip(told.signs, whole["signs"], strict=True):
        shown["sentence"] = sign_sentence(sign, language)
        for end in ("earlier", "later"):
            place, on = shown[end]
            shown[end] = {"place": place, "on": on}
    return json.dumps(whole, ensure_ascii=False, default=lambda value: value.isoformat())
