"""Where a fault stands in a rule file, shown with the line and a caret under it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from riskengine.errors import Place, RuleError, RuleFault
from riskengine.messages import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

_WINDOW = 120


@dataclass(frozen=True, slots=True)
class LineFault:
    """A fault inside one condition: the character it stands at, counted from 0."""

    at: int
    sentence: str
    hint: str = ""


class LineRefused(RuleError):
    """A condition that cannot be read any further; becomes a RuleFault with its place."""

    def __init__(self, at: int, sentence: str, hint: str = "") -> None:
        super().__init__(sentence, remedy=hint)
        self.fault = LineFault(at, sentence, hint)


@dataclass(frozen=True, slots=True)
class Source:
    """A file's name and its lines, from which faults quote; collects them as they are found."""

    file: str
    text: str
    faults: list[RuleFault] = field(default_factory=list[RuleFault])

    def fault(self, line: int, column: int, sentence: str, hint: str = "") -> None:
        """Note a fault at *line* and *column*, both counted from 1."""
        rows = self.text.splitlines()
        row = rows[line - 1] if 0 < line <= len(rows) else ""
        shown, caret = excerpt(row, column - 1)
        place = Place(file=self.file, line=line, column=column)
        self.faults.append(
            RuleFault(place=place, sentence=sentence, hint=hint, line=shown, caret=caret)
        )


def excerpt(line: str, at: int) -> tuple[str, int]:
    """Return the part of *line* around the character *at*, safe to print, and where it went.

    >>> excerpt("seal_count > and", 13)
    ('seal_count > and', 13)
    """
    start = max(0, at - _WINDOW // 2)
    before, after = line[start:at].lstrip() if start == 0 else line[start:at], line[at:]
    safe = visible(before)
    return (safe + visible(after[:_WINDOW])).rstrip(), len(safe)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint naming the nearest known words, or nothing where none is near.

    >>> did_you_mean("seal_cuont", ["seal_count", "is_reefer"])
    "Did you mean 'seal_count'?"
    """
    near = difflib.get_close_matches(word, sorted(set(known)), n=2, cutoff=0.6)
    return f"Did you mean {' or '.join(repr(name) for name in near)}?" if near else ""
