"""Container numbers and size types: the standard's laws, and an independent reading of it."""

from __future__ import annotations

import string

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from stdnum import iso6346

from riskengine.codes import containers

owners = st.text(string.ascii_uppercase, min_size=3, max_size=3)
categories = st.sampled_from("UJZ")
serials = st.text(string.digits, min_size=6, max_size=6)
signs = st.sampled_from("0123456789")


def ask(function, *texts):
    column = pl.DataFrame({"number": texts}, schema={"number": pl.String})
    return column.select(function(pl.col("number"))).to_series().to_list()


@given(owners, categories, serials)
@settings(max_examples=50, deadline=None)
def test_a_number_with_its_own_check_digit_is_valid(owner, category, serial):
    number = f"{owner}{category}{serial}"
    number += str(containers.check_digit(number))
    assert containers.is_container_number(number)
    assert ask(containers.has_valid_check_digit, number) == [True]
    assert ask(containers.owner_code, number) == [owner]
    assert ask(containers.category, number) == [category]


@given(owners, categories, serials, signs)
@settings(max_examples=50, deadline=None)
def test_an_independent_reading_of_the_standard_agrees(owner, category, serial, digit):
    number = f"{owner}{category}{serial}{digit}"
    assert containers.is_container_number(number) is iso6346.is_valid(number)
    assert ask(containers.has_valid_check_digit, number) == [iso6346.is_valid(number)]
    assert ask(containers.expected_check_digit, number) == [
        int(iso6346.calc_check_digit(number[:-1]))
    ]


@given(st.text(max_size=20))
@example("csqu\u00a0305438-3")
@example("ﬁßŉ/-")
@settings(max_examples=50, deadline=None)
def test_normalising_twice_changes_nothing(text):
    (once,) = ask(containers.normalise, text)
    if once is not None:
        assert ask(containers.normalise, once) == [once]


@given(st.text(max_size=14))
@settings(max_examples=50, deadline=None)
def test_scalar_and_column_give_the_same_answer(text):
    assert (ask(containers.has_valid_check_digit, text) == [True]) is (
        containers.is_container_number(text)
    )


def test_every_usual_spelling_of_a_number_is_the_same_number():
    spellings = (
        "CSQU3054383",
        " csqu 305438-3",
        "CSQU/305438/3",
        "CSQU\u00a03054383",
        "CSQU.305438.3",
    )
    assert set(ask(containers.normalise, *spellings)) == {"CSQU3054383"}


def test_look_alike_letters_stay_and_are_seen_as_malformed():
    """A Cyrillic letter in place of a Latin C must not pass for the box it imitates."""
    assert ask(
        containers.has_number_shape, "\N{CYRILLIC CAPITAL LETTER ES}SQU3054383", "ÀBCU1234560"
    ) == [False, False]
    assert ask(
        containers.has_valid_check_digit, "\N{CYRILLIC CAPITAL LETTER ES}SQU3054383"
    ) == [None]


def test_null_stays_null_and_a_wrong_shape_has_no_check_digit():
    assert ask(containers.has_number_shape, None, "", "BULK") == [None, None, False]
    assert ask(containers.has_valid_check_digit, None, "", "BULK") == [None, None, None]
    assert ask(containers.owner_code, None, "BULK") == [None, None]


def test_a_check_digit_needs_four_letters_and_six_digits():
    with pytest.raises(ValueError, match="four letters"):
        containers.check_digit("CSQX305438")


@pytest.mark.parametrize(
    ("size_type", "family", "feet", "payload"),
    [
        ("22G1", "dry", 20.0, 28_300.0),
        ("45R1", "reefer", 40.0, 29_500.0),
        ("45RT", "reefer", 40.0, 29_500.0),
        ("22T6", "tank", 20.0, 32_700.0),
        ("42U1", "open_top", 40.0, 28_700.0),
        ("42P3", "flat", 40.0, 47_300.0),
        ("L5G1", "dry", 45.0, 29_000.0),
        ("2210", "dry", 20.0, 28_300.0),
        ("4532", "reefer", 40.0, 29_500.0),
        ("40' HC", "dry", 40.0, 28_800.0),
        ("20-RF", "reefer", 20.0, 27_700.0),
        ("42S1", "named_cargo", 40.0, 26_500.0),
        ("XX99", None, None, None),
        ("", None, None, None),
        (None, None, None, None),
    ],
)
def test_a_size_type_tells_family_length_and_payload(size_type, family, feet, payload):
    assert ask(containers.size_type_family, size_type) == [family]
    assert ask(containers.length_feet, size_type) == [feet]
    assert ask(containers.max_payload_kg, size_type) == [payload]


def test_an_unknown_size_type_is_told_from_a_missing_one():
    assert ask(containers.is_size_type, "22G1", "XX99", None) == [True, False, None]
