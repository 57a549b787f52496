"""A table goes out whole, and nothing a sender typed becomes a formula, a link or a command."""

from __future__ import annotations

import csv
import json
import os
import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from riskengine.errors import ExportError
from riskengine.exchange.sheets import LANE_COLOURS, spreadsheet_safe, write_sheet

FORMULAS = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\tx",
    "  =1+1",
    "\u00a0=1",
    "\u3000=1",
    "\u200b=1",
    "\ufeff=1",
    "\x00=1",
    "\u202e=1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20SUM(A1)",
    "\ufe661",
    "\u22121",
    '=HYPERLINK("http://example.org","x")',
)
HARMLESS = (
    "",
    "BANANAS = 20 KG",
    "N/M",
    "a-b",
    "x@y",
    "CSQU3054383",
    "Ñandú",
    "'quoted",
    "1+1",
)
LINKS = ("http://example.org/x", "mailto:a@example.org", "file:///etc/passwd", "internal:A1")


def texts(*cells):
    return pl.DataFrame({"goods_description": cells}, schema={"goods_description": pl.String()})


def written_excel(frame, tmp_path):
    path = tmp_path / "out.xlsx"
    write_sheet(frame, path)
    with zipfile.ZipFile(path) as parts:
        return {name: parts.read(name).decode() for name in parts.namelist()}


def read_excel(path):
    return pl.read_excel(path, has_header=True, infer_schema_length=0)


def rows_of_csv(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file, strict=True))


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_only_text_in_a_spreadsheet(tmp_path, text):
    write_sheet(texts(text), tmp_path / "out.csv")
    (_, (cell,)) = rows_of_csv(tmp_path / "out.csv")
    assert cell.startswith("'")
    parts = written_excel(texts(text), tmp_path)
    assert "<f>" not in parts["xl/worksheets/sheet1.xml"]
    assert read_excel(tmp_path / "out.xlsx")[0, 0].startswith("'")


@pytest.mark.parametrize("text", HARMLESS)
def test_a_harmless_text_is_not_touched(tmp_path, text):
    write_sheet(texts(text, "x"), tmp_path / "out.csv")
    assert rows_of_csv(tmp_path / "out.csv")[1] == [text]
    write_sheet(texts(text, "x"), tmp_path / "out.xlsx")
    assert (read_excel(tmp_path / "out.xlsx")[0, 0] or "") == text


@given(st.text(st.characters(codec="utf-8"), max_size=12))
@settings(max_examples=50, deadline=None)
def test_no_text_opens_with_a_sign_of_a_formula(text):
    (cell,) = spreadsheet_safe(texts(text)).row(0)
    assert not cell.lstrip().startswith(
        ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
    )
    assert not cell.startswith(("\t", "\r", "\n"))


