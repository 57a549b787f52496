"""Which of the features offered a model reads, which it leaves out and why, which look too good."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from riskengine.errors import TrainingImpossible
from riskengine.model.card import Dropped, FeatureSpec, Suspect
from riskengine.model.encode import check_features, encode_features, to_matrix
from riskengine.model.metrics import auc

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

_TOO_GOOD: Final = 0.98


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


def find_suspects(choice: Choice, is_find: npt.NDArray[np.bool_]) -> tuple[Suspect, ...]:
    """Return the features that tell finds from nils almost perfectly by themselves.

    Such a feature is often written after the examination. It is named, not removed.
    """
    suspects: list[Suspect] = []
    for spec in choice.features:
        values = to_matrix(choice.encoded.select(spec.name))[:, 0]
        if spec.kind == "category":
            values = _find_rates(values, is_find)
        reached = max(_auc_either_way(np.nan_to_num(values, nan=end), is_find) for end in _ENDS)
        if reached >= _TOO_GOOD:
            suspects.append(Suspect(name=spec.name, auc=reached))
    return tuple(suspects)


_ENDS: Final = (-np.inf, np.inf)  # being unknown may itself be the tell, at either end


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


def _find_rates(
    codes: npt.NDArray[np.float64], is_find: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    _, place = np.unique(codes, return_inverse=True)  # all NaN are one value here
    return (np.bincount(place, weights=is_find) / np.bincount(place))[place]


def _auc_either_way(values: npt.NDArray[np.float64], is_find: npt.NDArray[np.bool_]) -> float:
    area = auc(is_find, values)
    return 0.5 if area is None else max(area, 1 - area)
