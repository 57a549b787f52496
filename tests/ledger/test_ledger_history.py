"""The history counts whole numbers: no order, no batching and no repetition of keys changes it."""

from __future__ import annotations

import math
import tempfile
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from riskengine.errors import LedgerBusy, LedgerError
from riskengine.ledger import history
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.history import Past
from riskengine.ledger.migrations import create_ledger, migrations
from riskengine.workspace import Workspace

DAY = date(2026, 3, 1)
KINDS = ("shipper", "heading", "lane")
KEYS = ("a", "b:1", "Ñandú 42", "")


def frame(rows, schema):
    return pl.DataFrame(rows, schema=dict(schema), orient="row")


@st.composite
def containers(draw):
    """Containers, each with its day, its keys, its measures and perhaps an outcome."""
    made = []
    for container_id in range(draw(st.integers(0, 12))):
        on = DAY + timedelta(days=draw(st.integers(0, 2)))
        pairs = draw(
            st.sets(st.tuples(st.sampled_from(KINDS), st.sampled_from(KEYS)), max_size=4)
        )
        value = draw(st.one_of(st.none(), st.floats(allow_nan=True), st.floats(0.01, 1e6)))
        outcome = draw(st.one_of(st.none(), st.booleans()))
        known_on = on + timedelta(days=draw(st.integers(0, 3)))
        made.append((container_id, on, sorted(pairs), value, outcome, known_on))
    return made


def as_frames(made):
    sightings = [(i, kind, key, on) for i, on, pairs, *_ in made for kind, key in pairs]
    measures = [
        (i, kind, key, "gross_mass_kg", value, on)
        for i, on, pairs, value, *_ in made
        for kind, key in pairs
    ]
    outcomes = [(i, is_find, known) for i, *_, is_find, known in made if is_find is not None]
    return (
        frame(sightings, history.SIGHTINGS),
        frame(measures, history.MEASURES),
        frame(outcomes, history.OUTCOMES),
    )


def counted_by_hand(made):
    """The slow reference: dictionaries and one container at a time."""
    counts, habits = Counter(), Counter()
    for _, on, pairs, value, is_find, known_on in made:
        for pair in pairs:
            counts[*pair, on, "containers"] += 1
            if is_find is not None:
                counts[*pair, known_on, "examined"] += 1
                counts[*pair, known_on, "found"] += is_find
            if value is not None and math.isfinite(value) and value > 0:
                milli = round(1000 * math.log(value))
                habits[*pair, on, "count"] += 1
                habits[*pair, on, "total_milli"] += milli
                habits[*pair, on, "squares_micro"] += milli * milli
    return +counts, Counter({key: n for key, n in habits.items() if n})


def as_counters(past):
    counts, habits = Counter(), Counter()
    for kind, key, on, *numbers in past.counts.iter_rows():
        for name, number in zip(("containers", "examined", "found"), numbers, strict=True):
            counts[kind, key, on, name] += number
    for kind, key, _, on, *numbers in past.habits.iter_rows():
        for name, number in zip(
            ("count", "total_milli", "squares_micro"), numbers, strict=True
        ):
            habits[kind, key, on, name] += number
    return +counts, Counter({key: n for key, n in habits.items() if n})


@given(containers())
@settings(max_examples=50, deadline=None)
def test_a_tally_counts_what_a_hand_count_counts(made):
    assert as_counters(history.tally(*as_frames(made))) == counted_by_hand(made)


