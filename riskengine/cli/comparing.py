"""``models compare``: two models side by side over the recorded runs."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskengine import messages
from riskengine.cli.options import JsonOption, Language, LanguageOption, WorkspaceOption
from riskengine.cli.output import page, say, table, text, write_text
from riskengine.workspace import locate

if TYPE_CHECKING:
    from rich.text import Text

    from riskengine.engine.side_by_side import SideBySide
    from riskengine.model.paired import Difference, Paired


def add_to(models: typer.Typer) -> None:
    """Add this verb to the chapter of the models."""
    models.command("compare")(compare_models)


def compare_models(
    one: Annotated[
        str, typer.Argument(help="A model's id.", show_default="the one in force")
    ] = "",
    other: Annotated[
        str, typer.Argument(help="Another model's id.", show_default="the challenger")
    ] = "",
    *,
    page_file: Annotated[
        Path | None,
        typer.Option(
            "--page",
            help="Write one HTML file too: where they agree, who moved and why.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
    workspace: WorkspaceOption = None,
) -> None:
    """Set two models side by side over the recorded runs: agreement, who moved and why, and which finds more."""
    from riskengine.cli.compared_page import as_html
    from riskengine.engine.side_by_side import compare, named_pair

    unit = locate(workspace).must_exist()
    beside = compare(unit, *named_pair(unit, one, other), is_explained=True)
    if page_file is not None:
        write_text(page_file, as_html(beside, language.value))
        say(f"{page_file}")
    if as_json:
        from dataclasses import asdict

        day = beside.judged_after
        line = asdict(beside) | {"judged_after": day.isoformat() if day else None}
        sys.stdout.write(f"{json.dumps(line, ensure_ascii=False)}\n")
        return
    _show(beside, language.value)


def _show(beside: SideBySide, language: str) -> None:
    def told(key: str, **params: object) -> str:
        return messages.render(f"model.compare.{key}", params, language)

    from riskengine.cli.compared_page import agreement_told, show_who_moved

    out = page()
    out.print(text(told("title", one=beside.one, other=beside.other), "bold"))
    for line in agreement_told(replace(beside, who=None), language):
        out.print(text(line))
    if beside.who is not None:
        show_who_moved(beside, beside.who, language)
    if beside.opened is None:
        out.print()
        out.print(text(told("nothing")))
        return
    for key, judged in (("opened", beside.opened), ("drawn", beside.drawn)):
        if judged is None:
            continue
        out.print()
        out.print(text(told(key), "bold"))
        if key == "opened":
            out.print(text(told("chosen")))
        _show_judged(judged, beside, language)


def _show_judged(judged: Paired, beside: SideBySide, language: str) -> None:
    from riskengine.model.paired import FEWEST_FINDS

    shown = {"containers": judged.containers, "finds": judged.finds}
    page().print(text(_text("compare.judged", language, **shown)))
    figures, difference = (
        _text(f"compare.{name}", language) for name in ("figure", "difference")
    )
    listing = table(figures, beside.one, beside.other, difference, right=(1, 2))
    if judged.precision is not None:
        listing.add_row(
            text(_text("compare.precision", language)), *_row(judged.precision, language, 3)
        )
    for under in judged.capacity:
        opened = messages.number(under.containers, language, 0)
        name = _text("compare.found", language, containers=opened)
        listing.add_row(text(name), *_row(under.finds, language, 1))
    listing.add_row(
        text(_text("compare.expected", language)),
        text(messages.number(judged.expected_one, language, 1)),
        text(messages.number(judged.expected_other, language, 1)),
        text(""),
    )
    page().print(listing)
    if not judged.is_enough:
        few = {"finds": judged.finds, "least": FEWEST_FINDS}
        page().print(text(_text("compare.little", language, **few)))
    elif judged.precision is not None and judged.precision.is_told:
        is_other = judged.precision.other > judged.precision.one
        better = beside.other if is_other else beside.one
        page().print(text(_text("compare.better", language, model=better)))
    else:
        page().print(text(_text("compare.even", language)))


def _row(figure: Difference, language: str, decimals: int) -> tuple[Text, Text, Text]:
    def number(value: float) -> str:
        return messages.number(value, language, decimals)

    difference = ""
    if figure.low is not None and figure.high is not None:
        shown = {
            "difference": number(figure.other - figure.one),
            "low": number(figure.low),
            "high": number(figure.high),
        }
        difference = _text("compare.range", language, **shown)
    return text(number(figure.one)), text(number(figure.other)), text(difference)


def _text(key: str, language: str, **params: object) -> str:
    return messages.render(f"model.{key}", params, language)
