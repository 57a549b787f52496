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
from riskengine.model.forest import Unknown, read_forest
from riskengine.model.treeshap import Explainer, explainer

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
    matrix[9] = -0.5  # as a category it is 0
    matrix[10] = 1.00000001e-35  # zero for LightGBM, whose bound is a 32-bit number
    matrix[11] = -1e-35
    matrix[12] = 5e-324
    matrix[13] = 1.7e308
    matrix[14, :2] = 2**31 - 1
    matrix[15, :2] = 2**31
    matrix[16] = 1.0001e-35
    return matrix


def _assert_same(booster: Any, rows: np.ndarray) -> None:
    ready = explainer(booster.model_to_string())
    assert isinstance(ready, Explainer)
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


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10_000), leaves=st.sampled_from([2, 7, 31]))
def test_contributions_are_those_of_shap(seed: int, leaves: int) -> None:
    import shap  # noqa: PLC0415  # slow, and asked for here alone

    booster = _booster(seed, num_leaves=leaves)
    rows = _strange_rows(seed)
    ready = explainer(booster.model_to_string())
    assert isinstance(ready, Explainer)
    with warnings.catch_warnings():
        # shap tells that the form of its answer changed
        warnings.simplefilter("ignore", UserWarning)
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
    assert not isinstance(forest, Unknown)
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
    assert isinstance(ready, Explainer)
    assert not ready.contributions(matrix).any()
    assert ready.base == pytest.approx(np.log(10 / 40))


def test_a_row_gets_the_same_bits_alone_in_a_batch_and_in_any_order() -> None:
    ready = explainer(_booster(8).model_to_string())
    assert isinstance(ready, Explainer)
    rows = _rows(9, 300)
    together = ready.contributions(rows)
    turned = ready.contributions(rows[::-1])[::-1]
    assert (together == turned).all()
    for place in range(0, 300, 37):
        assert (ready.contributions(rows[place : place + 1])[0] == together[place]).all()


def _chain(depth: int, features: int) -> str:
    """Return a made-up model of one tree that asks one feature below the other, each with a leaf beside it."""
    nodes = range(depth)
    rows = [2.0 * (depth + 1 - node) for node in nodes]
    lines = {
        "num_leaves": depth + 1,
        "num_cat": 0,
        "split_feature": " ".join(str(node % features) for node in nodes),
        "split_gain": " ".join("1" for _ in nodes),
        "threshold": " ".join(repr(0.5 - node / 100) for node in nodes),
        "decision_type": " ".join(str((0, 2, 4, 6, 8, 10)[node % 6]) for node in nodes),
        "left_child": " ".join(str(~node) for node in nodes),
        "right_child": " ".join(
            str(node + 1 if node + 1 < depth else ~depth) for node in nodes
        ),
        "leaf_value": " ".join(
            repr(0.1 * (-1) ** leaf + leaf / 77) for leaf in range(depth + 1)
        ),
        "leaf_weight": " ".join("2" for _ in range(depth + 1)),
        "leaf_count": " ".join("2" for _ in range(depth + 1)),
        "internal_value": " ".join("0" for _ in nodes),
        "internal_weight": " ".join("2" for _ in nodes),
        "internal_count": " ".join(f"{count:.0f}" for count in rows),
        "is_linear": 0,
        "shrinkage": 1,
    }
    return _model(lines, features)


def _model(lines: dict[str, Any], features: int) -> str:
    def written(value: Any) -> str:
        return str(value) if isinstance(value, int | str) else " ".join(map(str, value))

    tree = "Tree=0\n" + "".join(f"{name}={written(value)}\n" for name, value in lines.items())
    tree += "\n\n"
    names = " ".join(f"f{at}" for at in range(features))
    ranges = " ".join("[-9:9]" for _ in range(features))
    return (
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\n"
        f"max_feature_idx={features - 1}\nobjective=binary sigmoid:1\nfeature_names={names}\n"
        f"feature_infos={ranges}\ntree_sizes={len(tree)}\n\n{tree}end of trees\n"
    )


