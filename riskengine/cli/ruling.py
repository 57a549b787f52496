"""``rules``: the packs in force, what is wrong with rule files, the tests inside them."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from riskengine.cli.options import JsonOption, Language, LanguageOption, WorkspaceOption
from riskengine.cli.output import say
from riskengine.workspace import locate

app = typer.Typer(
    help="The rules: list those in force, check files, run the tests inside them.",
    no_args_is_help=True,
)


@app.command("list")
def list_rules(
    *,
    status: Annotated[
        str,
        typer.Option(
            "--status",
            help="Only versions of this standing: draft, shadow, trial, active or retired.",
            show_default="those in force",
        ),
    ] = "",
    show_all: Annotated[
        bool, typer.Option("--all", help="Every version that was ever installed.")
    ] = False,
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
    workspace: WorkspaceOption = None,
) -> None:
    """List the rules in force, with their standing and the log-odds that a match of each gives now."""
    from riskengine import messages
    from riskengine.cli.rule_life_page import show_installed
    from riskengine.rules.rule import RuleStatus
    from riskengine.rules.standing import installed
    from riskengine.rules.store import in_force
    from riskengine.selectivity import read_policy

    if status and status not in set(RuleStatus):
        known = ", ".join(RuleStatus)
        raise typer.BadParameter(f"{status!r} is none of {known}.", param_hint="--status")
    unit = locate(workspace).must_exist()
    force = in_force(unit, datetime.now(UTC).date())
    running = {(rule.id, rule.version) for rule in force.rules}
    shown = [
        one
        for one in installed(unit)
        if one.status == status
        or (not status and (show_all or (one.rule.id, one.rule.version) in running))
    ]
    policy = read_policy(unit.settings_file)
    show_installed(shown, force, policy, language.value, as_json=as_json)
    if not as_json:
        key = "standing.list.shown" if status or show_all else "standing.list.in_force"
        say(messages.render(key, {"count": len(shown)}, language.value))


@app.command("check")
def check_rules(
    paths: Annotated[list[Path], typer.Argument(help="Rule files, or folders of them.")],
    *,
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
) -> None:
    """Name every fault of these rule files with its place, and what is worth a look; exit 1 if there is a fault."""
    faults = 0
    for path in paths:
        faults += show_faults(path, as_json=as_json, language=language.value, with_remarks=True)
    if faults:
        raise typer.Exit(1)


@app.command("test")
def run_rule_tests(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Rule files, or folders of them.", show_default="the rules in force"
        ),
    ] = None,
    *,
    strength: Annotated[
        bool,
        typer.Option(
            "--strength", help="Show which small changes of a rule its tests would not notice."
        ),
    ] = False,
    least: Annotated[
        str | None,
        typer.Option(
            help="With --strength: exit 1 if a rule's tests notice a smaller share, as 95%.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
    workspace: WorkspaceOption = None,
) -> None:
    """Run the tests inside the rules, in DuckDB and in the plain evaluator; exit 1 if any fails."""
    from riskengine.cli.rule_strength import share_of, show_strength
    from riskengine.errors import UsageError
    from riskengine.features.catalog import catalog
    from riskengine.rules.applied import as_written
    from riskengine.rules.check import run_tests
    from riskengine.rules.pack import load_pack
    from riskengine.rules.store import in_force

    least_share = share_of(least)
    if least_share is not None and not strength:
        raise UsageError(
            "--least says how strong tests must be.", remedy="Give --strength too."
        )
    if paths:
        rules = [rule for path in paths for rule in load_pack(path, catalog()).rules]
    else:
        force = in_force(locate(workspace).must_exist(), datetime.now(UTC).date())
        # Their tests were written for what their authors wrote, not for what this unit tuned or excused.
        rules = [as_written(rule) for rule in force.rules]
    results = [(rule, result) for rule in rules for result in run_tests(rule)]
    failed = [(rule, result) for rule, result in results if not result.passed]
    for rule, result in failed:
        line = {
            "rule": rule.id,
            "test": result.name,
            "expected": result.expected,
            "found": result.found,
        }
        sys.stdout.write(
            f"{json.dumps(line, ensure_ascii=False)}\n"
            if as_json
            else f"{rule.id}: the test {result.name!r} expected {result.expected} and found {result.found}\n"
        )
    say(
        f"Rules: {len(rules)}. Tests: {len(results)}, passed {len(results) - len(failed)}, failed {len(failed)}."
    )
    # What a failing test would notice cannot be told; its rule is mended first.
    broken = {rule.id for rule, _ in failed}
    sound = [rule for rule in rules if rule.id not in broken]
    is_strong = not strength or show_strength(
        sound, least=least_share, as_json=as_json, language=language.value
    )
    if failed or not is_strong:
        raise typer.Exit(1)


def show_faults(path: Path, *, as_json: bool, language: str, with_remarks: bool = False) -> int:
    """Print the faults of a rule file or folder, and return how many there are.

    Args:
        path: The file or the folder.
        as_json: One object a line.
        language: Of the talk beside it.
        with_remarks: Whether what is no fault and worth a look is printed too.
    """
    from riskengine import messages
    from riskengine.features.catalog import catalog
    from riskengine.rules.pack import read_pack
    from riskengine.rules.remarks import remarks

    pack, faults = read_pack(path, catalog())
    told = [("fault", fault) for fault in faults]
    if with_remarks and not faults:
        known = [field.name for field in catalog() if field.is_always_known]
        told += [("remark", one) for one in remarks(pack, datetime.now(UTC).date(), known)]
    for level, fault in told:
        if as_json:
            line = {
                "level": level,
                "place": str(fault.place),
                "sentence": fault.sentence,
                "hint": fault.hint,
            }
            sys.stdout.write(f"{json.dumps(line, ensure_ascii=False)}\n")
            continue
        marked = (
            fault if level == "fault" else replace(fault, sentence=f"remark: {fault.sentence}")
        )
        sys.stdout.write(f"{marked}\n")
    if not faults:
        params = {"path": str(path), "rules": len(pack.rules)}
        say(messages.render("desk.check.rules_none", params, language))
    return len(faults)
