"""The past, counted by hand: plain Python over random histories says what the vectorised look-back says."""

from __future__ import annotations

import math
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from riskengine.features import asked_keys, assemble, gather, measures, sightings
from riskengine.features.look_back import NEW_KIND_DAYS
from riskengine.features.rates import RECENT_DAYS, SHRINKAGE
from riskengine.ledger import history
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.history import merge, tally
from riskengine.ledger.migrations import create_ledger
from riskengine.workspace import Workspace

_DAY = date(2024, 6, 1)
_SOME = settings(max_examples=8, deadline=None)
_FEW = settings(max_examples=3, deadline=None)

_box = st.fixed_dictionaries(
    {
        "days_ago": st.sampled_from([1, 2, 6, 7, 8, 30, 92, 120, 364, 365, 366, 500]),
        "shipper": st.sampled_from(["acme", "other", None]),
        "shipper_country": st.sampled_from(["EC", "NO"]),
        "consignee": st.sampled_from(["buyer", "trader"]),
        "port": st.sampled_from(["ECGYE", "NOOSL"]),
        "codes": st.lists(
            st.sampled_from(["0803901000", "080390", "080450", "720449"]),
            min_size=1,
            max_size=2,
        ),
        "origin": st.sampled_from(["EC", "NO", None]),
        "genus": st.sampled_from(["X|A", "X|B", "Y|A"]),
        "is_find": st.sampled_from([None, None, False, False, True]),
        "known_after": st.integers(0, 9),
    }
)
_history = st.lists(_box, max_size=12)


def _row(box, number):
    lines = [
        {
            "hs_code": code,
            "country_of_origin": box["origin"],
            "gross_mass_kg": 100.0,
            "attributes": {"key:genus": box["genus"]},
        }
        for code in box["codes"]
    ]
    shipper = {"name": box["shipper"], "country": box["shipper_country"]}
    return {
        "container_id": number,
        "container_number": f"CSQU{number:07d}",
        "parties": ({"shipper": shipper} if box["shipper"] else {})
        | {"consignee": {"name": box["consignee"]}},
        "port_of_loading": box["port"],
        "port_of_discharge": "NLRTM",
        "goods": lines,
    }


def _day(box):
    return _DAY - timedelta(days=box["days_ago"])


def _known_on(box):
    return _day(box) + timedelta(days=box["known_after"])


def _keys(box):
    """Return every key of a box by its kind, as an officer would write them on a card."""
    codes = set(box["codes"])
    main = min(codes, key=lambda code: (-_lines(box, code[:4]), code[:4]))[:4]
    shipper, consignee, port, origin = (
        box["shipper"], box["consignee"], box["port"], box["origin"],
    )  # fmt: skip
    lane = (port, "NLRTM")
    return {
        "all": {"all"},
        "shipper": {shipper} if shipper else set(),
        "shipper_country": {box["shipper_country"]} if shipper else set(),
        "consignee": {consignee},
        "pair": {(shipper, consignee)} if shipper else set(),
        "port_of_loading": {port},
        "port_of_discharge": {"NLRTM"},
        "lane": {lane},
        "main_heading": {main},
        "lane_heading": {(*lane, main)},
        "consignee_heading": {(consignee, main)},
        "consignee_lane": {(consignee, *lane)},
        "hs_full": {code for code in codes if len(code) > 6},
        "hs6": {code[:6] for code in codes},
        "heading": {code[:4] for code in codes},
        "chapter": {code[:2] for code in codes},
        "origin": {origin} if origin else set(),
        "origin_heading": {(code[:4], origin) for code in codes if origin},
        "origin_hs6": {(code[:6], origin) for code in codes if origin},
        "profile": {(tuple(sorted(codes)), origin, len(box["codes"]))},
        "genus": {tuple(box["genus"].split("|"))},
        "genus#1": {box["genus"].split("|")[0]},
        "genus#2": {box["genus"].split("|")[1]},
    }


