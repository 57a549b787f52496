"""BAPLIE stow plans: every box with its cell, whole, broken and mangled."""

import re
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.errors import ManifestError
from riskengine.manifest import Reading, baplie, read_manifest
from riskengine.manifest.assemble import container_numbers_in
from riskengine.manifest.edifact_format import read_edifact
from riskengine.manifest.plan import FileSettings
from riskengine.manifest.write import flat_list
from riskengine.messages import LANGUAGES, has, render

SAMPLES = Path(__file__).parents[2] / "sample_manifests"
HEAD = [
    "BGM++PLAN1+9",
    "TDT+20+609E+++XOCN:172:20+++1234567:146:11:EXAMPLE ANDES",
    "LOC+5+ESALG:139:6",
    "LOC+61+BEANR:139:6",
]
BOX = ["LOC+147+0410604::5", "LOC+9+ECGYE", "LOC+11+BEANR", "EQD+CN+XOCU6435280+45R1+++5"]
OTHER = ["LOC+147+0410606::5", "LOC+9+ECPSJ", "LOC+11+NLRTM", "EQD+CN+XOCU7285184+22G1+++4"]


def interchange(*segments: str, kind: str = "BAPLIE:D:95B:UN:SMDG22") -> str:
    body = [f"UNH+1+{kind}", *segments, f"UNT+{len(segments) + 2}+1"]
    whole = ["UNB+UNOA:2+XOCN+BEPORT+260304:2215+77", *body, "UNZ+1+77"]
    return "".join(f"{segment}'\n" for segment in whole)


def reading_of(text: str) -> Reading:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.edi"
        path.write_text(text, "utf-8")
        return read_manifest(path)


def boxes_of(*segments: str) -> list[dict[str, object]]:
    return flat_list(reading_of(interchange(*HEAD, *segments)).manifest).to_dicts()


def codes_of(reading: Reading) -> set[str]:
    return {defect.code for defect in reading.defects}


