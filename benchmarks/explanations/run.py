"""Are the reasons the true ones? Everything that can be measured of the explanations, in one command.

    python benchmarks/explanations/run.py [PART ...] [--seed 41] [--small] [--data FOLDER]

`adds_up`: a simulated day through the product; what lies between base plus reasons and the log-odds, at most, in what scripts read.
`deletion`: a model taught by the first months of a simulated port ranks the last; of the riskiest, what the model reads in the three strongest
reasons is set to what is usual on the lane, or to unknown, and the container is scored again; the same with as many other indicators drawn at random.
`seeds`: the same history taught five times under other draws; how far the riskiest containers keep their three strongest reasons, and their order.
`words`: the sentences of the reasons, in each language: words a sentence, the longest one, and LIX (C. H. Bjoernsson, Laesbarhet, 1968: words a
sentence plus the percentage of words of more than six letters; below 40 is easy, above 50 is hard). Names in capitals, numbers and codes are not words.
`typology`: the modus operandi that was planted, and the one that is named first (`typology.py`).
`truth`: reasons on declarations in which eleven columns carry no signal (`truth.py`); needs --data, the folder of the published files.

Without PART all but `truth` are measured, and `truth` too where the data is given. Settings stand here and are not tuned on the seed of a run.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1] / "online"))
from simulated import world_of_settings

from riskengine.engine import Engine, founding
from riskengine.engine.learning import learn
from riskengine.engine.lessons import lessons_of
from riskengine.engine.report import as_json_lines
from riskengine.features.groups import group_of
from riskengine.ledger.history import merge
from riskengine.manifest import read_manifest
from riskengine.messages import LANGUAGES
from riskengine.model.booster import raw_margins
from riskengine.model.encode import encode, to_matrix
from riskengine.model.explain import contributions
from riskengine.model.settings import TrainingSettings
from riskengine.simulate import Settings, simulate, write_world
from riskengine.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from riskengine.engine import Run
    from riskengine.model.bundle import Bundle

HERE = Path(__file__).parent
CORE = HERE.parents[1] / "rules" / "core"
FLAGGED = 0.05
STRONGEST = 3
DRAWS = 20
SEEDS = (7, 17, 27, 37, 47)
ENOUGH_ON_A_LANE = 20
PLANTED = Settings(months=6, containers_per_month=2_000, trader_count=2_500, prevalence=0.03)
PLANTED_SMALL = replace(PLANTED, months=4, containers_per_month=500, trader_count=800)
DAY = Settings(months=1, containers_per_month=2_000, trader_count=1_500, prevalence=0.02)
DAY_SMALL = replace(DAY, containers_per_month=300, trader_count=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A port whose first months teach, and whose last are ranked."""

    taught: pl.DataFrame
    ranked: pl.DataFrame
    features: tuple


def main() -> None:
    asked = _asked()
    cache: dict[str, object] = {}

    def port() -> Port:
        if "port" not in cache:
            cache["port"] = _port(asked.seed, small=asked.small)
        return cache["port"]  # type: ignore[return-value]

    def run() -> Run:
        if "run" not in cache:
            cache["run"] = _day(asked.seed, small=asked.small)
        return cache["run"]  # type: ignore[return-value]

    parts: dict[str, Callable[[], None]] = {
        "adds_up": lambda: adds_up(run()),
        "deletion": lambda: deletion(port()),
        "seeds": lambda: seeds(port()),
        "words": lambda: words(run()),
        "typology": lambda: _beside(
            "typology.py", *(["--containers", "400"] if asked.small else [])
        ),
        "truth": lambda: _beside("truth.py", str(asked.data)),
    }
    for name in asked.parts or [name for name in parts if name != "truth" or asked.data]:
        begun = time.perf_counter()
        print(f"\n== {name}")
        parts[name]()
        print(f"   {time.perf_counter() - begun:.0f} s", flush=True)


