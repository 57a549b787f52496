"""A habits model knows what is usual without having seen one outcome."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from riskengine.errors import TrainingImpossible
from riskengine.model.bundle import load, save
from riskengine.model.card import FeatureSpec
from riskengine.model.encode import encode
from riskengine.model.explain import contributions, margins
from riskengine.model.habits import CONTAINERS_NEEDED, learn_habits

FEATURES = (
    FeatureSpec(name="mass", kind="number"),
    FeatureSpec(name="value", kind="number"),
    FeatureSpec(name="goods", kind="category"),
    FeatureSpec(name="is_seal_missing", kind="number", monotone=1),
)


def trade(containers=3000, seed=1):
    """Two lanes: bananas on one, heavy; shirts on the other, light and dear."""
    draw = np.random.default_rng(seed)
    is_south = draw.random(containers) < 0.5
    frame = pl.DataFrame(
        {
            "mass": np.where(is_south, 20_000, 6_000) * draw.lognormal(0, 0.1, containers),
            "value": np.where(is_south, 15_000, 90_000) * draw.lognormal(0, 0.2, containers),
            "goods": np.where(is_south, "bananas", "shirts"),
            "is_seal_missing": draw.random(containers) < 0.02,
            "lane": np.where(is_south, "ECGYE>NLRTM", "CNSHA>NLRTM"),
        }
    )
    days = pl.Series(np.arange(containers) // 50).cast(pl.Int32) + 20_000
    return frame.with_columns(days.cast(pl.Date).alias("assessed_on"))


@pytest.fixture(scope="module")
def frame():
    return trade()


@pytest.fixture(scope="module")
def habits(frame):
    return learn_habits(frame, frame["assessed_on"], frame["lane"], FEATURES)


def margin_of(habits, **values):
    usual = {"mass": 20_000.0, "value": 15_000.0, "goods": "bananas", "is_seal_missing": False}
    row = pl.DataFrame([usual | values])
    line = habits.card.calibration
    return line.log_odds(margins(habits, encode(row, habits.card))[0])


def test_what_does_not_go_together_is_unusual(habits):
    """Shirts may be light and dear; bananas may not."""
    assert margin_of(habits) < 0.5
    assert margin_of(habits, mass=6_000.0) > margin_of(habits) + 1
    assert margin_of(habits, value=90_000.0) > margin_of(habits) + 1
    assert margin_of(habits, goods="shirts", mass=6_000.0, value=90_000.0) < 0.5


def test_the_usual_container_has_the_margin_zero(habits):
    later = trade(seed=2)
    line = habits.card.calibration
    raw = margins(habits, encode(later, habits.card))
    assert abs(line.intercept + raw.median()) < 0.2


def test_where_the_trade_knows_the_direction_only_that_one_counts(habits):
    assert margin_of(habits, is_seal_missing=True) >= margin_of(habits)


def test_its_margin_is_explained_exactly(habits, frame):
    encoded = encode(frame.head(50), habits.card)
    base, parts = contributions(habits, encoded)
    total = base + parts.select(pl.sum_horizontal(pl.all())).to_series()
    assert (total - margins(habits, encoded)).abs().max() <= 1e-9


def test_it_says_that_it_learned_from_no_outcome(habits):
    assert habits.card.purpose == "habits"
    assert habits.card.window.finds == 0
    assert "no outcomes" in habits.card.remarks[0]


def test_the_same_containers_give_the_same_bytes(habits, frame, tmp_path):
    again = learn_habits(frame, frame["assessed_on"], frame["lane"], FEATURES)
    assert again.card == habits.card
    assert again.model_text == habits.model_text
    assert load(save(habits, tmp_path / "habits")).card == habits.card


def test_too_few_containers_have_no_habits(frame):
    few = frame.head(CONTAINERS_NEEDED - 1)
    with pytest.raises(TrainingImpossible, match="too few"):
        learn_habits(few, few["assessed_on"], few["lane"], FEATURES)


def test_a_lane_that_nobody_names_is_learned_from_all(frame):
    nowhere = pl.Series("lane", [None] * frame.height, dtype=pl.String)
    assert learn_habits(frame, frame["assessed_on"], nowhere, FEATURES).card.trees > 0
