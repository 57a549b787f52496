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
from riskengine.rules.faults import TooManyFaults, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskengine.rules.faults import Source

LARGEST_FILE = 64 * 1024
DEEPEST = 12
_INSTEAD = {
    "\t": "Indent with blanks.",
    "\r": "Save the file with the line ends of Windows or Unix.",
    "\0": "Save the file as plain text in UTF-8.",
    "\x0c": "Delete it; it is a page break.",
}

_NOT = "this is not YAML: "
_SHAPE = "Is the indentation right, and does a text with ': ' or '#' stand in quotes?"
_QUOTES = "A text that begins with a sign such as this one stands in quotes."
_ONE_DOCUMENT = "Put each rule into a file of its own."
# What libyaml says, what we say, what to do, and whether the fault is where the thing began.
_MISREAD = (
    ("mapping values are not allowed", "a second ': ' stands in this line", "A text with ': ' in it stands in quotes.", False),
    ("could not find expected ':'", "after a key comes ': ' and its value",
     "Write 'key: value', with the blank; after '-' comes a blank too; indent with plain blanks.", True),
    ("quoted scalar found unexpected end of stream", "this text has no closing quote",
     "End it with the quote it begins with.", True),
    ("unknown escape character", "'\\' begins nothing known here",
     "Put the text between single quotes, where nothing is escaped.", False),
    ("cannot start any token", "a text cannot begin with this sign", _QUOTES, False),
    ("expected alphabetic or numeric", "a text cannot begin with this sign", _QUOTES, True),
    ("did not find expected key", "this stands where a key should stand",
     "Is the line indented like its neighbours, and does a text that begins with a quote end with it?",
     False),
    ("expected node content", "a value is missing here", "Write it, or delete its key.", False),
    ("expected <document start>", "a file holds one document", _ONE_DOCUMENT, False),
)  # fmt: skip

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
        sentence = "a file holds keys and values, as 'id: ABC-001'"
        hint = "Write one 'key: value' a line; docs/writing-a-rule.md shows a whole file."
        source.fault(shape.line, shape.column, sentence, hint)
    return shape if isinstance(shape, Table) and len(source.faults) == before else None


def _parsed(source: Source) -> Shape | None:
    try:
        return _Builder(source, yaml.parse(source.text, Loader=_LOADER)).document()
    except (_Stop, TooManyFaults):
        pass
    except yaml.MarkedYAMLError as error:
        _note_misread(source, error)
    except yaml.YAMLError as error:
        source.fault(1, 1, f"this is not YAML: {str(error).splitlines()[0]}", _SHAPE)
    return None


def _note_misread(source: Source, error: yaml.MarkedYAMLError) -> None:
    """Note where YAML itself cannot go on: where the trouble began, not where it came out."""
    said = f"{error.context or ''} {error.problem or ''}"
    mark, began = error.problem_mark or error.context_mark, error.context_mark
    sentence, hint = f"this is not YAML: {error.problem or error.context}", _SHAPE
    for words, own, advice, from_start in _MISREAD:
        if words in said:
            sentence, hint = own or sentence, advice
            mark = began if from_start and began is not None else mark
            break
    if "expected ',' or" in said and began is not None and mark is not None:
        bracket = "'}'" if "'}'" in said else "']'"
        sentence, hint = f"',' or {bracket} is missing here", "Is every bracket closed?"
        mark = began if began.line != mark.line else mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    source.fault(line, column, f"this is not YAML: {sentence.removeprefix(_NOT)}", hint)


def _may_be_parsed(source: Source) -> bool:
    size = len(source.text.encode("utf-8", "surrogatepass"))
    if size > LARGEST_FILE:
        hint = "One rule a file; long lists of values go into a list file."
        source.fault(1, 1, f"the file has {size} bytes; {LARGEST_FILE} are allowed", hint)
        return False
    for number, row in enumerate(source.text.split("\n"), start=1):
        line = row.removesuffix("\r")
        if line.isprintable():
            continue
        at = first_invisible(line)
        if at is not None:
            char = line[at]
            sentence = f"there is an invisible character here, U+{ord(char):04X}"
            source.fault(number, at + 1, sentence, _INSTEAD.get(char, "Delete it."))
            return False
    return True


def first_invisible(text: str) -> int | None:
    """Return where the first character stands that nobody sees, or that turns what they see.

    >>> first_invisible("ab\u202ecd"), first_invisible("caf\u00e9\u00a0")
    (2, None)
    """
    if text.isprintable():
        return None
    hidden = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    places = (at for at, char in enumerate(text) if unicodedata.category(char) in hidden)
    return next(places, None)


def place_in(source: Source, scalar: Scalar, at: int) -> tuple[int, int]:
    """Return the line and the column where the character *at* of a scalar's text stands in its file.

    YAML folds lines, doubles quotes and escapes; what is not blank keeps its order, and is counted.
    """
    if not scalar.text.strip():
        return scalar.line, scalar.column
    wanted = sum(not char.isspace() for char in scalar.text[:at])
    rows = rows_of(source.text)
    is_block = scalar.quote in {"|", ">"}
    number, start = scalar.line + is_block, 0 if is_block else scalar.column - 1
    start += 0 if is_block else len(scalar.quote)
    last = (scalar.line, scalar.column)
    while number <= len(rows):
        row, column = rows[number - 1], start
        while column < len(row):
            width, counts = _written(row, column, scalar.quote)
            if counts and wanted == 0:
                return number, column + 1
            wanted -= counts
            column += width
            if counts:
                last = (number, column + 1)
                if wanted == 0 and at >= len(scalar.text.rstrip()):
                    return last
        number, start = number + 1, 0
    return last


def _written(row: str, column: int, quote: str) -> tuple[int, bool]:
    """Return how many characters of a row make one of the text, and whether it is no blank."""
    char = row[column]
    if quote == "'" and row[column : column + 2] == "''":
        return 2, True
    if quote == '"' and char == "\\":
        following = row[column + 1 : column + 2]
        width = {"x": 4, "u": 6, "U": 10}.get(following, 2)
        return width, following not in {"", "n", "t", "r", " ", "_", "N", "L", "P", "v", "f"}
    return 1, not char.isspace()


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
                self._stop(rest, "a file holds one document", _ONE_DOCUMENT)
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
            scalar = Scalar(event.value, line, column, event.style or "")
            self._check_visible(scalar)
            return scalar
        self._depth += 1
        if self._depth > DEEPEST:
            hint = "Write fewer groups in each other; join conditions with 'and' and 'or'."
            self._stop(event, f"more than {DEEPEST} levels stand in each other", hint)
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
                self._stop(event, "a key is one word", "Write 'key: value'.")
            value = self._shape(next(self._events))
            if key.text in seen:
                sentence = f"the key {key.text!r} stands here a second time"
                hint = "Keep one of the two."
                self._source.fault(key.line, key.column, sentence, hint)
                continue
            seen.add(key.text)
            yield key, value

    def _check_visible(self, scalar: Scalar) -> None:
        """Note what an escape brought in: the file itself shows nothing hidden."""
        at = first_invisible(scalar.text.replace("\n", " ")) if scalar.quote else None
        if at is not None:
            line, column = place_in(self._source, scalar, at)
            sentence = f"the text holds an invisible character, U+{ord(scalar.text[at]):04X}"
            self._source.fault(line, column, sentence, "Delete it.")

    def _stop(self, event: yaml.Event, sentence: str, hint: str = "") -> NoReturn:
        mark = event.start_mark
        self._source.fault(mark.line + 1, mark.column + 1, sentence, hint)
        raise _Stop(sentence)
