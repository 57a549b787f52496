"""CUSCAR: every directory and habit reads to the same frames, and no container in it is ever lost."""

import re
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from riskengine.domain import PartyRole
from riskengine.errors import ManifestError
from riskengine.manifest import Reading, read_manifest
from riskengine.manifest.cuscar import CARRIES
from riskengine.manifest.fields import fields_of
from riskengine.manifest.write import flat_list
from riskengine.manifest.write_cuscar import cuscar_message

SAMPLES = Path(__file__).parents[2] / "sample_manifests"
SAMPLE = (SAMPLES / "voyage.cuscar.edi").read_bytes()
UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)  # each example reads whole files
BOX, OTHER = "CSQU3054383", "MSCU1234566"
HEAD = (
    "BGM+785+M1+9",
    "DTM+137:202603031015:203",
    "TDT+20+609E+1++XOCN:172:20:Example Ocean Lines+++1234567:146::EXAMPLE ANDES",
    "DTM+132:202603080430:203",
)
ORDER = ["bill_of_lading", "container_number", "goods_description", "gross_mass_kg"]


def interchange(*segments: str, count: int | None = None) -> bytes:
    body = [*HEAD, *segments]
    number = len(body) + 2 if count is None else count
    lines = [
        "UNB+UNOC:3+XOCN+CUSTOMS+260303:1015+7",
        "UNH+1+CUSCAR:D:95B:UN",
        *body,
        f"UNT+{number}+1",
        "UNZ+1+7",
    ]
    return "".join(f"{line}'" for line in lines).encode("latin-1")


def read(data: bytes, name: str = "voyage.edi") -> Reading:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        return read_manifest(path)


def rows(*segments: str) -> list[dict[str, object]]:
    return flat_list(read(interchange(*segments)).manifest).to_dicts()


def codes(reading: Reading) -> list[str]:
    return [defect.code for defect in reading.defects]


def test_the_sample_voyage_is_the_one_of_the_csv_file():
    csv = flat_list(read_manifest(SAMPLES / "voyage.csv").manifest)
    reading = read_manifest(SAMPLES / "voyage.cuscar.edi")
    columns = [name for name in csv.columns if name in CARRIES]
    assert len(columns) > 50
    assert (
        flat_list(reading.manifest)
        .select(columns)
        .sort(ORDER)
        .equals(csv.select(columns).sort(ORDER))
    )
    assert codes(reading) == ["check_digit_wrong"]
    assert reading.manifest.source.format == "cuscar"
    assert reading.manifest.source.document.kind == "manifest"


def test_the_sample_is_what_we_write():
    assert cuscar_message(read_manifest(SAMPLES / "voyage.csv").manifest) == SAMPLE


def test_every_container_of_the_broken_sample_is_found_and_none_of_it_is_green():
    reading = read_manifest(SAMPLES / "broken" / "cuscar_broken.edi")
    text = (SAMPLES / "broken" / "cuscar_broken.edi").read_text("latin-1")
    containers = reading.manifest.containers
    assert named(text) <= set(containers["container_number"].drop_nulls())
    assert containers["defect_count"].min() == 1
    assert set(codes(reading)) >= {
        "beside_malformed",
        "boxes_not_described",
        "control_count_differs",
        "control_reference_differs",
        "control_total_differs",
        "envelope_not_closed",
        "message_cut",
        "not_a_date",
        "not_a_number",
        "segment_cut",
        "segment_malformed",
    }


def test_voyage_and_document_are_told_from_the_header():
    reading = read(interchange("CNI+1+BL1", "GID+1+2:CT", f"SGP+{BOX}+2"))
    (row,) = flat_list(reading.manifest).to_dicts()
    told = {
        "vessel_name": "EXAMPLE ANDES",
        "vessel_imo": "1234567",
        "voyage_number": "609E",
        "carrier_code": "XOCN",
        "carrier_name": "Example Ocean Lines",
        "declaration_function": "original",
        "filer": "XOCN",
        "bill_of_lading": "BL1",
        "container_number": BOX,
    }
    assert {name: row[name] for name in told} == told
    assert str(row["arrival_expected_at"]) == "2026-03-08T04:30:00Z"
    assert str(row["arrival_expected_on"]) == "2026-03-08"
    document = reading.manifest.source.document
    assert (document.function, document.number, document.sender) == ("original", "M1", "XOCN")
    assert str(document.prepared_at) == "2026-03-03 10:15:00+00:00"


