"""The life of one rule, told from both stores: who did what, when, why, and on what evidence."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from riskengine.ledger.backtests import attached
from riskengine.register.rule_changes import ChangeKind, ChangeState, changes
from riskengine.rules.exceptions import applies_to, exception_from_source
from riskengine.rules.standing import installed, rewordings, standing_events

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from riskengine.register.rule_changes import RuleChange
    from riskengine.rules.rule import Rule
    from riskengine.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEvent:
    """One thing that happened to a rule.

    Attributes:
        at: When, UTC.
        who: By whom.
        version: The version it happened to; None where it happened to the rule in all versions.
        what: A key of ``standing.history``.
        params: What its text needs.
        why: The reason; may be empty.
        evidence: What it was done on; may be empty.
    """

    at: datetime
    who: str
    version: int | None
    what: str
    params: Mapping[str, object] = field(default_factory=dict[str, object])
    why: str = ""
    evidence: Mapping[str, object] = field(default_factory=dict[str, object])


def history_of(workspace: Workspace, rule_id: str) -> tuple[HistoryEvent, ...]:
    """Return everything that happened to a rule, oldest first.

    Raises:
        RuleNotFound: No rule of this id is installed.
    """
    every = changes(workspace)
    own = {change.change_id: change for change in every if change.about == rule_id}
    rules = [one.rule for one in installed(workspace, rule_id)]
    versions = {rule.sha256: rule.version for rule in rules}
    # Of one moment: what was asked and decided first, then what came of it.
    events = [event for change in every for event in _told(change, rule_id, rules)]
    events += _steps(workspace, rule_id, own)
    events += [
        HistoryEvent(at=at, who=who, version=version, what="text", why=why)
        for version, at, who, why in rewordings(workspace, rule_id)
    ]
    events += [
        HistoryEvent(
            at=made.made_at,
            who=made.made_by,
            version=versions.get(made.sha256),
            what="backtest",
            params={"first": made.first_day, "last": made.last_day},
        )
        for made in attached(workspace, rule_id)
    ]
    return tuple(sorted(events, key=lambda event: event.at))


def _steps(
    workspace: Workspace, rule_id: str, own: Mapping[str, RuleChange]
) -> Iterator[HistoryEvent]:
    seen: set[str] = set()
    for event in standing_events(workspace, rule_id):
        change = own.get(event.change_id or "")
        yield HistoryEvent(
            at=event.at,
            who=event.who,
            version=event.version,
            what="standing" if event.sha256 in seen else "installed",
            params={"status": event.status.value},
            why=event.reason,
            evidence=_evidence(change.particulars)
            if change and not change.needs_second
            else {},
        )
        seen.add(event.sha256)


def _told(change: RuleChange, rule_id: str, rules: list[Rule]) -> Iterator[HistoryEvent]:
    """Tell what of a change the steps do not tell: who asked, who decided, settings, exceptions."""
    if change.kind is ChangeKind.STANDING and change.about == rule_id:
        yield from _decided(change)
    elif change.state is not ChangeState.COMPLETED:
        return
    elif change.kind is ChangeKind.SETTING and change.about == rule_id:
        value = change.particulars["value"]
        params: dict[str, object] = {"name": change.particulars["name"]}
        if value is not None:
            params["value"] = float(str(value))
        what = "setting" if value is not None else "setting_back"
        yield _event(change, what, params)
    elif change.kind is ChangeKind.EXCEPTION:
        sources = cast("list[str]", change.particulars["sources"])
        for exception in map(exception_from_source, sources):
            if any(applies_to(exception, rule) for rule in rules):
                event = _event(change, "exception", {"exception": exception.id})
                yield replace(event, why=change.reason or exception.reason)
    elif change.kind is ChangeKind.EXCEPTION_END and _was_made_for(change, rules):
        yield _event(change, "exception_end", {"exception": change.about})


def _was_made_for(change: RuleChange, rules: list[Rule]) -> bool:
    source = change.particulars.get("source")
    if not isinstance(source, str):
        return False
    return any(applies_to(exception_from_source(source), rule) for rule in rules)


def _decided(change: RuleChange) -> Iterator[HistoryEvent]:
    params = {"status": change.particulars["to"]}
    version = int(str(change.particulars["version"]))
    if change.needs_second:
        yield HistoryEvent(
            at=change.requested_at,
            who=change.requested_by,
            version=version,
            what="asked",
            params=params,
            why=change.reason,
            evidence=_evidence(change.particulars),
        )
    if change.decided_at is not None:
        yield HistoryEvent(
            at=change.decided_at,
            who=change.decided_by,
            version=version,
            what="refused" if change.state is ChangeState.REFUSED else "approved",
            params=params,
            why=change.decided_because,
            evidence=_evidence(change.decided_on),
        )
    if change.state is ChangeState.ABANDONED:
        yield HistoryEvent(
            at=change.decided_at or change.requested_at,
            who=change.requested_by,
            version=version,
            what="abandoned",
            params=params,
        )


def _event(change: RuleChange, what: str, params: Mapping[str, object]) -> HistoryEvent:
    return HistoryEvent(
        at=change.requested_at,
        who=change.requested_by,
        version=None,
        what=what,
        params=params,
        why=change.reason,
    )


def _evidence(particulars: Mapping[str, object]) -> Mapping[str, object]:
    return cast("Mapping[str, object]", particulars.get("evidence", {}))
