"""Where there are outcomes, two models are judged by what neither can have learned from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from riskengine.domain import ExaminationResult, Outcome
from riskengine.engine import Engine
from riskengine.engine.founding import learned_until
from riskengine.engine.side_by_side import compare
from riskengine.model import shelf
from riskengine.model.bundle import assemble, load
from riskengine.model.card import Calibration, Combination
from riskengine.review import enter

OPENED = datetime(2026, 3, 5, 10, tzinfo=UTC)


@pytest.fixture
def judged(unit, reading, voyage, day):
    """A unit that opened twelve containers of a run in which a challenger spoke, and their ranks by it."""
    champion = load(shelf.in_force(unit))
    card = replace(
        champion.card, calibration=Calibration(intercept=-3.0, slope=0.05), note="flat"
    )
    flat = assemble(
        card, model_text=champion.model_text, golden=champion.golden, booster=champion.booster
    )
    shelf.put(unit, flat)
    shelf.promote(unit, flat.card.id, "Ama", pointer_file=shelf.CHALLENGER_FILE)
    engine = Engine.open(unit)
    run = engine.assess(reading, assessed_on=day)
    engine.record(run, reading, voyage, by="tester")
    named = run.assessments.filter(pl.col("container_number").is_not_null()).unique(
        "container_number", keep="none", maintain_order=True
    )
    for number, name in enumerate(named["container_number"].head(12)):
        result = ExaminationResult(
            container_number=name,
            outcome=Outcome.SEIZURE if number % 2 else Outcome.NIL,
            examined_at=OPENED,
            officer="Ama",
        )
        enter(unit, result, run_id=run.card.run_id, entered_at=OPENED)
    return unit, champion.card, flat.card


def test_what_both_said_when_a_run_was_recorded_is_judged_by_its_outcomes(judged):
    unit, champion, flat = judged
    beside = compare(unit, champion.id, flat.id)
    assert (beside.opened.containers, beside.opened.finds) == (12, 6)
    assert not beside.opened.is_enough
    assert beside.opened.precision.low is None
    assert 0 < beside.rescored < beside.containers
    turned = compare(unit, flat.id, champion.id)
    assert turned.opened.precision.one == beside.opened.precision.other


def test_a_model_that_may_have_learned_from_an_outcome_is_not_judged_by_it(judged):
    """It did not speak in that run, and its window reaches beyond the day."""
    unit, champion, _ = judged
    late = load(shelf.in_force(unit))
    card = replace(late.card, note="trained on everything")
    assert card.window.last_on > OPENED.date()
    bundle = assemble(
        card, model_text=late.model_text, golden=late.golden, booster=late.booster
    )
    shelf.put(unit, bundle)
    assert compare(unit, champion.id, bundle.card.id).opened is None


def test_the_baseline_has_learned_from_no_port_and_is_judged_by_every_outcome(judged):
    """Its simulated calendar runs beyond the day; what it is compared with has learned until the day before."""
    unit, champion, _ = judged
    assert champion.window.last_on > OPENED.date()
    until = OPENED.date() - timedelta(days=2)
    late = load(shelf.in_force(unit))
    card = replace(
        champion, note="of this port", window=replace(champion.window, last_on=until)
    )
    bundle = assemble(
        card, model_text=late.model_text, golden=late.golden, booster=late.booster
    )
    shelf.put(unit, bundle)
    beside = compare(unit, champion.id, bundle.card.id)
    assert beside.judged_after == until
    assert (beside.opened.containers, beside.opened.finds) == (12, 6)


def test_the_baseline_is_known_by_its_digests_and_not_by_what_is_said_of_it(judged):
    _, baseline, flat = judged
    assert learned_until(baseline) is None
    assert learned_until(flat) == baseline.window.last_on
    another = replace(baseline, id="2026-06-29-0123456789", model_sha256="0" * 64)
    assert learned_until(another) == baseline.window.last_on


def test_trees_that_outcomes_have_judged_have_learned_until_that_was_done(judged):
    _, baseline, flat = judged
    combination = Combination(
        habits_id="", habits_slope=0.0, weights=(), containers=24, finds=12
    )
    made = replace(flat, combination=combination, created_at=OPENED)
    assert learned_until(made) == OPENED.date() < baseline.window.last_on
    own = replace(made, model_sha256="0" * 64)
    assert learned_until(own) == baseline.window.last_on
    late = replace(own, created_at=OPENED + timedelta(days=365))
    assert learned_until(late) == late.created_at.date()
    assert learned_until(replace(made, created_at=None)) == baseline.window.last_on
