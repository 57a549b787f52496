"""Find rates: finds among examinations, drawn towards what is known of wider keys.

A shipper examined once, with one find, has not a find rate of 100 %. Few examinations of its own weigh little beside
those of its country; a code leans on its heading, a pair on both its parties. The tree of parents is written here, once.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from riskengine.features.history import EVERYTHING, SEPARATOR, attribute_kind

SHRINKAGE: Final = 10.0
"""How many examinations of its own a key needs to weigh as much as the rate of its parents.

With ``k`` = 10 and parents that say 2 %, one find in one examination gives (1 + 10 x 0.02) / (1 + 10) = 11 %; after a
hundred examinations a key's own rate prevails.
"""
RECENT_DAYS: Final = 365
"""What was found longer ago than a year counts in the rate, and not in the recent rate: trade moves on."""

PARENTS: Final[dict[str, tuple[str, ...]]] = {
    "shipper": ("shipper_country",),
    "consignee": ("consignee_country",),
    "lane": ("port_of_loading", "port_of_discharge"),
    "pair": ("shipper", "consignee"),
    "declarant_consignee": ("declarant", "consignee"),
    "lane_heading": ("lane", "main_heading"),
    "shipper_heading": ("shipper", "main_heading"),
    "consignee_heading": ("consignee", "main_heading"),
    "shipper_lane": ("shipper", "lane"),
    "consignee_lane": ("consignee", "lane"),
    "profile": ("origin_hs6",),
}
"""Kinds of which a container has one key, after their parents; a kind that is not here leans on all containers."""


def _before_bar() -> pl.Expr:
    return pl.col("key").str.split(SEPARATOR).list.first()


def _after_bar() -> pl.Expr:
    return pl.col("key").str.split(SEPARATOR).list.last()


_PARENTS_IN_KEY: Final = (
    ("heading", (("chapter", pl.col("key").str.slice(0, 2)),)),
    ("hs6", (("heading", pl.col("key").str.slice(0, 4)),)),
    ("hs_full", (("hs6", pl.col("key").str.slice(0, 6)),)),
    ("origin_heading", (("heading", _before_bar()), ("origin", _after_bar()))),
    ("origin_hs6", (("hs6", _before_bar()), ("origin", _after_bar()))),
)


def with_key_rates(known: pl.DataFrame) -> pl.DataFrame:
    """Add ``overall_rate`` and ``find_rate``, each key drawn towards the parents that its own text names.

    The parents: eight digits of a code, six, four, two, all; a heading or code with its origin, both of these; a key of
    a mapping file, its columns; any other key, all.

    Args:
        known: ``kind, key, on, examined, found``, each kind, key and day once.

    Returns:
        The rows with both rates; null as long as nothing at all has been examined.
    """
    overall = known.filter(pl.col("kind") == EVERYTHING).select(
        "on",
        pl.when(pl.col("examined") > 0)
        .then(pl.col("found") / pl.col("examined"))
        .alias("overall_rate"),
    )
    rated = known.join(overall, on="on", how="left", maintain_order="left")
    rated = rated.with_columns(
        pl.when(pl.col("kind") == EVERYTHING)
        .then("overall_rate")
        .otherwise(_shrunk("examined", "found", pl.col("overall_rate")))
        .alias("find_rate")
    )
    for kind, parents in (*_PARENTS_IN_KEY, *_of_columns(known)):
        rated = _drawn_to_parents(rated, kind, parents)
    return rated


def with_container_rates(frame: pl.DataFrame) -> pl.DataFrame:
    """Draw the rates of each container's own keys towards those of its parents (``PARENTS``).

    Args:
        frame: ``_<kind>_examined``, ``_<kind>_found``, ``_<kind>_find_rate`` of each kind, the rate of
            the main heading as ``_main_heading_find_rate``, and ``_all_find_rate``.
    """
    for kind, parents in PARENTS.items():
        rates = [pl.col(f"_{parent}_find_rate") for parent in parents]
        if kind == "profile":
            rates = [pl.coalesce(*rates, "_hs6_find_rate")]
        together = towards(rates, pl.col("_all_find_rate"))
        own = _shrunk(f"_{kind}_examined", f"_{kind}_found", together)
        frame = frame.with_columns(own.alias(f"_{kind}_find_rate"))
    return frame


def recent(kind: str = "") -> pl.Expr:
    """Return the rate of the last year alone, drawn towards the rate of all years."""
    before = f"_{kind}_" if kind else ""
    return _shrunk(
        f"{before}examined_recent", f"{before}found_recent", pl.col(f"{before}find_rate")
    )


def towards(rates: list[pl.Expr], overall: pl.Expr) -> pl.Expr:
    """Return what parents say together: the mean of their log-odds, of those that are known.

    The log-odds are not added up: parents that travel together (a shipper and its consignee) would count
    the same finds twice. Where none is known, or none or all of the examinations found something, the overall rate stands.

    >>> rates = pl.DataFrame({"one": [0.2, 0.2, None], "other": [0.5, None, None], "all": [0.1, 0.1, 0.1]})
    >>> together = towards([pl.col("one"), pl.col("other")], pl.col("all"))
    >>> rates.select(together.round(3)).to_series().to_list()
    [0.333, 0.2, 0.1]
    """
    count = pl.lit(0)
    yes, no = pl.lit(1.0), pl.lit(1.0)
    for rate in rates:
        is_known = rate.is_not_null()
        count = count + is_known.cast(pl.Int32)
        yes = yes * pl.when(is_known).then(rate).otherwise(1.0)
        no = no * pl.when(is_known).then(1.0 - rate).otherwise(1.0)
    # The geometric mean of their odds, without logarithms: a rate may be zero.
    root = pl.when(count > 0).then(1.0)
    for several in range(2, len(rates) + 1):
        root = pl.when(count == several).then(1.0 / several).otherwise(root)
    yes, no = yes.pow(root), no.pow(root)
    return pl.when((count > 0) & (yes + no > 0)).then(yes / (yes + no)).otherwise(overall)


def _drawn_to_parents(
    rated: pl.DataFrame, kind: str, parents: tuple[tuple[str, pl.Expr], ...]
) -> pl.DataFrame:
    own = rated.filter(pl.col("kind") == kind)
    if own.is_empty():
        return rated
    drawn = own
    for place, (parent, key) in enumerate(parents):
        wider = rated.filter(pl.col("kind") == parent).select(
            pl.col("key").alias("parent_key"),
            "on",
            pl.col("find_rate").alias(f"parent {place}"),
        )
        drawn = (
            drawn.with_columns(key.alias("parent_key"))
            .join(wider, on=["parent_key", "on"], how="left", maintain_order="left")
            .drop("parent_key")
        )
    rates = [pl.col(f"parent {place}") for place in range(len(parents))]
    together = towards(rates, pl.col("overall_rate"))
    drawn = drawn.with_columns(
        _shrunk("examined", "found", together).alias("find_rate")
    ).select(rated.columns)
    return pl.concat([rated.filter(pl.col("kind") != kind), drawn])


def _of_columns(known: pl.DataFrame) -> list[tuple[str, tuple[tuple[str, pl.Expr], ...]]]:
    """Return the keys of mapping files that are made of several columns, with those columns as parents."""
    marked = attribute_kind("", column=1).removeprefix(attribute_kind(""))[:1]
    columns = known.filter(
        pl.col("kind").str.starts_with(attribute_kind(""))
        & pl.col("kind").str.contains(marked, literal=True)
    )["kind"].unique()
    parts: dict[str, list[int]] = {}
    for column in columns.to_list():
        whole, _, place = column.rpartition(marked)
        parts.setdefault(whole, []).append(int(place))
    return [
        (
            whole,
            tuple(
                (
                    f"{whole}{marked}{place}",
                    pl.col("key").str.split(SEPARATOR).list.get(place - 1, null_on_oob=True),
                )
                for place in sorted(places)
            ),
        )
        for whole, places in sorted(parts.items())
    ]


def _shrunk(examined: str, found: str, wider: pl.Expr) -> pl.Expr:
    return (pl.col(found) + SHRINKAGE * wider) / (pl.col(examined) + SHRINKAGE)
