"""Exceptions on the page, and the tunings and exceptions that wait for another person."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from riskengine import messages
from riskengine.cli.output import lines, page, say, table, text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from riskengine.register.rule_changes import RuleChange
    from riskengine.rules.exceptions import Entered, StandingException
    from riskengine.rules.rule import RuleException
    from riskengine.workspace import Workspace


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
    if entered.waits_for:
        first = (*entered.new, *entered.changed)[0]
        say(_words("exception.waits", language, by=entered.waits_for, exception=first))


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


def show_waiting_overlays(
    waiting: Sequence[RuleChange], language: str, *, as_json: bool
) -> None:
    """Print what waits of tunings and exceptions, each with the text or number that would count."""
    titles = ("step", "who", "when", "why")
    listing = table(*(messages.render(f"standing.table.{key}", {}, language) for key in titles))
    for change in waiting:
        if as_json:
            line = {
                "change": change.change_id,
                "kind": change.kind.value,
                "about": change.about,
                "particulars": dict(change.particulars),
                "requested_by": change.requested_by,
                "requested_at": change.requested_at.isoformat(),
                "reason": change.reason,
            }
            sys.stdout.write(f"{json.dumps(line, ensure_ascii=False)}\n")
            continue
        listing.add_row(
            text(told(change, language)),
            text(change.requested_by),
            text(f"{change.requested_at:%Y-%m-%d %H:%M}"),
            text(change.reason),
        )
    if not as_json:
        page().print(listing)


def told(change: RuleChange, language: str) -> str:
    """Say in one line what a tuning or an entry of exceptions does."""
    from riskengine.register.rule_changes import ChangeKind
    from riskengine.rules.exceptions import exception_from_source

    said = change.particulars
    if change.kind is ChangeKind.SETTING:
        authors = float(str(said["authors"]))
        value = authors if said["value"] is None else float(str(said["value"]))
        params = {
            "rule": change.about,
            "name": said["name"],
            "value": value,
            "authors": authors,
        }
        return messages.render("standing.overlay.setting", params, language)
    sources = said.get("sources")
    made = (
        [exception_from_source(str(one)) for one in sources]
        if isinstance(sources, list)
        else []
    )
    each = [
        messages.render(
            "standing.overlay.exception",
            {
                "exception": one.id,
                "condition": one.condition.text,
                "made_for": ", ".join((*one.rules, *one.typologies)),
                "until": one.expires,
                "by": one.approved_by,
            },
            language,
        )
        for one in made
    ]
    return "\n".join(each) or change.about


def _titles(language: str, *names: str) -> list[str]:
    return [_words(f"table.{name}", language) for name in names]


def _words(key: str, language: str, **params: object) -> str:
    return messages.render(f"standing.{key}", params, language)


def _print(line: Mapping[str, object]) -> None:
    sys.stdout.write(f"{json.dumps(line, ensure_ascii=False)}\n")