@pytest.mark.parametrize(
    ("code", "function"),
    [("1", "cancellation"), ("2", "addition"), ("4", "amendment"), ("5", "replacement")],
)
def test_the_function_of_the_message_is_that_of_its_bills(code: str, function: str):
    data = interchange("CNI+1+BL1").replace(b"M1+9", f"M1+{code}".encode())
    reading = read(data)
    assert reading.manifest.source.document.function == function
    assert reading.manifest.consignments["declaration_function"].to_list() == [function]


def test_house_bills_are_told_from_their_master_in_every_structure():
    of_consignment = ["CNI+1+MASTER1", "RFF+BM:H1", "GID+1+1:CT", "RFF+BM:H2", "GID+1+2:CT"]
    by_reference = ["CNI+1+H1", "RFF+MB:MASTER1", "GID+1+1:CT"]
    by_reference += ["CNI+2+H2", "RFF+MB:MASTER1", "GID+1+2:CT"]
    of_its_own = ["CNI+1", "RFF+MB:MASTER1", "RFF+BH:H1", "GID+1", "CNI+2"]
    of_its_own += ["RFF+BH:H2", "GID+1", "RFF+MB:MASTER1"]
    for structure in (of_consignment, by_reference, of_its_own):
        told = [
            (row["bill_of_lading"], row["master_bill_of_lading"]) for row in rows(*structure)
        ]
        assert told == [("H1", "MASTER1"), ("H2", "MASTER1")]
    (alone,) = read(interchange("CNI+1", "RFF+MB:M")).manifest.consignments.to_dicts()
    assert (alone["bill_of_lading"], alone["bill_type"]) == ("M", "master")


def test_boxes_are_read_before_inside_and_behind_the_consignments():
    box = [f"EQD+CN+{BOX}+45R1:102:5+1++5", "MEA+AAE+T+KGM:4650", "SEL+S1+CA", "SEL+S2+SH"]
    bill, goods = ["CNI+1+BL1", "RFF+BM:BL1"], ["GID+1+1080:CT", "FTX+AAA+++BANANAS"]
    placed = [*goods, f"SGP+{BOX}+1080"]
    for structure in (
        [*box, *bill, *placed],
        [*bill, *box, *goods],
        [*bill, *placed, *box],
    ):
        (row,) = rows(*structure)
        assert row["container_number"] == BOX
        assert (row["size_type"], row["is_full"], row["is_shipper_owned"]) == (
            "45R1",
            True,
            True,
        )
        assert (row["tare_mass_kg"], row["package_count"]) == (4650.0, 1080)
        assert (row["seal_numbers"], row["sealing_party"]) == ("S1;S2", "carrier;shipper")


def test_parties_are_read_with_names_in_pieces_or_as_one_block():
    (row,) = rows(
        "CNI+1+BL1",
        "NAD+CZ+0992:ZZZ++Exportadora:del Litoral+Via a Daule:Km 12+Guayaquil+:::GY+090150+EC",
        "CTA+IC+:Perez",
        "COM+ops@example.com:EM",
        "COM+?+593 4 555:TE",
        "NAD+CN++Noord Fruit BV:Handelsweg 40:Barendrecht NL",
        "NAD+N1+++Noord Fruit BV",
        "NAD+N2+++Second BV",
    )
    assert row["shipper_name"] == "Exportadora del Litoral"
    assert row["shipper_address"] == "Via a Daule, Km 12, Guayaquil, GY, 090150"
    assert (row["shipper_country"], row["shipper_tax_id"]) == ("EC", "0992")
    assert (row["shipper_email"], row["shipper_phone"]) == ("ops@example.com", "+593 4 555")
    assert row["consignee_name"] == "Noord Fruit BV"
    assert row["consignee_address"] == "Handelsweg 40, Barendrecht NL"
    assert row["notify_party_name"] == "Noord Fruit BV"


