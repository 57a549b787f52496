"""Tables for people and for programs: CSV, Excel, Parquet and JSON lines, by the name's suffix.

CSV and Excel are opened by spreadsheet programs, and manifests hold whatever a sender typed: no
text may become a formula, a link or a command there. Parquet and JSON lines keep every text as it
stands.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException

from riskengine.errors import ExportError
from riskengine.ledger.durable import appears_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

LANE_COLOURS: Final = {
    "green": "#C6E7C8",
    "blue": "#C5DCF3",
    "yellow": "#FFEFA8",
    "red": "#F5B5AE",
}
"""The fill of a cell in a column ``lane``; the word stays readable without its colour."""

# The signs that open a formula, also as full-width and small forms and as the minus of typesetting.
_OPENERS: Final = (
    r"=+\-@\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}\x{FE66}\x{FE62}\x{FE63}\x{FE6B}\x{2212}"
)
_FORMULA: Final = rf"^(?:[\s\p{{Cf}}\p{{Cc}}]*[{_OPENERS}]|[\t\r\n])"
# What XML cannot hold, what moves a cursor, and what turns the reading direction round.
_UNSEEN: Final = (
    *(chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\r\n"),
    *(chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFFFE, 0xFFFF)),
)
_SHOWN: Final = tuple(
    f"\\x{ord(unseen):02x}" if ord(unseen) < 0x100 else f"\\u{ord(unseen):04x}"  # noqa: PLR2004
    for unseen in _UNSEEN
)
_EXCEL_ROWS: Final = 1_048_575  # without the header
_EXCEL_COLUMNS: Final = 16_384
_EXCEL_TEXT: Final = 16_000  # a cell holds 32,767 halves of a surrogate pair
_EXCEL_DIGITS: Final = 10**15  # beyond them a number would be rounded
_EXCEL_FIRST_DAY: Final = date(1900, 3, 1)  # before it Excel's calendar has a day too many
_WIDTHS: Final = (10, 48)


def write_sheet(frame: pl.DataFrame, path: Path) -> None:
    r"""Write a table to ``path``, in the format of its suffix, whole or not at all.

    A file of that name is replaced in one step. In ``.csv`` and ``.xlsx`` a text that a
    spreadsheet could take for a formula gets an apostrophe in front, unseen characters are shown
    as ``\x1b`` or ``\u202e``, and lists are joined by ``"; "``; numbers are never touched. In
    ``.xlsx`` a text longer than a cell is cut and says so. ``.parquet`` and ``.jsonl`` hold the
    table as it is.

    Raises:
        ExportError: The suffix is another, the table does not fit the format, or the disk refused.
    """
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise ExportError(
            f"{path.name} does not say in which format to write.",
            remedy=f"Let its name end in {', '.join(_WRITERS)}.",
        )
    try:
        with appears_whole(path) as aside:
            writer(frame, aside)
    except (
        OSError,
        pl.exceptions.PolarsError,
        XlsxWriterException,
    ) as error:
        raise ExportError(
            f"{path} cannot be written: {error}.",
            remedy="See that its folder exists, that it may be written to, and that there is room.",
        ) from error


def spreadsheet_safe(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the table with lists joined and every text, header included, harmless to open.

    >>> spreadsheet_safe(pl.DataFrame({"marks": ["=1+1", "N/M"], "mass": [-1, 2]})).rows()
    [("'=1+1", -1), ('N/M', 2)]
    """
    columns = [_column(name, dtype) for name, dtype in frame.schema.items()]
    plain = frame.select(columns)
    headers = _harmless_text(pl.Series(plain.columns, dtype=pl.String))
    return plain.rename(dict(zip(plain.columns, headers, strict=True)))


def _harmless_text(texts: pl.Series) -> list[str]:
    return texts.to_frame("text").select(_harmless(pl.col("text"))).to_series().to_list()


def _column(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.List | pl.Array):
        as_list = column.arr.to_list() if isinstance(dtype, pl.Array) else column
        inner = _text_of(pl.element(), dtype.inner, name)
        joined = as_list.list.eval(_harmless(inner)).list.join("; ", ignore_nulls=True)
        return _harmless(joined).alias(name)
    if _is_number_like(dtype):
        return column
    return _harmless(_text_of(column, dtype, name)).alias(name)


def _is_number_like(dtype: Any) -> bool:
    if isinstance(dtype, pl.Duration):
        return False
    return dtype.is_numeric() or dtype.is_temporal() or dtype in {pl.Boolean(), pl.Null()}


def _text_of(column: pl.Expr, dtype: Any, name: str) -> pl.Expr:
    if isinstance(dtype, pl.Struct):
        return column.struct.json_encode()
    if isinstance(dtype, pl.Duration):
        return column.dt.to_string("iso")
    if isinstance(dtype, pl.String | pl.Categorical | pl.Enum) or _is_number_like(dtype):
        return column.cast(pl.String)
    raise ExportError(
        f"The column {name} holds {dtype}, which a spreadsheet cannot show.",
        remedy="Write to .parquet or .jsonl instead.",
    )


