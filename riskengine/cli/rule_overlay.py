"""``rules set, except``: what a unit makes its own of the rules, and who else has to agree."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeAlias

import typer

from riskengine.cli.options import (
    JsonOption,
    Language,
    LanguageOption,
    OfficerOption,
    WorkspaceOption,
)
from riskengine.cli.output import say
from riskengine.errors import RulesRefused
from riskengine.workspace import locate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskengine.errors import RuleFault
    from riskengine.workspace import Workspace

exceptions = typer.Typer(
    help="What this unit excuses for a time: enter exceptions, approve and list them, end one.",
    no_args_is_help=True,
)
RuleArgument: TypeAlias = Annotated[str, typer.Argument(metavar="ID", help="A rule's id.")]
ReasonOption: TypeAlias = Annotated[
    str, typer.Option("--reason", help="Why; kept with the change.", show_default=False)
]
_ExceptionArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="ID", help="An exception's id.")
]


def add_to(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("set")(set_setting)
    app.add_typer(exceptions, name="except")


def set_setting(
    rule: RuleArgument,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A setting of the rule.", show_default=False)
    ] = "",
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help="A number, as 12, 0.05 or 5%.")
    ] = "",
    *,
    back: Annotated[
        bool, typer.Option("--back", help="Back to the number its author wrote.")
    ] = False,
    approve: Annotated[
        bool,
        typer.Option("--approve", help="Approve the tuning that another person asked for."),
    ] = False,
    refuse: Annotated[
        str,
        typer.Option(
            "--refuse",
            metavar="REASON",
            help="Refuse the tuning that was asked for, or take it back.",
            show_default=False,
        ),
    ] = "",
    reason: ReasonOption = "",
    language: LanguageOption = Language.EN,
    officer: OfficerOption = "",
    workspace: WorkspaceOption = None,
) -> None:
    """Tune a named number of a rule in this unit, within the bounds its author gave."""
    from riskengine import messages
    from riskengine.review.rule_tuning import Signature, tune

    if approve or refuse:
        if name or back or (approve and refuse):
            raise typer.BadParameter("say NAME and VALUE, or one of --approve and --refuse.")
        _decide(rule, locate(workspace).must_exist(), language, officer, reason, refuse)
        return
    if not name or back == bool(value):
        raise typer.BadParameter("say NAME and a VALUE, or NAME and --back.")
    number = None if back else _number(value)
    unit = locate(workspace).must_exist()
    signed = Signature(by=officer or getuser(), at=datetime.now(UTC), reason=reason)
    done = tune(unit, rule, name, number, signed)
    params: dict[str, object] = {"rule": rule, "name": name}
    if done.tuned is not None:
        params |= {"value": done.tuned.value, "authors": done.tuned.authors}
    key = "back" if done.tuned is None else "tuned"
    if done.is_pending:
        key = f"{key}_asked"
    say(messages.render(f"standing.setting.{key}", params, language.value))


@exceptions.command("add")
def add_exceptions(
    files: Annotated[list[Path], typer.Argument(help="Files of exceptions.")],
    *,
    reason: ReasonOption = "",
    language: LanguageOption = Language.EN,
    officer: OfficerOption = "",
    workspace: WorkspaceOption = None,
) -> None:
    """Enter exceptions that another person approved; each has a last day."""
    from riskengine.cli.rule_overlay_page import say_exceptions
    from riskengine.features.catalog import catalog
    from riskengine.review.rule_tuning import Signature, enter_exceptions
    from riskengine.rules.pack import read_exception_file

    unit = locate(workspace).must_exist()
    read = [read_exception_file(file, catalog()) for file in files]
    faults = [fault for _, found in read for fault in found]
    if faults:
        refuse_files(faults, language)
    entered = [exception for found, _ in read for exception in found]
    signed = Signature(by=officer or getuser(), at=datetime.now(UTC), reason=reason)
    try:
        done = enter_exceptions(unit, entered, signed)
    except RulesRefused as error:
        refuse_files(error.faults, language)
    say_exceptions(unit, entered, done, language.value)


@exceptions.command("list")
def list_exceptions(
    *,
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
    workspace: WorkspaceOption = None,
) -> None:
    """List the exceptions that were not ended, the expired ones marked."""
    from riskengine.cli.rule_overlay_page import show_exceptions
    from riskengine.rules.exceptions import standing_exceptions

    standing = standing_exceptions(locate(workspace).must_exist())
    show_exceptions(standing, datetime.now(UTC).date(), language.value, as_json=as_json)


@exceptions.command("end")
def end_exception(
    exception: Annotated[str, typer.Argument(metavar="ID", help="An exception's id.")],
    *,
    reason: ReasonOption = "",
    language: LanguageOption = Language.EN,
    officer: OfficerOption = "",
    workspace: WorkspaceOption = None,
) -> None:
    """End an exception before its last day."""
    from riskengine import messages
    from riskengine.review.rule_tuning import Signature
    from riskengine.review.rule_tuning import end_exception as end

    signed = Signature(by=officer or getuser(), at=datetime.now(UTC), reason=reason)
    end(locate(workspace).must_exist(), exception, signed)
    params = {"exception": exception}
    say(messages.render("standing.exception.ended", params, language.value))


@exceptions.command("approve")
def approve_exceptions(
    exception: _ExceptionArgument,
    *,
    reason: ReasonOption = "",
    language: LanguageOption = Language.EN,
    officer: OfficerOption = "",
    workspace: WorkspaceOption = None,
) -> None:
    """Approve the exceptions that another person entered, as whom they name for it."""
    _decide(exception, locate(workspace).must_exist(), language, officer, reason, "")


@exceptions.command("refuse")
def refuse_exceptions(
    exception: _ExceptionArgument,
    *,
    reason: ReasonOption = "",
    language: LanguageOption = Language.EN,
    officer: OfficerOption = "",
    workspace: WorkspaceOption = None,
) -> None:
    """Refuse the exceptions that wait, or take them back; with a reason."""
    if not reason.strip():
        raise typer.BadParameter("say why.", param_hint="--reason")
    _decide(exception, locate(workspace).must_exist(), language, officer, "", reason)


def _decide(
    about: str, unit: Workspace, language: Language, officer: str, reason: str, refusal: str
) -> None:
    from riskengine import messages
    from riskengine.cli.rule_overlay_page import told
    from riskengine.review.rule_tuning import Signature, approve_overlay, refuse_overlay

    signed = Signature(by=officer or getuser(), at=datetime.now(UTC), reason=refusal or reason)
    decide = refuse_overlay if refusal else approve_overlay
    change = decide(unit, about, signed)
    params = {
        "what": told(change, language.value),
        "requester": change.requested_by,
        "by": change.decided_by,
    }
    key = "refused" if refusal else "approved"
    say(messages.render(f"standing.overlay.{key}", params, language.value))


def refuse_files(faults: Sequence[RuleFault], language: Language) -> NoReturn:
    """Tell every fault of files, and leave as a refusal."""
    from riskengine import messages

    for fault in faults:
        say(str(fault))
    say(messages.render("standing.add.nothing", {"count": len(faults)}, language.value))
    raise typer.Exit(3)


def _number(text: str) -> float:
    written = text.removesuffix("%")
    try:
        number = float(written)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise typer.BadParameter(f"{text!r} is no number such as 12, 0.05 or 5%.")
    return number if written == text else number / 100
