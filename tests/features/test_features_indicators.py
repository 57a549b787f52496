"""What each indicator says of plain examples; most know three answers: yes, no, not known."""

from __future__ import annotations

from datetime import date

import pytest

from riskengine.features import assemble
from riskengine.features.addresses import are_several_parties
from riskengine.ledger.history import Past

_FULL = {"is_full": True}


def _says(manifest_of, name, row, *others):
    frame = assemble(manifest_of([row, *others]), Past.empty(), date(2024, 6, 1))
    return frame[name].to_list()[0]


def _goods(**line):
    return {"goods": [line]}


def _parties(**parties):
    return {"parties": {role: {"name": name} for role, name in parties.items()}}


_EXAMPLES = [
    ("declared_value_per_kg_usd", _goods(declared_value_usd=50.0, gross_mass_kg=20.0), 2.5),
    ("declared_value_per_kg_usd", _goods(declared_value_usd=50.0, gross_mass_kg=0.0), None),
    ("declared_value_per_kg_usd", _goods(declared_value_usd=0.0, gross_mass_kg=20.0), 0.0),
    ("mass_per_package_kg", _goods(gross_mass_kg=100.0, package_count=5), 20.0),
    ("mass_per_package_kg", _goods(gross_mass_kg=100.0, package_count=0), None),
    ("net_to_gross_mass_ratio", _goods(gross_mass_kg=100.0, net_mass_kg=90.0), 0.9),
    ("freight_to_value_ratio", {"freight_amount_usd": 10.0} | _goods(declared_value_usd=40.0), 0.25),
    ("goods_item_count", {"goods": [{}, {}]}, 2),
    ("goods_description_length", _goods(description="Bananas"), 7),
    ("distinct_commodity_count", {"goods": [{"hs_code": "080390"}, {"hs_code": "030617"}]}, 2),
    ("main_chapter", {"goods": [{"hs_code": "080390", "gross_mass_kg": 1.0}, {"hs_code": "030617", "gross_mass_kg": 9.0}]}, "03"),
    ("main_chapter", {"goods": [{"hs_code": "080390"}, {"hs_code": "0803"}, {"hs_code": "030617", "gross_mass_kg": 9.0}]}, "08"),
    ("is_vague_description", _goods(description="General cargo."), True),
    ("is_vague_description", {"goods": [{"description": "Partes"}, {"description": "Bananas"}]}, False),
    ("is_vague_description", _goods(description="F.A.K."), False),
    ("is_cover_load", _goods(hs_code="080390"), True),
    ("is_cover_load", _goods(hs_code="950300"), False),
    ("is_cover_load", _goods(hs_code="08"), None),
    ("is_scanner_opaque_cargo", _goods(hs_code="720449"), True),
    ("is_carrier_material", _goods(hs_code="440290"), True),
    ("is_perishable", _goods(hs_code="0803"), True),
    ("is_perishable", _goods(hs_code="7204"), False),
    ("is_precursor_chemical", _goods(hs_code="291524"), True),
    ("is_precursor_chemical", _goods(hs_code="2915"), None),
    ("is_precursor_chemical", _goods(hs_code="080390"), False),
    ("is_round_gross_mass", _goods(gross_mass_kg=20_000.0), True),
    ("is_round_gross_mass", _goods(gross_mass_kg=20_001.0), False),
    ("is_round_gross_mass", _goods(gross_mass_kg=0.0), None),
    ("density_kg_per_m3", _goods(gross_mass_kg=10.0, volume_m3=4.0), 2.5),
    ("density_kg_per_m3", _goods(gross_mass_kg=10.0, volume_m3=0.0), None),
    ("payload_utilisation", {"size_type": "22G1"} | _goods(gross_mass_kg=14_150.0), 0.5),
    ("payload_utilisation", {"size_type": "XX99"} | _goods(gross_mass_kg=14_150.0), None),
    ("is_description_hs_mismatch", _goods(description="Fresh bananas", hs_code="720449"), True),
    ("is_description_hs_mismatch", _goods(description="Bananas frescas", hs_code="080390"), False),
    ("is_description_hs_mismatch", _goods(description="Lot 12", hs_code="080390"), False),
    ("is_description_hs_mismatch", _goods(description="Fresh bananas"), None),
    ("is_personal_effects", _goods(description="Used household goods"), True),
    ("is_second_hand_goods", _goods(description="Used tyres"), True),
    ("is_second_hand_goods", _goods(hs_code="630900"), True),
    ("is_second_hand_goods", _goods(description="Bananas"), False),
    ("is_vague_groupage", {"goods": [{"description": "Parts"}, {"description": "Bananas"}]}, True),
    ("is_vague_groupage", _goods(description="Parts"), False),
    ("is_hs_code_missing", _goods(description="Bananas"), True),
    ("is_hs_code_missing", _goods(hs_code="080390"), False),
    ("is_hs_code_missing", {"is_full": False}, False),
    ("is_wildlife_prone_cargo", {"port_of_loading": "KEMBA"} | _goods(hs_code="440349"), True),
    ("is_wildlife_prone_cargo", {"port_of_loading": "NLRTM"} | _goods(hs_code="440349"), False),
    ("is_waste_prone_cargo", _goods(hs_code="391590"), True),
    ("is_arms_prone_cargo", _goods(hs_code="870899"), True),
    ("is_cigarettes", _goods(description="Cigarrillos"), True),
    ("is_cigarettes", _goods(hs_code="240220"), True),
    ("transhipment_count", {"legs": ["PABLB", "ESALG"]}, 2),
    ("is_source_country_loading", {"port_of_loading": "ECGYE"}, True),
    ("is_source_country_loading", {"port_of_loading": "PABLB", "place_of_receipt": "NLRTM"}, True),
    ("is_source_country_loading", {"port_of_loading": "CNSHA"}, False),
    ("is_relay_port_transhipment", {"legs": ["PABLB"]}, True),
    ("is_relay_port_transhipment", {"legs": ["SGSIN"]}, False),
    ("detour_ratio", {"port_of_loading": "ECGYE", "port_of_discharge": "NLRTM"}, 1.0),
    ("detour_ratio", {"port_of_loading": "NLRTM", "port_of_discharge": "NLRTM"}, None),
    ("is_origin_implausible", _goods(hs_code="080112", country_of_origin="NO"), True),
    ("is_origin_implausible", _goods(hs_code="080112", country_of_origin="ID"), False),
    ("is_origin_implausible", _goods(hs_code="870323", country_of_origin="NO"), False),
    ("is_destination_producer", {"port_of_discharge": "ECGYE"} | _goods(hs_code="080390"), True),
    ("is_destination_producer", {"port_of_discharge": "NLRTM"} | _goods(hs_code="080390"), False),
    ("is_origin_not_loading_country", {"port_of_loading": "ECGYE"} | _goods(country_of_origin="CO"), True),
    ("is_origin_not_loading_country", {"port_of_loading": "ECGYE"} | _goods(country_of_origin="EC"), False),
    ("is_delivery_beyond_discharge", {"port_of_discharge": "NLRTM", "place_of_delivery": "DEHAM"}, True),
    ("is_place_of_receipt_missing", {"place_of_receipt": "ECGYE"}, False),
    ("days_to_arrival", {"arrival_expected_on": date(2024, 6, 4)}, 3),
    ("voyage_days", {"departed_on": date(2024, 5, 30), "arrival_expected_on": date(2024, 6, 4)}, 5),
    ("is_to_order_consignee", _parties(consignee="To the order of Banco"), True),
    ("is_to_order_consignee", _parties(consignee="Border Toys"), False),
    ("is_placeholder_party", _parties(shipper="N/A"), True),
    ("is_placeholder_party", _parties(shipper="Acme"), False),
    ("is_placeholder_party", _parties(shipper="Acme", notify_party="Same as consignee"), False),
    ("is_placeholder_party", _parties(shipper="Acme", notify_party="IDEM"), False),
    ("is_forwarder_as_shipper", _parties(shipper="Global Logistics SA"), True),
    ("is_forwarder_as_shipper", _parties(shipper="Acme", forwarder="Acme"), True),
    ("is_forwarder_as_shipper", _parties(shipper="Logisticsville"), False),
    ("is_notify_party_abroad", {"parties": {"consignee": {"country": "NL"}, "notify_party": {"country": "BE"}}}, True),
    ("is_post_office_box_address", {"parties": {"consignee": {"address": "P.O. Box 12"}}}, True),
    ("is_post_office_box_address", {"parties": {"consignee": {"address": "12 Box Street"}}}, False),
    ("is_free_email_domain", {"parties": {"consignee": {"email": "a@Gmail.com"}}}, True),
    ("is_free_email_domain", {"parties": {"consignee": {"email": "a@notgmail.com"}}}, False),
    ("is_same_party_both_sides", _parties(shipper="Acme", consignee="ACME"), True),
    ("is_container_number_malformed", {"container_number": "CSQ3054383"}, True),
    ("is_container_number_malformed", {"container_number": "HEAP 1", "is_loose_cargo": True}, None),
    ("is_check_digit_wrong", {"container_number": "CSQU3054384"}, True),
    ("is_check_digit_wrong", {"container_number": "CSQU3054383"}, False),
    ("is_check_digit_wrong", {"container_number": "BULK"}, None),
    ("is_reefer", {"size_type": "45R1"}, True),
    ("is_reefer", {"size_type": "22G1"}, False),
    ("is_reefer_with_dry_cargo", {"size_type": "45R1"} | _goods(hs_code="720449"), True),
    ("is_reefer_with_dry_cargo", {"size_type": "45R1"} | _goods(hs_code="080390"), False),
    ("is_reefer_setpoint_odd", {"temperature_set_c": -20.0} | _goods(hs_code="080390"), True),
    ("is_reefer_setpoint_odd", {"temperature_set_c": 13.3} | _goods(hs_code="080390"), False),
    ("is_reefer_setpoint_odd", {"temperature_set_c": 13.3} | _goods(hs_code="720449"), None),
    ("is_unusual_type_for_goods", {"size_type": "22T1"} | _goods(hs_code="870323"), True),
    ("is_unusual_type_for_goods", {"size_type": "22G1"} | _goods(hs_code="870323"), False),
    ("is_empty_too_heavy", {"is_full": False, "tare_mass_kg": 2200.0, "verified_gross_mass_kg": 4000.0}, True),
    ("is_empty_too_heavy", {"is_full": False, "tare_mass_kg": 2200.0, "verified_gross_mass_kg": 2210.0}, False),
    ("is_empty_too_heavy", {"is_full": False}, None),
    ("is_empty_too_heavy", _FULL, False),
    ("seal_count", {"seals": ["A", "B", "a"]}, 2),
    ("is_container_on_several_bills", {"bills": [{"bill_of_lading": "A"}, {"bill_of_lading": "B"}]}, True),
    ("verified_mass_difference_share", {"container_gross_mass_kg": 100.0, "verified_gross_mass_kg": 110.0}, 0.1),
    ("verified_mass_difference_share", {"tare_mass_kg": 20.0, "verified_gross_mass_kg": 90.0} | _goods(gross_mass_kg=80.0), -0.1),
    ("is_late_sensitive_amendment", {"amended_fields": "consignee_name", "last_amended_on": date(2024, 6, 3), "arrival_expected_on": date(2024, 6, 5)}, True),
    ("is_late_sensitive_amendment", {"amended_fields": "voyage_number", "last_amended_on": date(2024, 6, 3), "arrival_expected_on": date(2024, 6, 5)}, False),
    ("is_late_sensitive_amendment", {"amendment_count": 0}, False),
    ("days_amended_before_arrival", {"last_amended_on": date(2024, 6, 3), "arrival_expected_on": date(2024, 6, 5)}, 2),
    ("is_bill_issued_after_departure", {"issued_on": date(2024, 6, 3), "departed_on": date(2024, 6, 2)}, True),
    ("booking_lead_days", {"booked_on": date(2024, 5, 30), "departed_on": date(2024, 6, 2)}, 3),
    ("is_house_bill_missing", {"bill_type": "master"}, True),
    ("is_house_bill_missing", {"bill_type": "house"}, False),
    ("is_freight_prepaid", {"freight_payment": "prepaid"}, True),
    ("is_stow_position_reachable", {"stow_position": "0120382"}, True),
    ("is_stow_position_reachable", {"stow_position": "120384"}, True),
    ("is_stow_position_reachable", {"stow_position": "0120386"}, False),
    ("is_stow_position_reachable", {"stow_position": "012-03-04"}, False),
    ("is_stow_position_reachable", {"stow_position": "YARD 7"}, None),
    ("is_stow_position_reachable", {}, None),
    ("tare_over_highest_usual_kg", {"size_type": "22G1", "tare_mass_kg": 2_900.0}, 450.0),
    ("tare_over_highest_usual_kg", {"size_type": "22G1", "tare_mass_kg": 2_200.0}, -250.0),
    ("tare_over_highest_usual_kg", {"size_type": "22G1"}, None),
    ("tare_over_highest_usual_kg", {"tare_mass_kg": 2_200.0}, None),
    ("is_freight_prepaid", {"freight_payment": "collect"}, False),
]  # fmt: skip


