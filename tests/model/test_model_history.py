from __future__ import annotations

import dataclasses
from datetime import date

import numpy as np
import polars as pl
import pytest
from port_world import FEATURES, history

from riskengine.model.card import TrainingSettings
from riskengine.model.split import fold_of_group, later_blocks, split_history
from riskengine.model.train import train

SETTINGS = TrainingSettings(trees_at_most=21, members=1, noise_is_dropped=False)


@pytest.fixture(scope="module")
def growing():
    """A history whose rate says little on early days and much on late ones, and the same told fairly."""
    frame = history(3000, seed=9)
    told = frame.with_columns(
        shipper_find_rate=pl.when(pl.col("is_find")).then(0.5).otherwise(0.1)
        + pl.Series(np.random.default_rng(2).normal(0, 0.15, frame.height))
    )
    is_early = pl.int_range(pl.len()) < 0.63 * pl.len()
    as_of_day = told.with_columns(
        shipper_find_rate=pl.when(is_early)
        .then(pl.col("shipper_find_rate").shuffle(seed=4))
        .otherwise("shipper_find_rate")
    )
    return as_of_day, told


def _card(frame, told=None, **settings):
    return train(
        frame,
        frame["is_find"],
        frame["assessed_on"],
        FEATURES,
        dataclasses.replace(SETTINGS, **settings),
        out_of_fold=None if told is None else told,
    ).card


def test_past_finds_are_told_out_of_fold_where_that_ranks_later_days_clearly_better(growing):
    as_of_day, told = growing
    asked = []

    def out_of_fold(day):
        asked.append(day)
        return told

    card = _card(as_of_day, out_of_fold)
    assert any("out of fold: each container is told" in remark for remark in card.remarks)
    tried, measured, scored = asked
    assert tried < measured == card.window.later_from, "chosen on days that measure nothing"
    assert scored is None
    as_known = _card(as_of_day).metrics
    assert card.metrics.average_precision > as_known.average_precision + 0.1


def test_past_finds_stay_as_of_each_day_where_that_is_as_good(past):
    card = _card(past, lambda _: past)
    assert any("as they were known on each day" in remark for remark in card.remarks)


def test_past_finds_stay_as_of_each_day_where_finds_are_too_few_to_try(past):
    asked = []
    card = _card(past.head(800), asked.append, finds_needed=10)
    assert asked == []
    assert any("too few finds to try anything else" in remark for remark in card.remarks)


def test_a_single_day_is_always_told_out_of_fold(past):
    one_day = past.with_columns(assessed_on=pl.lit(date(2025, 5, 5)))
    asked = []

    def out_of_fold(known_before, folds=None, held_back=None, /):
        asked.append((known_before, held_back, folds.len()))
        return one_day

    card = _card(one_day, out_of_fold)
    assert card.metrics.validation == "folds by trader"
    assert any("past finds enter training out of fold" in remark for remark in card.remarks)
    assert asked == [(None, held, past.height) for held in (None, 0, 1, 2, 3, 4)]


def test_each_fold_of_a_single_day_is_measured_by_what_it_did_not_tell(past):
    """A rate that tells all, except where the fold that is measured is held back."""
    one_day = past.with_columns(
        assessed_on=pl.lit(date(2025, 5, 5)),
        shipper_find_rate=pl.col("is_find").cast(pl.Float64),
    )
    rng = np.random.default_rng(3)
    silent = one_day.with_columns(shipper_find_rate=pl.Series(rng.random(past.height)))

    def out_of_fold(known_before, folds=None, held_back=None, /):
        return one_day if held_back is None else silent

    assert _card(one_day, out_of_fold).metrics.auc < 0.8
    assert _card(one_day).metrics.auc == pytest.approx(1.0)


def test_containers_without_traders_are_parted_with_their_twins(past):
    one_day = past.head(300).with_columns(assessed_on=pl.lit(date(2025, 5, 5)))
    doubled = pl.concat([one_day, one_day])
    given = []

    def out_of_fold(known_before, folds=None, held_back=None, /):
        given.append(folds.to_list())
        return doubled

    _card(doubled, out_of_fold, category_containers=3)
    assert given[0][:300] == given[0][300:]
    assert len(set(given[0])) == 5


def test_many_exact_twins_share_the_weight_of_one(past):
    few = past.head(300)
    doubled = pl.concat([few] * 4).sort("assessed_on")
    assert _card(doubled, finds_needed=4).parameters.twins_share_weight is True
    assert any("exact twin" in remark for remark in _card(doubled, finds_needed=4).remarks)
    assert _card(past).parameters.twins_share_weight is False


def test_the_base_rate_is_that_of_all_containers_where_weights_say_so(past):
    weight = pl.when(past["is_find"]).then(1.0).otherwise(9.0)
    weights = past.select(weight.alias("weight"))["weight"]
    card = train(
        past, past["is_find"], past["assessed_on"], FEATURES, SETTINGS, weight=weights
    ).card
    finds = past["is_find"].sum()
    assert card.base_find_rate == pytest.approx(finds / (finds + 9 * (past.height - finds)))


def test_no_group_stands_on_both_sides_of_a_fold():
    groups = np.arange(40).repeat(5)
    is_find = np.arange(200) % 4 == 0
    days = np.full(200, np.datetime64("2025-05-05"))
    split = split_history(days, is_find, SETTINGS, groups)
    assert split.validation == "folds by trader"
    for part in split.slices:
        assert not set(groups[part.earlier]) & set(groups[part.later])
    assert sorted(np.concatenate([part.later for part in split.slices])) == list(range(200))
    assert fold_of_group(groups, 5, 1).reshape(40, 5).std(axis=1).max() == 0


def test_later_blocks_are_later_than_all_they_are_shown():
    days = np.datetime64("2025-01-01") + np.arange(100)
    blocks = later_blocks(days, np.arange(100) % 3 == 0, first_share=0.4, blocks=3)
    assert len(blocks) == 3
    assert all(days[one.earlier].max() < days[one.later].min() for one in blocks)
