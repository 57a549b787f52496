"""Two scores of the same containers: which finds more, and when nothing can be said."""

from __future__ import annotations

import numpy as np
import pytest

from riskengine.model.metrics import average_precision, top_share
from riskengine.model.paired import paired, rank_agreement


def world(containers: int = 4000, seed: int = 1):
    draw = np.random.default_rng(seed)
    is_find = draw.random(containers) < 0.05
    good = draw.normal(size=containers) + 2.5 * is_find
    poor = draw.normal(size=containers) + 0.5 * is_find
    return is_find, good, poor


def test_the_better_score_is_told_and_the_worse_is_not_taken_for_it():
    is_find, good, poor = world()
    told = paired(is_find, poor, good)
    assert told.precision.is_told
    assert told.precision.low > 0
    turned = paired(is_find, good, poor)
    assert turned.precision.high < 0
    assert turned.precision.one == told.precision.other


def test_the_figures_are_those_of_the_measures():
    is_find, good, poor = world()
    told = paired(is_find, good, poor)
    assert told.precision.one == average_precision(is_find, good)
    for under in told.capacity:
        assert under.finds.other == top_share(is_find, poor, under.share).finds
        assert under.containers == top_share(is_find, poor, under.share).containers
    assert told.finds == is_find.sum()


@pytest.mark.parametrize("seed", range(5))
def test_scores_that_differ_by_chance_alone_are_not_told_apart(seed):
    is_find, good, _ = world(seed=seed)
    other = good + np.random.default_rng(seed + 100).normal(scale=0.02, size=good.size)
    difference = paired(is_find, good, other).precision
    assert abs(difference.other - difference.one) < 0.02
    assert difference.low < difference.high


def test_too_few_finds_or_nils_leave_no_interval():
    is_find, good, poor = world()
    few = np.flatnonzero(is_find)[:9]
    rows = np.concatenate([few, np.flatnonzero(~is_find)[:500]])
    told = paired(is_find[rows], good[rows], poor[rows])
    assert not told.is_enough
    assert told.precision.low is None
    assert not told.precision.is_told
    none = paired(np.zeros(10, dtype=bool), good[:10], poor[:10])
    assert none.precision is None
    assert none.capacity == ()


def test_the_same_containers_give_the_same_interval():
    is_find, good, poor = world(500)
    assert paired(is_find, good, poor) == paired(is_find, good, poor)


def test_agreement_is_of_ranks():
    line = np.arange(10.0)
    assert rank_agreement(line, np.exp(line)) == 1.0
    assert rank_agreement(line, -line) == -1.0
    assert rank_agreement(line, np.ones(10)) is None
    assert rank_agreement(line[:2], line[:2]) is None
