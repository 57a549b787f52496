"""What the ledger holds of single boxes: their voyages, what was reported of them, what was found in them.

Every answer is of the days strictly before the day that was asked, and leaves the asked voyage itself out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.ledger.connection import open_ledger

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    import duckdb

    from riskengine.workspace import Workspace

MOST_CHAPTERS: Final = 50
"""Of a box, the most recent so many sightings and so many movements are told; the others are counted."""
MOST_BOXES_OF_A_SEAL: Final = 20
"""A number on more boxes than this is no seal's number, but what a clerk writes where there is none."""

_TEXTS: Final = pl.List(pl.String)
_SEEN: Final[Mapping[str, pl.DataType]] = {
    "vessel_name": pl.String(),
    "vessel_imo": pl.String(),
    "voyage_number": pl.String(),
    "carrier_code": pl.String(),
    "place_of_receipt": pl.String(),
    "port_of_loading": pl.String(),
    "transhipment_ports": _TEXTS,
    "port_of_discharge": pl.String(),
    "place_of_delivery": pl.String(),
    "departed_on": pl.Date(),
    "arrival_expected_on": pl.Date(),
    "shipper_name": pl.String(),
    "consignee_name": pl.String(),
    "notify_party_name": pl.String(),
    "goods_description": pl.String(),
    "hs_codes": _TEXTS,
    "size_type": pl.String(),
    "tare_mass_kg": pl.Float64(),
    "gross_mass_kg": pl.Float64(),
    "container_gross_mass_kg": pl.Float64(),
    "verified_gross_mass_kg": pl.Float64(),
    "is_full": pl.Boolean(),
    "seal_numbers": _TEXTS,
}
_MOVED: Final[Mapping[str, pl.DataType]] = {
    "movement": pl.String(),
    "moved_at": pl.Datetime("us", "UTC"),
    "moved_on": pl.Date(),
    "place": pl.String(),
    "facility": pl.String(),
    "transport": pl.String(),
}
CHAPTERS: Final[Mapping[str, pl.DataType]] = {
    "asked": pl.Int64(),  # the number of the question
    "kind": pl.String(),  # voyage, movement or examination
    "on": pl.Date(),  # the day it was seen, happened or became known
    "container_key": pl.String(),
    "bill_of_lading": pl.String(),
    "voyage_key": pl.String(),
    **_SEEN,
    **_MOVED,
    "outcome": pl.String(),  # nil, discrepancy, seizure; find where only that is kept
    "examined_count": pl.Int64(),
}
"""One thing that is known of a box: it was declared on a voyage, it was moved, it was examined."""

ASKED: Final[Mapping[str, pl.DataType]] = {
    "asked": pl.Int64(),
    "container_key": pl.String(),
    "voyage_key": pl.String(),  # its own, left out; empty leaves nothing out
    "bill_of_lading": pl.String(),
    "before": pl.Date(),
}
"""Which boxes are asked for, each with the day before which everything lies."""

