"""What was found beside a manifest, told of one container: what changed, what others say."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from riskengine.engine.amendments import told_changes
from riskengine.engine.differences import sentence
from riskengine.features.beside import AMENDMENTS, BOX, RECONCILIATION
from riskengine.features.catalog import catalog

if TYPE_CHECKING:
    from riskengine.engine.run import Run


@cache
def fields_beside(area: str) -> frozenset[str]:
    """Return the facts and indicators that only other papers, or the box's own past, can fill.

    Args:
        area: amendments, reconciliation or box.
    """
    facts = {"amendments": AMENDMENTS, "reconciliation": RECONCILIATION, "box": BOX}[area]
    return frozenset(facts) | {field.name for field in catalog() if field.area == area}


def changes_of(run: Run, container_id: int, language: str = "en") -> tuple[str, ...]:
    """Return what versions of the manifest changed of a container, in their order; none in an older run."""
    changes = run.beside.get("changes")
    return () if changes is None else told_changes(changes, container_id, language)


def differences_of(run: Run, container_id: int, language: str = "en") -> tuple[str, ...]:
    """Return where a stow plan, a gate or a quay says otherwise, the most serious first."""
    differences = run.beside.get("differences")
    if differences is None:
        return ()
    own = differences.filter(pl.col("container_id") == container_id)
    return tuple(sentence(row, language) for row in own.iter_rows(named=True))
