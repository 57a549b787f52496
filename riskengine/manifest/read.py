"""Reading a manifest: one door for every format, through which nothing is lost."""

from __future__ import annotations

import difflib
import hashlib
import stat
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl

from riskengine.errors import ManifestError, MappingError
from riskengine.manifest import defects as faults_of
from riskengine.manifest.assemble import Assembled, assemble, container_numbers_in
from riskengine.manifest.csv_format import read_csv
from riskengine.manifest.line_faults import repeated_lines, unnamed_lines
from riskengine.manifest.parquet_format import read_parquet
from riskengine.manifest.plan import FieldMapping, FileSettings, recognised_mapping
from riskengine.manifest.schema import Manifest, ManifestSource
from riskengine.manifest.table import FileRemark
from riskengine.manifest.typed import FAULTS, type_records
from riskengine.manifest.xlsx_format import read_xlsx

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from riskengine.domain import Defect
    from riskengine.manifest.table import TextTable
    from riskengine.manifest.typed import TypedRecords

LARGEST_FILE = 1 << 30
"""Bytes; a manifest of a million lines has about a third of it."""

_HEADERS_SHOWN = 20
_LONGEST_HEADER_SHOWN = 40

_SUFFIXES = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
}
_FOREIGN = (
    (b"\x1f\x8b", "a gzip archive", "Unpack it first."),
    (b"%PDF", "a PDF document", "Ask the sender for the table behind it."),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)", "Save it as .xlsx or as CSV."),
    (b"7z\xbc\xaf", "a 7-Zip archive", "Unpack it first."),
    (b"Rar!", "a RAR archive", "Unpack it first."),
    (b"<?xml", "an XML document", "Ask for the manifest as CSV, Excel or Parquet."),
    (b"SQLite format 3", "a SQLite database", "Export the table as CSV."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A manifest, and everything that is wrong with the file it came in."""

    manifest: Manifest
    defects: tuple[Defect, ...]


def read_manifest(path: Path, mapping: FieldMapping | None = None) -> Reading:
    """Read a manifest in CSV, Excel or Parquet; the format is told by the bytes, not by the name.

    Without *mapping*, or with one that names no columns, the headers are recognised in English, French,
    Spanish and Portuguese.

    Every record of the file becomes a line of the manifest, or is blank and counted, or is named in a Defect;
    every container number in the file is a row of ``containers``. A value that cannot be read is null and
    named; a value that is read but wrong (a check digit) is kept and named. A line that stands twice is kept
    twice and named; one with neither container number nor bill of lading is loose cargo without a name, and
    said to be.

    Raises:
        ManifestError: The file is missing, too large, empty, of another kind, or names no containers.
        MappingError: The mapping asks for columns that the file does not have.
    """
    file = path.name.encode("utf-8", "backslashreplace").decode("utf-8")
    data = _bytes_of(path)
    found = _format_of(data, file)
    settings = FileSettings() if mapping is None else mapping.file
    table = _READERS[found](data, file=file, settings=settings)
    remarks = list(table.remarks)
    told = _SUFFIXES.get(path.suffix.lower())
    if told not in {None, found}:
        remarks.append(
            FileRemark(code="wrong_suffix", params={"suffix": path.suffix, "format": found})
        )
    if mapping is None or not mapping.columns:
        given = mapping or FieldMapping(name="the headers as they were recognised")
        mapping, unclear = recognised_mapping(table.columns, given)
        remarks += unclear
        _must_name_containers(mapping, table, file)
    remarks += _column_remarks(table, mapping)
    typed = type_records(table, mapping, _places(table, mapping, file))
    assembled = assemble(table, typed)
    faults = pl.concat(
        [
            _cell_faults(table, mapping),
            typed.faults,
            unnamed_lines(typed),
            repeated_lines(table),
            _undated(typed),
            assembled.conflicts,
        ]
    )
    containers = _with_defect_counts(assembled, faults)
    source = ManifestSource(
        file=file,
        sha256=hashlib.sha256(data).hexdigest(),
        format=found,
        columns=table.columns,
        record_count=table.record_count,
        blank_count=table.blank_count,
        received_at=datetime.now(UTC),
        mapping_sha256=mapping.sha256,
    )
    manifest = Manifest(source=source, **{**assembled.frames, "containers": containers})
    _must_add_up(manifest, table, typed)
    found_defects = [
        *faults_of.of_file(remarks, file),
        *faults_of.of_records(table, file),
        *faults_of.of_cells(faults, assembled.numbers, file),
    ]
    return Reading(manifest=manifest, defects=tuple(found_defects))


_READERS = {"csv": read_csv, "parquet": read_parquet, "xlsx": read_xlsx}


def _bytes_of(path: Path) -> bytes:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise ManifestError(
                f"{path} is a folder.", remedy="Name the manifest files in it, one by one."
            )
        if not stat.S_ISREG(status.st_mode):
            raise ManifestError(
                f"{path} is not a regular file.", remedy="Copy it to a file first."
            )
        if status.st_size > LARGEST_FILE:
            raise ManifestError(
                f"{path} is larger than {LARGEST_FILE} bytes.", remedy="Split it by voyage."
            )
        data = path.read_bytes()
    except FileNotFoundError as fault:
        raise ManifestError(
            f"There is no file {path}.", remedy="Check the name; files are looked up from here."
        ) from fault
    except (OSError, ValueError) as fault:
        raise ManifestError(
            f"{path} cannot be read: {fault}.", remedy="Check who may read it."
        ) from fault
    if not data:
        raise ManifestError(f"{path} is empty.", remedy="Ask the sender for the file again.")
    return data


def _format_of(data: bytes, file: str) -> str:
    if data[:4] == b"PAR1":
        return "parquet"
    if data[:4] == b"PK\x03\x04":
        return "xlsx"
    for mark, what, remedy in _FOREIGN:
        if data.startswith(mark):
            raise ManifestError(f"{file} is {what}, not a manifest.", remedy=remedy)
    if data.lstrip()[:1] in {b"{", b"["}:
        raise ManifestError(
            f"{file} looks like JSON.", remedy="Ask for the manifest as CSV, Excel or Parquet."
        )
    return "csv"


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


def _places(table: TextTable, mapping: FieldMapping, file: str) -> dict[str, int]:
    """Say where each mapped column stands; a header may differ in case and blanks, not in more."""
    exact = {name: place for place, name in enumerate(table.columns)}
    loose = {_plain(name): place for place, name in enumerate(table.columns)}
    counts = Counter(_plain(name) for name in table.columns)
    places: dict[str, int] = {}
    faults: list[str] = []
    for column in sorted(mapping.used_columns()):
        place = exact.get(column, loose.get(_plain(column)))
        if place is not None and counts[_plain(column)] > 1:
            faults.append(f"{column!r} heads {counts[_plain(column)]} columns.")
        elif place is not None:
            places[column] = place
        elif column in mapping.required_columns():
            near = difflib.get_close_matches(column, table.columns, n=1, cutoff=0.6)
            meant = f" (did you mean {near[0]!r}?)" if near else ""
            faults.append(f"there is no column {column!r}{meant}.")
    if faults:
        raise MappingError(
            f"The columns of {file} do not fit {mapping.name}: {' '.join(faults)}",
            remedy="Each header that is used must stand once in the file.",
        )
    return places


def _plain(header: str) -> str:
    return " ".join(header.split()).casefold()


def _column_remarks(table: TextTable, mapping: FieldMapping) -> list[FileRemark]:
    used = {_plain(column) for column in mapping.used_columns()}
    left = [name for name in table.columns if name and _plain(name) not in used]
    counts = Counter(name for name in left)
    remarks = [
        FileRemark(
            code="duplicate_header",
            params={"header": name, "count": count},
            line=table.header_line,
        )
        for name, count in counts.items()
        if count > 1
    ]
    if left:
        params = {"count": len(counts), "columns": ", ".join(counts)}
        remarks.append(
            FileRemark(code="unmapped_columns", params=params, line=table.header_line)
        )
    return remarks


def _cell_faults(table: TextTable, mapping: FieldMapping) -> pl.DataFrame:
    if not table.cell_faults:
        return pl.DataFrame(schema=FAULTS)
    fields = {_plain(rule.column): rule.field for rule in mapping.columns}
    names = [fields.get(_plain(name), name) for name in table.columns]
    lines = table.frame.select("record_number", "line")
    faults = pl.DataFrame(
        {
            "record_number": [record for record, _, _ in table.cell_faults],
            "column": [place + 1 for _, place, _ in table.cell_faults],
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
    received = assembled.frames["received"]
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
    containers = assembled.frames["containers"]
    return (
        containers.join(counts, on="container_id", how="left", maintain_order="left")
        .with_columns(defect_count=pl.col("found").fill_null(0))
        .select(containers.columns)
    )


def _must_add_up(manifest: Manifest, table: TextTable, typed: TypedRecords) -> None:
    """Hold the law that nothing is lost; a breach is a fault of ours, and stops the reading."""
    read, unread = table.frame.height, len(table.unread)
    source = manifest.source
    if source.record_count != read + unread + source.blank_count:
        raise ManifestError(
            f"{source.file} has {source.record_count} records, but {read} were read, {unread} could not"
            f" be read and {source.blank_count} are blank."
        )
    if manifest.received.height != read + unread or manifest.goods_items.height != read:
        raise ManifestError(f"Records of {source.file} were lost between reading and joining.")
    named = set(typed.frame["container_number"].drop_nulls())
    for record in table.unread:
        named.update(container_numbers_in(record.raw))
    lost: Sequence[str] = sorted(
        named - set(manifest.containers["container_number"].drop_nulls())
    )
    if lost:
        raise ManifestError(f"Containers of {source.file} were lost: {', '.join(lost[:20])}.")
