"""Cargo reports of the WCO Data Model: the same voyage as the list, in any dress the model allows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from xml.sax.saxutils import escape

import polars as pl
import pytest

from riskengine.errors import ManifestError
from riskengine.manifest import Reading, read_manifest
from riskengine.manifest.wco_cargo_report import CARRIES
from riskengine.manifest.write import flat_list

SAMPLES = Path(__file__).parents[2] / "sample_manifests"
PARTIES = {
    "Consignee": "consignee",
    "Consignor": "shipper",
    "FreightForwarder": "forwarder",
    "NotifyParty": "notify_party",
}
PLACES = {
    "DeliveryDestination": "place_of_delivery",
    "GoodsReceiptPlace": "place_of_receipt",
    "LoadingLocation": "port_of_loading",
    "UnloadingLocation": "port_of_discharge",
}


def leaf(tag: str, value: object, attributes: str = "") -> str:
    if value is None:
        return ""
    text = f"{value:g}" if isinstance(value, float) and value == int(value) else str(value)
    return f"<{tag}{attributes}>{escape(text)}</{tag}>"


def group(tag: str, *inner: str) -> str:
    content = "".join(inner)
    return f"<{tag}>{content}</{tag}>\n" if content else ""


def cargo_report(lines: pl.DataFrame) -> str:
    """Return a voyage as a cargo report, as a carrier's system would write it."""
    head = lines.row(0, named=True)
    consignments = "".join(
        consignment(bill.rows(named=True))
        for bill in lines.partition_by("bill_of_lading", maintain_order=True)
    )
    day = str(head.get("arrival_expected_on")).replace("-", "")
    declaration = "".join(
        [
            leaf("FunctionCode", 9),
            leaf("ID", head.get("manifest_number")),
            leaf("IssueDateTime", f"{head['presented_on']}T08:15:00Z"),
            leaf("TypeCode", 785),
            group("DeclarationOffice", leaf("ID", head.get("customs_office"))),
            group("Submitter", leaf("Name", "Example Ocean Lines Agency")),
            group(
                "BorderTransportMeans",
                leaf("Name", head.get("vessel_name")),
                leaf("ID", head.get("vessel_imo")),
                leaf("IdentificationTypeCode", 11),
                leaf("ArrivalDateTime", day, ' formatCode="102"'),
                leaf("DepartureDateTime", head.get("departed_on")),
                leaf("JourneyID", head.get("voyage_number")),
            ),
            group(
                "Carrier",
                leaf("ID", head.get("carrier_code")),
                leaf("Name", head.get("carrier_name")),
            ),
            consignments,
        ]
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<Declaration xmlns="urn:wco:datamodel:WCO:CRI:1">\n' + declaration + "</Declaration>\n"
    )


def consignment(lines: list[dict[str, object]]) -> str:
    bill = lines[0]
    code = {"straight": 705, "house": 714, "master": 704}[str(bill.get("bill_type"))]
    issued = leaf("IssueDateTime", bill.get("issued_on"))
    boxes = {
        line.get("container_number"): line for line in lines if line.get("container_number")
    }
    parties = [
        group(
            tag,
            leaf("Name", bill.get(f"{role}_name")),
            group(
                "Address",
                leaf("CountryCode", bill.get(f"{role}_country")),
                leaf("Line", bill.get(f"{role}_address")),
            ),
            group(
                "Communication",
                *(
                    [leaf("ID", email), leaf("TypeID", "EM")]
                    if (email := bill.get(f"{role}_email"))
                    else []
                ),
            ),
        )
        for tag, role in PARTIES.items()
    ]
    freight = {"prepaid": "PP", "collect": "CC"}.get(str(bill.get("freight_payment")))
    ways = str(bill.get("transhipment_ports") or "").split(";")
    return group(
        "Consignment",
        group(
            "AssociatedTransportDocument",
            *(
                [leaf("ID", bill.get("master_bill_of_lading")), leaf("TypeCode", 704)]
                if bill.get("master_bill_of_lading")
                else []
            ),
        ),
        *parties,
        *(item(line) for line in lines),
        group("Destination", leaf("CountryCode", bill.get("country_of_destination"))),
        group("ExportCountry", leaf("ID", bill.get("country_of_dispatch"))),
        group(
            "Freight",
            leaf("PaymentMethodCode", freight),
            leaf("Amount", bill.get("freight_amount_usd"), ' currencyID="USD"'),
        ),
        *(group(tag, leaf("ID", bill[name])) for tag, name in PLACES.items()),
        group(
            "TransportContractDocument",
            leaf("ID", bill.get("bill_of_lading")),
            leaf("TypeCode", code),
            issued,
        ),
        *(equipment(box) for box in boxes.values()),
        *(group("TranshipmentLocation", leaf("ID", way or None)) for way in ways),
    )


