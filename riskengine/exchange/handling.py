"""Who may be given a rule: the Traffic Light Protocol 2.0 as it binds packs.

A rule tells how a unit looks for what is hidden. Its author says who may know it, and a pack is handled
as the most guarded of its rules.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from riskengine.errors import PackError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from riskengine.rules.rule import Rule


class Handling(StrEnum):
    """The labels, from the freest to the most guarded."""

    CLEAR = "TLP:CLEAR"
    GREEN = "TLP:GREEN"
    AMBER = "TLP:AMBER"
    AMBER_STRICT = "TLP:AMBER+STRICT"
    RED = "TLP:RED"

    @property
    def rank(self) -> int:
        """How guarded it is; 0 is free.

        >>> Handling.RED.rank > Handling.AMBER_STRICT.rank > Handling.AMBER.rank
        True
        """
        return list(Handling).index(self)


def most_guarded(rules: Iterable[Rule]) -> Handling:
    """Return the label of a pack of these rules."""
    return max((Handling(rule.handling) for rule in rules), key=lambda label: label.rank)


def must_be_exportable(
    rules: Sequence[Rule], *, within_our_organisation: bool, is_ours: bool = True
) -> Handling:
    """Return the label of a pack of these rules, if they may be given away.

    ``TLP:RED`` is for the eyes of those who were there, so it never leaves. ``TLP:AMBER+STRICT`` stays in the
    organisation of its author, so somebody has to say that the pack does. ``TLP:AMBER`` may go to whom its author
    chooses, and no further: a unit that was given such a rule cannot give it on in its own name.

    Args:
        rules: The rules.
        within_our_organisation: Whether the pack was said to stay in the author's organisation.
        is_ours: Whether this unit, or this unit in the name of the author, gives the pack.

    Raises:
        PackError: A rule may not leave; the sentence names every one.
    """
    red = _named(rules, Handling.RED)
    if red:
        raise PackError(
            f"Rules labelled TLP:RED never leave the people they were told to: {red}.",
            remedy="Leave them out of the pack, or ask their owners for another label.",
        )
    strict = _named(rules, Handling.AMBER_STRICT)
    if strict and not within_our_organisation:
        raise PackError(
            f"Rules labelled TLP:AMBER+STRICT stay in one organisation: {strict}.",
            remedy="Where the pack only goes to units of that organisation, say so with --within-our-organisation.",
        )
    guarded = ", ".join(
        rule.id for rule in rules if Handling(rule.handling).rank >= Handling.AMBER.rank
    )
    if guarded and not is_ours:
        raise PackError(
            f"Rules of another issuer, labelled TLP:AMBER or stricter, are not given on: {guarded}.",
            remedy="Ask their issuer to give his pack to the other unit himself.",
        )
    return most_guarded(rules)


def _named(rules: Iterable[Rule], label: Handling) -> str:
    return ", ".join(rule.id for rule in rules if rule.handling == label)
