"""How it could have been done, and where to look: the leading modus operandi of a container, each with a plan of search."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from riskengine import messages
from riskengine.domain import Typology
from riskengine.engine.typologies import evidence, is_possible_in, weights_of
from riskengine.features.groups import group_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskengine.domain import Reason

UNKNOWN_BOX: Final = "unknown"
LOOSE: Final = "loose"
_GENERAL: Final = "general"
_MOST_SUPPORTS: Final = 5
_MOST_AGAINST: Final = 3
_AUDIBLE: Final = 0.1
_FLOOR: Final = math.log(2.0)
"""What its reasons must add to the score before a modus operandi is named: they at least double the odds of a find."""
_IMAGE: Final = "whole_box_scanner"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchStage:
    """A part of a search, after which one can stop or go on.

    Attributes:
        id: As ``search_plan.toml`` has it.
        title: In the reader's language.
        disturbs: Whether others are asked, or the box is held or opened.
        may_end: Whether the search may end with it, where everything fits.
    """

    id: str
    title: str
    disturbs: bool
    may_end: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchStep:
    """One step of a search.

    Attributes:
        order: 1 is first.
        place: Where in or around the box, as an id of a closed list.
        means: With what, as an id of a closed list.
        text: The step in the reader's language.
        minutes: What it usually takes; None where nobody can say.
        stage: The part of the search that it belongs to.
    """

    order: int
    place: str
    means: str
    text: str
    minutes: int | None = None
    stage: SearchStage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadingTypology:
    """One modus operandi that the reasons of a container speak for.

    Attributes:
        id: Of ``domain.Typology``.
        title: Its name in the reader's language.
        log_odds: What speaks for it, on the scale of ``engine.typologies``.
        share: Its part of what speaks for any of them, named or not.
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


def leading_typologies(
    typologies: Sequence[Mapping[str, Any]],
    reasons: Sequence[Reason],
    facts: Mapping[str, object],
    language: str,
    *,
    at_most: int = 3,
) -> tuple[LeadingTypology, ...]:
    """Return the modus operandi that speak loudest, each with its reasons and where to look.

    The strongest of many whispers is a whisper: a modus operandi is named only where its reasons, for and against,
    at least double the odds of a find. A line that could not be read names none.

    The steps of all of them are one search: ``order`` counts through them, and what a stronger one asks for already
    is not asked again by the next.

    Args:
        typologies: What the assessment kept: ``id`` and ``log_odds``, the strongest first.
        reasons: The reasons of the container, with what each says in the reader's language.
        facts: Its facts and indicators, by name; what is missing is not known.
        language: The reader's.
        at_most: Only so many.

    Returns:
        None where no reason speaks loud enough for any: see ``general_plan``.

    Raises:
        UsageError: There are no texts in that language.
    """
    if facts.get("is_unreadable") is True:
        return ()
    whole = math.fsum(float(one["log_odds"]) for one in typologies)
    box, is_empty = _box(facts)
    named = [
        (Typology(one["id"]), float(one["log_odds"]))
        for one in typologies
        if is_possible_in(Typology(one["id"]), box, is_empty=is_empty)
        and math.fsum(said.worth for said in _said(Typology(one["id"]), reasons, facts))
        >= _FLOOR
    ][:at_most]
    steps = _merged([typology.value for typology, _ in named], facts, language)
    return tuple(
        LeadingTypology(
            id=typology.value,
            title=messages.render(f"desk.typology.{typology.value}", {}, language),
            log_odds=log_odds,
            share=log_odds / whole,
            supports=_sentences(typology, reasons, facts)[:_MOST_SUPPORTS],
            against=_sentences(typology, reasons, facts, sign=-1)[:_MOST_AGAINST],
            steps=own,
        )
        for (typology, log_odds), own in zip(named, steps, strict=True)
    )


def general_plan(facts: Mapping[str, object], language: str) -> tuple[SearchStep, ...]:
    """Return where to look in a container of which no reason says how it may have been done.

    Raises:
        UsageError: There are no texts in that language.
    """
    return _merged([_GENERAL], facts, language)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """A step as ``search_plan.toml`` has it."""

    id: str
    place: str
    means: str
    rank: tuple[int, int]
    minutes: int | None
    only_in: frozenset[str]
    not_in: frozenset[str]
    is_loaded: bool | None
    is_on_image: bool
    leads_if_empty: bool

    def fits(self, box: str, *, is_empty: bool, leads: bool) -> bool:
        """Tell whether such a box has such a place, and whether the search for what may not lead is worth it."""
        if self.leads_if_empty and is_empty and not leads:
            return False
        if self.only_in and box not in self.only_in:
            return False
        if self.is_loaded is not None and self.is_loaded is is_empty:
            return False
        return box not in self.not_in


@cache
def _tables() -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads((files("riskengine.engine") / "search_plan.toml").read_text("utf-8"))


@cache
def _table() -> tuple[Mapping[str, _Step], Mapping[str, tuple[str, ...]]]:
    tables = _tables()
    steps = {
        name: _Step(
            id=name,
            place=step["place"],
            means=step["means"],
            rank=(step["stage"], place),
            minutes=step.get("minutes"),
            only_in=frozenset(step.get("only_in", ())),
            not_in=frozenset(step.get("not_in", ())),
            is_loaded=step.get("is_loaded"),
            is_on_image=step.get("is_on_image", False),
            leads_if_empty=step.get("leads_if_empty", False),
        )
        for place, (name, step) in enumerate(tables["step"].items())
    }
    return steps, {name: tuple(names) for name, names in tables["plan"].items()}


