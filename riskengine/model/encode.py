"""From the frame of indicators to the numbers a model reads: unknown stays null."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from riskengine.errors import FeatureMismatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from riskengine.model.card import FeatureSpec, ModelCard

_REMEDY = "Score with the version of the engine that trained the model, or train anew."


def encode(frame: pl.DataFrame, card: ModelCard) -> pl.DataFrame:
    """Return the card's features in the card's order, all Float64; a row stays a row.

    Booleans become 0 and 1. A category becomes its place in the card's vocabulary, or null when
    the model never learned it. A number that is not finite (a ratio over zero) becomes null: it is
    not known. Columns the card does not name are left aside, for frames carry facts too.

    Raises:
        FeatureMismatch: A feature is missing, or is text where a number is asked or the reverse.
    """
    return encode_features(frame, card.features)


def encode_features(frame: pl.DataFrame, features: Sequence[FeatureSpec]) -> pl.DataFrame:
    """Encode by a list of features; see :func:`encode`."""
    check_features(frame, features)
    schema = frame.schema  # asked once: a wide frame builds it anew each time
    return frame.select(_expression(schema[feature.name], feature) for feature in features)


def check_features(frame: pl.DataFrame, features: Sequence[FeatureSpec]) -> None:
    """Make sure that a frame has every feature asked, and of the right kind.

    Raises:
        FeatureMismatch: It has not.
    """
    schema = frame.schema
    missing = [feature.name for feature in features if feature.name not in schema]
    if missing:
        raise FeatureMismatch(
            f"The model asks for features that are not there: {', '.join(missing)}.",
            remedy=_REMEDY,
        )
    wrong = [
        f"{feature.name} ({schema[feature.name]}, asked: {feature.kind})"
        for feature in features
        if not _is_kind(schema[feature.name], feature)
    ]
    if wrong:
        raise FeatureMismatch(
            f"The model asks for features of another kind: {', '.join(wrong)}.", remedy=_REMEDY
        )


def to_matrix(encoded: pl.DataFrame) -> npt.NDArray[np.float64]:
    """Return an encoded frame as the matrix LightGBM reads; here alone null becomes NaN."""
    return np.ascontiguousarray(encoded.to_numpy(order="c"), dtype=np.float64)


def _is_kind(held: pl.DataType, feature: FeatureSpec) -> bool:
    if held == pl.Null:
        return True  # a column without any known value has no kind yet
    if feature.kind == "category":
        return isinstance(held, pl.String | pl.Categorical | pl.Enum)
    return isinstance(held, pl.Boolean) or held.is_numeric()


def _expression(held: pl.DataType, feature: FeatureSpec) -> pl.Expr:
    column = pl.col(feature.name)
    if held == pl.Null:
        return column.cast(pl.Float64)
    if feature.kind == "category":
        codes = pl.Series(range(len(feature.vocabulary)), dtype=pl.Float64)
        return column.cast(pl.String).replace_strict(
            pl.Series(feature.vocabulary, dtype=pl.String),
            codes,
            default=None,
            return_dtype=pl.Float64,
        )
    number = column.cast(pl.Float64)
    return pl.when(number.is_finite()).then(number).alias(feature.name)
