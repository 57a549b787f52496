"""Interactions are those of ``shap``, and with categories those that the definition gives."""

from __future__ import annotations

import itertools
import math
from typing import Any

import lightgbm
import numpy as np
import pytest

from riskengine.model.interactions import interactions, mean_interactions
from riskengine.model.treeshap import Explainer, explainer

FEATURES = 4


def taught(categories: list[int]) -> tuple[Any, np.ndarray]:
    draw = np.random.default_rng(1)
    matrix = draw.normal(size=(500, FEATURES))
    matrix[:, 0] = draw.integers(0, 9, 500)
    matrix[draw.random(matrix.shape) < 0.1] = np.nan
    known = np.nan_to_num(matrix)
    outcome = known[:, 1] * known[:, 2] + (known[:, 0] % 2) * known[:, 3] > 0.2
    booster = lightgbm.train(
        {"objective": "binary", "verbose": -1, "num_leaves": 9, "num_threads": 1,
         "min_data_in_leaf": 5, "min_data_per_group": 5},
        lightgbm.Dataset(matrix, outcome.astype(float), categorical_feature=categories),
        8,
    )  # fmt: skip
    return booster, matrix[:25]


def ready(booster: Any) -> Explainer:
    made = explainer(booster.model_to_string())
    assert isinstance(made, Explainer)
    return made


def test_interactions_are_those_of_shap_where_there_are_no_categories():
    import shap  # noqa: PLC0415  # slow, and asked once

    booster, rows = taught([])
    oracle = np.asarray(shap.TreeExplainer(booster).shap_interaction_values(rows))
    ours = interactions(ready(booster), rows)
    apart = ~np.eye(FEATURES, dtype=bool)
    np.testing.assert_allclose(ours[:, apart], oracle[:, apart], rtol=0, atol=1e-9)


def test_interactions_with_categories_are_those_of_the_definition():
    """Shapley's interaction index of the model's expectations where only some features are known."""
    booster, rows = taught([0])
    made = ready(booster)
    ours = interactions(made, rows[:4])
    for place, row in enumerate(rows[:4]):
        worth = {
            known: sum(expected(made, tree, row, known) for tree, _ in made.trees)
            for size in range(FEATURES + 1)
            for known in itertools.combinations(range(FEATURES), size)
        }
        for i, j in itertools.combinations(range(FEATURES), 2):
            rest = [k for k in range(FEATURES) if k not in {i, j}]
            total = 0.0
            for size in range(len(rest) + 1):
                weight = (
                    math.factorial(size)
                    * math.factorial(FEATURES - size - 2)
                    / (2 * math.factorial(FEATURES - 1))
                )
                for held in itertools.combinations(rest, size):

                    def at(*more: int, held: Any = held, worth: Any = worth) -> float:
                        return worth[tuple(sorted((*held, *more)))]

                    total += weight * (at(i, j) - at(i) - at(j) + at())
            assert ours[place, i, j] == pytest.approx(total, abs=1e-9)


def expected(made: Explainer, tree: Any, row: np.ndarray, known: tuple[int, ...]) -> float:
    answers = made.answers(tree, row[None, :])[:, 0]

    def count(node: int) -> float:
        return float(tree.leaf_count[~node] if node < 0 else tree.inner_count[node])

    def below(node: int) -> float:
        if node < 0:
            return float(tree.leaf_value[~node])
        left, right = int(tree.left[node]), int(tree.right[node])
        if int(tree.feature[node]) in known:
            return below(left if answers[node] else right)
        return (count(left) * below(left) + count(right) * below(right)) / count(node)

    return below(0)


def test_the_mean_is_symmetric_and_its_diagonal_is_empty():
    booster, rows = taught([0])
    means = mean_interactions(ready(booster), rows)
    np.testing.assert_allclose(means, means.T)
    assert not means.diagonal().any()
    assert means[1, 2] == means.max()  # what the outcome was made of
