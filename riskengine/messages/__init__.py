"""Texts for people, in the four languages of the units: English, French, Spanish, Portuguese.

A text is stored as a key and parameters and rendered at reading, so that one explanation can be read
in any language, today or in five years. The files are ``<language>/<area>.toml``; a key is the area and
the path in its file, separated by dots. A large area has several files, ``<area>.<part>.toml``. Beside a text that counts may stand its singular, ``<key>_one``,
asking for the same values: it is used where the number counted is shown as 1, and only then.

What was explained once must read the same years later, although the catalogue has changed since: whoever has kept the
texts of that day (``riskengine.messages.kept``) puts them in the place of today's with ``speaking``.
"""

from __future__ import annotations

import re
import unicodedata
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from riskengine.errors import UsageError
from riskengine.messages.kept import Texts, flattened, source_of

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

LANGUAGES = ("en", "fr", "es", "pt")

_PLACEHOLDER = re.compile(r"\{([a-z_0-9]+)(?::(number|integer|percent|date))?\}")
LONGEST_TEXT = 300
_TINY = 0.01
_SPOKEN: ContextVar[Texts | None] = ContextVar("spoken", default=None)


def render(key: str, params: Mapping[str, object], language: str = "en") -> str:
    """Return the text of *key* in *language*, its placeholders filled.

    A placeholder is a name and one of four forms (``number``, ``integer``, ``percent``, ``date``); nothing in a
    catalogue or a parameter can reach further. A parameter that is None is shown as a dash.

    A text counts its ``value``, or where it asks for none, its only ``integer``. Where that is shown as 1 and
    the catalogue has a text ``<key>_one``, this text is taken.

    >>> [render("indicator.voyage_days.value", {"value": days}) for days in (1, 2)]
    ['The voyage takes 1 day.', 'The voyage takes 2 days.']

    Raises:
        UsageError: The key or the language is not in the catalogue, or a parameter is missing.
    """
    texts = _catalogue(language)
    spoken = _SPOKEN.get()
    if spoken is not None and _can_say(then := spoken.of(language), key, params):
        texts = then
    template = texts.get(key)
    if template is None:
        raise UsageError(f"The catalogue of messages has no text {key!r} in {language!r}.")
    if _is_one(template, params, language):
        template = texts.get(f"{key}_one", template)
    return fill(template, params, language)


def _can_say(texts: Mapping[str, str], key: str, params: Mapping[str, object]) -> bool:
    """Tell whether kept texts have a text of this key that asks for nothing but what is given today."""
    template = texts.get(key)
    return template is not None and all(name in params for name, _ in placeholders(template))


def has(key: str) -> bool:
    """Tell whether the catalogue that is spoken has a text of this key."""
    spoken = _SPOKEN.get()
    return has_today(key) if spoken is None else key in spoken.of("en")


def has_today(key: str) -> bool:
    """Tell whether the catalogue of this engine has a text of this key, whatever is spoken."""
    return key in _catalogue("en")


@contextmanager
def speaking(texts: Texts | None) -> Generator[None]:
    """Render with texts that were kept; a key that did not exist then has its text of today. None speaks today's.

    >>> with speaking(Texts({"en": {"verify.toml": "column.was = 'As kept'"}})):
    ...     render("verify.column.was", {}), render("verify.column.frame", {})
    ('As kept', 'Frame')
    """
    token = _SPOKEN.set(texts)
    try:
        yield
    finally:
        _SPOKEN.reset(token)


def fill(template: str, params: Mapping[str, object], language: str = "en") -> str:
    """Fill the placeholders of one text, as rule authors write them in ``because``.

    >>> fill("{count:integer} boxes, {share:percent} of {name}", {"count": 12, "share": 0.5, "name": "ACME"})
    '12 boxes, 50 % of ACME'

    Raises:
        UsageError: A parameter is missing.
    """

    def value_of(match: re.Match[str]) -> str:
        name, form = match.group(1), match.group(2)
        if name not in params:
            raise UsageError(f"The text {template!r} needs {name!r}.")
        return _shown(params[name], form, language)

    return _PLACEHOLDER.sub(value_of, template)


