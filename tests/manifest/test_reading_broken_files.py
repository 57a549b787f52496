"""What happens to files that are damaged, mislabelled or hostile: refused whole, or read with every defect named."""

import os
from pathlib import Path

import pytest

from riskengine.domain import DefectEffect
from riskengine.errors import ManifestError, MappingError
from riskengine.manifest import Reading, read_manifest

HEADER = "container_number,bill_of_lading,goods_description,gross_mass_kg\n"
GOOD = "CSQU3054383,BL1,bananas,21000\n"
OTHERS = [GOOD.replace("21000", mass) for mass in ("20000", "19000", "18000")]


@pytest.fixture
def read(tmp_path: Path):
    def read_bytes(data: bytes | str, name: str = "voyage.csv") -> Reading:
        path = tmp_path / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return read_manifest(path)

    return read_bytes


def codes(reading: Reading) -> list[str]:
    return [defect.code for defect in reading.defects]


def test_a_missing_file_is_refused_with_its_name(tmp_path: Path):
    with pytest.raises(ManifestError, match=r"no file .*nowhere\.csv") as refusal:
        read_manifest(tmp_path / "nowhere.csv")
    assert refusal.value.remedy


def test_a_folder_is_refused(tmp_path: Path):
    with pytest.raises(ManifestError, match="is a folder"):
        read_manifest(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path):
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    with pytest.raises(ManifestError, match="not a regular file"):
        read_manifest(pipe)


@pytest.mark.parametrize("data", [b"", b"\n\n \n", b"\xef\xbb\xbf"])
def test_a_file_with_nothing_in_it_is_refused(read, data: bytes):
    with pytest.raises(ManifestError):
        read(data)


def test_a_header_without_lines_is_a_manifest_without_containers_and_says_so(read):
    reading = read(HEADER)
    assert reading.manifest.containers.height == 0
    assert codes(reading) == ["no_records"]


def test_csv_under_the_name_of_a_workbook_is_read_and_the_name_is_called_wrong(read):
    reading = read(HEADER + GOOD, "voyage.xlsx")
    assert codes(reading) == ["wrong_suffix"]
    assert reading.manifest.source.format == "csv"
    assert reading.manifest.containers.height == 1


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"%PDF-1.7 ...", "PDF"),
        (b"\x1f\x8b\x08 ...", "damaged archive"),
        (b"PK\x03\x04 no zip at all", "damaged workbook"),
        (b"PAR1 no parquet at all", "damaged Parquet"),
    ],
)
def test_files_of_another_kind_are_refused_by_their_bytes(read, data: bytes, what: str):
    with pytest.raises(ManifestError, match=what):
        read(data)


def test_a_file_without_bills_and_containers_is_refused_with_its_headers(read):
    with pytest.raises(ManifestError, match="'colour', 'size'") as refusal:
        read("colour,size\nred,3\n")
    assert "mapping" in refusal.value.remedy


def test_western_text_is_read_and_the_guess_is_said(read):
    reading = read((HEADER + "CSQU3054383,BL1,café moulu,21000\n").encode("cp1252"))
    assert codes(reading) == ["encoding_guessed"]
    assert reading.manifest.goods_items["description"].to_list() == ["café moulu"]


def test_one_western_line_in_a_utf8_file_leaves_the_others_alone(read):
    data = (
        HEADER.encode()
        + "CSQU3054383,BL1,café,1\n".encode()
        + "CSQU3054383,BL1,thé,1\n".encode("cp1252")
    )
    reading = read(data)
    assert codes(reading) == ["encoding_mixed"]
    assert reading.manifest.goods_items["description"].to_list() == ["café", "thé"]


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_unicode_of_every_width_is_recognised(read, encoding: str):
    reading = read((HEADER + "CSQU3054383,BL1,café,1\n").encode(encoding))
    assert codes(reading) == []
    assert reading.manifest.goods_items["description"].to_list() == ["café"]


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_lines_may_end_in_any_way(read, end: str):
    reading = read((HEADER + GOOD + OTHERS[0]).replace("\n", end))
    assert reading.manifest.source.record_count == 2
    assert codes(reading) == []


def test_ragged_lines_are_named_and_their_containers_kept_unread(read):
    reading = read(HEADER + GOOD + "CSQU3054383,BL1\n" + "MSCU1234566,BL2,a,1,2,3\n")
    assert codes(reading) == ["too_few_fields", "too_many_fields"]
    assert [str(defect.place) for defect in reading.defects] == ["voyage.csv:3", "voyage.csv:4"]
    assert {defect.effect for defect in reading.defects} == {DefectEffect.RECORD}
    boxes = reading.manifest.containers
    assert boxes["container_number"].to_list() == ["CSQU3054383", "MSCU1234566"]
    assert boxes["is_unreadable"].to_list() == [True, True]
    assert boxes["defect_count"].to_list() == [1, 1]


def test_a_ragged_line_without_a_container_number_is_still_one_unreadable_container(read):
    reading = read(HEADER + "something,else\n")
    assert reading.manifest.containers["is_unreadable"].to_list() == [True]
    assert reading.manifest.containers["container_number"].to_list() == [None]


def test_surplus_fields_with_nothing_in_them_are_let_pass(read):
    assert codes(read(HEADER + "CSQU3054383,BL1,bananas,21000,,\n")) == []


