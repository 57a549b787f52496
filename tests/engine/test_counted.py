"""The containers behind a number that a rule took over several: those that counted, and no others."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from riskengine.engine import Engine
from riskengine.engine.counted import (
    MOST_COUNTED,
    CountedRemark,
    counted_by,
    counted_by_matches,
)
from riskengine.engine.counted_rows import SeenAs
from riskengine.engine.recorded import read_run
from riskengine.engine.rule_answers import answer_of, rules_of
from riskengine.engine.stow_plan import stow_plan_of
from riskengine.features.catalog import catalog
from riskengine.ledger.run_register import find_run
from riskengine.manifest import read_manifest
from riskengine.rules.pack import load_pack
from riskengine.rules.store import install
from riskengine.workspace import Workspace

HEADERS = (
    "bill_of_lading,container_number,seal_number,vessel_name,voyage_number,port_of_loading,"
    "port_of_discharge,shipper_name,consignee_name,consignee_address,goods_description,gross_mass_kg"
)
RULE = """schema: 1
id: TST-CNT-001
version: 1
status: trial
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
across:
  boxes_with_seal:
    label: Boxes with one of the seals
    count: containers
    same: [seal_numbers]
    within_days: 30
    peers: left_out
  names_at_address:
    label: Names at one address
    count: consignee_name
    same: [consignee_address]
    within_days: 30
    peers: counted
  heaviest:
    label: Heaviest box of the shipper
    largest: gross_mass_kg
    same: [shipper_name]
    within_days: 30
    peers: counted
    where:
      - gross_mass_kg > 100
  planned_boxes:
    label: Places on the stow plan
    of: stow_plan
    count: containers
    same: [container_number]
when:
  all:
    - boxes_with_seal >= 1 or names_at_address >= 2 or heaviest >= 1 or planned_boxes >= 1
    - seal_sightings_before >= 0 or not is_full or is_full