@pytest.fixture(scope="module")
def examples(manifest_of):
    """All examples in one manifest: none of the indicators below looks at other bills."""
    manifest = manifest_of([row for _, row, _ in _EXAMPLES])
    return assemble(manifest, Past.empty(), date(2024, 6, 1))


@pytest.mark.parametrize(
    "number", range(len(_EXAMPLES)), ids=[name for name, _, _ in _EXAMPLES]
)
def test_an_indicator_says_what_its_help_text_promises(examples, number):
    name, _, answer = _EXAMPLES[number]
    said = examples[name].to_list()[number]
    assert said == (pytest.approx(answer) if isinstance(answer, float) else answer)


def test_a_detour_is_longer_than_the_direct_way(manifest_of):
    row = {"port_of_loading": "ECGYE", "port_of_discharge": "NLRTM", "legs": ["CNSHA"]}
    assert _says(manifest_of, "detour_ratio", row) > 2
    assert _says(manifest_of, "route_length_km", row) > 20_000


def test_a_way_over_an_unknown_port_has_no_length(manifest_of):
    row = {"port_of_loading": "ECGYE", "port_of_discharge": "NLRTM", "legs": [None]}
    assert _says(manifest_of, "route_length_km", row) is None


def test_a_seal_on_two_containers_is_repeated(manifest_of):
    assert _says(manifest_of, "is_seal_repeated", {"seals": ["A"]}, {"seals": ["a "]}) is True
    assert _says(manifest_of, "is_seal_repeated", {"seals": ["A"]}, {"seals": ["B"]}) is False


