"""Where a model does well and where badly."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from riskengine.model.card import FeatureSpec
from riskengine.model.findings import MOST_SLICES, directions_of, lift_of, slices_of


def frame(containers: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "port_of_loading": [
                f"P{row % 14:02}" if row % 7 else None for row in range(containers)
            ],
            "port_of_discharge": ["ANR"] * containers,
            "consignee_containers_before": [None, 0, 1, 9, 10, 99, 100, 5000]
            * (containers // 8),
            "hs_chapters": [["08", "09"] if row % 2 else ["84"] for row in range(containers)],
        }
    )


def test_every_container_stands_in_one_part_of_each_dimension():
    containers = 800
    is_find = np.arange(containers) % 10 == 0
    found = slices_of(frame(containers), is_find, np.full(containers, -2.0))
    for dimension in ("lane", "port of loading", "trader size", "heading chapter"):
        parts = [one for one in found if one.dimension == dimension]
        assert sum(one.containers for one in parts) == containers
        assert sum(one.finds for one in parts) == is_find.sum()
        assert sum(one.expected_finds for one in parts) == pytest.approx(
            containers / (1 + np.exp(2.0))
        )


def test_what_does_not_say_where_it_belongs_is_a_part_of_its_own():
    found = slices_of(frame(80), np.zeros(80, dtype=bool), np.zeros(80))
    sizes = {one.name: one.containers for one in found if one.dimension == "trader size"}
    assert sizes == {"new": 10, "1-9": 20, "10-99": 20, "100+": 20, "unknown": 10}
    ports = {one.name: one.containers for one in found if one.dimension == "port of loading"}
    assert ports["unknown"] == 12


def test_the_largest_parts_stand_alone_and_the_rest_together():
    ports = [f"P{number:02}" for number in range(30) for _ in range(30 - number)]
    some = pl.DataFrame({"port_of_loading": ports})
    found = slices_of(some, np.zeros(some.height, dtype=bool), np.zeros(some.height))
    assert [one.name for one in found][:2] == ["P00", "P01"]
    assert len(found) == MOST_SLICES + 1
    assert found[-1].name == "others"
    assert sum(one.containers for one in found) == some.height


def test_an_area_under_the_curve_needs_finds_and_nils():
    some = pl.DataFrame({"port_of_loading": ["A"] * 20 + ["B"] * 20})
    is_find = np.array([True] * 10 + [False] * 10 + [True] * 4 + [False] * 16)
    one, other = slices_of(some, is_find, np.linspace(1, 0, 40))
    assert one.auc == 1.0
    assert other.auc is None


def test_a_frame_without_these_facts_has_no_parts():
    assert slices_of(pl.DataFrame({"x": [1]}), np.array([True]), np.array([0.0])) == ()


def test_the_lift_rises_to_all_finds():
    draw = np.random.default_rng(3)
    is_find = draw.random(5000) < 0.03
    points = lift_of(is_find, draw.normal(size=5000) + 2 * is_find)
    found = [point.found for point in points]
    assert found == sorted(found)
    assert found[-1] == 1.0
    assert next(p.found for p in points if p.share == 0.1) > 0.3
    assert lift_of(np.zeros(10, dtype=bool), np.zeros(10)) == ()


def test_directions_follow_the_contributions_and_leave_the_unknown_out():
    rows = 1000
    values = np.arange(rows, dtype=float)
    encoded = pl.DataFrame(
        {
            "up": pl.Series(values).set(pl.Series(values < 100), None),
            "flag": (values % 2),
            "kind": values % 3,
            "still": values,
        }
    )
    moved = pl.DataFrame(
        {"up": values / rows, "flag": values % 2 - 0.5, "kind": values, "still": values * 0}
    )
    specs = [
        FeatureSpec(name="up", kind="number"),
        FeatureSpec(name="flag", kind="number"),
        FeatureSpec(name="kind", kind="category", vocabulary=("a", "b", "c")),
        FeatureSpec(name="still", kind="number"),
    ]
    found = {one.name: one.points for one in directions_of(encoded, moved, specs)}
    assert set(found) == {"up", "flag"}
    assert [(p.low, p.high, p.mean_log_odds, p.containers) for p in found["flag"]] == [
        (0.0, 0.0, -0.5, 500),
        (1.0, 1.0, 0.5, 500),
    ]
    means = [point.mean_log_odds for point in found["up"]]
    assert means == sorted(means)
    assert sum(point.containers for point in found["up"]) == 900
