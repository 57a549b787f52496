"""Replayed in five years: a recorded run is computed again and comes out the same, or what differs is named."""

from __future__ import annotations

import shutil
from dataclasses import fields, replace
from datetime import UTC, date, datetime

import polars as pl
import pytest

from riskengine import messages
from riskengine.domain import ExaminationResult, Outcome
from riskengine.engine import Engine, verified
from riskengine.engine.explained import explained
from riskengine.engine.recorded import read_run
from riskengine.engine.restored import MODEL_LOST, restored
from riskengine.engine.verified import verify_run
from riskengine.engine.verified_files import head_from, verify_workspace
from riskengine.ledger.run_register import find_run
from riskengine.manifest import read_manifest
from riskengine.model import shelf
from riskengine.model.bundle import assemble, load
from riskengine.model.card import Calibration
from riskengine.register import audit
from riskengine.register.audit import AuditHead
from riskengine.review.outcome import enter
from riskengine.rules.rule import RuleStatus
from riskengine.rules.standing import Signed, installed, set_standing
from riskengine.workspace import Workspace

BOX = "XOCU7285184"
LATER = date(2026, 3, 20)


def stored(unit, run_id):
    return read_run(find_run(unit, run_id).folder_in(unit))


@pytest.fixture(scope="module")
def recorded(session_unit, run, reading, voyage, tmp_path_factory):
    """The unit after the sample voyage was recorded: nobody may change it."""
    root = tmp_path_factory.mktemp("recorded") / "unit"
    unit = Workspace(shutil.copytree(session_unit.root, root))
    assert Engine.open(unit).record(run, reading, voyage, by="tester")
    return unit


@pytest.fixture(scope="module")
def aged(recorded, run, tmp_path_factory, voyage_lines, written_lines):
    """The same unit after all that can happen to it: voyages, an outcome, another model, policy and rules."""
    folder = tmp_path_factory.mktemp("aged")
    unit = Workspace(shutil.copytree(recorded.root, folder / "unit"))
    lines = voyage_lines()
    engine = Engine.open(unit)
    for name, changed, day in (
        ("amended", [line | {"gross_mass_kg": "21000"} for line in lines[:12]], LATER),
        ("late", [line | {"voyage_number": "V-LATE"} for line in lines[:12]], date(2026, 2, 1)),
    ):
        file = written_lines(folder / f"{name}.csv", changed)
        again = read_manifest(file)
        engine.receive(again, file, known_on=day, by="tester")
        engine.record(engine.assess(again, assessed_on=day), again, file, by="tester")
    found = ExaminationResult(
        container_number=BOX,
        outcome=Outcome.SEIZURE,
        examined_at=datetime(2026, 3, 5, tzinfo=UTC),
        officer="Ama",
    )
    enter(unit, found, run_id=run.card.run_id, entered_at=datetime(2026, 3, 6, tzinfo=UTC))
    champion = load(shelf.in_force(unit))
    card = replace(champion.card, calibration=Calibration(intercept=-3.0, slope=0.05))
    flat = assemble(
        card, model_text=champion.model_text, golden=champion.golden, booster=champion.booster
    )
    shelf.put(unit, flat)
    shelf.promote(unit, flat.card.id, "Ama")
    text = unit.settings_file.read_text("utf-8")
    unit.settings_file.write_text(text.replace("red_lift = 20.0", "red_lift = 7.0"), "utf-8")
    for rule in installed(unit)[:5]:
        signed = Signed(who="Ama", at=datetime(2026, 3, 21, tzinfo=UTC), reason="noise")
        set_standing(unit, rule.rule.id, rule.rule.sha256, RuleStatus.RETIRED, signed)
    return unit


def test_a_run_is_the_same_to_the_last_bit_years_later(aged, run):
    """Invariant 3: later runs, a voyage of an earlier day, an outcome, a new model, another policy and other rules move nothing."""
    found = verify_run(aged, run.card.run_id)
    assert found.differences == ()
    assert found.lost == ()
    assert found.is_same
    assert found.is_computed
    assert found.containers == run.assessments.height
    assert found.values == sum(
        f.height * f.width for f in stored(aged, run.card.run_id).frames().values()
    )
    assert found.engine_then == found.engine_now


