"""P2 and P3: synthetic Korean import declarations, through the product's verbs.

    python benchmarks/kcs/run.py DATA_FOLDER

P2 ranks declarations whose profile (HS, departure, origin, tax, mass) was never seen in training. P3 trains on the
published train file and ranks the published validation file; it is a guard against regressions and measures memory:
most rows of the validation file have a twin in training.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))
from ranking import Ranking, data_folder, default_lightgbm, promote, run

MAPPING = Path(__file__).with_name("mapping.toml")
PROFILE = [
    "HS6 Code",
    "Country of Departure",
    "Country of Origin",
    "Tax Rate",
    "Tax Type",
    "Net Mass",
]
NUMBERS = ["Tax Rate", "Net Mass", "Item Price"]
BASELINE_COLUMNS = [
    "Office ID", "Process Type", "Import Type", "Import Use", "Payment Type", "Mode of Transport", "Declarant ID",
    "Importer ID", "Seller ID", "Courier ID", "HS6 Code", "Country of Departure", "Country of Origin", "Tax Rate",
    "Tax Type", "Country of Origin Indicator", "Net Mass", "Item Price",
]  # fmt: skip
FOLDS = 5
AFTER_EVERYTHING = "2021-12-31"


def main() -> None:
    folder = data_folder("kcs")
    train = pl.read_csv(folder / "df_syn_train_eng.csv", infer_schema=False)
    valid = pl.read_csv(folder / "df_syn_valid_eng.csv", infer_schema=False)
    _profile_disjoint(pl.concat([train, valid]))
    _published_split(train, valid)


def _profile_disjoint(rows: pl.DataFrame) -> None:
    once = (
        rows.group_by(PROFILE, maintain_order=True)
        .agg(
            pl.col("Fraud")
            .cast(pl.Float64)
            .mean()
            .round()
            .cast(pl.Int8)
            .cast(pl.String)
            .alias("_fraud"),
            pl.exclude("Fraud").first(),
        )
        .rename({"_fraud": "Fraud"})
        .select(rows.columns)
    )
    fold = np.random.default_rng(7).permutation(once.height) % FOLDS
    ours, theirs, finds = [], [], []
    for number in range(FOLDS):
        learn, rank = (
            once.filter(pl.Series(fold != number)),
            once.filter(pl.Series(fold == number)),
        )
        ours.append(_through_the_product(learn, rank, "--at", AFTER_EVERYTHING))
        theirs.append(_baseline(learn, rank))
        finds.append(_finds(rank))
    print(f"P2 KCS profile-disjoint: {once.height} distinct profiles, {FOLDS} folds by profile")
    _table(
        Ranking(score=np.concatenate(theirs), is_find=np.concatenate(finds)),
        Ranking(score=np.concatenate(ours), is_find=np.concatenate(finds)),
    )
    print(
        "reference runs on HS10 files: default LightGBM AUC .573 P@5% .276; goal here: baseline + .07 AUC, + .14 P@5%\n"
    )


def _published_split(train: pl.DataFrame, valid: pl.DataFrame) -> None:
    finds = _finds(valid)
    print(
        f"P3 KCS published split (measures memory): {train.height} train, {valid.height} validation rows"
    )
    _table(
        Ranking(score=_baseline(train, valid), is_find=finds),
        Ranking(score=_through_the_product(train, valid, "--at", "presented"), is_find=finds),
    )
    print(
        "reference runs: default LightGBM P@5% .78; look-up with back-off .99; goal P@5% >= .99, P@10% >= .98"
    )


def _table(baseline: Ranking, ours: Ranking) -> None:
    print(f"{'':44} {'AUC':>6} {'P@5%':>6} {'P@10%':>6} {'AP':>6}")
    for name, ranking in (
        ("default LightGBM, label-encoded (this run)", baseline),
        ("riskengine", ours),
    ):
        print(
            f"{name:44} {ranking.auc():6.3f} {ranking.top(0.05)[0]:6.3f} {ranking.top(0.10)[0]:6.3f}"
            f" {ranking.average_precision():6.3f}"
        )


def _through_the_product(learn: pl.DataFrame, rank: pl.DataFrame, *at: str) -> np.ndarray:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        learn.write_csv(folder / "learn.csv")
        rank.write_csv(folder / "rank.csv")
        unit = folder / "unit"
        run("init", str(unit))
        mapping = ["--mapping", str(MAPPING)]
        shelf_before = _shelf(unit)
        run(
            "train",
            "--history",
            str(folder / "learn.csv"),
            *mapping,
            "--remember",
            workspace=unit,
        )
        (learned,) = _shelf(unit) - shelf_before
        promote(learned, workspace=unit)
        lines = run("score", str(folder / "rank.csv"), *mapping, *at, "--json", workspace=unit)
        scored = {
            entry["bills_of_lading"][0]: entry["log_odds"]
            for entry in map(json.loads, lines.splitlines())
        }
    return np.array([scored[declaration] for declaration in rank["Declaration ID"].to_list()])


def _shelf(unit: Path) -> set[str]:
    return {
        json.loads(line)["id"]
        for line in run("models", "list", "--json", workspace=unit).splitlines()
    }


def _baseline(learn: pl.DataFrame, rank: pl.DataFrame) -> np.ndarray:
    typed = [
        frame.with_columns(
            (pl.col("Fraud") == "1").alias("is_find"), pl.col(NUMBERS).cast(pl.Float64)
        )
        for frame in (learn, rank)
    ]
    return default_lightgbm(typed[0], typed[1], "is_find", BASELINE_COLUMNS)


def _finds(rows: pl.DataFrame) -> np.ndarray:
    return (rows["Fraud"] == "1").to_numpy()


if __name__ == "__main__":
    main()
