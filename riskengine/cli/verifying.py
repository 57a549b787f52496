"""``verify``: a run computed again, or everything that is kept for ever held against what was promised."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from riskengine.cli.options import JsonOption, Language, LanguageOption, WorkspaceOption
from riskengine.workspace import locate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskengine.engine.verified import Verified
    from riskengine.engine.verified_files import Checked


def add_to(app: typer.Typer) -> None:
    """Add the verbs of this file to the command line."""
    app.command()(verify)


def verify(
    run: Annotated[
        str | None,
        typer.Argument(
            help="A recorded run, to be computed again; without it every byte kept is checked.",
            show_default=False,
        ),
    ] = None,
    *,
    head: Annotated[
        str,
        typer.Option(
            "--head",
            metavar="SEQ:HASH",
            help="A head of the audit chain that was handed out earlier: the chain must lead to it.",
            show_default=False,
        ),
    ] = "",
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
    workspace: WorkspaceOption = None,
) -> None:
    """Prove that a recorded run follows from what it names, or that nothing kept was changed; exit 1 when it was."""
    from riskengine import messages
    from riskengine.cli.output import progress
    from riskengine.engine.verified import verify_run
    from riskengine.engine.verified_files import head_from, verify_workspace

    unit = locate(workspace)
    if run is not None:
        if head:
            raise typer.BadParameter("a run has no head; leave RUN out.", param_hint="--head")
        with progress(messages.render("verify.progress.run", {}, language.value)) as told:
            verified = verify_run(unit, run, progress=told)
        if as_json:
            sys.stdout.write(f"{json.dumps(asdict(verified), ensure_ascii=False)}\n")
        else:
            _show_run(verified, language.value)
        if not verified.is_same:
            raise typer.Exit(1)
        return
    witnessed = head_from(head) if head else None
    if head and witnessed is None:
        raise typer.BadParameter(
            f"{head!r} is no head such as 12:0f3a…, with 64 digits.", param_hint="--head"
        )
    with progress(messages.render("verify.progress.workspace", {}, language.value)) as told:
        checked = verify_workspace(unit, witnessed=witnessed, progress=told)
    if as_json:
        for one in checked:
            sys.stdout.write(f"{json.dumps(asdict(one), ensure_ascii=False)}\n")
    else:
        _show_workspace(checked, language.value)
    if any(one.faults for one in checked):
        raise typer.Exit(1)


def _show_run(verified: Verified, language: str) -> None:
    from riskengine import messages
    from riskengine.cli.output import page, say, table, text
    from riskengine.engine.verified import ROUNDING

    def said(key: str, **params: object) -> str:
        return messages.render(f"verify.{key}", params, language)

    _say_versions(verified, language)
    kind = _kind(verified)
    line = said(
        f"run.{kind}",
        run=verified.run_id,
        values=verified.values,
        containers=verified.containers,
        different=verified.different,
        limit=f"{ROUNDING:g}",
    )
    page().print(text(line, "green" if verified.is_same else "red"), soft_wrap=True)
    for key in verified.lost:
        page().print(text(messages.render(key, {}, language)), soft_wrap=True)
    if verified.added:
        say(said("run.added", count=verified.added))
    if not verified.differences:
        return
    made = table(
        *(said(f"column.{name}") for name in ("frame", "column", "container", "was", "now"))
    )
    for one in verified.differences:
        made.add_row(*map(text, (one.frame, one.column, one.container, one.was, one.now)))
    page().print(made)
    if more := verified.different - len(verified.differences):
        page().print(text(said("run.more", count=more)))


def _kind(verified: Verified) -> str:
    if not verified.is_computed:
        return "not_computed"
    if verified.is_rounding_only:
        return "rounding"
    if verified.different:
        return "differs"
    return "lost_only" if verified.lost else "same"


def _say_versions(verified: Verified, language: str) -> None:
    """Say on stderr with what the run was computed then, where it is computed with something else now."""
    from riskengine import messages
    from riskengine.cli.output import say

    versions = {"then": verified.engine_then, "now": verified.engine_now}
    if not verified.engine_then:
        say(
            messages.render("verify.run.unknown_engine", {"now": verified.engine_now}, language)
        )
    elif verified.engine_then != verified.engine_now:
        say(messages.render("verify.run.other_engine", versions, language))
    for name, (then, now) in verified.libraries.items():
        if then and then != now:
            params = {"library": name, "then": then, "now": now}
            say(messages.render("verify.run.other_library", params, language))


def _show_workspace(checked: Sequence[Checked], language: str) -> None:
    from riskengine import messages
    from riskengine.cli.output import page, say, table, text

    for one in checked:
        key = f"verify.kind.{one.kind}{'_faulty' if one.faults else ''}"
        params = {"count": one.count, "faults": len(one.faults), "head": one.head}
        line = messages.render(key, params, language)
        page().print(text(line, "red" if one.faults else ""), soft_wrap=True)
    faults = [fault for one in checked for fault in one.faults]
    if faults:
        made = table(
            messages.render("verify.column.name", {}, language),
            messages.render("verify.column.sentence", {}, language),
        )
        for fault in faults:
            made.add_row(text(fault.name or "-"), text(fault.sentence))
        page().print(made)
    if any(one.head for one in checked):
        say(messages.render("verify.head.advice", {}, language))
