"""Entering what an examination found, so that the next run knows it. Two stores change, and a crash between is mended."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from riskengine.domain import Outcome
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


def enter(workspace: Workspace, result: ExaminationResult) -> ExaminationResult:
    """Enter an examination's result in the register and count it in the history.

    The intent is written first, the ledger's transaction carries its id, the completion comes last. An
    outcome counts for every key the container had when it was last assessed: its parties, lane,
    goods, seals.

    Returns:
        The result with the run it speaks of.

    Raises:
        RunNotFound: No recorded run has assessed this container.
    """
    entry = find_last_run(workspace, result.container_number)
    told = replace(result, run_id=entry.run_id)
    intent_id = enter_outcome(workspace, told)
    _count(workspace, intent_id, told)
    complete_outcome(workspace, intent_id)
    return told


def finish_what_was_begun(workspace: Workspace) -> int:
    """Finish the outcomes whose counting a crash cut short, and return how many they were."""
    begun = open_intents(workspace)
    for entry in begun:
        _count(workspace, entry.intent_id, entry.result)
        complete_outcome(workspace, entry.intent_id)
    return len(begun)


def _count(workspace: Workspace, intent_id: str, result: ExaminationResult) -> None:
    if result.run_id is None:
        raise RunNotFound(f"The outcome of {result.container_number} names no run.")
    folder = find_run(workspace, result.run_id).folder_in(workspace)
    indicators = (
        runs.read_frame(folder, "indicators")
        .filter(
            (pl.col("container_number") == result.container_number)
            | pl.col("bills_of_lading").list.contains(result.container_number)
        )
        .head(1)
    )
    known_on = result.examined_at.date()
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
