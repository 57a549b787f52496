"""The doorstep: each verb parses, calls one function of the library, prints and exits."""

from __future__ import annotations

import sys
from io import TextIOWrapper

import typer

from riskengine.cli import (
    assessing,
    checking,
    comparing,
    demonstrating,
    examining,
    explaining,
    filers,
    founding,
    learning,
    model_life,
    modelling,
    monitoring,
    planning,
    reconciling,
    rule_evidence,
    rule_life,
    rule_overlay,
    rule_reading,
    rule_sharing,
    rule_writing,
    ruling,
    simulating,
    telling,
    verifying,
)
from riskengine.errors import RiskEngineError
from riskengine.messages import visible_lines

app = typer.Typer(
    name="riskengine",
    help="Which containers to open today, and why. Everything runs on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for verbs in (
    demonstrating,
    founding,
    checking,
    filers,
    assessing,
    explaining,
    telling,
    planning,
    reconciling,
    examining,
    learning,
    monitoring,
    verifying,
    simulating,
):
    verbs.add_to(app)
for chapter in (
    rule_reading,
    rule_writing,
    rule_life,
    rule_overlay,
    rule_evidence,
    rule_sharing,
):
    chapter.add_to(ruling.app)
for part in (model_life, comparing):
    part.add_to(modelling.models)
app.add_typer(ruling.app, name="rules")
app.add_typer(modelling.models, name="models")


def main() -> None:
    """Run the command line; a refusal is one sentence on stderr and exit code 3."""
    for stream in (sys.stdout, sys.stderr):
        # The same bytes in every locale, and no letter that a terminal's code page lacks is an error.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        app()
    except RiskEngineError as error:
        sys.stderr.write(f"riskengine: {visible_lines(str(error))}\n")
        raise SystemExit(3) from None
