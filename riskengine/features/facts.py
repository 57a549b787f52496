"""Facts: what a manifest declares of each container, one row a container and no opinion yet.

Columns whose name begins with an underscore feed indicators and are not shown to rules or models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from riskengine.codes import commodities, containers, size_types
from riskengine.features.addresses import with_shared_addresses
from riskengine.features.beside import with_beside
from riskengine.features.itinerary import route_lengths
from riskengine.features.keys import with_keys
from riskengine.features.words import padded

if TYPE_CHECKING:
    from datetime import date

    from riskengine.manifest.schema import Manifest

_PARTY_DETAILS = {
    "shipper": ("name", "country", "address", "email", "phone", "tax_id"),
    "consignee": ("name", "country", "address", "email", "phone", "tax_id"),
    "notify_party": ("name", "country", "address", "email", "phone"),
    "forwarder": ("name",),
    "declarant": ("name",),
}
_BILL_TEXTS = (
    "master_bill_of_lading",
    "bill_type",
    "cargo_nature",
    "place_of_receipt",
    "port_of_loading",
    "port_of_discharge",
    "place_of_delivery",
    "country_of_dispatch",
    "country_of_destination",
    "freight_payment",
    "declaration_function",
    "filer",
)
_BILL_VALUES = (
    "presented_on",
    "booked_on",
    "issued_on",
    "freight_amount_usd",
    "amendment_count",
    "last_amended_on",
)
_VOYAGE_TEXTS = (
    "vessel_name",
    "vessel_imo",
    "voyage_number",
    "carrier_code",
    "customs_office",
)

_TOTALS = ("package_count", "gross_mass_kg", "net_mass_kg", "volume_m3", "declared_value_usd")


def gather(manifest: Manifest, assessed_on: date | None = None) -> pl.DataFrame:
    """Return one row for every container of the manifest, loose cargo and unreadable lines too.

    A total (mass, value, packages, volume, quantity) is null as soon as one line does not declare
    it: a part is not the whole, and silence is not zero. Quantities in different units are not
    added. Parties, ports and dates are those of one bill: where a container stands on several,
    the first that is not a master bill, by its number. Texts are upper case, NFC, inner blanks
    squeezed. A list is null where nothing was declared. Rows are sorted by ``container_id``.

    Args:
        manifest: The manifest.
        assessed_on: The day of the assessment, or None for the day each bill was presented.
    """
    shared = with_shared_addresses(
        _containers(manifest)
        .join(_bills(manifest), on="container_id", how="left")
        .join(_goods(_with_masters(manifest)), on="container_id", how="left")
        .join(_seals(manifest), on="container_id", how="left")
        .with_columns(
            pl.col("seal_numbers")
            .is_not_null()
            .any()
            .over("_voyage_id")
            .alias("_are_seals_declared"),
            (pl.col("presented_on") if assessed_on is None else pl.lit(assessed_on)).alias(
                "assessed_on"
            ),
        )
        .sort("container_id")
    )
    return with_beside(with_keys(shared))


def clean(text: pl.Expr) -> pl.Expr:
    """Return *text* in upper case, NFC, with inner blanks squeezed; null where nothing is left.

    >>> pl.select(clean(pl.lit("  Frozen   shrimp "))).item()
    'FROZEN SHRIMP'
    """
    squeezed = (
        text.str.normalize("NFC")
        .str.to_uppercase()
        .str.replace_all(r"\s+", " ")
        .str.strip_chars()
    )
    return pl.when(squeezed != "").then(squeezed)


def totals(lines: pl.DataFrame, keys: list[str], columns: list[str]) -> pl.DataFrame:
    """Return the sum of each column for each key; null where a line does not declare it.

    The values of a key are added in the order of their size: no order of lines, and no other line of
    the manifest, can change a bit of the sum.
    """
    grouped = lines.group_by(keys).agg(
        pl.col(columns).sort(), pl.col(columns).null_count().name.prefix("undeclared ")
    )
    return grouped.select(
        *keys,
        *(
            pl.when(pl.col(f"undeclared {column}") == 0)
            .then(pl.col(column).list.sum())
            .alias(column)
            for column in columns
        ),
    )


def _containers(manifest: Manifest) -> pl.DataFrame:
    voyages = manifest.voyages.select(
        "voyage_id", *_cleaned(_VOYAGE_TEXTS), "departed_on", "arrival_expected_on"
    )
    return (
        manifest.containers.select(
            "container_id",
            "voyage_id",
            clean(pl.col("container_number")).alias("container_number"),
            containers.owner_code(pl.col("container_number")).alias("container_owner_code"),
            clean(pl.col("size_type")).alias("size_type"),
            size_types.size_type_family(pl.col("size_type")).alias("container_family"),
            "is_full",
            "is_shipper_owned",
            "is_loose_cargo",
            "is_unreadable",
            "tare_mass_kg",
            "container_gross_mass_kg",
            "verified_gross_mass_kg",
            "temperature_set_c",
            clean(pl.col("stow_position")).alias("stow_position"),
        )
        .join(voyages, on="voyage_id", how="left")
        .rename({"voyage_id": "_voyage_id"})
    )


def _bills(manifest: Manifest) -> pl.DataFrame:
    bills = (
        manifest.consignments.select(
            "consignment_id",
            clean(pl.col("bill_of_lading")).alias("bill_of_lading"),
            *_cleaned(_BILL_TEXTS),
            *_BILL_VALUES,
            clean(pl.col("amended_fields"))
            .str.extract_all(r"[^;\s]+")
            .list.sort()
            .alias("amended_fields"),
        )
        .with_columns(
            _country("port_of_loading"),
            _country("port_of_discharge"),
            _country("place_of_delivery"),
        )
        .join(_parties(manifest.parties), on="consignment_id", how="left")
        .join(route_lengths(manifest), on="consignment_id", how="left")
        .join(_transhipments(manifest.legs), on="consignment_id", how="left")
        .join(_bill_values(manifest.goods_items), on="consignment_id", how="left")
    )
    loads = manifest.loads.join(bills, on="consignment_id").sort(
        "container_id",
        (pl.col("bill_type") == "MASTER").fill_null(value=False),
        "bill_of_lading",
        "consignment_id",
        nulls_last=True,
    )
    several = loads.group_by("container_id").agg(
        _distinct("bill_of_lading").alias("bills_of_lading"),
        pl.col("consignment_id").n_unique().cast(pl.Int64).alias("_bill_count"),
    )
    # A box on several bills counts on each of them.
    carried = manifest.loads.group_by("consignment_id").agg(
        pl.col("container_id").n_unique().cast(pl.Int64).alias("_bill_container_count")
    )
    first = loads.unique("container_id", keep="first", maintain_order=True).join(
        carried, on="consignment_id", how="left", maintain_order="left"
    )
    return first.drop("consignment_id", "bill_of_lading").join(
        several.with_columns(_null_if_empty("bills_of_lading")), on="container_id"
    )


def _parties(parties: pl.DataFrame) -> pl.DataFrame:
    wide = parties.select("consignment_id").unique()
    for role, details in _PARTY_DETAILS.items():
        declared = (
            parties.filter(pl.col("role") == role)
            .unique("consignment_id", keep="first", maintain_order=True)
            .select(
                "consignment_id",
                pl.col("name_key").alias(f"_{role}_key"),
                *(clean(pl.col(detail)).alias(f"{role}_{detail}") for detail in details),
            )
        )
        wide = wide.join(declared, on="consignment_id", how="left")
    return wide


def _transhipments(legs: pl.DataFrame) -> pl.DataFrame:
    return (
        legs.sort("consignment_id", "sequence")
        .group_by("consignment_id", maintain_order=True)
        .agg(
            pl.len().cast(pl.Int64).alias("_transhipment_count"),
            clean(pl.col("port")).drop_nulls().alias("transhipment_ports"),
        )
        .with_columns(_null_if_empty("transhipment_ports"))
    )


def _bill_values(goods_items: pl.DataFrame) -> pl.DataFrame:
    """Return what all goods of a bill are declared at, in whichever containers they are."""
    values = totals(goods_items, ["consignment_id"], ["declared_value_usd"])
    return values.rename({"declared_value_usd": "_bill_declared_value_usd"})


def _with_masters(manifest: Manifest) -> pl.DataFrame:
    """Return the goods items, those marked that a master bill declares beside its house bills in the same box.

    A master bill is one that names no master itself: two bills that name each other hide nothing.
    """
    bills = manifest.loads.join(
        manifest.consignments.select(
            "consignment_id",
            clean(pl.col("bill_of_lading")).alias("bill"),
            clean(pl.col("master_bill_of_lading")).alias("master"),
        ),
        on="consignment_id",
    )
    named = bills.select("container_id", bill="master").drop_nulls().unique()
    masters = bills.filter(pl.col("master").is_null()).join(
        named, on=["container_id", "bill"], how="semi"
    )
    marked = masters.select("container_id", "consignment_id", _is_master=pl.lit(value=True))
    return manifest.goods_items.join(
        marked, on=["container_id", "consignment_id"], how="left", maintain_order="left"
    ).with_columns(pl.col("_is_master").fill_null(value=False))


def _told_once(lines: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """Return the totals of each box; where a master bill gives the sum of its house bills too, the larger counts.

    Added up, all would count twice; and nobody makes goods vanish by lodging a small house bill beside them.
    """
    keys = ["container_id"]
    summed = totals(lines.filter(~pl.col("_is_master")), keys, columns)
    of_masters = totals(lines.filter("_is_master"), keys, columns)
    if of_masters.is_empty():
        return summed
    return summed.join(
        of_masters, on=keys, how="full", coalesce=True, suffix=" of masters"
    ).select(
        *keys,
        *(pl.max_horizontal(name, f"{name} of masters").alias(name) for name in columns),
    )


def _goods(goods_items: pl.DataFrame) -> pl.DataFrame:
    lines = goods_items.filter(pl.col("container_id").is_not_null()).with_columns(
        clean(pl.col("description")).alias("description"),
        clean(pl.col("marks")).alias("marks"),
        clean(pl.col("package_type")).alias("package_type"),
        clean(pl.col("country_of_origin")).alias("country_of_origin"),
        clean(pl.col("quantity_unit")).alias("quantity_unit"),
        clean(pl.col("un_number")).alias("un_number"),
        commodities.normalise_hs(pl.col("hs_code")).alias("hs_declared"),
        commodities.hs6(pl.col("hs_code")).alias("hs6"),
        commodities.heading(pl.col("hs_code")).alias("heading"),
        commodities.chapter(pl.col("hs_code")).alias("chapter"),
    )
    counts = lines.group_by("container_id").agg(
        pl.len().cast(pl.Int64).alias("_goods_line_count"),
        (pl.col("quantity_unit").n_unique() == 1).alias("is_one_unit"),
        pl.col("chapter").is_null().sum().cast(pl.Int64).alias("_unclassified_line_count"),
    )
    texts = lines.group_by("container_id").agg(
        _distinct("description").alias("_descriptions"),
        _distinct("marks").alias("_marks"),
        _distinct("hs6").alias("hs_codes"),
        _distinct("heading").alias("hs_headings"),
        _distinct("chapter").alias("hs_chapters"),
        _distinct("hs_declared").alias("_hs_declared"),
        _distinct("country_of_origin").alias("countries_of_origin"),
        _distinct("package_type").alias("package_types"),
        _distinct("un_number").alias("un_numbers"),
        pl.concat_str("heading", "country_of_origin", separator="|")
        .drop_nulls()
        .unique()
        .sort()
        .alias("_heading_origins"),
        pl.concat_str("hs6", "country_of_origin", separator="|")
        .drop_nulls()
        .unique()
        .sort()
        .alias("_code_origins"),
    )
    lists = [name for name in texts.columns if name != "container_id"]
    return (
        _told_once(lines, [*_TOTALS, "quantity"])
        .join(counts, on="container_id")
        .join(texts, on="container_id")
        .with_columns(pl.when("is_one_unit").then("quantity").alias("declared_quantity"))
        .drop("is_one_unit", "quantity")
        .with_columns(_null_if_empty(*lists))
        .with_columns(
            pl.col("_descriptions").list.join(" / ").alias("goods_description"),
            pl.col("_marks").list.join(" / ").alias("goods_marks"),
            _prefixes(pl.col("_hs_declared")).alias("_hs_prefixes"),
        )
        .with_columns(padded(pl.col("goods_description")).alias("_described"))
        .join(_main_goods(lines), on="container_id", how="left")
    )


def _prefixes(codes: pl.Expr) -> pl.Expr:
    """Return the codes of each list and all they begin with, from the chapter on."""
    cut = [codes.list.eval(pl.element().str.slice(0, length)) for length in range(2, 7)]
    return pl.concat_list(*cut, codes).list.unique()


def _main_goods(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the chapter and the heading with most mass, or with most lines where a mass is missing."""
    chapters, headings = _main(lines, "chapter"), _main(lines, "heading")
    return chapters.join(headings, on="container_id", how="left")


