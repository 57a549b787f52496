"""What would clear a container, what would flag it, and which unknown fact would matter most: asked of the engine itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from riskengine import messages
from riskengine.domain import Basis, Lane
from riskengine.engine.restored import restored
from riskengine.engine.what_if_bench import bench_of, judged
from riskengine.engine.what_if_box import BOX
from riskengine.engine.what_if_cargo import CARGO
from riskengine.engine.what_if_facts import Situation, edits_of
from riskengine.engine.what_if_papers import PAPERS
from riskengine.engine.what_if_search import (
    MOST_EDITS,
    flagging,
    is_cleared,
    severity,
    smallest_sets,
)
from riskengine.engine.what_if_told import (
    becomes,
    clause,
    distance,
    field_label,
    sentence,
    shown,
)
from riskengine.errors import RunNotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskengine.engine.restored import Restored
    from riskengine.engine.run import Run
    from riskengine.engine.what_if_bench import Bench, Standing
    from riskengine.engine.what_if_facts import Provable
    from riskengine.workspace import Workspace

PROVABLE: Final = (*CARGO, *PAPERS, *BOX)
"""Every fact that an officer can verify."""
QUESTIONS_SHOWN: Final = 5
AS_BEFORE: Final = 1e-9
"""The unchanged container must have the run's own log-odds to this."""
_NOTHING: Final = 1e-9
_BY_ID: Final = {fact.id: fact for fact in PROVABLE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One fact that stands otherwise.

    Attributes:
        field: The fact.
        label: Its name in the reader's language.
        was: What was declared or found.
        becomes: What it would have to be.
        sentence: The change, as a sentence.
        lane: Where the container would stand with all the changes of its set.
        rank: At which rank.
        log_odds: With which log-odds.
        how: How an officer verifies the fact.
    """

    field: str
    label: str
    was: str
    becomes: str
    sentence: str
    lane: str
    rank: int
    log_odds: float
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """An unknown fact that would matter.

    Attributes:
        field: The fact.
        label: Its name in the reader's language.
        sentence: What to ask.
        swing: The log-odds between the answers that speak most for and most against the container.
    """

    field: str
    label: str
    sentence: str
    swing: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """What other facts would have done.

    Attributes:
        clears: The smallest sets of changes that take the container out of its lane, the smallest first.
        flags: Of a green container: the single facts that would flag it.
        questions: The unknown facts that would matter most, the weightiest first.
        note: Why it could not be told; empty where it could.
        distance: Of a green or blue container: how far it is from the next lane.
    """

    clears: tuple[tuple[Change, ...], ...] = ()
    flags: tuple[Change, ...] = ()
    questions: tuple[Question, ...] = ()
    note: str = ""
    distance: str = ""


def what_if(
    workspace: Workspace, run: Run, container_id: int, *, language: str = "en"
) -> WhatIf:
    """Return what would clear a container or flag it, and what to ask: as the engine itself would judge it.

    What a manifest says of it is changed, and the changed rows go the way of every manifest: facts, past, rules,
    models, lane. First the unchanged container is judged so; where that is not what the run says, nothing is told.

    Args:
        workspace: The unit's folder.
        run: A recorded run.
        container_id: Its key in the run.
        language: en, fr, es or pt.

    Raises:
        UsageError: There are no texts in that language.
        RunNotFound: The run has no container of this key.
        LedgerError: The ledger refused.
    """
    if container_id not in run.assessments["container_id"]:
        raise RunNotFound(f"The run has not assessed a container {container_id}.")
    try:
        past = restored(workspace, run)
    except RunNotFound:
        return _silent("not_recorded", language)
    bench = bench_of(
        workspace,
        run,
        past.reading.manifest,
        past.known,
        container_id,
        assessed_on=past.assessed_on,
    )
    if bench.row["is_unreadable"]:
        return _silent("unreadable", language)
    every = edits_of(Situation(bench=bench), PROVABLE)
    edits, untried = every[:MOST_EDITS], len(every) - MOST_EDITS
    now, *singles = judged(bench, [(), *((edit,) for edit in edits)])
    if abs(now.log_odds - bench.row["log_odds"]) > AS_BEFORE or now.lane != bench.row["lane"]:
        return _lost(past, language)
    asked = _questions(now, singles, language)
    if severity(now) <= Lane.BLUE.severity:
        flags = flagging(now, singles)
        return WhatIf(
            clears=_clears(bench, now, singles, language),
            flags=tuple(_changes(bench, one, language)[0] for one in flags),
            questions=asked,
            note=_untried(untried, language),
            distance=distance(run, bench.row, past.known.policy, language),
        )
    if bench.row["basis"] in {Basis.RANDOM.value, Basis.DEFECT.value}:
        # Neither a draw nor a line that could not be read goes away with another fact.
        note = messages.render(f"what_if.note.{bench.row['basis']}", {}, language)
        return WhatIf(questions=asked, note=note)
    clears = _clears(bench, now, singles, language)
    notes = (_of_sets(clears, language), _untried(untried, language))
    return WhatIf(clears=clears, questions=asked, note=" ".join(filter(None, notes)))


def _untried(count: int, language: str) -> str:
    """Say how many changes were not tried, where a container has more than can be."""
    return (
        messages.render("what_if.note.untried", {"count": count}, language) if count > 0 else ""
    )


def _of_sets(clears: Sequence[Sequence[Change]], language: str) -> str:
    """Say it where no set was found, or where those found only lower the lane."""
    if not clears:
        return messages.render("what_if.note.nothing_clears", {}, language)
    if all(Lane(changes[0].lane).severity > Lane.BLUE.severity for changes in clears):
        return messages.render("what_if.note.only_lower", {}, language)
    return ""


def _silent(why: str, language: str) -> WhatIf:
    return WhatIf(note=messages.render(f"what_if.note.{why}", {}, language))


def _lost(past: Restored, language: str) -> WhatIf:
    """Say that the past is not what it was, and name what of it is lost."""
    if not past.differences:
        return _silent("other_result", language)
    lost = " ".join(messages.render(key, {}, language) for key in past.differences)
    return WhatIf(note=messages.render("what_if.note.lost", {"lost": lost}, language))


def _clears(
    bench: Bench, now: Standing, singles: Sequence[Standing], language: str
) -> tuple[tuple[Change, ...], ...]:
    if severity(now) <= Lane.GREEN.severity:
        return ()
    honest = [one for one in singles if one.edits[0].is_innocent]
    found = smallest_sets(now, honest, lambda sets: judged(bench, sets))
    return tuple(_changes(bench, one, language) for one in found)


def _changes(bench: Bench, standing: Standing, language: str) -> tuple[Change, ...]:
    """Tell the changes of one set, each with where all of them together lead."""
    at = Situation(bench=bench)
    told: list[Change] = []
    was = Lane(bench.row["lane"]).severity
    is_held = severity(standing) < was and not is_cleared(standing)
    for place, edit in enumerate(standing.edits):
        fact = _BY_ID[edit.fact]
        held = at.fact(fact.field)
        held = at.beside(fact.field) if held is None else held
        # What several papers agree on has no value of its own.
        held = held if edit.cells or edit.becomes is not None else None
        text = sentence(
            clause(edit, fact, held, language),
            place=place,
            places=len(standing.edits),
            lane=standing.lane,
            rank=standing.rank,
            is_held=is_held,
            language=language,
        )
        told.append(
            Change(
                field=fact.field,
                label=field_label(fact.field, language),
                was=shown(held, fact.field, language),
                becomes=becomes(edit, fact, language),
                sentence=text,
                lane=standing.lane,
                rank=standing.rank,
                log_odds=standing.log_odds,
                how=messages.render(f"what_if.how.{_how(at, fact)}", {}, language),
            )
        )
    return tuple(told)


def _how(at: Situation, fact: Provable) -> str:
    """Return how a fact is verified: loose cargo has no plate with a tare to take off."""
    is_loose = fact.how == "weigh" and at.fact("is_loose_cargo")
    return "weigh_goods" if is_loose else fact.how


def _questions(
    now: Standing, singles: Sequence[Standing], language: str
) -> tuple[Question, ...]:
    """Return the unknown facts whose answers lie furthest apart; among equals, those that let most rules be asked."""
    answers: dict[str, list[Standing]] = {}
    for one in singles:
        if one.edits[0].is_answer:
            answers.setdefault(one.edits[0].fact, []).append(one)
    weighed = sorted(
        ((_swing(many, now), _rules_asked(many, now), fact) for fact, many in answers.items()),
        key=lambda one: (-one[0], -one[1], one[2]),
    )
    return tuple(
        Question(
            field=_BY_ID[fact].field,
            label=field_label(_BY_ID[fact].field, language),
            sentence=_question(fact, rules, language),
            swing=swing,
        )
        for swing, rules, fact in weighed
        if swing > _NOTHING or rules
    )[:QUESTIONS_SHOWN]


def _swing(answers: Sequence[Standing], now: Standing) -> float:
    """Return how far the answers lie apart; of a single one, how far it moves the container."""
    many = [*answers, now] if len(answers) == 1 else answers
    weights = [one.log_odds for one in many]
    return max(weights) - min(weights)


def _rules_asked(answers: Sequence[Standing], now: Standing) -> int:
    """Return how many rules that could not be asked could be with an answer."""
    return max(len(now.unknown - one.unknown) for one in answers)


def _question(fact: str, rules: int, language: str) -> str:
    provable = _BY_ID[fact]
    label = field_label(provable.field, language)
    ask = messages.render(f"what_if.ask.{provable.whom}", {"label": label}, language)
    if not rules:
        return ask
    return f"{ask} {messages.render('what_if.rules_waiting', {'rules': rules}, language)}"
