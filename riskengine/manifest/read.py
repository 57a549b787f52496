"""Reading a manifest: one door for every format, through which nothing is lost."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import polars as pl

from riskengine.errors import ManifestError
from riskengine.manifest import defects as faults_of
from riskengine.manifest.assemble import Assembled, assemble, container_numbers_in
from riskengine.manifest.file_bytes import bytes_of, shown_name
from riskengine.manifest.fill_down import carried_down
from riskengine.manifest.formats import SUFFIXES, reader_of, recognise
from riskengine.manifest.line_faults import marked_lines, repeated_lines, unnamed_lines
from riskengine.manifest.multi_containers import spread_containers
from riskengine.manifest.packed import is_packed, members_of
from riskengine.manifest.placing import place_columns
from riskengine.manifest.plan import (
    FieldMapping,
    FileSettings,
    recognised_mapping,
    with_rates,
)
from riskengine.manifest.schema import Document, Manifest, ManifestSource
from riskengine.manifest.table import FileRemark
from riskengine.manifest.typed import FAULTS, type_records

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from riskengine.domain import Defect
    from riskengine.manifest.packed import Member
    from riskengine.manifest.schema import DocumentKind
    from riskengine.manifest.table import TextTable
    from riskengine.manifest.typed import TypedRecords

_HEADERS_SHOWN = 20
_LONGEST_HEADER_SHOWN = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A manifest, and everything that is wrong with the file it came in.

    Attributes:
        manifest: The canonical frames.
        defects: What is wrong, each with its place.
        content: The bytes that were read, where they came out of an archive; else None: they are the file's.
        mapping_content: The bytes of the mapping file it was read with, so that they can be kept; empty without one.
    """

    manifest: Manifest
    defects: tuple[Defect, ...]
    content: bytes | None = None
    mapping_content: bytes = b""


def read_manifest(path: Path, mapping: FieldMapping | None = None) -> Reading:
    """Read a manifest, a stow plan or a report of movements; its format is told by the bytes, not by the name.

    Read are delimited text, Excel and OpenDocument sheets, Parquet, UN/EDIFACT (CUSCAR, BAPLIE, COPRAR, COARRI, CODECO),
    X12 309, ASYCUDA World and WCO XML, DCSA JSON; each also packed by gzip, or alone in a ZIP archive.

    Without *mapping*, or with one that names no columns, the headers of a list are recognised in English, French,
    Spanish and Portuguese. A standard format says itself which field is which; of a mapping it takes what a
    currency is worth, what stands for nothing, and constants.

    Every record of the file becomes a line of the manifest, or is blank and counted, or is named in a Defect;
    every container number in the file is a row of ``containers``. A value that cannot be read is null and
    named; a value that is read but wrong (a check digit) is kept and named. A line that stands twice is kept
    twice and named; one with neither container number nor bill of lading is loose cargo without a name, and
    said to be.

    Raises:
        ManifestError: The file is missing, too large, empty, of another kind, names no containers, or is
            an archive of several files.
        MappingError: The mapping asks for columns that the file does not have.
    """
    first, *others = read_manifests(path, mapping)
    if others:
        readings = (first, *others)
        names = ", ".join(reading.manifest.source.file for reading in readings[:_HEADERS_SHOWN])
        raise ManifestError(
            f"{_name(path)} holds {len(readings)} files: {names}.",
            remedy="Unpack it, and give the file that is meant.",
        )
    return first


def read_manifests(path: Path, mapping: FieldMapping | None = None) -> tuple[Reading, ...]:
    """Read a file, or every file in an archive, in their order; each is a reading of its own.

    A file of an archive that cannot be read is named in a Defect of the first one that can.

    Raises:
        ManifestError: As for ``read_manifest``, or no file of an archive can be read.
        MappingError: The mapping asks for columns that no file has.
    """
    file, data = _name(path), bytes_of(path)
    if not is_packed(data):
        return (_read(data, file, path.suffix, mapping),)
    packed_in = hashlib.sha256(data).hexdigest()
    members = members_of(data, file)
    readings: list[Reading] = []
    refused: list[tuple[str, ManifestError]] = []
    for member in members:
        try:
            readings.append(_unpacked(member, file, packed_in, mapping))
        except ManifestError as refusal:
            if len(members) == 1:
                raise
            refused.append((f"{file}/{shown_name(member.name)}", refusal))
    if not readings:
        name, why = refused[0]
        raise ManifestError(
            f"None of the {len(members)} files in {file} can be read. Of {name}: {why.sentence}",
            remedy=why.remedy or "Ask the sender for the files again.",
        ) from why
    first, *others = readings
    left = [faults_of.of_member(name, why.sentence) for name, why in refused]
    return (replace(first, defects=(*left, *first.defects)), *others)


