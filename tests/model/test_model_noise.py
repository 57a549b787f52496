from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl
import pytest
from port_world import FEATURES, history

from riskengine.errors import TrainingImpossible
from riskengine.model.card import FeatureSpec, TrainingSettings
from riskengine.model.train import train

SETTINGS = TrainingSettings(trees_at_most=24, members=1)
COUNT = FeatureSpec(name="containers_before", kind="number")
DICE = tuple(FeatureSpec(name=f"dice_{place}", kind="number") for place in range(6))


@pytest.fixture(scope="module")
def long_past():
    frame = history(12000, seed=3)
    draw = np.random.default_rng(8)
    return frame.with_columns(
        pl.int_range(pl.len()).alias("containers_before"),
        *(pl.Series(spec.name, draw.normal(size=frame.height)) for spec in DICE),
    )


def _card(frame, **settings):
    asked = dataclasses.replace(SETTINGS, **settings)
    return train(
        frame, frame["is_find"], frame["assessed_on"], (*FEATURES, COUNT, *DICE), asked
    ).card


def test_noise_and_clocks_are_left_out_and_named_with_why(long_past):
    card = _card(long_past)
    why = {one.name: one.why for one in card.dropped}
    assert {"shipper_find_rate", "transhipment_count", "is_reefer", "main_chapter"} <= set(
        card.feature_names
    )
    assert "runs with the calendar" in why["containers_before"]
    assert sum("shuffled" in why.get(spec.name, "") for spec in DICE) >= 5


def test_nothing_is_left_out_as_noise_when_the_analyst_says_so(long_past):
    card = _card(long_past, noise_is_dropped=False)
    assert {"containers_before", "dice_0"} <= set(card.feature_names)


def test_few_finds_call_nothing_noise(long_past):
    card = _card(long_past.sort("assessed_on").gather_every(5))
    assert "dice_0" in card.feature_names


def test_what_an_analyst_refuses_is_not_read(long_past):
    card = _card(long_past, without=("is_reefer",), noise_is_dropped=False)
    assert "is_reefer" not in card.feature_names
    assert [one.why for one in card.dropped if one.name == "is_reefer"] == [
        "was left out by the analyst"
    ]


def test_refusing_a_feature_that_was_not_offered_is_a_mistake(long_past):
    with pytest.raises(TrainingImpossible, match="No feature is named colour"):
        _card(long_past, without=("colour",))
