"""What a run keeps of the life of a box: what lies before its own journey, and the signs that this shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.engine import clone_signs
from riskengine.engine.biography import (
    Chapter,
    CloneSign,
    told_chapters,
    told_signs,
    wrong_number,
)
from riskengine.engine.box_facts import questions_of

if TYPE_CHECKING:
    from riskengine.engine.run import Run

_ASKED_OF_FACTS: Final = (
    "container_id", "container_number", "assessed_on", "bills_of_lading", "presented_on", "vessel_name", "vessel_imo",
    "voyage_number", "port_of_loading", "transhipment_ports", "port_of_discharge", "departed_on",
    "arrival_expected_on", "shipper_name", "consignee_name", "size_type", "tare_mass_kg", "is_full", "seal_numbers",
)  # fmt: skip


def life_in(run: Run, container_id: int) -> tuple[tuple[Chapter, ...], tuple[CloneSign, ...]]:
    """Return what was known of a box when a run was made, and the signs of it, without asking the ledger.

    The signs are those that the number, the voyage and the kept chapters show. A seal on another box and a known
    number one slip away are facts of the run; they are told among its reasons.

    Args:
        run: A run; one from before lives were kept has nothing.
        container_id: The container in it.
    """
    kept = run.beside.get("chapters")
    if kept is None:
        return (), ()
    is_it = pl.col("container_id") == container_id
    chapters = kept.filter(is_it)
    facts = run.indicators.filter(is_it)
    if any(name not in facts.columns for name in _ASKED_OF_FACTS):
        return told_chapters(chapters), ()
    return told_chapters(chapters), _signs(facts.select(_ASKED_OF_FACTS), chapters)


def _signs(facts: pl.DataFrame, chapters: pl.DataFrame) -> tuple[CloneSign, ...]:
    now = questions_of(facts)
    if now.is_empty():
        return ()
    before = chapters.with_columns(pl.col("container_id").cast(pl.Int64).alias("asked"))
    found = pl.concat(
        [
            clone_signs.signs_of_voyages(clone_signs.voyage_pairs(now, before)),
            clone_signs.signs_of_movements(now, before),
            clone_signs.signs_between_movements(before),
        ]
    )
    return (*wrong_number(now.item(0, "container_key")), *told_signs(found))
