"""``score`` and ``explain``."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskengine.cli.options import (
    DayOption,
    JsonOption,
    Language,
    LanguageOption,
    MappingOption,
    RunOption,
    StowMappingOption,
    StowPlanOption,
    WorkspaceOption,
)
from riskengine.cli.output import progress
from riskengine.workspace import locate

if TYPE_CHECKING:
    import polars as pl

    from riskengine.engine import Run
    from riskengine.engine.explanation import Explanation
    from riskengine.engine.stow_plan import StowPlan
    from riskengine.features.field import Field
    from riskengine.workspace import Workspace

PRESENTED = "presented"
_RUNS_NAMED = 5
_SUFFIXES = (".parquet", ".csv", ".xlsx", ".jsonl")


def add_to(app: typer.Typer) -> None:
    """Add the verbs of this file to the command line."""
    app.command()(score)
    app.command()(explain)


def score(
    manifests: Annotated[list[Path], typer.Argument(help="Manifests: CSV, XLSX or Parquet.")],
    *,
    mapping: MappingOption = None,
    stow_plan: StowPlanOption = None,
    stow_mapping: StowMappingOption = None,
    at: DayOption = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Assess and print; record nothing.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Write the assessments: .parquet, .csv, .xlsx, .jsonl.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
    all_reasons: Annotated[
        bool,
        typer.Option(
            "--all-reasons", help="With --json: every reason, and the base they add up from."
        ),
    ] = False,
    show_all: Annotated[
        bool, typer.Option("--all", help="Show blue and green containers too.")
    ] = False,
    language: LanguageOption = Language.EN,
    workspace: WorkspaceOption = None,
) -> None:
    """Assess every container of these manifests, record the run, print what to look at first."""
    from riskengine.cli.score_page import show_run, show_unmanifested
    from riskengine.engine import Engine
    from riskengine.engine.report import as_json_lines, as_sheet
    from riskengine.features import attribute_fields
    from riskengine.manifest import read_manifest
    from riskengine.manifest.mapping import load_mapping

    _can_be_written(out)
    _can_be_compared(manifests, stow_plan)
    engine = Engine.open(locate(workspace))
    day = _day(at)
    field_mapping = load_mapping(mapping) if mapping else None
    sheets: list[pl.DataFrame] = []
    # All are read before any is assessed: a file that is no manifest stops the day before it has begun.
    readings = [read_manifest(path, field_mapping) for path in manifests]
    plan = _stow_plan(stow_plan, stow_mapping)
    for path, reading in zip(manifests, readings, strict=True):
        with progress(path.name) as told:
            run = engine.assess(
                reading, assessed_on=day, is_dry=dry_run, stow_plan=plan, progress=told
            )
        fields = attribute_fields(reading.manifest)
        is_new = not dry_run and engine.record(run, reading, path, by=getuser(), stow_plan=plan)
        if as_json:
            for line in as_json_lines(
                run, language=language.value, all_reasons=all_reasons, fields=fields
            ):
                sys.stdout.write(f"{line}\n")
        else:
            show_run(
                run,
                path,
                fields,
                language.value,
                show_all=show_all,
                is_new=is_new,
                dry_run=dry_run,
            )
        show_unmanifested(run, language.value)
        if out:
            sheets.append(as_sheet(run, language=language.value, fields=fields))
    if out:
        _write(sheets, out, language.value)


def explain(
    container: Annotated[
        str, typer.Argument(help="A container number, or the bill of loose cargo.")
    ],
    *,
    language: LanguageOption = Language.EN,
    all_reasons: Annotated[
        bool, typer.Option("--all-reasons", help="Show every reason, however weak.")
    ] = False,
    as_json: JsonOption = False,
    run: RunOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Say why a container stands where it stands, what could not be checked and what would clear it."""
    from riskengine.cli.explanation_page import show_explanation
    from riskengine.engine.explanation import explain as explained
    from riskengine.engine.recorded import run_of

    found = run_of(locate(workspace), container, run)
    explanation = explained(found, container, language=language.value, fields=fields_of(found))
    if as_json:
        import json
        from dataclasses import asdict

        sys.stdout.write(f"{json.dumps(asdict(explanation), ensure_ascii=False)}\n")
        return
    beside = _beside(locate(workspace), found, explanation, language.value)
    show_explanation(explanation, language.value, show_all=all_reasons, beside=beside)
    _name_other_runs(locate(workspace), container, explanation.run_id, language.value)


def _beside(
    workspace: Workspace, run: Run, explanation: Explanation, language: str
) -> dict[str, str]:
    """Name, of each rule that matches, the other containers that it counted."""
    from riskengine.cli.counted_page import named_beside
    from riskengine.engine.counted import counted_by_matches

    rule_ids = [note.rule_id for note in explanation.matched]
    counted = counted_by_matches(workspace, run, explanation.name, rule_ids, language=language)
    return {rule_id: named_beside(found, language) for rule_id, found in counted.items()}


def _stow_plan(file: Path | None, mapping: Path | None) -> StowPlan | None:
    from riskengine.engine.stow_plan import stow_plan_of
    from riskengine.manifest import read_manifest
    from riskengine.manifest.mapping import load_mapping

    if file is None:
        return None
    return stow_plan_of(read_manifest(file, load_mapping(mapping) if mapping else None), file)


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


def _day(text: str) -> date | None:
    if text == PRESENTED:
        return None
    if not text:
        return datetime.now(UTC).date()
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no day such as 2026-11-21.", param_hint="--at"
        ) from None


def _can_be_written(out: Path | None) -> None:
    """Refuse a file that could not be written before any work is done for it."""
    if out and not out.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {out.parent}.", param_hint="--out")
    if out and out.suffix.lower() not in _SUFFIXES:
        raise typer.BadParameter(
            f"{out} does not end in {', '.join(_SUFFIXES)}.", param_hint="--out"
        )


def _can_be_compared(manifests: list[Path], stow_plan: Path | None) -> None:
    """Refuse one plan for several manifests: each would miss on its lines what the others declare."""
    if stow_plan is not None and len(manifests) > 1:
        raise typer.BadParameter(
            "a stow plan is compared with one manifest.", param_hint="--stow-plan"
        )


def _write(sheets: list[pl.DataFrame], out: Path, language: str) -> None:
    import polars as pl

    from riskengine import messages
    from riskengine.cli.output import say
    from riskengine.exchange.sheets import write_sheet

    write_sheet(pl.concat(sheets), out)
    say(messages.render("desk.score.written", {"path": str(out)}, language))
