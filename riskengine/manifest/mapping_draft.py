"""A mapping file while it is read: every fault that is found in it, with its line."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from riskengine.errors import Place

if TYPE_CHECKING:
    from collections.abc import Iterable

_TEXT, _TABLE = "a text", "a table"


@dataclass(slots=True)
class Draft:
    """A mapping file while it is read: its text, for the lines, and the faults found so far."""

    file: str
    text: str
    faults: list[str] = field(default_factory=list[str])

    def fault(self, section: str, key: str, what: str) -> None:
        """Name a fault, with the line of its key."""
        place = Place(file=self.file, line=self._line(section, key))
        self.faults.append(f"{place}: {what}.")

    def _line(self, section: str, key: str) -> int | None:
        # tomllib keeps no positions: the first line of the section that begins with the key is it
        current, fallback = "", None
        wanted = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*[.=]""")
        for number, line in enumerate(self.text.splitlines(), start=1):
            header = re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line)
            if header:
                current = header.group(1)
                fallback = number if current == section and fallback is None else fallback
            elif current.split(".")[0] == section and wanted.match(line):
                return number
        return fallback

    def known(self, section: str, given: Iterable[str], allowed: Iterable[str]) -> None:
        """Name every key that there is none of."""
        allowed = list(allowed)
        for key in given:
            if key not in allowed:
                what = f"[{section}] has no {key!r}" if section else f"there is no [{key}]"
                self.fault(section or key, key, what + meant(key, allowed))

    def table(self, section: str, key: str, value: object) -> dict[str, object]:
        """Return a table; an empty one, and a fault, where it is none."""
        if isinstance(value, dict):
            return cast("dict[str, object]", value)
        self.fault(section, key, f"{key} must be {_TABLE}")
        return {}

    def texts(self, section: str, key: str, value: object) -> tuple[str, ...]:
        """Return one text or a list of them as texts; none, and a fault, where it is neither."""
        values = cast("list[object]", value) if isinstance(value, list) else [value]
        if not all(isinstance(item, str) for item in values):
            self.fault(section, key, f"{key} must be {_TEXT} or a list of texts")
            return ()
        return tuple(cast("list[str]", values))

    def text_or_none(self, section: str, key: str, value: object) -> str | None:
        """Return a text, or None where none is given or, with a fault, something else."""
        if value is None or isinstance(value, str):
            return value
        self.fault(section, key, f"{key} must be {_TEXT}")
        return None

    def one_of(
        self, section: str, key: str, value: object, allowed: tuple[str, ...]
    ) -> str | None:
        """Return a word of a closed list, or None where none is given or, with a fault, another."""
        if value is None:
            return None
        if isinstance(value, str) and value in allowed:
            return value
        self.fault(section, key, f"{key} must be one of {', '.join(map(repr, allowed))}")
        return None


def meant(word: str, known: Iterable[str]) -> str:
    """Return the question whether the nearest known word was meant, or nothing."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean {near[0]!r}?)" if near else ""
