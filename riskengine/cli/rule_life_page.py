"""Rules and their lives on the page: what was added, what waits, what happened, what is excused."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from riskengine import messages
from riskengine.cli.output import lines, page, say, table, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from riskengine.register.rule_changes import RuleChange
    from riskengine.review.rule_history import HistoryEvent
    from riskengine.rules.exceptions import Entered, StandingException
    from riskengine.rules.rule import Pack, Rule, RuleException
    from riskengine.rules.standing import Installed
    from riskengine.rules.store import Installation, RulesInForce
    from riskengine.rules.tuning import Tuned
    from riskengine.selectivity import Policy
    from riskengine.workspace import Workspace


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


def show_added(
    workspace: Workspace,
    pack: Pack,
    outcome: tuple[Installation, Entered],
    language: str,
    *,
    as_json: bool,
) -> None:
    """Say what adding a pack did to each rule, to lists and to exceptions."""
    from riskengine.rules.standing import installed

    done, entered = outcome
    for what, rules in (
        ("new", done.new),
        ("reworded", done.reworded),
        ("unchanged", done.unchanged),
    ):
        for rule in rules:
            if as_json:
                _print(
                    {
                        "id": rule.id,
                        "version": rule.version,
                        "sha256": rule.sha256,
                        "what": what,
                    }
                )
            else:
                sys.stdout.write(
                    f"{_words(f'add.{what}', language, rule=rule.id, version=rule.version)}\n"
                )
    if done.lists:
        everything = installed(workspace)
        for name in done.lists:
            asking = _asking(everything, pack.name, name)
            rules = ", ".join(asking) or _words("add.none", language)
            say(_words("add.list", language, name=name, rules=rules))
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


def say_exceptions(
    workspace: Workspace,
    exceptions: Sequence[RuleException],
    entered: Entered,
    language: str,
) -> None:
    """Say what became of exceptions, and what somebody should know of them."""
    from riskengine.rules.exceptions import remarks
    from riskengine.rules.standing import installed

    if not exceptions:
        return
    rules = [one.rule for one in installed(workspace)]
    for exception in exceptions:
        what = (
            "new"
            if exception.id in entered.new
            else "changed"
            if exception.id in entered.changed
            else "unchanged"
        )
        params = {
            "exception": exception.id,
            "starts": exception.starts,
            "until": exception.expires,
        }
        say(_words(f"exception.{what}", language, **params))
        for key, subject in remarks(exception, rules):
            say(f"  {_words(f'remark.{key}', language, subject=subject)}")


def show_exceptions(
    standing: Sequence[StandingException], today: date, language: str, *, as_json: bool
) -> None:
    """Print the exceptions that were not ended, and whether each excuses today."""
    listing = table(
        *_titles(language, "exception", "made_for", "condition", "from", "until", "state"),
        *_titles(language, "approved_by", "reason"),
    )
    for entry in standing:
        exception = entry.exception
        state = (
            "expired"
            if exception.expires < today
            else "later"
            if exception.starts > today
            else "active"
        )
        made_for = [*exception.rules, *(typology.value for typology in exception.typologies)]
        if as_json:
            _print(
                {
                    "id": exception.id,
                    "rules": list(exception.rules),
                    "typologies": [typology.value for typology in exception.typologies],
                    "condition": exception.condition.text,
                    "from": exception.starts.isoformat(),
                    "expires": exception.expires.isoformat(),
                    "state": state,
                    "approved_by": exception.approved_by,
                    "reason": exception.reason,
                    "entered_by": entry.entered_by,
                    "entered_at": entry.entered_at.isoformat(),
                }
            )
            continue
        listing.add_row(
            text(exception.id),
            lines(made_for),
            text(exception.condition.text),
            text(exception.starts),
            text(exception.expires),
            text(_words(f"exception.{state}", language)),
            text(exception.approved_by),
            text(exception.reason),
        )
    if as_json:
        return
    if standing:
        page().print(listing)
    else:
        say(_words("exception.none", language))


def show_waiting(waiting: Sequence[RuleChange], language: str, *, as_json: bool) -> None:
    """Print the steps that wait for a second person."""
    listing = table(
        *_titles(language, "rule", "version", "step", "who", "when", "why", "evidence")
    )
    for change in waiting:
        said = change.particulars
        if as_json:
            _print(
                {
                    "rule": change.about,
                    "version": said["version"],
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
