"""``plan``: today's examinations under capacity."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime
from getpass import getuser
from typing import TYPE_CHECKING, Annotated

import typer

from riskengine.cli.options import (
    JsonOption,
    Language,
    LanguageOption,
    OfficerOption,
    WorkspaceOption,
)
from riskengine.workspace import locate

if TYPE_CHECKING:
    from riskengine.engine.selection import Plan

_MOST_SLOTS = 1_000_000


def add_to(app: typer.Typer) -> None:
    """Add the verb of this file to the command line."""
    app.command()(plan)


def plan(
    *,
    slots: Annotated[
        str,
        typer.Option(
            "--slots",
            metavar="N",
            help="How many examinations there are: 26, or by means: scanner=20,physical=6.",
        ),
    ] = "10",
    day: Annotated[
        str,
        typer.Option(
            "--for",
            metavar="DATE",
            help="The day, as of whose morning the manifests were assessed (2026-11-21).",
            show_default="today",
        ),
    ] = "",
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Record nothing; what a draw would take is not named."),
    ] = False,
    officer: OfficerOption = "",
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
    workspace: WorkspaceOption = None,
) -> None:
    """Choose the containers to examine on a day, out of what was assessed for it."""
    from riskengine.cli.plan_page import show_plan
    from riskengine.engine.selection import make_plan

    unit = locate(workspace).must_exist()
    made = make_plan(unit, _day(day), _slots(slots), by=officer or getuser(), is_dry=dry_run)
    if as_json:
        for line in _lines(made):
            sys.stdout.write(f"{json.dumps(line, ensure_ascii=False)}\n")
    else:
        show_plan(unit, made, language.value, is_dry=dry_run)


def _lines(made: Plan) -> list[dict[str, object]]:
    columns = (
        "container_number", "bills_of_lading", "door", "probability", "means", "rank", "lane", "score", "run_id", "is_new",
    )  # fmt: skip
    return [
        {"place": place, "day": made.day.isoformat(), **{name: row[name] for name in columns}}
        for place, row in enumerate(made.containers.iter_rows(named=True), start=1)
    ]


def _slots(given: str) -> tuple[tuple[str, int], ...]:
    slots: list[tuple[str, int]] = []
    for part in given.split(","):
        means, is_named, count = part.rpartition("=")
        if not count.strip().isdecimal() or (is_named and not means.strip()):
            raise typer.BadParameter(
                f"{given!r} is neither a number nor such as scanner=20,physical=6.",
                param_hint="--slots",
            )
        slots.append((means.strip(), int(count)))
    if len(slots) > 1 and not all(means for means, _ in slots):
        raise typer.BadParameter("Of several means each has a name.", param_hint="--slots")
    if sum(count for _, count in slots) > _MOST_SLOTS:
        raise typer.BadParameter("So many examinations nobody makes.", param_hint="--slots")
    return tuple(slots)


def _day(given: str) -> date:
    if not given:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise typer.BadParameter(
            f"{given!r} is no day such as 2026-11-21.", param_hint="--for"
        ) from None
