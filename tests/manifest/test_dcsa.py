"""Carriers' JSON: bills of lading, arrival notices and events, whole, broken and hostile."""

import json
import re
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.domain import DefectEffect
from riskengine.errors import ManifestError
from riskengine.manifest import Reading, dcsa_arrival, dcsa_bill, dcsa_events, read_manifest
from riskengine.manifest.assemble import container_numbers_in
from riskengine.manifest.json_bounds import DEEPEST
from riskengine.manifest.json_format import read_json
from riskengine.manifest.plan import FileSettings
from riskengine.manifest.write import flat_list
from riskengine.messages import LANGUAGES, render

SAMPLES = Path(__file__).parents[2] / "sample_manifests"
SHIP = {"vesselName": "EXAMPLE ANDES", "carrierExportVoyageNumber": "609E"}


def reading_of(content: str | bytes, name: str = "received.json") -> Reading:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_manifest(path)


def rows_of(document: Any) -> list[dict[str, Any]]:
    return flat_list(reading_of(json.dumps(document)).manifest).to_dicts()


def codes_of(reading: Reading) -> set[str]:
    return {defect.code for defect in reading.defects}


def bill(number: str = "BL1", box: str = "XOCU6435280", **more: Any) -> dict[str, Any]:
    """A small transport document; members given as None are left out."""
    document = {
        "transportDocumentReference": number,
        "documentParties": {"shipper": {"partyName": "Frutas del Litoral"}},
        "transports": {"vesselVoyages": [SHIP]},
        "consignmentItems": [
            {
                "descriptionOfGoods": ["FRESH BANANAS"],
                "HSCodes": ["080390"],
                "cargoItems": [
                    {"equipmentReference": box, "cargoGrossWeight": {"value": 5, "unit": "KGM"}}
                ],
            }
        ],
        "utilizedTransportEquipments": [{"equipment": {"equipmentReference": box}}],
    }
    return {name: value for name, value in (document | more).items() if value is not None}


def event(code: str, box: str = "XOCU6435280", **more: Any) -> dict[str, Any]:
    """An equipment event as version 2.2 has it."""
    return {
        "eventID": f"{code}-{box}",
        "eventType": "EQUIPMENT",
        "eventClassifierCode": "ACT",
        "eventDateTime": "2026-03-08T06:12:00+01:00",
        "equipmentEventTypeCode": code,
        "equipmentReference": box,
        "eventLocation": {"UNLocationCode": "BEANR", "facilityCode": "XT1"},
    } | more


@pytest.mark.parametrize(
    ("name", "carried"),
    [
        ("voyage.dcsa_bill.json", dcsa_bill.CARRIES),
        ("voyage.dcsa_arrival.json", dcsa_arrival.CARRIES),
    ],
)
def test_the_sample_says_of_the_voyage_what_the_list_says(name: str, carried: frozenset[str]):
    whole = flat_list(read_manifest(SAMPLES / "voyage.csv").manifest)
    columns = [column for column in whole.columns if column in carried]
    reading = read_manifest(SAMPLES / name)
    assert codes_of(reading) == {"check_digit_wrong"}
    order = ["bill_of_lading", "container_number", "goods_description"]
    told = flat_list(reading.manifest).select(columns).sort(order)
    assert told.equals(whole.select(columns).sort(order))


def test_the_value_of_a_bill_with_one_line_is_that_of_the_line():
    listed = flat_list(read_manifest(SAMPLES / "voyage.csv").manifest)
    told = flat_list(read_manifest(SAMPLES / "voyage.dcsa_bill.json").manifest)
    of_one_line = (
        listed.filter(pl.col("bill_type") == "straight")
        .filter(pl.len().over("bill_of_lading") == 1)
        .select("bill_of_lading", "declared_value_usd")
        .drop_nulls()
    )
    both = of_one_line.join(told, on="bill_of_lading", suffix="_told")
    assert both["declared_value_usd"].equals(both["declared_value_usd_told"], check_names=False)