def test_its_explanation_is_the_same_years_later(recorded, aged, run):
    """Not a precedent more, and no other fact that would clear it."""
    before, after = (
        explained(unit, stored(unit, run.card.run_id), BOX) for unit in (recorded, aged)
    )
    for field in fields(before):
        assert getattr(after, field.name) == getattr(before, field.name), field.name


def test_today_the_same_manifest_comes_out_otherwise(aged, run, reading, day):
    """What the test above shows would show nothing if nothing had changed."""
    today = Engine.open(aged).assess(reading, assessed_on=day)
    mine, theirs = run.card.digests, today.card.digests
    for name in ("history", "rules", "model", "policy"):
        assert getattr(mine, name) != getattr(theirs, name), name
    assert not today.assessments["log_odds"].equals(run.assessments["log_odds"])


@pytest.fixture
def told(recorded, run, monkeypatch):
    """Verify a run whose computation comes out as it is told: nothing is computed twice for a test."""

    def verify(again):
        monkeypatch.setattr(verified, "assess", lambda *_a, **_k: again)
        return verify_run(recorded, run.card.run_id)

    return verify


def test_a_number_that_differs_is_named_with_its_container(told, run):
    is_box = pl.col("container_number") == BOX
    moved = run.assessments.with_columns(
        pl.when(is_box).then(pl.col("log_odds") + 0.5).otherwise("log_odds").alias("log_odds")
    )
    found = told(replace(run, assessments=moved))
    assert not found.is_same
    assert not found.is_rounding_only
    (difference,) = found.differences
    assert (difference.frame, difference.column, difference.container) == (
        "assessments",
        "log_odds",
        BOX,
    )
    assert float(difference.now) - float(difference.was) == pytest.approx(0.5)


def test_the_last_bit_is_told_apart_from_another_assessment(told, run):
    column = run.contributions.columns[1]
    nudged = run.contributions.with_columns(pl.col(column) + 1e-13)
    found = told(replace(run, contributions=nudged))
    assert found.is_rounding_only
    assert not found.is_same
    assert found.different > verified.MOST_NAMED
    assert len(found.differences) == verified.MOST_NAMED
    assert {one.column for one in found.differences} == {column}


def test_nothing_is_not_zero_and_zero_is_not_minus_zero(told, run):
    spread = run.assessments["model_log_odds"]
    none = run.assessments.with_columns(
        pl.when(pl.int_range(pl.len()) == 0)
        .then(None)
        .otherwise("model_log_odds")
        .alias("model_log_odds")
    )
    found = told(replace(run, assessments=none))
    assert (found.different, found.is_rounding_only) == (1, False)
    assert spread.null_count() == 0
    zero = pl.Series([0.0])
    assert verified._rows_apart(zero, pl.Series([-0.0])) == [0]
    assert verified._rows_apart(zero, pl.Series([None], dtype=pl.Float64)) == [0]
    assert verified._rows_apart(zero, pl.Series([0.0])) == []


def test_an_order_of_rows_that_threads_choose_is_no_difference(told, run):
    turned = replace(
        run, verdicts=run.verdicts.reverse(), assessments=run.assessments.reverse()
    )
    assert told(turned).is_same


def test_a_row_too_many_a_column_too_few_and_a_frame_too_few_are_named(told, run):
    more = pl.concat([run.defects, run.verdicts.clear().select()], how="horizontal")
    one_less = run.assessments.head(run.assessments.height - 1)
    found = told(
        replace(
            run,
            assessments=one_less,
            indicators=run.indicators.drop("gross_mass_kg"),
            beside={},
        )
    )
    assert more.height == run.defects.height
    named = {(one.frame, one.column) for one in found.differences}
    assert ("assessments", "rows") in named
    assert ("indicators", "gross_mass_kg") in named
    assert ("beside_changes", "rows") in named


