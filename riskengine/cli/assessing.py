"""``score``."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from riskengine.cli.options import (
    DayOption,
    JsonOption,
    Language,
    LanguageOption,
    MappingOption,
    StowMappingOption,
    StowPlanOption,
    WorkspaceOption,
)
from riskengine.cli.watching import SECONDS_BETWEEN_LOOKS
from riskengine.workspace import locate

PRESENTED = "presented"
EARLIEST, LATEST = date(1980, 1, 1), date(2100, 1, 1)
"""No manifest that we can be asked about is assessed outside."""

_NOT_WATCHED = (
    "--at",
    "--dry-run",
    "--out",
    "--stow-plan",
    "--stow-mapping",
    "--all",
    "--all-reasons",
    "MANIFEST",
)
_SUFFIXES = (".parquet", ".csv", ".xlsx", ".jsonl")


def add_to(app: typer.Typer) -> None:
    """Add the verbs of this file to the command line."""
    app.command()(score)


def score(
    manifests: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Manifests in any format that is read; stow plans and reports of movements beside them."
        ),
    ] = None,
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
    watch_folder: Annotated[
        Path | None,
        typer.Option(
            "--watch",
            metavar="DIR",
            help="Assess what arrives in this folder, once each, until it is ended.",
            show_default=False,
        ),
    ] = None,
    every: Annotated[
        float, typer.Option("--every", help="With --watch: seconds between two looks.")
    ] = SECONDS_BETWEEN_LOOKS,
    once: Annotated[
        bool, typer.Option("--once", help="With --watch: take what lies there now, and end.")
    ] = False,
    language: LanguageOption = Language.EN,
    workspace: WorkspaceOption = None,
) -> None:
    """Assess every container of these manifests, record the run, print what to look at first."""
    if watch_folder is not None:
        said = (at, dry_run, out, stow_plan, stow_mapping, show_all, all_reasons, manifests)
        others_said = dict[str, object](zip(_NOT_WATCHED, said, strict=True))
        _watch(watch_folder, others_said, mapping, every, once, as_json, language, workspace)
        return
    if not manifests:
        raise typer.BadParameter(
            "name a manifest, or a folder with --watch.", param_hint="MANIFEST"
        )
    from riskengine.cli.scoring import Asked, score_all

    _can_be_written(out)
    _can_be_compared(manifests, stow_plan)
    asked = Asked(
        day=_day(at),
        is_dry=dry_run,
        out=out,
        as_json=as_json,
        all_reasons=all_reasons,
        show_all=show_all,
        language=language.value,
    )
    score_all(locate(workspace), manifests, mapping, (stow_plan, stow_mapping), asked)


def _watch(
    folder: Path,
    others_said: dict[str, object],
    mapping: Path | None,
    every: float,
    once: bool,
    as_json: bool,
    language: Language,
    workspace: Path | None,
) -> None:
    from riskengine.cli.watching import must_suit_watching, watch
    from riskengine.manifest.mapping import load_mapping

    must_suit_watching(every, others_said)
    watch(
        locate(workspace),
        folder,
        mapping=load_mapping(mapping) if mapping else None,
        every=every,
        is_once=once,
        as_json=as_json,
        language=language.value,
    )


def _day(text: str) -> date | None:
    if text == PRESENTED:
        return None
    if not text:
        return datetime.now(UTC).date()
    try:
        day = datetime.fromisoformat(text).date()
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no day such as 2026-11-21.", param_hint="--at"
        ) from None
    if not EARLIEST <= day <= LATEST:
        raise typer.BadParameter(
            f"{text} is no day of container traffic: it must lie between {EARLIEST} and {LATEST}.",
            param_hint="--at",
        )
    return day


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
