"""The words that exports use for headers, units, yes and no, and coded values, in four languages."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Any

_NUMERO = re.compile("n°", re.IGNORECASE)
_NOT_A_WORD = re.compile(r"[\W_]+")


def folded(text: str) -> str:
    """Return *text* without case, accents and punctuation, its words separated by one blank.

    >>> folded("Poids_brut (KG)"), folded(" N° de  scellé ")
    ('poids brut kg', 'no de scelle')
    """
    plain = unicodedata.normalize("NFKD", _NUMERO.sub("no", text).replace("°", " "))
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    return _NOT_A_WORD.sub(" ", letters.casefold()).strip()


@cache
def header_synonyms() -> dict[str, tuple[str, int]]:
    """Return each folded header with its canonical field and its place in the order of preference."""
    tables = _tables()
    known: dict[str, tuple[str, int]] = {}
    for field, synonyms in tables["headers"].items():
        for place, synonym in enumerate([field, *synonyms]):
            known.setdefault(folded(synonym), (field, place))
    for role, names in tables["roles"].items():
        for fact, endings in tables["facts"].items():
            field = f"{role}_{fact}"
            phrases = [folded(f"{name} {ending}") for name in names for ending in endings]
            phrases += [
                folded(f"{ending} {name}") for name in names for ending in endings if ending
            ]
            phrases += [
                folded(f"{ending} {link} {name}")
                for name in names
                for ending in endings
                for link in ("of", "of the", "de", "du", "de l", "del", "do", "da")
                if ending
            ]
            for place, phrase in enumerate([folded(field), *phrases]):
                known.setdefault(phrase, (field, place))
    return known


@cache
def units() -> dict[str, str]:
    """Return each folded spelling of a unit with the unit's own name."""
    return {
        folded(spelling): unit
        for unit, spellings in _tables()["units"].items()
        for spelling in spellings
    }


@cache
def coded_values(field: str) -> dict[str, str]:
    """Return each folded word that stands for a value of a category field, with that value."""
    values = _tables()["values"].get(field, {})
    own = {folded(value): value for value in values}
    return own | {folded(word): value for value, words in values.items() for word in words}


@cache
def flag_words(field: str) -> dict[str, bool]:
    """Return each folded word for yes or no in a flag field."""
    tables = _tables()["flags"]
    words: dict[str, bool] = {}
    for table in (tables["any"], tables.get(field, {})):
        for answer, spellings in table.items():
            words |= {folded(spelling): answer == "yes" for spelling in spellings}
    return words


@cache
def loose_cargo_words() -> frozenset[str]:
    """Return the folded words that say that there is no container."""
    return frozenset(folded(word) for word in _tables()["loose"]["words"])


@cache
def _tables() -> dict[str, Any]:
    text = files("riskengine.manifest").joinpath("synonyms.toml").read_text("utf-8")
    return tomllib.loads(text)
