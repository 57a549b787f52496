"""Descriptions of goods that describe nothing: which words, of which group, and what stands beside them."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

import polars as pl

from riskengine.codes.spelling import fold, fold_texts

NOTHING_SAID = "nothing"
"""The group of a description without a single word that anybody could read."""

_LEAST_TELLING = "anything"
_WORD = r"\p{L}{3,}|[^\x00-\x7F]{2,}"
_VOWEL_OR_OTHER_SCRIPT = r"[AEIOUY]|[^\x00-\x7F]"


@cache
def groups() -> dict[str, str]:
    """Return every stop word, folded, with its group; a word of two groups belongs to the first.

    >>> groups()["CHEMICALS"], groups()["PIECES DETACHEES"]
    ('chemicals', 'parts')
    """
    known: dict[str, str] = {}
    for group, languages in _table()["groups"].items():
        for words in languages.values():
            for word in fold_texts(words):
                known.setdefault(word, group)
    return known


def vague_groups(descriptions: pl.Series) -> pl.Series:
    """Return for each description the group of stop words that it is made of, or null.

    A description is vague where nothing is left of it after the stop words, numbers, packages and words that
    only join others. One without any word is of the group `NOTHING_SAID`. Null stays null.

    >>> vague_groups(pl.Series(["STC 20 PALLETS OF SPARE PARTS", "PARTS FOR TRACTORS", "XKQ 12"])).to_list()
    ['parts', None, 'nothing']
    """
    texts = descriptions.alias("text").to_frame()
    # Manifests repeat a few hundred descriptions over many lines, so each is looked at once.
    told = texts.unique().drop_nulls().with_columns(folded=fold(pl.col("text")))
    named = pl.col("folded").str.replace_all(_any_of(tuple(groups())), " ")
    told = told.with_columns(
        left=named.str.replace_all(_any_of(_beside()), " ").str.replace_all(
            r"\b\w?\b|\b\d\S*", " "
        ),
        found=pl.col("folded")
        .str.extract_all(_any_of(tuple(groups())))
        .list.eval(pl.element().replace_strict(groups(), default=None, return_dtype=pl.String)),
    )
    words = pl.col("left").str.extract_all(_WORD)
    is_said = words.list.eval(pl.element().str.contains(_VOWEL_OR_OTHER_SCRIPT)).list.any()
    # Of several groups the one that says what to ask for is meant.
    telling = pl.col("found").list.eval(pl.element().filter(pl.element() != _LEAST_TELLING))
    group = pl.coalesce(
        telling.list.first(), pl.col("found").list.first(), pl.lit(NOTHING_SAID)
    )
    told = told.select("text", group=pl.when(~is_said.fill_null(value=False)).then(group))
    return texts.join(told, on="text", how="left", maintain_order="left")["group"]


@cache
def _any_of(words: tuple[str, ...]) -> str:
    # The longest stand first: of two words that begin alike, the longer one is meant.
    ordered = sorted(words, key=lambda word: (-len(word), word))
    return rf"\b({'|'.join(ordered)})\b"


@cache
def _beside() -> tuple[str, ...]:
    lists = _table()["beside"].values()
    return tuple(dict.fromkeys(fold_texts([word for words in lists for word in words])))


@cache
def _table() -> dict[str, Any]:
    source = files("riskengine.manifest").joinpath("stop_words.toml")
    return tomllib.loads(source.read_text("utf-8"))
