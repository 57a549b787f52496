"""Where nothing changes, the watches cry out as seldom as they say; where something does, they see it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from riskengine.monitor.changes import ramp_of, rise_of, shift_between, shift_from
from riskengine.monitor.limits import Limits
from riskengine.monitor.period import Period, Span
from riskengine.monitor.tails import told_apart
from riskengine.monitor.watches import watches_of
from riskengine.workspace import Workspace

FIRST = date(2026, 1, 1)
DAYS, BEFORE = 112, 84
RATE = 0.05
WORLDS = 60


def most(rate, worlds):
    """The most alarms that a true rate lets by: three standard errors above it."""
    return rate * worlds + 3 * np.sqrt(worlds * rate * (1 - rate))


def calls(rng, many, shares, alike):
    """Write calls of unequal size, each with shares of its own around the usual ones."""
    sizes = rng.negative_binomial(2, 2 / 42, many) + 1
    return np.array([rng.multinomial(n, rng.dirichlet(shares * alike)) for n in sizes], float)


@pytest.mark.parametrize(("classes", "alike"), [(4, 5.0), (12, 3.0), (6, 500.0)])
def test_quiet_calls_are_called_a_shift_no_more_often_than_stated(classes, alike):
    rng = np.random.default_rng(classes)
    shares = rng.dirichlet(np.ones(classes) * 2)
    chances = [
        shift_between(calls(rng, 25, shares, alike), calls(rng, 70, shares, alike)).chance
        for _ in range(300)
    ]
    assert sum(chance < RATE for chance in chances if chance is not None) <= most(RATE, 300)


def test_containers_of_a_call_taken_for_independent_would_cry_out_all_the_time():
    """What the test is for: the plain chi-square test takes each container for a witness."""
    rng = np.random.default_rng(7)
    shares = rng.dirichlet(np.ones(6) * 2)
    plain = clustered = 0
    for _ in range(200):
        now, before = calls(rng, 25, shares, 3.0), calls(rng, 70, shares, 3.0)
        alone = np.array([now.sum(0), before.sum(0)])
        usual = alone.sum(0) / alone.sum() * alone.sum(1, keepdims=True)
        plain += (
            (alone - usual) ** 2 / usual
        ).sum() > 11.07  # 95 % of chi-square with five degrees
        chance = shift_between(now, before).chance
        clustered += chance is not None and chance < RATE
    assert plain > 100
    assert clustered <= most(RATE, 200)


def test_shares_that_a_model_learned_from_are_left_no_more_often_than_stated():
    rng = np.random.default_rng(8)
    shares = rng.dirichlet(np.ones(10) * 2)
    chances = [
        shift_from(calls(rng, 60, shares, 8.0), shares, 3_000).chance for _ in range(300)
    ]
    assert sum(chance < RATE for chance in chances if chance is not None) <= most(RATE, 300)


def test_a_feature_that_moved_is_seen_among_a_hundred_that_did_not():
    rng = np.random.default_rng(9)
    shares = rng.dirichlet(np.ones(8) * 2)
    quiet = [
        shift_between(calls(rng, 30, shares, 8.0), calls(rng, 90, shares, 8.0)).chance
        for _ in range(100)
    ]
    moved = shift_between(calls(rng, 30, np.roll(shares, 3), 8.0), calls(rng, 90, shares, 8.0))
    told = told_apart([*(chance or 0.0 for chance in quiet), moved.chance or 0.0], 0.01)
    assert told[-1]
    assert sum(told[:-1]) <= 1
    assert moved.stability > 0.25


def test_too_few_calls_are_not_judged():
    rng = np.random.default_rng(10)
    shares = np.array([0.5, 0.5])
    assert shift_between(calls(rng, 4, shares, 8.0), calls(rng, 90, shares, 8.0)).chance is None


@pytest.mark.parametrize(("rate", "lot"), [(0.1, 1), (4.0, 1), (0.3, 20), (1.0, 8)])
def test_what_comes_in_lots_rises_no_more_often_than_stated(rate, lot):
    rng = np.random.default_rng(lot)

    def days(many):
        other = rng.poisson(200, many) + 1
        counted = [int(rng.geometric(1 / lot, rng.poisson(rate)).sum()) for _ in range(many)]
        return np.stack([counted, other + counted], 1).astype(float)

    alarms = sum(rise_of(days(28), days(84)) < RATE for _ in range(600))
    assert alarms <= most(RATE, 600)


def test_loads_that_come_as_ever_are_no_ramp():
    rng = np.random.default_rng(11)
    alarms = 0
    for _ in range(600):
        many = int(rng.integers(5, 20))
        sizes = rng.geometric(0.4, many).tolist()
        alarms += ramp_of(sizes, (rng.random(many) < 0.5).tolist()) < RATE
    assert alarms <= most(RATE, 600)


def quiet_world(seed, *, busy=0.9, moved=False, probing=False):
    """Write sixteen weeks of a port in which nothing changes, but for what is asked."""
    rng = np.random.default_rng(seed)
    rows = []
    number = 0
    weights = np.array([0.3, 0.25, 0.15, 0.12, 0.1, 0.06, 0.02])
    for day in range(DAYS):
        for _ in range(rng.poisson(busy)):
            number += 1
            port = int(rng.choice(7, p=weights))
            if moved and day >= BEFORE and rng.random() < 0.4:
                port = 6
            for _ in range(rng.poisson(18) + 2):
                fresh = rng.random() < 0.03
                trader = (
                    f"new {number} {rng.random()}" if fresh else f"old {rng.integers(0, 90)}"
                )
                rows.append(
                    (number, day, port, int(rng.integers(0, 4)), trader, float(not fresh), 1.0)
                )
    for pair in range(25):  # new pairs, each with a rate of its own that stays
        born, rate = int(rng.integers(0, DAYS)), rng.gamma(2, 0.05)
        port, goods = int(rng.choice(7, p=weights)), int(rng.integers(0, 4))
        times = [born, *(day for day in range(born + 1, DAYS) if rng.random() < rate)]
        for place, day in enumerate(times):
            number += 1
            load = (number, day, port, goods, f"pair {pair}", 1.0, float(place > 0))
            rows += [load] * int(rng.geometric(0.6))
    if probing:
        loads = [(30, 1), (38, 1), (47, 1), *((day, 6) for day in range(76, 112, 3))]
        for place, (day, boxes) in enumerate(loads):
            number += 1
            rows += [(number, day, 1, 1, "probing", 1.0, float(place > 0))] * boxes
    return period_of(rows, rng)


def period_of(rows, rng):
    frame = pl.DataFrame(
        rows,
        schema=["number", "day", "port", "goods", "shipper", "known", "pair_known"],
        orient="row",
    )
    many = frame.height
    lane = pl.concat_str(pl.lit("P"), "port", pl.lit(" > BEANR"))
    return Period(
        workspace=Workspace(Path("none")),
        span=Span(
            first=FIRST + timedelta(days=BEFORE),
            last=FIRST + timedelta(days=DAYS - 1),
            before_from=FIRST,
        ),
        entries={},
        containers=frame.with_columns(
            pl.concat_str(pl.lit("run "), "number").alias("run_id"),
            (pl.lit(FIRST) + pl.duration(days="day")).alias("on"),
            (pl.col("day") >= BEFORE).alias("is_now"),
            lane.alias("trade_lane"),
            pl.col("goods").cast(pl.String),
            pl.concat_str(lane, "goods", separator=" · ").alias("cover"),
            pl.col("port").cast(pl.String).alias("country"),
            pl.col("shipper").alias("consignee"),
            pl.lit(1.0).alias("lane_containers_before"),
            pl.col("known").alias("shipper_containers_before"),
            pl.col("known").alias("consignee_containers_before"),
            pl.lit(1.0).alias("lane_heading_containers_before"),
            pl.col("pair_known").alias("pair_containers_before"),
            pl.Series("lane", rng.choice(["green", "yellow"], many, p=[0.9, 0.1])),
            pl.lit("model").alias("basis"),
            pl.Series("is_find", [True if one < 0.01 else None for one in rng.random(many)]),
        ).sort("day", "number"),
    )


@pytest.fixture(scope="module")
def quiet():
    """What the watches say of sixty quiet worlds."""
    limits = Limits(false_alarm_rate=RATE)
    return [watches_of(quiet_world(seed), limits) for seed in range(WORLDS)]


def test_in_quiet_worlds_nothing_rises_more_often_than_stated(quiet):
    assert sum(bool(watches.rises) for watches in quiet) <= most(RATE, WORLDS)


def test_in_quiet_worlds_no_more_is_new_than_usual_more_often_than_stated(quiet):
    alarms = sum(any(one.is_told for one in watches.new) for watches in quiet)
    assert alarms <= most(RATE, WORLDS)


def test_in_quiet_worlds_no_pair_looks_tried_out_more_often_than_stated(quiet):
    assert sum(bool(watches.probes) for watches in quiet) <= most(RATE, WORLDS)
    assert min(watches.pairs_tested for watches in quiet) > 0


def test_a_lane_that_traffic_moves_to_after_finds_elsewhere_is_told():
    watches = watches_of(quiet_world(200, busy=2.5, moved=True), Limits())
    moved = {rise.name for rise in watches.displaced if rise.what == "volume"}
    assert "P6 > BEANR" in moved
    told = next(rise for rise in watches.displaced if rise.name == "P6 > BEANR")
    assert told.finds_near > 0
    assert told.after


def test_a_pair_that_sends_three_boxes_and_then_many_is_told():
    watches = watches_of(quiet_world(201, probing=True), Limits())
    assert [probe.shipper for probe in watches.probes] == ["probing"]
    assert watches.probes[0].late == 72
