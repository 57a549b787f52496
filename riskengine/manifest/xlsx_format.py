"""Workbooks (.xlsx, .xls, .ods) to a table of text, read in a child process within limits of memory and time."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

import riskengine
from riskengine.errors import ManifestError
from riskengine.manifest.other_workbooks import is_other
from riskengine.manifest.parquet_format import without_blanks
from riskengine.manifest.table import FileRemark, TextTable, numbered_columns
from riskengine.manifest.workbook import CELLS_A_ROW, chosen, survey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskengine.manifest.plan import FileSettings
    from riskengine.manifest.workbook import Sheet

SECONDS = 180
_REFUSED = 3


def read_xlsx(data: bytes, *, file: str, settings: FileSettings) -> TextTable:
    """Read the one sheet of a workbook that holds something, or the sheet that the mapping names.

    ``line`` is the row of the sheet. Number cells stay numbers, so that no decimal sign is guessed. A cell with
    an error (``#DIV/0!``) is a fault. Hidden rows are read like others.

    Raises:
        ManifestError: It is no workbook, asks for too much, or does not say which sheet is meant.
    """
    said, frame = _opened(data, file, settings.sheet or "")
    first_row, first_column = int(said["first_row"]), int(said["first_column"])
    header = 0 if settings.header_line is None else settings.header_line - first_row
    if not 0 <= header < frame.height:
        raise ManifestError(
            f"{file} has no row {settings.header_line} to hold the headers.",
            remedy="Count the rows as the sheet numbers them.",
        )
    texts = [column for column in frame.columns if column.startswith("t")]
    columns = tuple((frame[name][header] or "").strip() for name in texts)
    if not settings.has_header:  # what stands where headers stand is the first record
        columns, header = numbered_columns(len(columns)), header - 1
    body = frame.slice(header + 1)
    first_line = first_row + header + 1
    count = body.height
    rows = body.select(
        pl.int_range(1, count + 1, dtype=pl.Int64).alias("record_number"),
        pl.int_range(first_line, first_line + count, dtype=pl.Int64).alias("line"),
        *(pl.col(name).alias(name.removeprefix("t")) for name in texts),
    )
    faults = [
        (row - first_line + 1, column - first_column, "formula_error")
        for row, column in said["error_cells"]
        if row >= first_line and 0 <= column - first_column < len(columns)
    ]
    return without_blanks(
        TextTable(
            format=_format_of(data),
            columns=columns,
            frame=rows,
            numbers={
                int(name.removeprefix("n")): body[name]
                for name in frame.columns
                if name.startswith("n")
            },
            record_count=count,
            header_line=first_line - 1,
            cell_faults=tuple(faults),
            remarks=_remarks(said),
        )
    )


def _format_of(data: bytes) -> str:
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return "xls"
    return "ods" if is_other(data) else "xlsx"


def _remarks(said: dict[str, Any]) -> tuple[FileRemark, ...]:
    remarks: list[FileRemark] = []
    if said["merged_count"]:
        remarks.append(FileRemark(code="merged_cells", params={"count": said["merged_count"]}))
    if said["hidden_row_count"]:
        remarks.append(
            FileRemark(code="hidden_rows", params={"count": said["hidden_row_count"]})
        )
    if said["unvalued_count"]:
        remarks.append(
            FileRemark(code="formulas_unvalued", params={"count": said["unvalued_count"]})
        )
    return tuple(remarks)


def _opened(data: bytes, file: str, wanted: str) -> tuple[dict[str, Any], pl.DataFrame]:
    """Return what is said of the sheet, and its cells; the child starts while the archive is surveyed."""
    if is_other(data):
        with _child(file) as child:
            said, frame = _heard(child, {"sheet": wanted}, data, file)
        return {"merged_count": 0, "hidden_row_count": 0, "unvalued_count": 0} | said, frame
    with _child(file) as child:
        try:
            sheet = chosen(survey(data, file), wanted, file)
        except ManifestError:
            child.kill()
            raise
        asked = {
            "sheet": sheet.name,
            "rows": sheet.last_row - sheet.first_row + 1,
            "columns": sheet.last_column - sheet.first_column + 1,
            "has_errors": bool(sheet.error_cells),
        }
        _, texts = _heard(child, asked, data, file)
    said = {
        "merged_count": sheet.merged_count,
        "hidden_row_count": sheet.hidden_row_count,
        "unvalued_count": sheet.unvalued_count,
        "error_cells": sheet.error_cells,
        "first_row": sheet.first_row,
        "first_column": sheet.first_column,
    }
    return said, texts.with_columns(_numbers(sheet, texts))


def _child(file: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-m", "riskengine.manifest.xlsx_child", file]
    paths = [str(Path(riskengine.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    return subprocess.Popen(  # noqa: S603 - our own module, and arguments that no shell sees
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )


def _heard(
    child: subprocess.Popen[bytes], asked: Mapping[str, object], data: bytes, file: str
) -> tuple[dict[str, Any], pl.DataFrame]:
    try:
        told, _ = child.communicate(json.dumps(asked).encode() + b"\n" + data, timeout=SECONDS)
    except subprocess.TimeoutExpired as fault:
        child.kill()
        raise ManifestError(
            f"{file} took longer than {SECONDS} seconds to open.", remedy="Save it as CSV."
        ) from fault
    end = told.find(b"\n")
    if child.returncode == _REFUSED and end > 0:
        refusal = json.loads(told[:end])
        raise ManifestError(refusal["sentence"], remedy=refusal["remedy"])
    if child.returncode or end < 0:
        raise ManifestError(
            f"{file} could not be opened: its reader stopped ({child.returncode}).",
            remedy="Save the sheet as CSV, and mistrust the file.",
        )
    return json.loads(told[:end]), pl.read_ipc_stream(io.BytesIO(memoryview(told)[end + 1 :]))


def _numbers(sheet: Sheet, texts: pl.DataFrame) -> list[pl.Series]:
    """Keep the number cells as numbers: as text, 1.234 could be one thousand and more."""
    rows = sheet.number_cells // CELLS_A_ROW - sheet.first_row
    places = sheet.number_cells % CELLS_A_ROW - sheet.first_column
    order = np.argsort(places, kind="stable")
    rows, places = rows[order], places[order]
    numbers: list[pl.Series] = []
    for place in np.unique(places).tolist():
        first, last = np.searchsorted(places, [place, place + 1])
        is_number = np.zeros(texts.height, np.bool_)
        is_number[rows[first:last]] = True
        text = texts[f"t{place}"]
        own = pl.when(pl.Series(is_number)).then(text.cast(pl.Float64, strict=False))
        numbers.append(pl.select(own.alias(f"n{place}")).to_series())
    return numbers
