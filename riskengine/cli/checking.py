"""``check``: what is wrong with manifests or rule packs, where, and whether a file is good enough."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from riskengine.cli.options import JsonOption, Language, LanguageOption, MappingOption
from riskengine.errors import ManifestError, RiskEngineError
from riskengine.messages import visible_lines

if TYPE_CHECKING:
    from riskengine.domain import Defect
    from riskengine.manifest import Reading
    from riskengine.manifest.mapping import FieldMapping

PathsArgument: TypeAlias = Annotated[
    list[Path],
    typer.Argument(
        help="Manifests of any format, folders of them, rule files or folders of rules."
    ),
]
MinQualityOption: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--min-quality",
        metavar="N",
        min=0,
        max=100,
        help="Exit 1 only where the data quality is below N (0 to 100) or a record could not be read;"
        " without it, exit 1 where there is any defect.",
        show_default=False,
    ),
]
RequestOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--request", help="Print the letter that asks each filer for what is missing."
    ),
]
AnswerByOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--answer-by", metavar="DAY", help="With --request: the last day for an answer."
    ),
]
SuggestOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--suggest-mapping", help="Propose a mapping file for one CSV, Excel or Parquet file."
    ),
]
OutOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        help="With --suggest-mapping: write the mapping file here, not to stdout.",
        show_default=False,
    ),
]

_SHOWN_OF_A_KIND = 5
_NAMES_SHOWN = 20
_RULE_SUFFIXES = {".yaml", ".yml"}
_REFUSED = 3


def add_to(app: typer.Typer) -> None:
    """Add the verbs of this file to the command line."""
    app.command()(check)


def check(
    paths: PathsArgument,
    *,
    mapping: MappingOption = None,
    min_quality: MinQualityOption = None,
    request: RequestOption = False,
    answer_by: AnswerByOption = "",
    suggest_mapping: SuggestOption = False,
    out: OutOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
) -> None:
    """Name everything that is wrong with these files, each with its place, and what their data quality is."""
    from riskengine.manifest.mapping import load_mapping

    if suggest_mapping:
        if as_json:
            raise typer.BadParameter(
                "a mapping file is TOML; it does not go with --json.",
                param_hint="--suggest-mapping",
            )
        _suggest(paths, out, language.value)
        return
    if out is not None:
        raise typer.BadParameter("goes with --suggest-mapping.", param_hint="--out")
    deadline = _day(answer_by)
    field_mapping = load_mapping(mapping) if mapping else None
    checked = _Checked(language.value, min_quality, is_request=request, deadline=deadline)
    files = checked.files_of(paths)
    for path in files:
        checked.check(path, field_mapping, as_json=as_json, is_alone=len(files) == 1)
    if checked.is_refused:
        raise typer.Exit(_REFUSED)
    if checked.has_failed:
        raise typer.Exit(1)


class _Checked:
    """What was found so far in all files that were named."""

    def __init__(
        self, language: str, least: float | None, *, is_request: bool, deadline: date | None
    ) -> None:
        self.language = language
        self.least = least
        self.is_request = is_request
        self.deadline = deadline
        self.has_failed = False
        self.is_refused = False

    def files_of(self, paths: list[Path]) -> list[Path]:
        """Return what is to be checked; a folder with nothing in it is refused as a file would be."""
        files: list[Path] = []
        for named in paths:
            try:
                files += _files(named, self.language)
            except RiskEngineError as refusal:
                self._refuse(refusal, is_alone=len(paths) == 1)
        return files

    def check(
        self, path: Path, mapping: FieldMapping | None, *, as_json: bool, is_alone: bool
    ) -> None:
        """Check one file, or one folder of rules."""
        if path.is_dir() or path.suffix in _RULE_SUFFIXES:
            from riskengine.cli.ruling import show_faults

            self.has_failed |= bool(show_faults(path, as_json=as_json, language=self.language))
            return
        try:
            self.show(path, mapping, as_json=as_json)
        except RiskEngineError as refusal:
            self._refuse(refusal, is_alone=is_alone)

    def _refuse(self, refusal: RiskEngineError, *, is_alone: bool) -> None:
        """Say a refusal: one file that is no manifest does not keep the others from being checked."""
        if is_alone:
            raise refusal
        sys.stderr.write(f"riskengine: {visible_lines(str(refusal))}\n")
        self.is_refused = True

    def show(self, path: Path, mapping: FieldMapping | None, *, as_json: bool) -> None:
        """Show what is wrong with one file, or with each file in an archive."""
        from riskengine.manifest import read_manifests

        readings = read_manifests(path, mapping)
        for reading in readings:
            name = str(path)
            if len(readings) > 1:
                name = f"{path}/{reading.manifest.source.file}"
            self._show_one(name, reading, as_json=as_json)

    def _show_one(self, name: str, reading: Reading, *, as_json: bool) -> None:
        from riskengine.cli import quality_page
        from riskengine.manifest.quality import quality_of

        quality = quality_of(reading)
        if as_json:
            _print_defects(reading, self.language)
            quality_page.print_quality(quality)
        else:
            _show_defects(
                name,
                reading,
                self.language,
                containers=quality.container_count,
                is_listed=not self.is_request,
            )
            quality_page.show_quality(
                name, quality, self.language, is_listed=not self.is_request
            )
        if self.is_request:
            quality_page.show_letters(
                name, quality, self.language, self.deadline, as_json=as_json
            )
        if self.least is None:
            self.has_failed |= bool(reading.defects)
        else:
            self.has_failed |= not quality_page.is_good_enough(
                name, quality, self.least, self.language
            )


def _files(named: Path, language: str) -> list[Path]:
    """Return what is to be checked: a folder of rules as one, the manifests of any other folder one by one."""
    if not named.is_dir() or any(file.suffix in _RULE_SUFFIXES for file in named.rglob("*")):
        return [named]
    from riskengine import messages
    from riskengine.cli.output import say
    from riskengine.manifest.folder import manifests_in

    found = manifests_in(named)
    not_taken = {"left_out": found.left, "skipped": found.skipped, "unlooked": found.unlooked}
    for key, files in not_taken.items():
        if files:
            shown = [messages.visible(str(file.relative_to(named))) for file in files]
            names = ", ".join(shown[:_NAMES_SHOWN])
            if len(shown) > _NAMES_SHOWN:
                names += ", …"
            params = {"count": len(files), "names": names}
            say(messages.render(f"quality.page.{key}", params, language))
    if not found.manifests:
        raise ManifestError(
            f"There is no manifest in {messages.visible(str(named))}.",
            remedy="Check the name of the folder.",
        )
    return found.manifests


def _print_defects(reading: Reading, language: str) -> None:
    from riskengine import messages

    for defect in reading.defects:
        sentence = messages.render(f"defect.{defect.code}", defect.params, language)
        line = asdict(defect) | {"place": str(defect.place), "sentence": sentence}
        sys.stdout.write(f"{json.dumps(line, ensure_ascii=False)}\n")


def _show_defects(
    name: str, reading: Reading, language: str, *, containers: int, is_listed: bool
) -> None:
    from riskengine import messages
    from riskengine.cli.output import page, say, table, text

    source = reading.manifest.source
    params = {
        "file": name,
        "records": source.record_count,
        "containers": containers,
        "defects": len(reading.defects),
    }
    say(
        messages.render(
            "desk.check.count" if reading.defects else "desk.check.none", params, language
        )
    )
    loose = reading.manifest.containers["container_number"].null_count()
    if loose:
        say(messages.render("quality.page.loose", {"file": name, "count": loose}, language))
    if not is_listed or not reading.defects:
        return
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
    page().print(listing)


def _by_kind(defects: tuple[Defect, ...]) -> list[list[Defect]]:
    kinds: dict[tuple[str, str | None], list[Defect]] = {}
    for defect in defects:
        kinds.setdefault((defect.code, defect.field), []).append(defect)
    return list(kinds.values())


def _suggest(paths: list[Path], out: Path | None, language: str) -> None:
    from riskengine.cli.mapping_page import show_suggestion

    if len(paths) != 1 or paths[0].is_dir():
        raise typer.BadParameter("one file at a time.", param_hint="--suggest-mapping")
    show_suggestion(paths[0], out, language)


def _day(given: str) -> date | None:
    if not given:
        return None
    try:
        return datetime.fromisoformat(given).date()
    except ValueError:
        raise typer.BadParameter(
            f"{given!r} is no day such as 2026-11-21.", param_hint="--answer-by"
        ) from None
