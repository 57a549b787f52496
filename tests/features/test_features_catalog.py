"""The catalogue: names, texts, registration and the page written from it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from riskengine import messages
from riskengine.errors import UsageError
from riskengine.features.catalog import catalog, expressions
from riskengine.features.field import Register
from riskengine.features.reference import page

_ATTRIBUTE_TEXTS = {
    "attribute", "attribute_total", "attribute_mean", "attribute_distinct_count",
    "attribute_find_rate", "attribute_find_rate_mean", "attribute_recent_find_rate",
    "attribute_containers_before",
    "attribute_quantity_deviation",
}  # fmt: skip


def test_every_name_stands_once():
    names = [field.name for field in catalog()]
    assert len(names) == len(set(names))


def test_facts_stand_before_indicators_and_there_are_enough_of_both():
    roles = [field.role for field in catalog()]
    assert roles == sorted(roles, key=("fact", "indicator").index)
    assert roles.count("indicator") >= 75
    assert roles.count("fact") >= 60


def test_every_indicator_has_an_expression_of_its_name():
    drawn = [field.name for field in catalog() if field.role == "indicator"]
    assert [expression.meta.output_name() for expression in expressions()] == drawn


def test_every_indicator_says_what_it_means_when_it_is_unknown_and_where_it_comes_from():
    for field in catalog():
        if field.role == "indicator":
            said = field.meaning.lower().split()
            assert "source:" in said, field.name
            assert "null" in said or field.is_always_known, field.name


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_every_field_speaks_every_language_with_what_it_is_given(language):
    texts = messages._catalogue(language)
    for field in catalog():
        assert texts[f"{field.key}.label"]
        assert not messages.placeholders(texts[f"{field.key}.label"])
        sentences = [
            texts[f"{field.key}.{part}"]
            for part in ("value", "yes", "no")
            if f"{field.key}.{part}" in texts
        ]
        given = {"value", *(param for param, _ in field.companions)}
        for sentence in sentences:
            assert {name for name, _ in messages.placeholders(sentence)} <= given, field.name
            assert sentence.endswith("."), sentence


def test_languages_agree_on_texts_and_placeholders():
    english = _texts("en")
    for language in messages.LANGUAGES:
        assert _texts(language) == english


def test_no_text_speaks_of_a_field_that_is_not_there():
    named = {field.key for field in catalog()} | {
        f"indicator.{name}" for name in _ATTRIBUTE_TEXTS
    }
    assert {key.rsplit(".", 1)[0] for key in _texts("en")} == named


def test_an_indicator_without_docstring_is_refused():
    with pytest.raises(UsageError, match="no docstring"):
        Register("cargo").indicator()(lambda: pl.col("gross_mass_kg"))


def test_an_indicator_without_texts_is_refused():
    def is_never_heard_of() -> pl.Expr:
        """Nobody wrote its texts."""
        return pl.lit(value=True)

    with pytest.raises(UsageError, match=r"indicator\.is_never_heard_of\.label"):
        Register("cargo").indicator()(is_never_heard_of)


def test_a_number_that_only_has_yes_and_no_is_refused():
    def is_reefer() -> pl.Expr:
        """Registered as a number by mistake."""
        return pl.lit(1)

    with pytest.raises(UsageError, match=r"indicator\.is_reefer\.value"):
        Register("cargo").indicator(kind="number")(is_reefer)


def test_two_indicators_of_one_name_are_refused():
    def is_reefer() -> pl.Expr:
        """The first."""
        return pl.lit(value=True)

    register = Register("equipment")
    register.indicator()(is_reefer)
    with pytest.raises(UsageError, match="two indicators"):
        register.indicator()(is_reefer)


def test_the_page_of_indicators_is_up_to_date():
    """``python -m riskengine.features.reference > docs/indicators.md`` writes it anew."""
    written = Path(__file__).parents[2] / "docs" / "indicators.md"
    assert written.read_text("utf-8") == page()


def _texts(language):
    return {
        key: messages.placeholders(text)
        for key, text in messages._catalogue(language).items()
        if key.startswith(("indicator.", "fact."))
    }
