"""Rules and their lives on the page: what was added, what waits, what happened, what is excused."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

from riskengine import messages
from riskengine.cli.output import lines, page, say, table, text
from riskengine.cli.rule_overlay_page import say_exceptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from riskengine.register.rule_changes import RuleChange
    from riskengine.review.rule_history import HistoryEvent
    from riskengine.review.rule_tuning import Added
    from riskengine.rules.rule import Pack, Rule
    from riskengine.rules.standing import Installed
    from riskengine.rules.store import RulesInForce
    from riskengine.rules.tuning import Tuned
    from riskengine.selectivity import Policy
    from riskengine.workspace import Workspace


SHORT_ID: Final = 12
"""How much of a change's id people see: enough to name it."""


def show_installed(
    shown: Sequence[Installed],
    force: RulesInForce,
    policy: Policy,
    language: str,
    *,
    as_json: bool,
) -> None:
    """Print versions of rules, with their standing and what a match of each gives now."""
    from riskengine.engine.assess import points_of
    from riskengine.rules.tuning import tuned_in

    running = {(rule.id, rule.version): rule for rule in force.rules}
    listing = table(
        *_titles(language, "rule", "version", "status", "points", "severity", "effect"),
        *_titles(language, "typologies", "title", "here"),
        right=(3,),
    )
    for one in shown:
        rule = running.get((one.rule.id, one.rule.version))
        points = 0.0 if rule is None else points_of(rule, policy)
        tuned = tuned_in(one.rule)
        if as_json:
            _print(_as_object(one, rule, points, tuned, language))
            continue
        status = _words(f"status.{one.status.value}", language)
        if rule is None and one.status.value in {"shadow", "trial", "active"}:
            status = f"{status} ({_words('list.not_in_force', language)})"
        listing.add_row(
            text(one.rule.id),
            text(one.rule.version),
            text(status),
            text(_number(points, language)),
            text(one.rule.severity.value),
            text(one.rule.effect),
            text(", ".join(typology.value for typology in one.rule.typologies)),
            text(one.rule.title.in_language(language)),
            text(_mark(tuned, rule, language)),
        )
    if not as_json:
        page().print(listing)
        _remark_on(force, language)


def _as_object(
    one: Installed,
    running: Rule | None,
    points: float,
    tuned: Sequence[Tuned],
    language: str,
) -> Mapping[str, object]:
    rule = one.rule
    return {
        "id": rule.id,
        "version": rule.version,
        "status": rule.status.value,
        "is_in_force": running is not None,
        "sha256": rule.sha256,
        "points": points,
        "severity": rule.severity.value,
        "effect": rule.effect,
        "typologies": [typology.value for typology in rule.typologies],
        "title": rule.title.in_language(language),
        "tuned": {each.name: {"value": each.value, "authors": each.authors} for each in tuned},
        "unfit_settings": list(one.unfit_settings),
        "exceptions": [entry.id for entry in running.exceptions] if running else [],
        "valid_from": rule.valid_from.isoformat(),
        "valid_until": rule.valid_until.isoformat() if rule.valid_until else None,
        "since": one.since.isoformat(),
        "by": one.who,
        "reason": one.reason,
        "pack": one.pack,
        "pack_version": one.pack_version,
        "issuer": one.issuer,
    }


def _mark(tuned: Sequence[Tuned], running: Rule | None, language: str) -> str:
    said: list[str] = []
    if tuned:
        settings = ", ".join(f"{one.name} {_number(one.value, language)}" for one in tuned)
        said.append(_words("setting.mark", language, settings=settings))
    if running is not None:
        said += [exception.id for exception in running.exceptions]
    return "; ".join(said)


def _remark_on(force: RulesInForce, language: str) -> None:
    if force.expired_exceptions:
        names = ", ".join(exception.id for exception in force.expired_exceptions)
        say(_words("list.expired_exceptions", language, names=names))
    if force.unfit_settings:
        names = ", ".join(f"{rule} {name}" for rule, _, name in force.unfit_settings)
        say(_words("list.unfit", language, names=names))
    if force.unreadable:
        names = ", ".join(
            f"{one.stored.rule_id} {one.stored.version} ({one.sentence})"
            for one in force.unreadable
        )
        say(_words("list.failed", language, names=names))


