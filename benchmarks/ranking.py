"""How good a ranking is, and what a default LightGBM makes of the same rows: shared by the benchmarks."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import lightgbm
import numpy as np
import polars as pl
from sklearn.metrics import average_precision_score, roc_auc_score

VARIABLE = "RISKENGINE_BENCHMARK_DATA"
BOOTSTRAPS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """A score for each unit, and what was found there."""

    score: np.ndarray
    is_find: np.ndarray

    def average_precision(self) -> float:
        return float(average_precision_score(self.is_find, self.score))

    def auc(self) -> float:
        return float(roc_auc_score(self.is_find, self.score))

    def top(self, share: float) -> tuple[float, float]:
        """Return precision and recall of the riskiest share, ties broken by the order of the rows."""
        count = max(1, round(share * len(self.score)))
        chosen = np.argsort(-self.score, kind="stable")[:count]
        found = float(self.is_find[chosen].sum())
        return found / count, found / float(self.is_find.sum())


def interval(ranking: Ranking, seed: int = 7) -> tuple[float, float]:
    """Return the 90 % bootstrap interval of the average precision."""
    draws = _draws(len(ranking.score), seed)
    values = [
        average_precision_score(ranking.is_find[d], ranking.score[d])
        for d in draws
        if ranking.is_find[d].any()
    ]
    return float(np.quantile(values, 0.05)), float(np.quantile(values, 0.95))


def paired_gain(ours: Ranking, theirs: Ranking, seed: int = 7) -> tuple[float, float, float]:
    """Return the gain in average precision and its 90 % paired bootstrap interval."""
    draws = [d for d in _draws(len(ours.score), seed) if ours.is_find[d].any()]
    gains = [
        average_precision_score(ours.is_find[d], ours.score[d])
        - average_precision_score(theirs.is_find[d], theirs.score[d])
        for d in draws
    ]
    gain = ours.average_precision() - theirs.average_precision()
    return gain, float(np.quantile(gains, 0.05)), float(np.quantile(gains, 0.95))


def default_lightgbm(
    train: pl.DataFrame, test: pl.DataFrame, is_find: str, features: list[str]
) -> np.ndarray:
    """Return the scores of LightGBM as it comes, on label-encoded columns: the usual first attempt."""
    both = pl.concat([train.select(features), test.select(features)])
    encoded = both.select(
        pl.col(name).rank("dense").cast(pl.Float64) if dtype == pl.String else pl.col(name)
        for name, dtype in both.schema.items()
    ).to_numpy()
    model = lightgbm.train(
        {
            "objective": "binary",
            "verbose": -1,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": 2,
            "seed": 7,
        },
        lightgbm.Dataset(
            encoded[: train.height], label=train[is_find].cast(pl.Int8).to_numpy()
        ),
    )
    return np.asarray(model.predict(encoded[train.height :]))


def run(*arguments: str, workspace: Path | None = None) -> str:
    """Run the product as a user would and return its stdout."""
    where = ["--workspace", str(workspace)] if workspace else []
    command = [sys.executable, "-m", "riskengine", *arguments, *where]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(arguments)}\n{done.stderr}")
    return done.stdout


def promote(model: str, *, workspace: Path) -> None:
    """Put a model in force as a unit does: one officer answers for what its card doubts and asks, another approves."""
    card = json.loads(run("models", "show", model, "--json", workspace=workspace))
    answers = [
        part
        for leak in card["leaks"]
        for part in ("--answer", f"{leak['name']}=declared before anybody looked")
    ]
    because = ("--reason", "a benchmark measures it")
    run("models", "promote", model, *answers, *because, "--officer", "one", workspace=workspace)
    run("models", "approve", model, *because, "--officer", "another", workspace=workspace)


def data_folder(name: str) -> Path:
    """Return the folder of a data set, from the command line or the environment; say so and stop if there is none."""
    parser = argparse.ArgumentParser(description=f"Run the protocols on {name}.")
    parser.add_argument(
        "data",
        nargs="?",
        default=os.environ.get(VARIABLE),
        help=f"folder that holds {name}/; else ${VARIABLE}",
    )
    given = parser.parse_args().data
    if given is None:
        print(f"{name}: no data; give the folder or set {VARIABLE}.")
        raise SystemExit(0)
    folder = Path(given) / name
    return folder if folder.is_dir() else Path(given)


def _draws(count: int, seed: int) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    return [generator.integers(0, count, count) for _ in range(BOOTSTRAPS)]
