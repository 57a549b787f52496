"""The child process in which a workbook is opened: a reader that aborts takes only itself along.

Reads the workbook from stdin. Writes one line of JSON, and after it the sheet as an Arrow stream: a String
column for each column of the sheet ("t0", ...) and a Float64 column for its number cells ("n0", ...).
"""

from __future__ import annotations

import json
import sys
from difflib import get_close_matches
from typing import TYPE_CHECKING

import fastexcel
import polars as pl

from riskengine.errors import ManifestError
from riskengine.manifest.workbook import CELLS_A_ROW, Sheet, survey

if TYPE_CHECKING:
    from collections.abc import Sequence

MEMORY_BYTES = 6 << 30
SECONDS = 120


def main() -> int:
    """Read one workbook and hand it over; 0 done, 3 refused."""
    file, wanted = sys.argv[1], sys.argv[2]
    _limit()
    data = sys.stdin.buffer.read()
    try:
        sheet = _chosen(survey(data, file), wanted, file)
        frame = _frame(data, sheet, file)
    except (ManifestError, fastexcel.FastExcelError) as fault:
        is_ours = isinstance(fault, ManifestError)
        sentence = fault.sentence if is_ours else f"{file} is a damaged workbook: {fault}."
        remedy = fault.remedy if is_ours else "Open it, save it as .xlsx or CSV, and try again."
        _say({"sentence": sentence, "remedy": remedy})
        return 3
    _say(
        {
            "merged_count": sheet.merged_count,
            "error_cells": sheet.error_cells,
            "first_row": sheet.first_row,
            "first_column": sheet.first_column,
        }
    )
    frame.write_ipc_stream(sys.stdout.buffer)
    return 0


def _say(message: dict[str, object]) -> None:
    sys.stdout.buffer.write(json.dumps(message).encode() + b"\n")
    sys.stdout.buffer.flush()


def _limit() -> None:
    try:
        import resource  # noqa: PLC0415 - there is none on Windows
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _chosen(sheets: Sequence[Sheet], wanted: str, file: str) -> Sheet:
    if wanted:
        for sheet in sheets:
            if sheet.name == wanted:
                return sheet
        names = [sheet.name for sheet in sheets]
        near = get_close_matches(wanted, names, n=1)
        meant = f" (did you mean {near[0]!r}?)" if near else ""
        raise ManifestError(
            f"{file} has no sheet {wanted!r}{meant}.",
            remedy=f"Its sheets are {', '.join(map(repr, names))}.",
        )
    full = [sheet for sheet in sheets if sheet.last_row]
    if not full:
        raise ManifestError(
            f"{file} holds no values.", remedy="Ask the sender for the file again."
        )
    if len(full) > 1:
        names = ", ".join(repr(sheet.name) for sheet in full)
        raise ManifestError(
            f"{file} has more than one sheet with something in it: {names}.",
            remedy='Say which sheet in a mapping file: [file] sheet = "...".',
        )
    return full[0]


def _frame(data: bytes, sheet: Sheet, file: str) -> pl.DataFrame:
    workbook = fastexcel.read_excel(data)
    texts = workbook.load_sheet(sheet.name, header_row=None, dtypes="string").to_polars()
    texts.columns = [f"t{place}" for place in range(texts.width)]
    promised = (
        sheet.last_row - sheet.first_row + 1,
        sheet.last_column - sheet.first_column + 1,
    )
    if texts.height > promised[0] or texts.width > promised[1]:
        raise ManifestError(
            f"{file} does not say where the cells of {sheet.name!r} stand.",
            remedy="Open it, save it as .xlsx or CSV, and try again.",
        )
    if texts.shape != promised and not sheet.error_cells:
        raise ManifestError(
            f"The sheet {sheet.name!r} of {file} holds {promised[0]} rows, of which"
            f" {texts.height} can be read.",
            remedy="Save it as CSV.",
        )
    return texts.with_columns(_numbers(sheet, texts))


def _numbers(sheet: Sheet, texts: pl.DataFrame) -> list[pl.Series]:
    """Keep the number cells as numbers: as text, 1.234 could be one thousand and more."""
    cells = pl.DataFrame(
        {"cell": pl.Series(sheet.number_cells.tolist(), dtype=pl.Int64)}
    ).select(
        row=pl.col("cell") // CELLS_A_ROW - sheet.first_row,
        place=pl.col("cell") % CELLS_A_ROW - sheet.first_column,
    )
    numbers: list[pl.Series] = []
    for (place,), rows in cells.group_by("place", maintain_order=True):
        is_number = pl.int_range(0, texts.height, eager=True).is_in(rows["row"].implode())
        text = texts[f"t{place}"]
        own = pl.when(is_number).then(text.cast(pl.Float64, strict=False))
        numbers.append(pl.select(own.alias(f"n{place}")).to_series())
    return numbers


if __name__ == "__main__":
    sys.exit(main())
