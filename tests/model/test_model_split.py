from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.model.card import TrainingSettings
from riskengine.model.split import split_history

FEW = TrainingSettings(finds_needed=3)
histories = st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=80)


def _days(offsets):
    return np.datetime64("2026-01-01") + np.array(offsets, dtype="timedelta64[D]")


@settings(max_examples=50, deadline=None)
@given(histories)
def test_everything_earlier_is_before_everything_later(pairs):
    days = _days([day for day, _ in pairs])
    found = np.array([find for _, find in pairs])
    split = split_history(days, found, FEW)
    for part in split.slices:
        assert days[part.earlier].max() < days[part.later].min()
        assert days[part.later].min() == np.datetime64(part.later_from)
    later = [row for part in split.slices for row in part.later.tolist()]
    assert len(later) == len(set(later))
    assert (split.validation == "none") == (not split.slices)


def test_the_latest_fifth_of_the_days_is_kept_back():
    days = _days(np.repeat(np.arange(100), 2))
    split = split_history(days, np.arange(200) % 2 == 0, FEW)
    assert split.validation == "later slice"
    assert split.slices[0].later.tolist() == list(range(160, 200))


def test_late_days_without_enough_finds_lead_to_folds():
    days = _days(np.arange(100))
    split = split_history(days, np.isin(np.arange(100), [5, 30, 50]), FEW)
    assert split.validation == "out-of-time folds"
    assert len(split.slices) == 4


def test_finds_in_the_first_days_alone_cannot_be_measured():
    days = _days(np.arange(100))
    split = split_history(days, np.arange(100) < 5, FEW)
    assert split.validation == "none"
