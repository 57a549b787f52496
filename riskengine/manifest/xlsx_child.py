"""The child process in which a workbook is opened: a reader that aborts takes only itself along.

Reads from stdin one line of JSON, which says what the survey of the archive found, and the workbook. Writes one line of JSON,
and after it the sheet as an Arrow stream: a String column for each column of the sheet ("t0", ...). Where the
workbook is of a kind that cannot be surveyed, it also writes a Float64 column for each column of numbers ("n0", ...).
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import fastexcel

from riskengine.errors import ManifestError
from riskengine.manifest import other_workbooks
from riskengine.manifest.workbook import chosen

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

MEMORY_BYTES = 6 << 30
SECONDS = 120
_BYTES_ALLOWED = 64 << 20
_MOST_RATIO = 100  # texts of the list to bytes of the workbook; lists have ten to thirty


def main() -> int:
    """Read one workbook and hand it over; 0 done, 3 refused."""
    file = sys.argv[1]
    asked = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read()
    _limit(other_workbooks.MEMORY_BYTES if other_workbooks.is_other(data) else MEMORY_BYTES)
    try:
        frame, said = _read(data, asked, file)
    except (ManifestError, fastexcel.FastExcelError) as fault:
        is_ours = isinstance(fault, ManifestError)
        said = " ".join(str(fault).partition("Context:")[0].split()).rstrip(" .")
        sentence = fault.sentence if is_ours else f"{file} is a damaged workbook: {said}."
        remedy = fault.remedy if is_ours else "Open it, save it as .xlsx or CSV, and try again."
        _say({"sentence": sentence, "remedy": remedy})
        return 3
    _say(said)
    frame.write_ipc_stream(sys.stdout.buffer)
    return 0


def _read(
    data: bytes, asked: Mapping[str, Any], file: str
) -> tuple[pl.DataFrame, dict[str, object]]:
    if not other_workbooks.is_other(data):
        return _frame(data, asked, file), {}
    other = chosen(other_workbooks.sheets_of(data, file), str(asked["sheet"]), file)
    return other.frame, {
        "error_cells": other.error_cells,
        "first_row": other.first_row,
        "first_column": other.first_column,
    }


def _say(message: dict[str, object]) -> None:
    sys.stdout.buffer.write(json.dumps(message).encode() + b"\n")
    sys.stdout.buffer.flush()


def _limit(memory_bytes: int) -> None:
    try:
        import resource  # noqa: PLC0415 - there is none on Windows
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _frame(data: bytes, asked: Mapping[str, Any], file: str) -> pl.DataFrame:
    name, rows, columns = asked["sheet"], int(asked["rows"]), int(asked["columns"])
    workbook = fastexcel.read_excel(data)
    texts = workbook.load_sheet(name, header_row=None, dtypes="string").to_polars()
    texts.columns = [f"t{place}" for place in range(texts.width)]
    if texts.height > rows or texts.width > columns:
        raise ManifestError(
            f"{file} does not say where the cells of {name!r} stand.",
            remedy="Open it, save it as .xlsx or CSV, and try again.",
        )
    if texts.shape != (rows, columns) and not asked["has_errors"]:
        raise ManifestError(
            f"The sheet {name!r} of {file} holds {rows} rows, of which"
            f" {texts.height} can be read.",
            remedy="Save it as CSV.",
        )
    if texts.estimated_size() > max(_BYTES_ALLOWED, _MOST_RATIO * len(data)):
        raise ManifestError(
            f"{file} unpacks to far more than a list holds.",
            remedy="Save the list as CSV, and mistrust the file.",
        )
    return texts


if __name__ == "__main__":
    sys.exit(main())
