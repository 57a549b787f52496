"""Variants of one container, judged as the engine judges: the same facts, past, rules, models and lanes, in one batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from riskengine.domain import Verdict
from riskengine.engine.assess import counts, matched_by, states_impossibility
from riskengine.engine.biography import biographies
from riskengine.engine.engine import before
from riskengine.engine.memory import past_of_others
from riskengine.engine.model_says import Models, models_say, with_silent_attributes
from riskengine.engine.reconcile import reconcile
from riskengine.engine.surroundings import placed
from riskengine.engine.what_if_measured import measured
from riskengine.engine.what_if_rows import gathered, neighbours_of, own_rows, written
from riskengine.features.assemble import assemble_facts
from riskengine.features.beside import BESIDE, BOX, beside_schema, with_beside
from riskengine.features.facts import gather
from riskengine.features.history import asked_keys
from riskengine.ledger.history import Past
from riskengine.rules.evaluate import evaluate
from riskengine.rules.rule import RuleEffect
from riskengine.selectivity import assign_lanes, combine

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from riskengine.engine.assess import Known
    from riskengine.engine.run import Run
    from riskengine.engine.what_if_rows import Edit, Neighbours, Rows
    from riskengine.manifest.schema import Manifest
    from riskengine.workspace import Workspace

_COMPARED: Final = ("_declared_mass_kg", "_highest_tare_kg", "_declared_seal_list")
"""What of a declaration is held against other papers; it follows the declaration."""
_NAMED_BY: Final = frozenset([("containers", "container_number"), ("seals", "seal_number")])
"""The cells by which the past of a box is looked up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a container would stand.

    Attributes:
        edits: What would be otherwise.
        lane: Its lane.
        rank: Its rank among the run's other containers.
        log_odds: Its log-odds.
        is_demanded: Whether a rule demands its inspection, or states what no box can do.
        unknown: The rules in force that could not be asked.
    """

    edits: tuple[Edit, ...]
    lane: str
    rank: int
    log_odds: float
    is_demanded: bool
    unknown: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One container of a run, with all that its assessment followed from.

    Attributes:
        workspace: The unit's folder.
        run: The run.
        manifest: The manifest it assessed.
        known: History, rules, model and policy as they were.
        assessed_on: The day; None takes the day each bill was presented.
        facts: The facts of the whole manifest.
        row: The container's assessment.
        indicators: Its facts and indicators as the run holds them.
        rows: Its canonical rows.
        near: What the other containers of the manifest add to its facts.
    """

    workspace: Workspace
    run: Run
    manifest: Manifest
    known: Known
    assessed_on: date | None
    facts: pl.DataFrame
    row: dict[str, Any]
    indicators: dict[str, Any]
    rows: Rows
    near: Neighbours

    @property
    def first(self) -> int:
        """The container_id of the first variant: none that a container of the manifest has."""
        return int(self.facts["container_id"].max() or 0) + 1  # type: ignore[arg-type]


def bench_of(  # noqa: PLR0913 - a container, its run, and what that followed from
    workspace: Workspace,
    run: Run,
    manifest: Manifest,
    known: Known,
    container_id: int,
    *,
    assessed_on: date | None,
) -> Bench:
    """Lay out one container of a run.

    Args:
        workspace: The unit's folder.
        run: The run.
        manifest: The manifest it assessed.
        known: History, rules, model and policy as they were.
        container_id: Its key in the run.
        assessed_on: The day of the assessment.
    """
    is_own = pl.col("container_id") == container_id
    facts = gather(manifest, assessed_on)
    return Bench(
        workspace=workspace,
        run=run,
        manifest=manifest,
        known=known,
        assessed_on=assessed_on,
        facts=facts,
        row=run.assessments.row(by_predicate=is_own, named=True),
        indicators=run.indicators.row(by_predicate=is_own, named=True),
        rows=own_rows(manifest, container_id),
        near=neighbours_of(manifest, facts, container_id),
    )


