"""Laws of every indicator: null stays null, nothing is infinite, neighbours and order do not matter."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars import selectors
from polars.testing import assert_frame_equal

from riskengine.features import assemble, gather, measures, sightings
from riskengine.features.catalog import catalog
from riskengine.features.measured import VALUES
from riskengine.ledger.history import Past, tally

_DAY = date(2024, 6, 1)
_INDICATORS = [field for field in catalog() if field.role == "indicator"]
_FEW = settings(max_examples=12, deadline=None)
_FEWER = settings(max_examples=8, deadline=None)

_numbers = st.sampled_from([None, 0.0, 1.0, 0.1, 0.2, 0.3, 1e-300, 7e3, 2.5e4, 1e300])
_line = st.fixed_dictionaries(
    {
        "description": st.sampled_from(
            [None, "", "Fresh bananas", "General cargo", "Used tyres"]
        ),
        "hs_code": st.sampled_from([None, "08", "0803", "080390", "720449", "xx"]),
        "country_of_origin": st.sampled_from([None, "EC", "NO"]),
        "package_count": st.sampled_from([None, 0, 1, 1200]),
        "quantity_unit": st.sampled_from([None, "kg", "l"]),
        "attributes": st.sampled_from(
            [{}, {"category:genus": "Gadus", "number:tax": 0.3}, {"key:profile": "a|b"}]
        ),
    }
    | dict.fromkeys(
        ("gross_mass_kg", "net_mass_kg", "volume_m3", "declared_value_usd", "quantity"),
        _numbers,
    )
)
_party = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["Acme", "To order", "N/A", "Global Logistics"]),
        "address": st.sampled_from([None, "1 Quay", "PO Box 3"]),
        "country": st.sampled_from([None, "NL", "EC"]),
    }
)
_ports = st.sampled_from([None, "ECGYE", "NLRTM", "PABLB", "ZZZZZ"])
_days = st.none() | st.dates(date(2024, 5, 1), date(2024, 7, 1))
_row = st.fixed_dictionaries(
    {
        "container_number": st.sampled_from([None, "CSQU3054383", "CSQU3054384", "BULK"]),
        "size_type": st.sampled_from([None, "22G1", "45R1", "22T1", "??"]),
        "is_full": st.sampled_from([None, True, False]),
        "is_loose_cargo": st.booleans(),
        "tare_mass_kg": _numbers,
        "verified_gross_mass_kg": _numbers,
        "container_gross_mass_kg": _numbers,
        "temperature_set_c": st.sampled_from([None, -20.0, 0.0, 13.0]),
        "freight_amount_usd": _numbers,
        "port_of_loading": _ports,
        "port_of_discharge": _ports,
        "place_of_receipt": _ports,
        "place_of_delivery": _ports,
        "bill_type": st.sampled_from([None, "master", "house"]),
        "amended_fields": st.sampled_from([None, "consignee_name", "voyage_number"]),
        "amendment_count": st.sampled_from([None, 0, 2]),
        "legs": st.lists(_ports, max_size=2),
        "seals": st.lists(st.sampled_from(["A", "b ", ""]), max_size=2),
        "parties": st.dictionaries(st.sampled_from(["shipper", "consignee"]), _party),
        "goods": st.lists(_line, max_size=3),
    }
    | dict.fromkeys(
        ("departed_on", "arrival_expected_on", "booked_on", "issued_on", "last_amended_on"),
        _days,
    )
)


def _numbered(rows):
    """Fix every key, so that a row keeps its own wherever it stands."""
    return [
        row
        | {
            "container_id": number,
            "consignment_id": 500 + number,
            "bill_of_lading": f"B{number}",
            "goods": [
                line | {"goods_item_id": 10 * number + place}
                for place, line in enumerate(row["goods"])
            ],
        }
        for number, row in enumerate(rows, start=1)
    ]


@pytest.fixture(scope="module")
def some_past(manifest_of):
    """A past in which most keys of the rows above were seen, examined and measured."""
    line = {
        "hs_code": "080390",
        "gross_mass_kg": 2e4,
        "package_count": 1000,
        "declared_value_usd": 1e4,
        "country_of_origin": "EC",
        "attributes": {"category:genus": "Gadus", "key:profile": "a|b"},
    }
    row = {
        "parties": {"shipper": {"name": "Acme"}, "consignee": {"name": "Acme"}},
        "port_of_loading": "ECGYE",
        "port_of_discharge": "NLRTM",
        "goods": [line],
        "seals": ["A"],
    }
    manifest = manifest_of([row] * 30)
    facts = gather(manifest, _DAY - timedelta(days=9))
    outcomes = pl.DataFrame(
        {"container_id": [1, 2, 3], "is_find": [True, False, False], "known_on": [_DAY - timedelta(days=2)] * 3},
        schema_overrides={"container_id": pl.Int32},
    )  # fmt: skip
    return tally(sightings(facts, manifest.attributes), measures(facts), outcomes)


@pytest.fixture(scope="module")
def nothing_declared(manifest_of):
    return assemble(manifest_of([{}, {"is_unreadable": True, "bills": []}]), Past.empty(), _DAY)


@pytest.mark.parametrize("field", _INDICATORS, ids=lambda field: field.name)
def test_of_a_container_that_declares_nothing_nothing_is_known(nothing_declared, field):
    """Unless the indicator speaks of absence itself; a bill, even an empty one, is one bill."""
    of_bare_bill, of_unreadable = nothing_declared[field.name].to_list()
    if field.is_always_known:
        assert of_bare_bill is not None
        assert of_unreadable is not None
    else:
        assert of_unreadable is None
        assert of_bare_bill is None or field.name == "is_container_on_several_bills"


@pytest.mark.parametrize("value", [0.0, 0])
def test_zero_is_a_value_but_nothing_is_divided_by_it(manifest_of, value):
    line = dict.fromkeys(
        ("gross_mass_kg", "net_mass_kg", "volume_m3", "declared_value_usd", "quantity"), 0.0
    )
    row = {"goods": [line | {"package_count": 0, "hs_code": "080390"}], "size_type": "22G1"}
    row |= {"freight_amount_usd": 0.0, "verified_gross_mass_kg": 0.0, "tare_mass_kg": 0.0}
    frame = assemble(manifest_of([row]), Past.empty(), _DAY).row(0, named=True)
    assert frame["gross_mass_kg"] == value
    for name in (
        "declared_value_per_kg_usd",
        "mass_per_package_kg",
        "net_to_gross_mass_ratio",
        "freight_to_value_ratio",
        "density_kg_per_m3",
        "verified_mass_difference_share",
        "is_round_gross_mass",
    ):
        assert frame[name] is None, name
    assert frame["payload_utilisation"] == value


@given(rows=st.lists(_row, max_size=5))
@_FEW
def test_no_number_is_ever_infinite_or_not_a_number(manifest_of, some_past, rows):
    frame = assemble(manifest_of(_numbered(rows)), some_past, _DAY)
    assert frame.height == len(rows)
    numbers = frame.select(selectors.float())
    assert numbers.select(pl.all().is_finite().all()).transpose().to_series().all()


@given(rows=st.lists(_row, min_size=2, max_size=4))
@_FEWER
def test_a_container_alone_says_what_it_says_among_others(manifest_of, some_past, rows):
    numbered = _numbered(rows)
    own = [field.name for field in catalog() if field.scope == "container"]
    together = assemble(manifest_of(numbered), some_past, _DAY).select("container_id", *own)
    for row in numbered:
        alone = assemble(manifest_of([row]), some_past, _DAY).select("container_id", *own)
        beside = together.filter(pl.col("container_id") == row["container_id"])
        assert_frame_equal(alone, beside, check_exact=True)


@given(rows=st.lists(_row, max_size=5), random=st.randoms(use_true_random=False))
@_FEW
def test_the_order_of_rows_does_not_matter(manifest_of, some_past, rows, random):
    numbered = _numbered(rows)
    shuffled = [
        row | {"goods": random.sample(row["goods"], len(row["goods"]))} for row in numbered
    ]
    random.shuffle(shuffled)
    assert_frame_equal(
        assemble(manifest_of(numbered), some_past, _DAY),
        assemble(manifest_of(shuffled), some_past, _DAY),
        check_exact=True,
        check_column_order=False,
    )


@given(rows=st.lists(_row, max_size=4))
@_FEW
def test_the_assembled_frame_remembers_what_the_facts_would(manifest_of, some_past, rows):
    """The engine keeps the assembled frame and draws sightings and measures from it later."""
    manifest = manifest_of(_numbered(rows))
    facts, frame = gather(manifest, _DAY), assemble(manifest, some_past, _DAY)
    assert_frame_equal(
        sightings(facts, manifest.attributes),
        sightings(frame, manifest.attributes),
        check_row_order=False,
    )
    is_finite = pl.all_horizontal(pl.col("value").is_finite())
    assert_frame_equal(
        measures(facts).filter(is_finite),
        measures(frame).filter(is_finite),
        check_row_order=False,
    )
    tally(sightings(frame, manifest.attributes), measures(frame), _no_outcomes())
    assert set(measures(frame)["measure"]) <= set(VALUES)


def _no_outcomes():
    return pl.DataFrame(
        schema={"container_id": pl.Int32, "is_find": pl.Boolean, "known_on": pl.Date}
    )
