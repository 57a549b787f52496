"""Differences in the terminal: grouped by kind, the most serious first, both values and who says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from riskengine import messages
from riskengine.cli.output import page, say, table, text
from riskengine.engine.differences import KINDS, kind_name, sentence, source_name

if TYPE_CHECKING:
    from riskengine.engine.reported import Reported


def show_compared(
    name: str, beside: Reported, found: pl.DataFrame, language: str, *, is_plan: bool = False
) -> None:
    """Say on stderr what a manifest, or a plan without one, was compared with, and whether anything differs."""

    def words(key: str, **params: object) -> str:
        return messages.render(f"reconciliation.page.{key}", params, language)

    sources: list[str] = []
    if beside.plan is not None:
        sources.append(words("planned", boxes=beside.plan.height))
    if beside.movements is not None:
        sources.append(words("moved", events=beside.movements.height))
    if not sources:
        say(words("plan_alone", plan=name) if is_plan else words("nothing", manifest=name))
        return
    key = "none" if found.is_empty() else "compared"
    say(words(key, manifest=name, sources=", ".join(sources)))
    if not found.is_empty():
        boxes = found["container_number"].n_unique()
        say(words("count", count=found.height, containers=boxes))


def show_alone(name: str, language: str) -> None:
    """Say on stderr that movements were given alone."""
    say(messages.render("reconciliation.page.moved_alone", {"file": name}, language))


def show_differences(found: pl.DataFrame, language: str) -> None:
    """Print the differences to stdout, a heading for each kind."""
    console = page()
    columns = [
        messages.render(f"reconciliation.page.{key}", {}, language)
        for key in ("what", "source", "file")
    ]
    for kind in KINDS:
        rows = found.filter(pl.col("kind") == kind)
        if rows.is_empty():
            continue
        heading = kind_name(kind, language, against=rows["against"][0])
        console.print(text(f"{heading} ({rows.height})", "bold"))
        listing = table(*columns)
        for row in rows.iter_rows(named=True):
            listing.add_row(
                text(sentence(row, language)),
                text(source_name(row["source"], language)),
                text(row["file"]),
            )
        console.print(listing)
        console.print()