def test_the_sample_events_are_movements_of_the_boxes_of_the_voyage():
    reading = read_manifest(SAMPLES / "voyage.dcsa_events.json")
    listed = read_manifest(SAMPLES / "voyage.csv").manifest.containers
    manifest = reading.manifest
    assert manifest.source.document.kind == "movements"
    assert set(manifest.containers["container_number"]) == set(
        listed["container_number"].drop_nulls()
    )
    counts = manifest.movements["movement"].value_counts().sort("movement").rows()
    assert counts == [("discharged", 49), ("gate_in", 6), ("gate_out", 6), ("loaded", 6)]
    remark = next(d for d in reading.defects if d.code == "events_without_movement")
    assert remark.params["count"] == 8
    assert flat_list(manifest).columns
    assert set(flat_list(manifest).columns) <= dcsa_events.CARRIES


def test_a_movement_has_its_place_time_seals_truck_and_release():
    reading = read_manifest(SAMPLES / "voyage.dcsa_events.json")
    out = reading.manifest.movements.filter(pl.col("movement") == "gate_out").row(0, named=True)
    assert out["moved_at"].isoformat() == "2026-03-10T07:05:00+00:00"
    told = (out["place"], out["facility"], out["seal_numbers"], out["transport"])
    assert told == ("BEANR", "XT1", "XO418207", "1-XAB-210")
    assert (out["reference"], out["is_full"]) == ("REL26031001", True)


def test_a_broken_bill_does_not_take_its_neighbours_with_it():
    reading = read_manifest(SAMPLES / "broken" / "bills.json")
    assert codes_of(reading) == {
        "json_malformed",
        "json_member_twice",
        "json_no_number",
        "json_half_character",
        "json_cut",
        "file_cut",
        "message_cut",
    }
    boxes = reading.manifest.containers
    assert (boxes.height, boxes["container_number"].null_count()) == (10, 0)
    assert int(boxes["is_unreadable"].sum()) == 5
    assert (boxes["defect_count"] > 0).all()
    for defect in reading.defects:
        for language in LANGUAGES:
            assert render(f"defect.{defect.code}", defect.params, language)


def test_events_one_a_line_are_read_one_by_one():
    reading = read_manifest(SAMPLES / "broken" / "events.ndjson")
    assert codes_of(reading) == {
        "events_without_movement",
        "json_not_understood",
        "not_an_instant",
        "not_a_flag",
    }
    assert reading.manifest.containers.height == 10
    unread = next(d for d in reading.defects if d.code == "json_not_understood")
    assert str(unread.place) == "events.ndjson:6"


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([bill(), bill("BL2", "XOCU7285184")]),
        json.dumps({"transportDocuments": [bill(), bill("BL2", "XOCU7285184")]}),
        json.dumps({"made": "today", "anything": [bill(), bill("BL2", "XOCU7285184")]}),
        "\n".join([json.dumps(bill()), json.dumps(bill("BL2", "XOCU7285184"))]),
        json.dumps([bill(), bill("BL2", "XOCU7285184")], indent=2),
        "\ufeff" + json.dumps([bill(), bill("BL2", "XOCU7285184")]),
    ],
    ids=["array", "wrapped", "wrapped by any name", "one a line", "indented", "with a mark"],
)
def test_bills_are_found_however_they_are_wrapped(text: str):
    reading = reading_of(text)
    assert reading.manifest.source.record_count == 2
    assert reading.manifest.consignments["bill_of_lading"].to_list() == ["BL1", "BL2"]
    assert reading.defects == ()


def test_one_document_alone_and_one_in_an_issuance_request_are_read():
    assert len(rows_of(bill())) == 1
    assert len(rows_of({"document": bill(), "issueTo": {"partyName": "Bank"}})) == 1


def test_utf_16_is_read_as_what_it_is():
    assert reading_of(json.dumps(bill()).encode("utf-16")).manifest.containers.height == 1


def test_a_line_is_where_the_document_begins():
    reading = reading_of(json.dumps([bill(), bill("BL2")], indent=1))
    first, second = reading.manifest.received["line"]
    assert (first, second > 20) == (2, True)


