"""Which of the signs that the simulated world puts on its containers any indicator sees, and what could be found at best.

    python benchmarks/simulator/signs.py [--seed 3] [--containers 3000]

For each sign: how many of the later containers show it, the share of the illicit and of the innocent that do, and the one indicator that
tells those that show it best from those that do not, with the area under its curve (0.5 is blind). A sign near 0.5 is a gap in the
indicators, or leaves nothing on a manifest.

At the end: how many of the illicit score above all but 1 and 5 % of the innocent, for somebody who sees every sign and knows every chance in
the simulator's tables (nobody can do better from these signs), and for a plain LightGBM that was told the whole truth of earlier months.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import lightgbm
import numpy as np
import polars as pl

from riskengine.engine.learning import assemble_history
from riskengine.features.catalog import catalog
from riskengine.manifest import read_manifest
from riskengine.manifest.mapping import load_mapping
from riskengine.simulate import Settings, simulate, write_world
from riskengine.simulate.tables import sign_rates

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAMES = ["voyage_number", "container_number"]
MEAN_CARE = 4.0 / 5.2  # of the law by which smugglers are careless
FEWEST = 8
SHARES = (0.01, 0.05)
LEARNED_SHARE = 0.6


def main() -> None:
    asked = argparse.ArgumentParser(description="Which planted signs the indicators see.")
    asked.add_argument("--seed", type=int, default=3)
    asked.add_argument("--containers", type=int, default=3000, help="a month")
    given = asked.parse_args()
    rows = _assembled(
        Settings(
            seed=given.seed,
            months=12,
            containers_per_month=given.containers,
            trader_count=max(500, given.containers * 4 // 3),
            prevalence=0.03,
        )
    )
    days = rows["assessed_on"].sort()
    cut = days[int(LEARNED_SHARE * days.len())]
    later = rows.filter(pl.col("assessed_on") >= cut)
    print(f"{later.height} later containers, {int(later['is_illicit'].sum())} illicit")
    _tell_signs(later)
    guilty = later["is_illicit"].to_numpy()
    for name, score in (
        ("who sees every sign and knows every chance", _likelihood(later)),
        ("LightGBM told the whole truth of earlier months", _told_the_truth(rows, cut)),
    ):
        found = ", ".join(
            f"{_found(score, guilty, share):.0%} above all but {share:.0%}" for share in SHARES
        )
        print(f"{name:50} {found}")


def _assembled(settings: Settings) -> pl.DataFrame:
    world = simulate(settings)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        write_world(world, folder)
        mapping = load_mapping(folder / "history" / "mapping.toml")
        reading = read_manifest(folder / "history" / "history.parquet", mapping)
    frame, _ = assemble_history([reading.manifest])
    truth = world.truth.group_by(NAMES).agg(
        pl.col("typology").first(),
        pl.col("is_illicit").any(),
        pl.col("signs").list.explode(keep_nulls=False, empty_as_null=False),
    )
    return frame.unique("container_id", maintain_order=True).join(
        truth, on=NAMES, how="inner", maintain_order="left"
    )


def _numbers(rows: pl.DataFrame) -> dict[str, NDArray[np.float64]]:
    names = [
        field.name
        for field in catalog()
        if field.model_kind == "number" and field.name in rows.columns
    ]
    return {name: rows[name].cast(pl.Float64).to_numpy() for name in names}


def _tell_signs(rows: pl.DataFrame) -> None:
    guilty = rows["is_illicit"].to_numpy()
    ranks = {
        (name, end): pl.Series(np.nan_to_num(values, nan=fill)).rank("average").to_numpy()
        for name, values in _numbers(rows).items()
        for end, fill in (("low", -1e300), ("high", 1e300))
    }
    told: list[tuple[float, str]] = []
    for sign in sign_rates():
        shown = rows.select(pl.col("signs").list.contains(sign)).to_series().to_numpy()
        if not FEWEST <= shown.sum() <= len(shown) - FEWEST:
            continue
        areas = {key: _area(rank, shown) for key, rank in ranks.items()}
        best = max(areas, key=lambda key: areas[key])
        line = (
            f"{sign:26} {int(shown.sum()):6d} {shown[guilty].mean():8.1%} {shown[~guilty].mean():8.1%}"
            f" {areas[best]:6.3f}  {best[0]}"
        )
        told.append((areas[best], line))
    print(f"{'sign':26} {'shown':>6} {'illicit':>8} {'innocent':>8} {'seen':>6}  by")
    for _, line in sorted(told):
        print(line)


def _area(rank: NDArray[np.float64], shown: NDArray[np.bool_]) -> float:
    yes = int(shown.sum())
    no = len(shown) - yes
    area = (rank[shown].sum() - yes * (yes + 1) / 2) / (yes * no)
    return float(max(area, 1 - area))


def _likelihood(rows: pl.DataFrame) -> NDArray[np.float64]:
    """Return how much likelier the signs of each container are in an illicit one than in an innocent one."""
    kinds = rows["typology"].drop_nulls().value_counts(normalize=True)
    of_kind = {kind: np.full(rows.height, np.log(share)) for kind, share in kinds.rows()}
    for sign, rates in sign_rates().items():
        shown = rows.select(pl.col("signs").list.contains(sign)).to_series().to_numpy()
        innocent = max(float(str(rates["innocent"])), 1e-5)
        for kind in of_kind:
            own = float(str(rates.get(kind, innocent)))
            chance = max(innocent, innocent + MEAN_CARE * (own - innocent))
            of_kind[kind] += np.where(
                shown, np.log(chance / innocent), np.log((1 - chance) / (1 - innocent))
            )
    return np.logaddexp.reduce(list(of_kind.values()))


def _told_the_truth(rows: pl.DataFrame, cut: object) -> NDArray[np.float64]:
    matrix = np.column_stack(list(_numbers(rows).values()))
    earlier = rows.select(pl.col("assessed_on") < cut).to_series().to_numpy()
    booster = lightgbm.train(
        {
            "objective": "binary",
            "learning_rate": 0.05,
            "num_leaves": 15,
            "feature_fraction": 0.3,
            "lambda_l2": 10,
            "seed": 7,
            "deterministic": True,
            "num_threads": 2,
            "verbosity": -1,
        },
        lightgbm.Dataset(matrix[earlier], rows["is_illicit"].to_numpy()[earlier]),
        200,
    )
    return np.asarray(booster.predict(matrix[~earlier]))


def _found(score: NDArray[np.float64], guilty: NDArray[np.bool_], share: float) -> float:
    """Return the share of the illicit that score above all but a share of the innocent: what rare ones would have."""
    return float((score[guilty] > np.quantile(score[~guilty], 1 - share)).mean())


if __name__ == "__main__":
    main()