_UNNAMED: Final = ("", "|")
_MATCHED: Final = """
CREATE OR REPLACE TEMP TABLE box_met AS
SELECT a.asked, s.rowid AS place, s.voyage_key, s.bill_of_lading, s."on"
FROM box_asked a JOIN container_seen s ON s.container_key = a.container_key
WHERE s."on" < a.before AND NOT (
    s.voyage_key = a.voyage_key
    AND (a.voyage_key NOT IN ('', '|') OR s.bill_of_lading = a.bill_of_lading)
)
"""
_LATEST: Final = f"""
CREATE OR REPLACE TEMP TABLE box_latest AS
SELECT asked, place FROM box_met
QUALIFY row_number() OVER (
    PARTITION BY asked ORDER BY "on" DESC, voyage_key DESC, bill_of_lading DESC
) <= {MOST_CHAPTERS}
"""
_COUNTED: Final = """
SELECT a.asked, count(DISTINCT m.voyage_key) AS voyage_count, max(m."on") AS last_on
FROM box_asked a LEFT JOIN box_met m USING (asked) GROUP BY a.asked
"""
_OUTCOMES: Final = """
WITH entered AS (
    SELECT a.asked, a.container_key, o.outcome, o.known_on AS "on"
    FROM box_asked a JOIN outcome_entry o
        ON o.container_number = a.container_key AND o.known_on < a.before
    QUALIFY row_number() OVER (
        PARTITION BY a.asked, o.run_id ORDER BY o.recorded_at DESC, o.intent_id DESC
    ) = 1
), counted AS (
    SELECT a.asked, a.container_key, c."on", sum(c.examined) AS examined, sum(c.found) AS found
    FROM box_asked a JOIN count_day c
        ON c.kind = 'container' AND c.key = a.container_key AND c."on" < a.before
    GROUP BY ALL HAVING sum(c.examined) > 0
)
SELECT asked, container_key, "on", outcome, 1 AS examined_count FROM entered
UNION ALL
SELECT asked, container_key, "on", CASE WHEN found > 0 THEN 'find' ELSE 'nil' END, examined
FROM counted ANTI JOIN entered USING (asked, "on")
"""
_REPORTED: Final = f"""
SELECT a.asked, a.container_key, coalesce(m.moved_on, f.known_on) AS "on", m.movement, m.moved_at, m.moved_on,
    m.place, m.facility, m.size_type, m.is_full, m.gross_mass_kg AS container_gross_mass_kg, m.seal_numbers,
    m.transport, m.vessel_name, m.vessel_imo, m.voyage_number
FROM box_asked a
JOIN movement m ON m.container_number = a.container_key
JOIN received_file f ON f.seq = m.seq
WHERE f.known_on < a.before AND (m.moved_on IS NULL OR m.moved_on < a.before)
QUALIFY row_number() OVER (
    PARTITION BY a.asked
    ORDER BY coalesce(m.moved_on, f.known_on) DESC, m.moved_at DESC NULLS LAST, m.movement, m.place, m.seq
) <= {MOST_CHAPTERS}
"""
_TALLIES: Final = """
SELECT a.asked, sum(c.examined) AS examination_count, sum(c.found) AS find_count
FROM box_asked a JOIN count_day c
    ON c.kind = 'container' AND c.key = a.container_key AND c."on" < a.before
GROUP BY a.asked
"""
# In two steps: asked at once, DuckDB lays every seal beside every question.
_BEARERS: Final = """
CREATE OR REPLACE TEMP TABLE seal_borne AS
SELECT q.asked, q.seal, b.place
FROM seal_asked q JOIN (
    SELECT rowid AS place, unnest(seal_numbers) AS seal FROM container_seen
    WHERE seal_numbers IS NOT NULL AND "on" >= $first
) b ON b.seal = q.seal
"""
_BORNE: Final = """
SELECT b.asked, b.seal, s.container_key, s.voyage_key, s.bill_of_lading, s."on"
FROM seal_borne b JOIN container_seen s ON s.rowid = b.place
"""


def chapters(
    workspace: Workspace, container_numbers: Iterable[str], before: date
) -> pl.DataFrame:
    """Return all that is known of some boxes before a day, in time order (``CHAPTERS``).

    Args:
        workspace: The unit's folder.
        container_numbers: Their numbers; of loose cargo the bills, joined by ``+``.
        before: The day: nothing of it or later is told.
    """
    numbers = sorted(set(container_numbers))
    asked = pl.DataFrame(
        {"asked": range(len(numbers)), "container_key": numbers},
        schema_overrides={"asked": pl.Int64, "container_key": pl.String},
    ).with_columns(
        pl.lit("").alias("voyage_key"),
        pl.lit("").alias("bill_of_lading"),
        pl.lit(before).alias("before"),
    )
    return read_lives(workspace, asked).chapters


