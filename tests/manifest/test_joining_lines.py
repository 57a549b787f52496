"""How the lines of a file become voyages, consignments, containers and what hangs on them."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from riskengine.domain import DefectEffect
from riskengine.manifest import Manifest, Reading, defects, read_manifest


@pytest.fixture
def read(tmp_path: Path):
    def read_rows(*rows: dict[str, str]) -> Reading:
        names = list(dict.fromkeys(name for row in rows for name in row))
        path = tmp_path / "voyage.csv"
        pl.DataFrame([{name: row.get(name, "") for name in names} for row in rows]).write_csv(
            path
        )
        return read_manifest(path)

    return read_rows


def box(number: str = "CSQU3054383", bill: str = "B1", **more: str) -> dict[str, str]:
    return {"container_number": number, "bill_of_lading": bill} | more


def loads(manifest: Manifest) -> list[tuple[int, int]]:
    return manifest.loads.rows()


def test_two_lines_of_one_container_are_one_container_with_two_goods_items(read):
    manifest = read(
        box(hs_code="080390"), box(number="csqu 305438-3", hs_code="110630")
    ).manifest
    assert manifest.containers["container_number"].to_list() == ["CSQU3054383"]
    assert manifest.goods_items["hs_code"].to_list() == ["080390", "110630"]
    assert manifest.goods_items["container_id"].to_list() == [1, 1]


def test_a_container_on_two_bills_is_one_container_and_two_loads(read):
    manifest = read(box(bill="B1"), box(bill="B2")).manifest
    assert manifest.containers.height == 1
    assert loads(manifest) == [(1, 1), (1, 2)]


def test_facts_of_a_box_that_contradict_each_other_are_named_and_the_first_is_kept(read):
    reading = read(box(size_type="45R1"), box(size_type="22G1"), box(size_type=""))
    assert reading.manifest.containers["size_type"].to_list() == ["45R1"]
    [defect] = reading.defects
    assert (defect.code, defect.raw, defect.params["kept"]) == (
        "conflicting_value",
        "22G1",
        "45R1",
    )
    assert defect.container_number == "CSQU3054383"


def test_a_fact_declared_only_on_a_later_line_is_found(read):
    manifest = read(box(tare_mass_kg=""), box(tare_mass_kg="3800")).manifest
    assert manifest.containers["tare_mass_kg"].to_list() == [3800.0]


def test_a_bill_without_container_is_loose_cargo(read):
    manifest = read(box(number="", bill="B1"), box(number="LOOSE", bill="B1")).manifest
    assert manifest.containers["is_loose_cargo"].to_list() == [True]
    assert manifest.containers["container_number"].to_list() == [None]


def test_lines_without_bill_and_container_are_lots_of_their_own(read):
    goods = {"container_number": "", "bill_of_lading": "", "goods_description": "timber"}
    manifest = read(goods, goods).manifest
    assert manifest.containers.height == manifest.consignments.height == 2


def test_a_line_that_nothing_names_is_a_defect_of_its_lot(read):
    goods = {"container_number": " ", "bill_of_lading": "", "goods_description": "timber"}
    reading = read(box(goods_description="rice"), goods)
    [defect] = reading.defects
    assert (defect.code, str(defect.place)) == ("nothing_names_it", "voyage.csv:3")
    assert defect.effect is DefectEffect.CELL
    assert reading.manifest.containers["defect_count"].to_list() == [0, 1]
    assert reading.manifest.containers["is_loose_cargo"].to_list() == [False, True]


def test_a_bill_or_a_number_is_enough_of_a_name(read):
    assert read(box(number=""), box(bill="")).defects == ()


def test_a_line_that_stands_twice_is_kept_twice_and_named_with_the_first(read):
    twice = box(gross_mass_kg="700")
    reading = read(twice, box(gross_mass_kg="800"), twice, twice)
    assert [(d.code, d.params["line"], d.params["first"]) for d in reading.defects] == [
        ("line_repeated", 4, 2),
        ("line_repeated", 5, 2),
    ]
    assert {d.effect for d in reading.defects} == {DefectEffect.CONTENT}
    assert reading.defects[0].container_number == "CSQU3054383"
    assert reading.manifest.goods_items["gross_mass_kg"].to_list() == [700, 800, 700, 700]
    assert reading.manifest.containers["defect_count"].to_list() == [0]


def test_one_field_is_enough_to_make_two_lines_of_goods(read):
    assert (
        read(box(marks="A", hs_code="080390"), box(marks="B", hs_code="080390")).defects == ()
    )


def test_a_manifest_of_nothing_but_repeats_names_them_up_to_a_bound(read, monkeypatch):
    monkeypatch.setattr(defects, "MOST_OF_A_KIND", 3)
    found = read(*[box()] * 8).defects
    assert [d.code for d in found] == ["line_repeated"] * 3 + ["more_defects"]
    assert found[-1].params["count"] == 4


def test_one_number_on_two_voyages_is_two_containers(read):
    manifest = read(box(voyage_number="1E"), box(voyage_number="2E")).manifest
    assert manifest.voyages.height == manifest.containers.height == 2


def test_in_a_history_without_voyages_another_day_is_another_container(read):
    manifest = read(
        box(bill="B1", presented_on="2026-01-05"), box(bill="B2", presented_on="2026-02-05")
    ).manifest
    assert manifest.containers.height == 2


def test_on_a_named_voyage_the_day_of_presentation_parts_nothing(read):
    manifest = read(
        box(bill="B1", presented_on="2026-01-05", voyage_number="1E"),
        box(bill="B2", presented_on="2026-01-06", voyage_number="1E"),
    ).manifest
    assert manifest.containers.height == 1


def test_seals_are_listed_once_with_their_parties(read):
    manifest = read(
        box(seal_numbers="A1; A2", sealing_party="carrier;shipper"),
        box(seal_numbers="A2,A3", sealing_party="customs"),
    ).manifest
    assert manifest.seals.rows() == [
        (1, "A1", "carrier"),
        (1, "A2", "shipper"),
        (1, "A3", "customs"),
    ]


def test_sealing_parties_that_cannot_be_counted_off_are_named(read):
    reading = read(box(seal_numbers="A1;A2;A3", sealing_party="carrier;shipper"))
    assert [defect.code for defect in reading.defects] == ["sealing_parties_uncounted"]
    assert reading.manifest.seals["sealing_party"].to_list() == [None] * 3


def test_ports_of_transhipment_keep_their_order(read):
    manifest = read(box(transhipment_ports="COCTG; Algeciras")).manifest
    assert manifest.legs.rows() == [(1, 1, "COCTG", "COCTG"), (1, 2, "ESALG", "Algeciras")]


def test_a_port_that_is_not_known_is_null_with_its_text_kept(read):
    reading = read(box(port_of_loading="any safe port"))
    row = reading.manifest.consignments.row(0, named=True)
    assert (row["port_of_loading"], row["port_of_loading_text"]) == (None, "any safe port")
    assert [defect.code for defect in reading.defects] == ["port_unknown"]


def test_parties_have_a_row_only_where_something_is_declared(read):
    manifest = read(box(shipper_name="Ácme S.A.", consignee_country="BE")).manifest
    assert manifest.parties.select("role", "name", "name_key", "country").rows() == [
        ("shipper", "Ácme S.A.", "acme", None),
        ("consignee", None, None, "BE"),
    ]


def test_the_gravest_outcome_is_that_of_the_container_on_the_day_it_was_found(read):
    manifest = read(
        box(outcome="nil", outcome_known_on="2026-03-09"),
        box(outcome="seizure", outcome_known_on="2026-03-04"),
        box(outcome="discrepancy", outcome_known_on="2026-03-06"),
    ).manifest
    assert manifest.examinations.rows() == [(1, "seizure", True, date(2026, 3, 6), None)]


def test_without_an_outcome_there_was_no_examination(read):
    assert read(box(outcome="", goods_description="x")).manifest.examinations.height == 0


def test_an_outcome_without_its_day_is_named(read):
    reading = read(box(outcome="nil"))
    assert [defect.code for defect in reading.defects] == ["outcome_day_missing"]


def test_what_is_not_declared_is_null_and_not_zero(read):
    manifest = read(box()).manifest
    goods = manifest.goods_items.row(0, named=True)
    assert goods["gross_mass_kg"] is None
    assert goods["package_count"] is None
    assert manifest.containers["is_full"].to_list() == [None]


def test_wrong_numbers_of_containers_are_kept_and_named(read):
    reading = read(box(number="CSQU3054384"), box(number="CSQ 12"))
    assert reading.manifest.containers["container_number"].to_list() == ["CSQU3054384", "CSQ12"]
    assert {(defect.code, defect.raw) for defect in reading.defects} == {
        ("check_digit_wrong", "CSQU3054384"),
        ("container_number_malformed", "CSQ 12"),
    }
    assert reading.manifest.containers["defect_count"].to_list() == [0, 0]


def test_a_hs_code_whose_zero_a_spreadsheet_ate_is_restored_and_named(read):
    reading = read(box(hs_code="80390"))
    assert reading.manifest.goods_items["hs_code"].to_list() == ["080390"]
    assert [defect.code for defect in reading.defects] == ["hs_zero_restored"]


def test_every_record_is_received_as_it_came(read):
    reading = read(box(goods_description="  =cmd|' /C calc'!A0  "))
    assert reading.manifest.received["text"].to_list()[0][2] == "  =cmd|' /C calc'!A0  "
    assert reading.manifest.goods_items["description"].to_list() == ["=cmd|' /C calc'!A0"]
