"""Under which keys a container is remembered, and what it adds to habits.

A sighting says that a container was assessed on a day under a key: its shipper, its lane, its seal.
The ledger counts sightings by key and day; ``look_back`` reads those counts again.
"""

from __future__ import annotations

import polars as pl

from riskengine.features.facts import clean
from riskengine.features.measured import HABITS, OF_ONE_HEADING, VALUES, size_type_key
from riskengine.ledger.history import MEASURES, SIGHTINGS

EVERYTHING = "all"
"""The kind, and the one key of that kind, under which every container is counted."""


SEPARATOR = "|"
"""Between the parts of a key that is made of several."""

REMEMBERED_BY = (
    "_shipper_key",
    "_consignee_key",
    "_notify_party_key",
    "_declarant_key",
    "_forwarder_key",
    "_main_heading",
    "_hs_declared",
    "_heading_origins",
    "_code_origins",
    "_seal_series",
    "_profile_key",
    "_bill_container_count",
)
"""Columns that only remembering needs; the assembled frame carries them along."""

_LANE = ("port_of_loading", "port_of_discharge")
_ONE_KEY: dict[str, tuple[str, ...]] = {
    EVERYTHING: (),
    "shipper": ("_shipper_key",),
    "consignee": ("_consignee_key",),
    "notify_party": ("_notify_party_key",),
    "declarant": ("_declarant_key",),
    "forwarder": ("_forwarder_key",),
    "carrier": ("carrier_code",),
    "vessel": ("vessel_imo", "vessel_name"),
    "shipper_country": ("shipper_country",),
    "consignee_country": ("consignee_country",),
    "dispatch": ("country_of_dispatch",),
    "port_of_loading": ("port_of_loading",),
    "port_of_discharge": ("port_of_discharge",),
    "place_of_delivery": ("place_of_delivery",),
    "container": ("container_number",),
    "profile": ("_profile_key",),
    "pair": ("_shipper_key", "_consignee_key"),
    "declarant_consignee": ("_declarant_key", "_consignee_key"),
    "lane": _LANE,
    "lane_heading": (*_LANE, "_main_heading"),
    "shipper_heading": ("_shipper_key", "_main_heading"),
    "consignee_heading": ("_consignee_key", "_main_heading"),
    "shipper_lane": ("_shipper_key", *_LANE),
    "consignee_lane": ("_consignee_key", *_LANE),
}
"""The kinds of which a container has one key at most, with the columns that make the key."""
_SEVERAL_KEYS = {
    "origin": "countries_of_origin",
    "hs_full": "_hs_declared",
    "hs6": "hs_codes",
    "heading": "hs_headings",
    "chapter": "hs_chapters",
    "origin_heading": "_heading_origins",
    "origin_hs6": "_code_origins",
    "seal": "seal_numbers",
    "seal_series": "_seal_series",
}
KINDS_OF_ONE_KEY = tuple(_ONE_KEY)
"""The kinds of which a container has one key at most."""
KINDS = (*KINDS_OF_ONE_KEY, *_SEVERAL_KEYS)
"""The kinds of key that every manifest may give; a mapping file may add ``attribute:<name>``."""
HS6_DIGITS = 6


def attribute_kind(name: str, column: int = 0) -> str:
    """Return the kind of key under which the values of an attribute are counted.

    Each column of a key of several columns is also counted alone, so that a rate of the key can be drawn
    towards what its columns say.

    >>> attribute_kind("wildlife_genus")
    'attribute:wildlife_genus'
    >>> attribute_kind("genus_dispatch", column=2)
    'attribute:genus_dispatch#2'
    """
    return f"attribute:{name}#{column}" if column else f"attribute:{name}"


