"""``demo``: a fresh workspace, a scored sample voyage, the flagged containers explained."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskengine.cli.options import Language, LanguageOption
from riskengine.cli.output import page, say, table, text

if TYPE_CHECKING:
    from riskengine.engine import Engine, Run

_MARK = ".made-by-demo"
_VOYAGE_ASSESSED_ON = date(2026, 3, 4)
_EXPLAINED = 2


def add_to(app: typer.Typer) -> None:
    """Add the verbs of this file to the command line."""
    app.command()(demo)


def demo(
    folder: Annotated[
        Path, typer.Argument(help="Where the demonstration's workspace is made.")
    ] = Path("riskengine-demo"),
    *,
    language: LanguageOption = Language.EN,
) -> None:
    """Found a fresh workspace, score a sample voyage, explain what was flagged, name the next commands."""
    from riskengine import messages
    from riskengine.cli.explanation_page import show_explanation
    from riskengine.cli.score_page import show_run
    from riskengine.engine import Engine
    from riskengine.engine.explanation import explain
    from riskengine.engine.founding import found, shipped
    from riskengine.workspace import Workspace

    _make_room(folder)
    workspace = Workspace(folder)
    founded = found(workspace, at=datetime.now(UTC), by="demo")
    (folder / _MARK).touch()
    say(
        messages.render(
            "desk.demo.intro",
            {"folder": str(folder), "rules": founded.rule_count},
            language.value,
        )
    )
    say(messages.render("desk.demo.note", {}, language.value))
    say("")
    engine = Engine.open(workspace)
    for earlier in sorted(shipped("sample_manifests/earlier").glob("*.csv")):
        _score(engine, earlier, date.fromisoformat(earlier.stem))
    voyage = shipped("sample_manifests/voyage.csv")
    run = _score(engine, voyage, _VOYAGE_ASSESSED_ON)
    show_run(run, voyage, (), language.value, show_all=False, is_new=True, dry_run=False)
    merited = run.assessments.filter(run.assessments["basis"].is_in(["rule", "model"]))
    flagged = [
        number for number in merited["container_number"].to_list()[:_EXPLAINED] if number
    ]
    for number in flagged:
        page().rule()
        show_explanation(explain(run, number, language=language.value), language.value)
    _show_next(folder, flagged, language.value)


def _score(engine: Engine, path: Path, day: date) -> Run:
    from riskengine.cli.output import progress
    from riskengine.manifest import read_manifest

    reading = read_manifest(path)
    with progress(path.name) as told:
        run = engine.assess(reading, assessed_on=day, progress=told)
    engine.record(run, reading, path, by=getuser())
    return run


def _show_next(folder: Path, flagged: list[str], language: str) -> None:
    from riskengine import messages

    page().rule()
    page().print(text(messages.render("desk.demo.next", {}, language), "bold"))
    listing = table("", "")
    listing.show_header = False
    name = flagged[0] if flagged else "CONTAINER"
    # English needs no option; its reader is shown that there are others.
    spoken = "es" if language == "en" else language
    for command, key in (
        (f"riskengine explain {name} -w {folder} --lang {spoken}", "next_explain"),
        (f"riskengine outcome {name} nil -w {folder}", "next_outcome"),
        (f"riskengine score MANIFEST.csv -w {folder}", "next_score"),
    ):
        listing.add_row(text(command), text(messages.render(f"desk.demo.{key}", {}, language)))
    page().print(listing)


def _make_room(folder: Path) -> None:
    """Remove the workspace of an earlier demonstration; nothing else is ever removed."""
    if (folder / _MARK).is_file():
        shutil.rmtree(folder)
