"""The rows of history behind an indicator: those that it counted, no others, none that was not known then."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from riskengine import messages
from riskengine.domain import ExaminationResult, Outcome
from riskengine.engine import Engine, precedents
from riskengine.engine.precedents import MOST_PRECEDENTS, counts_precedents, precedents_of
from riskengine.features.catalog import catalog
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.run_register import recorded_runs
from riskengine.ledger.runs import read_frame
from riskengine.manifest import read_manifest
from riskengine.review import enter

COUNTING = [field.name for field in catalog() if counts_precedents(field.name)]
COUNTS = [name for name in COUNTING if name.endswith(("_before", "_7d", "_30d"))]
RATES = [name for name in COUNTING if name.endswith("_find_rate")]
SEVERAL_SEALS = {
    "seal_sightings_before",
    "seal_series_containers_before",
    "is_seal_seen_before",
}
MORE = re.compile(r"And ([\d,]+) more\.")


@pytest.fixture(autouse=True)
def ask_everything(monkeypatch):
    """Ask for all indicators at once: how few are told otherwise has its own test."""
    monkeypatch.setattr(precedents, "MOST_FIELDS", len(COUNTING))


def how_many(told):
    """Return how many there are, those that are only counted too."""
    if not told:
        return 0
    more = MORE.search(told[-1].said)
    return len(told) + (int(more.group(1).replace(",", "")) if more else 0)


def facts_of(run, container_id):
    return run.indicators.filter(pl.col("container_id") == container_id).row(0, named=True)


def busiest(run, amount):
    """Return the containers with the most counted behind them."""
    known = [name for name in COUNTS if name in run.indicators.columns]
    ranked = run.indicators.select("container_id", total=pl.sum_horizontal(known))
    return ranked.sort("total", descending=True)["container_id"].head(amount).to_list()


def opened(unit, outcomes):
    """Enter outcomes for some containers of the last recorded run, in turn, three days after it."""
    entry = recorded_runs(unit)[-1]
    numbers = read_frame(entry.folder_in(unit), "assessments")["container_number"].drop_nulls()
    at = entry.assessed_at + timedelta(days=3)
    for place, number in enumerate(numbers.sort().head(9).to_list()):
        found = outcomes[place % len(outcomes)]
        result = ExaminationResult(
            container_number=number, outcome=found, examined_at=at, officer="Ama"
        )
        enter(unit, result, run_id=entry.run_id, entered_at=at)
    return at.date()


@pytest.fixture(scope="module")
def some_containers(run):
    return busiest(run, 3)


def test_what_is_told_is_what_was_counted(session_unit, run, some_containers):
    """The history counts by key; the containers that are found again are exactly as many."""
    compared = 0
    for container_id in some_containers:
        facts = facts_of(run, container_id)
        told = precedents_of(session_unit, run, container_id, COUNTS)
        for name in COUNTS:
            if facts[name] is None or name in SEVERAL_SEALS:
                continue
            assert how_many(told.get(name, ())) == facts[name], name
            compared += facts[name] > 0
    assert compared > 20


def test_of_an_indicator_the_latest_are_told_before_the_day(session_unit, run, some_containers):
    for container_id in some_containers:
        own = facts_of(run, container_id)
        for several in precedents_of(session_unit, run, container_id, COUNTING).values():
            days = [one.on for one in several]
            assert 0 < len(days) <= MOST_PRECEDENTS
            assert days == sorted(days, reverse=True)
            assert max(days) < own["assessed_on"]


def test_examinations_are_told_with_what_they_found(unit, reading, day):
    """As many as the rate counted, with outcome and day; those known on the day itself are not."""
    known = opened(unit, [Outcome.NIL, Outcome.SEIZURE, Outcome.DISCREPANCY])
    run = Engine.open(unit).assess(reading, assessed_on=day)
    assert known < day
    compared = 0
    sentences = ""
    for container_id in busiest(run, 2):
        facts = facts_of(run, container_id)
        for name, told in precedents_of(unit, run, container_id, RATES).items():
            assert how_many(told) == facts[f"{name}.examined"], name
            assert all("(known on" in one.said for one in told)
            sentences += " ".join(one.said for one in told)
            compared += 1
    assert compared > 3
    assert all(word in sentences for word in ("nothing found", "seizure", "discrepancy"))
    card = replace(run.card, assessed_on=known.isoformat())
    facts = run.indicators.with_columns(pl.lit(known).alias("assessed_on"))
    on_that_day = replace(run, card=card, indicators=facts)
    assert precedents_of(unit, on_that_day, busiest(run, 1)[0], RATES) == {}


def test_what_was_noted_later_is_not_told_of_a_recorded_run(unit, voyage, reading, day):
    """A voyage of an earlier day that comes in late changes nothing that was told."""
    engine = Engine.open(unit)
    run = engine.assess(reading, assessed_on=day)
    engine.record(run, reading, voyage, by="tester")
    container_id = busiest(run, 1)[0]
    told = precedents_of(unit, run, container_id, COUNTING)
    with open_ledger(unit) as connection:
        connection.execute(
            "INSERT INTO run SELECT * REPLACE ('late' AS run_id, recorded_at + INTERVAL 1 HOUR AS"
            " recorded_at) FROM run WHERE run_id = ?",
            [run.card.run_id],
        )
        connection.execute(
            "INSERT INTO sighting SELECT container_key || 'X', bill_of_lading, voyage_key || 'X',"
            """ DATE '2026-03-01', 'late' FROM sighting WHERE "on" < DATE '2026-03-01'"""
        )
        connection.execute(
            "INSERT INTO container_seen SELECT * REPLACE (container_key || 'X' AS container_key,"
            """ voyage_key || 'X' AS voyage_key, DATE '2026-03-01' AS "on") FROM container_seen"""
            """ WHERE "on" < DATE '2026-03-01'"""
        )
    assert precedents_of(unit, run, container_id, COUNTING) == told


def test_its_own_voyage_is_no_precedent(unit, voyage, reading, day):
    engine = Engine.open(unit)
    first = engine.assess(reading, assessed_on=day)
    engine.record(first, reading, voyage, by="tester")
    again = engine.assess(reading, assessed_on=day + timedelta(days=1))
    told = precedents_of(unit, again, busiest(again, 1)[0], COUNTING)
    days = {one.on for several in told.values() for one in several}
    assert days
    assert day not in days


def test_a_party_is_found_in_every_spelling(unit, day, voyage_lines, written_lines, tmp_path):
    """The history counts the key of a name; case, legal form and order of words do not matter."""
    lines = voyage_lines()
    name = next(line["shipper_name"] for line in lines if line["shipper_name"])
    own = [line for line in lines if line["shipper_name"] == name]
    spelled = " ".join(reversed(name.lower().replace(",", " ").split()))
    earlier = [
        line | {"shipper_name": spelled, "voyage_number": "1E", "bill_of_lading": f"E{place}"}
        for place, line in enumerate(own)
    ]
    engine = Engine.open(unit)
    before, now = (
        written_lines(tmp_path / "before.csv", earlier),
        written_lines(tmp_path / "now.csv", own),
    )
    reading = read_manifest(before)
    engine.record(
        engine.assess(reading, assessed_on=day - timedelta(days=2)), reading, before, by="t"
    )
    run = engine.assess(read_manifest(now), assessed_on=day)
    field = "shipper_containers_before"
    container_id = run.indicators["container_id"][0]
    told = precedents_of(unit, run, container_id, [field])
    assert run.indicators[field][0] == how_many(told[field])
    assert told[field][0].on == day - timedelta(days=2)


def test_a_mixed_load_does_not_say_which_code_speaks(session_unit, run, some_containers):
    facts = run.indicators.with_columns(
        pl.lit(["0803", "0901"]).alias("hs_headings"),
        pl.lit(["080390", "090111"]).alias("hs_codes"),
    )
    mixed = run.__class__(
        **{**{n: getattr(run, n) for n in run.__slots__}, "indicators": facts}
    )
    fields = ["heading_find_rate", "commodity_containers_before"]
    assert precedents_of(session_unit, mixed, some_containers[0], fields) == {}


def test_nothing_is_told_where_each_has_its_own_day(session_unit, run, some_containers):
    presented = replace(run, card=replace(run.card, assessed_on="presented"))
    assert precedents_of(session_unit, presented, some_containers[0], COUNTING) == {}


def test_what_counts_no_containers_has_no_precedents(session_unit, run, some_containers):
    others = [field.name for field in catalog() if field.name not in COUNTING]
    assert precedents_of(session_unit, run, some_containers[0], others) == {}
    assert precedents_of(session_unit, run, some_containers[0], ["no_such_field"]) == {}


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_a_precedent_is_a_sentence_in_every_language(
    session_unit, run, some_containers, language
):
    """It names the box, its bill and its run, and no trader."""
    told = precedents_of(session_unit, run, some_containers[0], COUNTS, language)
    assert told
    for several in told.values():
        for one in several:
            assert one.container_number in one.said
            assert one.bill in one.said
            assert one.run_id in one.said
            assert one.run_id.startswith(one.on.isoformat())
    names = run.indicators["shipper_name"].drop_nulls().unique().to_list()
    assert not any(
        name in one.said for several in told.values() for one in several for name in names
    )


def test_a_name_with_markup_is_looked_up_as_a_name(
    unit, day, voyage_lines, written_lines, tmp_path
):
    hostile = "'; DROP TABLE container_seen; -- \u202eACME <b>"
    line = voyage_lines()[0] | {"shipper_name": hostile, "voyage_number": "9E"}
    reading = read_manifest(written_lines(tmp_path / "hostile.csv", [line]))
    run = Engine.open(unit).assess(reading, assessed_on=day)
    container_id = run.indicators["container_id"][0]
    told = precedents_of(unit, run, container_id, COUNTING)
    assert "shipper_containers_before" not in told


def test_of_the_strongest_few_only_are_precedents_looked_up(
    session_unit, run, some_containers, monkeypatch
):
    monkeypatch.setattr(precedents, "MOST_FIELDS", 2)
    fields = ["lane_containers_before", "lane_share_of_heading", "vessel_containers_before"]
    fields += ["declarant_containers_before", "place_of_delivery_containers_before"]
    told = precedents_of(session_unit, run, some_containers[0], fields)
    assert set(told) <= set(fields[:3])
    assert told
