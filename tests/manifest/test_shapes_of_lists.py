"""What stands around and between the lines of a list: titles, totals, other headers, bills said once, shared cells."""

from pathlib import Path

import polars as pl
import pytest

from riskengine.domain import DefectEffect
from riskengine.errors import ManifestError, MappingError
from riskengine.manifest import FieldMapping, Reading, read_manifest
from riskengine.manifest.csv_margins import is_totals
from riskengine.manifest.mapping import load_mapping
from riskengine.manifest.multi_containers import numbers_sharing
from riskengine.manifest.plan import FileSettings
from riskengine.messages import LANGUAGES, render

HEADER = "container_number,bill_of_lading,goods_description,gross_mass_kg\n"
GOOD = "CSQU3054383,BL1,bananas,21000\n"
OTHER = "MSCU1234566,BL2,apples,18000\n"


@pytest.fixture
def read(tmp_path: Path):
    def read_text(text: str | bytes, **how: object) -> Reading:
        path = tmp_path / "voyage.csv"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        settings = FileSettings(**how)  # pyright: ignore[reportArgumentType]
        reading = read_manifest(path, FieldMapping(name="a test", file=settings))
        must_be_told(reading)
        return reading

    return read_text


def must_be_told(reading: Reading) -> None:
    """Every defect has its sentence, and no record is lost."""
    for defect in reading.defects:
        for language in LANGUAGES:
            assert render(f"defect.{defect.code}", defect.params, language)
    broken = {d.record_number for d in reading.defects if d.effect is DefectEffect.RECORD}
    read = set(reading.manifest.goods_items["record_number"])
    source = reading.manifest.source
    assert source.record_count == len(read) + len(broken) + source.blank_count
    assert set(reading.manifest.received["record_number"]) == read | broken


def codes(reading: Reading) -> list[str]:
    return [defect.code for defect in reading.defects]


def boxes(reading: Reading) -> list[str | None]:
    return reading.manifest.containers["container_number"].to_list()


def test_titles_above_the_header_are_named_and_the_header_is_found(read):
    reading = read("CARGO MANIFEST, Port of X\n\nVessel:,EXAMPLE ANDES\n" + HEADER + GOOD)
    [defect] = reading.defects
    assert defect.code == "lines_above_header"
    assert defect.params["count"] == 2
    assert "EXAMPLE ANDES" in str(defect.params["text"])
    assert boxes(reading) == ["CSQU3054383"]
    assert reading.manifest.received["line"].to_list() == [5]


def test_a_first_line_that_names_boxes_or_bills_is_the_header_whatever_follows(read):
    reading = read("container_number,colour\n" + "CSQU3054383,red\n" + HEADER)
    assert reading.manifest.source.columns[:2] == ("container_number", "colour")
    assert "lines_above_header" not in codes(reading)


def test_a_file_without_known_headers_is_refused_with_its_first_line(read):
    with pytest.raises(ManifestError, match="'colour', 'size'"):
        read("colour,size\nred,3\n")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", "~", "\x1f"])
def test_the_delimiter_is_told_although_other_signs_stand_in_the_header(read, delimiter: str):
    header = delimiter.join(["Container No.", "B/L", "Description; goods, as | declared", "hs"])
    line = delimiter.join(["CSQU3054383", "BL1", "bananas", "080390"])
    text = header + "\n" + f"{line}\n" * 2
    if delimiter in header.replace(delimiter, "", 3):
        return  # the sign stands in the header's own words, which then need quotes
    reading = read(text)
    assert boxes(reading) == ["CSQU3054383"]
    assert len(reading.manifest.source.columns) == 4


def test_the_lines_below_settle_what_the_header_does_not(read):
    reading = read("Container No.|B/L, house, master\nCSQU3054383|BL1\n")
    assert len(reading.manifest.source.columns) == 2


@pytest.mark.parametrize("hint", ["sep=\t\n", "sep=#\r\n", "SEP=;\n"])
def test_excels_hint_may_name_any_sign(read, hint: str):
    sign = hint.rstrip("\r\n")[-1]
    assert boxes(read(hint + (HEADER + GOOD).replace(",", sign))) == ["CSQU3054383"]