def item(line: dict[str, object]) -> str:
    mass = ' unitCode="KGM"'
    return group(
        "ConsignmentItem",
        group(
            "Commodity",
            leaf("CargoDescription", line.get("goods_description")),
            group(
                "Classification",
                *(
                    [leaf("ID", line.get("hs_code")), leaf("IdentificationTypeCode", "HS")]
                    if line.get("hs_code")
                    else []
                ),
            ),
        ),
        group(
            "GoodsMeasure",
            leaf("GrossMassMeasure", line.get("gross_mass_kg"), mass),
            leaf("GrossVolumeMeasure", line.get("volume_m3"), ' unitCode="MTQ"'),
            leaf("NetNetWeightMeasure", line.get("net_mass_kg"), mass),
        ),
        group("Origin", leaf("CountryCode", line.get("country_of_origin"))),
        group(
            "Packaging",
            leaf("QuantityQuantity", line.get("package_count")),
            leaf("TypeCode", line.get("package_type")),
        ),
        group("TransportEquipment", leaf("ID", line.get("container_number"))),
        leaf("ValueAmount", line.get("declared_value_usd"), ' currencyID="USD"'),
    )


def equipment(box: dict[str, object]) -> str:
    seals = str(box.get("seal_numbers") or "").split(";")
    mass = ' unitCode="KGM"'
    return group(
        "TransportEquipment",
        leaf("ID", box.get("container_number")),
        leaf("CharacteristicCode", box.get("size_type")),
        leaf("FullnessCode", {True: 5, False: 4, None: None}[box.get("is_full")]),
        leaf(
            "SupplierPartyTypeCode",
            {True: 1, False: 2, None: None}[box.get("is_shipper_owned")],
        ),
        leaf("TareMassMeasure", box.get("tare_mass_kg"), mass),
        leaf("GrossMassMeasure", box.get("container_gross_mass_kg"), mass),
        leaf("VerifiedGrossMassMeasure", box.get("verified_gross_mass_kg"), mass),
        leaf("SettingTemperatureMeasure", box.get("temperature_set_c"), ' unitCode="CEL"'),
        leaf("StowageLocationID", box.get("stow_position")),
        *(
            group(
                "Seal",
                *([leaf("ID", seal), leaf("SealingPartyRoleCode", "CA")] if seal else []),
            )
            for seal in seals
        ),
    )


def read(body: str, tmp_path: Path, around: str = "{}") -> Reading:
    path = tmp_path / "report.xml"
    path.write_text(around.format(f"<Declaration>{body}</Declaration>"), "utf-8")
    return read_manifest(path)


def bill(*inner: str, number: str = "B1", code: object = 705) -> str:
    return group(
        "Consignment",
        group("TransportContractDocument", leaf("ID", number), leaf("TypeCode", code)),
        *inner,
    )


def box(number: str, *inner: str) -> str:
    return group("TransportEquipment", leaf("ID", number), *inner)


def codes(reading: Reading) -> list[str]:
    return [defect.code for defect in reading.defects]


def test_the_sample_voyage_is_that_of_the_list():
    one, other = (read_manifest(SAMPLES / f"voyage.{kind}") for kind in ("csv", "wco.xml"))
    keys = ["bill_of_lading", "container_number", "goods_description"]
    lines = [
        flat_list(reading.manifest).sort(keys, nulls_last=True) for reading in (one, other)
    ]
    carried = [name for name in lines[0].columns if name in CARRIES]
    assert lines[1].select(carried).equals(lines[0].select(carried))
    assert codes(other) == codes(one) == ["check_digit_wrong"]
    assert other.manifest.source.format == "wco"


