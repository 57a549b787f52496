"""What stow plans and reports of movements said, line by line, each with the number of the file that brought it.

Nothing replaces anything here: a later version of a plan stands beside the earlier one, and whoever compares takes the
newest that was there on the day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.errors import LedgerError
from riskengine.ledger.connection import open_ledger

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import duckdb

    from riskengine.workspace import Workspace

_VOYAGE: Final[Mapping[str, pl.DataType]] = {
    "vessel_imo": pl.String(),
    "vessel_name": pl.String(),
    "voyage_number": pl.String(),
}
PLANNED: Final[Mapping[str, pl.DataType]] = {
    "container_number": pl.String(),
    "size_type": pl.String(),
    "is_full": pl.Boolean(),
    "container_gross_mass_kg": pl.Float64(),
    "verified_gross_mass_kg": pl.Float64(),
    "port_of_loading": pl.String(),
    "port_of_discharge": pl.String(),
    "stow_position": pl.String(),
    **_VOYAGE,
}
"""One box of a stow plan."""

MOVED: Final[Mapping[str, pl.DataType]] = {
    "container_number": pl.String(),
    "movement": pl.String(),
    "moved_at": pl.Datetime("us", "UTC"),
    "moved_on": pl.Date(),
    "place": pl.String(),
    "facility": pl.String(),
    "size_type": pl.String(),
    "is_full": pl.Boolean(),
    "seal_numbers": pl.List(pl.String()),
    "gross_mass_kg": pl.Float64(),
    "transport": pl.String(),
    "reference": pl.String(),
    **_VOYAGE,
}
"""One movement of one box, as a gate, a quay or a carrier reported it."""

RECEIPT: Final[Mapping[str, pl.DataType]] = {
    "seq": pl.Int64(),
    "known_on": pl.Date(),
    "file": pl.String(),
}
"""Which received file brought the line, the day on which it was in hand, and its name."""

_NAIVE: Final = pl.Datetime("us")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which received files count.

    Attributes:
        first: The first day on which a file may have come to hand.
        last: The last one.
        before_seq: Only files received before this one; None for all.
    """

    first: date
    last: date
    before_seq: int | None = None


def note(
    connection: duckdb.DuckDBPyConnection, seq: int, planned: pl.DataFrame, moved: pl.DataFrame
) -> int:
    """Keep the lines of one received file and return how many they are; a file noted before adds nothing.

    Args:
        connection: An open ledger, inside the transaction that notes the file.
        seq: The number of the received file.
        planned: Rows of ``PLANNED``, empty for a file that plans nothing.
        moved: Rows of ``MOVED``, empty for a file that reports nothing.

    Raises:
        LedgerError: A frame has other columns or types.
    """
    added = 0
    for table, frame, schema in (
        ("planned", planned, PLANNED),
        ("movement", moved, MOVED),
    ):
        if dict(frame.schema) != dict(schema):
            wrong = sorted(set(frame.schema.items()) ^ set(schema.items()), key=str)
            raise LedgerError(f"The lines to be kept have other columns than agreed: {wrong}.")
        known = connection.execute(_KNOWN[table], [seq]).fetchall()
        if known or frame.is_empty():
            continue
        rows = frame.select(pl.lit(seq, pl.Int64).alias("seq"), pl.all())
        if "moved_at" in rows.columns:
            # Stored as UTC without saying so: DuckDB would look for the zone of the machine.
            rows = rows.with_columns(pl.col("moved_at").dt.replace_time_zone(None))
        connection.register("noted_lines", rows.to_arrow())
        connection.execute(_INSERT[table])
        connection.unregister("noted_lines")
        added += frame.height
    return added


def planned_for(
    workspace: Workspace,
    container_numbers: pl.Series,
    window: Window,
) -> pl.DataFrame:
    """Return every line of the stow plans that name one of these boxes.

    A plan is returned whole: what it says of other boxes is what the manifest may not.

    Args:
        workspace: The unit's folder.
        container_numbers: The boxes asked about.
        window: Which files count.

    Returns:
        ``RECEIPT`` and ``PLANNED``, in a fixed order.
    """
    asked = {"wanted_box": container_numbers}
    return _asked(workspace, _PLANNED_FOR, asked, window).select(*RECEIPT, *PLANNED)


