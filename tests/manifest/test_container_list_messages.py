"""COPRAR, COARRI and CODECO: what is to move, what moved, and what passed the gate."""

import re
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.errors import ManifestError
from riskengine.manifest import Reading, container_lists, read_manifest
from riskengine.manifest.assemble import container_numbers_in
from riskengine.manifest.edifact_format import read_edifact
from riskengine.manifest.plan import FileSettings
from riskengine.manifest.write import flat_list
from riskengine.messages import LANGUAGES, has, render

SAMPLES = Path(__file__).parents[2] / "sample_manifests"
SHIP = "TDT+20+609E+1++XOCN:172:20+++1234567:146:11:EXAMPLE ANDES"
BOX = "EQD+CN+XOCU6435280+45R1:102:5+2+3+5"
SHARED = [
    "vessel_name",
    "vessel_imo",
    "voyage_number",
    "carrier_code",
    "container_number",
    "size_type",
    "is_shipper_owned",
    "port_of_loading",
    "port_of_discharge",
    "place_of_delivery",
    "transhipment_ports",
    "temperature_set_c",
    "stow_position",
]


def interchange(kind: str, *segments: str, reference: str = "") -> str:
    opening = f"UNH+1+{kind}:D:95B:UN:ITG14{reference}"
    body = [opening, *segments, f"UNT+{len(segments) + 2}+1"]
    whole = ["UNB+UNOA:2+XT1+BEPORT+260309:0810+77", *body, "UNZ+1+77"]
    return "".join(f"{segment}'\n" for segment in whole)


def reading_of(text: str) -> Reading:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.edi"
        path.write_text(text, "utf-8")
        return read_manifest(path)


def movement_of(kind: str, *segments: str, reference: str = "") -> dict[str, object]:
    reading = reading_of(interchange(kind, *segments, reference=reference))
    return reading.manifest.movements.row(0, named=True)


def codes_of(reading: Reading) -> set[str]:
    return {defect.code for defect in reading.defects}


@pytest.mark.parametrize(
    ("name", "movement"),
    [("voyage.coarri.edi", "discharged"), ("voyage.coprar.edi", "discharge_ordered")],
)
def test_the_sample_list_says_of_each_box_what_the_manifest_says(name: str, movement: str):
    whole = flat_list(read_manifest(SAMPLES / "voyage.csv").manifest)
    reading = read_manifest(SAMPLES / name)
    told = flat_list(reading.manifest)
    assert set(told.columns) <= container_lists.CARRIES | {"bill_of_lading"}
    assert set(SHARED) <= container_lists.CARRIES
    boxes = whole.filter(pl.col("container_number").is_not_null()).unique(
        "container_number", keep="first", maintain_order=True
    )
    assert told.select(SHARED).equals(boxes.select(SHARED))
    read_then = told.select(
        "movement_seal_numbers", "movement_gross_mass_kg", "movement_is_full"
    )
    declared = boxes.select(
        "seal_numbers",
        pl.coalesce("verified_gross_mass_kg", "container_gross_mass_kg"),
        "is_full",
    )
    assert read_then.rows() == declared.rows()
    assert set(reading.manifest.movements["movement"]) == {movement}
    assert reading.manifest.source.document.kind == "movements"
    assert codes_of(reading) == {"check_digit_wrong", "unmapped_segments"}


def test_the_sample_gate_report_tells_who_left_by_which_truck_with_which_release():
    reading = read_manifest(SAMPLES / "voyage.codeco.edi")
    moved = reading.manifest.movements
    assert moved["movement"].value_counts().sort("movement").rows() == [
        ("gate_in", 3),
        ("gate_out", 12),
    ]
    first = moved.row(0, named=True)
    assert first["moved_at"].isoformat() == "2026-03-10T07:05:00+00:00"
    assert (first["place"], first["facility"], first["is_full"]) == ("BEANR", "XT1", True)
    told = (first["transport"], first["reference"], first["seal_numbers"])
    assert told == ("1-XAB-210", "REL26031001", "XO418207")
    back = moved.filter(pl.col("movement") == "gate_in").row(0, named=True)
    assert (back["is_full"], back["transport"]) == (False, "1-XAB-210")
    assert codes_of(reading) == {"unmapped_segments"}