def visible(text: str, longest: int = LONGEST_TEXT) -> str:
    r"""Return *text* with everything that could move a cursor or turn the line made visible.

    Manifests come from adversaries: control characters, escape sequences and direction marks are shown as
    their code points, and a very long text is cut.

    >>> visible("\x1b[2Jempty")
    '<U+001B>[2Jempty'
    """
    if len(text) <= longest and text.isprintable():
        return text
    shown = "".join(
        f"<U+{ord(char):04X}>"
        if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        else char
        for char in text[:longest]
    )
    return f"{shown}…" if len(text) > longest else shown


def visible_lines(text: str) -> str:
    r"""Return a text of several lines, each as ``visible`` shows it, and none of them cut.

    >>> visible_lines("a\x1b[2J\nb")
    'a<U+001B>[2J\nb'
    """
    return "\n".join(visible(line, len(line)) for line in text.split("\n"))


def number(value: float, language: str = "en", decimals: int = 2) -> str:
    """Return a number as the readers of a language write it, without zeros that say nothing.

    >>> number(1234.5, "es"), number(-0.001, decimals=2)
    ('1.234,5', '0')

    Raises:
        UsageError: There are no texts in that language.
    """
    _catalogue(language)  # which refuses a language that there is none of
    return _number(value, language, decimals)


def placeholders(template: str) -> frozenset[tuple[str, str]]:
    """Return the names and forms that *template* asks for.

    >>> sorted(placeholders("{a} {b:number}"))
    [('a', ''), ('b', 'number')]
    """
    return frozenset((name, form or "") for name, form in _PLACEHOLDER.findall(template))


@cache
def _catalogue(language: str) -> dict[str, str]:
    if language not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise UsageError(
            f"There are no texts in {language!r}.", remedy=f"Choose one of {known}."
        )
    return flattened(source_of(language))


def _is_one(template: str, params: Mapping[str, object], language: str) -> bool:
    name, form = _counted(template)
    number = params.get(name)
    # Most numbers are far from 1, and are not written out to be told from it.
    return (
        isinstance(number, (int, float))
        and 0.5 < number < 1.5  # noqa: PLR2004
        and _shown(number, form, language) == "1"
    )


@cache
def _counted(template: str) -> tuple[str, str]:
    """Return the name and form of the number that the words of *template* agree with, or empty ones.

    >>> _counted("{name} is {value:number} in {lines:integer} lines")
    ('value', 'number')
    >>> _counted("{path}: {rules:integer} rules")
    ('rules', 'integer')
    """
    asked = placeholders(template)
    counts = [(name, form) for name, form in asked if name == "value"] or [
        (name, form) for name, form in asked if form == "integer"
    ]
    is_counting = len(counts) == 1 and counts[0][1] in {"integer", "number"}
    return counts[0] if is_counting else ("", "")


def _shown(value: object, form: str | None, language: str) -> str:
    if value is None:
        return "-"
    if form == "date":
        return _date(value, language)
    if form is None or not isinstance(value, (int, float)):
        return visible(str(value))
    if form == "percent":
        return f"{_number(value * 100, language, _decimals(value, 0, 2))} %"
    return _number(value, language, 0 if form == "integer" else _decimals(value, 2, 4))


def _decimals(value: float, usual: int, tiny: int) -> int:
    return usual if value == 0 or abs(value) >= _TINY else tiny


def _number(value: float, language: str, decimals: int) -> str:
    thousands, point = {
        "en": (",", "."),
        "fr": ("\u202f", ","),
        "es": (".", ","),
        "pt": (".", ","),
    }[language]
    text = f"{value:z,.{decimals}f}"  # z: what rounds to zero has no sign
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.translate(str.maketrans({",": thousands, ".": point}))


def _date(value: object, language: str) -> str:
    # Babel is slow to import and seldom needed.
    from babel.dates import format_date  # noqa: PLC0415

    if not isinstance(value, date):
        return visible(str(value))
    return format_date(value, format="medium", locale=language)
