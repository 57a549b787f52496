"""Records of a delimited text by the million: framed at once where that is safe, one by one where not.

A parser made for speed frames the lines that are plain, and is not believed: it must arrive at as many records
as there are lines, and in each record the fields, the delimiters between them and the quotes taken away must add up
to the length of the line. A record with a field too few or too many, or cut, does not. Whatever does not add up
goes the careful way, as does every line that is not plain.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from riskengine.errors import ManifestError
from riskengine.manifest.csv_lines import Lines, survey
from riskengine.manifest.csv_records import fault_of, is_blank, params_of, record_at
from riskengine.manifest.table import UnreadRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from riskengine.manifest.csv_lines import Marks, Places, Survey

MOST_UNREAD = 100_000
"""Lines that are kept unread; what has more is no list, or read in the wrong way."""

_MOST_SURPLUS = 16
_LINES_TASTED = 50
_TEXT = pl.String()
_FIRST = b"x"  # a line of our own: a parser may take a byte order mark from the first one


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the records of a list are laid out: its headers, without blanks around them, and what parts fields."""

    names: tuple[str, ...]
    delimiter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Framed:
    """The records below a header, sorted by what became of them.

    Attributes:
        frame: ``record_number``, ``line`` and one String column for each header, named by its place.
        unread: The records that cannot be used.
        blank_count: Records with nothing in them.
        record_count: All records.
    """

    frame: pl.DataFrame
    unread: tuple[UnreadRecord, ...]
    blank_count: int
    record_count: int


@dataclass(slots=True)
class _Careful:
    """What the careful way made of the lines that it was given."""

    rows: list[list[str]] = field(default_factory=list[list[str]])
    row_lines: list[int] = field(default_factory=list[int])
    unread: list[tuple[int, str, list[str]]] = field(
        default_factory=list[tuple[int, str, list[str]]]
    )
    starts: list[int] = field(default_factory=list[int])
    blank: int = 0


def frame_records(
    lines: Lines,
    first: int,
    layout: Layout,
    *,
    stop: int | None = None,
    is_careful: bool = False,
) -> Framed:
    """Frame every record from a line on.

    Args:
        lines: The file.
        first: The line below the header, from 0.
        layout: Of the records.
        stop: The line, from 0, at which to stop; None for the end.
        is_careful: Take the careful way with every line; the outcome is the same.

    Raises:
        ManifestError: More than `MOST_UNREAD` lines cannot be read.
    """
    below = np.zeros(len(lines), bool)
    below[first:stop] = True
    careful = _Careful()
    fast, at = pl.DataFrame(), np.empty(0, np.int64)
    if is_careful or not layout.delimiter.isascii():
        _go(lines, np.flatnonzero(below), layout, careful, below)
    else:
        found = survey(lines, layout.delimiter)
        _go(lines, np.flatnonzero(below & ~found.is_plain), layout, careful, below)
        fast, at, odd = _parsed(lines, below, found, layout)
        _go(lines, odd, layout, careful, below)
    return _sorted(fast, at, careful, len(layout.names))


def _go(
    lines: Lines,
    odd: Places,
    layout: Layout,
    careful: _Careful,
    left: Marks,
) -> None:
    """Frame the records that begin on odd lines, and take every line that they cover from those left."""
    names, width, reached = layout.names, len(layout.names), 0
    are_empty = (lines.stops == lines.starts)[odd].tolist()
    for line, is_empty in zip(odd.tolist(), are_empty, strict=True):
        if line < reached:  # within the record before
            continue
        if is_empty:
            left[line] = False
            careful.starts.append(line)
            careful.blank += 1
            continue
        record = record_at(lines, line, layout.delimiter, width)
        reached = record.next_line
        left[line:reached] = False
        careful.starts.append(line)
        fields = record.fields
        if record.code is None and is_blank(fields):
            careful.blank += 1
            continue
        if len(fields) > width and is_blank(fields[width:]):
            del fields[width:]
        is_cut = line == len(lines) - 1 and not lines.is_ended(line)
        code = record.code or fault_of(fields, names, is_cut=is_cut)
        if code is None:
            careful.rows.append(fields)
            careful.row_lines.append(line)
        else:
            careful.unread.append((line, code, fields))
            if len(careful.unread) > MOST_UNREAD:
                raise ManifestError(
                    f"More than {MOST_UNREAD} lines of the list cannot be read.",
                    remedy="Say its delimiter and the line of its headers in a mapping file, or ask the sender"
                    " for it again.",
                )