def _grown(seed: int) -> str:
    """Return a made-up model of one tree that no training would grow: every kind of question, odd bounds, rare leaves."""
    draw = np.random.default_rng(seed)
    inner, features = int(draw.integers(1, 40)), int(draw.integers(1, 8))
    left, right = [0] * inner, [0] * inner
    ends = [("root", 0)]
    for node in range(
        inner
    ):  # each new question takes the place of a leaf, as LightGBM grows its trees
        side, parent = ends.pop(int(draw.integers(len(ends))))
        if side != "root":
            (left if side == "left" else right)[parent] = node
        ends += [("left", node), ("right", node)]
    for leaf, (side, parent) in enumerate(ends):
        (left if side == "left" else right)[parent] = ~leaf
    leaf_count = draw.choice([1, 2, 30, 100_000], inner + 1)
    count = [0] * inner
    for node in reversed(range(inner)):
        count[node] = sum(
            int(leaf_count[~child]) if child < 0 else count[child]
            for child in (left[node], right[node])
        )
    is_category = draw.random(inner) < 0.4
    bounds = [0.0, -0.0, 1e-36, -1e-36, 1.0000000180025095e-35, 0.5, -1.5, 3.0, 1e300, -1e300]
    words = draw.integers(0, 2**32, (int(is_category.sum()), 2))
    asked = np.cumsum(is_category) - 1
    lines = {
        "num_leaves": inner + 1,
        "num_cat": int(is_category.sum()),
        "split_feature": draw.integers(0, features, inner),
        "split_gain": np.ones(inner, dtype=int),
        "threshold": [
            int(asked[node]) if is_category[node] else repr(float(draw.choice(bounds)))
            for node in range(inner)
        ],
        "decision_type": np.where(is_category, 1, 0)
        + 2 * draw.integers(0, 2, inner)
        + 4 * draw.integers(0, 3, inner),
        "left_child": left,
        "right_child": right,
        "leaf_value": [repr(float(value)) for value in draw.normal(size=inner + 1)],
        "leaf_weight": leaf_count,
        "leaf_count": leaf_count,
        "internal_value": np.zeros(inner, dtype=int),
        "internal_weight": count,
        "internal_count": count,
        "cat_boundaries": range(0, 2 * len(words) + 1, 2),
        "cat_threshold": words.ravel(),
        "is_linear": 0,
        "shrinkage": 1,
    }
    if not is_category.any():
        del lines["cat_boundaries"], lines["cat_threshold"]
    return _model(lines, features)


_ODD = [
    np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324, 1e-36, -1e-36, 1e-35, 1.0000000180025095e-35, 1.1e-35,
    -0.999, -1.0, 0.999, 1.0, 31.0, 32.0, 63.5, 64.0, 2.0**31 - 1, 2.0**31, 4e9, 1e300, 1.7e308, -1.5, 0.5, 3.0,
]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_trees_that_no_training_would_grow_are_read_as_lightgbm_reads_them(seed: int) -> None:
    text = _grown(seed)
    booster = lightgbm.Booster(model_str=text)
    features = booster.num_feature()
    rows = np.random.default_rng(seed + 1).choice(_ODD, size=(60, features))
    ready = explainer(text)
    assert isinstance(ready, Explainer)
    told = booster.predict(rows, pred_contrib=True, num_threads=1)
    np.testing.assert_allclose(ready.contributions(rows), told[:, :-1], rtol=0, atol=1e-9)
    margins = booster.predict(rows, raw_score=True, num_threads=1)
    values = ready.contributions(rows).sum(axis=1) + ready.base
    np.testing.assert_allclose(values, margins, rtol=0, atol=1e-9)


@pytest.mark.parametrize(("depth", "features"), [(61, 60), (90, 13)])
def test_very_deep_trees_are_explained_exactly(depth: int, features: int) -> None:
    text = _chain(depth, features)
    draw = np.random.default_rng(depth)
    rows = draw.normal(size=(60, features))
    rows[30:] = -draw.random((30, features)) + 0.02  # these go all the way down, or nearly
    rows[:20][draw.random((20, features)) < 0.3] = np.nan
    _assert_same(lightgbm.Booster(model_str=text), rows)