def _harmless(text: pl.Expr) -> pl.Expr:
    shown = text.str.replace_many(list(_UNSEEN), list(_SHOWN))
    return (
        pl.when(text.str.contains(_FORMULA))
        .then(pl.concat_str(pl.lit("'"), shown))
        .otherwise(shown)
    )


def _write_csv(frame: pl.DataFrame, path: Path) -> None:
    spreadsheet_safe(frame).with_columns(pl.selectors.datetime().dt.to_string("iso")).write_csv(
        path
    )


def _write_excel(frame: pl.DataFrame, path: Path) -> None:
    if frame.height > _EXCEL_ROWS or frame.width > _EXCEL_COLUMNS:
        raise ExportError(
            f"{frame.height:,} rows by {frame.width:,} columns do not fit one Excel sheet.",
            remedy="Write to .csv, .parquet or .jsonl instead.",
        )
    safe = _cut(spreadsheet_safe(frame))
    options = {
        "constant_memory": True,
        "tmpdir": str(path.parent),  # where the result may be read, its parts may be too
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd hh:mm:ss",
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        # The same table gives the same bytes.
        book.set_properties({"created": datetime(2000, 1, 1, tzinfo=UTC)})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        head = book.add_format({"bold": True, "bottom": 1})
        lanes = {
            lane: book.add_format({"bg_color": colour}) for lane, colour in LANE_COLOURS.items()
        }
        sheet = book.add_worksheet("containers")
        sheet.freeze_panes(1, 0)
        for column, name in enumerate(safe.columns):
            sheet.set_column(column, column, _width(safe[name]))
        for column, name in enumerate(safe.columns):
            sheet.write_string(0, column, name, head)
        is_lane = [name == "lane" for name in safe.columns]
        for row, cells in enumerate(safe.iter_rows(), start=1):
            for column, cell in enumerate(cells):
                colour = lanes.get(str(cell)) if is_lane[column] else None
                _write_cell(sheet, (row, column), cell, colour, day)
        if safe.width:
            sheet.autofilter(0, 0, safe.height, safe.width - 1)


def _write_cell(
    sheet: Worksheet, place: tuple[int, int], cell: Any, colour: Format | None, day: Format
) -> None:
    row, column = place
    match cell:
        case None:
            return
        case bool():
            sheet.write_boolean(row, column, cell, colour)
        case int() if abs(cell) < _EXCEL_DIGITS:
            sheet.write_number(row, column, cell, colour)
        case float() if cell - cell == 0.0:  # neither infinite nor undefined
            sheet.write_number(row, column, cell, colour)
        case Decimal() if abs(cell) < _EXCEL_DIGITS:
            sheet.write_number(row, column, float(cell), colour)
        case datetime() if cell.date() >= _EXCEL_FIRST_DAY:
            in_utc = cell if cell.tzinfo is None else cell.astimezone(UTC)
            sheet.write_datetime(row, column, in_utc.replace(tzinfo=None))
        case date() if not isinstance(cell, datetime) and cell >= _EXCEL_FIRST_DAY:
            at_midnight = datetime.combine(cell, time.min)
            sheet.write_datetime(row, column, at_midnight, day)
        case _:
            sheet.write_string(row, column, str(cell), colour)


def _cut(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the table with texts that no cell can hold cut, each saying how long it was."""
    text = pl.col(pl.String)
    length = text.str.len_chars()
    told = pl.format("{}… (cut from {} characters)", text.str.head(_EXCEL_TEXT), length)
    return frame.with_columns(
        pl.when(length > _EXCEL_TEXT).then(told).otherwise(text).name.keep()
    )


def _width(cells: pl.Series) -> int:
    narrowest, widest = _WIDTHS
    longest = cells.head(1000).cast(pl.String).str.len_chars().max()
    needed = max(len(cells.name), longest if isinstance(longest, int) else 0) + 2
    return min(max(needed, narrowest), widest)


def _write_parquet(frame: pl.DataFrame, path: Path) -> None:
    frame.write_parquet(path)


def _write_json_lines(frame: pl.DataFrame, path: Path) -> None:
    floats = frame.select(pl.selectors.float())
    unsayable = [name for name in floats.columns if not floats[name].is_finite().all()]
    if unsayable:
        raise ExportError(
            f"JSON has no word for the infinite or undefined numbers in {', '.join(unsayable)}.",
            remedy="Write to .parquet instead.",
        )
    frame.write_ndjson(path)


_WRITERS: Final[dict[str, Callable[[pl.DataFrame, Path], None]]] = {
    ".csv": _write_csv,
    ".xlsx": _write_excel,
    ".parquet": _write_parquet,
    ".jsonl": _write_json_lines,
}
