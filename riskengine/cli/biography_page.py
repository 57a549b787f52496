"""The life of a box in the terminal: signs of a clone first, then one line for each thing known, in the order of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from riskengine import messages
from riskengine.cli.output import lines, page, table, text
from riskengine.engine.life_told import sign_sentence, told_chapter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from riskengine.engine.biography import Biography, Chapter, CloneSign

_SHORT: Final = 3
_MOST_NUMBERS: Final = 10


def show_biography(told: Biography, language: str) -> None:
    """Print a life to stdout; where nothing is known, the sentence that says so."""

    def words(key: str, **params: object) -> str:
        return messages.render(f"box.{key}", params, language)

    console = page()
    if not told.chapters:
        for line in _nothing(told, language):
            console.print(text(line))
        _show_signs(console, told.signs, language)
        return
    console.print(text(words("title", container=told.name), "bold"))
    if told.before:
        console.print(text(words("before", day=told.before), "dim"))
    counts = words(
        "counts",
        voyages=told.voyage_count,
        examinations=told.examination_count,
        finds=told.find_count,
    )
    console.print(text(counts))
    if told.signs:
        _show_signs(console, told.signs, language)
    else:
        console.print(text(words("no_signs_bill" if _is_bill(told) else "no_signs")))
    console.print()
    console.print(text(words("chapters"), "bold underline"))
    if told.voyages_left_out > 0:
        console.print(text(words("left_out", count=told.voyages_left_out), "dim"))
    _show_chapters(console, told.chapters, language)
    console.print()
    console.print(text(messages.render("desk.explain.advice", {}, language), "dim"))


def show_short(
    console: Console,
    name: str,
    chapters: Sequence[Chapter],
    language: str,
    signs: Sequence[CloneSign] = (),
) -> None:
    """Print what is known of a box beside an explanation: signs, its last chapters, and where the others are.

    Args:
        console: Where the explanation is printed.
        name: The container's number.
        chapters: What the run kept of it, in time order.
        language: Of the words.
        signs: Those that the run shows.
    """
    console.print()
    console.print(text(messages.render("box.short", {}, language), "bold underline"))
    for sign in signs:
        console.print(text(f"- {sign_sentence(sign, language)}", "bold red"))
    if not chapters:
        console.print(text(messages.render("box.short_none", {}, language)))
        return
    _show_chapters(console, chapters[-_SHORT:], language)
    more = messages.render("box.short_more", {"container": name}, language)
    console.print(text(more, "dim"))


def _nothing(told: Biography, language: str) -> list[str]:
    from riskengine.codes.containers import is_container_number

    params = {"container": told.name, "day": told.before}
    key = "box.unknown_before" if told.before else "box.unknown"
    if told.boxes_on_bill:
        named = {"bill": told.name, "numbers": _few(told.boxes_on_bill)}
        return [messages.render("box.bill", named, language)]
    found = [messages.render(key, params, language)]
    if told.known_near:
        near = {"numbers": _few(told.known_near)}
        found.append(messages.render("box.near", near, language))
    elif not told.signs and not is_container_number(told.name):
        found.append(messages.render("box.looks_like", {}, language))
    return found


def _is_bill(told: Biography) -> bool:
    """Tell whether the life is that of loose cargo, which is named by its bills."""
    return any(told.name == "+".join(chapter.bills) for chapter in told.chapters)


def _few(numbers: Sequence[str]) -> str:
    shown = ", ".join(numbers[:_MOST_NUMBERS])
    return f"{shown} …" if len(numbers) > _MOST_NUMBERS else shown


def _show_signs(console: Console, signs: Sequence[CloneSign], language: str) -> None:
    if not signs:
        return
    console.print()
    console.print(text(messages.render("box.signs", {}, language), "bold underline"))
    for sign in signs:
        console.print(text(f"- {sign_sentence(sign, language)}", "bold red"))


def _show_chapters(console: Console, chapters: Sequence[Chapter], language: str) -> None:
    columns = ("on", "what", "where", "with")
    listing = table(*(messages.render(f"box.column.{name}", {}, language) for name in columns))
    for chapter in chapters:
        told = told_chapter(chapter, language)
        what = lines([*told.what])
        if told.is_find:
            what.stylize("bold red")
        listing.add_row(text(told.day), what, lines([*told.where]), lines([*told.parties]))
    console.print(listing)
