"""One row a container: what was seen to change of it, and what its earlier versions said instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.engine.differing import ALTERING, WAS
from riskengine.features.beside import AMENDMENTS, beside_schema
from riskengine.features.documents import SENSITIVE
from riskengine.features.facts import totals

if TYPE_CHECKING:
    from riskengine.engine.versions import Compared

_OF_BILL: Final = (
    "shipper_name", "consignee_name", "notify_party_name", "port_of_loading", "port_of_discharge",
    "place_of_delivery",
)  # fmt: skip
_BILL_FIELDS: Final = ("bill_of_lading", "bills_of_lading")
_LOAD: Final = ["container_id", "bill_of_lading"]


def amended_facts(  # noqa: PLR0913, PLR0917 - what was compared, and with what it is joined
    told: Compared,
    changes: pl.DataFrame,
    own: pl.DataFrame,
    stated: pl.DataFrame,
    stood: pl.DataFrame,
    place: int,
) -> pl.DataFrame:
    """Return the facts of ``features.beside.AMENDMENTS`` for each container that an earlier version speaks of.

    What an earlier version said is what stood before the last change that was seen; where nothing changed, what the
    last earlier version says.

    Args:
        told: The versions, compared.
        changes: The changes of each container, dated.
        own: What the version under assessment declares, with ``container_id``.
        stated: Its facts, for what the feed itself says of amendments.
        stood: In which versions each container, or its bill, stood.
        place: The version under assessment.
    """
    altering = changes.filter(pl.col("kind").is_in(ALTERING)).sort(
        "container_id", "seq", "field"
    )
    last = altering.unique(["container_id", "field"], keep="last", maintain_order=True)
    counts = stood.group_by("container_id").agg(
        pl.col("seq").n_unique().cast(pl.Float64).alias("received_version_count")
    )
    frame = counts.filter(pl.col("received_version_count") > 1)
    for part in (
        _seen(altering),
        _of_bills(told, own, last, place),
        _of_goods(told, own, altering, last, place),
        _of_boxes(told, own, last, place),
    ):
        frame = frame.join(part, on="container_id", how="left")
    declared = stated.select("container_id", pl.col("amendment_count").alias("declared"))
    seen = pl.col("seen_amendment_count")
    return (
        frame.join(declared, on="container_id", how="left")
        .with_columns(
            seen.fill_null(0.0),
            pl.col("seen_amended_fields").fill_null([]),
            pl.col("seen_sensitive_amendment_count").fill_null(0.0),
        )
        .with_columns(
            pl.when(seen == 0)
            .then(0.0)
            .otherwise((seen - pl.col("declared")).clip(lower_bound=0))
            .alias("undeclared_amendment_count")
        )
        .select("container_id", *AMENDMENTS)
        .cast(pl.Schema(beside_schema(AMENDMENTS)))  # type: ignore[arg-type]
        .sort("container_id")
    )


def _seen(altering: pl.DataFrame) -> pl.DataFrame:
    is_sensitive = pl.col("field").str.to_uppercase().is_in(SENSITIVE)
    hours = pl.col("hours_before_arrival")
    return altering.group_by("container_id", maintain_order=True).agg(
        pl.col("seq").n_unique().cast(pl.Float64).alias("seen_amendment_count"),
        pl.col("field").str.to_uppercase().unique().sort().alias("seen_amended_fields"),
        pl.col("seq").filter(is_sensitive).n_unique().cast(pl.Float64)
        .alias("seen_sensitive_amendment_count"),
        pl.col("known_on").max().alias("last_seen_amended_on"),
        hours.last().alias("last_seen_amendment_hours_before_arrival"),
        hours.filter(is_sensitive).last()
        .alias("last_seen_sensitive_amendment_hours_before_arrival"),
    )  # fmt: skip


def _of_bills(
    told: Compared, own: pl.DataFrame, last: pl.DataFrame, place: int
) -> pl.DataFrame:
    """Return what was said of the bill; where a container stands on several, of the first but a master bill."""
    by_bill = own.select(
        "container_id", "voyage_key", "container_key", "bill_of_lading", "bill_type"
    )
    now = told.bills.filter(pl.col("seq") == place)
    said = [pl.col(f"{WAS}{name}").alias(f"earlier_{name}") for name in _OF_BILL]
    of_box = by_bill.join(
        now.filter(pl.col("container_key").is_not_null()).select(
            "voyage_key", "container_key", "bill_of_lading", *said
        ),
        on=["voyage_key", "container_key", "bill_of_lading"],
    )
    of_bill = by_bill.join(
        now.filter(pl.col("container_key").is_null()).select(
            "voyage_key", "bill_of_lading", *said
        ),
        on=["voyage_key", "bill_of_lading"],
    )
    first = (
        pl.concat([of_box, of_bill])
        .unique(_LOAD, keep="first", maintain_order=True)
        .sort(
            "container_id",
            (pl.col("bill_type") == "MASTER").fill_null(value=False),
            "bill_of_lading",
        )
        .unique("container_id", keep="first", maintain_order=True)
        .select("container_id", *(f"earlier_{name}" for name in _OF_BILL))
    )
    return _with_last(first, last, {name: f"earlier_{name}" for name in _OF_BILL})


def _of_goods(
    told: Compared,
    own: pl.DataFrame,
    altering: pl.DataFrame,
    last: pl.DataFrame,
    place: int,
) -> pl.DataFrame:
    loads = own.select("container_id", "voyage_key", "container_key", "bill_of_lading").join(
        told.loads.filter(pl.col("seq") == place).select(
            "voyage_key", "container_key", "bill_of_lading",
            *(pl.col(f"{WAS}{name}").alias(name) for name in ("goods_description", "hs_code", "gross_mass_kg")),
        ),
        on=["voyage_key", "container_key", "bill_of_lading"], how="left",
        maintain_order="left",
    ).with_columns(pl.lit(value=True).alias("__own__"))  # fmt: skip
    was_heavy = (
        altering.filter(pl.col("field") == "gross_mass_kg")
        .unique(_LOAD, keep="last", maintain_order=True)
        .select(*_LOAD, "number_before")
    )
    # A load that is new has no earlier mass: then the sum of the others is not that of the container.
    masses = totals(
        loads.join(was_heavy, on=_LOAD, how="left").with_columns(
            pl.coalesce("number_before", "gross_mass_kg").alias("gross_mass_kg")
        ),
        ["container_id"],
        ["gross_mass_kg"],
    ).rename({"gross_mass_kg": "earlier_gross_mass_kg"})
    texts = loads.group_by("container_id").agg(
        pl.col("goods_description").explode().drop_nulls().unique().sort()
        .alias("earlier_goods_description"),
        pl.col("hs_code").explode().drop_nulls().unique().sort().alias("earlier_hs_codes"),
    ).with_columns(
        _null_if_empty("earlier_goods_description").list.join(" / "),
        _null_if_empty("earlier_hs_codes"),
    )  # fmt: skip
    told_last = _with_last(texts, last, {"goods_description": "earlier_goods_description"})
    return _with_last(told_last, last, {"hs_code": "earlier_hs_codes"}).join(
        masses, on="container_id", how="left"
    )


def _of_boxes(
    told: Compared, own: pl.DataFrame, last: pl.DataFrame, place: int
) -> pl.DataFrame:
    boxes = own.select("container_id", "voyage_key", "container_key").unique()
    now = boxes.join(
        told.boxes.filter(pl.col("seq") == place),
        on=["voyage_key", "container_key"],
        how="left",
    ).select(
        "container_id",
        "voyage_key",
        pl.col(f"{WAS}seq").is_null().alias("is_new"),
        pl.col(f"{WAS}seal_numbers").alias("earlier_seal_numbers"),
        pl.col(f"{WAS}bills").alias("earlier_bills_of_lading"),
        pl.when(pl.col(f"{WAS}seq").is_not_null())
        .then(pl.concat_list("container_key"))
        .alias("earlier_container_numbers"),
    )
    # Where no voyage is named, each bill of a box is a voyage of its own: the box has one row all the same.
    now = (
        now.sort("container_id", "is_new", "voyage_key")
        .unique("container_id", keep="first", maintain_order=True)
        .drop("is_new", "voyage_key")
    )
    frame = _with_last(now, last, {"seal_numbers": "earlier_seal_numbers"})
    moved = last.filter(pl.col("field").is_in(_BILL_FIELDS)).unique(
        "container_id", keep="last", maintain_order=True
    )
    frame = _with_last(
        frame,
        moved.with_columns(pl.lit("bill_of_lading").alias("field")),
        {"bill_of_lading": "earlier_bills_of_lading"},
    )
    return _with_last(frame, last, {"container_number": "earlier_container_numbers"})


def _with_last(
    frame: pl.DataFrame, last: pl.DataFrame, columns: dict[str, str]
) -> pl.DataFrame:
    """Put what stood before the last change of a field into its column; a container may have no other row."""
    kept = frame
    for field, column in columns.items():
        before = last.filter(pl.col("field") == field).select(
            "container_id", pl.col("before").alias("__before__")
        )
        is_list = frame.schema[column] == pl.List(pl.String)
        text = pl.col("__before__")
        kept = (
            kept.join(before, on="container_id", how="full", coalesce=True)
            .with_columns(
                pl.coalesce(text.str.split("; ") if is_list else text, column).alias(column)
            )
            .drop("__before__")
        )
    return kept


def _null_if_empty(name: str) -> pl.Expr:
    return pl.when(pl.col(name).list.len() > 0).then(pl.col(name)).alias(name)