def _lines(box, heading):
    return sum(code[:4] == heading for code in box["codes"])


class _ByHand:
    """What was known on a day, one box of the history after another."""

    def __init__(self, boxes, day=_DAY):
        self.day = day
        self.boxes = [(box, _keys(box)) for box in boxes]

    def seen(self, kind, key, days=None):
        since = date.min if days is None else self.day - timedelta(days=days)
        holds = (box for box, keys in self.boxes if key in keys[self._counted_as(kind)])
        return sum(since <= _day(box) < self.day for box in holds)

    def outcomes(self, kind, key, days=None):
        since = date.min if days is None else self.day - timedelta(days=days)
        return [
            box["is_find"]
            for box, keys in self.boxes
            if box["is_find"] is not None
            and key in keys[self._counted_as(kind)]
            and since <= _known_on(box) < self.day
        ]

    def is_known(self, kind):
        days = [_day(box) for box, keys in self.boxes if keys[self._counted_as(kind)]]
        if not days or min(days) >= self.day:
            return False
        a_while = timedelta(days=NEW_KIND_DAYS)
        everything = min(_day(box) for box, _ in self.boxes)
        return min(days) <= everything + a_while or min(days) + a_while < self.day

    def rate(self, kind, key, box):
        """Draw a rate towards its parents' rates, up to all containers."""
        if not self.is_known(kind):
            return None
        own = self.outcomes(kind, key)
        overall = self.outcomes("all", "all")
        if not overall:
            return None
        if kind == "all":
            return sum(own) / len(own)
        wider = [self.rate(*parent, box) for parent in _parents(kind, key, box)]
        wider = [rate for rate in wider if rate is not None]
        base = sum(overall) / len(overall)
        return (sum(own) + SHRINKAGE * _together(wider, base)) / (len(own) + SHRINKAGE)

    def recent(self, kind, key, box):
        rate = self.rate(kind, key, box)
        if rate is None:
            return None
        lately = self.outcomes(kind, key, days=RECENT_DAYS)
        return (sum(lately) + SHRINKAGE * rate) / (len(lately) + SHRINKAGE)

    def highest(self, kind, box):
        rates = [self.rate(kind, key, box) for key in _keys(box)[kind]]
        return max((rate for rate in rates if rate is not None), default=None)

    @staticmethod
    def _counted_as(kind):
        return "heading" if kind == "main_heading" else kind


def _parents(kind, key, box):
    keys = _keys(box)

    def of(*kinds):
        return [(parent, next(iter(keys[parent]))) for parent in kinds if keys[parent]]

    by_parts = {
        "shipper": ("shipper_country",),
        "pair": ("shipper", "consignee"),
        "lane": ("port_of_loading", "port_of_discharge"),
        "lane_heading": ("lane", "main_heading"),
        "consignee_heading": ("consignee", "main_heading"),
        "consignee_lane": ("consignee", "lane"),
    }
    if kind in by_parts:
        return of(*by_parts[kind])
    if kind in {"origin_heading", "origin_hs6"}:
        return [(kind.removeprefix("origin_"), key[0]), ("origin", key[1])]
    if kind == "genus":
        return [("genus#1", key[0]), ("genus#2", key[1])]
    shorter = {"hs_full": ("hs6", 6), "hs6": ("heading", 4)} | dict.fromkeys(
        ("heading", "main_heading"), ("chapter", 2)
    )
    if kind in shorter:
        parent, digits = shorter[kind]
        return [(parent, key[:digits])]
    return [("all", "all")]


def _together(rates, base):
    """Return the mean of log-odds, as a chance; without any, the overall rate."""
    if not rates:
        return base
    if 0 in rates or 1 in rates:
        return base if {0, 1} <= set(rates) else (0 if 0 in rates else 1)
    mean = sum(math.log(rate / (1 - rate)) for rate in rates) / len(rates)
    return 1 / (1 + math.exp(-mean))


