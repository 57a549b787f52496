"""Which of the features offered a model reads, and which it leaves out and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from riskengine.errors import TrainingImpossible
from riskengine.model.card import Dropped, FeatureSpec
from riskengine.model.encode import check_features, encode_features, to_matrix

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The features a model will read, with the history encoded by them."""

    features: tuple[FeatureSpec, ...]
    dropped: tuple[Dropped, ...]
    encoded: pl.DataFrame


def choose_features(
    frame: pl.DataFrame, offered: Sequence[FeatureSpec], category_containers: int
) -> Choice:
    """Learn the vocabularies and leave out what cannot teach anything.

    Left out are features that are never known, that have one value everywhere, whose categories
    are all rarer than `category_containers`, and that repeat another feature.

    Raises:
        FeatureMismatch: The frame lacks a feature, or has it in another kind.
        TrainingImpossible: Nothing is left.
    """
    check_features(frame, offered)
    learned = tuple(_with_vocabulary(frame, spec, category_containers) for spec in offered)
    encoded = encode_features(frame, learned)
    kept: list[FeatureSpec] = []
    dropped: list[Dropped] = []
    seen: dict[tuple[str, bytes], str] = {}
    for spec in learned:
        column = encoded.select(spec.name)
        why = _why_useless(frame[spec.name], column.to_series(), spec, category_containers)
        if why is None:
            fingerprint = (spec.kind, (to_matrix(column) + 0.0).tobytes())  # -0.0 is 0.0
            twin = seen.setdefault(fingerprint, spec.name)
            why = None if twin == spec.name else f"has everywhere the value of {twin}"
        if why is None:
            kept.append(spec)
        else:
            dropped.append(Dropped(name=spec.name, why=why))
    if not kept:
        raise TrainingImpossible(
            f"None of the {len(offered)} features offered tells one container from another.",
            remedy="Give a history with more containers, or with more of their columns mapped.",
        )
    return Choice(
        features=tuple(kept),
        dropped=tuple(dropped),
        encoded=encoded.select(spec.name for spec in kept),
    )


def _with_vocabulary(
    frame: pl.DataFrame, spec: FeatureSpec, category_containers: int
) -> FeatureSpec:
    if spec.kind == "number":
        return spec
    counts = frame[spec.name].drop_nulls().cast(pl.String).value_counts(name="containers")
    frequent = counts.filter(pl.col("containers") >= category_containers)
    return replace(spec, vocabulary=tuple(frequent[spec.name].sort()))


def _why_useless(
    held: pl.Series, encoded: pl.Series, spec: FeatureSpec, category_containers: int
) -> str | None:
    if held.null_count() == held.len():
        return "is never known"
    if spec.kind == "category" and not spec.vocabulary:
        return f"has no value that {category_containers} containers share"
    if encoded.null_count() == encoded.len():
        return "is never a finite number"
    if encoded.n_unique() == 1:
        return "has the same value everywhere"
    return None
