"""How fast the contributions of a model come, beside the libraries that work out the same values.

    python benchmarks/treeshap/run.py [--rounds N] [--short]

One model of our own making: 400 trees of 63 leaves over 60 columns, 10 of them categories, 24 with unknown values,
fixed seed. One core, everything compiled before; each library in turns, round after round, medians. The slow ones
explain a sample of the rows, and the table says how many: their rows a second are those of the sample, and a library
that has costs for each call would do better with more. Then other sizes of model, and what a cold start costs.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"  # before any library counts the cores

import lightgbm  # noqa: E402
import numpy as np  # noqa: E402

from riskengine.model.bundle import load  # noqa: E402
from riskengine.model.explain import explained_by  # noqa: E402
from riskengine.model.treeshap import Explainer, explainer  # noqa: E402

ROOT = Path(__file__).parents[2]
TREES, LEAVES, COLUMNS, CATEGORIES, UNKNOWN = 400, 63, 60, 10, 24
TAUGHT = 60_000
SIZES = (100, 1_000, 10_000)
OTHER_LEAVES = (15, 31, 63, 127)
# What each may explain at most in one round, so that a round ends; the table says what was explained.
MOST_ROWS = {
    "shap.TreeExplainer": 1_000,
    "LightGBM pred_contrib": 400,
    "shapiq": 2,
    "xgboost": 400,
}
GOALS = {100: 3.0, 10_000: 25.0}


@dataclass
class Contender:
    """One that explains, and how long it took for each size of batch."""

    name: str
    explain: Callable[[np.ndarray], np.ndarray]
    note: str = ""
    is_same_model: bool = True
    seconds: dict[int, list[float]] = field(default_factory=dict)
    rows: dict[int, int] = field(default_factory=dict)

    def rate(self, size: int) -> float:
        return self.rows[size] / median(self.seconds[size])


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--short", action="store_true", help="no other sizes, no cold start")
    options = asked.parse_args()
    matrix, outcome = world(TAUGHT)
    rows, _ = world(max(SIZES), seed=99)
    booster = train(matrix, outcome, LEAVES)
    print(
        f"TreeSHAP on one core ({platform.machine()}, Python {platform.python_version()}):"
        f" {TREES} trees of {LEAVES} leaves, {COLUMNS} columns, {CATEGORIES} of them categories,"
        f" {UNKNOWN} with unknown values"
    )
    ours = ready(booster)
    contenders = [
        Contender("riskengine", ours.contributions),
        *by_shap(booster),
        Contender(f"LightGBM pred_contrib {lightgbm.__version__}", contributor(booster)),
        *by_shapiq(booster),
        *by_xgboost(matrix, outcome),
    ]
    for one in contenders:
        one.explain(rows[:3])  # compiled, loaded
    for size in SIZES:
        race(contenders, rows[:size], size, options.rounds)
    tell(contenders, options.rounds)
    agree(contenders, booster, ours, rows)
    if not options.short:
        without_categories(matrix, outcome, rows, min(options.rounds, 2))
        other_sizes(matrix, outcome, rows)
        cold_start(booster)
        shipped()
    judge(contenders)


def world(rows: int, seed: int = 7) -> tuple[np.ndarray, np.ndarray]:
    """Return made-up rows with numbers, categories and unknown values, and an outcome that follows from them."""
    draw = np.random.default_rng(seed)
    matrix = draw.normal(size=(rows, COLUMNS))
    matrix[:, CATEGORIES : CATEGORIES + 8] = np.round(
        np.exp(matrix[:, CATEGORIES : CATEGORIES + 8])
    )
    cards = np.geomspace(6, 250, CATEGORIES).astype(int)
    for column, card in enumerate(cards):
        matrix[:, column] = np.minimum(draw.zipf(1.3, rows) - 1, card - 1)
    weights = np.random.default_rng(3).normal(
        size=COLUMNS
    )  # the same world whatever the seed of the rows
    worth = np.random.default_rng(4).normal(size=(CATEGORIES, 250))
    score = matrix[:, CATEGORIES:] @ weights[CATEGORIES:] / 6
    score += sum(worth[c, matrix[:, c].astype(int)] for c in range(CATEGORIES)) / 2
    score += (
        matrix[:, 20] * matrix[:, 21] + (matrix[:, 22] > 1) * worth[0, matrix[:, 0].astype(int)]
    )
    outcome = score + draw.logistic(size=rows) > np.quantile(score, 0.8)
    gone = draw.random((rows, UNKNOWN)) < 0.2
    matrix[:, COLUMNS - UNKNOWN :][gone] = np.nan
    return matrix, outcome.astype(float)


def train(
    matrix: np.ndarray,
    outcome: np.ndarray,
    leaves: int,
    trees: int = TREES,
    categories: int = CATEGORIES,
) -> Any:
    settings = {
        "objective": "binary", "num_leaves": leaves, "learning_rate": 0.05, "min_data_in_leaf": 20,
        "num_threads": 1, "verbose": -1, "seed": 5, "deterministic": True, "force_col_wise": True,
    }  # fmt: skip
    columns = list(range(categories))
    return lightgbm.train(
        settings, lightgbm.Dataset(matrix, outcome, categorical_feature=columns), trees
    )


def ready(booster: Any) -> Explainer:
    made = explainer(booster.model_to_string())
    assert isinstance(made, Explainer), made
    return made


def contributor(booster: Any) -> Callable[[np.ndarray], np.ndarray]:
    return lambda rows: booster.predict(rows, pred_contrib=True, num_threads=1)[:, :-1]


def by_shap(booster: Any) -> list[Contender]:
    import shap  # noqa: PLC0415  # after the threads are counted, and slow

    warnings.simplefilter("ignore", UserWarning)
    tree = shap.TreeExplainer(booster)

    def explain(rows: np.ndarray) -> np.ndarray:
        told = np.asarray(tree.shap_values(rows))
        return told[-1] if told.ndim == 3 else told

    return [Contender(f"shap.TreeExplainer {shap.__version__}", explain)]


def by_shapiq(booster: Any) -> list[Contender]:
    try:
        import shapiq  # noqa: PLC0415  # only in the bench environment
    except ImportError:
        print("shapiq is not installed here: run with the bench environment.")
        return []
    name = f"shapiq {version('shapiq')}"
    try:
        tree = shapiq.TreeExplainer(model=booster, max_order=1, min_order=1, index="SV")

        def explain(rows: np.ndarray) -> np.ndarray:
            values = np.zeros(rows.shape)
            for place, row in enumerate(rows):
                told = tree.explain_function(row)
                for found, at in told.interaction_lookup.items():
                    if len(found) == 1:
                        values[place, found[0]] = told.values[at]
            return values

        explain(np.zeros((1, COLUMNS)))
    except Exception as refusal:  # noqa: BLE001  # whatever it says is what is told
        print(f"{name} does not explain this model: {type(refusal).__name__}: {refusal}"[:240])
        return []
    return [Contender(name, explain, "1.5 and later need Python 3.12")]


def without_categories(
    matrix: np.ndarray, outcome: np.ndarray, rows: np.ndarray, rounds: int
) -> None:
    """The same columns taken for numbers: shapiq for Python 3.11 reads no categorical splits, and no unknown values."""
    booster = train(matrix, outcome, LEAVES, categories=0)
    ours = ready(booster)
    contenders = [
        Contender("riskengine", ours.contributions),
        *by_shap(booster),
        *by_shapiq(booster),
    ]
    known = np.nan_to_num(rows[:1_000])
    for one in contenders:
        one.explain(known[:1])
    print(
        f"\nThe same columns as numbers, nothing unknown, {len(known):,} rows, median of {rounds} rounds in turns"
    )
    race(contenders, known, len(known), rounds)
    table(contenders, len(known))
    reference = contenders[1].explain(known[:2])
    for one in contenders:
        print(
            f"{one.name:32} farthest from shap {np.abs(one.explain(known[:2]) - reference).max():.1e}"
        )


def by_xgboost(matrix: np.ndarray, outcome: np.ndarray) -> list[Contender]:
    try:
        import xgboost  # noqa: PLC0415  # only in the bench environment
    except ImportError:
        print("xgboost is not installed here: run with the bench environment.")
        return []
    kinds = ["c"] * CATEGORIES + ["q"] * (COLUMNS - CATEGORIES)

    def held(rows: np.ndarray, label: np.ndarray | None = None) -> Any:
        return xgboost.DMatrix(
            rows, label, feature_types=kinds, enable_categorical=True, nthread=1
        )

    settings = {
        "objective": "binary:logistic", "tree_method": "hist", "grow_policy": "lossguide", "max_depth": 0,
        "max_leaves": LEAVES, "eta": 0.05, "nthread": 1, "seed": 5,
    }  # fmt: skip
    model = xgboost.train(settings, held(matrix, outcome), TREES)

    def explain(rows: np.ndarray) -> np.ndarray:
        return model.predict(held(rows), pred_contribs=True)[:, :-1]

    note = "a model of its own, 32-bit; 3.3 and later need Python 3.12"
    return [Contender(f"xgboost {xgboost.__version__}", explain, note, is_same_model=False)]


def race(contenders: list[Contender], rows: np.ndarray, size: int, rounds: int) -> None:
    """Let each explain in turns; the order turns too, so that no one is always behind the same other."""
    for turn in range(rounds):
        for one in contenders[turn % len(contenders) :] + contenders[: turn % len(contenders)]:
            most = next((n for name, n in MOST_ROWS.items() if one.name.startswith(name)), size)
            part = rows[: min(size, most)]
            begun = time.perf_counter()
            one.explain(part)
            one.seconds.setdefault(size, []).append(time.perf_counter() - begun)
            one.rows[size] = len(part)


def tell(contenders: list[Contender], rounds: int) -> None:
    for size in SIZES:
        print(f"\n{size:,} rows, median of {rounds} rounds in turns")
        table(contenders, size)


def table(contenders: list[Contender], size: int) -> None:
    reference = next(one for one in contenders if one.name.startswith("shap.TreeExplainer"))
    print(
        f"{'':32} {'explained':>9} {'ms a row':>9} {'rows/s':>9} {'x shap':>7}  {'of the rounds':>15}"
    )
    for one in contenders:
        ratios = [
            (one.rows[size] / mine) / (reference.rows[size] / its)
            for mine, its in zip(one.seconds[size], reference.seconds[size], strict=True)
        ]
        print(
            f"{one.name:32} {one.rows[size]:>9,} {1000 / one.rate(size):>9.3f} {one.rate(size):>9,.0f}"
            f" {median(ratios):>7.1f}  {min(ratios):>6.1f} to {max(ratios):>5.1f}  {one.note}"
        )


def ratio(contenders: list[Contender], size: int) -> float:
    ours, reference = contenders[0], contenders[1]
    return median(
        (ours.rows[size] / mine) / (reference.rows[size] / its)
        for mine, its in zip(ours.seconds[size], reference.seconds[size], strict=True)
    )


def agree(contenders: list[Contender], booster: Any, ours: Explainer, rows: np.ndarray) -> None:
    """Tell how far the values lie apart, and whether they add up to the margin."""
    part = rows[:300]
    margins = booster.predict(part, raw_score=True, num_threads=1)
    oracle = booster.predict(part, pred_contrib=True, num_threads=1)
    print(f"\n{'':32} {'farthest from shap':>19} {'from adding up':>15}")
    reference = contenders[1].explain(part)
    for one in (one for one in contenders if one.is_same_model):
        told = one.explain(part)
        base = ours.base if one is contenders[0] else oracle[:, -1]
        print(
            f"{one.name:32} {np.abs(told - reference).max():>19.1e}"
            f" {np.abs(told.sum(axis=1) + base - margins).max():>15.1e}"
        )


def other_sizes(matrix: np.ndarray, outcome: np.ndarray, rows: np.ndarray) -> None:
    print(
        f"\nOther sizes, {max(SIZES):,} rows (LightGBM: 300), medians of 3 rounds in turns, 100 trees each"
    )
    print(
        f"{'leaves':>8} {'riskengine rows/s':>18} {'LightGBM rows/s':>16} {'x':>6} {'farthest':>10} {'made ready, s':>14}"
    )
    for leaves in OTHER_LEAVES:
        booster = train(matrix, outcome, leaves, 100)
        begun = time.perf_counter()
        ours = ready(booster)
        took = time.perf_counter() - begun
        theirs = contributor(booster)
        mine: list[float] = []
        its: list[float] = []
        for _ in range(3):
            begun = time.perf_counter()
            told = ours.contributions(rows)
            mine.append(len(rows) / (time.perf_counter() - begun))
            begun = time.perf_counter()
            wanted = theirs(rows[:300])
            its.append(300 / (time.perf_counter() - begun))
        apart = np.abs(told[:300] - wanted).max()
        factor = median(m / i for m, i in zip(mine, its, strict=True))
        print(
            f"{leaves:>8} {median(mine):>18,.0f} {median(its):>16,.0f} {factor:>6.1f} {apart:>10.1e} {took:>14.2f}"
        )


COLD = """
import sys, time
import numpy as np
from riskengine.model.treeshap import explainer
text = open(sys.argv[1]).read()
begun = time.perf_counter()
ours = explainer(text)
ready = time.perf_counter()
ours.contributions(np.zeros((1, int(sys.argv[2]))))
print(ready - begun, time.perf_counter() - ready)
"""


def cold_start(booster: Any) -> None:
    """Tell what the first row of a process costs, with nothing compiled and with what was kept."""
    with tempfile.TemporaryDirectory() as made:
        file = Path(made) / "model.txt"
        file.write_text(booster.model_to_string())
        kept = {**os.environ, "NUMBA_CACHE_DIR": str(Path(made) / "kept")}
        took = [
            [
                float(word)
                for word in subprocess.run(
                    [sys.executable, "-c", COLD, str(file), str(COLUMNS)],
                    env=kept, cwd=ROOT, capture_output=True, text=True, check=True,
                ).stdout.split()
            ]
            for _ in range(4)
        ]  # fmt: skip
    print(
        f"\nCold start: model made ready {median(one[0] for one in took):.2f} s; first row with nothing compiled"
        f" {took[0][1]:.1f} s, with the kept compilation {median(one[1] for one in took[1:]):.2f} s"
    )


def shipped() -> None:
    """Tell where the kernel begins to pay for the model that ships, which is small: by it LightGBM explains."""
    bundle = load(ROOT / "models" / "baseline")
    golden = np.array(bundle.golden.inputs, dtype=np.float64)  # None becomes NaN
    draw = np.random.default_rng(1)
    rows = np.column_stack([draw.choice(column, 25_000) for column in golden.T])
    ours = explainer(bundle.model_text)
    assert isinstance(ours, Explainer)
    begun = time.perf_counter()
    told = ours.contributions(rows)
    mine = time.perf_counter() - begun
    begun = time.perf_counter()
    wanted = contributor(bundle.booster)(rows[:2_500])
    its = time.perf_counter() - begun
    by = "the kernel" if explained_by(bundle).kernel else "LightGBM"
    print(
        f"\nThe model that ships ({explained_by(bundle).leaves:,} leaves, explained by {by}), one core: kernel"
        f" {len(rows):,} rows in {mine:.2f} s beside the cold start; LightGBM {len(wanted):,} rows in {its:.2f} s;"
        f" farthest {np.abs(told[: len(wanted)] - wanted).max():.1e}"
    )


def judge(contenders: list[Contender]) -> None:
    print()
    missed = False
    for size, goal in GOALS.items():
        reached = ratio(contenders, size)
        missed |= reached < goal
        print(
            f"{size:,} rows: {reached:.1f} x shap.TreeExplainer; goal >= {goal:.0f}: {'reached' if reached >= goal else 'MISSED'}"
        )
    raise SystemExit(1 if missed else 0)


if __name__ == "__main__":
    main()
