"""``models list, show, card``: what lies on the shelf, and what a supervisor must know of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskengine.cli.options import JsonOption, Language, LanguageOption, WorkspaceOption
from riskengine.cli.output import page, say, table, text, write_text
from riskengine.errors import ModelError
from riskengine.messages import render
from riskengine.workspace import locate

if TYPE_CHECKING:
    from riskengine.charts.page import Section
    from riskengine.model.card import ModelCard
    from riskengine.model.card_page import Standing
    from riskengine.workspace import Workspace

models = typer.Typer(
    help="The models of this unit: list them, read their cards, put one in force.",
    no_args_is_help=True,
)


@models.command("list")
def list_models(*, as_json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """List the bundles on the shelf: the one in force, the challenger, the habits model."""
    from riskengine.model import shelf

    unit = locate(workspace).must_exist()
    shelved = shelf.list_bundles(unit)
    places = {
        pointer.id: word
        for file, word in (
            (shelf.CHALLENGER_FILE, "in shadow"),
            (shelf.HABITS_FILE, "in force beside"),
        )
        if (pointer := shelf.read_pointer(unit, file)) is not None
    }
    listing = table("Model", "Place", "Ranks by", "Learned from", "Finds", "Average precision")
    for entry in shelved:
        card = entry.card
        if as_json:
            line = {
                "id": entry.id,
                "is_in_force": entry.is_in_force,
                "place": "in force" if entry.is_in_force else places.get(entry.id, ""),
                "purpose": card.purpose if card else None,
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
            text("in force" if entry.is_in_force else places.get(entry.id, "")),
            text(_ranks_by(card)),
            text(
                f"{card.window.containers} containers, {card.window.first_on} to {card.window.last_on}"
                if card
                else entry.fault
            ),
            text(card.window.finds if card and card.purpose == "finds" else "-"),
            text(f"{precision:.3f}" if precision is not None else "-"),
        )
    if not as_json:
        page().print(listing)


def _ranks_by(card: ModelCard | None) -> str:
    """Say what a model ranks by, and over how many own outcomes its rules were judged."""
    if card is None:
        return ""
    if card.combination is None:
        return card.purpose
    return f"{card.purpose}, rules judged over {card.combination.containers} containers"


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
    from riskengine.model.bundle import read_card
    from riskengine.model.card_json import to_json
    from riskengine.model.describe import describe

    card = read_card(_folder_of(locate(workspace).must_exist(), model))
    sys.stdout.write(f"{to_json(card)}\n" if as_json else describe(card))


@models.command("card")
def write_card(
    model: Annotated[
        str, typer.Argument(help="A model's id.", show_default="the one in force")
    ] = "",
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="A folder for the page and its pictures.", show_default="stdout"
        ),
    ] = None,
    page_file: Annotated[
        Path | None,
        typer.Option(
            "--page",
            help="Write one HTML file instead, its pictures within.",
            show_default=False,
        ),
    ] = None,
    language: LanguageOption = Language.EN,
    workspace: WorkspaceOption = None,
) -> None:
    """Write the page about a model, as a public register of algorithms asks for it: Markdown with pictures."""
    from riskengine.model.bundle import read_card
    from riskengine.model.card_page import as_html, as_markdown

    unit = locate(workspace).must_exist()
    folder = _folder_of(unit, model)
    card = read_card(folder)
    standing = _standing(unit, folder.name)
    # Without a folder or a file there is no place for pictures, and the model need not be opened.
    pictures = _pictures(unit, folder, language.value) if page_file or out else ()
    if page_file is not None:
        write_text(page_file, as_html(card, standing, language.value, pictures))
        say(f"{page_file}")
        return
    files = as_markdown(card, standing, language.value, pictures)
    if out is None:
        sys.stdout.write(files.markdown)
        return
    write_text(out / "model-card.md", files.markdown)
    for name, picture in files.pictures.items():
        write_text(out / name, f"{picture}\n")
    say(render("model.page.written", {"folder": str(out)}, language.value))


def _pictures(unit: Workspace, folder: Path, language: str) -> tuple[tuple[str, Section], ...]:
    """Return the pictures of what a model does with containers of recent runs, or with its made-up rows."""
    from riskengine.engine.pictured_runs import recent_containers
    from riskengine.model.bundle import load
    from riskengine.model.pictures import pictures_of

    bundle = load(folder)
    return pictures_of(bundle, recent_containers(unit, bundle), language)


def _folder_of(unit: Workspace, model: str) -> Path:
    """Return where a model lies: the one named, else the one in force."""
    from riskengine.model import shelf

    folders = {entry.id: entry.folder for entry in shelf.list_bundles(unit)}
    if model and model not in folders:
        raise ModelError(
            f"There is no model {model!r} on the shelf.",
            remedy="List them with `riskengine models list`.",
        )
    return folders[model] if model else shelf.in_force(unit)


def _standing(unit: Workspace, model: str) -> Standing:
    """Return what a model does in this unit, since when and by whose word."""
    from riskengine.model import shelf
    from riskengine.model.card_page import Standing
    from riskengine.register.model_changes import model_changes

    for file in (shelf.POINTER_FILE, shelf.HABITS_FILE, shelf.CHALLENGER_FILE):
        pointer = shelf.read_pointer(unit, file)
        if pointer is not None and pointer.id == model:
            place = "challenger" if file == shelf.CHALLENGER_FILE else "in_force"
            approver = next(
                (
                    change.decided_by
                    for change in model_changes(unit, about=model)
                    if pointer.change_id and change.change_id == pointer.change_id
                ),
                "",
            )
            return Standing(
                place=place, on=pointer.promoted_at.date(), by=pointer.by, approver=approver
            )
    return Standing()
