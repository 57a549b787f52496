"""What stands against a step of a rule: every gate is asked, and all that refuse are told together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from riskengine.domain import Verdict
from riskengine.engine.rule_hits import inspected_hits, live_hits
from riskengine.ledger.backtests import latest
from riskengine.rules.applied import as_written
from riskengine.rules.backtest_json import from_json
from riskengine.rules.check import run_tests
from riskengine.rules.rule import RuleStatus
from riskengine.rules.standing import COUNTING, standing_events

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from riskengine.ledger.backtests import AttachedBacktest
    from riskengine.rules.rule import Rule
    from riskengine.rules.standing import Installed
    from riskengine.workspace import Workspace

LEAST_BACKTEST_DAYS: Final = 90
LEAST_SHADOW_DAYS: Final = 14
LEAST_INSPECTED: Final = 30
LONGEST_URGENT_DAYS: Final = 90
_TIMES_AS_MANY: Final = 2.0
_FEW: Final = 3
_NEEDED_TESTS: Final = (Verdict.MATCH, Verdict.NO_MATCH, Verdict.UNKNOWN)
_FROM: Final = {
    RuleStatus.SHADOW: (RuleStatus.DRAFT,),
    RuleStatus.TRIAL: (RuleStatus.SHADOW,),
    RuleStatus.ACTIVE: (RuleStatus.TRIAL,),
    RuleStatus.RETIRED: (
        RuleStatus.DRAFT,
        RuleStatus.SHADOW,
        RuleStatus.TRIAL,
        RuleStatus.ACTIVE,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step that somebody asks for.

    Attributes:
        rule_id: The rule.
        to: Where it should come.
        by: Who asks.
        at: When, with its time zone.
        reason: Why; may be empty where the evidence speaks for itself.
        is_urgent: Whether it should count at once, without the time in shadow.
        version: The version; None takes the newest that the step can be taken with.
        leaves_uncovered: Whether typologies may lose their last rule.
    """

    rule_id: str
    to: RuleStatus
    by: str
    at: datetime
    reason: str = ""
    is_urgent: bool = False
    version: int | None = None
    leaves_uncovered: bool = False


@dataclass(slots=True, kw_only=True)
class Findings:
    """What the gates found: refusals as keys of ``standing.refusal`` with parameters, and the evidence."""

    refusals: list[tuple[str, dict[str, object]]] = field(
        default_factory=list[tuple[str, dict[str, object]]]
    )
    evidence: dict[str, object] = field(default_factory=dict[str, object])

    def refuse(self, gate: str, **params: object) -> None:
        """Note that a gate stands against the step."""
        self.refusals.append((gate, params))


def starts_of(step: Step) -> tuple[RuleStatus, ...]:
    """Return the standings that a step can start from.

    An urgent step may leave the shadow out. A retired version comes back only where it is named.
    """
    starts = _FROM.get(step.to, ())
    if step.is_urgent and step.to is RuleStatus.TRIAL:
        starts = (RuleStatus.DRAFT, *starts)
    if step.version is not None and step.to in {RuleStatus.SHADOW, RuleStatus.TRIAL}:
        starts = (*starts, RuleStatus.RETIRED)
    return starts


def needs_second(step: Step, start: RuleStatus) -> bool:
    """Tell whether another person decides: whatever changes what counts, or takes a rule away."""
    return step.to is not RuleStatus.SHADOW and not (
        step.to is RuleStatus.RETIRED and start is RuleStatus.DRAFT
    )


def ask_gates(
    workspace: Workspace, step: Step, candidate: Installed, others: Sequence[Installed]
) -> Findings:
    """Ask every gate of a step.

    Args:
        workspace: The unit's folder.
        step: What is asked for.
        candidate: The version it is asked for.
        others: Every other version of every rule.
    """
    found = Findings()
    starts = starts_of(step)
    if candidate.status not in starts:
        found.refuse(
            "step",
            version=candidate.rule.version,
            status=candidate.status.value,
            to=step.to.value,
            starts=", ".join(start.value for start in starts) or "-",
        )
    if step.to is RuleStatus.RETIRED:
        if not step.reason:
            found.refuse("reason")
        _ask_coverage(found, step, candidate, others)
        return found
    _ask_file(found, step, candidate)
    _ask_tests(found, candidate.rule)
    if step.is_urgent:
        _ask_urgent(found, step, candidate.rule)
    elif candidate.status is RuleStatus.RETIRED and step.to is RuleStatus.TRIAL:
        _ask_return(found, workspace, step, candidate)
    elif step.to is RuleStatus.ACTIVE:
        _ask_inspected(found, workspace, step, candidate.rule)
    else:
        made = _ask_backtest(found, workspace, candidate.rule)
        if step.to is RuleStatus.TRIAL and candidate.status is RuleStatus.SHADOW:
            _ask_shadow(found, workspace, step, candidate, made)
    if step.to in COUNTING:
        if candidate.unfit_settings:
            found.refuse("settings", names=", ".join(candidate.unfit_settings))
        _ask_coverage(found, step, candidate, others)
    return found


