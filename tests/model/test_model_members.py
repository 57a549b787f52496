from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl
import pytest
from port_world import FEATURES

from riskengine.errors import BundleDamaged, ModelError
from riskengine.model.booster import raw_contributions
from riskengine.model.bundle import assemble, load, save
from riskengine.model.card import TrainingSettings
from riskengine.model.encode import encode, to_matrix
from riskengine.model.explain import margins, spread
from riskengine.model.members import (
    blocks_of_days,
    draw_members,
    join_members,
    member_margins,
)
from riskengine.model.train import train

ALONE = TrainingSettings(trees_at_most=24, noise_is_dropped=False, members=1)


def test_a_model_is_the_mean_of_its_members(past, bundle):
    matrix = to_matrix(encode(past, bundle.card))
    each = member_margins(bundle.booster, matrix, bundle.card.members)
    whole = margins(bundle, encode(past, bundle.card)).to_numpy()
    assert bundle.card.members == 5
    assert each.mean(axis=0) == pytest.approx(whole, abs=1e-9)
    assert spread(bundle, encode(past, bundle.card)).to_numpy() == pytest.approx(
        each.std(axis=0)
    )


def test_contributions_of_joined_members_add_up(past, bundle):
    matrix = to_matrix(encode(past.head(200), bundle.card))
    parts = raw_contributions(bundle.booster, matrix).sum(axis=1)
    assert parts == pytest.approx(
        margins(bundle, encode(past.head(200), bundle.card)).to_numpy(), abs=1e-9
    )


def test_one_member_says_nothing_of_how_sure_it_is(past):
    alone = train(past, past["is_find"], past["assessed_on"], FEATURES, ALONE)
    said = spread(alone, encode(past, alone.card))
    assert alone.card.members == 1
    assert said.dtype == pl.Float64
    assert said.null_count() == past.height


def test_members_differ_most_where_they_were_taught_least(past, bundle):
    encoded = encode(past, bundle.card)
    strange = encoded.with_columns(pl.lit(0.9).alias("shipper_find_rate"))
    assert spread(bundle, strange).mean() > spread(bundle, encoded).mean()


def test_a_group_is_drawn_whole_or_not_at_all():
    groups = np.repeat(np.arange(30), 7)
    for rows in draw_members(groups, 4, seed=3):
        drawn, counts = np.unique(groups[rows], return_counts=True)
        assert drawn.size == 21
        assert set(counts) == {7}


def test_one_member_learns_from_everything():
    (rows,) = draw_members(np.zeros(5, dtype=np.int64), 1, seed=1)
    assert rows.tolist() == [0, 1, 2, 3, 4]


def test_days_fall_into_blocks_and_a_single_day_into_containers():
    days = np.datetime64("2025-01-01") + np.arange(100).repeat(2)
    blocks = blocks_of_days(days)
    assert np.unique(blocks).size == 50
    assert (np.diff(blocks) >= 0).all()
    assert blocks_of_days(days[:2]).tolist() == [0, 1]


def test_traders_are_what_members_draw(past):
    traders = pl.Series([f"trader {row % 40}" for row in range(past.height)])
    by_trader = train(
        past, past["is_find"], past["assessed_on"], FEATURES,
        dataclasses.replace(ALONE, members=3, finds_needed=5), group=traders,
    )  # fmt: skip
    by_block = train(
        past, past["is_find"], past["assessed_on"], FEATURES,
        dataclasses.replace(ALONE, members=3, finds_needed=5),
    )  # fmt: skip
    assert by_trader.card.model_sha256 != by_block.card.model_sha256
    assert by_trader.card.unseen_traders is not None
    assert by_block.card.unseen_traders is None


def test_a_card_with_another_number_of_members_is_refused(bundle, tmp_path):
    forged = dataclasses.replace(bundle.card, members=bundle.card.trees + 1)
    wrong = assemble(
        forged, model_text=bundle.model_text, golden=bundle.golden, booster=bundle.booster
    )
    with pytest.raises(BundleDamaged, match="members of equally many trees"):
        load(save(wrong, tmp_path / "wrong"))


def test_a_text_that_is_no_model_is_not_joined():
    with pytest.raises(ModelError, match="does not know"):
        join_members(["tree", "tree"])


@pytest.mark.parametrize("members", [0, 26])
def test_senseless_numbers_of_members_are_refused(members):
    with pytest.raises(ModelError, match="make no sense"):
        TrainingSettings(members=members)
