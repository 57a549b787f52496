"""``biography``: the life of one box."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from riskengine.cli.options import JsonOption, Language, LanguageOption, WorkspaceOption
from riskengine.workspace import locate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskengine.engine.biography import Biography, Chapter, CloneSign


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


def chapters_as_json(chapters: Sequence[Chapter]) -> list[dict[str, object]]:
    """Return chapters as JSON has them: every field by its name, days and moments in ISO form."""
    return [_plain(asdict(chapter)) for chapter in chapters]


def signs_as_json(signs: Sequence[CloneSign], language: str) -> list[dict[str, object]]:
    """Return signs as JSON has them, each with its sentence in a language."""
    from riskengine.engine.life_told import sign_sentence

    return [
        {
            "code": sign.code,
            "params": _plain(sign.params),
            "earlier": _plain(dict(zip(("place", "on"), sign.earlier, strict=True))),
            "later": _plain(dict(zip(("place", "on"), sign.later, strict=True))),
            "sentence": sign_sentence(sign, language),
        }
        for sign in signs
    ]


def _plain(said: Mapping[str, object]) -> dict[str, object]:
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in said.items()
    }


def _as_json(told: Biography, language: str) -> str:
    """Return a life as one JSON object; each sign with its sentence."""
    import json

    whole = _plain(asdict(told)) | {
        "chapters": chapters_as_json(told.chapters),
        "signs": signs_as_json(told.signs, language),
    }
    return json.dumps(whole, ensure_ascii=False)