def first_of_each_box(frame: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    boxes = frame.filter(pl.col("container_number").is_not_null())
    return (
        boxes.unique("container_number", keep="first", maintain_order=True)
        .select(columns)
        .sort("container_number")
    )


@pytest.mark.parametrize("name", ["voyage.baplie22.edi", "voyage.baplie31.edi"])
def test_the_sample_plan_says_of_each_box_what_the_list_says(name: str):
    whole = flat_list(read_manifest(SAMPLES / "voyage.csv").manifest)
    reading = read_manifest(SAMPLES / name)
    told = flat_list(reading.manifest)
    assert set(told.columns) <= baplie.CARRIES | {"bill_of_lading"}
    # A plan has dummies for bills.
    columns = [c for c in whole.columns if c in baplie.CARRIES and c != "bill_of_lading"]
    assert first_of_each_box(told, columns).equals(first_of_each_box(whole, columns))
    assert codes_of(reading) == {"check_digit_wrong", "unmapped_segments"}
    source = reading.manifest.source
    assert (source.format, source.document.kind) == ("baplie", "stow_plan")
    assert (source.document.function, source.document.sender) == ("original", "XOCN")
    assert (source.record_count, reading.manifest.containers.height) == (49, 49)


def test_a_broken_plan_keeps_every_box_and_trusts_none():
    reading = read_manifest(SAMPLES / "broken" / "stow_plan.edi")
    assert codes_of(reading) == {
        "control_count_differs",
        "control_count_wrong",
        "not_a_number",
        "segment_malformed",
        "unmapped_segments",
    }
    boxes = reading.manifest.containers
    assert (boxes.height, int(boxes["is_unreadable"].sum())) == (10, 1)
    assert (boxes["defect_count"] > 0).all()
    for defect in reading.defects:
        for language in LANGUAGES:
            assert has(f"defect.{defect.code}")
            assert render(f"defect.{defect.code}", defect.params, language)


def test_the_header_names_ship_voyage_and_dates():
    dates = ["DTM+136:2603042200:201", "DTM+132:202603080430:203"]
    voyage = reading_of(interchange(*HEAD, *dates, *BOX)).manifest.voyages.row(0, named=True)
    assert (voyage["vessel_name"], voyage["vessel_imo"]) == ("EXAMPLE ANDES", "1234567")
    assert (voyage["voyage_number"], voyage["carrier_code"]) == ("609E", "XOCN")
    assert voyage["departed_on"].isoformat() == "2026-03-04"
    assert voyage["arrival_expected_on"].isoformat() == "2026-03-08"
    assert voyage["arrival_expected_at"].isoformat() == "2026-03-08T04:30:00+00:00"


def test_a_call_sign_is_no_imo_number():
    head = ["TDT+20+609E+++:172:20+++1234567:103::EXAMPLE ANDES"]
    voyage = reading_of(interchange(*head, *BOX)).manifest.voyages.row(0, named=True)
    assert (voyage["vessel_imo"], voyage["vessel_name"]) == (None, "EXAMPLE ANDES")


@pytest.mark.parametrize(
    ("segment", "field", "value"),
    [
        ("MEA+WT++KGM:26064", "container_gross_mass_kg", 26064.0),
        ("MEA+WT++TNE:26,5", "container_gross_mass_kg", 26500.0),
        ("MEA+VGM++KGM:26064", "verified_gross_mass_kg", 26064.0),
        ("MEA+AAE+VGM+KGM:26064", "verified_gross_mass_kg", 26064.0),
        ("MEA+AAE+G+KGM:26064", "container_gross_mass_kg", 26064.0),
        ("TMP+2+-18.0:CEL", "temperature_set_c", -18.0),
        ("TMP+2+014:FAH", "temperature_set_c", -10.0),
        ("DGS+IMD+9:1:1+3082++3", "un_number", "3082"),
        ("FTX+AAA+++FROZEN:FISH", "goods_description", "FROZEN FISH"),
        ("LOC+83+DEDUI", "place_of_delivery", "DEDUI"),
        ("RFF+BM:XOCN123", "bill_of_lading", "XOCN123"),
        ("RFF+BM:1", "bill_of_lading", None),
    ],
)
@pytest.mark.parametrize("is_behind", [False, True], ids=["before", "behind"])
def test_what_stands_before_or_behind_the_number_is_said_of_the_box(
    segment: str, field: str, value: object, is_behind: bool
):
    box = [*BOX, segment] if is_behind else [*BOX[:-1], segment, BOX[-1]]
    assert boxes_of(*box)[0].get(field) == value


def test_a_box_that_was_transhipped_was_first_loaded_where_its_plan_says():
    box = ["LOC+147+0410604::5", "LOC+9+ESALG", "LOC+76+BRSSZ", "LOC+11+BEANR", BOX[-1]]
    row = boxes_of(*box)[0]
    assert (row["port_of_loading"], row["transhipment_ports"]) == ("BRSSZ", "ESALG")
    row = boxes_of(*BOX)[0]
    assert (row["port_of_loading"], row.get("transhipment_ports")) == ("ECGYE", None)


def test_two_boxes_in_one_cell_are_two_rows():
    rows = boxes_of(*BOX, "MEA+VGM++KGM:9", "EQD+CN+XOCU7285184+45G1+++5")
    assert [row["container_number"] for row in rows] == ["XOCU6435280", "XOCU7285184"]
    assert [row["stow_position"] for row in rows] == ["0410604", "0410604"]
    assert [row["verified_gross_mass_kg"] for row in rows] == [9.0, None]


def test_a_box_without_a_cell_is_on_the_ship_all_the_same():
    row = boxes_of("EQD+CN+XOCU6435280+45R1+++5")[0]
    assert (row["container_number"], row.get("stow_position")) == ("XOCU6435280", None)


def test_break_bulk_and_blocked_cells_are_counted_and_no_boxes():
    cells = ["LOC+147+0110001::5", "LOC+147+0110003::5", "EQD+BB+LOT7"]
    reading = reading_of(interchange(*HEAD, *cells, *BOX))
    assert reading.manifest.containers["container_number"].to_list() == ["XOCU6435280"]
    remark = next(d for d in reading.defects if d.code == "unmapped_segments")
    assert {"LOC+147 without EQD", "EQD+BB"} <= set(str(remark.params["tags"]).split(", "))


def test_a_broken_number_does_not_give_its_ports_to_the_box_before():
    broken = [OTHER[0].replace("LOC", "L C"), *OTHER[1:]]
    reading = reading_of(interchange(*HEAD, *BOX, *broken))
    rows = {row["container_number"]: row for row in flat_list(reading.manifest).to_dicts()}
    assert rows["XOCU6435280"]["port_of_discharge"] == "BEANR"
    assert rows["XOCU6435280"]["stow_position"] == "0410604"
    assert rows["XOCU7285184"]["stow_position"] is None
    assert rows["XOCU7285184"]["port_of_discharge"] == "NLRTM"
    defects = reading.manifest.containers.select("container_number", "defect_count").rows()
    assert ("XOCU7285184", 1) in defects


def test_a_box_whose_mass_could_not_be_read_is_not_trusted():
    reading = reading_of(interchange(*HEAD, *BOX, "M EA+VGM++KGM:9", *OTHER))
    doubtful = dict(
        reading.manifest.containers.select("container_number", "defect_count").rows()
    )
    assert doubtful["XOCU6435280"] == 1
    assert doubtful["XOCU7285184"] == 0


BASE = interchange(*HEAD, *BOX, "MEA+VGM++KGM:26064", *OTHER)
SCRAPS = [
    "'",
    "+",
    ":",
    "?",
    "EQD",
    "LOC+147",
    "UNT+1+1'",
    "UNH+2+BAPLIE'",
    "\n",
    "\0",
    " ",
    "",
]
IN_ITS_PLACE = re.compile(r"(?:^|'\s*)EQD\+CN\+([A-Z]{3}[UJZ]\d{7})[+:']")


@st.composite
def mangled(draw: st.DrawFn) -> str:
    """A plausible plan, struck at random places."""
    text = BASE
    for _ in range(draw(st.integers(0, 5))):
        at = draw(st.integers(0, len(text)))
        cut = at + draw(st.integers(0, 6))
        text = text[:at] + draw(st.sampled_from(SCRAPS)) + text[cut:]
    return text[: draw(st.integers(1, len(text)))] if draw(st.booleans()) else text


@given(mangled())
@settings(max_examples=150, deadline=None)
def test_no_box_of_a_mangled_plan_is_lost(text: str):
    """Records add up; every number in its place is a row or in what could not be read, or the file is refused."""
    try:
        table = read_edifact(text.encode(), file="x.edi", settings=FileSettings())
    except ManifestError:
        return
    assert table.record_count == table.frame.height + len(table.unread) + table.blank_count
    found = {number for record in table.unread for number in container_numbers_in(record.raw)}
    if "container_number" in table.columns:
        found |= set(table.frame[str(table.columns.index("container_number"))].drop_nulls())
    assert set(IN_ITS_PLACE.findall(text)) <= found


@given(mangled())
@settings(max_examples=15, deadline=None)
def test_a_mangled_plan_is_read_to_the_end_or_refused(text: str):
    """Whatever the text, only a ManifestError comes out."""
    try:
        reading = reading_of(text)
    except ManifestError:
        return
    assert reading.manifest.source.record_count >= reading.manifest.goods_items.height
