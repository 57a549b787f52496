"""A labelled file as a world to be lived through: what arrives in each period, and what an examination would find."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from riskengine.engine.lessons import offered
from riskengine.engine.surroundings import placed
from riskengine.features import assemble, attribute_fields, facts
from riskengine.features import history as kept
from riskengine.features.catalog import catalog
from riskengine.ledger.history import Past, tally, tally_outcomes
from riskengine.manifest import read_manifest
from riskengine.manifest.mapping import load_mapping
from riskengine.rules.evaluate import evaluate
from riskengine.rules.pack import load_pack

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

    from riskengine.manifest.schema import Manifest
    from riskengine.model.card import FeatureSpec
    from riskengine.rules.pack import Rule

    Look = Callable[[pl.DataFrame, pl.DataFrame], None]

_OF_CONTAINERS = (
    "containers", "goods_items", "loads", "seals", "attributes", "movements", "examinations",
)  # fmt: skip
_AT_ONCE = 1_000
_OF_BILLS = ("consignments", "parties", "legs")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All that ever arrives.

    Attributes:
        manifest: Every container, as the product's intake read it.
        days: container_id and assessed_on, in the order of days.
        outcomes: What an examination of each would say: container_id, is_find, outcome, known_on; and ``is_there``: whether
            there is something to be found, in a world whose truth is known.
        sightings: Under which keys each container is counted.
        seen: The past that counts every container as seen, and none as examined.
        features: What a model may read.
        rules: The rules in force.
        matches: container_id, rule_id, version, sha256: which rules match, asked without any outcome known.
    """

    manifest: Manifest
    days: pl.DataFrame
    outcomes: pl.DataFrame
    sightings: pl.DataFrame
    seen: Past
    features: tuple[FeatureSpec, ...]
    rules: tuple[Rule, ...]
    matches: pl.DataFrame

    def arriving(self, first: date, before: date) -> pl.DataFrame:
        """Return container_id and assessed_on of what arrives from a day on and before another."""
        return self.days.filter(
            (pl.col("assessed_on") >= first) & (pl.col("assessed_on") < before)
        )

    def assembled(self, containers: pl.DataFrame, examined: pl.DataFrame) -> pl.DataFrame:
        """Return the features of containers as they were known, where only some had been examined.

        Args:
            containers: Their ``container_id``.
            examined: ``container_id`` of all that was examined in earlier periods.
        """
        known = self.outcomes.join(examined, on="container_id", how="semi")
        found = tally_outcomes(
            self.sightings.join(known, on="container_id", how="semi"),
            known.select("container_id", "is_find", "known_on"),
        )
        past = Past(counts=pl.concat([self.seen.counts, found.counts]), habits=self.seen.habits)
        return assemble(part_of(self.manifest, containers), past, None)


def read_world(
    file: Path, mapping_file: Path, rules_folder: Path, look: Look | None = None
) -> World:
    """Read a labelled file through the product's intake."""
    reading = read_manifest(file, load_mapping(mapping_file))
    return world_of(reading.manifest, rules_folder, look)


def world_of(manifest: Manifest, rules_folder: Path, look: Look | None = None) -> World:
    """Return the world of a labelled manifest.

    Args:
        manifest: It.
        rules_folder: The pack in force.
        look: Shown every container as it was known without any outcome, in the order of days: its
            indicators and the rules that match.
    """
    stated = facts.gather(manifest, None)
    sightings = kept.sightings(stated, manifest.attributes)
    nothing = manifest.examinations.clear().select("container_id", "is_find", "known_on")
    seen = tally(sightings, kept.measures(stated, manifest.attributes), nothing)
    fields = (*catalog(), *attribute_fields(manifest))
    rules = load_pack(rules_folder, catalog()).rules
    days = stated.select("container_id", "assessed_on").drop_nulls()
    outcomes = manifest.examinations.select("container_id", "is_find", "outcome", "known_on")
    dated = outcomes.join(days, on="container_id").with_columns(
        pl.coalesce("known_on", pl.col("assessed_on").dt.offset_by("30d")).alias("known_on")
    )
    return World(
        manifest=manifest,
        days=days.sort("assessed_on", "container_id"),
        outcomes=dated.select(
            "container_id",
            "is_find",
            "outcome",
            "known_on",
            pl.col("is_find").alias("is_there"),
        ),
        sightings=sightings,
        seen=seen,
        features=tuple(offered(f) for f in fields if f.model_kind and f.is_model_feature),
        rules=rules,
        matches=_matches(manifest, seen, rules, days, look),
    )


def part_of(manifest: Manifest, containers: pl.DataFrame) -> Manifest:
    """Return the part of a manifest that holds these containers."""
    frames = {
        name: getattr(manifest, name).join(
            containers, on="container_id", how="semi", maintain_order="left"
        )
        for name in _OF_CONTAINERS
    }
    bills = frames["loads"].select("consignment_id").unique()
    frames |= {
        name: getattr(manifest, name).join(
            bills, on="consignment_id", how="semi", maintain_order="left"
        )
        for name in _OF_BILLS
    }
    return replace(manifest, **frames, received=manifest.received.clear())


def _matches(
    manifest: Manifest,
    seen: Past,
    rules: tuple[Rule, ...],
    days: pl.DataFrame,
    look: Look | None,
) -> pl.DataFrame:
    told = pl.DataFrame(
        [(rule.id, rule.version, rule.sha256) for rule in rules],
        schema={"rule_id": pl.String, "version": pl.Int64, "sha256": pl.String},
        orient="row",
    )
    parts: list[pl.DataFrame] = []
    # In the order of voyages: a rule that looks across a manifest sees whole ones, but where a slice ends.
    containers = (
        manifest.containers.select("container_id", "voyage_id")
        .join(days, on="container_id")
        .sort(pl.col("assessed_on").min().over("voyage_id"), "voyage_id", "container_id")
        .select("container_id")
    )
    for rows in containers.iter_slices(_AT_ONCE):
        indicators = placed(assemble(part_of(manifest, rows), seen, None))
        of_voyage = indicators.with_columns(pl.col("voyage_key").alias("manifest_key"))
        verdicts = evaluate(rules, of_voyage).frame
        matched = (
            verdicts.filter(pl.col("verdict") == "match")
            .select("container_id", "rule_id", "version")
            .join(told, on=["rule_id", "version"], maintain_order="left")
        )
        parts.append(matched)
        if look is not None:
            look(indicators, matched)
    return pl.concat(parts)
