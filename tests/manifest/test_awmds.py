"""ASYCUDA World manifests: what is written is read, and each country's way of writing is understood."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from riskengine.domain import DefectEffect
from riskengine.errors import ExportError, ManifestError
from riskengine.manifest import FieldMapping, Reading, read_manifest
from riskengine.manifest.awmds import CARRIES
from riskengine.manifest.fields import FIELDS
from riskengine.manifest.plan import FileSettings
from riskengine.manifest.write import flat_list
from riskengine.manifest.write_awmds import awmds_document

SAMPLES = Path(__file__).parents[2] / "sample_manifests"
KEYS = ["bill_of_lading", "container_number", "goods_description", "gross_mass_kg"]
UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)  # each example reads two files


def box(number: str, inner: str = "") -> str:
    return f"<ctn_segment><Ctn_reference>{number}</Ctn_reference>{inner}</ctn_segment>"


ONE, TWO = box("CSQU3054383"), box("MSCU6639870")


def read(body: str, tmp_path: Path, head: str = "", root: str = "Awmds") -> Reading:
    path = tmp_path / "voyage.xml"
    path.write_text(f"<{root}>{head}{body}</{root}>", "utf-8")
    return read_manifest(path)


def bill(inner: str, reference: str = "B1") -> str:
    named = f"<Bol_id><Bol_reference>{reference}</Bol_reference></Bol_id>" if reference else ""
    return f"<Bol_segment>{named}{inner}</Bol_segment>"


def codes(reading: Reading) -> list[str]:
    return [defect.code for defect in reading.defects]


def carried(reading: Reading) -> pl.DataFrame:
    lines = flat_list(reading.manifest)
    names = [name for name in FIELDS if name in CARRIES and name in lines.columns]
    keys = [name for name in KEYS if name in names]
    return lines.select(names).sort(keys, nulls_last=True)


def test_the_sample_voyage_is_that_of_the_list():
    one, other = (read_manifest(SAMPLES / f"voyage.{kind}") for kind in ("csv", "awmds.xml"))
    assert carried(other).equals(carried(one))
    assert codes(other) == codes(one) == ["check_digit_wrong"]
    assert other.manifest.source.format == "awmds"
    assert other.manifest.source.document.kind == "manifest"


def test_the_sample_is_what_the_writer_makes_of_the_list():
    manifest = read_manifest(SAMPLES / "voyage.csv").manifest
    assert awmds_document(manifest) == (SAMPLES / "voyage.awmds.xml").read_bytes()
    houses = awmds_document(manifest, houses_of="XOCNCTG10999")
    assert houses == (SAMPLES / "voyage.degroupage.xml").read_bytes()


def test_the_house_bills_of_a_degroupage_name_their_master():
    reading = read_manifest(SAMPLES / "voyage.degroupage.xml")
    bills = reading.manifest.consignments
    assert bills["bill_of_lading"].to_list() == ["CTGG8831", "CTGG8832", "CTGG8833", "CTGG8834"]
    assert set(bills["master_bill_of_lading"]) == {"XOCNCTG10999"}
    assert reading.manifest.containers["container_number"].to_list() == ["OLXU6565847"]
    assert reading.defects == ()


NUMBERS = ["CSQU3054383", "MSCU6639870", "TEMU1234565"]
TEXT = st.text(
    st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=12,
)
MAYBE_TEXT = st.one_of(st.just(""), TEXT)
AMOUNT = st.one_of(st.just(""), st.decimals(0, 10**6, places=2).map(str))
OF_A_BOX = {
    "size_type": st.sampled_from(["45R1", "22G1", ""]),
    "is_full": st.sampled_from(["yes", "no", ""]),
    "tare_mass_kg": st.sampled_from(["", "4650", "2210.5"]),
    "seal_numbers": st.sampled_from(["", "A1", "A1;A2", "A1;A2;A3;A4"]),
    "sealing_party": st.sampled_from(["", "carrier", "customs"]),
}
ROW = st.fixed_dictionaries(
    {
        "container_number": st.sampled_from([*NUMBERS, ""]),
        "bill_of_lading": st.sampled_from(["B1", "B2", ""]),
        "master_bill_of_lading": st.sampled_from(["", "M1"]),
        "bill_type": st.sampled_from(["straight", "house", "master", ""]),
        "cargo_nature": st.sampled_from(["import", "export", "transit", "transhipment", ""]),
        "place_of_receipt": st.sampled_from(["ECGYE", "nowhere", ""]),
        "port_of_loading": st.sampled_from(["ECGYE", "Guayaquil", ""]),
        "transhipment_ports": st.sampled_from(["", "ESALG", "COCTG;ESALG"]),
        "port_of_discharge": st.sampled_from(["BEANR", ""]),
        "place_of_delivery": st.sampled_from(["NLRTM", ""]),
        "freight_payment": st.sampled_from(["prepaid", "collect", ""]),
        "freight_amount_usd": AMOUNT,
        "shipper_name": MAYBE_TEXT,
        "shipper_tax_id": MAYBE_TEXT,
        "consignee_name": MAYBE_TEXT,
        "consignee_address": MAYBE_TEXT,
        "forwarder_name": MAYBE_TEXT,
        "goods_description": MAYBE_TEXT,
        "marks": MAYBE_TEXT,
        "hs_code": st.sampled_from(["", "080390", "0803901100"]),
        "package_count": st.sampled_from(["", "0", "1080"]),
        "package_type": st.sampled_from(["", "CT"]),
        "gross_mass_kg": AMOUNT,
        "volume_m3": AMOUNT,
        "declared_value_usd": AMOUNT,
        **OF_A_BOX,
    }
)


@given(rows=st.lists(ROW, min_size=1, max_size=6), voyage=st.sampled_from(["12E", ""]))
@settings(max_examples=10, deadline=None, phases=UNSHRUNK)
def test_what_was_written_is_read_as_it_was(rows: list[dict[str, str]], voyage: str):
    """Every field that the format carries comes back, whatever the list looked like."""
    loose = dict.fromkeys(OF_A_BOX, "")
    rows = [row if row["container_number"] else row | loose for row in rows]
    frame = pl.DataFrame(rows).with_columns(
        voyage_number=pl.lit(voyage), vessel_name=pl.lit("EXAMPLE ANDES")
    )
    with tempfile.TemporaryDirectory() as folder:
        first, again = Path(folder) / "first.csv", Path(folder) / "again.xml"
        frame.write_csv(first, quote_style="always")
        settings = FileSettings(decimal=".")
        mapping = FieldMapping(name="first", file=settings)
        reading = read_manifest(first, mapping)
        again.write_bytes(awmds_document(reading.manifest))
        other = read_manifest(again)
    one, two = carried(reading), carried(other)
    columns = sorted(set(one.columns) | set(two.columns))
    nothing = pl.lit(None)
    one, two = (
        frame.select(
            pl.col(name) if name in frame.columns else nothing.alias(name) for name in columns
        )
        for frame in (one, two)
    )
    assert sorted(map(repr, one.rows())) == sorted(map(repr, two.rows()))
    assert not {"control_count_wrong", "xml_total_wrong", "unmapped_segments"} & set(
        codes(other)
    )


def test_a_country_may_write_its_elements_in_any_case_and_namespace(tmp_path: Path):
    body = bill(box("CSQU3054383", "<MARKS1>A1</MARKS1><Seal_number>A2</Seal_number>")).lower()
    path = tmp_path / "voyage.xml"
    path.write_text(f'<AWMDS xmlns="urn:any">{body.upper()}</AWMDS>', "utf-8")
    manifest = read_manifest(path).manifest
    assert manifest.containers["container_number"].to_list() == ["CSQU3054383"]
    assert manifest.seals["seal_number"].to_list() == ["A1", "A2"]


@pytest.mark.parametrize(
    ("element", "field", "meant"),
    [
        ("<Bol_nature>23</Bol_nature>", "cargo_nature", "import"),
        ("<Bol_nature>22</Bol_nature>", "cargo_nature", "export"),
        ("<Bol_type_code>HSB</Bol_type_code>", "bill_type", "house"),
        (
            "<Consolidated_Cargo>1</Consolidated_Cargo><Bol_type_code>BL</Bol_type_code>",
            "bill_type",
            "master",
        ),
        ("<PC_indicator>C</PC_indicator>", "freight_payment", "collect"),
        (
            "<Place_of_ultimate_destination_code>NLRTM</Place_of_ultimate_destination_code>",
            "place_of_delivery",
            "NLRTM",
        ),
    ],
)
def test_codes_are_told_in_the_words_of_the_trade(
    element: str, field: str, meant: str, tmp_path: Path
):
    manifest = read(bill(f"<Bol_id>{element}</Bol_id>"), tmp_path).manifest
    assert manifest.consignments[field].to_list() == [meant]


@pytest.mark.parametrize(
    ("code", "is_full"),
    [("FCL", True), ("LCL", True), ("1/1", True), ("ETY", False), ("0/0", False), ("5", True)],
)
def test_each_country_has_its_own_word_for_empty(code: str, is_full: bool, tmp_path: Path):
    manifest = read(
        bill(box("CSQU3054383", f"<Empty_Full>{code}</Empty_Full>")), tmp_path
    ).manifest
    assert manifest.containers["is_full"].to_list() == [is_full]


def test_cargo_taken_over_on_the_way_was_loaded_where_it_came_from(tmp_path: Path):
    places = (
        "<Load_unload_place><Original_port_of_loading_code>BRSSZ</Original_port_of_loading_code>"
        "<Place_of_loading_code>ESALG</Place_of_loading_code></Load_unload_place>"
    )
    manifest = read(bill(places), tmp_path).manifest
    assert manifest.consignments["port_of_loading"].to_list() == ["BRSSZ"]
    assert manifest.legs["port"].to_list() == ["ESALG"]


def test_the_head_tells_ship_voyage_and_who_lodged_it(tmp_path: Path):
    head = (
        "<Transaction_details><User_name>E. Xample</User_name><transaction_date>2026-03-03</transaction_date>"
        "<transaction_time>08:15:00</transaction_time></Transaction_details><General_segment>"
        "<Voyage_number>609E</Voyage_number><Date_of_arrival>20260308</Date_of_arrival>"
        "<Time_of_arrival>04:30:00</Time_of_arrival><Shipping_Agent><Shipping_Agent_name>Agency</Shipping_Agent_name>"
        "</Shipping_Agent></General_segment>"
    )
    manifest = read(bill(""), tmp_path, head).manifest
    assert manifest.voyages["arrival_expected_at"].to_list() == [
        datetime(2026, 3, 8, 4, 30, tzinfo=UTC)
    ]
    assert manifest.consignments["filer"].to_list() == ["Agency"]
    assert manifest.source.document.sender == "E. Xample"
    assert manifest.source.document.prepared_at == datetime(2026, 3, 3, 8, 15, tzinfo=UTC)


def test_each_container_has_what_it_says_of_itself(tmp_path: Path):
    figures = "<Number_of_packages>{}</Number_of_packages><Goods_weight>{}</Goods_weight>"
    goods = "<Goods_segment><Goods_description>bananas</Goods_description><Gross_mass>{}</Gross_mass></Goods_segment>"
    boxes = box("CSQU3054383", figures.format(10, 100)) + box(
        "MSCU6639870", figures.format(20, 200.5)
    )
    reading = read(bill(boxes + goods.format("300.5")), tmp_path)
    items = reading.manifest.goods_items
    assert items["gross_mass_kg"].to_list() == [100, 200.5]
    assert items["package_count"].to_list() == [10, 20]
    assert items["description"].to_list() == ["bananas", "bananas"]
    assert reading.defects == ()
    assert codes(read(bill(boxes + goods.format("9000")), tmp_path)) == ["bill_totals_unequal"]


def test_what_a_bill_gives_for_several_containers_is_not_divided(tmp_path: Path):
    goods = "<Goods_segment><Gross_mass>300</Gross_mass></Goods_segment>"
    reading = read(bill(ONE + TWO + goods), tmp_path)
    assert reading.manifest.goods_items["gross_mass_kg"].to_list() == [None, None]
    assert codes(reading) == ["bill_totals_undivided"]
    assert "300" in reading.manifest.received["text"][0].to_list()


def test_goods_of_several_kinds_are_not_those_of_every_container(tmp_path: Path):
    kinds = "".join(
        f"<Goods_segment><Goods_description>{text}</Goods_description><UN>{number}</UN></Goods_segment>"
        for text, number in (("paint", 1263), ("matches", 1944))
    )
    reading = read(bill(ONE + TWO + kinds), tmp_path)
    items = reading.manifest.goods_items
    assert items["description"].to_list() == ["paint\nmatches"] * 2
    assert items["un_number"].to_list() == [None, None]
    assert codes(reading) == ["bill_totals_undivided"]
    assert "1263; 1944" in reading.manifest.received["text"][0].to_list()


def test_a_box_and_its_goods_that_differ_are_said_to(tmp_path: Path):
    goods = "<Goods_segment><Gross_mass>900</Gross_mass></Goods_segment>"
    inner = box("CSQU3054383", "<Goods_weight>1000</Goods_weight>") + goods
    assert codes(read(bill(inner), tmp_path)) == ["bill_totals_unequal"]


def test_goods_that_name_their_containers_are_in_them(tmp_path: Path):
    goods = (
        "<Goods_segment><Gross_mass>{}</Gross_mass><Container_item_references>"
        "<Ctn_item_reference>{}</Ctn_item_reference></Container_item_references></Goods_segment>"
    )
    body = (
        ONE
        + TWO
        + goods.format(1, "MSCU6639870")
        + goods.format(2, "CSQU3054383")
        + goods.format(3, "TEMU1234565")
    )
    manifest = read(bill(body), tmp_path).manifest
    masses = manifest.goods_items.join(manifest.containers, on="container_id")
    assert masses.select("container_number", "gross_mass_kg").rows() == [
        ("MSCU6639870", 1.0),
        ("CSQU3054383", 2.0),
        ("TEMU1234565", 3.0),
    ]


def test_freight_in_another_currency_needs_its_rate(tmp_path: Path):
    freight = "<Freight_value>100</Freight_value><Freight_currency>XCD</Freight_currency>"
    path = tmp_path / "voyage.xml"
    path.write_text(f"<Awmds>{bill(freight)}</Awmds>", "utf-8")
    assert codes(read_manifest(path)) == ["currency_unknown"]
    rates = FieldMapping(name="ours", file=FileSettings(usd_per={"XCD": 0.37}))
    assert read_manifest(path, rates).manifest.consignments["freight_amount_usd"].to_list() == [
        37.0
    ]


def test_elements_without_a_place_are_counted_and_named(tmp_path: Path):
    reading = read(
        bill("<Yard_code>Y</Yard_code><Yard_code>Z</Yard_code>") + "astray", tmp_path
    )
    assert [defect.params for defect in reading.defects] == [
        {"count": 3, "tags": "Yard_code, Awmds (text)"}
    ]


def test_one_thing_said_twice_is_named_and_the_first_stays(tmp_path: Path):
    reading = read(
        bill("<Consignee_name>A</Consignee_name><Consignee_name>B</Consignee_name>"), tmp_path
    )
    assert reading.manifest.parties["name"].to_list() == ["A"]
    assert codes(reading) == ["xml_element_repeated"]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("CSQU3054383, MSCU6639870", ["CSQU3054383", "MSCU6639870"]),
        ("40HC csqu 305438-3", ["CSQU3054383"]),
    ],
)
def test_container_numbers_among_other_text_are_found(
    text: str, numbers: list[str], tmp_path: Path
):
    reading = read(bill(box(text)), tmp_path)
    assert reading.manifest.containers["container_number"].to_list() == numbers
    assert set(codes(reading)) == {"xml_container_text"}


def test_a_container_outside_any_bill_is_not_lost(tmp_path: Path):
    reading = read(bill(ONE) + TWO, tmp_path)
    boxes = reading.manifest.containers.select("container_number", "is_unreadable").rows()
    assert boxes == [("CSQU3054383", False), ("MSCU6639870", True)]
    assert codes(reading) == ["xml_container_astray"]


def test_wrong_totals_make_every_container_doubtful():
    reading = read_manifest(SAMPLES / "broken" / "awmds_totals.xml")
    assert set(codes(reading)) == {"xml_total_wrong", "control_count_wrong"}
    assert [d.params for d in reading.defects if d.code == "xml_total_wrong"] == [
        {"total": "Total_number_of_bols", "stated": "11", "found": "10"},
        {"total": "Total_number_of_containers", "stated": "12", "found": "10"},
    ]
    assert reading.manifest.containers["defect_count"].to_list() == [1] * 10


def test_a_bill_that_miscounts_its_containers_is_doubtful(tmp_path: Path):
    goods = (
        "<Goods_segment><Num_of_ctn_for_this_bol>3</Num_of_ctn_for_this_bol></Goods_segment>"
    )
    reading = read(bill(ONE + goods) + bill(TWO, "B2"), tmp_path)
    assert set(codes(reading)) == {"xml_total_wrong", "control_count_wrong"}
    assert reading.manifest.containers["defect_count"].to_list() == [1, 0]


def test_totals_may_leave_out_the_houses_or_the_masters(tmp_path: Path):
    goods = "<Goods_segment><Number_of_packages>5</Number_of_packages></Goods_segment>"
    kinds = [f"<Bol_type_code>{kind}</Bol_type_code>{goods}" for kind in ("MBL", "HSB")]
    body = "".join(bill(inner, f"B{place}") for place, inner in enumerate(kinds))
    for total, found in ((5, []), (10, []), (7, ["xml_total_wrong"])):
        head = f"<General_segment><Total_number_of_packages>{total}</Total_number_of_packages></General_segment>"
        assert codes(read(body, tmp_path, head))[:1] == found


def test_a_line_is_that_of_its_element(tmp_path: Path):
    reading = read(
        "\n"
        + bill("\n<ctn_segment>\n<Ctn_reference>CSQU3054380</Ctn_reference></ctn_segment>"),
        tmp_path,
    )
    assert [defect.place.line for defect in reading.defects] == [3]
    assert reading.defects[0].effect is DefectEffect.CONTENT


def test_two_heads_are_two_manifests(tmp_path: Path):
    head = "<General_segment><Voyage_number>1</Voyage_number></General_segment>"
    with pytest.raises(ManifestError, match="heads of 2 manifests"):
        read(bill(""), tmp_path, head * 2)


def test_characters_that_no_xml_can_hold_are_refused_and_named(tmp_path: Path):
    path = tmp_path / "voyage.csv"
    path.write_bytes(b"container_number,goods_description\nCSQU3054383,bell\x07\n")
    with pytest.raises(
        ExportError, match=r"Goods_description of CSQU3054383 holds the character U\+0007"
    ):
        awmds_document(read_manifest(path).manifest)


def test_markup_in_a_name_is_a_name(tmp_path: Path):
    path, name = tmp_path / "voyage.csv", "]]>A & B <Bol_segment>\r\n&amp;"
    pl.DataFrame({"bill_of_lading": ["B1"], "shipper_name": [name]}).write_csv(path)
    (tmp_path / "voyage.xml").write_bytes(awmds_document(read_manifest(path).manifest))
    assert read_manifest(tmp_path / "voyage.xml").manifest.parties["name"].to_list() == [name]


def test_several_voyages_or_an_unknown_master_are_no_document(tmp_path: Path):
    path = tmp_path / "voyage.csv"
    path.write_text("bill_of_lading,voyage_number\nB1,1\nB2,2\n", "utf-8")
    with pytest.raises(ExportError, match="2 voyages"):
        awmds_document(read_manifest(path).manifest)
    path.write_text("bill_of_lading\nB1\n", "utf-8")
    with pytest.raises(ExportError, match="house bill of M9"):
        awmds_document(read_manifest(path).manifest, houses_of="M9")
