from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.model.card import TrainingSettings
from riskengine.model.split import known_days, later_blocks, later_slice, split_history

FEW = TrainingSettings(finds_needed=3)
histories = st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=80)
told_late = st.lists(
    st.tuples(st.integers(0, 40), st.booleans(), st.none() | st.integers(0, 60)),
    min_size=1,
    max_size=80,
)


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


def test_outcomes_that_take_sixty_days_teach_nothing_before():
    days = _days(np.repeat(np.arange(300), 2))
    known = days + np.timedelta64(60, "D")
    split = split_history(days, np.arange(600) % 5 == 0, FEW, known=known)
    (part,) = split.slices
    assert known[part.earlier].max() < np.datetime64(part.later_from)
    assert days[part.earlier].max() == np.datetime64(part.later_from) - np.timedelta64(61, "D")
    assert days[part.later].min() == np.datetime64(part.later_from)


def test_where_nobody_says_since_when_it_was_on_the_day_itself():
    days = _days([0, 1, 2])
    told = known_days(pl.Series([None, date(2026, 2, 1), None]), days)
    assert told.tolist() == [date(2026, 1, 1), date(2026, 2, 1), date(2026, 1, 3)]
    assert known_days(None, days).tolist() == days.tolist()
    unknown = pl.Series([None] * 3, dtype=pl.Date)
    assert known_days(unknown, days).tolist() == days.tolist()


def test_a_history_whose_outcomes_all_came_at_its_end_cannot_be_measured():
    days = _days(np.arange(100))
    split = split_history(days, np.arange(100) % 3 == 0, FEW, known=_days([100] * 100))
    assert split.validation == "none"


@settings(max_examples=100, deadline=None)
@given(told_late)
def test_no_earlier_side_holds_an_outcome_that_became_known_later(rows):
    days = _days([day for day, _, _ in rows])
    found = np.array([find for _, find, _ in rows])
    lags = np.array([lag or 0 for _, _, lag in rows], dtype="timedelta64[D]")
    known = known_days(
        pl.Series(
            [
                None if lag is None else day
                for (_, _, lag), day in zip(rows, (days + lags).tolist(), strict=True)
            ],
            dtype=pl.Date,
        ),
        days,
    )
    slices = list(split_history(days, found, FEW, known=known).slices)
    slices += later_blocks(days, found, first_share=0.4, blocks=3, known=known)
    inner = later_slice(days, np.arange(days.size), 0.2, known=known)
    slices += [] if inner is None else [inner]
    for part in slices:
        first = np.datetime64(part.later_from)
        can_teach = np.flatnonzero((days < first) & (known < first))
        assert part.earlier.tolist() == can_teach.tolist()
