"""What training saw of each feature and of the margins, for whoever watches whether that changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from riskengine.model.figures import FeatureReference

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import polars as pl

    from riskengine.model.card import FeatureSpec

    Floats = npt.NDArray[np.float64]

_PARTS: Final = 10
_CATEGORIES_AT_MOST: Final = 30


def references_of(
    frame: pl.DataFrame, encoded: pl.DataFrame, features: Sequence[FeatureSpec]
) -> tuple[FeatureReference, ...]:
    """Return what a history holds of each feature, in the order of the features.

    Args:
        frame: The history, for categories that no vocabulary knows.
        encoded: The same history, encoded.
        features: What is read of it.
    """
    return tuple(
        _of_category(frame[spec.name], spec)
        if spec.kind == "category"
        else reference_of(spec.name, encoded[spec.name].to_numpy().astype(np.float64))
        for spec in features
    )


def reference_of(name: str, values: Floats) -> FeatureReference:
    """Return how the values of a number are spread, in tenths of the known ones where they differ."""
    known = values[np.isfinite(values)]
    if not known.size:
        return FeatureReference(
            name=name, edges=(), categories=(), shares=(0.0,), unknown_share=1.0
        )
    # Edges are values that occur, and the lowest is none: what is not below an edge lies after it.
    cuts = np.quantile(known, np.linspace(0, 1, _PARTS + 1)[1:-1], method="inverted_cdf")
    edges = np.unique(cuts[cuts > known.min()])
    counts = np.bincount(np.searchsorted(edges, known, side="right"), minlength=edges.size + 1)
    return FeatureReference(
        name=name,
        edges=tuple(edges.tolist()),
        categories=(),
        shares=tuple((counts / known.size).tolist()),
        unknown_share=1 - known.size / values.size,
    )


def _of_category(values: pl.Series, spec: FeatureSpec) -> FeatureReference:
    known = values.drop_nulls()
    counts = dict.fromkeys(spec.vocabulary, 0)
    counts |= {
        str(name): count
        for name, count in known.value_counts(name="containers").iter_rows()
        if str(name) in counts
    }
    frequent = sorted(counts, key=lambda name: (-counts[name], name))[:_CATEGORIES_AT_MOST]
    held = [counts[name] for name in frequent]
    total = max(known.len(), 1)
    return FeatureReference(
        name=spec.name,
        edges=(),
        categories=tuple(frequent),
        shares=tuple(count / total for count in (*held, known.len() - sum(held))),
        unknown_share=values.null_count() / max(values.len(), 1),
    )
