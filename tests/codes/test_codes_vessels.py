"""IMO ship numbers."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import imo

from riskengine.codes import vessels


@given(st.integers(min_value=0, max_value=9_999_999))
@settings(max_examples=50, deadline=None)
def test_an_independent_reading_of_ship_numbers_agrees(number):
    text = f"{number:07d}"
    column = pl.DataFrame({"imo": [text]})
    assert vessels.is_imo_number(text) is imo.is_valid(text)
    assert column.select(vessels.has_valid_imo(pl.col("imo"))).item() is imo.is_valid(text)


def test_what_is_no_ship_number_is_unknown_and_null_stays_null():
    column = pl.DataFrame({"imo": ["IMO 9074729", "907472", "MSC ANNA", "", None]})
    valid = column.select(vessels.has_valid_imo(pl.col("imo"))).to_series().to_list()
    assert valid == [True, None, None, None, None]
