"""Entering what an examination found, so that the next run knows it. Two stores change, and a crash between is mended."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl

from riskengine.domain import Outcome
from riskengine.engine.naming import is_named, own_name
from riskengine.errors import AlreadyEntered, RunNotFound
from riskengine.features import history as kept
from riskengine.ledger import history, runs
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.outcomes import note_outcome
from riskengine.ledger.run_register import find_last_run, find_run
from riskengine.register.outcomes import (
    IntentState,
    complete_outcome,
    enter_outcome,
    open_intents,
    outcomes_of,
)

if TYPE_CHECKING:
    from datetime import date

    from riskengine.domain import ExaminationResult
    from riskengine.register.outcomes import OutcomeEntry
    from riskengine.workspace import Workspace


def enter(
    workspace: Workspace,
    result: ExaminationResult,
    *,
    correcting: str = "",
    run_id: str | None = None,
    entered_at: datetime | None = None,
) -> ExaminationResult:
    """Enter an examination's result in the register and count it in the history.

    The intent is written first, the ledger's transaction carries its id, the completion comes last. An
    outcome counts for every key the container had when it was assessed: its parties, lane,
    goods, seals. It counts from the day it was entered: before that nobody knew it, whenever the
    examination was. A container of a run has one outcome: a later one corrects it, takes the earlier one off
    the history, and leaves both in the register.

    Args:
        workspace: The unit's folder.
        result: What was found.
        correcting: Why an outcome that was entered before was wrong; empty where there is none.
        run_id: The run that assessed it; None takes the last one.
        entered_at: When the officer entered it; None takes the clock.

    Returns:
        The result with the run it speaks of.

    Raises:
        RunNotFound: No recorded run has assessed this container.
        UsageError: What was named is the bill of several containers.
        AlreadyEntered: It has an outcome, and no correction was asked for.
    """
    entry = (
        find_run(workspace, run_id)
        if run_id
        else find_last_run(workspace, result.container_number)
    )
    indicators = runs.read_frame(entry.folder_in(workspace), "indicators")
    name = own_name(indicators, result.container_number)
    told = replace(result, container_number=name, run_id=entry.run_id)
    earlier = _outcome_before(workspace, told)
    if earlier and not correcting:
        raise AlreadyEntered(
            f"{name} has an outcome already: {earlier.result.outcome.value}, by {earlier.result.officer}.",
            remedy="If that was wrong, say why with --correct.",
        )
    if earlier:
        told = replace(
            told,
            note=f"{told.note} [corrects {earlier.result.outcome.value}: {correcting}]".strip(),
        )
    moment = entered_at or datetime.now(UTC)
    intent_id = enter_outcome(workspace, told, entered_at=moment)
    _count(workspace, intent_id, told, known_at=moment)
    complete_outcome(workspace, intent_id)
    return told


def finish_what_was_begun(workspace: Workspace) -> int:
    """Finish the outcomes whose counting a crash cut short, and return how many they were."""
    begun = open_intents(workspace)
    for entry in begun:
        _count(workspace, entry.intent_id, entry.result, known_at=entry.entered_at)
        complete_outcome(workspace, entry.intent_id)
    return len(begun)


def _count(
    workspace: Workspace, intent_id: str, result: ExaminationResult, *, known_at: datetime
) -> None:
    if result.run_id is None:
        raise RunNotFound(f"The outcome of {result.container_number} names no run.")
    folder = find_run(workspace, result.run_id).folder_in(workspace)
    indicators = runs.read_frame(folder, "indicators").filter(is_named(result.container_number))
    sightings = kept.sightings(indicators, runs.read_frame(folder, "manifest_attributes"))
    pieces = [_tally(sightings, indicators, result, known_at)]
    if earlier := _outcome_before(workspace, result):
        wrong = _tally(sightings, indicators, earlier.result, earlier.entered_at)
        pieces.append(
            history.Past(
                counts=wrong.counts.with_columns(-pl.col("examined", "found")),
                habits=wrong.habits,
            )
        )
    with open_ledger(workspace) as connection:
        if note_outcome(connection, intent_id, result, known_on=_day(known_at)):
            history.add(connection, history.merge(pieces))


def _outcome_before(workspace: Workspace, result: ExaminationResult) -> OutcomeEntry | None:
    """Return the outcome in force of this container and run: the last that was completed."""
    entered = [
        entry
        for entry in outcomes_of(workspace, result.container_number)
        if entry.result.run_id == result.run_id and entry.state is IntentState.COMPLETED
    ]
    return entered[-1] if entered else None


def _tally(
    sightings: pl.DataFrame,
    indicators: pl.DataFrame,
    result: ExaminationResult,
    known_at: datetime,
) -> history.Past:
    outcomes = indicators.select(
        "container_id",
        pl.lit(result.outcome is not Outcome.NIL).alias("is_find"),
        pl.lit(_day(known_at)).alias("known_on"),
    )
    return history.tally_outcomes(sightings, outcomes)


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