def test_a_hint_without_anything_below_is_refused(read):
    with pytest.raises(ManifestError, match="nothing but a hint"):
        read("sep=;\n")


def test_what_has_more_columns_than_any_list_is_refused(read):
    with pytest.raises(ManifestError, match="20001 headers"):
        read("container_number" + "," * 20_000 + "\nCSQU3054383\n")


@pytest.mark.parametrize("delimiter", ["#", "§", "¬", " "])
def test_any_sign_may_be_declared(read, delimiter: str):
    reading = read((HEADER + GOOD).replace(",", delimiter), delimiter=delimiter)
    assert boxes(reading) == ["CSQU3054383"]


@pytest.mark.parametrize("encoding", ["cp850", "cp1252", "latin-1", "utf-16", "utf-8"])
def test_any_encoding_may_be_declared(read, encoding: str):
    text = HEADER + GOOD.replace("bananas", "café à la crème")
    reading = read(text.encode(encoding), encoding=encoding)
    assert reading.manifest.goods_items["description"].to_list() == ["café à la crème"]
    assert codes(reading) == []


def test_an_encoding_that_leaves_halves_of_characters_is_refused(read):
    with pytest.raises(ManifestError, match="stands for nothing"):
        read(HEADER + r"CSQU3054383,BL1,\ud800,1", encoding="raw_unicode_escape")


@pytest.mark.parametrize(
    "totals",
    [
        "TOTAL,,,39000\n",
        ",,TOTAL KG:,39.000\n",
        "Total general,2,39000\n",
        "TOTAL: 2 containers",
    ],
)
def test_a_line_of_totals_is_no_cargo_and_is_named(read, totals: str):
    reading = read(HEADER + GOOD + OTHER + totals)
    assert codes(reading) == ["totals_line"]
    assert reading.manifest.containers.height == 2
    assert reading.manifest.received["container_id"].to_list() == [1, 2, None]


def test_notes_below_the_totals_are_named_too(read):
    reading = read(HEADER + GOOD + "TOTAL,,,21000\nPrinted by A. Clerk\n")
    assert codes(reading) == ["totals_line", "line_below_totals"]
    assert boxes(reading) == ["CSQU3054383"]


def test_a_container_below_the_totals_is_still_found(read):
    reading = read(HEADER + GOOD + "TOTAL,,,21000\nMSCU1234566\n")
    assert codes(reading) == ["totals_line", "too_few_fields"]
    assert boxes(reading) == ["CSQU3054383", "MSCU1234566"]


@pytest.mark.parametrize(
    "fields",
    [
        ["Total Oil Co", "55"],
        ["TOTAL", "frozen shrimp", "55"],
        ["TOTAL", "CSQU3054383"],
        ["55", "TOTAL"],
        [],
    ],
)
def test_cargo_cannot_hide_behind_the_word_total(fields: list[str]):
    assert not is_totals(fields)


def test_another_header_in_the_middle_begins_a_list_of_its_own(read):
    second = "B/L;Gross weight (kg);Container No.;Consignee\nBL2;1500,5;MSCU1234566;ACME\n"
    reading = read(HEADER + GOOD + second)
    assert codes(reading) == ["header_changed"]
    goods = reading.manifest.goods_items
    assert boxes(reading) == ["CSQU3054383", "MSCU1234566"]
    assert goods["record_number"].to_list() == [1, 3]
    assert goods["gross_mass_kg"].to_list() == [21000, 1500.5]
    assert reading.manifest.received["line"].to_list() == [2, 3, 4]
    assert reading.manifest.parties["name"].to_list() == ["ACME"]


def test_the_columns_of_the_second_list_are_found_by_name_in_any_order(read):
    second = "gross_mass_kg,goods_description,bill_of_lading,container_number\n18000,apples,BL2,MSCU1234566\n"
    reading = read(HEADER + GOOD + second)
    assert reading.manifest.goods_items["gross_mass_kg"].to_list() == [21000, 18000]
    assert reading.manifest.source.columns == tuple(HEADER.strip().split(","))


