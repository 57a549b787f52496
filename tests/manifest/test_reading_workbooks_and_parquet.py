"""Excel and Parquet: numbers and dates as the file holds them, hostile files refused, no row lost."""

import io
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from riskengine.domain import DefectEffect
from riskengine.errors import ManifestError
from riskengine.manifest import Reading, read_manifest
from riskengine.manifest.mapping import load_mapping

HEADERS = ["Container No", "B/L", "Gross weight (kg)", "HS Code", "ETA", "Tare"]


@pytest.fixture
def read(tmp_path: Path):
    def read_sheet(
        fill: Callable[[xlsxwriter.Workbook], None], mapping: str | None = None
    ) -> Reading:
        path = tmp_path / "voyage.xlsx"
        with xlsxwriter.Workbook(str(path)) as workbook:
            fill(workbook)
        if mapping is None:
            return read_manifest(path)
        (tmp_path / "mapping.toml").write_text(mapping, "utf-8")
        return read_manifest(path, load_mapping(tmp_path / "mapping.toml"))

    return read_sheet


def test_a_sheet_may_begin_anywhere_and_its_rows_are_named_as_the_sheet_numbers_them(read):
    def fill(workbook: xlsxwriter.Workbook) -> None:
        sheet = workbook.add_worksheet("list")
        day = workbook.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write_row(2, 1, HEADERS)
        sheet.write_row(3, 1, ["CSQU3054383", 123456789012345678, 1.234, 80390])
        sheet.write_datetime(3, 5, date(2026, 3, 4), day)
        sheet.write_row(5, 1, ["CSQU3054384", "B2", "1.234", "0803.90", 46085])
        sheet.write_formula(5, 6, "=1/0", None, "#DIV/0!")
        sheet.write_row(6, 1, ["CSQU3054384", "B2", "24.500,5", "0803.90", 46085, 2200])

    reading = read(fill)
    goods = reading.manifest.goods_items
    assert goods["gross_mass_kg"].to_list() == [1.234, 1234.0, 24500.5]
    assert reading.manifest.voyages["arrival_expected_on"].to_list() == [date(2026, 3, 4)]
    assert reading.manifest.containers["tare_mass_kg"].to_list() == [None, 2200.0]
    assert {(d.code, d.field, str(d.place)) for d in reading.defects} == {
        ("formula_error", "tare_mass_kg", "voyage.xlsx:6:6"),
        ("precision_lost", "bill_of_lading", "voyage.xlsx:4:2"),
        ("check_digit_wrong", "container_number", "voyage.xlsx:6:1"),
        ("check_digit_wrong", "container_number", "voyage.xlsx:7:1"),
        ("hs_zero_restored", "hs_code", "voyage.xlsx:4:4"),
    }
    source = reading.manifest.source
    assert (source.record_count, source.blank_count) == (4, 1)


def test_two_sheets_with_something_in_them_are_refused_until_one_is_named(read):
    def fill(workbook: xlsxwriter.Workbook) -> None:
        workbook.add_worksheet("notes").write(0, 0, "hello")
        workbook.add_worksheet("empty")
        sheet = workbook.add_worksheet("list")
        sheet.write_row(0, 0, ["Title of the list"])
        sheet.write_row(1, 0, ["Box"])
        sheet.write_row(2, 0, ["CSQU3054383"])

    with pytest.raises(ManifestError, match="'notes', 'list'"):
        read(fill)
    mapping = 'schema = 1\n[file]\nsheet = "{}"\nheader_line = 2\n[columns]\ncontainer_number = "Box"\n'
    assert read(fill, mapping.format("list")).manifest.containers.height == 1
    with pytest.raises(ManifestError, match=r"no sheet 'lists' \(did you mean 'list'\?\)"):
        read(fill, mapping.format("lists"))


def test_a_cell_in_the_far_corner_is_refused_before_it_costs_memory(read):
    def fill(workbook: xlsxwriter.Workbook) -> None:
        sheet = workbook.add_worksheet()
        sheet.write(0, 0, "Container No")
        sheet.write(1_048_575, 16_383, "x")

    with pytest.raises(ManifestError, match="far outside"):
        read(fill)


def test_formatted_but_empty_cells_and_empty_formulas_are_no_records(read):
    def fill(workbook: xlsxwriter.Workbook) -> None:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, ["Container No"])
        sheet.write_row(1, 0, ["CSQU3054383"])
        sheet.write_blank(9, 3, None, workbook.add_format({"bold": True}))
        sheet.write_formula(12, 2, '=""', None, "")

    assert read(fill).manifest.source.record_count == 1


