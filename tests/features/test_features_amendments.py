"""What was seen to change joins what the feed declares, and is unknown where no earlier version was received."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from riskengine import messages
from riskengine.features import assemble, gather
from riskengine.features.amendments import register
from riskengine.features.beside import AMENDMENTS, beside_schema, with_beside
from riskengine.ledger.history import Past

DAY = date(2024, 6, 1)
ARRIVAL = date(2024, 6, 3)
NAMES = [indicator.field.name for indicator in register.indicators]


def seen(*rows):
    """Return facts as the engine finds them, with only what a test cares about."""
    schema = {"container_id": pl.Int32(), **beside_schema(AMENDMENTS)}
    return pl.DataFrame(
        [{"container_id": number} | row for number, row in enumerate(rows, start=1)],
        schema=schema,
    )


@pytest.fixture
def drawn(manifest_of):
    def one(row, found=None):
        beside = None if found is None else seen(found)
        manifest = manifest_of([{"arrival_expected_on": ARRIVAL} | row])
        return assemble(manifest, Past.empty(), DAY, beside).row(0, named=True)

    return one


def test_without_an_earlier_version_nothing_is_known(drawn):
    frame = drawn({"amendment_count": 3, "amended_fields": "consignee_name"})
    assert {name: frame[name] for name in NAMES} == dict.fromkeys(NAMES)
    assert frame["amendment_count"] == 3


def test_where_two_versions_say_the_same_no_change_is_known(drawn):
    found = {
        "received_version_count": 2.0,
        "seen_amendment_count": 0.0,
        "undeclared_amendment_count": 0.0,
    }
    frame = drawn({}, found | {"seen_amended_fields": []})
    known = {name: frame[name] for name in NAMES}
    assert known.pop("mass_change_share") is None
    assert known.pop("hours_amended_before_arrival") is None
    assert set(known.values()) == {False}
    assert (frame["amendment_count"], frame["amended_fields"]) == (0, None)
    assert frame["is_late_sensitive_amendment"] is False


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("CONSIGNEE_NAME", "is_consignee_changed"),
        ("NOTIFY_PARTY_NAME", "is_notify_party_changed"),
        ("SHIPPER_NAME", "is_shipper_changed"),
        ("GOODS_DESCRIPTION", "is_goods_description_changed"),
        ("HS_CODE", "is_hs_code_changed"),
        ("PORT_OF_LOADING", "is_port_of_loading_changed"),
        ("PORT_OF_DISCHARGE", "is_port_of_discharge_changed"),
        ("PLACE_OF_DELIVERY", "is_place_of_delivery_changed"),
        ("SEAL_NUMBERS", "is_seal_changed"),
        ("CONTAINER_NUMBER", "is_container_replaced"),
        ("BILL_OF_LADING", "is_bill_replaced"),
    ],
)
def test_each_field_that_was_seen_to_change_has_its_indicator(drawn, field, name):
    frame = drawn({}, {"seen_amended_fields": [field]})
    told = [
        one for one in NAMES if one.startswith("is_") and frame[one] and "undeclared" not in one
    ]
    assert told == [name]
    assert frame["changed_field_count"] == 1


def test_what_was_seen_makes_a_late_sensitive_amendment_of_a_feed_that_counts_none(drawn):
    found = {
        "received_version_count": 2.0,
        "seen_amendment_count": 1.0,
        "seen_amended_fields": ["CONSIGNEE_NAME"],
        "last_seen_amended_on": date(2024, 6, 1),
        "undeclared_amendment_count": 1.0,
    }
    for counted in (0, None):
        frame = drawn({"amendment_count": counted}, found)
        assert frame["is_late_sensitive_amendment"] is True
        assert frame["is_change_undeclared"] is True
        assert frame["days_amended_before_arrival"] == 2


def test_declared_and_seen_amendments_are_joined():
    declared = pl.DataFrame(
        {
            "container_id": [1, 2, 3, 4],
            "amendment_count": [3, 0, None, None],
            "amended_fields": [["HS_CODE"], None, None, None],
            "last_amended_on": [date(2024, 5, 1), None, None, None],
        },
        schema_overrides={"container_id": pl.Int32, "amendment_count": pl.Int64},
    )
    found = seen(
        {
            "seen_amendment_count": 1.0,
            "seen_amended_fields": ["HS_CODE", "SEAL_NUMBERS"],
            "last_seen_amended_on": date(2024, 5, 9),
        },
        {
            "seen_amendment_count": 2.0,
            "seen_amended_fields": ["SEAL_NUMBERS"],
            "last_seen_amended_on": date(2024, 5, 9),
        },
        {"seen_amendment_count": 0.0, "seen_amended_fields": []},
    )
    joined = with_beside(declared, found)
    assert joined.select("amendment_count", "amended_fields", "last_amended_on").rows() == [
        (3, ["HS_CODE", "SEAL_NUMBERS"], date(2024, 5, 9)),
        (2, ["SEAL_NUMBERS"], date(2024, 5, 9)),
        (0, None, None),
        (None, None, None),
    ]
    assert joined.schema["amendment_count"] == pl.Int64


def test_what_a_feed_declares_stands_where_nothing_was_received(manifest_of):
    row = {"amendment_count": 2, "amended_fields": "seal_numbers;hs_code"}
    facts = gather(manifest_of([row]), DAY)
    assert facts["amendment_count"].to_list() == [2]
    assert facts["amended_fields"].to_list() == [["HS_CODE", "SEAL_NUMBERS"]]


def test_a_mass_is_compared_with_what_was_declared_before(drawn):
    heavier = {"goods": [{"gross_mass_kg": 26000.0}]}
    found = {"earlier_gross_mass_kg": 20000.0}
    assert drawn(heavier, found)["mass_change_share"] == pytest.approx(0.3)
    assert drawn(heavier, {"earlier_gross_mass_kg": 0.0})["mass_change_share"] is None
    assert drawn({}, found)["mass_change_share"] is None


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_a_change_is_told_with_what_stood_before_and_what_stands_now(language):
    for indicator in register.indicators:
        field = indicator.field
        given = {param for param, _ in field.companions}
        if {"before", "after"} <= given and field.kind == "boolean":
            said = messages.render(
                f"{field.key}.yes", {"before": "OLD", "after": "NEW", "name": ""}, language
            )
            assert "OLD" in said
            assert "NEW" in said