def _main(lines: pl.DataFrame, level: str) -> pl.DataFrame:
    keys = ["container_id", level]
    classified = lines.filter(pl.col(level).is_not_null())
    counts = classified.group_by(keys).agg(pl.len().cast(pl.Float64).alias("lines"))
    is_weighed = pl.col("gross_mass_kg").is_not_null().all().over("container_id")
    return (
        totals(classified, keys, ["gross_mass_kg"])
        .join(counts, on=keys)
        .with_columns(
            pl.when(is_weighed).then("gross_mass_kg").otherwise("lines").alias("share")
        )
        .sort("container_id", "share", level, descending=[False, True, False])
        .unique("container_id", keep="first", maintain_order=True)
        .select("container_id", pl.col(level).alias(f"_main_{level}"))
    )


def _seals(manifest: Manifest) -> pl.DataFrame:
    # A history holds many voyages in one file: peers are those of the same voyage.
    voyages = manifest.containers.select("container_id", "voyage_id")
    named = (
        manifest.seals.select("container_id", clean(pl.col("seal_number")).alias("seal_number"))
        .filter(pl.col("seal_number").is_not_null())
        .join(voyages, on="container_id", how="left")
    )
    boxes = pl.col("container_id").n_unique().over("voyage_id", "seal_number")
    return (
        named.with_columns(boxes.cast(pl.Int64).alias("boxes"))
        .group_by("container_id")
        .agg(
            _distinct("seal_number").alias("seal_numbers"),
            pl.col("boxes").max().alias("_boxes_with_its_seal"),
        )
    )


def _distinct(column: str) -> pl.Expr:
    return pl.col(column).drop_nulls().unique().sort()


def _null_if_empty(*columns: str) -> list[pl.Expr]:
    return [
        pl.when(pl.col(column).list.len() > 0).then(pl.col(column)).alias(column)
        for column in columns
    ]


def _cleaned(columns: tuple[str, ...]) -> list[pl.Expr]:
    return [clean(pl.col(column)).alias(column) for column in columns]


def _country(place: str) -> pl.Expr:
    return pl.col(place).str.slice(0, 2).alias(f"{place}_country")
