"""What stands around the records of a delimited text: the delimiter, the header, and lines above it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskengine.errors import ManifestError
from riskengine.manifest.csv_records import fields_of_line, is_blank
from riskengine.manifest.headers import recognise
from riskengine.manifest.table import FileRemark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskengine.manifest.csv_lines import Lines
    from riskengine.manifest.plan import FileSettings

DELIMITERS = (",", ";", "\t", "|", "^", "~", "\x1f", "\x1e")
"""What parts fields, where nothing is declared; the first of equals is taken."""

_NAMES = frozenset({"container_number", "bill_of_lading"})
_HINT = "sep="
_LINES_TO_LOOK_AT = 30
_LINES_TO_COMPARE = 20
_LONGEST_LINE_TO_LOOK_AT = 20_000
_FEWEST_KNOWN_HEADERS = 3
_MOST_HEADERS = 500
_LONGEST_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How a delimited text is laid out.

    Attributes:
        header_line: The line of the header, from 0.
        delimiter: Between fields.
        remarks: What stands above the header.
    """

    header_line: int
    delimiter: str
    remarks: tuple[FileRemark, ...] = ()


def shape_of(lines: Lines, settings: FileSettings, file: str) -> Shape:
    """Find the header and the delimiter.

    The header is the line declared, else the first that is not blank; where this one has no header that is known,
    the line among the next ones that has the most. The lines above it are named.

    Raises:
        ManifestError: There is nothing but blank lines.
    """
    start = (settings.header_line or 1) - 1
    while start < len(lines) and not _looked_at(lines, start).strip(" \t\r\n\0\ufeff"):
        start += 1
    if start >= len(lines):
        raise ManifestError(
            f"{file} holds nothing but blank lines.",
            remedy="Ask the sender for the file again.",
        )
    delimiter = settings.delimiter
    hint = _looked_at(lines, start).rstrip("\r\n")
    if hint.lower().startswith(_HINT) and len(hint) == len(_HINT) + 1:  # Excel's own hint
        start, delimiter = start + 1, delimiter or hint[-1]
        if start >= len(lines):
            raise ManifestError(
                f"{file} holds nothing but a hint of its delimiter.",
                remedy="Ask the sender for the file again.",
            )
    if settings.header_line is not None:
        return Shape(header_line=start, delimiter=delimiter or delimiter_at(lines, start))
    header = _header_line(lines, start, delimiter)
    return Shape(
        header_line=header,
        delimiter=delimiter or delimiter_at(lines, header),
        remarks=_above(lines, start, header),
    )


def known_headers(fields: Sequence[str]) -> frozenset[str]:
    """Return the canonical fields that texts name, as headers do."""
    found = (recognise(text.strip().lstrip("\ufeff")) for text in fields[:_MOST_HEADERS])
    return frozenset(known.field for known in found if known is not None)


def is_header(fields: Sequence[str]) -> bool:
    """Tell whether a record is a header: most of what stands in it names a field, and one names the box or the bill."""
    told = [text for text in fields if text.strip()]
    known = known_headers(told)
    is_known = len(known) >= max(_FEWEST_KNOWN_HEADERS, len(told) / 2)
    return is_known and bool(known & _NAMES)


def _header_line(lines: Lines, start: int, delimiter: str | None) -> int:
    first = _fields(lines, start, delimiter)
    if known_headers(first) & _NAMES:
        return start
    best, most = start, len(known_headers(first))
    for line in range(start + 1, min(start + _LINES_TO_LOOK_AT, len(lines))):
        fields = _fields(lines, line, delimiter)
        known = known_headers(fields)
        if len(known) > most and is_header(fields):
            best, most = line, len(known)
    return best


def _above(lines: Lines, start: int, header: int) -> tuple[FileRemark, ...]:
    texts = [_looked_at(lines, line).strip() for line in range(start, header)]
    told = [text for text in texts if text and not is_blank([text])]
    if not told:
        return ()
    shown = " / ".join(told)[:_LONGEST_SHOWN]
    params: dict[str, str | int | float] = {"count": len(told), "text": shown}
    return (FileRemark(code="lines_above_header", params=params, line=start + 1),)


def _fields(lines: Lines, line: int, delimiter: str | None) -> list[str]:
    text = _looked_at(lines, line)
    return fields_of_line(text, delimiter or delimiter_at(lines, line))


def delimiter_at(lines: Lines, line: int) -> str:
    """Return the delimiter by which a line is a header and the lines below it have as many fields.

    A header in which most fields are known settles it; else the lines below do, and where they say nothing
    the delimiter by which the header has the most fields.
    """
    header = _looked_at(lines, line)
    below = [
        text
        for text in (
            _looked_at(lines, after)
            for after in range(line + 1, min(line + 1 + _LINES_TO_COMPARE, len(lines)))
        )
        if text.strip()
    ]

    def fitness(delimiter: str) -> tuple[int, float, int]:
        fields = fields_of_line(header, delimiter)
        if len(fields) <= 1:
            return len(known_headers(fields)), 0.0, len(fields)
        same = sum(_count(text, delimiter) == len(fields) for text in below)
        share = same / len(below) if below else 1.0
        return len(known_headers(fields)), share, len(fields)

    return max(DELIMITERS, key=fitness)  # the first of equals


def _count(text: str, delimiter: str) -> int:
    fields = fields_of_line(text, delimiter)
    return len(fields)


def _looked_at(lines: Lines, line: int) -> str:
    """The text of a line for a look at it; of a line longer than any header, its beginning."""
    text = lines[line]
    return text[:_LONGEST_LINE_TO_LOOK_AT]
