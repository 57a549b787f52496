"""What rules ask of several containers at once, of variants of one: each stands among the run's other containers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from riskengine.engine.surroundings import placed, surroundings_of
from riskengine.rules.across import Surroundings
from riskengine.rules.across_sql import WORLD
from riskengine.rules.measuring import measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskengine.engine.what_if_bench import Bench
    from riskengine.rules.rule import Rule

_PLACED: Final = (
    "container_id", "assessed_on", "vessel_name", "vessel_imo", "voyage_number", "arrival_expected_on", "presented_on",
)  # fmt: skip
"""The columns by which a container is placed on its day and voyage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _World:
    """Variants that say the same of all that rules measure.

    Attributes:
        variants: Their places.
        rules: The rules whose measures their change touches.
    """

    variants: tuple[int, ...]
    rules: tuple[Rule, ...]

    @property
    def measures(self) -> set[str]:
        """The columns of the touched measures."""
        return {one.column for rule in self.rules for one in rule.measures}


def measured(bench: Bench, facts: pl.DataFrame, indicators: pl.DataFrame) -> pl.DataFrame:
    """Return what rules ask of several containers: as in the run, but where a change touches what is asked.

    There it is counted anew: the variant stands among the run's other containers in place of its own.

    Args:
        bench: The container.
        facts: The facts of its variants.
        indicators: Their assembled rows; the first changes nothing.
    """
    asked = [(rule, _reads(rule)) for rule in bench.known.rules.rules if rule.measures]
    schema = bench.run.indicators.schema
    names = [one.column for rule, _ in asked for one in rule.measures if one.column in schema]
    columns = {name: [bench.indicators[name]] * indicators.height for name in names}
    worlds = _worlds(asked, indicators)
    if worlds:
        found = _counted_anew(bench, facts, indicators, worlds)
        for place, world in enumerate(worlds):
            for name in world.measures & set(found.columns) & set(columns):
                for number in world.variants:
                    columns[name][number] = found[name][place]
    return pl.DataFrame(columns, schema={name: schema[name] for name in columns})


def _reads(rule: Rule) -> frozenset[str]:
    return frozenset(ref.name for one in rule.measures for ref in one.refs)


def _worlds(
    asked: Sequence[tuple[Rule, frozenset[str]]], indicators: pl.DataFrame
) -> list[_World]:
    """Return the variants whose change touches what some rule measures; those that say the same are one.

    Args:
        asked: The rules that measure, with the fields that their measures read.
        indicators: The variants; the first changes nothing.
    """
    every = frozenset[str]().union(*(reads for _, reads in asked))
    read = sorted(every & set(indicators.columns))
    rows = indicators.select(read).rows()
    alike: dict[str, list[int]] = {}
    for number, line in enumerate(rows):
        alike.setdefault(repr(line), []).append(number)
    worlds: list[_World] = []
    for numbers in alike.values():
        here = rows[numbers[0]]
        moved = {name for name, old, new in zip(read, rows[0], here, strict=True) if old != new}
        rules = tuple(rule for rule, reads in asked if reads & moved)
        if rules:
            worlds.append(_World(variants=tuple(numbers), rules=rules))
    return worlds


def _counted_anew(
    bench: Bench, facts: pl.DataFrame, indicators: pl.DataFrame, worlds: Sequence[_World]
) -> pl.DataFrame:
    """Return the measures of some variants, a row each: every one stands in a world of its own.

    In it are the run's other containers and the past, as far as they share what its touched rules ask to be shared.
    What the other rules would find there is no answer.
    """
    touched = {(rule.id, rule.version): rule for world in worlds for rule in world.rules}
    rules = list(touched.values())
    reads = frozenset[str]().union(*(_reads(rule) for rule in rules))
    kept = sorted((reads | set(_PLACED)) & set(indicators.columns))
    others = (
        bench.run.indicators.filter(pl.col("container_id") != bench.row["container_id"])
        .select(kept)
        .cast({name: indicators.schema[name] for name in kept})
    )
    around = _around(bench, facts, rules)
    present: list[pl.DataFrame] = []
    past: list[pl.DataFrame] = []
    for number, world in enumerate(worlds):
        asker = indicators[world.variants[0]].select(kept)
        said = asker.row(0, named=True)
        named = pl.lit(number, pl.Int32).alias(WORLD)
        here = pl.concat([asker, _peers(others, said, world.rules)])
        present.append(here.with_columns(named))
        if around.past is not None:
            past.append(_peers(around.past, said, world.rules).with_columns(named))
    plan = around.stow_plan
    if plan is not None:
        every = pl.DataFrame({WORLD: range(len(worlds))}, schema={WORLD: pl.Int32})
        plan = plan.join(every, how="cross")
    alone = Surroundings(past=pl.concat(past) if past else None, stow_plan=plan)
    found = measure(rules, placed(pl.concat(present)), alone).columns
    is_asker = [place == 0 for world in present for place in range(world.height)]
    return found.filter(pl.Series(is_asker, dtype=pl.Boolean))


def _around(bench: Bench, facts: pl.DataFrame, rules: Sequence[Rule]) -> Surroundings:
    """Return what lies around the run's containers and the variants: what only a variant shares is fetched too."""
    names = [name for name in bench.facts.columns if name in facts.columns]
    stated = pl.concat([bench.facts.select(names), facts.select(names)])
    earlier = surroundings_of(bench.workspace, rules, stated, bench.known.stow_plan)
    return replace(earlier, stow_plan=bench.known.around.stow_plan)


def _peers(others: pl.DataFrame, asker: dict[str, Any], rules: Sequence[Rule]) -> pl.DataFrame:
    """Return the containers that share with the asker what some measure asks to be shared; no other can count."""
    shared = {
        tuple((ref.name, ref.kind) for ref in one.same)
        for rule in rules
        for one in rule.measures
    }
    alike = pl.lit(value=False)
    for keys in sorted(shared):
        if any(asker[name] is None for name, _ in keys):
            continue  # who does not say it shares it with nobody
        same = [
            pl.col(name).list.set_intersection(asker[name]).list.len() > 0
            if kind == "texts"
            else pl.col(name) == asker[name]
            for name, kind in keys
        ]
        alike |= pl.all_horizontal(same).fill_null(value=False)
    return others.filter(alike)