def test_a_seal_of_another_voyage_in_the_same_file_is_no_peer(manifest_of):
    other = {"seals": ["A"], "voyage_number": "2"}
    assert _says(manifest_of, "is_seal_repeated", {"seals": ["A"]}, other) is False


def test_a_missing_seal_speaks_only_where_the_manifest_declares_seals(manifest_of):
    assert _says(manifest_of, "is_seal_missing", _FULL, {"seals": ["A"]}) is True
    assert _says(manifest_of, "is_seal_missing", _FULL) is None


def test_two_consignees_at_one_address_share_it(manifest_of):
    first = {"parties": {"consignee": {"name": "Acme", "address": "1 Quay"}}}
    second = {"parties": {"consignee": {"name": "Other", "address": "1 QUAY"}}}
    assert _says(manifest_of, "is_consignee_address_shared", first, second) is True
    assert _says(manifest_of, "is_consignee_address_shared", first, first) is False


@pytest.mark.parametrize(
    ("one", "other", "is_shared"),
    [
        ("scheldt fruit terminal", "fruit imports scheldt terminal", False),
        ("fruit scheldt terminal", "friut scheldt terminl", False),
        ("fruit scheldt terminal", "aurora toys", True),
    ],
)
def test_spellings_of_one_consignee_do_not_share_its_address(
    manifest_of, one, other, is_shared
):
    rows = [{"parties": {"consignee": {"name": n, "address": "1 Quay"}}} for n in (one, other)]
    assert _says(manifest_of, "is_consignee_address_shared", *rows) is is_shared


