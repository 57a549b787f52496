"""Model, habits and rules add up to one score, whatever judged them; and older runs are read as they were."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, date, datetime

import polars as pl
import pytest

from riskengine.engine import Engine
from riskengine.engine.assess import judged_weights, points_of, states_impossibility
from riskengine.engine.explanation import explain
from riskengine.engine.learning import habits_of_rows, own_history
from riskengine.engine.model_says import Models
from riskengine.engine.recorded import read_run
from riskengine.engine.report import as_json_lines
from riskengine.ledger.run_register import recorded_runs
from riskengine.ledger.runs import read_frame
from riskengine.model import habits as habits_module
from riskengine.model import shelf
from riskengine.model.bundle import assemble
from riskengine.model.card import SCHEMA, Calibration, Combination, RuleWeight
from riskengine.model.stack import EXAMINED_MATCHES_NEEDED
from riskengine.register import audit
from riskengine.review import ModelStep, approve_model, request_model
from riskengine.rules.store import in_force
from riskengine.selectivity import Policy
from riskengine.selectivity.combine import logit

DAY = date(2026, 3, 4)


@pytest.fixture(scope="module")
def habits(session_unit):
    """What is usual at the sample unit, which has seen little."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(habits_module, "CONTAINERS_NEEDED", 100)
        return habits_of_rows(own_history(session_unit))


@pytest.fixture(scope="module")
def engine(session_unit):
    return Engine.open(session_unit)


@pytest.fixture(scope="module")
def beside(engine, reading, habits):
    """The sample voyage with the habits model beside the model in force."""
    return replace(engine, habits=habits).assess(reading, assessed_on=DAY)


@pytest.fixture(scope="module")
def judged(engine, run):
    """The model in force with a combination that has judged the rules of a run."""
    weights = tuple(
        RuleWeight(
            rule_id=row["rule_id"],
            version=row["version"],
            sha256=row["sha256"],
            weight=0.123 + place / 100,
            prior=0.2,
            examined=EXAMINED_MATCHES_NEEDED if place % 2 == 0 else 29,
            found=3,
        )
        for place, row in enumerate(run.rules.iter_rows(named=True))
    )
    bundle = engine.bundle
    card = replace(
        bundle.card,
        schema=SCHEMA,
        calibration=Calibration(intercept=-0.7, slope=0.8),
        combination=Combination(
            habits_id="", habits_slope=0.0, weights=weights, containers=400, finds=40
        ),
    )
    return assemble(
        card, model_text=bundle.model_text, golden=bundle.golden, booster=bundle.booster
    )


def judged_with(bundle, habits, slope):
    told = replace(bundle.card.combination, habits_id=habits.card.id, habits_slope=slope)
    return replace(bundle, card=replace(bundle.card, combination=told))


def assert_adds_up(run):
    for line in map(json.loads, as_json_lines(run, all_reasons=True)):
        parts = [line["base_log_odds"], *(reason["log_odds"] for reason in line["reasons"])]
        assert math.fsum(parts) == pytest.approx(line["log_odds"], abs=1e-9)
    for number in run.assessments["container_number"].drop_nulls().head(4):
        told = explain(run, number)
        assert told.base + told.model + told.rules == pytest.approx(told.total, abs=1e-9)


def test_all_three_add_up_for_every_container(engine, reading, judged, habits):
    both = replace(engine, bundle=judged_with(judged, habits, 0.4), habits=habits)
    run = both.assess(reading, assessed_on=DAY)
    assert_adds_up(run)
    parts = run.assessments
    total = parts["model_log_odds"] + parts["habits_log_odds"] + parts["rule_log_odds"]
    assert (total - parts["log_odds"]).abs().max() <= 1e-9
    assert parts["habits_log_odds"].abs().max() > 0


def test_without_a_habits_model_its_part_is_unknown_and_adds_nothing(run):
    parts = run.assessments
    assert parts["habits_log_odds"].null_count() == parts.height
    total = parts["model_log_odds"] + parts["rule_log_odds"]
    assert (total - parts["log_odds"]).abs().max() <= 1e-9


def test_rules_and_habits_rank_without_a_model(engine, reading, habits):
    """On the first day nothing was found yet: rules and what is unusual rank all the same."""
    run = replace(engine, bundle=None, habits=habits).assess(reading, assessed_on=DAY)
    assert_adds_up(run)
    assert (run.assessments["model_log_odds"] == logit(Policy().random_find_rate)).all()
    assert run.assessments["habits_log_odds"].n_unique() > 10
    assert run.card.typical_log_odds == pytest.approx(logit(Policy().random_find_rate))


