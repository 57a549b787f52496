"""What ``check --suggest-mapping`` prints: a mapping file, and how sure it is."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

import typer

from riskengine import messages
from riskengine.cli.output import say

if TYPE_CHECKING:
    from pathlib import Path


def show_suggestion(file: Path, out: Path | None, language: str) -> None:
    """Print the mapping proposed for a file, or write it to another one that does not exist yet."""
    from riskengine.manifest.column_evidence import Sureness
    from riskengine.manifest.suggest import suggest_mapping
    from riskengine.manifest.suggestion_toml import as_toml, is_in_force

    if out is not None and out.exists():
        raise typer.BadParameter(f"{out} exists already.", param_hint="--out")
    suggestion = suggest_mapping(file)
    text = as_toml(suggestion, language)
    counts = Counter(one.sureness for one in suggestion.columns if is_in_force(suggestion, one))
    guessed = sum(one.sureness is Sureness.GUESS for one in suggestion.columns)
    left = sum(one.sureness is Sureness.LEFT_OUT for one in suggestion.columns)
    held = len(suggestion.columns) - counts.total() - guessed - left
    params = {
        "file": str(file),
        "sure": counts[Sureness.SURE],
        "likely": counts[Sureness.LIKELY],
        "held": held,
        "guess": guessed,
        "left": left,
    }
    say(messages.render("mapping.page.count", params, language))
    if suggestion.parts:
        say(messages.render("mapping.page.split_number", {}, language))
    if not suggestion.can_be_read:
        say(messages.render("mapping.page.no_key", {}, language))
    if out is None:
        sys.stdout.write(text)
        return
    try:
        out.write_text(text, "utf-8")
    except OSError as fault:
        raise typer.BadParameter(
            f"{out} cannot be written: {fault.strerror}.", param_hint="--out"
        ) from fault
    params = {"path": str(out), "file": str(file)}
    say(messages.render("mapping.page.written", params, language))
