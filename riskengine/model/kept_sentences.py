"""The sentences that a card keeps in English, as readers of other languages read them.

A card is part of a model's identity and keeps what was said when it was trained. A sentence of the catalogue is known again by
its English text, with the figures in it; any other stays as it was written.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final, Literal

from riskengine import messages

_WHYS: Final = ("nobody_opened", "undated", "unassessed", "reassessed", "unfound", "twice")
_REMARKS: Final = (
    "kept_trees",
    "too_few_to_judge",
    "together",
    "unnoted",
    "stands_for",
    "presumed",
    "twins",
    "one_day",
    "out_of_fold",
    "as_known",
    "few_for_past",
    "flat",
    "unmeasured",
    "unmeasured_before",
    "waiting",
    "later_folds",
    "trader_folds",
    "few_for_trees",
    "few_to_tune",
    "tuned",
    "habits",
    "habits_measured",
)
_KEYS: Final = {"why": _WHYS, "remark": _REMARKS}
# What stands in a sentence is a figure or a model's id: short, so that no card can make this slow.
_PARAM: Final = r"(?P<{name}>[0-9A-Za-z_.:-]{{1,64}})"
_HOLES: Final = {
    name: f"{{{name}}}"
    for name in (
        "area",
        "as_of_day",
        "best",
        "beyond",
        "containers",
        "each",
        "fair",
        "finds",
        "folds",
        "given",
        "least",
        "model",
        "most",
        "outcomes",
        "trees",
        "trials",
        "worth",
    )
}
_HOLE: Final = re.compile(r"\{(\w+)\}")
_BROKEN: Final = re.compile(r"\d{1,9}\.(\d{1,6})")


def retold(kind: Literal["why", "remark"], sentence: str, language: str) -> str:
    """Return a kept sentence in a language; one that the catalogue does not know as it was written.

    >>> retold("why", "nobody opened them", "fr")
    'personne ne les a ouverts'
    >>> retold("why", "the dog ate them", "fr")
    'the dog ate them'
    """
    if language == "en":
        return sentence
    for key, pattern in _patterns(kind):
        found = pattern.fullmatch(sentence)
        if found is not None:
            params = {
                name: _local(value, language) for name, value in found.groupdict().items()
            }
            return messages.render(key, params, language)
    return sentence


@cache
def _patterns(kind: Literal["why", "remark"]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    keys = [f"model.{kind}.{name}" for name in _KEYS[kind]]
    return tuple((key, re.compile(_pattern(messages.render(key, _HOLES)))) for key in keys)


def _pattern(template: str) -> str:
    pieces = _HOLE.split(template)  # text and names by turns
    return "".join(
        _PARAM.format(name=piece) if place % 2 else re.escape(piece)
        for place, piece in enumerate(pieces)
    )


def _local(value: str, language: str) -> str:
    broken = _BROKEN.fullmatch(value)
    return messages.number(float(value), language, len(broken[1])) if broken else value