@given(st.text(st.characters(codec="utf-8"), max_size=12))
@settings(max_examples=25, deadline=None)
def test_every_text_gives_a_csv_that_reads_back_and_a_sheet_that_opens(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("out")
    frame = texts(text, "last")
    expected = spreadsheet_safe(frame)["goods_description"].to_list()
    write_sheet(frame, folder / "out.csv")
    assert [cell for row in rows_of_csv(folder / "out.csv")[1:] for cell in row] == expected
    write_sheet(frame, folder / "out.xlsx")
    read = read_excel(folder / "out.xlsx")
    assert read.height == 2
    assert read[1, 0] == "last"


@pytest.mark.parametrize("link", LINKS)
def test_a_link_is_only_text_in_excel(tmp_path, link):
    parts = written_excel(texts(link), tmp_path)
    assert not any("hyperlink" in content for content in parts.values())
    assert not any("sheet1.xml.rels" in name for name in parts)
    assert f"<t>{link}</t>" in parts["xl/worksheets/sheet1.xml"]


def test_digits_that_are_text_stay_text_in_excel(tmp_path):
    """An HS code keeps its leading zero."""
    assert (
        "<t>080390</t>" in written_excel(texts("080390"), tmp_path)["xl/worksheets/sheet1.xml"]
    )


def test_numbers_are_never_touched(tmp_path):
    frame = pl.DataFrame({"temperature_set_c": [-18.5, 2.0], "rank": [-1, 2]})
    assert_frame_equal(spreadsheet_safe(frame), frame)
    write_sheet(frame, tmp_path / "out.csv")
    assert rows_of_csv(tmp_path / "out.csv")[1] == ["-18.5", "-1"]
    assert "<v>-18.5</v>" in written_excel(frame, tmp_path)["xl/worksheets/sheet1.xml"]


def test_a_number_that_excel_would_round_is_written_as_text(tmp_path):
    frame = pl.DataFrame({"n": [123456789012345678]})
    assert (
        "<t>123456789012345678</t>"
        in written_excel(frame, tmp_path)["xl/worksheets/sheet1.xml"]
    )


def test_a_header_can_be_a_formula_too(tmp_path):
    frame = pl.DataFrame({"=1+1": [1]})
    write_sheet(frame, tmp_path / "out.csv")
    assert rows_of_csv(tmp_path / "out.csv")[0] == ["'=1+1"]
    assert "<t>'=1+1</t>" in written_excel(frame, tmp_path)["xl/worksheets/sheet1.xml"]


def test_unseen_characters_are_shown():
    shown = spreadsheet_safe(
        texts("a\x00b", "\x1b[2J", "\x9b", "a\u202eb", "\uffff", "a\tb\nc")
    )
    assert shown["goods_description"].to_list() == [
        r"a\x00b",
        r"\x1b[2J",
        r"\x9b",
        r"a\u202eb",
        r"\uffff",
        "a\tb\nc",
    ]


def test_lists_are_joined_and_each_member_is_made_harmless():
    frame = pl.DataFrame(
        {"bills_of_lading": [["B1", "=B2"], [], None], "ranks": [[1, 2], [], None]}
    )
    assert spreadsheet_safe(frame).rows() == [("B1; '=B2", "1; 2"), ("", ""), (None, None)]


def test_null_stays_empty_and_is_not_zero_false_or_a_word(tmp_path):
    frame = pl.DataFrame(
        {"n": [None, 1.5], "t": [None, "x"], "b": [None, False], "d": [None, date(2026, 3, 1)]}
    )
    write_sheet(frame, tmp_path / "out.csv")
    assert rows_of_csv(tmp_path / "out.csv")[1:] == [
        ["", "", "", ""],
        ["1.5", "x", "false", "2026-03-01"],
    ]
    sheet = written_excel(frame, tmp_path)["xl/worksheets/sheet1.xml"]
    assert 'r="A2"' not in sheet
    assert 'r="A3"' in sheet


def test_texts_stay_raw_where_no_spreadsheet_looks(tmp_path):
    frame = pl.DataFrame({"bills": [["=B1"], None], "marks": ["=1\x1b", None]})
    write_sheet(frame, tmp_path / "out.parquet")
    assert_frame_equal(pl.read_parquet(tmp_path / "out.parquet"), frame)
    write_sheet(frame, tmp_path / "out.jsonl")
    lines = (tmp_path / "out.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == frame.to_dicts()


def test_every_kind_of_column_can_be_written(tmp_path):
    frame = pl.DataFrame(
        {
            "lane": pl.Series(["red", None], dtype=pl.Enum(list(LANE_COLOURS))),
            "at": [datetime(2026, 3, 1, 4, 5, 6, tzinfo=UTC), datetime(1850, 1, 1, tzinfo=UTC)],
            "on": [date(2026, 3, 1), date(1850, 1, 1)],
            "waited": [timedelta(hours=3), None],
            "price": [Decimal("1.25"), None],
            "share": [float("nan"), float("-inf")],
            "place": [{"port": "=X"}, {"port": "ECGYE"}],
            "places": [[{"port": "ECGYE"}], []],
            "nothing": [None, None],
        }
    )
    write_sheet(frame, tmp_path / "out.csv")
    assert rows_of_csv(tmp_path / "out.csv")[1][:5] == [
        "red",
        "2026-03-01 04:05:06.000000+00:00",
        "2026-03-01",
        "PT3H",
        "1.25",
    ]
    write_sheet(frame, tmp_path / "out.xlsx")
    assert read_excel(tmp_path / "out.xlsx").height == 2


def test_what_no_spreadsheet_can_show_is_refused_by_name(tmp_path):
    with pytest.raises(ExportError, match="column image holds Binary"):
        write_sheet(pl.DataFrame({"image": [b"x"]}), tmp_path / "out.csv")
    assert list(tmp_path.iterdir()) == []


def test_the_lane_has_its_colour_and_the_header_stays_in_sight(tmp_path):
    frame = pl.DataFrame({"lane": [*LANE_COLOURS], "rank": [1, 2, 3, 4]})
    parts = written_excel(frame, tmp_path)
    for colour in LANE_COLOURS.values():
        assert f"FF{colour[1:]}" in parts["xl/styles.xml"]
    assert 'state="frozen"' in parts["xl/worksheets/sheet1.xml"]
    assert '<autoFilter ref="A1:B5"/>' in parts["xl/worksheets/sheet1.xml"]


def test_a_text_longer_than_a_cell_is_cut_and_says_so(tmp_path):
    write_sheet(texts("é" * 40_000), tmp_path / "out.xlsx")
    cell = read_excel(tmp_path / "out.xlsx")[0, 0]
    assert cell == "é" * 16_000 + "… (cut from 40000 characters)"


def test_a_table_too_wide_for_excel_is_refused(tmp_path):
    wide = pl.DataFrame({f"c{n}": [0] for n in range(16_385)})
    with pytest.raises(ExportError, match="do not fit one Excel sheet"):
        write_sheet(wide, tmp_path / "out.xlsx")


def test_json_has_no_word_for_infinity(tmp_path):
    with pytest.raises(ExportError, match="numbers in share"):
        write_sheet(pl.DataFrame({"share": [1.0, float("inf"), None]}), tmp_path / "out.jsonl")


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet", ".jsonl"])
def test_the_same_table_gives_the_same_bytes_and_replaces_the_file(tmp_path, suffix):
    path = tmp_path / f"out{suffix.upper()}"
    path.write_text("older")
    frame = pl.DataFrame({"container_number": ["CSQU3054383"], "score": [0.1 + 0.2]})
    write_sheet(frame, path)
    first = path.read_bytes()
    write_sheet(frame, path)
    assert path.read_bytes() == first
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet", ".jsonl"])
@pytest.mark.parametrize(("owner", "name"), [(os, "fsync"), (Path, "replace")])
def test_a_failing_step_leaves_the_older_file_whole(tmp_path, monkeypatch, suffix, owner, name):
    path = tmp_path / f"out{suffix}"
    path.write_text("older")

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(owner, name, fail)
    with pytest.raises(ExportError, match="No space left"):
        write_sheet(texts("x"), path)
    assert path.read_text() == "older"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet", ".jsonl"])
def test_a_table_without_rows_is_written_too(tmp_path, suffix):
    write_sheet(texts(), tmp_path / f"out{suffix}")
    assert (tmp_path / f"out{suffix}").exists()


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet", ".jsonl"])
def test_a_missing_folder_is_told(tmp_path, suffix):
    with pytest.raises(ExportError, match="cannot be written"):
        write_sheet(texts("x"), tmp_path / "nowhere" / f"out{suffix}")


@pytest.mark.parametrize("name", ["out", "out.xls", "out.txt", ".csv"])
def test_another_suffix_is_answered_with_the_four(tmp_path, name):
    with pytest.raises(ExportError, match=r"\.csv, \.xlsx, \.parquet, \.jsonl"):
        write_sheet(texts("x"), tmp_path / name)
