"""The simulated port: rare loads found with and without outcomes, and how soon a new typology is.

    python benchmarks/simulator/run.py rare [--seed 101] [--seeds 1] [--small] [--no-outcomes]
    python benchmarks/simulator/run.py new [--seed 101] [--seeds 1] [--small]

`rare`: one full container in 5,000 is illicit, one in a hundred can be opened. Month 1 is only seen. From month 2 on, what would be found without any
outcome ever, by what the engine knows; and what is found in months 8 to 10 by the unit that has opened what the engine chose from month 2 on and
learned from what that said, errors and all. `new`: a modus operandi that was never there begins in month 5; how many weeks until it is found at twice
the rate of blind draws, without any rule for it and with the core pack's rules for it from its first day on.

The settings stand here and are not tuned on the seed of a run. An opening says what the simulator says it would: it misses, and it takes
honest mistakes for fraud. "Found" is opened and recognised.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import time
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1] / "online"))
from replay import HABITS_FROM, Memory, Period, Strategy, replay, scores, teach
from simulated import world_of_settings

from riskengine.domain import Typology
from riskengine.model.bundle import Bundle, load
from riskengine.selectivity import Policy, choose
from riskengine.simulate import Settings, Wave

if TYPE_CHECKING:
    from world import World

ROOT = Path(__file__).parents[2]
CORE = ROOT / "rules" / "core"
BASELINE = ROOT / "models" / "baseline"
MONTH = 30.4
RARE = Settings(
    months=10, containers_per_month=25_000, trader_count=12_000, prevalence=1 / 5_000
)
RARE_SMALL = replace(RARE, containers_per_month=2_000, trader_count=2_500, prevalence=1 / 500)
RARE_SHARE = 0.01
NEW = Settings(months=8, containers_per_month=6_000, trader_count=5_000, prevalence=0.004)
NEW_SMALL = replace(NEW, months=6, containers_per_month=2_500, trader_count=2_500)
NEW_SHARE = 0.02
NEW_WAVE_SHARE = 0.004
NEW_TYPOLOGIES = (
    Typology.CARRIER_MATERIAL,
    Typology.SWITCHED_BILL,
    Typology.MISDECLARED_WASTE,
    Typology.COLD_ROUTE,
)
BLIND_TIMES = 2.0
WEEKS_JUDGED = 4


def main() -> None:
    asked = _arguments()
    begun = time.monotonic()
    seeds = range(asked.seed, asked.seed + asked.seeds)
    if asked.what == "rare":
        _rare(list(seeds), small=asked.small, learns=not asked.no_outcomes)
    else:
        _new(list(seeds), small=asked.small)
    print(f"({time.monotonic() - begun:.0f} s)")


@dataclass(slots=True)
class _Watcher:
    """Scores every container as it arrives, without any outcome; learns what is usual once a month."""

    shipped: Bundle
    starts_on: date
    memory: Memory = field(default_factory=Memory)
    month: int = 0
    parts: list[pl.DataFrame] = field(default_factory=list)
    habits_only: Strategy = field(
        default_factory=lambda: Strategy(
            name="habits", has_model=False, has_rules=False, has_habits=True
        )
    )

    def look(self, indicators: pl.DataFrame, matched: pl.DataFrame) -> None:
        first = indicators["assessed_on"].drop_nulls().min()
        if isinstance(first, date):
            month = int((first - self.starts_on).days // MONTH)
            if month > self.month:
                teach(_NO_WORLD, self.habits_only, self.memory, first)
                self.month = month
        said = scores(
            _NO_WORLD, replace(self.habits_only, shipped=self.shipped), indicators, self.shipped
        )
        level = scores(_NO_WORLD, self.habits_only, indicators, None)
        unusual = scores(_NO_WORLD, self.habits_only, indicators, None, self.memory.habits)
        self.parts.append(
            said.select("container_id", pl.col("log_odds").alias("shipped")).with_columns(
                (unusual["log_odds"] - level["log_odds"]).alias("habits")
            )
        )
        del matched
        self.memory.arrived = [
            pl.concat([*self.memory.arrived, indicators], how="diagonal_relaxed").tail(
                HABITS_FROM
            )
        ]


_NO_WORLD: World = None  # pyright: ignore[reportAssignmentType]  # scores without rules asks for none


def _rare(seeds: list[int], *, small: bool, learns: bool) -> None:
    settings = RARE_SMALL if small else RARE
    shipped = load(BASELINE)
    print(
        f"simulator: {settings.months} months of {settings.containers_per_month} containers, seeds {seeds}, prevalence 1 in"
        f" {1 / settings.prevalence:.0f}, {RARE_SHARE:.0%} opened; goal >= 40 % without outcomes, >= 65 % after six months"
    )
    told: dict[str, list[tuple[int, int, int, int]]] = {}
    for seed in seeds:
        watcher = _Watcher(shipped=shipped, starts_on=settings.starts_on)
        world = world_of_settings(replace(settings, seed=seed), CORE, watcher.look)
        parts = pl.concat(watcher.parts)
        weeks = _weeks(settings)
        later = [week for week in weeks if week[0] >= _month(settings, 7)]
        first = [week for week in weeks if week[0] >= _month(settings, 1)]
        for name, columns in _variants().items():
            chosen = _chosen_by(world, parts, columns, first, seed)
            told.setdefault(f"{name}, no outcomes", []).append(_counted(world, chosen, first))
            told.setdefault(f"{name}, no outcomes, months 8-10", []).append(
                _counted(world, chosen, later)
            )
        _table(told)
        if not learns:
            continue
        unit = Strategy(name="all", has_habits=True, shipped=shipped, policy=Policy())
        opened = [(a, b, RARE_SHARE if a >= _month(settings, 1) else 0.0) for a, b in weeks]
        lived = replay(world, unit, opened, seed=_seed(seed), retrain_every=4, told=_progress)
        chosen = pl.concat([period.chosen.select("container_id") for period in lived])
        told.setdefault("all, with outcomes, months 8-10", []).append(
            _counted(world, chosen, later)
        )
        _table(told)


def _table(told: dict[str, list[tuple[int, int, int, int]]]) -> None:
    print(
        f"{'':44} {'planted':>8} {'opened':>7} {'found':>6} {'share found [90 %]':>22} {'openings':>9}"
    )
    for name, many in told.items():
        planted, opened, found, openings = (
            sum(one[place] for one in many) for place in range(4)
        )
        low, high = _wilson(found, planted)
        print(
            f"{name:44} {planted:8} {opened:7} {found:6} {found / max(planted, 1):8.1%} [{low:.1%}, {high:.1%}] {openings:9}"
        )


def _variants() -> dict[str, tuple[str, ...]]:
    return {
        "blind draws": (),
        "rules only": ("points",),
        "habits only": ("habits",),
        "shipped baseline only": ("shipped",),
        "rules and habits": ("points", "habits"),
        "all": ("points", "habits", "shipped"),
    }


def _chosen_by(
    world: World,
    parts: pl.DataFrame,
    columns: tuple[str, ...],
    weeks: list[tuple[date, date]],
    seed: int,
) -> pl.DataFrame:
    policy = Policy()
    points = scores(
        world, Strategy(name="rules", has_model=False), parts.select("container_id"), None
    ).select("container_id", pl.col("log_odds").alias("points"), "rules")
    summed = parts.join(points, on="container_id").with_columns(
        sum((pl.col(name) for name in columns), pl.lit(0.0)).alias("log_odds"),
        pl.col("container_id").cast(pl.String).alias("identity"),
    )
    chosen: list[pl.DataFrame] = []
    for first, before in weeks:
        rows = summed.join(world.arriving(first, before), on="container_id", how="semi")
        if rows.height:
            room = max(1, round(RARE_SHARE * rows.height))
            chosen.append(choose(rows, room, policy, seed=_seed(seed), day=first.isoformat()))
    return pl.concat(chosen).select("container_id")


def _counted(
    world: World, chosen: pl.DataFrame, weeks: list[tuple[date, date]]
) -> tuple[int, int, int, int]:
    """Return how many planted containers arrived in these weeks, were opened and were found, and all openings."""
    arrived = world.arriving(weeks[0][0], weeks[-1][1])
    there = world.outcomes.join(arrived, on="container_id", how="semi").filter("is_there")
    opened = there.join(chosen, on="container_id", how="semi")
    openings = chosen.join(arrived, on="container_id", how="semi").height
    return there.height, opened.height, int(opened["is_find"].sum()), openings


def _new(seeds: list[int], *, small: bool) -> None:
    settings = NEW_SMALL if small else NEW
    typologies = NEW_TYPOLOGIES[:1] if small else NEW_TYPOLOGIES
    print(
        f"simulator: a new typology from month {_new_month(settings) + 1} on, seeds {seeds}, {NEW_SHARE:.0%} opened;"
        f" weeks until it is found at {BLIND_TIMES:.0f} times the blind rate; goal: same day with a rule, <= 8 without"
    )
    print(f"{'typology':28} {'seed':>5} {'there':>6} {'without a rule':>30} {'with one':>30}")
    weeks_told: dict[str, list[float]] = {"without": [], "with": []}
    for typology in typologies:
        for seed in seeds:
            lived = _new_typology(replace(settings, seed=seed), typology)
            cells: list[str] = []
            for name, (weeks, found, there) in lived.items():
                weeks_told[name].append(weeks)
                when = f"week {weeks:.0f}" if math.isfinite(weeks) else "never"
                cells.append(f"{when}, {found} of {there} in all")
            there = next(iter(lived.values()))[2]
            print(
                f"{typology.value:28} {seed:5} {there:6} {cells[0]:>30} {cells[1]:>30}",
                flush=True,
            )
    for name, many in weeks_told.items():
        print(f"median {name} a rule: week {statistics.median(many):.0f} of {len(many)}")


def _new_typology(settings: Settings, typology: Typology) -> dict[str, tuple[float, int, int]]:
    begins = _month(settings, _new_month(settings))
    settings = replace(
        settings,
        typologies=tuple(t for t in settings.typologies if t is not typology),
        waves=(Wave(typology=typology, starts_on=begins, share=NEW_WAVE_SHARE),),
    )
    world = world_of_settings(settings, CORE)
    own = [rule.id for rule in world.rules if typology in rule.typologies]
    without = replace(world, matches=world.matches.filter(~pl.col("rule_id").is_in(own)))
    earlier = world.days.filter(pl.col("assessed_on") < begins)
    is_early = pl.col("rule_id").is_in(own) & pl.col("container_id").is_in(
        earlier["container_id"].implode()
    )
    with_rule = replace(world, matches=world.matches.filter(~is_early))
    unit = Strategy(name="new", has_habits=True, policy=Policy())
    seed = _seed(settings.seed)
    weeks = [(a, b, NEW_SHARE) for a, b in _weeks(settings)]
    memory = Memory()
    before = [week for week in weeks if week[0] < begins]
    replay(without, unit, before, seed=seed, retrain_every=4, memory=memory, told=_progress)
    judged: dict[str, tuple[float, int, int]] = {}
    for name, lived_in in (("without", without), ("with", with_rule)):
        lived = replay(
            lived_in,
            unit,
            [week for week in weeks if week[0] >= begins],
            seed=seed,
            retrain_every=4,
            memory=memory.forked(),
            told=_progress,
        )
        judged[name] = _weeks_until(world, lived, typology)
    return judged


def _weeks_until(
    world: World, lived: list[Period], typology: Typology
) -> tuple[float, int, int]:
    """Return the first week from which it is found at twice the blind rate, then and to the end; found and there in all.

    A week alone has few of them: a week is judged with the three after it.
    """
    new = world.outcomes.filter(pl.col("is_there") & (pl.col("typology") == typology.value))
    counts: list[tuple[int, int]] = []
    for number, period in enumerate(lived):
        until = (
            lived[number + 1].first
            if number + 1 < len(lived)
            else period.first + timedelta(days=7)
        )
        there = new.join(world.arriving(period.first, until), on="container_id", how="semi")
        found = there.join(period.chosen, on="container_id", how="semi").filter("is_find")
        counts.append((found.height, there.height))
    rate = BLIND_TIMES * NEW_SHARE

    def reaches(part: list[tuple[int, int]]) -> bool:
        there = sum(one[1] for one in part)
        return there > 0 and sum(one[0] for one in part) >= rate * there

    held = [
        week
        for week in range(len(counts))
        if reaches(counts[week : week + WEEKS_JUDGED]) and reaches(counts[week:])
    ]
    found, there = (sum(one[place] for one in counts) for place in range(2))
    return (held[0] + 1.0 if held else math.inf), found, there


def _new_month(settings: Settings) -> int:
    return settings.months // 2


def _month(settings: Settings, number: int) -> date:
    return settings.starts_on + timedelta(days=round(number * MONTH))


def _weeks(settings: Settings) -> list[tuple[date, date]]:
    last = _month(settings, settings.months)
    starts = range(0, (last - settings.starts_on).days, 7)
    days = [settings.starts_on + timedelta(days=start) for start in starts]
    return [(day, min(day + timedelta(days=7), last)) for day in days]


def _wilson(found: int, of: int, z: float = 1.645) -> tuple[float, float]:
    """Return the 90 % interval of a share of few."""
    if not of:
        return 0.0, 1.0
    share, spread = found / of, z * z / of
    middle = (share + spread / 2) / (1 + spread)
    half = math.sqrt(share * (1 - share) * spread + spread * spread / 4) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def _seed(seed: int) -> bytes:
    return seed.to_bytes(32, "big")


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Rare loads and new typologies in the simulated port."
    )
    parser.add_argument("what", choices=("rare", "new"))
    parser.add_argument("--seed", type=int, default=101)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--no-outcomes", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