def _ask_file(found: Findings, step: Step, candidate: Installed) -> None:
    today = step.at.date()
    rule = candidate.rule
    if rule.valid_until is not None and rule.valid_until < today:
        found.refuse("ended", until=rule.valid_until)
    if step.to in COUNTING and rule.valid_from > today:
        # It would retire the version before it and count for nothing until its first day.
        found.refuse("not_begun", starts=rule.valid_from)
    for entry in rule.lists:
        if entry.valid_until < today:
            found.refuse("list", name=entry.name, until=entry.valid_until)


def _ask_tests(found: Findings, rule: Rule) -> None:
    """The author's tests, of the author's rule: a tuned number or an exception is not what they test."""
    results = run_tests(as_written(rule))
    failed = [result.name for result in results if not result.passed]
    if failed:
        found.refuse("tests", names=", ".join(failed))
    expected = {result.expected for result in results}
    lacking = [verdict.value for verdict in _NEEDED_TESTS if verdict not in expected]
    if lacking:
        found.refuse("tests_lacking", verdicts=", ".join(lacking))
    found.evidence["tests_passed"] = len(results) - len(failed)


def _ask_urgent(found: Findings, step: Step, rule: Rule) -> None:
    if not step.reason:
        found.refuse("reason")
    if rule.valid_until is None:
        found.refuse("urgent_endless", days=LONGEST_URGENT_DAYS)
    elif (rule.valid_until - step.at.date()).days > LONGEST_URGENT_DAYS:
        found.refuse("urgent_long", until=rule.valid_until, days=LONGEST_URGENT_DAYS)


def _ask_return(
    found: Findings, workspace: Workspace, step: Step, candidate: Installed
) -> None:
    """A version that counted before may take its place back at once, with a reason."""
    if not step.reason:
        found.refuse("reason")
    events = standing_events(workspace, step.rule_id)
    if not any(e.sha256 == candidate.rule.sha256 and e.status in COUNTING for e in events):
        found.refuse("never_counted", version=candidate.rule.version)


def _ask_backtest(found: Findings, workspace: Workspace, rule: Rule) -> AttachedBacktest | None:
    made = latest(workspace, rule.id, rule.sha256)
    if made is None:
        found.refuse("backtest", rule=rule.id)
        return None
    found.evidence["backtest"] = {
        "first_day": made.first_day.isoformat(),
        "last_day": made.last_day.isoformat(),
        "hits_per_day": _written(from_json(made.report_json).hits_per_day),
        "made_by": made.made_by,
    }
    if made.days < LEAST_BACKTEST_DAYS:
        found.refuse("backtest_short", days=made.days, least=LEAST_BACKTEST_DAYS)
    return made


def _ask_shadow(
    found: Findings,
    workspace: Workspace,
    step: Step,
    candidate: Installed,
    made: AttachedBacktest | None,
) -> None:
    days = (step.at - candidate.since).days
    found.evidence["days_in_shadow"] = days
    if days < LEAST_SHADOW_DAYS:
        found.refuse("shadow_short", days=days, least=LEAST_SHADOW_DAYS)
    usual = from_json(made.report_json).hits_per_day if made else None
    if usual is None or days < 1:
        return
    hits = live_hits(workspace, candidate.rule, candidate.since)
    found.evidence["hits_in_shadow"] = hits
    rate = hits / days
    # Of a rule that seldom matches, two weeks show a few matches more or less by chance alone.
    is_near = abs(hits - usual * days) <= _FEW
    if not is_near and not usual / _TIMES_AS_MANY <= rate <= usual * _TIMES_AS_MANY:
        found.refuse("shadow_rate", live=rate, usual=usual, hits=hits)


def _ask_inspected(found: Findings, workspace: Workspace, step: Step, rule: Rule) -> None:
    hits = inspected_hits(workspace, rule)
    found.evidence["inspected"] = hits.inspected
    found.evidence["found"] = hits.found
    if hits.inspected < LEAST_INSPECTED and not step.reason:
        found.refuse("inspected", inspected=hits.inspected, least=LEAST_INSPECTED)


def _ask_coverage(
    found: Findings, step: Step, candidate: Installed, others: Sequence[Installed]
) -> None:
    """No typology loses its last rule unless somebody says so; nor by a version that leaves one out."""
    counting = [one for one in others if one.status in COUNTING]
    leaving = [one for one in counting if one.rule.id == candidate.rule.id]
    if step.to is RuleStatus.RETIRED:
        leaving = [candidate] if candidate.status in COUNTING else []
        counting = [one for one in counting if one not in leaving]
    staying = [one.rule for one in counting if one not in leaving]
    if step.to in COUNTING:
        staying.append(candidate.rule)
    today = step.at.date()
    covered = {
        typology
        for rule in staying
        if rule.valid_from <= today and (rule.valid_until is None or today <= rule.valid_until)
        for typology in rule.typologies
    }
    bare = sorted({t.value for one in leaving for t in one.rule.typologies if t not in covered})
    if not bare:
        return
    found.evidence["leaves_uncovered"] = bare
    if not step.leaves_uncovered:
        found.refuse("uncovered", typologies=", ".join(bare))
    elif not step.reason and step.to is not RuleStatus.RETIRED:
        found.refuse("reason")


def _written(number: float | None) -> str | None:
    """Return a number as text: the audit chain keeps no floats."""
    return None if number is None else f"{number:.6g}"