def test_the_sample_is_what_is_made_of_the_list():
    lines = flat_list(read_manifest(SAMPLES / "voyage.csv").manifest)
    assert cargo_report(lines) == (SAMPLES / "voyage.wco.xml").read_text("utf-8")


def test_the_document_says_what_it_does_and_who_sent_it():
    source = read_manifest(SAMPLES / "voyage.wco.xml").manifest.source
    assert (source.document.function, source.document.number) == (
        "original",
        "2026-BEANR-00417",
    )
    assert source.document.sender == "Example Ocean Lines Agency"
    assert source.document.prepared_at == datetime(2026, 3, 3, 8, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "function"),
    [
        ("9", "original"),
        ("2", "addition"),
        ("4", "amendment"),
        ("5", "replacement"),
        ("1", "cancellation"),
    ],
)
def test_the_function_tells_an_amendment_from_an_original(
    code: str, function: str, tmp_path: Path
):
    reading = read(leaf("FunctionCode", code) + bill(), tmp_path)
    assert reading.manifest.source.document.function == function
    assert reading.manifest.consignments["declaration_function"].to_list() == [function]


@pytest.mark.parametrize(
    "around",
    [
        '<md:MetaData xmlns:md="urn:wco:datamodel:WCO:DocumentMetaData-DMS:2">{}</md:MetaData>',
        '<DocumentMetadata xmlns="urn:wco:datamodel:WCO:DM:1">{}</DocumentMetadata>',
        "{}",
    ],
)
def test_an_envelope_is_opened(around: str, tmp_path: Path):
    head = group(
        "BorderTransportMeans", leaf("Name", "EXAMPLE ANDES"), leaf("JourneyID", "609E")
    )
    manifest = read(head + bill(box("CSQU3054383")), tmp_path, around).manifest
    assert manifest.voyages.select("vessel_name", "voyage_number").rows() == [
        ("EXAMPLE ANDES", "609E")
    ]
    assert manifest.containers["container_number"].to_list() == ["CSQU3054383"]


def test_the_head_may_stand_behind_the_consignments(tmp_path: Path):
    manifest = read(bill() + group("Submitter", leaf("Name", "Agency")), tmp_path).manifest
    assert manifest.consignments["filer"].to_list() == ["Agency"]


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        ([("B1", 705)], ("B1", None, "straight")),
        ([("M1", "MB")], ("M1", None, "master")),
        ([("M1", "MB"), ("H1", "HWB")], ("H1", "M1", "house")),
        ([("H1", 714), ("M1", 704)], ("H1", "M1", "house")),
    ],
)
def test_the_transport_documents_tell_the_bill_from_its_master(
    documents: list[tuple[str, object]], expected: tuple[str, str | None, str], tmp_path: Path
):
    inner = "".join(
        group("TransportContractDocument", leaf("ID", number), leaf("TypeCode", code))
        for number, code in documents
    )
    manifest = read(group("Consignment", inner), tmp_path).manifest
    columns = ["bill_of_lading", "master_bill_of_lading", "bill_type"]
    assert manifest.consignments.select(columns).rows() == [expected]


@pytest.mark.parametrize(
    ("written", "form", "on", "at"),
    [
        ("20260308", "102", date(2026, 3, 8), None),
        ("202603080430", "203", date(2026, 3, 8), datetime(2026, 3, 8, 4, 30, tzinfo=UTC)),
        ("20260308043000+01", "304", date(2026, 3, 8), datetime(2026, 3, 8, 3, 30, tzinfo=UTC)),
        ("2026-03-08T04:30:00Z", "", date(2026, 3, 8), datetime(2026, 3, 8, 4, 30, tzinfo=UTC)),
        ("2026-03-08+01:00", "", date(2026, 3, 8), None),
    ],
)
def test_dates_come_in_several_forms(
    written: str, form: str, on: date, at: datetime | None, tmp_path: Path
):
    for inner in (written, f"<DateTimeString>{written}</DateTimeString>"):
        arrival = f'<ArrivalDateTime formatCode="{form}">{inner}</ArrivalDateTime>'
        voyages = read(
            group("BorderTransportMeans", arrival) + bill(), tmp_path
        ).manifest.voyages
        assert voyages.select("arrival_expected_on", "arrival_expected_at").rows() == [(on, at)]


