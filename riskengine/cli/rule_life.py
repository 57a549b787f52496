"""``rules add, promote, retire, set, except``: how a rule comes into force, is tuned, and leaves."""

from __future__ import annotations

import math
from contextlib import contextmanager
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
from riskengine.errors import PromotionRefused, RulesRefused, UsageError
from riskengine.workspace import locate

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from riskengine.errors import RuleFault
    from riskengine.register.rule_changes import RuleChange
    from riskengine.review import Step
    from riskengine.rules.rule import Pack
    from riskengine.workspace import Workspace

exceptions = typer.Typer(
    help="What this unit excuses for a time: enter exceptions, list them, end one.",
    no_args_is_help=True,
)
RuleArgument: TypeAlias = Annotated[str, typer.Argument(metavar="ID", help="A rule's id.")]
ReasonOption: TypeAlias = Annotated[
    str, typer.Option("--reason", help="Why; kept with the change.", show_default=False)
]
VersionOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--version", help="Which version, where the usual one is not meant.", show_default=False
    ),
]
LeaveOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--leave-uncovered", help="Even where a typology loses its last rule; with a reason."
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("add")(add_rules)
    app.command("promote")(promote_rule)
    app.command("retire")(retire_rule)
    app.command("set")(set_setting)
    app.command("history")(show_rule_history)
    app.command("pending")(show_pending)
    app.add_typer(exceptions, name="except")


def add_rules(
    paths: Annotated[list[Path], typer.Argument(help="Rule files, or folders of them.")],
    *,
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
    officer: OfficerOption = "",
    workspace: WorkspaceOption = None,
) -> None:
    """Add rules to this unit, as drafts: they run nowhere until they are promoted."""
    from riskengine.cli.rule_life_page import show_added
    from riskengine.features.catalog import catalog
    from riskengine.review.rule_tuning import Signature, add_pack
    from riskengine.rules.pack import read_pack

    unit = locate(workspace).must_exist()
    packs: list[Pack] = []
    faults: list[RuleFault] = []
    for path in paths:
        pack, found = read_pack(path, catalog())
        packs.append(pack)
        faults += found
        if pack.lists and not pack.rules and not found:
            raise UsageError(f"{path} is a list.", remedy="Add the folder of its pack.")
    if faults:
        _refuse_files(faults, language)
    signed = Signature(by=officer or getuser(), at=datetime.now(UTC))
    for pack in packs:
        try:
            done = add_pack(unit, pack, signed)
        except RulesRefused as error:
            _refuse_files(error.faults, language)
        show_added(unit, pack, done, language.value, as_json=as_json)


def promote_rule(
    rule: RuleArgument,
    *,
    to: Annotated[
        str, typer.Option("--to", help="shadow, trial or active.", show_default=False)
    ] = "",
    reason: ReasonOption = "",
    urgent: Annotated[
        str,
        typer.Option(
            "--urgent",
            metavar="REASON",
            help="To trial at once, without the time in shadow: the reason. The rule ends within 90 days.",
            show_default=False,
        ),
    ] = "",
    version: VersionOption = None,
    leave_uncovered: LeaveOption = False,
    approve: Annotated[
        bool, typer.Option("--approve", help="Approve the step that another person asked for.")
    ] = False,
    refuse: Annotated[
        str,
        typer.Option(
            "--refuse",
            metavar="REASON",
            help="Refuse the step that was asked for, or take it back.",
            show_default=False,
        ),
    ] = "",
    language: LanguageOption = Language.EN,
    officer: OfficerOption = "",
    workspace: WorkspaceOption = None,
) -> None:
    """Ask for the next step of a rule, or decide about the one another person asked for."""
    from riskengine.review import Step, approve_step, refuse_step
    from riskengine.rules.rule import RuleStatus

    if (approve, bool(refuse), bool(to or urgent)).count(True) != 1:
        raise typer.BadParameter(
            "say one of --to STATUS, --urgent REASON, --approve and --refuse REASON."
        )
    unit = locate(workspace).must_exist()
    by, now = officer or getuser(), datetime.now(UTC)
    if refuse:
        change = refuse_step(unit, rule, by=by, at=now, reason=refuse)
        _say_step("refused", change, language)
        return
    if approve:
        with _told_in(language, rule):
            change = approve_step(unit, rule, by=by, at=now, reason=reason)
        _say_step("approved", change, language)
        return
    wanted = to or RuleStatus.TRIAL.value
    if wanted not in {"shadow", "trial", "active"}:
        raise typer.BadParameter(
            f"{wanted!r} is none of shadow, trial, active.", param_hint="--to"
        )
    if urgent and wanted != "trial":
        raise UsageError("The urgent way leads to trial.", remedy="Leave --to out.")
    step = Step(
        rule_id=rule,
        to=RuleStatus(wanted),
        by=by,
        at=now,
        reason=urgent or reason,
        is_urgent=bool(urgent),
        version=version,
        leaves_uncovered=leave_uncovered,
    )
    _take(unit, step, language)


