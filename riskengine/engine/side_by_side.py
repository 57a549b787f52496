"""Two models side by side over the recorded runs: where they agree, whom they move, and which of them finds more.

What a model said when a run was recorded stands in its folder. What it did not say then is worked out again from
the indicators as they were recorded, so that nothing learned later can slip in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from riskengine.engine.founding import learned_until
from riskengine.engine.model_says import Models
from riskengine.engine.moved import WhoMoved, who_moved
from riskengine.engine.own_outcomes import own_rows
from riskengine.engine.shadow import log_odds_of
from riskengine.errors import FeatureMismatch, ModelError
from riskengine.ledger.run_register import recorded_runs
from riskengine.ledger.runs import SHADOW_FRAME, read_card, read_frame
from riskengine.model import shelf
from riskengine.model.bundle import load
from riskengine.model.paired import Paired, paired, rank_agreement
from riskengine.selectivity import read_policy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from riskengine.ledger.run_register import RunEntry
    from riskengine.model.bundle import Bundle
    from riskengine.selectivity import Policy
    from riskengine.workspace import Workspace

TOP_SHARES: Final = (0.01, 0.05, 0.10)
_MOST_MOVED: Final = 10
_SCORES: Final = {
    "run_id": pl.String(),
    "container_id": pl.Int32(),
    "container_number": pl.String(),
    "is_random": pl.Boolean(),
    "lane": pl.String(),
    "is_kept": pl.Boolean(),
    "one": pl.Float64(),
    "other": pl.Float64(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A container that the two models place far apart in its run.

    Attributes:
        container_number: Its number; None for loose cargo.
        run_id: The run.
        containers: Containers of that run, which the places are counted among.
        one: Its place by the first model, 1 being the most suspicious.
        other: Its place by the second.
    """

    container_number: str | None
    run_id: str
    containers: int
    one: int
    other: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySide:
    """Two models over the recorded runs.

    Attributes:
        one: The first model's id.
        other: The second's.
        runs: Recorded runs that both have spoken of.
        containers: Containers in them.
        rescored: Containers of which one side or both were worked out again from the recorded indicators.
        unread: Containers that one of them cannot read.
        agreement: Rank correlation over the containers of each run, from -1 to 1; None without any.
        overlap: For each share, the part of the riskiest by one that the other has among its riskiest too.
        moved: The containers placed farthest apart, the farthest first.
        judged_after: Of containers worked out again only those assessed after this day are judged: both models had
            learned by then. None where neither has learned from any outcome of a port: then all are. What both said
            when a run was recorded, neither can have known.
        opened: How both did on what was opened; None without outcomes.
        drawn: The same on what was drawn blindly; None without such outcomes.
        who: Whom the second moves and why; None where that was not asked for.
    """

    one: str
    other: str
    runs: int
    containers: int
    rescored: int
    unread: int
    agreement: float | None
    overlap: tuple[tuple[float, float], ...]
    moved: tuple[Moved, ...]
    judged_after: date | None
    opened: Paired | None
    drawn: Paired | None
    who: WhoMoved | None = None


def named_pair(workspace: Workspace, one: str = "", other: str = "") -> tuple[str, str]:
    """Return the ids of the two models that are meant: those named, else the one in force and the challenger.

    Raises:
        ModelError: There is nothing to compare.
    """
    champion = shelf.read_pointer(workspace)
    challenger = shelf.read_pointer(workspace, shelf.CHALLENGER_FILE)
    first = one or (champion.id if champion else "")
    second = other or (challenger.id if challenger else "")
    if not first or not second:
        raise ModelError(
            "There is nothing to compare: no challenger is named.",
            remedy="Name one with `riskengine models challenge MODEL`, or name two models.",
        )
    if first == second:
        raise ModelError(
            f"{first} cannot be compared with itself.",
            remedy="List the models with `riskengine models list`.",
        )
    return first, second


def compare(
    workspace: Workspace, one: str, other: str, *, is_explained: bool = False
) -> SideBySide:
    """Set two models side by side over all recorded runs.

    Args:
        workspace: The unit's folder.
        one: A model's id.
        other: Another's.
        is_explained: Whether it is worked out too why containers moved; that takes longer.

    Raises:
        ModelError: One of them is not on the shelf, or is damaged.
        LedgerError: A run's files are not those that were written.
    """
    bundles = [load(shelf.folder_of(workspace, name)) for name in (one, other)]
    policy = read_policy(workspace.settings_file)
    unread, runs = 0, 0
    frames: list[pl.DataFrame] = []
    folders: dict[str, Path] = {}
    for entry in recorded_runs(workspace):
        folder = entry.folder_in(workspace)
        scores = _scores(entry, folder, bundles, policy)
        if scores is None:
            unread += entry.container_count
            continue
        runs += 1
        frames.append(scores)
        folders[entry.run_id] = folder
    pooled = pl.concat(frames) if frames else pl.DataFrame(schema=_SCORES)
    ranked = _ranked(pooled)
    days = [day for bundle in bundles if (day := learned_until(bundle.card)) is not None]
    after = max(days, default=None)
    opened = _opened(workspace, pooled, after)
    return SideBySide(
        one=one,
        other=other,
        runs=runs,
        containers=pooled.height,
        rescored=pooled.height - int(pooled["is_kept"].sum()),
        unread=unread,
        agreement=rank_agreement(
            ranked["share_one"].to_numpy(), ranked["share_other"].to_numpy()
        ),
        overlap=tuple(
            (share, _overlap(ranked, share)) for share in TOP_SHARES if ranked.height
        ),
        moved=_moved(ranked),
        judged_after=after,
        opened=_judged(opened),
        drawn=_judged(opened.filter("is_random")),
        who=who_moved(ranked, folders, (bundles[0], bundles[1])) if is_explained else None,
    )


