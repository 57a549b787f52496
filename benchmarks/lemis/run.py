"""P1: real border decisions on wildlife imports, learned before a year and ranked in it.

    python benchmarks/lemis/run.py DATA_FOLDER                       # 2020, all that the protocol allows
    python benchmarks/lemis/run.py DATA_FOLDER --manifest-only       # without purpose, unit and description
    python benchmarks/lemis/run.py DATA_FOLDER --test-year 2019      # a year to develop on

One shipment is one lot of loose cargo with its lines as goods items. Everything goes through the product's verbs:
`init`, `train --remember`, `score --at presented`. A past decision counts from the day it became known.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))
from ranking import Ranking, data_folder, default_lightgbm, interval, paired_gain, promote, run

MAPPING = Path(__file__).with_name("mapping.toml")
MANIFEST_ONLY_MAPPING = Path(__file__).with_name("mapping_manifest_only.toml")
PUBLISHED_YEAR = 2020
BASELINE_COLUMNS = [
    "genus", "species", "generic_name", "specific_name", "description", "unit", "country_origin",
    "country_imp_exp", "purpose", "port", "quantity",
]  # fmt: skip
NOT_ON_A_MANIFEST = {"description", "unit", "purpose"}
PUBLISHED = (
    (
        "default LightGBM, label-encoded (reference run)",
        ".784 [.69,.86]",
        ".957",
        ".804",
        ".776",
        ".875",
    ),
    (
        "history rates and shipment context (reference run)",
        ".849 [.78,.91]",
        ".965",
        ".821",
        ".793",
        ".875",
    ),
    ("goal", ">= .87", "", ">= .86", "", ""),
)


def main() -> None:
    asked = _asked()
    year = asked.test_year
    folder = data_folder("lemis_amphibian")
    text = pl.read_csv(folder / "lemis_amphibian_2016_2020.csv", infer_schema=False)
    earlier = text.filter(pl.col("shipment_date") < f"{year}")
    later = text.filter(pl.col("shipment_date").str.starts_with(f"{year}"))
    mapping = MANIFEST_ONLY_MAPPING if asked.manifest_only else MAPPING
    columns = [
        name
        for name in BASELINE_COLUMNS
        if not (asked.manifest_only and name in NOT_ON_A_MANIFEST)
    ]
    with tempfile.TemporaryDirectory() as made:
        ours = _through_the_product(Path(made), earlier, later, mapping)
    theirs = _baseline(earlier, later, columns)
    truth = (
        later.group_by("control_number")
        .agg((pl.col("action") == "R").any().alias("is_find"))
        .sort("control_number")
    )
    rows = truth.join(ours, on="control_number", how="left").join(
        theirs, on="control_number", how="left"
    )
    if rows["ours"].null_count():
        raise SystemExit(f"{rows['ours'].null_count()} shipments were lost")
    finds = rows["is_find"].to_numpy()
    print(
        f"P1 LEMIS: {rows.height} shipments of {year}, {int(finds.sum())} refused, learned from before it"
        + (" (manifest only)" if asked.manifest_only else "")
    )
    print(f"{'':52} {'AP [90 %]':>18} {'AUC':>6} {'R@5%':>6} {'P@5%':>6} {'R@10%':>6}")
    is_published = year == PUBLISHED_YEAR and not asked.manifest_only
    for name, *figures in PUBLISHED if is_published else ():
        print(
            f"{name:52} {figures[0]:>18} {figures[1]:>6} {figures[2]:>6} {figures[3]:>6} {figures[4]:>6}"
        )
    rankings = {
        name: Ranking(score=rows[name].to_numpy(), is_find=finds)
        for name in ("baseline", "ours")
    }
    for name, ranking in rankings.items():
        low, high = interval(ranking)
        p5, r5 = ranking.top(0.05)
        _, r10 = ranking.top(0.10)
        label = "riskengine" if name == "ours" else "default LightGBM, label-encoded (this run)"
        print(
            f"{label:52} {ranking.average_precision():.3f} [{low:.2f},{high:.2f}]".ljust(71)
            + f" {ranking.auc():6.3f} {r5:6.3f} {p5:6.3f} {r10:6.3f}"
        )
    gain, low, high = paired_gain(rankings["ours"], rankings["baseline"])
    print(
        f"gain in AP over default LightGBM, paired bootstrap: {gain:+.3f} [{low:+.3f},{high:+.3f}]"
    )


def _asked() -> argparse.Namespace:
    """Read what is said beside the folder, and leave the folder for ``data_folder``."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--test-year", type=int, default=PUBLISHED_YEAR)
    parser.add_argument("--manifest-only", action="store_true")
    asked, sys.argv[1:] = parser.parse_known_args()
    return asked


def _through_the_product(
    folder: Path, earlier: pl.DataFrame, later: pl.DataFrame, mapping_file: Path
) -> pl.DataFrame:
    earlier.write_csv(folder / "earlier.csv")
    later.write_csv(folder / "later.csv")
    unit = folder / "unit"
    run("init", str(unit))
    mapping = ["--mapping", str(mapping_file)]
    run(
        "train",
        "--history",
        str(folder / "earlier.csv"),
        *mapping,
        "--remember",
        workspace=unit,
    )
    shelf = [
        json.loads(line)
        for line in run("models", "list", "--json", workspace=unit).splitlines()
    ]
    learned = next(entry["id"] for entry in shelf if not entry["is_in_force"])
    promote(learned, workspace=unit)
    # The outcomes of the year are remembered too; each counts from the day after it became known. The model that this
    # second command also learns stays on the shelf.
    run("train", "--history", str(folder / "later.csv"), *mapping, "--remember", workspace=unit)
    lines = run(
        "score",
        str(folder / "later.csv"),
        *mapping,
        "--at",
        "presented",
        "--json",
        workspace=unit,
    )
    scored = [json.loads(line) for line in lines.splitlines()]
    return pl.DataFrame(
        [(entry["bills_of_lading"][0], entry["log_odds"]) for entry in scored],
        schema={"control_number": pl.String, "ours": pl.Float64},
        orient="row",
    )


def _baseline(earlier: pl.DataFrame, later: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    typed = [
        frame.with_columns(
            (pl.col("action") == "R").alias("is_find"), pl.col("quantity").cast(pl.Float64)
        )
        for frame in (earlier, later)
    ]
    scores = default_lightgbm(typed[0], typed[1], "is_find", columns)
    return (
        later.select("control_number")
        .with_columns(pl.Series("baseline", np.asarray(scores)))
        .group_by("control_number")
        .agg(pl.col("baseline").max())
    )


if __name__ == "__main__":
    main()
