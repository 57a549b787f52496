"""The same page as Markdown: pictures in files beside it, every text kept from becoming markup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from riskengine.messages import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskengine.charts.page import Section
    from riskengine.charts.table import Table

_LONGEST: Final = 4000
_SIGNS: Final = frozenset("\\`*_[]<>|#~&!")


def markdown_page(title: str, sections: Sequence[tuple[str, Section]]) -> str:
    """Return a page as Markdown.

    Args:
        title: Its heading.
        sections: Its parts, each with the name of the file that holds its picture, or the empty string.
    """
    lines = [f"# {safe(title)}"]
    for file, section in sections:
        if section.heading:
            lines += ["", f"## {safe(section.heading)}"]
        for paragraph in section.paragraphs:
            lines += ["", safe(paragraph)]
        if section.points:
            lines += ["", *(f"- {safe(point)}" for point in section.points)]
        if file:
            lines += ["", f"![{safe(section.heading or title)}]({file})"]
        if section.table is not None:
            lines += ["", *markdown_table(section.table)]
    return "\n".join(lines) + "\n"


def markdown_table(table: Table) -> list[str]:
    """Return a table as lines of Markdown, its cells escaped."""
    rows = (table.columns, *table.rows)
    head, *body = ("| " + " | ".join(safe(cell) for cell in row) + " |" for row in rows)
    return [head, "|" + "---|" * len(table.columns), *body]


def safe(text: str) -> str:
    r"""Return a text on one line that no reader of Markdown takes for markup.

    >>> safe("a*b|c\n# d")
    'a\\*b\\|c \\# d'
    """
    flat = visible(" ".join(text.split()), _LONGEST)
    escaped = "".join(f"\\{sign}" if sign in _SIGNS else sign for sign in flat)
    # At the beginning of a line these make a list or a quotation.
    return f"\\{escaped}" if escaped[:2] in {"- ", "+ "} else escaped
