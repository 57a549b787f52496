"""Manifest, stow plan, gates and quays: what differs is named, and what was not received differs from nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine import messages
from riskengine.engine.differences import DIFFERENCES, KINDS, kind_name, masked, sentence
from riskengine.engine.reconcile import reconcile
from riskengine.engine.reported import (
    is_of_this_call,
    moved_of,
    planned_from,
    planned_of,
    reported_by,
)
from riskengine.engine.stow_plan import stow_plan_of
from riskengine.features import facts
from riskengine.features.beside import RECONCILIATION
from riskengine.ledger.movements import MOVED
from riskengine.manifest import read_manifest

DAY = date(2026, 3, 12)
SEALS = {"seal_changed", "seal_missing", "seal_added"}
PLANTED = {
    ("XOCU7881563", "impossible_itinerary", "gate_in"),
    ("XOCU8067037", "gated_out_before_discharge", "gate_out"),
    ("XOCU8067037", "gated_out_unreleased", "gate_out"),
    ("XOCU9186690", "release_reference", "gate_out"),
    ("LSXU1625347", "discharged_not_manifested", "discharged"),
    ("XOCU2718281", "not_manifested", "stow_plan"),
    ("OLXU8786106", "empty_too_heavy", "gate_in"),
    ("OLXU8229651", "empty_too_heavy", "stow_plan"),
    ("OLXU8229651", "full_empty", "stow_plan"),
    ("LSXU6753063", "seal_changed", "discharged"),
    ("XOCU9116286", "seal_added", "discharged"),
    ("XOCU9116286", "seal_missing", "gate_out"),
    ("XOCU6118304", "not_discharged", "discharged"),
    ("XOCU9006144", "size_type", "discharged"),
    ("OLXU8447015", "size_type", "stow_plan"),
    ("LSXU7539539", "port_of_discharge", "stow_plan"),
    ("XOCU6982409", "mass", "stow_plan"),
    ("LSXU5090198", "gate_mass", "gate_in"),
    ("XOCU7897261", "loaded_before_gate_in", "loaded"),
    ("XOCU8282467", "not_on_plan", "stow_plan"),
    ("XOCU5674295", "port_of_loading", "stow_plan"),
}


@pytest.fixture(scope="module")
def stated(reading):
    return facts.gather(reading.manifest, DAY)


@pytest.fixture(scope="module")
def plan_file(samples):
    return read_manifest(samples / "stow_plan_differs.csv")


@pytest.fixture(scope="module")
def movements_file(samples):
    return read_manifest(samples / "movements.csv")


@pytest.fixture(scope="module")
def reported(plan_file, movements_file, stated):
    return reported_by([plan_file, movements_file], stated)


@pytest.fixture(scope="module")
def full(stated, reported):
    return reconcile(stated, reported.plan, reported.movements, assessed_on=DAY)


def named(differences):
    return set(differences.select("container_number", "kind", "source").rows())


def event(number, kind, on, place=None, **told):
    row = dict.fromkeys(MOVED) | {"container_number": number, "movement": kind, "place": place}
    if isinstance(on, datetime):
        row |= {"moved_at": on, "moved_on": on.date()}
    else:
        row["moved_on"] = on
    return row | told


def moved(*events):
    return pl.DataFrame(list(events), schema=dict(MOVED), orient="row")


def only(stated, number):
    return stated.filter(pl.col("container_number") == number)


def kinds_of(stated, *events, day=DAY, plan=None):
    return named(reconcile(stated, plan, moved(*events), assessed_on=day).differences)


def test_every_planted_difference_is_found_and_nothing_else(full):
    assert named(full.differences) == PLANTED
    assert {kind for _, kind, _ in PLANTED} == set(KINDS)


def test_rules_about_the_plan_and_the_comparison_speak_of_one_mass(full, plan_file, samples):
    planned = stow_plan_of(plan_file, samples / "stow_plan_differs.csv").facts
    compared = full.facts.join(
        full.differences.select("container_id").unique(), on="container_id"
    )
    masses = dict(planned.select("container_number", "container_gross_mass_kg").rows())
    assert None not in masses.values()
    assert set(compared["planned_gross_mass_kg"].drop_nulls()) <= set(masses.values())


def test_a_release_code_is_compared_whole_and_shown_in_part(full):
    row = full.differences.row(by_predicate=pl.col("kind") == "release_reference", named=True)
    assert (row["declared"], row["found"]) == ("R7…", "R9…")
    kept = full.facts.filter(pl.col("container_id") == row["container_id"])
    assert kept["release_reference"].to_list() == ["R7012"]


@pytest.mark.parametrize(
    ("code", "shown"), [("R7012", "R7…"), ("R701", "…"), ("R", "…"), (None, None)]
)
def test_of_a_short_code_nothing_is_shown(code, shown):
    codes = pl.DataFrame({"code": [code]}, schema={"code": pl.String})
    assert codes.select(masked("code")).item() == shown


def test_a_time_in_utc_stands_beside_its_day_in_utc(stated):
    late = datetime(2026, 2, 21, 3, tzinfo=UTC)  # ten in the evening of the 20th, in the port
    early = late - timedelta(hours=8)
    box = only(stated, "XOCU7897261")
    found = reconcile(
        box,
        None,
        moved(
            event("XOCU7897261", "loaded", early, "COCTG"),
            event("XOCU7897261", "gate_in", late, "COCTG", moved_on=date(2026, 2, 20)),
        ),
        assessed_on=DAY,
    ).differences.row(by_predicate=pl.col("kind") == "loaded_before_gate_in", named=True)
    assert (found["declared_on"], found["declared"]) == (date(2026, 2, 21), "03:00 UTC")
    assert (found["found_on"], found["found"]) == (date(2026, 2, 20), "19:00 UTC")


def test_the_most_serious_come_first(full):
    order = [KINDS.index(kind) for kind in full.differences["kind"].to_list()]
    assert order == sorted(order)


def test_without_anything_received_every_fact_is_unknown(stated):
    nothing = reconcile(stated, None, None, assessed_on=DAY)
    assert nothing.differences.is_empty()
    assert nothing.defects == ()
    visible = [name for name in RECONCILIATION if not name.startswith("_")]
    assert nothing.facts.select(pl.col(visible).is_not_null().any()).row(0) == (False,) * len(
        visible
    )
    assert nothing.facts["container_id"].to_list() == stated["container_id"].to_list()


def test_a_plan_made_from_the_manifest_differs_in_nothing(stated):
    plan = planned_from(
        stated.with_columns(
            pl.coalesce("verified_gross_mass_kg", "container_gross_mass_kg").alias(
                "container_gross_mass_kg"
            )
        ),
        "same.csv",
    )
    found = reconcile(stated, plan, None, assessed_on=DAY).differences
    # The sample weighs one groupage line too little, and says so against itself.
    assert set(found["kind"].to_list()) <= {"mass"}
    assert found.height <= 1


def test_boxes_that_no_manifest_names_are_defects(full):
    assert {(d.code, d.container_number) for d in full.defects} == {
        ("discharged_not_manifested", "LSXU1625347"),
        ("not_manifested", "XOCU2718281"),
    }
    for defect in full.defects:
        for language in messages.LANGUAGES:
            said = messages.render(f"defect.{defect.code}", defect.params, language)
            assert defect.container_number in said


def test_a_box_on_another_manifest_of_the_voyage_is_manifested(stated, reported):
    elsewhere = frozenset({"LSXU1625347", "XOCU2718281"})
    found = reconcile(
        stated, reported.plan, reported.movements, assessed_on=DAY, elsewhere=elsewhere
    )
    assert found.defects == ()
    assert named(found.differences) == {row for row in PLANTED if row[0] not in elsewhere}


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_a_sentence_holds_both_values(full, language):
    for row in full.differences.iter_rows(named=True):
        said = sentence(row, language)
        assert row["container_number"] in said
        assert "None" not in said
        assert " - " not in said
        if row["kind"] in {"size_type", "port_of_discharge", "port_of_loading", *SEALS}:
            assert row["declared"] in said
            assert row["found"] in said
        assert kind_name(row["kind"], language)


def test_an_older_plan_says_nothing_of_what_was_loaded_since(stated, reported):
    plan = reported.plan.filter(pl.col("port_of_loading") == "ECGYE")
    found = reconcile(stated, plan, None, assessed_on=DAY)
    known = stated.select("container_id", "port_of_loading").join(
        found.facts, on="container_id"
    )
    later = known.filter(pl.col("port_of_loading") == "COCTG")
    assert later["is_on_stow_plan"].is_null().all()
    assert "not_on_plan" not in set(found.differences["kind"].to_list())


def test_a_plan_of_another_call_is_not_taken(stated, plan_file):
    plan = planned_of(plan_file)
    assert is_of_this_call(plan, stated)
    assert not is_of_this_call(plan.with_columns(pl.lit("610W").alias("voyage_number")), stated)
    assert not is_of_this_call(plan.filter(pl.col("port_of_discharge") == "NLRTM"), stated)


def test_of_two_versions_of_a_plan_the_last_one_made_counts(stated, plan_file):
    def made(at, sha256):
        source = replace(
            plan_file.manifest.source,
            sha256=sha256,
            document=replace(plan_file.manifest.source.document, prepared_at=at),
            file=f"{sha256}.csv",
        )
        return replace(plan_file, manifest=replace(plan_file.manifest, source=source))

    first = made(datetime(2026, 3, 3, tzinfo=UTC), "b")
    second = made(datetime(2026, 3, 4, tzinfo=UTC), "a")
    for order in ([first, second], [second, first]):
        assert reported_by(order, stated).plan["file"].unique().to_list() == ["a.csv"]


def test_what_is_dated_after_the_assessment_has_not_happened(stated):
    box = only(stated, "XOCU8067037")
    gone = event("XOCU8067037", "gate_out", date(2026, 3, 7), "BEANR")
    off = event("XOCU8067037", "discharged", date(2026, 3, 9), "BEANR")
    asked = {("XOCU8067037", "gated_out_before_discharge", "gate_out")}
    assert kinds_of(box, gone, off) == asked
    assert kinds_of(box, gone, off, day=date(2026, 3, 9)) == asked
    assert kinds_of(box, gone, off, day=date(2026, 3, 8)) == set()


def test_each_container_is_asked_as_of_its_own_day(reading):
    box = only(facts.gather(reading.manifest, None), "XOCU8067037")  # presented on 3 March
    late = event("XOCU8067037", "gate_in", date(2026, 2, 17), "ECPSJ", gross_mass_kg=9000.0)
    later = event("XOCU8067037", "discharged", date(2026, 3, 8), "BEANR", gross_mass_kg=9000.0)
    found = reconcile(box, None, moved(late, later), assessed_on=None).differences
    assert named(found) == {("XOCU8067037", "gate_mass", "gate_in")}


def test_a_list_of_orders_is_in_hand_before_its_day(stated):
    box = only(stated, "XOCU8067037")
    told = event(
        "XOCU8067037", "discharge_ordered", date(2026, 3, 8), "BEANR", size_type="22G1"
    )
    assert kinds_of(box, told, day=date(2026, 3, 4)) == {
        ("XOCU8067037", "size_type", "discharge_ordered")
    }


def test_an_earlier_journey_of_the_same_box_is_not_this_one(stated):
    """The box came to Antwerp in January, went out, came back empty and was loaded again."""
    number = "XOCU8067037"
    box = only(stated, number)
    before = [
        event(number, "discharged", date(2026, 1, 10), "BEANR", seal_numbers=["OLD1"]),
        event(number, "gate_out", date(2026, 1, 12), "BEANR", seal_numbers=["OLD1"]),
        event(number, "gate_in", date(2026, 1, 14), "BEANR", is_full=False),
        event(number, "gate_out", date(2026, 2, 12), "ECPSJ", is_full=False),
    ]
    now = [
        event(number, "gate_in", date(2026, 2, 17), "ECPSJ", is_full=True, seal_numbers=["XO418240"]),
        event(number, "loaded", date(2026, 2, 19), "ECPSJ", is_full=True),
        event(number, "discharged", date(2026, 3, 8), "BEANR", seal_numbers=["XO 418240"]),
    ]  # fmt: skip
    assert kinds_of(box, *before, *now) == set()
    found = reconcile(box, None, moved(*before, *now), assessed_on=DAY).facts
    assert found["discharged_on"].item() == date(2026, 3, 8)
    assert found["gate_out_on"].item() is None
    assert found["movement_count"].item() == 3


def test_a_full_box_that_leaves_empty_was_unloaded_in_the_port(stated):
    number = "XOCU8067037"
    gone = event(number, "gate_out", date(2026, 3, 10), "BEANR", is_full=False)
    assert kinds_of(only(stated, number), gone) == set()


def test_two_ports_too_far_apart_for_the_time_are_impossible(stated):
    number = "XOCU8067037"
    box = only(stated, number)
    here = event(number, "gate_in", date(2026, 2, 17), "ECPSJ")
    there = event(number, "gate_in", date(2026, 2, 20), "NLRTM")
    in_time = event(number, "gate_in", date(2026, 3, 1), "NLRTM")
    assert kinds_of(box, here, there) == {(number, "impossible_itinerary", "gate_in")}
    # Twelve days for ten thousand kilometres are enough for a ship, if not for this one.
    assert kinds_of(box, here, in_time) == set()


def test_a_box_ashore_while_its_ship_is_at_sea_is_impossible(stated):
    number = "XOCU8067037"
    at_sea = event(number, "gate_out", date(2026, 3, 6), "NLRTM")
    assert kinds_of(only(stated, number), at_sea) == {
        (number, "impossible_itinerary", "gate_out")
    }


def test_neighbouring_ports_and_clocks_of_two_zones_are_no_wonder(stated):
    number = "XOCU8067037"
    events = [
        event(number, "gate_in", datetime(2026, 2, 17, 20, tzinfo=UTC), "ECPSJ"),
        event(number, "gate_out", datetime(2026, 2, 17, 19, tzinfo=UTC), "ECGYE"),
    ]
    assert kinds_of(only(stated, number), *events) == set()


def test_a_port_that_nobody_knows_compares_with_nothing(stated):
    number = "XOCU8067037"
    events = [
        event(number, "gate_in", date(2026, 2, 17), "ECPSJ"),
        event(number, "gate_in", date(2026, 2, 17), "ZZZZZ"),
    ]
    assert kinds_of(only(stated, number), *events) == set()


def test_thousands_of_reports_of_one_box_are_no_square(stated):
    number = "XOCU8067037"
    ports = ["ECGYE", "NLRTM", "BEANR", "BRSSZ", "COCTG"]
    many = [
        event(number, "moved", date(2026, 2, 1) + timedelta(days=n % 30), ports[n % 5], reference=str(n))
        for n in range(4000)
    ]  # fmt: skip
    assert kinds_of(only(stated, number), *many) == {(number, "impossible_itinerary", "moved")}


def test_what_a_file_says_of_the_box_counts_for_its_only_movement(tmp_path, written_lines):
    line = {
        "container_number": "XOCU8067037", "size_type": "45R1", "is_full": "true",
        "seal_numbers": "A1;B2", "verified_gross_mass_kg": "30000", "movement": "loaded",
        "moved_on": "2026-02-19", "movement_place": "ECPSJ",
    }  # fmt: skip
    once = moved_of(read_manifest(written_lines(tmp_path / "one.csv", [line])))
    assert once["seal_numbers"].to_list() == [["A1", "B2"]]
    assert once["gross_mass_kg"].to_list() == [30000.0]
    twice = moved_of(
        read_manifest(
            written_lines(tmp_path / "two.csv", [line, line | {"movement": "gate_in"}])
        )
    )
    assert twice["seal_numbers"].null_count() == 2


NUMBERS = [
    "XOCU8067037",
    "OLXU2067996",
    "OLXU8229651",
    "LSXU6271586",
]  # one transhipped, one empty
HAPPENING = [
    "gate_in", "gate_out", "load_ordered", "loaded", "discharge_ordered", "discharged",
    "departed", "arrived", "inspected", "released", "moved", "stuffed", "stripped",
]  # fmt: skip
PLACES = ["ECPSJ", "ECGYE", "BRSSZ", "ESALG", "BEANR", "NLRTM", "ZZZZZ", None]

events = st.builds(
    lambda number, kind, days, hour, place, more: event(
        number,
        kind,
        None
        if days is None
        else date(2026, 3, 4) + timedelta(days=days)
        if hour is None
        else datetime(2026, 3, 4, hour, tzinfo=UTC) + timedelta(days=days),
        place,
        **more,
    ),
    st.sampled_from(NUMBERS),
    st.sampled_from(HAPPENING),
    st.none() | st.integers(-70, 12),
    st.none() | st.integers(0, 23),
    st.sampled_from(PLACES),
    st.fixed_dictionaries(
        {},
        optional={
            "is_full": st.booleans(),
            "seal_numbers": st.lists(st.sampled_from(["XO418240", "S1", "S2"]), max_size=2),
            "gross_mass_kg": st.sampled_from([3800.0, 4500.0, 30_250.0, 33_000.0]),
            "size_type": st.sampled_from(["45R1", "45G1", "42G1", "??"]),
            "reference": st.sampled_from(["R1", "R2"]),
            "voyage_number": st.sampled_from(["609E", "101N"]),
            "vessel_imo": st.just("1234567"),
        },
    ),
)


def said(found):
    """Each container with what differs, by whoever it is said; seals are one matter."""
    return {
        (number, "seal" if kind in SEALS else kind)
        for number, kind in found.differences.select("container_number", "kind").rows()
    }


@settings(max_examples=12, deadline=None)
@given(
    told=st.lists(events, max_size=14),
    dropped=st.sets(st.sampled_from(HAPPENING)),
    has_plan=st.booleans(),
    seed=st.integers(0, 9),
)
def test_dropping_a_source_makes_nothing_differ_and_order_changes_nothing(
    stated, reported, told, dropped, has_plan, seed
):
    boxes = stated.filter(pl.col("container_number").is_in(NUMBERS))
    everything = reconcile(boxes, reported.plan, moved(*told), assessed_on=DAY)
    left = [one for one in told if one["movement"] not in dropped]
    plan = reported.plan if has_plan else None
    fewer = reconcile(boxes, plan, moved(*left), assessed_on=DAY)
    assert said(fewer) <= said(everything)
    shuffled = sorted(told, key=lambda one: hash((seed, str(one))))
    again = reconcile(
        boxes, reported.plan.sample(fraction=1.0, shuffle=True, seed=seed), moved(*shuffled),
        assessed_on=DAY,
    )  # fmt: skip
    assert again.differences.equals(everything.differences)
    assert again.facts.equals(everything.facts)
    assert dict(again.differences.schema) == dict(DIFFERENCES)
