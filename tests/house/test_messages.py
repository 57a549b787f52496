"""Every text for people exists in every language of the units."""

from __future__ import annotations

import pytest

from riskengine import messages
from riskengine.errors import UsageError

ENGLISH = messages._catalogue("en")


@pytest.mark.parametrize("language", messages.LANGUAGES[1:])
def test_every_language_has_the_same_texts(language: str):
    """No key is missing, and none is left over."""
    assert set(messages._catalogue(language)) ^ set(ENGLISH) == set()


@pytest.mark.parametrize("language", messages.LANGUAGES[1:])
def test_every_translation_asks_for_the_same_values(language: str):
    """A translation that forgets the value says nothing."""
    other = messages._catalogue(language)
    differing = {
        k
        for k in ENGLISH
        if messages.placeholders(ENGLISH[k]) != messages.placeholders(other[k])
    }
    assert differing == set()


def test_a_text_shows_numbers_as_its_reader_writes_them():
    """1234.5 is 1,234.5 in English and 1.234,5 in Spanish."""
    assert messages.fill("{mass:number} kg", {"mass": 1234.5}, "en") == "1,234.5 kg"
    assert messages.fill("{mass:number} kg", {"mass": 1234.5}, "es") == "1.234,5 kg"
    assert messages.fill("{mass:number} kg", {"mass": 1234.5}, "fr") == "1\u202f234,5 kg"


def test_a_missing_value_is_a_dash_and_never_a_zero():
    """Null stays null, in a sentence too."""
    assert messages.fill("{mass:number} kg", {"mass": None}) == "- kg"


def test_a_text_cannot_reach_into_an_object():
    """Attribute access and format widths are no placeholders, so they stay as they are."""
    hostile = "{name.__class__} {name!r:>999999999}"
    assert messages.fill(hostile, {"name": "x"}) == hostile


def test_terminal_escapes_of_a_manifest_are_shown_not_obeyed():
    """A goods description cannot clear an officer's screen."""
    assert (
        messages.fill("{goods}", {"goods": "\x1b]0;x\x07SHOES\u202e"})
        == "<U+001B>]0;x<U+0007>SHOES<U+202E>"
    )


def test_an_unknown_key_or_language_is_refused():
    """A missing text is an error here, not an empty line on a sheet."""
    with pytest.raises(UsageError, match="no text"):
        messages.render("explain.nothing", {})
    with pytest.raises(UsageError, match="en, fr, es, pt"):
        messages.render("explain.title", {}, "xx")
