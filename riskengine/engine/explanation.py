"""Why a container stands where it stands: for, against, unknown, what would clear it, where to look."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypedDict

import polars as pl

from riskengine import messages
from riskengine.domain import Basis, Lane, Typology, Verdict
from riskengine.engine.declared_lines import defects_of, facts_of
from riskengine.engine.naming import is_named, own_name
from riskengine.engine.reasons import Reasons, grouped
from riskengine.engine.route_stops import route_of
from riskengine.engine.search_plan import general_plan, leading_typologies
from riskengine.engine.told_beside import changes_of, differences_of
from riskengine.engine.unchecked import about_a_box, awaited, labels_missing, lacks
from riskengine.rules.reference import excused_by
from riskengine.selectivity.likelier import times_as_likely

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskengine.domain import Digests, Reason
    from riskengine.engine.reasons import Answer, ReasonGroup
    from riskengine.engine.route_stops import RouteStop
    from riskengine.engine.run import Run
    from riskengine.engine.search_plan import LeadingTypology, SearchStep
    from riskengine.engine.what_if import WhatIf
    from riskengine.features.field import Field
    from riskengine.rules.rule import Rule

# What a paper, a weighing or a look at the box can show to be otherwise; a port or a commodity cannot.
_PROVABLE: Final = frozenset(
    [
        "declared_value_per_kg_usd",
        "value_per_kg_deviation",
        "freight_to_value_ratio",
        "mass_per_package_kg",
        "mass_per_package_deviation",
        "gross_mass_deviation",
        "net_to_gross_mass_ratio",
        "verified_mass_difference_share",
        "is_vague_description",
        "is_description_hs_mismatch",
        "is_check_digit_wrong",
        "is_container_number_malformed",
        "is_seal_missing",
        "is_seal_repeated",
        "is_reefer_setpoint_odd",
        "is_empty_too_heavy",
        "is_bill_issued_after_departure",
        "is_house_bill_missing",
        "is_placeholder_party",
        "is_place_of_receipt_missing",
        "is_hs_code_missing",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleNote:
    """What a supervisor should read beside a rule that matched.

    Attributes:
        rule_id: The rule.
        title: Its title.
        why: Why it was written.
        innocent: What honest trade looks the same.
        blind_spot: What it cannot see.
        guide: Where to look, and with what.
        points: The log-odds its match added.
    """

    rule_id: str
    title: str
    why: str
    innocent: str
    blind_spot: str
    guide: str
    points: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything an officer needs to decide, and a supervisor to answer for it, in one language.

    Attributes:
        name: The container's number, or the bill of its loose cargo.
        container_id: Its key in the run.
        facts: Labels and values as declared.
        rank: 1 is the most suspicious of the manifest.
        containers: How many there were.
        lane: Its lane.
        basis: By which door it came there.
        lift: How many times as likely to hold a find as a container taken at random.
        lift_by_members: Between what and what most members of the model place it, as ``lift``; None without members.
        expected_finds_per_1000: Finds expected from opening a thousand like it.
        base: Log-odds before any reason speaks.
        typical: Those of a container taken at random.
        model: What the reasons of the model add, and those of the habits model where there is one.
        rules: What the rules' points add.
        total: Their sum.
        reasons: Every reason, the strongest first.
        matched: Notes on the rules that match.
        excused: Titles of the rules that are excused; with the exception, its reason and its last day
            where it is this unit's exception that excuses.
        shadow: Titles of the rules in shadow that match; they move nothing.
        unknown: Titles of the rules that could not be asked, with the labels of what is missing.
        without_stow_plan: Titles of the rules that lack the stow plan alone, where none was received.
        without_versions: Titles of the rules that lack an earlier version of the bill alone.
        without_reports: Titles of the rules that lack what a stow plan, a gate or a quay would tell alone.
        without_past: Titles of the rules that lack the past of the box alone.
        typologies: How it may have been done, with the log-odds that speak for it.
        would_clear: What would clear it.
        changes: What later versions of the manifest changed of it, in their order.
        differences: Where a stow plan, a gate or a quay says otherwise than the manifest.
        defects: What could not be read, or is wrong, with its place.
        run_id: The run.
        digests: What the assessment follows from.
        groups: The reasons with what belongs together as one, the strongest first.
        general_plan: Where to look where no modus operandi stands out; empty where one does.
        leading: The modus operandi that the reasons speak for most, each with where to look.
        what_if: What would clear it or flag it, and what to ask; None where that was not asked for.
        route: Its journey as declared.
        awaited: The facts that the rules of ``unknown`` wait for, each with how many do, the most awaited first.
        about_box: Titles of those that lack nothing but what a box has, where this is loose cargo.
    """

    name: str
    container_id: int
    facts: tuple[tuple[str, str], ...]
    rank: int
    containers: int
    lane: Lane
    basis: Basis
    lift: float
    lift_by_members: tuple[float, float] | None
    expected_finds_per_1000: float
    base: float
    typical: float
    model: float
    rules: float
    total: float
    reasons: tuple[Reason, ...]
    matched: tuple[RuleNote, ...]
    excused: tuple[str, ...]
    shadow: tuple[str, ...]
    unknown: tuple[tuple[str, str], ...]
    without_stow_plan: tuple[str, ...]
    without_versions: tuple[str, ...]
    without_reports: tuple[str, ...]
    without_past: tuple[str, ...]
    typologies: tuple[tuple[str, float], ...]
    would_clear: tuple[str, ...]
    changes: tuple[str, ...]
    differences: tuple[str, ...]
    defects: tuple[tuple[str, str], ...]
    run_id: str
    digests: Digests
    groups: tuple[ReasonGroup, ...] = ()
    general_plan: tuple[SearchStep, ...] = ()
    leading: tuple[LeadingTypology, ...] = ()
    what_if: WhatIf | None = None
    route: tuple[RouteStop, ...] = ()
    awaited: tuple[tuple[str, int], ...] = ()
    about_box: tuple[str, ...] = ()