def _pieces(manifest_of, boxes):
    """Return what each day adds: the boxes seen on it, and what of them became known whenever."""
    manifest = manifest_of(
        [
            _row(box, number) | {"presented_on": _day(box)}
            for number, box in enumerate(boxes, start=1)
        ]
    )
    facts = gather(manifest, None)
    found = [
        (number, box["is_find"], _known_on(box))
        for number, box in enumerate(boxes, start=1)
        if box["is_find"] is not None
    ]
    frames = (
        sightings(facts, manifest.attributes),
        measures(facts, manifest.attributes),
        pl.DataFrame(found, schema=dict(history.OUTCOMES), orient="row"),
    )
    for day in sorted({_day(box) for box in boxes}):
        numbers = [number for number, box in enumerate(boxes, start=1) if _day(box) == day]
        yield tally(*(frame.filter(pl.col("container_id").is_in(numbers)) for frame in frames))


def _past(manifest_of, boxes):
    return merge(_pieces(manifest_of, boxes)) if boxes else history.Past.empty()


@given(boxes=_history, asked=_box)
@_SOME
def test_what_is_known_of_a_container_is_what_plain_python_counts(manifest_of, boxes, asked):
    row = assemble(manifest_of([_row(asked, 99)]), _past(manifest_of, boxes), _DAY).row(
        0, named=True
    )
    hand, keys = _ByHand(boxes), _keys(asked)
    for kind in (
        "shipper",
        "consignee",
        "pair",
        "lane",
        "lane_heading",
        "consignee_lane",
        "profile",
    ):
        (key,) = keys[kind] or {None}
        is_told = key is not None and hand.is_known(kind)
        assert row[f"{kind}_containers_before"] == (hand.seen(kind, key) if is_told else None)
    for kind in (
        "shipper",
        "pair",
        "lane",
        "lane_heading",
        "consignee_heading",
        "consignee_lane",
    ):
        (key,) = keys[kind] or {None}
        rate = None if key is None else hand.rate(kind, key, asked)
        assert row[f"{kind}_find_rate"] == pytest.approx(rate)
    for kind, name in (
        ("hs_full", "full_code"), ("hs6", "commodity"), ("heading", "heading"), ("origin", "origin"),
        ("origin_heading", "origin_heading"), ("origin_hs6", "origin_commodity"),
    ):  # fmt: skip
        assert row[f"{name}_find_rate"] == pytest.approx(hand.highest(kind, asked)), kind
    assert row["attribute.genus.find_rate"] == pytest.approx(hand.highest("genus", asked))
    (consignee,), (lane,) = keys["consignee"], keys["lane"]
    assert row["consignee_recent_find_rate"] == pytest.approx(
        hand.recent("consignee", consignee, asked)
    )
    assert row["lane_recent_find_rate"] == pytest.approx(hand.recent("lane", lane, asked))
    told = hand.outcomes("consignee", consignee) if hand.is_known("consignee") else None
    assert row["consignee_examined_before"] == (None if told is None else len(told))


@given(boxes=_history, asked=_box)
@_SOME
def test_shares_and_ramps_are_what_plain_python_counts(manifest_of, boxes, asked):
    row = assemble(manifest_of([_row(asked, 99)]), _past(manifest_of, boxes), _DAY).row(
        0, named=True
    )
    hand, keys = _ByHand(boxes), _keys(asked)
    for name, part, whole in (
        ("shipper_share_to_consignee", "pair", "shipper"),
        ("lane_share_of_heading", "lane_heading", "lane"),
        ("consignee_share_of_heading", "consignee_heading", "consignee"),
        ("consignee_share_by_lane", "consignee_lane", "consignee"),
    ):
        counts = [hand.seen(kind, key) for kind in (part, whole) for key in keys[kind]]
        is_told = len(counts) == 2 and counts[1] > 0 and hand.is_known(part)
        assert row[name] == (pytest.approx(counts[0] / counts[1]) if is_told else None)
    for kind in ("consignee", "lane"):
        (key,) = keys[kind]
        first = max((box["days_ago"] for box in boxes if key in _keys(box)[kind]), default=0)
        weeks = min(max((first - 7) / 7, 1), 12)
        week = hand.seen(kind, key, days=7)
        usual = (hand.seen(kind, key, days=91) - week) / weeks
        is_told = first > 7 and usual > 0
        assert row[f"{kind}_ramp_ratio"] == (pytest.approx(week / usual) if is_told else None)


