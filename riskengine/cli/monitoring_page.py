"""The report of ``monitor`` in the terminal, and its page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from riskengine import messages
from riskengine.cli.output import page, say, table, text
from riskengine.errors import ExportError
from riskengine.monitor.page import about, report_page
from riskengine.monitor.told import limits, sections
from riskengine.monitor.wording import Words

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from riskengine.charts.page import Section
    from riskengine.monitor.report import Report

_MOST: Final = 8


def show_report(report: Report, language: str) -> None:
    """Print a report to stdout: what needs attention, then the figures; the limits have an option of their own."""
    words = Words(language)
    console = page()
    span = report.span
    console.print(text(words("title", first=span.first, last=span.last), "bold"))
    console.print(text(about(report, words)))
    for place, section in enumerate(sections(report, language, most=_MOST)[:-1]):
        style = "bold red" if not place and report.is_crossed else "bold"
        _show(console, section, style)


def show_limits(report: Report, language: str) -> None:
    """Print every limit to stdout, those that are crossed first."""
    _show(page(), limits(report.crossings, Words(language)), "bold")


def write_page(report: Report, path: Path, language: str) -> None:
    """Write the report as an HTML page.

    Raises:
        ExportError: It cannot be written there.
    """
    try:
        path.write_text(report_page(report, language), "utf-8")
    except OSError as error:
        raise ExportError(
            f"The page cannot be written to {path}: {error.strerror or error}.",
            remedy="Name a file in a folder that may be written to.",
        ) from error
    say(messages.render("monitor.written", {"path": str(path)}, language))


def _show(console: Console, section: Section, style: str) -> None:
    console.print()
    console.print(text(section.heading, style))
    for paragraph in section.paragraphs:
        console.print(text(paragraph))
    for point in section.points:
        console.print(text(f"- {point}"))
    if section.table is not None:
        listing = table(*section.table.columns)
        for row in section.table.rows:
            listing.add_row(*(text(cell) for cell in row))
        console.print(listing)
