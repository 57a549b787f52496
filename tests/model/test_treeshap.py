"""The contributions are those of ``shap.TreeExplainer``, whatever a LightGBM model is made of."""

from __future__ import annotations

import warnings
from typing import Any

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.model.blocks import cut
from riskengine.model.forest import read_forest
from riskengine.model.treeshap import explainer

_FEATURES = 6
_CATEGORICAL = [0, 1]


def _rows(seed: int, rows: int) -> np.ndarray:
    draw = np.random.default_rng(seed)
    matrix = draw.normal(size=(rows, _FEATURES))
    matrix[:, 0] = draw.integers(0, 5, rows)
    matrix[:, 1] = draw.integers(0, 90, rows)
    matrix[:, 2] = np.round(matrix[:, 2])  # many zeros
    matrix[draw.random(matrix.shape) < 0.15] = np.nan
    return matrix


def _booster(seed: int, **parameters: Any) -> Any:
    matrix = _rows(seed, 600)
    draw = np.random.default_rng(seed + 1)
    known = np.nan_to_num(matrix)
    outcome = known[:, 2] * known[:, 3] + (known[:, 1] % 3 == 0) + known[:, 4] > draw.normal(
        0.5, 1, 600
    )
    usual = {
        "objective": "binary",
        "verbose": -1,
        "num_leaves": 31,
        "min_data_in_leaf": 3,
        "num_threads": 1,
        "min_data_per_group": 5,
        "seed": seed,
    }
    dataset = lightgbm.Dataset(matrix, outcome.astype(float), categorical_feature=_CATEGORICAL)
    return lightgbm.train(usual | parameters, dataset, num_boost_round=12)


def _strange_rows(seed: int) -> np.ndarray:
    matrix = _rows(seed, 40)
    matrix[0] = np.nan
    matrix[1] = np.inf
    matrix[2] = -np.inf
    matrix[3] = 0.0
    matrix[4] = -0.0
    matrix[5] = 1e-36
    matrix[6, :2] = 4_000_000_000.0  # a category nobody ever saw
    matrix[7, :2] = -3.0
    matrix[8, :2] = 2.7
    return matrix


def _assert_same(booster: Any, rows: np.ndarray) -> None:
    ready = explainer(booster.model_to_string())
    assert ready is not None
    told = booster.predict(rows, pred_contrib=True, num_threads=1)
    np.testing.assert_allclose(ready.contributions(rows), told[:, :-1], rtol=0, atol=1e-9)
    assert ready.base == pytest.approx(told[0, -1], abs=1e-9)


@settings(max_examples=12, deadline=None)  # the first call may compile
@given(
    seed=st.integers(0, 10_000),
    leaves=st.sampled_from([2, 3, 8, 31, 63]),
    missing=st.sampled_from([{}, {"zero_as_missing": True}, {"use_missing": False}]),
    more=st.sampled_from(
        [
            {},
            {"boost_from_average": False},
            {"max_depth": 3},
            {"boosting": "dart"},
            {"boosting": "goss"},
            {"extra_trees": True},
            {"monotone_constraints": [0, 0, 1, -1, 0, 0]},
            {"max_cat_to_onehot": 40},
        ]
    ),
)
def test_contributions_are_those_of_lightgbm_for_any_model_and_any_row(
    seed: int, leaves: int, missing: dict[str, Any], more: dict[str, Any]
) -> None:
    booster = _booster(seed, num_leaves=leaves, **missing, **more)
    _assert_same(booster, np.concatenate([_strange_rows(seed), _rows(seed + 9, 200)]))


def test_contributions_are_those_of_shap() -> None:
    import shap  # noqa: PLC0415  # slow, and asked once

    booster = _booster(5)
    rows = _rows(6, 50)
    ready = explainer(booster.model_to_string())
    assert ready is not None
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", UserWarning
        )  # shap tells that the form of its answer changed
        oracle = np.asarray(shap.TreeExplainer(booster).shap_values(rows))
    values = oracle[-1] if oracle.ndim == 3 else oracle  # a matrix for each outcome
    np.testing.assert_allclose(ready.contributions(rows), values, rtol=0, atol=1e-9)


def test_deep_and_narrow_trees_are_explained_too() -> None:
    draw = np.random.default_rng(3)
    matrix = draw.normal(size=(6000, 40))
    outcome = (matrix.sum(axis=1) + draw.normal(size=6000) > 0).astype(float)
    booster = lightgbm.train(
        {
            "objective": "binary",
            "verbose": -1,
            "num_leaves": 500,
            "min_data_in_leaf": 1,
            "num_threads": 1,
        },
        lightgbm.Dataset(matrix, outcome),
        num_boost_round=3,
    )
    forest = read_forest(booster.model_to_string())
    assert forest is not None
    cuts = [cut(tree) for tree in forest]
    assert max(int(blocks.bits.max()) for blocks in cuts if blocks is not None) > 14
    _assert_same(booster, matrix[:300])


def test_a_model_that_only_knows_the_average_has_no_contributions() -> None:
    matrix = np.zeros((50, 2))
    outcome = np.array([1.0] * 10 + [0.0] * 40)
    booster = lightgbm.train(
        {"objective": "binary", "verbose": -1, "num_threads": 1},
        lightgbm.Dataset(matrix, outcome),
        3,
    )
    ready = explainer(booster.model_to_string())
    assert ready is not None
    assert not ready.contributions(matrix).any()
    assert ready.base == pytest.approx(np.log(10 / 40))


def test_a_row_gets_the_same_bits_alone_in_a_batch_and_in_any_order() -> None:
    ready = explainer(_booster(8).model_to_string())
    assert ready is not None
    rows = _rows(9, 300)
    together = ready.contributions(rows)
    turned = ready.contributions(rows[::-1])[::-1]
    assert (together == turned).all()
    for place in range(0, 300, 37):
        assert (ready.contributions(rows[place : place + 1])[0] == together[place]).all()


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("\nis_linear=0", "\nis_linear=1"),
        ("\nversion=v4", "\naverage_output\nversion=v4"),
        ("\nleaf_count=", "\nleaf_count=0 "),
        ("\ndecision_type=", "\ndecision_type=30 "),
        ("\nsplit_feature=", "\nsplit_feature=1 "),
    ],
)
def test_a_model_with_something_unknown_in_it_is_left_to_lightgbm(
    was: str, becomes: str
) -> None:
    text = _booster(2).model_to_string()
    assert explainer(text.replace(was, becomes, 1)) is None