def read_bytes(data: bytes, file: str, mapping: FieldMapping | None = None) -> Reading:
    """Read the bytes of one file again, under the name by which it was received.

    Args:
        data: The bytes; those that were read, where the file came out of an archive.
        file: The name of the file.
        mapping: As for ``read_manifest``.

    Raises:
        ManifestError: As for ``read_manifest``.
        MappingError: The mapping asks for columns that the file does not have.
    """
    return _read(data, file, _suffix_of(file), mapping)


def _suffix_of(name: str) -> str:
    return f".{name.rpartition('.')[2]}" if "." in name else ""


def _unpacked(
    member: Member, file: str, packed_in: str, mapping: FieldMapping | None
) -> Reading:
    """Read one file of an archive."""
    name = shown_name(member.name)
    if not member.content:
        raise ManifestError(
            f"{name} in {file} is empty.", remedy="Ask the sender for the file again."
        )
    reading = _read(member.content, name, _suffix_of(name), mapping)
    source = replace(reading.manifest.source, packed_in=packed_in)
    return replace(
        reading,
        manifest=replace(reading.manifest, source=source),
        content=member.content,
    )


def _read(data: bytes, file: str, suffix: str, mapping: FieldMapping | None) -> Reading:
    found = recognise(data, file)
    settings = FileSettings() if mapping is None else mapping.file
    mapping_content = b"" if mapping is None else mapping.content
    with ThreadPoolExecutor(
        max_workers=1
    ) as beside:  # both take long, and neither needs the other
        digest = beside.submit(hashlib.sha256, data)
        table = reader_of(found)(data, file=file, settings=settings)
    remarks = list(table.remarks)
    told = SUFFIXES.get(suffix.lower())
    if told not in {None, found}:
        remarks.append(
            FileRemark(code="wrong_suffix", params={"suffix": suffix, "format": found})
        )
    mapping, unclear = _mapping_for(table, mapping, file)
    remarks += unclear
    placed = place_columns(table, mapping, file)
    filled, carried = carried_down(placed.table, mapping, placed.places)
    rows = spread_containers(filled, mapping, placed.places)
    remarks += [*placed.remarks, *carried]
    typed = type_records(rows, mapping, placed.places)
    assembled = assemble(table, typed)
    faults = pl.concat(
        [
            _cell_faults(table, mapping, placed.places),
            typed.faults.unique(maintain_order=True),  # a cell that several containers share
            marked_lines(rows),
            unnamed_lines(typed),
            repeated_lines(table),
            _undated(typed),
            assembled.conflicts,
        ]
    )
    containers = _with_defect_counts(assembled, faults)
    source = ManifestSource(
        file=file,
        sha256=digest.result().hexdigest(),
        format=table.format,
        columns=table.columns,
        record_count=table.record_count,
        blank_count=table.blank_count,
        received_at=datetime.now(UTC),
        mapping_sha256=mapping.sha256,
        document=table.document or Document(kind=_kind_of(typed, settings)),
    )
    manifest = Manifest(source=source, **{**assembled.frames, "containers": containers})
    _must_add_up(manifest, rows, typed)
    found_defects = [
        *faults_of.of_file(remarks, file),
        *faults_of.of_records(table, file),
        *faults_of.of_cells(faults, assembled.numbers, file),
    ]
    return Reading(
        manifest=manifest, defects=tuple(found_defects), mapping_content=mapping_content
    )


def _mapping_for(
    table: TextTable, given: FieldMapping | None, file: str
) -> tuple[FieldMapping, Sequence[FileRemark]]:
    """Return how the columns are read: by the standard, by the mapping given, or as their headers tell."""
    if table.mapping is not None:
        return (table.mapping if given is None else with_rates(table.mapping, given)), ()
    if given is not None and given.columns:
        return given, ()
    named = given or FieldMapping(name="the headers as they were recognised")
    mapping, unclear = recognised_mapping(table.columns, named)
    _must_name_containers(mapping, table, file)
    return mapping, unclear


_OF_GOODS_AND_PARTIES = frozenset(
    ["goods_description", "hs_code", "shipper_name", "consignee_name", "notify_party_name"]
)


def _kind_of(typed: TypedRecords, settings: FileSettings) -> DocumentKind:
    """Tell what a list is: what nobody declares of goods in, and what says where boxes stand, is a stow plan."""
    if settings.kind is not None:
        return cast("DocumentKind", settings.kind)
    if "movement" in typed.filled:
        return "movements"
    is_of_boxes = "stow_position" in typed.filled and "container_number" in typed.filled
    if is_of_boxes and not (typed.filled & _OF_GOODS_AND_PARTIES):
        return "stow_plan"
    return "manifest"


def _name(path: Path) -> str:
    return shown_name(path.name)


