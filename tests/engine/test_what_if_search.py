"""The smallest sets are the smallest, whatever the engine would say of each."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from riskengine.engine.what_if_bench import Standing
from riskengine.engine.what_if_rows import Edit
from riskengine.engine.what_if_search import (
    FLAGS_SHOWN,
    SETS_SHOWN,
    flagging,
    is_cleared,
    severity,
    smallest_sets,
)

CUTS = ((3.0, "red"), (2.0, "yellow"), (1.0, "blue"))


def standing(edits, log_odds, *, is_demanded=False):
    lane = next((lane for least, lane in CUTS if log_odds >= least), "green")
    if is_demanded:
        lane = "red"
    return Standing(
        edits=tuple(edits),
        lane=lane,
        rank=1,
        log_odds=log_odds,
        is_demanded=is_demanded,
        unknown=frozenset(),
    )


def edit(fact, *, is_innocent=True):
    return Edit(fact=fact, clause="tare", becomes=None, is_innocent=is_innocent)


def world(seed, names):
    """Return an engine that says of any set whatever it likes, and always the same."""

    def judge(sets):
        found = []
        for edits in sets:
            facts = ",".join(sorted(one.fact for one in edits))
            draw = sha256(f"{seed}{facts}".encode()).digest()
            found.append(
                standing(
                    edits,
                    draw[0] / 64 if edits else 3.5,
                    is_demanded=draw[1] < 40 and bool(edits),
                )
            )
        return found

    return judge, [edit(name) for name in names]


@given(st.integers(0, 10_000), st.integers(0, 9))
def test_no_set_holds_another_that_would_do(seed, facts):
    judge, edits = world(seed, [f"fact{number}" for number in range(facts)])
    now = standing((), 3.5)
    found = smallest_sets(now, judge([(one,) for one in edits]), judge)
    assert len(found) <= SETS_SHOWN
    assert [len(one.edits) for one in found] == sorted(len(one.edits) for one in found)
    for one in found:
        assert severity(one) < severity(now)
        assert judge([one.edits])[0] == one
        for size in range(1, len(one.edits)):
            for part in judge(list(combinations(one.edits, size))):
                does = is_cleared(part) if is_cleared(one) else severity(part) < severity(now)
                assert not does


@given(st.integers(0, 10_000))
def test_a_set_is_found_where_one_of_two_changes_that_help_would_do(seed):
    weights = [(seed >> shift) % 16 / 10 for shift in (0, 3, 6, 9)]
    names = [f"fact{number}" for number in range(len(weights))]

    def judge(sets):
        return [
            standing(edits, 3.5 - sum(weights[int(one.fact[-1])] for one in edits))
            for edits in sets
        ]

    singles = judge([(edit(name),) for name in names])
    found = smallest_sets(standing((), 3.5), singles, judge)
    can = any(sum(sorted(weights)[-size:]) > 0.5 for size in (1, 2, 3))
    assert bool(found) is can


def test_a_rule_that_demands_inspection_is_cleared_by_what_lifts_its_demand_alone():
    now = standing((), 0.5, is_demanded=True)
    lifted, lower = edit("number"), edit("tare")
    singles = [standing([lifted], 0.6), standing([lower], 0.1, is_demanded=True)]
    found = smallest_sets(now, singles, lambda sets: [standing(s, 0.1) for s in sets])
    assert [one.edits for one in found] == [(lifted,)]


def test_of_equally_small_sets_those_that_clear_come_first():
    now = standing((), 3.5)
    names = ("mass", "tare", "value", "seal", "bill")
    lanes = ("yellow", "yellow", "yellow", "green", "blue")
    singles = [
        replace(standing([edit(name)], 0.1 * place), lane=lane)
        for place, (name, lane) in enumerate(zip(names, lanes, strict=True))
    ]
    found = smallest_sets(now, singles, lambda sets: [standing(s, 3.5) for s in sets])
    assert [one.edits[0].fact for one in found] == ["seal", "bill", "mass"]
    assert [is_cleared(one) for one in found] == [True, True, False]


def test_where_single_changes_only_lower_the_lane_a_place_is_kept_for_a_pair_that_clears():
    weights = {"mass": 1.2, "tare": 1.1, "value": 1.0, "seal": 0.9}

    def judge(sets):
        return [standing(s, 3.5 - sum(weights[one.fact] for one in s)) for s in sets]

    found = smallest_sets(standing((), 3.5), judge([(edit(name),) for name in weights]), judge)
    assert [[one.fact for one in each.edits] for each in found] == [
        ["mass"],
        ["tare"],
        ["mass", "tare"],
    ]
    assert [is_cleared(one) for one in found] == [False, False, True]


def test_of_the_changes_of_one_fact_the_one_that_clears_is_told():
    now = standing((), 3.5)
    lower = replace(standing([edit("seal")], 0.1), lane="yellow")
    clear = replace(standing([edit("seal")], 0.4), lane="green")
    found = smallest_sets(now, [lower, clear], lambda sets: [standing(s, 3.5) for s in sets])
    assert found == (clear,)


def test_of_each_fact_the_worst_change_flags_and_no_more_than_five_are_told():
    now = standing((), 0.2)
    singles = [
        standing([edit(f"fact{number % 7}", is_innocent=False)], number / 4)
        for number in range(14)
    ]
    found = flagging(now, singles)
    assert len(found) == FLAGS_SHOWN
    assert [one.edits[0].fact for one in found] == ["fact6", "fact5", "fact4", "fact3", "fact2"]
    assert all(severity(one) > severity(now) for one in found)
