"""What a manifest declares, in the rows in which versions of it are kept and compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.codes import commodities
from riskengine.codes.spelling import fold
from riskengine.engine.memory import container_key
from riskengine.features.facts import clean, totals
from riskengine.ledger.declared import DECLARED, OF_BOX

if TYPE_CHECKING:
    from riskengine.manifest.schema import Manifest

_BILL_TEXTS: Final = (
    "master_bill_of_lading", "bill_type", "cargo_nature", "freight_payment", "country_of_destination",
)  # fmt: skip
_PLACES: Final = (
    "place_of_receipt",
    "port_of_loading",
    "port_of_discharge",
    "place_of_delivery",
)
_PARTIES: Final = {
    "shipper": ("name", "address", "country"),
    "consignee": ("name", "address", "country", "tax_id"),
    "notify_party": ("name", "address", "country"),
    "forwarder": ("name",),
    "declarant": ("name",),
}
_GOODS_TEXTS: Final = {
    "goods_description": "description",
    "marks": "marks",
    "country_of_origin": "country_of_origin",
}
_AMOUNTS: Final = ("package_count", "gross_mass_kg", "net_mass_kg", "declared_value_usd")
_SHIP_WORDS: Final = r"^(?:M V|M S|M T|MV|MS|MT|SS|VSL|VESSEL) "


def declared_rows(manifest: Manifest, stated: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each bill in each container of a manifest, with ``container_id``.

    A container without a bill has a row whose bill is empty. What nothing names has none: nobody could find
    it again in another version.

    Args:
        manifest: The manifest.
        stated: Its facts, one row a container.

    Returns:
        ``container_id`` and ``DECLARED``, sorted by container and bill.
    """
    loads = manifest.loads.join(_bills(manifest), on="consignment_id", how="left")
    rows = (
        _boxes(_on_the_only_voyage(stated))
        .join(loads, on="container_id", how="left")
        .join(_goods(manifest), on=["container_id", "consignment_id"], how="left")
        .with_columns(pl.col("bill_of_lading").fill_null(""))
    )
    named = rows.with_columns(*voyage_names()).filter(
        (pl.col("container_key").fill_null("") != "") & pl.col("voyage_key").is_not_null()
    )
    return (
        named.unique(["voyage_key", "container_key", "bill_of_lading"], maintain_order=True)
        .select("container_id", *DECLARED)
        .cast({name: kind for name, kind in DECLARED.items()})  # noqa: C416 - polars takes a dict
        .sort("container_id", "bill_of_lading")
    )


def voyage_names() -> tuple[pl.Expr, pl.Expr]:
    """Return what names the voyage of a row, and what names it where a file knows no IMO number.

    The IMO number goes first: a message about one bill may give it alone, and a name may be spelled in many ways.
    A ship that calls every week has no voyage without a voyage number: there the bill names the row, and where
    there is none the day.
    """
    has_number = pl.col("voyage_number").is_not_null()
    ship = pl.coalesce("vessel_imo", "vessel_name", pl.lit(""))
    day = pl.coalesce("arrival_expected_on", "presented_on").cast(pl.String)
    numbered = pl.concat_str(ship, pl.lit("|"), "voyage_number")
    unnumbered = (
        pl.when(pl.col("bill_of_lading") != "")
        .then(pl.concat_str(ship, pl.lit("|bill "), "bill_of_lading"))
        .otherwise(pl.concat_str(ship, pl.lit("|day "), day))
    )
    ship_name = fold(pl.col("vessel_name")).str.replace(_SHIP_WORDS, "")
    named = pl.when(has_number & (ship_name != "")).then(
        pl.concat_str(ship_name, pl.lit("|"), "voyage_number")
    )
    return (
        pl.when(has_number).then(numbered).otherwise(unnumbered).alias("voyage_key"),
        named.alias("named_voyage_key"),
    )


def _on_the_only_voyage(stated: pl.DataFrame) -> pl.DataFrame:
    """Give a line that could not be read the voyage of the file, where it has one alone."""
    names = ("vessel_imo", "vessel_name", "voyage_number", "arrival_expected_on")
    known = stated.filter(~pl.col("is_unreadable")).select(names).unique()
    if known.height != 1:
        return stated
    only = known.row(0, named=True)
    lacks_it = pl.col("is_unreadable") & pl.all_horizontal(
        pl.col(name).is_null() for name in names
    )
    return stated.with_columns(
        pl.when(lacks_it)
        .then(pl.lit(only[name], stated.schema[name]))
        .otherwise(name)
        .alias(name)
        for name in names
    )


def _boxes(stated: pl.DataFrame) -> pl.DataFrame:
    return stated.select(
        "container_id",
        container_key().alias("container_key"),
        (
            pl.col("container_number").is_not_null()
            & ~pl.col("is_loose_cargo").fill_null(value=False)
        ).alias("is_box"),
        pl.col("is_unreadable").fill_null(value=False),
        "vessel_imo",
        "vessel_name",
        "voyage_number",
        "arrival_expected_on",
        "presented_on",
        *OF_BOX,
    )


def _bills(manifest: Manifest) -> pl.DataFrame:
    bills = manifest.consignments.select(
        "consignment_id",
        clean(pl.col("bill_of_lading")).alias("bill_of_lading"),
        pl.coalesce(
            pl.col("declaration_function").str.to_lowercase(),
            pl.lit(manifest.source.document.function, pl.String),
        ).alias("declaration_function"),
        "issued_on",
        *(clean(pl.col(name)).alias(name) for name in _BILL_TEXTS),
        # A port that is known is compared by its code, whatever the text beside it.
        *(
            pl.coalesce(clean(pl.col(name)), clean(pl.col(f"{name}_text"))).alias(name)
            for name in _PLACES
        ),
    )
    legs = (
        manifest.legs.sort("consignment_id", "sequence")
        .group_by("consignment_id", maintain_order=True)
        .agg(
            pl.coalesce(clean(pl.col("port")), clean(pl.col("port_text")))
            .drop_nulls()
            .alias("transhipment_ports")
        )
        .with_columns(_null_if_empty("transhipment_ports"))
    )
    frame = bills.join(legs, on="consignment_id", how="left")
    for role, details in _PARTIES.items():
        declared = (
            manifest.parties.filter(pl.col("role") == role)
            .unique("consignment_id", keep="first", maintain_order=True)
            .select(
                "consignment_id",
                *(clean(pl.col(detail)).alias(f"{role}_{detail}") for detail in details),
            )
        )
        frame = frame.join(declared, on="consignment_id", how="left")
    return frame


def _goods(manifest: Manifest) -> pl.DataFrame:
    keys = ["container_id", "consignment_id"]
    lines = manifest.goods_items.filter(pl.col("container_id").is_not_null())
    texts = lines.group_by(keys).agg(
        *(
            clean(pl.col(column)).drop_nulls().unique().sort().alias(name)
            for name, column in _GOODS_TEXTS.items()
        ),
        commodities.normalise_hs(pl.col("hs_code"))
        .drop_nulls()
        .unique()
        .sort()
        .alias("hs_code"),
    )
    names = [*_GOODS_TEXTS, "hs_code"]
    return texts.with_columns(_null_if_empty(name) for name in names).join(
        totals(lines, keys, list(_AMOUNTS)), on=keys, how="left"
    )


def _null_if_empty(name: str) -> pl.Expr:
    return pl.when(pl.col(name).list.len() > 0).then(pl.col(name)).alias(name)
