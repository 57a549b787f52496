"""The Harmonized System, the lists of goods, and the words of descriptions."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.codes import commodities, commodity_lists
from riskengine.errors import UsageError

hs6_codes = st.sampled_from(commodities.hs6_codes())


def ask(expression, **columns):
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    return frame.select(expression).to_series().to_list()


@given(hs6_codes)
@settings(max_examples=50, deadline=None)
def test_every_hs6_has_a_chapter_with_a_name_and_a_text(code):
    assert commodities.is_hs6(code)
    assert commodities.chapter_name(code[:2], "pt")
    assert commodities.describe(code)
    assert ask(commodities.chapter(pl.col("hs")), hs=[code]) == [code[:2]]


@given(hs6_codes, st.sampled_from(["", "10", "1000"]))
@settings(max_examples=50, deadline=None)
def test_normalising_an_honest_code_changes_nothing(code, national):
    assert ask(commodities.normalise_hs(pl.col("hs")), hs=[code + national]) == [
        code + national
    ]


@given(st.text(max_size=12))
@settings(max_examples=50, deadline=None)
def test_normalising_twice_changes_nothing(text):
    (once,) = ask(commodities.normalise_hs(pl.col("hs")), hs=[text])
    assert once is None or ask(commodities.normalise_hs(pl.col("hs")), hs=[once]) == [once]


@pytest.mark.parametrize(
    ("declared", "read"),
    [
        ("0803.90.10", "08039010"),
        ("80390", "080390"),  # the zero a spreadsheet ate
        ("80390.0", "080390"),
        ("803", "0803"),
        ("8039010", "08039010"),
        ("870323100", "870323100"),  # nine digits as Japan has them
        ("080390100", "080390100"),
        ("803901000", "0803901000"),
        ("8", None),
        ("bananas", None),
        ("0803.9O", None),  # a letter O
        ("", None),
        (None, None),
    ],
)
def test_a_declared_code_is_read_and_never_guessed(declared, read):
    assert ask(commodities.normalise_hs(pl.col("hs")), hs=[declared]) == [read]


def test_parts_of_a_short_code_are_unknown():
    assert ask(commodities.hs6(pl.col("hs")), hs=["0803", None]) == [None, None]
    assert ask(commodities.heading(pl.col("hs")), hs=["08", "0803"]) == [None, "0803"]


@pytest.mark.parametrize("name", commodity_lists.list_names())
def test_every_prefix_of_a_list_is_in_it(name):
    prefixes = list(commodity_lists.prefixes(name))
    assert all(ask(commodity_lists.is_in_list(pl.col("hs"), name), hs=prefixes))


def test_a_code_too_short_to_tell_is_unknown_not_absent():
    listed = commodity_lists.is_in_list(pl.col("hs"), "precursors")
    assert ask(listed, hs=["291524", "29152400", "2915", "29", "0803", None]) == [
        True, True, None, None, False, None,
    ]  # fmt: skip


def test_an_unknown_list_is_refused_and_the_known_ones_named():
    with pytest.raises(UsageError, match="precursors"):
        commodity_lists.prefixes("sweets")