def test_merged_cells_are_said(read):
    def fill(workbook: xlsxwriter.Workbook) -> None:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, ["Container No", "B/L"])
        sheet.write_row(1, 0, ["CSQU3054383"])
        sheet.write_row(2, 0, ["MSCU1234566"])
        sheet.merge_range(1, 1, 2, 1, "B1")

    assert [defect.code for defect in read(fill).defects] == ["merged_cells"]


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("letter.txt", b"x", "known as a container number"),
        ("xl/workbook.xml", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", "not what a workbook holds"),
        ("xl/workbook.xml", b"<workbook", "damaged workbook"),
        ("xl/workbook.xml", b" " * 30_000_000, "packed far too tightly"),
    ],
)
def test_archives_that_are_no_honest_workbooks_are_refused(
    tmp_path: Path, name: str, content: bytes, what: str
):
    path = tmp_path / "voyage.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    with pytest.raises(ManifestError, match=what):
        read_manifest(path)


def parquet(frame: pl.DataFrame | pa.Table, path: Path) -> Reading:
    pq.write_table(frame.to_arrow() if isinstance(frame, pl.DataFrame) else frame, path)
    return read_manifest(path)


def test_parquet_keeps_its_numbers_and_days(tmp_path: Path):
    frame = pl.DataFrame(
        {
            "container_number": ["CSQU3054383", None, "MSCU1234566"],
            "bill_of_lading": [10_000_000_001.0, None, None],
            "hs_code": [80390, None, 90111],
            "gross_mass_kg": [1.234, None, float("nan")],
            "issued_on": [date(2026, 3, 4), None, date(1202, 3, 4)],
            "is_full": [True, None, False],
        }
    )
    reading = parquet(frame, tmp_path / "voyage.parquet")
    manifest = reading.manifest
    assert (manifest.source.record_count, manifest.source.blank_count) == (3, 1)
    assert manifest.consignments["bill_of_lading"].to_list() == ["10000000001", None]
    assert manifest.goods_items["hs_code"].to_list() == ["080390", "090111"]
    assert manifest.goods_items["gross_mass_kg"].to_list() == [1.234, None]
    assert manifest.containers["is_full"].to_list() == [True, False]
    cells = [defect for defect in reading.defects if defect.effect is DefectEffect.CELL]
    assert {(defect.code, defect.record_number) for defect in cells} == {
        ("not_a_number", 3),
        ("date_out_of_range", 3),
    }


@pytest.mark.parametrize(
    ("table", "what"),
    [
        (
            pa.table([["a"], ["b"]], names=["container_number", "container_number"]),
            "more than one column",
        ),
        (pa.table({"container_number": [["a"]]}), "no plain values"),
        (pa.table({"container_number": [b"a"]}), "no plain values"),
    ],
)
def test_parquet_with_columns_that_are_no_columns_is_refused(
    tmp_path: Path, table: pa.Table, what: str
):
    with pytest.raises(ManifestError, match=what):
        parquet(table, tmp_path / "voyage.parquet")


def test_a_parquet_file_that_promises_millions_of_rows_is_refused_by_its_footer(tmp_path: Path):
    buffer = io.BytesIO()
    pq.write_table(pa.table({"container_number": pa.nulls(5_000_001, pa.string())}), buffer)
    (tmp_path / "voyage.parquet").write_bytes(buffer.getvalue())
    with pytest.raises(ManifestError, match="promises 5000001 rows"):
        read_manifest(tmp_path / "voyage.parquet")


def test_what_is_said_of_damage_is_one_line_with_single_stops(tmp_path: Path):
    (tmp_path / "voyage.parquet").write_bytes(b"PAR1" + b"x" * 60)
    with pytest.raises(ManifestError) as refusal:
        read_manifest(tmp_path / "voyage.parquet")
    said = str(refusal.value)
    assert "damaged Parquet" in said
    assert "\n" not in said
    assert ".." not in said


def test_a_flipped_bit_in_a_file_of_ours_is_noticed(tmp_path: Path):
    buffer = io.BytesIO()
    table = pa.table({"container_number": [f"CSQU{number:07d}" for number in range(2000)]})
    pq.write_table(table, buffer, write_page_checksum=True, use_dictionary=False)
    damaged = bytearray(buffer.getvalue())
    damaged[len(damaged) // 3] ^= 1
    (tmp_path / "voyage.parquet").write_bytes(damaged)
    with pytest.raises(ManifestError, match="damaged Parquet"):
        read_manifest(tmp_path / "voyage.parquet")
