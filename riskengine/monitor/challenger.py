"""The model in force and the one in its shadow, side by side under the same capacity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.domain import Basis, Lane
from riskengine.ledger.runs import read_card, read_frame
from riskengine.rules.rates import Rate

if TYPE_CHECKING:
    from riskengine.monitor.period import Period

FRAME: Final = "challenger"
_LARGEST_WEIGHT: Final = 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The containers that one of them would open.

    Attributes:
        containers: How many.
        rate: Finds among those of them that were examined.
        weighted: Finds in all of them as the examined ones stand for them (inverse chance of selection); None where
            none was examined.
    """

    containers: int
    rate: Rate
    weighted: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySide:
    """Both models, opening as many of each run as were red on their own account.

    Attributes:
        runs: In how many runs both scored.
        containers: How many containers they scored.
        capacity: How many each would open.
        champion: What the model in force would open.
        challenger: What the one in the shadow would.
        both: What both would.
    """

    runs: int
    containers: int
    capacity: int
    champion: Side
    challenger: Side
    both: Side


def beside(period: Period) -> SideBySide | None:
    """Return both models side by side over the report; None where no run was scored by a challenger."""
    frames: list[pl.DataFrame] = []
    for entry, held in period.folders(period.now):
        folder = entry.folder_in(period.workspace)
        files = read_card(folder).get("files")
        if not isinstance(files, dict) or FRAME not in files:
            continue
        scored = read_frame(folder, FRAME, columns=("container_id", "log_odds"))
        frames.append(
            scored.rename({"log_odds": "challenging"})
            .join(held, on="container_id", how="semi")
            .with_columns(pl.lit(entry.run_id).alias("run_id"))
        )
    if not frames:
        return None
    # Where the challenger cannot read a manifest, it says nothing of its containers.
    said = pl.concat(frames).drop_nulls("challenging")
    both = period.now.join(said, on=["run_id", "container_id"])
    is_red = (pl.col("lane") == Lane.RED.value) & (pl.col("basis") != Basis.RANDOM.value)
    ranked = both.with_columns(
        is_red.sum().over("run_id").alias("slots"),
        _place("log_odds").alias("first"),
        _place("challenging").alias("second"),
    ).with_columns(pl.col("first", "second") <= pl.col("slots"))
    return SideBySide(
        runs=len(frames),
        containers=ranked.height,
        capacity=int(ranked["first"].sum()),
        champion=_side(ranked.filter("first")),
        challenger=_side(ranked.filter("second")),
        both=_side(ranked.filter("first", "second")),
    )


def _place(column: str) -> pl.Expr:
    return pl.col(column).rank("ordinal", descending=True).over("run_id")


def _side(held: pl.DataFrame) -> Side:
    opened = held.filter(pl.col("is_find").is_not_null() & pl.col("probability").is_not_null())
    found = opened.filter("is_find")
    weights = (1 / found["probability"]).clip(upper_bound=_LARGEST_WEIGHT)
    return Side(
        containers=held.height,
        rate=Rate(found=found.height, examined=opened.height),
        weighted=float(weights.sum()) if opened.height else None,
    )
