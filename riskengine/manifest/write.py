"""Writing a manifest as one flat list, in the columns that reading knows best."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import polars as pl
import pyarrow.parquet as pq
import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException

from riskengine.domain import PartyRole
from riskengine.errors import ExportError
from riskengine.manifest.fields import FIELDS, PARTY_FACTS, Kind, fields_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from riskengine.manifest.schema import Manifest

MOST_SHEET_ROWS = 1_048_575
LONGEST_CELL = 32_767

_ALWAYS = {"container_number", "bill_of_lading"}


def write_manifest(manifest: Manifest, path: Path) -> None:
    """Write a manifest by the suffix of *path*: a list (CSV, Excel, Parquet), CUSCAR (.edi) or Awmds (.xml).

    In a list one row is one goods item in one container; columns without any value are left out; what a mapping
    carried along stands in columns such as ``category:genus``. Reading the file gives the same frames,
    but for what was wrong with the original: an unreadable line has only its container number, marked
    ``is_unreadable``, and a value that could not be read stays null. Texts are written as they are: a
    spreadsheet shows them as text, and a CSV file is for machines. The standards hold the fields that they
    name (``CARRIES`` of their readers), and no others.

    Raises:
        ExportError: The suffix is unknown, the list does not fit, or the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ExportError(
            f"A manifest cannot be written as {path.name}.",
            remedy=f"Let the name end in {', '.join(SUFFIXES)}.",
        )
    try:
        if suffix in _LISTS:
            write_list(flat_list(manifest), path)
            return
        module, name = _STANDARDS[suffix]
        as_bytes = getattr(import_module(f"riskengine.manifest.{module}"), name)
        path.write_bytes(as_bytes(manifest))
    except (OSError, XlsxWriterException) as fault:
        raise ExportError(
            f"{path} cannot be written: {fault}.", remedy="Check the folder and its free space."
        ) from fault


def write_list(lines: pl.DataFrame, path: Path) -> None:
    """Write lines in canonical columns as CSV, Excel or Parquet, by the suffix of *path*.

    Raises:
        ExportError: The list does not fit the sheet.
    """
    _LISTS[path.suffix.lower()](lines, path)


def flat_list(manifest: Manifest) -> pl.DataFrame:
    """Return a manifest as one frame, a row for each goods item, in canonical columns."""
    lines = (
        manifest.goods_items.rename({"description": "goods_description"})
        .join(_consignments(manifest), on="consignment_id", how="left", maintain_order="left")
        .join(
            manifest.containers.drop("record_number", "voyage_id"),
            on="container_id",
            how="left",
            maintain_order="left",
        )
    )
    boxes = manifest.containers.filter(pl.col("is_unreadable"))
    unread = boxes.join(manifest.loads, on="container_id", how="anti").drop("voyage_id")
    lines = pl.concat([lines, unread], how="diagonal").sort(
        "record_number", maintain_order=True
    )
    for facts in (_seals(manifest), _examinations(manifest)):
        lines = lines.join(facts, on="container_id", how="left", maintain_order="left")
    lines = lines.join(
        _movements(manifest), on="record_number", how="left", maintain_order="left"
    )
    carried = _attributes(manifest)
    lines = lines.join(carried, on="goods_item_id", how="left", maintain_order="left")
    if not boxes.height:
        lines = lines.drop("is_unreadable")
    canonical = [name for name in FIELDS if name in lines.columns]
    kept = [
        name for name in canonical if name in _ALWAYS or lines[name].null_count() < lines.height
    ]
    instants = [name for name in kept if FIELDS[name].kind is Kind.INSTANT]
    lines = lines.with_columns(pl.col(instants).dt.to_string("%Y-%m-%dT%H:%M:%S%.fZ"))
    return lines.select(*kept, *(name for name in carried.columns if name != "goods_item_id"))


