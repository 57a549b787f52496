"""The containers of recent runs that a model is pictured with, drawn by a seed from the indicators as they were recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from riskengine.engine.model_says import Models, with_silent_attributes
from riskengine.errors import FeatureMismatch
from riskengine.ledger.run_register import recorded_runs
from riskengine.ledger.runs import read_frame
from riskengine.model.encode import check_features
from riskengine.model.pictures import MOST_ROWS, Shown

if TYPE_CHECKING:
    from datetime import date

    from riskengine.model.bundle import Bundle
    from riskengine.workspace import Workspace

_MOST_RUNS: Final = 30
_ENOUGH: Final = 20_000
_SEED: Final = 20_260


def recent_containers(workspace: Workspace, bundle: Bundle, most: int = MOST_ROWS) -> Shown:
    """Return containers of the latest recorded runs: the same ones each time while no run is added.

    Runs are read from the latest backwards until there are enough to draw from. One that the model cannot read is
    counted and left out.

    Args:
        workspace: The unit's folder.
        bundle: The model that shall read them.
        most: How many are drawn.

    Raises:
        LedgerError: A run's files are not those that were written.
    """
    names = [*bundle.card.feature_names, "container_id"]
    frames: list[pl.DataFrame] = []
    days: list[date] = []
    unread = containers = 0
    latest = sorted(
        recorded_runs(workspace),
        key=lambda entry: (entry.recorded_at, entry.run_id),
        reverse=True,
    )
    for entry in latest[:_MOST_RUNS]:
        try:
            frame = read_frame(entry.folder_in(workspace), "indicators")
            frame = with_silent_attributes(frame, Models(finds=bundle))
            check_features(frame, bundle.card.features)
        except FeatureMismatch:
            unread += 1
            continue
        frames.append(frame.select(names).sort("container_id").drop("container_id"))
        days.append(entry.assessed_at.date())
        containers += frame.height
        if containers >= _ENOUGH:
            break
    if not containers:
        return Shown(unread=unread)
    pooled = pl.concat(frames, how="vertical_relaxed")
    drawn = np.random.default_rng(_SEED).permutation(pooled.height)[:most]
    return Shown(
        frame=pooled[drawn.tolist()],
        runs=len(frames),
        containers=containers,
        unread=unread,
        first_on=min(days),
        last_on=max(days),
    )