def _must_name_containers(mapping: FieldMapping, table: TextTable, file: str) -> None:
    if {rule.field for rule in mapping.columns} & {"container_number", "bill_of_lading"}:
        return
    headers = ", ".join(map(_quoted, table.columns[:_HEADERS_SHOWN]))
    if len(table.columns) > _HEADERS_SHOWN:
        headers += ", ..."
    raise ManifestError(
        f"No column of {file} is known as a container number or a bill of lading: {headers}.",
        remedy="Write a mapping file that says which column is which, and give it with --mapping.",
    )


def _quoted(header: str) -> str:
    """Return a header for a sentence; what is no manifest may have one of any length."""
    is_long = len(header) > _LONGEST_HEADER_SHOWN
    return repr(f"{header[:_LONGEST_HEADER_SHOWN]}..." if is_long else header)


def _cell_faults(
    table: TextTable, mapping: FieldMapping, places: Mapping[str, int]
) -> pl.DataFrame:
    if not table.cell_faults:
        return pl.DataFrame(schema=FAULTS)
    fields = {
        places[rule.column]: rule.field for rule in mapping.columns if rule.column in places
    }
    names = [fields.get(place, name) for place, name in enumerate(table.columns)]
    is_placed = table.are_columns_placed
    lines = table.frame.select("record_number", "line")
    faults = pl.DataFrame(
        {
            "record_number": [record for record, _, _ in table.cell_faults],
            "column": [place + 1 if is_placed else None for _, place, _ in table.cell_faults],
            "field": [names[place] for _, place, _ in table.cell_faults],
            "code": [code for _, _, code in table.cell_faults],
        },
        schema_overrides={"record_number": pl.Int64, "column": pl.Int64},
    )
    return (
        faults.join(lines, on="record_number", how="left", maintain_order="left")
        .with_columns(raw=pl.lit(None, pl.String), kept=pl.lit(None, pl.String))
        .select(FAULTS.keys())
    )


def _undated(typed: TypedRecords) -> pl.DataFrame:
    """An outcome without a day cannot teach: nobody knows when it was known."""
    return typed.frame.filter(
        pl.col("outcome").is_not_null() & pl.col("outcome_known_on").is_null()
    ).select(
        record_number="record_number",
        line="line",
        column=pl.lit(None, pl.Int64),
        field=pl.lit("outcome_known_on"),
        code=pl.lit("outcome_day_missing"),
        raw=pl.lit(None, pl.String),
        kept=pl.lit(None, pl.String),
    )


def _with_defect_counts(assembled: Assembled, faults: pl.DataFrame) -> pl.DataFrame:
    """Count for each container the records and cells that could not be read."""
    is_cell = [
        code
        for code in faults["code"].unique().to_list()
        if faults_of.effect_of(code).value == "cell"
    ]
    received, containers = assembled.frames["received"], assembled.frames["containers"]
    if not is_cell and received.height == assembled.frames["goods_items"].height:
        return containers
    cells = faults.filter(pl.col("code").is_in(is_cell)).select("record_number")
    readable = assembled.frames["goods_items"].select("record_number")
    unread = received.join(readable, on="record_number", how="anti").select("record_number")
    counts = (
        pl.concat([cells, unread])
        .join(received.select("record_number", "container_id"), on="record_number")
        .filter(pl.col("container_id").is_not_null())
        .group_by("container_id")
        .agg(found=pl.len().cast(pl.Int64))
    )
    return (
        containers.join(counts, on="container_id", how="left", maintain_order="left")
        .with_columns(defect_count=pl.col("found").fill_null(0))
        .select(containers.columns)
    )


def _must_add_up(manifest: Manifest, table: TextTable, typed: TypedRecords) -> None:
    """Hold the law that nothing is lost; a breach is a fault of ours, and stops the reading."""
    read, unread = table.frame["record_number"].n_unique(), len(table.unread)
    lines, source = table.frame.height, manifest.source
    if source.record_count != read + unread + source.blank_count:
        raise ManifestError(
            f"{source.file} has {source.record_count} records, but {read} were read, {unread} could not"
            f" be read and {source.blank_count} are blank."
        )
    if manifest.received.height != lines + unread or manifest.goods_items.height != lines:
        raise ManifestError(f"Records of {source.file} were lost between reading and joining.")
    unframed = [
        number for record in table.unread for number in container_numbers_in(record.raw)
    ]
    named = typed.frame.select("container_number").extend(
        pl.DataFrame({"container_number": unframed}, schema={"container_number": pl.String})
    )
    missing = named.drop_nulls().join(manifest.containers, on="container_number", how="anti")
    lost: Sequence[str] = missing["container_number"].unique().sort().to_list()
    if lost:
        raise ManifestError(f"Containers of {source.file} were lost: {', '.join(lost[:20])}.")