def test_goods_are_read_with_their_units():
    (row,) = rows(
        "CNI+1+BL1",
        "GID+1+20:PK",
        "FTX+AAA+++LITHIUM:BATTERIES",
        "FTX+AAA+++IN BOXES",
        "MEA+AAE+G+TNE:1,5",
        "MEA+WT+N+LBR:1000",
        "MEA+VOL++MTQ:7.5",
        "DGS+IMD+9+3480",
        "PCI+28+XO 1/20:ANTWERP",
        "CST+1+850760:122",
        "LOC+27+CN",
    )
    assert row["goods_description"] == "LITHIUM BATTERIES IN BOXES"
    assert row["gross_mass_kg"] == 1500.0
    assert row["net_mass_kg"] == pytest.approx(453.59237)
    assert (row["volume_m3"], row["un_number"]) == (7.5, "3480")
    assert (row["marks"], row["hs_code"]) == ("XO 1/20 ANTWERP", "850760")
    assert row["country_of_origin"] == "CN"


def test_goods_in_two_boxes_are_split_as_far_as_the_message_tells():
    split = [
        "CNI+1+BL1",
        "GID+1+30:CT",
        "MEA+AAE+G+KGM:900",
        f"SGP+{BOX}+10",
        f"SGP+{OTHER}+20",
    ]
    reading = read(interchange(*split))
    lines = flat_list(reading.manifest)
    assert lines["package_count"].to_list() == [10, 20]
    assert "gross_mass_kg" not in lines.columns
    assert "goods_not_split" in codes(reading)
    assert "900" in str(reading.manifest.received["text"].to_list())
    measured = [*split[:2], split[3], "MEA+AAE+G+KGM:300", split[4], "MEA+AAE+G+KGM:600"]
    assert [row["gross_mass_kg"] for row in rows(*measured)] == [300.0, 600.0]


def test_money_in_another_currency_waits_for_its_rate(tmp_path: Path):
    data = interchange("CNI+1+BL1", "MOA+64:100:EUR", "CPI+4++C", "GID+1", "MOA+44:50:USD")
    reading = read(data)
    assert "currency_unknown" in codes(reading)
    (row,) = flat_list(reading.manifest).to_dicts()
    assert (row["declared_value_usd"], row["freight_payment"]) == (50.0, "collect")


def test_boxes_without_goods_and_bills_without_boxes_are_rows():
    found = rows(
        f"EQD+CN+{BOX}+22G1:102:5+++4", "CNI+1+BL1", "FTX+AAA+++SCRAP", "CNI+2+BL2", "GID+1"
    )
    assert [(row["bill_of_lading"], row["container_number"]) for row in found] == [
        ("BL1", None),
        ("BL2", None),
        (None, BOX),
    ]


def test_a_box_described_in_two_ways_is_said_to_be():
    reading = read(
        interchange(
            f"EQD+CN+{BOX}+22G1", f"EQD+CN+{BOX}+45R1", "CNI+1+B", "GID+1", f"SGP+{BOX}"
        )
    )
    assert codes(reading) == ["box_contradicted"]
    assert reading.manifest.containers["size_type"].to_list() == ["22G1"]


def test_a_wrong_total_marks_its_bill_and_no_other():
    bill = ["GID+1+10:CT", "MEA+AAE+G+KGM:100"]
    reading = read(interchange("CNI+1+B1", "CNT+11:12", *bill, "CNI+2+B2", "CNT+11:10", *bill))
    assert codes(reading) == ["control_total_differs", "control_count_wrong"]
    assert reading.manifest.containers["defect_count"].to_list() == [1, 0]


