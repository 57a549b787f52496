"""Changes, questions and distances as an officer reads them."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from riskengine import messages
from riskengine.domain import Lane
from riskengine.engine.strength import strength_of
from riskengine.features.catalog import catalog

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskengine.engine.run import Run
    from riskengine.engine.what_if_facts import Provable
    from riskengine.engine.what_if_rows import Edit
    from riskengine.selectivity import Policy


def field_label(name: str, language: str) -> str:
    """Return the name of a fact in the reader's language."""
    return messages.render(f"fact.{name}.label", {}, language)


def shown(value: object, field: str, language: str) -> str:
    """Return a value as its field is read: with its unit, as a day, as words; empty where there is none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return messages.render(f"what_if.{'yes' if value else 'no'}", {}, language)
    if isinstance(value, (int, float)):
        unit = next((one.unit for one in catalog() if one.name == field), "")
        text = "{value:number} {unit}" if unit else "{value:number}"
        return messages.fill(text, {"value": value, "unit": unit}, language)
    if isinstance(value, date):
        return messages.fill("{value:date}", {"value": value}, language)
    if isinstance(value, (list, tuple)):
        return messages.visible(", ".join(str(one) for one in value))  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return messages.visible(str(value))


def clause(edit: Edit, fact: Provable, held: object, language: str) -> str:
    """Return a change as the half of a sentence that begins with "if"."""
    was = shown(held, fact.field, language)
    declared = (
        messages.render("what_if.declared", {"was": was}, language)
        if was
        else messages.render("what_if.not_declared", {}, language)
    )
    told = {"becomes": becomes(edit, fact, language), "declared": declared}
    return messages.render(f"what_if.clause.{edit.clause}", told, language)


def becomes(edit: Edit, fact: Provable, language: str) -> str:
    """Return what a fact would be: in words where no value says it, else the value."""
    words = f"what_if.becomes.{edit.clause}"
    if messages.has(words):
        return messages.render(words, {}, language)
    return shown(edit.becomes, fact.field, language)


def sentence(  # noqa: PLR0913 - a change, its place in the set, and where the set leads
    clause: str, *, place: int, places: int, lane: str, rank: int, is_held: bool, language: str
) -> str:
    """Return one change of a set as a sentence; all of a set, one after the other, are one sentence.

    Args:
        clause: The change.
        place: Which of the set it is, from 0.
        places: How many the set has.
        lane: Where the container would stand with all of them.
        rank: At which rank.
        is_held: Whether the set lowers the lane and yet does not clear.
        language: en, fr, es or pt.
    """
    way = (
        "only"
        if places == 1
        else "first"
        if place == 0
        else "last"
        if place == places - 1
        else "next"
    )
    if is_held and way in {"only", "last"}:
        way = f"{way}_held"
    told = {"clause": clause, "lane": lane_name(lane, language), "rank": rank}
    return messages.render(f"what_if.sentence.{way}", told, language)


def lane_name(lane: str, language: str) -> str:
    """Return a lane as it stands within a sentence."""
    return messages.render(f"what_if.lane.{Lane(lane).value}", {}, language)


def distance(run: Run, row: Mapping[str, Any], policy: Policy, language: str) -> str:
    """Say how far a container is from being flagged: in ranks, and in how strong the evidence would have to be.

    Args:
        run: The run.
        row: The container's assessment.
        policy: The lifts at which the lanes begin.
        language: en, fr, es or pt.
    """
    lane, lift = (
        (Lane.BLUE, policy.blue_lift)
        if row["lane"] == Lane.GREEN.value
        else (Lane.YELLOW, policy.yellow_lift)
    )
    cut = math.log(lift)
    between = run.assessments.filter(
        (pl.col("rank") < row["rank"]) & (pl.col("lift_log_odds") < cut)
    ).height
    needed = cut - row["lift_log_odds"]
    return messages.render(
        "what_if.distance",
        {
            "lane": lane_name(lane.value, language),
            "between": between,
            "strength": messages.render(
                f"what_if.strength.{strength_of(needed)}", {}, language
            ),
            "times": math.exp(needed),
        },
        language,
    )
