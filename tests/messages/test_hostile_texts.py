"""Texts for people hold against adversaries, tiny numbers and every count."""

from __future__ import annotations

import math
import re
import string
import unicodedata
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine import messages

HOSTILE = (
    "\x1b[2J\x1b]0;owned\x07",
    "\u202egnp.exe",
    "\u2066left\u2069",
    "line one\r\nline two\x85three\u2028four",
    "\x00\x7f\x9b31m",
    "\ufeffzero\u200bwidth\u200djoiner",
    "{label} {value:number} {x.__class__}",
    "[bold]markup[/bold] \\[not]",
)
CATALOGUES = {language: messages._catalogue(language) for language in messages.LANGUAGES}
PAIRS = [(language, key) for language, texts in CATALOGUES.items() for key in texts]


def has_nothing_unseen(text):
    return not {unicodedata.category(char) for char in text} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_a_hostile_text_is_shown_and_moves_nothing(hostile, language):
    assert has_nothing_unseen(messages.fill("{goods}", {"goods": hostile}, language))


@settings(max_examples=50, deadline=None)
@given(text=st.text(), longest=st.integers(1, 400))
def test_no_text_at_all_moves_a_cursor_or_floods_a_page(text, longest):
    shown = messages.visible(text, longest)
    assert has_nothing_unseen(shown)
    # A character that cannot be seen takes the place of its code point, ten at most.
    assert len(shown) <= 10 * longest + 1


@settings(max_examples=50, deadline=None)
@given(text=st.text(alphabet=string.ascii_letters + "éñçãßø漢字 .,-/&'"))
def test_a_harmless_text_is_shown_as_it_is(text):
    assert messages.visible(text, 10_000) == text


def test_a_parameter_is_not_filled_again():
    """What stands between braces in a manifest is no placeholder."""
    filled = messages.fill("{a} {b}", {"a": "{b:number}", "b": 5})
    assert filled == "{b:number} 5"


def test_a_very_long_text_is_cut_and_says_so():
    shown = messages.fill("{goods}", {"goods": "BANANAS " * 1000})
    assert len(shown) == messages.LONGEST_TEXT + 1
    assert shown.endswith("…")


@pytest.mark.parametrize("form", ["number", "integer", "percent", "date"])
@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_form_is_no_way_round(form, hostile):
    """A text where a number or a day is expected is made safe all the same."""
    assert has_nothing_unseen(messages.fill(f"{{x:{form}}}", {"x": hostile}))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (0.004, "0.004"),
        (0.0123, "0.01"),
        (-0.0004, "-0.0004"),
        (0.009999, "0.01"),
        (1e-9, "0"),
        (-1e-9, "0"),
        (1234567.891, "1,234,567.89"),
        (2.0, "2"),
        (100, "100"),
    ],
)
def test_a_number_keeps_the_digits_that_say_something(value, shown):
    assert messages.fill("{n:number}", {"n": value}) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0.25, "25 %"), (0.0042, "0.42 %"), (1.0, "100 %"), (0.0, "0 %")]
)
def test_a_share_is_a_percentage(value, shown):
    assert messages.fill("{n:percent}", {"n": value}) == shown


@settings(max_examples=50, deadline=None)
@given(
    value=st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15),
    language=st.sampled_from(messages.LANGUAGES),
)
def test_a_number_reads_back_as_what_was_meant(value, language):
    shown = messages.fill("{n:number}", {"n": value}, language)
    point = "." if language == "en" else ","
    digits = re.sub(rf"[^0-9{re.escape(point)}-]", "", shown).replace(point, ".")
    assert math.isclose(float(digits), value, rel_tol=1e-9, abs_tol=0.0051)
    if abs(value) < 0.01:
        assert abs(float(digits) - value) <= 0.00005001


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_a_day_is_written_out_and_no_language_swaps_day_and_month(language):
    shown = messages.fill("{d:date}", {"d": date(2026, 3, 4)}, language)
    assert "2026" in shown
    assert has_nothing_unseen(shown)


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_an_unknown_value_is_a_dash_in_every_form(language):
    for form in ("", ":number", ":integer", ":percent", ":date"):
        assert messages.fill(f"{{x{form}}}", {"x": None}, language) == "-"


def test_no_text_of_the_catalogue_leaves_a_brace_or_a_blank_too_many():
    """A misspelt placeholder would be shown to an officer as it stands."""
    wrong = [
        (language, key)
        for language, key in PAIRS
        if re.search(r"[{}]", messages._PLACEHOLDER.sub("", CATALOGUES[language][key]))
        or "  " in CATALOGUES[language][key]
        or CATALOGUES[language][key] != CATALOGUES[language][key].strip()
    ]
    assert wrong == []


def test_counts_are_worded_so_that_one_and_many_both_read_well():
    """No text tries a plural with a bracket, save where a rule's author is told to look."""
    wrong = [
        (language, key)
        for language, key in PAIRS
        if re.search(r"\w\((s|es|e|en|x|aux)\)", CATALOGUES[language][key])
    ]
    assert wrong == []


def test_no_text_holds_markup_or_escapes():
    wrong = [
        (language, key)
        for language, key in PAIRS
        if re.search(r"\[/?[a-z]+\]", CATALOGUES[language][key])
        or not has_nothing_unseen(
            CATALOGUES[language][key].replace("\u202f", "").replace("\u00a0", "")
        )
    ]
    assert wrong == []