@pytest.mark.parametrize(
    "document",
    [
        {"type": "FeatureCollection", "features": [{"type": "Feature"}]},
        [{"name": "Ann"}, {"name": "Bob"}],
        [[1, 2], 3],
        {"bookingReference": "B1", "lines": []},
    ],
)
def test_other_json_is_refused_with_what_was_found(document: Any):
    with pytest.raises(
        ManifestError, match=r"holds no bill of lading.*(features|name|array|lines)"
    ):
        reading_of(json.dumps(document))


@pytest.mark.parametrize("text", ["[]", '{"events": []}', '{"arrivalNotices": []}'])
def test_an_empty_list_is_read_and_said_to_be_empty(text: str):
    reading = reading_of(text)
    assert reading.manifest.source.record_count == 0
    assert codes_of(reading) == {"json_empty"}


def test_nesting_without_end_is_refused():
    with pytest.raises(ManifestError, match=f"more than {DEEPEST} brackets"):
        reading_of("[" * 200_000)
    with pytest.raises(ManifestError, match=f"more than {DEEPEST} brackets"):
        reading_of('{"a":' * 200_000)


def test_a_file_of_tiny_things_is_refused_before_it_fills_the_memory():
    with pytest.raises(ManifestError, match="documents that cannot be read"):
        reading_of("[" + "1," * 20_000 + "1]")


def test_numbers_keep_every_digit():
    cargo = {
        "equipmentReference": "XOCU6435280",
        "cargoGrossWeight": {"value": "@", "unit": "KGM"},
    }
    text = json.dumps(bill(consignmentItems=[{"cargoItems": [cargo]}]))
    reading = reading_of(text.replace('"@"', "21460.123456789"))
    assert reading.manifest.goods_items["gross_mass_kg"].item() == 21460.123456789
    assert "number_out_of_range" in codes_of(reading_of(text.replace('"@"', "1e999")))
    assert "number_out_of_range" in codes_of(reading_of(text.replace('"@"', "9" * 6000)))


@pytest.mark.parametrize(
    ("weight", "kilograms"),
    [
        ({"value": 2, "unit": "TNE"}, 2000.0),
        ({"value": 100, "unit": "LBR"}, 45.359237),
        ({"value": 1500, "unit": "GRM"}, 1.5),
        (12.5, 12.5),
        ({"value": 5, "unit": "STN"}, None),
    ],
)
def test_masses_are_converted_or_named(weight: Any, kilograms: float | None):
    cargo = {"equipmentReference": "XOCU6435280", "cargoGrossWeight": weight}
    reading = reading_of(json.dumps(bill(consignmentItems=[{"cargoItems": [cargo]}])))
    assert reading.manifest.goods_items["gross_mass_kg"].item() == kilograms
    assert ("not_a_number" in codes_of(reading)) == (kilograms is None)


def test_a_set_point_in_fahrenheit_becomes_celsius():
    box = {
        "equipmentReference": "XOCU6435280",
        "activeReeferSettings": {"temperatureSetpoint": 14, "temperatureUnit": "FAH"},
    }
    row = rows_of(bill(utilizedTransportEquipments=[box]))[0]
    assert row["temperature_set_c"] == -10


def test_seals_keep_who_put_them_on():
    seals = [
        {"number": "A1", "source": "SHI"},
        {"number": "B2"},
        {"sealNumber": "C3", "sealSource": "CUS"},
    ]
    box = {"equipmentReference": "XOCU6435280", "seals": seals}
    manifest = reading_of(json.dumps(bill(utilizedTransportEquipments=[box]))).manifest
    told = manifest.seals.select("seal_number", "sealing_party").rows()
    assert told == [("A1", "shipper"), ("B2", None), ("C3", "customs")]


