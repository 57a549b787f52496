"""Facts: one row a container, totals that do not guess, texts that compare."""

from __future__ import annotations

from datetime import date

import pytest

from riskengine.features.facts import gather
from riskengine.manifest import read_manifest


def _one(manifest_of, row, column):
    return gather(manifest_of([row]))[column].to_list()[0]


def test_every_container_has_one_row_also_without_bill_goods_or_number(manifest_of):
    rows = [
        {"container_number": "CSQU3054383"},
        {"is_loose_cargo": True},
        {"is_unreadable": True, "bills": []},
    ]
    facts = gather(manifest_of(rows))
    assert facts["container_id"].to_list() == [1, 2, 3]
    assert facts["is_loose_cargo"].to_list() == [False, True, False]
    assert facts["is_unreadable"].to_list() == [False, False, True]


def test_an_empty_manifest_has_the_same_columns(manifest_of):
    full, empty = gather(manifest_of([{"goods": [{}]}])), gather(manifest_of([]))
    assert empty.height == 0
    assert empty.schema == full.schema


@pytest.mark.parametrize(
    ("masses", "total"),
    [([10.0, 5.5], 15.5), ([10.0, None], None), ([None, None], None), ([], None), ([0.0], 0.0)],
)
def test_a_total_is_unknown_as_soon_as_one_line_is(manifest_of, masses, total):
    goods = [{"gross_mass_kg": mass} for mass in masses]
    assert _one(manifest_of, {"goods": goods}, "gross_mass_kg") == total


def test_quantities_in_different_units_are_not_added(manifest_of):
    same = [{"quantity": 2.0, "quantity_unit": "kg"}, {"quantity": 3.0, "quantity_unit": " KG"}]
    mixed = [{"quantity": 2.0, "quantity_unit": "kg"}, {"quantity": 3.0, "quantity_unit": "l"}]
    assert _one(manifest_of, {"goods": same}, "declared_quantity") == 5.0
    assert _one(manifest_of, {"goods": mixed}, "declared_quantity") is None


def test_texts_are_upper_case_composed_and_squeezed(manifest_of):
    row = {"parties": {"shipper": {"name": "  Cafe\u0301  do   Brasil "}}}
    assert _one(manifest_of, row, "shipper_name") == "CAFÉ DO BRASIL"


def test_a_blank_text_is_not_a_declaration(manifest_of):
    row = {"goods": [{"description": "  "}], "seals": [""]}
    assert _one(manifest_of, row, "goods_description") is None
    assert _one(manifest_of, row, "seal_numbers") is None


def test_descriptions_and_codes_are_listed_once_in_order(manifest_of):
    goods = [
        {"description": "Shrimp", "hs_code": "030617"},
        {"description": "bananas", "hs_code": "08039010"},
        {"description": "SHRIMP", "hs_code": "0306"},
    ]
    facts = gather(manifest_of([{"goods": goods}])).row(0, named=True)
    assert facts["goods_description"] == "BANANAS / SHRIMP"
    assert facts["hs_codes"] == ["030617", "080390"]
    assert facts["hs_headings"] == ["0306", "0803"]
    assert facts["hs_chapters"] == ["03", "08"]


def test_of_several_bills_the_first_that_is_no_master_bill_speaks(manifest_of):
    bills = [
        {
            "bill_of_lading": "A1",
            "bill_type": "master",
            "parties": {"shipper": {"name": "Line"}},
        },
        {
            "bill_of_lading": "C3",
            "bill_type": "house",
            "parties": {"shipper": {"name": "Third"}},
        },
        {
            "bill_of_lading": "B2",
            "bill_type": "house",
            "parties": {"shipper": {"name": "Second"}},
        },
    ]
    facts = gather(manifest_of([{"bills": bills}])).row(0, named=True)
    assert facts["shipper_name"] == "SECOND"
    assert facts["bills_of_lading"] == ["A1", "B2", "C3"]


def test_the_assessment_day_is_the_day_asked_for_or_the_day_of_presentation(manifest_of):
    manifest = manifest_of([{"presented_on": date(2024, 5, 1)}, {}])
    assert gather(manifest)["assessed_on"].to_list() == [date(2024, 5, 1), None]
    assert gather(manifest, date(2024, 5, 7))["assessed_on"].to_list() == [date(2024, 5, 7)] * 2


def test_amended_fields_are_a_list(manifest_of):
    row = {"amended_fields": "consignee_name; hs_code"}
    assert _one(manifest_of, row, "amended_fields") == ["CONSIGNEE_NAME", "HS_CODE"]


def test_no_order_of_lines_changes_a_bit_of_a_total(manifest_of):
    """0.1 + 0.2 + 0.3 and 0.3 + 0.2 + 0.1 are two numbers to a computer, and one to an officer."""
    orders = [[0.1, 0.2, 0.3], [0.3, 0.2, 0.1], [0.2, 0.3, 0.1]]
    rows = [{"goods": [{"gross_mass_kg": mass} for mass in order]} for order in orders]
    assert gather(manifest_of(rows))["gross_mass_kg"].n_unique() == 1


def test_goods_told_on_the_master_and_on_its_house_bills_count_once(tmp_path):
    path = tmp_path / "voyage.csv"
    path.write_text(
        "container_number,bill_of_lading,master_bill_of_lading,bill_type,gross_mass_kg\n"
        "CSQU3054383,M1,,master,900\n"
        "CSQU3054383,H1,M1,house,500\n"
        "CSQU3054383,H2,M1,house,400\n"
        "MSCU1234566,M2,,master,700\n",
        "utf-8",
    )
    facts = gather(read_manifest(path).manifest, None)
    assert facts["gross_mass_kg"].to_list() == [900.0, 700.0]
    assert facts["bills_of_lading"].to_list() == [["H1", "H2", "M1"], ["M2"]]


@pytest.mark.parametrize(
    ("lines", "mass"),
    [
        ("CSQU3054383,M1,M1,,26000,POWDER\n", 26000.0),
        ("CSQU3054383,M1,M2,,26000,POWDER\nCSQU3054383,M2,M1,,10,TOYS\n", 26010.0),
        ("CSQU3054383,M1,,master,26000,POWDER\nCSQU3054383,H1,M1,house,,\n", 26000.0),
        ("CSQU3054383,M1,,master,26000,POWDER\nCSQU3054383,H1,m1,house,10,TOYS\n", 26000.0),
    ],
)
def test_no_bill_that_names_a_master_makes_goods_vanish(tmp_path, lines, mass):
    path = tmp_path / "voyage.csv"
    head = "container_number,bill_of_lading,master_bill_of_lading,bill_type,gross_mass_kg,goods_description\n"
    path.write_text(head + lines, "utf-8")
    facts = gather(read_manifest(path).manifest, None)
    assert facts["gross_mass_kg"].to_list() == [mass]
    assert "POWDER" in facts["goods_description"].to_list()[0]
