"""The rows that an XML manifest gives, while they are gathered."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from riskengine.errors import ManifestError
from riskengine.manifest.fields import FIELDS
from riskengine.manifest.plan import standard_mapping
from riskengine.manifest.table import FileRemark, TextTable, UnreadRecord
from riskengine.manifest.xml_units import Broken

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from riskengine.manifest.schema import Document
    from riskengine.manifest.xml_bill import Bill
    from riskengine.manifest.xml_prolog import XmlSource

LONGEST_TEXT = 100_000
"""Characters of one element; a longer one is no name, no address and no description."""

LONGEST_RAW = 20_000
"""Characters that are kept of one part that could not be read; a longer part is kept in several."""

MOST_UNREAD = 100_000

MONEY = {
    "freight_amount_usd": ("freight_amount", "freight_currency"),
    "declared_value_usd": ("declared_value", "declared_value_currency"),
}
"""What comes in any currency: the canonical field with the columns of its amount and its currency."""

_TAGS_SHOWN = 30
_TAGS_KEPT = 1000
_LONGEST_NUMBER = 20  # a container number, however it is spaced
_ALWAYS_ALLOWED = 32 << 20
_TIMES_THE_FILE = 16
_ISO_DAY = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:[T ].*|Z|[+-]\d{2}:?\d{2})?")


@dataclass(slots=True)
class Sheet:
    """The rows of one XML manifest.

    Attributes:
        source: The document.
        format: The name of the format.
        numbers: The record number of each row.
        lines: The line of each row.
        columns: The texts of the rows by canonical field.
        unread: What could not be read.
        faults: The record numbers of rows that are not to be trusted, each with the code.
        remarks: What is to be said of the file as a whole.
        unused: Elements that have no place in the canonical frames, counted by name.
        undivided: Bills that give something for several containers together, in their order.
        unequal: Bills whose containers do not add up to what the bill says.
    """

    source: XmlSource
    format: str
    numbers: list[int] = field(default_factory=list[int])
    lines: list[int] = field(default_factory=list[int])
    columns: dict[str, list[str | None]] = field(default_factory=dict[str, "list[str | None]"])
    unread: list[UnreadRecord] = field(default_factory=list[UnreadRecord])
    faults: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    remarks: list[FileRemark] = field(default_factory=list[FileRemark])
    unused: Counter[str] = field(default_factory=Counter[str])
    undivided: list[str] = field(default_factory=list[str])
    unequal: list[str] = field(default_factory=list[str])
    _strays: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    _count: int = 0
    _size: int = 0

    def forget(self) -> None:
        """Forget everything that was gathered: the document is read again in another way."""
        self.numbers, self.lines, self.columns = [], [], {}
        self.unread, self.faults, self.remarks = [], [], []
        self.unused, self.undivided, self.unequal = Counter(), [], []
        self._strays = []
        self._count = self._size = 0

    def add(self, line: int, row: dict[str, str]) -> int:
        """Add a row, and return its record number.

        Raises:
            ManifestError: The rows would hold many times what the document does.
        """
        self._count += 1
        self._hold(sum(map(len, row.values())))
        for name in row.keys() - self.columns.keys():
            self.columns[name] = [None] * len(self.numbers)
        for name, texts in self.columns.items():
            texts.append(row.get(name))
        self.numbers.append(self._count)
        self.lines.append(line)
        return self._count

    def add_bill(
        self,
        bill: Bill,
        rows: Iterable[tuple[int, dict[str, str]]],
        miscount: tuple[str, str] | None = None,
    ) -> None:
        """Add the rows of a bill, with the faults of the bill on each.

        Args:
            bill: The bill.
            rows: Its rows.
            miscount: The element that counts its containers wrongly, and what it states.

        Raises:
            ManifestError: The rows would hold many times what the document does.
        """
        parts = [bill.own, *bill.boxes, *bill.goods]
        codes: list[str] = []
        if any(part.is_contradictory for part in parts):
            codes.append("xml_element_repeated")
        if any(part.is_container_unclear for part in parts):
            codes.append("xml_container_text")
        if miscount is not None:
            codes.append("control_count_wrong")
            self.note_total(*miscount, str(len(bill.boxes)), bill.own.line)
        for line, row in rows:
            record = self.add(line, row)
            self.faults += [(record, code) for code in codes]

    def add_stray(self, line: int, text: str) -> None:
        """Keep a container that is named outside any bill."""
        self._strays.append((line, text))

    def fault_all(self, code: str) -> None:
        """Say of every row that it is not to be trusted."""
        self.faults += [(record, code) for record in self.numbers]

    def note_total(self, total: str, stated: str, found: str, line: int) -> None:
        """Say that a total of the document is not what it holds."""
        params = {"total": total, "stated": stated, "found": found}
        self.remarks.append(FileRemark(code="xml_total_wrong", params=params, line=line))

    def _hold(self, size: int) -> None:
        self._size += size
        if self._size > _ALWAYS_ALLOWED + _TIMES_THE_FILE * len(self.source.content):
            raise ManifestError(
                f"{self.source.file} repeats so much for each container that it could not be held.",
                remedy="Mistrust the sender, or split the manifest.",
            )

    def add_unread(self, broken: Broken, **params: int) -> None:
        """Add what could not be read; a long part in several, so that none of it is lost.

        Raises:
            ManifestError: So much could not be read that the file is no manifest.
        """
        for piece in _pieces(broken.text):
            self._count += 1
            self.unread.append(
                UnreadRecord(
                    record_number=self._count,
                    line=broken.line,
                    code=broken.code,
                    fields=(piece,),
                    params=dict(params),
                )
            )
        if len(self.unread) > MOST_UNREAD:
            raise ManifestError(
                f"More than {MOST_UNREAD} parts of {self.source.file} cannot be read.",
                remedy="Ask the sender for the file again.",
            )

    def note_unused(self, tag: str) -> None:
        """Count an element that has no place in the canonical frames."""
        name = tag.rpartition("}")[2]
        if name in self.unused or len(self.unused) < _TAGS_KEPT:
            self.unused[name] += 1
        else:
            self.unused["..."] += 1

    def table(self, header: Mapping[str, str], document: Document) -> TextTable:
        """Return the rows as a table, the facts of the voyage on each.

        Args:
            header: What the document says once for all its bills, by canonical field.
            document: What the document says of itself.

        Raises:
            ManifestError: The rows would hold many times what the document does.
        """
        self._hold(sum(map(len, header.values())) * len(self.numbers))
        known = set(self.columns.get("container_number", ()))
        for line, text in self._strays:
            if text not in known:
                self.add_unread(Broken(line=line, code="xml_container_astray", text=text))
        present = self.columns.keys() | header.keys()
        for amount, currency in MONEY.values():
            if {amount, currency} & present:
                present |= {amount, currency}
        columns = [name for name in FIELDS if name in present]
        columns += sorted(present - set(columns))
        texts = [
            pl.Series(str(place), self._texts(name, header.get(name)), dtype=pl.String)
            for place, name in enumerate(columns)
        ]
        numbers = pl.Series("record_number", self.numbers, dtype=pl.Int64)
        lines = pl.Series("line", self.lines, dtype=pl.Int64)
        title = f"the standard columns of {self.format}"
        return TextTable(
            format=self.format,
            columns=tuple(columns),
            frame=pl.DataFrame([numbers, lines, *texts]),
            unread=tuple(self.unread),
            record_count=self._count,
            remarks=(*self.source.remarks, *self.remarks, *self._counted()),
            line_faults=tuple(dict.fromkeys(self.faults)),
            mapping=standard_mapping(title, columns, MONEY),
            document=document,
            are_columns_placed=False,
        )

    def _texts(self, name: str, of_all: str | None) -> list[str | None]:
        texts = self.columns.get(name)
        if texts is None:
            return [of_all] * len(self.numbers)
        return [of_all if text is None else text for text in texts]

    def _counted(self) -> Iterable[FileRemark]:
        for code, bills in (
            ("bill_totals_undivided", self.undivided),
            ("bill_totals_unequal", self.unequal),
        ):
            if bills:
                params = {"count": len(bills), "bill": bills[0]}
                yield FileRemark(code=code, params=params)
        if self.unused:
            shown = list(self.unused)[:_TAGS_SHOWN]
            more = ["..."] if len(self.unused) > _TAGS_SHOWN else []
            count = sum(self.unused.values())
            yield FileRemark(
                code="unmapped_segments",
                params={"count": count, "tags": ", ".join([*shown, *more])},
            )
        if not self._count:
            yield FileRemark(code="no_records")


def as_day(text: str) -> str:
    """Return a day of XML without its time and zone; what is no such day as it was received.

    >>> as_day("2026-03-08+01:00"), as_day("20260308"), as_day("08/03/2026")
    ('2026-03-08', '2026-03-08', '08/03/2026')
    """
    found = _ISO_DAY.fullmatch(text)
    return f"{found[1]}-{found[2]}-{found[3]}" if found else text


def as_instant(day: str, time: str) -> str:
    """Return a day and a time of day as one instant, or both as they were received.

    >>> as_instant("2026-03-08", "0430"), as_instant("2026-03-08", "04:30:00Z")
    ('2026-03-08T04:30', '2026-03-08T04:30:00Z')
    """
    if time.isdecimal() and len(time) in {4, 6}:
        time = ":".join(time[at : at + 2] for at in range(0, len(time), 2))
    return f"{day}T{time}"


def _pieces(text: str) -> list[str]:
    """Cut a long text where a blank or a tag stands; each piece begins a little before the last one ends."""
    pieces: list[str] = []
    start = 0
    while len(text) - start > LONGEST_RAW:
        cut = _sign_before(text, start, start + LONGEST_RAW)
        pieces.append(text[start:cut])
        start = _sign_before(text, start, cut - _LONGEST_NUMBER)
    return [*pieces, text[start:]]


def _sign_before(text: str, start: int, at: int) -> int:
    found = max(text.rfind(sign, start + LONGEST_RAW // 2, at) for sign in " \n<>")
    return found if found > 0 else at