def _parsed(
    lines: Lines, wanted: Marks, found: Survey, layout: Layout
) -> tuple[pl.DataFrame, Places, Places]:
    """Parse the lines wanted; return the fields, the lines they stand on, and the lines that must be judged again."""
    names, at = layout.names, np.flatnonzero(wanted)
    nothing = pl.DataFrame(schema={str(place): _TEXT for place in range(len(names))})
    if not len(at):
        return nothing, at, at
    width = len(names) + _surplus(lines, at, layout)
    is_begun_plain = bool(found.is_plain[: at[0]].all())
    text, skipped = _text_of(lines, wanted, at, is_begun_plain=is_begun_plain)
    try:
        frame = pl.read_csv(
            text,
            has_header=False,
            schema={str(place): _TEXT for place in range(width)},
            separator=layout.delimiter,
            quote_char='"' if found.dropped.any() else None,
            empty_string_is_null=False,
            extra_columns="ignore",  # the lengths tell of each one
            missing_columns="insert",
        ).slice(skipped)
    except pl.exceptions.PolarsError:  # it knows better than we do: then it shall not be asked
        return nothing, at[:0], at
    if frame.height != len(at):
        return nothing, at[:0], at
    # Every byte of a line is a field's, a delimiter, or a quote that was taken away.
    lengths = (lines.stops - lines.starts - found.dropped)[at] - (width - 1)
    sums = frame.select(pl.sum_horizontal(pl.all().str.len_bytes().cast(pl.Int64))).to_series()
    is_odd = (sums.to_numpy() != lengths) | _is_judged(frame, names)
    odd = at[is_odd]
    frame = frame.select(nothing.columns)
    if len(odd):
        frame, at = frame.filter(pl.Series(~is_odd)), at[~is_odd]
    return frame, at, odd


def _surplus(lines: Lines, at: Places, layout: Layout) -> int:
    """Return how many fields the first lines have more than the header: exports end lines with delimiters."""
    width = len(layout.names)
    tasted = [
        record_at(lines, line, layout.delimiter, width) for line in at[:_LINES_TASTED].tolist()
    ]
    most = max((len(record.fields) for record in tasted), default=width)
    return min(max(most - width, 0), _MOST_SURPLUS)


def _text_of(
    lines: Lines, wanted: Marks, at: Places, *, is_begun_plain: bool
) -> tuple[bytes, int]:
    r"""Return the lines wanted as one text, each ended by ``\n``, and how many stand in front of them."""
    first = int(at[0])
    is_all = len(at) == len(lines) - first
    if is_all and b"\r" not in lines.data and first <= _LINES_TASTED and is_begun_plain:
        # A copy of a large file costs more than a few lines that are read and let go.
        return lines.data, first
    edges = np.flatnonzero(np.diff(np.concatenate([[0], wanted.astype(np.int8), [0]])))
    runs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    text = b"\n".join(
        [
            _FIRST,
            *(
                lines.data[int(lines.starts[start]) : int(lines.stops[stop - 1])]
                for start, stop in runs
            ),
        ]
    )
    return (text.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in text else text), 1


def _is_judged(frame: pl.DataFrame, names: Sequence[str]) -> Marks:
    """Tell which records are blank, repeat the header or have a surplus: these are judged one by one."""
    judged = np.zeros(frame.height, bool)
    judged[alike(frame, ["" for _ in frame.columns])] = True
    judged[alike(frame, names)] = True
    for place in range(len(names), frame.width):
        judged |= (frame[str(place)].str.strip_chars(_blanks()) != "").to_numpy()
    return judged


def alike(frame: pl.DataFrame, texts: Sequence[str]) -> Places:
    """Return which records hold these texts in their first columns, with or without blanks around them."""
    rows = np.arange(frame.height)
    for place, text in enumerate(texts):
        held = frame[str(place)] if place == 0 else frame[str(place)].gather(rows)
        rows = rows[(held.str.strip_chars(_blanks()) == text).to_numpy()]
        if not len(rows):
            break
    return rows


@cache
def _blanks() -> str:
    """What Python calls blank, so that both ways mean the same by it."""
    return "".join(char for char in map(chr, range(sys.maxunicode + 1)) if char.isspace())


def _sorted(fast: pl.DataFrame, at: Places, careful: _Careful, width: int) -> Framed:
    """Bring the records of both ways into the order of the file, and number them."""
    starts = np.concatenate([at, np.array(careful.starts, np.int64)])
    starts.sort()
    rows = pl.DataFrame(
        [
            pl.Series(str(place), list(values), dtype=_TEXT)
            for place, values in enumerate(_columns(careful.rows, width))
        ]
    )
    row_lines = np.array(careful.row_lines, np.int64)
    frame, row_at = fast, at
    if rows.height:
        frame = pl.concat([fast, rows]) if fast.height else rows
        row_at = np.concatenate([at, row_lines]) if fast.height else row_lines
        order = np.argsort(row_at, kind="stable")
        frame, row_at = frame[pl.Series(order)], row_at[order]
    elif not fast.width:
        frame = rows
    numbers = np.searchsorted(starts, row_at) + 1
    unread = tuple(
        UnreadRecord(
            record_number=int(np.searchsorted(starts, line)) + 1,
            line=line + 1,
            code=code,
            fields=tuple(fields),
            params=params_of(code, len(fields), width),
        )
        for line, code, fields in sorted(careful.unread, key=lambda record: record[0])
    )
    return Framed(
        frame=pl.DataFrame(
            [
                pl.Series("record_number", numbers, dtype=pl.Int64),
                pl.Series("line", row_at + 1, dtype=pl.Int64),
                *frame.get_columns(),
            ]
        ),
        unread=unread,
        blank_count=careful.blank,
        record_count=len(starts),
    )


def _columns(rows: list[list[str]], width: int) -> Iterable[Iterable[str]]:
    return zip(*rows, strict=True) if rows else ([] for _ in range(width))