def test_a_list_that_breaks_off_keeps_what_it_has_and_trusts_none_of_it():
    reading = read_manifest(SAMPLES / "broken" / "discharge_cut.edi")
    assert codes_of(reading) == {
        "envelope_not_closed",
        "message_cut",
        "segment_cut",
        "unmapped_segments",
    }
    boxes = reading.manifest.containers
    assert boxes["container_number"].drop_nulls().len() == 10
    assert (boxes["defect_count"] > 0).all()
    for defect in reading.defects:
        for language in LANGUAGES:
            assert has(f"defect.{defect.code}")
            assert render(f"defect.{defect.code}", defect.params, language)


@pytest.mark.parametrize(
    ("kind", "name", "movement"),
    [
        ("COPRAR", "BGM+43+1+9", "discharge_ordered"),
        ("COPRAR", "BGM+45+1+9", "load_ordered"),
        ("COARRI", "BGM+44+1+9", "discharged"),
        ("COARRI", "BGM+98+1+9", "discharged"),
        ("COARRI", "BGM+46+1+9", "loaded"),
        ("COARRI", "BGM+270+1+9", "loaded"),
        ("CODECO", "BGM+34+1+9", "gate_in"),
        ("CODECO", "BGM+36+1+9", "gate_out"),
        ("CODECO", "BGM+ZZZ:::GATE-OUT REPORT+1+9", "gate_out"),
        ("COARRI", "BGM+ZZZ:::LOADING REPORT+1+9", "loaded"),
        ("CODECO", "BGM+999+1+9", "moved"),
    ],
)
def test_the_document_names_the_movement(kind: str, name: str, movement: str):
    assert movement_of(kind, name, SHIP, BOX)["movement"] == movement


def test_where_the_document_does_not_tell_the_reference_or_the_state_of_the_box_does():
    by_reference = movement_of("COPRAR", "BGM+999+1+9", BOX, reference="+LOADINGCOPRAR")
    assert by_reference["movement"] == "load_ordered"
    export = BOX.replace("+3+5", "+2+5")
    assert movement_of("COARRI", "BGM+999+1+9", export)["movement"] == "loaded"
    assert movement_of("COARRI", "BGM+999+1+9", BOX)["movement"] == "discharged"


@pytest.mark.parametrize(
    ("segment", "name", "value"),
    [
        ("SEL+AF50+SH+1", "seal_numbers", "AF50"),
        ("SEL+NA+CA+1", "seal_numbers", None),
        ("MEA+AAE+G+KGM:23700", "gross_mass_kg", 23700.0),
        ("TDT+1++3+31+T-CARR:172+++CXL590", "transport", "CXL590"),
        ("RFF+RE:REL7", "reference", "REL7"),
        ("RFF+BN:BKG7", "reference", "BKG7"),
        ("LOC+165+PHMNL:139:6:MICT+MICT", "place", "PHMNL"),
        ("LOC+165+PHMNL:139:6:MICT+MICT", "facility", "MICT"),
    ],
)
def test_what_follows_the_number_is_said_of_the_movement(
    segment: str, name: str, value: object
):
    assert movement_of("CODECO", "BGM+36+1+9", SHIP, BOX, segment)[name] == value


def test_a_day_without_a_time_is_kept_as_a_day():
    moved = movement_of("CODECO", "BGM+36+1+9", BOX, "DTM+7:20260310:102")
    assert (moved["moved_at"], str(moved["moved_on"])) == (None, "2026-03-10")


