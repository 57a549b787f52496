"""Canonical lines to manifests: one for each call of a vessel, in the frames of the schema."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time

import polars as pl

from riskengine.domain import PartyRole
from riskengine.manifest.schema import SCHEMAS, Manifest, ManifestSource
from riskengine.names import name_key
from riskengine.simulate.lines import canonical_names

_PORTS = ("place_of_receipt", "port_of_loading", "port_of_discharge", "place_of_delivery")


def make_manifests(lines: pl.DataFrame) -> tuple[Manifest, ...]:
    """Return the manifest of every call that carries anything, in the order of arrival."""
    numbered = _numbered(lines)
    frames = {
        "voyages": _voyages(numbered),
        "consignments": _consignments(numbered),
        "parties": _parties(numbered),
        "legs": _legs(numbered),
        "goods_items": _goods_items(numbered),
        "containers": _containers(numbered),
        "loads": numbered.select("call_id", "container_id", "consignment_id").unique(
            maintain_order=True
        ),
        "seals": _seals(numbered),
    }
    by_call = {
        name: _whole(frame, name)
        .select("call_id", *SCHEMAS[name])
        .cast(pl.Schema(SCHEMAS[name]))
        .partition_by("call_id", as_dict=True, include_key=False, maintain_order=True)
        for name, frame in frames.items()
    }
    calls = lines.select("call_id", *canonical_names()).partition_by(
        "call_id", as_dict=True, include_key=False, maintain_order=True
    )
    empty = {name: pl.DataFrame(schema=dict(schema)) for name, schema in SCHEMAS.items()}
    manifests: list[Manifest] = []
    for key, call_lines in calls.items():
        own = {name: parts.get(key, empty[name]) for name, parts in by_call.items()}
        manifests.append(_manifest(call_lines, empty | own))
    return tuple(manifests)


def _whole(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """Add what this world never says, as unknown."""
    unsaid = [column for column in SCHEMAS[name] if column not in frame.columns]
    return frame.with_columns(pl.lit(None).alias(column) for column in unsaid)


def _numbered(lines: pl.DataFrame) -> pl.DataFrame:
    """Number the bills, boxes and lines of each call from 0, as the keys of one manifest."""
    return lines.with_columns(
        (pl.col("bill_id").rank("dense").over("call_id") - 1).alias("consignment_id"),
        (pl.col("box_id").rank("dense").over("call_id") - 1).alias("container_id"),
        pl.int_range(pl.len()).over("call_id").alias("goods_item_id"),
        pl.lit(0).alias("voyage_id"),
    ).with_columns((pl.col("goods_item_id") + 1).alias("record_number"))


def _first(numbered: pl.DataFrame, key: str) -> pl.DataFrame:
    return numbered.unique(["call_id", key], keep="first", maintain_order=True)


def _voyages(numbered: pl.DataFrame) -> pl.DataFrame:
    return numbered.unique("call_id", keep="first", maintain_order=True)


def _consignments(numbered: pl.DataFrame) -> pl.DataFrame:
    texts = [pl.col(port).alias(f"{port}_text") for port in _PORTS]
    return (
        _first(numbered, "consignment_id").with_columns(texts).sort("call_id", "consignment_id")
    )


def _parties(numbered: pl.DataFrame) -> pl.DataFrame:
    bills = _first(numbered, "consignment_id")
    facts = [
        name
        for name in SCHEMAS["parties"]
        if name not in {"consignment_id", "role", "name_key"}
    ]
    roles = [
        bills.select(
            "call_id",
            "consignment_id",
            pl.lit(role.value).alias("role"),
            *(pl.col(f"{role.value}_{fact}").alias(fact) for fact in facts),
        ).filter(pl.any_horizontal(pl.col(fact).is_not_null() for fact in facts))
        for role in PartyRole
    ]
    return (
        pl.concat(roles)
        .with_columns(name_key(pl.col("name")).alias("name_key"))
        .sort("call_id", "consignment_id", maintain_order=True)
    )


def _legs(numbered: pl.DataFrame) -> pl.DataFrame:
    relays = (
        _first(numbered, "consignment_id")
        .select(
            "call_id",
            "consignment_id",
            pl.col("transhipment_ports").str.split(";").alias("port"),
        )
        .drop_nulls("port")
        .explode("port")
    )
    place = pl.int_range(1, pl.len() + 1).over("call_id", "consignment_id")
    return relays.with_columns(place.alias("sequence"), pl.col("port").alias("port_text"))


def _goods_items(numbered: pl.DataFrame) -> pl.DataFrame:
    return numbered.with_columns(pl.col("goods_description").alias("description"))


def _containers(numbered: pl.DataFrame) -> pl.DataFrame:
    return (
        _first(numbered, "container_id")
        .with_columns(
            pl.lit(value=False).alias("is_loose_cargo"),
            pl.lit(value=False).alias("is_unreadable"),
            pl.lit(0).alias("defect_count"),
        )
        .sort("call_id", "container_id")
    )


def _seals(numbered: pl.DataFrame) -> pl.DataFrame:
    return (
        _first(numbered, "container_id")
        .select(
            "call_id",
            "container_id",
            pl.col("seal_numbers").str.split(";").alias("seal_number"),
            pl.col("sealing_party").str.split(";"),
        )
        .drop_nulls("seal_number")
        .explode("seal_number", "sealing_party")
        .unique(["call_id", "container_id", "seal_number"], keep="first", maintain_order=True)
    )


def _manifest(lines: pl.DataFrame, frames: dict[str, pl.DataFrame]) -> Manifest:
    names = canonical_names()
    texts = lines.select(pl.col(name).cast(pl.String) for name in names)
    presented: date = max(lines["presented_on"].to_list())
    source = ManifestSource(
        file=f"{lines['manifest_number'][0]}.csv",
        sha256=hashlib.sha256(texts.write_csv().encode("utf-8")).hexdigest(),
        format="csv",
        columns=names,
        record_count=lines.height,
        blank_count=0,
        received_at=datetime.combine(presented, time(6), tzinfo=UTC),
    )
    text = pl.concat_list(pl.col(name).fill_null("") for name in names)
    number = pl.int_range(1, pl.len() + 1, dtype=pl.Int64)
    received = texts.select(
        number.alias("record_number"),
        (number + 1).alias("line"),
        frames["goods_items"]["container_id"],
        text.alias("text"),
    )
    return Manifest(source=source, **(frames | {"received": received}))
