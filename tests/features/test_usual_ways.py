"""Usual ways: tare, set point, a trader's own goods, freight and its payment, held against plain Python."""

from __future__ import annotations

import math
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.features import assemble, gather, measures, sightings
from riskengine.features.usual import (
    FEWEST_FOR_A_HABIT,
    FEWEST_OF_A_RELATION,
    FEWEST_PAYMENTS,
    RELATION_SHRINKAGE,
)
from riskengine.ledger.history import OUTCOMES, Past, tally

_DAY = date(2024, 6, 1)
_SOME = settings(max_examples=5, deadline=None)
_WAYS = (
    "tare_difference_kg",
    "tare_deviation",
    "set_point_distance_c",
    "value_per_kg_shipper_heading_deviation",
    "mass_per_package_shipper_heading_deviation",
    "value_per_kg_consignee_heading_deviation",
    "mass_per_package_consignee_heading_deviation",
    "freight_lane_deviation",
    "freight_payment_other_share",
)

_box = st.fixed_dictionaries(
    {
        "days_ago": st.sampled_from([0, 1, 1, 2, 30, 400]),
        "shipper": st.sampled_from(["acme", "acme", "other"]),
        "consignee": st.sampled_from(["buyer", "buyer", "trader"]),
        "tare": st.sampled_from([2200.0, 2200.0, 2250.0, 2250.0, 2300.0, None]),
        "value": st.sampled_from([10.0, 10.0, 20.0, 20.0, 35.0, None]),
        "degrees": st.sampled_from([-18.0, -18.0, 0.0, 0.0, 13.3, None]),
        "freight": st.sampled_from([900.0, 900.0, 1000.0, 1000.0, 4000.0, None]),
        "payment": st.sampled_from(["prepaid", "collect", None]),
    }
)


def _plain(**said):
    return {
        "days_ago": 3,
        "shipper": "acme",
        "consignee": "buyer",
        "tare": 2200.0,
        "value": 20.0,
        "degrees": 13.3,
        "freight": 1000.0,
        "payment": "prepaid",
    } | said


def _row(box, number=99, **said):
    return {
        "container_id": number,
        "parties": {role: {"name": box[role]} for role in ("shipper", "consignee")},
        "port_of_loading": "ECGYE",
        "port_of_discharge": "NLRTM",
        "bill_of_lading": f"B{number}",
        "size_type": "22R1",
        "tare_mass_kg": box["tare"],
        "temperature_set_c": box["degrees"],
        "freight_amount_usd": box["freight"],
        "freight_payment": box["payment"],
        "goods": [
            {
                "hs_code": "080390",
                "gross_mass_kg": 10.0,
                "package_count": 2,
                "declared_value_usd": box["value"],
            }
        ],
    } | said


def _past(manifest_of, boxes):
    days = [_DAY - timedelta(days=box["days_ago"]) for box in boxes]
    rows = [
        _row(box, number, presented_on=day)
        for number, (box, day) in enumerate(zip(boxes, days, strict=True), start=1)
    ]
    manifest = manifest_of(rows)
    facts = gather(manifest, None)
    return tally(
        sightings(facts, manifest.attributes),
        measures(facts, manifest.attributes),
        pl.DataFrame(schema=dict(OUTCOMES)),
    )


@pytest.fixture(scope="module")
def usual_past(manifest_of):
    """Twenty-five containers that are all alike."""
    return _past(manifest_of, [_plain() for _ in range(25)])


@pytest.fixture(scope="module")
def usual_row(manifest_of, usual_past):
    return _told(manifest_of, usual_past, _row(_plain()))


def _told(manifest_of, past, row):
    return assemble(manifest_of([row]), past, _DAY).row(0, named=True)


def _told_by_hand(boxes, asked, name, *same, fewest=FEWEST_FOR_A_HABIT):
    """Return the earlier values of those that share what is asked, or None where they are too few."""
    values = [
        box[name]
        for box in boxes
        if box["days_ago"] > 0
        and box[name] is not None
        and all(box[key] == asked[key] for key in same)
    ]
    return values if asked[name] is not None and len(values) >= fewest else None


def _mean_and_spread(values):
    logarithms = [round(1000 * math.log(value)) / 1000 for value in values]
    mean = sum(logarithms) / len(values)
    return mean, math.sqrt(sum((x - mean) ** 2 for x in logarithms) / len(values))


def _near(expected):
    return None if expected is None else pytest.approx(expected, abs=1e-4)


@given(boxes=st.lists(_box, min_size=36, max_size=50), asked=_box)
@_SOME
def test_usual_ways_are_what_plain_python_counts(manifest_of, boxes, asked):
    row = _told(manifest_of, _past(manifest_of, boxes), _row(asked))
    tares = _told_by_hand(boxes, asked, "tare")
    usual = None if tares is None else math.exp(_mean_and_spread(tares)[0])
    assert row["tare_difference_kg"] == _near(None if usual is None else asked["tare"] - usual)
    degrees = _told_by_hand(boxes, asked, "degrees")
    apart = None if degrees is None else abs(asked["degrees"] - sum(degrees) / len(degrees))
    assert row["set_point_distance_c"] == _near(apart)
    freights = _told_by_hand(boxes, asked, "freight")
    assert row["freight_lane_deviation"] == _near(_distance(freights, asked["freight"]))


def _distance(values, asked):
    if values is None:
        return None
    mean, spread = _mean_and_spread(values)
    return (math.log(asked) - mean) / max(spread, 0.05)