def adds_up(run: Run) -> None:
    """Print what lies at most between base plus reasons and the log-odds."""
    lines = [json.loads(line) for line in as_json_lines(run, all_reasons=True)]
    apart = [
        abs(
            line["base_log_odds"]
            + sum(r["log_odds"] for r in line["reasons"])
            - line["log_odds"]
        )
        for line in lines
    ]
    count = sum(len(line["reasons"]) for line in lines)
    print(
        f"{len(lines)} containers, {count} reasons: max |base + reasons - log-odds| {max(apart):.1e}"
    )


def deletion(port: Port) -> None:
    """Print how far the score falls without what the strongest reasons read, and without as much at random."""
    bundle = _taught(port, TrainingSettings())
    earlier, later = (
        to_matrix(encode(rows, bundle.card)) for rows in (port.taught, port.ranked)
    )
    before = raw_margins(bundle.booster, later)
    flagged = np.argsort(-before, kind="stable")[: round(FLAGGED * len(before))]
    rows, before = later[flagged], before[flagged]
    _, moved = contributions(bundle, encode(port.ranked[flagged], bundle.card))
    parts = moved.to_numpy()
    slope = bundle.card.calibration.slope
    lanes = [_lanes(frame) for frame in (port.taught, port.ranked[flagged])]
    usual = _usual(bundle, earlier, lanes[0], lanes[1])
    print(
        f"{len(rows)} riskiest of {len(later)} ({len(bundle.card.features)} indicators in the model);"
        f" calibrated log-odds, {DRAWS} draws"
    )
    print(f"{'removed':44} {'named':>7} {'random':>7} {'named falls more':>17}")
    groups = [group_of(name) for name in bundle.card.feature_names]
    chosen = {
        "3 strongest indicators": _strongest(parts, list(range(parts.shape[1]))),
        "3 strongest groups": _strongest(parts, groups),
    }
    for what, named in chosen.items():
        for instead, value in (
            ("usual on the lane", usual),
            ("unknown", np.full_like(rows, np.nan)),
        ):
            fell = slope * (before - raw_margins(bundle.booster, np.where(named, value, rows)))
            by_chance = _at_random(bundle, rows, named, value, before) * slope
            more = np.mean(fell[:, None] > by_chance) + 0.5 * np.mean(
                fell[:, None] == by_chance
            )
            print(
                f"{what + ', ' + instead:44} {fell.mean():7.2f} {by_chance.mean():7.2f} {more:17.1%}"
            )


def seeds(port: Port) -> None:
    """Print how far explanations stay the same when the same history is taught under other draws."""
    taught = [_taught(port, TrainingSettings(seed=seed)) for seed in SEEDS]
    scores, indicators, groups = [], [], []
    for bundle in taught:
        encoded = encode(port.ranked, bundle.card)
        scores.append(raw_margins(bundle.booster, to_matrix(encoded)))
    count = round(FLAGGED * len(scores[0]))
    flagged = np.argsort(-scores[0], kind="stable")[:count]
    for bundle in taught:
        _, moved = contributions(bundle, encode(port.ranked[flagged], bundle.card))
        names, parts = list(moved.columns), moved.to_numpy()
        indicators.append(_named(parts, names))
        groups.append(_named(parts, [group_of(name) for name in names]))
    pairs = list(itertools.combinations(range(len(SEEDS)), 2))
    tops = [set(np.argsort(-score, kind="stable")[:count].tolist()) for score in scores]
    print(
        f"{len(SEEDS)} seeds, {len(pairs)} pairs, the {count} riskiest of {len(scores[0])} by the first seed"
    )
    for what, named in (("indicators", indicators), ("groups", groups)):
        shared = [
            _jaccard(a, b) for i, j in pairs for a, b in zip(named[i], named[j], strict=True)
        ]
        first = [
            a[0] == b[0] for i, j in pairs for a, b in zip(named[i], named[j], strict=True)
        ]
        print(
            f"3 strongest {what}: Jaccard {statistics.fmean(shared):.2f}; the strongest is the same in {statistics.fmean(first):.1%}"
        )
    alike = [_rank_correlation(scores[i][flagged], scores[j][flagged]) for i, j in pairs]
    whole = [_rank_correlation(scores[i], scores[j]) for i, j in pairs]
    both = [len(tops[i] & tops[j]) / count for i, j in pairs]
    print(
        f"rank correlation of the riskiest {statistics.fmean(alike):.2f}, of all {statistics.fmean(whole):.2f};"
        f" riskiest by both {statistics.fmean(both):.1%}"
    )