@given(containers(), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_the_order_of_the_rows_changes_nothing(made, random):
    shuffled = list(made)
    random.shuffle(shuffled)
    one, other = history.tally(*as_frames(made)), history.tally(*as_frames(shuffled))
    assert_frame_equal(one.counts, other.counts)
    assert_frame_equal(one.habits, other.habits)


@given(containers(), st.lists(st.integers(0, 3), min_size=12, max_size=12))
@settings(max_examples=15, deadline=None)
def test_fetching_after_many_additions_equals_the_tally_of_everything(made, batch_of):
    batches = [[c for c in made if batch_of[c[0]] == n] for n in range(4)]
    wanted = pl.DataFrame(
        [(kind, key) for kind in KINDS for key in KEYS], schema=["kind", "key"], orient="row"
    )
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder) / "unit")
        create_ledger(workspace)
        for batch in batches:
            with open_ledger(workspace) as connection:
                history.add(connection, history.tally(*as_frames(batch)))
        fetched = history.fetch(workspace, wanted)
    expected = history.tally(*as_frames(made))
    assert_frame_equal(fetched.counts, expected.counts)
    assert_frame_equal(fetched.habits, expected.habits)


def piece(key="a", containers=1):
    return Past(
        counts=frame([("shipper", key, DAY, containers, 0, 0)], history.COUNT_DAYS),
        habits=frame([("shipper", key, "gross_mass_kg", DAY, 1, 7, 49)], history.HABIT_DAYS),
    )


def test_only_the_keys_asked_for_are_fetched(workspace):
    with open_ledger(workspace) as connection:
        history.add(connection, history.merge([piece("a"), piece("b")]))
    keys = pl.DataFrame(
        {"kind": ["shipper", "shipper", "lane", None], "key": ["b", "b", "a", "b"]}
    )
    past = history.fetch(workspace, keys)
    assert past.counts["key"].to_list() == ["b"]
    assert past.habits["key"].to_list() == ["b"]


def test_nothing_asked_for_is_nothing_fetched(workspace):
    keys = pl.DataFrame(schema={"kind": pl.String(), "key": pl.String()})
    assert history.fetch(workspace, keys).counts.is_empty()


def test_a_key_twice_in_one_piece_is_added_twice(workspace):
    """DuckDB's own upsert would keep the first of two equal keys and say nothing."""
    doubled = Past(
        counts=pl.concat([piece().counts, piece().counts]),
        habits=pl.concat([piece().habits, piece().habits]),
    )
    with open_ledger(workspace) as connection:
        history.add(connection, doubled)
    past = history.fetch(workspace, piece().counts)
    assert past.counts["containers"].to_list() == [2]
    assert past.habits["squares_micro"].to_list() == [98]


def test_outcomes_known_later_count_on_their_own_day():
    sightings = frame([(1, "shipper", "a", DAY)], history.SIGHTINGS)
    outcomes = frame([(1, True, DAY + timedelta(days=9))], history.OUTCOMES)
    past = history.tally_outcomes(sightings, outcomes)
    assert past.counts.rows() == [("shipper", "a", DAY + timedelta(days=9), 0, 1, 1)]


@pytest.mark.parametrize("value", [None, 0.0, -3.0, math.nan, math.inf])
def test_a_measure_without_a_logarithm_is_no_habit_and_the_sighting_still_counts(value):
    sightings = frame([(1, "heading", "0803", DAY)], history.SIGHTINGS)
    measures = frame([(1, "heading", "0803", "gross_mass_kg", value, DAY)], history.MEASURES)
    past = history.tally(sightings, measures, frame([], history.OUTCOMES))
    assert past.habits.is_empty()
    assert past.counts["containers"].to_list() == [1]


def test_the_same_additions_give_the_same_digest(tmp_path):
    digests = []
    for name in ("one", "other"):
        workspace = Workspace(tmp_path / name)
        create_ledger(workspace)
        for key in ("a", "b"):
            with open_ledger(workspace) as connection:
                history.add(connection, piece(key))
        digests.append(history.digest(workspace))
    assert digests[0] == digests[1]


def test_every_addition_changes_the_digest_and_an_empty_one_does_not(workspace):
    digests = [history.digest(workspace)]
    for past in (Past.empty(), piece("a"), piece("a"), piece("a", containers=2)):
        with open_ledger(workspace) as connection:
            history.add(connection, past)
        digests.append(history.digest(workspace))
    assert digests[0] == digests[1]
    assert len(set(digests)) == 4


