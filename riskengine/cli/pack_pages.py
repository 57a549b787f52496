"""How packs are told to people and to programs: what one would change, what names somebody, whose keys count."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from riskengine import messages
from riskengine.cli.output import say
from riskengine.messages import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from riskengine.exchange.naming_values import NamingValue
    from riskengine.exchange.pack_difference import (
        FieldDifference,
        ListDifference,
        PackDifference,
        RuleDifference,
    )
    from riskengine.rules.rule import Wording

_LONGEST_LINE = 4000


def say_in(language: str, key: str, **values: object) -> None:
    """Print one remark of the area ``pack`` to stderr."""
    say(messages.render(f"pack.{key}", values, language))


def say_names(language: str, key: str, names: Iterable[str]) -> None:
    """Print a remark that ends in names, all of them; nothing where there are none."""
    said = ", ".join(visible(name) for name in names)
    if said:
        say(f"{messages.render(f'pack.{key}', {}, language)} {said}")


def print_difference(difference: PackDifference, *, language: str, as_json: bool) -> None:
    """Print what a pack would change here, rule by rule and field by field."""
    if as_json:
        for rule in difference.rules:
            _json_line(_rule_as_json(rule, language))
        for entry in difference.lists:
            _json_line(_list_as_json(entry))
        return
    for rule in difference.rules:
        if rule.fields or rule.remarks or rule.change not in {"same", "left_out"}:
            _print(_rule_lines(rule, language))
    for entry in difference.lists:
        _print(_list_lines(entry, language))
    counts = {
        change: sum(rule.change == change for rule in difference.rules)
        for change in ("new", "changed", "same", "retired", "left_out")
    }
    conflicts = sum(
        bool(rule.conflicts) or rule.change in {"contradicts", "older"}
        for rule in difference.rules
    )
    say_names(
        language,
        "difference.left_out",
        [rule.rule_id for rule in difference.rules if rule.change == "left_out"],
    )
    say_in(language, "difference.summary", **counts, conflicts=conflicts)


def print_fields(fields: Sequence[FieldDifference], *, language: str, as_json: bool) -> None:
    """Print where two versions of a rule differ."""
    for field in fields:
        if as_json:
            said = {"field": field.field, "earlier": field.ours, "later": field.theirs}
            _json_line(said)
        else:
            _print([field.field, *_changed_lines(field.ours, field.theirs)])
    if not fields and not as_json:
        say_in(language, "difference.equal")


def say_naming(values: Iterable[NamingValue], language: str) -> None:
    """Print which values name somebody, by where they stand and by field."""
    by_field: dict[tuple[str, str], tuple[dict[str, None], dict[str, None]]] = {}
    for value in values:
        texts, rules = by_field.setdefault((value.stands_in, value.field), ({}, {}))
        texts.setdefault(value.value)
        rules.setdefault(value.rule_id)
    if by_field:
        say_in(language, "given.naming")
    for (stands_in, field), (texts, rules) in sorted(by_field.items()):
        where = messages.render(f"pack.given.naming_{stands_in}", {}, language)
        said = " | ".join(visible(text) for text in texts)
        say(f"  {where}, {field}: {said} ({', '.join(rules)})")


def _rule_lines(rule: RuleDifference, language: str) -> Iterator[str]:
    theirs = f" {rule.theirs.version}" if rule.theirs else ""
    word = messages.render(f"pack.change.{rule.change.value}", {}, language)
    here = messages.render("pack.difference.nowhere", {}, language)
    if rule.ours:
        status = messages.render(f"pack.status.{rule.ours.status.value}", {}, language)
        values = {"status": status, "version": rule.ours.rule.version}
        here = messages.render("pack.difference.here", values, language)
    shown = rule.theirs or (rule.ours.rule if rule.ours else None)
    title = f" · {shown.title_in(language)}" if shown else ""
    yield f"{rule.rule_id}{theirs}: {word} ({here}){title}"
    for field in rule.fields:
        yield f"  {field.field}: {messages.render(f'pack.field.{field.change.value}', {}, language)}"
        if field.change == "both":
            for whose in ("base", "ours", "theirs"):
                lines = getattr(field, whose)
                yield f"    {messages.render(f'pack.difference.{whose}', {}, language)}:"
                nothing = messages.render("pack.difference.nothing", {}, language)
                yield from (
                    f"      {line}" for line in ((nothing,) if lines is None else lines)
                )
        elif field.change == "ours":
            yield from _changed_lines(field.base, field.ours)
        else:
            yield from _changed_lines(field.ours, field.theirs)
    for remark in rule.remarks:
        yield f"  ! {messages.render(f'pack.remark.{remark.key}', remark.values, language)}"


def _list_lines(entry: ListDifference, language: str) -> Iterator[str]:
    values = {
        "name": entry.name,
        "added": len(entry.added),
        "removed": len(entry.removed),
        "until": entry.valid_until,
        "here": entry.valid_until_here,
    }
    yield messages.render("pack.difference.list", values, language)
    here, theirs = _texts(entry.title_here), _texts(entry.title)
    for name in messages.LANGUAGES:
        if here.get(name) != theirs.get(name):
            yield from (f"    - title.{name}: {text}" for text in (here.get(name),) if text)
            yield from (f"    + title.{name}: {text}" for text in (theirs.get(name),) if text)
    yield from (f"    - {value}" for value in entry.removed)
    yield from (f"    + {value}" for value in entry.added)
    if entry.asked_by:
        asked = messages.render("pack.difference.asked", {}, language)
        yield f"  ! {asked} {', '.join(entry.asked_by)}"


def _texts(title: Wording | None) -> dict[str, str]:
    """Return a title by language; empty where there is none."""
    if title is None:
        return {}
    return {language: title.in_language(language) for language in title.languages()}


def _changed_lines(before: Sequence[str] | None, after: Sequence[str] | None) -> Iterator[str]:
    """Yield lines that went with ``-``, that came with ``+``, and those between, as they stand."""
    import difflib

    for line in difflib.ndiff(list(before or ()), list(after or ())):
        if not line.startswith("?"):
            yield f"    {line}"


def _rule_as_json(rule: RuleDifference, language: str) -> dict[str, object]:
    return {
        "rule": rule.rule_id,
        "change": rule.change.value,
        "version": rule.theirs.version if rule.theirs else None,
        "here": {
            "version": rule.ours.rule.version,
            "status": rule.ours.status.value,
            "issuer": rule.ours.issuer,
        }
        if rule.ours
        else None,
        "fields": [
            {
                "field": field.field,
                "change": field.change.value,
                "base": field.base,
                "theirs": field.theirs,
                "ours": field.ours,
            }
            for field in rule.fields
        ],
        "remarks": [
            {
                "kind": remark.key,
                "sentence": messages.render(
                    f"pack.remark.{remark.key}", remark.values, language
                ),
            }
            for remark in rule.remarks
        ],
    }


def _list_as_json(entry: ListDifference) -> dict[str, object]:
    return {
        "list": entry.name,
        "title": _texts(entry.title) or None,
        "title_here": _texts(entry.title_here) or None,
        "added": entry.added,
        "removed": entry.removed,
        "valid_until": entry.valid_until.isoformat(),
        "valid_until_here": entry.valid_until_here.isoformat(),
        "asked_by": entry.asked_by,
    }


def _json_line(content: object) -> None:
    sys.stdout.write(f"{json.dumps(content, ensure_ascii=False)}\n")


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{visible(line, _LONGEST_LINE)}\n")
