"""YAML read as shape only: every scalar as written, with its place, and nothing that can surprise.

Anchors, aliases, tags, duplicate keys and invisible characters are refused, and no scalar becomes
anything by itself: Norway stays ``NO``, and the HS code ``010121`` keeps its zero.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, TypeAlias

import yaml

from riskengine.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskengine.rules.faults import Source

LARGEST_FILE = 64 * 1024
DEEPEST = 12

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as written, its quotes taken off."""

    text: str
    line: int
    column: int
    quote: str

    @property
    def is_null(self) -> bool:
        """Tell whether nothing is written there, or ``null`` or ``~`` without quotes."""
        return not self.quote and self.text in {"", "~", "null"}

    def column_of(self, at: int) -> int:
        """Return the column of the character *at* of the text, where the scalar is on one line."""
        if self.quote in {"|", ">"}:
            return self.column
        doubled = self.text[:at].count("'") if self.quote == "'" else 0
        escaped = sum(char in '"\\' for char in self.text[:at]) if self.quote == '"' else 0
        return self.column + len(self.quote) + at + doubled + escaped


@dataclass(frozen=True, slots=True)
class Sequence:
    """A YAML list."""

    items: tuple[Shape, ...]
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Table:
    """A YAML mapping; its keys are unique."""

    entries: tuple[tuple[Scalar, Shape], ...]
    line: int
    column: int

    def get(self, key: str) -> Shape | None:
        """Return what stands under *key*; None where it is not there."""
        return next((value for name, value in self.entries if name.text == key), None)


Shape: TypeAlias = Scalar | Sequence | Table


class _Stop(RuleError):
    """The file cannot be read any further; the fault is noted already."""


def read_shape(source: Source) -> Table | None:
    """Return the mapping that a file holds; None where it has faults, which *source* has noted."""
    before = len(source.faults)
    shape = _parsed(source) if _may_be_parsed(source) else None
    if shape is not None and not isinstance(shape, Table):
        source.fault(shape.line, shape.column, "a file holds keys and values, as 'id: ABC-001'")
    return shape if isinstance(shape, Table) and len(source.faults) == before else None


def _parsed(source: Source) -> Shape | None:
    try:
        return _Builder(source, yaml.parse(source.text, Loader=_LOADER)).document()
    except _Stop:
        pass
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        hint = "Is the indentation right, and does a text with ': ' or '#' stand in quotes?"
        source.fault(line, column, f"this is not YAML: {error.problem or error.context}", hint)
    except yaml.YAMLError as error:
        source.fault(1, 1, f"this is not YAML: {str(error).splitlines()[0]}")
    return None


def _may_be_parsed(source: Source) -> bool:
    size = len(source.text.encode("utf-8", "surrogatepass"))
    if size > LARGEST_FILE:
        source.fault(1, 1, f"the file has {size} bytes; {LARGEST_FILE} are allowed")
        return False
    for number, line in enumerate(source.text.split("\n"), start=1):
        if line.isascii() and line.isprintable():
            continue
        for column, char in enumerate(line.removesuffix("\r"), start=1):
            if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}:
                hint = "Indent with blanks." if char == "\t" else "Delete it."
                sentence = f"there is an invisible character here, U+{ord(char):04X}"
                source.fault(number, column, sentence, hint)
                return False
    return True


class _Builder:
    """Builds shapes from the parser's events, so that anchors and tags are seen."""

    def __init__(self, source: Source, events: Iterator[yaml.Event]) -> None:
        self._source = source
        self._events = events
        self._depth = 0

    def document(self) -> Shape:
        event = next(self._events)
        while isinstance(event, (yaml.StreamStartEvent, yaml.DocumentStartEvent)):
            event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            return Scalar("", 1, 1, "")
        shape = self._shape(event)
        for rest in self._events:
            if isinstance(rest, yaml.DocumentStartEvent):
                self._stop(rest, "a file holds one document")
        return shape

    def _shape(self, event: yaml.Event) -> Shape:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if isinstance(event, yaml.AliasEvent):
            self._stop(
                event, "'*' refers to something elsewhere; write it out", "Or put it in quotes."
            )
        if getattr(event, "anchor", None) is not None:
            self._stop(
                event,
                "'&' names something to be repeated; write it out",
                "Or put it in quotes.",
            )
        if getattr(event, "tag", None) is not None:
            self._stop(
                event, "'!' gives a type; types come from the fields", "Or put it in quotes."
            )
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(event.value, line, column, event.style or "")
        self._depth += 1
        if self._depth > DEEPEST:
            self._stop(event, f"more than {DEEPEST} levels stand in each other")
        if isinstance(event, yaml.SequenceStartEvent):
            shape: Shape = Sequence(tuple(self._items()), line, column)
        else:
            shape = Table(tuple(self._entries()), line, column)
        self._depth -= 1
        return shape

    def _items(self) -> Iterator[Shape]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._shape(event)

    def _entries(self) -> Iterator[tuple[Scalar, Shape]]:
        seen: set[str] = set()
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._shape(event)
            if not isinstance(key, Scalar):
                self._stop(event, "a key is one word")
            value = self._shape(next(self._events))
            if key.text in seen:
                sentence = f"the key {key.text!r} stands here a second time"
                self._source.fault(key.line, key.column, sentence)
                continue
            seen.add(key.text)
            yield key, value

    def _stop(self, event: yaml.Event, sentence: str, hint: str = "") -> NoReturn:
        mark = event.start_mark
        self._source.fault(mark.line + 1, mark.column + 1, sentence, hint)
        raise _Stop(sentence)
