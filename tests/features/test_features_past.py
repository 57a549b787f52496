"""The past: only what was known before the morning of the assessment, and all of it."""

from __future__ import annotations

import math
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from riskengine.features import asked_keys, assemble, gather, measures, sightings
from riskengine.features.look_back import WINDOWS_DAYS, habits, look_back
from riskengine.features.rates import SHRINKAGE
from riskengine.ledger.history import COUNT_DAYS, HABIT_DAYS, Past, merge, tally

_DAY = date(2024, 6, 1)
_START = date(2024, 1, 1)
_MANY = settings(max_examples=50, deadline=None)
_FEW = settings(max_examples=8, deadline=None)

_days = st.dates(_START, date(2024, 6, 30))
_keys = st.sampled_from(
    [
        ("all", "all"), ("shipper", "acme"), ("shipper", "other"), ("pair", "acme|buyer"), ("chapter", "08"),
        ("heading", "0803"), ("heading", "0804"), ("hs6", "080390"), ("hs6", "720449"), ("origin", "EC"),
    ]
)  # fmt: skip
_count = st.tuples(_keys, _days, st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)).map(
    lambda drawn: (*drawn[0], drawn[1], drawn[2], max(drawn[3:]), min(drawn[3:]))
)
_asked = st.lists(st.tuples(_keys, _days).map(lambda drawn: (*drawn[0], drawn[1])), max_size=8)


def _past(counts=(), kept=()):
    return Past(
        counts=pl.DataFrame(list(counts), schema=dict(COUNT_DAYS), orient="row"),
        habits=pl.DataFrame(list(kept), schema=dict(HABIT_DAYS), orient="row"),
    )


def _frame(asked):
    schema = {"kind": pl.String, "key": pl.String, "on": pl.Date}
    return pl.DataFrame(list(asked), schema=schema, orient="row")


def _slowly(counts, kind, key, day):
    """Count in plain Python what was known of a key before a day."""
    known = [row for row in counts if row[:2] == (kind, key) and row[2] < day]
    seen = [row[2] for row in known if row[3] > 0]
    windows = [
        sum(row[3] for row in known if row[2] >= day - timedelta(days=days))
        for days in WINDOWS_DAYS.values()
    ]
    totals = [sum(row[place] for row in known) for place in (3, 4, 5)]
    return (*totals, min(seen, default=None), max(seen, default=None), *windows)


@given(counts=st.lists(_count, max_size=30), asked=_asked)
@_MANY
def test_looking_back_counts_what_plain_python_counts(counts, asked):
    known = look_back(_past(counts), _frame(asked))
    assert sorted(known.select("kind", "key", "on").rows()) == sorted(set(asked))
    for row in known.rows(named=True):
        place = (row["kind"], row["key"], row["on"])
        slow = _slowly(counts, *place)
        fast = tuple(
            row[name]
            for name in (
                "containers", "examined", "found", "first_seen_on", "last_seen_on",
                *(f"containers_{window}" for window in WINDOWS_DAYS),
            )
        )  # fmt: skip
        assert fast == slow


@given(counts=st.lists(_count, max_size=20), later=st.lists(_count, max_size=20), asked=_asked)
@_MANY
def test_what_comes_on_the_day_or_later_changes_nothing(counts, later, asked):
    points = _frame(asked)
    earliest = min((day for *_, day in asked), default=_START)
    late = [(*row[:2], max(row[2], earliest + timedelta(days=200)), *row[3:]) for row in later]
    same_day = [(*row[:2], earliest, *row[3:]) for row in later]
    points = points.filter(pl.col("on") == earliest)
    assert_frame_equal(
        look_back(_past(counts), points),
        look_back(merge([_past(counts), _past(late), _past(same_day)]), points),
        check_exact=True,
    )