@given(boxes=st.lists(_box, min_size=36, max_size=50), asked=_box)
@_SOME
def test_a_relation_leans_on_the_spread_of_its_heading(manifest_of, boxes, asked):
    row = _told(manifest_of, _past(manifest_of, boxes), _row(asked))
    of_heading = _told_by_hand(boxes, asked, "value")
    for role in ("shipper", "consignee"):
        own = _told_by_hand(boxes, asked, "value", role, fewest=FEWEST_OF_A_RELATION)
        expected = None
        if own is not None and of_heading is not None:
            mean, spread = _mean_and_spread([value / 10 for value in own])
            wider = _mean_and_spread([value / 10 for value in of_heading])[1]
            together = len(own) * spread**2 + RELATION_SHRINKAGE * wider**2
            drawn = math.sqrt(together / (len(own) + RELATION_SHRINKAGE))
            expected = (math.log(asked["value"] / 10) - mean) / max(drawn, 0.05)
        assert row[f"value_per_kg_{role}_heading_deviation"] == _near(expected)


@given(boxes=st.lists(_box, max_size=30), asked=_box)
@_SOME
def test_a_way_of_paying_is_held_against_the_pair_and_of_a_new_pair_against_the_shipper(
    manifest_of, boxes, asked
):
    row = _told(manifest_of, _past(manifest_of, boxes), _row(asked))
    of_pair, of_shipper = (
        _told_by_hand(boxes, asked, "payment", *same, fewest=FEWEST_PAYMENTS)
        for same in (("shipper", "consignee"), ("shipper",))
    )
    earlier = of_pair or of_shipper
    other = None if earlier is None else sum(way != asked["payment"] for way in earlier)
    assert row["freight_payment_other_share"] == _near(
        None if earlier is None else other / len(earlier)
    )
    assert row["freight_payment_other_share.count"] == (None if not earlier else len(earlier))


@pytest.fixture(scope="module")
def row_of_today(manifest_of):
    today = _past(manifest_of, [_plain(days_ago=0) for _ in range(25)])
    return _told(manifest_of, today, _row(_plain()))


@pytest.mark.parametrize("name", _WAYS)
def test_what_was_seen_on_the_day_itself_is_not_yet_usual(row_of_today, usual_row, name):
    assert usual_row[name] is not None
    assert row_of_today[name] is None


def test_a_measure_that_an_older_version_did_not_keep_is_unknown_and_not_unusual(
    manifest_of, usual_past
):
    kept = usual_past.habits.filter(pl.col("measure") == "gross_mass_kg")
    older = Past(counts=usual_past.counts, habits=kept)
    row = _told(manifest_of, older, _row(_plain()))
    assert [row[name] for name in _WAYS] == [None] * len(_WAYS)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"size_type": None}, "tare_difference_kg"),
        ({"size_type": "45G1"}, "set_point_distance_c"),
        ({"temperature_set_c": 999.0}, "set_point_distance_c"),
        ({"temperature_set_c": None}, "set_point_distance_c"),
        ({"port_of_loading": None}, "freight_lane_deviation"),
        ({"parties": {}}, "value_per_kg_shipper_heading_deviation"),
        ({"parties": {}}, "mass_per_package_consignee_heading_deviation"),
        ({"parties": {}}, "freight_payment_other_share"),
        ({"freight_payment": "elsewhere"}, "freight_payment_other_share"),
    ],
)
def test_what_is_not_declared_is_neither_usual_nor_unusual(
    manifest_of, usual_past, usual_row, said, name
):
    assert usual_row[name] is not None
    assert _told(manifest_of, usual_past, _row(_plain(), **said))[name] is None


def test_a_mixed_load_has_no_usual_set_point(manifest_of, usual_past):
    mixed = _row(_plain())
    mixed["goods"] = [*mixed["goods"], mixed["goods"][0] | {"hs_code": "030617"}]
    row = _told(manifest_of, usual_past, mixed)
    assert row["set_point_distance_c"] is None
    assert row["value_per_kg_shipper_heading_deviation"] is None


def test_a_set_point_below_zero_is_as_far_off_as_one_above(manifest_of):
    past = _past(manifest_of, [_plain(degrees=-18.0) for _ in range(25)])
    for degrees in (-24.5, -11.5):
        row = _told(manifest_of, past, _row(_plain(degrees=degrees)))
        assert row["set_point_distance_c"] == pytest.approx(6.5)
        assert row["set_point_distance_c.usual"] == pytest.approx(-18.0)


def test_the_freight_of_a_bill_is_shared_among_its_containers(manifest_of, usual_past):
    bill = {"bill_of_lading": "SHARED", "freight_amount_usd": 2000.0}
    rows = [_row(_plain(), number, **bill) for number in (1, 2)]
    frame = assemble(manifest_of(rows), usual_past, _DAY)
    assert frame["freight_lane_deviation"].to_list() == pytest.approx([0.0, 0.0], abs=0.01)
    assert frame["freight_lane_deviation.declared"].to_list() == [1000.0, 1000.0]


def test_a_box_on_several_bills_has_no_freight_of_its_own(manifest_of, usual_past):
    one = _row(_plain())
    row = _told(
        manifest_of, usual_past, one | {"bills": [one, one | {"bill_of_lading": "ANOTHER"}]}
    )
    assert row["freight_lane_deviation"] is None


def test_a_tare_is_held_against_the_one_declared_before(manifest_of):
    manifest = manifest_of([_row(_plain(tare=2300.0), 1), _row(_plain(), 2)])
    beside = pl.DataFrame(
        {"container_id": [1], "earlier_tare_mass_kg": [2200.0]},
        schema_overrides={"container_id": pl.Int32},
    )
    frame = assemble(manifest, Past.empty(), _DAY, beside)
    assert frame["tare_change_kg"].to_list() == [100.0, None]
