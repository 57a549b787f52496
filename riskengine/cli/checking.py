"""``check``: what is wrong with manifests or rule packs, and where."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskengine.cli.options import JsonOption, Language, LanguageOption, MappingOption

if TYPE_CHECKING:
    from riskengine.domain import Defect
    from riskengine.manifest.mapping import FieldMapping

_SHOWN_OF_A_KIND = 5
_RULE_SUFFIXES = {".yaml", ".yml"}
_MANIFEST_SUFFIXES = {".csv", ".tsv", ".txt", ".xlsx", ".parquet"}


def add_to(app: typer.Typer) -> None:
    """Add the verbs of this file to the command line."""
    app.command()(check)


def check(
    paths: Annotated[
        list[Path], typer.Argument(help="Manifests, rule files or folders of rules.")
    ],
    *,
    mapping: MappingOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
) -> None:
    """Name everything that is wrong with these files, each with its place; exit 1 if there is anything."""
    from riskengine.manifest.mapping import load_mapping

    field_mapping = load_mapping(mapping) if mapping else None
    count = 0
    for path in [file for named in paths for file in _files(named)]:
        if path.is_dir() or path.suffix in _RULE_SUFFIXES:
            from riskengine.cli.ruling import show_faults

            count += show_faults(path, as_json=as_json, language=language.value)
        else:
            count += _show_defects(path, field_mapping, language.value, as_json=as_json)
    if count:
        raise typer.Exit(1)


def _files(named: Path) -> list[Path]:
    """Return what is to be checked: a folder of rules as one, the manifests of any other folder one by one."""
    if not named.is_dir() or any(file.suffix in _RULE_SUFFIXES for file in named.rglob("*")):
        return [named]
    manifests = sorted(
        file for file in named.iterdir() if file.suffix.lower() in _MANIFEST_SUFFIXES
    )
    return manifests or [named]


def _show_defects(
    path: Path, mapping: FieldMapping | None, language: str, *, as_json: bool
) -> int:
    from riskengine import messages
    from riskengine.cli.output import page, say, table, text
    from riskengine.manifest import read_manifest

    reading = read_manifest(path, mapping)
    if as_json:
        for defect in reading.defects:
            sentence = messages.render(f"defect.{defect.code}", defect.params, language)
            line = asdict(defect) | {"place": str(defect.place), "sentence": sentence}
            sys.stdout.write(f"{json.dumps(line, ensure_ascii=False)}\n")
        return len(reading.defects)
    source = reading.manifest.source
    params = {
        "file": str(path),
        "records": source.record_count,
        "containers": reading.manifest.containers.height,
        "defects": len(reading.defects),
    }
    say(
        messages.render(
            "desk.check.count" if reading.defects else "desk.check.none", params, language
        )
    )
    listing = table(
        *(
            messages.render(f"desk.check.{key}", {}, language)
            for key in ("place", "defect", "received")
        )
    )
    for kind in _by_kind(reading.defects):
        for defect in kind[:_SHOWN_OF_A_KIND]:
            sentence = messages.render(f"defect.{defect.code}", defect.params, language)
            listing.add_row(text(defect.place), text(sentence), text(defect.raw))
        if len(kind) > _SHOWN_OF_A_KIND:
            more = messages.render(
                "desk.check.more", {"count": len(kind) - _SHOWN_OF_A_KIND}, language
            )
            listing.add_row(text(""), text(more, "dim"), text(""))
    if reading.defects:
        page().print(listing)
    return len(reading.defects)


def _by_kind(defects: tuple[Defect, ...]) -> list[list[Defect]]:
    kinds: dict[tuple[str, str | None], list[Defect]] = {}
    for defect in defects:
        kinds.setdefault((defect.code, defect.field), []).append(defect)
    return list(kinds.values())
