"""A simulated port as a world to be lived through: an opening says what the truth says it would, errors and all."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from world import World, read_world

from riskengine.domain import Typology
from riskengine.simulate import Settings, Wave, simulate, write_world

if TYPE_CHECKING:
    from datetime import date

    from world import Look

DAYS_TO_AN_OUTCOME = 5
LATER = (Typology.CARRIER_MATERIAL, Typology.CLONED_CONTAINER, Typology.MISDECLARED_WASTE)
"""What begins half-way where the world drifts."""


def simulated_world(
    seed: int, *, drifts: bool, small: bool, rules: Path
) -> tuple[World, date, date]:
    """Return a world with its first day and the day after its last."""
    months = 6 if small else 12
    settings = Settings(
        seed=seed,
        months=months,
        containers_per_month=2_500 if small else 6_000,
        trader_count=2_500 if small else 5_000,
        prevalence=0.01,
        season_strength=1.0,
    )
    begun = settings.starts_on
    last = begun + timedelta(days=round(months * 30.4))
    if drifts:
        half = begun + timedelta(days=round(months * 15.2))
        first = tuple(t for t in settings.typologies if t not in LATER)
        settings = replace(
            settings,
            waves=(
                *(Wave(typology=one, ends_on=half) for one in first[:4]),
                *(Wave(typology=one, starts_on=half, share=0.003) for one in LATER),
            ),
        )
    return world_of_settings(settings, rules), begun, last


def world_of_settings(settings: Settings, rules: Path, look: Look | None = None) -> World:
    """Simulate, write and read a world through the product's intake, every container with its own outcome."""
    simulated = simulate(settings)
    names = ["voyage_number", "bill_of_lading", "container_number"]
    known = pl.coalesce("arrival_expected_on", "presented_on") + timedelta(
        days=DAYS_TO_AN_OUTCOME
    )
    lines = (
        simulated.lines.drop("outcome", "outcome_known_on")
        .join(
            simulated.truth.select(*names, pl.col("outcome_if_opened").alias("outcome")).unique(
                names
            ),
            on=names,
            how="left",
            maintain_order="left",
        )
        .with_columns(known.alias("outcome_known_on"))
    )
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "world"
        write_world(replace(simulated, lines=lines, manifests=()), folder)
        world = read_world(
            folder / "history" / "history.parquet",
            folder / "history" / "mapping.toml",
            rules,
            look,
        )
    truth = simulated.truth.group_by("voyage_number", "container_number").agg(
        pl.col("is_illicit").any(),
        pl.col("typology").drop_nulls().first(),
        pl.col("wave").max(),
    )
    numbered = (
        world.manifest.containers.select("container_id", "container_number", "voyage_id")
        .join(world.manifest.voyages.select("voyage_id", "voyage_number"), on="voyage_id")
        .join(truth, on=["voyage_number", "container_number"], how="left")
        .select(
            "container_id",
            pl.col("is_illicit").fill_null(value=False).alias("is_there"),
            "typology",
            "wave",
        )
    )
    return replace(
        world,
        outcomes=world.outcomes.drop("is_there").join(numbered, on="container_id", how="left"),
    )
