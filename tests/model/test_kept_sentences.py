"""What a card keeps in English is read in other languages, and what the catalogue does not know stays as it was written."""

from __future__ import annotations

import polars as pl
import pytest

from riskengine import messages
from riskengine.engine import counted_once, lessons
from riskengine.engine.founding import shipped
from riskengine.engine.weighting import inverse_chances
from riskengine.model import history, kept_sentences
from riskengine.model.bundle import read_card
from riskengine.model.card_page import Standing, sections_of
from riskengine.model.kept_sentences import retold

OTHERS = [language for language in messages.LANGUAGES if language != "en"]
WHYS = [
    lessons.NOBODY_OPENED,
    counted_once.TWICE,
    *lessons.WHY_OWN_ROWS_ARE_LEFT_OUT,
    lessons.NO_DAY,
]


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("why", WHYS)
def test_every_reason_to_leave_out_is_read_in_every_language(why, language):
    assert retold("why", why, "en") == why
    assert retold("why", why, language) != why


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_said_of_weights_is_read_with_its_figures(language):
    said = inverse_chances(pl.Series([1.0, None, 0.1, 0.001])).remarks
    read = [retold("remark", one, language) for one in said]
    assert all(one != other for one, other in zip(said, read, strict=True))
    assert "50" in read[0]
    assert "1" in read[1]


@pytest.mark.parametrize("language", OTHERS)
def test_the_card_that_ships_is_read_without_english_sentences(language):
    card = read_card(shipped("models/baseline"))
    assert card.left_out
    assert card.remarks
    for kind, kept in (
        ("why", [one.why for one in card.left_out]),
        ("remark", card.remarks),
    ):
        assert all(retold(kind, one, language) != one for one in kept)


def test_figures_are_written_as_the_readers_write_them():
    kept = (
        "Past finds enter training as they were known on each day"
        " (average precision 0.254 out of fold, 0.242 as of each day on later days)."
    )
    assert "0,254" in retold("remark", kept, "fr")


def test_what_the_catalogue_does_not_know_stays_as_it_was_written():
    assert retold("remark", "An older engine said so.", "es") == "An older engine said so."
    long = "The trees are those of " + "x" * 100_000
    assert retold("remark", long, "pt") == long
    assert retold("remark", history._ONE_DAY, "pt") != history._ONE_DAY


def test_every_kept_text_of_the_catalogue_is_looked_for():
    for kind, names in kept_sentences._KEYS.items():
        listed = {f"model.{kind}.{name}" for name in names}
        there = {key for key in messages._catalogue("en") if key.startswith(f"model.{kind}.")}
        assert listed == there


@pytest.mark.parametrize("language", OTHERS)
def test_every_remark_is_known_again_by_its_english_text(language):
    figures = dict.fromkeys(kept_sentences._HOLES, "0.25")
    local = dict.fromkeys(kept_sentences._HOLES, messages.number(0.25, language))
    for name in kept_sentences._REMARKS:
        key = f"model.remark.{name}"
        kept = messages.render(key, figures)
        assert retold("remark", kept, language) == messages.render(key, local, language)


def test_the_page_of_the_card_that_ships_tells_them_to_its_readers():
    card = read_card(shipped("models/baseline"))
    sections = sections_of(card, Standing(), "fr")
    points = [point for _, section in sections for point in section.points]
    assert any("personne ne les a ouverts" in point for point in points)
    assert not any("Past finds" in point for point in points)