def judged(bench: Bench, sets: Sequence[tuple[Edit, ...]]) -> list[Standing]:
    """Return where the container would stand with each set of changes.

    Args:
        bench: The container.
        sets: What would be otherwise; an empty set changes nothing.
    """
    made, facts = _facts(bench, sets)
    past = _past(bench, facts, made)
    indicators = assemble_facts(facts, made, past)
    models = Models(finds=bench.known.bundle, habits=bench.known.habits)
    indicators = with_silent_attributes(indicators, models)
    rules = bench.known.rules.rules
    verdicts = evaluate(
        rules,
        placed(indicators),
        bench.known.around,
        measured=measured(bench, facts, indicators),
    ).frame
    says = models_say(indicators, models, bench.known.policy)
    points = verdicts.filter(pl.col("verdict") == Verdict.MATCH.value).join(
        bench.run.rules.select("rule_id", "version", "points"), on=["rule_id", "version"]
    )
    scores = combine(
        says.log_odds,
        points,
        typical_find_rate=says.typical_find_rate,
        policy=bench.known.policy,
    ).scores
    return _standings(bench, sets, scores, verdicts)


def _facts(bench: Bench, sets: Sequence[tuple[Edit, ...]]) -> tuple[Manifest, pl.DataFrame]:
    """Return the variants as a manifest, and their facts with those from beside it."""
    variants = [(written(bench.rows, edits), edits) for edits in sets]
    made, facts = gathered(
        bench.manifest, variants, bench.near, first=bench.first, assessed_on=bench.assessed_on
    )
    found = bench.known.beside.facts
    if found is None:
        return made, with_beside(facts)
    own = found.filter(pl.col("container_id") == bench.row["container_id"])
    held = own.row(0, named=True) if own.height else {}
    rows = [held | dict(_beside(edits)) for edits in sets]
    schema = {
        name: kind for name, kind in beside_schema(BESIDE).items() if name in found.columns
    }
    beside = pl.DataFrame(
        [{name: row.get(name) for name in schema} for row in rows], schema=schema, orient="row"
    ).insert_column(0, facts["container_id"])
    for part in (_compared(bench, facts), _named_anew(bench, facts, sets)):
        if part is not None:
            beside = beside.update(part, on="container_id", include_nulls=True)
    return made, with_beside(facts, _overridden(beside, sets))


def _beside(edits: tuple[Edit, ...]) -> dict[str, object]:
    return {name: value for edit in edits for name, value in edit.beside.items()}


def _overridden(beside: pl.DataFrame, sets: Sequence[tuple[Edit, ...]]) -> pl.DataFrame:
    """Let what a change says of the papers beside the manifest go before what follows from its cells."""
    told = [_beside(edits) for edits in sets]
    columns = []
    for name in sorted({name for one in told for name in one} & set(beside.columns)):
        held = beside[name].to_list()
        values = [one.get(name, old) for one, old in zip(told, held, strict=True)]
        columns.append(pl.Series(name, values, dtype=beside.schema[name], strict=False))
    return beside.with_columns(columns)


def _compared(bench: Bench, facts: pl.DataFrame) -> pl.DataFrame | None:
    """Return what of each variant's declaration is held against other papers."""
    if bench.assessed_on is None:
        return None
    told = reconcile(facts, None, None, assessed_on=bench.assessed_on).facts
    return told.select("container_id", *_COMPARED)


def _named_anew(
    bench: Bench, facts: pl.DataFrame, sets: Sequence[tuple[Edit, ...]]
) -> pl.DataFrame | None:
    """Return the past of the box for variants that bear another number or other seals."""
    renamed = [
        bench.first + number
        for number, edits in enumerate(sets)
        if any((cell.frame, cell.column) in _NAMED_BY for edit in edits for cell in edit.cells)
    ]
    if not renamed or bench.assessed_on is None:
        return None
    stated = facts.filter(pl.col("container_id").is_in(renamed))
    lives = biographies(bench.workspace, stated, bench.assessed_on).facts
    return lives.select("container_id", *BOX)