def _box(facts: Mapping[str, object]) -> tuple[str, bool]:
    """Return the family of the box, and whether it is declared empty; what is not known counts as loaded."""
    if facts.get("is_loose_cargo") is True:
        return LOOSE, False
    family = facts.get("container_family")
    return (family if isinstance(family, str) else UNKNOWN_BOX), facts.get("is_full") is False


def _merged(
    plans: Sequence[str], facts: Mapping[str, object], language: str
) -> tuple[tuple[SearchStep, ...], ...]:
    """Return the steps of each plan that fit the box: none twice, numbered as one search."""
    known, of_plan = _table()
    box, is_empty = _box(facts)
    taken: set[str] = set()
    chosen: list[list[_Step]] = []
    for place, plan in enumerate(plans):
        fitting = [
            known[name]
            for name in of_plan[plan]
            if name not in taken and known[name].fits(box, is_empty=is_empty, leads=place == 0)
        ]
        taken.update(step.id for step in fitting)
        chosen.append(sorted(fitting, key=lambda step: step.rank))
    in_order = sorted((known[name] for name in taken), key=lambda step: step.rank)
    # The box is scanned once, whatever is looked for on the image.
    sought = [step for step in in_order if step.is_on_image]
    told = [step for step in in_order if not step.is_on_image]
    order = {step.id: number for number, step in enumerate(told, 1)}
    return tuple(
        tuple(
            _told(step, order[step.id], sought if step.id == _IMAGE else (), language)
            for step in steps
            if step.id in order
        )
        for steps in chosen
    )


def _told(step: _Step, order: int, sought: Sequence[_Step], language: str) -> SearchStep:
    """Return a step in words; the scan with what is looked for on its image."""
    text = messages.render(f"search.step.{step.id}", {}, language)
    minutes = step.minutes
    if sought:
        signs = "; ".join(
            messages.render(f"search.image.{one.id}", {}, language) for one in sought
        )
        text = messages.render("search.on_image", {"signs": signs}, language)
        minutes = sum(one.minutes or 0 for one in (step, *sought))
    return SearchStep(
        order=order,
        place=step.place,
        means=step.means,
        text=text,
        minutes=minutes,
        stage=_stage(step.rank[0], language),
    )


def _stage(number: int, language: str) -> SearchStage:
    """Return the part of the search to which a stage of this number belongs: the last that begins by then."""
    begun = {name: own for name, own in _tables()["stage"].items() if own["from"] <= number}
    name = max(begun, key=lambda one: begun[one]["from"])
    return SearchStage(
        id=name,
        title=messages.render(f"search.stage.{name}", {}, language),
        disturbs=begun[name]["disturbs"],
        may_end=begun[name]["may_end"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What one group of reasons says for or against a modus operandi.

    Attributes:
        worth: The log-odds that it added to the score; half where the method is not the main one.
        weight: How much it tells of this method: see ``typologies.evidence``.
        source: The reason that speaks for the group.
        sentence: What it says.
    """

    worth: float
    weight: float
    source: str
    sentence: str


def _said(
    typology: Typology, reasons: Sequence[Reason], facts: Mapping[str, object]
) -> list[_Said]:
    """Return what each group of reasons says of a modus operandi, netted; each rule is a group of its own.

    Correlated indicators share what they say as it falls: the same fact would else stand for and against.
    What is not known proves nothing.
    """
    gathered: dict[tuple[str, str], list[tuple[float, Reason]]] = {}
    for reason in reasons:
        if typology not in reason.typologies:
            continue
        # As where they were added up: a sign that is not there speaks for nothing.
        is_absent = reason.log_odds > 0 and facts.get(reason.source) is False
        if reason.kind == "feature" and (is_absent or not reason.is_told):
            continue
        group = reason.source if reason.kind == "rule" else group_of(reason.source)
        worth = reason.log_odds * weights_of(reason.typologies)[typology]
        gathered.setdefault((reason.kind, group), []).append((worth, reason))
    said: list[_Said] = []
    for parts in gathered.values():
        worth = math.fsum(one for one, _ in parts)
        along = [(-abs(one), reason.source, reason) for one, reason in parts if one * worth > 0]
        if not along:
            continue
        speaking = min(along, key=lambda one: one[:2])[2]
        weights = weights_of(speaking.typologies)
        told = evidence(worth / weights[typology], weights)
        said.append(
            _Said(
                worth=worth,
                weight=abs(told[typology]),
                source=speaking.source,
                sentence=speaking.sentence,
            )
        )
    return said


def _sentences(
    typology: Typology, reasons: Sequence[Reason], facts: Mapping[str, object], *, sign: int = 1
) -> tuple[str, ...]:
    """Return what the reasons for a modus operandi say, or those against it, the strongest first.

    Whispers are left out: what says less than a tenth of the loudest.
    """
    own = sorted(
        (said for said in _said(typology, reasons, facts) if said.worth * sign > 0),
        key=lambda said: (-said.weight, said.source),
    )
    return tuple(
        dict.fromkeys(said.sentence for said in own if said.weight >= _AUDIBLE * own[0].weight)
    )
