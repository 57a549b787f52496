"""Entering what an examination found, so that the next run knows it. Two stores change, and a crash between is mended."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl

from riskengine.domain import Outcome
from riskengine.engine.naming import is_named, own_name
from riskengine.errors import RunNotFound
from riskengine.features import history as kept
from riskengine.ledger import history, runs
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.outcomes import note_outcome
from riskengine.ledger.run_register import find_last_run, find_run
from riskengine.register.outcomes import complete_outcome, enter_outcome, open_intents

if TYPE_CHECKING:
    from riskengine.domain import ExaminationResult
    from riskengine.workspace import Workspace


def enter(
    workspace: Workspace, result: ExaminationResult, *, entered_at: datetime | None = None
) -> ExaminationResult:
    """Enter an examination's result in the register and count it in the history.

    The intent is written first, the ledger's transaction carries its id, the completion comes last. An
    outcome counts for every key the container had when it was last assessed: its parties, lane,
    goods, seals. It counts from the day it was entered: before that nobody knew it, whenever the
    examination was.

    Args:
        workspace: The unit's folder.
        result: What was found.
        entered_at: When the officer entered it; None takes the clock.

    Returns:
        The result with the run it speaks of.

    Raises:
        RunNotFound: No recorded run has assessed this container.
        UsageError: What was named is the bill of several containers.
    """
    entry = find_last_run(workspace, result.container_number)
    indicators = runs.read_frame(entry.folder_in(workspace), "indicators")
    name = own_name(indicators, result.container_number)
    told = replace(result, container_number=name, run_id=entry.run_id)
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
    known_on = known_at.astimezone(UTC).date()
    outcomes = indicators.select(
        "container_id",
        pl.lit(result.outcome is not Outcome.NIL).alias("is_find"),
        pl.lit(known_on).alias("known_on"),
    )
    counted = history.tally_outcomes(
        kept.sightings(indicators, runs.read_frame(folder, "manifest_attributes")), outcomes
    )
    with open_ledger(workspace) as connection:
        if note_outcome(connection, intent_id, result, known_on=known_on):
            history.add(connection, counted)