"""
BOX, OTHER, THIRD = "MSCU1234566", "TGHU1234568", "CAIU1234569"


def line(bill, box, seal, *, voyage="601E", vessel="MV ALPHA", name="IMPORT SL", mass="20000"):
    return (
        f"{bill},{box},{seal},{vessel},{voyage},ECGYE,ESBCN,EXPORT SA,{name},AVENIDA MAYOR 1,"
        f"GREEN COFFEE,{mass}"
    )


FIRST = line("B1", OTHER, "SEAL77", name="OLD NAME SL", mass="27000")
LIGHT = line("B0", "MSKU2000007", "SEAL1", name="OLD NAME SL", mass="50")
AGAIN = line("B2", BOX, "SEAL77", voyage="602E", vessel="MV BETA")
BESIDE = line("B3", THIRD, "SEAL9", voyage="602E", vessel="MV BETA", name="NEW NAME SL")
MANY = [
    line(f"M{number}", f"MSKU{1000000 + number}", "", voyage="602E", vessel="MV BETA")
    for number in range(14)
]


def written(path, *rows):
    path.write_text("\n".join([HEADERS, *rows]) + "\n")
    return path


def score(unit, file, on, plan=None):
    engine, reading = Engine.open(unit), read_manifest(file)
    run = engine.assess(reading, assessed_on=on, stow_plan=plan)
    engine.record(run, reading, file, by="tester", stow_plan=plan)
    return read_run(find_run(unit, run.card.run_id).folder_in(unit))


@pytest.fixture(scope="module")
def scene(session_unit, tmp_path_factory):
    """A unit with the rule of this test, an earlier voyage, and one with a stow plan, recorded."""
    folder = tmp_path_factory.mktemp("counted")
    shutil.copytree(session_unit.root, folder / "unit")
    unit = Workspace(folder / "unit")
    (folder / "pack").mkdir()
    (folder / "pack" / "tst-cnt-001.yaml").write_text(RULE)
    pack = load_pack(folder / "pack", catalog())
    install(unit, pack, at=datetime(2026, 1, 1, tzinfo=UTC), who="t")
    score(unit, written(folder / "one.csv", FIRST, LIGHT), date(2026, 3, 1))
    planned = written(folder / "plan.csv", AGAIN)
    plan = stow_plan_of(read_manifest(planned), planned)
    two = written(folder / "two.csv", AGAIN, BESIDE, *MANY)
    run = score(unit, two, date(2026, 3, 9), plan)
    planned.unlink()
    return unit, run


def counted(unit, run, name, box=BOX):
    rule = next(rule for rule in rules_of(unit, run) if rule.id == "TST-CNT-001")
    keys = dict(run.assessments.select("container_number", "container_id").rows())
    return next(one for one in counted_by(unit, run, rule, keys[box]) if one.name == name)


def test_an_earlier_box_with_the_same_seal_is_named_with_its_voyage(scene):
    found = counted(*scene, "boxes_with_seal")
    assert (found.value, found.today, found.remark) == (1.0, 1.0, CountedRemark.NONE)
    (box,) = found.containers
    assert (box.container_number, box.bills) == (OTHER, ("B1",))
    assert (box.on, box.vessel, box.voyage) == (date(2026, 3, 1), "MV ALPHA", "601E")
    assert (box.seen_as, box.value) == (SeenAs.EARLIER, ("SEAL77",))


def test_of_many_at_most_ten_are_named_and_one_of_each_value_comes_first(scene):
    names = counted(*scene, "names_at_address")
    assert (names.value, names.remark) == (3.0, CountedRemark.NONE)
    assert [one.value for one in names.containers[:3]] == [
        "IMPORT SL",
        "NEW NAME SL",
        "OLD NAME SL",
    ]
    assert [one.seen_as for one in names.containers[:3]] == [
        SeenAs.ITSELF,
        SeenAs.SAME_MANIFEST,
        SeenAs.EARLIER,
    ]
    assert len(names.containers) == MOST_COUNTED
    assert names.rest == 2 + 2 + len(MANY) - MOST_COUNTED


def test_the_largest_value_stands_first_and_what_the_lines_leave_out_is_not_listed(scene):
    heaviest = counted(*scene, "heaviest")
    assert heaviest.value == heaviest.containers[0].value == 27000.0
    assert len(heaviest.containers) + heaviest.rest == 1 + 2 + len(MANY)


def test_an_indicator_that_counts_earlier_boxes_names_them_too(scene):
    found = counted(*scene, "seal_sightings_before")
    assert (found.value, found.remark) == (1.0, CountedRemark.NONE)
    assert [one.container_number for one in found.containers] == [OTHER]


def test_it_is_said_where_the_history_has_learned_of_others_since(scene, tmp_path):
    unit, run = scene
    shutil.copytree(unit.root, tmp_path / "unit")
    later = Workspace(tmp_path / "unit")
    other = line("B9", "MSKU3000002", "SEAL77", voyage="600E", vessel="MV GAMMA")
    score(later, written(tmp_path / "late.csv", other), date(2026, 3, 5))
    found = counted(later, run, "boxes_with_seal")
    assert (found.value, found.today, found.remark) == (1.0, 2.0, CountedRemark.DIFFERS)


def test_the_boxes_of_a_stow_plan_are_read_again_from_what_was_received(scene):
    found = counted(*scene, "planned_boxes")
    assert (found.value, found.remark) == (1.0, CountedRemark.NONE)
    (box,) = found.containers
    assert (box.container_number, box.seen_as, box.on) == (BOX, SeenAs.STOW_PLAN, None)


def test_a_stow_plan_that_is_not_kept_or_was_read_otherwise_is_not_shown(scene):
    unit, run = scene
    mapped = replace(run.card, digests=replace(run.card.digests, manifest="0" * 64))
    gone = replace(run.card, stow_plan_sha256="0" * 64)
    without = replace(run.card, stow_plan_sha256="")
    remarks = [
        counted(unit, replace(run, card=card), "planned_boxes").remark
        for card in (mapped, gone, without)
    ]
    not_kept = CountedRemark.PLAN_NOT_KEPT
    assert remarks == [not_kept, not_kept, CountedRemark.NO_PLAN]


def test_a_number_that_the_run_did_not_take_is_taken_today_and_this_is_said(scene):
    unit, run = scene
    bare = replace(run, indicators=run.indicators.drop("TST-CNT-001.1.boxes_with_seal"))
    found = counted(unit, bare, "boxes_with_seal")
    assert (found.value, found.today) == (None, 1.0)
    assert found.remark is CountedRemark.NOT_TAKEN


def test_matches_are_listed_by_rule_and_the_answer_of_a_rule_has_them(scene):
    unit, run = scene
    by_rule = counted_by_matches(unit, run, BOX, ["TST-CNT-001"])
    answer = answer_of(unit, "TST-CNT-001", BOX)
    assert by_rule == {"TST-CNT-001": answer.counted}


def test_what_is_listed_gives_what_was_recorded_for_every_rule_that_ships(scene):
    unit, run = scene
    key = run.assessments["container_id"][0]
    for rule in rules_of(unit, run):
        for one in counted_by(unit, run, rule, key):
            assert one.remark is CountedRemark.NONE, (rule.id, one)


def test_the_page_and_the_scripts_name_the_measure_plainly_and_the_containers(scene, command):
    unit, _ = scene
    asked = ("rules", "explain", "TST-CNT-001", "--container", BOX, "-w", unit.root)
    said = command(*asked)
    assert "Those that counted in Boxes with one of the seals: 1" in said.out
    assert "MV ALPHA 601E" in said.out
    assert "And 8 more." in said.out
    for language in ("fr", "es", "pt"):
        assert "answer." not in command(*asked, "--lang", language).out
    told = json.loads(command(*asked, "--json").out)
    assert told["measures"][0] == {
        "name": "boxes_with_seal",
        "label": "Boxes with one of the seals",
        "value": 1.0,
        "today": 1.0,
        "remark": "none",
        "containers": [
            {
                "container_number": OTHER,
                "bills": ["B1"],
                "on": "2026-03-01",
                "vessel": "MV ALPHA",
                "voyage": "601E",
                "seen_as": "earlier",
                "value": ["SEAL77"],
            }
        ],
        "rest": 0,
    }
    read = {one["field"] for line in told["lines"] for one in line["read"]}
    assert "boxes_with_seal" in read
    assert not any("." in name for name in read)


def test_an_explanation_names_who_a_matching_rule_counted(scene, command):
    unit, _ = scene
    said = command("explain", BOX, "-w", unit.root)
    assert f"  with: {OTHER} (Mar 1, 2026, MV ALPHA), " in said.out
