"""What would clear a container, what would flag it, and which unknown fact would matter most: asked of the engine itself."""

from __future__ import annotations

from dataclasses import dataclass


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
    """

    clears: tuple[tuple[Change, ...], ...] = ()
    flags: tuple[Change, ...] = ()
    questions: tuple[Question, ...] = ()
    note: str = ""
