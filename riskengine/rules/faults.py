"""Where a fault stands in a rule file, shown with the line and a caret under it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from riskengine.errors import Place, RuleError, RuleFault
from riskengine.messages import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_FAULTS = 100
_WINDOW = 120
_LONGEST_NAME = 60
# Of 100: how alike a name must be, and how much less alike a second one may be to be named too.
_NEAR = 66.0
_NEARLY_AS_NEAR = 12.0


@dataclass(frozen=True, slots=True)
class LineFault:
    """A fault inside one condition: the character it stands at, counted from 0."""

    at: int
    sentence: str
    hint: str = ""


class TooManyFaults(RuleError):
    """A file has so many faults that reading it stops; they are noted already."""


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
        """Note a fault at *line* and *column*, both counted from 1.

        Raises:
            TooManyFaults: So many were noted that whoever mends the file needs no more of them at once.
        """
        rows = rows_of(self.text)
        if line > len(rows):
            # What is missing at the end is shown behind the last line.
            line, column = len(rows), len(rows[-1]) + 1
        row = rows[line - 1]
        shown, caret = excerpt(row, column - 1)
        place = Place(file=self.file, line=line, column=column)
        self.faults.append(
            RuleFault(place=place, sentence=sentence, hint=hint, line=shown, caret=caret)
        )
        if len(self.faults) >= MOST_FAULTS:
            sentence = f"after {MOST_FAULTS} faults the rest of the file is not checked"
            last = Place(file=self.file, line=len(rows), column=1)
            self.faults.append(
                RuleFault(place=last, sentence=sentence, hint="Mend these first.", line="")
            )
            raise TooManyFaults(sentence)


@lru_cache(maxsize=4)
def rows_of(text: str) -> tuple[str, ...]:
    """Return the lines of a file as YAML counts them; at least one, and none for what ends the last."""
    rows = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    return tuple(rows)


def excerpt(line: str, at: int) -> tuple[str, int]:
    """Return the part of *line* around the character *at*, safe to print, and where it went.

    >>> excerpt("seal_count > and", 13)
    ('seal_count > and', 13)
    """
    start = max(0, at - _WINDOW // 2)
    before, after = line[start:at].lstrip() if start == 0 else line[start:at], line[at:]
    safe = _shown(before)
    return (safe + _shown(after[:_WINDOW])).rstrip().ljust(len(safe)), len(safe)


def _shown(text: str) -> str:
    """Return *text* with every character that nobody sees as its code point."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else f"<U+{ord(c):04X}>" for c in visible(text))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint naming the nearest known words, or nothing where none is near.

    >>> did_you_mean("seal_cuont", ["seal_count", "is_reefer"])
    "Did you mean 'seal_count'?"
    """
    names = sorted(set(known))
    if word.lower() in names:
        return f"Did you mean {word.lower()!r}?"
    if len(word) > _LONGEST_NAME:
        return ""
    # Loaded where something is wrong only, and quick: a line may hold many names that nobody knows.
    from rapidfuzz import fuzz, process  # noqa: PLC0415

    near = process.extract(word, names, scorer=fuzz.ratio, limit=2, score_cutoff=_NEAR)
    found = [name for name, score, _ in near if score >= near[0][1] - _NEARLY_AS_NEAR]
    return f"Did you mean {' or '.join(repr(name) for name in found)}?" if found else ""
