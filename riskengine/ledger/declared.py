"""What every received manifest declared of each container on each bill: the versions that can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

import polars as pl

from riskengine.errors import LedgerError
from riskengine.ledger.connection import open_ledger

if TYPE_CHECKING:
    from datetime import date

    import duckdb

    from riskengine.workspace import Workspace

FrameSchema: TypeAlias = Mapping[str, pl.DataType]

_TEXT: Final = pl.String()
_TEXTS: Final = pl.List(pl.String())
_NUMBER: Final = pl.Float64()
_FLAG: Final = pl.Boolean()

KEYS: Final[FrameSchema] = {
    "voyage_key": _TEXT,
    "named_voyage_key": _TEXT,
    "vessel_imo": _TEXT,
    "bill_of_lading": _TEXT,  # empty where none was declared
    "container_key": _TEXT,  # the number of the box, or the bill of loose cargo
    "is_box": _FLAG,
    "is_unreadable": _FLAG,
    "declaration_function": _TEXT,
}
"""What names a line of a version, and what the version does to the one before."""

OF_BILL: Final[FrameSchema] = {
    "master_bill_of_lading": _TEXT,
    "bill_type": _TEXT,
    "cargo_nature": _TEXT,
    "issued_on": pl.Date(),
    "freight_payment": _TEXT,
    "country_of_destination": _TEXT,
    "place_of_receipt": _TEXT,
    "port_of_loading": _TEXT,
    "port_of_discharge": _TEXT,
    "place_of_delivery": _TEXT,
    "transhipment_ports": _TEXTS,
    "shipper_name": _TEXT,
    "shipper_address": _TEXT,
    "shipper_country": _TEXT,
    "consignee_name": _TEXT,
    "consignee_address": _TEXT,
    "consignee_country": _TEXT,
    "consignee_tax_id": _TEXT,
    "notify_party_name": _TEXT,
    "notify_party_address": _TEXT,
    "notify_party_country": _TEXT,
    "forwarder_name": _TEXT,
    "declarant_name": _TEXT,
}
"""What is declared once of a bill."""

OF_LOAD: Final[FrameSchema] = {
    "goods_description": _TEXTS,
    "marks": _TEXTS,
    "hs_code": _TEXTS,
    "country_of_origin": _TEXTS,
    "package_count": _NUMBER,
    "gross_mass_kg": _NUMBER,
    "net_mass_kg": _NUMBER,
    "declared_value_usd": _NUMBER,
}
"""What is declared of the goods of one bill in one container."""

OF_BOX: Final[FrameSchema] = {
    "size_type": _TEXT,
    "is_full": _FLAG,
    "is_shipper_owned": _FLAG,
    "seal_numbers": _TEXTS,
    "container_gross_mass_kg": _NUMBER,
    "verified_gross_mass_kg": _NUMBER,
    "temperature_set_c": _NUMBER,
}
"""What is declared once of a box."""

DECLARED: Final[FrameSchema] = {**KEYS, **OF_BILL, **OF_LOAD, **OF_BOX}
"""One row for each bill in each container of a received manifest."""

OF_FILE: Final[FrameSchema] = {
    "seq": pl.Int64(),
    "file": _TEXT,
    "document_number": _TEXT,
    "sender": _TEXT,
    "received_at": pl.Datetime("us", "UTC"),
    "known_on": pl.Date(),
    "format": _TEXT,
    "mapping_sha256": _TEXT,
}
"""Which version a row belongs to, and which feed it came by."""


def note(connection: duckdb.DuckDBPyConnection, seq: int, rows: pl.DataFrame) -> int:
    """Keep what a received manifest declares, and return how many rows it has.

    Args:
        connection: An open ledger, inside the transaction that notes the file.
        seq: The place of the file in the order of reception.
        rows: Rows of ``DECLARED``.

    Raises:
        LedgerError: The rows have other columns or types.
    """
    if dict(rows.schema) != dict(DECLARED):
        wrong = sorted(set(rows.schema.items()) ^ set(DECLARED.items()), key=str)
        raise LedgerError(f"What was declared has other columns than agreed: {wrong}.")
    numbered = rows.with_columns(pl.lit(seq, pl.Int64).alias("seq"))
    connection.register("declared_now", numbered.to_arrow())
    connection.execute("INSERT INTO declared BY NAME SELECT * FROM declared_now")
    connection.unregister("declared_now")
    return rows.height


def earlier(
    workspace: Workspace,
    voyages: pl.DataFrame,
    *,
    sha256: str,
    before_seq: int | None,
    known_by: date | None,
) -> pl.DataFrame:
    """Return what was received before of the same voyages, all versions of it.

    A file that was read in two ways, with another mapping, is one version: that of its first reception, as it
    was read last. The file itself, however it was read, is no earlier version of itself, and what came after
    its own first reception is not looked at.

    Args:
        workspace: The unit's folder.
        voyages: ``voyage_key``, ``named_voyage_key`` and ``vessel_imo`` of the voyages asked for. Where one of
            two files names no IMO number, voyages are the same by the ship's name and the voyage number.
        sha256: The file under assessment; it need not have been received.
        before_seq: Only what was received before this place; None for everything.
        known_by: Only what was known on this day; None for everything.

    Returns:
        ``OF_FILE`` and ``DECLARED``; ``voyage_key`` is the one asked for. Sorted by version, voyage, bill and
        container.
    """
    asked = voyages.select("voyage_key", "named_voyage_key", "vessel_imo").unique()
    with open_ledger(workspace, read_only=True) as connection:
        connection.register("asked_voyage", asked.to_arrow())
        found = connection.sql(
            _EARLIER,
            params={"sha256": sha256, "before": before_seq, "known_by": known_by},
        ).pl()
    schema = {**OF_FILE, **DECLARED}
    return (
        found.with_columns(pl.col("received_at").dt.replace_time_zone("UTC"))
        .select(schema.keys())
        .cast(pl.Schema(schema))
        .unique(
            ["seq", "voyage_key", "bill_of_lading", "container_key"],
            keep="first",
            maintain_order=True,
        )
    )


def around(workspace: Workspace, sha256: str) -> tuple[pl.DataFrame, int]:
    """Return all versions of the voyages of a received file, those before it, itself and those after it.

    Args:
        workspace: The unit's folder.
        sha256: The file.

    Returns:
        Rows as of ``earlier``, and the place of the file; no rows and 0 where it was not received.
    """
    with open_ledger(workspace, read_only=True) as connection:
        found = connection.execute(_OWN_PLACE, [sha256]).fetchall()
        voyages = connection.sql(_OWN_VOYAGES, params={"sha256": sha256}).pl()
    place = found[0][0]
    if place is None:
        return pl.DataFrame(schema={**OF_FILE, **DECLARED}), 0
    return earlier(workspace, voyages, sha256="", before_seq=None, known_by=None), int(place)


_OWN_PLACE: Final = "SELECT min(seq) FROM received_file WHERE sha256 = ?"
_OWN_VOYAGES: Final = """
SELECT DISTINCT voyage_key, named_voyage_key, vessel_imo FROM declared
WHERE seq = (SELECT max(seq) FROM received_file WHERE sha256 = $sha256)
"""
_KEPT: Final = ", ".join(f"declared.{name}" for name in DECLARED if name != "voyage_key")
_EARLIER: Final = f"""
WITH own AS (
    SELECT min(seq) AS place FROM received_file WHERE sha256 = $sha256
), before AS (
    SELECT file.*, row_number() OVER (PARTITION BY file.sha256 ORDER BY file.seq DESC) AS nth_last,
        min(file.seq) OVER same_bytes AS first_seq, min(file.received_at) OVER same_bytes AS first_at,
        min(file.known_on) OVER same_bytes AS first_on
    FROM received_file AS file, own
    WHERE file.sha256 <> $sha256 AND ($known_by IS NULL OR file.known_on <= $known_by)
        AND ($before IS NULL OR file.seq < $before) AND (own.place IS NULL OR file.seq < own.place)
    WINDOW same_bytes AS (PARTITION BY file.sha256)
), reading AS (
    SELECT seq AS read_as, first_seq AS seq, first_at AS received_at, first_on AS known_on,
        file, document_number, sender, format, mapping_sha256
    FROM before WHERE nth_last = 1
), by_key AS (
    SELECT DISTINCT voyage_key FROM asked_voyage
), by_name AS (
    SELECT DISTINCT voyage_key, named_voyage_key, vessel_imo FROM asked_voyage WHERE named_voyage_key IS NOT NULL
), of_voyage AS (
    SELECT declared.seq AS read_as, declared.voyage_key, {_KEPT}
    FROM declared JOIN by_key USING (voyage_key)
    UNION ALL
    SELECT declared.seq AS read_as, by_name.voyage_key, {_KEPT}
    FROM declared JOIN by_name USING (named_voyage_key)
    WHERE declared.voyage_key <> by_name.voyage_key
        AND (declared.vessel_imo IS NULL OR by_name.vessel_imo IS NULL)
)
SELECT reading.* EXCLUDE (read_as), of_voyage.* EXCLUDE (read_as)
FROM of_voyage JOIN reading USING (read_as)
ORDER BY ALL
"""
