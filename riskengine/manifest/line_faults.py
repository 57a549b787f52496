"""Faults of whole lines that were read: a line that names nothing, and a line that stands twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from riskengine.manifest.typed import FAULTS

if TYPE_CHECKING:
    from riskengine.manifest.table import TextTable
    from riskengine.manifest.typed import TypedRecords

_NAMES = ("container_number", "bill_of_lading")


def unnamed_lines(typed: TypedRecords) -> pl.DataFrame:
    """Return a fault for each line with neither container number nor bill of lading, in `FAULTS`.

    Such a line is kept as a lot of loose cargo, but nobody could ask for it by name. A line whose number
    was there and could not be read is left out: it has a fault of its own already.
    """
    misread = typed.faults.filter(pl.col("field").is_in(_NAMES))
    lines = typed.frame.filter(
        pl.all_horizontal(pl.col(name).is_null() for name in _NAMES)
        & ~pl.col("is_unreadable").fill_null(value=False)
    )
    lines = lines.join(misread, on="record_number", how="anti", maintain_order="left")
    return _faults(lines, "nothing_names_it", pl.lit(None, pl.String))


def marked_lines(table: TextTable) -> pl.DataFrame:
    """Return a fault for each line that its reader read and does not trust, in `FAULTS`."""
    if not table.line_faults:
        return pl.DataFrame(schema=FAULTS)
    marked = pl.DataFrame(
        table.line_faults,
        schema={"record_number": pl.Int64(), "code": pl.String()},
        orient="row",
    ).join(
        table.frame.select("record_number", "line").unique("record_number", keep="first"),
        on="record_number",
        how="left",
        maintain_order="left",
    )
    nothing = pl.lit(None, pl.String)
    return marked.select(
        record_number="record_number",
        line="line",
        column=pl.lit(None, pl.Int64),
        field=nothing,
        code="code",
        raw=nothing,
        kept=nothing,
    )


def repeated_lines(table: TextTable) -> pl.DataFrame:
    """Return a fault for each line that repeats an earlier one in every field, in `FAULTS`.

    Both lines are kept, for two lots may be alike in all that is declared of them; but if one line was
    sent twice, its mass and value count double. ``kept`` is the line that it repeats.
    """
    texts = [str(place) for place in range(len(table.columns))]
    if not texts:
        return pl.DataFrame(schema=FAULTS)
    # Only lines whose hash is met again are compared text by text: in most files there are none.
    is_met_again = table.frame.select(texts).hash_rows().is_duplicated()
    lines = table.frame.filter(is_met_again).with_columns(
        first=pl.col("line").first().over(texts)
    )
    repeats = lines.filter(pl.col("line") != pl.col("first"))
    return _faults(repeats, "line_repeated", pl.col("first").cast(pl.String))


def _faults(lines: pl.DataFrame, code: str, kept: pl.Expr) -> pl.DataFrame:
    nothing = pl.lit(None, pl.String)
    return lines.select(
        record_number="record_number",
        line="line",
        column=pl.lit(None, pl.Int64),
        field=nothing,
        code=pl.lit(code),
        raw=nothing,
        kept=kept,
    )