def test_a_quote_that_is_never_closed_swallows_only_its_own_line(read):
    reading = read(HEADER + GOOD + 'MSCU1234566,BL2,"apples,1\n' + "".join(OTHERS))
    assert codes(reading) == ["unterminated_quote"]
    assert str(reading.defects[0].place) == "voyage.csv:3"
    assert reading.defects[0].container_number == "MSCU1234566"
    assert reading.manifest.goods_items.height == 4


def test_a_quote_closed_by_another_lines_quote_swallows_nothing_either(read):
    reading = read(
        HEADER + 'MSCU1234566,BL2,"apples,1\n' + GOOD + 'CSQU3054383,BL3,",",2\n' + GOOD
    )
    assert codes(reading)[0] == "unterminated_quote"
    assert reading.manifest.source.record_count == 4
    assert reading.manifest.goods_items.height == 3


def test_whole_lines_hidden_in_a_quoted_field_are_brought_to_light(read):
    reading = read(HEADER + 'CSQU3054383,BL1,"bananas\nMSCU1234566,BL2,hidden,1\n",21000\n')
    assert "MSCU1234566" in reading.manifest.containers["container_number"].to_list()


def test_a_line_break_within_quotes_is_part_of_the_field(read):
    reading = read(HEADER + 'CSQU3054383,BL1,"bananas\nfresh",21000\n' + GOOD)
    assert codes(reading) == []
    assert reading.manifest.goods_items["description"].to_list() == [
        "bananas\nfresh",
        "bananas",
    ]
    assert reading.manifest.received["line"].to_list() == [2, 4]


def test_an_inch_sign_is_no_quote(read):
    reading = read(HEADER + 'CSQU3054383,BL1,pipes 12" steel,21000\n')
    assert codes(reading) == []


def test_headers_that_stand_twice_are_refused_where_they_are_used(read):
    with pytest.raises(MappingError, match="'gross_mass_kg' heads 2 columns"):
        read("container_number,gross_mass_kg,gross_mass_kg\nCSQU3054383,1,2\n")


def test_headers_that_stand_twice_and_mean_nothing_are_only_named(read):
    reading = read("container_number,colour,colour\nCSQU3054383,1,2\n")
    assert codes(reading) == ["duplicate_header", "unmapped_columns"]


def test_of_two_headers_for_one_field_the_better_known_is_taken_and_the_other_named(read):
    reading = read("container_number,weight,gross weight\nCSQU3054383,1,2\n")
    assert codes(reading) == ["header_ambiguous", "unmapped_columns"]
    assert reading.manifest.goods_items["gross_mass_kg"].to_list() == [2.0]


def test_nul_characters_make_a_line_unreadable(read):
    reading = read(HEADER + GOOD + "MSCU1234566,BL2,app\0les,1\n")
    assert codes(reading) == ["nul_bytes"]
    assert reading.defects[0].container_number == "MSCU1234566"


def test_a_field_of_two_megabytes_is_a_defect_and_the_rest_is_read(read):
    reading = read(HEADER + f"MSCU1234566,BL2,{'x' * 2_000_000},1\n" + GOOD)
    assert codes(reading) == ["field_too_long"]
    assert len(reading.defects[0].raw or "") == 200
    assert reading.manifest.containers.height == 2


def test_a_header_in_the_middle_is_named_and_is_no_container(read):
    reading = read(HEADER + GOOD + HEADER + OTHERS[0])
    assert codes(reading) == ["header_repeated"]
    assert reading.manifest.containers.height == 1
    assert reading.manifest.received["container_id"].to_list() == [1, None, 1]


def test_what_is_no_manifest_at_all_is_quoted_briefly(read):
    with pytest.raises(ManifestError) as refusal:
        read(b"".join(b"%d\x01\x02" % number * 90 + b"," for number in range(60)) + b"\n1\n")
    assert "\\x01" in str(refusal.value)
    assert len(str(refusal.value)) < 4000


def test_blank_lines_are_counted_and_are_no_records_of_anything(read):
    reading = read(HEADER + GOOD + "\n" + ",,,\n" + "  ,, ,\n" + GOOD)
    source = reading.manifest.source
    assert (source.record_count, source.blank_count) == (5, 3)
    assert reading.manifest.received["record_number"].to_list() == [1, 5]


def test_a_last_line_cut_off_in_transfer_is_named(read):
    reading = read(HEADER + GOOD + "MSCU1234566,BL2,app")
    assert codes(reading) == ["last_record_cut"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_told_from_the_header(read, delimiter: str):
    reading = read((HEADER + GOOD).replace(",", delimiter))
    assert reading.manifest.goods_items["gross_mass_kg"].to_list() == [21000.0]


def test_excels_own_hint_of_the_delimiter_is_understood(read):
    reading = read("sep=;\n" + (HEADER + GOOD).replace(",", ";"))
    assert reading.manifest.containers.height == 1


def test_defects_of_a_kind_are_bounded_and_the_rest_is_counted(read):
    rows = (f"CSQU3054383,BL1,bananas {number},heavy\n" for number in range(10_007))
    reading = read(HEADER + "".join(rows))
    assert codes(reading).count("not_a_number") == 10_000
    rest = [defect for defect in reading.defects if defect.code == "more_defects"]
    assert [defect.params["count"] for defect in rest] == [7]
    assert reading.manifest.containers["defect_count"].to_list() == [10_007]
