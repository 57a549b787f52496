"""``rules export, import, diff, keys``: packs that units give each other."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskengine.cli import pack_keys
from riskengine.cli.options import (
    JsonOption,
    Language,
    LanguageOption,
    OfficerOption,
    WorkspaceOption,
)
from riskengine.cli.output import say
from riskengine.errors import UsageError
from riskengine.workspace import locate

if TYPE_CHECKING:
    from riskengine.exchange.pack_export import Prepared
    from riskengine.exchange.pack_import import Examined, Plan
    from riskengine.exchange.signing import Signature
    from riskengine.rules.store import Installation

SignatureOption = Annotated[
    Path | None,
    typer.Option(
        "--signature",
        help="Its signature.",
        show_default="the file beside it that ends in .sig",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("export")(export_pack)
    app.command("import")(import_pack)
    app.command("diff")(show_difference)
    app.add_typer(pack_keys.app, name="keys")


def export_pack(
    folder: Annotated[
        Path | None, typer.Argument(help="The folder of a pack.", show_default=False)
    ] = None,
    *,
    out: Annotated[Path, typer.Option("--out", help="The file to write, as pack.zip.")],
    key: Annotated[Path, typer.Option("--key", help="The private key that signs it.")],
    installed: Annotated[
        str,
        typer.Option("--installed", help="Instead of a folder: a pack that is installed here."),
    ] = "",
    licence: Annotated[
        str, typer.Option("--licence", help="With --installed: under which terms.")
    ] = "",
    pack_version: Annotated[
        str, typer.Option("--pack-version", help="With --installed: the version to give it.")
    ] = "",
    issuer: Annotated[
        str, typer.Option("--issuer", help="With --installed: in whose name it is given.")
    ] = "",
    dated: Annotated[
        str,
        typer.Option(
            "--dated", help="A day to write on it, as 2026-11-21.", show_default="none"
        ),
    ] = "",
    within_our_organisation: Annotated[
        bool,
        typer.Option(
            "--within-our-organisation",
            help="The pack only goes to units of the organisation its rules are labelled for.",
        ),
    ] = False,
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
    officer: OfficerOption = "",
    workspace: WorkspaceOption = None,
) -> None:
    """Write the rules of a pack as one signed file. TLP:RED never leaves; nothing of this unit's own does."""
    from riskengine.exchange.pack_export import (
        collect_folder,
        collect_installed,
        give,
        prepare,
    )
    from riskengine.exchange.signing import KeyFile

    unit = locate(workspace).must_exist()
    if (folder is None) == (not installed):
        raise UsageError("Name the folder of a pack, or one pack with --installed.")
    if folder is not None:
        if licence or pack_version or issuer:
            raise UsageError(
                "--licence, --pack-version and --issuer go with --installed; a folder's pack.yaml says them."
            )
        collected = collect_folder(folder)
    else:
        if not licence:
            raise UsageError("Say with --licence under which terms the rules are given.")
        collected = collect_installed(
            unit, installed, licence=licence, version=pack_version, issuer=issuer
        )
    prepared = prepare(
        collected, within_our_organisation=within_our_organisation, made_on=_day(dated)
    )
    by = officer or getuser()
    signature = give(unit, prepared, out, key=KeyFile(key, pack_keys.passphrase_of(key)), by=by)
    _tell_what_was_given(prepared, signature, out, language.value, as_json=as_json)


def import_pack(
    file: Annotated[Path, typer.Argument(help="The pack.")],
    *,
    signature: SignatureOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen; write nothing.")
    ] = False,
    keep_ours: Annotated[
        bool,
        typer.Option(
            "--keep-ours",
            help="Leave out rules that stand here, from somebody else, under the same version in other words.",
        ),
    ] = False,
    take_lists: Annotated[
        bool,
        typer.Option(
            "--take-lists",
            help="Let rules that count here ask the pack's lists from now on.",
        ),
    ] = False,
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
    officer: OfficerOption = "",
    workspace: WorkspaceOption = None,
) -> None:
    """Take the rules of a signed pack, into shadow. What is in force stays in force."""
    from riskengine.cli.pack_pages import print_difference
    from riskengine.exchange.pack_import import examine, plan, take_in

    unit = locate(workspace).must_exist()
    examined = examine(unit, file, signature)
    lang = language.value
    _say_who_signed(examined, lang)
    print_difference(examined.difference, language=lang, as_json=as_json)
    planned = plan(unit, examined, keep_ours=keep_ours, take_lists=take_lists)
    done = None
    if not dry_run:
        at = datetime.now(UTC)
        done = take_in(unit, examined, planned, at=at, who=officer or getuser())
    _say_what_was_taken(planned, done, lang)
    if as_json:
        line = {
            "pack": examined.head.name,
            "version": examined.head.version,
            "is_dry_run": dry_run,
            "taken": [rule.id for rule in (done.new if done else planned.pack.rules)],
            "kept": planned.kept,
            "retired": planned.retired,
            "lists": [entry.name for entry in planned.pack.lists],
            "lists_kept": planned.lists_kept,
        }
        sys.stdout.write(f"{json.dumps(line, ensure_ascii=False)}\n")