def test_masses_come_in_several_units(tmp_path: Path):
    item = group(
        "ConsignmentItem",
        group(
            "GoodsMeasure",
            leaf("GrossMassMeasure", "21.5", ' unitCode="TNE"'),
            leaf("NetNetWeightMeasure", "1000", ' unitCode="LBR"'),
            leaf("GrossVolumeMeasure", "5", ' unitCode="LTR"'),
        ),
    )
    reading = read(bill(item), tmp_path)
    goods = reading.manifest.goods_items
    assert goods["gross_mass_kg"].to_list() == [21_500.0]
    assert goods["net_mass_kg"].to_list() == [pytest.approx(453.59237)]
    assert codes(reading) == ["not_a_number"]


def test_goods_may_name_their_container_by_its_place(tmp_path: Path):
    items = "".join(
        group(
            "ConsignmentItem",
            group("GoodsMeasure", leaf("GrossMassMeasure", mass)),
            group("TransportEquipment", leaf("SequenceNumeric", place)),
        )
        for mass, place in ((1, 2), (2, 1))
    )
    boxes = [
        box("CSQU3054383", leaf("SequenceNumeric", 1)),
        box("MSCU6639870", leaf("SequenceNumeric", 2)),
    ]
    manifest = read(bill(items, *boxes), tmp_path).manifest
    joined = manifest.goods_items.join(manifest.containers, on="container_id")
    assert joined.select("container_number", "gross_mass_kg").rows() == [
        ("MSCU6639870", 1.0),
        ("CSQU3054383", 2.0),
    ]


def test_several_packagings_are_counted_together(tmp_path: Path):
    packaging = [
        group("Packaging", leaf("QuantityQuantity", count), leaf("TypeCode", "CT"))
        for count in (3, 4)
    ]
    reading = read(bill(group("ConsignmentItem", *packaging)), tmp_path)
    assert reading.manifest.goods_items["package_count"].to_list() == [7]
    assert reading.defects == ()


def test_who_is_asked_by_mail_and_who_by_telephone(tmp_path: Path):
    contacts = [
        group("Communication", leaf("ID", number), leaf("TypeID", kind))
        for number, kind in (("+1 555", "TE"), ("a@b.example", "EM"), ("99", "FX"))
    ]
    reading = read(bill(group("Consignee", leaf("Name", "A"), *contacts)), tmp_path)
    parties = reading.manifest.parties.select("role", "name", "phone", "email").rows()
    assert parties == [("consignee", "A", "+1 555", "a@b.example")]
    assert [d.params for d in reading.defects] == [{"count": 1, "tags": "Communication"}]


def test_a_container_named_only_at_the_head_is_not_lost(tmp_path: Path):
    reading = read(box("MSCU6639870") + box("CSQU3054383") + bill(box("CSQU3054383")), tmp_path)
    boxes = reading.manifest.containers.select("container_number", "is_unreadable").rows()
    assert boxes == [("CSQU3054383", False), ("MSCU6639870", True)]
    assert codes(reading) == ["xml_container_astray"]


def test_a_broken_consignment_does_not_lose_its_neighbours():
    reading = read_manifest(SAMPLES / "broken" / "wco_consignment.xml")
    boxes = reading.manifest.containers
    assert boxes["container_number"].n_unique() == 10
    assert boxes["is_unreadable"].sum() == 1
    assert set(codes(reading)) == {"xml_not_well_formed", "xml_bill_broken"}
    assert reading.manifest.voyages["vessel_name"].to_list() == ["EXAMPLE ANDES"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (group("GoodsShipment", bill()), "goods declaration"),
        ("<Declaration><ID>2</ID></Declaration>" + bill(), "2 declarations"),
    ],
)
def test_another_kind_of_declaration_is_refused(body: str, sentence: str, tmp_path: Path):
    with pytest.raises(ManifestError, match=sentence):
        read(body, tmp_path)


def test_without_consignments_there_is_nothing_and_that_is_said(tmp_path: Path):
    assert codes(read(leaf("ID", "X"), tmp_path)) == ["no_records"]
