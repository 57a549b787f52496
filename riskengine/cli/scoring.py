"""What ``score`` does with the files it was given: receive them, assess the manifests, print and write."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from getpass import getuser
from typing import TYPE_CHECKING

from riskengine.cli.output import progress, say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    import polars as pl

    from riskengine.engine import Engine, Run
    from riskengine.engine.intake import Received
    from riskengine.engine.stow_plan import StowPlan
    from riskengine.manifest import FieldMapping, Reading
    from riskengine.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked of ``score`` beside its files.

    Attributes:
        day: The day of the assessment; None takes each consignment's own.
        is_dry: Nothing is received and nothing recorded.
        out: The file that the assessments are written to.
        as_json: One object a container on stdout, instead of a table.
        all_reasons: Every reason in each object.
        show_all: Blue and green containers too.
        language: Of what is printed.
    """

    day: date | None
    is_dry: bool
    out: Path | None
    as_json: bool
    all_reasons: bool
    show_all: bool
    language: str


@dataclass(slots=True)
class _Arrival:
    """One file as it was read, and its place among those received."""

    path: Path
    reading: Reading
    received: Received | None = None

    @property
    def is_manifest(self) -> bool:
        return self.reading.manifest.source.document.kind == "manifest"


def score_all(
    workspace: Workspace,
    paths: Sequence[Path],
    mapping: Path | None,
    stow_plan: tuple[Path | None, Path | None],
    asked: Asked,
) -> None:
    """Receive every file, and assess and show every manifest among them.

    Args:
        workspace: The unit's folder.
        paths: The files.
        mapping: A mapping file for them.
        stow_plan: A stow plan that is named as one, and its mapping file.
        asked: What was asked beside.
    """
    from riskengine.cli.intake_page import show_received
    from riskengine.engine import Engine
    from riskengine.engine.report import as_sheet
    from riskengine.features import attribute_fields
    from riskengine.manifest.mapping import load_mapping

    engine = Engine.open(workspace)
    if engine.challenger_fault:
        say(f"The challenger is left out: {engine.challenger_fault}")
    _tell_slow_reasons(engine, asked.language)
    # All are read before any is assessed: a file that is no manifest stops the day before it has begun.
    arrivals = _read(paths, load_mapping(mapping) if mapping else None)
    plan, named_plan = _stow_plan(*stow_plan)
    others = [one for one in arrivals if not one.is_manifest]
    # All are received before any is assessed: what is compared must not hang on the order in which they are named.
    for one in (*([named_plan] if named_plan else []), *arrivals):
        _receive(engine, one, asked)
    for one in others:
        show_received(one.reading, one.received, asked.language)
    sheets: list[pl.DataFrame] = []
    for one in (one for one in arrivals if one.is_manifest):
        rest = [other.reading for other in arrivals if other is not one]
        with progress(one.reading.manifest.source.file) as told:
            run = engine.assess(
                one.reading,
                assessed_on=asked.day,
                is_dry=asked.is_dry,
                seq=one.received.seq if one.received else None,
                stow_plan=plan,
                others=rest if asked.is_dry else (),
                progress=told,
            )
        is_new = not asked.is_dry and engine.record(
            run, one.reading, one.path, by=getuser(), stow_plan=plan
        )
        _show(run, one, asked, is_new=is_new)
        _tell_newest(workspace, one, asked.language)
        if asked.out:
            fields = attribute_fields(one.reading.manifest)
            sheets.append(as_sheet(run, language=asked.language, fields=fields))
    if asked.out and sheets:
        _write(sheets, asked.out, asked.language)


def _tell_slow_reasons(engine: Engine, language: str) -> None:
    """Say where a large model holds what our own kernel does not know: its reasons then take many times longer."""
    from riskengine.model.explain import explained_by

    for bundle in (engine.bundle, engine.habits):
        if bundle is not None and (unknown := explained_by(bundle).unknown) is not None:
            from riskengine.model.pictures import why_slow

            say(f"{bundle.card.id}: {why_slow(unknown, language)}")


def _read(paths: Sequence[Path], mapping: FieldMapping | None) -> list[_Arrival]:
    from riskengine.manifest import read_manifests

    return [
        _Arrival(path, reading) for path in paths for reading in read_manifests(path, mapping)
    ]


def _stow_plan(
    file: Path | None, mapping: Path | None
) -> tuple[StowPlan | None, _Arrival | None]:
    from riskengine.engine.stow_plan import as_stow_plan, stow_plan_of
    from riskengine.manifest import read_manifest
    from riskengine.manifest.mapping import load_mapping

    if file is None:
        return None, None
    reading = as_stow_plan(read_manifest(file, load_mapping(mapping) if mapping else None))
    return stow_plan_of(reading, file), _Arrival(file, reading)


def _receive(engine: Engine, one: _Arrival, asked: Asked) -> None:
    if not asked.is_dry:
        one.received = engine.receive(one.reading, one.path, known_on=asked.day, by=getuser())


def _show(run: Run, one: _Arrival, asked: Asked, *, is_new: bool) -> None:
    from riskengine.cli.score_page import show_run, show_unmanifested
    from riskengine.engine.report import as_json_lines
    from riskengine.features import attribute_fields

    fields = attribute_fields(one.reading.manifest)
    if asked.as_json:
        for line in as_json_lines(
            run, language=asked.language, all_reasons=asked.all_reasons, fields=fields
        ):
            sys.stdout.write(f"{line}\n")
    else:
        show_run(
            run,
            one.path,
            fields,
            asked.language,
            show_all=asked.show_all,
            is_new=is_new,
            dry_run=asked.is_dry,
        )
    show_unmanifested(run, asked.language)


def _tell_newest(workspace: Workspace, one: _Arrival, language: str) -> None:
    """Say on stderr that a later version of the manifest was received."""
    from riskengine.engine.later_versions import told_newest

    for sentence in told_newest(workspace, one.reading.manifest.source.sha256, language):
        say(sentence)


def _write(sheets: list[pl.DataFrame], out: Path, language: str) -> None:
    import polars as pl

    from riskengine import messages
    from riskengine.exchange.sheets import write_sheet

    write_sheet(pl.concat(sheets), out)
    say(messages.render("desk.score.written", {"path": str(out)}, language))
