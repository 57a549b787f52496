"""Everything a recorded run followed from comes back as it was, whatever was recorded, decided and learned since."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from riskengine.engine import Engine
from riskengine.engine.recorded import read_run
from riskengine.engine.restored import (
    HISTORY_LOST,
    MANIFEST_LOST,
    MODEL_LOST,
    POLICY_LOST,
    RULES_LOST,
    restored,
)
from riskengine.ledger.run_register import find_run
from riskengine.manifest import read_manifest
from riskengine.manifest.mapping import load_mapping
from riskengine.workspace import Workspace

MAPPING = """
schema = 1
[columns]
container_number = "Caja"
bill_of_lading = "BL"
consignee_name = "Importador"
gross_mass_kg = { column = "Peso", unit = "t" }
"""
LIST = "BL;Caja;Importador;Peso\nB1;MSKU0000013;ACME;12,5\nB2;CSQU3054383;ACME;9\n"


def as_old(run):
    """Return a run as one recorded before its history and policy were kept."""
    card = replace(
        run.card,
        policy_json="",
        habits_id="",
        stow_plan_mapping_sha256="",
        engine_version="",
        libraries={},
        texts_sha256="",
    )
    return replace(run, card=card, history={})


@pytest.fixture(scope="module")
def mapped(session_unit, tmp_path_factory):
    """A unit that recorded a list read with a mapping file, and the run: nobody may change it."""
    folder = tmp_path_factory.mktemp("mapped")
    unit = Workspace(shutil.copytree(session_unit.root, folder / "unit"))
    (folder / "map.toml").write_text(MAPPING + '[file]\ndecimal = ","\n', "utf-8")
    (folder / "lista.csv").write_text(LIST, "utf-8")
    reading = read_manifest(folder / "lista.csv", load_mapping(folder / "map.toml"))
    engine = Engine.open(unit)
    run = engine.assess(reading, assessed_on=date(2026, 3, 4))
    assert engine.record(run, reading, folder / "lista.csv", by="tester")
    return unit, read_run(find_run(unit, run.card.run_id).folder_in(unit))


@pytest.fixture(scope="module")
def earlier(session_unit):
    """The third of the six earlier voyages, three of which were recorded after it."""
    for folder in sorted(session_unit.runs_folder.glob("2026-01-07/*")):
        return read_run(folder)
    raise AssertionError


def test_a_run_is_restored_after_later_voyages_were_recorded(session_unit, earlier):
    basis = restored(session_unit, earlier)
    assert basis.differences == ()
    assert basis.assessed_on == date(2026, 1, 7)
    assert basis.known.past_digest == earlier.card.digests.history
    assert basis.known.bundle.card.id == earlier.card.model_id
    assert basis.reading.manifest.source.file == "2026-01-07.csv"
    assert {rule.id for rule in basis.known.rules.rules} == set(earlier.rules["rule_id"])


def test_a_run_from_before_its_history_was_kept_has_it_from_the_ledger(session_unit, earlier):
    """What later voyages added lies on later days, and what it added itself is taken off."""
    kept, asked = restored(session_unit, earlier), restored(session_unit, as_old(earlier))
    assert asked.differences == ()
    for name in ("counts", "habits"):
        by = getattr(kept.known.past, name).columns
        mine = getattr(asked.known.past, name).sort(by)
        assert mine.equals(getattr(kept.known.past, name).sort(by))
    assert asked.known.beside.digest == kept.known.beside.digest


def test_a_history_that_grew_backwards_is_as_it_was_kept_and_is_told_where_it_was_not(
    unit, earlier, voyage_lines, written_lines, tmp_path
):
    """A voyage that is recorded later for an earlier day changes what the ledger says of that morning."""
    lines = [line | {"voyage_number": "V-LATE"} for line in voyage_lines()[:6]]
    file = written_lines(tmp_path / "late.csv", lines)
    reading, engine = read_manifest(file), Engine.open(unit)
    late = engine.assess(reading, assessed_on=date(2025, 12, 30))
    engine.record(late, reading, file, by="tester")
    assert restored(unit, earlier).differences == ()
    assert restored(unit, as_old(earlier)).differences == (HISTORY_LOST,)


def test_a_list_is_read_again_with_the_mapping_it_was_read_with(mapped):
    unit, run = mapped
    basis = restored(unit, run)
    assert basis.differences == ()
    assert basis.reading.manifest.containers["container_number"].to_list() == [
        "MSKU0000013",
        "CSQU3054383",
    ]
    goods = run.canonical["goods_items"]
    assert basis.reading.manifest.goods_items.equals(goods)


def test_bytes_that_are_not_kept_are_said_to_be_lost_and_the_lines_of_the_run_are_taken(
    mapped, tmp_path
):
    unit, run = mapped
    bare = Workspace(shutil.copytree(unit.root, tmp_path / "unit"))
    entry = find_run(bare, run.card.run_id)
    mapping = bare.received_folder / entry.mapping_sha256[:2] / entry.mapping_sha256
    mapping.unlink()
    basis = restored(bare, run)
    assert basis.differences == (MANIFEST_LOST,)
    for name, frame in run.canonical.items():
        assert getattr(basis.reading.manifest, name).equals(frame), name
    assert basis.reading.defects == restored(unit, run).reading.defects


def test_a_model_that_was_taken_away_or_harmed_is_said_to_be_lost(unit, earlier):
    model = unit.models_folder / earlier.card.model_id
    (model / "model.txt").chmod(0o600)
    (model / "model.txt").write_text("tree", "utf-8")
    basis = restored(unit, earlier)
    assert basis.differences == (MODEL_LOST,)
    assert basis.known.bundle is None


def test_the_policy_of_the_day_is_kept_and_that_of_an_older_run_only_where_it_is_today_s(
    unit, earlier
):
    text = unit.settings_file.read_text("utf-8")
    unit.settings_file.write_text(text.replace("red_lift = 20.0", "red_lift = 11.0"), "utf-8")
    basis = restored(unit, earlier)
    assert basis.differences == ()
    assert basis.known.policy.red_lift == 20.0
    assert restored(unit, as_old(earlier)).differences == (POLICY_LOST,)


@pytest.mark.parametrize("text", ["{", '{"red_lift": 1}', "[]", '{"red_lift": "much"}'])
def test_a_policy_that_was_changed_on_the_card_is_found_out(session_unit, earlier, text):
    changed = replace(earlier, card=replace(earlier.card, policy_json=text))
    assert POLICY_LOST in restored(session_unit, changed).differences


def test_a_setting_that_this_engine_knows_no_more_loses_no_policy(session_unit, earlier):
    """The digest is of what was kept, not of every setting there is today."""
    kept = json.loads(earlier.card.policy_json) | {"share_of_old": 0.25}
    promised = restored(session_unit, earlier).known.seed_commitment
    text = json.dumps(kept | {"seed_commitment": promised}, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    card = replace(
        earlier.card,
        policy_json=json.dumps(kept),
        digests=replace(earlier.card.digests, policy=digest),
    )
    basis = restored(session_unit, replace(earlier, card=card))
    assert basis.differences == ()
    assert basis.known.policy.red_lift == 20.0


def test_a_rule_that_was_changed_in_the_run_is_found_out(session_unit, earlier):
    changed = earlier.rules.with_columns(
        earlier.rules["source_yaml"].str.replace("severity: high", "severity: low")
    )
    assert not changed.equals(earlier.rules)
    basis = restored(session_unit, replace(earlier, rules=changed))
    assert basis.differences == (RULES_LOST,)


def test_a_rule_that_no_engine_can_read_any_more_stands_among_the_unreadable(
    session_unit, earlier
):
    broken = earlier.rules.with_columns(
        pl.when(pl.int_range(pl.len()) == 0)
        .then(pl.lit("id: [unfinished"))
        .otherwise("source_yaml")
        .alias("source_yaml")
    )
    basis = restored(session_unit, replace(earlier, rules=broken))
    assert [one.stored.rule_id for one in basis.known.rules.unreadable] == [
        earlier.rules["rule_id"][0]
    ]
    assert basis.differences == (RULES_LOST,)


def test_the_history_of_a_run_is_held_against_its_digest(session_unit, earlier):
    counts = earlier.history["counts"]
    more = counts.with_columns(containers=counts["containers"] + 1)
    changed = replace(earlier, history={**earlier.history, "counts": more})
    assert restored(session_unit, changed).differences == (HISTORY_LOST,)