def test_habits_count_by_the_policy_until_outcomes_have_judged_them(judged, habits):
    policy = Policy(habits_credit=0.31)
    assert Models(finds=judged, habits=habits).habits_slope(policy) == 0.31
    assert Models(finds=None, habits=habits).habits_slope(policy) == 0.31
    other = judged_with(judged, habits, 0.07)
    assert Models(finds=other, habits=habits).habits_slope(policy) == 0.07
    assert Models(finds=other).habits_slope(policy) == 0.0


def test_a_rule_counts_what_outcomes_gave_it_only_with_the_content_they_judged(
    session_unit, judged
):
    rules = {rule.id: rule for rule in in_force(session_unit, DAY).rules}
    weights = judged_weights(judged)
    seldom = [one for one in judged.card.combination.weights if one.examined == 29]
    assert all((one.rule_id, one.version, one.sha256) not in weights for one in seldom)
    (rule_id, version, sha256), weight = next(
        (key, worth) for key, worth in weights.items() if points_of(rules[key[0]], Policy()) > 0
    )
    rule = rules[rule_id]
    assert (rule.version, rule.sha256) == (version, sha256)
    assert points_of(rule, Policy(), weights) == weight
    edited = replace(rule, sha256="0" * 64)
    assert points_of(edited, Policy(), weights) == rule.severity.points * Policy().rule_credit


def test_the_habits_model_is_part_of_what_a_run_follows_from(engine, run, beside):
    alone = run
    assert alone.card.digests.model != beside.card.digests.model
    assert alone.card.run_id != beside.card.run_id
    assert Models(finds=engine.bundle).digest == alone.card.digests.model


def test_a_feature_of_both_models_is_one_reason(engine, beside, habits):
    run = beside
    shared = set(engine.bundle.card.feature_names) & set(habits.card.feature_names)
    assert shared
    assert len(run.contributions.columns) == len(set(run.contributions.columns))
    reasons = [
        reason["source"]
        for reason in json.loads(next(as_json_lines(run, all_reasons=True)))["reasons"]
        if reason["kind"] == "feature"
    ]
    assert len(reasons) == len(set(reasons))


def test_a_promoted_habits_model_scores_and_the_chain_knows_who_did_it(unit, habits):
    shelf.put(unit, habits)
    at = datetime(2026, 3, 5, 9, tzinfo=UTC)
    request_model(
        unit, ModelStep(model_id=habits.card.id, by="Ama", at=at, reason="no outcomes yet")
    )
    approve_model(unit, habits.card.id, by="Ben", at=at)
    opened = Engine.open(unit)
    assert opened.habits.card == habits.card
    assert opened.bundle.card.purpose == "finds"
    assert shelf.read_pointer(unit, shelf.HABITS_FILE).by == "Ama"
    acts = [(one.actor, one.action) for one in audit.entries(unit, about=habits.card.id)]
    assert acts[0] == ("Ama", "model_change_requested")
    assert ("Ben", "model_change_approved") in acts


def test_rules_that_state_what_no_box_can_do_are_told_from_those_that_only_excuse_it(
    session_unit,
):
    stating = {
        rule.id for rule in in_force(session_unit, DAY).rules if states_impossibility(rule)
    }
    assert {"GAT-ITN-001", "GAT-DIS-001", "CLO-WAY-001"} <= stating
    assert (
        "GAT-REL-001" not in stating
    )  # it names a gate-out before discharge only to keep silent


def test_a_run_from_before_habits_is_read_and_explained(session_unit, tmp_path, monkeypatch):
    folder = recorded_runs(session_unit)[0].folder_in(session_unit)
    old = read_frame(folder, "assessments").drop("spread", "habits_log_odds")

    def as_it_was(where, name):
        return old if name == "assessments" else read_frame(where, name)

    monkeypatch.setattr("riskengine.engine.recorded.read_frame", as_it_was)
    run = read_run(folder)
    assert run.assessments["spread"].null_count() == run.assessments.height
    assert run.assessments["habits_log_odds"].dtype == pl.Float64
    assert_adds_up(run)
    assert "spread" not in json.loads(next(as_json_lines(run)))