@dataclass(frozen=True, slots=True, kw_only=True)
class Lives:
    """What the ledger answered of the boxes that were asked for.

    Attributes:
        chapters: ``CHAPTERS``, by question in time order.
        counts: ``asked, voyage_count, last_on, examination_count, find_count``, one row a question: of
            everything, also of what ``chapters`` leaves out.
        since: The day from which on the ledger has kept what containers declared, or None.
    """

    chapters: pl.DataFrame
    counts: pl.DataFrame
    since: date | None


def read_lives(workspace: Workspace, asked: pl.DataFrame) -> Lives:
    """Return what the ledger holds of boxes, each before its own day and without its own voyage.

    Args:
        workspace: The unit's folder.
        asked: ``ASKED``, one row a question.
    """
    with open_ledger(workspace, read_only=True) as connection:
        connection.register("box_asked", asked.select(ASKED.keys()).to_arrow())
        connection.execute(_MATCHED)
        connection.execute(_LATEST)
        parts = [
            _voyages(connection),
            _movements(connection),
            connection.sql(_OUTCOMES).pl().with_columns(pl.lit("examination").alias("kind")),
        ]
        counts = connection.sql(_COUNTED).pl()
        tallies = connection.sql(_TALLIES).pl()
        (since,) = connection.execute('SELECT min("on") FROM container_seen').fetchall()[0]
    told = pl.concat([_whole(part) for part in parts])
    return Lives(
        chapters=told.sort("asked", *_in_time(), *_KEYS_IN_ORDER, nulls_last=True),
        counts=counts.join(tallies, on="asked", how="left")
        .with_columns(pl.col("examination_count", "find_count").fill_null(0))
        .select(
            pl.col("asked").cast(pl.Int64),
            pl.col("voyage_count").cast(pl.Int64),
            "last_on",
            pl.col("examination_count", "find_count").cast(pl.Int64),
        )
        .sort("asked"),
        since=since,
    )


def seals_elsewhere(workspace: Workspace, asked: pl.DataFrame) -> pl.DataFrame:
    """Return which other boxes bore a seal, on other voyages and other bills.

    Args:
        workspace: The unit's folder.
        asked: ``ASKED`` with ``seal`` and ``since``, the first day looked at; one row a seal.

    Returns:
        ``asked, seal, container_key, on``: of each seal the box that bore it last, and ``box_count``, how many
        did. A number that more than ``MOST_BOXES_OF_A_SEAL`` boxes bore is left out.
    """
    empty = {"asked": pl.Int64, "seal": pl.String, "container_key": pl.String, "on": pl.Date}
    with open_ledger(workspace, read_only=True) as connection:
        if asked.is_empty() or "seal_numbers" not in _columns_of(connection, "container_seen"):
            return pl.DataFrame(schema=empty | {"box_count": pl.Int64})
        connection.register("seal_asked", asked.to_arrow())
        connection.execute(_BEARERS, {"first": asked["since"].min()})
        borne = connection.sql(_BORNE).pl()
    own = asked.select(
        "asked", "seal", "before", "since", own_key="container_key", own_voyage="voyage_key",
        own_bill="bill_of_lading",
    )  # fmt: skip
    is_own_voyage = (pl.col("voyage_key") == pl.col("own_voyage")) & ~pl.col(
        "own_voyage"
    ).is_in(_UNNAMED)
    is_own_bill = (pl.col("bill_of_lading") == pl.col("own_bill")) & (pl.col("own_bill") != "")
    return (
        borne.join(own, on=["asked", "seal"])
        .filter(
            pl.col("on") < pl.col("before"),
            pl.col("on") >= pl.col("since"),
            pl.col("container_key") != pl.col("own_key"),
            ~(is_own_voyage | is_own_bill),
        )
        .with_columns(
            pl.col("container_key").n_unique().over("asked", "seal").alias("box_count")
        )
        .filter(pl.col("box_count") <= MOST_BOXES_OF_A_SEAL)
        .sort("asked", "seal", "on", "container_key")
        .unique(["asked", "seal"], keep="last", maintain_order=True)
        .select("asked", "seal", "container_key", "on", pl.col("box_count").cast(pl.Int64))
    )


