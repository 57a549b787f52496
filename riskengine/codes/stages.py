"""Expressions that use one intermediate result many times, computed so that it is worked out once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable


def once(
    text: pl.Expr, compute: Callable[[pl.Expr], pl.Expr], dtype: type[pl.DataType]
) -> pl.Expr:
    """Return ``compute(text)``, a column of *dtype*, with its common parts worked out once.

    An eager frame works out each mention of a part anew (a check digit mentions its number twenty times);
    only a lazy frame finds what they have in common.

    >>> once_doubled = once(pl.lit("x"), lambda text: pl.concat_str(text, text), pl.String)
    >>> pl.select(once_doubled).item()
    'xx'
    """

    def computed(column: pl.Series) -> pl.Series:
        frame = column.to_frame("text").lazy()
        return frame.select(compute(pl.col("text")).alias(column.name)).collect().to_series()

    return text.map_batches(computed, return_dtype=dtype, is_elementwise=True)
