"""The life of a box in the terminal: signs of a clone first, then one line for each thing known, in the order of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from riskengine import messages
from riskengine.cli.output import lines, page, table, text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from rich.console import Console

    from riskengine.engine.biography import Biography, Chapter, CloneSign

_SHORT: Final = 3
_MOST_NUMBERS: Final = 10
_LONGEST_GOODS: Final = 160
_FINDS: Final = frozenset({"discrepancy", "seizure", "find"})


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


def sign_sentence(sign: CloneSign, language: str) -> str:
    """Return the sentence of a sign, its places and days in it."""
    params: dict[str, object] = dict(sign.params)
    for name in ("before", "now"):
        if messages.has(key := f"box.movement.{params.get(name)}"):
            params[name] = messages.render(key, {}, language)
    for name, (place, on) in (("earlier", sign.earlier), ("later", sign.later)):
        params[name] = ", ".join(
            part for part in (place and port_shown(place), on and _day(on, language)) if part
        )
    return messages.render(f"box.sign.{sign.code}", params, language)


def port_shown(place: str) -> str:
    """Return a port with its name, where it is a port that the table lists.

    >>> port_shown("ECGYE"), port_shown("ECXXX")
    ('Guayaquil (ECGYE)', 'ECXXX')
    """
    from riskengine.codes.ports import port_name

    name = port_name(place)
    return f"{name} ({place})" if name else place


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
        is_find = chapter.outcome in _FINDS
        what = lines(_what(chapter, language))
        if is_find:
            what.stylize("bold red")
        listing.add_row(
            text(_day(_happened(chapter), language)),
            what,
            lines(_where(chapter)),
            lines(_with(chapter, language)),
        )
    console.print(listing)


def _happened(chapter: Chapter) -> date:
    return chapter.arrival_expected_on or chapter.departed_on or chapter.on


def _what(chapter: Chapter, language: str) -> list[str]:
    if chapter.kind == "examination":
        outcome = messages.render(f"box.outcome.{chapter.outcome}", {}, language)
        return [messages.render("box.examined", {"outcome": outcome}, language)]
    ship = " ".join(part for part in (chapter.vessel, chapter.voyage_number) if part)
    if chapter.kind == "movement":
        key = f"box.movement.{chapter.movement}"
        moved = messages.render(key, {}, language) if messages.has(key) else chapter.movement
        return [part for part in (moved, ship) if part]
    days = {"left": chapter.departed_on, "due": chapter.arrival_expected_on}
    key = {
        (True, True): "sailed",
        (True, False): "left",
        (False, True): "due",
    }.get((days["left"] is not None, days["due"] is not None))
    sailed = messages.render(f"box.{key}", days, language) if key else ""
    return [part for part in (ship, sailed) if part]


def _where(chapter: Chapter) -> list[str]:
    if chapter.kind == "voyage":
        return [" > ".join(port_shown(port) for port in chapter.ports)]
    place = port_shown(chapter.place) if chapter.place else ""
    return [part for part in (place, chapter.facility) if part]


def _with(chapter: Chapter, language: str) -> list[str]:
    def words(key: str, **params: object) -> str:
        return messages.render(f"box.{key}", params, language)

    def mass(key: str, value: float | None) -> str:
        return words(key, mass=value) if value is not None else ""

    parties = " > ".join(name for name in (chapter.shipper, chapter.consignee) if name)
    goods = chapter.goods or ""
    shown = f"{goods[:_LONGEST_GOODS]}…" if len(goods) > _LONGEST_GOODS else goods
    fullness: Mapping[bool | None, str] = {True: words("full"), False: words("empty"), None: ""}
    box = (
        chapter.size_type,
        fullness[chapter.is_full],
        mass("tare", chapter.tare_mass_kg),
        mass("goods_mass", chapter.gross_mass_kg),
        mass("box_mass", chapter.box_mass_kg),
        words("seals", seals=", ".join(chapter.seals)) if chapter.seals else "",
    )
    papers = (
        words("bills", bills=", ".join(chapter.bills)) if chapter.bills else "",
        chapter.transport,
    )
    told = (parties, shown, *(" · ".join(p for p in part if p) for part in (box, papers)))
    return [line for line in told if line]


def _day(on: date, language: str) -> str:
    return messages.fill("{day:date}", {"day": on}, language)
