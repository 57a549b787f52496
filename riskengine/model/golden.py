"""The golden rows of a bundle: made-up inputs and the margins its model must give them, bit for bit."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from riskengine.errors import BundleDamaged
from riskengine.model.booster import raw_margins
from riskengine.model.card_json import canonical, strict_json
from riskengine.model.encode import to_matrix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskengine.model.card import FeatureSpec

ROWS: Final = 64
_UNKNOWN_AT_LEAST: Final = 0.1
_REMEDY: Final = "Take the bundle again from where it came, or train anew."


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """Encoded inputs, None being unknown, and the margins that belong to them."""

    features: tuple[str, ...]
    inputs: tuple[tuple[float | None, ...], ...]
    margins: tuple[float, ...]

    def ask(self, booster: Any) -> tuple[float, ...]:
        """Return the margins that a model gives these inputs."""
        schema = dict.fromkeys(self.features, pl.Float64)
        frame = pl.DataFrame(self.inputs, schema=schema, orient="row")
        return tuple(raw_margins(booster, to_matrix(frame)).tolist())


def make_golden(
    booster: Any, encoded: pl.DataFrame, features: Sequence[FeatureSpec], seed: int
) -> Golden:
    """Draw inputs that look like the history, and note what the model says of them.

    Each feature is drawn on its own between the history's 5th and 95th percentile, so that no
    container of the history travels with the bundle.
    """
    draw = np.random.default_rng(seed)
    columns: list[list[float | None]] = []
    for feature in features:
        known = encoded[feature.name].drop_nulls()
        unknown_share = max(1 - known.len() / encoded.height, _UNKNOWN_AT_LEAST)
        if feature.kind == "category":
            values = draw.integers(0, len(feature.vocabulary), ROWS).astype(np.float64)
        else:
            low, high = np.quantile(known.to_numpy(), (0.05, 0.95))
            values = draw.uniform(low, high, ROWS)
        hidden = draw.random(ROWS) < unknown_share
        drawn = zip(values.tolist(), hidden.tolist(), strict=True)
        columns.append([None if gone else value for value, gone in drawn])
    unasked = Golden(
        features=tuple(feature.name for feature in features),
        inputs=tuple(zip(*columns, strict=True)),
        margins=(),
    )
    return replace(unasked, margins=unasked.ask(booster))


def golden_to_json(golden: Golden) -> str:
    """Return the golden rows as JSON; every float reads back to the same bits."""
    return canonical(asdict(golden))


def golden_from_json(text: str) -> Golden:
    """Return the golden rows that a JSON text holds.

    Raises:
        BundleDamaged: The text does not hold golden rows.
    """
    value = strict_json(text, "golden.json")
    try:
        golden = Golden(
            features=tuple(str(name) for name in value["features"]),
            inputs=tuple(tuple(map(_number, row)) for row in value["inputs"]),
            margins=tuple(float(margin) for margin in value["margins"]),
        )
    except (TypeError, KeyError, ValueError) as fault:
        raise BundleDamaged(f"golden.json is damaged: {fault!r}.", remedy=_REMEDY) from fault
    whole = all(len(row) == len(golden.features) for row in golden.inputs)
    if not whole or not golden.margins or len(golden.margins) != len(golden.inputs):
        raise BundleDamaged("golden.json has not one margin for every row.", remedy=_REMEDY)
    return golden


def check_golden(booster: Any, golden: Golden) -> None:
    """Hold a model to its golden rows.

    Raises:
        BundleDamaged: A margin differs in any bit, or is no number.
    """
    margins = golden.ask(booster)
    wrong = [
        row
        for row, (got, wanted) in enumerate(zip(margins, golden.margins, strict=True))
        if got != wanted or not math.isfinite(got)
    ]
    if wrong:
        raise BundleDamaged(
            f"The model gives {len(wrong)} of its {len(margins)} golden rows another margin than"
            f" its bundle promises (row {wrong[0]}: {margins[wrong[0]]!r},"
            f" promised {golden.margins[wrong[0]]!r}).",
            remedy=_REMEDY,
        )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
