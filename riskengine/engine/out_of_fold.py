"""Past finds told out of fold: each container of a history is told the outcomes of the others, whenever they became known.

As of its own day, the first container of a file knows of no outcome and the last of nearly all. Where the file is not
what the unit lived through, or a day only, that teaches a model to trust rates by how late a container came.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.features import facts
from riskengine.features import history as kept
from riskengine.features.assemble import assemble_facts
from riskengine.features.beside import with_beside
from riskengine.features.history import EVERYTHING
from riskengine.ledger.history import (
    OUTCOMES,
    Past,
    merge,
    tally,
    tally_outcomes,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from riskengine.manifest.schema import Manifest
    from riskengine.model.history import OutOfFold

FOLDS: Final = 5
_NOBODY: Final = "-"
_EVERYTHING: Final = pl.DataFrame({"kind": [EVERYTHING], "key": [EVERYTHING]})


def out_of_fold(manifests: Sequence[Manifest]) -> OutOfFold:
    """Return what gives the examined containers of a history with their past finds out of fold.

    The containers of one consignee and day share a fold: what one of them held was not known when the
    others were assessed. Everything else (counts, novelty, habits) stays as of each container's own day.

    The function that is returned takes a day, and leaves out what became known on it or later; None
    leaves out nothing. Its rows are those of the assembled history that have an outcome and a day, in
    that order. It may be given the fold of each of these rows instead, and one fold to be held back,
    whose outcomes nobody is told; outcomes of containers without a fold are told nobody then either.

    Args:
        manifests: The history, as ``learning.assemble_history`` takes it.
    """
    parts = [_Part.of(manifest) for manifest in manifests]
    days = [part.stated["assessed_on"].min() for part in parts]
    first = min((day for day in days if isinstance(day, date)), default=date.max)

    is_one_day = (
        len({day for part in parts for day in part.stated["assessed_on"].drop_nulls()}) == 1
    )

    def told(
        known_before: date | None,
        folds: pl.Series | None = None,
        held_back: int | None = None,
        /,
    ) -> pl.DataFrame:
        asked = parts if folds is None else _in_folds(parts, folds)
        seen = merge(part.seen for part in parts)
        if is_one_day:
            seen = merge([seen, _begun(first, seen)])
        distinct = range(FOLDS) if folds is None else folds.unique().sort()
        pasts = {
            fold: merge(
                [
                    seen,
                    *(
                        part.outcomes_without({fold, held_back}, first, known_before)
                        for part in asked
                    ),
                ]
            )
            for fold in distinct
        }
        return pl.concat([part.assembled(pasts) for part in asked], how="diagonal")

    return told


def _begun(first: date, seen: Past) -> Past:
    """Return a past in which every kind was counted before the first day: on a single day nothing would be told otherwise."""
    kinds = pl.concat(
        [seen.counts.select("kind", pl.lit(_NOBODY).alias("key")), _EVERYTHING]
    ).unique()
    before = kinds.select(
        "kind",
        "key",
        pl.lit(first - timedelta(days=1), pl.Date).alias("on"),
        pl.lit(1, pl.Int64).alias("containers"),
        pl.lit(0, pl.Int64).alias("examined"),
        pl.lit(0, pl.Int64).alias("found"),
    )
    return merge([Past(counts=before, habits=Past.empty().habits)])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One manifest of a history: its facts, the fold of each container, and its keys."""

    manifest: Manifest
    stated: pl.DataFrame
    fold_of: pl.Series
    sightings: pl.DataFrame
    seen: Past

    @classmethod
    def of(cls, manifest: Manifest) -> _Part:
        stated = with_beside(facts.gather(manifest, None), None)
        sightings = kept.sightings(stated, manifest.attributes)
        measures = kept.measures(stated, manifest.attributes)
        return cls(
            manifest=manifest,
            stated=stated,
            fold_of=_folds(stated),
            sightings=sightings,
            seen=tally(sightings, measures, pl.DataFrame(schema=dict(OUTCOMES))),
        )

    def rows(self) -> pl.DataFrame:
        """Return the containers that have an outcome and a day, in the order of the history."""
        examined = self.manifest.examinations.filter(pl.col("is_find").is_not_null())
        return (
            self.stated.filter(pl.col("assessed_on").is_not_null())
            .join(examined.select("container_id"), on="container_id", how="semi")
            .select("container_id")
            .sort("container_id")
        )

    def outcomes_without(
        self, folds: Collection[int | None], first: date, known_before: date | None
    ) -> Past:
        """Return what the outcomes of the other folds count, as if they had been known before the first day."""
        untold = [fold for fold in folds if fold is not None]
        others = self.stated.filter(~self.fold_of.is_in(untold)).select("container_id")
        outcomes = self.manifest.examinations.filter(
            pl.col("is_find").is_not_null() & pl.col("known_on").is_not_null()
        ).join(others, on="container_id", how="semi")
        if known_before is not None:
            outcomes = outcomes.filter(pl.col("known_on") < known_before)
        always = pl.lit(first - timedelta(days=1), pl.Date).alias("known_on")
        return tally_outcomes(
            self.sightings, outcomes.select("container_id", "is_find", always)
        )

    def assembled(self, pasts: Mapping[int, Past]) -> pl.DataFrame:
        """Return the examined containers, each with the past that does not know the outcomes of its fold."""
        examined = self.manifest.examinations.filter(pl.col("is_find").is_not_null())
        # A key needs no outcome of containers that nobody opened, nor an indicator of them.
        opened = self.stated.with_columns(self.fold_of).join(
            examined.select("container_id"), on="container_id", how="semi"
        )
        frames = [
            assemble_facts(
                opened.filter(pl.col("fold") == fold).drop("fold"), self.manifest, past
            )
            for fold, past in pasts.items()
        ]
        return (
            pl.concat(frames).filter(pl.col("assessed_on").is_not_null()).sort("container_id")
        )


def _in_folds(parts: Sequence[_Part], folds: pl.Series) -> list[_Part]:
    """Return the parts with other folds: one for each container with an outcome and a day, none for the rest."""
    parted: list[_Part] = []
    begun = 0
    for part in parts:
        rows = part.rows()
        own = rows.with_columns(folds.slice(begun, rows.height).alias("fold"))
        begun += rows.height
        joined = part.stated.select("container_id").join(
            own, on="container_id", how="left", maintain_order="left"
        )
        parted.append(replace(part, fold_of=joined["fold"]))
    return parted


def _folds(stated: pl.DataFrame) -> pl.Series:
    """Return the fold of each container, by its consignee (or shipper, or itself) and its day."""
    named = stated.select(
        pl.concat_str(
            pl.coalesce(
                "_consignee_key", "_shipper_key", pl.col("container_id").cast(pl.String)
            ),
            pl.col("assessed_on").cast(pl.String).fill_null(""),
            separator="|",
        ).alias("name")
    )["name"]
    return pl.Series("fold", [_fold(name) for name in named.to_list()], dtype=pl.Int64)


def _fold(name: str) -> int:
    # A digest that no library's next version changes: folds decide the bytes of a bundle.
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % FOLDS