def test_parties_are_read_by_member_and_by_function():
    address = {
        "street": "Kaai",
        "streetNumber": "188",
        "city": "Antwerpen",
        "countryCode": "BE",
    }
    consignee = {
        "partyName": "Scheldt Fruit",
        "address": address | {"floor": "N/A"},
        "taxLegalReferences": [{"type": "EORI", "countryCode": "BE", "value": "BE0123"}],
        "partyContactDetails": [
            {"name": "A", "phone": "+32 1"},
            {"name": "B", "email": "b@scheldt.example"},
        ],
    }
    parties = {
        "consignee": consignee,
        "notifyParties": [{"partyName": "First"}, {"partyName": "Second"}],
        "other": [{"party": {"partyName": "Forward"}, "partyFunction": "DDR"}],
        "issuingParty": {"partyName": "Agent NV"},
    }
    reading = reading_of(json.dumps(bill(documentParties=parties)))
    row = flat_list(reading.manifest).to_dicts()[0]
    assert row["consignee_address"] == "Kaai 188, Antwerpen"
    assert (row["consignee_tax_id"], row["consignee_phone"]) == ("BE0123", "+32 1")
    assert (row["consignee_email"], row["consignee_country"]) == ("b@scheldt.example", "BE")
    assert (row["notify_party_name"], row["forwarder_name"]) == ("First", "Forward")
    assert row["filer"] == "Agent NV"
    left = next(d for d in reading.defects if d.code == "further_values_left")
    assert (left.params["count"], left.params["tags"]) == (1, "notify_party_name")


def test_a_bill_to_order_has_a_consignee_who_says_so():
    assert rows_of(bill(isToOrder=True))[0]["consignee_name"] == "TO ORDER"
    endorsed = {"endorsee": {"partyName": "Bank A", "address": {"countryCode": "NL"}}}
    row = rows_of(bill(isToOrder=True, documentParties=endorsed))[0]
    assert (row["consignee_name"], row["consignee_country"]) == ("TO ORDER OF Bank A", "NL")


def test_house_bills_name_their_master_and_stand_in_its_boxes():
    house = {
        "houseBillOfLadingReference": "HB1",
        "documentParties": {"shipper": {"partyName": "True shipper"}},
        "placeOfAcceptance": {"locationName": "Gent", "countryCode": "BE"},
        "consignmentItems": [
            {
                "descriptionOfGoods": "Shoes",
                "cargoItems": [
                    {
                        "equipmentReference": "XOCU6435280",
                        "cargoGrossWeight": {"value": 5, "unit": "KGM"},
                    }
                ],
            }
        ],
    }
    reading = reading_of(json.dumps(bill(houseBillOfLadings=[house])))
    master, own = flat_list(reading.manifest).to_dicts()
    assert (master["bill_type"], own["bill_type"]) == ("master", "house")
    assert (own["bill_of_lading"], own["master_bill_of_lading"]) == ("HB1", "BL1")
    assert (own["shipper_name"], own["place_of_receipt"]) == ("True shipper", "Gent")
    assert own["vessel_name"] == "EXAMPLE ANDES"
    assert reading.manifest.containers.height == 1
    assert "master_and_house_goods" in codes_of(reading)


def test_shipping_instructions_without_a_bill_number_are_known_by_their_booking():
    goods = [{"carrierBookingReference": "BKG7", "cargoItems": []}]
    document = bill(transportDocumentReference=None, consignmentItems=goods)
    assert rows_of(document)[0]["bill_of_lading"] == "BKG7"


def test_goods_in_no_box_are_loose_cargo():
    goods = [{"descriptionOfGoods": ["TOWER SECTION"], "cargoItems": [{}]}]
    document = bill(consignmentItems=goods, utilizedTransportEquipments=None)
    boxes = reading_of(json.dumps(document)).manifest.containers
    assert boxes["is_loose_cargo"].to_list() == [True]


def test_a_box_without_goods_is_a_row_of_its_bill():
    more = [{"equipmentReference": "XOCU6435280"}, {"equipmentReference": "XOCU7285184"}]
    rows = rows_of(bill(utilizedTransportEquipments=more))
    assert [row["container_number"] for row in rows] == ["XOCU6435280", "XOCU7285184"]
    assert [row["goods_description"] for row in rows] == ["FRESH BANANAS", None]