@given(boxes=_history, asked=_box)
@_FEW
def test_a_ledger_that_grew_day_by_day_says_what_the_whole_history_says(
    manifest_of, tmp_path_factory, boxes, asked
):
    workspace = Workspace(tmp_path_factory.mktemp("unit") / "w")
    create_ledger(workspace)
    for piece in _pieces(manifest_of, boxes) if boxes else ():
        with open_ledger(workspace) as connection:
            history.add(connection, piece)
    manifest = manifest_of([_row(asked, 99)])
    fetched = history.fetch(workspace, asked_keys(gather(manifest, _DAY), manifest.attributes))
    whole = _past(manifest_of, boxes)
    assert_frame_equal(fetched.kinds, whole.kinds, check_row_order=False)
    assert_frame_equal(
        assemble(manifest, fetched, _DAY), assemble(manifest, whole, _DAY), check_exact=True
    )


def test_a_kind_that_was_never_counted_is_unknown_and_not_new(manifest_of):
    boxes = [_plain(days_ago=400), _plain(days_ago=10)]
    whole = _past(manifest_of, boxes)
    row = assemble(manifest_of([_row(_plain(shipper="new"), 99)]), whole, _DAY).row(
        0, named=True
    )
    assert row["shipper_containers_before"] == 0
    old = history.Past(
        counts=whole.counts.filter(pl.col("kind") != "shipper"), habits=whole.habits
    )
    row = assemble(manifest_of([_row(_plain(shipper="new"), 99)]), old, _DAY).row(0, named=True)
    assert row["shipper_containers_before"] is None
    assert row["shipper_find_rate"] is None


@pytest.mark.parametrize(("days_ago", "expected"), [(1, None), (91, None), (92, 0)])
def test_a_kind_counted_late_is_silent_until_it_is_no_longer_new(
    manifest_of, days_ago, expected
):
    nameless = _plain(days_ago=500, shipper=None)
    past = _past(
        manifest_of, [nameless, _plain(days_ago=days_ago, is_find=True, known_after=0)]
    )
    row = assemble(manifest_of([_row(_plain(shipper="new"), 99)]), past, _DAY).row(
        0, named=True
    )
    assert row["shipper_containers_before"] == expected
    assert row["consignee_containers_before"] == 2


def test_a_profile_is_the_cargo_word_for_word(manifest_of):
    past = _past(
        manifest_of, [_plain(days_ago=3, is_find=True, known_after=0, shipper="other")]
    )
    copied = assemble(manifest_of([_row(_plain(), 99)]), past, _DAY).row(0, named=True)
    changed = _row(_plain(), 99)
    changed["goods"][0]["gross_mass_kg"] = 100.5
    other = assemble(manifest_of([changed]), past, _DAY).row(0, named=True)
    assert (copied["profile_containers_before"], copied["profile_examined_before"]) == (1, 1)
    assert other["profile_containers_before"] == 0
    assert copied["days_since_profile_seen"] == 3


def _plain(**said):
    return {
        "days_ago": 0,
        "shipper": "acme",
        "shipper_country": "EC",
        "consignee": "buyer",
        "port": "ECGYE",
        "codes": ["080390"],
        "origin": "EC",
        "genus": "X|A",
        "is_find": None,
        "known_after": 0,
    } | said
