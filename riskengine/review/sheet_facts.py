"""What stands on the printed sheet as fact: what was declared, reported or seen, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from riskengine import messages
from riskengine.charts.world_map import Stop, route_map
from riskengine.engine.life_told import sign_sentence, told_chapter
from riskengine.review.print_text import printable
from riskengine.review.sheet_part import LONGEST_LABEL, POINTS, Block, SheetPart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskengine.engine.biography import Chapter, CloneSign

_LONGEST_FACT: Final = 120
_FACTS: Final = 14
_CHAPTERS: Final = 5
_STOPS: Final = 12
_MAP_WIDTH, _MAP_HEIGHT = 420.0, 96.0


class SheetFacts(SheetPart):
    """The blocks of the facts, in the order of reading."""

    def declared(self) -> list[Block]:
        """Return what was declared, with the route, and what could not be read of it."""
        told = self._told
        rows = [
            [printable(label, LONGEST_LABEL), self._said(value, _LONGEST_FACT)]
            for label, value in told.facts[:_FACTS]
        ]
        blocks: list[Block] = [
            {
                "kind": "facts",
                "heading": self.words("section.declared"),
                "rows": rows,
                "left_out": self._left_out(len(told.facts) - len(rows)),
                **self._route(),
            }
        ]
        # A defect that many lines have is told once.
        defects = [*dict.fromkeys(f"{place}  {text}" for place, text in told.defects)]
        return blocks + self._points("defects", defects)

    def life(self, chapters: Sequence[Chapter], signs: Sequence[CloneSign]) -> list[Block]:
        """Return what is known of the box from before; nothing where nothing is."""
        if not chapters and not signs:
            return []
        told = [told_chapter(chapter, self._language) for chapter in chapters[-_CHAPTERS:]]
        sentences = [sign_sentence(sign, self._language) for sign in signs]
        columns = ("on", "what", "where", "with")
        return [
            {
                "kind": "table",
                "heading": self.words("section.life"),
                "points": [self._said(sentence) for sentence in sentences[:POINTS]],
                "columns": [
                    messages.render(f"box.column.{name}", {}, self._language)
                    for name in columns
                ],
                "rows": [
                    {
                        "cells": [
                            chapter.day,
                            *(
                                self._said(" · ".join(part), _LONGEST_FACT)
                                for part in (chapter.what, chapter.where, chapter.parties)
                            ),
                        ],
                        "is_strong": chapter.is_find,
                    }
                    for chapter in told
                ],
                "left_out": self._left_out(
                    len(chapters) - len(told) + max(len(sentences) - POINTS, 0)
                ),
            }
        ]

    def papers(self) -> list[Block]:
        """Return what versions changed, and where other papers say otherwise."""
        return [
            *self._points("changes", self._told.changes),
            *self._points("differences", self._told.differences),
        ]

    def _route(self) -> Block:
        stops = [
            Stop(
                label=printable(stop.name if stop.name == stop.code else f"{stop.name} ({stop.code})", LONGEST_LABEL),
                latitude=stop.latitude,
                longitude=stop.longitude,
                role=stop.role,
                role_label=self.words(f"role.{stop.role}"),
            )
            for stop in self._told.route
        ]  # fmt: skip
        if not any(stop.latitude is not None for stop in stops):
            # The declared route stands among the facts; a map without a place says nothing.
            return {}
        listed = ", ".join(f"{stop.role_label} {stop.label}" for stop in stops[:_STOPS])
        description = self.words("map.description", stops=listed)

        def more(count: int) -> str:
            return self.words("map.more", count=count)

        return {
            "picture": route_map(
                self.words("map.title"),
                stops=stops,
                description=description,
                unplaced_label=self.words("map.unplaced"),
                more=more,
                width=_MAP_WIDTH,
                height=_MAP_HEIGHT,
            ),
            "heard": description,
            "under": self.words("map.lines"),
        }
