from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from port_world import FEATURES, history

from riskengine.errors import FeatureMismatch
from riskengine.model.card import TrainingSettings
from riskengine.model.encode import encode, to_matrix
from riskengine.model.explain import contributions, margins
from riskengine.model.train import train

number = st.none() | st.floats()
rows = st.lists(
    st.fixed_dictionaries(
        {
            "gross_mass_kg": number,
            "shipper_find_rate": number,
            "transhipment_count": number,
            "is_reefer": st.none() | st.booleans(),
            "main_chapter": st.none() | st.sampled_from(["08", "72", "99", ""]),
            "port_of_loading_country": st.none() | st.sampled_from(["EC", "XX"]),
        }
    ),
    min_size=1,
    max_size=20,
)
SCHEMA = {
    "gross_mass_kg": pl.Float64,
    "shipper_find_rate": pl.Float64,
    "transhipment_count": pl.Float64,
    "is_reefer": pl.Boolean,
    "main_chapter": pl.String,
    "port_of_loading_country": pl.String,
}


@settings(max_examples=50, deadline=None)
@given(rows=rows)
def test_base_and_contributions_add_up_to_the_margin(bundle, rows):
    encoded = encode(pl.DataFrame(rows, schema=SCHEMA), bundle.card)
    base, parts = contributions(bundle, encoded)
    gap = (parts.sum_horizontal() + base - margins(bundle, encoded)).abs().max()
    assert gap <= 1e-9


@settings(max_examples=50, deadline=None)
@given(rows=rows, seed=st.integers(0, 1000))
def test_a_row_gets_the_same_bits_alone_in_a_batch_and_in_any_order(bundle, rows, seed):
    encoded = encode(pl.DataFrame(rows, schema=SCHEMA), bundle.card)
    batch = margins(bundle, encoded)
    _, parts = contributions(bundle, encoded)
    order = np.random.default_rng(seed).permutation(encoded.height).tolist()
    assert margins(bundle, encoded[order]).equals(batch[order])
    assert contributions(bundle, encoded[order])[1].equals(parts[order])
    for row in range(encoded.height):
        assert margins(bundle, encoded[[row]])[0] == batch[row]
        assert contributions(bundle, encoded[[row]])[1].row(0) == parts.row(row)


@pytest.mark.filterwarnings("ignore:LightGBM binary classifier")  # shap's note on its own shape
@pytest.mark.parametrize("seed", [1, 2])
def test_contributions_are_those_of_the_shap_tree_explainer(seed):
    shap = pytest.importorskip("shap")
    past = history(800, seed=seed)
    settings = TrainingSettings(trees_at_most=40, seed=seed, category_containers=5, l2=0.1)
    bundle = train(past, past["is_find"], past["assessed_on"], FEATURES, settings)
    encoded = encode(past, bundle.card).head(300)
    base, parts = contributions(bundle, encoded)
    explainer = shap.TreeExplainer(bundle.booster)
    values = explainer.shap_values(to_matrix(encoded))
    finds = values[1] if isinstance(values, list) else values  # the shape changed to a list
    assert np.abs(parts.to_numpy()).max() > 0
    assert np.abs(np.asarray(finds) - parts.to_numpy()).max() <= 1e-9
    expected = np.atleast_1d(explainer.expected_value)[-1]
    assert abs(expected - base) <= 1e-9


def test_chunks_make_no_difference_and_progress_reaches_the_end(bundle):
    encoded = encode(history(5000, seed=5), bundle.card)
    told = []
    base, parts = contributions(bundle, encoded, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) == 2
    last = encoded.tail(7)
    assert contributions(bundle, last)[0] == base
    assert contributions(bundle, last)[1].equals(parts.tail(7))


def test_no_rows_have_a_base_and_no_contributions(bundle):
    none = encode(history(10).clear(), bundle.card)
    base, parts = contributions(bundle, none)
    assert np.isfinite(base)
    assert parts.shape == (0, len(bundle.card.features))
    assert margins(bundle, none).len() == 0


def test_a_frame_in_another_order_is_refused_and_not_scored(bundle, past):
    encoded = encode(past, bundle.card)
    for wrong in (encoded.select(reversed(encoded.columns)), encoded[:, 1:], past):
        with pytest.raises(FeatureMismatch, match="not encoded for the model"):
            margins(bundle, wrong)
        with pytest.raises(FeatureMismatch, match="not encoded for the model"):
            contributions(bundle, wrong)


def test_a_bundle_of_other_features_refuses_the_rows(bundle, past):
    other = dataclasses.replace(bundle.card, features=bundle.card.features[1:])
    with pytest.raises(FeatureMismatch):
        margins(bundle, encode(past, other))
