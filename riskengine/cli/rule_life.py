"""``rules add, promote, retire``: how a rule comes into force and leaves, and what is told of its life."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from riskengine.cli.options import (
    JsonOption,
    Language,
    LanguageOption,
    OfficerOption,
    WorkspaceOption,
)
from riskengine.cli.output import say
from riskengine.cli.rule_overlay import ReasonOption, RuleArgument, refuse_files
from riskengine.errors import PromotionRefused, RulesRefused, UsageError
from riskengine.workspace import locate

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from riskengine.errors import RuleFault
    from riskengine.register.rule_changes import RuleChange
    from riskengine.review import Step
    from riskengine.rules.rule import Pack
    from riskengine.workspace import Workspace

_RuleOrChange: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="A rule's id; with --approve and --refuse also that of the change, or how it begins.",
    ),
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
    app.command("history")(show_rule_history)
    app.command("pending")(show_pending)


def add_rules(
    paths: Annotated[list[Path], typer.Argument(help="Rule files, or folders of them.")],
    *,
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
    take_lists: Annotated[
        bool,
        typer.Option(
            "--take-lists", help="Let rules that count ask the pack's lists from now on."
        ),
    ] = False,
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
        refuse_files(faults, language)
    signed = Signature(by=officer or getuser(), at=datetime.now(UTC))
    for pack in packs:
        try:
            done = add_pack(unit, pack, signed, take_lists=take_lists)
        except RulesRefused as error:
            refuse_files(error.faults, language)
        show_added(unit, pack, done, language.value, as_json=as_json)


def promote_rule(
    rule: _RuleOrChange,
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
    from riskengine.review import Step
    from riskengine.rules.rule import RuleStatus

    if (approve, bool(refuse), bool(to or urgent)).count(True) != 1:
        raise typer.BadParameter(
            "say one of --to STATUS, --urgent REASON, --approve and --refuse REASON."
        )
    if leave_uncovered and (approve or refuse or to == "shadow"):
        raise typer.BadParameter("--leave-uncovered goes with --to trial|active or --urgent.")
    if reason and (refuse or urgent):
        raise typer.BadParameter(
            "--reason goes with --to and --approve; here it is said twice."
        )
    unit = locate(workspace).must_exist()
    by, now = officer or getuser(), datetime.now(UTC)
    if approve or refuse:
        _decide(unit, (rule, version), (by, now, refuse or reason), language, approves=approve)
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
    """List the steps, tunings and exceptions that wait for a second person."""
    from riskengine.cli.rule_life_page import show_waiting
    from riskengine.cli.rule_overlay_page import show_waiting_overlays
    from riskengine.review import pending_changes
    from riskengine.review.rule_tuning import waiting_overlays

    unit = locate(workspace).must_exist()
    steps, overlays = pending_changes(unit), waiting_overlays(unit)
    if steps or not overlays:
        show_waiting(steps, language.value, as_json=as_json)
    if overlays:
        show_waiting_overlays(overlays, language.value, as_json=as_json)


def _decide(
    unit: Workspace,
    meant: tuple[str, int | None],
    signed: tuple[str, datetime, str],
    language: Language,
    *,
    approves: bool,
) -> None:
    """Show the step that waits, then approve or refuse exactly that one."""
    from riskengine.review import approve_step, refuse_step, waiting_step

    by, at, reason = signed
    waiting = waiting_step(unit, meant[0], version=meant[1])
    _say_step("deciding", waiting, language)
    if not approves:
        refused = refuse_step(unit, waiting.change_id, by=by, at=at, reason=reason)
        _say_step("refused", refused, language)
        return
    with _told_in(language, waiting.about):
        approved = approve_step(unit, waiting.change_id, by=by, at=at, reason=reason)
    _say_step("approved", approved, language)


def _take(unit: Workspace, step: Step, language: Language) -> None:
    from riskengine.register.rule_changes import ChangeState
    from riskengine.review import request_step

    with _told_in(language, step.rule_id):
        change = request_step(unit, step)
    _say_step("asked" if change.state is ChangeState.PENDING else "done", change, language)


def _say_step(key: str, change: RuleChange, language: Language) -> None:
    from riskengine import messages
    from riskengine.cli.rule_life_page import SHORT_ID

    said = change.particulars
    words = {
        end: messages.render(f"standing.status.{said[end]}", {}, language.value)
        for end in ("from", "to")
    }
    params = {
        "rule": change.about,
        "version": said["version"],
        "change": change.change_id[:SHORT_ID],
        "content": str(said["sha256"])[:12],
        "start": words["from"],
        "status": words["to"],
        "reason": messages.visible(change.reason) or "-",
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
            told = params | _standings_in(gate, params, language)
            say(f"- {messages.render(f'standing.refusal.{gate}', told, language.value)}")
        raise typer.Exit(3) from None


def _standings_in(
    gate: str, params: Mapping[str, object], language: Language
) -> dict[str, object]:
    """Return the standings that a gate names, in the reader's words."""
    from riskengine import messages
    from riskengine.rules.rule import RuleStatus

    named = ("status", "to", "starts") if gate in {"step", "pending"} else ()
    words = {
        status.value: messages.render(f"standing.status.{status.value}", {}, language.value)
        for status in RuleStatus
    }
    return {
        name: ", ".join(words.get(part, part) for part in str(params[name]).split(", "))
        for name in named
        if name in params
    }
