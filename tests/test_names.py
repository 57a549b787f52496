"""Party names: one key for the spellings of a name, null where nobody is named."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.names import name_key, nearest, similarity


def key(name: str | None) -> str | None:
    return pl.select(name_key(pl.lit(name, dtype=pl.String))).item()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ACME FRUTAS S.A.", "Ácme  frutas, SA"),
        ("Frutas Acme Cía. Ltda.", "ACME FRUTAS LTDA"),
        ("Grupo Azul S. de R.L. de C.V.", "Grupo Azul"),
        ("A.B.C. Trading Co., Ltd.", "ABC TRADING"),
        ("Kuehne & Nagel GmbH", "KUEHNE AND NAGEL"),
        ("Société du Port SARL", "societe du port"),
        ("Pesquera Sur E.I.R.L.", "PESQUERA SUR EIRL"),
        ("Noord Fruit B.V.", "Noord Fruit BV"),
        ("Московский Порт", "moskovskiy port"),
    ],
)
def test_spellings_of_one_party_have_one_key(one: str, other: str):
    assert key(one) == key(other) is not None


@pytest.mark.parametrize(
    "name",
    [
        None,
        "",
        "  ",
        "N/A",
        "-",
        "TO ORDER",
        "To the order",
        "Same as consignee",
        "A LA ORDEN",
        "...",
    ],
)
def test_where_nobody_is_named_there_is_no_key(name: str | None):
    assert key(name) is None


def test_a_name_that_is_only_a_legal_form_keeps_it():
    assert key("S.A.") == "sa"


def test_parties_known_by_number_keep_their_numbers_apart():
    assert key("QLRUBN9") != key("QLRUBN8")


@given(st.text(max_size=40))
@settings(max_examples=50, deadline=None)
def test_a_key_is_its_own_key_and_does_not_hang_on_case(name: str):
    """Normalising twice changes nothing; upper case changes nothing that ASCII can say."""
    one = key(name)
    assert one is None or one == one.casefold()
    if name.isascii():
        assert key(name.upper()) == one


@given(
    st.lists(
        st.sampled_from(["rio", "claro", "frutas", "del", "litoral"]), min_size=1, max_size=5
    ),
    st.randoms(),
)
@settings(max_examples=50, deadline=None)
def test_the_order_of_words_does_not_matter(words: list[str], chance):
    shuffled = list(words)
    chance.shuffle(shuffled)
    assert key(" ".join(words)) == key(" ".join(shuffled))


def test_similar_names_are_told_from_others():
    assert similarity("Bananera Rio Claro S.A.", "BANANERA RIO CLARRO") > 0.95
    assert similarity("Bananera Rio Claro S.A.", "Nordic Fish AS") < 0.5


def test_the_nearest_name_is_found_above_the_cutoff_only():
    watched = ["Reciclajes Costa Azul S.A.S.", "Nordic Fish AS"]
    found = nearest(
        ["RECICLAJE COSTA AZUL", "Papierfabriek Leie NV", "N/A"], watched, cutoff=0.9
    )
    assert {name: near for name, (near, _) in found.items()} == {
        "RECICLAJE COSTA AZUL": "Reciclajes Costa Azul S.A.S."
    }
