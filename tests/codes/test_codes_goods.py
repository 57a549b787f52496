"""The Harmonized System, the lists of goods, and the words of descriptions."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.codes import commodities, commodity_lists, goods_words, producers
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


def test_tropical_goods_are_grown_where_they_can_grow():
    grown = producers.is_producer(pl.col("hs"), pl.col("origin"))
    hs = ["080111", "0803.90", "080430", "180100", "8703", "080390", None]
    origin = ["NO", "EC", "CR", "CI", "NO", None, "EC"]
    assert ask(grown, hs=hs, origin=origin) == [False, True, True, True, None, None, None]


@pytest.mark.parametrize(
    "text",
    [
        "GENERAL CARGO", "F.A.K.", "Said to contain: goods", "Mercancías varias", "Marchandises diverses",
        "CARGA GERAL", "parts", "1X40'HC STC PERSONAL EFFECTS", "24000 KGS", "samples",
    ],
)  # fmt: skip
def test_a_description_that_names_nothing_is_vague(text):
    assert ask(goods_words.is_vague(pl.col("text")), text=[text]) == [True]


@pytest.mark.parametrize(
    "text",
    ["Fresh Cavendish bananas", "Pièces de rechange pour pompes", "café en grano", "香蕉"],
)
def test_a_description_that_names_goods_is_not_vague(text):
    assert ask(goods_words.is_vague(pl.col("text")), text=[text]) == [False]


def test_a_missing_description_is_neither():
    assert ask(goods_words.is_vague(pl.col("text")), text=[None, "", "--"]) == [
        None,
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("description", "hs", "contradiction"),
    [
        ("Bananos frescos", "080390", False),
        ("BANANES", "720449", True),
        ("Crevettes congelées", "0306", False),
        ("Carvão vegetal", "440290", False),
        ("Azúcar blanca", "8703", True),
        ("Widgets", "8479", None),
        ("Bananas", None, None),
        (None, "080390", None),
    ],
)
def test_words_and_code_contradict_each_other_only_where_both_are_known(
    description, hs, contradiction
):
    expression = goods_words.contradicts(pl.col("text"), pl.col("hs"))
    assert ask(expression, text=[description], hs=[hs]) == [contradiction]


def test_parties_that_are_none_are_seen():
    names = [
        "N/A",
        "Same as consignee",
        "Desconhecido",
        "---",
        "Exportadora Machala S.A.",
        None,
    ]
    seen = ask(goods_words.is_placeholder(pl.col("name")), name=names)
    assert seen == [True, True, True, True, False, None]


def test_order_phrases_forwarders_boxes_and_free_mail_are_seen():
    column = pl.col("text")
    assert ask(goods_words.is_to_order(column), text=["TO ORDER", "A la orden de X", "Acme", None]) == [
        True, True, False, None,
    ]  # fmt: skip
    assert ask(goods_words.is_forwarder_name(column), text=["Acme Logistics Ltd", "Acme Fruits"]) == [
        True, False,
    ]  # fmt: skip
    assert ask(goods_words.is_post_office_box(column), text=["B.P. 12 Abidjan", "Rua 5"]) == [
        True,
        False,
    ]
    assert ask(goods_words.is_free_email(column), text=["a@gmail.com", "a@acme.ec", "phone"]) == [
        True, False, None,
    ]  # fmt: skip
