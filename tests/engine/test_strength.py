"""The words for log-odds: Jeffreys' grades, the same for and against, in four languages."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskengine import messages
from riskengine.engine.strength import (
    grades_in_words,
    is_strong_together,
    strength_in_words,
    strength_of,
    strength_word,
)

WORDS = ("slight", "moderate", "strong", "decisive")
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("times", "word"),
    [
        (1.0, "slight"),
        (3.1, "slight"),
        (3.2, "moderate"),
        (9.9, "moderate"),
        (10.01, "strong"),
        (99.0, "strong"),
        (100.01, "decisive"),
        (1e6, "decisive"),
    ],
)
def test_odds_multiplied_are_graded_as_jeffreys_grades_them(times, word):
    assert strength_of(math.log(times)) == word
    assert strength_of(-math.log(times)) == word


@given(one=NUMBERS, other=NUMBERS)
def test_what_moves_more_never_has_the_weaker_word(one, other):
    weaker, stronger = sorted((one, other), key=abs)
    assert WORDS.index(strength_of(weaker)) <= WORDS.index(strength_of(stronger))


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_every_word_says_which_way_it_speaks(language):
    amounts = [math.log(times) for times in (2, 5, 20, 1000)]
    told_for = [strength_in_words(amount, language) for amount in amounts]
    told_against = [strength_in_words(-amount, language) for amount in amounts]
    told = [*told_for, *told_against, strength_in_words(0.0, language)]
    assert len(set(told)) == len(told)
    assert len({strength_word(word, language) for word in WORDS}) == len(WORDS)


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_the_words_are_explained_as_they_are_graded(language):
    """The times that the text names are those at which the next word begins, to a whole number."""
    said = grades_in_words(language)
    least = {word: strength_word(word, language).capitalize() for word in WORDS}
    places = [said.index(word) for word in least.values()]
    assert places == sorted(places)
    assert [int(times) for times in re.findall(r"\d+", said)] == [3, 10, 100]
    for times, below, above in zip((3.1, 9.9, 99), WORDS, WORDS[1:], strict=False):
        assert strength_of(math.log(times)) == below
        assert strength_of(math.log(times * 1.03)) == above


@given(st.lists(st.floats(0, 2), max_size=12))
def test_reasons_are_strong_together_when_one_of_their_sum_would_be(amounts):
    alone = any(strength_of(amount) in {"strong", "decisive"} for amount in amounts)
    together = strength_of(math.fsum(amounts)) in {"strong", "decisive"}
    assert is_strong_together(amounts) is (together and not alone)