def _scores(
    entry: RunEntry, folder: Path, bundles: list[Bundle], policy: Policy
) -> pl.DataFrame | None:
    """Return what both said of a run, and whether both said it when it was recorded; None where one cannot read it."""
    card = read_card(folder)
    assessed = read_frame(folder, "assessments")
    kept = {
        str(card.get("model_id")): assessed.select("container_id", "log_odds"),
        **_shadow(card, folder),
    }
    columns: list[pl.DataFrame] = []
    is_kept = True
    for name, bundle in zip(("one", "other"), bundles, strict=True):
        said = kept.get(bundle.card.id)
        if said is None:
            is_kept = False
            said = _rescored(folder, assessed, bundle, policy)
        if said is None or said["log_odds"].null_count():
            return None
        columns.append(said.rename({"log_odds": name}))
    both = columns[0].join(columns[1], on="container_id", maintain_order="left")
    named = assessed.select("container_id", "container_number", "is_random", "lane")
    return (
        both.join(named, on="container_id", maintain_order="left")
        .with_columns(pl.lit(entry.run_id).alias("run_id"), pl.lit(is_kept).alias("is_kept"))
        .select(_SCORES.keys())
        .cast(pl.Schema(_SCORES))
        .sort("container_id")
    )


def _shadow(card: Mapping[str, object], folder: Path) -> dict[str, pl.DataFrame]:
    challenger = card.get("challenger_id")
    if not challenger:
        return {}
    return {
        str(challenger): read_frame(folder, SHADOW_FRAME).select("container_id", "log_odds")
    }


def _rescored(
    folder: Path, assessed: pl.DataFrame, bundle: Bundle, policy: Policy
) -> pl.DataFrame | None:
    """Return what a model says of a run's recorded indicators, with what rules and habits added to it then."""
    try:
        said = log_odds_of(read_frame(folder, "indicators"), Models(finds=bundle), policy)
    except FeatureMismatch:
        return None
    habits = pl.col("habits_log_odds") if "habits_log_odds" in assessed.columns else pl.lit(0.0)
    added = assessed.select(
        "container_id", (pl.col("rule_log_odds") + habits.fill_null(0.0)).alias("_added")
    )
    return (
        said.select("container_id", "model_log_odds")
        .join(added, on="container_id", maintain_order="left")
        .select("container_id", (pl.col("model_log_odds") + pl.col("_added")).alias("log_odds"))
    )


def _ranked(pooled: pl.DataFrame) -> pl.DataFrame:
    """Add the place of each container in its run by both models, and the share of the run that this is."""
    size = pl.len().over("run_id")
    places = [
        pl.struct(-pl.col(side), "container_id")
        .rank("ordinal")
        .over("run_id")
        .cast(pl.Int64)
        .alias(f"place_{side}")
        for side in ("one", "other")
    ]
    return pooled.with_columns(*places, size.cast(pl.Int64).alias("size")).with_columns(
        (pl.col(f"place_{side}") / pl.col("size")).alias(f"share_{side}")
        for side in ("one", "other")
    )


def _overlap(ranked: pl.DataFrame, share: float) -> float:
    """Return which part of the riskiest containers of the runs both models name; at least one of each run."""
    is_top = {
        side: pl.col(f"place_{side}") <= (pl.col("size") * share).ceil()
        for side in ("one", "other")
    }
    top = ranked.filter(is_top["one"])
    return top.filter(is_top["other"]).height / top.height


def _moved(ranked: pl.DataFrame) -> tuple[Moved, ...]:
    apart = (pl.col("share_one") - pl.col("share_other")).abs()
    farthest = (
        ranked.with_columns(apart.alias("_apart"))
        .filter(pl.col("_apart") > 0)
        .sort(["_apart", "run_id", "container_id"], descending=[True, False, False])
        .head(_MOST_MOVED)
    )
    return tuple(
        Moved(
            container_number=row["container_number"],
            run_id=row["run_id"],
            containers=row["size"],
            one=row["place_one"],
            other=row["place_other"],
        )
        for row in farthest.iter_rows(named=True)
    )


def _opened(workspace: Workspace, pooled: pl.DataFrame, after: date | None) -> pl.DataFrame:
    """Return what was opened and neither model can have learned from, each container once.

    An outcome names the run that it judges, so it was entered after that run was recorded: what a model said in
    the run, it said without it.
    """
    rows = own_rows(workspace, ()).frame
    if rows.is_empty() or pooled.is_empty():
        return pooled.clear().with_columns(pl.lit(None, pl.Boolean).alias("is_find"))
    found = rows.filter(pl.col("is_find").is_not_null()).select(
        "run_id", pl.col("container_id").cast(pl.Int32), "is_find", "assessed_on"
    )
    both = found.join(pooled, on=["run_id", "container_id"], maintain_order="left")
    if after is None:
        return both
    return both.filter(pl.col("is_kept") | (pl.col("assessed_on") > after))


def _judged(opened: pl.DataFrame) -> Paired | None:
    if opened.is_empty():
        return None
    return paired(
        np.asarray(opened["is_find"].to_numpy(), dtype=np.bool_),
        opened["one"].to_numpy(),
        opened["other"].to_numpy(),
    )
