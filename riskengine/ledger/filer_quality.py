"""How well each filer lodges: the quality of every received file by filer, and what became of it over time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Final

from riskengine.codes.spelling import fold_texts
from riskengine.ledger.connection import open_ledger

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    import duckdb

    from riskengine.manifest.quality import FilerQuality, Quality
    from riskengine.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class FilerOverTime:
    """One filer over all files received from it.

    Attributes:
        filer: As the last file has it, or None where nobody is named.
        source: What named it last: filer, carrier, sender or unknown.
        score: The mean of its files, each counted by its lines; None where nothing could be judged.
        trend: The mean of the newer half of its files less that of the older half; None below two files.
        file_count: Files with a part of it.
        bill_count: Bills of lading in them.
        container_count: Containers in them.
        fault_count: Faults in them.
        worst: The component that cost it most points, and how many of 100; None where none did.
        last_received_at: When the last of them came, UTC.
    """

    filer: str | None
    source: str
    score: float | None
    trend: float | None
    file_count: int
    bill_count: int
    container_count: int
    fault_count: int
    worst: tuple[str, float] | None
    last_received_at: datetime


def note(connection: duckdb.DuckDBPyConnection, seq: int, quality: Quality) -> int:
    """Keep the quality of a received file, inside the caller's transaction; return how many filers it has.

    A file that is noted again keeps what was noted first.

    Args:
        connection: An open ledger.
        seq: The place of the file in the order of reception.
        quality: Of that file.
    """
    known = connection.execute("SELECT 1 FROM filer_quality WHERE seq = ?", [seq]).fetchall()
    if known:
        return 0
    by_key: dict[str, FilerQuality] = {}
    for filer, key in zip(quality.filers, _keys(quality.filers), strict=True):
        by_key.setdefault(
            key, filer
        )  # two spellings of one name in one file: the worse is kept
    for key, filer in by_key.items():
        connection.execute(
            "INSERT INTO filer_quality VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                seq, key, filer.filer, filer.source, filer.score, filer.bill_count,
                filer.container_count, filer.line_count, filer.fault_count,
            ],
        )  # fmt: skip
        connection.executemany(
            "INSERT INTO filer_quality_component VALUES (?, ?, ?, ?, ?, ?)",
            [
                [seq, key, part.name, part.weight, part.asked, float(part.sound)]
                for part in filer.components
            ],
        )
    return len(by_key)


def of_filers(workspace: Workspace, since: date | None = None) -> tuple[FilerOverTime, ...]:
    """Return every filer, the worst first; those of whom nothing could be judged stand last.

    Args:
        workspace: The unit's folder.
        since: Only files received on this day (UTC) or later.
    """
    with open_ledger(workspace, read_only=True) as connection:
        rows = connection.execute(_FILERS, {"since": since}).fetchall()
    return tuple(
        FilerOverTime(
            filer=filer,
            source=source,
            score=score,
            trend=trend,
            file_count=files,
            bill_count=int(bills),
            container_count=int(containers),
            fault_count=int(faults),
            worst=(worst, lost) if worst is not None and lost > 0 else None,
            last_received_at=last.replace(tzinfo=UTC),
        )
        for filer, source, score, trend, files, bills, containers, faults, worst, lost, last in rows
    )


def _keys(filers: Iterable[FilerQuality]) -> list[str]:
    return fold_texts([filer.filer or "" for filer in filers])


_FILERS: Final = """
WITH noted AS (
    SELECT q.*, r.received_at,
        row_number() OVER (PARTITION BY filer_key ORDER BY q.seq) AS place,
        count(*) OVER (PARTITION BY filer_key) AS files
    FROM filer_quality q JOIN received_file r USING (seq)
    WHERE $since IS NULL OR r.received_at::DATE >= $since
), lost AS (
    SELECT filer_key, component, sum(weight * (asked - sound)) / sum(asked) AS lost
    FROM filer_quality_component JOIN noted USING (seq, filer_key)
    WHERE asked > 0
    GROUP BY filer_key, component
), worst AS (
    SELECT filer_key, arg_max(component, lost ORDER BY component) AS component, max(lost) AS lost
    FROM lost GROUP BY filer_key
), filers AS (
    SELECT filer_key,
        arg_max(filer, seq) AS filer,
        arg_max(source, seq) AS source,
        sum(score * line_count) FILTER (score IS NOT NULL)
            / nullif(sum(line_count) FILTER (score IS NOT NULL), 0) AS score,
        avg(score) FILTER (2 * place > files + 1) - avg(score) FILTER (2 * place < files + 1) AS trend,
        count(*) AS files, sum(bill_count) AS bills, sum(container_count) AS containers,
        sum(fault_count) AS faults, max(received_at) AS last
    FROM noted GROUP BY filer_key
)
SELECT filer, source, score, trend, files, bills, containers, faults, worst.component, worst.lost, last
FROM filers LEFT JOIN worst USING (filer_key)
ORDER BY score NULLS LAST, files DESC, filer_key
"""