def _consignments(manifest: Manifest) -> pl.DataFrame:
    ports = [field.name for field in fields_of("consignments") if field.kind is Kind.PORT]
    frame = manifest.consignments.with_columns(
        pl.coalesce(f"{name}_text", name).alias(name) for name in ports
    )
    frame = frame.join(manifest.voyages, on="voyage_id", how="left", maintain_order="left")
    for role in PartyRole:
        party = manifest.parties.filter(pl.col("role") == role.value).select(
            "consignment_id", *(pl.col(fact).alias(f"{role}_{fact}") for fact in PARTY_FACTS)
        )
        frame = frame.join(party, on="consignment_id", how="left", maintain_order="left")
    legs = (
        manifest.legs.sort("consignment_id", "sequence")
        .group_by("consignment_id", maintain_order=True)
        .agg(transhipment_ports=pl.coalesce("port_text", "port").str.join(";"))
    )
    frame = frame.join(legs, on="consignment_id", how="left", maintain_order="left")
    return frame.drop("voyage_id")


def _seals(manifest: Manifest) -> pl.DataFrame:
    parties = pl.col("sealing_party").fill_null("").str.join(";")
    return manifest.seals.group_by("container_id", maintain_order=True).agg(
        seal_numbers=pl.col("seal_number").str.join(";"),
        sealing_party=pl.when(pl.col("sealing_party").is_not_null().any()).then(parties),
    )


def _movements(manifest: Manifest) -> pl.DataFrame:
    named = {
        field.name: field.name.removeprefix("movement_") for field in fields_of("movements")
    }
    frame = manifest.movements.with_columns(pl.coalesce("place_text", "place").alias("place"))
    return frame.select(
        "record_number", *(pl.col(column).alias(name) for name, column in named.items())
    )


def _examinations(manifest: Manifest) -> pl.DataFrame:
    return manifest.examinations.select(
        "container_id",
        "outcome",
        "selection_probability",
        outcome_known_on=pl.col("known_on"),
    )


def _attributes(manifest: Manifest) -> pl.DataFrame:
    carried = manifest.attributes.select(
        "goods_item_id", "text", "number", header=pl.col("kind") + ":" + pl.col("name")
    )
    frame = manifest.goods_items.select("goods_item_id")
    for header in carried["header"].unique(maintain_order=True):
        column = "number" if header.startswith("number:") else "text"
        values = carried.filter(pl.col("header") == header)
        frame = frame.join(
            values.select("goods_item_id", pl.col(column).alias(header)),
            on="goods_item_id",
            how="left",
            maintain_order="left",
        )
    return frame


def _write_csv(lines: pl.DataFrame, path: Path) -> None:
    # A number with three decimals could be read as thousands: a fourth makes it plain.
    number = pl.col(pl.Float64).cast(pl.String)
    plain = number.str.replace(r"^(-?\d+)\.0$", "${1}").str.replace(r"\.(\d{3})$", ".${1}0")
    lines.with_columns(plain).write_csv(path, quote_style="necessary")


def _write_parquet(lines: pl.DataFrame, path: Path) -> None:
    pq.write_table(lines.to_arrow(), path, write_page_checksum=True)


def _write_xlsx(lines: pl.DataFrame, path: Path) -> None:
    _must_fit_a_sheet(lines, path)
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(str(path), options) as workbook:
        sheet = workbook.add_worksheet("manifest")
        day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        sheet.freeze_panes(1, 0)
        for place, name in enumerate(lines.columns):
            sheet.write_string(0, place, name)
            for row, value in enumerate(lines[name], start=1):
                if value is None:
                    continue
                if isinstance(value, bool):
                    sheet.write_boolean(row, place, value)
                elif isinstance(value, (int, float)):
                    sheet.write_number(row, place, value)
                elif isinstance(value, str):
                    sheet.write_string(row, place, value)
                else:
                    sheet.write_datetime(row, place, value, day)


def _must_fit_a_sheet(lines: pl.DataFrame, path: Path) -> None:
    longest = (
        lines.select(pl.col(pl.String).str.len_chars().max()).row(0) if lines.height else ()
    )
    if lines.height > MOST_SHEET_ROWS or any(size and size > LONGEST_CELL for size in longest):
        raise ExportError(
            f"The manifest does not fit the sheet of {path.name}.",
            remedy="Write it as .parquet or .csv.",
        )


_LISTS: dict[str, Callable[[pl.DataFrame, Path], None]] = {
    ".csv": _write_csv,
    ".xlsx": _write_xlsx,
    ".parquet": _write_parquet,
}
_STANDARDS = {
    ".edi": ("write_cuscar", "cuscar_message"),
    ".xml": ("write_awmds", "awmds_document"),
}
SUFFIXES = (*_LISTS, *_STANDARDS)
"""What a manifest can be written as."""
