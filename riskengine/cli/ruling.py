"""``rules``: the packs in force, what is wrong with rule files, the tests inside them."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from riskengine.cli.options import JsonOption, Language, LanguageOption, WorkspaceOption
from riskengine.cli.output import page, say, table, text
from riskengine.workspace import locate

app = typer.Typer(
    help="The rules: list those in force, check files, run the tests inside them.",
    no_args_is_help=True,
)


@app.command("list")
def list_rules(
    *,
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
    workspace: WorkspaceOption = None,
) -> None:
    """List the rules in force, with their points in log-odds."""
    from riskengine.rules.store import in_force

    rules = in_force(locate(workspace).must_exist(), datetime.now(UTC).date()).rules
    listing = table("Rule", "Version", "Severity", "Effect", "Typologies", "Title")
    for rule in rules:
        if as_json:
            line = {
                "id": rule.id,
                "version": rule.version,
                "sha256": rule.sha256,
                "severity": rule.severity.value,
                "effect": rule.effect,
                "typologies": [typology.value for typology in rule.typologies],
                "title": rule.title.in_language(language.value),
            }
            sys.stdout.write(f"{json.dumps(line, ensure_ascii=False)}\n")
            continue
        listing.add_row(
            text(rule.id),
            text(rule.version),
            text(rule.severity.value),
            text(rule.effect),
            text(", ".join(typology.value for typology in rule.typologies)),
            text(rule.title.in_language(language.value)),
        )
    if not as_json:
        page().print(listing)
        say(f"{len(rules)} rules in force.")


@app.command("check")
def check_rules(
    paths: Annotated[list[Path], typer.Argument(help="Rule files, or folders of them.")],
    *,
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
) -> None:
    """Name every fault of these rule files with its place; exit 1 if there is any."""
    if sum(show_faults(path, as_json=as_json, language=language.value) for path in paths):
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
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Run the tests inside the rules, in DuckDB and in the plain evaluator; exit 1 if any fails."""
    from riskengine.features.catalog import catalog
    from riskengine.rules.check import run_tests
    from riskengine.rules.pack import load_pack
    from riskengine.rules.store import in_force

    if paths:
        rules = [rule for path in paths for rule in load_pack(path, catalog()).rules]
    else:
        rules = list(in_force(locate(workspace).must_exist(), datetime.now(UTC).date()).rules)
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
    if failed:
        raise typer.Exit(1)


def show_faults(path: Path, *, as_json: bool, language: str) -> int:
    """Print the faults of a rule file or folder, and return how many there are."""
    from riskengine import messages
    from riskengine.features.catalog import catalog
    from riskengine.rules.pack import read_pack

    pack, faults = read_pack(path, catalog())
    for fault in faults:
        if as_json:
            line = {"place": str(fault.place), "sentence": fault.sentence, "hint": fault.hint}
            sys.stdout.write(f"{json.dumps(line, ensure_ascii=False)}\n")
        else:
            sys.stdout.write(f"{fault}\n")
    if not faults:
        params = {"path": str(path), "rules": len(pack.rules)}
        say(messages.render("desk.check.rules_none", params, language))
    return len(faults)
