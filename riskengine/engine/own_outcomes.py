"""What a unit can learn from itself: each container as it was assessed, what was found in it, and how likely it was opened.

Run folders hold every indicator as it was known that morning, so nothing has to be assembled again and nothing that
was learned later can slip in. The register says what was found, and when that was entered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.domain import Outcome, Verdict
from riskengine.engine.memory import container_key, voyage_key
from riskengine.engine.naming import is_named
from riskengine.engine.selection import chances
from riskengine.ledger.run_register import recorded_runs
from riskengine.ledger.runs import read_frame
from riskengine.register.outcomes import completed_outcomes
from riskengine.rules.rule import RuleStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import date

    from riskengine.ledger.run_register import RunEntry
    from riskengine.register.outcomes import OutcomeEntry
    from riskengine.workspace import Workspace

_COUNTING: Final = (RuleStatus.TRIAL.value, RuleStatus.ACTIVE.value)
_ONE: Final = ("_container", "_voyage")
MATCHES: Final = {
    "row": pl.Int64(),
    "rule_id": pl.String(),
    "version": pl.Int64(),
    "sha256": pl.String(),
}
"""One row a match of a rule that counted in its run; ``row`` is the place in the frame it goes with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRows:
    """The containers of the recorded runs, each once.

    Attributes:
        frame: One row a container: facts and indicators as they were assessed, ``is_find`` (null where nobody looked),
            ``outcome``, ``known_on``, ``selection_probability`` (null where no outcome is known), ``run_id``.
        matches: ``MATCHES`` of these rows: what the rules of each run answered in it.
        reassessed: Assessments behind one that was taken instead.
        undated: Containers left out because no day of assessment is known of them.
        unfound: Outcomes left out because their run holds no such container.
    """

    frame: pl.DataFrame
    matches: pl.DataFrame
    reassessed: int
    undated: int
    unfound: int


def own_rows(
    workspace: Workspace,
    columns: Collection[str],
    *,
    progress: Callable[[float], None] | None = None,
) -> OwnRows:
    """Return what the recorded runs assessed, with what the register says was found.

    A container that was opened stands as the run assessed it that the outcome names; the outcome that was entered
    last for it counts, and counts from the day it was entered. A container that nobody opened stands as it was
    assessed last on its voyage.

    Args:
        workspace: The unit's folder.
        columns: The facts and indicators wanted, beside the attributes that mapping files brought; one that an older
            run did not know is null there.
        progress: Told the share that is done.

    Raises:
        LedgerError: A run's files are not those that were written.
    """
    runs = recorded_runs(workspace)
    of_run = _last_entries(completed_outcomes(workspace))
    frames: list[pl.DataFrame] = []
    matches: list[pl.DataFrame] = []
    unfound = 0
    for order, entry in enumerate(runs):
        frame, found = _rows(workspace, order, entry, of_run.get(entry.run_id, {}), columns)
        unfound += len(of_run.get(entry.run_id, {})) - found
        frames.append(frame)
        matches.append(_matches(workspace, order, entry))
        if progress is not None:
            progress((order + 1) / len(runs))
    if not frames:
        return OwnRows(
            frame=pl.DataFrame(schema={"assessed_on": pl.Date(), "is_find": pl.Boolean()}),
            matches=pl.DataFrame(schema=dict(MATCHES)),
            reassessed=0,
            undated=0,
            unfound=0,
        )
    rows = pl.concat(frames, how="diagonal_relaxed")
    dated = rows.filter(pl.col("assessed_on").is_not_null())
    once = _once(dated)
    placed = pl.concat(matches).join(
        once.select("_order", "container_id", "row"), on=["_order", "container_id"]
    )
    return OwnRows(
        frame=once.drop("_order", "_container", "_voyage", "row"),
        matches=placed.select(MATCHES.keys()).sort("row", "rule_id", "version"),
        reassessed=dated.height - once.height,
        undated=rows.height - dated.height,
        unfound=unfound,
    )


