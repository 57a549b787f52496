"""``rules keys``: the pair of keys this unit signs with, and the public keys of those whose packs it takes."""

from __future__ import annotations

import json
import os
import sys
from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from riskengine.cli.options import (
    JsonOption,
    Language,
    LanguageOption,
    OfficerOption,
    WorkspaceOption,
)
from riskengine.cli.output import page, table, text
from riskengine.workspace import locate

PASSPHRASE = "RISKENGINE_KEY_PASSPHRASE"  # noqa: S105 - the name of a variable
app = typer.Typer(
    help="Whose packs are taken: make a pair of keys, trust, list and revoke public keys.",
    no_args_is_help=True,
)


@app.command("new")
def new_key(
    file: Annotated[Path, typer.Argument(help="A new file for the private key.")],
    *,
    language: LanguageOption = Language.EN,
) -> None:
    """Make a pair of keys: the private one in a file of yours, the public one on stdout.

    The passphrase is asked for, or taken from $RISKENGINE_KEY_PASSPHRASE; an empty one leaves the key open.
    """
    from riskengine.cli.pack_pages import say_in
    from riskengine.exchange.signing import make_key

    passphrase = os.environ.get(PASSPHRASE, "")
    if not passphrase and sys.stdin.isatty():
        passphrase = typer.prompt(
            "Passphrase of the new key (empty for none)",
            default="",
            show_default=False,
            hide_input=True,
            confirmation_prompt=True,
            err=True,
        )
    public = make_key(file, passphrase)
    say_in(language.value, "key.made", path=file)
    sys.stdout.write(f"{public.text}\n")
    say_in(language.value, "key.fingerprint", fingerprint=public.fingerprint)
    if not passphrase:
        say_in(language.value, "key.open")


@app.command("trust")
def trust_key(
    key: Annotated[str, typer.Argument(help="A public key, or a file that holds one.")],
    *,
    name: Annotated[str, typer.Option("--name", help="The issuer, as his packs name him.")],
    fingerprint: Annotated[
        str,
        typer.Option("--fingerprint", help="The fingerprint as the issuer read it to you."),
    ] = "",
    language: LanguageOption = Language.EN,
    officer: OfficerOption = "",
    workspace: WorkspaceOption = None,
) -> None:
    """Take packs of this issuer from now on, if they are signed with this key."""
    from riskengine.cli.pack_pages import say_in
    from riskengine.exchange.signing import public_key_of, read_key_text
    from riskengine.exchange.trusted_keys import trust

    unit = locate(workspace).must_exist()
    public = public_key_of(read_key_text(key))
    held = trust(unit, public, name, by=officer or getuser(), heard=fingerprint)
    said = {"issuer": held.issuer, "fingerprint": public.fingerprint}
    say_in(language.value, "key.trusted", **said)
    if not fingerprint:
        say_in(language.value, "key.compare")


@app.command("list")
def list_keys(
    *,
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
    workspace: WorkspaceOption = None,
) -> None:
    """List the keys that are or were trusted here, with their fingerprints."""
    from riskengine import messages
    from riskengine.cli.pack_pages import say_in
    from riskengine.exchange.trusted_keys import trusted_keys

    keys = trusted_keys(locate(workspace).must_exist())
    lang = language.value
    headings = ("issuer", "standing", "print", "since", "by")
    listing = table(*(messages.render(f"pack.key.{name}", {}, lang) for name in headings))
    for fingerprint, held in keys.items():
        if as_json:
            line = {
                "issuer": held.issuer,
                "standing": held.standing.value,
                "fingerprint": fingerprint,
                "key": held.key.text,
                "since": held.since,
                "by": held.by,
                "reason": held.reason,
            }
            sys.stdout.write(f"{json.dumps(line, ensure_ascii=False)}\n")
            continue
        standing = messages.render(f"pack.key.is_{held.standing.value}", {}, lang)
        cells = (held.issuer, standing, fingerprint, held.since[:10], held.by)
        listing.add_row(*map(text, cells))
    if not keys:
        say_in(lang, "key.none")
    elif not as_json:
        page().print(listing)


@app.command("revoke")
def revoke_key(
    which: Annotated[str, typer.Argument(help="A fingerprint, or an issuer with one key.")],
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why.")],
    language: LanguageOption = Language.EN,
    officer: OfficerOption = "",
    workspace: WorkspaceOption = None,
) -> None:
    """Take no more packs that are signed with this key, for good."""
    from riskengine.cli.pack_pages import say_in
    from riskengine.exchange.trusted_keys import revoke

    unit = locate(workspace).must_exist()
    held = revoke(unit, which, by=officer or getuser(), reason=reason)
    said = {"issuer": held.issuer, "fingerprint": held.key.fingerprint}
    say_in(language.value, "key.revoked", **said)


def passphrase_of(key: Path) -> str:
    """Return the passphrase of a private key, asked for or from the environment; empty where it has none."""
    from riskengine.exchange.signing import is_locked

    if not is_locked(key):
        return ""
    given = os.environ.get(PASSPHRASE, "")
    if not given and sys.stdin.isatty():
        given = typer.prompt(f"Passphrase of {key}", hide_input=True, err=True)
    return given
