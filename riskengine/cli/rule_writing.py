"""``rules new, mine, schema``: help for those who write rules."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskengine.cli.options import (
    JsonOption,
    Language,
    LanguageOption,
    MappingOption,
    WorkspaceOption,
)
from riskengine.cli.output import progress, say
from riskengine.domain import Typology
from riskengine.workspace import locate

if TYPE_CHECKING:
    from riskengine.engine.replay import Replay


def add_to(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("new")(new_rule)
    app.command("mine")(mine_rules)
    app.command("schema")(write_schema)


def new_rule(
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="Its id, as CRG-VEL-001.")],
    *,
    typology: Annotated[
        list[Typology],
        typer.Option("--typology", help="A modus operandi it speaks for. May be given again."),
    ],
    title: Annotated[
        str, typer.Option("--title", help="What it looks for, in the language of --lang.")
    ] = "",
    folder: Annotated[
        Path, typer.Option("--folder", help="Where to write it.", show_default="here")
    ] = Path(),
    language: LanguageOption = Language.EN,
) -> None:
    """Write a new rule: a draft that passes the checks, with a comment at every line to fill in."""
    from riskengine import messages
    from riskengine.features.catalog import catalog
    from riskengine.rules.draft import draft, schema_for, write_draft
    from riskengine.rules.schema import write_schemas

    schema, missing = schema_for(folder)
    text = draft(
        rule_id,
        typology,
        catalog(),
        valid_from=datetime.now(UTC).date(),
        title=title,
        schema=schema,
        language=language.value,
    )
    file = write_draft(folder, rule_id, text)
    sys.stdout.write(f"{file.as_posix()}\n")
    say(messages.render("draft.told.written", {"file": file.as_posix()}, language.value))
    if missing:
        written = write_schemas(missing, catalog())
        told = {"file": written[0].as_posix()}
        say(messages.render("draft.told.schema", told, language.value))


def mine_rules(
    *,
    history: Annotated[
        list[Path] | None,
        typer.Option(
            "--history",
            help="A labelled history instead of the recorded runs: CSV, XLSX or Parquet. May be given again.",
            show_default=False,
        ),
    ] = None,
    mapping: MappingOption = None,
    label: Annotated[
        str | None,
        typer.Option(
            "--label",
            help="The column that holds the outcome, where the mapping does not say.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="A folder for the drafts.", show_default=False),
    ] = None,
    most: Annotated[
        int, typer.Option("--most", min=1, max=100, help="How many rules to propose at most.")
    ] = 10,
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
    workspace: WorkspaceOption = None,
) -> None:
    """Propose draft rules from what examinations found, with what chance alone would have proposed."""
    from riskengine.cli.mining_page import as_line, show_mining
    from riskengine.features.catalog import catalog
    from riskengine.rules.draft import write_draft
    from riskengine.rules.mine import mine
    from riskengine.rules.store import in_force

    unit = locate(workspace).must_exist()
    today = datetime.now(UTC).date()
    replay = _replay(history, mapping, label, workspace)
    with progress("mining") as told:
        mining = mine(
            replay.frame,
            catalog(),
            in_force(unit, today).rules,
            surroundings=replay.surroundings,
            source=", ".join(path.name for path in history) if history else "recorded runs",
            valid_from=today,
            most=most,
            progress=told,
        )
    files = [
        write_draft(out, proposal.rule.id, proposal.text) if out else None
        for proposal in mining.proposals
    ]
    if as_json:
        for proposal, file in zip(mining.proposals, files, strict=True):
            line = as_line(proposal, file, language.value)
            sys.stdout.write(f"{json.dumps(line, ensure_ascii=False)}\n")
    show_mining(mining, out, language.value, is_shown=not as_json)


def write_schema(
    *,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The folder to write them to.")
    ] = Path("schema"),
) -> None:
    """Write the JSON Schemas of rule, list, exception and pack files, for editors."""
    from riskengine.features.catalog import catalog
    from riskengine.rules.schema import write_schemas

    for file in write_schemas(out, catalog()):
        sys.stdout.write(f"{file.as_posix()}\n")


def _replay(
    history: list[Path] | None, mapping: Path | None, label: str | None, workspace: Path | None
) -> Replay:
    """Return the rows to learn from: of labelled files, or of the recorded runs with their outcomes."""
    from riskengine.engine.replay import replay_history, replay_runs
    from riskengine.manifest import read_manifest
    from riskengine.manifest.mapping import load_mapping
    from riskengine.manifest.plan import with_label

    if not history:
        for option, given in (("--mapping", mapping), ("--label", label)):
            if given:
                raise typer.BadParameter("it belongs to --history.", param_hint=option)
        return replay_runs(locate(workspace))
    fields = load_mapping(mapping) if mapping else None
    if label:
        fields = with_label(fields, label)
    readings = [read_manifest(path, fields) for path in history]
    for path, reading in zip(history, readings, strict=True):
        if reading.defects:
            say(
                f"{path}: {len(reading.defects)} defects; nothing was dropped. See them with: riskengine check {path}"
            )
    with progress("features") as told:
        return replay_history([reading.manifest for reading in readings], progress=told)
