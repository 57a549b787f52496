"""Standard formats to the flat table: each reader gives rows by canonical field, as a list of our own has them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from riskengine.errors import ManifestError
from riskengine.manifest.fields import FIELDS
from riskengine.manifest.plan import standard_mapping
from riskengine.manifest.table import FileRemark, TextTable, UnreadRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from riskengine.manifest.schema import Document

LONGEST_FIELD = 32_767
"""Characters; as much as a cell of a sheet can hold. A longer one makes its record unread."""

LONGEST_RAW = 20_000
"""Characters of an unread record that are kept in one piece."""

MOST_UNREAD = 100_000
"""Records of one file that are kept unread; a file with more is of another trade."""

MOST_TEXT_A_CHARACTER = 60
"""The facts of a bill are repeated on each of its rows: how far a file may grow by that."""

_ROOM = 16 << 20
_OVERLAP = 24


@dataclass(slots=True, kw_only=True)
class FlatRows:
    """The rows of one file on their way into a table.

    Attributes:
        file: Its name, for sentences.
        size: Its characters or bytes; rows may not grow far beyond it.
        remarks: What is to be said of the file as a whole.
        faults: (record_number, code) of rows that are not to be trusted.
    """

    file: str
    size: int
    remarks: list[FileRemark] = field(default_factory=list[FileRemark])
    faults: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    _numbers: list[int] = field(default_factory=list[int])
    _lines: list[int] = field(default_factory=list[int])
    _rows: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    _unread: list[UnreadRecord] = field(default_factory=list[UnreadRecord])
    _count: int = 0
    _blank: int = 0
    _written: int = 0

    @property
    def numbers(self) -> list[int]:
        """The record numbers of the rows so far."""
        return self._numbers

    @property
    def rows(self) -> list[dict[str, str]]:
        """The rows so far."""
        return self._rows

    def add(self, line: int, values: Mapping[str, str | None], *faults: str) -> None:
        """Take one row; what is None or empty is not said. A row that says nothing is blank.

        Raises:
            ManifestError: The rows together have grown far beyond the file.
        """
        row = {name: text for name, text in values.items() if text}
        self._count += 1
        if not row:
            self._blank += 1
            return
        lengths = list(map(len, row.values()))
        if max(lengths) > LONGEST_FIELD:
            self._count -= 1
            raw = " ".join(text[:LONGEST_RAW] for text in row.values())
            self.refuse(line, "field_too_long", raw, {"limit": LONGEST_FIELD})
            return
        self._written += sum(lengths)
        if self._written > _ROOM + MOST_TEXT_A_CHARACTER * self.size:
            raise ManifestError(
                f"What {self.file} repeats grows beyond {MOST_TEXT_A_CHARACTER} times its size.",
                remedy="Split it by voyage.",
            )
        self._numbers.append(self._count)
        self._lines.append(line)
        self._rows.append(row)
        self.faults.extend((self._count, code) for code in faults)

    def refuse(
        self,
        line: int,
        code: str,
        raw: str,
        params: Mapping[str, str | int | float] | None = None,
    ) -> None:
        """Keep what could not be read, in pieces that overlap by more than a container number.

        Raises:
            ManifestError: So much could not be read that the file is no manifest.
        """
        for piece in _pieces(raw):
            self._count += 1
            self._unread.append(
                UnreadRecord(
                    record_number=self._count,
                    line=line,
                    code=code,
                    fields=(piece,),
                    params=dict(params or {}),
                )
            )
        if len(self._unread) > MOST_UNREAD:
            raise ManifestError(
                f"More than {MOST_UNREAD} parts of {self.file} cannot be read.",
                remedy="Ask the sender for the file again.",
            )

    def mark_all(self, code: str, start: int = 0) -> None:
        """Mark every row from the *start*-th on as not to be trusted."""
        self.faults.extend((number, code) for number in self._numbers[start:])

    def table(
        self,
        *,
        name: str,
        title: str,
        document: Document,
        currencies: Mapping[str, tuple[str, str]] | None = None,
    ) -> TextTable:
        """Return the table.

        Args:
            name: Of the format, as ``source.format`` has it.
            title: Of the format, for sentences.
            document: What the file says of itself.
            currencies: Money in any currency, as ``standard_mapping`` has it.
        """
        columns = _ordered({key for row in self._rows for key in row})
        money = {
            field: pair for field, pair in (currencies or {}).items() if pair[0] in columns
        }
        for _, currency in money.values():
            if currency not in columns:
                columns.append(currency)
        frame = pl.DataFrame(
            [
                pl.Series("record_number", self._numbers, dtype=pl.Int64),
                pl.Series("line", self._lines, dtype=pl.Int64),
                *(
                    pl.Series(str(place), [row.get(key) for row in self._rows], dtype=pl.String)
                    for place, key in enumerate(columns)
                ),
            ]
        )
        return TextTable(
            format=name,
            columns=tuple(columns),
            frame=frame,
            unread=tuple(self._unread),
            blank_count=self._blank,
            record_count=self._count,
            remarks=tuple(self.remarks),
            line_faults=tuple(self.faults),
            mapping=standard_mapping(title, columns, money),
            document=document,
            are_columns_placed=False,
        )


def _ordered(names: Iterable[str]) -> list[str]:
    """Return canonical fields in the order of the files that we write, then the others."""
    order = {name: place for place, name in enumerate(FIELDS)}
    return sorted(names, key=lambda name: (order.get(name, len(order)), name))


def _pieces(raw: str) -> Iterator[str]:
    yield raw[:LONGEST_RAW]
    at = LONGEST_RAW
    while at < len(raw):
        start = at - _OVERLAP
        yield raw[start : start + LONGEST_RAW]
        at = start + LONGEST_RAW
