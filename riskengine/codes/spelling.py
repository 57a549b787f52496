"""One spelling for texts that people write in many ways: no accents, no punctuation, upper case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable

# Letters that Unicode does not take apart into a base letter and an accent.
_WHOLE_LETTERS = {"Ø": "O", "Ł": "L", "Đ": "D", "Æ": "AE", "Œ": "OE", "Þ": "TH", "İ": "I"}


def fold(text: pl.Expr) -> pl.Expr:
    """Return *text* in upper case without accents, every run of other signs one blank.

    Letters of other scripts stay. A text without any letter or digit becomes empty; null stays null.

    >>> pl.select(fold(pl.lit(" São  Tomé/Príncipe "))).item()
    'SAO TOME PRINCIPE'
    """
    bare = text.str.to_uppercase().str.normalize("NFKD").str.replace_all(r"\p{M}+", "")
    spelled = bare.str.replace_many(list(_WHOLE_LETTERS), list(_WHOLE_LETTERS.values()))
    return spelled.str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars()


def fold_texts(texts: Iterable[str]) -> list[str]:
    """Return each text folded, in the same order.

    >>> fold_texts(["Côte d'Ivoire", "PERÚ"])
    ['COTE D IVOIRE', 'PERU']
    """
    column = pl.Series("text", list(texts), dtype=pl.String)
    return column.to_frame().select(fold(pl.col("text"))).to_series().to_list()


def mentions(text: pl.Expr, phrases: Iterable[str]) -> pl.Expr:
    """Tell whether *text* contains one of the *phrases* as whole words, however they are spelled.

    Null stays null.

    >>> pl.select(mentions(pl.lit("Acme Global Logistics, S.A."), ["LOGISTICS"])).item()
    True
    >>> pl.select(mentions(pl.lit("Logisticsville"), ["LOGISTICS"])).item()
    False
    """
    padded = pl.concat_str(pl.lit(" "), fold(text), pl.lit(" "))
    return padded.str.contains_any([f" {phrase} " for phrase in fold_texts(phrases)])
