from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from port_world import FEATURES, history

from riskengine.model.card import FeatureSpec
from riskengine.model.choose import choose_features
from riskengine.model.leaks import find_leaks

WORLD = history(2000, seed=5)
FINDS = WORLD["is_find"].to_numpy()
DAYS = WORLD["assessed_on"].to_numpy().astype("datetime64[D]")


def _leaks(known_on=None, /, **columns):
    frame = WORLD.with_columns(**columns)
    offered = (
        *FEATURES,
        *(
            FeatureSpec(
                name=name, kind="category" if frame.schema[name] == pl.String else "number"
            )
            for name in columns
        ),
    )
    choice = choose_features(frame, offered, 20)
    return [(leak.name, leak.kind) for leak in find_leaks(choice, FINDS, DAYS, known_on)]


def _noise(seed):
    return pl.Series(np.random.default_rng(seed).lognormal(9, 1, WORLD.height))


def test_honest_features_are_not_named():
    assert _leaks() == []


def test_a_column_filled_only_for_finds_is_known_late():
    officer = pl.when("is_find").then(_noise(1))
    assert _leaks(fine_usd=officer) == [("fine_usd", "known late")]


def test_a_column_emptied_for_finds_is_known_late():
    released = pl.when(~pl.col("is_find")).then(_noise(1))
    assert _leaks(released_kg=released) == [("released_kg", "known late")]


def test_a_column_that_ranks_almost_perfectly_is_too_good():
    score = pl.col("is_find").cast(pl.Float64) * 4 + _noise(2).log() * 0.3
    assert _leaks(officer_score=score) == [("officer_score", "too good")]


def test_one_value_that_holds_only_finds_is_a_twin_of_the_label():
    held = pl.int_range(pl.len()) % 3 == 0
    code = pl.when(pl.col("is_find") & held).then(pl.lit("R")).otherwise(pl.lit("C"))
    assert _leaks(action=code) == [("action", "twin of the label")]


def test_a_flag_that_repeats_most_finds_is_a_twin_of_the_label():
    held = pl.int_range(pl.len()) % 2 == 0
    assert _leaks(is_fined=pl.col("is_find") & held) == [("is_fined", "twin of the label")]


def test_a_weight_measured_at_the_examination_is_caught_by_its_difference():
    declared = _noise(3)
    off = np.where(FINDS, 1.3, 1.0 + np.random.default_rng(4).normal(0, 0.01, WORLD.height))
    found = _leaks(declared_kg=declared, measured_kg=declared * pl.Series(off))
    assert found == [
        ("declared_kg", "twin of the label"),
        ("measured_kg", "twin of the label"),
    ]


def test_two_masses_that_differ_by_chance_are_not_named():
    declared = _noise(3)
    packed = declared * pl.Series(np.random.default_rng(4).uniform(0.8, 1.0, WORLD.height))
    assert _leaks(gross_kg=declared, net_kg=packed) == []


def test_a_column_that_counts_the_days_until_the_outcome_is_known_late():
    lag = np.random.default_rng(6).integers(1, 40, WORLD.height)
    known_on = pl.Series(
        [
            day + timedelta(days=int(days))
            for day, days in zip(WORLD["assessed_on"], lag, strict=True)
        ]
    )
    held = pl.Series(lag.astype(np.float64))
    assert _leaks(known_on, days_held=held) == [("days_held", "known late")]
    assert _leaks(None, days_held=held) == []


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_value_that_finds_and_nils_share_is_not_named(share):
    nil_too = pl.int_range(pl.len()) % 100 < 100 * share
    code = pl.when(pl.col("is_find") | nil_too).then(pl.lit("A")).otherwise(pl.lit("B"))
    assert bool(_leaks(code=code)) == (share == 0.0)


def test_a_weight_measured_again_in_some_finds_only_is_caught_by_who_differs():
    declared = _noise(7)
    weighed = pl.col("is_find") & (pl.int_range(pl.len()) % 3 == 0)
    measured = pl.when(weighed).then(declared * 1.4).otherwise(declared)
    named = _leaks(declared_kg=declared, measured_kg=measured)
    assert sorted(named) == [
        ("declared_kg", "twin of the label"),
        ("measured_kg", "twin of the label"),
    ]


def test_an_amount_that_is_other_than_nothing_at_finds_only_is_a_twin_of_the_label():
    fined = pl.col("is_find") & (pl.int_range(pl.len()) % 3 == 0)
    duty = pl.when(fined).then(_noise(8)).otherwise(0.0)
    assert _leaks(duty_recovered_usd=duty) == [("duty_recovered_usd", "twin of the label")]
