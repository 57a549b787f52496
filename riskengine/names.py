"""Party names made comparable: one key for the spellings of a name, and names that are almost the same."""

from __future__ import annotations

import re
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING

import polars as pl
from anyascii import anyascii
from rapidfuzz import fuzz, process

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_NOT_A_WORD = re.compile(r"[^a-z0-9]+")
_CONNECTING = frozenset({"and", "y", "et", "und"})

# How companies are founded in the countries whose manifests we read, after transliteration.
_LEGAL_PHRASES = (
    "sociedad anonima cerrada",
    "sociedad anonima de capital variable",
    "sociedad anonima",
    "sociedade anonima",
    "sociedade limitada",
    "societe anonyme",
    "societe a responsabilite limitee",
    "societe par actions simplifiee",
    "sociedad de responsabilidad limitada",
    "limited liability company",
    "public limited company",
    "s de rl de cv",
    "s de r l de c v",
    "s de rl",
    "sa de cv",
    "sab de cv",
    "sapi de cv",
    "s en c",
    "sp z oo",
)
_LEGAL_WORDS = frozenset(
    [
        "sa",
        "sac",
        "saa",
        "sas",
        "sasu",
        "sarl",
        "sarlu",
        "srl",
        "spa",
        "sau",
        "sl",
        "slu",
        "sapi",
        "eirl",
        "eurl",
        "eireli",
        "snc",
        "scs",
        "sca",
        "sci",
        "scrl",
        "ltda",
        "limitada",
        "ltd",
        "limited",
        "llc",
        "llp",
        "plc",
        "pty",
        "pvt",
        "pte",
        "inc",
        "incorporated",
        "corp",
        "corporation",
        "gmbh",
        "ohg",
        "bv",
        "nv",
        "bvba",
        "sprl",
        "aps",
        "sro",
        "doo",
        "dd",
        "kft",
        "oao",
        "ooo",
        "zao",
        "pjsc",
        "fze",
        "fzco",
        "fzc",
        "dmcc",
        "wll",
        "bhd",
        "sdn",
        "cia",
        "compania",
        "companhia",
        "compagnie",
        "company",
        "co",
    ]
)
_LEGAL_LAST_WORDS = frozenset(
    ["me", "epp", "cie", "ag", "kg", "as", "asa", "oy", "ab", "kk"]
)  # too short to go elsewhere
_PLACEHOLDERS = frozenset(
    {
        "na",
        "none",
        "null",
        "nil",
        "unknown",
        "desconocido",
        "inconnu",
        "desconhecido",
        "tba",
        "tbc",
        "tbn",
        "same",
        "same as above",
        "same as consignee",
        "same as shipper",
        "idem",
        "to order",
        "to the order",
        "order",
        "a la orden",
        "a ordre",
        "a l ordre",
        "a ordem",
        "to order of shipper",
        "to be advised",
        "xxx",
    }
)


def name_key(names: pl.Expr) -> pl.Expr:
    """Return a key that is the same for the usual spellings of one party's name.

    Case, accents, script, punctuation, legal form and the order of words do not matter. Null stays null,
    and what stands where no name is known ("TO ORDER", "SAME AS CONSIGNEE", "N/A") becomes null.

    >>> parties = pl.DataFrame({"name": ["Ácme  Frutas, S.A. de C.V.", "ACME FRUTAS SA", "To order"]})
    >>> parties.select(name_key(pl.col("name"))).to_series().to_list()
    ['acme frutas', 'acme frutas', None]
    """
    return names.map_batches(_keys, return_dtype=pl.String)


def similarity(one: str, other: str) -> float:
    """Return how alike two names are once they are normalised, from 0 to 1.

    The share of letters that agree, in the best order of their words (rapidfuzz, token sort ratio).

    >>> similarity("Frutas del Oro S.A.", "FRUTAS DEL ORRO LTDA")
    0.97
    """
    return round(fuzz.ratio(_key(one) or "", _key(other) or "") / 100, 2)


def nearest(
    names: Iterable[str], among: Iterable[str], *, cutoff: float = 0.85
) -> dict[str, tuple[str, float]]:
    """Return for each name the most similar one of *among*, with its similarity from 0 to 1.

    Names with nothing as similar as *cutoff* are left out; of equals the first counts.

    >>> nearest(["ACME FRUTAS SA"], ["Nordic Fish AS", "Acme Fruta"])
    {'ACME FRUTAS SA': ('Acme Fruta', 0.95)}
    """
    known = [(key, name) for name in among if (key := _key(name)) is not None]
    keys = [key for key, _ in known]
    found: dict[str, tuple[str, float]] = {}
    for name in dict.fromkeys(names):
        key = _key(name)
        best = (
            None
            if key is None
            else process.extractOne(key, keys, scorer=fuzz.ratio, score_cutoff=100 * cutoff)
        )
        if best is not None:
            found[name] = (known[best[2]][1], round(best[1] / 100, 2))
    return found


def keys_near(key: str, among: Sequence[str], *, cutoff: float) -> list[str]:
    """Return those of *among* that are one name with *key*: as alike as *cutoff*, or its words and more.

    Args:
        key: A key as `name_key` gives it.
        among: Other such keys.
        cutoff: The least similarity, from 0 to 1.

    >>> keys_near("acme frutas", ["acme fruta", "acme frutas imports", "fish nordic"], cutoff=0.9)
    ['acme fruta', 'acme frutas imports']
    """
    words = set(key.split())
    alike = process.extract(
        key, among, scorer=fuzz.ratio, score_cutoff=100 * cutoff, limit=None
    )
    near = {found for found, _, _ in alike}
    return [
        other
        for other in among
        if other in near or words.issubset(found := other.split()) or words.issuperset(found)
    ]


def _keys(names: pl.Series) -> pl.Series:
    # Manifests repeat their parties, so each spelling is worked out once.
    spellings = names.unique().drop_nulls().to_list()
    keys = {spelling: _key(spelling) for spelling in spellings}
    return names.replace_strict(keys, default=None, return_dtype=pl.String)


def _key(name: str) -> str | None:
    text = _NOT_A_WORD.sub(" ", anyascii(name).casefold()).strip()
    if not text or text in _PLACEHOLDERS:
        return None
    words = _joined_initials([word for word in text.split() if word not in _CONNECTING])
    if " ".join(words) in _PLACEHOLDERS:
        return None
    bare = _without_legal_form(words)
    return " ".join(sorted(bare or words or text.split()))


def _joined_initials(words: list[str]) -> list[str]:
    """Join letters that stand alone: ``s a c`` and ``S.A.C.`` are ``sac``."""
    joined: list[str] = []
    for is_letter, group in groupby(words, key=lambda word: len(word) == 1 and word.isalpha()):
        run = list(group)
        joined.extend(["".join(run)] if is_letter else run)
    return joined


def _without_legal_form(words: list[str]) -> list[str]:
    text = f" {' '.join(words)} "
    for phrase in _phrases():
        text = text.replace(f" {phrase} ", " ")
    kept = [word for word in text.split() if word not in _LEGAL_WORDS]
    while len(kept) > 1 and kept[-1] in _LEGAL_LAST_WORDS:
        kept.pop()
    return kept


@cache
def _phrases() -> tuple[str, ...]:
    spelled = {" ".join(_joined_initials([*phrase.split()])) for phrase in _LEGAL_PHRASES}
    return tuple(sorted(spelled, key=len, reverse=True))