def show_added(
    workspace: Workspace,
    pack: Pack,
    outcome: Added,
    language: str,
    *,
    as_json: bool,
) -> None:
    """Say what adding a pack did to each rule, to lists and to exceptions."""
    from riskengine.rules.rule import RuleStatus
    from riskengine.rules.standing import installed

    done, entered = outcome.installation, outcome.exceptions
    everything = installed(workspace)
    idle = (one.rule for one in everything if one.status is RuleStatus.RETIRED)
    retired = {(rule.id, rule.sha256) for rule in idle}
    for what, rules in (
        ("new", done.new),
        ("reworded", done.reworded),
        ("unchanged", done.unchanged),
    ):
        for rule in rules:
            is_retired = (rule.id, rule.sha256) in retired
            if as_json:
                _print(
                    {
                        "id": rule.id,
                        "version": rule.version,
                        "sha256": rule.sha256,
                        "what": what,
                        "is_retired": is_retired,
                    }
                )
                continue
            # Who adds a retired one wants it back, and "unchanged" alone would be a dead end.
            keys = [] if is_retired and what == "unchanged" else [f"add.{what}"]
            for key in [*keys, "add.retired"] if is_retired else keys:
                said = _words(key, language, rule=rule.id, version=rule.version)
                sys.stdout.write(f"{said}\n")
    if done.lists:
        for name in done.lists:
            asking = _asking(everything, pack.name, name)
            rules = ", ".join(asking) or _words("add.none", language)
            say(_words("add.list", language, name=name, rules=rules))
    if outcome.lists_kept:
        say(_words("add.lists_kept", language, names=", ".join(outcome.lists_kept)))
    say_exceptions(workspace, pack.exceptions, entered, language)
    if done.new:
        say(_words("add.next", language))


def _asking(everything: Iterable[Installed], pack: str, name: str) -> list[str]:
    """Return the rules of a pack that run and ask a list."""
    from riskengine.rules.rule import RuleStatus

    idle = {RuleStatus.DRAFT, RuleStatus.RETIRED}
    return sorted(
        {
            one.rule.id
            for one in everything
            if one.pack == pack and one.status not in idle and name in one.rule.lists_read
        }
    )


def show_waiting(waiting: Sequence[RuleChange], language: str, *, as_json: bool) -> None:
    """Print the steps that wait for a second person."""
    listing = table(
        *_titles(
            language, "rule", "version", "step", "who", "when", "why", "evidence", "change"
        )
    )
    for change in waiting:
        said = change.particulars
        if as_json:
            _print(
                {
                    "change": change.change_id,
                    "rule": change.about,
                    "version": said["version"],
                    "sha256": said["sha256"],
                    "from": said["from"],
                    "to": said["to"],
                    "is_urgent": said["is_urgent"],
                    "requested_by": change.requested_by,
                    "requested_at": change.requested_at.isoformat(),
                    "reason": change.reason,
                    "evidence": said["evidence"],
                }
            )
            continue
        listing.add_row(
            text(change.about),
            text(said["version"]),
            text(" > ".join(_words(f"status.{said[end]}", language) for end in ("from", "to"))),
            text(change.requested_by),
            text(f"{change.requested_at:%Y-%m-%d %H:%M}"),
            text(change.reason),
            lines(_evidence(said["evidence"], language)),
            text(change.change_id[:SHORT_ID]),
        )
    if as_json:
        return
    if waiting:
        page().print(listing)
    else:
        say(_words("step.none_pending", language))


def show_history(events: Sequence[HistoryEvent], language: str, *, as_json: bool) -> None:
    """Print the life of a rule, oldest first."""
    listing = table(*_titles(language, "when", "version", "what", "who", "why", "evidence"))
    for event in events:
        if as_json:
            _print(
                {
                    "at": event.at.isoformat(),
                    "version": event.version,
                    "what": event.what,
                    "particulars": {k: _plain(v) for k, v in event.params.items()},
                    "by": event.who,
                    "reason": event.why,
                    "evidence": event.evidence,
                }
            )
            continue
        params = dict(event.params)
        if "status" in params:
            params["status"] = _words(f"status.{params['status']}", language)
        listing.add_row(
            text(f"{event.at:%Y-%m-%d %H:%M}"),
            text(event.version),
            text(_words(f"history.{event.what}", language, **params)),
            text(event.who),
            text(event.why),
            lines(_evidence(event.evidence, language)),
        )
    if not as_json:
        page().print(listing)


def _evidence(evidence: Any, language: str) -> list[str]:
    told: list[str] = []
    for key, value in sorted(evidence.items()):
        if key == "backtest":
            params = {
                "first": value["first_day"],
                "last": value["last_day"],
                "hits": value["hits_per_day"],
            }
        elif key == "leaves_uncovered":
            params = {"names": ", ".join(value)}
        else:
            params = {"count": value}
        told.append(_words(f"evidence.{key}", language, **params))
    return told


def _plain(value: object) -> object:
    return value if isinstance(value, (str, int, float)) or value is None else str(value)


def _titles(language: str, *names: str) -> list[str]:
    return [_words(f"table.{name}", language) for name in names]


def _number(value: float, language: str) -> str:
    return messages.fill("{value:number}", {"value": value}, language)


def _words(key: str, language: str, **params: object) -> str:
    return messages.render(f"standing.{key}", params, language)


def _print(line: Mapping[str, object]) -> None:
    sys.stdout.write(f"{json.dumps(line, ensure_ascii=False)}\n")