def words(run: Run) -> None:
    """Print how hard the sentences of the reasons are to read, in each language."""
    print(f"{'':4} {'sentences':>9} {'words':>6} {'longest':>8} {'LIX':>5}   the longest")
    for language in LANGUAGES:
        lines = (json.loads(line) for line in as_json_lines(run, language=language))
        told = {reason["sentence"] for line in lines for reason in line["reasons"]}
        lengths = {sentence: len(_words(sentence)) for sentence in sorted(told)}
        longest = max(lengths, key=lambda sentence: lengths[sentence])
        print(
            f"{language:4} {len(told):9} {statistics.fmean(lengths.values()):6.1f} {lengths[longest]:8}"
            f" {lix(sorted(told)):5.1f}   {longest[:90]}"
        )


def lix(sentences: Sequence[str]) -> float:
    """Return words a sentence plus the percentage of long ones.

    >>> lix(["The box is sealed.", "Nobody has weighed it"])
    16.5
    """
    every = [_words(sentence) for sentence in sentences]
    # A reason may be two clauses with a semicolon or colon between them: each is read by itself.
    clauses = sum(max(1, len(re.findall(r"[.:;!?](?:\s|$)", s))) for s in sentences)
    flat = list(itertools.chain.from_iterable(every))
    long = sum(len(word) > 6 for word in flat)
    return len(flat) / clauses + 100 * long / len(flat)


def _words(sentence: str) -> list[str]:
    """Return the words of a sentence without names in capitals, numbers and codes."""
    found = re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", sentence)
    return [word for word in found if not (word.isupper() and len(word) > 1)]


def _port(seed: int, *, small: bool) -> Port:
    settings = replace(PLANTED_SMALL if small else PLANTED, seed=seed)
    world = world_of_settings(settings, CORE)
    rows = world.assembled(world.days, world.outcomes.select("container_id"))
    rows = rows.join(
        world.outcomes.select("container_id", "is_find", "outcome", "known_on"),
        on="container_id",
        how="left",
        maintain_order="left",
    ).with_columns(pl.lit(None, pl.Float64).alias("selection_probability"))
    days = rows["assessed_on"].drop_nulls().unique().sort()
    cut = days[int(len(days) * 0.75)]
    is_taught = (pl.col("assessed_on") < cut) & (pl.col("known_on") < cut)
    return Port(
        taught=rows.filter(is_taught),
        ranked=rows.filter(pl.col("assessed_on") >= cut),
        features=world.features,
    )


def _taught(port: Port, settings: TrainingSettings) -> Bundle:
    return learn(lessons_of(port.taught, port.features, merge(()), remedy=""), settings)


def _day(seed: int, *, small: bool) -> Run:
    """Assess a month of a simulated port as one day, in a unit that has been founded for it."""
    simulated = simulate(replace(DAY_SMALL if small else DAY, seed=seed))
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        write_world(simulated, folder / "world")
        manifests = sorted((folder / "world" / "manifests").glob("*.csv"))
        frames = [pl.read_csv(path, infer_schema=False) for path in manifests]
        pl.concat(frames, how="diagonal").write_csv(folder / "day.csv")
        unit = Workspace(folder / "unit")
        founding.found(unit, at=datetime(2025, 1, 1, tzinfo=UTC), by="benchmark")
        last = simulated.lines["presented_on"].drop_nulls().max()
        return Engine.open(unit).assess(
            read_manifest(folder / "day.csv"), assessed_on=last, is_dry=True
        )


