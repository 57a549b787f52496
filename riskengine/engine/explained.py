"""A container explained with all that the unit knows of it: precedents from the ledger, and other facts asked of the engine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from riskengine.engine.explanation import container_in, explain
from riskengine.engine.precedents import counts_precedents, precedents_of
from riskengine.engine.what_if import what_if

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskengine.engine.explanation import Explanation
    from riskengine.engine.run import Run
    from riskengine.features.field import Field
    from riskengine.workspace import Workspace


def explained(
    workspace: Workspace,
    run: Run,
    container: str,
    *,
    language: str = "en",
    fields: Sequence[Field] = (),
) -> Explanation:
    """Explain one container of a recorded run, with its precedents and with what other facts would have done.

    Raises:
        RunNotFound: The run has not assessed it.
        UsageError: What was named is the bill of several containers, or there are no texts in that language.
    """
    key = container_in(run, container)
    counted = precedents_of(workspace, run, key, _counting(run, key), language)
    told = explain(
        run,
        container,
        language=language,
        fields=fields,
        precedents={name: tuple(one.said for one in many) for name, many in counted.items()},
    )
    return replace(told, what_if=what_if(workspace, run, key, language=language))


def _counting(run: Run, container_id: int) -> list[str]:
    """Return the indicators that count earlier containers and move this one most."""
    own = run.contributions.filter(pl.col("container_id") == container_id)
    row = own.drop("container_id").row(0, named=True)
    weighed = sorted(
        (-abs(weight), name)
        for name, weight in row.items()
        if weight and counts_precedents(name)
    )
    return [name for _, name in weighed]
