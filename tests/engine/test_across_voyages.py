"""Rules that look across containers: at earlier voyages, at the same manifest, at the stow plan."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from riskengine.engine import Engine
from riskengine.engine.explanation import explain
from riskengine.engine.recorded import read_run
from riskengine.engine.stow_plan import stow_plan_of
from riskengine.errors import ManifestError
from riskengine.features.catalog import catalog
from riskengine.ledger.run_register import find_run
from riskengine.manifest import read_manifest
from riskengine.rules.pack import load_pack
from riskengine.rules.store import install

HEADERS = (
    "bill_of_lading,container_number,seal_number,vessel_name,voyage_number,port_of_loading,"
    "port_of_discharge,shipper_name,consignee_name,goods_description,gross_mass_kg,size_type"
)
RULE = """schema: 1
id: {id}
version: 1
status: active
title: A rule of this test
why: To be tested.
innocent: Anything.
blind_spot: Everything else.
source: ["this test"]
typology: rip_on_rip_off
owner: tests
handling: TLP:CLEAR
severity: high
effect: score
valid_from: 2026-01-01
{body}
tests:
  - {{name: a, expect: match, record: {{}}, others: []}}
"""
SEALS = """across:
  boxes_with_seal:
    label: Boxes with one of the seals
    count: containers
    same: [seal_numbers]
    within_days: 30
    peers: left_out
when:
  all:
    - boxes_with_seal >= 1
"""
PLAN = """across:
  planned_boxes:
    label: Places on the stow plan
    of: stow_plan
    count: containers
    same: [container_number]
when:
  all:
    - planned_boxes = 0
"""
DRAWN = """across:
  newcomers_before:
    label: Boxes of this shipper that came when nobody knew it
    count: containers
    same: [shipper_name]
    within_days: 30
    peers: left_out
    where:
      - shipper_containers_before = 0
when:
  all:
    - newcomers_before >= 1
"""


@pytest.fixture
def manifest(tmp_path):
    def written(name, *rows):
        file = tmp_path / name
        file.write_text("\n".join([HEADERS, *rows]) + "\n")
        return file

    return written


@pytest.fixture
def with_rules(tmp_path):
    """Put rules into a unit's ledger."""

    def put(unit, **bodies):
        folder = tmp_path / "pack"
        folder.mkdir()
        for number, body in enumerate(bodies.values(), start=1):
            text = RULE.format(id=f"TST-ACR-{number:03}", body=body)
            tests = text.index("tests:")
            # What is tested here is the engine: the rules go in as shadows need no tests.
            (folder / f"tst-acr-{number:03}.yaml").write_text(
                text[:tests].replace("status: active", "status: trial")
            )
        install(
            unit, load_pack(folder, catalog()), at=datetime(2026, 1, 1, tzinfo=UTC), who="t"
        )
        return unit

    return put


def line(
    bill, box, seal, *, voyage="601E", vessel="MV ALPHA", shipper="EXPORT SA", mass="20000"
):
    return (
        f"{bill},{box},{seal},{vessel},{voyage},ECGYE,ESBCN,{shipper},IMPORT SL,"
        f"GREEN COFFEE,{mass},22G1"
    )


def scored(unit, file, on, *, plan=None, is_recorded=True):
    engine = Engine.open(unit)
    reading = read_manifest(file)
    run = engine.assess(reading, assessed_on=on, stow_plan=plan)
    if is_recorded:
        engine.record(run, reading, file, by="tester", stow_plan=plan)
    return run


def matched(run, rule_id="TST-ACR-001"):
    said = run.verdicts.filter((pl.col("rule_id") == rule_id) & (pl.col("verdict") == "match"))
    return set(said.join(run.indicators, on="container_id")["container_number"].to_list())


FIRST = line("B1", "MSCU1234566", "SEAL77")
AGAIN = line("B2", "TGHU1234568", "SEAL77", voyage="602E", vessel="MV BETA")


def test_a_seal_of_an_earlier_voyage_is_seen_on_another_box(unit, with_rules, manifest):
    with_rules(unit, seals=SEALS)
    before = scored(unit, manifest("one.csv", FIRST), date(2026, 3, 1))
    after = scored(unit, manifest("two.csv", AGAIN), date(2026, 3, 9))
    assert matched(before) == set()
    assert matched(after) == {"TGHU1234568"}


def test_a_seal_that_was_seen_before_the_window_is_not(unit, with_rules, manifest):
    with_rules(unit, seals=SEALS)
    scored(unit, manifest("one.csv", FIRST), date(2026, 3, 1))
    assert matched(scored(unit, manifest("two.csv", AGAIN), date(2026, 4, 2))) == set()


def test_a_voyage_that_was_recorded_on_the_same_day_or_later_is_not_looked_at(
    unit, with_rules, manifest
):
    with_rules(unit, seals=SEALS)
    scored(unit, manifest("one.csv", FIRST), date(2026, 3, 9))
    assert matched(scored(unit, manifest("two.csv", AGAIN), date(2026, 3, 9))) == set()
    assert matched(scored(unit, manifest("two.csv", AGAIN), date(2026, 3, 8))) == set()


def test_a_voyage_that_is_assessed_again_does_not_find_itself(unit, with_rules, manifest):
    with_rules(unit, seals=SEALS)
    file = manifest("one.csv", FIRST)
    scored(unit, file, date(2026, 3, 1))
    assert matched(scored(unit, file, date(2026, 3, 3))) == set()


