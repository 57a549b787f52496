"""Where a model does well and where badly: by lane, port, trader and goods, by capacity, along its features."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from riskengine.model.figures import Direction, DirectionPoint, LiftPoint, Slice
from riskengine.model.metrics import auc, probability, top_share

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    import numpy.typing as npt

    from riskengine.model.card import FeatureSpec

    Floats = npt.NDArray[np.float64]
    Flags = npt.NDArray[np.bool_]
    Dimension = Literal["lane", "port of loading", "trader size", "heading chapter"]

OTHERS: Final = "others"
"""The name of all parts of a dimension that are too small to stand alone."""
UNKNOWN: Final = "unknown"
"""The name of the part whose containers do not say where they belong."""
NEW_TRADER: Final = "new"

LIFT_SHARES: Final = (
    0.001,
    0.002,
    0.005,
    0.01,
    0.02,
    0.05,
    0.1,
    0.15,
    0.2,
    0.3,
    0.5,
    0.75,
    1.0,
)
MOST_SLICES: Final = 10
_FEWEST_OF_EACH: Final = 5
"""Finds, and nils, below which an area under the curve says nothing."""
_DIRECTIONS: Final = 8
_PARTS: Final = 10


def slices_of(frame: pl.DataFrame, is_find: Flags, log_odds: Floats) -> tuple[Slice, ...]:
    """Return how a model did on the parts of the later containers, the largest of each kind first.

    The ten largest parts of a dimension stand alone and the rest together; those that do not say where
    they belong are a part of their own. A dimension that the frame does not hold is left out.

    Args:
        frame: The containers' facts and indicators.
        is_find: What their examinations found, row by row.
        log_odds: Their calibrated log-odds.
    """
    expected = probability(log_odds)
    found: list[Slice] = []
    for dimension, names in _dimensions(frame):
        places: dict[str, list[int]] = {}
        for row, name in enumerate(names):
            places.setdefault(UNKNOWN if name is None else name, []).append(row)
        for part, rows in _largest(places, dimension):
            taken = np.array(rows, dtype=np.intp)
            outcomes = is_find[taken]
            finds = int(outcomes.sum())
            is_enough = min(finds, len(rows) - finds) >= _FEWEST_OF_EACH
            found.append(
                Slice(
                    dimension=dimension,
                    name=part,
                    containers=len(rows),
                    finds=finds,
                    expected_finds=math.fsum(expected[taken].tolist()),
                    auc=auc(outcomes, log_odds[taken]) if is_enough else None,
                )
            )
    return tuple(found)


def lift_of(is_find: Flags, margins: Floats) -> tuple[LiftPoint, ...]:
    """Return which part of the finds lies in the riskiest shares of the containers; nothing without finds.

    >>> points = lift_of(np.array([True, False, False, False]), np.array([4.0, 3.0, 2.0, 1.0]))
    >>> [point.found for point in points if point.share == 0.5]
    [1.0]
    """
    if not is_find.any():
        return ()
    return tuple(
        LiftPoint(share=share, found=top_share(is_find, margins, share).recall)
        for share in LIFT_SHARES
    )


def directions_of(
    encoded: pl.DataFrame, contributions: pl.DataFrame, features: Sequence[FeatureSpec]
) -> tuple[Direction, ...]:
    """Return which way the strongest numeric features move a model, by tenths of their known values.

    Args:
        encoded: The containers as the model reads them: a column a feature, null where unknown.
        contributions: What each feature contributes to each of these rows, in log-odds.
        features: The features, in any order.
    """
    numeric = [spec.name for spec in features if spec.kind == "number"]
    strength = {
        name: float(np.abs(contributions[name].to_numpy()).mean()) if encoded.height else 0.0
        for name in numeric
    }
    strongest = sorted(
        (name for name in numeric if strength[name] > 0),
        key=lambda name: (-strength[name], name),
    )
    return tuple(
        Direction(name=name, points=_points(encoded[name], contributions[name]))
        for name in strongest[:_DIRECTIONS]
    )


def _points(values: pl.Series, contributed: pl.Series) -> tuple[DirectionPoint, ...]:
    known = values.to_numpy().astype(np.float64)
    is_known = np.isfinite(known)
    sizes, moved = known[is_known], contributed.to_numpy()[is_known]
    if not sizes.size:
        return ()
    # Bounds are values that occur, so that equal values share a part: a flag has two.
    cuts = np.quantile(sizes, np.linspace(0, 1, _PARTS + 1)[1:], method="inverted_cdf")
    part = np.searchsorted(np.unique(cuts), sizes, side="left")
    return tuple(
        DirectionPoint(
            low=float(sizes[part == place].min()),
            high=float(sizes[part == place].max()),
            mean_log_odds=math.fsum(moved[part == place].tolist()) / int((part == place).sum()),
            containers=int((part == place).sum()),
        )
        for place in np.unique(part)
    )


def _dimensions(frame: pl.DataFrame) -> list[tuple[Dimension, list[str | None]]]:
    """Return the dimensions that the frame holds, with the part of each row."""
    columns = frame.columns
    dimensions: list[tuple[Dimension, list[str | None]]] = []
    if {"port_of_loading", "port_of_discharge"} <= set(columns):
        lane = pl.concat_str("port_of_loading", pl.lit(" > "), "port_of_discharge")
        dimensions.append(("lane", frame.select(lane.alias("_"))["_"].to_list()))
    if "port_of_loading" in columns:
        dimensions.append(("port of loading", frame["port_of_loading"].to_list()))
    if "consignee_containers_before" in columns:
        size = _trader_size(pl.col("consignee_containers_before"))
        dimensions.append(("trader size", frame.select(size.alias("_"))["_"].to_list()))
    if "main_chapter" in columns:
        dimensions.append(("heading chapter", frame["main_chapter"].to_list()))
    elif "hs_chapters" in columns:
        first = pl.col("hs_chapters").list.first()
        dimensions.append(("heading chapter", frame.select(first.alias("_"))["_"].to_list()))
    return dimensions


def _trader_size(before: pl.Expr) -> pl.Expr:
    """Name a trader by how many containers it had before this one."""
    return (
        pl.when(before.is_null())
        .then(None)
        .when(before < 1)
        .then(pl.lit(NEW_TRADER))
        .when(before < 10)  # noqa: PLR2004  # the bounds are the names
        .then(pl.lit("1-9"))
        .when(before < 100)  # noqa: PLR2004
        .then(pl.lit("10-99"))
        .otherwise(pl.lit("100+"))
    )


def _largest(places: dict[str, list[int]], dimension: Dimension) -> list[tuple[str, list[int]]]:
    """Return the largest parts, then the rest together, then what belongs nowhere that is known."""
    if dimension == "trader size":
        order = (NEW_TRADER, "1-9", "10-99", "100+", UNKNOWN)
        return [(name, places[name]) for name in order if name in places]
    named = sorted(
        ((name, rows) for name, rows in places.items() if name != UNKNOWN),
        key=lambda one: (-len(one[1]), one[0]),
    )
    largest, rest = named[:MOST_SLICES], named[MOST_SLICES:]
    if rest:
        largest.append((OTHERS, sorted(row for _, rows in rest for row in rows)))
    if UNKNOWN in places:
        largest.append((UNKNOWN, places[UNKNOWN]))
    return largest
