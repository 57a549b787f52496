"""What a model says of each container, and how much of it each feature contributes, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from riskengine.errors import FeatureMismatch
from riskengine.model.booster import raw_contributions, raw_margins
from riskengine.model.encode import to_matrix
from riskengine.model.forest import Unknown
from riskengine.model.members import member_margins
from riskengine.model.treeshap import Explainer, explainer

if TYPE_CHECKING:
    from collections.abc import Callable

    from riskengine.model.bundle import Bundle

_ROWS_AT_ONCE: Final = 4096
# From so many leaves on our own kernel explains: it is ten times as fast as LightGBM and more, but takes a second to
# get ready, which a manifest of a thousand containers then earns back. The choice hangs on the model alone, for the
# two differ in the last bits. The model that ships has 3,900: what was recorded with it keeps its bytes.
_LEAVES_OF_A_LARGE_MODEL: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedBy:
    """Who works out the contributions of a model; both give the same values to 1e-9.

    Attributes:
        kernel: Our own kernel made ready; None where LightGBM does it.
        leaves: Leaves of all trees.
        unknown: What a large model holds that the kernel does not know; None for a small model, and where the
            kernel does it.
    """

    kernel: Explainer | None
    leaves: int
    unknown: Unknown | None = None


def margins(bundle: Bundle, encoded: pl.DataFrame) -> pl.Series:
    """Return the uncalibrated log-odds of every row, Float64, never null.

    The same row gives the same bits alone, in a batch and in any order.

    Raises:
        FeatureMismatch: The frame was not encoded by this bundle's card.
    """
    _must_be_encoded(bundle, encoded)
    return pl.Series(
        "margin", raw_margins(bundle.booster, to_matrix(encoded)), dtype=pl.Float64
    )


def spread(bundle: Bundle, encoded: pl.DataFrame) -> pl.Series:
    """Return how far the members of a model disagree about each row: the standard deviation of their margins.

    Null with one member: it has nobody to disagree with.

    Raises:
        FeatureMismatch: The frame was not encoded by this bundle's card.
    """
    _must_be_encoded(bundle, encoded)
    if bundle.card.members == 1:
        return pl.Series("spread", [None] * encoded.height, dtype=pl.Float64)
    each = member_margins(bundle.booster, to_matrix(encoded), bundle.card.members)
    return pl.Series("spread", each.std(axis=0), dtype=pl.Float64)


def contributions(
    bundle: Bundle,
    encoded: pl.DataFrame,
    *,
    progress: Callable[[float], None] | None = None,
) -> tuple[float, pl.DataFrame]:
    """Return the base and every feature's contribution to every row's margin, in log-odds.

    ``base + sum of a row = its margin`` to 1e-9: path-dependent TreeSHAP, the values of
    ``shap.TreeExplainer``, by LightGBM or for large models by our own kernel. For calibrated
    log-odds multiply by the card's slope.

    Args:
        bundle: The model.
        encoded: Rows encoded by its card.
        progress: Told the share that is done, 0 to 1, as chunks are finished.

    Raises:
        FeatureMismatch: The frame was not encoded by this bundle's card.
    """
    _must_be_encoded(bundle, encoded)
    matrix = to_matrix(encoded)
    kernel = explained_by(bundle).kernel
    # The base is the same for all rows; one row of nulls gives it even when there are no rows.
    nothing_known = np.full((1, matrix.shape[1]), np.nan)
    base = (
        kernel.base
        if kernel
        else float(raw_contributions(bundle.booster, nothing_known)[0, -1])
    )
    values = np.empty(matrix.shape, dtype=np.float64)
    for start in range(0, matrix.shape[0], _ROWS_AT_ONCE):
        stop = min(start + _ROWS_AT_ONCE, matrix.shape[0])
        part = matrix[start:stop]
        values[start:stop] = (
            kernel.contributions(part)
            if kernel
            else raw_contributions(bundle.booster, part)[:, :-1]
        )
        if progress is not None:
            progress(stop / matrix.shape[0])
    schema = dict.fromkeys(bundle.card.feature_names, pl.Float64)
    return base, pl.DataFrame(values, schema=schema, orient="row")


def explained_by(bundle: Bundle) -> ExplainedBy:
    """Return who works out a model's contributions, and why not our own kernel where it is large."""
    return _explained_by(bundle.model_text)


@lru_cache(maxsize=4)
def _explained_by(model_text: str) -> ExplainedBy:
    # Kept, for a watched folder explains one manifest after the other by the same models.
    leaves = sum(
        int(line.removeprefix("num_leaves="))
        for line in model_text.splitlines()
        if line.startswith("num_leaves=")
    )
    if leaves < _LEAVES_OF_A_LARGE_MODEL:
        return ExplainedBy(kernel=None, leaves=leaves)
    made = explainer(model_text)
    if isinstance(made, Unknown):
        return ExplainedBy(kernel=None, leaves=leaves, unknown=made)
    return ExplainedBy(kernel=made, leaves=leaves)


def _must_be_encoded(bundle: Bundle, encoded: pl.DataFrame) -> None:
    # LightGBM reads columns by place and ignores names: another order would silently be scored.
    if dict(encoded.schema) != dict.fromkeys(bundle.card.feature_names, pl.Float64) or (
        tuple(encoded.columns) != bundle.card.feature_names
    ):
        raise FeatureMismatch(
            f"The rows were not encoded for the model {bundle.card.id}.",
            remedy="Encode the frame with this model's card first.",
        )
