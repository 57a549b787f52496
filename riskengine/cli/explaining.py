"""``explain``: why a container stands where it stands, in the terminal, as JSON, on paper, or as a trader may read it."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
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

    from riskengine.engine import Run
    from riskengine.engine.explanation import Explanation
    from riskengine.features.field import Field
    from riskengine.workspace import Workspace

_RUNS_NAMED = 5


class Reader(StrEnum):
    """Who reads an explanation: the unit, or the trader whose container it is."""

    UNIT = "unit"
    TRADER = "trader"


def add_to(app: typer.Typer) -> None:
    """Add the verbs of this file to the command line."""
    app.command()(explain)


def explain(
    container: Annotated[
        str, typer.Argument(help="A container number, or the bill of loose cargo.")
    ],
    *,
    language: LanguageOption = Language.EN,
    all_reasons: Annotated[
        bool, typer.Option("--all-reasons", help="Show every reason, however weak.")
    ] = False,
    pdf: Annotated[
        Path | None,
        typer.Option(
            "--pdf", help="Write the sheet for the examination instead.", show_default=False
        ),
    ] = None,
    reader: Annotated[
        Reader,
        typer.Option(
            "--for",
            help="trader: what may be told to the trader, without rules and thresholds.",
        ),
    ] = Reader.UNIT,
    as_json: JsonOption = False,
    run: RunOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Say why a container stands where it stands, how it may have been done, where to look and what would clear it."""
    if reader is Reader.TRADER and (pdf or all_reasons):
        raise typer.BadParameter(
            "a trader's text has no sheet and no reasons.", param_hint="--for"
        )
    if pdf is not None:
        from riskengine.cli.sheet_writing import can_be_sheet

        can_be_sheet(pdf)
    from riskengine.cli.output import say
    from riskengine.engine.own_texts import in_its_own_texts
    from riskengine.engine.recorded import run_of

    unit = locate(workspace)
    found = run_of(unit, container, run)
    with in_its_own_texts(unit, found, language.value, say):
        if reader is Reader.TRADER:
            _tell_trader(unit, found, container, language, as_json=as_json)
        else:
            _tell_unit(unit, found, container, language, all_reasons, as_json, pdf)


def _tell_unit(
    workspace: Workspace,
    run: Run,
    container: str,
    language: Language,
    all_reasons: bool,
    as_json: bool,
    pdf: Path | None,
) -> None:
    from riskengine.cli.explanation_page import show_explanation
    from riskengine.engine.explained import explained
    from riskengine.engine.kept_life import life_in

    said = language.value
    explanation = explained(workspace, run, container, language=said, fields=fields_of(run))
    chapters, signs = life_in(run, explanation.container_id)
    if pdf is not None:
        from riskengine.cli.sheet_writing import write_sheet

        write_sheet(workspace, run, explanation, pdf, said, chapters, signs)
        return
    if as_json:
        from dataclasses import asdict

        from riskengine.cli.telling import chapters_as_json, signs_as_json

        known = {"chapters": chapters_as_json(chapters), "signs": signs_as_json(signs, said)}
        _write_json(asdict(explanation) | {"biography": known})
        return
    beside = _beside(workspace, run, explanation, said)
    _tell_later(workspace, run, explanation.container_id, said)
    show_explanation(
        explanation, said, show_all=all_reasons, beside=beside, life=chapters, signs=signs
    )
    _name_other_runs(workspace, container, explanation.run_id, said)


def _tell_trader(
    workspace: Workspace, run: Run, container: str, language: Language, *, as_json: bool
) -> None:
    from riskengine.engine.explained import explained
    from riskengine.review.trader_letter import trader_text

    explanation = explained(workspace, run, container, language=language.value)
    letter = trader_text(explanation, language.value)
    if as_json:
        _write_json({"container_number": explanation.name, "text": letter})
    else:
        sys.stdout.write(f"{letter}\n")


def _write_json(told: Mapping[str, object]) -> None:
    import json

    sys.stdout.write(f"{json.dumps(told, ensure_ascii=False)}\n")


def _beside(
    workspace: Workspace, run: Run, explanation: Explanation, language: str
) -> dict[str, str]:
    """Name, of each rule that matches, the other containers that it counted."""
    from riskengine.cli.counted_page import named_beside
    from riskengine.engine.counted import counted_by_matches

    rule_ids = [note.rule_id for note in explanation.matched]
    counted = counted_by_matches(workspace, run, explanation.name, rule_ids, language=language)
    return {rule_id: named_beside(found, language) for rule_id, found in counted.items()}


def _tell_later(workspace: Workspace, run: Run, container_id: int, language: str) -> None:
    """Say that a later version of the manifest was received, or names the box no more; the page itself stays as it was."""
    from riskengine.cli.output import say
    from riskengine.engine.later_versions import later_version

    for sentence in later_version(workspace, run, container_id, language):
        say(sentence)


def _name_other_runs(workspace: Workspace, container: str, shown: str, language: str) -> None:
    """Say that other runs hold the container too: an earlier day, or another ship with the same number."""
    from riskengine import messages
    from riskengine.cli.output import say
    from riskengine.ledger.run_register import runs_holding

    others = [entry for entry in runs_holding(workspace, container) if entry.run_id != shown]
    if others:
        named = ", ".join(
            f"{entry.run_id} ({entry.manifest_file})" for entry in others[:_RUNS_NAMED]
        )
        say(messages.render("desk.explain.other_runs", {"runs": named}, language))


def fields_of(run: Run) -> tuple[Field, ...]:
    """Return the fields that a mapping file brought into this run."""
    from riskengine.features import attribute_fields_of

    return attribute_fields_of(run.canonical["attributes"])
