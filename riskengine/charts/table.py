"""The numbers of a picture as a table, and a table as lines of plain text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of texts under headings, as they are shown.

    Attributes:
        columns: The headings.
        rows: The cells, as many a row as there are headings.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def as_list(table: Table) -> str:
    r"""Return a table as a line a row, each number beside its heading: for those who hear it or print it plain.

    >>> as_list(Table(columns=("share", "found"), rows=(("5 %", "61 %"), ("10 %", "78 %"))))
    'share 5 %; found 61 %\nshare 10 %; found 78 %'
    """
    return "\n".join(
        "; ".join(f"{head} {cell}" for head, cell in zip(table.columns, row, strict=True))
        for row in table.rows
    )