def test_dangerous_goods_have_their_un_number():
    packaging = {"dangerousGoods": [{"UNNumber": "3480"}, {"UNNumber": "1993"}]}
    goods = [
        {"cargoItems": [{"equipmentReference": "XOCU6435280", "outerPackaging": packaging}]}
    ]
    assert rows_of(bill(consignmentItems=goods))[0]["un_number"] == "3480;1993"


def test_a_voided_bill_is_a_cancellation_and_a_draft_is_said_to_be_one():
    assert (
        rows_of(bill(transportDocumentStatus="VOIDED"))[0]["declaration_function"]
        == "cancellation"
    )
    draft = reading_of(json.dumps(bill(transportDocumentStatus="DRAFT")))
    assert "bills_are_drafts" in codes_of(draft)


def test_a_box_outside_its_place_is_kept_unread():
    free = [{"typeCodes": ["DEM"], "equipmentReferences": ["XOCU7285184"]}]
    reading = reading_of(json.dumps(bill(freeTimes=free)))
    boxes = reading.manifest.containers
    assert boxes["container_number"].to_list() == ["XOCU6435280", "XOCU7285184"]
    assert boxes["is_unreadable"].to_list() == [False, True]
    assert "container_elsewhere" in codes_of(reading)


def test_what_is_not_used_and_could_matter_is_counted():
    reading = reading_of(json.dumps(bill(customsReferences=[{"type": "CTN"}], newMember=1)))
    remark = next(d for d in reading.defects if d.code == "unmapped_segments")
    assert set(str(remark.params["tags"]).split(", ")) == {"customsReferences", "newMember"}


def test_a_bill_among_events_is_kept_unread():
    reading = reading_of(json.dumps([event("GTIN"), bill("BL1", "XOCU7285184")]))
    assert codes_of(reading) == {"json_of_another_kind"}
    assert reading.manifest.source.document.kind == "movements"
    assert reading.manifest.containers["container_number"].to_list() == [
        "XOCU6435280",
        "XOCU7285184",
    ]


@pytest.mark.parametrize(
    ("code", "movement"),
    [
        ("GTIN", "gate_in"),
        ("GTOT", "gate_out"),
        ("LOAD", "loaded"),
        ("DISC", "discharged"),
        ("STUF", "stuffed"),
        ("STRP", "stripped"),
        ("INSP", "inspected"),
        ("CUSR", "released"),
        ("PICK", "moved"),
    ],
)
def test_each_equipment_event_is_its_movement(code: str, movement: str):
    moved = reading_of(json.dumps([event(code)])).manifest.movements.row(0, named=True)
    assert (moved["movement"], moved["place"], moved["facility"]) == (movement, "BEANR", "XT1")
    assert moved["moved_at"].isoformat() == "2026-03-08T05:12:00+00:00"


def test_the_codes_of_version_3_in_words_are_read_too():
    classification = {
        "eventType": "EQUIPMENT",
        "eventClassifier": "ACTUAL",
        "equipmentEventType": "LOADED",
    }
    document = {
        "eventID": "1",
        "eventDateTime": "2026-01-20T14:15:00Z",
        "eventClassification": classification,
        "equipmentDetails": {
            "equipmentReference": "XOCU6435280",
            "emptyIndicatorCode": "LADEN",
        },
    }
    moved = reading_of(json.dumps({"events": [document]})).manifest.movements
    assert moved["movement"].to_list() == ["loaded"]


def test_only_what_has_happened_is_a_movement_and_no_box_is_lost():
    planned = event("LOAD", "XOCU7285184", eventClassifierCode="PLN")
    expected = event("DISC", eventClassifierCode="EST")
    reading = reading_of(json.dumps([event("GTIN"), planned, expected]))
    assert reading.manifest.movements["movement"].to_list() == ["gate_in"]
    assert set(reading.manifest.containers["container_number"]) == {
        "XOCU6435280",
        "XOCU7285184",
    }
    remark = next(d for d in reading.defects if d.code == "events_without_movement")
    assert (remark.params["count"], remark.params["tags"]) == (2, "PLN, EST")


