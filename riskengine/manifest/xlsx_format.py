"""Excel workbooks to a table of text, read in a child process within limits of memory and time."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

import riskengine
from riskengine.errors import ManifestError
from riskengine.manifest.parquet_format import without_blanks
from riskengine.manifest.table import FileRemark, TextTable

if TYPE_CHECKING:
    from riskengine.manifest.plan import FileSettings

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
            format="xlsx",
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
            remarks=_remarks(said, count),
        )
    )


def _remarks(said: dict[str, Any], count: int) -> tuple[FileRemark, ...]:
    remarks: list[FileRemark] = []
    if said["merged_count"]:
        remarks.append(FileRemark(code="merged_cells", params={"count": said["merged_count"]}))
    if not count:
        remarks.append(FileRemark(code="no_records"))
    return tuple(remarks)


def _opened(data: bytes, file: str, sheet: str) -> tuple[dict[str, Any], pl.DataFrame]:
    command = [sys.executable, "-P", "-m", "riskengine.manifest.xlsx_child", file, sheet]
    paths = [str(Path(riskengine.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    try:
        child = subprocess.run(  # noqa: S603 - our own module, and arguments that no shell sees
            command,
            input=data,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired as fault:
        raise ManifestError(
            f"{file} took longer than {SECONDS} seconds to open.", remedy="Save it as CSV."
        ) from fault
    line, _, stream = child.stdout.partition(b"\n")
    if child.returncode == _REFUSED and line:
        refusal = json.loads(line)
        raise ManifestError(refusal["sentence"], remedy=refusal["remedy"])
    if child.returncode or not line:
        raise ManifestError(
            f"{file} could not be opened: its reader stopped ({child.returncode}).",
            remedy="Save the sheet as CSV, and mistrust the file.",
        )
    return json.loads(line), pl.read_ipc_stream(io.BytesIO(stream))