@given(
    kept=st.lists(
        st.tuples(st.sampled_from(["0803", "0804"]), _days, st.floats(0.01, 1e6)), max_size=30
    ),
    day=_days,
)
@_MANY
def test_a_habit_is_the_mean_and_spread_of_what_came_before(kept, day):
    milli = [(key, on, round(1000 * math.log(value))) for key, on, value in kept]
    past = merge(
        [
            _past(kept=[("heading", key, "gross_mass_kg", on, 1, x, x * x)])
            for key, on, x in milli
        ]
    )
    asked = pl.DataFrame(
        {"kind": ["heading"], "key": ["0803"], "measure": ["gross_mass_kg"], "on": [day]}
    )
    habit = habits(past, asked).row(0, named=True)
    before = [x / 1000 for key, on, x in milli if key == "0803" and on < day]
    assert habit["count"] == len(before)
    if not before:
        assert habit["mean"] is None
        return
    mean = sum(before) / len(before)
    spread = math.sqrt(sum((x - mean) ** 2 for x in before) / len(before))
    assert habit["mean"] == pytest.approx(mean)
    assert habit["deviation"] == pytest.approx(spread, abs=1e-5)


def _box(shipper="Acme", heading="080390", mass=20_000.0, **row):
    line = {"hs_code": heading, "gross_mass_kg": mass, "package_count": 1000}
    line |= {"declared_value_usd": mass / 2, "attributes": {"category:genus": "Gadus"}}
    return {
        "parties": {"shipper": {"name": shipper}, "consignee": {"name": "Buyer"}},
        "port_of_loading": "ECGYE",
        "port_of_discharge": "NLRTM",
        "container_number": "CSQU3054383",
        "goods": [line],
    } | row


def _seen(manifest_of, days_ago, boxes, finds=(), known_days_ago=None):
    """Return what a manifest of these boxes adds to the past."""
    manifest = manifest_of(boxes)
    facts = gather(manifest, _DAY - timedelta(days=days_ago))
    known_on = _DAY - timedelta(days=days_ago if known_days_ago is None else known_days_ago)
    outcomes = pl.DataFrame(
        [(number, is_find, known_on) for number, is_find in enumerate(finds, start=1)],
        schema={"container_id": pl.Int32, "is_find": pl.Boolean, "known_on": pl.Date},
        orient="row",
    )
    return tally(
        sightings(facts, manifest.attributes), measures(facts, manifest.attributes), outcomes
    )


def _row(manifest_of, past, box=None):
    manifest = manifest_of([box or _box()])
    return assemble(manifest, past, _DAY).row(0, named=True)


def test_as_long_as_nothing_was_seen_nobody_is_new(manifest_of):
    row = _row(manifest_of, Past.empty())
    assert row["shipper_containers_before"] is None
    assert row["shipper_find_rate"] is None


def test_a_first_time_shipper_has_been_seen_zero_times(manifest_of):
    row = _row(manifest_of, _seen(manifest_of, 3, [_box(shipper="Other")]))
    assert row["shipper_containers_before"] == 0
    assert row["consignee_containers_before"] == 1
    assert row["pair_containers_before"] == 0
    assert row["lane_heading_containers_before"] == 1
    assert row["days_since_shipper_seen"] is None
    assert row["days_since_consignee_seen"] == 3
    assert row["container_sightings_before"] == 1


def test_without_a_name_nothing_is_said_of_a_shipper(manifest_of):
    past = _seen(manifest_of, 3, [_box()])
    assert (
        _row(manifest_of, past, _box() | {"parties": {}})["shipper_containers_before"] is None
    )


def test_no_rate_is_told_before_the_first_examination(manifest_of):
    assert _row(manifest_of, _seen(manifest_of, 3, [_box()]))["shipper_find_rate"] is None