def retire_rule(
    rule: RuleArgument,
    *,
    reason: ReasonOption = "",
    version: VersionOption = None,
    leave_uncovered: LeaveOption = False,
    language: LanguageOption = Language.EN,
    officer: OfficerOption = "",
    workspace: WorkspaceOption = None,
) -> None:
    """Ask for a rule to be retired; another person approves it with `rules promote ID --approve`."""
    from riskengine.review import Step
    from riskengine.rules.rule import RuleStatus

    step = Step(
        rule_id=rule,
        to=RuleStatus.RETIRED,
        by=officer or getuser(),
        at=datetime.now(UTC),
        reason=reason,
        version=version,
        leaves_uncovered=leave_uncovered,
    )
    _take(locate(workspace).must_exist(), step, language)


def set_setting(
    rule: RuleArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A setting of the rule.")],
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help="A number, as 12, 0.05 or 5%.")
    ] = "",
    *,
    back: Annotated[
        bool, typer.Option("--back", help="Back to the number its author wrote.")
    ] = False,
    reason: ReasonOption = "",
    language: LanguageOption = Language.EN,
    officer: OfficerOption = "",
    workspace: WorkspaceOption = None,
) -> None:
    """Tune a named number of a rule in this unit, within the bounds its author gave."""
    from riskengine import messages
    from riskengine.review.rule_tuning import Signature, tune

    if back == bool(value):
        raise typer.BadParameter("say a VALUE, or --back.")
    number = None if back else _number(value)
    unit = locate(workspace).must_exist()
    signed = Signature(by=officer or getuser(), at=datetime.now(UTC), reason=reason)
    tuned = tune(unit, rule, name, number, signed)
    params: dict[str, object] = {"rule": rule, "name": name}
    if tuned is not None:
        params |= {"value": tuned.value, "authors": tuned.authors}
    key = "standing.setting.back" if tuned is None else "standing.setting.tuned"
    say(messages.render(key, params, language.value))


def show_rule_history(
    rule: RuleArgument,
    *,
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
    workspace: WorkspaceOption = None,
) -> None:
    """Tell the life of a rule: who did what, when, why and on what evidence."""
    from riskengine.cli.rule_life_page import show_history
    from riskengine.review.rule_history import history_of

    events = history_of(locate(workspace).must_exist(), rule)
    show_history(events, language.value, as_json=as_json)


def show_pending(
    *,
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
    workspace: WorkspaceOption = None,
) -> None:
    """List the steps that wait for a second person."""
    from riskengine.cli.rule_life_page import show_waiting
    from riskengine.review import pending_changes

    show_waiting(
        pending_changes(locate(workspace).must_exist()), language.value, as_json=as_json
    )


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
    from riskengine.cli.rule_life_page import say_exceptions
    from riskengine.features.catalog import catalog
    from riskengine.review.rule_tuning import Signature, enter_exceptions
    from riskengine.rules.pack import read_exception_file

    unit = locate(workspace).must_exist()
    read = [read_exception_file(file, catalog()) for file in files]
    faults = [fault for _, found in read for fault in found]
    if faults:
        _refuse_files(faults, language)
    entered = [exception for found, _ in read for exception in found]
    signed = Signature(by=officer or getuser(), at=datetime.now(UTC), reason=reason)
    done = enter_exceptions(unit, entered, signed)
    say_exceptions(unit, entered, done, language.value)


@exceptions.command("list")
def list_exceptions(
    *,
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
    workspace: WorkspaceOption = None,
) -> None:
    """List the exceptions that were not ended, the expired ones marked."""
    from riskengine.cli.rule_life_page import show_exceptions
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


def _take(unit: Workspace, step: Step, language: Language) -> None:
    from riskengine.register.rule_changes import ChangeState
    from riskengine.review import request_step

    with _told_in(language, step.rule_id):
        change = request_step(unit, step)
    _say_step("asked" if change.state is ChangeState.PENDING else "done", change, language)


def _say_step(key: str, change: RuleChange, language: Language) -> None:
    from riskengine import messages

    to = str(change.particulars["to"])
    params = {
        "rule": change.about,
        "version": change.particulars["version"],
        "status": messages.render(f"standing.status.{to}", {}, language.value),
        "requester": change.requested_by,
        "by": change.decided_by,
    }
    say(messages.render(f"standing.step.{key}", params, language.value))


@contextmanager
def _told_in(language: Language, rule: str) -> Generator[None]:
    """Tell every gate that refuses in the reader's language, and leave as a refusal."""
    from riskengine import messages

    try:
        yield
    except PromotionRefused as error:
        say(messages.render("standing.step.cannot", {"rule": rule}, language.value))
        for gate, params in error.refusals:
            say(f"- {messages.render(f'standing.refusal.{gate}', params, language.value)}")
        raise typer.Exit(3) from None


def _refuse_files(faults: Sequence[RuleFault], language: Language) -> NoReturn:
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
