"""How an officer names a container: its number in any form, or the bill of its loose cargo."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

import polars as pl

from riskengine.errors import RunNotFound, UsageError
from riskengine.messages import visible

_MOST_NAMED: Final = 3
_LONGEST_NAME: Final = 40
"""No number and no bill that anybody means is longer: for one that is, nothing near is looked for."""


def own_name(frame: pl.DataFrame, named: str, *, run: str = "The run") -> str:
    """Return the name that a run gives to what an officer has named.

    Args:
        frame: A run's containers, with ``container_number`` and ``bills_of_lading``.
        named: A number (blanks, dashes and small letters do no harm), or a bill exactly as it was declared.
        run: What the sentence calls the run.

    Raises:
        UsageError: It is the bill of several containers; the sentence names them.
        RunNotFound: The run has no such container; the remedy names numbers that are almost the same.
    """
    number = "".join(letter for letter in named.upper() if letter.isalnum())
    for name in (number, named):
        if not frame.filter(is_named(name)).is_empty():
            return name
    on_the_bill = frame.filter(pl.col("bills_of_lading").list.contains(named))
    if on_the_bill.is_empty():
        raise RunNotFound(
            f"{run} has not assessed {visible(named, _LONGEST_NAME)}.",
            remedy=_near(frame, number),
        )
    numbers = ", ".join(on_the_bill["container_number"].drop_nulls().sort())
    raise UsageError(
        f"{named} is the bill of {numbers}.", remedy="Name the container you mean."
    )


def _near(frame: pl.DataFrame, number: str) -> str:
    held = (
        frame["container_number"].drop_nulls().to_list() if len(number) <= _LONGEST_NAME else []
    )
    near = sorted(get_close_matches(number, held, n=_MOST_NAMED, cutoff=0.7))
    if near:
        return f"Did you mean {' or '.join(near)}?"
    return "Leave --run out to ask the latest run that holds it."


def is_named(name: str) -> pl.Expr:
    """Tell which row has this number, or is the loose cargo of this bill."""
    is_loose = pl.col("container_number").is_null()
    on_its_bill = pl.col("bills_of_lading").list.contains(name)
    return (pl.col("container_number") == name) | (is_loose & on_its_bill)
