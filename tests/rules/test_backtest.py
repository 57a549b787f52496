"""Back-tests: exact numbers on small histories, and the laws that hold for all of them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.errors import RuleError
from riskengine.rules.backtest import Terms, backtest, backtests, runnable_backtests
from riskengine.rules.backtest_json import from_json, to_json
from riskengine.rules.comparison import compare
from riskengine.rules.matching import columns_needed
from riskengine.rules.rates import Rate
from riskengine.rules.tuning import with_settings

FIRST = date(2026, 1, 1)


def history(*rows):
    """A frame of containers: mass, whether full, day, what was found, whether drawn."""
    columns = {
        "container_id": pl.Series(range(len(rows)), dtype=pl.Int32),
        "container_number": [f"ABCU{number:07}" for number in range(len(rows))],
        "bills_of_lading": [[f"B{number}"] for number in range(len(rows))],
        "mass_kg": pl.Series([row.get("mass") for row in rows], dtype=pl.Float64),
        "is_full": pl.Series([row.get("full") for row in rows], dtype=pl.Boolean),
        "assessed_on": pl.Series(
            [FIRST + timedelta(days=row.get("day", 0)) for row in rows], dtype=pl.Date
        ),
        "is_find": pl.Series([row.get("find") for row in rows], dtype=pl.Boolean),
        "is_random": pl.Series([row.get("drawn", False) for row in rows], dtype=pl.Boolean),
    }
    return pl.DataFrame(columns)


ROWS = (
    {"mass": 9.0, "find": True, "drawn": True},
    {"mass": 9.0, "find": False, "day": 1},
    {"mass": 9.0, "day": 1, "drawn": True},
    {"mass": 9.0, "full": True, "day": 1},
    {"mass": 1.0, "find": False, "drawn": True, "day": 3},
    {"mass": 1.0, "find": True, "day": 3},
    {"day": 3},
    {"find": False, "day": 3},
)


@pytest.fixture
def heavy(make_rule):
    """A rule that matches what is heavy, unless it is full."""
    return make_rule("mass_kg > 3", unless=("is_full",))


def test_every_number_of_a_back_test_follows_from_its_containers(heavy):
    made = backtest(heavy, history(*ROWS), slots_per_day=2.0)

    assert (made.match, made.no_match, made.unknown, made.excused) == (3, 2, 2, 1)
    assert (made.first_day, made.last_day) == (FIRST, FIRST + timedelta(days=3))
    assert (made.days, made.days_with_containers, made.containers) == (4, 3, 8)
    assert made.hits_per_day == 0.75
    assert made.capacity_share == 0.375
    assert made.find_rate == Rate(found=1, examined=2)
    assert made.examined == 5
    assert (made.random_drawn, made.random_rate) == (3, Rate(found=1, examined=2))
    assert made.random_hits == Rate(found=1, examined=1)
    assert made.is_base_random
    assert made.lift.value == 1.0
    assert made.lift_low < 1.0
    assert made.missing == (("mass_kg", 2),)
    assert made.unknown_share == 0.25


def test_without_an_opened_draw_the_base_is_all_that_was_opened_and_that_is_said(heavy):
    rows = [{**row, "drawn": False} for row in ROWS]
    made = backtest(heavy, history(*rows))
    assert not made.is_base_random
    assert made.base_rate == Rate(found=2, examined=5)
    assert made.base_kind == "chosen"


def test_where_everything_was_opened_nobody_chose(heavy):
    rows = [{**row, "drawn": False, "find": False} for row in ROWS]
    assert backtest(heavy, history(*rows)).base_kind == "all"


def test_nothing_opened_and_no_slots_leave_unknown_what_is_unknown(heavy):
    made = backtest(heavy, history({"mass": 9.0}))
    assert made.find_rate.share is None
    assert made.lift_low is None
    assert made.capacity_share is None


def test_a_history_without_days_has_no_hits_a_day(heavy):
    frame = history({"mass": 9.0}).with_columns(pl.lit(None, pl.Date).alias("assessed_on"))
    made = backtest(heavy, frame, slots_per_day=3.0)
    assert (made.days, made.first_day, made.hits_per_day, made.capacity_share) == (
        0,
        None,
        None,
        None,
    )
    assert made.match == 1


def test_a_history_needs_no_columns_but_those_the_rule_reads(heavy):
    frame = pl.DataFrame({"container_id": [1], "mass_kg": [9.0]})
    made = backtest(heavy, frame)
    assert (made.match, made.examined, made.examples[0].container_number) == (1, 0, None)


def test_the_hits_since_a_rule_came_into_force_are_counted_apart(heavy):
    came = {(heavy.id, heavy.version): FIRST + timedelta(days=1)}
    (made,) = backtests([heavy], history(*ROWS), terms=Terms(since=came))
    assert made.since.match == 2
    assert made.since.containers == 7
    assert made.since.find_rate == Rate(found=0, examined=1)
    assert made.since.base_rate == Rate(found=0, examined=1)


def test_overlaps_name_the_other_rules_and_never_the_rule_itself(heavy, make_rule):
    huge = make_rule("mass_kg > 5", id="TST-TWO-001")
    light = make_rule("mass_kg < 2", id="TST-SML-001")
    made = backtest(heavy, history(*ROWS), others=[heavy, huge, light])
    (overlap,) = made.overlaps
    assert (overlap.rule_id, overlap.both) == ("TST-TWO-001", 3)
    assert (overlap.jaccard, overlap.of_this, overlap.of_other) == (0.75, 1.0, 0.75)


def test_a_draft_is_compared_with_the_rule_of_its_own_name(heavy, make_rule):
    """Who changes a rule without raising its version sees what changed."""
    changed = make_rule("mass_kg > 0", unless=("is_full",))
    assert (changed.id, changed.version) == (heavy.id, heavy.version)
    made = backtest(changed, history(*ROWS), others=[heavy])
    assert [overlap.both for overlap in made.overlaps] == [3]


def test_a_tuned_rule_is_asked_apart_from_the_rule_as_written(read, rule_text):
    """Both have one sha256: what a unit tunes is not what the author meant."""
    text = rule_text(
        "settings: {most: {value: 3, from: 1, to: 9}}\nwhen: {all: [mass_kg > most]}\n"
    )
    written, faults = read(text)
    assert written is not None, faults
    tuned = with_settings(written, {"most": 9.0})
    strict, loose = backtests([tuned, written], history(*ROWS))
    assert (strict.match, loose.match) == (0, 4)


def test_examples_are_spread_over_the_days_with_finds_and_nils_among_them(heavy):
    rows = [
        {"mass": 9.0, "day": day, "find": {5: True, 40: False}.get(day)} for day in range(60)
    ]
    made = backtest(heavy, history(*rows))
    again = backtest(heavy, history(*rows).sample(fraction=1.0, shuffle=True, seed=3))
    days = [(example.assessed_on - FIRST).days for example in made.examples]
    assert made.examples == again.examples
    assert days == sorted(days)
    assert len(days) == 10
    assert {5, 40} <= set(days)
    assert [example.outcome for example in made.examples if example.outcome] == ["find", "nil"]
    assert made.examples[0].sentence


def test_a_container_twice_in_a_history_is_refused(heavy):
    frame = history({"mass": 9.0})
    with pytest.raises(RuleError, match="twice"):
        backtest(heavy, pl.concat([frame, frame]))


def test_a_rule_that_cannot_run_says_so_and_stops_no_other(heavy, make_rule):
    lost = replace(make_rule("port in list source_ports", id="TST-TWO-001"), lists=())
    with pytest.raises(RuleError, match="TST-TWO-001 cannot run"):
        backtest(lost, history(*ROWS))
    made, failed = runnable_backtests([lost, heavy], history(*ROWS))
    assert [test.rule_id for test in made] == [heavy.id]
    assert "TST-TWO-001" in failed[0]


def test_a_back_test_survives_being_kept(heavy, make_rule):
    came = {(heavy.id, heavy.version): FIRST}
    terms = Terms(slots_per_day=3.5, since=came)
    others = [make_rule("mass_kg > 5", id="TST-TWO-001")]
    (made,) = backtests([heavy], history(*ROWS), others=others, terms=terms)
    assert from_json(to_json(made)) == made


def test_a_back_test_keeps_what_it_speaks_of(heavy):
    made = replace(
        backtest(heavy, history(*ROWS)),
        as_run="a" * 64,
        source="runs",
        source_sha256="b" * 64,
        made_by="ana",
    )
    assert from_json(to_json(made)) == made


def test_a_back_test_from_before_it_said_what_it_speaks_of_is_still_read(heavy):
    made = backtest(heavy, history(*ROWS))
    held = json.loads(to_json(made))
    for name in ("as_run", "source", "source_sha256", "made_by"):
        del held[name]
    assert from_json(json.dumps(held)) == made
    with pytest.raises(RuleError, match="as_run"):
        from_json(json.dumps(held | {"as_run": 7}))


@pytest.mark.parametrize("text", ["", "{}", '{"schema": 9}', '{"schema": 1}', "[1]", "null"])
def test_what_is_no_back_test_is_refused(text):
    with pytest.raises(RuleError, match="back-test"):
        from_json(text)


def test_only_the_columns_that_rules_ask_for_are_needed(make_rule):
    rule = make_rule(
        "mass_kg > 3", unless=("is_full",), because='{en: "{shipper_name} is heavy"}'
    )
    assert columns_needed([rule]) == {"mass_kg", "is_full", "shipper_name"}


def test_two_rules_are_compared_side_by_side(heavy, make_rule):
    huge = make_rule("mass_kg > 5 or is_full", id="TST-TWO-001")
    made = compare(heavy, huge, history(*ROWS))
    assert (made.only_first.match, made.only_second.match, made.both.match, made.neither) == (
        0,
        1,
        3,
        4,
    )
    assert made.both.find_rate == Rate(found=1, examined=2)
    assert made.only_second.examples[0].container_number == "ABCU0000003"


def test_where_the_other_rule_cannot_judge_it_does_not_contradict(make_rule):
    one = make_rule("mass_kg > 3")
    other = make_rule("mass_kg > 3 and value_usd > 1", id="TST-TWO-001")
    made = compare(one, other, history(*ROWS))
    assert (made.only_first.match, made.only_first.other_unknown) == (4, 4)


row = st.fixed_dictionaries(
    {
        "mass": st.one_of(st.none(), st.floats(0, 9)),
        "full": st.one_of(st.none(), st.booleans()),
        "find": st.one_of(st.none(), st.booleans()),
        "drawn": st.booleans(),
        "day": st.integers(0, 400),
    }
)


@settings(max_examples=25, deadline=None)
@given(rows=st.lists(row, min_size=1, max_size=30), unopened=st.lists(row, max_size=10))
def test_the_laws_of_back_tests(make_rule, rows, unopened):
    """Four answers make up the whole; what nobody opened changes nothing that was found."""
    rule = make_rule("mass_kg > 3", unless=("is_full",))
    made = backtest(rule, history(*rows))
    assert made.match + made.no_match + made.unknown + made.excused == made.containers
    assert made.found <= made.inspected <= made.match
    assert made.random_hits.examined <= made.random_inspected <= made.random_drawn
    assert made.find_rate.low <= (made.find_rate.share or 0.0) <= made.find_rate.high
    assert len(made.examples) == min(10, made.match)
    more = backtest(rule, history(*rows, *({**one, "find": None} for one in unopened)))
    assert (more.find_rate, more.random_rate, more.base_rate) == (
        made.find_rate,
        made.random_rate,
        made.base_rate,
    )


@settings(max_examples=20, deadline=None)
@given(
    rows=st.lists(row, min_size=1, max_size=30),
    first=st.integers(0, 8),
    second=st.integers(0, 8),
)
def test_overlap_and_comparison_are_symmetric(make_rule, rows, first, second):
    one = make_rule(f"mass_kg > {first}")
    two = make_rule(f"mass_kg < {second}", id="TST-TWO-001")
    frame = history(*rows)
    here, there = backtests([one, two], frame, others=[one, two])
    assert [o.jaccard for o in here.overlaps] == [o.jaccard for o in there.overlaps]
    assert [o.of_this for o in here.overlaps] == [o.of_other for o in there.overlaps]
    forth, back = compare(one, two, frame), compare(two, one, frame)
    assert (forth.only_first.match, forth.only_second.match) == (
        back.only_second.match,
        back.only_first.match,
    )
    assert forth.only_first.match + forth.both.match == here.match
