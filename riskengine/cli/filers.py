"""``filers``: who lodges well, who does not, and whether it gets better."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated

import typer

from riskengine.cli.options import JsonOption, Language, LanguageOption, WorkspaceOption
from riskengine.workspace import locate

_SHOWN = 40


def add_to(app: typer.Typer) -> None:
    """Add the verb of this file to the command line."""
    app.command()(filers)


def filers(
    *,
    since: Annotated[
        str,
        typer.Option(
            "--since", metavar="DAY", help="Only files received on this day or later."
        ),
    ] = "",
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
    workspace: WorkspaceOption = None,
) -> None:
    """List who lodged the files received, the worst data quality first, with its trend."""
    from riskengine import messages
    from riskengine.cli.output import page, say, table, text
    from riskengine.ledger.filer_quality import of_filers

    found = of_filers(locate(workspace).must_exist(), _day(since))
    if as_json:
        for filer in found:
            line = asdict(filer) | {"last_received_at": filer.last_received_at.isoformat()}
            sys.stdout.write(f"{json.dumps(line, ensure_ascii=False)}\n")
        return

    def word(key: str) -> str:
        return messages.render(f"quality.page.{key}", {}, language.value)

    if not found:
        say(word("no_filers"))
        return
    columns = (
        "filer",
        "quality",
        "trend",
        "files",
        "bills",
        "containers",
        "faults",
        "worst",
        "last",
    )
    listing = table(*(word(column) for column in columns), right=(1, 2, 3, 4, 5, 6))
    for filer in found[:_SHOWN]:
        worst = "-"
        if filer.worst is not None:
            worst = messages.render(f"quality.component.{filer.worst[0]}", {}, language.value)
        listing.add_row(
            text(filer.filer or word("unnamed")),
            text(_points(filer.score, language.value)),
            text(_trend(filer.trend, language.value)),
            *(
                text(messages.fill("{count:integer}", {"count": count}, language.value))
                for count in (
                    filer.file_count,
                    filer.bill_count,
                    filer.container_count,
                    filer.fault_count,
                )
            ),
            text(worst),
            text(messages.fill("{day:date}", {"day": filer.last_received_at}, language.value)),
        )
    page().print(listing)
    if len(found) > _SHOWN:
        params = {"count": len(found) - _SHOWN}
        say(messages.render("quality.page.more_filers", params, language.value))


def _points(score: float | None, language: str) -> str:
    from riskengine import messages

    shown = None if score is None else round(score, 1)
    return messages.fill("{score:number}", {"score": shown}, language)


def _trend(trend: float | None, language: str) -> str:
    if trend is None:
        return "-"
    shown = _points(trend, language)
    return f"+{shown}" if trend > 0 and shown != "0" else shown


def _day(given: str) -> date | None:
    if not given:
        return None
    try:
        return datetime.fromisoformat(given).date()
    except ValueError:
        raise typer.BadParameter(
            f"{given!r} is no day such as 2026-11-21.", param_hint="--since"
        ) from None
