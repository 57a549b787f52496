"""A sentence as it is kept: the key of its text and what was put into it, so that any language can say it later.

What is kept is plain JSON. A day is kept as ``{"day": "2026-03-04"}``, and what is itself a text of the catalogue as
``{"key": …, "params": …}``: a label is said in the reader's language too.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from riskengine import messages
from riskengine.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_DAY: Final = "day"
_KEY: Final = "key"
_PARAMS: Final = "params"
_DEEPEST: Final = 2
# One sign more than is shown, so that what was cut is seen to be cut.
_LONGEST: Final = messages.LONGEST_TEXT + 1


def kept(params: Mapping[str, object]) -> dict[str, object]:
    """Return parameters as they are kept: JSON, and no text longer than is ever shown.

    >>> kept({"value": 1.5, "on": date(2026, 3, 4), "name": ""})
    {'value': 1.5, 'on': {'day': '2026-03-04'}, 'name': ''}
    """
    return {name: _kept(value) for name, value in params.items()}


def kept_text(key: str, params: Mapping[str, object]) -> dict[str, object]:
    """Return a text of the catalogue as a parameter of another."""
    return {_KEY: key, _PARAMS: kept(params)}


def said(key: str, params: Mapping[str, object], language: str = "en") -> str:
    """Return the sentence that was kept, in a language.

    >>> said("desk.explain.missing_fact", {"label": kept_text("fact.gross_mass_kg.label", {"name": ""})}, "es")
    'Masa bruta: no declarado'

    Raises:
        UsageError: The key or the language is not in the catalogue, or a parameter is missing or damaged.
    """
    return _said(key, params, language, _DEEPEST)


def _said(key: str, params: Mapping[str, object], language: str, depth: int) -> str:
    if depth == 0:
        raise UsageError("What was put into the sentence is damaged.")
    given = {name: _given(value, language, depth) for name, value in params.items()}
    return messages.render(key, given, language)


def _kept(value: object) -> object:
    if isinstance(value, date):
        return {_DAY: value.isoformat()}
    if isinstance(value, str):
        return value[:_LONGEST]
    return value


def _given(value: object, language: str, depth: int) -> object:
    if not isinstance(value, dict):
        return value
    held: Mapping[str, object] = value  # pyright: ignore[reportUnknownVariableType]
    key, params, day = held.get(_KEY), held.get(_PARAMS), held.get(_DAY)
    if isinstance(key, str) and isinstance(params, dict):
        return _said(key, params, language, depth - 1)  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(day, str):
        try:
            return date.fromisoformat(day)
        except ValueError as error:
            raise UsageError("What was put into the sentence is damaged.") from error
    raise UsageError("What was put into the sentence is damaged.")
