"""Where the lines of a text begin and end, and which of them a machine may frame without looking twice.

Lines are counted here, byte by byte, before anything else reads the file: whoever frames it later has to
arrive at the same number of lines, and at the same length of each.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Places: TypeAlias = "NDArray[np.int64]"
Marks: TypeAlias = "NDArray[np.bool_]"

_STRIDE = 1 << 20  # bytes looked at in one go: what the nearest cache holds
_QUOTE, _RETURN, _FEED, _NUL = b'"', b"\r", b"\n", b"\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    r"""The lines of a text in UTF-8, which end at ``\n``, ``\r\n`` and ``\r`` and at nothing else.

    Attributes:
        data: The text.
        starts: Where each line begins.
        stops: Where it ends, without its line end.
        ends: Where the next one begins.
    """

    data: bytes
    starts: Places
    stops: Places
    ends: Places

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, line: int) -> str:
        """The text of a line (from 0) with its line end."""
        return self.data[self.starts[line] : self.ends[line]].decode("utf-8")

    def is_ended(self, line: int) -> bool:
        """Tell whether a line has a line end; only the last can lack it."""
        return bool(self.ends[line] > self.stops[line])


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What stands on each line, as far as framing depends on it.

    Attributes:
        is_plain: The line is a record of its own whatever stands around it: its quotes, if any, open and close
            whole fields, and nothing else in it needs judgement.
        dropped: The quotes that framing takes away from a plain line.
    """

    is_plain: Marks
    dropped: Places


def lines_of(data: bytes, begin: int = 0) -> Lines:
    r"""Find the lines of a text in UTF-8 that begins at *begin*.

    >>> list(lines_of(b"a\r\nb\rc"))
    ['a\r\n', 'b\r', 'c']
    """
    ends = _places(data, _FEED, begin) + 1
    stops = ends - 1
    if _RETURN in data:
        text = np.frombuffer(data, np.uint8)
        returns = _places(data, _RETURN, begin)
        follows = np.append(text[returns[:-1] + 1], text[returns[-1] + 1 :][:1])
        is_alone = np.ones(len(returns), bool)
        is_alone[: len(follows)] = follows != ord(_FEED)
        stops = stops - ((ends - 2 >= begin) & (text[np.maximum(ends - 2, 0)] == ord(_RETURN)))
        alone = returns[is_alone]
        ends, stops = np.append(ends, alone + 1), np.append(stops, alone)
        order = np.argsort(ends, kind="stable")
        ends, stops = ends[order], stops[order]
    last = int(ends[-1]) if len(ends) else begin
    if last < len(data):
        ends, stops = np.append(ends, len(data)), np.append(stops, len(data))
    starts = np.concatenate([np.array([begin], np.int64), ends[:-1]])[: len(ends)]
    return Lines(data=data, starts=starts, stops=stops, ends=ends)


def survey(lines: Lines, delimiter: str) -> Survey:
    """Tell which lines are plain.

    Not plain are: an empty line, a line longer than the longest field allowed, a NUL anywhere, a quote that
    does not stand at the edge of a field, or that is not closed on its line.
    """
    width = lines.stops - lines.starts
    is_plain = (width > 0) & (width <= csv.field_size_limit())
    if _NUL in lines.data:
        is_plain[_lines_at(lines, _places(lines.data, _NUL, int(lines.starts[0])))] = False
    dropped = np.zeros(len(lines), np.int64)
    if _QUOTE in lines.data:
        _survey_quotes(lines, ord(delimiter), is_plain, dropped)
    return Survey(is_plain=is_plain, dropped=dropped)


def _survey_quotes(lines: Lines, delimiter: int, is_plain: Marks, dropped: Places) -> None:
    text = np.frombuffer(lines.data, np.uint8)
    quotes = _places(lines.data, _QUOTE, int(lines.starts[0]))
    first = np.searchsorted(quotes, lines.starts)
    counts = np.diff(np.append(first, len(quotes)))
    is_plain &= counts % 2 == 0
    # Which quote of its line each one is: even ones must open a field, odd ones must close it.
    rank = np.arange(len(quotes)) - np.repeat(first, counts)
    opens = rank % 2 == 0
    is_beside = np.append(quotes[1:] == quotes[:-1] + 1, False)
    is_doubled = ~opens & is_beside
    before = text[np.maximum(quotes - 1, 0)] == delimiter
    behind = text[np.minimum(quotes + 1, len(text) - 1)] == delimiter
    at_start = quotes == np.repeat(lines.starts, counts)
    at_stop = quotes + 1 == np.repeat(lines.stops, counts)
    follows_double = np.append(False, is_doubled[:-1])
    fits = np.where(opens, before | at_start | follows_double, behind | at_stop | is_doubled)
    is_plain[_lines_at(lines, quotes[~fits])] = False
    # A pair of quotes within quotes stands for one quote; all other quotes go.
    dropped += counts
    if is_doubled.any():
        doubled = _lines_at(lines, quotes[is_doubled])
        dropped -= np.bincount(doubled, minlength=len(lines))


def _lines_at(lines: Lines, places: Places) -> Places:
    """Return the line on which each place of the text stands."""
    return np.searchsorted(lines.ends, places, side="right")


def _places(data: bytes, mark: bytes, begin: int) -> Places:
    text = np.frombuffer(data, np.uint8)
    found = [
        np.flatnonzero(text[start : start + _STRIDE] == mark[0]) + start
        for start in range(begin, len(data), _STRIDE)
    ]
    return np.concatenate(found) if found else np.empty(0, np.int64)