def test_a_find_counts_from_the_day_after_it_became_known(manifest_of):
    boxes = [_box(), _box(shipper="Other")]
    yesterday = _seen(manifest_of, 9, boxes, finds=[True, False], known_days_ago=1)
    today = _seen(manifest_of, 9, boxes, finds=[True, False], known_days_ago=0)
    known = _row(manifest_of, yesterday)
    assert known["shipper_find_rate"] == pytest.approx((1 + SHRINKAGE * 0.5) / (1 + SHRINKAGE))
    assert known["shipper_find_rate.found"] == 1
    assert known["shipper_find_rate.examined"] == 1
    assert _row(manifest_of, today)["shipper_find_rate"] is None


def test_a_code_without_examinations_leans_on_its_heading(manifest_of):
    past = _seen(
        manifest_of, 9, [_box(heading="080310"), _box(heading="720449")], finds=[True, False]
    )
    row = _row(manifest_of, past)
    chapter = (1 + SHRINKAGE * 0.5) / (1 + SHRINKAGE)
    heading = (1 + SHRINKAGE * chapter) / (1 + SHRINKAGE)
    assert row["heading_find_rate"] == pytest.approx(heading)
    assert row["commodity_find_rate"] == pytest.approx(heading)


def test_the_riskier_of_two_headings_speaks(manifest_of):
    past = _seen(
        manifest_of, 9, [_box(heading="080390"), _box(heading="720449")], finds=[True, False]
    )
    mixed = _box() | {"goods": [{"hs_code": "720449"}, {"hs_code": "080390"}]}
    alone = _row(manifest_of, past)["heading_find_rate"]
    assert _row(manifest_of, past, mixed)["heading_find_rate"] == alone


def test_a_jump_is_held_against_the_usual_week(manifest_of):
    habit = [_seen(manifest_of, 7 + 7 * week, [_box()]) for week in range(1, 5)]
    jump = _seen(manifest_of, 2, [_box()] * 6)
    row = _row(manifest_of, merge([*habit, jump]))
    assert row["shipper_containers_7d"] == 6
    assert row["consignee_containers_30d"] == 9
    assert row["shipper_weekly_usual"] == pytest.approx(1.0)
    assert row["shipper_ramp_ratio"] == pytest.approx(6.0)
    assert row["shipper_ramp_ratio.recent"] == 6


def test_a_shipper_first_seen_this_week_has_no_usual_week(manifest_of):
    row = _row(manifest_of, _seen(manifest_of, 7, [_box()] * 3))
    assert row["shipper_containers_7d"] == 3
    assert row["shipper_weekly_usual"] is None
    assert row["shipper_ramp_ratio"] is None


def test_nothing_is_usual_below_twenty_containers(manifest_of):
    few = _row(manifest_of, _seen(manifest_of, 3, [_box()] * 19))
    enough = _row(manifest_of, _seen(manifest_of, 3, [_box()] * 20))
    assert few["gross_mass_deviation"] is None
    assert few["gross_mass_deviation.usual_low"] is None
    assert enough["gross_mass_deviation"] == pytest.approx(0.0, abs=0.02)
    assert enough["gross_mass_deviation.count"] == 20
    assert enough["gross_mass_deviation.declared"] == 20_000.0


def test_a_price_far_below_the_usual_one_deviates_downwards(manifest_of):
    boxes = [_box(mass=20_000.0 + 100 * number) for number in range(30)]
    cheap = _box()
    cheap["goods"][0]["declared_value_usd"] = 100.0
    row = _row(manifest_of, _seen(manifest_of, 3, boxes), cheap)
    assert row["value_per_kg_deviation"] < -5
    assert row["value_per_kg_deviation.usual_low"] == pytest.approx(0.5, rel=0.2)


def test_a_mixed_load_has_no_usual_price(manifest_of):
    past = _seen(manifest_of, 3, [_box()] * 30)
    mixed = _box()
    mixed["goods"].append(mixed["goods"][0] | {"hs_code": "720449"})
    assert _row(manifest_of, past, mixed)["value_per_kg_deviation"] is None