def test_twin_columns_that_agree_are_one_column(read):
    reading = read(
        "container_number,gross_mass_kg,bill_of_lading,gross_mass_kg\n"
        "CSQU3054383,1,BL1,1\nMSCU1234566,,BL2,2\n"
    )
    assert codes(reading) == ["twin_columns"]
    assert reading.manifest.goods_items["gross_mass_kg"].to_list() == [1, 2]
    assert reading.manifest.received["text"].to_list()[1] == ["MSCU1234566", "", "BL2", "2"]


def test_twin_columns_that_contradict_each_other_are_refused_with_the_line(read):
    with pytest.raises(MappingError, match="contradict each other in line 3") as refusal:
        read("container_number,marks,marks\nCSQU3054383,a,a\nMSCU1234566,a,b\n")
    assert "(2)" in refusal.value.remedy


def test_a_mapping_may_mean_the_second_of_two_columns(tmp_path: Path):
    mapping = tmp_path / "m.toml"
    mapping.write_text(
        'schema = 1\n[columns]\ncontainer_number = "container_number"\nmarks = "marks (2)"\n'
    )
    path = tmp_path / "voyage.csv"
    path.write_text("container_number,marks,marks\nCSQU3054383,a,b\n")
    reading = read_manifest(path, load_mapping(mapping))
    assert reading.manifest.goods_items["marks"].to_list() == ["b"]
    assert codes(reading) == ["unmapped_columns"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("CSQU3054383", ()),
        ("CSQU3054383 CSQU3054383", ()),
        ("CSQU3054383 (40HC), MSCU1234566 (20GP)", ("CSQU3054383", "MSCU1234566")),
        ("csqu 305438-3\nMSCU 123456/6", ("CSQU3054383", "MSCU1234566")),
        ("CSQU3054383/MSCU12345", ("CSQU3054383", "MSCU12345")),
        ("LOOSE CARGO ON DECK, SEE LIST", ()),
    ],
)
def test_the_containers_of_a_shared_cell_are_told_apart(text: str, named: tuple[str, ...]):
    assert numbers_sharing(text) == named


def test_containers_that_share_a_cell_are_containers_of_one_bill_with_amounts_counted_once(
    read,
):
    header = "container_number,bill_of_lading,goods_description,package_count,gross_mass_kg,seal_numbers\n"
    reading = read(
        header
        + '"CSQU3054383; MSCU1234566",BL1,bananas,2160,42000,S1/S2;S3\n'.replace("S1/S2", "S1")
        + "TGHU1234561,BL2,tiles,10,9000,S4\n"
    )
    manifest = reading.manifest
    assert [
        d.container_number for d in reading.defects if d.code == "containers_share_cell"
    ] == [
        "CSQU3054383",
        "MSCU1234566",
    ]
    assert boxes(reading)[:2] == ["CSQU3054383", "MSCU1234566"]
    assert manifest.loads.rows()[:2] == [(1, 1), (2, 1)]
    assert manifest.goods_items["gross_mass_kg"].to_list() == [42000, None, 9000]
    assert manifest.goods_items["package_count"].to_list() == [2160, None, 10]
    assert manifest.goods_items["description"].to_list() == ["bananas", "bananas", "tiles"]
    assert manifest.seals["seal_number"].to_list() == ["S1", "S3", "S4"]
    assert manifest.received["container_id"].to_list() == [1, 2, 3]
    assert manifest.containers["defect_count"].to_list()[:2] == [1, 1]


def test_seals_that_are_not_one_for_each_container_stay_with_the_first(read):
    reading = read(
        "container_number,bill_of_lading,seal_numbers\n"
        '"CSQU3054383; MSCU1234566",BL1,"S1;S2;S3"\n'
    )
    seals = reading.manifest.seals
    assert seals["container_id"].to_list() == [1, 1, 1]
    assert seals["seal_number"].to_list() == ["S1", "S2", "S3"]


LIST = (
    "bill_of_lading,shipper_name,consignee_name,container_number,goods_description\n"
    "BL1,ACME,BETA,CSQU3054383,bananas\n"
    ",,,MSCU1234566,bananas\n"
    "BL2,GAMMA,DELTA,TGHU1234561,tiles\n"
    ",,,TGHU1234577,tiles\n"
)