def sightings(facts: pl.DataFrame, attributes: pl.DataFrame) -> pl.DataFrame:
    """Return under which keys each container was seen on the day it was assessed.

    Args:
        facts: What ``facts.gather`` or ``assemble`` gives, with ``assessed_on`` filled. A frame that an
            earlier version kept may lack columns: of the kinds that need them it says nothing.
        attributes: The attributes of the same manifest; categories and keys have a past.

    Returns:
        ``container_id, kind, key, on``, each once. A container without a day of assessment has no
        place in time and gives none.
    """
    dated = facts.filter(pl.col("assessed_on").is_not_null())
    held = set(dated.columns)
    parts = [
        dated.select(
            "container_id",
            pl.lit(kind).alias("kind"),
            _one_key(kind).alias("key"),
            pl.col("assessed_on").alias("on"),
        )
        for kind, columns in _ONE_KEY.items()
        if held.issuperset(columns)
    ]
    parts += [
        dated.select(
            "container_id",
            pl.lit(kind).alias("kind"),
            _several_keys(kind).alias("key"),
            pl.col("assessed_on").alias("on"),
        ).explode("key", empty_as_null=False, keep_nulls=False)
        for kind, column in _SEVERAL_KEYS.items()
        if column in held
    ]
    parts.append(_attribute_sightings(dated, attributes))
    parts.append(_column_sightings(dated, attributes))
    return pl.concat(parts).filter(pl.col("key").is_not_null()).cast(pl.Schema(SIGHTINGS))


def _one_key(kind: str) -> pl.Expr:
    columns = _ONE_KEY[kind]
    if kind == EVERYTHING:
        return pl.lit(EVERYTHING)
    if kind == "vessel":
        return pl.coalesce(columns)
    if len(columns) == 1:
        return pl.col(columns[0])
    return pl.concat_str(columns, separator=SEPARATOR, ignore_nulls=False)


def _several_keys(kind: str) -> pl.Expr:
    keys = pl.col(_SEVERAL_KEYS[kind])
    if kind != "hs_full":
        return keys
    # Codes of six digits are counted as such; only what a country or a tariff adds is a kind of its own.
    return keys.list.eval(pl.element().filter(pl.element().str.len_chars() > HS6_DIGITS))


def measures(facts: pl.DataFrame, attributes: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return the measures of each container that become habits (``measured.HABITS``).

    A heading is given only where all goods of the container are of one: a mixed load has no usual
    price. Only measures above zero have a logarithm, and so a habit.

    Args:
        facts: What ``facts.gather`` or ``assemble`` gives, with ``assessed_on`` filled. A frame that an
            earlier version kept may lack columns: of the measures that need them it says nothing.
        attributes: The attributes of the same manifest; the declared quantity is also the habit of a
            category, where all goods of the container are of one.

    Returns:
        ``container_id, kind, key, measure, value, on``.
    """
    dated = facts.filter(pl.col("assessed_on").is_not_null())
    held = set(dated.columns)
    parts = [
        dated.select(
            "container_id",
            pl.lit(kind).alias("kind"),
            key.alias("key"),
            pl.lit(measure).alias("measure"),
            VALUES[measure].cast(pl.Float64).alias("value"),
            pl.col("assessed_on").alias("on"),
        )
        for kind, key in _measured_keys().items()
        for measure in HABITS[kind]
        if held.issuperset([*key.meta.root_names(), *VALUES[measure].meta.root_names()])
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


def _measured_keys() -> dict[str, pl.Expr]:
    one_heading = pl.col("hs_headings").list.len() == 1
    keys = {
        kind: _one_key(kind)
        for kind in HABITS
        if kind in _ONE_KEY and kind not in OF_ONE_HEADING
    }
    for kind in OF_ONE_HEADING:
        key = pl.col("hs_headings").list.first() if kind == "heading" else _one_key(kind)
        keys[kind] = pl.when(one_heading).then(key)
    return keys | {"size_type": size_type_key()}


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


def _column_sightings(dated: pl.DataFrame, attributes: pl.DataFrame) -> pl.DataFrame:
    """Return the sightings of each column of the keys that are made of several."""
    keys = _attribute_sightings(dated, attributes.filter(pl.col("kind") == "key"))
    return (
        keys.with_columns(pl.col("key").str.split(SEPARATOR))
        .filter(pl.col("key").list.len() > 1)
        .with_columns(
            pl.int_ranges(1, pl.col("key").list.len() + 1)
            .cast(pl.List(pl.String))
            .alias("column")
        )
        .explode("key", "column")
        .select(
            "container_id",
            pl.concat_str("kind", "column", separator="#").alias("kind"),
            "key",
            "on",
        )
        .unique()
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