def test_a_rolled_back_addition_leaves_no_trace(workspace):
    before = history.digest(workspace)

    def fail():
        with open_ledger(workspace) as connection:
            history.add(connection, piece())
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert history.digest(workspace) == before
    assert history.fetch(workspace, piece().counts).counts.is_empty()


@pytest.mark.parametrize(
    "sightings",
    [
        frame([(1, "shipper", None, DAY)], history.SIGHTINGS),
        frame([(1, "shipper", "a", DAY), (1, "shipper", "a", DAY)], history.SIGHTINGS),
        frame([(1, "shipper", "a", DAY)], history.SIGHTINGS).with_columns(
            pl.col("container_id").cast(pl.Int64)
        ),
    ],
    ids=["null key", "counted twice", "other type"],
)
def test_sightings_that_would_count_wrongly_are_refused(sightings):
    with pytest.raises(LedgerError, match="sightings"):
        history.tally(sightings, frame([], history.MEASURES), frame([], history.OUTCOMES))


def test_a_container_with_two_outcomes_is_refused():
    outcomes = frame([(1, True, DAY), (1, False, DAY)], history.OUTCOMES)
    with pytest.raises(LedgerError, match="outcomes count one container_id twice"):
        history.tally_outcomes(frame([], history.SIGHTINGS), outcomes)


def test_two_threads_that_add_at_once_do_not_lose_or_double_anything(workspace):
    """One of them is told to try again; the history holds the other's addition, once."""

    def add_at_once():
        with open_ledger(workspace) as first, open_ledger(workspace) as second:
            history.add(first, piece())
            history.add(second, piece())

    with pytest.raises(LedgerBusy):
        add_at_once()
    past, digest = history.snapshot(workspace, piece().counts)
    assert past.counts["containers"].to_list() == [1]
    assert past.habits["count"].to_list() == [1]
    assert digest == history.digest(workspace)


def test_two_measures_of_one_key_and_day_are_kept_apart(workspace):
    rows = [
        ("heading", "0803", name, DAY, 1, n, n * n) for name, n in (("mass", 3), ("price", 5))
    ]
    past = Past(counts=Past.empty().counts, habits=frame(rows, history.HABIT_DAYS))
    for _ in range(2):
        with open_ledger(workspace) as connection:
            history.add(connection, past)
    fetched = history.fetch(workspace, past.habits).habits
    assert fetched.select("measure", "count", "total_milli", "squares_micro").rows() == [
        ("mass", 2, 6, 18),
        ("price", 2, 10, 50),
    ]


def test_the_days_of_every_kind_come_along_with_the_keys_asked_for(workspace):
    lane = Past(
        counts=frame([("lane", "x", DAY, 2, 0, 0)], history.COUNT_DAYS),
        habits=Past.empty().habits,
    )
    for past in (piece("a"), lane, lane):
        with open_ledger(workspace) as connection:
            history.add(connection, past)
    fetched = history.fetch(workspace, pl.DataFrame({"kind": ["shipper"], "key": ["new"]}))
    assert fetched.counts.is_empty()
    assert fetched.kinds.rows() == [("lane", DAY, 4), ("shipper", DAY, 1)]
    assert fetched.began.rows() == [("lane", DAY), ("shipper", DAY)]


def test_outcomes_alone_do_not_make_a_kind_known():
    sightings = frame([(1, "shipper", "a", DAY)], history.SIGHTINGS)
    past = history.tally_outcomes(sightings, frame([(1, True, DAY)], history.OUTCOMES))
    assert past.kinds.is_empty()


def test_what_an_older_ledger_counted_makes_its_kinds_known(workspace):
    """The migration reads from the counts on which days each kind was counted."""
    with open_ledger(workspace) as connection:
        history.add(connection, piece("a"))
        kept = connection.sql("FROM kind_day").fetchall()
        connection.execute("DROP TABLE kind_day")
        (script,) = (one.sql for one in migrations() if "CREATE TABLE kind_day" in one.sql)
        connection.execute(script)
        assert connection.sql("FROM kind_day").fetchall() == kept
