"""How like a header is to each canonical field: known as it stands, or by the meaning of its words."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from rapidfuzz import fuzz, process

from riskengine.domain import PartyRole
from riskengine.manifest.headers import recognise
from riskengine.manifest.vocabulary import folded, header_synonyms, units

CURRENCY = "CURRENCY"
"""Not a field: the column that names the currency of an amount."""

KNOWN, MEANT = 1.0, 0.9
"""Likeness of a header that is known as it stands, and of one whose words all mean the field."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BILL = re.compile(r"\bb l\b")
_DIGITS_AT_END = re.compile(r"(\D)(\d+)$")
_FACTS = ("name", "address", "country", "tax", "phone", "email")
_FIELD_OF_FACT = {"tax": "tax_id"}
_ROLES = {role.value: role.value.removesuffix("_party") for role in PartyRole}
_FUZZY = 86
_FUZZY_LENGTH = 5
_PREFIX_LENGTH = 4
_SHORTEST_PIECE = 2
_LONGEST_HEADER = 120
_LONGEST_JOINED = 4
_UNKNOWN_WEIGHT = 0.7
_SECOND_OF_SEVERAL = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """What a header says.

    Attributes:
        fields: Canonical fields with their likeness, above 0 and at most 1.
        unit: The unit named at its end, or None.
        is_told: Some word of it has a meaning that is known.
        is_tax_said: It names the number by which the revenue knows a party.
    """

    fields: dict[str, float]
    unit: str | None = None
    is_told: bool = False
    is_tax_said: bool = False


def likeness(header: str) -> Likeness:
    """Return how like a header is to every field.

    >>> said = likeness("CNEE_ADDR")
    >>> max(said.fields, key=lambda field: said.fields[field])
    'consignee_address'
    """
    shown = header.strip()[:_LONGEST_HEADER]
    known = recognise(shown)
    words = _BILL.sub("bl", folded(_CAMEL.sub(" ", shown))).split()
    words, unit = _without_unit(words)
    fields = dict(_by_meaning(words))
    plain = header_synonyms().get(folded(shown)) or header_synonyms().get(" ".join(words))
    if known is not None:
        fields[known.field] = KNOWN
    elif plain is not None:  # money is known too, though its currency is not
        fields[plain[0]] = KNOWN
    told = bool(fields)
    return Likeness(
        fields=fields,
        unit=known.unit if known and known.unit else unit,
        is_told=told,
        is_tax_said=any("tax" in _meaning(word)[0] for word in words),
    )


def _without_unit(words: list[str]) -> tuple[list[str], str | None]:
    for length in (2, 1):
        if len(words) > length:
            unit = units().get(" ".join(words[-length:]))
            if unit is not None:
                return words[:-length], unit
    return words, None


def _by_meaning(words: list[str]) -> dict[str, float]:
    meanings: set[str] = set()
    unknown = 0.0
    quality = 1.0
    later = False
    joined = "".join(words)
    if len(words) > 1 and len(joined) <= _LONGEST_JOINED and joined in _meanings():
        words = [joined]  # F/E
    for word in words:
        match = _DIGITS_AT_END.search(word)
        bare = word if match is None else word[: match.start(2)]
        if match is not None and match.group(2) != "1" and word not in _meanings():
            later = True
        found, sureness = _meaning(word if word in _meanings() else bare)
        if found:
            meanings |= found
            quality = min(quality, sureness)
        elif not bare.isdigit() and bare not in _beside():
            unknown += _UNKNOWN_WEIGHT
        elif bare.isdigit() and bare != "1":
            later = True
    if not meanings:
        return {}
    scored: dict[str, float] = {}
    for field, sets in _fields().items():
        best = max(_overlap(meanings, wanted, unknown) for wanted in sets)
        if best > 0.5:  # noqa: PLR2004 - more in common than apart
            scored[field] = MEANT * best * quality * (1 - _SECOND_OF_SEVERAL * later)
    return scored


def _overlap(meanings: set[str], wanted: frozenset[str], unknown: float) -> float:
    common = len(meanings & wanted)
    return 2 * common / (len(meanings) + unknown + len(wanted))


@cache
def _meaning(word: str) -> tuple[frozenset[str], float]:
    """Return the meanings of one word, and how sure they are."""
    known = _meanings()
    if word in known:
        return known[word], 1.0
    pieces = _pieces(word)
    if pieces is not None:
        return pieces, 1.0
    if len(word) >= _PREFIX_LENGTH:
        begun = {known[other] for other in known if other.startswith(word)}
        if len(begun) == 1:
            return next(iter(begun)), 0.95
    if len(word) >= _FUZZY_LENGTH:
        near = process.extractOne(word, list(known), scorer=fuzz.ratio, score_cutoff=_FUZZY)
        if near is not None and len(near[0]) >= _FUZZY_LENGTH:
            return known[near[0]], near[1] / 100
    return frozenset(), 0.0


def _pieces(word: str) -> frozenset[str] | None:
    """Return the meanings of words written as one (``GROSSWEIGHT``), or None."""
    best: list[tuple[int, frozenset[str]] | None] = [None] * (len(word) + 1)
    best[0] = (0, frozenset())
    for end in range(1, len(word) + 1):
        for start in range(end - _SHORTEST_PIECE + 1):
            before = best[start]
            piece = word[start:end]
            if before is None or not (piece in _meanings() or piece in _beside()):
                continue
            made = (before[0] + 1, before[1] | _meanings().get(piece, frozenset()))
            standing = best[end]
            if standing is None or made[0] < standing[0]:
                best[end] = made
    whole = best[-1]
    if whole is None or whole[0] > 3 or not whole[1]:  # noqa: PLR2004 - more pieces are chance
        return None
    return whole[1]


@cache
def _meanings() -> dict[str, frozenset[str]]:
    """Return each word with its meanings; a word of two meanings has both."""
    known: dict[str, frozenset[str]] = {}
    for meaning, words in _table()["words"].items():
        for word in (meaning, *words):
            key = folded(word)
            known[key] = known.get(key, frozenset()) | {meaning}
    return known


@cache
def _fields() -> dict[str, tuple[frozenset[str], ...]]:
    fields = {
        field: tuple(frozenset(one.split()) for one in sets)
        for field, sets in _table()["fields"].items()
    }
    for role, meaning in _ROLES.items():
        for fact in _FACTS:
            field = f"{role}_{_FIELD_OF_FACT.get(fact, fact)}"
            sets = [frozenset({meaning, fact})]
            if fact == "name":
                sets += [frozenset({meaning})]
                if role == PartyRole.DECLARANT.value:
                    sets += [frozenset({meaning, "lodged", fact})]  # "decl" is short for both
            if fact == "tax":
                sets += [frozenset({meaning, "number"}), frozenset({meaning, "code"})]
            if role == PartyRole.NOTIFY_PARTY.value:
                sets += [one | {"party"} for one in sets]
            fields[field] = tuple(sets)
    return fields


@cache
def _beside() -> frozenset[str]:
    return frozenset(folded(word) for word in _table()["beside"])


@cache
def _table() -> dict[str, Any]:
    source = files("riskengine.manifest").joinpath("header_words.toml")
    return tomllib.loads(source.read_text("utf-8"))
