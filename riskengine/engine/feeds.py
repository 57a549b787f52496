"""By which feed a version came, and what its silence says: nothing of what only another feed declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.engine.differing import COMPARED, WAS

if TYPE_CHECKING:
    from collections.abc import Sequence

FEED: Final = "feed"
IS_OTHER_FEED: Final = pl.col(FEED) != pl.col(f"{WAS}{FEED}")
"""Of a pair of versions: they came in other formats, or were read with other mappings."""

ALL_COMPARED: Final = frozenset(name for names in COMPARED.values() for name in names)


def feeds(documents: pl.DataFrame) -> pl.DataFrame:
    """Return the feed of each version: its format, and the mapping it was read with."""
    feed = pl.concat_str("format", "mapping_sha256", separator="|", ignore_nulls=True)
    return documents.select("seq", feed.alias(FEED))


def carried(level: pl.DataFrame, key: Sequence[str], said: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with the last word on each field that their own version, or its feed, has no word on.

    Else a version whose format has no seals would hide that the seal before it and the one after it differ. A row
    without a value has a word on it, and takes it back, where the feed that gave the value last gives none now.
    """
    frame = level.sort(*key, "seq").with_row_index("row")
    versions = set(level["seq"].to_list())
    is_one_feed = level[FEED].n_unique() <= 1
    for field, spoken in said.group_by("field").agg("seq").sort("field").rows():
        silent = versions.difference(spoken)
        if is_one_feed and not silent:
            continue
        is_given = pl.col(field).is_not_null()
        giver = pl.when(is_given).then(FEED).forward_fill().over(key)
        is_said = (is_given | (giver == pl.col(FEED))) & ~pl.col("seq").is_in(sorted(silent))
        last = pl.when(is_said).then("row").forward_fill().over(key)
        frame = frame.with_columns(pl.col(field).gather(last))
    return frame.drop("row")


def unless_silent(field: str) -> pl.Expr:
    """Return a field, or what another feed said of it before where this one says nothing."""
    now = pl.col(field)
    return (
        pl.when(now.is_null() & IS_OTHER_FEED).then(f"{WAS}{field}").otherwise(now).alias(field)
    )
