"""The fast way through a CSV file gives what the careful way gives, on any text at all."""

import csv
import io

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from riskengine.errors import ManifestError
from riskengine.manifest import csv_fast
from riskengine.manifest.csv_format import read_csv
from riskengine.manifest.csv_lines import lines_of, survey
from riskengine.manifest.plan import FileSettings
from riskengine.manifest.table import TextTable

SCRAPS = [
    "a",
    "1.5",
    "é",
    " ",
    "\t",
    "\x1c",
    "\u00a0",
    '"',
    '""',
    '"a,b"',
    '"x ""y"" z"',
    '12" pipe',
    ",",
    ",,",
    ";",
    "\n",
    "\r",
    "\r\n",
    "\0",
    "\ufeff",
    "container_number",
    "container_number,hs_code,marks\n",
    "CSQU3054383,080390,x\n",
    '"CSQU3054383","080390","x, y"\n',
    "CSQU3054383,080390,x,,\n",
    "TOTAL,,12\n",
]
TEXTS = st.lists(st.sampled_from(SCRAPS) | st.text(max_size=3), max_size=30).map("".join)


def framed(text: str, *, is_careful: bool, delimiter: str | None = ",") -> TextTable | str:
    try:
        data = text.encode("utf-8", "replace")
        chosen = FileSettings(delimiter=delimiter)
        return read_csv(data, file="any.csv", settings=chosen, is_careful=is_careful)
    except ManifestError as fault:
        return str(fault)


def same(text: str, delimiter: str | None = ",") -> None:
    fast = framed(text, is_careful=False, delimiter=delimiter)
    careful = framed(text, is_careful=True, delimiter=delimiter)
    if isinstance(fast, str) or isinstance(careful, str):
        assert fast == careful
        return
    assert fast.frame.equals(careful.frame, null_equal=True)
    assert fast.frame.schema == careful.frame.schema
    for name in ("columns", "unread", "blank_count", "record_count", "header_line", "remarks"):
        assert getattr(fast, name) == getattr(careful, name)


@given(TEXTS)
@example(
    "container_number,hs_code,marks\n" + '"a","b""c","d"\n' * 3 + 'a,"b\nc",d\n' + "x,y,z\n"
)
@example("container_number,hs_code,marks\n" + "a,b,c,,\n" * 4 + "a,b,c,d,\n" + "a,b,c\n")
@example("container_number,hs_code,marks\r\na,b,c\r\r\n\r\na,b,c\r")
@example("\ufeffcontainer_number,hs_code,marks\n\ufeffa,b,c\n")
@example("\ufeff1.5\r\r,a,b,c\n ,,;,\n")  # three bytes of a mark, three delimiters missing
@settings(max_examples=300, deadline=None)
def test_both_ways_give_identical_tables(below: str):
    """Quotes, line ends, ragged and blank lines, NULs: whatever stands below a header."""
    same("container_number,hs_code,marks\n" + below)


@given(TEXTS, st.sampled_from([None, ";", "\t", "§", "x", " "]))
@settings(max_examples=150, deadline=None)
def test_both_ways_give_identical_tables_whatever_the_header_and_the_delimiter(
    text: str, delimiter: str | None
):
    """A header of one column, an odd one, or none at all."""
    same(text, delimiter)


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_lines_are_those_of_the_standard_library(text: str):
    """Line ends are found in the bytes where Python finds them in the text."""
    lines = lines_of(text.encode("utf-8", "replace"))
    found = [lines[line] for line in range(len(lines))]
    written = text.encode("utf-8", "replace").decode("utf-8")
    assert found == list(io.StringIO(written, newline=""))


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_a_plain_line_is_one_record_by_itself_and_adds_up(text: str):
    """What the survey calls plain, the csv module frames alone, and its bytes are all accounted for."""
    lines = lines_of(text.encode("utf-8", "replace"))
    found = survey(lines, ",")
    for line in np.flatnonzero(found.is_plain).tolist():
        [fields] = csv.reader([lines[line]], strict=True)
        length = sum(len(name.encode()) for name in fields) + len(fields) - 1
        length += int(found.dropped[line])
        assert length == int(lines.stops[line] - lines.starts[line])


@pytest.mark.parametrize("lie", ["lost", "moved", "filled"])
def test_a_parser_that_loses_a_record_or_a_cell_is_not_believed(monkeypatch, lie: str):
    text = "container_number,hs_code,marks\n" + "".join(
        f"C{10 ** (n % 7)},{n},m\n" for n in range(20)
    )
    honest = pl.read_csv

    def lying(*given, **how):
        frame = honest(*given, **how)
        if lie == "lost":
            return frame.head(-1)
        if lie == "moved":
            return frame.with_columns(pl.col("0").shift(1, fill_value="some other length"))
        return frame.with_columns(pl.lit("").alias("1"))

    monkeypatch.setattr(csv_fast.pl, "read_csv", lying)
    told = framed(text, is_careful=False)
    monkeypatch.undo()
    careful = framed(text, is_careful=True)
    assert isinstance(told, TextTable)
    assert isinstance(careful, TextTable)
    assert told.frame.equals(careful.frame)


def test_a_parser_that_gives_up_leaves_the_careful_way(monkeypatch):
    text = "container_number,hs_code\nA,1\nB,2\n"

    def refusing(*given, **how):
        raise pl.exceptions.ComputeError("no")

    monkeypatch.setattr(csv_fast.pl, "read_csv", refusing)
    told = framed(text, is_careful=False)
    assert isinstance(told, TextTable)
    assert told.frame["0"].to_list() == ["A", "B"]