def _past(bench: Bench, facts: pl.DataFrame, made: Manifest) -> Past:
    """Return the past of the run, and that of keys which only a variant names, strictly before the day."""
    known = bench.known.past
    keys = ["kind", "key"]
    attributes = bench.manifest.attributes
    held = asked_keys(bench.facts, attributes)
    fresh = asked_keys(facts, made.attributes).join(held, on=keys, how="anti")
    if fresh.is_empty():
        return known
    shared = [name for name in bench.facts.columns if name in facts.columns]
    whole = pl.concat([bench.facts.select(shared), facts.select(shared)])
    found = past_of_others(bench.workspace, whole, pl.concat([attributes, made.attributes]))
    if bench.assessed_on is not None:
        found = before(found, bench.assessed_on)
    kinds = found.kinds.join(known.kinds.select("kind").unique(), on="kind", how="anti")
    return Past(
        counts=pl.concat([known.counts, found.counts.join(fresh, on=keys, how="semi")]),
        habits=pl.concat([known.habits, found.habits.join(fresh, on=keys, how="semi")]),
        kinds=pl.concat([known.kinds, kinds.select(known.kinds.columns)]),
    )


def _standings(
    bench: Bench,
    sets: Sequence[tuple[Edit, ...]],
    scores: pl.DataFrame,
    verdicts: pl.DataFrame,
) -> list[Standing]:
    counting = [rule for rule in bench.known.rules.rules if counts(rule)]
    demanding = [rule for rule in counting if rule.effect is RuleEffect.MUST_INSPECT]
    impossible = [rule for rule in counting if states_impossibility(rule)]
    is_defective = bench.row["is_unreadable"] or bench.row["defect_count"] > 0
    scored = (
        scores.join(
            matched_by(demanding, verdicts, "is_inspection_demanded"),
            on="container_id",
            how="left",
        )
        .join(matched_by(impossible, verdicts, "is_impossible"), on="container_id", how="left")
        .with_columns(
            pl.col("is_inspection_demanded", "is_impossible").fill_null(value=False),
            pl.lit(bench.row["is_random"]).alias("is_random"),
            pl.lit(is_defective).alias("is_defective"),
        )
    )
    held = scored.select("container_id", "is_impossible")
    laned = assign_lanes(scored, bench.known.policy).join(held, on="container_id")
    by_key = {row["container_id"]: row for row in laned.iter_rows(named=True)}
    unknown = _unknown(verdicts, {(rule.id, rule.version) for rule in counting})
    return [
        Standing(
            edits=edits,
            lane=by_key[key]["lane"],
            rank=_rank(bench, by_key[key]["log_odds"]),
            log_odds=by_key[key]["log_odds"],
            is_demanded=by_key[key]["is_inspection_demanded"] or by_key[key]["is_impossible"],
            unknown=unknown.get(key, frozenset()),
        )
        for key, edits in enumerate(sets, start=bench.first)
    ]


def _unknown(
    verdicts: pl.DataFrame, counting: set[tuple[str, int]]
) -> dict[int, frozenset[str]]:
    """Return by variant the rules that count and could not be asked."""
    found: dict[int, frozenset[str]] = {}
    unknown = verdicts.filter(pl.col("verdict") == Verdict.UNKNOWN.value)
    for key, rule, version in unknown.select("container_id", "rule_id", "version").rows():
        if (rule, version) in counting:
            found[key] = found.get(key, frozenset()) | {rule}
    return found


def _rank(bench: Bench, log_odds: float) -> int:
    """Return the rank among the run's other containers; equals keep the order of ``container_id``."""
    own = bench.row["container_id"]
    ahead = bench.run.assessments.filter(
        (pl.col("container_id") != own)
        & (
            (pl.col("log_odds") > log_odds)
            | ((pl.col("log_odds") == log_odds) & (pl.col("container_id") < own))
        )
    )
    return ahead.height + 1