def test_a_column_that_a_later_engine_adds_is_counted_and_no_difference(told, run):
    wider = run.indicators.with_columns(pl.lit(1.0).alias("of_tomorrow"))
    found = told(replace(run, indicators=wider))
    assert found.is_same
    assert found.added == 1


def test_a_run_without_its_model_is_not_computed(recorded, run, tmp_path):
    unit = Workspace(shutil.copytree(recorded.root, tmp_path / "unit"))
    shutil.rmtree(unit.models_folder / run.card.model_id)
    found = verify_run(unit, run.card.run_id)
    assert not found.is_computed
    assert not found.is_same
    assert found.lost == (MODEL_LOST,)
    assert found.differences == ()


def test_every_loss_has_a_sentence_in_every_language(recorded, run):
    assert restored(recorded, stored(recorded, run.card.run_id)).differences == ()
    for name in ("manifest", "history", "rules", "model", "policy"):
        for language in messages.LANGUAGES:
            assert messages.render(f"verify.lost.{name}", {}, language)


def by_kind(checked):
    return {one.kind: one for one in checked}


def test_a_sound_unit_is_sound_in_everything(aged):
    checked = by_kind(verify_workspace(aged))
    assert list(checked) == ["audit", "runs", "models", "received", "texts"]
    assert [fault for one in checked.values() for fault in one.faults] == []
    assert checked["runs"].count == 9
    assert checked["models"].count == 2
    assert checked["texts"].count == 1
    assert checked["audit"].head.startswith(f"{checked['audit'].count}:")


def test_whatever_is_changed_is_found_and_named(recorded, run, tmp_path):
    unit = Workspace(shutil.copytree(recorded.root, tmp_path / "unit"))
    folder = find_run(unit, run.card.run_id).folder_in(unit)
    changed, gone = folder / "assessments.parquet", folder / "verdicts.parquet"
    changed.chmod(0o600)
    changed.write_bytes(changed.read_bytes()[:-1] + b"!")
    gone.unlink()
    (folder / "note.txt").write_text("who put this here?", "utf-8")
    other = next(unit.runs_folder.glob("2026-01-07/*/run.json"))
    other.chmod(0o600)
    other.write_text(
        other.read_text("utf-8").replace('"base_log_odds": -', '"base_log_odds": -1'), "utf-8"
    )
    letter = next(path for path in unit.received_folder.glob("*/*") if path.is_file())
    letter.chmod(0o600)
    letter.write_bytes(b"another paper")
    (texts,) = unit.texts_folder.iterdir()
    texts.chmod(0o600)
    texts.write_bytes(b"no texts")
    checked = by_kind(verify_workspace(unit))
    assert {fault.name for fault in checked["runs"].faults} == {
        run.card.run_id,
        other.parent.name,
    }
    of_run = [f.sentence for f in checked["runs"].faults if f.name == run.card.run_id]
    assert len(of_run) == 3
    assert "assessments.parquet" in of_run[0]
    assert "verdicts.parquet is missing" in of_run[1]
    assert "note.txt" in of_run[2]
    (of_other,) = [f.sentence for f in checked["runs"].faults if f.name == other.parent.name]
    assert "audit chain" in of_other
    assert [fault.name for fault in checked["received"].faults] == [letter.name]
    assert len(checked["texts"].faults) == 1
    assert checked["audit"].faults == ()


def test_an_end_of_the_chain_that_was_cut_off_shows_to_who_holds_the_head(recorded):
    head = audit.verify(recorded)
    sound = by_kind(verify_workspace(recorded, witnessed=head))
    assert sound["audit"].faults == ()
    later = AuditHead(seq=head.seq + 1, hash="a" * 64)
    cut = by_kind(verify_workspace(recorded, witnessed=later))
    assert "cut off" in cut["audit"].faults[0].sentence


@pytest.mark.parametrize(
    "text", ["", "3", "3:", ":" + "a" * 64, "x:" + "a" * 64, "3:" + "A" * 64]
)
def test_what_is_no_head_is_none(text):
    assert head_from(text) is None
