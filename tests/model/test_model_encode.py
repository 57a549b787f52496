from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.errors import FeatureMismatch
from riskengine.model.card import FeatureSpec
from riskengine.model.encode import encode, encode_features, to_matrix

NUMBER = FeatureSpec(name="n", kind="number")
CATEGORY = FeatureSpec(name="c", kind="category", vocabulary=("BR", "CO", "EC"))


def test_columns_come_in_the_order_of_the_card_and_others_are_left_aside(bundle, past):
    shuffled = past.select(reversed(past.columns))
    encoded = encode(shuffled, bundle.card)
    assert tuple(encoded.columns) == bundle.card.feature_names
    assert set(encoded.dtypes) == {pl.Float64}
    assert encoded.equals(encode(past, bundle.card))


def test_a_category_becomes_its_place_and_an_unseen_one_null():
    frame = pl.DataFrame({"c": ["EC", "NL", None, "BR", ""]})
    assert encode_features(frame, [CATEGORY])["c"].to_list() == [2.0, None, None, 0.0, None]


@pytest.mark.parametrize("kind", [pl.Categorical, pl.Enum(["EC", "NL"])])
def test_a_category_may_come_as_a_polars_category(kind):
    frame = pl.DataFrame({"c": pl.Series(["EC", "NL"]).cast(kind)})
    assert encode_features(frame, [CATEGORY])["c"].to_list() == [2.0, None]


def test_booleans_are_one_zero_or_null():
    frame = pl.DataFrame({"n": [True, False, None]})
    assert encode_features(frame, [NUMBER])["n"].to_list() == [1.0, 0.0, None]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.none() | st.floats()))
def test_a_known_finite_number_stays_and_everything_else_is_null(values):
    frame = pl.DataFrame({"n": pl.Series(values, dtype=pl.Float64)})
    wanted = [value if value is not None and math.isfinite(value) else None for value in values]
    assert encode_features(frame, [NUMBER])["n"].to_list() == wanted


def test_a_column_that_is_never_known_is_null_for_any_kind():
    frame = pl.DataFrame({"n": [None, None], "c": [None, None]})
    encoded = encode_features(frame, [NUMBER, CATEGORY])
    assert encoded.schema == {"n": pl.Float64, "c": pl.Float64}
    assert encoded.null_count().row(0) == (2, 2)


def test_missing_features_are_named():
    with pytest.raises(FeatureMismatch, match="not there: n, c"):
        encode_features(pl.DataFrame({"x": [1]}), [NUMBER, CATEGORY])


@pytest.mark.parametrize("frame", [{"n": ["1"], "c": ["EC"]}, {"n": [1], "c": [3]}])
def test_a_feature_of_another_kind_is_named(frame):
    with pytest.raises(FeatureMismatch, match="another kind"):
        encode_features(pl.DataFrame(frame), [NUMBER, CATEGORY])


def test_null_becomes_nan_only_in_the_matrix():
    matrix = to_matrix(pl.DataFrame({"a": [1.0, None], "b": [None, 2.0]}))
    assert np.isnan(matrix).tolist() == [[False, True], [True, False]]
    assert matrix.flags.c_contiguous


def test_no_rows_are_no_rows():
    assert to_matrix(encode_features(pl.DataFrame({"n": []}), [NUMBER])).shape == (0, 1)
