"""Tails are those of the textbooks: an independent library says so."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from riskengine.monitor.tails import (
    at_least,
    beta_below,
    f_above,
    lower_bound,
    told_apart,
    unlike_expected,
    upper_bound,
)


@pytest.mark.parametrize("place", [1e-6, 0.01, 0.3, 0.5, 0.9, 0.9999])
@pytest.mark.parametrize(("first", "second"), [(0.5, 0.5), (1, 40), (3.3, 7.7), (900, 20_000)])
def test_the_incomplete_beta_function_is_the_published_one(place, first, second):
    assert beta_below(place, first, second) == pytest.approx(
        stats.beta.cdf(place, first, second), rel=1e-8, abs=1e-12
    )


@pytest.mark.parametrize(
    ("count", "tries", "chance"), [(0, 5, 0.1), (3, 10, 0.1), (60, 5_000, 0.01), (9, 9, 0.4)]
)
def test_a_binomial_tail_is_exact(count, tries, chance):
    assert at_least(count, tries, chance) == pytest.approx(
        stats.binom.sf(count - 1, tries, chance), rel=1e-9
    )


@pytest.mark.parametrize(("found", "examined"), [(0, 300), (1, 40), (12, 60), (40, 40)])
def test_the_bounds_of_a_share_are_those_of_clopper_and_pearson(found, examined):
    exact = stats.binomtest(found, examined).proportion_ci(0.90, method="exact")
    assert upper_bound(found, examined) == pytest.approx(exact.high, abs=1e-9)
    assert lower_bound(found, examined) == pytest.approx(exact.low, abs=1e-9)


def test_without_a_find_the_bound_is_the_rule_of_three():
    assert upper_bound(0, 1_000) == pytest.approx(3 / 1_000, rel=0.01)


def test_without_a_draw_anything_may_be_missed():
    assert upper_bound(0, 0) == 1.0
    assert lower_bound(0, 0) == 0.0


def test_an_f_tail_is_the_published_one():
    assert f_above(2.7, 3.4, 18.2) == pytest.approx(stats.f.sf(2.7, 3.4, 18.2), rel=1e-9)


def test_a_sum_of_unequal_chances_is_exact():
    equal = unlike_expected([0.02] * 400, 1)
    assert equal == pytest.approx(2 * stats.binom.cdf(1, 400, 0.02), rel=1e-9)


def test_scores_that_are_right_are_called_wrong_no_more_often_than_stated():
    """Unequal scores, 400 containers, finds drawn from the very scores: 1 % of the reports, or fewer."""
    rng = np.random.default_rng(1)
    scores = rng.beta(0.3, 8, 400)
    alarms = sum(
        unlike_expected(scores.tolist(), int((rng.random(400) < scores).sum())) < 0.05
        for _ in range(400)
    )
    assert alarms <= 0.05 * 400 + 3 * np.sqrt(400 * 0.05 * 0.95)


def test_scores_twice_too_high_are_told():
    assert unlike_expected([0.1] * 400, 20) < 0.001


def test_of_many_quiet_tests_nothing_is_told_more_often_than_stated():
    rng = np.random.default_rng(2)
    alarms = sum(any(told_apart(rng.random(60).tolist(), 0.05)) for _ in range(1_000))
    assert alarms <= 50 + 3 * np.sqrt(1_000 * 0.05 * 0.95)