def show_difference(
    what: Annotated[
        str,
        typer.Argument(help="A pack, a folder of rules, or the id of a rule installed here."),
    ],
    earlier: Annotated[
        int | None, typer.Argument(help="With an id: a version.", show_default=False)
    ] = None,
    later: Annotated[
        int | None, typer.Argument(help="With an id: another version.", show_default=False)
    ] = None,
    *,
    signature: SignatureOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
    workspace: WorkspaceOption = None,
) -> None:
    """Show, field by field, what a pack or folder would change here and who changed it, or how two versions differ."""
    from riskengine.cli.pack_pages import print_difference, print_fields
    from riskengine.exchange.pack_difference import difference_between
    from riskengine.exchange.pack_import import difference_of_folder, examine, version_of

    unit = locate(workspace).must_exist()
    lang, path = language.value, Path(what)
    if (earlier is None) != (later is None):
        raise UsageError("Give two versions of the rule.")
    if earlier is not None and later is not None:
        first, second = (version_of(unit, what, number) for number in (earlier, later))
        print_fields(difference_between(first, second), language=lang, as_json=as_json)
        return
    if path.is_dir():
        print_difference(difference_of_folder(unit, path), language=lang, as_json=as_json)
        return
    if not path.exists():
        raise UsageError(
            f"There is no file or folder {what}.",
            remedy="For a rule that is installed here give two of its versions, as `rules diff ID 1 2`.",
        )
    examined = examine(unit, path, signature)
    _say_who_signed(examined, lang)
    print_difference(examined.difference, language=lang, as_json=as_json)


def _tell_what_was_given(
    prepared: Prepared, signature: Signature, out: Path, language: str, *, as_json: bool
) -> None:
    from riskengine import messages
    from riskengine.cli.pack_pages import say_in, say_names, say_naming
    from riskengine.exchange.signing import SUFFIX

    head = prepared.head
    if as_json:
        line = {
            "path": str(out),
            "signature": f"{out}{SUFFIX}",
            "name": head.name,
            "version": head.version,
            "handling": head.handling.value,
            "sha256": prepared.sha256,
            "key": signature.fingerprint,
            "rules": [rule.id for rule in prepared.rules],
            "lists": prepared.lists,
            "rules_left_out": prepared.rules_left_out,
            "lists_left_out": prepared.lists_left_out,
        }
        sys.stdout.write(f"{json.dumps(line, ensure_ascii=False)}\n")
    say_in(
        language,
        "given.written",
        path=out,
        rules=len(prepared.rules),
        lists=len(prepared.lists),
        label=head.handling.value,
        sha256=prepared.sha256,
    )
    say(messages.render(f"pack.label.{head.handling.name.lower()}", {}, language))
    say_names(language, "given.rules_left_out", prepared.rules_left_out)
    say_names(language, "given.lists_left_out", prepared.lists_left_out)
    say_naming(prepared.naming, language)
    say_in(
        language, "given.signature", path=f"{out}{SUFFIX}", fingerprint=signature.fingerprint
    )


def _say_who_signed(examined: Examined, language: str) -> None:
    from riskengine import messages
    from riskengine.cli.pack_pages import say_in

    head, key = examined.head, examined.key
    say_in(
        language, "difference.pack", name=head.name, version=head.version, issuer=head.issuer
    )
    say_in(
        language,
        "taken.signed",
        issuer=key.issuer,
        fingerprint=key.key.fingerprint,
        by=key.by,
        since=key.since[:10],
    )
    say(messages.render(f"pack.label.{head.handling.name.lower()}", {}, language))


def _say_what_was_taken(planned: Plan, done: Installation | None, language: str) -> None:
    from riskengine.cli.pack_pages import say_in, say_names

    if done is None:
        say_in(language, "taken.would", rules=len(planned.pack.rules))
    else:
        unchanged = len(done.unchanged) + len(done.reworded)
        say_in(language, "taken.rules", rules=len(done.new), unchanged=unchanged)
        say_names(language, "taken.lists", done.lists)
    say_names(language, "taken.kept", planned.kept)
    say_names(language, "taken.retired", planned.retired)
    say_names(language, "taken.lists_kept", planned.lists_kept)


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no day; write it as 2026-11-21.") from error
