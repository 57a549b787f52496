"""What a version of a rule has matched in recorded runs, and what was found in it. One run is read at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

import polars as pl

from riskengine.domain import Outcome
from riskengine.engine.naming import is_named
from riskengine.ledger.run_register import recorded_runs
from riskengine.ledger.runs import read_frame
from riskengine.register.outcomes import completed_outcomes

if TYPE_CHECKING:
    from pathlib import Path

    from riskengine.rules.rule import Rule
    from riskengine.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectedHits:
    """Matches of a rule that were examined.

    Attributes:
        inspected: How many containers.
        found: In how many of them something was found.
    """

    inspected: int
    found: int


def live_hits(workspace: Workspace, rule: Rule, since: datetime) -> int:
    """Return how many containers a version has matched in runs that were made since a moment.

    Runs that replay an earlier day are not live and do not count. A container that was assessed several times
    with the same bills counts once.

    Raises:
        LedgerError: A run's files are not those that were written.
    """
    first_morning = datetime.combine(since.astimezone(UTC).date(), time(), UTC)
    seen: set[tuple[str | None, tuple[str, ...]]] = set()
    for entry in recorded_runs(workspace):
        if entry.recorded_at < since or entry.assessed_at < first_morning:
            continue
        for number, bills in _matched(entry.folder_in(workspace), rule).rows():
            seen.add((number, tuple(bills or ())))
    return len(seen)


def inspected_hits(workspace: Workspace, rule: Rule) -> InspectedHits:
    """Return how many matches of a version were examined, and in how many something was found.

    Only runs that outcomes speak of are read; where an outcome was corrected, the last one counts.

    Raises:
        LedgerError: A run's files are not those that were written.
    """
    results: dict[str, dict[str, bool]] = {}
    for entry in completed_outcomes(workspace):
        result = entry.result
        if result.run_id is not None:
            of_run = results.setdefault(result.run_id, {})
            of_run[result.container_number] = result.outcome is not Outcome.NIL
    inspected = found = 0
    for entry in recorded_runs(workspace):
        if entry.run_id not in results:
            continue
        matched = _matched(entry.folder_in(workspace), rule)
        for name, is_find in results[entry.run_id].items():
            if not matched.filter(is_named(name)).is_empty():
                inspected += 1
                found += is_find
    return InspectedHits(inspected=inspected, found=found)


def _matched(folder: Path, rule: Rule) -> pl.DataFrame:
    """Return the numbers and bills of the containers of a run that a version matches."""
    matched = read_frame(folder, "verdicts").filter(
        (pl.col("rule_id") == rule.id)
        & (pl.col("version") == rule.version)
        & (pl.col("verdict") == "match")
    )
    names = ("container_number", "bills_of_lading")
    if matched.is_empty():
        return pl.DataFrame(schema={names[0]: pl.String, names[1]: pl.List(pl.String)})
    return (
        read_frame(folder, "assessments")
        .join(matched, on="container_id", how="semi")
        .select(names)
    )
