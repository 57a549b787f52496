"""Past finds out of fold: everyone's outcomes but one's own, whenever they became known."""

from __future__ import annotations

import functools
from datetime import date

import polars as pl
import pytest

from riskengine.engine.learning import learn, prepare
from riskengine.manifest import read_manifest
from riskengine.manifest.mapping import load_mapping
from riskengine.model.card import TrainingSettings

MAPPING = """
schema = 1
name = "a small history"

[columns]
bill_of_lading = "bill"
presented_on = "day"
consignee_name = "consignee"
hs_code = "hs"

[label]
column = "found"
outcome = { "0" = "nil", "1" = "discrepancy" }
known_on = "known"
"""
CONTAINERS = 60


def _rows(flipped=None):
    return [
        {
            "bill": f"B{place:03}",
            "day": date(2025, 1, 1 + place // 4).isoformat(),
            "consignee": f"TRADER {'ABCDEFG'[place % 7]}",
            "hs": "080390" if place % 2 else "850440",
            "found": str(int((place % 5 == 0) != (place == flipped))),
            "known": date(2025, 1, 2 + place // 4).isoformat(),
        }
        for place in range(CONTAINERS)
    ]


@pytest.fixture(scope="module")
def lessons_of(tmp_path_factory):
    folder = tmp_path_factory.mktemp("history")
    (folder / "mapping.toml").write_text(MAPPING)
    mapping = load_mapping(folder / "mapping.toml")

    @functools.cache
    def told(flipped=None, *, is_one_day=False):
        path = folder / f"history-{flipped}-{is_one_day}.csv"
        rows = pl.DataFrame(_rows(flipped))
        if is_one_day:
            rows = rows.with_columns(day=pl.lit("2025-01-01"))
        rows.write_csv(path)
        return prepare([read_manifest(path, mapping).manifest])

    return told


@pytest.fixture(scope="module")
def everyone(lessons_of):
    return lessons_of().out_of_fold(None)


def test_the_rows_are_those_of_the_history_in_its_order(lessons_of, everyone):
    lessons, told = lessons_of(), everyone
    assert told["container_id"].to_list() == lessons.frame["container_id"].to_list()
    assert set(lessons.frame.columns) - set(told.columns) <= {
        "is_find",
        "known_on",
        "selection_probability",
    }


def test_the_first_days_know_the_outcomes_of_the_others(lessons_of, everyone):
    second = pl.col("assessed_on") == date(2025, 1, 2)
    assert lessons_of().frame.filter(second)["commodity_find_rate"].null_count() == 4
    assert everyone.filter(second)["commodity_find_rate"].null_count() == 0


def test_a_history_of_one_day_knows_the_outcomes_of_the_others(lessons_of):
    lessons = lessons_of(is_one_day=True)
    assert lessons.frame["commodity_find_rate"].null_count() == CONTAINERS
    assert lessons.out_of_fold(None)["commodity_find_rate"].null_count() == 0


@pytest.mark.parametrize("flipped", [0, 59])
def test_no_container_is_told_its_own_outcome(lessons_of, everyone, flipped):
    one, other = everyone, lessons_of(flipped).out_of_fold(None)
    assert one[flipped].equals(other[flipped])
    assert not one["commodity_find_rate"].equals(other["commodity_find_rate"])


FOLDS = pl.Series([place % 3 for place in range(CONTAINERS)])


@pytest.mark.parametrize("is_one_day", [True, False])
def test_outcomes_of_the_fold_held_back_are_told_to_nobody(lessons_of, is_one_day):
    one, held_back, of_others = (
        lessons_of(flipped, is_one_day=is_one_day).out_of_fold(None, FOLDS, 0)
        for flipped in (None, 30, 31)
    )
    assert one.equals(held_back)
    assert not one.equals(of_others)


def test_outcomes_of_a_fold_are_told_to_the_others_alone(lessons_of):
    one, other = (
        lessons_of(flipped, is_one_day=True).out_of_fold(None, FOLDS, 0)
        for flipped in (None, 31)
    )
    own = FOLDS == 1
    assert one.filter(own).equals(other.filter(own))
    for fold in (0, 2):
        assert not one.filter(fold == FOLDS).equals(other.filter(fold == FOLDS))


def test_what_became_known_on_a_day_or_later_may_be_left_out(lessons_of):
    day = date(2025, 1, 10)
    one, other = (lessons_of(place).out_of_fold(day) for place in (None, 59))
    assert one.equals(other)


def test_what_nobody_opened_can_be_learned_from_as_nils_beside_it(tmp_path):
    days = [date(2025, 1, 1 + place // 20) for place in range(600)]
    frame = pl.DataFrame(
        {
            "bill": [f"B{place:03}" for place in range(600)],
            "day": days,
            "consignee": [f"TRADER {'ABCDEFG'[place % 7]}" for place in range(600)],
            "hs": ["080390" if place % 2 else "850440" for place in range(600)],
            "found": [
                None if place % 3 == 0 else str(int(place % 5 == 0)) for place in range(600)
            ],
            "known": [None if place % 3 == 0 else days[place] for place in range(600)],
        }
    )
    frame.write_csv(tmp_path / "history.csv")
    (tmp_path / "mapping.toml").write_text(MAPPING)
    mapping = load_mapping(tmp_path / "mapping.toml")
    lessons = prepare([read_manifest(tmp_path / "history.csv", mapping).manifest])
    settings = TrainingSettings(trees_at_most=20, members=1)
    card = learn(lessons, settings, presume_nils=True).card
    assert card.window.containers > lessons.frame.height == 400


def test_only_past_finds_differ_from_what_was_known_on_the_day(lessons_of, everyone):
    told = everyone
    same = lessons_of().frame.select(told.columns)
    differing = {name for name in told.columns if not told[name].equals(same[name])}
    assert differing
    assert all("find" in name or "examined" in name for name in differing)