def test_a_later_version_of_an_event_replaces_it_and_a_retraction_takes_it_back():
    old = event("GTIN", eventCreatedDateTime="2026-03-01T00:00:00Z")
    new = old | {
        "eventCreatedDateTime": "2026-03-02T00:00:00Z",
        "eventDateTime": "2026-03-09T00:00:00Z",
    }
    manifest = reading_of(json.dumps([new, old])).manifest
    assert manifest.movements["moved_on"].cast(pl.String).to_list() == ["2026-03-09"]
    retracted = reading_of(json.dumps([event("GTIN"), event("GTIN", isRetracted=True)]))
    assert retracted.manifest.movements.height == 0
    assert retracted.manifest.containers.height == 1


def test_the_arrival_of_a_ship_moves_the_boxes_that_it_names():
    arrival = event("X", equipmentReference=None, equipmentEventTypeCode=None) | {
        "eventType": "TRANSPORT",
        "transportEventTypeCode": "ARRI",
        "transportCall": {
            "importVoyageNumber": "609E",
            "vessel": {"vesselName": "EXAMPLE ANDES"},
        },
        "references": [
            {"referenceType": "EQ", "referenceValue": "XOCU6435280"},
            {"referenceType": "FF", "referenceValue": "X"},
        ],
    }
    manifest = reading_of(json.dumps([arrival])).manifest
    assert manifest.movements["movement"].to_list() == ["arrived"]
    assert manifest.voyages.select("vessel_name", "voyage_number").rows() == [
        ("EXAMPLE ANDES", "609E")
    ]


BASES = [
    json.dumps([bill(), bill("BL2", "XOCU7285184"), bill("BL3", "OLXU5505695")], indent=1),
    json.dumps({"events": [event("GTIN"), event("LOAD", "XOCU7285184")]}),
    "\n".join(
        json.dumps(bill(f"B{n}", box)) for n, box in enumerate(["XOCU6435280", "LSXU3331207"])
    ),
]
SCRAPS = [
    '"',
    ",",
    "{",
    "}",
    "[",
    "]",
    ":",
    "\\",
    "\n",
    "null",
    "1e9",
    "NaN",
    "\\ud800",
    " ",
    "é",
    "",
]
IN_ITS_PLACE = re.compile(r'"equipmentReference": "([A-Z]{3}[UJZ]\d{7})"')


@st.composite
def mangled(draw: st.DrawFn) -> str:
    """A plausible file, struck at random places."""
    text = draw(st.sampled_from(BASES))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(text)))
        cut = at + draw(st.integers(0, 5))
        text = text[:at] + draw(st.sampled_from(SCRAPS)) + text[cut:]
    return text[: draw(st.integers(1, len(text)))] if draw(st.booleans()) else text


@given(mangled())
@settings(max_examples=150, deadline=None)
def test_no_container_of_a_mangled_file_is_lost(text: str):
    """Documents = rows + what is named in Defects; every container in its place is found, or the file is refused."""
    try:
        table = read_json(text.encode(), file="x.json", settings=FileSettings())
    except ManifestError:
        return
    assert table.record_count == table.frame.height + len(table.unread) + table.blank_count
    found = {number for record in table.unread for number in container_numbers_in(record.raw)}
    if "container_number" in table.columns:
        place = str(table.columns.index("container_number"))
        for value in table.frame[place].drop_nulls():
            found |= {value, *container_numbers_in(value)}
    assert set(IN_ITS_PLACE.findall(text)) <= found


@given(mangled())
@settings(max_examples=25, deadline=None)
def test_a_mangled_file_is_read_to_the_end_or_refused(text: str):
    """Whatever the text, only a ManifestError comes out."""
    try:
        reading = reading_of(text)
    except ManifestError:
        return
    broken = {d.record_number for d in reading.defects if d.effect is DefectEffect.RECORD}
    assert not broken & set(reading.manifest.goods_items["record_number"])