def test_a_third_spelling_between_two_makes_them_one_party():
    between = ["aaaaaaaa bbbb", "aaaaaabb bbbb", "aaaabbbb bbbb"]
    assert not are_several_parties(between)
    assert are_several_parties([*between, "zz"])
    assert not are_several_parties([])


def test_without_a_name_or_an_address_nobody_knows_whether_it_is_shared(manifest_of):
    other = {"parties": {"consignee": {"name": "Other", "address": "1 Quay"}}}
    for known in ({"address": "1 Quay"}, {"name": "Acme"}):
        row = {"parties": {"consignee": known}}
        assert _says(manifest_of, "is_consignee_address_shared", row, other) is None


def test_freight_is_held_against_all_goods_of_the_bill(manifest_of):
    bill = {"bill_of_lading": "B", "freight_amount_usd": 30.0}
    rows = [{"bills": [bill | {"goods": [{"declared_value_usd": 100.0}]}]} for _ in range(3)]
    assert _says(manifest_of, "freight_to_value_ratio", *rows) == pytest.approx(0.1)


def test_complete_papers_declare_more_than_thin_ones(manifest_of):
    thin = _says(manifest_of, "declared_field_share", {})
    fuller = _says(manifest_of, "declared_field_share", {"seals": ["A"], "size_type": "22G1"})
    assert 0 <= thin < fuller <= 1
