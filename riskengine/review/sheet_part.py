"""The texts that every part of the printed sheet is made with: in the reader's language, bounded, printable, and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from riskengine import messages
from riskengine.review.print_text import breakable, printable, squeezed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from riskengine.engine.explanation import Explanation

Block = dict[str, object]
"""One block: its ``kind``, and what the template of the type setter asks of that kind."""

LONGEST_LABEL: Final = 60
POINTS: Final = 6
LONGEST_SENTENCE: Final = 280
"""The sentences of the engine are shorter: what is longer is filled by a manifest."""
_SQUEEZED: Final = 140


class SheetPart:
    """A part of one container's sheet, in one language. What is not printed is counted, never dropped in silence."""

    def __init__(self, explanation: Explanation, language: str) -> None:
        self._told = explanation
        self._language = language
        self._name = printable(explanation.name, LONGEST_LABEL)

    def words(self, key: str, **params: object) -> str:
        """Return a text of the sheet."""
        return messages.render(f"sheet.{key}", params, self._language)

    def _points(
        self,
        section: str,
        lines: Iterable[str],
        *,
        at_most: int = POINTS,
        longest: int = LONGEST_SENTENCE,
        is_ticked: bool = False,
    ) -> list[Block]:
        # What may be longer is put together from sentences that were cut already.
        is_long = longest > LONGEST_SENTENCE
        every = [line if is_long else self._sentence(line) for line in lines]
        if not every:
            return []
        return [
            {
                "kind": "points",
                "heading": self.words(f"section.{section}"),
                "points": [self._said(line, longest) for line in every[:at_most]],
                "left_out": self._left_out(len(every) - at_most),
                "is_ticked": is_ticked,
            }
        ]

    def _left_out(self, count: int) -> str:
        if count <= 0:
            return ""
        return self.words(
            "not_printed", count=count, container=self._name, run=self._told.run_id
        )

    def _said(self, text: str, longest: int = LONGEST_SENTENCE) -> str:
        return breakable(printable(text, longest))

    def _sentence(self, text: str, longest: int = LONGEST_SENTENCE) -> str:
        """Return a sentence of the engine; where a manifest's text fills it, that is cut and its end stays."""
        return text if len(text) <= longest else squeezed(text, _SQUEEZED)
