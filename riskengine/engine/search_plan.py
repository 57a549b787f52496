"""How it was likely done, and where to look: the leading modus operandi of a container, each with a plan of search."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchStep:
    """One step of a search.

    Attributes:
        order: 1 is first.
        place: Where in or around the box, as an id of a closed list.
        means: With what, as an id of a closed list.
        text: The step in the reader's language.
        minutes: What it usually takes; None where nobody can say.
    """

    order: int
    place: str
    means: str
    text: str
    minutes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadingTypology:
    """One modus operandi that the reasons of a container speak for.

    Attributes:
        id: Of ``domain.Typology``.
        title: Its name in the reader's language.
        log_odds: What speaks for it.
        share: Its part of what speaks for any of them.
        supports: The reasons that speak for it, the strongest first.
        against: Those that speak against it.
        steps: Where to look, in this order.
    """

    id: str
    title: str
    log_odds: float
    share: float
    supports: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    steps: tuple[SearchStep, ...] = ()
