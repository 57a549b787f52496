"""``monitor``: what the unit's own figures say, and whether a limit is crossed."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from riskengine.cli.options import JsonOption, Language, LanguageOption, WorkspaceOption
from riskengine.workspace import locate


def add_to(app: typer.Typer) -> None:
    """Add the verbs of this file to the command line."""
    app.command()(monitor)


def monitor(
    *,
    first: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="DAY",
            help="The first day (2026-11-01).",
            show_default="four weeks before the last",
        ),
    ] = "",
    last: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="DAY",
            help="The last day.",
            show_default="that of the latest assessment",
        ),
    ] = "",
    limits: Annotated[
        bool, typer.Option("--limits", help="Only the limits, each with what was measured.")
    ] = False,
    page: Annotated[
        Path | None,
        typer.Option("--page", help="Write the report as an HTML page.", show_default=False),
    ] = None,
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
    workspace: WorkspaceOption = None,
) -> None:
    """Tell what examinations yield, what is missed, whether scores hold and what has moved; exit 1 when a limit is crossed."""
    from riskengine import messages
    from riskengine.cli.monitoring_page import show_limits, show_report, write_page
    from riskengine.cli.output import say
    from riskengine.monitor import limit_lines, lines, report_of

    days = _day(first, "--from"), _day(last, "--to")
    if days[0] and days[1] and days[0] > days[1]:
        raise typer.BadParameter(f"{days[0]} is after {days[1]}.", param_hint="--from")
    report = report_of(locate(workspace).must_exist(), *days)
    if report is None:
        say(messages.render("monitor.nothing", {}, language.value))
        return
    if as_json:
        for line in limit_lines(report) if limits else lines(report):
            sys.stdout.write(f"{json.dumps(line, ensure_ascii=False)}\n")
    elif limits:
        show_limits(report, language.value)
    else:
        show_report(report, language.value)
    if page is not None:
        write_page(report, page, language.value)
    if report.is_crossed:
        raise typer.Exit(1)


def _day(text: str, option: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no day such as 2026-11-21.", param_hint=option
        ) from None
