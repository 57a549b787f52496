"""What there is to choose from on a day: every container of its runs, each once, as its latest run sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.engine.memory import container_key, voyage_key
from riskengine.errors import RunNotFound
from riskengine.ledger.run_register import recorded_runs
from riskengine.ledger.runs import read_frame
from riskengine.rules.applied import rule_as_applied
from riskengine.rules.rule import RuleEffect
from riskengine.rules.standing import COUNTING
from riskengine.selectivity.novelty import novelty_of

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from riskengine.rules.rule import Rule
    from riskengine.workspace import Workspace

_ASSESSED: Final = (
    "container_id",
    "container_number",
    "bills_of_lading",
    "rank",
    "lane",
    "score",
    "log_odds",
    "lift_log_odds",
)


def candidates_of(workspace: Workspace, day: date) -> pl.DataFrame:
    """Return the containers that the runs of a day assessed.

    Returns:
        ``run_id``, ``identity``, what the run says of each (``rank``, ``lane``, ``score``, ``log_odds``,
        ``lift_log_odds``), ``spread`` (null without members), ``novelty``, ``rules`` (the counting rules that match,
        as ``<rule>@<version>``), ``demanding`` (those that demand inspection) and ``demand_rank`` (1 for the
        newest demand).

    Raises:
        RunNotFound: Nothing was assessed as of that day.
        LedgerError: A run's files are not those that were written.
    """
    entries = [one for one in recorded_runs(workspace) if one.assessed_at.date() == day]
    if not entries:
        raise RunNotFound(
            f"Nothing was assessed as of {day}.",
            remedy=f"Assess a manifest with `riskengine score MANIFEST --at {day}`.",
        )
    runs = pl.concat([_of_run(entry.folder_in(workspace), entry.run_id) for entry in entries])
    # Runs stand in the order of their recording: the last word on a container is the latest.
    latest = runs.unique("identity", keep="last", maintain_order=True)
    newest = latest["demand_on"].drop_nulls().unique().sort(descending=True).to_list()
    places = {on: place for place, on in enumerate(newest, start=1)}
    return latest.with_columns(
        pl.col("demand_on")
        .replace_strict(places, default=None, return_dtype=pl.Int64)
        .alias("demand_rank")
    ).drop("demand_on")


def named_containers(indicators: pl.DataFrame, run_id: str) -> pl.DataFrame:
    """Return ``container_id`` and ``identity``: voyage and container, the same in every run of the voyage.

    A container that nothing names is known in its own run alone.
    """
    key = container_key()
    alone = pl.concat_str(pl.lit(f"line {run_id}/"), pl.col("container_id").cast(pl.String))
    name = pl.when(key.is_null() | (key == "")).then(alone).otherwise(key)
    return indicators.select(
        "container_id", pl.concat_str(voyage_key(), name, separator="|").alias("identity")
    ).with_columns(
        # The same box on two lines of one manifest is one box, and one examination; kept apart, it would be two.
        pl.when(pl.col("identity").is_first_distinct())
        .then("identity")
        .otherwise(pl.concat_str("identity", alone, separator="|"))
        .alias("identity")
    )


def _of_run(folder: Path, run_id: str) -> pl.DataFrame:
    assessed = read_frame(folder, "assessments")
    indicators = read_frame(folder, "indicators")
    known = named_containers(indicators, run_id).with_columns(novelty_of(indicators))
    spread = "spread" if "spread" in assessed.columns else pl.lit(None, pl.Float64)
    return (
        assessed.select(
            pl.lit(run_id).alias("run_id"),
            *_ASSESSED,
            (pl.col(spread) if isinstance(spread, str) else spread).alias("spread"),
        )
        .join(known, on="container_id", how="left", maintain_order="left")
        .join(_matches(folder), on="container_id", how="left", maintain_order="left")
        .with_columns(pl.col("rules", "demanding").fill_null([]))
    )


def _matches(folder: Path) -> pl.DataFrame:
    """Return for each container the counting rules that match, and of those that demand the newest's day."""
    counting = [rule for rule in _applied(folder) if rule.status in COUNTING]
    rules = pl.DataFrame(
        [
            (
                rule.id,
                rule.version,
                f"{rule.id}@{rule.version}",
                rule.valid_from if rule.effect is RuleEffect.MUST_INSPECT else None,
            )
            for rule in counting
            if rule.effect is not RuleEffect.TAG
        ],
        schema={
            "rule_id": pl.String,
            "version": pl.Int64,
            "rule": pl.String,
            "demand_on": pl.Date,
        },
        orient="row",
    )
    return (
        read_frame(folder, "verdicts")
        .filter(pl.col("verdict") == "match")
        .select("container_id", "rule_id", "version")
        .join(rules, on=["rule_id", "version"])
        .sort("container_id", "rule")
        .group_by("container_id", maintain_order=True)
        .agg(
            pl.col("rule").alias("rules"),
            pl.col("rule").filter(pl.col("demand_on").is_not_null()).alias("demanding"),
            pl.col("demand_on").max(),
        )
    )


def _applied(folder: Path) -> list[Rule]:
    ran = read_frame(folder, "rules").filter(pl.col("failure").is_null())
    lacking = [
        pl.lit(None, pl.String).alias(name)
        for name in ("status", "overlay_json")
        if name not in ran.columns
    ]
    return [
        rule_as_applied(source, status, overlay)
        for source, status, overlay in ran.with_columns(lacking)
        .select("source_yaml", "status", "overlay_json")
        .rows()
    ]