def _beside(script: str, *arguments: str) -> None:
    if not (HERE / script).exists():
        print(f"{script} is not there")
        return
    sys.stdout.flush()
    subprocess.run([sys.executable, str(HERE / script), *arguments], check=True)


def _strongest(parts: np.ndarray, labels: Sequence[object]) -> np.ndarray:
    """Tell which columns the three strongest reasons for examination of each row read."""
    kinds = list(dict.fromkeys(labels))
    of_kind = np.array([kinds.index(label) for label in labels])
    sums = np.stack([parts[:, of_kind == k].sum(axis=1) for k in range(len(kinds))], axis=1)
    top = np.argsort(-sums, axis=1, kind="stable")[:, :STRONGEST]
    is_for = np.take_along_axis(sums, top, axis=1) > 0
    return np.stack(
        [np.isin(of_kind, row[keep]) for row, keep in zip(top, is_for, strict=True)]
    )


def _named(parts: np.ndarray, labels: Sequence[str]) -> list[list[str]]:
    kinds = sorted(set(labels))
    of_kind = np.array([kinds.index(label) for label in labels])
    sums = np.stack([parts[:, of_kind == k].sum(axis=1) for k in range(len(kinds))], axis=1)
    top = np.argsort(-sums, axis=1, kind="stable")[:, :STRONGEST]
    return [[kinds[k] for k in row] for row in top]


def _at_random(
    bundle: Bundle, rows: np.ndarray, named: np.ndarray, value: np.ndarray, before: np.ndarray
) -> np.ndarray:
    """Return, of each row and draw, how far the margin falls without as many others that were known."""
    draw = np.random.default_rng(5)
    others = ~named & ~np.isnan(rows)
    count = named.sum(axis=1)
    fell = []
    for _ in range(DRAWS):
        order = np.where(others, draw.random(rows.shape), 2.0).argsort(axis=1).argsort(axis=1)
        taken = (order < count[:, None]) & others
        fell.append(before - raw_margins(bundle.booster, np.where(taken, value, rows)))
    return np.stack(fell, axis=1)


def _usual(
    bundle: Bundle, earlier: np.ndarray, lanes: np.ndarray, asked: np.ndarray
) -> np.ndarray:
    """Return what is usual on the lane of each row: the median of a number, the commonest category."""
    is_category = [bool(feature.vocabulary) for feature in bundle.card.features]

    def typical(rows: np.ndarray) -> np.ndarray:
        return np.array(
            [_middle(rows[:, k], commonest=is_category[k]) for k in range(rows.shape[1])]
        )

    everywhere = typical(earlier)
    known = {
        lane: typical(earlier[lanes == lane])
        if (lanes == lane).sum() >= ENOUGH_ON_A_LANE
        else everywhere
        for lane in set(asked.tolist())
    }
    return np.stack([known[lane] for lane in asked.tolist()])


def _middle(column: np.ndarray, *, commonest: bool) -> float:
    held = column[~np.isnan(column)]
    if held.size == 0:
        return float("nan")
    if commonest:
        values, counts = np.unique(held, return_counts=True)
        return float(values[counts.argmax()])
    return float(np.quantile(held, 0.5, method="lower"))


def _lanes(rows: pl.DataFrame) -> np.ndarray:
    lane = pl.concat_str("port_of_loading", "port_of_discharge", separator=">").fill_null("")
    return rows.select(lane).to_series().to_numpy()


def _jaccard(one: Sequence[str], other: Sequence[str]) -> float:
    return len(set(one) & set(other)) / len(set(one) | set(other))


def _rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    ranks = [pl.Series(scores).rank().to_numpy() for scores in (one, other)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    choices = ("adds_up", "deletion", "seeds", "words", "typology", "truth")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(choices))
    parser.add_argument("--seed", type=int, default=41)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--data", type=Path)
    asked = parser.parse_args()
    if unknown := sorted(set(asked.parts) - set(choices)):
        parser.error(f"there is no part {', '.join(unknown)}")
    if "truth" in asked.parts and asked.data is None:
        parser.error("truth needs --data")
    return asked


if __name__ == "__main__":
    main()
