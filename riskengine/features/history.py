"""Under which keys a container is remembered, and which of its measures become a habit.

A sighting says that a container was assessed on a day under a key: its shipper, its lane, its seal.
The ledger counts sightings by key and day; ``look_back`` reads those counts again.
"""

from __future__ import annotations

import polars as pl

from riskengine.features.facts import clean
from riskengine.ledger.history import MEASURES, SIGHTINGS

EVERYTHING = "all"
"""The kind, and the one key of that kind, under which every container is counted."""


def _joined(*columns: str) -> pl.Expr:
    return pl.concat_str(*columns, separator="|", ignore_nulls=False)


REMEMBERED_BY = (
    "_shipper_key",
    "_consignee_key",
    "_notify_party_key",
    "_declarant_key",
    "_main_heading",
)
"""Columns that only remembering needs; the assembled frame carries them along."""

_ONE_KEY = {
    EVERYTHING: pl.lit(EVERYTHING),
    "shipper": pl.col("_shipper_key"),
    "consignee": pl.col("_consignee_key"),
    "notify_party": pl.col("_notify_party_key"),
    "declarant": pl.col("_declarant_key"),
    "pair": _joined("_shipper_key", "_consignee_key"),
    "lane": _joined("port_of_loading", "port_of_discharge"),
    "lane_heading": _joined("port_of_loading", "port_of_discharge", "_main_heading"),
    "port_of_loading": pl.col("port_of_loading"),
    "port_of_discharge": pl.col("port_of_discharge"),
    "container": pl.col("container_number"),
    "vessel": pl.coalesce("vessel_imo", "vessel_name"),
}
_SEVERAL_KEYS = {
    "origin": "countries_of_origin",
    "hs6": "hs_codes",
    "heading": "hs_headings",
    "chapter": "hs_chapters",
    "seal": "seal_numbers",
}
KINDS_OF_ONE_KEY = tuple(_ONE_KEY)
"""The kinds of which a container has one key at most."""
KINDS = (*KINDS_OF_ONE_KEY, *_SEVERAL_KEYS)
"""The kinds of key that every manifest may give; a mapping file may add ``attribute:<name>``."""

VALUES = {
    "gross_mass_kg": pl.col("gross_mass_kg"),
    "value_per_kg_usd": pl.col("declared_value_usd") / pl.col("gross_mass_kg"),
    "mass_per_package_kg": pl.col("gross_mass_kg") / pl.col("package_count"),
    "declared_quantity": pl.col("declared_quantity"),
}
"""The measures that have habits, each drawn from the totals of a container."""


def attribute_kind(name: str) -> str:
    """Return the kind of key under which the values of an attribute are counted.

    >>> attribute_kind("wildlife_genus")
    'attribute:wildlife_genus'
    """
    return f"attribute:{name}"


def sightings(facts: pl.DataFrame, attributes: pl.DataFrame) -> pl.DataFrame:
    """Return under which keys each container was seen on the day it was assessed.

    Args:
        facts: What ``facts.gather`` or ``assemble`` gives, with ``assessed_on`` filled.
        attributes: The attributes of the same manifest; categories and keys have a past.

    Returns:
        ``container_id, kind, key, on``, each once. A container without a day of assessment has no
        place in time and gives none.
    """
    dated = facts.filter(pl.col("assessed_on").is_not_null())
    parts = [
        dated.select(
            "container_id",
            pl.lit(kind).alias("kind"),
            key.alias("key"),
            pl.col("assessed_on").alias("on"),
        )
        for kind, key in _ONE_KEY.items()
    ]
    parts += [
        dated.select(
            "container_id",
            pl.lit(kind).alias("kind"),
            pl.col(column).alias("key"),
            pl.col("assessed_on").alias("on"),
        ).explode("key", empty_as_null=False, keep_nulls=False)
        for kind, column in _SEVERAL_KEYS.items()
    ]
    parts.append(_attribute_sightings(dated, attributes))
    return pl.concat(parts).filter(pl.col("key").is_not_null()).cast(pl.Schema(SIGHTINGS))


def measures(facts: pl.DataFrame, attributes: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return the measures of each container that become the habit of its heading, lane or shipper.

    A heading is given only where all goods of the container are of one: a mixed load has no usual
    price. Only measures above zero have a logarithm, and so a habit.

    Args:
        facts: What ``facts.gather`` or ``assemble`` gives, with ``assessed_on`` filled.
        attributes: The attributes of the same manifest; the declared quantity is also the habit of a
            category, where all goods of the container are of one.

    Returns:
        ``container_id, kind, key, measure, value, on``.
    """
    one_heading = pl.col("hs_headings").list.len() == 1
    keys = {
        "heading": pl.when(one_heading).then(pl.col("hs_headings").list.first()),
        "lane_heading": pl.when(one_heading).then(_ONE_KEY["lane_heading"]),
        "shipper": _ONE_KEY["shipper"],
    }
    dated = facts.filter(pl.col("assessed_on").is_not_null())
    parts = [
        dated.select(
            "container_id",
            pl.lit(kind).alias("kind"),
            key.alias("key"),
            pl.lit(measure).alias("measure"),
            value.cast(pl.Float64).alias("value"),
            pl.col("assessed_on").alias("on"),
        )
        for kind, key in keys.items()
        for measure, value in VALUES.items()
    ]
    if attributes is not None:
        parts.append(_attribute_quantities(dated, attributes))
    return (
        pl.concat(parts)
        .filter(
            pl.col("key").is_not_null() & (pl.col("value") > 0) & pl.col("value").is_finite()
        )
        .cast(pl.Schema(MEASURES))
    )


def asked_keys(facts: pl.DataFrame, attributes: pl.DataFrame) -> pl.DataFrame:
    """Return every ``kind, key`` whose past must be fetched before these containers are assembled."""
    return (
        pl.concat(
            [
                sightings(facts, attributes).select("kind", "key"),
                measures(facts, attributes).select("kind", "key"),
            ]
        )
        .unique()
        .sort("kind", "key")
    )


def _attribute_sightings(dated: pl.DataFrame, attributes: pl.DataFrame) -> pl.DataFrame:
    return (
        attributes.filter(pl.col("kind") != "number")
        .select(
            "container_id",
            pl.concat_str(pl.lit(attribute_kind("")), "name").alias("kind"),
            clean(pl.col("text")).alias("key"),
        )
        .unique()
        .join(
            dated.select("container_id", pl.col("assessed_on").alias("on")), on="container_id"
        )
    )


def _attribute_quantities(dated: pl.DataFrame, attributes: pl.DataFrame) -> pl.DataFrame:
    one_value = _attribute_sightings(
        dated, attributes.filter(pl.col("kind") == "category")
    ).filter(pl.len().over("container_id", "kind") == 1)
    quantities = dated.select("container_id", pl.col("declared_quantity").alias("value"))
    return one_value.join(quantities, on="container_id").select(
        "container_id",
        "kind",
        "key",
        pl.lit("declared_quantity").alias("measure"),
        pl.col("value").cast(pl.Float64),
        "on",
    )
