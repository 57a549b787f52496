from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.model.card import Calibration
from riskengine.model.metrics import (
    auc,
    average_precision,
    log_loss,
    measure,
    probability,
    reliability,
    top_share,
)

outcomes = st.lists(
    st.tuples(st.booleans(), st.integers(-3, 3)), min_size=2, max_size=60
).filter(lambda pairs: len({find for find, _ in pairs}) == 2)


def _arrays(pairs):
    found, scores = zip(*pairs, strict=True)
    return np.array(found), np.array(scores, dtype=np.float64)


@settings(max_examples=50, deadline=None)
@given(outcomes)
def test_ranking_and_loss_agree_with_scikit_learn(pairs):
    judge = pytest.importorskip("sklearn.metrics")
    found, scores = _arrays(pairs)
    assert average_precision(found, scores) == pytest.approx(
        judge.average_precision_score(found, scores)
    )
    assert auc(found, scores) == pytest.approx(judge.roc_auc_score(found, scores))
    assert log_loss(found, scores) == pytest.approx(judge.log_loss(found, probability(scores)))


@settings(max_examples=50, deadline=None)
@given(outcomes, st.integers(0, 100))
def test_the_order_of_containers_changes_no_ranking_metric(pairs, seed):
    found, scores = _arrays(pairs)
    order = np.random.default_rng(seed).permutation(found.size)
    for metric in (average_precision, auc, lambda f, s: top_share(f, s, 0.1)):
        assert metric(found, scores) == metric(found[order], scores[order])


def test_the_riskiest_share_counts_containers_rounded_up():
    found = np.array([True, False] * 50)
    top = top_share(found, -np.arange(100.0), 0.05)
    assert (top.containers, top.finds, top.precision, top.recall) == (5, 3.0, 0.6, 0.06)


def test_containers_with_equal_scores_share_their_finds():
    found = np.array([True, False, False, False])
    assert top_share(found, np.zeros(4), 0.5).finds == 0.5


def test_reliability_bands_hold_every_container_once():
    draw = np.random.default_rng(1)
    log_odds = draw.normal(-2, 1, 777)
    found = draw.random(777) < probability(log_odds)
    bands = reliability(found, log_odds)
    assert sum(band.containers for band in bands) == 777
    assert sum(band.finds for band in bands) == found.sum()
    assert sum(band.expected_finds for band in bands) == pytest.approx(
        probability(log_odds).sum()
    )


def test_without_finds_there_is_nothing_to_rank():
    metrics = measure(
        np.zeros(5, dtype=bool), np.zeros(5), Calibration(intercept=0, slope=1), "later slice"
    )
    assert metrics.average_precision is None
    assert metrics.auc is None
    assert metrics.top == ()
    assert metrics.base_rate == 0


def test_without_containers_nothing_is_known():
    empty = np.empty(0)
    metrics = measure(empty.astype(bool), empty, Calibration(intercept=0, slope=1), "none")
    assert metrics.base_rate is None
    assert metrics.log_loss is None
    assert metrics.reliability == ()