def test_where_lightgbm_loses_digits_the_contributions_still_add_up() -> None:
    """LightGBM multiplies its way back up the tree: 140 questions deep its parts do not add up any more."""
    text = _chain(140, 60)
    rows = np.random.default_rng(1).normal(size=(60, 60))
    booster = lightgbm.Booster(model_str=text)
    ready = explainer(text)
    assert isinstance(ready, Explainer)
    values = ready.contributions(rows)
    margins = booster.predict(rows, raw_score=True)
    np.testing.assert_allclose(values.sum(axis=1) + ready.base, margins, rtol=0, atol=1e-12)
    told = booster.predict(rows, pred_contrib=True)
    assert np.abs(told.sum(axis=1) - margins).max() > 1e-9


def test_a_leaf_below_more_features_than_have_a_bit_is_left_to_lightgbm() -> None:
    assert explainer(_chain(70, 70)) is Unknown.MANY_FEATURES


def test_thresholds_next_to_zero_are_asked_as_lightgbm_asks_them() -> None:
    """A model of another's making may hold such; what is next to zero is zero before anything is asked."""
    text = (
        _chain(12, 4).replace("threshold=0.5", "threshold=1e-36").replace(" 0.4 ", " -1e-36 ")
    )
    rows = np.array([[x] * 4 for x in (1e-37, 5e-36, -5e-36, 0.0, -0.0, 2e-35, np.nan)])
    _assert_same(lightgbm.Booster(model_str=text), rows)


@pytest.mark.parametrize(
    ("was", "becomes", "unknown"),
    [
        ("\nis_linear=0", "\nis_linear=1", Unknown.LINEAR),
        ("\nversion=v4", "\naverage_output\nversion=v4", Unknown.AVERAGED),
        ("\nnum_tree_per_iteration=1", "\nnum_tree_per_iteration=3", Unknown.CLASSES),
        ("\nleaf_count=", "\nleaf_count=0 ", Unknown.FORM),
        ("\ndecision_type=", "\ndecision_type=30 ", Unknown.FORM),
        ("\nsplit_feature=", "\nsplit_feature=1 ", Unknown.FORM),
        ("\nleaf_value=", "\nleaf_worth=", Unknown.FORM),
        ("\nright_child=", "\nright_child=x ", Unknown.FORM),
        ("\nright_child=1 ", "\nright_child=7 ", Unknown.FORM),
        ("\nright_child=1 ", "\nright_child=0 ", Unknown.FORM),
        ("\nsplit_feature=0 ", "\nsplit_feature=600 ", Unknown.FORM),
        ("\nsplit_feature=0 ", "\nsplit_feature=-1 ", Unknown.FORM),
        (
            "\ndecision_type=0 ",
            "\ndecision_type=1 ",
            Unknown.FORM,
        ),  # asks a set that is not there
        ("\ndecision_type=0 ", "\ndecision_type=12 ", Unknown.MISSING),
        ("\ninternal_count=26 ", "\ninternal_count=0 ", Unknown.NO_ROWS),
        ("\ninternal_count=26 ", "\ninternal_count=nan ", Unknown.NO_ROWS),
        ("\ninternal_count=26 ", "\ninternal_count=inf ", Unknown.NO_ROWS),
    ],
)
def test_a_model_with_something_unknown_in_it_is_left_to_lightgbm_and_says_what(
    was: str, becomes: str, unknown: Unknown
) -> None:
    text = _chain(12, 4)
    assert isinstance(explainer(text), Explainer)
    changed = text.replace(was, becomes, 1)
    assert changed != text
    assert explainer(changed) is unknown


@pytest.mark.parametrize(
    ("parameters", "unknown"),
    [
        ({"linear_tree": True}, Unknown.LINEAR),
        ({"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}, Unknown.AVERAGED),
        ({"objective": "multiclass", "num_class": 3}, Unknown.CLASSES),
    ],
)
def test_kinds_of_models_that_are_none_of_ours_are_told_by_what_lightgbm_writes(
    parameters: dict[str, Any], unknown: Unknown
) -> None:
    assert explainer(_booster(4, **parameters).model_to_string()) is unknown


def test_where_nothing_can_be_kept_the_kernel_is_compiled_every_time(monkeypatch) -> None:
    """As in an installation that nobody may write to: numba then refuses to keep anything."""
    from numba.core.dispatcher import Dispatcher  # noqa: PLC0415  # slow

    from riskengine.model.treeshap_kernel import _compiled  # noqa: PLC0415  # numba is slow

    def refuse(_: Any) -> None:
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(Dispatcher, "enable_caching", refuse)
    assert _compiled(lambda x: x + 1)(2) == 3
