"""What a mapping file has brought along, as columns and as fields a model may learn from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from riskengine.features.facts import clean, totals
from riskengine.features.field import Field, Kind, ModelKind

if TYPE_CHECKING:
    from riskengine.manifest.schema import Manifest


class _Column(NamedTuple):
    suffix: str
    text: str
    kind: Kind = "number"
    model_kind: ModelKind = "number"
    monotone: int = 0


_HISTORY = (
    _Column(".find_rate", "attribute_find_rate", monotone=1),
    _Column(".find_rate_mean", "attribute_find_rate_mean", monotone=1),
    _Column(".recent_find_rate", "attribute_recent_find_rate", monotone=1),
    _Column(".containers_before", "attribute_containers_before"),
)
_COLUMNS: dict[str, tuple[_Column, ...]] = {
    "category": (
        _Column("", "attribute", kind="text", model_kind="category"),
        _Column(".distinct_count", "attribute_distinct_count"),
        *_HISTORY,
        _Column(".quantity_deviation", "attribute_quantity_deviation"),
    ),
    "number": (_Column("", "attribute_total"), _Column(".mean", "attribute_mean")),
    "key": _HISTORY,
}
_MEANING = (
    "Brought along by the mapping file; the engine does not know what it means in the trade."
)


def attribute_fields(manifest: Manifest) -> tuple[Field, ...]:
    """Return the fields of the columns that the manifest's attributes add, sorted by name."""
    return attribute_fields_of(manifest.attributes)


def attribute_fields_of(attributes: pl.DataFrame) -> tuple[Field, ...]:
    """Return the fields of the columns that these attributes add, sorted by name.

    A category gives its value (the first of several in alphabetical order), how many values the
    container has, the highest and the mean find rate of its values, that of the last year, how often
    the rarest of them was seen, and how far the declared quantity lies from what is usual for it. A
    number gives its total and its mean over the lines, null where a line does not declare it. A key
    gives its past only.
    """
    fields = [
        Field(
            name=f"attribute.{name}{column.suffix}",
            kind=column.kind,
            area="attributes",
            model_kind=column.model_kind,
            monotone=1 if column.monotone else 0,
            meaning=_MEANING,
            key=f"indicator.{column.text}",
            subject=name,
        )
        for name, kind in _declared(attributes)
        for column in _COLUMNS[kind]
    ]
    return tuple(sorted(fields, key=lambda field: field.name))


def with_attributes(frame: pl.DataFrame, attributes: pl.DataFrame) -> pl.DataFrame:
    """Set the declared attributes of its goods lines beside each container."""
    lines = frame.select("container_id", "_goods_line_count")
    for name, kind in _declared(attributes):
        column = f"attribute.{name}"
        of_name = attributes.filter((pl.col("name") == name) & (pl.col("kind") == kind))
        if kind == "category":
            part = (
                of_name.with_columns(clean(pl.col("text")).alias("text"))
                .group_by("container_id")
                .agg(
                    pl.col("text").drop_nulls().min().alias(column),
                    pl.col("text").drop_nulls().n_unique().alias("values"),
                )
                .select(
                    "container_id",
                    column,
                    pl.when(pl.col("values") > 0)
                    .then(pl.col("values").cast(pl.Int64))
                    .alias(f"{column}.distinct_count"),
                )
            )
        elif kind == "number":
            part = _numbers(of_name, lines, column)
        else:
            continue
        frame = frame.join(part, on="container_id", how="left")
    return frame


def _numbers(of_name: pl.DataFrame, lines: pl.DataFrame, column: str) -> pl.DataFrame:
    counts = of_name.group_by("container_id").agg(pl.len().cast(pl.Int64).alias("declared"))
    return (
        totals(of_name, ["container_id"], ["number"])
        .join(counts, on="container_id")
        .join(lines, on="container_id")
        .filter(pl.col("declared") == pl.col("_goods_line_count"))
        .select(
            "container_id",
            pl.col("number").alias(column),
            (pl.col("number") / pl.col("declared")).alias(f"{column}.mean"),
        )
    )


def _declared(attributes: pl.DataFrame) -> list[tuple[str, str]]:
    return attributes.select("name", "kind").unique().sort("name", "kind").rows()
