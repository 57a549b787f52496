"""A throw-away history for the tests of the model: some columns tell finds, some tell nothing."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from riskengine.model.card import FeatureSpec

FEATURES = (
    FeatureSpec(name="gross_mass_kg", kind="number"),
    FeatureSpec(name="shipper_find_rate", kind="number"),
    FeatureSpec(name="transhipment_count", kind="number"),
    FeatureSpec(name="is_reefer", kind="number"),
    FeatureSpec(name="main_chapter", kind="category"),
    FeatureSpec(name="port_of_loading_country", kind="category"),
)


def history(containers: int = 3000, *, seed: int = 1, days: int = 300) -> pl.DataFrame:
    """Examined containers: the features above, `is_find` (about 6 %) and `assessed_on`."""
    draw = np.random.default_rng(seed)
    mass = draw.lognormal(9.5, 0.5, containers)
    rate = draw.beta(1, 12, containers)
    transhipments = draw.integers(0, 4, containers)
    reefer = draw.random(containers) < 0.3
    chapters = draw.choice(["08", "09", "44", "72", "84"], containers)
    countries = draw.choice(["EC", "CO", "BR", "CN", "NL"], containers)
    log_odds = -5.5 + 8 * rate + 0.5 * transhipments + 1.2 * reefer + 1.5 * (chapters == "08")
    is_find = draw.random(containers) < 1 / (1 + np.exp(-log_odds))
    first = date(2025, 1, 1)
    on = [
        first + timedelta(days=int(day)) for day in np.sort(draw.integers(0, days, containers))
    ]
    return pl.DataFrame(
        {
            "gross_mass_kg": mass,
            "shipper_find_rate": rate,
            "transhipment_count": transhipments,
            "is_reefer": reefer,
            "main_chapter": chapters,
            "port_of_loading_country": countries,
            "is_find": is_find,
            "assessed_on": on,
        }
    ).with_columns(
        _unknown_here_and_there("gross_mass_kg", draw),
        _unknown_here_and_there("shipper_find_rate", draw),
        _unknown_here_and_there("main_chapter", draw),
    )


def _unknown_here_and_there(name: str, draw: np.random.Generator) -> pl.Expr:
    seed = int(draw.integers(0, 2**31))
    return pl.when(pl.int_range(pl.len()).hash(seed) % 10 > 0).then(pl.col(name)).alias(name)
