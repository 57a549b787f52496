"""A ledger that an older version kept: it counted fewer kinds of key, and says nothing of the others."""

from __future__ import annotations

from datetime import timedelta

import pytest

from riskengine.engine import Engine
from riskengine.engine.memory import past_of_others
from riskengine.features import gather
from riskengine.ledger.connection import open_ledger
from riskengine.manifest import read_manifest


@pytest.fixture
def older_unit(unit):
    """A unit whose ledger never counted carriers, nor shippers by their lane, nor tares; its runs are kept."""
    with open_ledger(unit) as connection:
        for table in ("count_day", "kind_day"):
            connection.execute(f"DELETE FROM {table} WHERE kind IN ('carrier', 'shipper_lane')")
        connection.execute("DELETE FROM habit_day WHERE measure IN ('tare_mass_kg', 'prepaid')")
    return unit


def test_what_an_older_version_did_not_count_is_not_taken_off(older_unit, samples):
    earlier = samples / "earlier" / "2026-02-18.csv"
    manifest = read_manifest(earlier).manifest
    past = past_of_others(older_unit, gather(manifest, None), manifest.attributes)
    assert past.counts["containers"].min() >= 0
    assert past.kinds["containers"].min() >= 0
    assert "carrier" not in set(past.kinds["kind"])
    assert past.habits["count"].min() > 0
    assert not {"tare_mass_kg", "prepaid"} & set(past.habits["measure"])


def test_a_kind_that_an_older_version_did_not_count_is_unknown(older_unit, reading, day):
    run = Engine.open(older_unit).assess(reading, assessed_on=day + timedelta(days=1))
    assert (
        run.indicators["shipper_lane_containers_before"].null_count() == run.indicators.height
    )
    assert run.indicators["shipper_containers_before"].null_count() < run.indicators.height
