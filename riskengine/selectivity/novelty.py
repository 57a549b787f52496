"""How new a container is: its trader, its pair of traders, its lane, its goods on that lane."""

from __future__ import annotations

from functools import reduce
from operator import add

import polars as pl

_COUNTED_BEFORE = "containers_before"
_FEW = 3


def novelty_of(indicators: pl.DataFrame) -> pl.Series:
    """Return how much of each container was not seen before, or hardly.

    Each count of earlier containers, of a trader or of anything else that has one, gives 1 where there was none, a
    half after one and a third after two; what was seen more often is not new. A count that is not known says nothing.

    >>> novelty_of(pl.DataFrame({"shipper_containers_before": [0, 1, 90], "lane_containers_before": [0, None, 2]})).to_list()
    [2.0, 0.5, 0.3333333333333333]
    """
    counts = [name for name in indicators.columns if name.endswith(_COUNTED_BEFORE)]
    parts = [
        pl.when(pl.col(name) < _FEW).then(1.0 / (1.0 + pl.col(name))).otherwise(0.0)
        for name in counts
    ]
    # Added one by one: sum_horizontal adds in whichever order its threads like.
    return indicators.select(reduce(add, parts, pl.lit(0.0)).alias("novelty"))[
        "novelty"
    ].rename("novelty")
