"""From a manifest and what is known to ranked, explained containers. Reads no clock and no file."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

import polars as pl

from riskengine.domain import Digests, Typology
from riskengine.engine.beside import Beside
from riskengine.engine.memory import container_key, voyage_key
from riskengine.engine.run import (
    ASSESSMENTS,
    DEFECTS,
    RULES_APPLIED,
    Run,
    RunCard,
    identify,
    received_digest,
)
from riskengine.engine.surroundings import placed
from riskengine.features import assemble
from riskengine.features.catalog import catalog
from riskengine.manifest.schema import SCHEMAS
from riskengine.model.card_json import to_json
from riskengine.model.encode import encode
from riskengine.model.explain import contributions, margins
from riskengine.rules.applied import overlay_json
from riskengine.rules.evaluate import evaluate
from riskengine.rules.rule import RuleEffect, RuleStatus
from riskengine.selectivity import assign_lanes, combine, drawn_at_random
from riskengine.selectivity.combine import logit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from riskengine.domain import Defect
    from riskengine.engine.stow_plan import StowPlan
    from riskengine.ledger.history import Past
    from riskengine.manifest import Reading
    from riskengine.manifest.schema import Manifest
    from riskengine.model.bundle import Bundle
    from riskengine.rules.across import Surroundings
    from riskengine.rules.evaluate import Failure
    from riskengine.rules.pack import Rule
    from riskengine.rules.store import RulesInForce
    from riskengine.selectivity import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """All that an assessment follows from, beside the manifest.

    Attributes:
        past: The history of the keys that the manifest names.
        past_digest: The sha256 of what of it lies before the assessment.
        rules: The rules in force, with their lists.
        around: What rules that look across containers see beside the manifest.
        stow_plan: What the ship says it loaded, where that was received.
        bundle: The model in force, or None on a day without one.
        policy: The unit's policy.
        seed: The secret of the random stratum; None draws nothing, for a run that is not recorded.
        seed_commitment: Its sha256.
        beside: What was found beside the manifest: its versions, other papers, the boxes' past.
    """

    past: Past
    past_digest: str
    rules: RulesInForce
    around: Surroundings
    stow_plan: StowPlan | None
    bundle: Bundle | None
    policy: Policy
    seed: bytes | None
    seed_commitment: str
    beside: Beside = attribute(default_factory=Beside)


def assess(
    reading: Reading,
    known: Known,
    *,
    assessed_on: date | None,
    progress: Callable[[float], None] | None = None,
) -> Run:
    """Assess every container of a manifest.

    Args:
        reading: The manifest and its defects.
        known: History, rules, model and policy.
        assessed_on: The day; None assesses each consignment as of the day it was presented.
        progress: Told the share of the explanations that is done.

    Returns:
        The run, not recorded.
    """
    manifest = reading.manifest
    indicators = _with_silent_attributes(
        assemble(manifest, known.past, assessed_on, known.beside.facts), known.bundle
    )
    verdicts = evaluate(known.rules.rules, placed(indicators), known.around)
    says = _model_says(indicators, known, progress)
    applied = _applied(known.rules, known.policy, verdicts.failed)
    points = verdicts.frame.filter(pl.col("verdict") == "match").join(
        applied.select("rule_id", "version", "points"), on=["rule_id", "version"]
    )
    combined = combine(
        says.log_odds, points, typical_find_rate=says.typical_find_rate, policy=known.policy
    )
    scores = combined.scores.join(
        _typologies(says.contributions, points, known.rules.rules),
        on="container_id",
        how="left",
    )
    assessments = _assessments(manifest, indicators, scores, verdicts.frame, known)
    day = assessed_on.isoformat() if assessed_on else "presented"
    of_plan = known.stow_plan.defects if known.stow_plan else ()
    digests = Digests(
        manifest=_manifest_digest(manifest, known.stow_plan),
        history=known.past_digest,
        rules=known.rules.digest,
        model=_model_digest(known.bundle),
        policy=known.policy.digest(known.seed_commitment),
    )
    card = RunCard(
        run_id=identify(digests, day),
        manifest_file=manifest.source.file,
        assessed_on=day,
        base_log_odds=says.base,
        typical_log_odds=combined.typical_log_odds,
        record_count=manifest.source.record_count,
        model_id=known.bundle.card.id if known.bundle else "",
        stow_plan_sha256=known.stow_plan.sha256 if known.stow_plan else "",
        digests=digests,
    )
    return Run(
        card=card,
        assessments=assessments,
        indicators=indicators.join(
            verdicts.measures, on="container_id", how="left", maintain_order="left"
        ),
        contributions=says.contributions,
        verdicts=verdicts.frame,
        rules=applied,
        defects=defects_frame((*reading.defects, *of_plan, *known.beside.defects)),
        canonical={name: getattr(manifest, name) for name in SCHEMAS if name != "received"},
        beside=known.beside.frames,
    )


def defects_frame(defects: Sequence[Defect]) -> pl.DataFrame:
    """Return defects as they are kept in a run folder."""
    rows = [
        (
            defect.code,
            defect.effect.value,
            defect.place.file,
            defect.place.line,
            defect.place.column,
            defect.field,
            defect.raw,
            defect.record_number,
            defect.container_number,
            json.dumps(dict(defect.params), sort_keys=True),
        )
        for defect in defects
    ]
    return pl.DataFrame(rows, schema=dict(DEFECTS), orient="row")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Says:
    """What the model says: log-odds and their parts, calibrated; the base where nothing is known."""

    base: float
    typical_find_rate: float
    log_odds: pl.DataFrame
    contributions: pl.DataFrame


def _model_says(
    indicators: pl.DataFrame, known: Known, progress: Callable[[float], None] | None
) -> _Says:
    containers = indicators.select("container_id")
    if known.bundle is None:
        # Without a model every container is as likely as one taken at random, until a rule speaks.
        rate = known.policy.random_find_rate
        level = containers.with_columns(pl.lit(logit(rate)).alias("model_log_odds"))
        return _Says(
            base=logit(rate), typical_find_rate=rate, log_odds=level, contributions=containers
        )
    card = known.bundle.card
    encoded = encode(indicators, card)
    base, raw = contributions(known.bundle, encoded, progress=progress)
    # The margin itself, not the sum of its parts: the parts add up to it within 1e-9.
    calibrated = card.calibration.intercept + card.calibration.slope * margins(
        known.bundle, encoded
    )
    return _Says(
        base=card.calibration.log_odds(base),
        typical_find_rate=card.base_find_rate,
        log_odds=containers.with_columns(calibrated.alias("model_log_odds")),
        contributions=pl.concat(
            [containers, raw.select(pl.all() * card.calibration.slope)], how="horizontal"
        ),
    )


def _with_silent_attributes(indicators: pl.DataFrame, bundle: Bundle | None) -> pl.DataFrame:
    """Add, as unknown, the attributes that the model reads and no line of this manifest fills.

    Only where the mapping brought attributes at all: a manifest read without them is refused by the model.
    """
    brought = [name for name in indicators.columns if name.startswith("attribute.")]
    if bundle is None or not brought:
        return indicators
    silent = [
        pl.lit(None, pl.String if feature.kind == "category" else pl.Float64).alias(
            feature.name
        )
        for feature in bundle.card.features
        if feature.name.startswith("attribute.") and feature.name not in indicators.columns
    ]
    return indicators.with_columns(silent)


def _applied(in_force: RulesInForce, policy: Policy, failed: Sequence[Failure]) -> pl.DataFrame:
    """Return the rules as they stand, with the log-odds that a match of each adds, and those nobody can read."""
    failures = {(failure.rule_id, failure.version): failure.sentence for failure in failed}
    rows = [
        (
            rule.id,
            rule.version,
            rule.sha256,
            points_of(rule, policy),
            rule.source_yaml,
            failures.get((rule.id, rule.version)),
            rule.status.value,
            overlay_json(rule),
        )
        for rule in in_force.rules
    ]
    for one in in_force.unreadable:
        held = one.stored
        rows.append(
            (held.rule_id, held.version, held.sha256, 0.0, held.source_yaml, one.sentence,
             held.status.value, None)
        )  # fmt: skip
    return pl.DataFrame(rows, schema=dict(RULES_APPLIED), orient="row")


def points_of(rule: Rule, policy: Policy) -> float:
    """Return the log-odds that a match of a rule adds under a policy."""
    return rule.severity.points * policy.rule_credit if _counts(rule) else 0.0


def _counts(rule: Rule) -> bool:
    """Tell whether a match moves the container: a rule in the shadow is watched, a tag only names."""
    return (
        rule.status in {RuleStatus.TRIAL, RuleStatus.ACTIVE}
        and rule.effect is not RuleEffect.TAG
    )


def _typologies(
    contributed: pl.DataFrame, points: pl.DataFrame, rules: Sequence[Rule]
) -> pl.DataFrame:
    """Add up, for each modus operandi, what speaks for it. A reason may speak for several.

    Numbers are added one by one, in the order of their columns: ``sum_horizontal`` adds them in whichever
    order its threads like.
    """
    speaks_for = {field.name: field.typologies for field in catalog()}
    from_model = contributed.select(
        "container_id",
        *(
            reduce(
                add,
                [
                    pl.col(name)
                    for name in contributed.columns
                    if typology in speaks_for.get(name, ())
                ],
                pl.lit(0.0),
            ).alias(typology.value)
            for typology in Typology
        ),
    ).unpivot(index="container_id", variable_name="id", value_name="log_odds")
    named = pl.DataFrame(
        [
            (rule.id, rule.version, typology.value)
            for rule in rules
            for typology in rule.typologies
        ],
        schema={"rule_id": pl.String, "version": pl.Int64, "id": pl.String},
        orient="row",
    )
    told = (
        points.join(named, on=["rule_id", "version"])
        .group_by("container_id", "id")
        .agg("points")
    )
    # fsum knows no order, and two numbers have none: no thread can move the last bit.
    sums = [math.fsum(many) for many in told["points"].to_list()]
    from_rules = told.select("container_id", "id").with_columns(
        pl.Series("log_odds", sums, dtype=pl.Float64)
    )
    return (
        pl.concat([from_model, from_rules])
        .group_by("container_id", "id", maintain_order=True)
        .agg(pl.col("log_odds").sum())
        .filter(pl.col("log_odds") > 0)
        .sort(["container_id", "log_odds", "id"], descending=[False, True, False])
        .group_by("container_id", maintain_order=True)
        .agg(pl.struct("id", "log_odds").alias("typologies"))
    )


def _assessments(
    manifest: Manifest,
    indicators: pl.DataFrame,
    scores: pl.DataFrame,
    verdicts: pl.DataFrame,
    known: Known,
) -> pl.DataFrame:
    demanding = pl.DataFrame(
        [
            (rule.id, rule.version)
            for rule in known.rules.rules
            if rule.effect is RuleEffect.MUST_INSPECT and _counts(rule)
        ],
        schema={"rule_id": pl.String, "version": pl.Int64},
        orient="row",
    )
    demanded = (
        verdicts.filter(pl.col("verdict") == "match")
        .join(demanding, on=["rule_id", "version"], how="semi")
        .select("container_id")
        .unique()
        .with_columns(pl.lit(value=True).alias("is_inspection_demanded"))
    )
    scored = (
        indicators.select(
            "container_id", "container_number", "bills_of_lading", "is_unreadable"
        )
        .join(
            manifest.containers.select("container_id", "defect_count"),
            on="container_id",
            how="left",
        )
        .join(scores, on="container_id", how="left")
        .join(demanded, on="container_id", how="left")
        .with_columns(
            pl.col("is_inspection_demanded").fill_null(value=False),
            pl.col("typologies").fill_null([]),
            (pl.col("is_unreadable") | (pl.col("defect_count") > 0)).alias("is_defective"),
            _drawn(indicators, known),
        )
    )
    return (
        assign_lanes(scored, known.policy)
        .select(ASSESSMENTS.keys())
        .cast(pl.Schema(ASSESSMENTS))
    )


def _drawn(indicators: pl.DataFrame, known: Known) -> pl.Series:
    """Draw the random stratum: from what names each container on its voyage, and nothing else."""
    if known.seed is None:
        return pl.Series("is_random", [False] * indicators.height, dtype=pl.Boolean)
    names = indicators.select(
        pl.concat_str(voyage_key(), container_key().fill_null(""), separator="|")
    )
    return drawn_at_random(names.to_series().to_list(), known.seed, known.policy.random_share)


def _manifest_digest(manifest: Manifest, plan: StowPlan | None) -> str:
    received = [manifest.source.sha256, manifest.source.mapping_sha256]
    if plan is not None:
        received += [plan.sha256, plan.mapping_sha256]
    return received_digest(*received)


def _model_digest(bundle: Bundle | None) -> str:
    """The card without its clock: it holds the digest of the model's text, and the calibration."""
    if bundle is None:
        return ""
    return hashlib.sha256(to_json(replace(bundle.card, created_at=None)).encode()).hexdigest()
