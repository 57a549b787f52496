"""What stands against a step of a rule: every gate is asked, and all that refuse are told together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from riskengine.domain import Verdict
from riskengine.engine.evidence import as_it_would_run
from riskengine.engine.rule_hits import inspected_hits, watched
from riskengine.errors import RuleError
from riskengine.ledger.backtests import attached
from riskengine.rules.applied import as_run, as_written
from riskengine.rules.backtest_json import from_json
from riskengine.rules.check import run_tests
from riskengine.rules.remarks import unwritten
from riskengine.rules.rule import RuleEffect, RuleStatus
from riskengine.rules.standing import COUNTING, standing_events

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from riskengine.engine.rule_hits import Watched
    from riskengine.ledger.backtests import AttachedBacktest
    from riskengine.rules.backtest import Backtest
    from riskengine.rules.rule import Rule
    from riskengine.rules.standing import Installed
    from riskengine.workspace import Workspace

LEAST_BACKTEST_DAYS: Final = 90
LEAST_BACKTEST_DAYS_WITH_CONTAINERS: Final = 10
LEAST_SHADOW_DAYS: Final = 14
LEAST_SHADOW_DAYS_ASKED: Final = 7
"""Of the 14 days: a small port does not score daily."""
LEAST_SHADOW_CONTAINERS: Final = 200
MOST_SHADOW_UNKNOWN: Final = 0.5
"""The share of containers that a rule may leave unjudged and still be known by its time in shadow."""
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
    _ask_start(found, step, candidate)
    if step.to is RuleStatus.RETIRED:
        if not _says_why(step):
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
        is_watched = step.to is RuleStatus.TRIAL and candidate.status is RuleStatus.SHADOW
        shadowed = candidate.since.date() if is_watched else None
        usual = _ask_backtest(found, workspace, step, candidate.rule, shadowed)
        if is_watched:
            _ask_shadow(found, workspace, step, candidate, usual)
    if step.to in COUNTING:
        if candidate.unfit_settings:
            found.refuse("settings", names=", ".join(candidate.unfit_settings))
        _ask_coverage(found, step, candidate, others)
    return found


def _ask_start(found: Findings, step: Step, candidate: Installed) -> None:
    starts = starts_of(step)
    if candidate.status in starts:
        return
    found.refuse(
        "step",
        version=candidate.rule.version,
        status=candidate.status.value,
        to=step.to.value,
        starts=", ".join(start.value for start in starts) or "-",
    )
    if candidate.status is RuleStatus.RETIRED and step.to is not RuleStatus.RETIRED:
        found.refuse("retired", version=candidate.rule.version)


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
    # Going back to a version that counted must be quick; it was let through once.
    if step.to is RuleStatus.TRIAL and candidate.status is not RuleStatus.RETIRED:
        keys = unwritten(rule)
        if keys:
            found.refuse("unwritten", keys=", ".join(keys))


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


def _says_why(step: Step) -> bool:
    """Tell whether a reason is given: a text without a letter or digit is none."""
    return any(letter.isalnum() for letter in step.reason)


def _ask_urgent(found: Findings, step: Step, rule: Rule) -> None:
    if not _says_why(step):
        found.refuse("reason")
    if rule.valid_until is None:
        found.refuse("urgent_endless", days=LONGEST_URGENT_DAYS)
    elif (rule.valid_until - step.at.date()).days > LONGEST_URGENT_DAYS:
        found.refuse("urgent_long", until=rule.valid_until, days=LONGEST_URGENT_DAYS)


def _ask_return(
    found: Findings, workspace: Workspace, step: Step, candidate: Installed
) -> None:
    """A version that counted before may take its place back at once, with a reason."""
    if not _says_why(step):
        found.refuse("reason")
    events = standing_events(workspace, step.rule_id)
    if not any(e.sha256 == candidate.rule.sha256 and e.status in COUNTING for e in events):
        found.refuse("never_counted", version=candidate.rule.version)


def _ask_backtest(
    found: Findings, workspace: Workspace, step: Step, rule: Rule, shadowed: date | None
) -> Backtest | None:
    """Ask for a back-test of the rule as it would run now; the newest that will do is taken.

    Args:
        found: Where refusals and evidence go.
        workspace: The unit's folder.
        step: What is asked for.
        rule: The version, with the settings of this unit.
        shadowed: The day on which it entered the shadow, where its time there is compared with the
            back-test: what both speak of proves nothing.

    Returns:
        The back-test; None where none will do.
    """
    kept = [one for one in attached(workspace, rule.id) if one.sha256 == rule.sha256]
    if not kept:
        found.refuse("backtest", rule=rule.id)
        return None
    now = as_run(as_it_would_run(workspace, rule, step.at.date()))
    newest_first = [(one, *_read(one, now, shadowed)) for one in reversed(kept)]
    able = [entry for entry in newest_first if not entry[2]]
    one, made, faults = (able or newest_first)[0]
    found.refusals += faults
    found.evidence["backtest"] = {
        "first_day": one.first_day.isoformat(),
        "last_day": one.last_day.isoformat(),
        "hits_per_day": _written(made.hits_per_day) if made else None,
        "made_by": one.made_by,
        "source": made.source if made else "",
        "source_sha256": made.source_sha256 if made else "",
        "as_run": now,
    }
    return None if faults else made


def _read(
    one: AttachedBacktest, now: str, shadowed: date | None
) -> tuple[Backtest | None, list[tuple[str, dict[str, object]]]]:
    """Return a back-test that was attached, and what stands against it as evidence."""
    rule: dict[str, object] = {"rule": one.rule_id}
    try:
        made = from_json(one.report_json)
    except RuleError:
        return None, [("backtest_old", rule)]
    faults: list[tuple[str, dict[str, object]]] = []
    if not made.as_run:
        faults.append(("backtest_old", rule))
    elif made.as_run != now:
        faults.append(("backtest_otherwise", rule))
    if one.days < LEAST_BACKTEST_DAYS:
        faults.append(("backtest_short", {"days": one.days, "least": LEAST_BACKTEST_DAYS}))
    full, least = made.days_with_containers, LEAST_BACKTEST_DAYS_WITH_CONTAINERS
    if full < least:
        faults.append(("backtest_thin", {"days": full, "least": least}))
    if shadowed is not None and one.last_day >= shadowed:
        faults.append(("backtest_late", rule | {"last": one.last_day, "shadowed": shadowed}))
    return made, faults


def _ask_shadow(
    found: Findings,
    workspace: Workspace,
    step: Step,
    candidate: Installed,
    usual: Backtest | None,
) -> None:
    days = (step.at - candidate.since).days
    seen = watched(workspace, candidate.rule, candidate.since)
    found.evidence |= {
        "days_in_shadow": days,
        "days_asked": seen.days,
        "containers_asked": seen.containers,
        "unknown_in_shadow": seen.unknown,
        "hits_in_shadow": seen.hits,
    }
    if days < LEAST_SHADOW_DAYS:
        found.refuse("shadow_short", days=days, least=LEAST_SHADOW_DAYS)
    if not seen.containers:
        # Its list expired, its first day is to come, it failed, or a newer version was watched in its place.
        found.refuse("shadow_never")
        return
    if seen.days < LEAST_SHADOW_DAYS_ASKED:
        found.refuse("shadow_seldom", days=seen.days, least=LEAST_SHADOW_DAYS_ASKED)
    if seen.containers < LEAST_SHADOW_CONTAINERS:
        found.refuse("shadow_few", containers=seen.containers, least=LEAST_SHADOW_CONTAINERS)
    unknown = seen.unknown / seen.containers
    if unknown > MOST_SHADOW_UNKNOWN:
        found.refuse("shadow_unknown", share=unknown, most=MOST_SHADOW_UNKNOWN)
    if usual is not None and usual.hits_per_day is not None:
        _ask_rate(found, seen, days, usual.hits_per_day)


def _ask_rate(found: Findings, seen: Watched, days: int, usual: float) -> None:
    # Of a rule that seldom matches, two weeks show a few matches more or less by chance alone.
    is_near = abs(seen.hits - usual * days) <= _FEW
    rate = seen.hits / days if days else 0.0
    if days and not is_near and not usual / _TIMES_AS_MANY <= rate <= usual * _TIMES_AS_MANY:
        found.refuse("shadow_rate", live=rate, usual=usual, hits=seen.hits)


def _ask_inspected(found: Findings, workspace: Workspace, step: Step, rule: Rule) -> None:
    hits = inspected_hits(workspace, rule)
    found.evidence["inspected"] = hits.inspected
    found.evidence["found"] = hits.found
    if hits.inspected < LEAST_INSPECTED and not _says_why(step):
        found.refuse("inspected", inspected=hits.inspected, least=LEAST_INSPECTED)


def _ask_coverage(
    found: Findings, step: Step, candidate: Installed, others: Sequence[Installed]
) -> None:
    """No typology loses its last rule unless somebody says so; nor by a version that leaves one out, or ends."""
    counting = [one.rule for one in others if one.status in COUNTING]
    if step.to is RuleStatus.RETIRED:
        leaving = [candidate.rule] if candidate.status in COUNTING else []
        staying = [rule for rule in counting if rule.id != candidate.rule.id]
    else:
        leaving = [rule for rule in counting if rule.id == candidate.rule.id]
        staying = [rule for rule in counting if rule.id != candidate.rule.id]
        staying.append(candidate.rule)
    today = step.at.date()
    bare = sorted(
        {
            typology.value
            for gone in leaving
            if _could_cover(gone, today)
            for typology in gone.typologies
            if not any(
                typology in rule.typologies and _covers(rule, today) and _lasts(rule, gone)
                for rule in staying
            )
        }
    )
    if not bare:
        return
    found.evidence["leaves_uncovered"] = bare
    if not step.leaves_uncovered:
        found.refuse("uncovered", typologies=", ".join(bare))
    elif not _says_why(step) and step.to is not RuleStatus.RETIRED:
        found.refuse("reason")


def _could_cover(rule: Rule, today: date) -> bool:
    """Tell whether a rule that counts can move a container from today on: a tag only names."""
    has_ended = rule.valid_until is not None and rule.valid_until < today
    return rule.effect is not RuleEffect.TAG and not has_ended


def _covers(rule: Rule, today: date) -> bool:
    """Tell whether it does so today; an expired list silences a rule."""
    has_begun = rule.valid_from <= today
    has_lists = all(entry.valid_until >= today for entry in rule.lists)
    return _could_cover(rule, today) and has_begun and has_lists


def _lasts(rule: Rule, other: Rule) -> bool:
    """Tell whether a rule has its last day no earlier than another."""
    if rule.valid_until is None:
        return True
    return other.valid_until is not None and other.valid_until <= rule.valid_until


def _written(number: float | None) -> str | None:
    """Return a number as text: the audit chain keeps no floats."""
    return None if number is None else f"{number:.6g}"