def movements_of(
    workspace: Workspace,
    container_numbers: pl.Series,
    voyage_numbers: pl.Series,
    window: Window,
) -> pl.DataFrame:
    """Return what was reported of these boxes, and of any box on a voyage of one of these numbers.

    A report of a discharge names boxes that nobody manifested; whose ship it was, the caller compares.

    Args:
        workspace: The unit's folder.
        container_numbers: The boxes asked about.
        voyage_numbers: The numbers of their voyages.
        window: Which files count.

    Returns:
        ``RECEIPT`` and ``MOVED``, in a fixed order.
    """
    asked = {"wanted_box": container_numbers, "wanted_voyage": voyage_numbers}
    found = _asked(workspace, _MOVEMENTS_OF, asked, window)
    return found.with_columns(
        pl.col("moved_at").cast(_NAIVE).dt.replace_time_zone("UTC")
    ).select(*RECEIPT, *MOVED)


def manifested_on(
    workspace: Workspace,
    voyage_keys: pl.Series,
    bills: pl.Series,
    window: Window,
) -> frozenset[str]:
    """Return the boxes that other received manifests of these voyages declare.

    A ship's manifest may come in parts, one from each carrier's agent: what the others declare is manifested. A
    file that shares a bill is no other part but a version of this one: a box that it named and this one drops is not
    manifested any more. Nor is what was cancelled.

    Args:
        workspace: The unit's folder.
        voyage_keys: What names the voyages.
        bills: The bills of the manifest that is asked about.
        window: Which files count.
    """
    asked = {"wanted_voyage": voyage_keys, "wanted_bill": bills}
    found = _asked(workspace, _MANIFESTED_ON, asked, window)
    return frozenset(found["container_key"].to_list())


def _asked(
    workspace: Workspace,
    question: str,
    asked: Mapping[str, pl.Series],
    window: Window,
) -> pl.DataFrame:
    with open_ledger(workspace, read_only=True) as connection:
        for name, values in asked.items():
            wanted = values.drop_nulls().unique().alias("value").to_frame()
            connection.register(name, wanted.to_arrow())
        return connection.sql(
            question,
            params={"first": window.first, "last": window.last, "before": window.before_seq},
        ).pl()


_KNOWN: Final = {
    "planned": "SELECT 1 FROM planned WHERE seq = ? LIMIT 1",
    "movement": "SELECT 1 FROM movement WHERE seq = ? LIMIT 1",
}
_INSERT: Final = {
    "planned": "INSERT INTO planned BY NAME SELECT * FROM noted_lines",
    "movement": "INSERT INTO movement BY NAME SELECT * FROM noted_lines",
}
_IN_HAND: Final = """
in_hand AS (
    SELECT seq, known_on, file FROM received_file
    WHERE known_on BETWEEN $first AND $last AND ($before IS NULL OR seq < $before)
)
"""
_PLANNED_FOR: Final = f"""
WITH {_IN_HAND}
SELECT in_hand.known_on, in_hand.file, planned.* FROM planned JOIN in_hand USING (seq)
WHERE seq IN (SELECT seq FROM planned WHERE container_number IN (SELECT value FROM wanted_box))
ORDER BY ALL
"""
_MOVEMENTS_OF: Final = f"""
WITH {_IN_HAND}
SELECT in_hand.known_on, in_hand.file, movement.* FROM movement JOIN in_hand USING (seq)
WHERE container_number IN (SELECT value FROM wanted_box)
    OR voyage_number IN (SELECT value FROM wanted_voyage)
ORDER BY ALL
"""
_MANIFESTED_ON: Final = f"""
WITH {_IN_HAND}
, of_voyage AS (
    SELECT declared.* FROM declared JOIN in_hand USING (seq)
    WHERE voyage_key IN (SELECT value FROM wanted_voyage)
), version AS (
    SELECT DISTINCT seq FROM of_voyage WHERE bill_of_lading IN (SELECT value FROM wanted_bill)
)
SELECT DISTINCT container_key FROM of_voyage
WHERE is_box AND seq NOT IN (SELECT seq FROM version)
    AND lower(coalesce(declaration_function, '')) <> 'cancellation'
"""
