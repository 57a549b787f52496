"""What a version of a rule was asked and matched in recorded runs, and what was found in it. One run is read at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.domain import Outcome, Verdict
from riskengine.engine.memory import container_key, voyage_key
from riskengine.engine.naming import is_named
from riskengine.ledger.run_register import recorded_runs
from riskengine.ledger.runs import read_frame
from riskengine.register.outcomes import completed_outcomes
from riskengine.rules.rule import RuleStatus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from riskengine.ledger.run_register import RunEntry
    from riskengine.register.outcomes import OutcomeEntry
    from riskengine.rules.rule import Rule
    from riskengine.workspace import Workspace

_Key = tuple[str, str, str]
_KEY: Final = ("_container", "_bills", "_voyage")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What a version did in shadow, in runs that asked it.

    Attributes:
        days: On how many days such runs were made.
        containers: How many containers it was asked about.
        unknown: How many of them it could not judge when it was asked last.
        hits: How many of them it matched.
    """

    days: int
    containers: int
    unknown: int
    hits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectedHits:
    """Matches of a rule that were examined.

    Attributes:
        inspected: How many containers.
        found: In how many of them something was found.
    """

    inspected: int
    found: int


def watched(workspace: Workspace, rule: Rule, since: datetime) -> Watched:
    """Return what a version did in shadow in runs that were made since a moment.

    Runs that replay an earlier day are not live and do not count, nor do those in which the rule failed or was
    not in shadow. A day is one on which a run was made, whatever days were made up for on it. A container
    that was assessed several times on one voyage counts once.

    Raises:
        LedgerError: A run's files are not those that were written.
    """
    first_morning = datetime.combine(since.astimezone(UTC).date(), time(), UTC)
    days: set[date] = set()
    last: dict[_Key, str | None] = {}
    hits: set[_Key] = set()
    for entry in recorded_runs(workspace):
        if entry.recorded_at < since or entry.assessed_at < first_morning:
            continue
        folder = entry.folder_in(workspace)
        if not _was_watched(folder, rule):
            continue
        days.add(entry.recorded_at.date())
        answers = _containers(folder, entry).join(
            _verdicts(folder, rule), on="container_id", how="left"
        )
        for *key, verdict in answers.select(*_KEY, "verdict").rows():
            named: _Key = (key[0], key[1], key[2])
            last[named] = verdict
            if verdict == Verdict.MATCH:
                hits.add(named)
    unknown = sum(verdict == Verdict.UNKNOWN for verdict in last.values())
    return Watched(days=len(days), containers=len(last), unknown=unknown, hits=len(hits))


def inspected_hits(workspace: Workspace, rule: Rule) -> InspectedHits:
    """Return how many matches of a version were examined, and in how many something was found.

    Only runs that outcomes speak of are read. A container of one voyage counts once, however often it was
    assessed and its outcome entered; the outcome that was entered last counts.

    Raises:
        LedgerError: A run's files are not those that were written.
    """
    of_run: dict[str, list[tuple[int, OutcomeEntry]]] = {}
    for order, outcome in enumerate(completed_outcomes(workspace)):
        of_run.setdefault(outcome.result.run_id or "", []).append((order, outcome))
    matched: set[_Key] = set()
    last: dict[_Key, tuple[int, bool]] = {}
    for entry in recorded_runs(workspace):
        if entry.run_id not in of_run:
            continue
        folder = entry.folder_in(workspace)
        is_match = pl.col("verdict") == Verdict.MATCH
        containers = _containers(folder, entry)
        hits = containers.join(
            _verdicts(folder, rule).filter(is_match), on="container_id", how="semi"
        )
        matched.update(_keys(hits))
        for order, outcome in of_run[entry.run_id]:
            result = outcome.result
            for key in _keys(containers.filter(is_named(result.container_number))):
                if key not in last or last[key][0] < order:
                    last[key] = order, result.outcome is not Outcome.NIL
    finds: Mapping[_Key, bool] = {
        key: is_find for key, (_, is_find) in last.items() if key in matched
    }
    return InspectedHits(inspected=len(finds), found=sum(finds.values()))


def _containers(folder: Path, entry: RunEntry) -> pl.DataFrame:
    """Return the containers of a run with what names each: its number, its voyage, and else its bills.

    A number on a named voyage is one container, whatever its bills became from one morning to the next.
    """
    bills = pl.col("bills_of_lading").list.join("+").fill_null("")
    is_on_a_voyage = (pl.coalesce("vessel_imo", "vessel_name").fill_null("") != "") & (
        pl.col("voyage_number").fill_null("") != ""
    )
    nameless = pl.concat_str(pl.lit(f"line {entry.run_id}/"), pl.col("container_id"))
    return read_frame(folder, "indicators").select(
        "container_id",
        "container_number",
        "bills_of_lading",
        pl.coalesce(container_key(), nameless).alias("_container"),
        pl.when(pl.col("container_number").is_not_null() & is_on_a_voyage)
        .then(pl.lit(""))
        .otherwise(bills)
        .alias("_bills"),
        voyage_key().alias("_voyage"),
    )


def _keys(containers: pl.DataFrame) -> list[_Key]:
    return [(row[0], row[1], row[2]) for row in containers.select(*_KEY).rows()]


def _verdicts(folder: Path, rule: Rule) -> pl.DataFrame:
    """Return what a version said in a run; containers that it passed over are not in it."""
    return (
        read_frame(folder, "verdicts")
        .filter((pl.col("rule_id") == rule.id) & (pl.col("version") == rule.version))
        .select("container_id", "verdict")
    )


def _was_watched(folder: Path, rule: Rule) -> bool:
    applied = read_frame(folder, "rules")
    if "status" not in applied.columns:  # from before standings were kept
        return False
    return not applied.filter(
        (pl.col("rule_id") == rule.id)
        & (pl.col("sha256") == rule.sha256)
        & (pl.col("status") == RuleStatus.SHADOW.value)
        & pl.col("failure").is_null()
    ).is_empty()
