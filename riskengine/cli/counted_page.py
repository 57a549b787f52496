"""The containers behind a number of a rule, in the terminal: which they are, where they stand, what was taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine import messages
from riskengine.cli.output import table, text
from riskengine.engine.counted import CountedRemark
from riskengine.engine.counted_rows import SeenAs
from riskengine.rules.sentences import shown_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from riskengine.engine.counted import CountedMeasure
    from riskengine.engine.counted_rows import CountedContainer

_MOST_BESIDE = 3


def show_counted(console: Console, counted: Sequence[CountedMeasure], language: str) -> None:
    """Print, of each number over several containers, those that counted, and what must be known beside it."""
    for one in counted:
        value = shown_value(one.value, language) or _say("none", language)
        title = _say("title", language, label=one.label, value=value)
        console.print(text(title, "bold underline"))
        if one.containers:
            _show_containers(console, one, language)
        elif one.remark not in {CountedRemark.PLAN_NOT_KEPT, CountedRemark.NO_PLAN}:
            console.print(text(_say("nobody", language)))
        if one.rest:
            console.print(text(_say("rest", language, count=one.rest)))
        if one.remark is not CountedRemark.NONE:
            today = shown_value(one.today, language) or _say("none", language)
            said = _say(f"remark.{one.remark.value}", language, value=value, today=today)
            console.print(text(said, "yellow"))
        console.print()


def named_beside(counted: Sequence[CountedMeasure], language: str) -> str:
    """Return the containers that counted beside the one asked about, in one line; empty where there are none."""
    beside: dict[str, str] = {}
    for measure in counted:
        for one in measure.containers:
            if one.seen_as not in {SeenAs.ITSELF, SeenAs.STOW_PLAN}:
                named = _beside(one, language)
                beside.setdefault(named, named)
    if not beside:
        return ""
    names = ", ".join([*beside][:_MOST_BESIDE])
    # Measures of one rule count the same containers over: how many others there are, nobody can add up.
    is_whole = len(beside) <= _MOST_BESIDE and not any(measure.rest for measure in counted)
    return _say("with" if is_whole else "with_more", language, names=names)


def _show_containers(console: Console, counted: CountedMeasure, language: str) -> None:
    heads = [_say(key, language) for key in ("container", "bills", "day", "voyage", "seen")]
    listing = table(*heads, counted.value_label)
    for one in counted.containers:
        listing.add_row(
            text(one.container_number or "-"),
            text(", ".join(one.bills)),
            text(_day(one, language)),
            text(" ".join(part for part in (one.vessel, one.voyage) if part)),
            text(_say(f"seen_as.{one.seen_as.value}", language)),
            text(_taken(counted, one, language)),
        )
    console.print(listing)


def _taken(counted: CountedMeasure, one: CountedContainer, language: str) -> str:
    if not counted.value_label:
        return ""
    return shown_value(one.value, language) or messages.render(
        "answer.table.missing", {}, language
    )


def _beside(one: CountedContainer, language: str) -> str:
    name = one.container_number or "+".join(one.bills) or "-"
    known = [part for part in (_day(one, language), one.vessel) if part]
    return f"{name} ({', '.join(known)})" if known else name


def _day(one: CountedContainer, language: str) -> str:
    return messages.fill("{on:date}", {"on": one.on}, language) if one.on else ""


def _say(key: str, language: str, **params: object) -> str:
    return messages.render(f"answer.counted.{key}", params, language)
