"""The life of a box in words: each chapter in four columns, each sign as a sentence; the terminal and the sheet say the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from riskengine import messages
from riskengine.codes.ports import port_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from riskengine.engine.biography import Chapter, CloneSign

_LONGEST_GOODS: Final = 160
_FINDS: Final = frozenset({"discrepancy", "seizure", "find"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChapterTold:
    """One chapter in the reader's language, as it stands in a table.

    Attributes:
        day: When it happened, or became known.
        what: The ship and its days, the movement or the outcome: a text a line.
        where: The places.
        parties: With whom, and what was in it.
        is_find: Whether something was found.
    """

    day: str
    what: tuple[str, ...]
    where: tuple[str, ...]
    parties: tuple[str, ...]
    is_find: bool


def told_chapter(chapter: Chapter, language: str) -> ChapterTold:
    """Return a chapter in words.

    Args:
        chapter: What is known.
        language: Of the words.
    """
    return ChapterTold(
        day=_day(
            chapter.arrival_expected_on or chapter.departed_on or chapter.on,
            language,
        ),
        what=tuple(_what(chapter, language)),
        where=tuple(_where(chapter)),
        parties=tuple(_with(chapter, language)),
        is_find=chapter.outcome in _FINDS,
    )


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
    name = port_name(place)
    return f"{name} ({place})" if name else place


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