def _by_members(row: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return how many times as likely, one standard deviation of the members' log-odds below and above; older runs kept none."""
    spread = row.get("spread")
    if spread is None:
        return None
    score, lift = row["score"], row["lift_log_odds"]
    return times_as_likely(score, lift, -spread), times_as_likely(score, lift, spread)


def container_in(run: Run, container: str) -> int:
    """Return the key in a run of the container of this number, or of the loose cargo of this bill.

    Raises:
        RunNotFound: The run has not assessed it.
        UsageError: What was named is the bill of several containers.
    """
    day = run.card.assessed_on
    called = f"The run {run.card.run_id} ({run.card.manifest_file}, {day})"
    named = run.assessments.filter(is_named(own_name(run.assessments, container, run=called)))
    return named.item(0, "container_id")


def explain(
    run: Run,
    container: str,
    *,
    language: str = "en",
    fields: Sequence[Field] = (),
    precedents: Mapping[str, Sequence[str]] | None = None,
) -> Explanation:
    """Explain one container of a run, named by its number or by the bill of its loose cargo.

    Args:
        run: The run, recorded or not.
        container: The number or the bill.
        language: Of every text.
        fields: Those that the manifest's attributes add to the catalogue.
        precedents: What the ledger holds behind some indicators (``engine.precedents``), as sentences.

    Raises:
        RunNotFound: The run has not assessed it.
        UsageError: What was named is the bill of several containers.
    """
    key = container_in(run, container)
    row = run.assessments.row(by_predicate=pl.col("container_id") == key, named=True)
    reasons = Reasons(_alone(run, key), language, fields, with_evidence=True)
    told = reasons.of(key, precedents=precedents)
    facts = reasons.facts(key)
    groups = grouped(told, language, reasons.within_usual(told, key))
    defects = defects_of(run, row, language)
    leading = leading_typologies(row["typologies"], told, facts, language)
    matched = [a.rule for a in reasons.answers(key) if _matches(a)]
    return Explanation(
        name=row["container_number"] or container,
        container_id=key,
        facts=facts_of(facts, language),
        rank=row["rank"],
        containers=run.assessments.height,
        lane=Lane(row["lane"]),
        basis=Basis(row["basis"]),
        lift=times_as_likely(row["score"], row["lift_log_odds"]),
        typical=row["log_odds"] - row["lift_log_odds"],
        lift_by_members=_by_members(row),
        expected_finds_per_1000=1000 * row["score"],
        base=run.card.base_log_odds,
        model=row["model_log_odds"] + (row["habits_log_odds"] or 0.0) - run.card.base_log_odds,
        rules=row["rule_log_odds"],
        total=row["log_odds"],
        reasons=told,
        **_answered(run, reasons, key, language),
        typologies=tuple(
            (
                messages.render(f"desk.typology.{Typology(t['id']).value}", {}, language),
                t["log_odds"],
            )
            for t in row["typologies"]
        ),
        would_clear=_would_clear(row, groups, matched, defects, language),
        changes=changes_of(run, key, language),
        differences=differences_of(run, key, language),
        defects=defects,
        run_id=run.card.run_id,
        digests=run.card.digests,
        groups=groups,
        leading=leading,
        general_plan=() if leading else general_plan(facts, language),
        route=route_of(facts),
    )


class _Answered(TypedDict):
    """What the rules answered, as an explanation tells it."""

    matched: tuple[RuleNote, ...]
    excused: tuple[str, ...]
    shadow: tuple[str, ...]
    unknown: tuple[tuple[str, str], ...]
    awaited: tuple[tuple[str, int], ...]
    about_box: tuple[str, ...]
    without_stow_plan: tuple[str, ...]
    without_versions: tuple[str, ...]
    without_reports: tuple[str, ...]
    without_past: tuple[str, ...]


def _answered(run: Run, reasons: Reasons, container_id: int, language: str) -> _Answered:
    every = reasons.answers(container_id)
    answers = tuple(answer for answer in every if not answer.is_shadow)
    unknown = [answer for answer in answers if answer.verdict is Verdict.UNKNOWN]
    facts = reasons.facts(container_id)

    def lacking(what: str) -> tuple[str, ...]:
        return tuple(
            a.rule.title.in_language(language) for a in unknown if lacks(run, a) == what
        )

    waiting = [answer for answer in unknown if lacks(run, answer) is None]
    is_loose = facts.get("is_loose_cargo") is True
    of_box = about_a_box(waiting) if is_loose else ()
    return _Answered(
        matched=tuple(_note(a, language) for a in answers if a.verdict is Verdict.MATCH),
        excused=tuple(
            _excuse(a.rule, facts, language) for a in answers if a.verdict is Verdict.EXCUSED
        ),
        shadow=tuple(
            f"{a.rule.id} {a.rule.title.in_language(language)}"
            for a in every
            if a.is_shadow and a.verdict is Verdict.MATCH
        ),
        unknown=tuple(
            (
                a.rule.title.in_language(language),
                ", ".join(labels_missing(reasons, a, language)),
            )
            for a in waiting
        ),
        awaited=awaited(reasons, waiting, language, is_loose=is_loose),
        about_box=tuple(a.rule.title.in_language(language) for a in of_box),
        without_stow_plan=lacking("stow_plan"),
        without_versions=lacking("versions"),
        without_reports=lacking("reports"),
        without_past=lacking("past"),
    )


def _matches(answer: Answer) -> bool:
    return answer.verdict is Verdict.MATCH and not answer.is_shadow


def _alone(run: Run, container_id: int) -> Run:
    """Return the run with what it holds of one container: a large ship has millions of verdicts."""
    is_own = pl.col("container_id") == container_id
    return replace(
        run,
        indicators=run.indicators.filter(is_own),
        contributions=run.contributions.filter(is_own),
        verdicts=run.verdicts.filter(is_own),
    )


def _excuse(rule: Rule, facts: Mapping[str, object], language: str) -> str:
    """Return the title of a rule that is excused, and by which exception of this unit, if it is one."""
    title = rule.title.in_language(language)
    held = excused_by(rule, facts)
    if not held:
        return title
    params = {
        "title": title,
        "exception": held[0].id,
        "reason": held[0].reason,
        "until": held[0].expires,
    }
    return messages.render("standing.explain.excused_by", params, language)


def _note(answer: Answer, language: str) -> RuleNote:
    rule = answer.rule
    return RuleNote(
        rule_id=rule.id,
        title=rule.title.in_language(language),
        why=rule.why.in_language(language),
        innocent=rule.innocent.in_language(language),
        blind_spot=rule.blind_spot.in_language(language),
        guide=rule.guide.in_language(language) if rule.guide else "",
        points=answer.points,
    )


def _would_clear(
    row: Mapping[str, Any],
    groups: Sequence[ReasonGroup],
    matched: Sequence[Rule],
    defects: Sequence[tuple[str, str]],
    language: str,
) -> tuple[str, ...]:
    """Say what an officer could ask for: proof of the innocent explanation, the line again, another paper."""
    if row["lane"] == Lane.GREEN.value:
        return (messages.render("desk.explain.clear_nothing", {}, language),)
    if row["basis"] == Basis.RANDOM.value:
        return (messages.render("desk.explain.clear_random", {}, language),)
    lines = [
        messages.render(
            "desk.explain.clear_rule",
            {"rule": rule.id, "innocent": rule.innocent.in_language(language)},
            language,
        )
        for rule in matched
    ]
    if row["basis"] == Basis.DEFECT.value:
        lines += [
            messages.render("desk.explain.clear_defect", {"sentence": text}, language)
            for _, text in defects
        ]
    # What its fellows outweigh holds nothing up: its proof would change little.
    weighing = [r for group in groups if group.log_odds > 0 for r in group.parts]
    provable = [r for r in weighing if r.source in _PROVABLE and r.log_odds > 0 and r.is_told]
    provable.sort(key=lambda r: (-r.log_odds, r.source))
    lines += [
        messages.render("desk.explain.clear_model", {"sentence": r.sentence}, language)
        for r in provable[:2]
    ]
    return tuple(lines)
