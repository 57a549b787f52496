"""``rules explain, why-not, answers``: what rules said of containers, line by line."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from riskengine.cli.options import (
    JsonOption,
    Language,
    LanguageOption,
    RunOption,
    WorkspaceOption,
)
from riskengine.workspace import locate

if TYPE_CHECKING:
    from collections.abc import Mapping


def add_to(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("explain")(explain_rule)
    app.command("why-not")(why_not)
    app.command("answers")(show_answers)


def explain_rule(
    rule: Annotated[
        str,
        typer.Argument(help="An id (RIP-SEA-001), a version (RIP-SEA-001@2) or a rule file."),
    ],
    *,
    container: Annotated[
        str,
        typer.Option(
            "--container",
            "-c",
            help="A container number, or the bill of loose cargo: what the rule says of it.",
        ),
    ] = "",
    run: RunOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
    workspace: WorkspaceOption = None,
) -> None:
    """Read a rule aloud; with a container, every condition with the value read."""
    from riskengine.cli.rule_reading_page import show_answer, show_rule
    from riskengine.engine.evidence import named_rules
    from riskengine.engine.rule_answers import answer_of
    from riskengine.engine.rule_answers_json import answer_as_json, rule_as_json
    from riskengine.rules.aloud import read_aloud

    _needs_container(run, container)
    if container:
        answer = answer_of(
            locate(workspace).must_exist(),
            rule,
            container,
            run_id=run,
            language=language.value,
        )
        if as_json:
            _write(answer_as_json(answer))
        else:
            show_answer(answer, language.value)
        return
    today = datetime.now(UTC).date()
    _, found = named_rules(locate(workspace), [rule], today)[0]
    aloud = read_aloud(found, on=today, language=language.value)
    if as_json:
        _write(rule_as_json(aloud))
    else:
        show_rule(aloud, language.value)


def why_not(
    rule: Annotated[
        str,
        typer.Argument(
            help="A rule's id.", show_default="every rule that one line kept from matching"
        ),
    ] = "",
    *,
    container: Annotated[
        str,
        typer.Option(
            "--container", "-c", help="A container number, or the bill of loose cargo."
        ),
    ],
    show_all: Annotated[
        bool, typer.Option("--all", help="Show the near misses that say little too.")
    ] = False,
    run: RunOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
    workspace: WorkspaceOption = None,
) -> None:
    """Say what kept a rule from matching a container; without a rule, which ones nearly did."""
    from riskengine.cli.rule_reading_page import show_near_misses, show_why_not
    from riskengine.engine.rule_answers import answer_of, near_misses
    from riskengine.engine.rule_answers_json import answer_as_json, near_miss_as_json

    unit = locate(workspace).must_exist()
    if rule:
        answer = answer_of(unit, rule, container, run_id=run, language=language.value)
        if as_json:
            _write(answer_as_json(answer))
        else:
            show_why_not(answer, language.value)
        return
    near = near_misses(unit, container, run_id=run, language=language.value)
    if not as_json:
        show_near_misses(near, language.value, show_all=show_all)
        return
    for miss in near.misses:
        _write(near_miss_as_json(miss, near))


def show_answers(
    *,
    run: RunOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
    workspace: WorkspaceOption = None,
) -> None:
    """Count what each rule answered over a run: match, no match, unknown, excused."""
    from riskengine.cli.rule_reading_page import show_run_answers
    from riskengine.engine.rule_answers import answers_of_run
    from riskengine.engine.rule_answers_json import count_as_json

    answers = answers_of_run(
        locate(workspace).must_exist(), run_id=run, language=language.value
    )
    if not as_json:
        show_run_answers(answers, language.value)
        return
    for count in answers.rules:
        _write(count_as_json(count, answers.run_id))


def _needs_container(run: str | None, container: str) -> None:
    if run and not container:
        raise typer.BadParameter("name the container too.", param_hint="--run")


def _write(line: Mapping[str, object]) -> None:
    sys.stdout.write(f"{json.dumps(line, ensure_ascii=False)}\n")
