"""Only the past: nothing known on the day of assessment or later reaches an indicator."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from riskengine.domain import ExaminationResult, Outcome
from riskengine.engine import Engine
from riskengine.features.catalog import catalog
from riskengine.features.history import EVERYTHING
from riskengine.ledger import history
from riskengine.manifest import read_manifest
from riskengine.review import enter

OWN = [field.name for field in catalog() if field.scope == "container"]


@pytest.fixture
def next_ship(tmp_path, voyage_lines, written_lines):
    """Another voyage with the same traders, goods and boxes."""
    lines = [
        line | {"voyage_number": "610E", "bill_of_lading": f"{line['bill_of_lading']}N"}
        for line in voyage_lines()
    ]
    return written_lines(tmp_path / "next.csv", lines)


def record(unit, file, on):
    engine = Engine.open(unit)
    reading = read_manifest(file)
    run = engine.assess(reading, assessed_on=on)
    engine.record(run, reading, file, by="tester")
    return run


def own_indicators(run):
    return run.indicators.sort("container_id").select("container_id", *OWN)


def seize(unit, numbers, examined_on, entered_on):
    """Enter a seizure for each of these containers."""
    examined_at, entered_at = (
        datetime(on.year, on.month, on.day, 9, 30, tzinfo=UTC)
        for on in (examined_on, entered_on)
    )
    for number in numbers:
        found = ExaminationResult(
            container_number=number,
            outcome=Outcome.SEIZURE,
            examined_at=examined_at,
            officer="Ruiz",
        )
        enter(unit, found, entered_at=entered_at)


@pytest.fixture
def boxes_of_the_last_voyage(samples):
    earlier = read_manifest(samples / "earlier" / "2026-02-18.csv").manifest
    return earlier.containers["container_number"].drop_nulls().head(4).to_list()


@pytest.mark.parametrize("days_later", [0, 30])
def test_a_manifest_of_the_day_or_later_changes_nothing(
    unit, reading, run, day, next_ship, days_later
):
    record(unit, next_ship, day + timedelta(days=days_later))
    again = Engine.open(unit).assess(reading, assessed_on=day)
    assert own_indicators(again).equals(own_indicators(run))
    assert again.card == run.card


def test_a_manifest_of_the_day_before_is_known(unit, reading, run, day, next_ship):
    record(unit, next_ship, day - timedelta(days=1))
    again = Engine.open(unit).assess(reading, assessed_on=day)
    assert again.card.run_id != run.card.run_id
    counts = [
        "shipper_containers_before",
        "lane_containers_before",
        "days_since_container_seen",
    ]
    assert set(counts) <= set(OWN)
    for count in counts:
        assert not again.indicators[count].equals(run.indicators[count])
    assert again.indicators["days_since_container_seen"].min() == 1


def test_an_outcome_of_the_day_changes_nothing_until_the_next_morning(
    unit, reading, run, day, boxes_of_the_last_voyage
):
    seize(unit, boxes_of_the_last_voyage, day, day)
    same_day = Engine.open(unit).assess(reading, assessed_on=day)
    assert own_indicators(same_day).equals(own_indicators(run))
    assert same_day.card == run.card
    next_day = Engine.open(unit).assess(reading, assessed_on=day + timedelta(days=1))
    assert _find_rates(next_day) != _find_rates(run)


def test_an_outcome_of_the_day_before_is_known(
    unit, reading, run, day, boxes_of_the_last_voyage
):
    yesterday = day - timedelta(days=1)
    seize(unit, boxes_of_the_last_voyage, yesterday, yesterday)
    informed = Engine.open(unit).assess(reading, assessed_on=day)
    assert _find_rates(informed) != _find_rates(run)
    assert informed.card.digests.history != run.card.digests.history


def test_an_examination_that_is_reported_late_was_not_known_before(
    unit, reading, run, day, boxes_of_the_last_voyage
):
    """What was examined last week and is entered today, nobody knew this morning."""
    seize(unit, boxes_of_the_last_voyage, day - timedelta(days=7), day)
    again = Engine.open(unit).assess(reading, assessed_on=day)
    assert again.card == run.card


def _find_rates(run):
    rates = [name for name in OWN if name.endswith("_find_rate")]
    return run.indicators.sort("container_id").select(rates).rows()


def test_companions_on_the_manifest_change_only_what_is_declared_to_look_at_them(
    session_unit, run, day, tmp_path, voyage_lines, written_lines
):
    lines = voyage_lines()
    dropped = {line["container_number"] for line in lines[:20]}
    kept = [line for line in lines if line["container_number"] not in dropped]
    half = written_lines(tmp_path / "half.csv", kept)
    fewer = Engine.open(session_unit).assess(read_manifest(half), assessed_on=day)
    numbers = fewer.indicators["container_number"].drop_nulls().to_list()
    assert len(numbers) > 20
    mine, theirs = (
        each.indicators.filter(pl.col("container_number").is_in(numbers))
        .sort("container_number")
        .select(OWN)
        for each in (fewer, run)
    )
    assert mine.equals(theirs)


def test_a_voyage_assessed_again_does_not_find_itself_in_the_past(
    unit, reading, run, voyage, day
):
    """A day later, or amended, the same boxes, seals and traders are not suddenly seen before."""
    engine = Engine.open(unit)
    engine.record(run, reading, voyage, by="tester")
    again = engine.assess(reading, assessed_on=day + timedelta(days=1))
    counted = [name for name in run.indicators.columns if name.endswith("_before")]
    assert counted
    assert again.indicators.select(counted).equals(run.indicators.select(counted))


def test_a_voyage_is_counted_once_however_often_it_is_recorded(unit, reading, run, voyage, day):
    """Recording it again on a later day adds no container to what was counted."""
    engine = Engine.open(unit)
    engine.record(run, reading, voyage, by="tester")
    again = engine.assess(reading, assessed_on=day + timedelta(days=1))
    assert engine.record(again, reading, voyage, by="tester")
    keys = pl.DataFrame({"kind": [EVERYTHING], "key": [EVERYTHING]})
    counts = history.fetch(unit, keys).counts
    assert counts.filter(pl.col("on") >= day)["containers"].sum() == run.assessments.height
