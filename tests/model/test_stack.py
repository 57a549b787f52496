"""Model, habits and rules add up as later outcomes say, near what experts say."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from riskengine.model.card import Calibration
from riskengine.model.stack import EXAMINED_MATCHES_NEEDED, Parts, relearned, stack


def world(
    seed=3, containers=4000, *, rule_worth=2.0, junk_worth=0.0, habits_worth=0.0, slope=1.0
):
    """Containers whose odds follow from a margin, a habits margin and two rules."""
    draw = np.random.default_rng(seed)
    margins = draw.normal(-3.0, 1.0, containers)
    habits = draw.normal(0.0, 1.0, containers)
    matches = draw.random((containers, 3)) < np.array([0.1, 0.1, 5 / containers])
    log_odds = slope * margins + habits_worth * habits + matches @ [rule_worth, junk_worth, 0.0]
    is_find = draw.random(containers) < 1 / (1 + np.exp(-log_odds))
    parts = Parts(
        margins=margins,
        habits=habits,
        matches=matches,
        priors=np.array([0.5, 0.5, 0.5]),
        start=Calibration(intercept=0.0, slope=1.0),
        habits_credit=0.25,
        has_habits=True,
    )
    return parts, is_find


def test_a_rule_that_finds_gains_and_one_that_does_not_loses():
    parts, is_find = world()
    weights = stack(parts, is_find, np.ones(is_find.size)).weights
    assert weights[0] == pytest.approx(2.0, abs=0.4)
    assert weights[1] < 0.5


def test_a_rule_seldom_examined_keeps_what_experts_gave_it():
    parts, is_find = world()
    assert parts.matches[:, 2].sum() < EXAMINED_MATCHES_NEEDED
    assert stack(parts, is_find, np.ones(is_find.size)).weights[2] == 0.5


def test_nothing_speaks_for_a_container():
    """However bad a rule, a habits model or a margin: no weight falls below zero."""
    parts, is_find = world(rule_worth=-3.0, junk_worth=-3.0, habits_worth=-1.0, slope=-1.0)
    stacked = stack(parts, is_find, np.ones(is_find.size))
    assert (stacked.weights >= 0).all()
    assert stacked.weights[0] == 0.0
    assert stacked.habits_slope == 0.0
    assert stacked.calibration.slope == 0.0


def test_the_line_is_found_where_it_lies():
    parts, is_find = world(containers=40_000, habits_worth=0.7, slope=0.8)
    stacked = stack(parts, is_find, np.ones(is_find.size))
    assert stacked.calibration.slope == pytest.approx(0.8, abs=0.1)
    assert stacked.habits_slope == pytest.approx(0.7, abs=0.1)
    assert stacked.calibration.intercept == pytest.approx(0.0, abs=0.3)


def test_few_outcomes_leave_everything_near_the_experts():
    parts, is_find = world(containers=400)
    few = stack(parts, is_find, np.full(is_find.size, 1.0))
    many = stack(*world(containers=40_000), np.ones(40_000))
    assert abs(few.weights[0] - 0.5) < abs(many.weights[0] - 0.5)


def test_rules_that_say_the_same_share_the_credit():
    parts, is_find = world()
    twice = Parts(
        margins=parts.margins,
        habits=parts.habits,
        matches=np.column_stack([parts.matches[:, 0], parts.matches[:, 0]]),
        priors=np.array([0.5, 0.5]),
        start=parts.start,
        habits_credit=0.25,
        has_habits=True,
    )
    weights = stack(twice, is_find, np.ones(is_find.size)).weights
    assert weights[0] == pytest.approx(weights[1], abs=1e-5)
    assert weights.sum() == pytest.approx(2.0, abs=0.4)


def test_weights_that_are_all_alike_change_nothing():
    parts, is_find = world()
    one = stack(parts, is_find, np.ones(is_find.size))
    ten = stack(parts, is_find, np.full(is_find.size, 10.0))
    assert ten.calibration == one.calibration
    assert (ten.weights == one.weights).all()


def test_a_few_heavy_containers_do_not_shout_down_the_experts():
    parts, is_find = world()
    heavy = np.ones(is_find.size)
    heavy[:10] = 1000.0
    weights = stack(parts, is_find, heavy).weights
    assert np.abs(weights - 0.5).max() < 1.5


def test_without_a_habits_model_it_has_no_slope():
    parts, is_find = world()
    without = Parts(
        margins=parts.margins,
        habits=np.zeros(is_find.size),
        matches=parts.matches,
        priors=parts.priors,
        start=parts.start,
        habits_credit=0.25,
        has_habits=False,
    )
    assert stack(without, is_find, np.ones(is_find.size)).habits_slope == 0.0


def test_the_same_outcomes_give_the_same_bits():
    parts, is_find = world()
    one, other = (stack(parts, is_find, np.ones(is_find.size)) for _ in range(2))
    assert one.calibration == other.calibration
    assert one.weights.tolist() == other.weights.tolist()


def test_margins_come_from_outcomes_that_were_known_before(past, bundle):
    days, last = past["assessed_on"], past["assessed_on"].max()
    is_late = (pl.int_range(past.height, eager=True) % 7 == 0) & (days < last)
    known_on = past.select(pl.when(is_late).then(pl.lit(last).dt.offset_by("1d"))).to_series()
    turned = past["is_find"] ^ is_late
    one, other = (
        relearned(bundle, past, found, days, known_on=known_on)
        for found in (past["is_find"], turned)
    )
    assert one.rows.tolist() == other.rows.tolist()
    assert one.margins.tolist() == other.margins.tolist()
    unaware = relearned(bundle, past, turned, days)
    assert unaware.margins.tolist() != one.margins.tolist()
