from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from riskengine.model.card import FeatureSpec
from riskengine.model.reference import reference_of, references_of


def test_a_number_is_told_in_tenths_of_what_is_known():
    values = np.concatenate([np.arange(100.0), [np.nan] * 25])
    told = reference_of("mass", values)
    assert told.shares == pytest.approx((0.1,) * 10, abs=0.011)
    assert told.unknown_share == pytest.approx(0.2)
    assert sorted(told.edges) == list(told.edges)


def test_a_flag_has_two_parts():
    told = reference_of("is_reefer", np.array([0.0] * 70 + [1.0] * 30))
    assert told.edges == (1.0,)
    assert told.shares == (0.7, 0.3)


def test_a_constant_has_one_part_and_what_is_never_known_none():
    assert reference_of("a", np.ones(5)).shares == (1.0,)
    assert reference_of("a", np.full(5, np.nan)).unknown_share == 1.0


def test_a_category_is_told_by_its_names_and_the_rest_together():
    frame = pl.DataFrame({"chapter": ["08"] * 6 + ["09"] * 3 + ["72", None, None]})
    spec = FeatureSpec(name="chapter", kind="category", vocabulary=("08", "09"))
    (told,) = references_of(frame, frame, (spec,))
    assert told.categories == ("08", "09")
    assert told.shares == pytest.approx((0.6, 0.3, 0.1))
    assert told.unknown_share == pytest.approx(2 / 12)


def test_training_notes_what_it_saw(bundle):
    card = bundle.card
    assert [one.name for one in card.reference] == list(card.feature_names)
    assert all(sum(one.shares) == pytest.approx(1.0) for one in card.reference)
    assert card.score_reference is not None
    assert len(card.score_reference.edges) == 9
    assert card.lift
    assert card.directions