def test_where_no_site_is_named_a_discharge_is_at_its_port_and_a_loading_at_the_other():
    ports = ["LOC+9+ECGYE:139:6", "LOC+11+BEANR:139:6"]
    assert movement_of("COARRI", "BGM+44+1+9", SHIP, BOX, *ports)["place"] == "BEANR"
    assert movement_of("COARRI", "BGM+46+1+9", SHIP, BOX, *ports)["place"] == "ECGYE"
    assert (
        movement_of("COARRI", "BGM+46+1+9", SHIP, BOX, *ports)["transport"] == "EXAMPLE ANDES"
    )


def test_what_is_said_of_one_box_is_not_said_of_the_next():
    first = [BOX, "SEL+A1+CA", "MEA+AAE+G+KGM:9", "DTM+7:202603100705:203", "RFF+RE:R1"]
    reading = reading_of(
        interchange("CODECO", "BGM+36+1+9", *first, "EQD+CN+XOCU7285184+22G1+++5")
    )
    bare = reading.manifest.movements.row(1, named=True)
    names = ("seal_numbers", "gross_mass_kg", "moved_at", "reference")
    assert [bare[name] for name in names] == [None] * 4


def test_a_broken_number_does_not_give_its_seals_to_the_box_before():
    broken = ["E QD+CN+XOCU7285184+22G1+++5", "SEL+B2+CA"]
    reading = reading_of(interchange("COARRI", "BGM+44+1+9", BOX, "SEL+A1+CA", *broken))
    assert reading.manifest.movements["seal_numbers"].to_list() == ["A1"]
    boxes = reading.manifest.containers.select("container_number", "is_unreadable").rows()
    assert boxes == [("XOCU6435280", False), ("XOCU7285184", True)]


def test_a_box_hidden_behind_a_release_character_is_found():
    hidden = ["SEL+A1+CA?", "EQD+CN+XOCU7285184+22G1+++5", "SEL+B2+CA"]
    reading = reading_of(interchange("COARRI", "BGM+44+1+9", BOX, *hidden))
    assert "segment_swallowed" in codes_of(reading)
    boxes = reading.manifest.containers.select("container_number", "is_unreadable").rows()
    assert boxes == [("XOCU6435280", False), ("XOCU7285184", True)]
    assert reading.manifest.movements["seal_numbers"].to_list() == [None]


def test_chassis_and_generators_are_counted_and_no_boxes():
    reading = reading_of(
        interchange("CODECO", "BGM+36+1+9", "EQD+CH+CHASSIS7", "SEL+A1+CA", BOX)
    )
    assert reading.manifest.containers["container_number"].to_list() == ["XOCU6435280"]
    remark = next(d for d in reading.defects if d.code == "unmapped_segments")
    assert "EQD+CH" in str(remark.params["tags"])


BASE = interchange(
    "COARRI",
    "BGM+44+1+9",
    SHIP,
    BOX,
    "DTM+203:202603080612:203",
    "SEL+A1+CA",
    "EQD+CN+XOCU7285184+22G1+++4",
    "LOC+11+BEANR",
)
SCRAPS = ["'", "+", ":", "?", "EQD", "UNT+1+1'", "UNH+2+CODECO'", "\n", "\0", " ", ""]
IN_ITS_PLACE = re.compile(r"(?:^|'\s*)EQD\+CN\+([A-Z]{3}[UJZ]\d{7})[+:']")


@st.composite
def mangled(draw: st.DrawFn) -> str:
    """A plausible list, struck at random places."""
    text = BASE
    for _ in range(draw(st.integers(0, 5))):
        at = draw(st.integers(0, len(text)))
        cut = at + draw(st.integers(0, 6))
        text = text[:at] + draw(st.sampled_from(SCRAPS)) + text[cut:]
    return text[: draw(st.integers(1, len(text)))] if draw(st.booleans()) else text


@given(mangled())
@settings(max_examples=150, deadline=None)
def test_no_box_of_a_mangled_list_is_lost(text: str):
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