def _last_entries(
    outcomes: tuple[OutcomeEntry, ...],
) -> dict[str, dict[str, OutcomeEntry]]:
    """Return the outcome in force of each container, by run and name: a later entry corrects an earlier one."""
    found: dict[str, dict[str, OutcomeEntry]] = {}
    for entry in outcomes:
        of_run = found.setdefault(entry.result.run_id or "", {})
        of_run[entry.result.container_number] = entry
    return found


def _rows(
    workspace: Workspace,
    order: int,
    entry: RunEntry,
    outcomes: Mapping[str, OutcomeEntry],
    columns: Collection[str],
) -> tuple[pl.DataFrame, int]:
    """Return the containers of one run, and how many of its outcomes were found among them."""
    indicators = read_frame(entry.folder_in(workspace), "indicators")
    keys = indicators.select(
        "container_id",
        "container_number",
        "bills_of_lading",
        pl.coalesce(
            container_key(), pl.concat_str(pl.lit(f"line {order}/"), pl.col("container_id"))
        ).alias("_container"),
        voyage_key().alias("_voyage"),
    )
    known: list[tuple[int, bool, str, date]] = []
    found = 0
    for name, outcome in outcomes.items():
        own = keys.filter(is_named(name))["container_id"].to_list()
        found += bool(own)
        result = outcome.result
        known += [
            (key, result.outcome is not Outcome.NIL, result.outcome.value, outcome.entered_at.date())
            for key in own
        ]  # fmt: skip
    said = pl.DataFrame(
        known,
        schema={
            "container_id": pl.Int32(),
            "is_find": pl.Boolean(),
            "outcome": pl.String(),
            "known_on": pl.Date(),
        },
        orient="row",
    ).unique("container_id", keep="last", maintain_order=True)
    brought = [name for name in indicators.columns if name.startswith("attribute.")]
    wanted = [
        name
        for name in dict.fromkeys(("assessed_on", *columns, *brought))
        if name in indicators.columns and name not in keys.columns
    ]
    rows = (
        pl.concat([keys, indicators.select(wanted)], how="horizontal")
        .join(said, on="container_id", how="left", maintain_order="left")
        .with_columns(pl.lit(order, pl.Int64).alias("_order"), pl.lit(entry.run_id).alias("run_id"))
    )  # fmt: skip
    if said.is_empty():
        return rows.with_columns(pl.lit(None, pl.Float64).alias("selection_probability")), found
    chosen = chances(workspace, entry.run_id).select(
        "container_id", pl.col("probability").alias("selection_probability")
    )
    joined = rows.join(chosen, on="container_id", how="left", maintain_order="left")
    is_known = pl.col("is_find").is_not_null()
    return joined.with_columns(pl.when(is_known).then("selection_probability")), found


def _matches(workspace: Workspace, order: int, entry: RunEntry) -> pl.DataFrame:
    """Return what the rules of one run matched, as far as they counted in it and could run."""
    folder = entry.folder_in(workspace)
    applied = read_frame(folder, "rules")
    if "status" in applied.columns:  # a run from before standings were kept says points alone
        is_counting = pl.col("status").is_in(_COUNTING)
    else:
        is_counting = pl.col("points") > 0
    counting = applied.filter(is_counting).select("rule_id", "version", "sha256")
    return (
        read_frame(folder, "verdicts")
        .filter(pl.col("verdict") == Verdict.MATCH.value)
        .join(counting, on=["rule_id", "version"])
        .select(
            pl.lit(order, pl.Int64).alias("_order"),
            "container_id",
            "rule_id",
            pl.col("version").cast(pl.Int64),
            "sha256",
        )
    )


def _once(rows: pl.DataFrame) -> pl.DataFrame:
    """Return each container of a voyage once: as it stood when it was opened, else as it stood last."""
    return (
        rows.sort(pl.col("is_find").is_not_null(), "assessed_on", "_order", "container_id")
        .unique(_ONE, keep="last", maintain_order=True)
        .sort("assessed_on", "_order", "container_id")
        .with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("row"))
    )
