"""Canonical lines to manifests: one for each call of a vessel, in the frames of the schema."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import overload

import polars as pl

from riskengine.domain import PartyRole
from riskengine.manifest.schema import SCHEMAS, Manifest, ManifestSource
from riskengine.names import name_key
from riskengine.simulate.lines import canonical_names

_PORTS = ("place_of_receipt", "port_of_loading", "port_of_discharge", "place_of_delivery")


class CallManifests(Sequence[Manifest]):
    """The manifests of all calls that carry anything, in the order of arrival.

    Each is put together when it is asked for, and alike each time: a million containers as manifests, with their
    texts as received, would fill the memory of a laptop.
    """

    def __init__(self, lines: pl.DataFrame) -> None:
        """Take the canonical lines of all calls, those of one call together."""
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
        whole = {
            name: _whole(frame, name)
            .select("call_id", *SCHEMAS[name])
            .cast(pl.Schema(SCHEMAS[name]))
            for name, frame in frames.items()
        }
        texts = lines.select(
            "call_id", *(pl.col(name).cast(pl.String) for name in canonical_names())
        )
        calls = lines["call_id"].unique().sort()
        presented = lines.group_by("call_id").agg(pl.col("presented_on").max()).sort("call_id")
        self._presented: list[date] = presented["presented_on"].to_list()
        self._parts = {name: (frame, *_places(frame, calls)) for name, frame in whole.items()}
        self._texts = (texts, *_places(texts, calls))
        self._empty = {
            name: pl.DataFrame(schema=dict(schema)) for name, schema in SCHEMAS.items()
        }

    def __len__(self) -> int:
        """Return how many calls there are."""
        return len(self._presented)

    @overload
    def __getitem__(self, index: int) -> Manifest: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Manifest, ...]: ...
    def __getitem__(self, index: int | slice) -> Manifest | tuple[Manifest, ...]:
        """Return the manifest of a call, or of several."""
        if isinstance(index, slice):
            return tuple(self[place] for place in range(*index.indices(len(self))))
        place = range(len(self))[index]
        own = {
            name: frame.slice(starts[place], ends[place] - starts[place]).drop("call_id")
            for name, (frame, starts, ends) in self._parts.items()
        }
        texts, starts, ends = self._texts
        received = texts.slice(starts[place], ends[place] - starts[place]).drop("call_id")
        return _manifest(received, self._presented[place], self._empty | own)


def _places(frame: pl.DataFrame, calls: pl.Series) -> tuple[list[int], list[int]]:
    """Return where the rows of each call begin and end."""
    own = frame["call_id"]
    starts, ends = (own.search_sorted(calls, side) for side in ("left", "right"))
    return starts.to_list(), ends.to_list()


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


def _manifest(
    texts: pl.DataFrame, presented: date, frames: dict[str, pl.DataFrame]
) -> Manifest:
    source = ManifestSource(
        file=f"{texts['manifest_number'][0]}.csv",
        sha256=hashlib.sha256(texts.write_csv().encode("utf-8")).hexdigest(),
        format="csv",
        columns=tuple(texts.columns),
        record_count=texts.height,
        blank_count=0,
        received_at=datetime.combine(presented, time(6), tzinfo=UTC),
    )
    number = pl.int_range(1, pl.len() + 1, dtype=pl.Int64)
    received = texts.select(
        number.alias("record_number"),
        (number + 1).alias("line"),
        frames["goods_items"]["container_id"],
        pl.concat_list(pl.all().fill_null("")).alias("text"),
    )
    return Manifest(source=source, **(frames | {"received": received}))
