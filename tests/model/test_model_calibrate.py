from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.model.calibrate import calibrate
from riskengine.model.metrics import log_loss, probability

pairs = st.lists(st.tuples(st.booleans(), st.floats(-30, 30)), max_size=60)


def _arrays(pairs):
    found = np.array([find for find, _ in pairs], dtype=bool)
    return found, np.array([margin for _, margin in pairs], dtype=np.float64)


def test_no_outcomes_leave_the_margins_as_they_are():
    line = calibrate(np.empty(0, dtype=bool), np.empty(0))
    assert (line.intercept, line.slope) == (0.0, 1.0)


def test_many_outcomes_find_the_line_that_made_them():
    draw = np.random.default_rng(3)
    margins = draw.normal(-2, 1.5, 40_000)
    found = draw.random(40_000) < probability(-1 + 0.5 * margins)
    line = calibrate(found, margins)
    assert line.intercept == pytest.approx(-1, abs=0.1)
    assert line.slope == pytest.approx(0.5, abs=0.05)
    assert log_loss(found, line.intercept + line.slope * margins) < log_loss(found, margins)


def test_many_outcomes_make_expected_finds_equal_finds_made():
    draw = np.random.default_rng(4)
    margins = draw.normal(-3, 1, 20_000)
    found = draw.random(20_000) < probability(margins + 1)
    line = calibrate(found, margins)
    expected = probability(line.intercept + line.slope * margins).sum()
    assert expected == pytest.approx(found.sum(), rel=0.01)


def test_a_handful_of_outcomes_hardly_moves_the_line():
    line = calibrate(np.array([True, False]), np.array([-3.0, 1.0]))
    assert 0.3 < line.slope < 1
    assert abs(line.intercept) < 1


def test_a_ranking_the_wrong_way_round_is_levelled_and_never_turned():
    margins = np.linspace(-4, 0, 2000)
    line = calibrate(margins < -3, margins)
    assert line.slope == 0
    assert probability(np.array([line.intercept]))[0] == pytest.approx(0.25, abs=0.01)


@settings(max_examples=50, deadline=None)
@given(pairs)
def test_a_calibration_is_finite_and_never_turns_the_ranking_round(pairs):
    line = calibrate(*_arrays(pairs))
    assert np.isfinite([line.intercept, line.slope]).all()
    assert line.slope >= 0


@settings(max_examples=50, deadline=None)
@given(pairs.filter(bool))
def test_calibration_never_makes_the_outcomes_it_saw_more_surprising(pairs):
    found, margins = _arrays(pairs)
    line = calibrate(found, margins)
    assert (
        log_loss(found, line.intercept + line.slope * margins)
        <= log_loss(found, margins) + 1e-9
    )


def test_a_weight_of_two_is_the_container_twice():
    found, margins = np.array([True, False, False]), np.array([0.0, -1.0, 1.0])
    weighted = calibrate(found, margins, np.array([2.0, 1.0, 1.0]))
    doubled = calibrate(np.append(found, True), np.append(margins, 0.0))
    assert weighted.intercept == pytest.approx(doubled.intercept)
    assert weighted.slope == pytest.approx(doubled.slope)
