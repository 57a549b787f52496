"""Rates and lifts: intervals that hold what they speak of, and widen where little is known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskengine.rules.rates import Rate, base_kind, in_percent, lift


@st.composite
def rates(draw):
    examined = draw(st.integers(0, 5000))
    return Rate(found=draw(st.integers(0, examined)), examined=examined)


@pytest.mark.parametrize(
    ("found", "examined", "low", "high"),
    [
        # Wilson's interval, as scipy.stats gives it too: (p + z2/2n ± z sqrt(p(1-p)/n + z2/4n2)) / (1 + z2/n)
        (0, 10, 0.0, 0.27753),
        (10, 10, 0.72247, 1.0),
        (5, 10, 0.23659, 0.76341),
        (4, 200, 0.00780, 0.05029),
    ],
)
def test_the_interval_of_a_rate_is_wilsons(found, examined, low, high):
    rate = Rate(found=found, examined=examined)
    assert (rate.low, rate.high) == (
        pytest.approx(low, abs=1e-5),
        pytest.approx(high, abs=1e-5),
    )


def test_where_nothing_was_examined_everything_is_possible():
    rate = Rate(found=0, examined=0)
    assert (rate.share, rate.low, rate.high) == (None, 0.0, 1.0)
    worth = lift(rate, Rate(found=1, examined=9))
    assert (worth.value, worth.low, worth.high) == (None, None, None)


@given(rates())
def test_an_interval_holds_its_rate(rate):
    if rate.share is not None:
        assert 0.0 <= rate.low <= rate.share <= rate.high <= 1.0


@given(rates(), rates())
def test_a_lift_lies_between_its_ends(rate, base):
    worth = lift(rate, base)
    if worth.value is not None:
        assert worth.low is not None
        assert worth.low <= worth.value * (1 + 1e-9)
        assert worth.high is None or worth.value <= worth.high * (1 + 1e-9)


@given(st.integers(1, 50), st.integers(1, 50), st.integers(2, 20))
def test_more_evidence_of_the_same_share_narrows_the_lift(found, finds, times):
    little = lift(Rate(found=found, examined=60), Rate(found=finds, examined=80))
    much = lift(
        Rate(found=found * times, examined=60 * times),
        Rate(found=finds * times, examined=80 * times),
    )
    assert much.low > little.low
    assert little.high is None or much.high < little.high


def test_a_base_in_which_nothing_was_found_leaves_the_lift_open():
    worth = lift(Rate(found=5, examined=20), Rate(found=0, examined=40))
    assert worth.value is None
    assert worth.high is None
    assert worth.low > 1


def test_a_base_is_chosen_unless_it_was_drawn_or_is_everything():
    base = Rate(found=1, examined=10)
    assert base_kind(base, 100, is_random=True) == "random"
    assert base_kind(base, 100, is_random=False) == "chosen"
    assert base_kind(base, 10, is_random=False) == "all"


def test_shares_are_shown_with_the_digits_their_evidence_bears():
    assert [in_percent(share) for share in (0.027972, 0.5, 0.00093, None)] == [
        2.8,
        50,
        0.093,
        None,
    ]