def bills(reading: Reading) -> list[str | None]:
    goods = reading.manifest.goods_items.join(
        reading.manifest.consignments, on="consignment_id", maintain_order="left"
    )
    return goods["bill_of_lading"].to_list()


def test_a_bill_said_once_is_carried_to_the_lines_below_where_nothing_else_can_be_meant(read):
    reading = read(LIST)
    assert bills(reading) == ["BL1", "BL1", "BL2", "BL2"]
    assert reading.manifest.consignments.height == 2
    told = [d for d in reading.defects if d.code == "bills_carried_down"]
    assert [(d.params["count"], d.place.line) for d in told] == [(2, 3)]
    assert reading.manifest.received["text"].to_list()[1][0] == ""


def test_empty_boxes_at_the_end_of_a_list_are_given_no_bill(read):
    reading = read(LIST.replace(",,,MSCU1234566", "BL1,ACME,BETA,MSCU1234566"))
    assert bills(reading) == ["BL1", "BL1", "BL2", None]


def test_a_mapping_says_whether_bills_are_carried_down(read):
    assert bills(read(LIST, fill_down=False)) == ["BL1", None, "BL2", None]
    short = "bill_of_lading,container_number\nBL1,CSQU3054383\n,MSCU1234566\n"
    assert bills(read(short)) == ["BL1", None]
    assert bills(read(short, fill_down=True)) == ["BL1", "BL1"]


def test_no_bill_is_carried_past_a_line_that_could_not_be_read(read):
    reading = read(LIST.replace("BL2,GAMMA,DELTA,", "BL2,GAMMA,"), fill_down=True)
    assert bills(reading) == ["BL1", "BL1", None]


def test_a_line_without_a_bill_keeps_what_it_says_itself(read):
    reading = read(LIST.replace(",,,MSCU1234566", ",OTHER,,MSCU1234566"), fill_down=True)
    assert "conflicting_value" in codes(reading)


def test_fill_down_must_be_true_or_false(tmp_path: Path):
    mapping = tmp_path / "m.toml"
    mapping.write_text('schema = 1\n[file]\nfill_down = "yes"\n')
    with pytest.raises(MappingError, match="true or false"):
        load_mapping(mapping)
    mapping.write_text("schema = 1\n[file]\nfill_down = true\n")
    assert load_mapping(mapping).file.fill_down is True


def test_masses_of_another_list_in_another_unit_are_left_and_named(read):
    second = "bill_of_lading,Gross weight (t),container_number\nBL2,1.5,MSCU1234566\n"
    reading = read(HEADER + GOOD + second)
    assert set(codes(reading)) == {"header_changed", "header_ambiguous", "unmapped_columns"}
    assert reading.manifest.goods_items["gross_mass_kg"].to_list() == [21000, None]


def test_a_long_file_is_read_as_a_short_one(read):
    """What is read spelling by spelling, or at once, is what is read cell by cell."""
    header = "container_number,bill_of_lading,hs_code,gross_mass_kg,package_count,presented_on,port_of_loading\n"
    lines = [
        f"{number},B{n % 40},{hs},{mass},{n % 5},{day},{port}\n"
        for n in range(40)
        for number, hs, mass, day, port in [
            ("CSQU3054383", "080390", "12.5", "2026-03-04", "ECGYE"),
            ("csqu 305438-4", "80390", "1 200.75 kg", "04.03.2026", "Guayaquil"),
            ("LOOSE", "?", "heavy", "n/a", ""),
        ]
    ]
    short = read(header + "".join(lines))
    long = read(header + "".join(lines) * 10)
    for name in ("goods_items", "consignments", "containers"):
        one, other = getattr(short.manifest, name), getattr(long.manifest, name)
        columns = [name for name in one.columns if name != "defect_count"]
        assert one.select(columns).equals(other.head(one.height).select(columns)), name
    faults = [d.code for d in short.defects if d.code != "line_repeated"]
    assert set(faults) == {d.code for d in long.defects} - {"line_repeated"}
    assert isinstance(long.manifest.goods_items, pl.DataFrame)
