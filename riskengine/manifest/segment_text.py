"""The text of EDIFACT and X12: characters to segments, elements and components, whatever was sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, overload

from riskengine.errors import ManifestError
from riskengine.manifest.decoding import decode
from riskengine.manifest.table import FileRemark

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LONGEST_SEGMENT = 20_000
"""Characters; the longest segment of any message has about a tenth of it."""

MOST_SEGMENTS = 1_000_000
"""In one file; the manifest of the largest ship has about a third of it."""

LONGEST_PIECE = 8 << 20
"""Characters between the ends of two segments; beyond them it is no text of segments."""

_CHARSETS = {
    "UNOC": "iso8859-1",
    "UNOD": "iso8859-2",
    "UNOE": "iso8859-5",
    "UNOF": "iso8859-7",
    "UNOG": "iso8859-3",
    "UNOH": "iso8859-4",
    "UNOI": "iso8859-6",
    "UNOJ": "iso8859-8",
    "UNOK": "iso8859-9",
    "UNOL": "iso8859-15",
    "UNOW": "utf-8",
    "UNOX": "iso2022_jp",
    "UNOY": "utf-8",
}
_FEWEST_LINES_TO_TELL = 4
_MOST_LINES_A_SEGMENT = 4
_TAG_LENGTHS = (2, 3)
_TAGS: dict[str, str] = {}  # those that were met and are sound
_MOST_TAGS = 1000
_MASK = "\0"  # is left out of every file


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """The characters that divide an interchange.

    Attributes:
        component: Between the components of an element.
        element: Between elements.
        release: Makes the next character mere text; empty where there is none.
        terminator: After each segment.
    """

    component: str = ":"
    element: str = "+"
    release: str = "?"
    terminator: str = "'"


class Segment(NamedTuple):
    """One segment, taken apart as far as it is asked.

    Attributes:
        number: Its place among the segments of the file, from 1.
        tag: Its name, upper case; empty where what stands there is no segment, and then only *raw* is filled.
        parts: What follows the tag, divided at the signs between elements.
        signs: By which it is divided.
        piece: The segment without its terminator, its released signs masked.
    """

    number: int
    tag: str
    parts: list[str]
    signs: Signs
    piece: str

    @property
    def raw(self) -> str:
        """The segment as it stands in the file, without its terminator."""
        return as_received(self.piece, self.signs)

    @property
    def elements(self) -> tuple[tuple[str, ...], ...]:
        """What follows the tag: for each element its components, without release characters."""
        return tuple([tuple(self.components(place)) for place in range(len(self.parts))])

    def components(self, element: int) -> list[str]:
        """Return the components of an element; none where the segment ends before it."""
        if len(self.parts) <= element:
            return []
        texts = self.parts[element].split(self.signs.component)
        return [_unmasked(text, self.signs) for text in texts] if _MASK in self.piece else texts

    def lines(self, element: int) -> list[str]:
        """Return the components of an element that hold something, without blanks around them."""
        parts = self.parts
        if len(parts) <= element or not parts[element]:
            return []
        text = parts[element]
        if self.signs.component not in text and _MASK not in text:
            bare = text.strip()
            return [bare] if bare else []
        return [bare for part in self.components(element) if (bare := part.strip())]

    def three(self, element: int) -> tuple[str, str, str]:
        """Return the first three components of an element, without blanks around them.

        >>> segment("DTM+132:202603080430:203", 1, Signs()).three(0)
        ('132', '202603080430', '203')
        """
        parts, mark = self.parts, self.signs.component
        text = parts[element] if len(parts) > element else ""
        if mark not in text and _MASK not in text:
            return text.strip(), "", ""
        texts = [part.strip() for part in self.components(element)]
        first, second, third, *_ = (*texts, "", "")
        return first, second, third

    def at(self, element: int, component: int = 0) -> str:
        """Return a component without blanks around it; the empty string where nothing stands.

        >>> told = segment("LOC+9+ECGYE:139:6", 1, Signs())
        >>> told.at(1), told.at(1, 1), told.at(4, 2)
        ('ECGYE', '139', '')
        """
        # Most of what is asked for and missing is missing: an exception would cost more than to look.
        parts = self.parts
        if len(parts) <= element:
            return ""
        text, mark = parts[element], self.signs.component
        if mark in text:
            texts = text.split(mark)
            text = texts[component] if len(texts) > component else ""
        elif component:
            return ""
        return (_unmasked(text, self.signs) if _MASK in text else text).strip()


class Segments(Sequence[Segment]):
    """Segments that stand one after the other, each taken apart when it is asked for.

    A file is held as text, not as a tree: a manifest of a million segments, or a hostile file made of nothing
    but separators, costs little more memory than its characters.
    """

    __slots__ = ("_numbers", "_pieces", "_signs", "_start", "_stop")

    def __init__(
        self,
        pieces: Sequence[str],
        numbers: Sequence[int],
        signs: Signs,
        span: tuple[int, int] | None = None,
    ) -> None:
        self._pieces = pieces
        self._numbers = numbers
        self._signs = signs
        self._start, self._stop = span or (0, len(pieces))

    def __len__(self) -> int:
        return self._stop - self._start

    @overload
    def __getitem__(self, index: int) -> Segment: ...

    @overload
    def __getitem__(self, index: slice) -> Segments: ...

    def __getitem__(self, index: int | slice) -> Segment | Segments:
        places = range(self._start, self._stop)[index]
        if isinstance(places, int):
            return segment(self._pieces[places], self._numbers[places], self._signs)
        if places.step == 1:
            return Segments(
                self._pieces, self._numbers, self._signs, (places.start, places.stop)
            )
        pieces = [self._pieces[place] for place in places]
        return Segments(pieces, [self._numbers[place] for place in places], self._signs)

    def __iter__(self) -> Iterator[Segment]:
        # The loop of every reader: what is plain is taken apart here, without a call for each segment.
        signs, numbers, pieces = self._signs, self._numbers, self._pieces
        element, tags, new = signs.element, _TAGS, tuple.__new__
        for place in range(self._start, self._stop):
            piece = pieces[place]
            head, *parts = piece.split(element)
            tag = tags.get(head)
            if tag is None or len(piece) > LONGEST_SEGMENT:
                yield segment(piece, numbers[place], signs)
            else:
                yield new(Segment, (numbers[place], tag, parts, signs, piece))

    def places_of(self, tags: Iterable[str]) -> list[int]:
        """Return where segments stand whose tags may be one of these: the first two letters are compared."""
        letters = {tag[:2] for tag in tags}
        letters |= {
            form for both in letters for form in (both.lower(), both.title(), both.swapcase())
        }
        letters |= {both[0].lower() + both[1] for both in letters}
        pieces = self._pieces
        return [
            place - self._start
            for place in range(self._start, self._stop)
            if pieces[place][:2] in letters
        ]

    def raw(self, start: int, stop: int) -> str:
        """Return the text of some of the segments as it was received, each with its terminator."""
        end = self._signs.terminator
        pieces = self._pieces[self._start + start : min(self._start + stop, self._stop)]
        return "".join(f"{as_received(piece, self._signs)}{end}" for piece in pieces)


def segment(piece: str, number: int, signs: Signs) -> Segment:
    """Take one of `pieces_of` apart.

    >>> segment(pieces_of("FTX+AAA+++L?'ETOILE:2'", Signs())[0], 7, Signs()).elements
    (('AAA',), ('',), ('',), ("L'ETOILE", '2'))
    """
    if len(piece) > LONGEST_SEGMENT:
        return Segment(number, "", [], signs, piece)
    head, *parts = piece.split(signs.element)
    tag = _TAGS.get(head)
    if tag is None:
        tag = head.partition(signs.component)[0].strip().upper()
        if len(tag) not in _TAG_LENGTHS or not (tag.isascii() and tag.isalnum()):
            return Segment(number, "", [], signs, piece)
        if head == tag and len(_TAGS) < _MOST_TAGS:
            _TAGS[head] = tag
    return Segment(number, tag, parts, signs, piece)


def as_received(piece: str, signs: Signs) -> str:
    """Return one of `pieces_of` as it stands in the file."""
    if _MASK not in piece:
        return piece
    for code, sign in _masks(signs):
        piece = piece.replace(code, f"{signs.release}{sign}")
    return piece


def is_open(piece: str) -> bool:
    """Tell whether a release character stands last, and what it releases is missing."""
    return piece.endswith(f"{_MASK}x")


def pieces_of(text: str, signs: Signs) -> list[str]:
    """Divide the text of an interchange at its terminators; what stands behind the last one is the last piece.

    Line ends after terminators are dropped. Lines of one and the same length are a page that was wrapped, and
    are joined; any other line end inside a segment counts as a blank. Signs that are released are masked in the
    pieces, all of the file at once, so that a piece is divided by plain splitting; NUL characters are left out.

    Raises:
        ManifestError: There are more than `MOST_SEGMENTS`.
    """
    is_lined = signs.terminator not in "\r\n"
    lines = text.count("\n") + text.count("\r") if is_lined else 0
    if max(text.count(signs.terminator), lines // _MOST_LINES_A_SEGMENT) > MOST_SEGMENTS:
        raise ManifestError(
            f"The file holds more than {MOST_SEGMENTS} segments.", remedy="Split it by voyage."
        )
    text = text.replace(_MASK, "")
    if lines:
        text = _without_line_ends(text, signs)
    if signs.release and signs.release in text:
        for code, sign in _masks(signs):
            text = text.replace(f"{signs.release}{sign}", code)
    return [piece.lstrip() for piece in text.split(signs.terminator)]


def decoded(
    data: bytes, *, syntax: str, declared: str | None, file: str
) -> tuple[str, list[FileRemark]]:
    """Decode an interchange by the character set it names, or, where that cannot be, by what fits.

    Args:
        data: The bytes of the interchange.
        syntax: The syntax identifier of its header, such as UNOC.
        declared: The encoding that a mapping file says; it is taken at its word.
        file: Its name, for sentences.

    Raises:
        ManifestError: The encoding that a mapping file says is unknown, or does not fit.
    """
    if declared is not None:
        return decode(data, file=file, declared=declared).text, []
    charset = _CHARSETS.get(syntax)
    if charset != "iso2022_jp" and data.isascii():
        return data.decode("ascii"), []
    for encoding in _tried(charset):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "iso8859-1" and any("\x80" <= char <= "\x9f" for char in set(text)):
            continue  # Windows-1252, whatever the header says: those are no characters of 8859-1
        return text, [] if encoding == charset else [_differs(syntax, encoding)]
    found = decode(data, file=file)
    remarks = list(found.remarks)
    if charset is not None:
        remarks.append(_differs(syntax, "cp1252"))
    return found.text, remarks


def _tried(charset: str | None) -> tuple[str, ...]:
    # Bytes that make sense as UTF-8 are hardly ever anything else, and senders often say UNOC of it.
    if charset is None or charset == "utf-8":
        return ("utf-8",)
    return ("iso2022_jp", "utf-8") if charset == "iso2022_jp" else ("utf-8", charset)


def _differs(syntax: str, encoding: str) -> FileRemark:
    return FileRemark(code="charset_differs", params={"declared": syntax, "encoding": encoding})


def _without_line_ends(text: str, signs: Signs) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    widths = {
        len(line) for line in lines[1:-1]
    }  # the first may stand behind something, the last is a rest
    if (
        len(lines) >= _FEWEST_LINES_TO_TELL
        and len(widths) == 1
        and len(lines[0]) <= max(widths)
    ):
        return "".join(lines)
    return text.replace(f"{signs.terminator}\n", signs.terminator).replace("\n", " ")


def _masks(signs: Signs) -> tuple[tuple[str, str], ...]:
    """Return what stands for each released sign in the pieces of a file; a release before any other is last."""
    return (
        (f"{_MASK}r", signs.release),
        (f"{_MASK}e", signs.element),
        (f"{_MASK}c", signs.component),
        (f"{_MASK}t", signs.terminator),
        (f"{_MASK}x", ""),
    )


def _unmasked(text: str, signs: Signs) -> str:
    for code, sign in _masks(signs):
        text = text.replace(code, sign)
    return text
