"""Container numbers by the million: which of a column are right as they stand."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SHAPE = r"^[A-Z]{3}[UJZ][0-9]{7}$"
_LENGTH = 11


def are_right(texts: pl.Series) -> pl.Series:
    """Tell which texts are container numbers in the one spelling of ISO 6346, with their own check digit.

    >>> are_right(pl.Series(["CSQU3054383", "CSQU3054384", "csqu3054383", None])).to_list()
    [True, False, False, None]
    """
    shaped = texts.str.contains(_SHAPE)
    written = texts if shaped.all() and not shaped.null_count() else texts.filter(shaped)
    if written.is_empty():
        return shaped
    signs = np.frombuffer(written.str.join("").item().encode("ascii"), np.uint8)
    signs = signs.reshape(-1, _LENGTH)
    total = np.zeros(len(signs), np.int32)
    for place in range(_LENGTH - 1):
        total += _values()[signs[:, place]] << place
    is_own = total % 11 % 10 == signs[:, _LENGTH - 1] - ord("0")
    if len(written) == len(texts):
        return pl.Series(is_own)
    right = np.zeros(len(texts), bool)
    right[shaped.fill_null(value=False).to_numpy()] = is_own
    return pl.select(pl.when(shaped.is_not_null()).then(pl.Series(right))).to_series()


def _values() -> NDArray[np.int32]:
    """What each sign counts: digits themselves, letters from 10 on without the multiples of 11."""
    values = np.zeros(256, np.int32)
    values[ord("0") : ord("9") + 1] = np.arange(10)
    letters = [value for value in range(10, 39) if value % 11]
    values[[ord(letter) for letter in string.ascii_uppercase]] = letters
    return values