def test_a_wrong_count_leaves_everything_at_least_yellow():
    reading = read(interchange("CNI+1+B1", f"SGP+{BOX}", "CNI+2+B2", count=99))
    assert reading.manifest.containers["defect_count"].to_list() == [1, 1]


def test_what_is_not_used_is_counted_once():
    reading = read(interchange("CNI+1+B1", "XYZ+1", "XYZ+2", "FTX+HAN+++KEEP DRY"))
    (remark,) = reading.defects
    assert remark.params == {"count": 3, "tags": "XYZ, FTX+HAN"}


def test_messages_of_another_kind_are_named_with_their_containers():
    mixed = interchange("CNI+1+B1").replace(
        b"UNZ+1", (f"UNH+2+CUSRES:D:95B:UN'EQD+CN+{BOX}'UNT+3+2'UNZ+2").encode()
    )
    reading = read(mixed)
    assert "message_of_other_kind" in codes(reading)
    assert BOX in reading.manifest.containers["container_number"].to_list()


def test_a_file_of_messages_that_nobody_reads_is_refused_by_name():
    with pytest.raises(ManifestError, match="'INVOIC'"):
        read(interchange().replace(b"CUSCAR", b"INVOIC"))
    with pytest.raises(ManifestError, match="no message"):
        read(b"UNB+UNOC:3+A+B+260303:1015+7'UNZ+0+7'")


PLACES = re.compile(r"(?:^|')\s*(?:EQD\+CN\+|SGP\+)([A-Z]{3}[UJZ]\d{7})(?=[+:'])")


def named(text: str) -> set[str]:
    """The container numbers that stand where containers stand."""
    return set(PLACES.findall(text))


HEADER, *CONSIGNMENTS = re.split(rb"(?=CNI\+)", SAMPLE)
SMALL = (
    HEADER.split(b"EQD+")[0]
    + b"".join([b"EQD+" + box for box in HEADER.split(b"EQD+")[1:4]] + CONSIGNMENTS[:3])
    + b"UNT+160+1'\nUNZ+1+1'\n"
)
PIECES = SMALL.split(b"'\n")
SCRAPS = [b"'", b"+", b":", b"?", b"\n", b"\0", b"\xff", b"UNT+1+1'", b"CNI+9'", b"UNH+", b"E"]


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """A sound message, some of its segments lost, doubled or moved, struck and cut at random places."""
    pieces = list(PIECES)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(pieces) - 1))
        match draw(st.sampled_from(["lose", "double", "move"])):
            case "lose":
                del pieces[at]
            case "double":
                pieces.insert(at, pieces[at])
            case _:
                pieces.insert(draw(st.integers(0, len(pieces) - 1)), pieces.pop(at))
    data = bytearray(b"'\n".join(pieces))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 3))] = draw(st.sampled_from(SCRAPS))
    return bytes(data[: draw(st.one_of(st.just(len(data)), st.integers(0, len(data))))])


@given(mangled())
@settings(max_examples=30, deadline=None, phases=UNSHRUNK)
def test_no_container_of_a_mangled_message_is_lost(data: bytes):
    try:
        reading = read(data)
    except ManifestError:
        return
    found = set(reading.manifest.containers["container_number"].drop_nulls())
    assert named(data.decode("latin-1").replace("\0", "")) <= found


@given(st.binary(max_size=200))
@settings(max_examples=15, deadline=None, phases=UNSHRUNK)
def test_arbitrary_bytes_in_a_message_are_read_or_refused(data: bytes):
    try:
        read(interchange(f"EQD+CN+{BOX}").replace(b"UNT", data + b"UNT"))
    except ManifestError:
        return