def test_attributes_have_a_past_of_their_own(manifest_of):
    past = _seen(manifest_of, 9, [_box(), _box(shipper="Other")], finds=[True, False])
    both = _box()
    both["goods"].append({"attributes": {"category:genus": "Never seen", "key:profile": "x|y"}})
    row = _row(manifest_of, past, both)
    assert row["attribute.genus"] == "GADUS"
    assert row["attribute.genus.distinct_count"] == 2
    assert row["attribute.genus.containers_before"] == 0
    assert row["attribute.genus.find_rate"] == pytest.approx(0.5)
    assert row["attribute.genus.find_rate_mean"] == pytest.approx(0.5)
    assert row["attribute.profile.containers_before"] is None  # nobody ever counted profiles


def test_numbers_brought_along_are_added_and_averaged_where_every_line_has_them(manifest_of):
    full = {"goods": [{"attributes": {"number:tax": 1.0}}, {"attributes": {"number:tax": 2.0}}]}
    part = {"goods": [{"attributes": {"number:tax": 1.0}}, {}]}
    frame = assemble(manifest_of([full, part]), Past.empty(), _DAY)
    assert frame["attribute.tax"].to_list() == [3.0, None]
    assert frame["attribute.tax.mean"].to_list() == [1.5, None]


def test_every_key_that_is_looked_up_is_asked_for(manifest_of):
    manifest = manifest_of([_box(), _box(shipper="Other", seals=["A", "B"])])
    facts = gather(manifest, _DAY)
    asked = asked_keys(facts, manifest.attributes)
    seen = sightings(facts, manifest.attributes).select("kind", "key").unique()
    assert seen.join(asked, on=["kind", "key"], how="anti").is_empty()
    assert asked.is_unique().all()
    assert ("attribute:genus", "GADUS") in asked.rows()
    assert ("pair", "acme|buyer") in asked.rows()
    assert ("lane_heading", "ECGYE|NLRTM|0803") in asked.rows()


def test_a_container_without_a_day_has_no_place_in_time(manifest_of):
    manifest = manifest_of([_box(presented_on=None), _box(presented_on=_DAY)])
    assert set(sightings(gather(manifest), manifest.attributes)["container_id"]) == {2}
    past = _seen(manifest_of, 3, [_box()])
    frame = assemble(manifest, past, None)
    assert frame["shipper_containers_before"].to_list() == [None, 1]


def test_containers_of_the_same_day_are_not_yet_known(manifest_of):
    past = _seen(manifest_of, 3, [_box()] * 25, finds=[True])
    today = _seen(manifest_of, 0, [_box(), _box(shipper="Other")], finds=[True, True])
    tomorrow = _seen(manifest_of, -1, [_box()], finds=[True])
    manifest = manifest_of([_box(), _box(shipper="Other")])
    assert_frame_equal(
        assemble(manifest, past, _DAY),
        assemble(manifest, merge([past, today, tomorrow]), _DAY),
        check_exact=True,
    )


@pytest.fixture(scope="module")
def two_visits(manifest_of):
    return merge(
        [
            _seen(manifest_of, 10, [_box()] * 3, finds=[True, False]),
            _seen(manifest_of, 20, [_box()] * 21, finds=[False, True, False]),
        ]
    )


@given(days=st.lists(st.integers(0, 40), min_size=1, max_size=4))
@_FEW
def test_years_at_once_are_assembled_as_day_by_day(manifest_of, two_visits, days):
    """Training asks for many days in one go; scoring asks for one. They see the same."""
    rows = [
        _box(container_id=number, presented_on=_DAY - timedelta(days=days_ago))
        for number, days_ago in enumerate(days, start=1)
    ]
    together = assemble(manifest_of(rows), two_visits, None)
    for row in rows:
        alone = assemble(manifest_of([row]), two_visits, row["presented_on"])
        beside = together.filter(pl.col("container_id") == row["container_id"])
        assert_frame_equal(alone, beside, check_exact=True)
