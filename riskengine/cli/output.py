"""stdout is data, stderr is talk: consoles, tables that cannot be tricked, and progress bars."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from riskengine.errors import ExportError
from riskengine.messages import visible, visible_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

LANE_STYLES = {"red": "bold red", "yellow": "yellow", "blue": "blue", "green": "green"}
NARROWEST = 100
_LONGEST_CELL = 2000


def page() -> Console:
    """Return the console for what was asked for. Without a terminal it is wide enough to cut nothing."""
    return Console(
        file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else NARROWEST + 40
    )


def talk() -> Console:
    """Return the console for remarks beside it."""
    return Console(file=sys.stderr, highlight=False)


def say(line: str) -> None:
    """Print one remark to stderr, whatever its width."""
    sys.stderr.write(f"{visible_lines(line)}\n")


def text(content: object, style: str = "") -> Text:
    """Return a cell of text as it is: no markup, no links, no control characters of a manifest."""
    return Text("" if content is None else visible(str(content), _LONGEST_CELL), style=style)


def lines(contents: list[str]) -> Text:
    """Return a cell of several texts, each on a line of its own."""
    return Text("\n".join(visible(content, _LONGEST_CELL) for content in contents))


def table(*columns: str, right: tuple[int, ...] = ()) -> Table:
    """Return an empty table with these columns; those at the places *right* hold numbers."""
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for place, column in enumerate(columns):
        made.add_column(column, justify="right" if place in right else "left", overflow="fold")
    return made


def write_text(path: Path, content: str) -> None:
    """Write a file that was asked for, and the folders above it.

    Raises:
        ExportError: The disk refused.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8", newline="\n")
    except OSError as error:
        raise ExportError(
            f"{path} cannot be written: {error.strerror or error}.",
            remedy="Check the rights on the folder and the space on the disk.",
        ) from error


@contextmanager
def progress(what: str) -> Generator[Callable[[float], None]]:
    """Show a bar on stderr while long work is done; nothing where stderr is no terminal."""
    from rich.progress import Progress

    console = talk()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda share: bar.update(task, completed=share)