def boxes_known(workspace: Workspace, asked: pl.DataFrame) -> pl.DataFrame:
    """Return which of these numbers the unit has seen before, and when last.

    Args:
        workspace: The unit's folder.
        asked: ``asked, container_key, before``.

    Returns:
        ``asked, container_key, on``.
    """
    with open_ledger(workspace, read_only=True) as connection:
        connection.register("number_asked", asked.to_arrow())
        found = connection.sql(
            'SELECT a.asked, a.container_key, max(s."on") AS "on"'
            " FROM number_asked a JOIN container_seen s ON s.container_key = a.container_key"
            ' WHERE s."on" < a.before GROUP BY ALL'
        ).pl()
    return found.sort("asked", "container_key")


def boxes_of_bill(workspace: Workspace, bill_of_lading: str, before: date) -> tuple[str, ...]:
    """Return the numbers of the boxes that were declared on a bill before a day."""
    with open_ledger(workspace, read_only=True) as connection:
        rows = connection.execute(
            'SELECT DISTINCT container_key FROM container_seen WHERE "on" < $before'
            " AND (bill_of_lading = $bill OR list_contains(string_split(bill_of_lading, '+'), $bill))"
            " ORDER BY container_key",
            {"before": before, "bill": bill_of_lading},
        ).fetchall()
    return tuple(str(number) for (number,) in rows)


_KEYS_IN_ORDER: Final = ("kind", "voyage_key", "bill_of_lading", "movement", "place", "outcome")


def _in_time() -> list[pl.Expr]:
    """Order by when it happened: a voyage by the day it came here, not by the day its paper came."""
    came = pl.coalesce("arrival_expected_on", "departed_on", "on")
    # A box arrives, is moved, is examined: on one day in this order.
    rank = pl.col("kind").replace_strict({"voyage": 0, "movement": 1}, default=2)
    return [came, rank, pl.col("moved_at"), pl.col("on")]


def _voyages(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    known = _columns_of(connection, "container_seen")
    chosen = ", ".join(f's."{name}"' for name in _SEEN if name in known)
    rows = connection.sql(
        f'SELECT l.asked, s.container_key, s.bill_of_lading, s.voyage_key, s."on"{chosen and ", "}{chosen}'
        " FROM box_latest l JOIN container_seen s ON s.rowid = l.place"
    ).pl()
    # One voyage is one chapter, whichever bills were lodged for it and however often.
    unnamed = pl.col("voyage_key").is_in(_UNNAMED)
    stay = pl.when(unnamed).then(
        pl.concat_str("voyage_key", "bill_of_lading", "on", separator="|")
    )
    bills = pl.col("bill_of_lading").unique().sort().str.join("+").over("asked", "stay")
    return (
        rows.with_columns(stay.otherwise("voyage_key").alias("stay"))
        .with_columns(bills.alias("bills"))
        .sort("asked", "on", "bill_of_lading")
        .unique(["asked", "stay"], keep="last", maintain_order=True)
        .with_columns(pl.lit("voyage").alias("kind"), pl.col("bills").alias("bill_of_lading"))
        .drop("stay", "bills")
    )


def _movements(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Return what gates and quays reported; a report without a day stands at the day it was received."""
    found = connection.sql(_REPORTED).pl()
    return found.unique(maintain_order=True).with_columns(
        pl.col("moved_at").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
        pl.lit("movement").alias("kind"),
    )


def _whole(part: pl.DataFrame) -> pl.DataFrame:
    return part.select(
        (pl.col(name) if name in part.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in CHAPTERS.items()
    )


def _columns_of(connection: duckdb.DuckDBPyConnection, table: str) -> frozenset[str]:
    rows = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = ?", [table]
    ).fetchall()
    return frozenset(str(name) for (name,) in rows)