WORD = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp"), exclude_characters=";,"),
    min_size=1,
    max_size=9,
)
TEXT = st.lists(WORD, min_size=1, max_size=12).map(" ".join)
MASS = st.decimals(0, 10**6, places=3).map(str)
CODE = st.text(st.sampled_from("ABC012?+:'"), min_size=1, max_size=8)
ROW = st.fixed_dictionaries(
    {
        "voyage_number": st.sampled_from(["609E", "610W"]),
        "vessel_name": st.just("Andes"),
        "manifest_number": st.sampled_from(["", "M?1"]),
        "declaration_function": st.sampled_from(["", "original", "amendment"]),
        "presented_on": st.sampled_from(["", "2026-03-01", "2026-03-02"]),
        "arrival_expected_on": st.just("2026-03-08"),
        "bill_of_lading": st.one_of(st.just(""), CODE),
        "issued_on": st.sampled_from(["", "2026-02-01"]),
        "booked_on": st.sampled_from(["", "2026-01-01"]),
        "cargo_nature": st.sampled_from(["", "import", "transit"]),
        "freight_payment": st.sampled_from(["", "prepaid", "collect"]),
        "freight_amount_usd": st.one_of(st.just(""), MASS),
        "port_of_loading": st.sampled_from(["ECGYE", "Guayaquil", "nowhere?", ""]),
        "transhipment_ports": st.sampled_from(["", "COCTG", "COCTG;ESALG"]),
        "country_of_dispatch": st.sampled_from(["", "EC"]),
        **{f"{role}_name": st.one_of(st.just(""), TEXT) for role in PartyRole},
        "consignee_address": st.one_of(st.just(""), st.lists(TEXT, max_size=7).map(", ".join)),
        "consignee_tax_id": st.one_of(st.just(""), CODE),
        "consignee_phone": st.sampled_from(["", "+32 3 555"]),
        "container_number": st.sampled_from([BOX, OTHER, "TEMU1234565", ""]),
        "size_type": st.sampled_from(["45R1", ""]),
        "is_full": st.sampled_from(["yes", "no", ""]),
        "is_shipper_owned": st.sampled_from(["yes", "no", ""]),
        "verified_gross_mass_kg": st.one_of(st.just(""), MASS),
        "temperature_set_c": st.sampled_from(["", "-18", "13.3"]),
        "seal_numbers": st.sampled_from(["", "A1", "A1;A2"]),
        "sealing_party": st.sampled_from(["", "carrier"]),
        "goods_description": st.one_of(st.just(""), TEXT),
        "marks": st.one_of(st.just(""), TEXT),
        "hs_code": st.sampled_from(["", "080390"]),
        "package_count": st.sampled_from(["", "0", "1080"]),
        "package_type": st.sampled_from(["", "CT"]),
        "gross_mass_kg": st.one_of(st.just(""), MASS),
        "volume_m3": st.one_of(st.just(""), MASS),
        "declared_value_usd": st.one_of(st.just(""), MASS),
        "country_of_origin": st.sampled_from(["", "EC"]),
        "un_number": st.sampled_from(["", "1950"]),
    }
)


OF_BOXES = {
    name for name in CARRIES if name in {field.name for field in fields_of("containers")}
}


def without_box_facts(row: dict[str, str]) -> dict[str, str]:
    """Loose cargo has no box of which anything could be said."""
    is_loose = not row["container_number"]
    return {name: "" if is_loose and name in OF_BOXES else text for name, text in row.items()}


@given(st.lists(ROW.map(without_box_facts), min_size=1, max_size=5))
@settings(max_examples=15, deadline=None, phases=UNSHRUNK)
def test_a_report_that_we_wrote_is_read_as_it_was(written: list[dict[str, str]]):
    """Reading what was written gives the same lines on every field that the format carries."""
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder) / "first.csv"
        pl.DataFrame(written).write_csv(first)
        manifest = read_manifest(first).manifest
    again = read(cuscar_message(manifest)).manifest
    before, after = flat_list(manifest), flat_list(again)
    carried = sorted(name for name in before.columns if name in CARRIES)
    assert carried == sorted(name for name in after.columns if name in CARRIES)
    assert (
        after.select(carried).sort(carried).to_dicts()
        == before.select(carried).sort(carried).to_dicts()
    )
