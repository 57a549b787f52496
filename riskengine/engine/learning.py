"""Learning a model from a labelled history: the same intake, features and past that scoring uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.engine.memory import remember
from riskengine.errors import TrainingImpossible
from riskengine.features import assemble, attribute_fields, facts
from riskengine.features import history as kept
from riskengine.features.catalog import catalog
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.history import Past, merge, tally
from riskengine.model.card import FeatureSpec
from riskengine.model.train import train

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from riskengine.features.field import Field
    from riskengine.manifest.schema import Manifest
    from riskengine.model.bundle import Bundle
    from riskengine.model.card import TrainingSettings
    from riskengine.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """A labelled history, ready to be learned from.

    Attributes:
        frame: The assembled frame of the examined containers, each as of its own day.
        is_find: Whether its examination found something.
        features: What a model may read of it.
        past: What the whole history adds to the past of those that come after it.
    """

    frame: pl.DataFrame
    is_find: pl.Series
    features: tuple[FeatureSpec, ...]
    past: Past


_NO_HISTORY: Final = pl.DataFrame(
    schema={"assessed_on": pl.Date(), "is_find": pl.Boolean(), "outcome": pl.String()}
)


def remember_history(workspace: Workspace, manifests: Sequence[Manifest]) -> int:
    """Add a labelled history to what the unit knows, and return how many containers were new to it.

    Every container counts from its own day, every outcome from the day it became known. A file given
    twice counts once.
    """
    new = 0
    with open_ledger(workspace) as connection:
        for manifest in manifests:
            stated, outcomes = _dated(manifest)
            new += remember(connection, stated, manifest.attributes, outcomes)
    return new


def prepare(
    manifests: Sequence[Manifest], *, progress: Callable[[float], None] | None = None
) -> Lessons:
    """Assemble every examined container of a history as it was known on its own day.

    Raises:
        TrainingImpossible: No container has both an outcome and a day.
    """
    assembled, past = assemble_history(manifests, progress=progress)
    frame = assembled.filter(
        pl.col("is_find").is_not_null() & pl.col("assessed_on").is_not_null()
    ).drop("outcome")
    if frame.is_empty():
        raise TrainingImpossible(
            "No container of the history has both an outcome and a day.",
            remedy="Map the label and `presented_on` in the mapping file.",
        )
    brought = {
        field.name: field for manifest in manifests for field in attribute_fields(manifest)
    }
    fields = (*catalog(), *brought.values())
    return Lessons(
        frame=frame,
        is_find=frame["is_find"],
        features=tuple(
            offered(field) for field in fields if field.model_kind and field.is_model_feature
        ),
        past=past,
    )


def assemble_history(
    manifests: Sequence[Manifest], *, progress: Callable[[float], None] | None = None
) -> tuple[pl.DataFrame, Past]:
    """Return every container of a history as it was known on its own day, and the past of them all.

    ``is_find`` and ``outcome`` say what its examination found; both are null where nobody looked.
    """
    past = merge(_past_of(manifest) for manifest in manifests)
    frames: list[pl.DataFrame] = []
    for number, manifest in enumerate(manifests, start=1):
        examined = manifest.examinations.select("container_id", "is_find", "outcome")
        frames.append(
            assemble(manifest, past, None).join(
                examined, on="container_id", how="left", maintain_order="left"
            )
        )
        if progress is not None:
            progress(number / len(manifests))
    return pl.concat(frames, how="diagonal") if frames else _NO_HISTORY, past


def _dated(manifest: Manifest) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the facts as of their own days, and the outcomes whose day is known."""
    stated = facts.gather(manifest, None)
    outcomes = manifest.examinations.filter(pl.col("known_on").is_not_null())
    return stated, outcomes.select("container_id", "is_find", "known_on")


def _past_of(manifest: Manifest) -> Past:
    stated, outcomes = _dated(manifest)
    return tally(
        kept.sightings(stated, manifest.attributes),
        kept.measures(stated, manifest.attributes),
        outcomes,
    )


def offered(field: Field) -> FeatureSpec:
    """Return a field of the catalogue as a model may read it."""
    kind = "category" if field.model_kind == "category" else "number"
    return FeatureSpec(name=field.name, kind=kind, monotone=field.monotone)


def learn(
    lessons: Lessons,
    settings: TrainingSettings | None = None,
    *,
    created_at: datetime | None = None,
    note: str = "",
    progress: Callable[[float], None] | None = None,
) -> Bundle:
    """Train a model from prepared lessons.

    Raises:
        TrainingImpossible: The history cannot teach a model.
    """
    return train(
        lessons.frame,
        lessons.is_find,
        lessons.frame["assessed_on"],
        lessons.features,
        settings,
        created_at=created_at,
        note=note,
        progress=progress,
    )
