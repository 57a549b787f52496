"""What is usual on a lane and for a heading: from earlier containers alone, and as a plain reference counts it."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskengine import messages
from riskengine.engine import Engine
from riskengine.engine.beside import BESIDE_FRAMES
from riskengine.engine.memory import kept_fields
from riskengine.engine.reasons import Reasons
from riskengine.engine.recorded import read_run
from riskengine.engine.usual_here import (
    COMPARED,
    DAYS_BACK,
    FEWEST,
    TOLD,
    USUAL,
    Usual,
    compared_field,
    usual_here,
    usual_of,
    usual_sentence,
)
from riskengine.features.catalog import catalog
from riskengine.ledger import seen
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.migrations import create_ledger
from riskengine.ledger.run_register import recorded_runs
from riskengine.ledger.runs import USUAL_FRAME, write_run
from riskengine.workspace import Workspace

TODAY = date(2026, 3, 4)
LANES = (("ECGYE", "BEANR"), ("ECGYE", "NLRTM"), ("BRSSZ", "BEANR"), (None, "BEANR"))
HEADINGS = (["0803"], ["0901"], ["0803", "0901"], None)
MEASURED = ("gross_mass_kg", "seal_count", "temperature_set_c")


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    """A ledger of its own, emptied before each use."""
    made = Workspace(tmp_path_factory.mktemp("usual") / "unit")
    create_ledger(made)
    return made


def remember(ledger, rows):
    fields = {name: kind for name, kind in kept_fields().items() if name in rows[0]}
    keys = dict.fromkeys(seen.KEYS[:3], pl.String()) | {"on": pl.Date()}
    with open_ledger(ledger) as connection:
        connection.execute("DELETE FROM container_seen")
        seen.note(connection, pl.DataFrame(rows, schema=keys | fields, orient="row"))


def row(number=1, *, on=TODAY - timedelta(days=9), lane=LANES[0], heading=HEADINGS[0], **said):
    """Return a container that was seen, full and with one value of each kind."""
    return {
        "container_key": f"ABCU{number:07d}",
        "bill_of_lading": f"B{number}",
        "voyage_key": f"SHIP|{number}",
        "on": on,
        "port_of_loading": lane[0],
        "port_of_discharge": lane[1],
        "hs_headings": heading,
        "is_full": None,
        "is_loose_cargo": False,
        "gross_mass_kg": 1000.0 + number,
        "seal_count": 1.0,
        "temperature_set_c": None,
    } | said


def stated(*places, voyage="OWN", number="1"):
    """Return the facts of a manifest with a container on each of these lanes with these headings."""
    return pl.DataFrame(
        [
            {
                "container_id": place,
                "container_number": f"ABCU{place:07d}",
                "bills_of_lading": [f"B{place}"],
                "vessel_name": voyage,
                "vessel_imo": None,
                "voyage_number": number,
                "arrival_expected_on": None,
                "presented_on": None,
                "assessed_on": TODAY,
                "port_of_loading": lane[0],
                "port_of_discharge": lane[1],
                "hs_headings": heading,
                "is_full": True,
                "is_loose_cargo": False,
            }
            for place, (lane, heading) in enumerate(places, start=1)
        ],
        schema_overrides={
            "vessel_imo": pl.String,
            "voyage_number": pl.String,
            "arrival_expected_on": pl.Date,
            "presented_on": pl.Date,
            "hs_headings": pl.List(pl.String),
        },
    )


def run_with(run, facts, usual):
    """Return a run of these containers with what was usual."""
    return replace(run, indicators=facts, beside={"usual": usual})


def percentile(values, share):
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def reference(rows, lane, heading, field):
    """Return low, median, high and how many, counted by hand; None of fewer than twenty."""
    counted = {}
    for one in sorted(rows, key=lambda one: (one["on"], one["bill_of_lading"])):
        is_in_time = TODAY - timedelta(days=DAYS_BACK) <= one["on"] < TODAY
        if not is_in_time or one["voyage_key"] == "OWN|1":
            continue
        stay = (one["container_key"], one["voyage_key"])
        counted[stay] = one  # the latest version of it
    values = [
        one[field]
        for one in counted.values()
        if one["is_full"] is not False
        and not one["is_loose_cargo"]
        and (lane is None or (one["port_of_loading"], one["port_of_discharge"]) == lane)
        and (heading is None or one["hs_headings"] == heading)
        and one[field] is not None
    ]
    if len(values) < FEWEST:
        return None
    return (*(percentile(values, share) for share in (0.1, 0.5, 0.9)), len(values))


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(dice=st.randoms(use_true_random=True), amount=st.integers(0, 400))
def test_what_is_usual_is_what_a_plain_count_says(ledger, run, dice, amount):
    """Only the past, two years of it; not its own voyage, not empties; each container once a voyage."""
    rows = [
        row(
            dice.randrange(1, 300),
            on=TODAY - timedelta(days=dice.choice([-3, 0, 1, 9, 300, 700, 730, 731, 900])),
            lane=dice.choice(LANES),
            heading=dice.choice(HEADINGS),
            bill_of_lading=f"B{place}",
            voyage_key=dice.choice(["OWN|1", "OTHER|1", "OTHER|2"]),
            is_full=dice.choice([True, True, True, None, False]),
            is_loose_cargo=dice.random() < 0.05,
            gross_mass_kg=dice.choice([None, dice.uniform(-5, 30_000)]),
            seal_count=float(dice.randrange(3)),
        )
        for place in range(amount)
    ]
    remember(ledger, [*rows, row(9999, on=TODAY)])
    places = [(lane, heading) for lane in LANES for heading in HEADINGS]
    facts = stated(*places)
    found = run_with(run, facts, usual_here(ledger, facts, TODAY))
    for container_id, (lane, heading) in enumerate(places, start=1):
        asked = lane if lane[0] else None
        one_heading = heading if heading and len(heading) == 1 else None
        scopes = [
            ("lane and heading", asked, one_heading),
            ("heading", None, one_heading),
            ("lane", asked, None),
        ]
        usual = usual_of(found, container_id)
        for field in MEASURED:
            expected = next(
                (
                    (scope, *counted)
                    for scope, of_lane, of_heading in scopes
                    if ("lane" not in scope or of_lane)
                    and ("heading" not in scope or of_heading)
                    and (counted := reference(rows, of_lane, of_heading, field))
                ),
                None,
            )
            told = usual.get(field)
            assert (told is None) is (expected is None)
            if told and expected:
                assert (told.scope, told.containers) == (expected[0], expected[4])
                numbers = (told.low, told.median, told.high)
                assert numbers == pytest.approx(expected[1:4], rel=1e-12)


def test_nothing_is_usual_below_twenty_and_the_nearest_scope_speaks(ledger, run):
    rows = [row(n) for n in range(19)] + [row(n, lane=LANES[1]) for n in range(100, 119)]
    facts = stated((LANES[0], HEADINGS[0]), (LANES[0], ["9999"]))
    remember(ledger, rows)
    found = run_with(run, facts, usual_here(ledger, facts, TODAY))
    assert usual_of(found, 1)["gross_mass_kg"].scope == "heading"
    assert usual_of(found, 1)["gross_mass_kg"].containers == 38
    assert usual_of(found, 2) == {}
    remember(ledger, [*rows, row(50)])
    found = run_with(run, facts, usual_here(ledger, facts, TODAY))
    assert usual_of(found, 1)["gross_mass_kg"].scope == "lane and heading"
    assert usual_of(found, 2)["gross_mass_kg"] == replace(
        usual_of(found, 1)["gross_mass_kg"], scope="lane", heading=""
    )


def test_a_ship_without_voyage_numbers_is_not_left_out_as_one_voyage(ledger):
    """Its every call would have one name: only the same containers are left out."""
    rows = [row(n, voyage_key="OWN|", bill_of_lading=f"B{n}") for n in range(1, 26)]
    remember(ledger, rows)
    facts = stated((LANES[0], HEADINGS[0]), number=None)
    told = usual_here(ledger, facts, TODAY)
    assert set(told["containers"]) == {24}
    named = [one | {"voyage_key": "OWN|1"} for one in rows]
    remember(ledger, named)
    assert usual_here(ledger, stated((LANES[0], HEADINGS[0])), TODAY).is_empty()


def test_only_the_latest_days_of_a_large_unit_are_read(ledger, monkeypatch):
    """By whole days, so that the same ledger gives the same answer."""
    monkeypatch.setattr(seen, "MOST_NEAR_ROWS", 65)
    remember(ledger, [row(n, on=TODAY - timedelta(days=1 + n // 30)) for n in range(150)])
    told = usual_here(ledger, stated((LANES[0], HEADINGS[0])), TODAY)
    assert set(told["containers"]) == {60}
    monkeypatch.setattr(seen, "MOST_NEAR_ROWS", 10)
    told = usual_here(ledger, stated((LANES[0], HEADINGS[0])), TODAY)
    assert set(told["containers"]) == {30}


def test_an_empty_box_is_held_against_nothing(ledger, run):
    remember(ledger, [row(n) for n in range(30)])
    facts = stated((LANES[0], HEADINGS[0]))
    usual = usual_here(ledger, facts, TODAY)
    empty = facts.with_columns(pl.lit(value=False).alias("is_full"))
    assert usual_of(run_with(run, facts, usual), 1)
    assert usual_of(run_with(run, empty, usual), 1) == {}


def test_a_ledger_that_has_seen_nothing_says_nothing(tmp_path):
    made = Workspace(tmp_path / "unit")
    create_ledger(made)
    told = usual_here(made, stated((LANES[0], HEADINGS[0])), TODAY)
    assert (told.height, dict(told.schema)) == (0, dict(USUAL))


def test_what_is_divided_by_nought_is_no_number(ledger):
    rows = [row(n, gross_mass_kg=float("inf")) for n in range(19)]
    remember(ledger, rows + [row(n, gross_mass_kg=5.0) for n in range(30, 51)])
    told = usual_here(ledger, stated((LANES[0], HEADINGS[0])), TODAY)
    masses = told.filter(field="gross_mass_kg")
    assert set(masses["high"]) == {5.0}
    assert set(masses["containers"]) == {21}


def test_what_is_compared_are_numbers_of_the_catalogue():
    numbers = {field.name for field in catalog() if field.kind == "number"}
    features = {field.name for field in catalog() if field.is_model_feature}
    assert numbers >= set(TOLD)
    assert features >= set(COMPARED)
    assert set(COMPARED.values()) <= set(TOLD)
    assert compared_field("gross_mass_lane_deviation") == "gross_mass_kg"


USUAL_MASS = Usual(
    field="gross_mass_kg",
    low=20_900.0,
    median=21_400.0,
    high=22_100.0,
    containers=312,
    scope="lane and heading",
    lane="ECGYE\N{EN DASH}BEANR",
    heading="0803",
)


def test_the_sentence_says_what_where_and_from_how_many():
    assert usual_sentence(USUAL_MASS, 8_000.0) == (
        "Gross mass, usual on ECGYE\N{EN DASH}BEANR for heading 0803: 21,400 kg; 8 of 10 lie between 20,900 kg and"
        " 22,100 kg (containers: 312). This one: 8,000 kg, below that."
    )
    assert usual_sentence(USUAL_MASS, 21_000.0).endswith("within that.")
    assert usual_sentence(USUAL_MASS, 22_101.0).endswith("above that.")
    assert "This one" not in usual_sentence(USUAL_MASS, None)
    assert "22,101 kg, above" in usual_sentence(USUAL_MASS, 22_100.7)  # thousands have no cents


@pytest.mark.parametrize("language", messages.LANGUAGES)
@pytest.mark.parametrize("field", TOLD)
def test_every_field_is_said_in_every_language(language, field):
    told = {
        usual_sentence(replace(USUAL_MASS, field=field, scope=scope, high=high), 0.5, language)
        for scope in ("lane and heading", "heading", "lane")
        for high in (22_100.0, 20_900.0)
    }
    assert len(told) == 6


def test_a_run_tells_what_is_usual_and_nothing_else_of_it_changes(run, session_unit, reading):
    """The frame is in no digest: with it or without it, the run is the same run."""
    usual = run.beside["usual"]
    assert usual.height > 0
    assert dict(usual.schema) == dict(BESIDE_FRAMES["usual"])
    again = Engine.open(session_unit).assess(reading, assessed_on=date(2026, 3, 4))
    assert again.beside["usual"].equals(usual)
    said = 0
    for container_id in run.assessments["container_id"].to_list():
        told = [
            one for one in Reasons(run, "en", with_evidence=True).of(container_id) if one.usual
        ]
        fields = [compared_field(one.source) for one in told]
        assert set(fields) <= usual_of(run, container_id).keys()
        assert len(set(fields)) == len(fields)  # said once
        assert all(one.is_told for one in told)
        said += len(told)
    assert said > 0
    presented = Engine.open(session_unit).assess(reading, assessed_on=None)
    assert "usual" not in presented.beside


def test_a_run_from_before_it_was_kept_is_still_read(unit):
    folder = recorded_runs(unit)[-1].folder_in(unit)
    kept = read_run(folder)
    assert kept.beside["usual"].height > 0
    file, card = folder / f"{USUAL_FRAME}.parquet", folder / "run.json"
    written = json.loads(card.read_text("utf-8"))
    del written["files"][USUAL_FRAME]
    for path in (file, card):
        path.chmod(0o600)
    file.unlink()
    card.write_text(json.dumps(written), "utf-8")
    older = read_run(folder)
    assert "usual" not in older.beside
    assert older.card == kept.card
    container_id = older.assessments["container_id"][0]
    told = Reasons(older, "en", with_evidence=True).of(container_id)
    assert {one.usual for one in told} == {""}


def test_a_command_that_was_killed_before_an_update_can_be_repeated(unit, voyage, reading, day):
    """The folder that an older version left has no such frame; the run is the same run."""
    engine = Engine.open(unit)
    run = engine.assess(reading, assessed_on=day)
    older = replace(run, beside={k: v for k, v in run.beside.items() if k != "usual"})
    card = {name: value for name, value in asdict(run.card).items() if name != "run_id"}
    folder = write_run(unit, run.card.run_id, day, older.frames(), card)
    assert engine.record(run, reading, voyage, by="tester")
    assert read_run(folder).card.run_id == run.card.run_id
