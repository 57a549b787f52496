"""Explanations add up: base, contributions and points are the log-odds, for every container."""

from __future__ import annotations

import json
import math

import numpy as np
import polars as pl
import pytest
import shap

from riskengine.domain import Basis, Lane, Typology
from riskengine.engine import Engine
from riskengine.engine.explanation import explain
from riskengine.engine.report import as_json_lines
from riskengine.model.encode import encode, to_matrix

KEYS = {
    "container_number",
    "bills_of_lading",
    "rank",
    "score",
    "log_odds",
    "spread",
    "lane",
    "basis",
    "typologies",
    "reasons",
    "rules",
    "run_id",
}


@pytest.fixture(scope="module")
def told(run):
    """Every container with all its reasons, as scripts read it."""
    return [json.loads(line) for line in as_json_lines(run, all_reasons=True)]


def test_base_and_all_reasons_are_the_log_odds_of_every_container(told):
    assert len(told) == 50
    for line in told:
        parts = [line["base_log_odds"], *(reason["log_odds"] for reason in line["reasons"])]
        assert math.fsum(parts) == pytest.approx(line["log_odds"], abs=1e-9)


def test_the_frames_of_the_run_add_up_too(run):
    """What is kept in the run folder adds up, not only what is printed."""
    parts = run.contributions.select(
        "container_id", pl.sum_horizontal(pl.exclude("container_id")).alias("parts")
    )
    points = (
        run.verdicts.filter(pl.col("verdict") == "match")
        .join(run.rules, on="rule_id")
        .group_by("container_id")
        .agg(pl.col("points").sum())
    )
    sums = run.assessments.join(parts, on="container_id").join(
        points, on="container_id", how="left"
    )
    total = run.card.base_log_odds + sums["parts"] + sums["points"].fill_null(0.0)
    assert (total - sums["log_odds"]).abs().max() <= 1e-9


@pytest.mark.filterwarnings("ignore:LightGBM binary classifier")  # shap's note on its own shape
def test_contributions_are_those_of_shap(run, session_unit):
    """What the run keeps is the reference explainer's, times the slope of the calibration."""
    bundle = Engine.open(session_unit).bundle
    slope = bundle.card.calibration.slope
    matrix = to_matrix(encode(run.indicators, bundle.card))
    explainer = shap.TreeExplainer(bundle.booster)
    values = explainer.shap_values(matrix)
    finds = values[1] if isinstance(values, list) else values  # the shape changed to a list
    own = run.contributions.select(bundle.card.feature_names).to_numpy()
    assert np.abs(own).max() > 0
    assert np.abs(own - slope * np.asarray(finds)).max() <= 1e-9
    base = bundle.card.calibration.log_odds(float(np.ravel(explainer.expected_value)[-1]))
    assert run.card.base_log_odds == pytest.approx(base, abs=1e-9)


def test_an_explanation_has_the_same_sum(run):
    """What an officer reads adds up: base, model and rules are the total, and so are the reasons."""
    for number in run.assessments["container_number"].drop_nulls().head(8):
        explanation = explain(run, number)
        parts = explanation.base + explanation.model + explanation.rules
        assert parts == pytest.approx(explanation.total, abs=1e-9)
        reasons = math.fsum(reason.log_odds for reason in explanation.reasons)
        assert explanation.base + reasons == pytest.approx(explanation.total, abs=1e-9)


def test_the_most_suspicious_comes_first_and_ranks_agree_with_scores(told):
    log_odds = [line["log_odds"] for line in told]
    scores = [line["score"] for line in told]
    assert [line["rank"] for line in told] == list(range(1, len(told) + 1))
    assert log_odds == sorted(log_odds, reverse=True)
    assert scores == sorted(scores, reverse=True)


def test_a_score_is_a_monotone_function_of_the_log_odds_alone(run):
    """Equal log-odds have equal scores, and more log-odds have a higher one."""
    pairs = run.assessments.select("log_odds", "score").unique().sort("log_odds")
    assert (pairs["score"].diff().drop_nulls() > 0).all()
    assert pairs["log_odds"].is_unique().all()
    shift = (pairs["score"].log() - (1 - pairs["score"]).log()) - pairs["log_odds"]
    assert shift.max() - shift.min() <= 1e-9


def test_a_container_is_told_by_exactly_the_promised_keys_and_kinds(told, run):
    for line in told:
        assert set(line) == KEYS | {"base_log_odds"}
        assert line["container_number"] is None or isinstance(line["container_number"], str)
        assert all(isinstance(bill, str) for bill in line["bills_of_lading"])
        assert isinstance(line["rank"], int)
        assert 0.0 < line["score"] < 1.0
        assert isinstance(line["log_odds"], float)
        assert isinstance(line["base_log_odds"], float)
        assert line["lane"] in set(Lane)
        assert line["basis"] in set(Basis)
        assert line["run_id"] == run.card.run_id
        for typology in line["typologies"]:
            assert set(typology) == {"id", "log_odds"}
            assert typology["id"] in set(Typology)
            assert typology["log_odds"] > 0
        for reason in line["reasons"]:
            assert set(reason) == {"source", "kind", "log_odds", "sentence"}
            assert reason["kind"] in {"rule", "feature"}
            assert reason["sentence"].strip()
            assert isinstance(reason["log_odds"], float)
        assert set(line["rules"]) == {"match", "unknown", "excused", "shadow"}


def test_without_all_reasons_only_the_strongest_are_told_and_no_base(run, told):
    """Nobody adds up a list that is cut: the base is only there with all of it."""
    for line, whole in zip(map(json.loads, as_json_lines(run)), told, strict=True):
        assert set(line) == KEYS
        assert line["reasons"] == whole["reasons"][:5]


def test_reasons_come_the_strongest_first_whichever_way_they_move(told):
    for line in told:
        strengths = [abs(reason["log_odds"]) for reason in line["reasons"]]
        assert strengths == sorted(strengths, reverse=True)


def test_every_matching_rule_is_a_reason_and_no_other(told):
    for line in told:
        rules = [r["source"] for r in line["reasons"] if r["kind"] == "rule"]
        assert sorted(rules) == sorted(line["rules"]["match"])


@pytest.mark.parametrize("language", ["fr", "es", "pt"])
def test_a_language_changes_sentences_and_no_number(run, told, language):
    other = [
        json.loads(line) for line in as_json_lines(run, language=language, all_reasons=True)
    ]
    assert [_wordless(line) for line in other] == [_wordless(line) for line in told]


def _wordless(line):
    reasons = [{**reason, "sentence": ""} for reason in line["reasons"]]
    return line | {"reasons": reasons}
