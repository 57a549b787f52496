"""The half of an explanation that is acted on: how it could have been done, where to look, what would clear it, what to ask."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from riskengine import messages
from riskengine.cli.output import text
from riskengine.domain import Lane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from riskengine.engine.explanation import Explanation
    from riskengine.engine.search_plan import LeadingTypology, SearchStage, SearchStep
    from riskengine.engine.what_if import Change

_SENTENCES: Final = 3
_OPENED: Final = frozenset({Lane.RED, Lane.YELLOW})


def show_plan(
    console: Console, explanation: Explanation, language: str, *, show_all: bool = False
) -> None:
    """Print the leading modus operandi, each with what speaks for it, and one plan of search, part by part.

    Args:
        console: Where to.
        explanation: What is explained.
        language: Of the texts.
        show_all: Whether a container that is to leave has the steps that hold and open it as well.
    """
    if not explanation.leading and not explanation.general_plan:
        return
    section(console, messages.render("explain.likely", {}, language))
    for leading in explanation.leading:
        _show_leading(console, leading, language)
    lead = "steps" if explanation.leading else "general"
    console.print(text(messages.render(f"explain.{lead}", {}, language), "bold"))
    # One search, whatever it looks for: what costs least and disturbs least comes first, of every way alike.
    steps = [step for leading in explanation.leading for step in leading.steps]
    steps = sorted(steps or explanation.general_plan, key=lambda step: step.order)
    is_opened = bool(explanation.leading) and explanation.lane in _OPENED
    if show_all or is_opened:
        shown = steps
    else:
        shown = [step for step in steps if step.stage is None or not step.stage.disturbs]
    _show_steps(console, shown, language)
    if len(shown) < len(steps):
        rest = messages.render("explain.rest", {"count": len(steps) - len(shown)}, language)
        console.print(text(rest, "dim"))


def show_what_if(console: Console, explanation: Explanation, language: str) -> None:
    """Print what the engine says of other facts: what would clear it or flag it, and what to ask."""
    told = explanation.what_if
    if told is None:
        return
    if told.clears or told.note:
        section(console, messages.render("explain.clears", {}, language))
        if told.note:
            console.print(text(told.note))
        for number, changes in enumerate(told.clears, start=1):
            mark = messages.render("explain.set", {"number": number}, language)
            _show_changes(console, changes, language, mark)
    if told.flags or told.distance:
        section(console, messages.render("explain.flags", {}, language))
        if told.distance:
            console.print(text(told.distance))
        for change in told.flags:
            _show_changes(console, (change,), language, "-")
    asked = messages.render("explain.questions", {}, language)
    show_lines(console, asked, [question.sentence for question in told.questions])


def section(console: Console, title: str) -> None:
    """Print the heading of a part."""
    console.print()
    console.print(text(title, "bold underline"))


def show_lines(console: Console, title: str, lines: Sequence[str]) -> None:
    """Print a part that is a list; nothing where it is empty."""
    if lines:
        section(console, title)
        for line in lines:
            console.print(text(f"- {line}"))


def _show_leading(console: Console, leading: LeadingTypology, language: str) -> None:
    params = {"title": leading.title, "share": leading.share}
    console.print(text(messages.render("explain.share", params, language), "bold"))
    for key, sentences in (("supported", leading.supports), ("opposed", leading.against)):
        for sentence in sentences[:_SENTENCES]:
            said = messages.render(f"explain.{key}", {"sentence": sentence}, language)
            console.print(text(f"  {said}", "dim"))


def _show_steps(console: Console, steps: Sequence[SearchStep], language: str) -> None:
    """Print the steps of a search under its parts, with what each part takes and where one can stop."""
    parts = [(stage, [*own]) for stage, own in groupby(steps, key=lambda step: step.stage)]
    number = 0
    for place, (stage, own) in enumerate(parts):
        if stage is not None:
            _show_stage(console, stage, own, language)
        for step in own:
            number += 1
            line = text(f"{number:>3}. {step.text}")
            if step.minutes is not None:
                took = messages.render("explain.minutes", {"minutes": step.minutes}, language)
                line.append_text(text(f"  {took}", "dim"))
            console.print(line)
        if stage is not None and stage.may_end and place + 1 < len(parts):
            console.print(text(f"  {messages.render('explain.stop', {}, language)}", "italic"))


def _show_stage(
    console: Console, stage: SearchStage, steps: Sequence[SearchStep], language: str
) -> None:
    """Print the heading of a part of a search; the minutes of a step that nobody can say are not in the sum."""
    minutes = sum(step.minutes for step in steps if step.minutes is not None)
    params = {"title": stage.title, "minutes": minutes}
    title = messages.render("explain.stage", params, language) if minutes else stage.title
    console.print(text(title, "bold"))


def _show_changes(
    console: Console, changes: Sequence[Change], language: str, mark: str
) -> None:
    for place, change in enumerate(changes):
        console.print(text(f"{mark if place == 0 else ' ' * len(mark)} {change.sentence}"))
        how = messages.render("explain.how", {"how": change.how}, language)
        console.print(text(f"{' ' * len(mark)} {how}", "dim"))
