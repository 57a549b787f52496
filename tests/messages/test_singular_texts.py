"""A text that counts one thing says so in the singular."""

from __future__ import annotations

import re

import pytest

from riskengine import messages

CATALOGUES = {language: messages._catalogue(language) for language in messages.LANGUAGES}
SINGULARS = [
    (language, key)
    for language, texts in CATALOGUES.items()
    for key in texts
    if key.endswith("_one")
]
VOYAGE = "indicator.voyage_days.value"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "The voyage takes 1 day."),
        ("fr", "Le voyage dure 1 jour."),
        ("es", "El viaje dura 1 día."),
        ("pt", "A viagem dura 1 dia."),
    ],
)
def test_one_is_singular_in_every_language(language, said):
    assert messages.render(VOYAGE, {"value": 1, "name": ""}, language) == said
    assert messages.render(VOYAGE, {"value": 1.0, "name": ""}, language) == said


@pytest.mark.parametrize("value", [-1, 0, 2, 11, 101, 1000, None])
def test_any_other_number_keeps_the_plural(value):
    assert messages.render(VOYAGE, {"value": value}).endswith(" days.")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "1", "one", -1.0])
def test_what_is_no_number_near_one_keeps_the_plural(value):
    assert messages.render(VOYAGE, {"value": value}).endswith(" days.")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.4, "The voyage takes 0 days."),
        (0.6, "The voyage takes 1 day."),
        (1.4, "The voyage takes 1 day."),
        (1.6, "The voyage takes 2 days."),
    ],
)
def test_the_words_agree_with_the_number_that_is_shown(value, said):
    assert messages.render(VOYAGE, {"value": value}) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.9, "The shipper usually sends 0.9 containers a week."),
        (1, "The shipper usually sends 1 container a week."),
        (1.001, "The shipper usually sends 1 container a week."),
        (1.25, "The shipper usually sends 1.25 containers a week."),
    ],
)
def test_a_number_with_decimals_is_one_only_where_it_reads_so(value, said):
    assert messages.render("indicator.shipper_weekly_usual.value", {"value": value}) == said


def test_where_a_text_has_no_value_its_only_integer_counts():
    params = {"path": "pack", "rules": 1}
    assert messages.render("desk.check.rules_none", params) == "pack: 1 rule, no fault."
    params = {"count": 1, "log_odds": 1.5}
    assert messages.render("desk.explain.and_more", params) == "and 1 weaker reason: 1.5"
    params = {"count": 2, "log_odds": 1}
    assert messages.render("desk.explain.and_more", params).startswith("and 2 weaker reasons")


def test_a_text_of_two_integers_or_a_share_counts_nothing():
    assert messages._counted("{a:integer} of {b:integer}") == ("", "")
    assert messages._counted("{value:percent} of {b:integer}") == ("", "")
    assert messages._counted("{name} is {value}") == ("", "")


def test_a_text_without_a_singular_is_taken_as_it_is():
    said = messages.render("fact.gross_mass_kg.value", {"value": 1})
    assert said == "The declared gross mass is 1 kg."


@pytest.mark.parametrize(("language", "key"), SINGULARS)
def test_a_singular_is_reached_and_asks_for_the_same_values_as_its_plural(language, key):
    texts = CATALOGUES[language]
    plural = texts[key.removesuffix("_one")]
    name, form = messages._counted(plural)
    params = {asked: 1 if asked == name else "x" for asked, _ in messages.placeholders(plural)}
    assert form
    assert messages.placeholders(texts[key]) == messages.placeholders(plural)
    assert messages.render(key.removesuffix("_one"), params, language) == messages.fill(
        texts[key], params, language
    )


def test_no_english_text_that_counts_one_thing_keeps_a_plural():
    """Units such as kg and km are the same for one and for many."""
    english = CATALOGUES["en"]
    wrong = []
    for key, text in english.items():
        name, form = messages._counted(text)
        # Never 1 are columns of the same header, and the past of what is usual; a line is numbered, not counted.
        if key == "defect.duplicate_header" or "usual_low" in text or name in {"", "line"}:
            continue
        said = english.get(f"{key}_one", text)
        if re.search(rf"{{{name}:{form}}}( [a-z]+)? [a-z]+[^s\W]s\b", said):
            wrong.append(key)
    assert wrong == []


@pytest.mark.parametrize("form", ["number", "integer", "percent"])
@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_nothing_is_shown_as_minus_zero(form, language):
    for value in (-1e-9, -0.0):
        shown = messages.fill(f"{{n:{form}}}", {"n": value}, language)
        assert shown.removesuffix(" %") == "0"
