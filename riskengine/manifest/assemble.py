"""Canonical columns to the nouns of the trade: voyages, consignments, containers and what hangs on them."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from riskengine.manifest import nouns
from riskengine.manifest.fields import fields_of
from riskengine.manifest.schema import SCHEMAS
from riskengine.manifest.typed import FAULTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from riskengine.manifest.table import TextTable, UnreadRecord
    from riskengine.manifest.typed import TypedRecords

CONTAINER_NUMBER = re.compile(
    r"(?<![A-Z0-9])([A-Z]{3}[UJZ])[\s-]?(\d{6})[\s/-]?(\d)(?!\d)", re.IGNORECASE
)
_WITHOUT_CONTAINER = {"header_repeated", "header_changed", "totals_line", "line_below_totals"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """The frames of a manifest, and the contradictions met on the way.

    Attributes:
        frames: By the names of `riskengine.manifest.schema.SCHEMAS`.
        conflicts: Facts of a bill or a box declared in two ways, in the columns of ``FAULTS``.
        numbers: ``record_number`` and ``container_number`` of every record that names one.
    """

    frames: dict[str, pl.DataFrame]
    conflicts: pl.DataFrame
    numbers: pl.DataFrame


def container_numbers_in(text: str) -> tuple[str, ...]:
    """Return the container numbers that a text names, in order, once.

    >>> container_numbers_in("1 x 40 csqu 305438-3, seal X1")
    ('CSQU3054383',)
    """
    found = ("".join(match.groups()).upper() for match in CONTAINER_NUMBER.finditer(text))
    return tuple(dict.fromkeys(found))


def assemble(table: TextTable, typed: TypedRecords) -> Assembled:
    """Join the lines of a file into its voyages, consignments and containers.

    Lines with the same bill on the same voyage are one consignment; lines with the same container number on
    the same voyage are one container. Where a file names no voyage at all (a history), a container number
    seen on another day of presentation is another container. A line without a container is loose cargo of
    its bill; a line with neither is a lot of loose cargo of its own. Of facts declared in two ways the first
    is kept, and the other is named.

    A line that could not be read is searched for container numbers: each is a container that is
    unreadable, whatever other lines say of it; a line without any gives one unreadable container
    without a number. A repeated header gives none.
    """
    with ThreadPoolExecutor(
        max_workers=1
    ) as beside:  # a long copy that nothing below waits for
        texts = beside.submit(nouns.texts_of, table)
        return _assembled(table, typed, texts)


def _assembled(table: TextTable, typed: TypedRecords, texts: Future[pl.Series]) -> Assembled:
    lines = _identified(typed.frame)
    ids = ["record_number", "voyage_id", "consignment_id", "container_id"]
    voyages = nouns.firsts(lines, "voyage_id", _names("voyages"))
    consignments, bill_conflicts = nouns.first_declared(
        lines, "consignment_id", nouns.CONSIGNMENT_FACTS, typed.filled
    )
    party_facts = [field.name for field in fields_of("parties")]
    parties, party_conflicts = nouns.first_declared(
        lines, "consignment_id", party_facts, typed.filled
    )
    boxes, box_conflicts = nouns.first_declared(
        lines, "container_id", nouns.CONTAINER_FACTS, typed.filled
    )
    goods = nouns.goods_items(lines)
    containers = nouns.containers(lines, boxes)
    unread = _unread(table.unread, containers)
    containers = _with_unread(containers, unread)
    frames = {
        "voyages": voyages,
        "consignments": nouns.consignments(lines, consignments),
        "parties": nouns.parties(parties),
        "legs": nouns.legs(consignments),
        "goods_items": goods,
        "containers": containers,
        "loads": lines.select("container_id", "consignment_id").unique(maintain_order=True),
        "seals": nouns.seals(lines),
        "attributes": nouns.attributes(typed.attributes, goods),
        "movements": nouns.movements(lines),
        "examinations": nouns.examinations(lines),
        "received": nouns.received(table, texts.result(), lines.select(ids), unread),
    }
    uncounted = nouns.uncounted_sealing_parties(lines)
    conflicts = pl.concat([bill_conflicts, party_conflicts, box_conflicts, uncounted])
    return Assembled(
        frames={name: frame.select(SCHEMAS[name].keys()) for name, frame in frames.items()},
        conflicts=conflicts.sort("record_number", maintain_order=True).select(FAULTS.keys()),
        numbers=lines.select("record_number", "container_number"),
    )


def _names(frame: str) -> list[str]:
    return [field.name for field in fields_of(frame)]


def _identified(frame: pl.DataFrame) -> pl.DataFrame:
    """Give every line the keys of its voyage, its consignment and its container."""
    voyage = _names("voyages")
    is_voyage_named = pl.any_horizontal(
        pl.col(name).is_not_null()
        for name in ("vessel_name", "vessel_imo", "voyage_number", "manifest_number")
    )
    has_bill, has_box = (
        pl.col("bill_of_lading").is_not_null(),
        pl.col("container_number").is_not_null(),
    )
    lines = _numbered(frame, voyage, "voyage_id").with_columns(
        _day=pl.when(~is_voyage_named).then("presented_on")
    )
    lines = lines.with_columns(
        _box=pl.when(~has_bill).then("container_number"),
        _box_day=pl.when(~has_bill & has_box).then("_day"),
        _alone=pl.when(~has_bill & ~has_box).then("record_number"),
    )
    lines = _numbered(
        lines, ["voyage_id", "bill_of_lading", "_box", "_box_day", "_alone"], "consignment_id"
    )
    day = pl.col("_day").drop_nulls().first().over("consignment_id")  # as the bill will say
    lines = lines.with_columns(
        _loose=pl.when(~has_box).then("consignment_id"),
        _day=pl.when(has_box).then(day),
    )
    lines = _numbered(
        lines, ["voyage_id", "container_number", "_day", "_loose"], "container_id"
    )
    return lines.drop("_day", "_box", "_box_day", "_alone", "_loose")


def _numbered(frame: pl.DataFrame, columns: Sequence[str], key: str) -> pl.DataFrame:
    """Number the distinct values of *columns* from 1, in the order in which they first stand."""
    # A column that says nothing on any line tells no two lines apart.
    columns = [name for name in columns if frame[name].null_count() < frame.height]
    if not columns:
        return frame.with_columns(pl.lit(1, pl.Int32).alias(key))
    told = frame.select(columns)
    distinct = told.unique(maintain_order=True).with_row_index(key, offset=1)
    distinct = distinct.with_columns(pl.col(key).cast(pl.Int32))
    numbered = told.join(
        distinct, on=list(columns), how="left", nulls_equal=True, maintain_order="left"
    )
    return frame.with_columns(numbered[key])


def _unread(records: Sequence[UnreadRecord], containers: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each container that an unread record names, or one without a number."""
    known: dict[str, int] = {}
    for number, key in (
        ()
        if not records
        else zip(containers["container_number"], containers["container_id"], strict=True)
    ):
        if number is not None:
            known.setdefault(number, key)
    next_key = containers.height + 1
    rows: list[tuple[int, int, int | None, str | None]] = []
    for record in records:
        if record.code in _WITHOUT_CONTAINER:
            rows.append((record.record_number, record.line, None, None))
            continue
        for number in container_numbers_in(record.raw) or (None,):
            key = None if number is None else known.get(number)
            if key is None:
                key, next_key = next_key, next_key + 1
                if number is not None:
                    known[number] = key
            rows.append((record.record_number, record.line, key, number))
    schema = {
        "record_number": pl.Int64(),
        "line": pl.Int64(),
        "container_id": pl.Int32(),
        "container_number": pl.String(),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _with_unread(containers: pl.DataFrame, unread: pl.DataFrame) -> pl.DataFrame:
    named = unread.filter(pl.col("container_id").is_not_null())
    touched = containers.with_columns(
        is_unreadable=pl.col("is_unreadable")
        | pl.col("container_id").is_in(named["container_id"].to_list())
    )
    new = (
        named.filter(~pl.col("container_id").is_in(containers["container_id"].to_list()))
        .unique("container_id", keep="first", maintain_order=True)
        .with_columns(is_unreadable=pl.lit(value=True), is_loose_cargo=pl.lit(value=False))
    )
    return pl.concat([touched, new.drop("line")], how="diagonal")
