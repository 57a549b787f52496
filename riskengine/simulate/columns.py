"""Putting values into some rows of a frame, and drawing rows by weight."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

Mask: TypeAlias = NDArray[np.bool_]
Numbers: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]


def put(frame: pl.DataFrame, mask: Mask, **values: Any) -> pl.DataFrame:
    """Return the frame with new values where *mask* is true.

    A value is a scalar, None, an expression, or a series or an array with one value for each row.

    >>> frame = pl.DataFrame({"port": ["A", "B"]})
    >>> put(frame, np.array([False, True]), port=None)["port"].to_list()
    ['A', None]
    """
    chosen = pl.lit(pl.Series(mask, dtype=pl.Boolean))
    return frame.with_columns(
        pl.when(chosen)
        .then(_as_expression(value).cast(frame.schema[name]))
        .otherwise(pl.col(name))
        .alias(name)
        for name, value in values.items()
    )


def _as_expression(value: Any) -> pl.Expr:
    if isinstance(value, pl.Expr):
        return value
    if isinstance(value, np.ndarray):
        return pl.lit(pl.Series(value))
    return pl.lit(value)


def weighted(rng: np.random.Generator, weights: Numbers, size: int) -> Indices:
    """Draw *size* positions, each as often as its weight says.

    >>> weighted(np.random.default_rng(1), np.array([0.0, 1.0]), 3).tolist()
    [1, 1, 1]
    """
    edges = np.cumsum(weights)
    return np.searchsorted(edges, rng.random(size) * edges[-1], side="right").astype(np.int64)


def choices(rng: np.random.Generator, texts: list[str], size: int) -> pl.Series:
    """Draw *size* texts, each as often as the others."""
    return pl.Series(texts, dtype=pl.String).gather(rng.integers(len(texts), size=size))
