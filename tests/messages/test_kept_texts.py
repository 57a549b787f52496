"""What was explained once reads the same years later, although the catalogue of messages has changed since."""

from __future__ import annotations

import json
import tomllib

import pytest

from riskengine import messages
from riskengine.errors import LedgerError, UsageError
from riskengine.ledger.kept_texts import keep_texts, kept_catalogues, read_texts
from riskengine.messages.kept import Texts, catalogue_sha256, catalogue_source, texts_from
from riskengine.workspace import Workspace

KEY = "indicator.voyage_days.value"


def of_then(**texts):
    """Return a catalogue of some day in English: area and name of each text, joined by two underlines."""
    files = {}
    for name, text in texts.items():
        area, _, key = name.partition("__")
        files[f"{area}.toml"] = f"{key.replace('__', '.')} = {json.dumps(text)}"
    return Texts({"en": files})


def test_a_text_that_was_kept_is_spoken_and_then_today_s_again():
    today = messages.render(KEY, {"value": 3})
    with messages.speaking(
        of_then(indicator__voyage_days__value="{value:integer} days at sea")
    ):
        assert messages.render(KEY, {"value": 3}) == "3 days at sea"
        # Its singular is that of its own day: there was none.
        assert messages.render(KEY, {"value": 1}) == "1 days at sea"
    assert messages.render(KEY, {"value": 3}) == today


def test_a_text_that_did_not_exist_then_has_the_words_of_today():
    with messages.speaking(of_then(desk__nothing="-")):
        assert messages.render(KEY, {"value": 3}) == "The voyage takes 3 days."
        assert messages.render("verify.column.was", {}, "fr") == "Enregistré"


def test_a_text_that_asks_for_what_nobody_gives_any_more_has_the_words_of_today():
    asking = of_then(
        indicator__voyage_days__value="{value:integer} days of {knots:number} knots"
    )
    with messages.speaking(asking):
        assert messages.render(KEY, {"value": 3}) == "The voyage takes 3 days."


def test_only_texts_of_that_day_are_said_to_be_there():
    """Where code looks whether there is a text, it must not find one that came later."""
    with messages.speaking(of_then(desk__nothing="-")):
        assert messages.has("desk.nothing")
        assert not messages.has(KEY)
        assert messages.has_today(KEY)
    assert messages.has(KEY)


def test_what_is_spoken_ends_also_where_something_goes_wrong():
    with pytest.raises(UsageError), messages.speaking(of_then(desk__nothing="-")):
        messages.render("desk.no_such_text", {})
    assert not messages.has("desk.nothing")


def test_one_within_another_speaks_and_gives_the_word_back():
    with messages.speaking(of_then(desk__nothing="outer")):
        with messages.speaking(of_then(desk__nothing="inner")):
            assert messages.render("desk.nothing", {}) == "inner"
        with messages.speaking(None):
            assert not messages.has("desk.nothing")
        assert messages.render("desk.nothing", {}) == "outer"


def test_a_kept_text_reaches_no_further_than_its_placeholders():
    with messages.speaking(of_then(desk__nothing="{a} {a.__class__} {b!r}")):
        said = messages.render("desk.nothing", {"a": "\x1b[2J", "b": 1})
    assert said == "<U+001B>[2J {a.__class__} {b!r}"


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_the_whole_catalogue_comes_back_as_it_was(language):
    texts = texts_from(catalogue_source(messages.LANGUAGES))
    assert texts.of(language) == messages._catalogue(language)
    assert len(texts.of(language)) > 1000


def test_the_same_texts_have_the_same_digest():
    assert catalogue_sha256(messages.LANGUAGES) != catalogue_sha256(messages.LANGUAGES[:1])
    assert len(catalogue_sha256(messages.LANGUAGES)) == 64


@pytest.mark.parametrize(
    "source", [b"", b"\xff", b"[]", b"3", b'{"en": 3}', b'{"en": {"a.toml": 3}}', b"[" * 9999]
)
def test_what_is_no_catalogue_is_refused(source):
    with pytest.raises(UsageError):
        texts_from(source)


def test_a_catalogue_is_kept_once_and_read_back(tmp_path):
    unit = Workspace(tmp_path)
    sha256 = catalogue_sha256(("en",))
    source = catalogue_source(("en",))
    keep_texts(unit, source, sha256)
    (file,) = unit.texts_folder.iterdir()
    before = file.stat().st_mtime_ns
    keep_texts(unit, source, sha256)
    assert file.stat().st_mtime_ns == before
    assert file.stat().st_size * 3 < len(source)
    assert read_texts(unit, sha256) == source
    assert kept_catalogues(unit) == (sha256,)


@pytest.mark.parametrize("content", [b"", b"no texts", b"x\x9c\x03\x00\x00\x00\x00\x01"])
def test_a_catalogue_that_was_changed_is_refused(tmp_path, content):
    unit = Workspace(tmp_path)
    sha256 = catalogue_sha256(("en",))
    keep_texts(unit, catalogue_source(("en",)), sha256)
    (file,) = unit.texts_folder.iterdir()
    file.chmod(0o600)
    file.write_bytes(content)
    with pytest.raises(LedgerError, match="not those that were written"):
        read_texts(unit, sha256)


@pytest.mark.parametrize("sha256", ["", "../../etc/passwd", "A" * 64, "a" * 64])
def test_what_nobody_kept_is_not_looked_for_elsewhere(tmp_path, sha256):
    with pytest.raises(LedgerError):
        read_texts(Workspace(tmp_path), sha256)


def test_what_is_kept_is_the_source_that_people_wrote():
    kept = json.loads(catalogue_source(("pt",)))["pt"]
    assert tomllib.loads(kept["verify.toml"])["column"]["container"] == "Contêiner"
