"""The words by which descriptions, names and addresses give themselves away."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import polars as pl

from riskengine.codes.spelling import fold, fold_texts
from riskengine.errors import ReferenceTableError

if TYPE_CHECKING:
    from collections.abc import Iterable


@cache
def phrases(name: str) -> tuple[str, ...]:
    """Return the phrases of one list, folded as ``codes.spelling`` folds what is searched.

    E-mail domains are only upper case: their dots matter.

    Raises:
        ReferenceTableError: There is no such list.
    """
    texts = _lists().get(name)
    if texts is None:
        raise ReferenceTableError(f"There is no list of words named {name!r}.")
    if name == "free_email_domains":
        return tuple(text.upper() for text in texts)
    return tuple(sorted(set(fold_texts(texts))))


def padded(text: pl.Expr) -> pl.Expr:
    """Return a text folded, with a blank on either side, so that whole words can be found in it."""
    return pl.concat_str(pl.lit(" "), fold(text), pl.lit(" "))


def says(padded_text: str, words: Iterable[str]) -> pl.Expr:
    """Tell whether a padded column holds one of these folded phrases as whole words; null stays null."""
    return pl.col(padded_text).str.contains_any([f" {word} " for word in words])


@cache
def goods_words() -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """Return groups of goods words, each with the chapters in which such goods may be declared."""
    return tuple(
        (tuple(fold_texts(group["words"])), tuple(group["chapters"]))
        for group in _table()["goods"]
    )


def _lists() -> dict[str, list[str]]:
    return _table()["phrases"]


@cache
def _table() -> dict[str, Any]:
    source = files("riskengine.manifest").joinpath("words.toml")
    return tomllib.loads(source.read_text("utf-8"))
