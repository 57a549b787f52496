"""What a model learned from is compared with what comes in, class by class; unknown is a class of its own."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from riskengine.monitor.changes import shift_from, stability_index
from riskengine.monitor.classes import Classes, counted, cut


def test_a_number_lies_in_the_class_after_the_last_edge_that_is_not_above_it():
    one = Classes(name="mass", edges=(10.0, 20.0))
    frame = pl.DataFrame({"mass": [9.9, 10.0, 19.0, 20.0, None, float("nan")]})
    row, strange = counted(frame, one)
    assert row.tolist() == [1, 2, 1, 2]
    assert strange == 0


def test_rare_categories_share_a_class_and_those_never_learned_are_counted():
    one = Classes(
        name="port",
        categories=("ECGYE", "COCTG"),
        is_category=True,
        vocabulary=frozenset({"ECGYE", "COCTG", "BRSSZ"}),
    )
    frame = pl.DataFrame({"port": ["ECGYE", "BRSSZ", "XXXXX", "XXXXX", None]})
    row, strange = counted(frame, one)
    assert row.tolist() == [1, 0, 3, 1]
    assert strange == 2


def test_a_category_that_nobody_declared_before_is_no_number():
    one = cut(pl.Series("port", [], dtype=pl.String), "port", "category", frozenset())
    row, _ = counted(pl.DataFrame({"port": ["ECGYE", None]}), one)
    assert row.tolist() == [1, 1]


def test_a_feature_that_is_not_there_is_unknown():
    row, _ = counted(pl.DataFrame({"other": [1, 2]}), Classes(name="mass", edges=(1.0,)))
    assert row.tolist() == [0, 0, 2]


def test_booleans_are_zero_and_one():
    one = cut(pl.Series("is_new", [True, False, False]), "is_new", "number", frozenset())
    row, _ = counted(pl.DataFrame({"is_new": [True, None]}), one)
    assert row.sum() == 2
    assert row[-1] == 1


@pytest.mark.parametrize(("rolled", "is_far"), [(0, False), (1, True)])
def test_the_index_tells_how_far_shares_are(rolled, is_far):
    before = np.array([600.0, 300.0, 80.0, 20.0])
    assert (stability_index(np.roll(before, rolled), before) > 0.25) is is_far


def test_a_port_that_is_not_the_one_learned_from_is_far_from_it():
    rng = np.random.default_rng(1)
    calls = np.array([rng.multinomial(60, [0.1, 0.2, 0.7]) for _ in range(30)], float)
    shift = shift_from(calls, (0.5, 0.3, 0.2), 2_000)
    assert shift.stability > 0.25
    assert shift.chance is not None
    assert shift.chance < 0.001
