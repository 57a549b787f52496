"""From a manifest and what is known to ranked, explained containers. Reads no clock and no file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from dataclasses import field as attribute
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine import __version__
from riskengine.domain import Digests
from riskengine.engine.beside import Beside
from riskengine.engine.kept_history import kept_history
from riskengine.engine.memory import container_key, voyage_key
from riskengine.engine.model_says import Models, models_say, with_silent_attributes
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
from riskengine.engine.typologies import typology_scores
from riskengine.features import assemble
from riskengine.manifest.schema import SCHEMAS
from riskengine.model.libraries import libraries
from riskengine.model.stack import EXAMINED_MATCHES_NEEDED
from riskengine.rules.applied import overlay_json
from riskengine.rules.evaluate import evaluate
from riskengine.rules.rule import RuleEffect, RuleStatus
from riskengine.rules.tree import fields_read
from riskengine.selectivity import assign_lanes, combine, drawn_at_random

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
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


_IMPOSSIBLE: Final = frozenset(
    [
        "is_gate_out_before_discharge",
        "is_itinerary_impossible",
        "is_seen_elsewhere_at_same_time",
        "is_travel_impossibly_fast",
    ]
)
"""Facts that no box can make true: whoever bears its number, it is not the one that the papers mean."""


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
        habits: The habits model in force, or None without one.
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
    habits: Bundle | None = None


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
    models = Models(finds=known.bundle, habits=known.habits)
    indicators = with_silent_attributes(
        assemble(manifest, known.past, assessed_on, known.beside.facts), models
    )
    verdicts = evaluate(known.rules.rules, placed(indicators), known.around)
    says = models_say(indicators, models, known.policy, progress)
    applied = _applied(known, verdicts.failed)
    points = verdicts.frame.filter(pl.col("verdict") == "match").join(
        applied.select("rule_id", "version", "points"), on=["rule_id", "version"]
    )
    combined = combine(
        says.log_odds, points, typical_find_rate=says.typical_find_rate, policy=known.policy
    )
    scores = combined.scores.join(
        typology_scores(says.contributions, points, known.rules.rules, indicators),
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
        model=models.digest,
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
        habits_id=known.habits.card.id if known.habits else "",
        stow_plan_mapping_sha256=known.stow_plan.mapping_sha256 if known.stow_plan else "",
        engine_version=__version__,
        libraries={library.name: library.version for library in libraries()},
        policy_json=json.dumps(asdict(known.policy), sort_keys=True),
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
        history=kept_history(known.past, known.around, known.beside),
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


def _applied(known: Known, failed: Sequence[Failure]) -> pl.DataFrame:
    """Return the rules as they stand, with the log-odds that a match of each adds, and those nobody can read."""
    in_force, judged = known.rules, judged_weights(known.bundle)
    failures = {(failure.rule_id, failure.version): failure.sentence for failure in failed}
    rows = [
        (
            rule.id,
            rule.version,
            rule.sha256,
            points_of(rule, known.policy, judged),
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


def points_of(
    rule: Rule, policy: Policy, judged: Mapping[tuple[str, int, str], float] | None = None
) -> float:
    """Return the log-odds that a match of a rule adds.

    Args:
        rule: The rule as it stands.
        policy: Says which share of its severity's points counts before outcomes have judged it.
        judged: What outcomes say of rules (``judged_weights``); None where nothing was judged.
    """
    if not counts(rule):
        return 0.0
    credit = rule.severity.points * policy.rule_credit
    return (judged or {}).get((rule.id, rule.version, rule.sha256), credit)


def judged_weights(bundle: Bundle | None) -> dict[tuple[str, int, str], float]:
    """Return what outcomes say that a match of each rule is worth, by id, version and content.

    Only rules whose matches were examined often enough are there: few outcomes cannot judge a rule.
    """
    judged = bundle.card.combination if bundle else None
    if judged is None:
        return {}
    return {
        (one.rule_id, one.version, one.sha256): one.weight
        for one in judged.weights
        if one.examined >= EXAMINED_MATCHES_NEEDED
    }


def counts(rule: Rule) -> bool:
    """Tell whether a match moves the container: a rule in the shadow is watched, a tag only names."""
    return (
        rule.status in {RuleStatus.TRIAL, RuleStatus.ACTIVE}
        and rule.effect is not RuleEffect.TAG
    )


def _assessments(
    manifest: Manifest,
    indicators: pl.DataFrame,
    scores: pl.DataFrame,
    verdicts: pl.DataFrame,
    known: Known,
) -> pl.DataFrame:
    counting = [rule for rule in known.rules.rules if counts(rule)]
    demanding = [rule for rule in counting if rule.effect is RuleEffect.MUST_INSPECT]
    impossible = [rule for rule in counting if states_impossibility(rule)]
    demanded = matched_by(demanding, verdicts, "is_inspection_demanded")
    floored = matched_by(impossible, verdicts, "is_impossible")
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
        .join(floored, on="container_id", how="left")
        .with_columns(
            pl.col("is_inspection_demanded", "is_impossible").fill_null(value=False),
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


def states_impossibility(rule: Rule) -> bool:
    """Tell whether a rule asks for what no box can do: a match then is no matter of points alone."""
    return any(ref.name in _IMPOSSIBLE for ref in fields_read(rule.when))


def matched_by(rules: Sequence[Rule], verdicts: pl.DataFrame, flag: str) -> pl.DataFrame:
    """Return the containers that one of these rules matches, once each, with *flag* set."""
    named = pl.DataFrame(
        [(rule.id, rule.version) for rule in rules],
        schema={"rule_id": pl.String, "version": pl.Int64},
        orient="row",
    )
    return (
        verdicts.filter(pl.col("verdict") == "match")
        .join(named, on=["rule_id", "version"], how="semi")
        .select("container_id")
        .unique()
        .with_columns(pl.lit(value=True).alias(flag))
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
