"""The reasons of an explanation in the terminal: bars with their sign, for, against, and what only a missing value moves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from riskengine import messages
from riskengine.cli.explanation_plan import section
from riskengine.cli.output import lines, table, text
from riskengine.engine.strength import grades_in_words, is_strong_together, strength_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.text import Text

    from riskengine.engine.explanation import Explanation
    from riskengine.engine.reasons import ReasonGroup

_BAR_WIDTH = 12
_SHOWN = 8
_LEAST_SHOWN: Final = 0.05
"""What moves the odds by less than a twentieth is told on request only; until then it is counted."""
_WITH_PRECEDENTS = 4
_PRECEDENTS = 3


def show_reasons(
    console: Console, explanation: Explanation, language: str, *, show_all: bool
) -> None:
    """Print what speaks for and against, what is missing and moved it, the sum, and how the words are graded."""
    groups = explanation.groups
    if not groups:
        console.print(text(messages.render("desk.explain.no_reasons", {}, language)))
    largest = max((abs(group.log_odds) for group in groups), default=0.0)
    speaking = [group for group in groups if group.is_told]
    parts = {
        "for": [group for group in speaking if group.log_odds > 0],
        "against": [group for group in speaking if group.log_odds <= 0],
        "missing_moved": [group for group in groups if not group.is_told],
    }
    for key, side in parts.items():
        if not side or not (show_all or _is_heard(side)):
            continue
        section(console, messages.render(f"desk.explain.{key}", {}, language))
        if key == "missing_moved":
            means = messages.render("desk.explain.missing_means", {}, language)
            console.print(text(means, "dim"))
        # What stands behind a reason against moves nobody to open it.
        with_past = key == "for" or show_all
        _show_side(console, side, largest, language, show_all=show_all, with_past=with_past)
        if key == "for" and is_strong_together([group.log_odds for group in side]):
            console.print(
                text(
                    messages.render(
                        "evidence.strength.only_together", {"count": len(side)}, language
                    )
                )
            )
    console.print()
    params = {
        "base": round(explanation.base, 2),
        "model": round(explanation.model, 2),
        "rules": round(explanation.rules, 2),
        "total": round(explanation.total, 2),
    }
    console.print(text(messages.render("desk.explain.sum", params, language), "dim"))
    if groups:
        console.print(text(grades_in_words(language), "dim"))


def signed(log_odds: float, language: str) -> str:
    """Return log-odds with their sign, to two decimals; what rounds to nought has none.

    >>> signed(0.5, "en"), signed(-1.234, "fr"), signed(-0.004, "en")
    ('+0.5', '-1,23', '0')
    """
    rounded = round(log_odds, 2)
    shown = messages.fill("{value:number}", {"value": abs(rounded)}, language)
    return f"{'+' if rounded > 0 else '-' if rounded < 0 else ''}{shown}"


def _show_side(
    console: Console,
    side: Sequence[ReasonGroup],
    largest: float,
    language: str,
    *,
    show_all: bool,
    with_past: bool,
) -> None:
    """Print the strongest of what speaks one way, and how many weaker ones there are with what they add up to."""
    audible = [group for group in side if abs(group.log_odds) >= _LEAST_SHOWN]
    shown = side if show_all else audible[:_SHOWN]
    rows = table("", "", "", right=(1,))
    rows.show_header = False
    for place, group in enumerate(shown):
        beneath = _PRECEDENTS if with_past and place < _WITH_PRECEDENTS else 0
        rows.add_row(
            text(_bar(group.log_odds, largest)),
            text(signed(group.log_odds, language)),
            _told(group, language, show_all=show_all, beneath=beneath),
        )
    if shown:
        console.print(rows)
    weaker = side[len(shown) :]
    if weaker:
        together = round(math.fsum(group.log_odds for group in weaker), 2)
        key = "and_more" if shown else "only_weak"
        params = {"count": len(weaker), "log_odds": together}
        console.print(text(messages.render(f"desk.explain.{key}", params, language), "dim"))


def _is_heard(side: Sequence[ReasonGroup]) -> bool:
    """Tell whether what speaks one way is more than a nought: that is shown on request only."""
    together = math.fsum(group.log_odds for group in side)
    loudest = max(abs(group.log_odds) for group in side)
    return loudest >= _LEAST_SHOWN or round(together, 2) != 0


def _told(group: ReasonGroup, language: str, *, show_all: bool, beneath: int) -> Text:
    """Return what a group says; beneath it what is usual, what of the past it counts, and its parts on request."""
    speaking = group.speaking
    strength = strength_word(group.strength, language)
    if group.is_usual:
        strength = messages.render("evidence.usual.by_itself", {"strength": strength}, language)
    params = {
        "sentence": group.sentence,
        "strength": strength,
        "label": group.label,
        "count": len(group.parts),
    }
    how = "alone" if len(group.parts) == 1 else "together"
    told = [messages.render(f"explain.{how}", params, language)]
    behind = speaking.precedents if show_all else speaking.precedents[:beneath]
    told += [f"  {line}" for line in (_mostly_missing(group, language), speaking.usual) if line]
    told += [f"  {line}" for line in behind]
    if show_all and len(group.parts) > 1:
        told += [
            f"  {signed(part.log_odds, language):>6}  {part.sentence}" for part in group.parts
        ]
    return lines(told)


def _mostly_missing(group: ReasonGroup, language: str) -> str:
    """Say so where most of what a group adds comes from values that are missing, whatever its sentence speaks of."""
    missing = [part for part in group.parts if not part.is_told]
    share = math.fsum(part.log_odds for part in missing)
    if (
        not group.is_told
        or share * group.log_odds <= 0
        or 2 * abs(share) <= abs(group.log_odds)
    ):
        return ""
    same_way = (part for part in missing if part.log_odds * group.log_odds > 0)
    params = {"sentence": next(same_way).sentence}
    return messages.render("desk.explain.mostly_missing", params, language)


def _bar(log_odds: float, largest: float) -> str:
    """Draw a share: full blocks push towards examination, shaded ones away from it."""
    length = max(1, round(_BAR_WIDTH * abs(log_odds) / largest)) if largest else 1
    return ("█" if log_odds > 0 else "░") * length