def test_what_was_looked_at_is_part_of_the_history_and_of_the_run(unit, with_rules, manifest):
    with_rules(unit, seals=SEALS)
    two = manifest("two.csv", AGAIN)
    alone = scored(unit, two, date(2026, 3, 9), is_recorded=False)
    scored(unit, manifest("one.csv", FIRST), date(2026, 3, 1))
    beside = scored(unit, two, date(2026, 3, 9))
    assert alone.card.digests.history != beside.card.digests.history
    kept = read_run(find_run(unit, beside.card.run_id).folder_in(unit))
    assert kept.indicators["TST-ACR-001.1.boxes_with_seal"].to_list() == [1.0]


def test_a_box_that_the_stow_plan_lacks_is_seen(unit, with_rules, manifest):
    with_rules(unit, plan=PLAN)
    file = manifest("one.csv", FIRST, line("B3", "TGHU1234568", "SEAL78"))
    plan_file = manifest("plan.csv", FIRST)
    plan = stow_plan_of(read_manifest(plan_file), plan_file)
    run = scored(unit, file, date(2026, 3, 1), plan=plan)
    assert matched(run) == {"TGHU1234568"}
    assert run.card.stow_plan_sha256 == plan.sha256


def test_without_a_stow_plan_the_rule_cannot_be_asked(unit, with_rules, manifest):
    with_rules(unit, plan=PLAN)
    run = scored(unit, manifest("one.csv", FIRST), date(2026, 3, 1))
    said = run.verdicts.filter(pl.col("rule_id") == "TST-ACR-001")
    assert said["verdict"].to_list() == ["unknown"]


def test_rules_that_lack_the_stow_plan_alone_are_explained_together(unit, with_rules, manifest):
    with_rules(unit, plan=PLAN)
    file = manifest("one.csv", FIRST)
    without = explain(scored(unit, file, date(2026, 3, 1)), "MSCU1234566")
    assert "A rule of this test" in without.without_stow_plan
    assert "A rule of this test" not in dict(without.unknown)
    plan = stow_plan_of(read_manifest(file), file)
    planned = explain(scored(unit, file, date(2026, 3, 1), plan=plan), "MSCU1234566")
    assert planned.without_stow_plan == ()


def test_a_box_on_the_plan_and_not_on_the_manifest_is_named(unit, manifest):
    file, plan_file = manifest("one.csv", FIRST), manifest("plan.csv", FIRST, AGAIN)
    plan = stow_plan_of(read_manifest(plan_file), plan_file)
    run = scored(unit, file, date(2026, 3, 1), plan=plan)
    named = run.defects.filter(pl.col("code") == "not_manifested")
    assert named["container_number"].to_list() == ["TGHU1234568"]
    assert run.card.run_id != scored(unit, file, date(2026, 3, 1)).card.run_id


def test_what_the_past_said_of_an_earlier_box_is_looked_at_as_it_was_known_then(
    unit, with_rules, manifest
):
    with_rules(unit, drawn=DRAWN)
    scored(unit, manifest("one.csv", FIRST), date(2026, 3, 1))
    again = line("B2", "TGHU1234568", "SEAL9", voyage="602E", vessel="MV BETA")
    run = scored(unit, manifest("two.csv", again), date(2026, 3, 9))
    assert run.rules.filter(pl.col("failure").is_not_null()).is_empty()
    assert run.indicators["TST-ACR-001.1.newcomers_before"].to_list() == [1.0]


def test_alone_and_in_a_batch_a_rule_over_the_past_says_the_same(unit, with_rules, manifest):
    with_rules(unit, seals=SEALS)
    scored(unit, manifest("one.csv", FIRST), date(2026, 3, 1))
    more = [
        line(f"M{number}", "", f"OTHER{number}", voyage="602E", vessel="MV BETA")
        for number in range(40)
    ]
    alone = scored(unit, manifest("two.csv", AGAIN), date(2026, 3, 9), is_recorded=False)
    batch = scored(
        unit, manifest("many.csv", AGAIN, *more), date(2026, 3, 9), is_recorded=False
    )
    assert matched(alone) == matched(batch) == {"TGHU1234568"}


def test_a_box_without_bill_or_ship_that_is_assessed_again_does_not_find_itself(
    unit, with_rules, manifest
):
    with_rules(unit, seals=SEALS)
    bare = line("", "MSCU1234566", "SEAL77", voyage="", vessel="")
    file = manifest("bare.csv", bare)
    scored(unit, file, date(2026, 3, 1))
    assert matched(scored(unit, file, date(2026, 3, 5))) == set()


def test_where_the_manifest_names_no_port_every_planned_box_counts(unit, manifest):
    file = manifest("one.csv", FIRST.replace("ESBCN", ""))
    plan_file = manifest("plan.csv", FIRST, AGAIN)
    plan = stow_plan_of(read_manifest(plan_file), plan_file)
    run = scored(unit, file, date(2026, 3, 1), plan=plan)
    named = run.defects.filter(pl.col("code") == "not_manifested")
    assert named["container_number"].to_list() == ["TGHU1234568"]


@pytest.mark.parametrize(
    ("planned", "said"),
    [
        (FIRST.replace("601E", "999W"), "of another voyage: 999W"),
        (line("B9", "TGHU1234568", "SEAL1"), "No container of the manifest stands on"),
    ],
)
def test_the_stow_plan_of_another_ship_is_refused(unit, manifest, planned, said):
    file, plan_file = manifest("one.csv", FIRST), manifest("plan.csv", planned)
    plan = stow_plan_of(read_manifest(plan_file), plan_file)
    with pytest.raises(ManifestError, match=said):
        scored(unit, file, date(2026, 3, 1), plan=plan)
