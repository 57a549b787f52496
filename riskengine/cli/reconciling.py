"""``reconcile``: what manifest, stow plan, gates and quays say of the same boxes, and where they differ."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from riskengine.cli.options import (
    JsonOption,
    Language,
    LanguageOption,
    MappingOption,
    StowMappingOption,
    WorkspaceOption,
)
from riskengine.workspace import locate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from riskengine.engine.reported import Reported
    from riskengine.manifest import Reading
    from riskengine.manifest.mapping import FieldMapping


FilesArgument: TypeAlias = Annotated[
    list[Path], typer.Argument(help="Manifests, stow plans and movements, in any order.")
]
PlanOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--stow-plan", help="What the ship says it loaded.", show_default=False),
]
MovementsOption: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        "--movements",
        help="What gates and quays reported; may be given several times.",
        show_default=False,
    ),
]
MovementsMappingOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--movements-mapping", help="A mapping file for the movements.", show_default=False
    ),
]
AsOfOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--at",
        metavar="DAY",
        help="Compare as of this day: what was reported or received later is left out.",
        show_default="today",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the verb of this file to the command line."""
    app.command()(reconcile)


def reconcile(
    files: FilesArgument,
    *,
    stow_plan: PlanOption = None,
    stow_mapping: StowMappingOption = None,
    movements: MovementsOption = None,
    movements_mapping: MovementsMappingOption = None,
    mapping: MappingOption = None,
    at: AsOfOption = "",
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
    workspace: WorkspaceOption = None,
) -> None:
    """Compare what is declared, planned and reported of the same boxes; exit 1 if anything differs.

    What the workspace has received of the voyage is compared too, where there is a workspace. Without a manifest,
    stow plans are compared with movements.
    """
    from riskengine.engine.reconcile import reconcile as reconciled
    from riskengine.features import facts

    day = _day(at)
    readings = _read(files, mapping)
    plans = _read([stow_plan], stow_mapping) if stow_plan else []
    moved = _read(movements or [], movements_mapping)
    beside_files = [*readings, *moved]
    manifests = [
        reading for reading in readings if reading.manifest.source.document.kind == "manifest"
    ]
    if not manifests:
        count = _without_manifest(
            beside_files, plans, day, workspace, as_json=as_json, language=language.value
        )
        raise typer.Exit(1 if count else 0)
    gathered = [facts.gather(reading.manifest, day) for reading in manifests]
    _must_fit(plans, gathered)
    count = 0
    for reading, stated in zip(manifests, gathered, strict=True):
        beside = _beside(beside_files, plans, stated, day, workspace)
        found = reconciled(
            stated,
            beside.plan,
            beside.movements,
            assessed_on=day,
            elsewhere=beside.elsewhere,
        ).differences
        count += found.height
        _tell(reading, beside, found, as_json=as_json, language=language.value)
    if count:
        raise typer.Exit(1)


def _without_manifest(
    readings: Sequence[Reading],
    plans: Sequence[Reading],
    day: date,
    workspace: Path | None,
    *,
    as_json: bool,
    language: str,
) -> int:
    """Compare each stow plan with the movements, tell what differs, and return how much that is."""
    from riskengine.cli.reconciling_page import show_alone
    from riskengine.engine.reconcile import plan_beside_movements
    from riskengine.engine.stow_plan import as_stow_plan
    from riskengine.features import facts

    count = 0
    told = [one for one in readings if one.manifest.source.document.kind == "stow_plan"]
    planned = [*told, *map(as_stow_plan, plans)]
    for plan in planned:
        stated = facts.gather(plan.manifest, day)
        others = [one for one in readings if one is not plan]
        beside = replace(_beside(others, [], stated, day, workspace), plan=None)
        found = plan_beside_movements(stated, beside.movements, assessed_on=day)
        count += found.height
        _tell(plan, beside, found, as_json=as_json, language=language)
    if not planned:
        for one in readings:
            show_alone(one.manifest.source.file, language)
    return count


def _tell(
    reading: Reading, beside: Reported, found: pl.DataFrame, *, as_json: bool, language: str
) -> None:
    from riskengine.cli.reconciling_page import show_compared, show_differences

    name = reading.manifest.source.file
    is_plan = reading.manifest.source.document.kind == "stow_plan"
    if as_json:
        named = {"manifest": None, "stow_plan": name} if is_plan else {"manifest": name}
        _write_lines(found, named, language)
        return
    show_compared(name, beside, found, language, is_plan=is_plan)
    show_differences(found, language)


def _read(paths: Sequence[Path], mapping: Path | None) -> list[Reading]:
    from riskengine.manifest import read_manifests
    from riskengine.manifest.mapping import load_mapping

    field_mapping: FieldMapping | None = load_mapping(mapping) if mapping else None
    return [reading for path in paths for reading in read_manifests(path, field_mapping)]


def _must_fit(plans: Sequence[Reading], gathered: Sequence[pl.DataFrame]) -> None:
    """Refuse a plan that was named as one and fits none of the manifests: every box would be missing from it."""
    from riskengine.engine.reported import is_of_this_call, planned_of
    from riskengine.errors import ManifestError

    for reading in plans:
        plan = planned_of(reading, is_plan=True)
        if not any(is_of_this_call(plan, stated) for stated in gathered):
            raise ManifestError(
                f"The stow plan {reading.manifest.source.file} is of another ship, voyage or call than the manifest.",
                remedy="Give the plan of the ship and voyage that the manifest is of, or none.",
            )


def _beside(
    readings: Sequence[Reading],
    plans: Sequence[Reading],
    stated: pl.DataFrame,
    day: date,
    workspace: Path | None,
) -> Reported:
    from riskengine.engine.reported import Reported, both, reported_before, reported_by

    given = reported_by(readings, stated, plans=plans)
    unit = locate(workspace)
    if workspace is not None:
        unit.must_exist()
    has_unit = unit.ledger_file.is_file()
    received = reported_before(unit, stated, known_on=day) if has_unit else Reported()
    return both(given, received)


def _write_lines(found: pl.DataFrame, named: Mapping[str, str | None], language: str) -> None:
    from riskengine.engine.differences import sentence

    for row in found.drop("container_id").iter_rows(named=True):
        line = {**named, **row, "sentence": sentence(row, language)}
        sys.stdout.write(f"{json.dumps(line, ensure_ascii=False, default=_written)}\n")


def _written(moment: object) -> str:
    if isinstance(moment, date):
        return moment.isoformat()
    raise TypeError(type(moment))


def _day(text: str) -> date:
    if not text:
        return datetime.now(UTC).date()
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no day such as 2026-11-21.", param_hint="--at"
        ) from None
