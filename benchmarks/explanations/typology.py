"""Is the modus operandi that was planted the one that is named first?

    python benchmarks/explanations/typology.py [--seed 31] [--containers 1000] [--without-reports]

A simulated port sends what a unit receives: manifests, and with them stow plans and what gates and quays had reported by the day of
the assessment. Everything is assessed as of its day, with the core pack and the model that ships; no outcome is known. A true find is a planted
container that the engine ranks in its highest tenth: what a unit would look at. Of these: how many have the planted modus operandi as
the leading one, and among the first two; and the same of the highest twentieth and fiftieth, for units with fewer slots.

Beside it: who always names the commonest one; who gives the whole of a reason to each modus operandi that it speaks for; and who sees
every sign that the world put on the manifest of the container and knows every chance in the simulator's tables. From these signs nobody can do better
than that; the goods and the lane, which the engine sees too, are not among them.

The truth is read for nothing but the count at the end. Developed on seeds 3 and 4.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1] / "online"))
from world import part_of

from riskengine.engine.assess import points_of
from riskengine.engine.model_says import Models, models_say
from riskengine.engine.reconcile import reconcile
from riskengine.engine.surroundings import placed
from riskengine.engine.typologies import typology_scores
from riskengine.features import assemble, facts
from riskengine.features import history as kept
from riskengine.features.catalog import catalog
from riskengine.ledger.history import tally
from riskengine.ledger.movements import MOVED, PLANNED
from riskengine.manifest import read_manifest
from riskengine.manifest.mapping import load_mapping
from riskengine.model.bundle import load
from riskengine.rules.evaluate import evaluate
from riskengine.rules.pack import load_pack
from riskengine.selectivity import Policy, combine
from riskengine.simulate import Settings, simulate, write_world
from riskengine.simulate.mix import usual_shares
from riskengine.simulate.tables import sign_rates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskengine.manifest.schema import Manifest
    from riskengine.rules.rule import Rule
    from riskengine.simulate import SimulatedWorld

ROOT = Path(__file__).parents[2]
LOOKED_AT = 0.1
HIGHER = (0.05, 0.02)  # what few slots leave room for
MEAN_CARE = 4.0 / 5.2  # of the law by which smugglers are careless
WARMING_DAYS = 60
_AT_ONCE = 2_000
_NAMES = ["voyage_number", "container_number"]
_OF_MOVEMENTS = tuple(
    f"movement_{name}"
    for name in (
        "place",
        "facility",
        "is_full",
        "seal_numbers",
        "gross_mass_kg",
        "transport",
        "reference",
    )
)


def main() -> None:
    asked = _arguments()
    begun = time.monotonic()
    settings = Settings(
        seed=asked.seed,
        months=8,
        containers_per_month=asked.containers,
        trader_count=max(500, asked.containers * 4 // 3),
        prevalence=0.06,
        plans=True,
        movements=True,
    )
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        world = simulate(settings)
        write_world(world, folder / "world")
        manifest = _history(folder / "world")
    beside = None if asked.without_reports else _beside(world, manifest)
    rules = load_pack(ROOT / "rules" / "core", catalog()).rules
    scored = _assessed(manifest, beside, rules)
    if asked.keep:
        asked.keep.mkdir(parents=True, exist_ok=True)
        for name, frame in scored.items():
            frame.write_parquet(asked.keep / f"{name}.parquet")
        world.truth.write_parquet(asked.keep / "truth.parquet")
    later = scored["containers"].filter(
        pl.col("assessed_on") >= settings.starts_on + timedelta(days=WARMING_DAYS)
    )
    highest = _highest(later, LOOKED_AT)
    truth = world.truth.group_by(_NAMES).agg(
        pl.col("typology").drop_nulls().first().alias("planted"),
        pl.col("is_illicit").any(),
        pl.col("signs").list.explode(keep_nulls=False, empty_as_null=False),
    )
    illicit = later.join(truth.filter("is_illicit"), on=_NAMES)
    finds = illicit.join(highest, on="container_id", how="semi").sort("container_id")
    print(
        f"seed {asked.seed}: {later.height} containers, {illicit.height} planted, {finds.height} of them in the highest {LOOKED_AT:.0%};"
        f" {'manifests alone' if beside is None else 'manifests, plans and reports'}; goal >= 80 %"
    )
    whole = _whole_to_each(
        *(
            scored[name].join(finds, on="container_id", how="semi")
            for name in ("contributions", "points")
        ),
        rules,
    )
    kept_ids = pl.col("typologies").list.eval(pl.element().struct.field("id")).fill_null([])
    _tell(
        finds,
        {
            "the engine": finds.select(kept_ids).to_series().to_list(),
            "the whole of each reason": [whole[key] for key in finds["container_id"].to_list()],
            "sees every sign, knows all": _knows_all(finds, settings),
        },
    )
    for share in HIGHER:
        few = finds.join(_highest(later, share), on="container_id", how="semi")
        named = few.select(kept_ids).to_series().to_list()
        print(_line(f"the engine, highest {share:.0%}", named, few["planted"].to_list()))
    print(f"({time.monotonic() - begun:.0f} s)")


def _highest(containers: pl.DataFrame, share: float) -> pl.DataFrame:
    ranked = containers.sort(["log_odds", "container_id"], descending=[True, False])
    return ranked.head(math.ceil(share * containers.height))


def _history(folder: Path) -> Manifest:
    mapping = load_mapping(folder / "history" / "mapping.toml")
    return read_manifest(folder / "history" / "history.parquet", mapping).manifest


def _beside(world: SimulatedWorld, whole: Manifest) -> pl.DataFrame:
    """Return what plans and reports say beside every container on its day, call by call."""
    plans = _by_call(world.plans, PLANNED)
    movements = _by_call(
        world.movements.filter(pl.col("stage") == "loading")
        .rename({name: name.removeprefix("movement_") for name in _OF_MOVEMENTS})
        .with_columns(pl.col("seal_numbers").str.split(";")),
        MOVED,
    )
    stated = facts.gather(whole, None).join(
        world.lines.select("manifest_number", *_NAMES).unique(_NAMES, maintain_order=True),
        on=_NAMES,
        maintain_order="left",
    )
    parts: list[pl.DataFrame] = []
    for (number,), boxes in stated.partition_by("manifest_number", as_dict=True).items():
        # A plan counts where it came by the day of the assessment, and so does a report.
        day = boxes["assessed_on"].max()
        told = [
            None if came is None or came.is_empty() else came.drop("received_on")
            for came in (
                frames[number].filter(pl.col("received_on") <= day)
                if number in frames
                else None
                for frames in (plans, movements)
            )
        ]
        parts.append(reconcile(boxes, told[0], told[1], assessed_on=day).facts)
    return pl.concat(parts, how="diagonal_relaxed").unique("container_id", maintain_order=True)


def _by_call(rows: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> dict[str, pl.DataFrame]:
    """Return the lines of each call as the intake would have them."""
    cast = rows.select(
        "of_manifest",
        "received_on",
        *(
            (pl.col(name) if name in rows.columns else pl.lit(None)).cast(kind).alias(name)
            for name, kind in schema.items()
        ),
    )
    return {
        str(number): part
        for (number,), part in cast.partition_by(
            "of_manifest", as_dict=True, include_key=False
        ).items()
    }


def _assessed(
    manifest: Manifest, beside: pl.DataFrame | None, rules: Sequence[Rule]
) -> dict[str, pl.DataFrame]:
    """Assess everything as of its day; return containers, contributions, points and scores of typologies."""
    stated = facts.gather(manifest, None)
    sightings = kept.sightings(stated, manifest.attributes)
    nothing = manifest.examinations.clear().select("container_id", "is_find", "known_on")
    seen = tally(sightings, kept.measures(stated, manifest.attributes), nothing)
    bundle, policy = load(ROOT / "models" / "baseline"), Policy()
    prices = pl.DataFrame(
        [(r.id, r.version, points_of(r, policy)) for r in rules],
        schema={"rule_id": pl.String, "version": pl.Int64, "points": pl.Float64},
        orient="row",
    )
    containers = (
        manifest.containers.select("container_id", "voyage_id")
        .join(stated.select("container_id", "assessed_on"), on="container_id")
        .drop_nulls("assessed_on")
        .sort(pl.col("assessed_on").min().over("voyage_id"), "voyage_id", "container_id")
    )
    parts: dict[str, list[pl.DataFrame]] = {}
    for rows in containers.iter_slices(_AT_ONCE):
        indicators = placed(assemble(part_of(manifest, rows), seen, None, beside))
        of_voyage = indicators.with_columns(pl.col("voyage_key").alias("manifest_key"))
        verdicts = evaluate(rules, of_voyage).frame
        points = verdicts.filter(pl.col("verdict") == "match").join(
            prices, on=["rule_id", "version"]
        )
        says = models_say(indicators, Models(finds=bundle), policy)
        combined = combine(
            says.log_odds, points, typical_find_rate=says.typical_find_rate, policy=policy
        )
        typologies = typology_scores(says.contributions, points, rules, indicators)
        told = indicators.select("container_id", "assessed_on", *_NAMES).join(
            combined.scores.select("container_id", "log_odds"), on="container_id"
        )
        for name, frame in (
            ("containers", told.join(typologies, on="container_id", how="left")),
            ("contributions", says.contributions),
            ("points", points.select("container_id", "rule_id", "version", "points")),
            ("indicators", indicators),
        ):
            parts.setdefault(name, []).append(frame)
    return {name: pl.concat(many, how="diagonal_relaxed") for name, many in parts.items()}


def _whole_to_each(
    contributions: pl.DataFrame, points: pl.DataFrame, rules: Sequence[Rule]
) -> dict[int, list[str]]:
    """Name as the engine once did: each modus operandi has the whole of every reason that speaks for it."""
    tags = {field.name: field.typologies for field in catalog()}
    of_rule = {(rule.id, rule.version): rule.typologies for rule in rules}
    told: dict[int, dict[str, float]] = {}
    for name in contributions.columns[1:]:
        for key, value in contributions.select("container_id", name).iter_rows():
            sums = told.setdefault(key, {})
            for typology in tags.get(name, ()):
                sums[typology.value] = sums.get(typology.value, 0.0) + value
    for key, rule_id, version, value in points.iter_rows():
        for typology in of_rule[rule_id, version]:
            told[key][typology.value] = told[key].get(typology.value, 0.0) + value
    return {
        key: sorted((one for one in sums if sums[one] > 0), key=lambda one: (-sums[one], one))
        for key, sums in told.items()
    }


def _knows_all(finds: pl.DataFrame, settings: Settings) -> list[list[str]]:
    """Name as somebody would who sees every sign and knows every chance."""
    shares = {kind.value: math.log(share) for kind, share in usual_shares(settings).items()}
    named: list[list[str]] = []
    for signs in finds["signs"].to_list():
        likely = dict(shares)
        for sign, rates in sign_rates().items():
            innocent = max(float(str(rates["innocent"])), 1e-5)
            for kind in likely:
                own = float(str(rates.get(kind, innocent)))
                chance = min(max(innocent, innocent + MEAN_CARE * (own - innocent)), 0.999)
                likely[kind] += math.log(chance if sign in signs else 1 - chance)
        named.append(sorted(likely, key=lambda kind: (-likely[kind], kind)))
    return named


def _tell(finds: pl.DataFrame, ways: Mapping[str, list[list[str]]]) -> None:
    planted = finds["planted"].to_list()
    ours = ways["the engine"]
    print(
        f"{'planted':28} {'finds':>6} {'first':>7} {'first two':>10}  most often named instead"
    )
    for kind in sorted(set(planted)):
        rows = [row for row, one in enumerate(planted) if one == kind]
        others = Counter(ours[row][0] if ours[row] else "none" for row in rows)
        del others[kind]
        other = max(sorted(others), key=lambda one: others[one], default="")
        print(f"{_line(kind, [ours[row] for row in rows], [kind] * len(rows))}  {other}")
    print()
    commonest = max(sorted(set(planted)), key=planted.count)
    for name, named in {**ways, f"always {commonest}": [[commonest]] * len(planted)}.items():
        print(_line(name, named, planted))


def _line(name: str, named: Sequence[Sequence[str]], planted: Sequence[str]) -> str:
    both = list(zip(named, planted, strict=True))
    first = sum(one in names[:1] for names, one in both)
    second = sum(one in names[:2] for names, one in both)
    count = max(len(both), 1)
    return f"{name:28} {len(both):6} {first / count:7.1%} {second / count:10.1%}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Whether the planted modus operandi is named first."
    )
    parser.add_argument("--seed", type=int, default=31)
    parser.add_argument("--containers", type=int, default=1000, help="a month")
    parser.add_argument("--without-reports", action="store_true", help="manifests alone")
    parser.add_argument("--keep", type=Path, help="a folder for the frames behind the figures")
    return parser.parse_args()


if __name__ == "__main__":
    main()
